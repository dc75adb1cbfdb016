#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "load_coap.h"
#include "load_request.h"
#include "load_work.h"


#define LOAD_WORK_REQUEST   320
#define LOAD_WORK_START     20000000    /* us for all sessions to come up */
#define LOAD_WORK_TICK      10000       /* us between looks at what is late */
#define LOAD_WORK_PARALLEL  32          /* handshakes under way, at most */

typedef struct {
    uint8_t            busy;
    uint8_t            kind;
    uint8_t            tries;
    uint16_t           len;
    uint32_t           token;
    int64_t            begun;   /* us; when it was due, if there is a rate */
    int64_t            sent;
    uint8_t            data[LOAD_WORK_REQUEST];
} load_work_slot_t;

typedef struct {
    load_session_t     net;
    long               index;
    uint16_t           id;
    uint32_t           sequence;
    uint32_t           mid;     /* the last of LOAD_WORK_NEXT */
    uint32_t           observed;    /* token of the registration */
    load_work_slot_t  *slots;
} load_work_client_t;


load_work_count_t  load_work_count;

static struct {
    load_work_conf_t     conf;
    load_work_client_t  *clients;
    unsigned             weights[LOAD_REQUEST_KINDS];
    unsigned             weight;
    int                  running;   /* an answer is followed by a request */
    int                  cycling;   /* a session that is up is closed */
    long                 under_way;
    double               owed;      /* requests, where there is a rate */
    int64_t              paid;      /* us, when they were counted */
    long                 turn;
} load_work;


/* ---- what is asked for ---- */

static void
load_work_request(load_work_client_t *c, load_work_slot_t *slot)
{
    load_request_t  rq;

    slot->token = (uint32_t) (slot - c->slots) << 24
                  | (++c->sequence & 0xffffff);

    rq.kind = slot->kind;
    rq.client = (uint32_t) c->index;
    rq.id = ++c->id;
    rq.token = slot->token;
    rq.mid = &c->mid;
    rq.name = load_work.conf.path;

    slot->len = (uint16_t) load_request_write(&rq, slot->data,
                                              sizeof(slot->data));
    if (slot->len == 0) {
        load_net_die("a request does not fit");
    }
}


static void
load_work_send(load_work_client_t *c, load_work_slot_t *slot, uint8_t kind,
    int64_t due)
{
    slot->busy = 1;
    slot->kind = kind;
    slot->tries = 0;
    slot->begun = due;
    slot->sent = load_net_now();

    load_work_request(c, slot);

    if (kind == LOAD_REQUEST_OBSERVE) {
        c->observed = slot->token;
    }

    if (c->net.up) {
        load_net_send(&c->net, slot->data, slot->len);
    }
}


static uint8_t
load_work_draw(void)
{
    uint8_t   kind;
    unsigned  n;

    n = load_net_random() % load_work.weight;

    for (kind = 0; n >= load_work.weights[kind]; kind++) {
        n -= load_work.weights[kind];
    }

    return kind;
}


/* ---- answers ---- */

static void
load_work_slot_done(load_work_client_t *c, load_work_slot_t *slot)
{
    slot->busy = 0;

    if (load_work.running && load_work.conf.rate == 0) {
        load_work_send(c, slot, load_work_draw(), load_net_now());
    }
}


/* A separate response or a notification that wants to be confirmed. */

static void
load_work_confirm(load_work_client_t *c, const load_coap_answer_t *a)
{
    uint8_t  ack[4];

    if (a->type == LOAD_COAP_CON) {
        load_coap_ack(ack, a->id);
        load_net_send(&c->net, ack, sizeof(ack));
    }
}


static void
load_work_answered(load_work_client_t *c, const load_coap_answer_t *a)
{
    load_work_slot_t  *slot;

    load_work_confirm(c, a);

    slot = &c->slots[a->token >> 24];

    if ((long) (a->token >> 24) >= load_work.conf.depth || !slot->busy
        || slot->token != a->token)
    {
        if (a->observe && a->token == c->observed) {
            load_work_count.notified++;
        }

        return;
    }

    load_work_count.done++;
    load_work_count.codes[a->code]++;
    load_hist_add(&load_work_count.latency[slot->kind],
                  (uint64_t) (load_net_now() - slot->begun));

    load_work_slot_done(c, slot);
}


