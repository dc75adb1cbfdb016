/*
 * CoAP over UDP (RFC 7252 section 4): message ids, ACK, RST, duplicates, and
 * the retransmission of the only messages of ours that are Confirmable:
 * separate responses.  Bounded: DOTS_SIGNAL_RECENT remembered answers.
 */

#include <stdlib.h>
#include <sys/random.h>

#include "dots_signal_private.h"


/* RFC 7252 section 4.8.2, ms: how long a message id is not used again */

#define DOTS_SIGNAL_UDP_EXCHANGE_LIFETIME 247000
#define DOTS_SIGNAL_UDP_NON_LIFETIME      145000

/*
 * ms that a CON waits for its answer before it is acknowledged: well below the
 * client's ACK_TIMEOUT, so that it does not repeat its request (section 5.2.2)
 */

#define DOTS_SIGNAL_UDP_ACK_DELAY         500

/* bytes; a message over DTLS is no longer, RFC 9132 section 7.3 */

#define DOTS_SIGNAL_UDP_USUAL             1280


/* What a duplicate of the request gets (RFC 7252 section 4.5). */

typedef struct dots_signal_udp_reply_s  dots_signal_udp_reply_t;

struct dots_signal_udp_reply_s {
    uint64_t                 hash;      /* of the request's datagram */
    uint8_t                  acked;     /* by an empty ACK, data is separate */
    uint8_t                  confirm;   /* data is a CON without its ACK yet */
    uint8_t                  sent;      /* times */
    uint8_t                  safe;      /* to serve again: nothing changes */
    uint16_t                 own;       /* its message id */
    int64_t                  due;       /* ms: of the next transmission; -1:
                                           not known yet */
    int64_t                  timeout;   /* ms */
    size_t                   len;
    uint8_t                  data[];
};

/* Side by side, what every message asks about all of them. */

typedef struct {
    dots_signal_udp_reply_t  *reply;
    int64_t                   expires;  /* ms */
    uint16_t                  id;       /* of the request */
} dots_signal_udp_slot_t;

typedef struct {
    uint16_t                  next_id;
    uint16_t                  nreplies;
    uint16_t                  nconfirm; /* of them, replies to be confirmed */
    uint16_t                  max;      /* of them */
    int64_t                   expires;  /* ms: no reply does so before */
    dots_signal_udp_slot_t    replies[];    /* oldest first */
} dots_signal_udp_t;


/* An empty ACK or RST: the header alone (RFC 7252 section 4.2). */

static void
dots_signal_udp_empty(dots_signal_t *s, uint8_t type, uint16_t id)
{
    size_t               len;
    uint8_t              buf[4];
    dots_coap_message_t  m;

    dots_coap_init(&m);

    m.type = type;
    m.id = id;

    if (dots_coap_write(&m, buf, sizeof(buf), &len) == DOTS_OK) {
        dots_signal_output(s, buf, len);
    }
}


/* ---- remembered answers ---- */

static void
dots_signal_udp_forget(dots_signal_udp_t *u, size_t i)
{
    dots_signal_udp_reply_t  *r;

    r = u->replies[i].reply;

    u->nreplies--;
    u->nconfirm -= r->confirm;

    memmove(&u->replies[i], &u->replies[i + 1],
            (u->nreplies - i) * sizeof(dots_signal_udp_slot_t));

    free(r);
}


/* Every message asks: until the first one is due, none is looked at. */

static void
dots_signal_udp_expire(dots_signal_udp_t *u, int64_t now)
{
    size_t   i;
    int64_t  next;

    if (now < u->expires) {
        return;
    }

    next = INT64_MAX;

    for (i = 0; i < u->nreplies; /* void */ ) {

        if (u->replies[i].expires <= now) {
            dots_signal_udp_forget(u, i);
            continue;
        }

        next = u->replies[i].expires < next ? u->replies[i].expires : next;
        i++;
    }

    u->expires = next;
}


/*
 * Which one makes room: the oldest whose request may as well be served again
 * (RFC 7252 section 4.5 lets a server relax for those), or else the oldest.  So
 * the GETs of a large answer in small blocks do not push out a DELETE.
 */

static size_t
dots_signal_udp_oldest(const dots_signal_udp_t *u)
{
    size_t                          i;
    const dots_signal_udp_reply_t  *r;

    for (i = 0; i < u->nreplies; i++) {

        r = u->replies[i].reply;

        if (r->safe && !r->confirm) {
            return i;
        }
    }

    return 0;
}


