/*
 * Observers (RFC 7641, RFC 9132 section 4.4.2.1): who asked to hear of changes,
 * what each of them was told last, and when the next word may go.
 *
 * An observer keeps its request as it came.  When something may have changed,
 * the request is served again (dots_signal_again()) and the answer compared
 * with what the peer knows: a notification goes only if anything but the time
 * that is left differs.  What was there and is gone is reported once, with
 * status 6.  Bounded: DOTS_SIGNAL_OBSERVERS of a customer in a session.
 */

#include <stdlib.h>

#include "dots_signal_filter.h"
#include "dots_signal_private.h"


/* ms between two notifications where nothing is known of the round-trip time */

#define DOTS_SIGNAL_OBSERVE_PACE   3000     /* RFC 9132 section 4.4.2.1 */

/*
 * ms after which the status of an active mitigation is told again, because
 * notifications are lost in an attack (RFC 9132 section 4.4.2.1, "periodically
 * sends attack mitigation status")
 */

#define DOTS_SIGNAL_OBSERVE_REPEAT 60000

/*
 * Status 3 and 7 of a preconfigured mitigation "will be transmitted four times
 * and then transition to 8", RFC 9132 Table 3; ms between two of them, so that
 * all go before it does
 */

#define DOTS_SIGNAL_OBSERVE_TIMES  4
#define DOTS_SIGNAL_OBSERVE_SHOWN  3000

/* ms until a look that failed for want of memory or of the store is repeated */

#define DOTS_SIGNAL_OBSERVE_RETRY  1000

/*
 * ms of silence after which the peer does not respond, so that PROBING_RATE
 * bounds what it is sent (RFC 7252 section 4.7): two heartbeats of RFC 9132
 */

#define DOTS_SIGNAL_OBSERVE_SILENCE 60000

/*
 * Mitigations of a look for each ms until the session's next one.  Some 10 us
 * each, so that what one session observes costs a few percent of a processor,
 * however long its list is and however often it changes.
 */

#define DOTS_SIGNAL_OBSERVE_LOOK    4

#define DOTS_SIGNAL_OBSERVE_OVERHEAD 64     /* bytes of headers and options */

#define DOTS_SIGNAL_OBSERVE_SEQUENCE 0xffffff   /* RFC 7641 section 2 */


struct dots_signal_observer_s {
    dots_signal_observer_t      *next;
    const dots_signal_method_t  *method;
    const dots_customer_t       *whose;     /* for whom a gateway asked */

    uint64_t                     customer;  /* dots_registry_hash() of a name */
    uint64_t                     cuid;      /* the same */
    uint32_t                     mid;
    unsigned                     has_mid:1;
    unsigned                     mitigation:1;  /* of the resource mitigate */

    unsigned                     dirty:1;   /* look again */
    unsigned                     repeat:1;  /* and send it whatever it is */
    unsigned                     looking:1; /* an exchange is under way */
    unsigned                     removed:1; /* meanwhile */
    unsigned                     active:1;  /* it knows of an active one */
    unsigned                     passing:1; /* of one that soon waits again */
    unsigned                     over:1;    /* what it observes is gone */
    unsigned                     sent:1;    /* "id" is valid */

    unsigned                     times;     /* it was told the same */
    int64_t                      told;      /* ms */
    int64_t                      earliest;  /* ms: no look before */
    uint16_t                     id;        /* of the last notification */

    uint64_t                     digest;    /* of what it knows */
    size_t                       nobserved;
    dots_signal_observed_t      *observed;  /* by mid */

    size_t                       token_len;
    uint8_t                      token[DOTS_COAP_TOKEN];
    size_t                       options;   /* where Uri-Path begins */
    size_t                       len;
    uint8_t                      data[];    /* the request */
};


static void
dots_signal_observe_free(dots_signal_observer_t *o)
{
    free(o->observed);
    free(o);
}


void
dots_signal_observe_release(dots_signal_observer_t *o)
{
    if (o != NULL) {
        dots_signal_observe_free(o);
    }
}


static void
dots_signal_observe_gone(dots_signal_t *s, const dots_customer_t *customer)
{
    if (s->conf.ops->unobserve != NULL) {
        s->conf.ops->unobserve(s->peer, customer);
    }
}


static void
dots_signal_observe_remove(dots_signal_t *s, dots_signal_observer_t **link)
{
    dots_signal_observer_t  *o;

    o = *link;
    *link = o->next;
    s->nobservers--;

    dots_signal_observe_gone(s, o->whose);

    dots_signal_interest(s);

    /* an exchange that is under way ends in dots_signal_observe_answer() */

    if (o->looking) {
        o->removed = 1;
        return;
    }

    dots_signal_observe_free(o);
}


