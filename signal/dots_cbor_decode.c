#include <inttypes.h>
#include <stdio.h>

#include "dots_cbor_item.h"


#define DOTS_CBOR_DECODE_SEEN 256 /* keys of all maps that are open at once */

/* Levels of CBOR below which a known node can still stand. */

#define DOTS_CBOR_DECODE_LEFT(d) (DOTS_CBOR_DEPTH - (d)->depth)


/*
 * An open map or array.  Of the outermost map, which holds the message's key,
 * "schema" and "node" are NULL.
 */

typedef struct {
    const struct lysc_node *schema;     /* of the map's node or case, of the
                                           array's entries */
    struct lyd_node        *node;       /* what the entries are added to */
    const dots_cbor_key_t  *key;
    uint64_t                left;       /* entries, unless indefinite */
    uint64_t                count;      /* entries so far */
    size_t                  seen;       /* where this map's keys begin */
    uint8_t                 indefinite;
    uint8_t                 array;
} dots_cbor_decode_frame_t;

typedef struct {
    const dots_schema_t      *schema;
    dots_cbor_reader_t        reader;
    dots_fault_t             *fault;
    struct lyd_node          *tree;
    size_t                    depth;
    dots_cbor_decode_frame_t  frames[DOTS_CBOR_DEPTH];
    int                       own;      /* see dots_cbor_decode_own() */
    size_t                    nseen;
    uint16_t                  seen[DOTS_CBOR_DECODE_SEEN];
    char                      value[DOTS_CBOR_KEYS][DOTS_CBOR_TEXT];
} dots_cbor_decode_t;


static const char *
dots_cbor_decode_name(const dots_cbor_decode_frame_t *frame)
{
    return frame->key ? frame->key->name : "the body";
}


static int
dots_cbor_decode_wrong(dots_cbor_decode_t *d, const dots_cbor_key_t *key,
    const char *what)
{
    return dots_fault(d->fault, DOTS_FAULT_INVALID_VALUE, key->name, "%s: %s",
                      key->name, what);
}


/* ---- the stack ---- */

static int
dots_cbor_decode_push(dots_cbor_decode_t *d, const dots_cbor_item_t *item,
    const dots_cbor_key_t *key, const struct lysc_node *schema,
    struct lyd_node *node)
{
    dots_cbor_decode_frame_t  *frame;

    if (d->depth == DOTS_CBOR_DEPTH) {
        return dots_fault(d->fault, DOTS_FAULT_TOO_BIG, NULL,
                          "CBOR nested deeper than %d", DOTS_CBOR_DEPTH);
    }

    frame = &d->frames[d->depth++];

    memset(frame, 0, sizeof(dots_cbor_decode_frame_t));

    frame->schema = schema;
    frame->node = node;
    frame->key = key;
    frame->left = item->value;
    frame->indefinite = item->indefinite;
    frame->array = item->type == DOTS_CBOR_ARRAY;
    frame->seen = d->nseen;

    return DOTS_OK;
}


/* The case of its choice that "schema" is in, or NULL. */

static const struct lysc_node *
dots_cbor_decode_case(const struct lysc_node *schema)
{
    return schema->parent != NULL && schema->parent->nodetype == LYS_CASE
               ? schema->parent
               : NULL;
}


static int
dots_cbor_decode_has(const struct lyd_node *node,
    const struct lysc_node *schema, const struct lysc_node *in)
{
    const struct lyd_node  *child;

    for (child = lyd_child(node); child != NULL; child = child->next) {

        if (child->schema == schema
            || (in != NULL && dots_cbor_decode_case(child->schema) == in))
        {
            return 1;
        }
    }

    return 0;
}


/*
 * libyang validates no part of a structure by itself and would add defaults,
 * which a partial configuration (RFC 9132 section 4.5.2) must not get.  What
 * is mandatory is looked at here; in a case, once the case is in use.
 */

static int
dots_cbor_decode_mandatory(dots_cbor_decode_t *d,
    const dots_cbor_decode_frame_t *frame)
{
    const struct lysc_node  *node, *in;
    const dots_cbor_key_t   *key;

    node = NULL;

    while ((node = lys_getnext(node, frame->schema, NULL, 0)) != NULL) {

        if (node->nodetype != LYS_LEAF || !(node->flags & LYS_MAND_TRUE)
            || dots_cbor_decode_has(frame->node, node, NULL))
        {
            continue;
        }

        in = dots_cbor_decode_case(node);

        if (in != NULL && in != frame->schema
            && !dots_cbor_decode_has(frame->node, node, in))
        {
            continue;
        }

        key = dots_cbor_key_by_name(node->name, strlen(node->name));

        return dots_fault(d->fault, DOTS_FAULT_MISSING,
                          key ? key->name : NULL, "%s: %s is missing",
                          dots_cbor_decode_name(frame), node->name);
    }

    return DOTS_OK;
}


