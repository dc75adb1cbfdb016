/*
 * The resources "dots-data" and "dots-client" of RFC 8783 section 5, and the
 * datastore above them, which shows the asking customer's part only.
 */

#ifndef DOTS_DATA_CLIENT_H
#define DOTS_DATA_CLIENT_H

#include "dots_restconf_exchange.h"

int dots_data_client_get(dots_exchange_t *x);
int dots_data_client_post(dots_exchange_t *x);
int dots_data_client_put(dots_exchange_t *x);
int dots_data_client_delete(dots_exchange_t *x);

/* POST on a dots-client: "aliases" or "acls", RFC 8783 figures 16 and 24. */
int dots_data_client_fill(dots_exchange_t *x);

int dots_data_client_datastore(dots_exchange_t *x);
int dots_data_client_all(dots_exchange_t *x);
int dots_data_client_one(dots_exchange_t *x);

/*
 * x->location: the dots-client of x->cuid, then "below" as it is, then "name"
 * percent-encoded (RFC 8040 section 3.5.3).  DOTS_OK or DOTS_ERROR.
 */
int dots_data_client_location(dots_exchange_t *x, const char *below,
    dots_str_t name);

#endif /* DOTS_DATA_CLIENT_H */
