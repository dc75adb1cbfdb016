#include <string.h>
#include <strings.h>

#include "dots_api_path.h"


static int
dots_api_path_fault(dots_api_path_t *p, size_t position, const char *error)
{
    p->position = position;
    p->error = error;

    return DOTS_INVALID;
}


static int
dots_api_path_hex(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}


ssize_t
dots_api_path_decode(uint8_t *dst, dots_str_t text, size_t *position)
{
    int      hi, lo;
    size_t   i, n;
    uint8_t  c;

    for (i = 0, n = 0; i < text.len; i++) {
        c = text.data[i];
        *position = i;

        if (c == '%') {
            if (text.len - i < 3) {
                return -1;
            }

            hi = dots_api_path_hex(text.data[i + 1]);
            lo = dots_api_path_hex(text.data[i + 2]);

            if (hi < 0 || lo < 0 || (hi == 0 && lo == 0)) {
                return -1;
            }

            c = (uint8_t) (hi << 4 | lo);
            i += 2;

        } else if (c <= ' ' || c >= 0x7f || c == '#') {
            return -1;
        }

        dst[n++] = c;
    }

    return (ssize_t) n;
}


void
dots_api_path_encode(dots_writer_t *w, dots_str_t s)
{
    size_t             i;
    uint8_t            c, escape[3];
    static const char  hex[] = "0123456789ABCDEF";

    for (i = 0; i < s.len; i++) {
        c = s.data[i];

        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')
            || (c >= 'a' && c <= 'z')
            || (c != '\0' && strchr("-._~", c) != NULL))
        {
            dots_write_u8(w, c);
            continue;
        }

        escape[0] = '%';
        escape[1] = (uint8_t) hex[c >> 4];
        escape[2] = (uint8_t) hex[c & 0x0f];

        dots_write_bytes(w, escape, sizeof(escape));
    }
}


/* Bytes of the UTF-8 sequence (RFC 3629) at "p", 0 if it is none. */

static size_t
dots_api_path_utf8(const uint8_t *p, size_t len)
{
    size_t    i, n;
    uint32_t  code;

    if (p[0] < 0x80) {
        return 1;
    }

    n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;

    if (p[0] < 0xc2 || p[0] > 0xf4 || len < n) {
        return 0;
    }

    code = p[0] & (0x7fu >> n);

    for (i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }

        code = code << 6 | (p[i] & 0x3f);
    }

    if ((n == 3 && code < 0x800) || (n == 4 && code < 0x10000)
        || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
    {
        return 0;
    }

    return n;
}


static int
dots_api_path_is_utf8(dots_str_t s)
{
    size_t  i, n;

    for (i = 0; i < s.len; i += n) {
        n = dots_api_path_utf8(s.data + i, s.len - i);

        if (n == 0) {
            return 0;
        }
    }

    return 1;
}


/* "identifier" of RFC 8040 section 3.5.3.1. */

int
dots_api_path_is_identifier(dots_str_t s)
{
    size_t   i;
    uint8_t  c;

    for (i = 0; i < s.len; i++) {
        c = s.data[i];

        if (c == '_' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')) {
            continue;
        }

        if (i == 0 || !((c >= '0' && c <= '9') || c == '-' || c == '.')) {
            return 0;
        }
    }

    return s.len != 0
           && (s.len < 3 || strncasecmp((const char *) s.data, "xml", 3) != 0);
}


/* Decodes text [from, to) of the path into the arena. */

static int
dots_api_path_piece(dots_api_path_t *p, dots_str_t text, size_t from,
    size_t to, dots_arena_t *a, dots_str_t *piece)
{
    size_t    bad;
    ssize_t   n;
    uint8_t  *dst;

    dst = dots_arena_alloc(a, to - from);
    if (dst == NULL) {
        return DOTS_ERROR;
    }

    bad = 0;
    n = dots_api_path_decode(dst, dots_str(text.data + from, to - from), &bad);

    if (n < 0) {
        return dots_api_path_fault(p, from + bad,
                                   text.data[from + bad] == '%'
                                       ? "a malformed percent-encoding"
                                       : "a character that has to be "
                                         "percent-encoded");
    }

    *piece = dots_str(dst, (size_t) n);

    return DOTS_OK;
}


