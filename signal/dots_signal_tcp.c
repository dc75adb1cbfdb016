/*
 * CoAP over a byte stream (RFC 8323): where a message ends, CSM, Ping, Release,
 * Abort.  Nothing is repeated, acknowledged or remembered: that is TCP's.
 *
 * What has come stands in a buffer until its message is whole and may be
 * processed.  Some have to wait: a request while DOTS_SIGNAL_INFLIGHT others
 * are under way or the peer does not read, a Ping with Custody and a Release
 * until all before them are answered.  Meanwhile the host is asked to hold the
 * peer's bytes back, so that TCP's flow control reaches the peer.
 *
 * Bounded: the buffer grows with what has arrived, never by a length that the
 * peer claims, up to DOTS_SIGNAL_TCP_BUFFER; it exists only while half a
 * message is in it.
 */

#include <stdlib.h>

#include "dots_coap_tcp.h"
#include "dots_signal_private.h"


/* Our Max-Message-Size: what a TLS record holds at most. */

#define DOTS_SIGNAL_TCP_MESSAGE 16384

/* one message, and what the host had read before it was asked to hold */

#define DOTS_SIGNAL_TCP_BUFFER  (4 * DOTS_SIGNAL_TCP_MESSAGE)

#define DOTS_SIGNAL_TCP_SIGNAL  256     /* a signalling message of ours */


typedef struct {
    size_t    limit;            /* what we send at most, whatever a CSM says */
    size_t    len;              /* bytes in the buffer */
    size_t    size;             /* of the buffer */
    uint8_t  *buf;
    unsigned  csm:1;            /* the peer has sent one */
    unsigned  consuming:1;
    unsigned  held:1;           /* the host holds bytes back */
    unsigned  closed:1;         /* nothing more in, nothing more out */
} dots_signal_tcp_t;


typedef int (*dots_signal_tcp_handler_t)(dots_signal_t *s,
    const dots_coap_tcp_signal_t *sig);

static int dots_signal_tcp_csm(dots_signal_t *s,
    const dots_coap_tcp_signal_t *sig);
static int dots_signal_tcp_ping(dots_signal_t *s,
    const dots_coap_tcp_signal_t *sig);
static int dots_signal_tcp_pong(dots_signal_t *s,
    const dots_coap_tcp_signal_t *sig);
static int dots_signal_tcp_released(dots_signal_t *s,
    const dots_coap_tcp_signal_t *sig);
static int dots_signal_tcp_aborted(dots_signal_t *s,
    const dots_coap_tcp_signal_t *sig);


/* By the code's detail: RFC 8323 section 11.1.  What is not here is ignored. */

static const dots_signal_tcp_handler_t  dots_signal_tcp_handlers[32] = {
    [dots_coap_detail(DOTS_COAP_CSM)] = dots_signal_tcp_csm,
    [dots_coap_detail(DOTS_COAP_PING)] = dots_signal_tcp_ping,
    [dots_coap_detail(DOTS_COAP_PONG)] = dots_signal_tcp_pong,
    [dots_coap_detail(DOTS_COAP_RELEASE)] = dots_signal_tcp_released,
    [dots_coap_detail(DOTS_COAP_ABORT)] = dots_signal_tcp_aborted
};


/* ---- out ---- */

static void
dots_signal_tcp_signal(dots_signal_t *s, const dots_coap_tcp_signal_t *sig)
{
    size_t   len;
    uint8_t  buf[DOTS_SIGNAL_TCP_SIGNAL];

    if (dots_coap_tcp_signal_write(sig, buf, sizeof(buf), &len) == DOTS_OK) {
        dots_signal_output(s, buf, len);
    }
}


static void
dots_signal_tcp_finish(dots_signal_t *s, const char *why)
{
    dots_signal_tcp_t  *t;

    t = s->link;
    t->closed = 1;

    s->conf.ops->finish(s->peer, why);
}


/* RFC 8323 section 5.6: "option" is the number of a bad one in a CSM, or -1. */

