/*
 * An arbitrary stream into the codec of CoAP over TCP and, cut at arbitrary
 * points, into a session with a fake host: no crash, no leak, and whatever the
 * cuts are, the same comes out as for the stream in one piece.
 *
 * Input: a byte of settings, a byte of how the stream is cut, the stream.
 */

#include "dots_coap_tcp.h"
#include "fuzz_signal.h"


#define FUZZ_RAW 0x08   /* the peer's first message is the stream's */


typedef struct {
    fuzz_host_t     host;       /* first: fuzz_submit() wants it there */
    int             holding;
    unsigned        finished;
    uint64_t        hash;       /* of all that was sent */
} fuzz_peer_t;


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


static const dots_signal_ops_t  fuzz_ops = {
    .send = fuzz_send,
    .full = fuzz_full,
    .hold = fuzz_held,
    .finish = fuzz_finished,
    .submit = fuzz_submit,
    .audit = fuzz_audit
};


/* All requests that wait, and those that their end lets in. */

static void
fuzz_answer(fuzz_host_t *h)
{
    while (h->nheld) {
        fuzz_finish(h, h->held[--h->nheld]);
    }
}


/* "cut" 0: in one piece; else pieces of 1 to 16 bytes that follow from it. */

static void
fuzz_session(fuzz_peer_t *p, unsigned cut, const uint8_t *data, size_t size)
{
    size_t               n;
    dots_signal_t       *s;
    dots_signal_conf_t   conf = { fuzz_schema, &fuzz_ops, &fuzz_lifetime,
                                 NULL, &dots_session_default, NULL };

    static const uint8_t  csm[] = { 0x00, 0xe1 };

    s = dots_signal_create(&conf, p,
                           p->host.settings & FUZZ_STRANGER ? NULL
                                                            : fuzz_customer,
                           DOTS_SIGNAL_TCP, FUZZ_MESSAGE);
    fuzz_expect(s != NULL);

    if (!(p->host.settings & FUZZ_RAW)) {
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
            fuzz_answer(&p->host);
            fuzz_expect(p->holding == 0 || p->finished || p->host.nheld);
        }
    }

    fuzz_expect(dots_signal_timer(s, 1) != 0);

    if (p->host.settings & FUZZ_CLOSE) {
        dots_signal_close(s);
        s = NULL;
    }

    fuzz_answer(&p->host);

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
    whole.host.settings = data[0];
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