static int
dots_cbor_decode_pop(dots_cbor_decode_t *d)
{
    const dots_cbor_decode_frame_t  *frame;

    frame = &d->frames[--d->depth];
    d->nseen = frame->seen;

    if (frame->array) {

        /* RFC 9132 section 4.4.1.1: no empty values */

        return frame->count
                   ? DOTS_OK
                   : dots_cbor_decode_wrong(d, frame->key,
                                            "an empty value must not be "
                                            "present");
    }

    if (frame->schema == NULL) {
        return d->tree != NULL
                   ? DOTS_OK
                   : dots_fault(d->fault, DOTS_FAULT_MISSING, NULL,
                                "the body holds no DOTS message");
    }

    return dots_cbor_decode_mandatory(d, frame);
}


/* ---- nodes ---- */

/* DOTS_OK or what to return; a refused value names its attribute. */

static int
dots_cbor_decode_created(dots_cbor_decode_t *d, const dots_cbor_key_t *key,
    LY_ERR rc)
{
    if (rc == LY_EVALID || rc == LY_EINVAL) {
        return dots_cbor_decode_wrong(d, key, "not a valid value");
    }

    return rc == LY_SUCCESS ? DOTS_OK : DOTS_ERROR;
}


static int
dots_cbor_decode_term(dots_cbor_decode_t *d, const dots_cbor_item_t *item,
    const dots_cbor_key_t *key, const struct lysc_node *schema,
    struct lyd_node *parent, struct lyd_node **node)
{
    int  rc;

    rc = dots_cbor_value_read(&d->reader, item, schema, key->name, d->value[0],
                              d->fault);
    if (rc != DOTS_OK) {
        return rc;
    }

    if (parent->schema == NULL) {
        rc = dots_schema_message_add(d->schema, parent, key->name, d->value[0],
                                     node);

        return rc == DOTS_INVALID
                   ? dots_cbor_decode_wrong(d, key, "not a valid value")
                   : rc;
    }

    return dots_cbor_decode_created(
        d, key, lyd_new_term(parent, schema->module, schema->name, d->value[0],
                             0, node));
}


static int
dots_cbor_decode_inner(dots_cbor_decode_t *d, const dots_cbor_key_t *key,
    const struct lysc_node *schema, struct lyd_node *parent,
    struct lyd_node **node)
{
    if (parent->schema == NULL) {
        return dots_schema_message_add(d->schema, parent, key->name, NULL,
                                       node);
    }

    if (schema->nodetype == LYS_CONTAINER) {
        return dots_cbor_decode_created(
            d, key, lyd_new_inner(parent, schema->module, schema->name, 0,
                                  node));
    }

    /* libyang takes as many of the values as the list has keys */

    return dots_cbor_decode_created(
        d, dots_cbor_list_blame(schema, key),
        lyd_new_list(parent, schema->module, schema->name, 0, node,
                     d->value[0], d->value[1], d->value[2], d->value[3]));
}


/*
 * Two entries with the same keys, two equal leaf-list values; the first of them
 * is alone.
 */

static int
dots_cbor_decode_unique(dots_cbor_decode_t *d,
    const dots_cbor_decode_frame_t *frame, const struct lyd_node *node)
{
    LY_ERR          rc;
    uint32_t        n;
    struct ly_set  *set;

    if (frame->count == 1
        || (node->schema->nodetype == LYS_LIST
            && (node->schema->flags & LYS_KEYLESS)))
    {
        return DOTS_OK;
    }

    rc = lyd_find_sibling_dup_inst_set(lyd_first_sibling(node), node, &set);
    if (rc != LY_SUCCESS) {
        return DOTS_ERROR;
    }

    n = set->count;
    ly_set_free(set, NULL);

    return n > 1 ? dots_cbor_decode_wrong(d, frame->key, "the same entry twice")
                 : DOTS_OK;
}


/* ---- list entries ---- */

