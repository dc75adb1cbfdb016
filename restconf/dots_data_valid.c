#include <stdlib.h>

#include <libyang/libyang.h>

#include "dots_data_valid.h"


typedef enum {
    DOTS_DATA_VALID_IS = 0,         /* it has this value */
    DOTS_DATA_VALID_AT_MOST,        /* the node's number is at most that */
    DOTS_DATA_VALID_AT_LEAST
} dots_data_valid_relation_t;

/*
 * A condition, as the module has it, holds for a node if "up" levels above it
 * the leaf is there and has that relation to it.  It may hold without that,
 * too: an identity can be derived from another one.
 */

typedef struct {
    const char                  *expression;
    unsigned                     up;
    const char                  *leaf;
    dots_data_valid_relation_t   relation;
    const char                  *value;     /* canonical */
} dots_data_valid_condition_t;


static int dots_data_valid_schema(const struct lysc_node *s,
    const struct lyd_node *parent);


static const dots_data_valid_condition_t  dots_data_valid_conditions[] = {
    { "derived-from-or-self(../../../../type, 'ietf-acl:ipv4-acl-type')",
      4, "type", DOTS_DATA_VALID_IS, "ietf-access-control-list:ipv4-acl-type" },
    { "derived-from-or-self(../../../../type, 'ietf-acl:ipv6-acl-type')",
      4, "type", DOTS_DATA_VALID_IS, "ietf-access-control-list:ipv6-acl-type" },
    { "../forwarding = 'ietf-acl:accept'",
      1, "forwarding", DOTS_DATA_VALID_IS, "ietf-access-control-list:accept" },
    { ". <= ../upper-port", 1, "upper-port", DOTS_DATA_VALID_AT_MOST, NULL },
    { ". >= ../lower-port", 1, "lower-port", DOTS_DATA_VALID_AT_LEAST, NULL },
    { NULL, 0, NULL, 0, NULL }
};


/* ---- when and must ---- */

static const char *
dots_data_valid_leaf(const struct lyd_node *node, unsigned up,
    const char *name)
{
    const struct lyd_node  *child;

    while (up-- > 0 && node != NULL) {
        node = lyd_parent(node);
    }

    LY_LIST_FOR(node ? lyd_child(node) : NULL, child) {

        if (strcmp(child->schema->name, name) == 0) {
            return lyd_get_value(child);
        }
    }

    return NULL;
}


static int
dots_data_valid_holds(const struct lyd_node *node,
    const dots_data_valid_condition_t *c)
{
    long         own, other;
    const char  *value;

    value = dots_data_valid_leaf(node, c->up, c->leaf);

    if (value == NULL) {
        return 0;
    }

    if (c->relation == DOTS_DATA_VALID_IS) {
        return strcmp(value, c->value) == 0;
    }

    own = strtol(lyd_get_value(node), NULL, 10);
    other = strtol(value, NULL, 10);

    return c->relation == DOTS_DATA_VALID_AT_MOST ? own <= other
                                                  : own >= other;
}


static int
dots_data_valid_condition(const struct lyd_node *node,
    const struct lyxp_expr *expression)
{
    const char                         *text;
    const dots_data_valid_condition_t  *c;

    text = lyxp_get_expr(expression);

    for (c = dots_data_valid_conditions; c->expression != NULL; c++) {

        if (strcmp(c->expression, text) == 0) {
            return dots_data_valid_holds(node, c) ? DOTS_OK : DOTS_DECLINED;
        }
    }

    return DOTS_DECLINED;
}


/*
 * Those of a choice or an augment are about another node than the one here; an
 * extension may be a condition, too.
 */

static int
dots_data_valid_conditions_of(const struct lyd_node *node)
{
    struct lysc_when    **whens;
    struct lysc_must     *musts;
    LY_ARRAY_COUNT_TYPE   i;

    whens = lysc_node_when(node->schema);
    musts = lysc_node_musts(node->schema);

    if (node->schema->exts != NULL) {
        return DOTS_DECLINED;
    }

    LY_ARRAY_FOR(whens, i) {

        if (whens[i]->context != node->schema
            || dots_data_valid_condition(node, whens[i]->cond) != DOTS_OK)
        {
            return DOTS_DECLINED;
        }
    }

    LY_ARRAY_FOR(musts, i) {

        if (dots_data_valid_condition(node, musts[i].cond) != DOTS_OK) {
            return DOTS_DECLINED;
        }
    }

    return DOTS_OK;
}


/* ---- what is not there ---- */

/*
 * A container without a meaning of its own is implied, with what has to be in
 * it (RFC 7950 section 7.5.1), as are defaults, which conditions are about, too
 * (section 7.5.3).
 */