/*
 * One more step of a handshake.  On a busy machine the answers may be there
 * before the next line runs: even the first step may be the last.
 */

static void
load_work_handshaking(load_work_client_t *c)
{
    int  rc;

    while ((rc = load_net_handshake(&c->net)) != 0) {

        if (rc == -1) {
            load_work_count.closed++;
        }

        if (!load_work.cycling) {
            load_work.under_way--;
            return;
        }

        if (rc == 1) {
            load_work_count.done++;
            load_hist_add(&load_work_count.handshake,
                          (uint64_t) (load_net_now() - c->net.begun));
        }

        load_net_close(&c->net);
        load_net_open(&c->net);
    }
}


static void
load_work_open(load_work_client_t *c)
{
    load_work.under_way++;
    load_net_open(&c->net);
    load_work_handshaking(c);
}


static void
load_work_readable(load_session_t *s)
{
    int                  n;
    uint8_t              buf[LOAD_NET_DATAGRAM];
    load_coap_answer_t   a;
    load_work_client_t  *c;

    c = s->data;

    if (!s->up) {
        load_work_handshaking(c);
        return;
    }

    while ((n = load_net_receive(s, buf, sizeof(buf))) > 0) {

        if (load_coap_read(&a, buf, n)) {
            load_work_answered(c, &a);
        }
    }

    if (n == -1) {
        load_work_count.closed++;
        load_net_close(s);
        load_work_open(c);
    }
}


/* ---- time ---- */

static void
load_work_late(load_work_client_t *c, load_work_slot_t *slot, int64_t now)
{
    if (!slot->busy
        || now - slot->sent < (int64_t) load_work.conf.timeout << slot->tries)
    {
        return;
    }

    if (slot->tries == load_work.conf.repeats) {
        load_work_count.lost++;
        load_work_slot_done(c, slot);
        return;
    }

    slot->tries++;
    slot->sent = now;
    load_work_count.repeated++;

    if (c->net.up) {
        load_net_send(&c->net, slot->data, slot->len);
    }
}


static void
load_work_tick(int64_t now)
{
    long                 i, k;
    load_work_client_t  *c;

    for (i = 0; i < load_work.conf.sessions; i++) {
        c = &load_work.clients[i];

        if (c->net.ssl != NULL && !c->net.up) {
            load_net_overdue(&c->net);
            continue;
        }

        for (k = 0; k < load_work.conf.depth; k++) {
            load_work_late(c, &c->slots[k], now);
        }
    }
}


static load_work_slot_t *
load_work_free_slot(load_work_client_t *c)
{
    long  k;

    for (k = 0; k < load_work.conf.depth; k++) {
        if (!c->slots[k].busy) {
            return &c->slots[k];
        }
    }

    return NULL;
}


/*
 * Where there is a rate, requests go out when they are due, answered or not,
 * and their time counts from then: what waits for a slow answer is not left out
 * of the picture.
 */

static void
load_work_pay(int64_t now)
{
    int64_t              due;
    load_work_client_t  *c;
    load_work_slot_t    *slot;

    load_work.owed += load_work.conf.rate * (double) (now - load_work.paid)
                      / 1e6;
    load_work.paid = now;

    while (load_work.owed >= 1) {
        due = now - (int64_t) ((load_work.owed - 1) * 1e6
                               / load_work.conf.rate);
        load_work.owed--;

        c = &load_work.clients[load_work.turn++ % load_work.conf.sessions];
        slot = load_work_free_slot(c);

        if (slot == NULL) {
            load_work_count.late++;
            continue;
        }

        load_work_send(c, slot, load_work_draw(), due);
    }
}


