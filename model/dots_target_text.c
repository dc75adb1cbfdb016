#include <stdio.h>

#include "dots_target.h"


/* One item, whole, with a blank before it; 0: no room. */

static int
dots_target_text_item(char *buf, size_t size, size_t *len, const char *kind,
    dots_str_t s)
{
    size_t  kind_len, blank;

    kind_len = strlen(kind);
    blank = *len != 0;

    if (s.len > size || size - s.len < *len + blank + kind_len) {
        return 0;
    }

    if (blank) {
        buf[(*len)++] = ' ';
    }

    memcpy(buf + *len, kind, kind_len);
    memcpy(buf + *len + kind_len, s.data, s.len);
    *len += kind_len + s.len;

    return 1;
}


static int
dots_target_text_strings(char *buf, size_t size, size_t *len, const char *kind,
    const dots_str_t *list, size_t n)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        if (!dots_target_text_item(buf, size, len, kind, list[i])) {
            return 0;
        }
    }

    return 1;
}


static int
dots_target_text_numbers(char *buf, size_t size, size_t *len,
    const dots_target_t *t)
{
    int     n;
    char    number[sizeof("65535-65535")];
    size_t  i;

    for (i = 0; i < t->nprotocols; i++) {

        n = snprintf(number, sizeof(number), "%u",
                     (unsigned) t->protocols[i]);

        if (!dots_target_text_item(buf, size, len, "protocol:",
                                   dots_str(number, (size_t) n)))
        {
            return 0;
        }
    }

    for (i = 0; i < t->nports; i++) {

        n = t->ports[i].lower == t->ports[i].upper
            ? snprintf(number, sizeof(number), "%u",
                       (unsigned) t->ports[i].lower)
            : snprintf(number, sizeof(number), "%u-%u",
                       (unsigned) t->ports[i].lower,
                       (unsigned) t->ports[i].upper);

        if (!dots_target_text_item(buf, size, len, "port:",
                                   dots_str(number, (size_t) n)))
        {
            return 0;
        }
    }

    return 1;
}


size_t
dots_target_text(const dots_target_t *t, char *buf, size_t size)
{
    char    prefix[DOTS_PREFIX_TEXT];
    size_t  i, n, len, room;

    /* what is left out is said, so there is always room to say so */

    room = size - (sizeof(" ...") - 1);
    len = 0;

    for (i = 0; i < t->nprefixes; i++) {
        n = dots_prefix_print(&t->prefixes[i], prefix);

        if (!dots_target_text_item(buf, room, &len, "", dots_str(prefix, n))) {
            goto cut;
        }
    }

    if (dots_target_text_strings(buf, room, &len, "", t->fqdns, t->nfqdns)
        && dots_target_text_strings(buf, room, &len, "", t->uris, t->nuris)
        && dots_target_text_strings(buf, room, &len, "alias:", t->aliases,
                                    t->naliases)
        && dots_target_text_numbers(buf, room, &len, t))
    {
        return len;
    }

cut:

    memcpy(buf + len, " ...", sizeof(" ...") - 1);

    return len + sizeof(" ...") - 1;
}
