#include <openssl/rand.h>

#include "ngx_dots.h"
#include "ngx_dots_clock.h"
#include "ngx_dots_fence.h"
#include "ngx_dots_events.h"
#include "ngx_dots_state.h"
#include "ngx_dots_process.h"
#include "ngx_dots_zone_private.h"


#define NGX_DOTS_ZONE_ROTATE     3600 /* s; a cookie is good for two of these */
#define NGX_DOTS_ZONE_ARENA      (64 * 1024)
#define NGX_DOTS_ZONE_SILENCE    60   /* s between reports that it is full */
#define NGX_DOTS_ZONE_SPIN       1024 /* tries between looks at the holder */


static void ngx_dots_zone_acquire(void);
static ngx_int_t ngx_dots_zone_wipe(void);
static ngx_int_t ngx_dots_zone_load_kind(const char *kind, dots_store_pt cb,
    void *ctx);
static int ngx_dots_zone_load_client(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value);
static int ngx_dots_zone_load_mitigation(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value);
static ngx_uint_t ngx_dots_zone_ticket_old(time_t now);
static void *ngx_dots_zone_alloc(void *ctx, size_t size);
static void ngx_dots_zone_free(void *ctx, void *p);


typedef struct {
    ngx_log_t    *log;
    ngx_uint_t    clients;
    ngx_uint_t    mitigations;
    ngx_uint_t    damaged;
    ngx_uint_t    full;
    ngx_uint_t    shared;     /* whose cuid is another customer's, too */
} ngx_dots_zone_loading_t;


ngx_dots_shared_t        *ngx_dots_shared;
ngx_dots_zone_t          *ngx_dots_zone;

static ngx_slab_pool_t   *ngx_dots_zone_pool;
static dots_registry_t    ngx_dots_zone_registry;
static uint64_t           ngx_dots_zone_generation;  /* when it was locked */


/*
 * Two registries over one store would decide without each other: where a reload
 * brings another zone, workers of the old one decide nothing any more.
 */

void
ngx_dots_zone_attach(ngx_shm_zone_t *zone)
{
    if (ngx_dots_zone && (zone == NULL || zone->data != ngx_dots_zone)) {
        ngx_dots_zone->shared.fence = NGX_DOTS_FENCE_RETIRED;
        ngx_dots_zone->loaded = 0;
    }

    if (zone == NULL) {
        ngx_dots_zone = NULL;
        ngx_dots_shared = NULL;
        return;
    }

    ngx_dots_zone = zone->data;
    ngx_dots_zone_pool = (ngx_slab_pool_t *) zone->shm.addr;
    ngx_dots_shared = &ngx_dots_zone->shared;

    ngx_dots_zone_registry.memory.alloc = ngx_dots_zone_alloc;
    ngx_dots_zone_registry.memory.free = ngx_dots_zone_free;
}


/*
 * The master frees the lock of a worker that died with it, if there is still a
 * master, and if the zone is of its newest configuration.  Who waits does it in
 * any case, and does not sleep on a semaphore that nobody may ever post.
 */

static void
ngx_dots_zone_acquire(void)
{
    ngx_uint_t    i;
    ngx_pid_t     holder;
    ngx_shmtx_t  *mutex;

    mutex = &ngx_dots_zone_pool->mutex;

    for (i = 0; !ngx_shmtx_trylock(mutex); i++) {

        if (ngx_ncpu > 1 && i % NGX_DOTS_ZONE_SPIN) {
            ngx_cpu_pause();
            continue;
        }

        holder = (ngx_pid_t) *mutex->lock;

        if (holder && !ngx_dots_process_alive(holder, 0)) {
            (void) ngx_shmtx_force_unlock(mutex, holder);

        } else {
            ngx_sched_yield();
        }
    }

    dots_history_repair(ngx_dots_shared->history, ngx_dots_events_now());
}