static void
dots_signal_tcp_abort(dots_signal_t *s, int64_t option, const char *why)
{
    dots_coap_tcp_signal_t  sig;

    dots_coap_tcp_signal_init(&sig, DOTS_COAP_ABORT);

    sig.bad_csm_option = option;
    sig.payload = dots_str(why, strlen(why));

    dots_signal_tcp_signal(s, &sig);
    dots_signal_tcp_finish(s, why);
}


static int
dots_signal_tcp_output(dots_signal_t *s, dots_coap_message_t *m, size_t size)
{
    int       rc;
    size_t    len;
    uint8_t  *buf;

    buf = malloc(size);
    if (buf == NULL) {
        return DOTS_ERROR;
    }

    rc = dots_signal_write(s, m, buf, size, &len);

    if (rc == DOTS_OK) {
        dots_signal_output(s, buf, len);
    }

    free(buf);

    return rc;
}


/* A client over TCP never repeats: without an answer it would wait for ever. */

static int
dots_signal_tcp_respond(dots_signal_exchange_t *ex,
    dots_coap_message_t *response)
{
    dots_signal_t      *s;
    dots_signal_tcp_t  *t;

    s = ex->signal;
    t = s->link;

    if (t->closed) {
        return DOTS_ERROR;
    }

    dots_coap_copy_token(response, &ex->request);

    if (dots_signal_tcp_output(s, response, ex->max_message) != DOTS_OK) {
        dots_signal_tcp_abort(s, -1, "no memory for an answer");
        return DOTS_ERROR;
    }

    return DOTS_OK;
}


static int
dots_signal_tcp_send(dots_signal_t *s, dots_coap_message_t *m)
{
    dots_signal_tcp_t  *t;

    t = s->link;

    if (t->closed) {
        return DOTS_ERROR;
    }

    return dots_signal_tcp_output(s, m, s->max_message);
}


static void
dots_signal_tcp_release(dots_signal_t *s)
{
    dots_signal_tcp_t       *t;
    dots_coap_tcp_signal_t   sig;

    t = s->link;

    if (t->closed) {
        return;
    }

    dots_coap_tcp_signal_init(&sig, DOTS_COAP_RELEASE);
    dots_signal_tcp_signal(s, &sig);
    dots_signal_tcp_finish(s, NULL);
}


/*
 * ---- signalling messages: DOTS_OK; DOTS_DECLINED: not yet ----
 */

/* Settings are cumulative (section 5.3); what is absent stays as it was. */

static int
dots_signal_tcp_csm(dots_signal_t *s, const dots_coap_tcp_signal_t *sig)
{
    dots_signal_tcp_t  *t;

    t = s->link;
    t->csm = 1;

    if (sig->max_message_size == -1) {
        return DOTS_OK;
    }

    if (sig->max_message_size < DOTS_SIGNAL_MIN_MESSAGE) {
        dots_signal_tcp_abort(s, DOTS_COAP_TCP_MAX_MESSAGE_SIZE,
                              "Max-Message-Size is too small for any answer");
        return DOTS_OK;
    }

    s->max_message = (uint64_t) sig->max_message_size < t->limit
                     ? (size_t) sig->max_message_size : t->limit;

    return DOTS_OK;
}


/* Section 5.4.1: with Custody once all that came before is processed. */

static int
dots_signal_tcp_ping(dots_signal_t *s, const dots_coap_tcp_signal_t *sig)
{
    dots_coap_tcp_signal_t  pong;

    if (sig->custody != -1 && s->nexchanges) {
        return DOTS_DECLINED;
    }

    dots_coap_tcp_signal_init(&pong, DOTS_COAP_PONG);

    pong.custody = sig->custody;
    pong.token_len = sig->token_len;
    memcpy(pong.token, sig->token, sig->token_len);

    dots_signal_tcp_signal(s, &pong);

    return DOTS_OK;
}


/* We send no Ping; that the peer speaks is noted with its bytes. */

static int
dots_signal_tcp_pong(dots_signal_t *s, const dots_coap_tcp_signal_t *sig)
{
    (void) s;
    (void) sig;

    return DOTS_OK;
}


/* Section 5.5: closed when all requests before it are answered. */

static int
dots_signal_tcp_released(dots_signal_t *s, const dots_coap_tcp_signal_t *sig)
{
    (void) sig;

    if (s->nexchanges) {
        return DOTS_DECLINED;
    }

    dots_signal_tcp_finish(s, NULL);

    return DOTS_OK;
}


