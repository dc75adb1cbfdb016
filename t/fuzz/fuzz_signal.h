/*
 * What fuzz_coap.c and fuzz_coap_tcp.c share: a session's fake host with the
 * real schemas and one customer, that may be a gateway for another.
 *
 * The high half of the byte of settings is the verdict of every request.
 */

#ifndef FUZZ_SIGNAL_H
#define FUZZ_SIGNAL_H

#include <stdlib.h>

#include "dots_signal.h"

#define FUZZ_MESSAGE  1152
#define FUZZ_STRANGER 0x01  /* nobody's identity */
#define FUZZ_HOLD     0x02  /* the host answers after the last input */
#define FUZZ_CLOSE    0x04  /* or even after the peer has gone */
#define FUZZ_GATEWAY  0x08  /* it asks for others, cdid=x */


typedef struct {
    uint8_t         settings;
    size_t          nheld;
    dots_request_t *held[DOTS_SIGNAL_INFLIGHT * DOTS_SIGNAL_SHARES];
} fuzz_host_t;


static dots_schema_t         *fuzz_schema;
static dots_customers_t      *fuzz_customers;
static dots_customer_t       *fuzz_customer;
static const dots_lifetime_t  fuzz_lifetime = { 3600, 30, 86400, 0, 120 };


static inline void
fuzz_expect(int condition)
{
    if (!condition) {
        abort();
    }
}


static inline void
fuzz_finish(fuzz_host_t *h, dots_request_t *rq)
{
    rq->verdict = (dots_verdict_t) (h->settings >> 4);
    rq->now = 1000;

    if (rq->operation == DOTS_MITIGATION_PUT) {

        /* an efficacy update may be without: RFC 9132 Figure 16 */

        fuzz_expect(rq->mitigation->lifetime > 0
                    || (rq->mitigation->lifetime == 0
                        && rq->mitigation->attack != 0));
        fuzz_expect(!dots_target_empty(&rq->mitigation->target));

        rq->conflict.status = 1;
        rq->conflict.scope = rq->mitigation->target;
    }

    rq->done(rq);
}


/* "peer" begins with its fuzz_host_t. */

static inline void
fuzz_submit(void *peer, dots_request_t *rq)
{
    fuzz_host_t  *h = peer;

    fuzz_expect(rq->cuid.len != 0 && rq->cuid.len <= DOTS_CUID_MAX);
    fuzz_expect(rq->has_mid || rq->operation == DOTS_MITIGATION_GET);

    if (h->settings & FUZZ_HOLD) {
        fuzz_expect(h->nheld < DOTS_SIGNAL_INFLIGHT
                               * (fuzz_customer->gateway ? DOTS_SIGNAL_SHARES
                                                         : 1));
        h->held[h->nheld++] = rq;
        return;
    }

    fuzz_finish(h, rq);
}


/* 0: on purpose there is no response, RFC 9132 section 4.4.3. */

static inline void
fuzz_audit(void *peer, const dots_customer_t *customer,
    const dots_coap_message_t *request, uint8_t code, const dots_request_t *rq,
    const char *why)
{
    (void) peer;
    (void) customer;
    (void) why;

    fuzz_expect(request->npath <= DOTS_COAP_SEGMENTS);
    fuzz_expect((dots_coap_class(code) >= 2 && dots_coap_class(code) <= 5)
                || (code == 0 && rq != NULL && request->if_match));
}


static inline void
fuzz_add_prefix(const char *text)
{
    dots_fault_t   fault;
    dots_prefix_t  prefix;

    fuzz_expect(dots_prefix_parse(&prefix, dots_str(text, strlen(text)))
                == DOTS_OK);
    fuzz_expect(dots_customers_add_prefix(fuzz_customers, fuzz_customer,
                                          &prefix, 0, &fault)
                == DOTS_OK);
}


int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char              err[DOTS_FAULT_TEXT];
    dots_fault_t      fault;
    dots_customer_t  *relayed;

    (void) argc;
    (void) argv;

    fuzz_schema = dots_schema_load(SOURCE_DIR "/schemas", err, sizeof(err));
    fuzz_customers = dots_customers_create();

    fuzz_expect(fuzz_schema != NULL && fuzz_customers != NULL);

    fuzz_customer = dots_customers_add(fuzz_customers, dots_str("a", 1),
                                       &fault);
    fuzz_expect(fuzz_customer != NULL);

    fuzz_add_prefix("192.0.2.0/24");
    fuzz_add_prefix("2001:db8::/32");

    relayed = dots_customers_add(fuzz_customers, dots_str("b", 1), &fault);
    fuzz_expect(relayed != NULL
                && dots_customers_add_identity(fuzz_customers, relayed,
                                               DOTS_IDENTITY_CDID,
                                               dots_str("x", 1), &fault)
                   == DOTS_OK);

    fuzz_expect(dots_customers_finish(fuzz_customers, &fault) == DOTS_OK);

    return 0;
}

#endif /* FUZZ_SIGNAL_H */