static int64_t
load_work_patience(void)
{
    double  us;

    if (!load_work.running || load_work.conf.rate == 0) {
        return LOAD_WORK_TICK;
    }

    us = (1 - load_work.owed) * 1e6 / load_work.conf.rate;

    return us > LOAD_WORK_TICK ? LOAD_WORK_TICK : (int64_t) us;
}


/* Until "end" (us) or until "over" says so. */

static int64_t
load_work_loop(int64_t end, int (*over)(void))
{
    int64_t  now, looked;

    looked = load_net_now();

    for (now = looked; now < end && !over(); now = load_net_now()) {

        load_net_wait(load_work_patience(), load_work_readable);

        now = load_net_now();

        if (load_work.running && load_work.conf.rate > 0) {
            load_work_pay(now);
        }

        if (now - looked >= LOAD_WORK_TICK) {
            looked = now;
            load_work_tick(now);
        }
    }

    return now;
}


static int
load_work_enough(void)
{
    return load_work.conf.requests > 0
           && load_work_count.done >= load_work.conf.requests;
}


static int
load_work_room(void)
{
    return load_work.under_way < LOAD_WORK_PARALLEL;
}


/* Nothing is under way, neither a handshake nor a request. */

static int
load_work_settled(void)
{
    long  i, k;

    if (load_work.under_way > 0) {
        return 0;
    }

    for (i = 0; i < load_work.conf.sessions; i++) {
        for (k = 0; k < load_work.conf.depth; k++) {
            if (load_work.clients[i].slots[k].busy) {
                return 0;
            }
        }
    }

    return 1;
}


/* ---- from begin to end ---- */

static void
load_work_mix(const char *mix)
{
    int    kind;
    char  *text, *entry, *colon, *save;

    text = strdup(mix);
    save = NULL;

    for (entry = strtok_r(text, ",", &save); entry != NULL;
         entry = strtok_r(NULL, ",", &save))
    {
        colon = strchr(entry, ':');

        if (colon != NULL) {
            *colon++ = '\0';
        }

        kind = load_request_kind(entry);

        if (kind == -1) {
            fprintf(stderr, "bench: there is no kind \"%s\"\n", entry);
            exit(2);
        }

        load_work.weights[kind] = colon ? (unsigned) atoi(colon) : 1;
        load_work.weight += load_work.weights[kind];
    }

    free(text);
}


void
load_work_init(const load_work_conf_t *conf)
{
    long                 i;
    load_work_client_t  *c;

    load_work.conf = *conf;
    load_work_mix(conf->mix);

    load_work.clients = calloc(conf->sessions, sizeof(load_work_client_t));

    if (load_work.clients == NULL || load_work.weight == 0) {
        load_net_die("clients");
    }

    for (i = 0; i < conf->sessions; i++) {
        c = &load_work.clients[i];
        c->net.data = c;
        c->index = conf->first + i;
        c->mid = 1;
        c->slots = calloc(conf->depth, sizeof(load_work_slot_t));

        if (c->slots == NULL) {
            load_net_die("clients");
        }
    }
}


static void
load_work_once(uint8_t kind)
{
    long  i;

    for (i = 0; i < load_work.conf.sessions; i++) {
        load_work_send(&load_work.clients[i], &load_work.clients[i].slots[0],
                       kind, load_net_now());
    }

    (void) load_work_loop(load_net_now() + LOAD_WORK_START, load_work_settled);
}


void
load_work_up(void)
{
    long      i;
    int       needs;
    int64_t   end;
    uint8_t   kind;

    end = load_net_now() + LOAD_WORK_START;

    for (i = 0; i < load_work.conf.sessions; i++) {
        (void) load_work_loop(end, load_work_room);
        load_work_open(&load_work.clients[i]);
    }

    (void) load_work_loop(end, load_work_settled);

    if (!load_work_settled() || load_work_count.closed > 0) {
        fprintf(stderr, "bench: %ld sessions do not come up, %ld failed\n",
                load_work.under_way, load_work_count.closed);
        exit(2);
    }

    needs = load_work.conf.observe;

    for (kind = 0; kind < LOAD_REQUEST_KINDS; kind++) {
        needs |= load_work.weights[kind] && load_request_needs(kind);
    }

    if (needs) {
        load_work_once(LOAD_REQUEST_REFRESH);
    }

    if (load_work.conf.observe) {
        load_work_once(LOAD_REQUEST_OBSERVE);
    }

    if (needs && load_work_count.codes[0x41] + load_work_count.codes[0x44]
                 < load_work.conf.sessions)
    {
        fprintf(stderr, "bench: not all mitigations were granted\n");
        exit(1);
    }

    memset(&load_work_count, 0, sizeof(load_work_count));
}


