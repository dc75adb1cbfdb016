/*
 * Between what is stored and a tree that edits work on: what was read as a tree
 * with a stub for each entry, and the tree that came of it as changes of
 * records.  Only entries that were looked into are validated; all that was read
 * has to be the same still when the changes are committed.
 */

#ifndef DOTS_DATA_CHANGE_H
#define DOTS_DATA_CHANGE_H

#include "dots_restconf_exchange.h"

/* Written in one request, beyond: 413.  Each costs some 50 us of libyang. */
#define DOTS_DATA_ENTRIES 256

/* A new reference to the tree of x->rq's clients, or NULL. */
json_t *dots_data_change_tree(const dots_exchange_t *x);

/*
 * x->rq.changes.  DOTS_OK, DOTS_INVALID (an entry is not valid), DOTS_ERROR.
 * *altered: is anything but checks among them.
 */
int dots_data_change_all(dots_exchange_t *x, json_t *root, int *altered);

/* The next of x->rq.changes, or NULL: no memory.  "max": of this request. */
dots_change_t *dots_data_change_add(dots_exchange_t *x, size_t max,
    dots_change_action_t action, dots_change_kind_t kind, dots_str_t cuid);

/* Likewise; "max" is what x->rq.clients and x->edits may need. */
dots_change_t *dots_data_change_next(dots_exchange_t *x,
    dots_change_action_t action, dots_change_kind_t kind, dots_str_t cuid);

/* An entry that is no ACL.  As dots_data_alias_parse(). */
int dots_data_change_parse(dots_exchange_t *x, dots_change_kind_t kind,
    json_t *entry, dots_alias_t *alias);

/* error-path: the key of an entry; DOTS_INVALID: it is there twice. */
void dots_data_change_path(dots_exchange_t *x, dots_change_kind_t kind,
    dots_str_t name);
int dots_data_change_twice(dots_exchange_t *x, dots_change_kind_t kind,
    dots_str_t name);

/* May so many of the kind be in one request? */
int dots_data_change_count(dots_exchange_t *x, dots_change_kind_t kind,
    size_t n);

#endif /* DOTS_DATA_CHANGE_H */
