/*
 * Any text as a value of "fields", and as the four conditional header fields,
 * one a line: whatever is taken is what it was read as.
 */

#include <stdlib.h>
#include <string.h>

#include "dots_condition.h"
#include "dots_fields.h"
#include "dots_http_date.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


/* Every name was in the text, and every node is below the root once. */

static void
fuzz_fields(const uint8_t *data, size_t size)
{
    size_t                     i, links;
    dots_fields_t              f;
    const dots_fields_node_t  *node;

    if (dots_fields_parse(&f, dots_str(data, size)) != DOTS_OK) {
        return;
    }

    links = 0;

    for (i = 0; i < f.n; i++) {
        node = &f.nodes[i];
        links += (node->first != 0) + (node->next != 0);

        if (node->first >= f.n || node->next >= f.n
            || (i != DOTS_FIELDS_ROOT
                && (node->name.len == 0 || node->name.data < data
                    || node->name.data + node->name.len > data + size
                    || (node->first == 0 && !node->whole))))
        {
            abort();
        }
    }

    if (links != f.n - 1) {
        abort();
    }
}


/* A date that is taken comes back as it is printed. */

static void
fuzz_date(dots_str_t text)
{
    char     again[DOTS_HTTP_DATE];
    size_t   n;
    int64_t  s, t;

    if (dots_http_date_parse(text, 1700000000, &s) != DOTS_OK || s < 0) {
        return;
    }

    n = dots_http_date_print(s, again);

    if (n == 0 || dots_http_date_parse(dots_str(again, n), 0, &t) != DOTS_OK
        || s != t)
    {
        abort();
    }
}


/* The next line; without one the field is absent. */

static dots_str_t
fuzz_line(const uint8_t **p, const uint8_t *end)
{
    dots_str_t      s = { 0, NULL };
    const uint8_t  *nl;

    if (*p == end) {
        return s;
    }

    nl = memchr(*p, '\n', (size_t) (end - *p));
    nl = nl ? nl : end;

    s = dots_str(*p, (size_t) (nl - *p));
    *p = nl < end ? nl + 1 : end;

    return s;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                i;
    char               tag[DOTS_CONDITION_TAG];
    const uint8_t     *p;
    dots_entity_t      e;
    dots_condition_t   outcome;
    dots_conditions_t  c;

    fuzz_fields(data, size);

    p = data;
    c.match = fuzz_line(&p, data + size);
    c.none_match = fuzz_line(&p, data + size);
    c.modified_since = fuzz_line(&p, data + size);
    c.unmodified_since = fuzz_line(&p, data + size);

    fuzz_date(c.modified_since);
    fuzz_date(c.unmodified_since);

    if (dots_entity_make(&e, dots_str("x", 1), 1700000000000) != DOTS_OK) {
        abort();
    }

    (void) dots_condition_tag(&e, size & 1, tag);
    (void) dots_conditions_valid(&c);

    for (i = 0; i < 8; i++) {
        outcome = dots_conditions_check(&c, i & 1, i & 2,
                                        i & 4 ? &e : NULL, 1700000000000);

        /* an edit is never "not modified" */

        if (!(i & 1) && outcome == DOTS_CONDITION_NOT_MODIFIED) {
            abort();
        }
    }

    return 0;
}