static dots_signal_observer_t **
dots_signal_observe_find(dots_signal_t *s, const dots_coap_message_t *m)
{
    dots_signal_observer_t  *o, **link;

    for (link = &s->observers; *link != NULL; link = &(*link)->next) {

        o = *link;

        if (o->token_len == m->token_len
            && memcmp(o->token, m->token, m->token_len) == 0)
        {
            return link;
        }
    }

    return NULL;
}


/*
 * The peer is told.  Without memory for the list nothing is known of it:
 * something that has ended may then go unreported, never reported twice.
 */

static void
dots_signal_observe_told(dots_signal_observer_t *o,
    const dots_signal_told_t *told, int64_t now)
{
    dots_signal_observed_t  *observed;

    o->told = now;
    o->times = told->digest == o->digest ? o->times + 1 : 1;
    o->digest = told->digest;

    if (!o->mitigation) {
        return;
    }

    observed = malloc((told->n + 1) * sizeof(dots_signal_observed_t));

    if (observed == NULL || told->list == NULL) {
        free(observed);
        o->nobserved = 0;
        return;
    }

    memcpy(observed, told->list, told->n * sizeof(dots_signal_observed_t));
    free(o->observed);

    o->active = told->active;
    o->passing = told->passing;
    o->observed = observed;
    o->nobserved = told->n;
    o->over = o->has_mid && told->n == 0;
}


/* ---- a request asks for it ---- */

static void
dots_signal_observe_add(dots_signal_exchange_t *ex,
    dots_coap_message_t *response, const dots_request_t *rq)
{
    dots_signal_t           *s;
    dots_signal_observer_t  *o;

    s = ex->signal;

    if (s->conf.ops->observe != NULL
        && s->conf.ops->observe(s->peer, ex->customer) != 0)
    {
        return;
    }

    o = calloc(1, sizeof(dots_signal_observer_t) + ex->data.len);

    if (o == NULL) {
        dots_signal_observe_gone(s, ex->customer);
        return;
    }

    o->method = ex->method;
    o->whose = ex->customer;
    o->token_len = ex->request.token_len;
    memcpy(o->token, ex->request.token, o->token_len);
    o->len = ex->data.len;
    memcpy(o->data, ex->data.data, ex->data.len);
    o->options = (size_t) (ex->request.path[0].data - ex->data.data);

    if (rq != NULL) {
        o->mitigation = 1;
        o->customer = dots_registry_hash(rq->customer->name);
        o->cuid = dots_registry_hash(rq->cuid);
        o->has_mid = rq->has_mid;
        o->mid = rq->mid;
    }

    dots_signal_tell(ex, response, rq);
    dots_signal_observe_told(o, &ex->told, s->now);

    o->next = s->observers;
    s->observers = o;
    s->nobservers++;

    dots_signal_interest(s);

    response->observe = s->sequence++ & DOTS_SIGNAL_OBSERVE_SEQUENCE;
}


/* Nonzero: the customer has DOTS_SIGNAL_OBSERVERS in this session. */

static int
dots_signal_observe_full(const dots_signal_t *s,
    const dots_customer_t *customer)
{
    size_t                         n;
    const dots_signal_observer_t  *o;

    if (s->nobservers == s->shares * DOTS_SIGNAL_OBSERVERS) {
        return 1;
    }

    n = 0;

    for (o = s->observers; o != NULL; o = o->next) {

        if (o->whose == customer) {
            n++;
        }
    }

    return n >= DOTS_SIGNAL_OBSERVERS;
}


/*
 * RFC 9244 section 9.2: "The DOTS server MUST NOT add a new Observe entry if
 * this query overlaps with an existing Observe entry".  They do if both tell of
 * the same mitigation now.
 */

static int
dots_signal_observe_overlaps(dots_signal_exchange_t *ex,
    const dots_request_t *rq)
{
    size_t                         i, j;
    const dots_signal_observer_t  *o;

    if (rq == NULL || !dots_signal_filter_asked(&ex->request)) {
        return 0;
    }

    for (o = ex->signal->observers; o != NULL; o = o->next) {

        if (!o->mitigation || o->whose != ex->customer
            || o->cuid != dots_registry_hash(rq->cuid))
        {
            continue;
        }

        for (i = 0, j = 0; i < o->nobserved && j < rq->nmitigations; /* void */)
        {
            if (o->observed[i].mid == rq->mitigations[j].mid) {
                return 1;
            }

            /* both are sorted by mid */

            if (o->observed[i].mid < rq->mitigations[j].mid) {
                i++;

            } else {
                j++;
            }
        }
    }

    return 0;
}


