/*
 * The resources "acls" and "acl" of RFC 8783 section 7: their bodies into a
 * request to the model, what the model found into JSON.
 */

#ifndef DOTS_DATA_ACL_H
#define DOTS_DATA_ACL_H

#include <jansson.h>

#include "dots_acl.h"
#include "dots_restconf_exchange.h"

/* In one request, beyond: 413.  As with aliases a bound on libyang's time. */
#define DOTS_DATA_ACLS 256

/* ---- handlers of the routing table ---- */

int dots_data_acl_get(dots_exchange_t *x);
int dots_data_acl_post(dots_exchange_t *x);
int dots_data_acl_put(dots_exchange_t *x);
int dots_data_acl_delete(dots_exchange_t *x);

int dots_data_acl_all(dots_exchange_t *x);
int dots_data_acl_one(dots_exchange_t *x);

/* ---- one entry, for whoever has it by other means ---- */

/*
 * Before the schema sees it: identities get their module (RFC 7951 section 6.8),
 * a header without a field is refused.  DOTS_OK, DOTS_INVALID or DOTS_ERROR.
 */
int dots_data_acl_prepare(dots_exchange_t *x, json_t *entry);

/*
 * From the validated "acl" entry of a tree: typed, checked against the customer
 * (RFC 8783 section 7.2), with its canonical text.  Results as above.
 */
int dots_data_acl_take(dots_exchange_t *x, const struct lyd_node *entry,
    dots_acl_t *acl);

/* ---- for the resource above ---- */

/*
 * The value of "acls" into rq.acls, in the order of the message: each
 * validated and checked against the customer's space and mitigators.
 */
int dots_data_acl_read(dots_exchange_t *x, json_t *acls);

/* A POST whose body is "acls": create all that are in it. */
int dots_data_acl_create(dots_exchange_t *x);

/* Appends {"acl":[...]} as "content" wants it; the size is an upper bound. */
size_t dots_data_acl_size(const dots_client_t *client);
void dots_data_acl_write(dots_exchange_t *x, dots_writer_t *w,
    const dots_client_t *client);

#endif /* DOTS_DATA_ACL_H */
