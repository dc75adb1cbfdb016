/*
 * An answer that is too big for one piece of memory: lists of a client, or all
 * of a customer, with whatever the query parameters and XML make of them.
 *
 *   survey     what there is, some records in each turn of the host: names,
 *              order, entity-tags; their sum is the answer's ETag
 *   skeleton   the answer with one entry for each list, as it always is made;
 *              it says where the others belong
 *   pieces     one entry after the other, each made as if it were alone
 *
 * The answer is what the survey saw: what is new since is not in it, and where
 * an entry is not what it was any more the answer ends in the middle.
 */

#ifndef DOTS_DATA_PIECES_H
#define DOTS_DATA_PIECES_H

#include "dots_restconf_exchange.h"

#define DOTS_DATA_PIECES_WHOLE (1024 * 1024) /* bytes of JSON in one piece */
#define DOTS_DATA_PIECES_LOOK  (2 * 1024 * 1024) /* bytes of memory for what is
                                                    read for that */

/* Nonzero: the exchange may be answered so. */
int dots_data_pieces_may(const dots_exchange_t *x);

/* Begins: x->turn is set.  DOTS_OK, DOTS_INVALID, DOTS_ERROR. */
int dots_data_pieces(dots_exchange_t *x);

/*
 * The next bytes, valid until the next call.  DOTS_OK; DOTS_DECLINED: that was
 * all; DOTS_ERROR: no more of it can be had.
 */
int dots_data_pieces_next(dots_exchange_t *x, dots_str_t *text);

void dots_data_pieces_free(dots_exchange_t *x);

#endif /* DOTS_DATA_PIECES_H */
