#include "dots_place.h"


#define DOTS_PLACE_NAME 64 /* no module of ours has a longer one */


static int
dots_place_is(const struct lysc_node *node, const struct lys_module *module,
    const char *name)
{
    return node->module == module && strcmp(node->name, name) == 0;
}


const struct lysc_node *
dots_place_child(const struct lysc_node *parent,
    const struct lys_module *module, const char *name)
{
    const struct lysc_node  *node;

    if (parent == NULL && module->compiled == NULL) {
        return NULL;
    }

    node = NULL;

    while ((node = lys_getnext(node, parent,
                               parent ? NULL : module->compiled, 0))
           != NULL)
    {
        if (dots_place_is(node, module, name)) {
            return node;
        }
    }

    return NULL;
}


const struct lys_module *
dots_place_module(const dots_schema_t *s, dots_str_t name)
{
    char  copy[DOTS_PLACE_NAME + 1];

    if (name.len > DOTS_PLACE_NAME) {
        return NULL;
    }

    memcpy(copy, name.data, name.len);
    copy[name.len] = '\0';

    return ly_ctx_get_module_implemented(s->ctx, copy);
}


const struct lysc_node *
dots_place_below(const dots_schema_t *s, const struct lysc_node *parent,
    const dots_api_segment_t *segment)
{
    char                      name[DOTS_PLACE_NAME + 1];
    const struct lys_module  *module;

    module = segment->module.len ? dots_place_module(s, segment->module)
             : parent            ? parent->module
                                 : NULL;

    if (module == NULL || segment->name.len > DOTS_PLACE_NAME) {
        return NULL;
    }

    memcpy(name, segment->name.data, segment->name.len);
    name[segment->name.len] = '\0';

    return dots_place_child(parent, module, name);
}


const struct lysc_node *
dots_place_path(const dots_schema_t *s, const dots_api_segment_t *segments,
    size_t n)
{
    size_t                   i;
    const struct lysc_node  *node;

    node = NULL;

    for (i = 0; i < n; i++) {
        node = dots_place_below(s, node, &segments[i]);

        if (node == NULL) {
            return NULL;
        }
    }

    return node;
}


/* Behind the predicates, a bracket in quotes ends none; how many bytes. */

static size_t
dots_place_predicates(dots_reader_t *r)
{
    uint8_t         quote;
    const uint8_t  *start;

    start = r->pos;

    for (quote = 0; r->pos < r->end && (quote || *r->pos != '/'); r->pos++) {

        if (quote ? *r->pos == quote : *r->pos == '\'' || *r->pos == '"') {
            quote = quote ? 0 : *r->pos;
        }
    }

    return (size_t) (r->pos - start);
}


static dots_api_segment_t
dots_place_step(dots_reader_t *r)
{
    const uint8_t       *p, *colon;
    dots_api_segment_t   segment;

    memset(&segment, 0, sizeof(segment));

    colon = NULL;

    for (p = r->pos; p < r->end && *p != '/' && *p != '['; p++) {
        colon = *p == ':' ? p : colon;
    }

    if (colon != NULL) {
        segment.module = dots_str(r->pos, (size_t) (colon - r->pos));
        r->pos = colon + 1;
    }

    segment.name = dots_str(r->pos, (size_t) (p - r->pos));
    r->pos = p;

    return segment;
}


const struct lysc_node *
dots_place_instance(const dots_schema_t *s, dots_str_t path, size_t *len)
{
    dots_reader_t            r = { path.data, path.data + path.len, 0 };
    dots_api_segment_t       segment;
    const struct lysc_node  *node;

    node = NULL;
    *len = 0;

    while (r.pos < r.end && *r.pos == '/') {
        r.pos++;

        segment = dots_place_step(&r);
        node = dots_place_below(s, node, &segment);

        if (node == NULL) {
            *len = 0;
            return NULL;
        }

        if (dots_place_predicates(&r) == 0
            && (node->nodetype & (LYS_LIST | LYS_LEAFLIST)))
        {
            return node;
        }

        *len = (size_t) (r.pos - path.data);
    }

    return NULL;
}


static const struct lysc_node *
dots_place_structure(const struct lys_module *module, const char *name)
{
    LY_ARRAY_COUNT_TYPE      i;
    const struct lysc_node  *node;

    LY_ARRAY_FOR(module->compiled->exts, i) {

        if (strcmp(module->compiled->exts[i].def->name, "yang-data") != 0) {
            continue;
        }

        node = NULL;

        while ((node = lys_getnext_ext(node, NULL, &module->compiled->exts[i],
                                       0))
               != NULL)
        {
            if (dots_place_is(node, module, name)) {
                return node;
            }
        }
    }

    return NULL;
}


const struct lysc_node *
dots_place_root(const struct lysc_node *target,
    const struct lys_module *module, const char *name)
{
    const struct lysc_node  *node;

    if (target != NULL) {

        if (dots_place_is(target, module, name)) {
            return target;
        }

        node = dots_place_child(target, module, name);
        if (node != NULL) {
            return node;
        }

        node = target->parent;

        if (node != NULL && dots_place_is(node, module, name)) {
            return node;
        }
    }

    node = dots_place_child(NULL, module, name);

    if (node == NULL && module->compiled != NULL) {
        node = dots_place_structure(module, name);
    }

    return node;
}
