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