/* Takes r, the youngest. */

static void
dots_signal_udp_remember(dots_signal_exchange_t *ex,
    dots_signal_udp_reply_t *r)
{
    dots_signal_udp_t       *u;
    dots_signal_udp_slot_t  *slot;

    u = ex->signal->link;

    if (u->nreplies == u->max) {
        dots_signal_udp_forget(u, dots_signal_udp_oldest(u));
    }

    slot = &u->replies[u->nreplies++];

    slot->reply = r;
    slot->id = ex->request.id;
    slot->expires = ex->received
                    + (ex->request.type == DOTS_COAP_CON
                       ? DOTS_SIGNAL_UDP_EXCHANGE_LIFETIME
                       : DOTS_SIGNAL_UDP_NON_LIFETIME);

    if (slot->expires < u->expires) {
        u->expires = slot->expires;
    }

    u->nconfirm += r->confirm;
}


static dots_signal_udp_reply_t *
dots_signal_udp_reply(dots_signal_exchange_t *ex, const uint8_t *data,
    size_t len)
{
    dots_signal_udp_reply_t  *r;

    r = malloc(sizeof(dots_signal_udp_reply_t) + len);
    if (r == NULL) {
        return NULL;
    }

    memset(r, 0, sizeof(dots_signal_udp_reply_t));

    r->hash = ex->hash;
    r->acked = ex->acked;
    r->safe = ex->request.code == DOTS_COAP_GET
              || (ex->method != NULL && ex->method->quiet);
    r->len = len;
    memcpy(r->data, data, len);

    return r;
}


/* ---- out ---- */

/*
 * A CON is answered in its ACK or, where an empty ACK went ahead, by a CON (RFC
 * 9132 section 4.5, RFC 7252 section 5.2.2); a NON by a NON.
 */

static void
dots_signal_udp_address(dots_signal_exchange_t *ex,
    dots_coap_message_t *response)
{
    dots_signal_udp_t  *u;

    u = ex->signal->link;

    if (ex->request.type == DOTS_COAP_CON && !ex->acked) {
        response->type = DOTS_COAP_ACK;
        response->id = ex->request.id;

    } else {
        response->type = ex->acked ? DOTS_COAP_CON : DOTS_COAP_NON;
        response->id = u->next_id++;
    }

    dots_coap_copy_token(response, &ex->request);
}


/*
 * RFC 7252 section 4.2: the first timeout is random between ACK_TIMEOUT and
 * ACK_TIMEOUT * ACK_RANDOM_FACTOR, and doubles.  NSTART is 1 (section 4.7): a
 * CON that follows another waits its turn, "sent" is 0 then.
 */

static void
dots_signal_udp_confirm(dots_signal_t *s, dots_signal_udp_reply_t *r)
{
    size_t                    i;
    uint16_t                  random;
    dots_signal_udp_t        *u;
    dots_signal_udp_reply_t  *other;

    u = s->link;

    for (i = 0; i < u->nreplies && u->nconfirm; i++) {

        other = u->replies[i].reply;

        if (other != r && other->confirm && other->sent) {
            return;
        }
    }

    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) == -1) {
        random = 0;
    }

    r->timeout = s->transmission.ack_timeout;
    r->timeout += r->timeout * (s->transmission.ack_random_factor - 100)
                  / 100 * random / UINT16_MAX;
    r->due = -1;
    r->sent = 1;

    dots_signal_output(s, r->data, r->len);
}


/* The next CON in turn, if none is under way. */

static void
dots_signal_udp_confirm_next(dots_signal_t *s)
{
    size_t                    i;
    dots_signal_udp_t        *u;
    dots_signal_udp_reply_t  *r;

    u = s->link;

    for (i = 0; i < u->nreplies && u->nconfirm; i++) {

        r = u->replies[i].reply;

        if (r->confirm) {

            if (r->sent == 0) {
                dots_signal_udp_confirm(s, r);
            }

            return;
        }
    }
}


static void
dots_signal_udp_settle(dots_signal_udp_t *u, dots_signal_udp_reply_t *r)
{
    r->confirm = 0;
    u->nconfirm--;
}


/* The peer has it, or does not want it: an ACK or RST to a CON of ours. */

static void
dots_signal_udp_confirmed(dots_signal_t *s, uint16_t id)
{
    size_t                    i;
    dots_signal_udp_t        *u;
    dots_signal_udp_reply_t  *r;

    u = s->link;

    for (i = 0; i < u->nreplies && u->nconfirm; i++) {

        r = u->replies[i].reply;

        if (r->confirm && r->sent && r->own == id) {
            dots_signal_udp_settle(u, r);
            dots_signal_udp_confirm_next(s);
            return;
        }
    }
}


