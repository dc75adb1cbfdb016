/*
 * "vendor-mapping" of RFC 9244 section 8.1.6: the entries "vendor" that a
 * client installs, which are kept in the form of aliases (dots_alias.h), and
 * the server's own, which the provider writes and which is state.
 */

#ifndef DOTS_DATA_VENDOR_H
#define DOTS_DATA_VENDOR_H

#include <jansson.h>

#include "dots_restconf_exchange.h"

#define DOTS_DATA_VENDOR_MODULE  "ietf-dots-mapping"
#define DOTS_DATA_VENDOR_MAPPING DOTS_DATA_VENDOR_MODULE ":vendor-mapping"

/*
 * An entry against its schema, for the dots-client x->cuid: key and canonical
 * text, in the arena of x->rq.  DOTS_OK, DOTS_INVALID with error-path,
 * DOTS_ERROR.
 */
int dots_data_vendor_parse(dots_exchange_t *x, json_t *entry,
    dots_alias_t *vendor);

/* Appends {"vendor":[...]} as "content" wants it; the size is a bound. */
size_t dots_data_vendor_size(const dots_client_t *client);
void dots_data_vendor_write(dots_exchange_t *x, dots_writer_t *w,
    const dots_client_t *client);

/* One entry alone. */
void dots_data_vendor_print(dots_exchange_t *x, dots_writer_t *w,
    const dots_alias_t *vendor);

/* ---- into rc->text: "found" of the routing table ---- */

int dots_data_vendor_all(dots_exchange_t *x);
int dots_data_vendor_one(dots_exchange_t *x);
int dots_data_vendor_server(dots_exchange_t *x);  /* 404: there is none */

/*
 * The provider's text, {"ietf-dots-mapping:vendor-mapping":{...}} (RFC 7951),
 * into the value of that member, canonical and in the arena: rc->vendors.
 * DOTS_OK; DOTS_INVALID or DOTS_ERROR with one sentence in "err".
 */
int dots_data_vendor_load(const dots_schema_t *s, dots_str_t text,
    dots_arena_t *a, dots_str_t *vendors, char *err, size_t size);

#endif /* DOTS_DATA_VENDOR_H */
