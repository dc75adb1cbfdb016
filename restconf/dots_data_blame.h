/*
 * Which edit of a YANG Patch made an entry what it may not be (RFC 8072 section
 * 2.2: the status names the edits that are not valid).  All are made before
 * anything is validated, so they are made once more, with a look at that entry
 * after each that is about it.
 */

#ifndef DOTS_DATA_BLAME_H
#define DOTS_DATA_BLAME_H

#include "dots_restconf_exchange.h"

/* x->invalid, for dots_data_blame(): the dots-client x->cuid, or its entry. */
void dots_data_blame_client(dots_exchange_t *x);
void dots_data_blame_entry(dots_exchange_t *x, dots_change_kind_t kind,
    const json_t *entry);

/*
 * The edit after which x->invalid has been wrong to the end.  DOTS_OK;
 * DOTS_DECLINED: not one alone, or not known.  x->error stays.
 */
int dots_data_blame(dots_exchange_t *x, size_t *edit);

#endif /* DOTS_DATA_BLAME_H */
