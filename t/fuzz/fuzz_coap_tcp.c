/*
 * An arbitrary stream into the codec of CoAP over TCP and, cut at arbitrary
 * points, into a session with a fake host: no crash, no leak, and whatever the
 * cuts are, the same comes out as for the stream in one piece.
 *
 * Input: a byte of settings, a byte of how the stream is cut, the stream.
 */

#include <stdlib.h>

#include "dots_coap_tcp.h"
#include "dots_signal.h"


#define FUZZ_MESSAGE 1152
#define FUZZ_STRANGER 0x01  /* nobody's identity */
#define FUZZ_HOLD     0x02  /* the host answers after the stream */
#define FUZZ_CLOSE    0x04  /* or even after the peer has gone */
#define FUZZ_RAW      0x08  /* the peer's first message is the stream's */


typedef struct {
    uint8_t         settings;
    int             holding;
    unsigned        finished;
    uint64_t        hash;       /* of all that was sent */
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
    size_t                   i;
    uint64_t                 size;
    fuzz_peer_t             *p = peer;
    dots_coap_message_t      m;
    dots_coap_tcp_signal_t   sig;

    fuzz_expect(p->finished == 0);
    fuzz_expect(len <= FUZZ_MESSAGE);
    fuzz_expect(dots_coap_tcp_size(data, len, &size) == DOTS_OK);
    fuzz_expect(size == len);

    if (dots_coap_class(dots_coap_tcp_code(data)) == 7) {
        fuzz_expect(dots_coap_tcp_signal_parse(&sig, data, len) == DOTS_OK);
        fuzz_expect(sig.bad_option == 0);

    } else {
        fuzz_expect(dots_coap_tcp_parse(&m, data, len) == DOTS_OK);
    }

    for (i = 0; i < len; i++) {
        p->hash = (p->hash ^ data[i]) * 0x100000001b3;
    }
}


static int
fuzz_full(void *peer)
{
    (void) peer;

    return 0;
}


static void
fuzz_held(void *peer, int on)
{
    fuzz_peer_t  *p = peer;

    fuzz_expect(p->holding != on);
    p->holding = on;
}


static void
fuzz_finished(void *peer, const char *why)
{
    fuzz_peer_t  *p = peer;

    (void) why;

    p->finished++;
    fuzz_expect(p->finished == 1);
}


static void
fuzz_finish(fuzz_peer_t *p, dots_request_t *rq)
{
    rq->verdict = (dots_verdict_t) (p->settings >> 4);
    rq->now = 1000;

    if (rq->operation == DOTS_MITIGATION_PUT) {
        rq->conflict.status = 1;
        rq->conflict.scope = rq->mitigation->target;
    }

    rq->done(rq);
}


static void
fuzz_submit(void *peer, dots_request_t *rq)
{
    fuzz_peer_t  *p = peer;

    if (p->settings & FUZZ_HOLD) {
        fuzz_expect(p->nheld < DOTS_SIGNAL_INFLIGHT);
        p->held[p->nheld++] = rq;
        return;
    }

    fuzz_finish(p, rq);
}


static const dots_signal_ops_t  fuzz_ops = {
    .send = fuzz_send,
    .full = fuzz_full,
    .hold = fuzz_held,
    .finish = fuzz_finished,
    .submit = fuzz_submit
};


int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char           err[DOTS_FAULT_TEXT];
    dots_fault_t   fault;
    dots_prefix_t  prefix;

    (void) argc;
    (void) argv;

    fuzz_schema = dots_schema_load(SOURCE_DIR "/schemas", err, sizeof(err));
    fuzz_customers = dots_customers_create();

    fuzz_expect(fuzz_schema != NULL && fuzz_customers != NULL);

    fuzz_customer = dots_customers_add(fuzz_customers, dots_str("a", 1),
                                       &fault);
    fuzz_expect(fuzz_customer != NULL);

    fuzz_expect(dots_prefix_parse(&prefix, dots_str("192.0.2.0/24", 12))
                == DOTS_OK);
    fuzz_expect(dots_customers_add_prefix(fuzz_customers, fuzz_customer,
                                          &prefix, 0, &fault)
                == DOTS_OK);
    fuzz_expect(dots_customers_finish(fuzz_customers, &fault) == DOTS_OK);

    return 0;
}


/* All requests that wait, and those that their end lets in. */

static void
fuzz_answer(fuzz_peer_t *p)
{
    dots_request_t  *rq;

    while (p->nheld) {
        rq = p->held[--p->nheld];
        fuzz_finish(p, rq);
    }
}


/* "cut" 0: in one piece; else pieces of 1 to 16 bytes that follow from it. */

static void
fuzz_session(fuzz_peer_t *p, unsigned cut, const uint8_t *data, size_t size)
{
    size_t               n;
    dots_signal_t       *s;
    dots_signal_conf_t   conf = { fuzz_schema, &fuzz_ops, &fuzz_lifetime,
                                 NULL, &dots_session_default };

    static const uint8_t  csm[] = { 0x00, 0xe1 };

    s = dots_signal_create(&conf, p,
                           p->settings & FUZZ_STRANGER ? NULL : fuzz_customer,
                           DOTS_SIGNAL_TCP, FUZZ_MESSAGE);
    fuzz_expect(s != NULL);

    if (!(p->settings & FUZZ_RAW)) {
        dots_signal_input(s, csm, sizeof(csm), 0);
    }

    while (size) {

        n = size;

        if (cut) {
            cut = cut * 1103515245 + 12345;
            n = (cut >> 16 & 15) + 1;
            n = n < size ? n : size;
        }

        dots_signal_input(s, data, n, 0);
        data += n;
        size -= n;

        if (p->holding) {
            fuzz_answer(p);
            fuzz_expect(p->holding == 0 || p->finished || p->nheld);
        }
    }

    fuzz_expect(dots_signal_timer(s, 1) != 0);

    if (p->settings & FUZZ_CLOSE) {
        dots_signal_close(s);
        s = NULL;
    }

    fuzz_answer(p);

    if (s != NULL) {
        dots_signal_close(s);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t                n;
    fuzz_peer_t             whole, cut;
    dots_coap_message_t     m;
    dots_coap_tcp_signal_t  sig;

    (void) dots_coap_tcp_size(data, size, &n);
    (void) dots_coap_tcp_parse(&m, data, size);
    (void) dots_coap_tcp_signal_parse(&sig, data, size);

    if (size < 2) {
        return 0;
    }

    memset(&whole, 0, sizeof(fuzz_peer_t));
    whole.settings = data[0];
    cut = whole;

    fuzz_session(&whole, 0, data + 2, size - 2);
    fuzz_session(&cut, data[1] + 1U, data + 2, size - 2);

    /* answers that come late come in another order, or never */

    if (!(data[0] & FUZZ_HOLD)) {
        fuzz_expect(whole.hash == cut.hash);
        fuzz_expect(whole.finished == cut.finished);
    }

    return 0;
}
