/*
 * The resources "aliases" and "alias" of RFC 8783 section 6: their bodies into
 * a request to the model, what the model found into JSON.
 */

#ifndef DOTS_DATA_ALIAS_H
#define DOTS_DATA_ALIAS_H

#include <jansson.h>

#include "dots_restconf_exchange.h"

/* In one request, beyond: 413.  Each costs the worker some 50 us of libyang. */
#define DOTS_DATA_ALIASES 256

/* ---- handlers of the routing table ---- */

int dots_data_alias_get(dots_exchange_t *x);
int dots_data_alias_post(dots_exchange_t *x);
int dots_data_alias_put(dots_exchange_t *x);
int dots_data_alias_delete(dots_exchange_t *x);

int dots_data_alias_all(dots_exchange_t *x);
int dots_data_alias_one(dots_exchange_t *x);

/* ---- for the resource above ---- */

/*
 * The value of "aliases" into rq.aliases: each validated, checked against the
 * customer's space, sorted by name.
 */
int dots_data_alias_read(dots_exchange_t *x, json_t *aliases);

/* A POST that read them: create all. */
int dots_data_alias_create(dots_exchange_t *x);

/* Appends {"alias":[...]} as "content" wants it; the size is an upper bound. */
size_t dots_data_alias_size(const dots_client_t *client);
void dots_data_alias_write(dots_exchange_t *x, dots_writer_t *w,
    const dots_client_t *client);

#endif /* DOTS_DATA_ALIAS_H */
