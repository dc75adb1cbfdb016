/*
 * Uri-Path parameters and Uri-Query of the signal channel's resources (RFC 9132
 * sections 4.4.1.1, 4.4.1.2, 4.4.2 and 4.5.2): cdid, cuid, mid, sid, c.  Knows
 * no resource and no body.  Called by the resources of signal/.
 */

#ifndef DOTS_SIGNAL_URI_H
#define DOTS_SIGNAL_URI_H

#include "dots_base.h"
#include "dots_coap.h"
#include "dots_mitigation.h"

/* what a GET selects, RFC 9132 Table 2 */

#define DOTS_SIGNAL_URI_CONFIG 0x01
#define DOTS_SIGNAL_URI_STATE  0x02

typedef struct {
    dots_str_t  cuid;       /* points into the message */
    unsigned    has_mid:1;
    uint32_t    mid;
} dots_signal_uri_t;

/*
 * The parameters behind the resource's name: cdid, cuid, mid, in this order,
 * none empty; cuid has to be there, mid where "need_mid" says so.
 * DOTS_OK or DOTS_INVALID.
 */
int dots_signal_uri_read_path(const dots_coap_message_t *m, int need_mid,
    dots_signal_uri_t *uri, dots_fault_t *f);

/* Of a request that was refused, for the log: what could be read of it. */
void dots_signal_uri_whose(const dots_coap_message_t *m,
    dots_signal_uri_t *uri);

/* The cdid, where it may stand; empty: none. */
dots_str_t dots_signal_uri_cdid(const dots_coap_message_t *m);

/*
 * The same for the resources of a session: a sid or nothing (section 4.5.2:
 * "the 'cuid' Uri-Path MUST NOT be used"), and nothing (section 4.7).
 * DOTS_OK or DOTS_INVALID.
 */
int dots_signal_uri_read_sid(const dots_coap_message_t *m, int *has_sid,
    uint32_t *sid, dots_fault_t *f);
int dots_signal_uri_read_nothing(const dots_coap_message_t *m,
    dots_fault_t *f);

/* Nonzero: it is "c", whatever its value. */
int dots_signal_uri_is_content(dots_str_t query);

/*
 * *content: what "c" selects, both without it.  DOTS_OK or DOTS_INVALID (a
 * value that is not in Table 2, or "c" is there twice).
 */
int dots_signal_uri_read_query(const dots_coap_message_t *m, unsigned *content,
    dots_fault_t *f);

#endif /* DOTS_SIGNAL_URI_H */
