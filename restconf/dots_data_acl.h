/*
 * The entry "acl" of RFC 8783 section 7: from JSON into the model's form,
 * checked, and back.
 */

#ifndef DOTS_DATA_ACL_H
#define DOTS_DATA_ACL_H

#include <jansson.h>

#include "dots_acl.h"
#include "dots_restconf_exchange.h"

/* As dots_data_alias_parse(); "entry" may get modules before identities. */
int dots_data_acl_parse(dots_exchange_t *x, json_t *entry, dots_acl_t *acl);

/* ---- to JSON ---- */

/* Appends {"acl":[...]} as "content" wants it; the size is an upper bound. */
size_t dots_data_acl_size(const dots_client_t *client);
void dots_data_acl_write(dots_exchange_t *x, dots_writer_t *w,
    const dots_client_t *client);

/* One entry alone. */
void dots_data_acl_print(dots_exchange_t *x, dots_writer_t *w,
    const dots_acl_t *acl);

#endif /* DOTS_DATA_ACL_H */