static int
dots_signal_udp_respond(dots_signal_exchange_t *ex,
    dots_coap_message_t *response)
{
    size_t                    len;
    uint8_t                  *buf, usual[DOTS_SIGNAL_UDP_USUAL];
    dots_signal_t            *s;
    dots_signal_udp_reply_t  *r;

    s = ex->signal;
    r = NULL;

    dots_signal_udp_address(ex, response);

    buf = s->max_message > sizeof(usual) ? malloc(s->max_message) : usual;

    if (buf != NULL
        && dots_signal_write(s, response, buf, s->max_message, &len)
           == DOTS_OK)
    {
        r = dots_signal_udp_reply(ex, buf, len);
    }

    if (buf != usual) {
        free(buf);
    }

    if (r == NULL) {
        return DOTS_ERROR;
    }

    r->confirm = response->type == DOTS_COAP_CON;
    r->own = response->id;

    if (r->confirm) {
        dots_signal_udp_confirm(s, r);

    } else {
        dots_signal_output(s, r->data, r->len);
    }

    /* a refusal for now is none for the next retransmission */

    if (response->code == DOTS_COAP_TOO_MANY_REQUESTS && !r->confirm) {
        free(r);
        return DOTS_OK;
    }

    dots_signal_udp_remember(ex, r);

    return DOTS_OK;
}


/*
 * A CON is acknowledged or rejected, whatever becomes of its request: RFC 7252
 * section 4.2.
 */

static void
dots_signal_udp_ignore(dots_signal_exchange_t *ex)
{
    if (ex->request.type == DOTS_COAP_CON && !ex->acked) {
        dots_signal_udp_empty(ex->signal, DOTS_COAP_ACK, ex->request.id);
    }
}


/* Notifications and heartbeats: always NON, RFC 9132 4.4.2.1 and 4.7. */

static int
dots_signal_udp_send(dots_signal_t *s, dots_coap_message_t *m)
{
    int                 rc;
    size_t              len;
    uint8_t            *buf;
    dots_signal_udp_t  *u;

    u = s->link;

    m->type = DOTS_COAP_NON;
    m->id = u->next_id++;

    buf = malloc(s->max_message);
    if (buf == NULL) {
        return DOTS_ERROR;
    }

    rc = dots_coap_write(m, buf, s->max_message, &len);

    if (rc == DOTS_OK) {
        dots_signal_output(s, buf, len);
    }

    free(buf);

    return rc;
}


/* ---- in ---- */

static inline uint64_t
dots_signal_udp_hash_word(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0xbf58476d1ce4e5b9;

    return hash ^ hash >> 32;
}


/*
 * Tells a repeated datagram from one that reuses its message id.  Eight bytes
 * at a time, mixed as the finalizer of splitmix64 does; the peer could only
 * fool itself.
 */

static uint64_t
dots_signal_udp_hash(const uint8_t *data, size_t len)
{
    uint64_t  hash, word;

    hash = len;

    for ( /* void */ ; len >= sizeof(word); len -= sizeof(word)) {
        memcpy(&word, data, sizeof(word));
        hash = dots_signal_udp_hash_word(hash, word);
        data += sizeof(word);
    }

    word = 0;
    memcpy(&word, data, len);

    return dots_signal_udp_hash_word(hash, word);
}


/*
 * A request whose token is longer than what we serve: it may not be rejected as
 * if long tokens were unknown, 4.00 has to come with that very token (RFC 8974
 * section 2.2.2).
 */