static int
dots_data_valid_absent(const struct lysc_node *s)
{
    int                             implied;
    const struct lysc_node         *child;
    const struct lysc_node_leaf    *leaf;
    const struct lysc_node_choice  *choice;

    if (s->flags & LYS_CONFIG_R) {
        return DOTS_OK;
    }

    if (s->flags & LYS_MAND_TRUE) {
        return DOTS_DECLINED;
    }

    switch (s->nodetype) {

    case LYS_CHOICE:
        choice = (const struct lysc_node_choice *) (const void *) s;
        return choice->dflt ? DOTS_DECLINED : DOTS_OK;

    case LYS_LEAF:
        leaf = (const struct lysc_node_leaf *) (const void *) s;
        implied = leaf->dflt != NULL;
        break;

    case LYS_LIST:
        implied = 0;
        break;

    case LYS_CONTAINER:
        implied = !(s->flags & LYS_PRESENCE);
        break;

    default:
        implied = 1;
    }

    if (!implied) {
        return DOTS_OK;
    }

    if (lysc_node_musts(s) != NULL) {
        return DOTS_DECLINED;
    }

    LY_LIST_FOR(lysc_node_child(s), child) {

        if (dots_data_valid_absent(child) != DOTS_OK) {
            return DOTS_DECLINED;
        }
    }

    return DOTS_OK;
}


/* ---- what is there ---- */

static const struct lyd_node *
dots_data_valid_find(const struct lysc_node *s, const struct lyd_node *parent)
{
    const struct lyd_node  *node;

    LY_LIST_FOR(lyd_child(parent), node) {

        if (node->schema == s) {
            return node;
        }
    }

    return NULL;
}


/* Nonzero: something of the choice, or of the case, is there. */

static int
dots_data_valid_any(const struct lysc_node *s, const struct lyd_node *parent)
{
    const struct lysc_node  *child;

    if (!(s->nodetype & (LYS_CHOICE|LYS_CASE))) {
        return dots_data_valid_find(s, parent) != NULL;
    }

    LY_LIST_FOR(lysc_node_child(s), child) {

        if (child->parent == s && dots_data_valid_any(child, parent)) {
            return 1;
        }
    }

    return 0;
}


static int
dots_data_valid_choice(const struct lysc_node *s,
    const struct lyd_node *parent)
{
    const struct lysc_node  *child, *chosen;

    chosen = NULL;

    LY_LIST_FOR(lysc_node_child(s), child) {

        if (dots_data_valid_any(child, parent)) {

            if (chosen != NULL) {
                return DOTS_DECLINED;
            }

            chosen = child;
        }
    }

    if (chosen == NULL) {
        return dots_data_valid_absent(s);
    }

    if (lysc_node_when(s) != NULL || lysc_node_when(chosen) != NULL) {
        return DOTS_DECLINED;
    }

    LY_LIST_FOR(lysc_node_child(chosen), child) {

        if (child->parent == chosen
            && dots_data_valid_schema(child, parent) != DOTS_OK)
        {
            return DOTS_DECLINED;
        }
    }

    return DOTS_OK;
}


/* How many there have to be, or may be, and of what no two may be the same. */

static int
dots_data_valid_counted(const struct lysc_node *s)
{
    const struct lysc_node_list      *list;
    const struct lysc_node_leaflist  *leaflist;

    if (s->nodetype == LYS_LIST) {
        list = (const struct lysc_node_list *) (const void *) s;

        return list->min || list->max != UINT32_MAX || list->uniques;
    }

    leaflist = (const struct lysc_node_leaflist *) (const void *) s;

    return leaflist->min || leaflist->max != UINT32_MAX;
}


/* One of all that have the same key, or value, is the first that is found. */

static int
dots_data_valid_entries(const struct lysc_node *s, const struct lyd_node *node)
{
    struct lyd_node  *first;

    if (dots_data_valid_counted(s)) {
        return DOTS_DECLINED;
    }

    for ( /* void */ ; node != NULL && node->schema == s; node = node->next) {

        if (dots_data_valid_conditions_of(node) != DOTS_OK
            || lyd_find_sibling_first(node, node, &first) != LY_SUCCESS
            || first != node
            || (s->nodetype == LYS_LIST && dots_data_valid(node) != DOTS_OK))
        {
            return DOTS_DECLINED;
        }
    }

    return DOTS_OK;
}


static int
dots_data_valid_schema(const struct lysc_node *s,
    const struct lyd_node *parent)
{
    const struct lyd_node  *node;

    if (s->nodetype == LYS_CHOICE) {
        return dots_data_valid_choice(s, parent);
    }

    node = dots_data_valid_find(s, parent);

    if (node == NULL) {
        return dots_data_valid_absent(s);
    }

    switch (s->nodetype) {

    case LYS_LEAF:
        return dots_data_valid_conditions_of(node);

    case LYS_CONTAINER:
        return dots_data_valid_conditions_of(node) == DOTS_OK
                   ? dots_data_valid(node) : DOTS_DECLINED;

    case LYS_LIST:
    case LYS_LEAFLIST:
        return dots_data_valid_entries(s, node);

    default:
        return DOTS_DECLINED;
    }
}


/* Recursion goes down the schema, which has an end. */

int
dots_data_valid(const struct lyd_node *node)
{
    const struct lysc_node  *s;

    LY_LIST_FOR(lysc_node_child(node->schema), s) {

        if (dots_data_valid_schema(s, node) != DOTS_OK) {
            return DOTS_DECLINED;
        }
    }

    return DOTS_OK;
}
