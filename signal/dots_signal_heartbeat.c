#include <stdlib.h>

#include "dots_cbor_item.h"
#include "dots_signal_heartbeat.h"
#include "dots_signal_private.h"
#include "dots_signal_uri.h"


#define DOTS_SIGNAL_HEARTBEAT_KEY     49    /* heartbeat, RFC 9132 Table 5 */
#define DOTS_SIGNAL_HEARTBEAT_STATUS  51    /* peer-hb-status */

#define DOTS_SIGNAL_HEARTBEAT_KEYS    8     /* of one map, unknown ones too */
#define DOTS_SIGNAL_HEARTBEAT_TOKEN   4

/* bytes of one of ours over DTLS: 43 of CoAP, 37 of the record */

#define DOTS_SIGNAL_HEARTBEAT_SIZE    80

#define DOTS_SIGNAL_HEARTBEAT_BODY    7     /* bytes of the shortest body */

/* Over TCP the first that is not answered in time counts, section 4.7. */

#define DOTS_SIGNAL_HEARTBEAT_TCP     1


struct dots_signal_heartbeat_s {
    int64_t   sent;         /* ms: the last one of ours, or the beginning */
    int64_t   heard;        /* ms: the last one of the peer's; -1: none yet */
    uint32_t  unheard;      /* ours since the peer spoke last */
    uint32_t  sequence;     /* the token of the last one of ours */
    unsigned  begun:1;
    unsigned  prompt:1;     /* the peer misses ours: now, while it is there */
    unsigned  exhausted:1;  /* missing-hb-allowed is, and the host knows */
};


/* ---- the body: two maps, by hand, for this is what every client sends ---- */

/*
 * {49: {51: false}} and {49: {51: true}} in the shortest encoding (RFC 8949
 * section 4.1): what we send, and nearly all that we get.
 */

static const uint8_t
dots_signal_heartbeat_bodies[2][DOTS_SIGNAL_HEARTBEAT_BODY] = {
    { 0xa1, 0x18, 0x31, 0xa1, 0x18, 0x33, 0xf4 },
    { 0xa1, 0x18, 0x31, 0xa1, 0x18, 0x33, 0xf5 }
};


static dots_str_t
dots_signal_heartbeat_body(int status)
{
    return dots_str(dots_signal_heartbeat_bodies[status],
                    DOTS_SIGNAL_HEARTBEAT_BODY);
}


/* The value of "key" in the map that is next; unknown keys may be in it. */

static int
dots_signal_heartbeat_find(dots_cbor_reader_t *r, uint64_t key,
    const char *name, int (*read)(dots_cbor_reader_t *r, int *status,
    dots_fault_t *f), int *status, dots_fault_t *f)
{
    int               found;
    uint64_t          i;
    dots_cbor_item_t  map, item;

    if (dots_cbor_item_read(r, &map, f) != DOTS_OK) {
        return DOTS_INVALID;
    }

    if (r->items == 1 && map.type == DOTS_CBOR_TAG
        && map.value == DOTS_CBOR_TAG_DOTS
        && dots_cbor_item_read(r, &map, f) != DOTS_OK)
    {
        return DOTS_INVALID;
    }

    if (map.type != DOTS_CBOR_MAP
        || (!map.indefinite && map.value > DOTS_SIGNAL_HEARTBEAT_KEYS))
    {
        return dots_fault(f, DOTS_FAULT_MALFORMED, name,
                          "%s: not in a map of at most %d", name,
                          DOTS_SIGNAL_HEARTBEAT_KEYS);
    }

    found = 0;

    for (i = 0; map.indefinite ? i <= DOTS_SIGNAL_HEARTBEAT_KEYS
                               : i < map.value; i++)
    {
        if (dots_cbor_item_read(r, &item, f) != DOTS_OK) {
            return DOTS_INVALID;
        }

        if (map.indefinite && item.type == DOTS_CBOR_BREAK) {
            map.value = i;
            map.indefinite = 0;
            break;
        }

        if (item.type != DOTS_CBOR_UINT) {
            return dots_fault(f, DOTS_FAULT_MALFORMED, NULL,
                              "a key that is no unsigned integer");
        }

        if (item.value == key && !found) {

            if (read(r, status, f) != DOTS_OK) {
                return DOTS_INVALID;
            }

            found = 1;
            continue;
        }

        /* RFC 9132 section 6; twice the same is no map, RFC 8949 section 5.6 */

        if (item.value == key || !dots_cbor_key_optional(item.value)) {
            return dots_fault(f, DOTS_FAULT_UNKNOWN, name,
                              "CBOR key %llu is repeated or unknown beside %s",
                              (unsigned long long) item.value, name);
        }

        if (dots_cbor_item_read(r, &item, f) != DOTS_OK
            || dots_cbor_item_skip(r, &item, DOTS_CBOR_DEPTH, f) != DOTS_OK)
        {
            return DOTS_INVALID;
        }
    }

    if (map.indefinite) {
        return dots_fault(f, DOTS_FAULT_TOO_BIG, name,
                          "%s: more than %d entries beside it", name,
                          DOTS_SIGNAL_HEARTBEAT_KEYS);
    }

    return found ? DOTS_OK
                 : dots_fault(f, DOTS_FAULT_MISSING, name, "%s is missing",
                              name);
}