dots_registry_t *
ngx_dots_zone_lock(ngx_uint_t write)
{
    int64_t  ahead;

    if (!ngx_dots_zone->loaded) {
        return NULL;
    }

    ahead = write ? ngx_dots_clock_ahead() : 0;

    ngx_dots_zone_acquire();

    if (ngx_dots_zone->mutating || !ngx_dots_fence_acting()) {
        ngx_dots_zone->loaded = 0;
    }

    if (!ngx_dots_zone->loaded) {
        ngx_shmtx_unlock(&ngx_dots_zone_pool->mutex);
        ngx_dots_process_wake_manager();
        return NULL;
    }

    ngx_dots_zone->mutating = write;
    ngx_memory_barrier();

    ngx_dots_zone_registry.root = ngx_dots_zone->registry;
    ngx_dots_zone_registry.memory.ctx = ngx_dots_zone->slab;
    ngx_dots_zone_registry.ahead = ahead;
    ngx_dots_zone_registry.history = ngx_dots_shared->history;
    ngx_dots_zone_registry.now = ngx_dots_events_now();

    ngx_dots_zone_generation = dots_registry_generation(
                                                     &ngx_dots_zone_registry);

    return &ngx_dots_zone_registry;
}


/* Whoever observes hears of every change, whatever made it. */

void
ngx_dots_zone_unlock(void)
{
    ngx_uint_t  changed;

    changed = dots_registry_generation(&ngx_dots_zone_registry)
              != ngx_dots_zone_generation;

    ngx_memory_barrier();
    ngx_dots_zone->mutating = 0;

    ngx_shmtx_unlock(&ngx_dots_zone_pool->mutex);

    if (changed) {
        ngx_dots_process_wake_observers();
    }
}


void
ngx_dots_zone_hold(void)
{
    ngx_dots_zone_acquire();
}


void
ngx_dots_zone_release(void)
{
    ngx_shmtx_unlock(&ngx_dots_zone_pool->mutex);
}


ngx_uint_t
ngx_dots_zone_loaded(void)
{
    return ngx_dots_zone->loaded;
}


ngx_uint_t
ngx_dots_zone_epoch(void)
{
    return ngx_dots_zone->epoch;
}


uint64_t
ngx_dots_zone_order(void)
{
    return ngx_dots_zone->order;
}


ngx_uint_t
ngx_dots_zone_missing(void)
{
    return ngx_dots_zone->missing;
}


void
ngx_dots_zone_full(ngx_log_t *log)
{
    ngx_atomic_uint_t  now, last;

    now = (ngx_atomic_uint_t) ngx_dots_zone_seconds();
    last = ngx_dots_zone->reported;

    if ((last == 0 || now - last >= NGX_DOTS_ZONE_SILENCE)
        && ngx_atomic_cmp_set(&ngx_dots_zone->reported, last, now))
    {
        ngx_log_error(NGX_LOG_ERR, log, 0, "dots: the zone is full, requests "
                      "are refused: enlarge \"zone\"");
    }
}


void
ngx_dots_zone_lose(void)
{
    ngx_dots_zone->loaded = 0;

    ngx_dots_process_wake_manager();
}


/* ---- filling the registry ---- */

ngx_int_t
ngx_dots_zone_load(ngx_log_t *log)
{
    ngx_int_t                 rc;
    ngx_dots_zone_loading_t   ld;

    if (ngx_dots_zone->loaded) {
        return NGX_OK;
    }

    if (ngx_dots_zone_take() != NGX_OK) {
        return NGX_AGAIN;
    }

    /* the last loader may have ended since we looked, and others be inside */

    if (ngx_dots_zone->loaded) {
        ngx_dots_zone_give();
        return NGX_OK;
    }

    ngx_memzero(&ld, sizeof(ngx_dots_zone_loading_t));
    ld.log = log;

    /* of a zone that acts the manager claims: ngx_dots_fence_confirm() */

    rc = ngx_dots_shared->fence == NGX_DOTS_FENCE_ACTING
         ? NGX_OK : ngx_dots_fence_claim(log);

    if (rc == NGX_OK || rc == NGX_DECLINED) {
        rc = ngx_dots_clock_start(log);
    }

    if (rc == NGX_OK) {
        rc = ngx_dots_zone_wipe();
    }

    if (rc == NGX_OK) {
        rc = ngx_dots_zone_load_kind("c", ngx_dots_zone_load_client, &ld);
        ngx_dots_zone->order = dots_store_seen();
    }

    if (rc == NGX_OK) {
        rc = ngx_dots_zone_load_kind("m", ngx_dots_zone_load_mitigation, &ld);
    }

    if (ld.damaged) {
        ngx_log_error(NGX_LOG_CRIT, log, 0,
                      "dots: %ui records of the store or more can't be read: "
                      "\"dots-admin store check\" says more", ld.damaged);
    }

    if (ld.full) {
        ngx_log_error(NGX_LOG_ERR, log, 0, "dots: the zone is too small for "
                      "the store, %ui mitigations and clients have no room: "
                      "their routes stay, but nobody can see or end them: "
                      "enlarge \"zone\"", ld.full);
    }

    if (ld.shared) {
        ngx_log_error(NGX_LOG_ERR, log, 0, "dots: the cuid of %ui mitigations "
                      "and clients is another customer's, too, as it was "
                      "stored by an older version: each keeps its own; "
                      "\"dots-admin store dump\" shows them", ld.shared);
    }

    if (rc == NGX_OK) {
        ngx_log_error(NGX_LOG_NOTICE, log, 0,
                      "dots: %ui mitigations and %ui clients loaded",
                      ld.mitigations, ld.clients);

        ngx_dots_zone->missing = ld.full;
        ngx_dots_zone->loaded = 1;
    }

    ngx_dots_zone_give();

    return rc;
}


