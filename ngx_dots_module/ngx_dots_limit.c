#include <openssl/rand.h>

#include "ngx_dots_limit.h"
#include "ngx_dots_zone.h"


#define NGX_DOTS_LIMIT_WAYS       8
#define NGX_DOTS_LIMIT_BURST      10    /* s */
#define NGX_DOTS_LIMIT_ONE        1000  /* one event in a bucket */
#define NGX_DOTS_LIMIT_BODY       1024  /* bytes that count like a request */
#define NGX_DOTS_LIMIT_FORGET     86400000 /* ms: any bucket is empty then */
#define NGX_DOTS_LIMIT_LOG        60    /* s between lines about somebody */
#define NGX_DOTS_LIMIT_SPARE      10    /* times the rate, see the header */
#define NGX_DOTS_LIMIT_PROCESSES  32    /* with sessions of one customer */

/* parts of the zone */

#define NGX_DOTS_LIMIT_CUSTOMERS  32
#define NGX_DOTS_LIMIT_SOURCES    64

/* what a bucket is of; a source has the first two */

#define NGX_DOTS_LIMIT_HANDSHAKE  0
#define NGX_DOTS_LIMIT_REQUEST    1
#define NGX_DOTS_LIMIT_KEEP       2     /* heartbeats, DELETE */
#define NGX_DOTS_LIMIT_DATA       3     /* requests of the data channel */


typedef struct {
    uint64_t                   ms;      /* when "excess" was right */
    uint64_t                   excess;  /* 1/1000 events */
} ngx_dots_limit_bucket_t;

typedef struct {
    uint64_t                   key;     /* 0: free */
    uint64_t                   used;    /* ms */
    uint64_t                   logged;  /* ms of the last line; 0: never */
    uint64_t                   refused; /* since then */
    ngx_dots_limit_bucket_t    buckets[2];
} ngx_dots_limit_entry_t;

typedef struct {
    uint32_t                   pid;     /* 0: free */
    uint32_t                   n;       /* sessions */
    uint32_t                   observers;   /* in these, and in gateways' */
    uint32_t                   streams;     /* of the data channel */
} ngx_dots_limit_sessions_t;

/* A process that dies takes its sessions along: they count by process. */

typedef struct {
    ngx_dots_limit_entry_t     entry;   /* first: entries are found by it */
    ngx_dots_limit_bucket_t    keep;
    ngx_dots_limit_bucket_t    data;
    ngx_dots_limit_sessions_t  sessions[NGX_DOTS_LIMIT_PROCESSES];
} ngx_dots_limit_customer_t;

typedef struct {
    u_char                    *entries;
    size_t                     size;    /* of an entry */
    size_t                     sets;
} ngx_dots_limit_table_t;

typedef struct {
    uint64_t                   secret;  /* which set is not for a peer to say */
    ngx_dots_limit_table_t     customers;
    ngx_dots_limit_table_t     sources;
} ngx_dots_limits_t;

/* What was decided, and whether it is time for a line in the log. */

typedef struct {
    uint64_t                   wait;    /* ms */
    uint64_t                   refused; /* to be logged; 0: nothing is */
} ngx_dots_limit_verdict_t;


static ngx_int_t ngx_dots_limit_table(ngx_slab_pool_t *pool,
    ngx_dots_limit_table_t *table, size_t size, size_t entry);
static void *ngx_dots_limit_find(ngx_dots_limit_table_t *table, uint64_t key);
static uint64_t ngx_dots_limit_source_key(struct sockaddr *sa);
static uint64_t ngx_dots_limit_customer_key(const dots_customer_t *customer);
static uint64_t ngx_dots_limit_excess(ngx_dots_limit_bucket_t *bucket,
    uint64_t rate);
static uint64_t ngx_dots_limit_take(ngx_dots_limit_bucket_t *bucket,
    uint64_t rate, uint64_t more);
static void ngx_dots_limit_add(ngx_dots_limit_bucket_t *bucket, uint64_t rate,
    uint64_t cost);
