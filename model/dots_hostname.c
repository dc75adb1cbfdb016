#include "dots_hostname.h"


static int
dots_hostname_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}


/* The underscore is there as inet:domain-name of RFC 6991 has it. */

static int
dots_hostname_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || dots_hostname_digit(c) || c == '-'
           || c == '_';
}


static int
dots_hostname_label_ok(dots_str_t label)
{
    size_t  i;

    if (label.len == 0 || label.len > DOTS_HOSTNAME_LABEL
        || label.data[0] == '-' || label.data[label.len - 1] == '-')
    {
        return 0;
    }

    for (i = 0; i < label.len; i++) {
        if (!dots_hostname_char(label.data[i])) {
            return 0;
        }
    }

    return 1;
}


/* inet_aton() takes decimal, octal and hexadecimal numbers for addresses. */

static int
dots_hostname_label_numeric(dots_str_t label)
{
    size_t  i;

    if (label.len >= 2 && label.data[0] == '0' && label.data[1] == 'x') {
        return 1;
    }

    for (i = 0; i < label.len; i++) {
        if (!dots_hostname_digit(label.data[i])) {
            return 0;
        }
    }

    return 1;
}


int
dots_hostname_normalize(dots_str_t name, uint8_t buf[DOTS_HOSTNAME_MAX],
    size_t *len)
{
    size_t      i, start;
    dots_str_t  label = { 0, NULL };

    if (name.len && name.data[name.len - 1] == '.') {
        name.len--;
    }

    if (name.len == 0 || name.len > DOTS_HOSTNAME_MAX) {
        return DOTS_INVALID;
    }

    for (start = 0, i = 0; i <= name.len; i++) {

        if (i < name.len && name.data[i] != '.') {
            buf[i] = dots_hostname_lower(name.data[i]);
            continue;
        }

        label = dots_str(buf + start, i - start);

        if (!dots_hostname_label_ok(label)) {
            return DOTS_INVALID;
        }

        if (i < name.len) {
            buf[i] = '.';
            start = i + 1;
        }
    }

    if (dots_hostname_label_numeric(label)) {
        return DOTS_INVALID;
    }

    *len = name.len;

    return DOTS_OK;
}