static void
dots_signal_udp_long_token(dots_signal_t *s, const dots_coap_message_t *m,
    const uint8_t *data)
{
    size_t              len;
    uint8_t             type;
    uint8_t            *buf;
    uint16_t            id;
    dots_writer_t       w;
    dots_signal_udp_t  *u;

    static const char   why[] = "the token is too long";

    u = s->link;

    buf = malloc(s->max_message);
    if (buf == NULL) {
        return;
    }

    if (dots_signal_rejected(s, m, dots_coap_code(4, 0), why) != DOTS_OK) {
        free(buf);
        return;
    }

    type = m->type == DOTS_COAP_CON ? DOTS_COAP_ACK : DOTS_COAP_NON;
    id = m->type == DOTS_COAP_CON ? m->id : u->next_id++;

    w.pos = buf;
    w.end = buf + s->max_message;
    w.failed = 0;

    dots_write_u8(&w, (uint8_t) ((data[0] & 0xcf) | type << 4));
    dots_write_u8(&w, dots_coap_code(4, 0));
    dots_write_u16(&w, id);
    dots_write_bytes(&w, m->long_token.data, m->long_token.len);

    /* RFC 9132 section 3: with a diagnostic payload, if there is room */

    len = w.failed ? 0 : (size_t) (w.pos - buf);

    dots_write_u8(&w, 0xff);
    dots_write_bytes(&w, (const uint8_t *) why, sizeof(why) - 1);

    if (!w.failed) {
        len = (size_t) (w.pos - buf);
    }

    if (len) {
        dots_signal_output(s, buf, len);
    }

    free(buf);
}


static int
dots_signal_udp_in_flight(dots_signal_t *s, const dots_coap_message_t *m,
    uint64_t hash)
{
    dots_signal_exchange_t  *ex;

    for (ex = s->exchanges; ex != NULL; ex = ex->next) {

        if (ex->observer != NULL || ex->request.id != m->id
            || ex->hash != hash)
        {
            continue;
        }

        if (m->type == DOTS_COAP_CON) {
            ex->acked = 1;
            dots_signal_udp_empty(s, DOTS_COAP_ACK, m->id);
        }

        return 1;
    }

    return 0;
}


/*
 * Nonzero if the request was here before (RFC 7252 section 4.5).  The duplicate
 * of a NON is answered, too: DOTS clients repeat the very same message until
 * they hear something (RFC 9132 section 4.4).
 */

static int
dots_signal_udp_repeated(dots_signal_t *s, const dots_coap_message_t *m,
    uint64_t hash)
{
    size_t                    i;
    dots_signal_udp_t        *u;
    dots_signal_udp_reply_t  *r;

    u = s->link;

    if (dots_signal_udp_in_flight(s, m, hash)) {
        return 1;
    }

    for (i = 0; i < u->nreplies; i++) {

        if (u->replies[i].id != m->id) {
            continue;
        }

        r = u->replies[i].reply;

        if (r->hash != hash) {
            dots_signal_udp_forget(u, i);
            return 0;
        }

        if (r->acked) {
            dots_signal_udp_empty(s, DOTS_COAP_ACK, m->id);
        }

        /* a CON that is under way has its own timer */

        if (!r->confirm) {
            dots_signal_output(s, r->data, r->len);
        }

        return 1;
    }

    return 0;
}


/* A response to a request of ours; a CON is acknowledged if we know it. */

static void
dots_signal_udp_response(dots_signal_t *s, const dots_coap_message_t *m)
{
    int  known;

    known = dots_signal_response(s, m);

    if (m->type == DOTS_COAP_CON) {
        dots_signal_udp_empty(s, known ? DOTS_COAP_ACK : DOTS_COAP_RST, m->id);
    }
}


static void
dots_signal_udp_input(dots_signal_t *s, const uint8_t *data, size_t len)
{
    int                  rc, header;
    uint64_t             hash;
    dots_coap_message_t  m;

    rc = dots_coap_parse(&m, data, len, &header);

    if (!header) {
        return;
    }

    if (m.type == DOTS_COAP_ACK || m.type == DOTS_COAP_RST) {
        dots_signal_udp_confirmed(s, m.id);
    }

    if (m.type == DOTS_COAP_RST) {

        /* "I do not know what you are telling me", RFC 7641 section 3.6 */

        dots_signal_observe_reset(s, m.id);
        return;
    }

    if (rc == DOTS_OK && dots_coap_class(m.code) >= 2
        && dots_coap_class(m.code) <= 5)
    {
        dots_signal_udp_response(s, &m);
        return;
    }

    if (m.type == DOTS_COAP_ACK) {
        return;
    }

    /*
     * Pings, reserved classes, format errors: RST to a CON, silence to a NON
     * (RFC 7252 sections 4.2 and 4.3).
     */

    if (rc != DOTS_OK || dots_coap_class(m.code) != 0
        || m.code == DOTS_COAP_EMPTY)
    {
        if (m.type == DOTS_COAP_CON) {
            dots_signal_udp_empty(s, DOTS_COAP_RST, m.id);
        }

        return;
    }

    if (m.long_token.len) {
        dots_signal_udp_long_token(s, &m, data);
        return;
    }

    dots_signal_udp_expire(s->link, s->now);

    hash = dots_signal_udp_hash(data, len);

    if (!dots_signal_udp_repeated(s, &m, hash)) {
        dots_signal_serve(s, &m, dots_str(data, len), hash);
    }
}