/* Where the first "c" in text [from, to) is, or "to". */

static size_t
dots_api_path_find(dots_str_t text, size_t from, size_t to, char c)
{
    const uint8_t  *hit;

    hit = from < to ? memchr(text.data + from, c, to - from) : NULL;

    return hit ? (size_t) (hit - text.data) : to;
}


/* api-identifier = [module-name ":"] identifier */

static int
dots_api_path_identifier(dots_api_path_t *p, dots_str_t text, size_t from,
    size_t to, dots_arena_t *a, dots_api_segment_t *s)
{
    int             rc;
    size_t          n;
    dots_str_t      whole;
    const uint8_t  *colon;

    rc = dots_api_path_piece(p, text, from, to, a, &whole);
    if (rc != DOTS_OK) {
        return rc;
    }

    colon = whole.len ? memchr(whole.data, ':', whole.len) : NULL;

    if (colon != NULL) {
        n = (size_t) (colon - whole.data);
        s->module = dots_str(whole.data, n);
        whole = dots_str(colon + 1, whole.len - n - 1);

        if (!dots_api_path_is_identifier(s->module)) {
            return dots_api_path_fault(p, from, "not a module name");
        }
    }

    if (!dots_api_path_is_identifier(whole)) {
        return dots_api_path_fault(p, from, "not an identifier");
    }

    s->name = whole;

    return DOTS_OK;
}


/*
 * key-value *("," key-value).  The commas are found before anything is
 * decoded: an encoded one belongs to the value.
 */

static int
dots_api_path_keys(dots_api_path_t *p, dots_str_t text, size_t from, size_t to,
    dots_arena_t *a, dots_api_segment_t *s)
{
    int         rc;
    size_t      end;
    dots_str_t *key;

    for ( ;; ) {
        if (s->nkeys == DOTS_API_PATH_KEYS) {
            return dots_api_path_fault(p, from, "too many key values");
        }

        end = dots_api_path_find(text, from, to, ',');
        key = &s->keys[s->nkeys++];

        rc = dots_api_path_piece(p, text, from, end, a, key);
        if (rc != DOTS_OK) {
            return rc;
        }

        if (!dots_api_path_is_utf8(*key)) {
            return dots_api_path_fault(p, from, "a key value is not UTF-8");
        }

        if (end == to) {
            return DOTS_OK;
        }

        from = end + 1;
    }
}


static int
dots_api_path_segment(dots_api_path_t *p, dots_str_t text, size_t from,
    size_t to, dots_arena_t *a)
{
    int                  rc;
    size_t               eq;
    dots_api_segment_t  *s;

    if (p->n == DOTS_API_PATH_SEGMENTS) {
        return dots_api_path_fault(p, from, "too many segments");
    }

    s = &p->segments[p->n++];
    eq = dots_api_path_find(text, from, to, '=');

    rc = dots_api_path_identifier(p, text, from, eq, a, s);

    if (rc != DOTS_OK || eq == to) {
        return rc;
    }

    return dots_api_path_keys(p, text, eq + 1, to, a, s);
}


int
dots_api_path_parse(dots_api_path_t *p, dots_str_t text, dots_arena_t *a)
{
    int     rc;
    size_t  from, to;

    memset(p, 0, sizeof(dots_api_path_t));

    if (text.len == 0 || (text.len == 1 && text.data[0] == '/')) {
        return DOTS_OK;
    }

    if (text.data[0] != '/') {
        return dots_api_path_fault(p, 0, "a slash is missing");
    }

    for (from = 1; ; from = to + 1) {
        to = dots_api_path_find(text, from, text.len, '/');

        rc = dots_api_path_segment(p, text, from, to, a);

        if (rc != DOTS_OK || to == text.len) {
            return rc;
        }
    }
}
