/*
 * The resources around the entries (RFC 8783 section 5): "dots-client",
 * "dots-data" and the datastore, which shows the asking customer's part only.
 */

#ifndef DOTS_DATA_CLIENT_H
#define DOTS_DATA_CLIENT_H

#include "dots_restconf_exchange.h"

/*
 * An entry without its lists, which are validated entry by entry: its cuid.
 * DOTS_OK, DOTS_INVALID, DOTS_ERROR.
 */
int dots_data_client_parse(dots_exchange_t *x, const json_t *entry,
    dots_str_t *cuid);

/* ---- what was found into rc->text: "found" of the routing table ---- */

int dots_data_client_datastore(dots_exchange_t *x);
int dots_data_client_all(dots_exchange_t *x);
int dots_data_client_one(dots_exchange_t *x);
int dots_data_client_aliases(dots_exchange_t *x);
int dots_data_client_alias(dots_exchange_t *x);
int dots_data_client_acls(dots_exchange_t *x);
int dots_data_client_acl(dots_exchange_t *x);

#endif /* DOTS_DATA_CLIENT_H */
