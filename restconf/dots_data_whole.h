/*
 * Whole aliases, ACLs or vendors in a message, for which nothing has to be
 * read: into changes at once, without edits.
 */

#ifndef DOTS_DATA_WHOLE_H
#define DOTS_DATA_WHOLE_H

#include "dots_restconf_exchange.h"

/*
 * x->rq.changes of the list that is in the message, for a PUT of x->path or a
 * POST to "container", then with x->location.  DOTS_OK, DOTS_INVALID,
 * DOTS_ERROR.
 */
int dots_data_whole_put(dots_exchange_t *x, json_t *list);
int dots_data_whole_post(dots_exchange_t *x, const dots_data_path_t *container,
    json_t *list);

#endif /* DOTS_DATA_WHOLE_H */
