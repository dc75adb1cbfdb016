#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "dots_data_filter.h"
#include "dots_data_text.h"
#include "dots_place.h"
#include "dots_state.h"


#define DOTS_STATE_PATH 256 /* below {+restconf}, of our own */


static int
dots_state_missing(dots_exchange_t *x)
{
    return dots_restconf_error_status(&x->error, 404, DOTS_TAG_INVALID_VALUE,
                                      "there is no such resource");
}


/* ---- one entry by its keys ---- */

static int
dots_state_is(const json_t *value, dots_str_t key)
{
    return value != NULL && json_is_string(value)
           && dots_str_eq(dots_str(json_string_value(value),
                                   json_string_length(value)),
                          key);
}


static int
dots_state_match(const struct lysc_node *schema, json_t *entry,
    const dots_api_segment_t *segment)
{
    size_t                   i;
    const struct lysc_node  *child;

    if (schema->nodetype == LYS_LEAFLIST) {
        return dots_state_is(entry, segment->keys[0]);
    }

    i = 0;

    for (child = lysc_node_child(schema); child && lysc_is_key(child);
         child = child->next)
    {
        if (!dots_state_is(json_object_get(entry, child->name),
                           segment->keys[i++]))
        {
            return 0;
        }
    }

    return 1;
}


/* RFC 8040 section 3.5.3: as many as the list has; one for a leaf-list. */

static size_t
dots_state_keys(const struct lysc_node *schema)
{
    size_t                   n;
    const struct lysc_node  *child;

    if (schema->nodetype == LYS_LEAFLIST) {
        return 1;
    }

    if (schema->nodetype != LYS_LIST) {
        return 0;
    }

    n = 0;

    for (child = lysc_node_child(schema); child && lysc_is_key(child);
         child = child->next)
    {
        n++;
    }

    return n;
}


static int
dots_state_entry(dots_exchange_t *x, const struct lysc_node *schema,
    const dots_api_segment_t *segment, json_t **value)
{
    size_t   i, n;
    json_t  *entry;

    n = dots_state_keys(schema);

    if (segment->nkeys != n) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "\"%s\" takes %zu key values", schema->name,
                                   n);
    }

    if (n == 0) {
        return DOTS_OK;
    }

    for (i = 0; i < json_array_size(*value); i++) {
        entry = json_array_get(*value, i);

        if (dots_state_match(schema, entry, segment)) {
            *value = entry;
            return DOTS_OK;
        }
    }

    return dots_state_missing(x);
}


/* ---- the way down ---- */

static int
dots_state_find(dots_exchange_t *x, const struct lysc_node **schema,
    json_t **value)
{
    int                        rc;
    size_t                     i;
    const dots_api_segment_t  *segment;

    for (i = x->below; i < x->api->n; i++) {
        segment = &x->api->segments[i];

        *schema = dots_place_below(x->rc->schema, *schema, segment);
        *value = *schema ? json_object_get(*value, (*schema)->name) : NULL;

        if (*value == NULL) {
            return dots_state_missing(x);
        }

        /* RFC 8040 section 6.1: without keys all entries */

        if (segment->nkeys == 0 && i + 1 == x->api->n) {
            break;
        }

        rc = dots_state_entry(x, *schema, segment, value);
        if (rc != DOTS_OK) {
            return rc;
        }
    }

    return DOTS_OK;
}


/*
 * Nothing of it is configuration: with content=config a container is empty, and
 * anything else not there (RFC 8040 section 4.8.1).
 */

static int
dots_state_filter(dots_exchange_t *x, const struct lysc_node *schema,
    json_t *value)
{
    if (x->query.content == DOTS_CONTENT_CONFIG
        && schema->nodetype != LYS_CONTAINER)
    {
        return dots_state_missing(x);
    }

    return dots_data_filter_entries(&x->context, &x->query, schema, value);
}


static int
dots_state_write(dots_exchange_t *x, const struct lysc_node *schema,
    json_t *value)
{
    int      rc;
    char     name[DOTS_STATE_PATH], *text;
    json_t  *root;

    (void) snprintf(name, sizeof(name), "%s:%s", schema->module->name,
                    schema->name);

    root = json_pack((schema->nodetype & (LYS_LIST | LYS_LEAFLIST))
                         && !json_is_array(value) ? "{s:[O]}" : "{s:O}",
                     name, value);
    text = root ? json_dumps(root, JSON_COMPACT) : NULL;

    json_decref(root);

    if (text == NULL) {
        return DOTS_ERROR;
    }

    rc = dots_arena_dup(x->rc->arena, &x->rc->text,
                        dots_str(text, strlen(text)));
    free(text);

    return rc;
}


int
dots_state_answer(dots_exchange_t *x, json_t *tree)
{
    int                      rc;
    json_t                  *value;
    const struct lysc_node  *schema;

    /* "data" is the first segment */

    schema = dots_place_path(x->rc->schema, x->api->segments + 1,
                             x->below - 1);

    if (tree == NULL || schema == NULL) {
        json_decref(tree);
        return DOTS_ERROR;
    }

    value = tree;

    rc = dots_state_find(x, &schema, &value);

    if (rc == DOTS_OK) {
        rc = dots_data_text_single(x, value);
    }

    if (rc == DOTS_OK) {
        rc = dots_state_filter(x, schema, value);
    }

    if (rc == DOTS_OK) {
        rc = dots_state_write(x, schema, value);
    }

    json_decref(tree);

    return rc;
}


json_t *
dots_state_location(dots_exchange_t *x, const char *fmt, ...)
{
    int      n;
    char     path[DOTS_STATE_PATH];
    va_list  args;

    va_start(args, fmt);
    n = vsnprintf(path, sizeof(path), fmt, args);
    va_end(args);

    if (n < 0 || (size_t) n >= sizeof(path)) {
        return NULL;
    }

    return json_sprintf("%.*s%.*s%s", (int) x->rc->origin.len,
                        x->rc->origin.len ? (const char *) x->rc->origin.data
                                          : "",
                        (int) x->rc->root.len, (const char *) x->rc->root.data,
                        path);
}