const char *
dots_signal_observe_register(dots_signal_exchange_t *ex,
    dots_coap_message_t *response, const dots_request_t *rq)
{
    dots_signal_t           *s;
    dots_signal_observer_t  **link;

    static const char  overlap[] = "the query overlaps with an observation "
                                   "that there is";

    s = ex->signal;

    /* a later block registers nothing, RFC 7959 section 2.6 */

    if (ex->method == NULL || !ex->method->observable
        || ex->request.observe < 0 || dots_coap_asks_later(&ex->request))
    {
        return NULL;
    }

    /* the same token: replaced by the new one, RFC 7641 section 4.1 */

    link = dots_signal_observe_find(s, &ex->request);

    if (link != NULL) {
        dots_signal_observe_remove(s, link);
    }

    /*
     * Beyond the limit, after an error, and for values other than 0 it is an
     * ordinary GET: the response without the option says so.
     */

    if (ex->request.observe != 0 || dots_coap_class(response->code) != 2) {
        return NULL;
    }

    if (dots_signal_observe_overlaps(ex, rq)) {
        dots_coap_init(response);
        response->code = dots_coap_code(4, 9);
        response->payload = dots_str(overlap, sizeof(overlap) - 1);

        return overlap;
    }

    if (!dots_signal_observe_full(s, ex->customer)) {
        dots_signal_observe_add(ex, response, rq);
    }

    return NULL;
}


/* ---- something may have changed ---- */

void
dots_signal_observe_changed(dots_signal_t *s,
    const dots_registry_change_t *change)
{
    dots_signal_observer_t  *o;

    dots_signal_look_forget(s->conf.looks, change);

    for (o = s->observers; o != NULL; o = o->next) {

        if (!o->mitigation) {
            continue;
        }

        if (change == NULL
            || (change->customer == o->customer && change->cuid == o->cuid
                && (!o->has_mid || change->mid == o->mid)))
        {
            o->dirty = 1;
        }
    }
}


void
dots_signal_observe_touch(dots_signal_t *s,
    void (*handler)(dots_signal_exchange_t *ex))
{
    dots_signal_observer_t  *o;

    for (o = s->observers; o != NULL; o = o->next) {

        if (o->method->handler == handler) {
            o->dirty = 1;
        }
    }
}


void
dots_signal_observe_reset(dots_signal_t *s, uint16_t id)
{
    dots_signal_observer_t  **link;

    for (link = &s->observers; *link != NULL; link = &(*link)->next) {

        if ((*link)->sent && (*link)->id == id) {
            dots_signal_observe_remove(s, link);
            return;
        }
    }
}


/* ---- the look and the notification ---- */