static int
dots_cbor_decode_list_entry(dots_cbor_decode_t *d,
    const dots_cbor_decode_frame_t *frame, const dots_cbor_item_t *item)
{
    int               rc;
    struct lyd_node  *node;

    if (item->type != DOTS_CBOR_MAP) {
        return dots_cbor_decode_wrong(d, frame->key, "an entry is not a map");
    }

    if (!(frame->schema->flags & LYS_KEYLESS)) {
        rc = dots_cbor_list_keys(&d->reader, item, frame->schema,
                                 DOTS_CBOR_DECODE_LEFT(d), d->value, d->fault);
        if (rc != DOTS_OK) {
            return rc;
        }
    }

    rc = dots_cbor_decode_inner(d, frame->key, frame->schema, frame->node,
                                &node);
    if (rc != DOTS_OK) {
        return rc;
    }

    rc = dots_cbor_decode_unique(d, frame, node);
    if (rc != DOTS_OK) {
        return rc;
    }

    return dots_cbor_decode_push(d, item, frame->key, frame->schema, node);
}


static int
dots_cbor_decode_entry(dots_cbor_decode_t *d,
    dots_cbor_decode_frame_t *frame, const dots_cbor_item_t *item)
{
    int               rc;
    struct lyd_node  *node;

    /* what is refused in the end need not be made first: nodes are expensive */

    if (frame->count++ == DOTS_CBOR_ENTRIES && d->own) {
        return dots_fault(d->fault, DOTS_FAULT_TOO_BIG, frame->key->name,
                          "more than %d %s entries", DOTS_CBOR_ENTRIES,
                          frame->key->name);
    }

    if (frame->schema->nodetype == LYS_LIST) {
        return dots_cbor_decode_list_entry(d, frame, item);
    }

    rc = dots_cbor_decode_term(d, item, frame->key, frame->schema, frame->node,
                               &node);
    if (rc != DOTS_OK) {
        return rc;
    }

    return dots_cbor_decode_unique(d, frame, node);
}


/* ---- map entries ---- */

static int
dots_cbor_decode_skip(dots_cbor_decode_t *d)
{
    int               rc;
    dots_cbor_item_t  item;

    rc = dots_cbor_item_read(&d->reader, &item, d->fault);
    if (rc != DOTS_OK) {
        return rc;
    }

    return dots_cbor_item_skip(&d->reader, &item, DOTS_CBOR_DECODE_LEFT(d),
                               d->fault);
}


static int
dots_cbor_decode_see(dots_cbor_decode_t *d,
    const dots_cbor_decode_frame_t *frame, uint16_t number)
{
    size_t                  i;
    const dots_cbor_key_t  *key;

    for (i = frame->seen; i < d->nseen; i++) {

        if (d->seen[i] == number) {
            key = dots_cbor_key_by_number(number);

            return dots_fault(d->fault, DOTS_FAULT_INVALID_VALUE,
                              key ? key->name : NULL,
                              "CBOR key %u (%s) twice in one map", number,
                              key ? key->name : "unknown");
        }
    }

    if (d->nseen == DOTS_CBOR_DECODE_SEEN) {
        return dots_fault(d->fault, DOTS_FAULT_TOO_BIG, NULL,
                          "more than %d CBOR keys", DOTS_CBOR_DECODE_SEEN);
    }

    d->seen[d->nseen++] = number;

    return DOTS_OK;
}


/*
 * A key that is not to be understood here: RFC 9132 section 6.  One that is
 * comprehension-optional is ignored, wherever it stands.  Nothing is known
 * either of a name whose module is not loaded.
 */

static int
dots_cbor_decode_unknown(dots_cbor_decode_t *d,
    const dots_cbor_decode_frame_t *frame, const dots_cbor_key_t *key,
    uint64_t number)
{
    const char  *colon;
    char         module[64];

    if (dots_cbor_key_optional(number)) {
        return dots_cbor_decode_skip(d);
    }

    colon = key ? strchr(key->name, ':') : NULL;

    if (colon != NULL) {
        (void) snprintf(module, sizeof(module), "%.*s",
                        (int) (colon - key->name), key->name);

        if (ly_ctx_get_module_implemented(d->schema->ctx, module) == NULL) {
            key = NULL;
        }
    }

    if (key != NULL) {
        return dots_fault(d->fault, DOTS_FAULT_UNKNOWN, key->name,
                          "CBOR key %" PRIu64 " (%s) is not allowed in %s",
                          number, key->name, dots_cbor_decode_name(frame));
    }

    return dots_fault(d->fault, DOTS_FAULT_UNKNOWN, NULL,
                      "unknown comprehension-required CBOR key %" PRIu64,
                      number);
}


/* Of the cases of a choice only one may be there, RFC 7950 section 7.9. */