ngx_int_t
ngx_dots_zone_take(void)
{
    ngx_pid_t  loader;

    loader = ngx_dots_zone->loader;

    if (loader && loader != ngx_pid
        && ngx_dots_process_alive(loader, 0))
    {
        return NGX_AGAIN;
    }

    return ngx_atomic_cmp_set(&ngx_dots_zone->loader, loader, ngx_pid)
           ? NGX_OK : NGX_AGAIN;
}


void
ngx_dots_zone_give(void)
{
    ngx_dots_zone->loader = 0;
}


static ngx_int_t
ngx_dots_zone_wipe(void)
{
    int               rc;
    ngx_slab_pool_t  *slab;

    ngx_dots_zone_acquire();

    /*
     * A slab pool inside one big piece of the zone's: it can be made anew
     * without touching the rest.  The zone's mutex guards both.
     */

    slab = ngx_dots_zone->slab;

    ngx_memzero(slab, sizeof(ngx_slab_pool_t));

    slab->end = (u_char *) slab + ngx_dots_zone->slab_size;
    slab->min_shift = 3;
    slab->addr = slab;

    ngx_slab_init(slab);

    slab->log_nomem = 0;    /* a full zone is an answer, not a log line */

    ngx_dots_zone_registry.memory.ctx = slab;

    /* what is loaded was there before */

    ngx_dots_zone_registry.history = NULL;

    rc = dots_registry_create(&ngx_dots_zone_registry);

    ngx_dots_zone->registry = ngx_dots_zone_registry.root;
    ngx_dots_zone->mutating = 0;
    ngx_dots_zone->epoch++;

    ngx_shmtx_unlock(&ngx_dots_zone_pool->mutex);

    return rc == DOTS_OK ? NGX_OK : NGX_ERROR;
}


/* What is whole is loaded: others' damaged records are not one's fault. */

static ngx_int_t
ngx_dots_zone_load_kind(const char *kind, dots_store_pt cb, void *ctx)
{
    ngx_int_t                 rc;
    ngx_dots_zone_loading_t  *ld = ctx;

    rc = ngx_dots_state_walk(kind, 1, cb, ctx);

    if (rc == NGX_ABORT) {
        ld->damaged++;
        return NGX_OK;
    }

    return rc;
}


/*
 * Nobody else sees the registry before "loaded" is set, so the loader needs no
 * lock.
 */

static int
ngx_dots_zone_load_client(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value)
{
    ngx_dots_zone_loading_t *ld = ctx;

    int         rc;
    dots_str_t  customer, cuid;

    if (ngx_dots_state_client_key(key, &customer, &cuid) != NGX_OK) {
        ld->damaged++;
        return 0;
    }

    rc = dots_registry_stored(&ngx_dots_zone_registry, customer, cuid,
                              dots_store_seen(), 1);

    if (rc == DOTS_OK) {
        ld->clients++;
        ld->shared += dots_registry_shared(&ngx_dots_zone_registry, cuid);

    } else {
        ld->full++;
    }

    return 0;
}