static int
dots_signal_tcp_aborted(dots_signal_t *s, const dots_coap_tcp_signal_t *sig)
{
    (void) sig;

    dots_signal_tcp_finish(s, "aborted by the peer");

    return DOTS_OK;
}


/* ---- in: one message, DOTS_OK or DOTS_DECLINED ---- */

static int
dots_signal_tcp_signalled(dots_signal_t *s, const uint8_t *data, size_t len)
{
    dots_signal_tcp_t          *t;
    dots_coap_tcp_signal_t      sig;
    dots_signal_tcp_handler_t   handler;

    t = s->link;

    if (dots_coap_tcp_signal_parse(&sig, data, len) != DOTS_OK) {
        dots_signal_tcp_abort(s, -1, "a signalling message is malformed");
        return DOTS_OK;
    }

    if (!t->csm && sig.code != DOTS_COAP_CSM) {
        dots_signal_tcp_abort(s, -1, "the first message is no CSM");
        return DOTS_OK;
    }

    /* section 5.2; of a code that is not assigned no option is known */

    if (sig.bad_option) {
        dots_signal_tcp_abort(s, sig.code == DOTS_COAP_CSM
                                 ? sig.bad_option : -1,
                              "a signalling option is critical and unknown");
        return DOTS_OK;
    }

    handler = dots_signal_tcp_handlers[dots_coap_detail(sig.code)];

    return handler ? handler(s, &sig) : DOTS_OK;
}


static int
dots_signal_tcp_message(dots_signal_t *s, const uint8_t *data, size_t len)
{
    unsigned              class;
    dots_signal_tcp_t    *t;
    dots_coap_message_t   m;

    t = s->link;
    class = dots_coap_class(dots_coap_tcp_code(data));

    if (class == 7) {
        return dots_signal_tcp_signalled(s, data, len);
    }

    /* classes 1 and 6 are reserved and rejected, RFC 7252 section 4.2 */

    if (class == 1 || class == 6
        || dots_coap_tcp_parse(&m, data, len) != DOTS_OK)
    {
        dots_signal_tcp_abort(s, -1, "a message is malformed");
        return DOTS_OK;
    }

    /* "can always be sent and MUST be ignored", section 3.4 */

    if (m.code == DOTS_COAP_EMPTY) {
        return DOTS_OK;
    }

    /* section 3.3 */

    if (!t->csm) {
        dots_signal_tcp_abort(s, -1, "the first message is no CSM");
        return DOTS_OK;
    }

    if (class != 0) {
        (void) dots_signal_response(s, &m);
        return DOTS_OK;
    }

    if (s->nexchanges == s->shares * DOTS_SIGNAL_INFLIGHT
        || s->conf.ops->full(s->peer))
    {
        return DOTS_DECLINED;
    }

    dots_signal_serve(s, &m, dots_str(data, len), 0);

    return DOTS_OK;
}


/* ---- in: the stream ---- */

/*
 * The next message: its size; 0: it is not whole yet, or there is none.  What
 * could never be processed is refused as soon as its header says so.
 */

static size_t
dots_signal_tcp_next(dots_signal_t *s, const uint8_t *data, size_t len)
{
    int       rc;
    uint64_t  size;

    rc = dots_coap_tcp_size(data, len, &size);

    if (rc == DOTS_INVALID) {
        dots_signal_tcp_abort(s, -1, "a token length is reserved");
        return 0;
    }

    if (rc == DOTS_DECLINED) {
        return 0;
    }

    if (size > DOTS_SIGNAL_TCP_MESSAGE) {
        dots_signal_tcp_abort(s, -1,
                              "a message is larger than Max-Message-Size");
        return 0;
    }

    return size <= len ? (size_t) size : 0;
}


static void
dots_signal_tcp_discard(dots_signal_tcp_t *t, size_t n)
{
    if (n < t->len && !t->closed) {
        memmove(t->buf, t->buf + n, t->len - n);
        t->len -= n;
        return;
    }

    free(t->buf);

    t->buf = NULL;
    t->size = 0;
    t->len = 0;
}