static int
dots_cbor_decode_choice(dots_cbor_decode_t *d,
    const dots_cbor_decode_frame_t *frame, const struct lysc_node *schema,
    const dots_cbor_key_t *key)
{
    const struct lyd_node   *node;
    const struct lysc_node  *in, *other;

    in = dots_cbor_decode_case(schema);

    if (in == NULL || in == frame->schema) {
        return DOTS_OK;
    }

    for (node = lyd_child(frame->node); node != NULL; node = node->next) {

        other = dots_cbor_decode_case(node->schema);

        if (other != NULL && other != in && other->parent == in->parent) {
            return dots_fault(d->fault, DOTS_FAULT_INVALID_VALUE, key->name,
                              "%s and %s cannot be together", key->name,
                              node->schema->name);
        }
    }

    return DOTS_OK;
}


static int
dots_cbor_decode_value(dots_cbor_decode_t *d,
    const dots_cbor_decode_frame_t *frame, const struct lysc_node *schema,
    const dots_cbor_key_t *key)
{
    int               rc;
    struct lyd_node  *node;
    dots_cbor_item_t  item;

    rc = dots_cbor_item_read(&d->reader, &item, d->fault);
    if (rc != DOTS_OK) {
        return rc;
    }

    switch (schema->nodetype) {

    case LYS_LIST:
    case LYS_LEAFLIST:

        if (item.type != DOTS_CBOR_ARRAY) {
            return dots_cbor_decode_wrong(d, key, "not an array");
        }

        return dots_cbor_decode_push(d, &item, key, schema, frame->node);

    case LYS_CONTAINER:

        if (item.type != DOTS_CBOR_MAP) {
            return dots_cbor_decode_wrong(d, key, "not a map");
        }

        rc = dots_cbor_decode_inner(d, key, schema, frame->node, &node);
        if (rc != DOTS_OK) {
            return rc;
        }

        return dots_cbor_decode_push(d, &item, key, schema, node);

    case LYS_LEAF:

        /* a key of a list is there since its entry was made */

        if (lysc_is_key(schema)) {
            return dots_cbor_item_skip(&d->reader, &item,
                                       DOTS_CBOR_DECODE_LEFT(d), d->fault);
        }

        return dots_cbor_decode_term(d, &item, key, schema, frame->node, &node);

    default:
        return DOTS_ERROR;
    }
}


/*
 * What other modules add to the signal channel's own messages (telemetry, call
 * home, robust transmission) is comprehension-optional, and not understood: not
 * even its type is looked at.
 */

static int
dots_cbor_decode_foreign(const dots_cbor_decode_t *d,
    const struct lysc_node *schema, uint64_t number)
{
    const struct lysc_node  *message;

    if (!d->own || schema->module == d->schema->signal
        || !dots_cbor_key_optional(number))
    {
        return 0;
    }

    message = dots_schema_message_case(d->schema, d->tree);

    return message != NULL && message->module == d->schema->signal;
}


/* The outermost map has one entry: the message. */

static int
dots_cbor_decode_message(dots_cbor_decode_t *d,
    const dots_cbor_decode_frame_t *frame, const dots_cbor_key_t *key,
    uint64_t number)
{
    int               rc;
    char              module[64];
    const char       *colon;
    dots_cbor_item_t  item;

    colon = key ? strchr(key->name, ':') : NULL;

    if (colon == NULL) {
        return dots_cbor_decode_unknown(d, frame, key, number);
    }

    if (d->tree != NULL) {
        return dots_cbor_decode_wrong(d, key, "a second message in the body");
    }

    (void) snprintf(module, sizeof(module), "%.*s", (int) (colon - key->name),
                    key->name);

    rc = dots_schema_message(d->schema, module, colon + 1, &d->tree);

    if (rc == DOTS_DECLINED) {
        return dots_cbor_decode_unknown(d, frame, key, number);
    }

    if (rc != DOTS_OK) {
        return rc;
    }

    rc = dots_cbor_item_read(&d->reader, &item, d->fault);
    if (rc != DOTS_OK) {
        return rc;
    }

    if (item.type != DOTS_CBOR_MAP) {
        return dots_cbor_decode_wrong(d, key, "not a map");
    }

    return dots_cbor_decode_push(d, &item, key,
                                 dots_schema_message_case(d->schema, d->tree),
                                 d->tree);
}


