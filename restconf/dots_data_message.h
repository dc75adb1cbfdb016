/*
 * The message of an edit by POST, PUT or plain PATCH (RFC 8040 sections 4.4.1,
 * 4.5, 4.6.1) into edits, or, an entry as a whole, into changes at once.
 */

#ifndef DOTS_DATA_MESSAGE_H
#define DOTS_DATA_MESSAGE_H

#include "dots_restconf_exchange.h"

/*
 * x->edits, or, with "blind", x->rq.changes where the message is nothing but
 * whole aliases or ACLs; x->location of what a POST makes.  DOTS_OK,
 * DOTS_INVALID, DOTS_ERROR.
 */
int dots_data_message(dots_exchange_t *x, int blind);

#endif /* DOTS_DATA_MESSAGE_H */
