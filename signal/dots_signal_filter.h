/*
 * Uri-Query options that restrict a GET of mitigations to some targets (RFC
 * 9244 section 9.2, which refers to section 8.3).  Knows no message layer and
 * no body.  Called by dots_signal_mitigate.c.
 */

#ifndef DOTS_SIGNAL_FILTER_H
#define DOTS_SIGNAL_FILTER_H

#include "dots_base.h"
#include "dots_coap.h"
#include "dots_mitigation.h"

#define DOTS_SIGNAL_FILTER_VALUES 16 /* in one query */

/* Nonzero: there is such a query. */
int dots_signal_filter_asked(const dots_coap_message_t *m);

/*
 * DOTS_OK or DOTS_INVALID: a value that can match nothing, or a type of query
 * that is not served (RFC 9244 section 10).
 */
int dots_signal_filter_check(const dots_coap_message_t *m, dots_fault_t *f);

/*
 * Nonzero if the mitigation is asked for: like the attributes of a request, one
 * of the prefixes, names, URIs and aliases, and one of the ports and of the
 * protocols, each where there is such a query.
 */
int dots_signal_filter_match(const dots_coap_message_t *m,
    const dots_mitigation_t *mitigation);

#endif /* DOTS_SIGNAL_FILTER_H */
