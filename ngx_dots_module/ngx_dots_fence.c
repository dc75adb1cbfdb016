#include "ngx_dots.h"
#include "ngx_dots_fence.h"
#include "ngx_dots_process.h"
#include "ngx_dots_state.h"
#include "ngx_dots_zone.h"


#define NGX_DOTS_FENCE_VERSION  1
#define NGX_DOTS_FENCE_ZONE     (1 + 8)  /* bytes of the record that all of a
                                            zone's have in common */
#define NGX_DOTS_FENCE_LOOK     500      /* ms: a process looks */
#define NGX_DOTS_FENCE_RETRY    1000     /* ms: a claim that failed */
#define NGX_DOTS_FENCE_TICK     1000     /* ms: what a process may miss */
#define NGX_DOTS_FENCE_LINGER   250      /* ms: until sessions end */


typedef struct {
    int           lock;                  /* of the lock file; -1 */
    u_char        zone[NGX_DOTS_FENCE_RECORD];     /* ours; ZONE bytes count */
    ngx_msec_t    looked;
    ngx_msec_t    tried;
    ngx_event_t   timer;                 /* cancelable: keeps nobody alive */
    unsigned      off:1;                 /* this process serves nobody */
} ngx_dots_fence_t;

/* What the store has; "len" 0: nothing, or nothing that makes sense. */

typedef struct {
    u_char        record[NGX_DOTS_FENCE_RECORD];
    size_t        len;
} ngx_dots_fence_found_t;


static void ngx_dots_fence_open(ngx_cycle_t *cycle);
static void ngx_dots_fence_range(struct flock *range, short type,
    const u_char *record);
static ngx_uint_t ngx_dots_fence_alive(const ngx_dots_fence_found_t *found);
static ngx_int_t ngx_dots_fence_claim_loaded(ngx_log_t *log);
static ngx_int_t ngx_dots_fence_read(ngx_dots_fence_found_t *found);
static int ngx_dots_fence_found(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value);
static ngx_uint_t ngx_dots_fence_ours(const ngx_dots_fence_found_t *found);
static ngx_int_t ngx_dots_fence_write(const ngx_dots_fence_found_t *found,
    ngx_uint_t epoch, uint64_t since);
static void ngx_dots_fence_record(u_char *record, ngx_uint_t epoch);
static void ngx_dots_fence_begin(ngx_log_t *log);
static void ngx_dots_fence_claimed(ngx_uint_t epoch);
static ngx_uint_t ngx_dots_fence_epoch(const ngx_dots_fence_found_t *found);
static void ngx_dots_fence_lost(ngx_log_t *log);
static void ngx_dots_fence_unlock(void);
static void ngx_dots_fence_timer(ngx_event_t *ev);


static const dots_store_slice_t  ngx_dots_fence_key = { "W", 1 };

static ngx_dots_fence_t  ngx_dots_fence = { .lock = -1 };  /* this process's */


void
ngx_dots_fence_init_process(ngx_cycle_t *cycle)
{
    ngx_memzero(&ngx_dots_fence, sizeof(ngx_dots_fence_t));

    ngx_dots_fence_record(ngx_dots_fence.zone, 0);

    ngx_dots_fence_open(cycle);

    if (ngx_process == NGX_PROCESS_HELPER) {
        return;
    }

    ngx_dots_fence.timer.handler = ngx_dots_fence_timer;
    ngx_dots_fence.timer.data = cycle;
    ngx_dots_fence.timer.log = cycle->log;
    ngx_dots_fence.timer.cancelable = 1;

    ngx_add_timer(&ngx_dots_fence.timer, NGX_DOTS_FENCE_TICK);
}


void
ngx_dots_fence_exit(void)
{
    if (ngx_dots_fence.timer.timer_set) {
        ngx_del_timer(&ngx_dots_fence.timer);
    }

    ngx_dots_fence_unlock();
}


/* ---- who lives ---- */

static void
ngx_dots_fence_open(ngx_cycle_t *cycle)
{
    u_char           *p, name[NGX_MAX_PATH];
    struct flock      range;
    ngx_dots_conf_t  *dcf;

    dcf = ngx_dots_get_conf(cycle);

    p = ngx_snprintf(name, sizeof(name) - 1, "%V/fence.lock",
                     &dcf->state->name);
    *p = '\0';

    ngx_dots_fence.lock = open((char *) name, O_RDWR|O_CREAT|O_CLOEXEC, 0600);

    if (ngx_dots_fence.lock == -1) {
        ngx_log_error(NGX_LOG_CRIT, cycle->log, ngx_errno,
                      "dots: open() \"%s\" failed, reload nginx when its "
                      "workers can open it", name);
        return;
    }

    /* shared: all processes of the zone hold it, for as long as they live */

    ngx_dots_fence_range(&range, F_RDLCK, ngx_dots_fence.zone);

    if (fcntl(ngx_dots_fence.lock, F_OFD_SETLK, &range) == -1) {
        ngx_log_error(NGX_LOG_CRIT, cycle->log, ngx_errno,
                      "dots: fcntl() \"%s\" failed", name);
        (void) close(ngx_dots_fence.lock);
        ngx_dots_fence.lock = -1;
    }
}