/* ---- time ---- */

static int64_t
dots_signal_udp_earlier(int64_t next, int64_t due, int64_t now)
{
    due = due > now ? due - now : 0;

    return (next == -1 || due < next) ? due : next;
}


/* Separate responses again, or given up: RFC 7252 section 4.2. */

static int64_t
dots_signal_udp_retransmit(dots_signal_t *s, int64_t next)
{
    size_t                    i;
    dots_signal_udp_t        *u;
    dots_signal_udp_reply_t  *r;

    u = s->link;

    for (i = 0; i < u->nreplies && u->nconfirm; i++) {

        r = u->replies[i].reply;

        if (!r->confirm || r->sent == 0) {
            continue;
        }

        /* the host's answer came without the time: it starts now */

        if (r->due == -1) {
            r->due = s->now + r->timeout;
        }

        if (r->due <= s->now) {

            if (r->sent > s->transmission.max_retransmit) {
                dots_signal_udp_settle(u, r);
                dots_signal_udp_confirm_next(s);
                return dots_signal_udp_retransmit(s, next);
            }

            r->sent++;
            r->timeout *= 2;
            r->due = s->now + r->timeout;

            dots_signal_output(s, r->data, r->len);
        }

        next = dots_signal_udp_earlier(next, r->due, s->now);
    }

    return next;
}


/* A CON whose answer takes its time is acknowledged, section 5.2.2. */

static int64_t
dots_signal_udp_acknowledge(dots_signal_t *s, int64_t next)
{
    int64_t                  due;
    dots_signal_exchange_t  *ex;

    for (ex = s->exchanges; ex != NULL; ex = ex->next) {

        if (ex->observer != NULL || ex->acked
            || ex->request.type != DOTS_COAP_CON)
        {
            continue;
        }

        due = ex->received + DOTS_SIGNAL_UDP_ACK_DELAY;

        if (due <= s->now) {
            ex->acked = 1;
            dots_signal_udp_empty(s, DOTS_COAP_ACK, ex->request.id);
            continue;
        }

        next = dots_signal_udp_earlier(next, due, s->now);
    }

    return next;
}


static int64_t
dots_signal_udp_timer(dots_signal_t *s)
{
    int64_t             next;
    dots_signal_udp_t  *u;

    u = s->link;

    dots_signal_udp_expire(u, s->now);

    /* the one that was under way may have made room for another answer */

    dots_signal_udp_confirm_next(s);

    next = dots_signal_udp_acknowledge(s, -1);
    next = dots_signal_udp_retransmit(s, next);

    return u->nreplies ? dots_signal_udp_earlier(next, u->expires, s->now)
                       : next;
}


static int
dots_signal_udp_open(dots_signal_t *s)
{
    size_t              max;
    dots_signal_udp_t  *u;

    max = s->shares * DOTS_SIGNAL_RECENT;

    u = calloc(1, sizeof(dots_signal_udp_t)
                  + max * sizeof(dots_signal_udp_slot_t));
    if (u == NULL) {
        return DOTS_ERROR;
    }

    u->max = (uint16_t) max;
    u->expires = INT64_MAX;

    /* ids start anywhere (RFC 7252 section 4.4); without entropy, at 0 */

    if (getrandom(&u->next_id, sizeof(u->next_id), GRND_NONBLOCK) == -1) {
        u->next_id = 0;
    }

    s->link = u;

    return DOTS_OK;
}


static void
dots_signal_udp_close(dots_signal_t *s)
{
    dots_signal_udp_t  *u;

    u = s->link;

    while (u->nreplies) {
        dots_signal_udp_forget(u, u->nreplies - 1u);
    }

    free(u);
}


static int
dots_signal_udp_parse(dots_coap_message_t *m, const uint8_t *data, size_t len)
{
    int  header;

    return dots_coap_parse(m, data, len, &header);
}


const dots_signal_transport_ops_t  dots_signal_udp = {
    .open = dots_signal_udp_open,
    .input = dots_signal_udp_input,
    .parse = dots_signal_udp_parse,
    .write = dots_coap_write,
    .respond = dots_signal_udp_respond,
    .ignore = dots_signal_udp_ignore,
    .send = dots_signal_udp_send,
    .timer = dots_signal_udp_timer,
    .close = dots_signal_udp_close
};
