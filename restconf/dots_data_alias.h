/*
 * The entry "alias" of RFC 8783 section 6: from JSON into the model's form,
 * checked, and back.
 */

#ifndef DOTS_DATA_ALIAS_H
#define DOTS_DATA_ALIAS_H

#include <jansson.h>

#include "dots_restconf_exchange.h"

/*
 * Against its schema and the customer's space, for the dots-client x->cuid:
 * typed, with its canonical text, in the arena of x->rq.  DOTS_OK, DOTS_INVALID
 * with error-path, DOTS_ERROR.
 */
int dots_data_alias_parse(dots_exchange_t *x, json_t *entry,
    dots_alias_t *alias);

/* Appends {"alias":[...]} as "content" wants it; the size is an upper bound. */
size_t dots_data_alias_size(const dots_client_t *client);
void dots_data_alias_write(dots_exchange_t *x, dots_writer_t *w,
    const dots_client_t *client);

/* One entry alone. */
void dots_data_alias_print(dots_exchange_t *x, dots_writer_t *w,
    const dots_alias_t *alias);

#endif /* DOTS_DATA_ALIAS_H */