static void ngx_dots_limit_refused(ngx_dots_limit_entry_t *entry,
    ngx_dots_limit_verdict_t *v);
static uint64_t ngx_dots_limit_source(ngx_connection_t *c, ngx_uint_t bucket,
    uint64_t rate);
static ngx_dots_limit_bucket_t *ngx_dots_limit_bucket(
    ngx_dots_limit_customer_t *lc, ngx_uint_t bucket);
static uint64_t ngx_dots_limit_customer(const dots_customer_t *customer,
    ngx_uint_t bucket, uint64_t rate, uint64_t more, ngx_log_t *log);
static void ngx_dots_limit_log(const dots_customer_t *customer, ngx_log_t *log,
    ngx_dots_limit_verdict_t *v);
static void ngx_dots_limit_audit(ngx_str_t *peer,
    const dots_customer_t *customer, uint64_t refused);
static ngx_int_t ngx_dots_limit_hold(const dots_customer_t *customer,
    uint32_t max, size_t offset);
static void ngx_dots_limit_release(const dots_customer_t *customer,
    uint32_t max, size_t offset);
static uint32_t *ngx_dots_limit_count(ngx_dots_limit_sessions_t *s,
    size_t offset);
static ngx_uint_t ngx_dots_limit_full(ngx_dots_limit_customer_t *lc,
    uint32_t max, size_t offset);
static ngx_uint_t ngx_dots_limit_sum(ngx_dots_limit_customer_t *lc,
    size_t offset);
static void ngx_dots_limit_bury(ngx_dots_limit_customer_t *lc);
static ngx_dots_limit_sessions_t *ngx_dots_limit_mine(
    ngx_dots_limit_customer_t *lc);
static void ngx_dots_limit_idle(ngx_dots_limit_sessions_t *mine);
static ngx_uint_t ngx_dots_limit_keeps(const dots_coap_message_t *request);


/* ---- the tables ---- */

