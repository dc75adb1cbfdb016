/*
 * Arbitrary datagrams into the CoAP codec and into a session with a fake host:
 * no crash, no leak, no answer larger than a datagram or that is no CoAP.
 *
 * Input: a byte of settings, then datagrams with two bytes of length.
 */

#include <stdlib.h>

#include "dots_signal.h"


#define FUZZ_MESSAGE 1152
#define FUZZ_STRANGER 0x01  /* nobody's identity */
#define FUZZ_HOLD     0x02  /* the host answers after the last datagram */
#define FUZZ_CLOSE    0x04  /* or even after the peer has gone */


typedef struct {
    uint8_t         settings;
    size_t          nheld;
    dots_request_t *held[DOTS_SIGNAL_INFLIGHT];
} fuzz_peer_t;


static dots_schema_t         *fuzz_schema;
static dots_customers_t      *fuzz_customers;
static dots_customer_t       *fuzz_customer;
static const dots_lifetime_t  fuzz_lifetime = { 3600, 30, 86400, 0, 120 };


static void
fuzz_expect(int condition)
{
    if (!condition) {
        abort();
    }
}


static void
fuzz_send(void *peer, const uint8_t *data, size_t len)
{
    int                  header;
    dots_coap_message_t  m;

    (void) peer;

    fuzz_expect(len <= FUZZ_MESSAGE);
    fuzz_expect(dots_coap_parse(&m, data, len, &header) == DOTS_OK);
}


static void
fuzz_finish(fuzz_peer_t *p, dots_request_t *rq)
{
    rq->verdict = (dots_verdict_t) (p->settings >> 4);
    rq->now = 1000;

    if (rq->operation == DOTS_MITIGATION_PUT) {

        fuzz_expect(rq->mitigation->lifetime > 0);
        fuzz_expect(!dots_target_empty(&rq->mitigation->target));

        rq->conflict.status = 1;
        rq->conflict.scope = rq->mitigation->target;
    }

    rq->done(rq);
}


static void
fuzz_submit(void *peer, dots_request_t *rq)
{
    fuzz_peer_t  *p = peer;

    fuzz_expect(rq->cuid.len != 0 && rq->cuid.len <= DOTS_CUID_MAX);
    fuzz_expect(rq->has_mid || rq->operation == DOTS_MITIGATION_GET);

    if (p->settings & FUZZ_HOLD) {
        fuzz_expect(p->nheld < DOTS_SIGNAL_INFLIGHT);
        p->held[p->nheld++] = rq;
        return;
    }

    fuzz_finish(p, rq);
}


static void
fuzz_audit(void *peer, const dots_coap_message_t *request, uint8_t code,
    const dots_request_t *rq, const char *why)
{
    (void) peer;
    (void) rq;
    (void) why;

    fuzz_expect(request->npath <= DOTS_COAP_SEGMENTS);
    fuzz_expect(dots_coap_class(code) >= 2 && dots_coap_class(code) <= 5);
}


static const dots_signal_ops_t  fuzz_ops = {
    .send = fuzz_send,
    .submit = fuzz_submit,
    .audit = fuzz_audit
};


static void
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
    char          err[DOTS_FAULT_TEXT];
    dots_fault_t  fault;

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

    fuzz_expect(dots_customers_finish(fuzz_customers, &fault) == DOTS_OK);

    return 0;
}


static void
fuzz_session(fuzz_peer_t *p, const uint8_t *data, size_t size)
{
    size_t               i, len;
    int64_t              now;
    dots_signal_t       *s;
    dots_signal_conf_t   conf = { fuzz_schema, &fuzz_ops, &fuzz_lifetime,
                                 NULL, &dots_session_default };

    s = dots_signal_create(&conf, p,
                           p->settings & FUZZ_STRANGER ? NULL : fuzz_customer,
                           DOTS_SIGNAL_UDP, FUZZ_MESSAGE);
    fuzz_expect(s != NULL);

    for (now = 0; size >= 2; now += 20000) {

        len = (size_t) (data[0] << 8 | data[1]);
        data += 2;
        size -= 2;

        len = len < size ? len : size;
        dots_signal_input(s, data, len, now);

        data += len;
        size -= len;

        fuzz_expect(dots_signal_timer(s, now) != 0);
    }

    if (p->settings & FUZZ_CLOSE) {
        dots_signal_close(s);
        s = NULL;
    }

    for (i = 0; i < p->nheld; i++) {
        fuzz_finish(p, p->held[i]);
    }

    if (s != NULL) {
        dots_signal_close(s);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                  header;
    fuzz_peer_t          p;
    dots_coap_message_t  m;

    (void) dots_coap_parse(&m, data, size, &header);

    if (size == 0) {
        return 0;
    }

    memset(&p, 0, sizeof(fuzz_peer_t));
    p.settings = data[0];

    fuzz_session(&p, data + 1, size - 1);

    return 0;
}