static int
dots_signal_heartbeat_read_status(dots_cbor_reader_t *r, int *status,
    dots_fault_t *f)
{
    dots_cbor_item_t  item;

    if (dots_cbor_item_read(r, &item, f) != DOTS_OK) {
        return DOTS_INVALID;
    }

    if (item.type != DOTS_CBOR_BOOL) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "peer-hb-status",
                          "peer-hb-status is not a boolean");
    }

    *status = item.value != 0;

    return DOTS_OK;
}


static int
dots_signal_heartbeat_read_heartbeat(dots_cbor_reader_t *r, int *status,
    dots_fault_t *f)
{
    return dots_signal_heartbeat_find(r, DOTS_SIGNAL_HEARTBEAT_STATUS,
                                      "peer-hb-status",
                                      dots_signal_heartbeat_read_status,
                                      status, f);
}


int
dots_signal_heartbeat_read(dots_str_t body, int *status, dots_fault_t *f)
{
    int                 i;
    dots_cbor_reader_t  r;

    for (i = 0; i < 2; i++) {

        if (dots_str_eq(body, dots_signal_heartbeat_body(i))) {
            *status = i;
            return DOTS_OK;
        }
    }

    /* not zeroed as a whole: its text buffer is large */

    r.data = body.data;
    r.len = body.len;
    r.pos = 0;
    r.items = 0;
    r.max = DOTS_CBOR_ITEMS;

    if (dots_signal_heartbeat_find(&r, DOTS_SIGNAL_HEARTBEAT_KEY, "heartbeat",
                                   dots_signal_heartbeat_read_heartbeat,
                                   status, f)
        != DOTS_OK)
    {
        return DOTS_INVALID;
    }

    if (r.pos != r.len) {
        return dots_fault(f, DOTS_FAULT_MALFORMED, "heartbeat",
                          "%zu bytes after the heartbeat", r.len - r.pos);
    }

    return DOTS_OK;
}


/* ---- the peer's ---- */

void
dots_signal_heartbeat_put(dots_signal_exchange_t *ex)
{
    int                      status;
    dots_fault_t             fault;
    dots_coap_message_t      response;
    dots_signal_heartbeat_t *hb;

    if (dots_signal_uri_read_nothing(&ex->request, &fault) != DOTS_OK
        || dots_signal_heartbeat_read(ex->request.payload, &status, &fault)
           != DOTS_OK)
    {
        dots_signal_fault(ex, NULL, dots_coap_code(4, 0), -1, &fault);
        return;
    }

    hb = ex->signal->heartbeat;
    hb->heard = ex->received;

    if (!status) {
        hb->prompt = 1;
    }

    dots_coap_init(&response);
    response.code = dots_coap_code(2, 4);

    dots_signal_answer(ex, &response, NULL, NULL);
}


void
dots_signal_heartbeat_heard(dots_signal_t *s)
{
    s->heartbeat->unheard = 0;
    s->heartbeat->exhausted = 0;
}


/* ---- ours ---- */

/*
 * Their tokens are numbers; one that is late is an answer, too.  That the peer
 * answers at all is known already: it spoke.
 */

int
dots_signal_heartbeat_response(dots_signal_t *s, const dots_coap_message_t *m)
{
    uint32_t       number;
    dots_reader_t  r = { m->token, m->token + m->token_len, 0 };

    number = dots_read_u32(&r);

    return !r.failed && m->token_len == DOTS_SIGNAL_HEARTBEAT_TOKEN
           && number != 0 && number <= s->heartbeat->sequence;
}


static int64_t
dots_signal_heartbeat_interval(const dots_signal_t *s)
{
    return (int64_t) s->session.values[s->set][DOTS_SESSION_HEARTBEAT_INTERVAL]
           * 1000;
}


/*
 * ms from one to the next.  A peer that does not respond gets no more than
 * PROBING_RATE, which "should be set appropriately to avoid slowing down
 * heartbeat exchanges", section 4.5.2.
 */

