#include "dots_api_path.h"
#include "dots_fields.h"


/*
 * The child of "parent" by that name, made if need be; 0: no room.  With and
 * without its module it is the same one.
 */

static unsigned
dots_fields_child(dots_fields_t *f, unsigned parent, dots_str_t module,
    dots_str_t name)
{
    unsigned            *link;
    dots_fields_node_t  *node;

    for (link = &f->nodes[parent].first; *link != 0;
         link = &f->nodes[*link].next)
    {
        node = &f->nodes[*link];

        if (dots_str_eq(node->name, name)
            && (node->module.len == 0 || module.len == 0
                || dots_str_eq(node->module, module)))
        {
            node->module = module.len ? module : node->module;
            return *link;
        }
    }

    if (f->n == DOTS_FIELDS_NODES) {
        return 0;
    }

    *link = (unsigned) f->n++;

    node = &f->nodes[*link];
    node->module = module;
    node->name = name;

    return *link;
}


/* api-identifier: up to a character that no identifier has. */

static int
dots_fields_identifier(dots_reader_t *r, dots_str_t *module, dots_str_t *name)
{
    const uint8_t  *start, *colon;

    start = r->pos;
    colon = NULL;

    while (r->pos < r->end && memchr("/;()", *r->pos, 4) == NULL) {
        if (*r->pos == ':' && colon == NULL) {
            colon = r->pos;
        }

        r->pos++;
    }

    *module = dots_str(start, colon ? (size_t) (colon - start) : 0);
    start = colon ? colon + 1 : start;
    *name = dots_str(start, (size_t) (r->pos - start));

    return dots_api_path_is_identifier(*name)
           && (colon == NULL || dots_api_path_is_identifier(*module))
               ? DOTS_OK : DOTS_INVALID;
}


/* path = api-identifier [ "/" path ]; *node is the last one's. */

static int
dots_fields_path(dots_fields_t *f, dots_reader_t *r, unsigned *node)
{
    dots_str_t  module, name;

    for ( ;; ) {

        if (dots_fields_identifier(r, &module, &name) != DOTS_OK) {
            return DOTS_INVALID;
        }

        *node = dots_fields_child(f, *node, module, name);

        if (*node == 0) {
            return DOTS_INVALID;
        }

        if (r->pos == r->end || *r->pos != '/') {
            return DOTS_OK;
        }

        r->pos++;
    }
}


/*
 * What follows a path: all closing parentheses, then ";" or the end.  The
 * grammar has nothing behind a ")", its own examples elsewhere do: taken.
 */

static int
dots_fields_close(dots_reader_t *r, size_t *depth, int *end)
{
    while (r->pos < r->end && *r->pos == ')') {

        if (*depth == 0) {
            return DOTS_INVALID;
        }

        (*depth)--;
        r->pos++;
    }

    *end = r->pos == r->end;

    if (*end) {
        return *depth == 0 ? DOTS_OK : DOTS_INVALID;
    }

    return *r->pos++ == ';' ? DOTS_OK : DOTS_INVALID;
}


int
dots_fields_parse(dots_fields_t *f, dots_str_t text)
{
    int            end;
    size_t         depth;
    unsigned       node, base[DOTS_FIELDS_DEPTH + 1];
    dots_reader_t  r;

    memset(f, 0, sizeof(dots_fields_t));

    if (text.len == 0) {
        return DOTS_INVALID;
    }

    r = (dots_reader_t) { text.data, text.data + text.len, 0 };

    f->n = 1;
    depth = 0;
    base[0] = DOTS_FIELDS_ROOT;

    do {
        node = base[depth];

        if (dots_fields_path(f, &r, &node) != DOTS_OK) {
            return DOTS_INVALID;
        }

        if (r.pos < r.end && *r.pos == '(') {

            if (depth == DOTS_FIELDS_DEPTH) {
                return DOTS_INVALID;
            }

            base[++depth] = node;
            r.pos++;
            end = 0;
            continue;
        }

        f->nodes[node].whole = 1;

        if (dots_fields_close(&r, &depth, &end) != DOTS_OK) {
            return DOTS_INVALID;
        }

    } while (!end);

    return DOTS_OK;
}


int
dots_fields_decode(dots_fields_t *f, dots_str_t value, dots_arena_t *a)
{
    size_t    position;
    ssize_t   n;
    uint8_t  *text;

    text = dots_arena_alloc(a, value.len);
    if (text == NULL) {
        return DOTS_ERROR;
    }

    n = dots_api_path_decode(text, value, &position);

    return n < 0 ? DOTS_INVALID
                 : dots_fields_parse(f, dots_str(text, (size_t) n));
}
