#include <strings.h>

#include "dots_via.h"


static int
dots_via_is_space(uint8_t c)
{
    return c == ' ' || c == '\t';
}


static void
dots_via_spaces(dots_reader_t *r)
{
    while (r->pos < r->end && dots_via_is_space(*r->pos)) {
        r->pos++;
    }
}


/* Up to a space, a comma or a comment; empty at the end. */

static dots_str_t
dots_via_word(dots_reader_t *r)
{
    const uint8_t  *start;

    dots_via_spaces(r);

    for (start = r->pos; r->pos < r->end; r->pos++) {

        if (dots_via_is_space(*r->pos) || *r->pos == ',' || *r->pos == '(') {
            break;
        }
    }

    return dots_str(start, (size_t) (r->pos - start));
}


/* To the comma that ends the entry: one inside of a comment does not. */

static void
dots_via_next(dots_reader_t *r)
{
    size_t  depth;

    for (depth = 0; r->pos < r->end; r->pos++) {

        switch (*r->pos) {

        case '(':
            depth++;
            break;

        case ')':
            depth -= depth ? 1 : 0;
            break;

        case '\\':
            /* a quoted-pair; outside of a comment it is malformed anyway */
            r->pos += r->pos + 1 < r->end ? 1 : 0;
            break;

        case ',':
            if (depth == 0) {
                r->pos++;
                return;
            }
        }
    }
}


static int
dots_via_is(dots_str_t by, dots_str_t name)
{
    if (name.len == 0 || by.len < name.len
        || strncasecmp((const char *) by.data, (const char *) name.data,
                       name.len)
           != 0)
    {
        return 0;
    }

    return by.len == name.len || by.data[name.len] == ':';
}


int
dots_via_has(dots_str_t via, const dots_str_t *names, size_t n)
{
    size_t         i;
    dots_str_t     protocol, by;
    dots_reader_t  r;

    if (via.len == 0) {
        return 0;               /* and perhaps no address to add to */
    }

    r = (dots_reader_t) { via.data, via.data + via.len, 0 };

    while (r.pos < r.end) {
        protocol = dots_via_word(&r);
        by = dots_via_word(&r);

        for (i = 0; protocol.len != 0 && i < n; i++) {

            if (dots_via_is(by, names[i])) {
                return 1;
            }
        }

        dots_via_next(&r);
    }

    return 0;
}