ngx_int_t
ngx_dots_limit_init_zone(ngx_slab_pool_t *pool, ngx_dots_shared_t *shared,
    size_t size)
{
    ngx_dots_limits_t  *limits;

    limits = ngx_slab_calloc(pool, sizeof(ngx_dots_limits_t));

    if (limits == NULL
        || RAND_bytes((u_char *) &limits->secret, sizeof(limits->secret)) != 1
        || ngx_dots_limit_table(pool, &limits->customers,
                                size / NGX_DOTS_LIMIT_CUSTOMERS,
                                sizeof(ngx_dots_limit_customer_t))
           != NGX_OK
        || ngx_dots_limit_table(pool, &limits->sources,
                                size / NGX_DOTS_LIMIT_SOURCES,
                                sizeof(ngx_dots_limit_entry_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    shared->limits = limits;

    return NGX_OK;
}


static ngx_int_t
ngx_dots_limit_table(ngx_slab_pool_t *pool, ngx_dots_limit_table_t *table,
    size_t size, size_t entry)
{
    table->size = entry;
    table->sets = size / (entry * NGX_DOTS_LIMIT_WAYS);
    table->entries = ngx_slab_calloc(pool, table->sets * entry
                                           * NGX_DOTS_LIMIT_WAYS);

    return table->entries ? NGX_OK : NGX_ERROR;
}


/* Locked.  The entry of the key, an empty one if it had none. */

static void *
ngx_dots_limit_find(ngx_dots_limit_table_t *table, uint64_t key)
{
    u_char                  *p;
    uint64_t                 h;
    ngx_uint_t               i;
    ngx_dots_limits_t       *limits;
    ngx_dots_limit_entry_t  *entry, *oldest;

    limits = ngx_dots_shared->limits;

    /* the finalizer of splitmix64 */

    h = key ^ limits->secret;
    h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9;
    h = (h ^ (h >> 27)) * 0x94d049bb133111eb;
    h ^= h >> 31;

    p = table->entries + (h % table->sets) * NGX_DOTS_LIMIT_WAYS * table->size;
    oldest = (ngx_dots_limit_entry_t *) p;

    for (i = 0; i < NGX_DOTS_LIMIT_WAYS; i++, p += table->size) {

        entry = (ngx_dots_limit_entry_t *) p;

        if (entry->key == key) {
            entry->used = ngx_current_msec;
            return entry;
        }

        if (entry->key == 0
            || (oldest->key != 0 && entry->used < oldest->used))
        {
            oldest = entry;
        }
    }

    ngx_memzero(oldest, table->size);

    oldest->key = key;
    oldest->used = ngx_current_msec;

    return oldest;
}


/* The address as it is, so that nobody can make it another's; never 0. */

static uint64_t
ngx_dots_limit_source_key(struct sockaddr *sa)
{
    uint64_t              key;
    uint32_t              v4;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;

    if (sa->sa_family == AF_INET6) {
        sin6 = (struct sockaddr_in6 *) sa;

        if (!IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr)) {
            ngx_memcpy(&key, &sin6->sin6_addr, sizeof(key));
            return key ? key : 1;
        }

        ngx_memcpy(&v4, &sin6->sin6_addr.s6_addr[12], sizeof(v4));

    } else
#endif
    if (sa->sa_family == AF_INET) {
        v4 = ((struct sockaddr_in *) sa)->sin_addr.s_addr;

    } else {
        return 1;
    }

    /* begins like no address of IPv6 that is in use (0001::/16) */

    key = 0;
    ngx_memcpy((u_char *) &key + sizeof(key) - sizeof(v4), &v4, sizeof(v4));
    ((u_char *) &key)[1] = 1;

    return key;
}


static uint64_t
ngx_dots_limit_customer_key(const dots_customer_t *customer)
{
    uint64_t  key;

    key = dots_registry_hash(customer->name);

    return key ? key : 1;
}


/* ---- a bucket ---- */

/* Locked.  What is in it now. */

static uint64_t
ngx_dots_limit_excess(ngx_dots_limit_bucket_t *bucket, uint64_t rate)
{
    uint64_t  now, elapsed, drained;

    now = ngx_current_msec;
    elapsed = now > bucket->ms ? now - bucket->ms : 0;
    drained = elapsed > NGX_DOTS_LIMIT_FORGET ? bucket->excess
                                              : elapsed * rate / 1000;

    return bucket->excess > drained ? bucket->excess - drained : 0;
}


/*
 * Locked.  Takes one event: 0, or the ms until there is room for it.  A refused
 * one leaves no trace: who goes on asking is not kept out for ever.  "more" go
 * with it whether there is room or not, or a large one would never come in.
 */

static uint64_t
ngx_dots_limit_take(ngx_dots_limit_bucket_t *bucket, uint64_t rate,
    uint64_t more)
{
    uint64_t  excess, burst;

    if (rate == 0) {
        return 0;                           /* no limit */
    }

    excess = ngx_dots_limit_excess(bucket, rate);
    burst = ngx_max(rate * NGX_DOTS_LIMIT_BURST, NGX_DOTS_LIMIT_ONE);

    if (excess + NGX_DOTS_LIMIT_ONE > burst) {
        return ((excess + NGX_DOTS_LIMIT_ONE - burst) * 1000 + rate - 1) / rate;
    }

    bucket->excess = excess + (1 + more) * NGX_DOTS_LIMIT_ONE;
    bucket->ms = ngx_current_msec;

    return 0;
}


/* Locked.  Whether there is room or not; 1/1000 events. */

static void
ngx_dots_limit_add(ngx_dots_limit_bucket_t *bucket, uint64_t rate,
    uint64_t cost)
{
    if (rate) {
        bucket->excess = ngx_dots_limit_excess(bucket, rate) + cost;
        bucket->ms = ngx_current_msec;
    }
}


/* Locked. */

static void
ngx_dots_limit_refused(ngx_dots_limit_entry_t *entry,
    ngx_dots_limit_verdict_t *v)
{
    entry->refused++;

    if (entry->logged == 0
        || ngx_current_msec - entry->logged >= NGX_DOTS_LIMIT_LOG * 1000)
    {
        v->refused = entry->refused;
        entry->refused = 0;
        entry->logged = ngx_current_msec;
    }
}


/* ---- sources ---- */

static uint64_t
ngx_dots_limit_source(ngx_connection_t *c, ngx_uint_t bucket, uint64_t rate)
{
    ngx_dots_limits_t         *limits;
    ngx_dots_limit_entry_t    *entry;
    ngx_dots_limit_verdict_t   v = { 0, 0 };

    if (rate == 0) {
        return 0;
    }

    limits = ngx_dots_shared->limits;

    ngx_dots_zone_hold();

    entry = ngx_dots_limit_find(&limits->sources,
                                ngx_dots_limit_source_key(c->sockaddr));

    v.wait = ngx_dots_limit_take(&entry->buckets[bucket], rate, 0);

    if (v.wait) {
        ngx_dots_limit_refused(entry, &v);
    }

    ngx_dots_zone_release();

    if (v.refused == 0) {
        return v.wait;
    }

    ngx_log_error(NGX_LOG_INFO, c->log, 0,
                  "source over its limits, %uL handshakes or requests "
                  "refused", v.refused);

    /* who only shakes hands is not known to be there */

    if (bucket == NGX_DOTS_LIMIT_REQUEST) {
        ngx_dots_limit_audit(&c->addr_text, NULL, v.refused);
    }

    return v.wait;
}


ngx_int_t
ngx_dots_limit_hello(ngx_dots_conf_t *dcf, ngx_connection_t *c)
{
    return ngx_dots_limit_source(c, NGX_DOTS_LIMIT_HANDSHAKE,
                                 dcf->source_handshakes)
           ? NGX_BUSY : NGX_OK;
}


/* ---- customers ---- */

static ngx_dots_limit_bucket_t *
ngx_dots_limit_bucket(ngx_dots_limit_customer_t *lc, ngx_uint_t bucket)
{
    switch (bucket) {

    case NGX_DOTS_LIMIT_KEEP:
        return &lc->keep;

    case NGX_DOTS_LIMIT_DATA:
        return &lc->data;

    default:
        return &lc->entry.buckets[bucket];
    }
}


static uint64_t
ngx_dots_limit_customer(const dots_customer_t *customer, ngx_uint_t bucket,
    uint64_t rate, uint64_t more, ngx_log_t *log)
{
    ngx_dots_limits_t          *limits;
    ngx_dots_limit_verdict_t    v = { 0, 0 };
    ngx_dots_limit_customer_t  *lc;

    if (rate == 0) {
        return 0;
    }

    limits = ngx_dots_shared->limits;

    ngx_dots_zone_hold();

    lc = ngx_dots_limit_find(&limits->customers,
                             ngx_dots_limit_customer_key(customer));

    v.wait = ngx_dots_limit_take(ngx_dots_limit_bucket(lc, bucket), rate,
                                 more);

    if (v.wait) {
        ngx_dots_limit_refused(&lc->entry, &v);
    }

    ngx_dots_zone_release();

    ngx_dots_limit_log(customer, log, &v);

    return v.wait;
}


static void
ngx_dots_limit_log(const dots_customer_t *customer, ngx_log_t *log,
    ngx_dots_limit_verdict_t *v)
{
    ngx_str_t  name;

    if (v->refused == 0) {
        return;
    }

    name.data = (u_char *) customer->name.data;
    name.len = customer->name.len;

    ngx_log_error(NGX_LOG_WARN, log, 0,
                  "dots: customer \"%V\" over its limits, %uL sessions or "
                  "requests refused", &name, v->refused);

    ngx_dots_limit_audit(NULL, customer, v->refused);
}


/* A flood is a line a minute, it does not fill the disk. */

static void
ngx_dots_limit_audit(ngx_str_t *peer, const dots_customer_t *customer,
    uint64_t refused)
{
    u_char          text[sizeof(" sessions or requests over the limits")
                         + NGX_INT64_LEN];
    ngx_dots_log_t  entry;

    ngx_memzero(&entry, sizeof(ngx_dots_log_t));

    ngx_str_set(&entry.channel, "signal");

    if (peer) {
        entry.peer = *peer;
    }

    if (customer) {
        entry.customer = customer->name;
    }

    ngx_str_set(&entry.code, "4.29");

    entry.reason.data = text;
    entry.reason.len = ngx_sprintf(text, "%uL sessions or requests over the "
                                   "limits", refused)
                       - text;

    ngx_dots_log(&entry);
}


ngx_int_t
ngx_dots_limit_open(const dots_customer_t *customer, ngx_log_t *log)
{
    ngx_uint_t                  full;
    ngx_dots_limits_t          *limits;
    ngx_dots_limit_verdict_t    v = { 0, 0 };
    ngx_dots_limit_customer_t  *lc;
    ngx_dots_limit_sessions_t  *mine;

    if (ngx_dots_limit_customer(customer, NGX_DOTS_LIMIT_HANDSHAKE,
                                customer->handshakes, 0, log))
    {
        return NGX_BUSY;
    }

    limits = ngx_dots_shared->limits;

    ngx_dots_zone_hold();

    lc = ngx_dots_limit_find(&limits->customers,
                             ngx_dots_limit_customer_key(customer));

    full = customer->max_sessions
           && ngx_dots_limit_full(lc, customer->max_sessions,
                              offsetof(ngx_dots_limit_sessions_t, n));

    if (full) {
        ngx_dots_limit_refused(&lc->entry, &v);

    } else {
        mine = ngx_dots_limit_mine(lc);

        if (mine) {
            mine->pid = (uint32_t) ngx_pid;
            mine->n++;
        }
    }

    ngx_dots_zone_release();

    ngx_dots_limit_log(customer, log, &v);

    return full ? NGX_BUSY : NGX_OK;
}


void
ngx_dots_limit_close(const dots_customer_t *customer)
{
    ngx_dots_limits_t          *limits;
    ngx_dots_limit_sessions_t  *mine;

    limits = ngx_dots_shared->limits;

    ngx_dots_zone_hold();

    mine = ngx_dots_limit_mine(ngx_dots_limit_find(&limits->customers,
                                       ngx_dots_limit_customer_key(customer)));

    /* nothing, if the entry had to make room in between */

    if (mine && mine->pid && mine->n) {
        mine->n--;
        ngx_dots_limit_idle(mine);
    }

    ngx_dots_zone_release();
}


ngx_int_t
ngx_dots_limit_observe(const dots_customer_t *customer)
{
    return ngx_dots_limit_hold(customer, customer->max_observers,
                               offsetof(ngx_dots_limit_sessions_t, observers));
}


void
ngx_dots_limit_unobserve(const dots_customer_t *customer)
{
    ngx_dots_limit_release(customer, customer->max_observers,
                           offsetof(ngx_dots_limit_sessions_t, observers));
}


ngx_int_t
ngx_dots_limit_stream(const dots_customer_t *customer)
{
    return ngx_dots_limit_hold(customer, customer->max_streams,
                               offsetof(ngx_dots_limit_sessions_t, streams));
}


void
ngx_dots_limit_unstream(const dots_customer_t *customer)
{
    ngx_dots_limit_release(customer, customer->max_streams,
                           offsetof(ngx_dots_limit_sessions_t, streams));
}


static ngx_int_t
ngx_dots_limit_hold(const dots_customer_t *customer, uint32_t max,
    size_t offset)
{
    ngx_uint_t                  full;
    ngx_dots_limits_t          *limits;
    ngx_dots_limit_customer_t  *lc;
    ngx_dots_limit_sessions_t  *mine;

    if (max == 0) {
        return NGX_OK;
    }

    limits = ngx_dots_shared->limits;

    ngx_dots_zone_hold();

    lc = ngx_dots_limit_find(&limits->customers,
                             ngx_dots_limit_customer_key(customer));

    full = ngx_dots_limit_full(lc, max, offset);

    mine = full ? NULL : ngx_dots_limit_mine(lc);

    if (mine) {
        mine->pid = (uint32_t) ngx_pid;
        (*ngx_dots_limit_count(mine, offset))++;
    }

    ngx_dots_zone_release();

    return full ? NGX_BUSY : NGX_OK;
}


static void
ngx_dots_limit_release(const dots_customer_t *customer, uint32_t max,
    size_t offset)
{
    ngx_dots_limits_t          *limits;
    ngx_dots_limit_sessions_t  *mine;

    if (max == 0) {
        return;
    }

    limits = ngx_dots_shared->limits;

    ngx_dots_zone_hold();

    mine = ngx_dots_limit_mine(ngx_dots_limit_find(&limits->customers,
                                       ngx_dots_limit_customer_key(customer)));

    /* nothing, if the entry had to make room in between */

    if (mine && mine->pid && *ngx_dots_limit_count(mine, offset)) {
        (*ngx_dots_limit_count(mine, offset))--;
        ngx_dots_limit_idle(mine);
    }

    ngx_dots_zone_release();
}


static uint32_t *
ngx_dots_limit_count(ngx_dots_limit_sessions_t *s, size_t offset)
{
    return (uint32_t *) ((u_char *) s + offset);
}


/* Locked.  Nonzero: there are "max", all of processes that live. */

static ngx_uint_t
ngx_dots_limit_full(ngx_dots_limit_customer_t *lc, uint32_t max, size_t offset)
{
    if (ngx_dots_limit_sum(lc, offset) < max) {
        return 0;
    }

    ngx_dots_limit_bury(lc);

    return ngx_dots_limit_sum(lc, offset) >= max;
}


static ngx_uint_t
ngx_dots_limit_sum(ngx_dots_limit_customer_t *lc, size_t offset)
{
    ngx_uint_t                  i, n;
    ngx_dots_limit_sessions_t  *s;

    n = 0;

    for (i = 0; i < NGX_DOTS_LIMIT_PROCESSES; i++) {
        s = &lc->sessions[i];

        if (s->pid) {
            n += *ngx_dots_limit_count(s, offset);
        }
    }

    return n;
}


static void
ngx_dots_limit_bury(ngx_dots_limit_customer_t *lc)
{
    ngx_uint_t                  i;
    ngx_dots_limit_sessions_t  *s;

    for (i = 0; i < NGX_DOTS_LIMIT_PROCESSES; i++) {
        s = &lc->sessions[i];

        if (s->pid && kill((ngx_pid_t) s->pid, 0) == -1 && ngx_errno == ESRCH)
        {
            ngx_memzero(s, sizeof(ngx_dots_limit_sessions_t));
        }
    }
}


/* Locked.  This process's, or a free one; NULL: too many processes. */

static ngx_dots_limit_sessions_t *
ngx_dots_limit_mine(ngx_dots_limit_customer_t *lc)
{
    ngx_uint_t                  i;
    ngx_dots_limit_sessions_t  *s, *mine;

    mine = NULL;

    for (i = 0; i < NGX_DOTS_LIMIT_PROCESSES; i++) {
        s = &lc->sessions[i];

        if (s->pid == (uint32_t) ngx_pid) {
            return s;
        }

        if (s->pid == 0 && mine == NULL) {
            mine = s;
            ngx_memzero(mine, sizeof(ngx_dots_limit_sessions_t));
        }
    }

    return mine;
}


/* Locked.  Observers may be in a gateway's sessions, with none of its own. */

static void
ngx_dots_limit_idle(ngx_dots_limit_sessions_t *mine)
{
    if (mine->n == 0 && mine->observers == 0 && mine->streams == 0) {
        mine->pid = 0;
    }
}


/* ---- requests ---- */

/* RFC 9132 sections 4.4.4 and 4.7 */

static ngx_uint_t
ngx_dots_limit_keeps(const dots_coap_message_t *request)
{
    static const dots_str_t  hb = dots_string("hb");

    return request->code == DOTS_COAP_DELETE
           || (request->npath > 2 && dots_str_eq(request->path[2], hb));
}


/*
 * The customer first: beyond its own rate nobody takes what its neighbours at
 * the same address have.
 */

int
ngx_dots_limit_request(ngx_dots_conf_t *dcf, ngx_connection_t *c,
    const dots_customer_t *customer, ngx_uint_t relayed,
    const dots_coap_message_t *request)
{
    uint64_t    wait;
    ngx_uint_t  keep;

    wait = 0;
    keep = customer && ngx_dots_limit_keeps(request);

    if (keep) {
        wait = ngx_dots_limit_customer(customer, NGX_DOTS_LIMIT_KEEP,
                            (uint64_t) customer->rate * NGX_DOTS_LIMIT_SPARE,
                            0, c->log);

    } else if (customer) {
        wait = ngx_dots_limit_customer(customer, NGX_DOTS_LIMIT_REQUEST,
                                       customer->rate,
                                       request->payload.len
                                       / NGX_DOTS_LIMIT_BODY,
                                       c->log);
    }

    if (wait == 0 && !keep && !relayed) {
        wait = ngx_dots_limit_source(c, NGX_DOTS_LIMIT_REQUEST,
                                     dcf->source_requests);
    }

    return (int) ((wait + 999) / 1000);
}


void
ngx_dots_limit_charge(ngx_dots_conf_t *dcf, ngx_connection_t *c,
    const dots_customer_t *customer, ngx_uint_t relayed,
    const dots_coap_message_t *request, size_t cost)
{
    ngx_uint_t                  keep;
    ngx_dots_limits_t          *limits;
    ngx_dots_limit_entry_t     *entry;
    ngx_dots_limit_customer_t  *lc;

    limits = ngx_dots_shared->limits;
    keep = ngx_dots_limit_keeps(request);

    ngx_dots_zone_hold();

    if (customer->rate) {
        lc = ngx_dots_limit_find(&limits->customers,
                                 ngx_dots_limit_customer_key(customer));

        ngx_dots_limit_add(ngx_dots_limit_bucket(lc, keep
                                                 ? NGX_DOTS_LIMIT_KEEP
                                                 : NGX_DOTS_LIMIT_REQUEST),
                           (uint64_t) customer->rate
                           * (keep ? NGX_DOTS_LIMIT_SPARE : 1),
                           cost + request->payload.len * NGX_DOTS_LIMIT_ONE
                                  / NGX_DOTS_LIMIT_BODY);
    }

    if (dcf->source_requests && !keep && !relayed) {
        entry = ngx_dots_limit_find(&limits->sources,
                                    ngx_dots_limit_source_key(c->sockaddr));

        ngx_dots_limit_add(&entry->buckets[NGX_DOTS_LIMIT_REQUEST],
                           dcf->source_requests, cost);
    }

    ngx_dots_zone_release();
}


ngx_uint_t
ngx_dots_limit_data(const dots_customer_t *customer, size_t len,
    ngx_log_t *log)
{
    return (ngx_dots_limit_customer(customer, NGX_DOTS_LIMIT_DATA,
                                    customer->data_rate,
                                    len / NGX_DOTS_LIMIT_BODY, log)
            + 999)
           / 1000;
}


void
ngx_dots_limit_data_more(const dots_customer_t *customer, ngx_uint_t more)
{
    ngx_dots_limits_t          *limits;
    ngx_dots_limit_customer_t  *lc;

    if (customer->data_rate == 0) {
        return;
    }

    limits = ngx_dots_shared->limits;

    ngx_dots_zone_hold();

    lc = ngx_dots_limit_find(&limits->customers,
                             ngx_dots_limit_customer_key(customer));

    lc->data.excess += more * NGX_DOTS_LIMIT_ONE;

    ngx_dots_zone_release();
}