static void
dots_signal_tcp_hold(dots_signal_t *s, unsigned hold)
{
    dots_signal_tcp_t  *t;

    t = s->link;

    if (t->held != hold && !t->closed) {
        t->held = hold;
        s->conf.ops->hold(s->peer, (int) hold);
    }
}


/* All that is whole and may be processed; answers may come meanwhile. */

static void
dots_signal_tcp_consume(dots_signal_t *s)
{
    int                 rc;
    size_t              pos, n;
    dots_signal_tcp_t  *t;

    t = s->link;

    if (t->consuming || t->closed) {
        return;
    }

    t->consuming = 1;

    rc = DOTS_OK;
    pos = 0;

    while (!t->closed && pos < t->len) {

        n = dots_signal_tcp_next(s, t->buf + pos, t->len - pos);
        if (n == 0) {
            break;
        }

        rc = dots_signal_tcp_message(s, t->buf + pos, n);
        if (rc == DOTS_DECLINED) {
            break;
        }

        pos += n;
    }

    dots_signal_tcp_discard(t, pos);

    t->consuming = 0;

    dots_signal_tcp_hold(s, rc == DOTS_DECLINED);
}


static int
dots_signal_tcp_append(dots_signal_tcp_t *t, const uint8_t *data, size_t len)
{
    size_t    size;
    uint8_t  *buf;

    if (len > DOTS_SIGNAL_TCP_BUFFER - t->len) {
        return DOTS_FULL;
    }

    if (t->len + len > t->size) {

        size = 2 * t->size > t->len + len ? 2 * t->size : t->len + len;

        buf = realloc(t->buf, size);
        if (buf == NULL) {
            return DOTS_ERROR;
        }

        t->buf = buf;
        t->size = size;
    }

    memcpy(t->buf + t->len, data, len);
    t->len += len;

    return DOTS_OK;
}


static void
dots_signal_tcp_input(dots_signal_t *s, const uint8_t *data, size_t len)
{
    dots_signal_tcp_t  *t;

    t = s->link;

    if (t->closed || len == 0) {
        return;
    }

    if (dots_signal_tcp_append(t, data, len) != DOTS_OK) {
        dots_signal_tcp_abort(s, -1, "no memory for what was sent");
        dots_signal_tcp_discard(t, t->len);
        return;
    }

    dots_signal_tcp_consume(s);
}


/* ---- the transport ---- */

static int64_t
dots_signal_tcp_timer(dots_signal_t *s)
{
    (void) s;

    return -1;
}


/* Our CSM goes at once: section 3.3 allows it, and some peers wait for it. */

static int
dots_signal_tcp_open(dots_signal_t *s)
{
    dots_signal_tcp_t       *t;
    dots_coap_tcp_signal_t   sig;

    t = calloc(1, sizeof(dots_signal_tcp_t));
    if (t == NULL) {
        return DOTS_ERROR;
    }

    t->limit = s->max_message;

    s->link = t;

    if (s->max_message > DOTS_COAP_TCP_BASE) {
        s->max_message = DOTS_COAP_TCP_BASE;
    }

    /* Block-Wise-Transfer with this size promises BERT, section 5.3.2 */

    dots_coap_tcp_signal_init(&sig, DOTS_COAP_CSM);

    sig.max_message_size = DOTS_SIGNAL_TCP_MESSAGE;
    sig.block_wise_transfer = 0;
    sig.extended_token_length = DOTS_COAP_TOKEN;

    dots_signal_tcp_signal(s, &sig);

    return DOTS_OK;
}


static void
dots_signal_tcp_close(dots_signal_t *s)
{
    dots_signal_tcp_t  *t;

    t = s->link;

    free(t->buf);
    free(t);
}


const dots_signal_transport_ops_t  dots_signal_tcp = {
    .reliable = 1,
    .open = dots_signal_tcp_open,
    .input = dots_signal_tcp_input,
    .parse = dots_coap_tcp_parse,
    .write = dots_coap_tcp_write,
    .respond = dots_signal_tcp_respond,
    .ended = dots_signal_tcp_consume,
    .send = dots_signal_tcp_send,
    .timer = dots_signal_tcp_timer,
    .release = dots_signal_tcp_release,
    .close = dots_signal_tcp_close
};
