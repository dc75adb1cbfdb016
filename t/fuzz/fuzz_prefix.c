/*
 * Any bytes as a prefix and as a host name (RFC 6991 ip-prefix, domain-name).
 * What was accepted prints, and reads again as the same.
 */

#include <stdlib.h>

#include "dots_hostname.h"
#include "dots_prefix.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
fuzz_record(const dots_prefix_t *p)
{
    uint8_t        buf[2 + sizeof(p->addr)];
    dots_prefix_t  again;
    dots_reader_t  r;
    dots_writer_t  w = { buf, buf + sizeof(buf), 0 };

    dots_prefix_write(&w, p);

    r = (dots_reader_t) { buf, w.pos, 0 };
    dots_prefix_read(&r, &again);

    if (w.failed || r.failed || r.pos != r.end
        || (size_t) (w.pos - buf) != dots_prefix_size(p)
        || dots_prefix_cmp(p, &again) != 0)
    {
        abort();
    }
}


/* A prefix is inside itself and inside whatever is shorter. */

static void
fuzz_relations(const dots_prefix_t *p)
{
    size_t         i;
    dots_prefix_t  host, wide;

    dots_prefix_host(&host, p->family, p->addr);

    wide = (dots_prefix_t) { p->family, 0, { 0 } };

    if (!dots_prefix_contains(p, p) || !dots_prefix_overlaps(p, p)
        || !dots_prefix_contains(&wide, p)
        || (p->length > 0 && dots_prefix_contains(p, &wide))
        || !dots_prefix_overlaps(p, &wide))
    {
        abort();
    }

    /* an IPv4-mapped address becomes one of the other family */

    if (host.family == p->family && !dots_prefix_contains(p, &host)) {
        abort();
    }

    for (i = p->length; i < 8 * sizeof(p->addr); i++) {
        if (p->addr[i / 8] & 0x80 >> i % 8) {
            abort();
        }
    }
}


static void
fuzz_prefix(dots_str_t text)
{
    char           buf[DOTS_PREFIX_TEXT];
    size_t         n;
    dots_prefix_t  p, again;

    if (dots_prefix_parse(&p, text) != DOTS_OK) {
        return;
    }

    n = dots_prefix_print(&p, buf);

    if (n >= sizeof(buf) || strlen(buf) != n
        || dots_prefix_parse(&again, dots_str(buf, n)) != DOTS_OK
        || dots_prefix_cmp(&p, &again) != 0
        || dots_prefix_forbidden(&p) != dots_prefix_forbidden(&again))
    {
        abort();
    }

    fuzz_record(&p);
    fuzz_relations(&p);
}


/* The comparable form is its own; what is an address is no name. */

static void
fuzz_hostname(dots_str_t name)
{
    size_t         len, n;
    uint8_t        buf[DOTS_HOSTNAME_MAX], again[DOTS_HOSTNAME_MAX];
    dots_prefix_t  p;

    if (dots_hostname_normalize(name, buf, &len) != DOTS_OK) {
        return;
    }

    if (len == 0 || len > sizeof(buf) || buf[len - 1] == '.'
        || dots_hostname_normalize(dots_str(buf, len), again, &n) != DOTS_OK
        || !dots_str_eq(dots_str(buf, len), dots_str(again, n))
        || dots_prefix_parse(&p, name) == DOTS_OK)
    {
        abort();
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_prefix(dots_str(data, size));
    fuzz_hostname(dots_str(data, size));

    return 0;
}
