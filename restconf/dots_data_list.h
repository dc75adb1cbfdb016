/*
 * One list of one dots-client, its aliases, ACLs or vendors: the difference
 * between what was read of it and what the tree has of it, as changes.
 */

#ifndef DOTS_DATA_LIST_H
#define DOTS_DATA_LIST_H

#include "dots_restconf_exchange.h"

/*
 * More of x->rq.changes.  "old": what was read, NULL: a new client; "client" of
 * the tree, NULL: it is gone.  *altered is set where anything but checks is
 * among them.  DOTS_OK, DOTS_INVALID (an entry is not valid), DOTS_ERROR.
 */
int dots_data_list_change(dots_exchange_t *x, dots_change_kind_t kind,
    const dots_client_t *old, const json_t *client, int *altered);

#endif /* DOTS_DATA_LIST_H */
