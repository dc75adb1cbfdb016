/*
 * GET and HEAD of data resources (RFC 8040 sections 4.2, 4.3): what is read,
 * the conditions, and the text of the answer.  Whole entries and what holds
 * them are a concatenation of stored text; only what is within an entry, or is
 * asked for by depth, fields or with-defaults, becomes JSON values.
 */

#ifndef DOTS_DATA_READ_H
#define DOTS_DATA_READ_H

#include "dots_restconf_exchange.h"

/* GET and HEAD of what the model has, RFC 8040 section 4.3. */
int dots_data_read(dots_exchange_t *x);

/* What was read, rq, as rc->text; not yet in XML. */
int dots_data_read_text(dots_exchange_t *x);

/* ETag and Last-Modified of the answer (sections 3.4.1, 3.5). */
int dots_data_read_known(dots_exchange_t *x, const dots_entity_t *e);

/* The conditions of a read or an edit: DOTS_OK, or DOTS_INVALID with 412. */
int dots_data_read_condition(dots_exchange_t *x, int read,
    const dots_entity_t *e);

#endif /* DOTS_DATA_READ_H */