/*
 * Says goodbye: a server that does not take a new ClientHello on a port that it
 * knows (libcoap's) would not answer the next load from the same port.
 */

void
load_work_down(void)
{
    long  i;

    for (i = 0; i < load_work.conf.sessions; i++) {
        load_net_close(&load_work.clients[i].net);
    }
}


double
load_work_run(void)
{
    long                 i, k;
    int64_t              begin, end;
    load_work_client_t  *c;

    begin = load_net_now();
    load_work.paid = begin;
    load_work.running = 1;

    for (i = 0; load_work.conf.rate == 0 && i < load_work.conf.sessions; i++) {
        c = &load_work.clients[i];

        for (k = 0; k < load_work.conf.depth; k++) {
            load_work_send(c, &c->slots[k], load_work_draw(), load_net_now());
        }
    }

    end = load_work_loop(begin + (int64_t) (load_work.conf.seconds * 1e6),
                         load_work_enough);
    load_work.running = 0;

    /* what was sent at a rate is answered or lost in the end, never left out */

    if (load_work.conf.rate > 0) {
        (void) load_work_loop(load_net_now() + LOAD_WORK_START,
                              load_work_settled);
    }

    return (double) (end - begin) / 1e6;
}


double
load_work_handshakes(void)
{
    long     i;
    int64_t  begin, end;

    begin = load_net_now();
    load_work.cycling = 1;

    for (i = 0; i < load_work.conf.sessions; i++) {
        load_work_open(&load_work.clients[i]);
    }

    end = load_work_loop(begin + (int64_t) (load_work.conf.seconds * 1e6),
                         load_work_enough);

    return (double) (end - begin) / 1e6;
}


/* ---- the report ---- */

static void
load_work_print_latency(const char *name, const load_hist_t *h)
{
    if (h->n == 0) {
        return;
    }

    printf(" %s.n=%lu %s.p50=%lu %s.p90=%lu %s.p99=%lu %s.max=%lu",
           name, h->n, name, load_hist_at(h, 50), name, load_hist_at(h, 90),
           name, load_hist_at(h, 99), name, h->max);
}


void
load_work_print(const char *mode, double seconds)
{
    int                 i;
    struct rusage       ru;
    load_work_count_t  *n;

    n = &load_work_count;
    getrusage(RUSAGE_SELF, &ru);

    printf("mode=%s sessions=%ld rate=%.0f done=%ld lost=%ld repeated=%ld "
           "late=%ld closed=%ld notified=%ld asked=%ld resumed=%ld "
           "dropped=%ld doubled=%ld cpu=%.0f",
           mode, load_work.conf.sessions, n->done / seconds, n->done, n->lost,
           n->repeated, n->late, n->closed, n->notified, load_net_count.asked,
           load_net_count.resumed, load_net_count.dropped,
           load_net_count.doubled,
           100 * (ru.ru_utime.tv_sec + ru.ru_stime.tv_sec
                  + (ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6)
               / seconds);

    for (i = 0; i < 256; i++) {
        if (n->codes[i]) {
            printf(" c%d.%02d=%ld", i >> 5, i & 0x1f, n->codes[i]);
        }
    }

    for (i = 0; i < LOAD_REQUEST_KINDS; i++) {
        load_work_print_latency(load_request_name(i), &n->latency[i]);
    }

    load_work_print_latency("handshake", &n->handshake);

    printf("\n");
}