static void
ngx_dots_fence_unlock(void)
{
    if (ngx_dots_fence.lock != -1) {
        (void) close(ngx_dots_fence.lock);
        ngx_dots_fence.lock = -1;
    }
}


/* Tokens are random: each zone has a byte of its own. */

static void
ngx_dots_fence_range(struct flock *range, short type, const u_char *record)
{
    uint64_t  at;

    ngx_memcpy(&at, record + 1, sizeof(at));
    ngx_memzero(range, sizeof(struct flock));

    range->l_type = type;
    range->l_whence = SEEK_SET;
    range->l_start = (off_t) (at % NGX_MAX_OFF_T_VALUE);
    range->l_len = 1;
}


/* Of another zone.  Who can't ask takes it for alive. */

static ngx_uint_t
ngx_dots_fence_alive(const ngx_dots_fence_found_t *found)
{
    struct flock  range;

    if (found->len == 0) {
        return 0;
    }

    ngx_dots_fence_range(&range, F_WRLCK, found->record);

    return ngx_dots_fence.lock == -1
           || fcntl(ngx_dots_fence.lock, F_OFD_GETLK, &range) == -1
           || range.l_type != F_UNLCK;
}


/* ---- who acts ---- */

void
ngx_dots_fence_store(dots_store_t *store)
{
    dots_store_slice_t  zone;

    zone.data = ngx_dots_fence.zone;
    zone.len = NGX_DOTS_FENCE_ZONE;

    dots_store_fence(store, ngx_dots_fence_key, zone);
}


/* The token's second half counts: it is as long as for other versions. */

static void
ngx_dots_fence_record(u_char *record, ngx_uint_t epoch)
{
    uint64_t  n;

    record[0] = NGX_DOTS_FENCE_VERSION;
    ngx_memcpy(record + 1, ngx_dots_shared->token, NGX_DOTS_FENCE_TOKEN);

    ngx_memcpy(&n, record + NGX_DOTS_FENCE_ZONE, sizeof(n));
    n += epoch;
    ngx_memcpy(record + NGX_DOTS_FENCE_ZONE, &n, sizeof(n));
}


void
ngx_dots_fence_decided(dots_store_txn_t *txn,
    u_char record[NGX_DOTS_FENCE_RECORD], ngx_uint_t epoch)
{
    ngx_dots_fence_record(record, epoch);

    txn->fence.data = record;
    txn->fence.len = NGX_DOTS_FENCE_RECORD;
}


ngx_uint_t
ngx_dots_fence_follows(ngx_uint_t epoch)
{
    /* the next registry is filled from now on, or by another zone */

    if (epoch == ngx_dots_zone_epoch() || !ngx_dots_fence_acting()) {
        return 1;
    }

    return ngx_dots_shared->claimed > epoch;
}


ngx_int_t
ngx_dots_fence_claim(ngx_log_t *log)
{
    ngx_int_t               rc;
    ngx_uint_t              ours, epoch;
    ngx_dots_fence_found_t  found;

    if (ngx_dots_shared->fence == NGX_DOTS_FENCE_RETIRED) {
        return NGX_AGAIN;
    }

    if (ngx_dots_fence_read(&found) != NGX_OK) {
        return NGX_ERROR;
    }

    ours = ngx_dots_fence_ours(&found);

    if (ngx_dots_shared->fence == NGX_DOTS_FENCE_ACTING && found.len && !ours) {
        ngx_dots_fence_lost(log);
        return NGX_AGAIN;
    }

    if (ngx_dots_shared->fence == NGX_DOTS_FENCE_FENCED && !ours
        && (ngx_dots_fence_alive(&found)
            || ngx_current_msec - ngx_dots_fence.tried
               < NGX_DOTS_FENCE_RETRY))
    {
        return NGX_AGAIN;
    }

    epoch = ngx_dots_zone_epoch() + 1;
    rc = ngx_dots_fence_write(&found, epoch, 0);

    if (rc == NGX_OK) {

        /*
         * What this zone knows, if it is loaded, is from before another one, or
         * from when those that an earlier registry had decided for could still
         * commit.
         */

        if (ngx_dots_zone_loaded()) {
            ngx_dots_zone_lose();
        }

        ngx_dots_fence_begin(log);
        ngx_dots_fence_claimed(epoch);

        return NGX_OK;
    }

    ngx_dots_fence.tried = ngx_current_msec;

    /* a full disk lets nobody claim it: who would write beside us? */

    return rc == NGX_ERROR && (ours || !ngx_dots_fence_alive(&found))
           ? NGX_DECLINED : NGX_AGAIN;
}


