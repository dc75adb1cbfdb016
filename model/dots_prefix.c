#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>

#include "dots_prefix.h"


#define DOTS_PREFIX_MAPPED 96 /* bits of ::ffff:0:0/96, RFC 4291 2.5.5.2 */


typedef struct {
    dots_prefix_t  prefix;
    const char    *reason;
} dots_prefix_forbidden_t;


/*
 * Nothing in here tells a directed broadcast address (192.0.2.255 of a
 * 192.0.2.0/24 link): which prefixes are links is known to the customer only.
 *
 * ::ffff:0:0/96 stands for the IPv6 prefixes that are too short to become the
 * IPv4 one and would carry the whole IPv4 space with them.
 */

static const dots_prefix_forbidden_t  dots_prefix_forbidden_table[] = {
    { { 4, 8,   { 0 } },                "unspecified" }, /* RFC 1122 3.2.1.3 */
    { { 4, 8,   { 127 } },              "loopback" },    /* RFC 1122 3.2.1.3 */
    { { 4, 16,  { 169, 254 } },         "link-local" },  /* RFC 3927 */
    { { 4, 4,   { 224 } },              "multicast" },   /* RFC 5771 */
    { { 4, 32,  { 255, 255, 255, 255 } }, "broadcast" }, /* RFC 919 */
    { { 4, 4,   { 240 } },              "reserved" },    /* RFC 1112 4 */
    { { 6, 128, { 0 } },                "unspecified" }, /* RFC 4291 2.5.2 */
    { { 6, 128, { [15] = 1 } },         "loopback" },    /* RFC 4291 2.5.3 */
    { { 6, 96,  { [10] = 0xff, 0xff } }, "IPv4-mapped" },
    { { 6, 10,  { 0xfe, 0x80 } },       "link-local" },  /* RFC 4291 2.5.6 */
    { { 6, 8,   { 0xff } },             "multicast" },   /* RFC 4291 2.7 */
};


static uint8_t
dots_prefix_bits(const dots_prefix_t *p)
{
    return p->family == 4 ? 32 : 128;
}


static void
dots_prefix_mask(dots_prefix_t *p)
{
    size_t  n;

    n = p->length / 8;

    if (p->length % 8) {
        p->addr[n] &= (uint8_t) (0xff << (8 - p->length % 8));
        n++;
    }

    memset(p->addr + n, 0, sizeof(p->addr) - n);
}


static int
dots_prefix_is_mapped(const dots_prefix_t *p)
{
    static const uint8_t  mapped[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255 };

    return p->family == 6 && p->length >= DOTS_PREFIX_MAPPED
           && memcmp(p->addr, mapped, sizeof(mapped)) == 0;
}


static void
dots_prefix_unmap(dots_prefix_t *p)
{
    if (dots_prefix_is_mapped(p)) {
        p->family = 4;
        p->length -= DOTS_PREFIX_MAPPED;
        memmove(p->addr, p->addr + 12, 4);
        memset(p->addr + 4, 0, sizeof(p->addr) - 4);
    }
}


/* RFC 4632 section 3.1: one to three decimal digits, no leading zero. */

static int
dots_prefix_parse_length(dots_str_t text, uint8_t max, uint8_t *length)
{
    size_t    i;
    unsigned  v;

    if (text.len == 0 || text.len > 3
        || (text.len > 1 && text.data[0] == '0'))
    {
        return DOTS_INVALID;
    }

    for (v = 0, i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return DOTS_INVALID;
        }

        v = v * 10 + (text.data[i] - '0');
    }

    if (v > max) {
        return DOTS_INVALID;
    }

    *length = (uint8_t) v;

    return DOTS_OK;
}


static int
dots_prefix_parse_addr(dots_prefix_t *p, dots_str_t text)
{
    char  buf[INET6_ADDRSTRLEN];

    if (text.len == 0 || text.len >= sizeof(buf)
        || memchr(text.data, '\0', text.len) != NULL)
    {
        return DOTS_INVALID;
    }

    memcpy(buf, text.data, text.len);
    buf[text.len] = '\0';

    memset(p, 0, sizeof(dots_prefix_t));
    p->family = memchr(buf, ':', text.len) ? 6 : 4;
    p->length = dots_prefix_bits(p);

    if (inet_pton(p->family == 6 ? AF_INET6 : AF_INET, buf, p->addr) != 1) {
        return DOTS_INVALID;
    }

    return DOTS_OK;
}


