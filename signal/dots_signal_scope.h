/*
 * The body of mitigation messages (RFC 9132 sections 4.4.1 and 4.4.2): a
 * mitigation from the "scope" of a request, and the scopes of responses.  Knows
 * no CoAP.  Called by dots_signal_mitigate.c.
 */

#ifndef DOTS_SIGNAL_SCOPE_H
#define DOTS_SIGNAL_SCOPE_H

#include "dots_base.h"
#include "dots_cbor.h"
#include "dots_mitigation.h"
#include "dots_request.h"
#include "dots_schema.h"

/*
 * Reads target, lifetime (as asked), trigger and attack of the only scope in
 * "top", a decoded body, into "m"; everything else in it is refused.  Lifetime
 * may be missing, 0, where there is an attack-status (RFC 9132 Figure 16).
 * Strings go to the arena.  DOTS_OK, DOTS_INVALID, DOTS_ERROR.
 */
int dots_signal_scope_read(const dots_schema_t *schema,
    const struct lyd_node *top, dots_arena_t *a, dots_mitigation_t *m,
    dots_fault_t *f);

/*
 * A response: its start, then its scopes; "content" as in dots_signal_uri.h.
 * dots_cbor_body_finish() says what became of it; DOTS_ERROR: a status that is
 * none.
 */
void dots_signal_scope_start(dots_cbor_body_t *b, uint8_t *buf, size_t size);

int dots_signal_scope_granted(dots_cbor_body_t *b, const dots_request_t *rq,
    unsigned content);
int dots_signal_scope_found(dots_cbor_body_t *b, const dots_request_t *rq,
    unsigned content);
int dots_signal_scope_conflict(dots_cbor_body_t *b, const dots_request_t *rq,
    unsigned content);
int dots_signal_scope_collision(dots_cbor_body_t *b, const dots_request_t *rq,
    unsigned content);

#endif /* DOTS_SIGNAL_SCOPE_H */