static ngx_int_t
ngx_dots_fence_read(ngx_dots_fence_found_t *found)
{
    ngx_int_t  rc;

    found->len = 0;

    rc = ngx_dots_state_get(ngx_dots_fence_key, ngx_dots_fence_found, found);

    return rc == NGX_ERROR ? NGX_ERROR : NGX_OK;
}


static int
ngx_dots_fence_found(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value)
{
    ngx_dots_fence_found_t *found = ctx;

    if (value.len == NGX_DOTS_FENCE_RECORD) {
        ngx_memcpy(found->record, value.data, value.len);
        found->len = value.len;
    }

    return 0;
}


static ngx_uint_t
ngx_dots_fence_ours(const ngx_dots_fence_found_t *found)
{
    return found->len
           && ngx_memcmp(found->record, ngx_dots_fence.zone,
                         NGX_DOTS_FENCE_ZONE)
              == 0;
}


/* NGX_AGAIN: somebody else was quicker. */

static ngx_int_t
ngx_dots_fence_write(const ngx_dots_fence_found_t *found, ngx_uint_t epoch,
    uint64_t since)
{
    u_char             record[NGX_DOTS_FENCE_RECORD];
    dots_store_op_t    op[2];
    dots_store_txn_t   txn, *list;

    ngx_memzero(op, sizeof(op));
    ngx_memzero(&txn, sizeof(dots_store_txn_t));

    ngx_dots_fence_record(record, epoch);

    op[0].action = DOTS_STORE_PUT;
    op[0].key = ngx_dots_fence_key;
    op[0].value.data = record;
    op[0].value.len = NGX_DOTS_FENCE_RECORD;

    op[1].action = DOTS_STORE_CHECK;
    op[1].expect = found->len ? DOTS_STORE_SAME : DOTS_STORE_ANY;
    op[1].key = ngx_dots_fence_key;
    op[1].value.data = found->record;
    op[1].value.len = found->len;

    txn.ops = op;
    txn.nops = 2;
    txn.since = since;
    txn.claim = 1;
    txn.spare = 1;
    list = &txn;

    ngx_dots_state_commit_now(&list, 1);

    switch (txn.result) {

    case DOTS_STORE_OK:
        return NGX_OK;

    case DOTS_STORE_DECLINED:
        return NGX_AGAIN;

    default:
        return NGX_ERROR;
    }
}


static void
ngx_dots_fence_begin(ngx_log_t *log)
{
    ngx_atomic_uint_t  was;

    was = ngx_dots_shared->fence;

    if (was == NGX_DOTS_FENCE_ACTING || was == NGX_DOTS_FENCE_RETIRED) {
        return;
    }

    if (!ngx_atomic_cmp_set(&ngx_dots_shared->fence, was,
                            NGX_DOTS_FENCE_ACTING))
    {
        return;
    }

    if (was == NGX_DOTS_FENCE_FENCED) {
        ngx_log_error(NGX_LOG_NOTICE, log, 0,
                      "dots: the nginx that had taken over has ended, this one "
                      "acts again");
        ngx_dots_process_wake_all();
    }
}


/* Of another zone, or of a registry of this one's that was lost? */

void
ngx_dots_fence_refused(ngx_log_t *log)
{
    ngx_dots_fence_found_t  found;

    if (ngx_dots_fence_read(&found) != NGX_OK || found.len == 0) {
        return;
    }

    if (ngx_dots_fence_ours(&found)) {
        ngx_dots_fence_claimed(ngx_dots_fence_epoch(&found));

    } else {
        ngx_dots_fence_lost(log);
    }
}


/* Who is refused may come before who has claimed. */

static void
ngx_dots_fence_claimed(ngx_uint_t epoch)
{
    if (epoch > ngx_dots_shared->claimed) {
        ngx_dots_shared->claimed = epoch;
    }
}


static ngx_uint_t
ngx_dots_fence_epoch(const ngx_dots_fence_found_t *found)
{
    uint64_t  n, first;

    ngx_memcpy(&n, found->record + NGX_DOTS_FENCE_ZONE, sizeof(n));
    ngx_memcpy(&first, ngx_dots_fence.zone + NGX_DOTS_FENCE_ZONE,
               sizeof(first));

    return (ngx_uint_t) (n - first);
}