int
dots_signal_observe_knows(const dots_signal_observer_t *o, uint32_t mid)
{
    size_t  low, high, middle;

    low = 0;
    high = o->nobserved;

    while (low < high) {
        middle = low + (high - low) / 2;

        if (o->observed[middle].mid == mid) {
            return 1;
        }

        if (o->observed[middle].mid < mid) {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    return 0;
}


void
dots_signal_observe_amend(dots_signal_exchange_t *ex, dots_request_t *rq)
{
    size_t                   i, j, n;
    dots_mitigation_t       *list;
    dots_signal_observer_t  *o;

    o = ex->observer;

    n = rq->nmitigations > rq->nseen ? rq->nmitigations : rq->nseen;

    ex->signal->rested = ex->signal->now
                         + (int64_t) (n / DOTS_SIGNAL_OBSERVE_LOOK);

    if (rq->verdict != DOTS_VERDICT_FOUND
        && rq->verdict != DOTS_VERDICT_NOT_FOUND)
    {
        return;
    }

    if (rq->verdict == DOTS_VERDICT_NOT_FOUND) {
        rq->nmitigations = 0;
    }

    list = dots_arena_alloc(rq->arena, (rq->nmitigations + o->nobserved)
                                       * sizeof(dots_mitigation_t));
    if (list == NULL) {
        return;
    }

    n = rq->nmitigations;

    if (n) {
        memcpy(list, rq->mitigations, n * sizeof(dots_mitigation_t));
    }

    /* both are sorted by mid */

    for (i = 0, j = 0; i < o->nobserved; i++) {

        while (j < rq->nmitigations
               && rq->mitigations[j].mid < o->observed[i].mid)
        {
            j++;
        }

        if (j < rq->nmitigations
            && rq->mitigations[j].mid == o->observed[i].mid)
        {
            continue;
        }

        memset(&list[n], 0, sizeof(dots_mitigation_t));

        list[n].customer = rq->customer->name;
        list[n].cuid = rq->cuid;
        list[n].mid = o->observed[i].mid;
        list[n].trigger = 1;
        list[n].status = DOTS_STATUS_TERMINATED;
        n++;
    }

    if (n > rq->nmitigations) {
        rq->verdict = DOTS_VERDICT_FOUND;
        rq->nmitigations = n;
        rq->mitigations = list;
    }
}


static dots_signal_observer_t **
dots_signal_observe_link(dots_signal_t *s, const dots_signal_observer_t *o)
{
    dots_signal_observer_t  **link;

    for (link = &s->observers; *link != o; link = &(*link)->next) {
        /* void */
    }

    return link;
}


/*
 * The pace is the session's: who has had a word is behind all others, or one
 * that always has news would keep theirs from them.
 */

static void
dots_signal_observe_last(dots_signal_t *s, dots_signal_observer_t *o)
{
    dots_signal_observer_t  **link;

    link = dots_signal_observe_link(s, o);
    *link = o->next;

    while (*link != NULL) {
        link = &(*link)->next;
    }

    *link = o;
    o->next = NULL;
}


static void
dots_signal_observe_notify(dots_signal_exchange_t *ex,
    dots_signal_observer_t *o, dots_coap_message_t *response)
{
    dots_signal_t  *s;

    s = ex->signal;

    (void) dots_signal_block_response(ex, response);

    response->token_len = o->token_len;
    memcpy(response->token, o->token, o->token_len);

    if (dots_coap_class(response->code) == 2) {
        response->observe = s->sequence++ & DOTS_SIGNAL_OBSERVE_SEQUENCE;
    }

    /* losing one is no error: the next repeats what is still true */

    (void) s->transport->send(s, response);

    o->sent = 1;
    o->id = response->id;
    s->notified = s->now;
    s->notified_size = response->payload.len + DOTS_SIGNAL_OBSERVE_OVERHEAD;

    dots_signal_observe_last(s, o);
}


static void
dots_signal_observe_key(const dots_signal_observer_t *o,
    dots_signal_look_key_t *key)
{
    key->whose = o->whose;
    key->customer = o->customer;
    key->cuid = o->cuid;
    key->has_mid = o->has_mid;
    key->mid = o->mid;
    key->knew = o->digest;
    key->options = dots_str(o->data + o->options, o->len - o->options);
}


static int
dots_signal_observe_new(const dots_signal_observer_t *o,
    const dots_signal_told_t *told)
{
    return o->repeat || told->ended || told->digest != o->digest;
}


int
dots_signal_observe_news(dots_signal_exchange_t *ex, const dots_request_t *rq)
{
    dots_signal_tell(ex, NULL, rq);

    return dots_signal_observe_new(ex->observer, &ex->told);
}


/*
 * Nonzero: it has to be told.  What was found is kept for other observers,
 * unless it has changed meanwhile.
 */

static int
dots_signal_observe_found(dots_signal_exchange_t *ex,
    const dots_coap_message_t *response, const dots_request_t *rq)
{
    int                      news;
    dots_signal_t           *s;
    dots_signal_observer_t  *o;
    dots_signal_look_key_t   key;

    s = ex->signal;
    o = ex->observer;

    dots_signal_tell(ex, response, rq);

    if (o->mitigation && !ex->shared && !o->dirty) {
        dots_signal_observe_key(o, &key);
        dots_signal_look_keep(s->conf.looks, &key, &ex->told,
                              response->payload, s->now);
    }

    news = dots_signal_observe_new(o, &ex->told);

    if (news) {
        dots_signal_observe_told(o, &ex->told, s->now);
    }

    return news;
}


void
dots_signal_observe_answer(dots_signal_exchange_t *ex,
    dots_coap_message_t *response, const dots_request_t *rq)
{
    int                      news;
    dots_signal_t           *s;
    dots_signal_observer_t  *o;

    s = ex->signal;
    o = ex->observer;

    o->looking = 0;

    if (o->removed) {
        dots_signal_observe_free(o);
        return;
    }

    /*
     * Not now: starting, the disk, memory.  A list that has become too large
     * will be so the next time, too: the peer has to hear of that.
     */

    if (dots_coap_class(response->code) == 5
        && response->code != dots_coap_code(5, 1))
    {
        o->dirty = 1;
        o->earliest = s->now + DOTS_SIGNAL_OBSERVE_RETRY;
        return;
    }

    news = dots_coap_class(response->code) == 2
           && dots_signal_observe_found(ex, response, rq);

    o->repeat = 0;

    if (dots_coap_class(response->code) == 2) {

        if (!news) {
            return;
        }

    } else if (o->mitigation && !o->has_mid
               && response->code == dots_coap_code(4, 4))
    {
        /*
         * No mitigation is left, which was said of each, or none that the
         * query matches: others may come.  Nothing is to be repeated.
         */

        o->active = 0;
        o->passing = 0;
        o->nobserved = 0;
        o->digest = 0;

        return;

    } else {
        o->over = 1;
    }

    dots_signal_observe_notify(ex, o, response);

    /* a GET would now be 4.04: RFC 7641 section 4.2 ends the observation */

    if (o->over) {
        dots_signal_observe_remove(s, dots_signal_observe_link(s, o));
    }
}


/* ---- one timer, one close ---- */

/* ms: no look, and no notification, before. */

static int64_t
dots_signal_observe_pace(const dots_signal_t *s)
{
    int64_t  pace, probing;

    if (s->transport->reliable || s->notified == 0) {
        return s->rested;
    }

    pace = s->rtt ? s->rtt : DOTS_SIGNAL_OBSERVE_PACE;

    if (s->now - s->heard > DOTS_SIGNAL_OBSERVE_SILENCE
        && s->transmission.probing_rate)
    {
        probing = (int64_t) s->notified_size * 1000
                  / s->transmission.probing_rate;
        pace = pace > probing ? pace : probing;
    }

    pace += s->notified;

    return pace > s->rested ? pace : s->rested;
}


/* ms from now until the observer is to be looked at; -1: when it changes. */

static int64_t
dots_signal_observe_due(dots_signal_t *s, dots_signal_observer_t *o)
{
    int64_t  due, pace;

    if (o->looking) {
        return -1;
    }

    if (o->dirty) {
        due = o->earliest;

    } else if (o->passing && o->times < DOTS_SIGNAL_OBSERVE_TIMES) {
        due = o->told + DOTS_SIGNAL_OBSERVE_SHOWN;

    } else if (o->active) {
        due = o->told + DOTS_SIGNAL_OBSERVE_REPEAT;

    } else {
        return -1;
    }

    pace = dots_signal_observe_pace(s);
    due = due > pace ? due : pace;

    return due > s->now ? due - s->now : 0;
}


/* What has been found for another just now; NULL: nothing, look. */

static const dots_signal_look_t *
dots_signal_observe_shared(dots_signal_t *s, const dots_signal_observer_t *o)
{
    dots_signal_look_key_t     key;
    const dots_signal_look_t  *look;

    if (!o->mitigation) {
        return NULL;
    }

    dots_signal_observe_key(o, &key);

    look = dots_signal_look_find(s->conf.looks, &key, s->now);

    if (look != NULL && look->body.len == 0
        && dots_signal_observe_new(o, &look->told))
    {
        return NULL;
    }

    return look;
}


static void
dots_signal_observe_look(dots_signal_t *s, dots_signal_observer_t *o)
{
    const dots_signal_look_t  *look;

    if (!o->dirty) {
        o->repeat = 1;
    }

    o->dirty = 0;

    look = dots_signal_observe_shared(s, o);

    if (look != NULL && !dots_signal_observe_new(o, &look->told)) {
        return;
    }

    o->looking = 1;

    if (dots_signal_again(s, o, o->method, dots_str(o->data, o->len), look)
        != DOTS_OK)
    {
        o->looking = 0;
        o->dirty = 1;
        o->earliest = s->now + DOTS_SIGNAL_OBSERVE_RETRY;
    }
}


/*
 * The list may change under a look; one that has looked is not due again before
 * something new happens, so the walk begins anew after each.
 */

int64_t
dots_signal_observe_timer(dots_signal_t *s)
{
    int64_t                  ms, next;
    dots_signal_observer_t  *o;

again:

    next = -1;

    for (o = s->observers; o != NULL; o = o->next) {

        ms = dots_signal_observe_due(s, o);

        if (ms == 0) {
            dots_signal_observe_look(s, o);
            goto again;
        }

        if (ms > 0 && (next == -1 || ms < next)) {
            next = ms;
        }
    }

    return next;
}


void
dots_signal_observe_close(dots_signal_t *s)
{
    while (s->observers != NULL) {
        dots_signal_observe_remove(s, &s->observers);
    }
}