static int
dots_cbor_decode_pair(dots_cbor_decode_t *d,
    const dots_cbor_decode_frame_t *frame, const dots_cbor_item_t *item)
{
    int                      rc;
    const dots_cbor_key_t   *key;
    const struct lysc_node  *schema;

    if (item->type != DOTS_CBOR_UINT) {
        return dots_fault(d->fault, DOTS_FAULT_MALFORMED, NULL,
                          "%s: a key that is no unsigned integer",
                          dots_cbor_decode_name(frame));
    }

    if (item->value > UINT16_MAX) {
        return dots_cbor_decode_unknown(d, frame, NULL, item->value);
    }

    rc = dots_cbor_decode_see(d, frame, (uint16_t) item->value);
    if (rc != DOTS_OK) {
        return rc;
    }

    key = dots_cbor_key_by_number((uint32_t) item->value);

    if (frame->schema == NULL) {
        return dots_cbor_decode_message(d, frame, key, item->value);
    }

    schema = key ? dots_schema_child(frame->schema, key->name) : NULL;

    if (schema == NULL
        || dots_cbor_decode_foreign(d, schema, item->value))
    {
        return dots_cbor_decode_unknown(d, frame, key, item->value);
    }

    rc = dots_cbor_decode_choice(d, frame, schema, key);
    if (rc != DOTS_OK) {
        return rc;
    }

    return dots_cbor_decode_value(d, frame, schema, key);
}


/* ---- the loop ---- */

static int
dots_cbor_decode_next(dots_cbor_decode_t *d)
{
    int                        rc;
    dots_cbor_item_t           item;
    dots_cbor_decode_frame_t  *frame;

    frame = &d->frames[d->depth - 1];

    if (!frame->indefinite && frame->left-- == 0) {
        return dots_cbor_decode_pop(d);
    }

    rc = dots_cbor_item_read(&d->reader, &item, d->fault);
    if (rc != DOTS_OK) {
        return rc;
    }

    if (item.type == DOTS_CBOR_BREAK && frame->indefinite) {
        return dots_cbor_decode_pop(d);
    }

    return frame->array ? dots_cbor_decode_entry(d, frame, &item)
                        : dots_cbor_decode_pair(d, frame, &item);
}


static int
dots_cbor_decode_body(dots_cbor_decode_t *d)
{
    int               rc;
    dots_cbor_item_t  item;

    rc = dots_cbor_item_read(&d->reader, &item, d->fault);
    if (rc != DOTS_OK) {
        return rc;
    }

    /* what the Content-Format says already, a tag may say again */

    if (item.type == DOTS_CBOR_TAG && item.value == DOTS_CBOR_TAG_DOTS) {

        rc = dots_cbor_item_read(&d->reader, &item, d->fault);
        if (rc != DOTS_OK) {
            return rc;
        }
    }

    if (item.type != DOTS_CBOR_MAP) {
        return dots_fault(d->fault, DOTS_FAULT_MALFORMED, NULL,
                          "the body is not a CBOR map");
    }

    rc = dots_cbor_decode_push(d, &item, NULL, NULL, NULL);

    while (rc == DOTS_OK && d->depth) {
        rc = dots_cbor_decode_next(d);
    }

    if (rc == DOTS_OK && d->reader.pos != d->reader.len) {
        return dots_fault(d->fault, DOTS_FAULT_MALFORMED, NULL,
                          "%zu bytes after the CBOR body",
                          d->reader.len - d->reader.pos);
    }

    return rc;
}


static int
dots_cbor_decode_as(const dots_schema_t *schema, const uint8_t *data,
    size_t len, int own, struct lyd_node **tree, dots_fault_t *f)
{
    int                 rc;
    dots_cbor_decode_t  d;

    /* not zeroed as a whole: the text buffers are large */

    d.schema = schema;
    d.own = own;
    d.reader.data = data;
    d.reader.len = len;
    d.reader.pos = 0;
    d.reader.items = 0;
    d.reader.max = own ? DOTS_CBOR_ITEMS : SIZE_MAX;
    d.fault = f;
    d.tree = NULL;
    d.depth = 0;
    d.nseen = 0;

    *tree = NULL;

    if (!dots_schema_room(len)) {
        return DOTS_ERROR;
    }

    rc = dots_cbor_decode_body(&d);

    if (rc != DOTS_OK) {
        lyd_free_all(d.tree);
        return rc;
    }

    *tree = d.tree;

    return DOTS_OK;
}


int
dots_cbor_decode(const dots_schema_t *schema, const uint8_t *data, size_t len,
    struct lyd_node **tree, dots_fault_t *f)
{
    return dots_cbor_decode_as(schema, data, len, 0, tree, f);
}


int
dots_cbor_decode_own(const dots_schema_t *schema, const uint8_t *data,
    size_t len, struct lyd_node **tree, dots_fault_t *f)
{
    return dots_cbor_decode_as(schema, data, len, 1, tree, f);
}