int
dots_prefix_parse(dots_prefix_t *p, dots_str_t text)
{
    size_t          n;
    dots_str_t      length;
    dots_prefix_t   parsed;
    const uint8_t  *slash;

    slash = text.len ? memchr(text.data, '/', text.len) : NULL;
    n = slash ? (size_t) (slash - text.data) : text.len;

    if (dots_prefix_parse_addr(&parsed, dots_str(text.data, n)) != DOTS_OK) {
        return DOTS_INVALID;
    }

    if (slash != NULL) {
        length = dots_str(slash + 1, text.len - n - 1);

        if (dots_prefix_parse_length(length, dots_prefix_bits(&parsed),
                                     &parsed.length)
            != DOTS_OK)
        {
            return DOTS_INVALID;
        }
    }

    dots_prefix_mask(&parsed);
    dots_prefix_unmap(&parsed);
    *p = parsed;

    return DOTS_OK;
}


void
dots_prefix_host(dots_prefix_t *p, int family, const void *addr)
{
    memset(p, 0, sizeof(dots_prefix_t));

    p->family = family == 4 ? 4 : 6;
    p->length = dots_prefix_bits(p);
    memcpy(p->addr, addr, p->length / 8);

    dots_prefix_unmap(p);
}


size_t
dots_prefix_print(const dots_prefix_t *p, char buf[DOTS_PREFIX_TEXT])
{
    int   n;
    char  addr[INET6_ADDRSTRLEN];

    /* cannot fail: the family is known and the buffer is large enough */

    if (inet_ntop(p->family == 6 ? AF_INET6 : AF_INET, p->addr, addr,
                  sizeof(addr))
        == NULL)
    {
        buf[0] = '\0';
        return 0;
    }

    n = snprintf(buf, DOTS_PREFIX_TEXT, "%s/%u", addr, p->length);

    return (size_t) n;
}


/* Nonzero where the first "bits" bits are the same. */

static int
dots_prefix_match(const uint8_t *a, const uint8_t *b, uint8_t bits)
{
    size_t   n;
    uint8_t  mask;

    n = bits / 8;

    if (memcmp(a, b, n) != 0) {
        return 0;
    }

    if (bits % 8 == 0) {
        return 1;
    }

    mask = (uint8_t) (0xff << (8 - bits % 8));

    return ((a[n] ^ b[n]) & mask) == 0;
}


int
dots_prefix_contains(const dots_prefix_t *outer, const dots_prefix_t *inner)
{
    return outer->family == inner->family && outer->length <= inner->length
           && dots_prefix_match(outer->addr, inner->addr, outer->length);
}


int
dots_prefix_overlaps(const dots_prefix_t *a, const dots_prefix_t *b)
{
    return dots_prefix_contains(a, b) || dots_prefix_contains(b, a);
}


int
dots_prefix_cmp(const dots_prefix_t *a, const dots_prefix_t *b)
{
    int  rc;

    if (a->family != b->family) {
        return a->family < b->family ? -1 : 1;
    }

    rc = memcmp(a->addr, b->addr, sizeof(a->addr));
    if (rc) {
        return rc;
    }

    return (a->length > b->length) - (a->length < b->length);
}


const char *
dots_prefix_forbidden(const dots_prefix_t *p)
{
    size_t                          i, n;
    const dots_prefix_forbidden_t  *f;

    if (p->length == 0) {
        return "unspecified";
    }

    n = sizeof(dots_prefix_forbidden_table)
        / sizeof(dots_prefix_forbidden_table[0]);

    for (i = 0; i < n; i++) {
        f = &dots_prefix_forbidden_table[i];

        if (dots_prefix_overlaps(&f->prefix, p)) {
            return f->reason;
        }
    }

    return NULL;
}


/* ---- record ---- */

static int
dots_prefix_valid(const dots_prefix_t *p)
{
    dots_prefix_t  masked;

    if ((p->family != 4 && p->family != 6) || p->length > dots_prefix_bits(p)
        || dots_prefix_is_mapped(p))
    {
        return 0;
    }

    masked = *p;
    dots_prefix_mask(&masked);

    return memcmp(p->addr, masked.addr, sizeof(p->addr)) == 0;
}


size_t
dots_prefix_size(const dots_prefix_t *p)
{
    return 2 + dots_prefix_bits(p) / 8;
}


void
dots_prefix_write(dots_writer_t *w, const dots_prefix_t *p)
{
    if (!dots_prefix_valid(p)) {
        w->failed = 1;
        return;
    }

    dots_write_u8(w, p->family);
    dots_write_u8(w, p->length);
    dots_write_bytes(w, p->addr, dots_prefix_bits(p) / 8);
}


void
dots_prefix_read(dots_reader_t *r, dots_prefix_t *p)
{
    size_t          n;
    const uint8_t  *addr;

    memset(p, 0, sizeof(dots_prefix_t));

    p->family = dots_read_u8(r);
    p->length = dots_read_u8(r);
    n = dots_prefix_bits(p) / 8;
    addr = dots_read_bytes(r, n);

    if (addr == NULL) {
        return;
    }

    memcpy(p->addr, addr, n);

    if (!dots_prefix_valid(p)) {
        r->failed = 1;
    }
}