static void
ngx_dots_fence_lost(ngx_log_t *log)
{
    if (!ngx_atomic_cmp_set(&ngx_dots_shared->fence, NGX_DOTS_FENCE_ACTING,
                            NGX_DOTS_FENCE_FENCED))
    {
        return;
    }

    ngx_dots_zone_lose();

    ngx_log_error(NGX_LOG_NOTICE, log, 0,
                  "dots: another nginx has taken over the store, this one "
                  "serves no signal channel while that lives");

    ngx_dots_process_wake_all();
}


ngx_uint_t
ngx_dots_fence_check(ngx_log_t *log)
{
    if (ngx_dots_shared->fence == NGX_DOTS_FENCE_ACTING
        && ngx_current_msec - ngx_dots_fence.looked >= NGX_DOTS_FENCE_LOOK)
    {
        ngx_dots_fence.looked = ngx_current_msec;

        ngx_dots_fence_refused(log);
    }

    return ngx_dots_fence_acting();
}


ngx_int_t
ngx_dots_fence_confirm(ngx_log_t *log)
{
    ngx_int_t  rc;

    if (ngx_dots_shared->claimed == ngx_dots_zone_epoch()
        || ngx_current_msec - ngx_dots_fence.tried < NGX_DOTS_FENCE_RETRY)
    {
        return NGX_OK;
    }

    if (ngx_dots_zone_take() != NGX_OK) {
        return NGX_AGAIN;
    }

    rc = ngx_dots_fence_claim_loaded(log);

    if (rc == NGX_DECLINED) {
        rc = ngx_dots_fence_claim(log) == NGX_OK ? NGX_AGAIN : NGX_OK;
    }

    ngx_dots_zone_give();

    return rc;
}


/*
 * Where nobody has committed anything since it was loaded it is as good as one
 * that is loaded after the claim.  NGX_DECLINED: somebody has.
 */

static ngx_int_t
ngx_dots_fence_claim_loaded(ngx_log_t *log)
{
    ngx_int_t               rc;
    ngx_uint_t              epoch;
    ngx_dots_fence_found_t  found;

    epoch = ngx_dots_zone_epoch();

    if (ngx_dots_fence_read(&found) != NGX_OK) {
        return NGX_OK;
    }

    if (!ngx_dots_fence_ours(&found)
        && ngx_dots_shared->fence != NGX_DOTS_FENCE_FRESH)
    {
        return NGX_DECLINED;
    }

    rc = ngx_dots_fence_write(&found, epoch, ngx_dots_zone_order());

    switch (rc) {

    case NGX_OK:
        ngx_dots_fence_begin(log);
        ngx_dots_fence_claimed(epoch);
        return NGX_OK;

    case NGX_AGAIN:
        return NGX_DECLINED;

    default:
        ngx_dots_fence.tried = ngx_current_msec;
        return NGX_OK;
    }
}


ngx_uint_t
ngx_dots_fence_acting(void)
{
    return ngx_dots_shared->fence == NGX_DOTS_FENCE_FRESH
           || ngx_dots_shared->fence == NGX_DOTS_FENCE_ACTING;
}


/* ---- this process ---- */

void
ngx_dots_fence_follow(void)
{
    ngx_uint_t  off;

    off = !ngx_dots_fence_acting();

    if (ngx_dots_fence.off == off) {
        return;
    }

    ngx_dots_fence.off = off;

    if (off && getppid() != ngx_parent && ngx_process != NGX_PROCESS_SINGLE) {

        /*
         * The master was killed.  Nobody can make this process act again, and
         * the kernel gives a part of the clients to its sockets.
         */

        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "dots: this process has no master any more, it leaves");
        ngx_quit = 1;
        return;
    }

    if (ngx_process == NGX_PROCESS_HELPER) {
        return;
    }

    ngx_stream_dots_serve((ngx_cycle_t *) ngx_cycle, !off);

    /* sessions end a little later: what is committed is answered first */

    ngx_add_timer(&ngx_dots_fence.timer, off ? NGX_DOTS_FENCE_LINGER
                                             : NGX_DOTS_FENCE_TICK);
}


static void
ngx_dots_fence_timer(ngx_event_t *ev)
{
    ngx_uint_t  off;

    off = ngx_dots_fence.off;

    ngx_add_timer(ev, NGX_DOTS_FENCE_TICK);

    /* what leaves is no reason for another zone to stay away */

    if (ngx_exiting) {
        ngx_dots_fence_unlock();
    }

    /* the manager looks more often, but may stand still */

    (void) ngx_dots_fence_check(ngx_cycle->log);

    ngx_dots_fence_follow();

    if (off && ngx_dots_fence.off) {
        ngx_stream_dots_serve_close((ngx_cycle_t *) ngx_cycle);
    }
}
