/*
 * Arbitrary datagrams into the CoAP codec and into a session with a fake host:
 * no crash, no leak, no answer larger than a datagram or that is no CoAP.
 *
 * Input: a byte of settings, then datagrams with two bytes of length.
 */

#include "fuzz_signal.h"


static void
fuzz_send(void *peer, const uint8_t *data, size_t len)
{
    int                  header;
    dots_coap_message_t  m;

    (void) peer;

    fuzz_expect(len <= FUZZ_MESSAGE);
    fuzz_expect(dots_coap_parse(&m, data, len, &header) == DOTS_OK);
}


static const dots_signal_ops_t  fuzz_ops = {
    .send = fuzz_send,
    .submit = fuzz_submit,
    .audit = fuzz_audit
};


static void
fuzz_session(fuzz_host_t *p, const uint8_t *data, size_t size)
{
    size_t               i, len;
    int64_t              now;
    dots_signal_t       *s;
    dots_signal_conf_t   conf = { fuzz_schema, &fuzz_ops, &fuzz_lifetime,
                                 fuzz_customers, &dots_session_default,
                                 dots_signal_looks_create() };

    fuzz_customer->gateway = (p->settings & FUZZ_GATEWAY) != 0;

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

    dots_signal_looks_destroy(conf.looks);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                  header;
    fuzz_host_t          p;
    dots_coap_message_t  m;

    (void) dots_coap_parse(&m, data, size, &header);

    if (size == 0) {
        return 0;
    }

    memset(&p, 0, sizeof(fuzz_host_t));
    p.settings = data[0];

    fuzz_session(&p, data + 1, size - 1);

    return 0;
}