static int
ngx_dots_zone_load_mitigation(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value)
{
    ngx_dots_zone_loading_t *ld = ctx;

    int                 rc;
    dots_arena_t       *a;
    dots_mitigation_t   m;

    a = dots_arena_create(value.len * 8 + NGX_DOTS_ZONE_ARENA);
    if (a == NULL) {
        return 1;
    }

    rc = dots_mitigation_decode(&m, value.data, value.len, a);

    if (rc == DOTS_OK) {
        rc = dots_registry_load(&ngx_dots_zone_registry, &m);
    }

    if (rc == DOTS_OK) {
        ld->shared += dots_registry_shared(&ngx_dots_zone_registry, m.cuid);
    }

    dots_arena_destroy(a);

    if (rc == DOTS_OK) {
        ld->mitigations++;

    } else if (rc == DOTS_FULL) {
        ld->full++;

    } else {
        ld->damaged++;
    }

    return 0;
}


static void *
ngx_dots_zone_alloc(void *ctx, size_t size)
{
    return ngx_slab_alloc_locked(ctx, size);
}


static void
ngx_dots_zone_free(void *ctx, void *p)
{
    ngx_slab_free_locked(ctx, p);
}


/* ---- cookie secrets ---- */

/* They grow old by a clock that nobody sets; never 0. */

time_t
ngx_dots_zone_seconds(void)
{
    return (time_t) (ngx_current_msec / 1000) + 1;
}


ngx_uint_t
ngx_dots_zone_secrets_old(time_t made)
{
    return made != (time_t) ngx_dots_shared->secret_time
           || ngx_dots_zone_seconds() - made >= NGX_DOTS_ZONE_ROTATE;
}


time_t
ngx_dots_zone_secrets(u_char secrets[2][NGX_DOTS_COOKIE_SECRET])
{
    time_t              now, made;
    u_char              fresh[NGX_DOTS_COOKIE_SECRET];
    ngx_uint_t          old;
    ngx_dots_shared_t  *shared;

    shared = ngx_dots_shared;
    now = ngx_dots_zone_seconds();

    old = now - (time_t) shared->secret_time >= NGX_DOTS_ZONE_ROTATE;

    /* not under the lock: OpenSSL may take locks and read the disk */

    if (old && RAND_bytes(fresh, sizeof(fresh)) != 1) {
        old = 0;
    }

    ngx_dots_zone_acquire();

    if (old && now - (time_t) shared->secret_time >= NGX_DOTS_ZONE_ROTATE) {
        ngx_memcpy(shared->secret[1], shared->secret[0],
                   NGX_DOTS_COOKIE_SECRET);
        ngx_memcpy(shared->secret[0], fresh, NGX_DOTS_COOKIE_SECRET);
        shared->secret_time = now;
    }

    ngx_memcpy(secrets, shared->secret, 2 * NGX_DOTS_COOKIE_SECRET);
    made = (time_t) shared->secret_time;

    ngx_shmtx_unlock(&ngx_dots_zone_pool->mutex);

    ngx_explicit_memzero(fresh, sizeof(fresh));

    return made;
}


/* ---- keys of session tickets ---- */

static ngx_uint_t
ngx_dots_zone_ticket_old(time_t now)
{
    time_t  made;

    made = (time_t) ngx_dots_shared->ticket_time;

    return made == 0 || now - made >= NGX_DOTS_ZONE_ROTATE;
}


ngx_int_t
ngx_dots_zone_tickets(ngx_dots_ticket_key_t keys[2])
{
    time_t                  now;
    ngx_uint_t              old;
    ngx_dots_shared_t      *shared;
    ngx_dots_ticket_key_t   fresh[2];

    shared = ngx_dots_shared;
    now = ngx_dots_zone_seconds();

    old = ngx_dots_zone_ticket_old(now);

    if (old && RAND_bytes((u_char *) fresh, sizeof(fresh)) != 1) {
        old = 0;
    }

    ngx_dots_zone_acquire();

    if (old && ngx_dots_zone_ticket_old(now)) {

        /* the first time there is no previous one: one that nobody has used */

        shared->ticket[1] = shared->ticket_time ? shared->ticket[0] : fresh[1];
        shared->ticket[0] = fresh[0];
        shared->ticket_time = now;
    }

    ngx_memcpy(keys, shared->ticket, sizeof(shared->ticket));
    old = (shared->ticket_time == 0);

    ngx_shmtx_unlock(&ngx_dots_zone_pool->mutex);

    ngx_explicit_memzero(fresh, sizeof(fresh));

    return old ? NGX_ERROR : NGX_OK;
}