static int64_t
dots_signal_heartbeat_gap(const dots_signal_t *s)
{
    int64_t  interval, probing;

    interval = dots_signal_heartbeat_interval(s);

    if (s->transport->reliable || s->heartbeat->unheard == 0
        || s->transmission.probing_rate == 0)
    {
        return interval;
    }

    probing = DOTS_SIGNAL_HEARTBEAT_SIZE * 1000 / s->transmission.probing_rate;

    return probing > interval ? probing : interval;
}


/* "receiving heartbeat messages from its peer in the last (2 * 'heartbeat-
 * interval') period" */

static int
dots_signal_heartbeat_status(const dots_signal_t *s)
{
    return s->heartbeat->heard != -1
           && s->now - s->heartbeat->heard
              <= 2 * dots_signal_heartbeat_interval(s);
}


static void
dots_signal_heartbeat_send(dots_signal_t *s)
{
    dots_writer_t             w;
    dots_coap_message_t       m;
    dots_signal_heartbeat_t  *hb;

    static const dots_str_t   path[] = { dots_string(".well-known"),
                                         dots_string("dots"),
                                         dots_string("hb") };

    hb = s->heartbeat;
    hb->sequence++;

    dots_coap_init(&m);

    m.code = DOTS_COAP_PUT;
    m.token_len = DOTS_SIGNAL_HEARTBEAT_TOKEN;
    m.npath = sizeof(path) / sizeof(path[0]);
    memcpy(m.path, path, sizeof(path));
    m.content_format = DOTS_COAP_FORMAT_DOTS;
    m.payload = dots_signal_heartbeat_body(dots_signal_heartbeat_status(s));

    w.pos = m.token;
    w.end = m.token + sizeof(m.token);
    w.failed = 0;
    dots_write_u32(&w, hb->sequence);

    /* one that is lost for want of memory is lost on the way */

    (void) s->transport->send(s, &m);

    hb->sent = s->now;
    hb->unheard++;
    hb->prompt = 0;
}


/*
 * Nothing at all came from the peer while missing-hb-allowed of ours went and
 * the last of them had its time: "the DOTS server concludes the session is
 * disconnected".  It is said once; the session stays for a peer who speaks
 * again.  If another session has heard the client, this one is left over from
 * before (a translator gave the client another port) and has no say until then.
 */

static void
dots_signal_heartbeat_exhaust(dots_signal_t *s)
{
    uint32_t                  allowed;
    dots_signal_heartbeat_t  *hb;

    hb = s->heartbeat;

    allowed = s->transport->reliable
              ? DOTS_SIGNAL_HEARTBEAT_TCP
              : s->session.values[s->set][DOTS_SESSION_MISSING_HB_ALLOWED];

    if (hb->exhausted || hb->unheard < allowed) {
        return;
    }

    hb->exhausted = 1;

    if (s->conf.ops->lost != NULL) {
        s->conf.ops->lost(s->peer, s->heard);
    }
}


int64_t
dots_signal_heartbeat_timer(dots_signal_t *s)
{
    int64_t                   due;
    dots_signal_heartbeat_t  *hb;

    hb = s->heartbeat;

    /* "after mutual authentication is successfully completed": which it was */

    if (!hb->begun) {
        hb->begun = 1;
        hb->sent = s->now;
        s->heard = s->heard ? s->heard : s->now;
    }

    if (s->customer == NULL || dots_signal_heartbeat_interval(s) == 0) {
        hb->unheard = 0;
        hb->prompt = 0;
        return -1;
    }

    due = hb->sent + dots_signal_heartbeat_gap(s);

    if (due <= s->now) {
        dots_signal_heartbeat_exhaust(s);
    }

    if (due <= s->now || hb->prompt) {
        dots_signal_heartbeat_send(s);
        due = hb->sent + dots_signal_heartbeat_gap(s);
    }

    return due - s->now;
}


int
dots_signal_probing(const dots_signal_t *s)
{
    return s->customer != NULL && dots_signal_heartbeat_interval(s) != 0
           && !s->heartbeat->exhausted;
}


int
dots_signal_heartbeat_open(dots_signal_t *s)
{
    s->heartbeat = calloc(1, sizeof(dots_signal_heartbeat_t));

    if (s->heartbeat == NULL) {
        return DOTS_ERROR;
    }

    s->heartbeat->heard = -1;

    return DOTS_OK;
}


void
dots_signal_heartbeat_close(dots_signal_t *s)
{
    free(s->heartbeat);
}
