/*
 * What differs between libyang 2 and later, and what libyang 2.1 gets wrong.
 * The only place that may touch libyang's structures by hand.
 */

#ifndef DOTS_YANG_COMPAT_H
#define DOTS_YANG_COMPAT_H

#include <libyang/libyang.h>


/* The last error's text; libyang 3 dropped ly_errmsg(). */

static inline const char *
dots_yang_error(const struct ly_ctx *ctx)
{
    const struct ly_err_item  *e;

    e = ly_err_last(ctx);

    return e != NULL && e->msg != NULL ? e->msg : "no details";
}


/*
 * Appends "node", a top-level node of an sx:structure, to the children of the
 * opaque node "top".  libyang 2.1 looks for the place of such a node among the
 * module's ordinary data nodes and never ends when there is a sibling already,
 * in lyd_insert_child() as in lyd_insert_sibling(): hence the linking here.
 */

static inline LY_ERR
dots_yang_append(struct lyd_node *top, struct lyd_node *node)
{
    struct lyd_node  *first;

    first = lyd_child(top);

    if (first == NULL) {
        return lyd_insert_child(top, node);
    }

    node->parent = first->parent;
    node->prev = first->prev;
    node->prev->next = node;
    first->prev = node;

    return LY_SUCCESS;
}

#endif /* DOTS_YANG_COMPAT_H */
