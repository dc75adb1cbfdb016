#include "ngx_dots.h"
#include "ngx_dots_count.h"
#include "ngx_dots_filter.h"
#include "ngx_dots_pass.h"
#include "ngx_dots_pass_status.h"
#include "ngx_dots_process.h"
#include "ngx_dots_request.h"
#include "ngx_dots_state.h"
#include "ngx_dots_zone.h"


#define NGX_DOTS_PASS_LOOK    5000          /* ms: whether what has no room in
                                               the zone is over */


/* What one mitigator is to do. */

typedef struct {
    ngx_dots_mitigator_t   *mitigator;
    dots_mitigator_t       *runner;
    uint64_t                generation;     /* of the runner, when last seen */
    dots_rule_t            *rules;
    size_t                  n;
    size_t                  max;
} ngx_dots_pass_work_t;

typedef struct {
    ngx_dots_conf_t        *dcf;
    ngx_log_t              *log;
    int                     event;          /* wakes this process */
    ngx_dots_pass_work_t   *work;
    ngx_uint_t              nwork;
    uint64_t                generation;     /* of the registry */
    ngx_uint_t              epoch;          /* of the zone: it counts anew */
    ngx_msec_t              looked;         /* for what has no room */
    unsigned                again:1;        /* a revocation did not succeed */
    unsigned                failed:1;       /* no memory: the pass is void */
} ngx_dots_pass_t;

static ngx_int_t ngx_dots_pass_children(ngx_dots_mitigator_t *mt,
    ngx_log_t *log);
static ngx_int_t ngx_dots_pass_counts(void);
static void ngx_dots_pass_notify(void *ctx);
static void ngx_dots_pass_log(void *ctx, int level, const char *text);
static ngx_int_t ngx_dots_pass_walk(uint64_t *generation, ngx_uint_t *epoch);
static ngx_int_t ngx_dots_pass_chunk(const dots_mitigation_key_t *from,
    uint64_t *generation, ngx_uint_t *epoch, dots_arena_t *a,
    dots_mitigation_t **list, size_t *n);
static ngx_int_t ngx_dots_pass_missing(void);
static int ngx_dots_pass_missing_one(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value);
static void ngx_dots_pass_keep(dots_mitigation_t *m);
static ngx_int_t ngx_dots_pass_want(void);
static void ngx_dots_pass_entry(dots_mitigation_t *m, dots_arena_t *a);
static ngx_dots_pass_work_t *ngx_dots_pass_choose(
    const dots_customer_t *customer, const dots_mitigation_t *m);
static ngx_dots_pass_work_t *ngx_dots_pass_find(dots_str_t name);
static void ngx_dots_pass_filter(const ngx_dots_filter_act_t *act);
static void ngx_dots_pass_add(ngx_dots_pass_work_t *w,
    const dots_prefix_t *prefixes, size_t n);
static ngx_uint_t ngx_dots_pass_allowed(const dots_customer_t *customer,
    const dots_mitigation_t *m);
static void ngx_dots_pass_revoke(dots_mitigation_t *m, const char *reason,
    dots_arena_t *a);


static ngx_dots_pass_t  ngx_dots_pass;


/* ---- mitigators ---- */

ngx_int_t
ngx_dots_pass_start(ngx_dots_conf_t *dcf, ngx_log_t *log)
{
    ngx_uint_t             i;
    ngx_dots_pass_work_t  *w;
    ngx_dots_mitigator_t  *mt;

    ngx_memzero(&ngx_dots_pass, sizeof(ngx_dots_pass_t));

    ngx_dots_pass.dcf = dcf;
    ngx_dots_pass.log = log;
    ngx_dots_pass.event = ngx_dots_process_eventfd();
    ngx_dots_pass.generation = (uint64_t) -1;

    ngx_dots_pass.work = ngx_calloc((dcf->mitigators.nelts + 1)
                                    * sizeof(ngx_dots_pass_work_t), log);
    if (ngx_dots_pass.work == NULL) {
        return NGX_ERROR;
    }

    ngx_dots_filter_start(dcf, log);

    mt = dcf->mitigators.elts;

    for (i = 0; i < dcf->mitigators.nelts; i++) {

        w = &ngx_dots_pass.work[i];

        if (ngx_dots_pass_children(&mt[i], log) != NGX_OK) {
            ngx_dots_pass_stop();
            return NGX_ERROR;
        }

        w->mitigator = &mt[i];
        w->runner = dots_mitigator_start(mt[i].driver, mt[i].conf,
                                         ngx_dots_pass_notify,
                                         ngx_dots_pass_log, &mt[i]);
        if (w->runner == NULL) {
            ngx_log_error(NGX_LOG_CRIT, log, 0,
                          "dots: mitigator \"%V\" can't be started",
                          &mt[i].name);
            ngx_dots_pass_stop();
            return NGX_ERROR;
        }

        ngx_dots_pass.nwork++;
    }

    if (ngx_dots_pass_counts() != NGX_OK) {
        ngx_dots_pass_stop();
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_dots_pass_counts(void)
{
    ngx_int_t               rc;
    ngx_uint_t              i;
    ngx_dots_pass_work_t   *w;
    dots_mitigator_t      **runners;

    w = ngx_dots_pass.work;

    runners = ngx_calloc((ngx_dots_pass.nwork + 1)
                         * sizeof(dots_mitigator_t *), ngx_dots_pass.log);
    if (runners == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < ngx_dots_pass.nwork; i++) {
        runners[i] = w[i].mitigator->driver->count ? w[i].runner : NULL;
    }

    rc = ngx_dots_count_start(runners, ngx_dots_pass.nwork,
                              ngx_dots_pass.log);
    ngx_free(runners);

    return rc;
}


/*
 * A driver waits for its own programs.  nginx has no children in this process,
 * but its handler would wait for these and report them as workers that died.
 */

static ngx_int_t
ngx_dots_pass_children(ngx_dots_mitigator_t *mt, ngx_log_t *log)
{
    if (mt->driver == &dots_exec_driver
        && signal(SIGCHLD, SIG_DFL) == SIG_ERR)
    {
        ngx_log_error(NGX_LOG_ALERT, log, ngx_errno, "signal() failed");
        return NGX_ERROR;
    }

    return NGX_OK;
}


void
ngx_dots_pass_stop(void)
{
    ngx_uint_t  i;

    for (i = 0; i < ngx_dots_pass.nwork; i++) {
        dots_mitigator_stop(ngx_dots_pass.work[i].runner);
        ngx_free(ngx_dots_pass.work[i].rules);
    }

    ngx_free(ngx_dots_pass.work);
    ngx_dots_count_stop();
    ngx_dots_filter_stop();

    ngx_dots_pass.work = NULL;
    ngx_dots_pass.nwork = 0;
}


/* In the mitigator's thread. */

static void
ngx_dots_pass_notify(void *ctx)
{
    uint64_t  one;

    one = 1;

    if (ngx_dots_pass.event != -1) {
        (void) !write(ngx_dots_pass.event, &one, sizeof(one));
    }
}


static void
ngx_dots_pass_log(void *ctx, int level, const char *text)
{
    ngx_dots_mitigator_t *mt = ctx;

    static const ngx_uint_t  levels[] = {
        [DOTS_LOG_ERROR] = NGX_LOG_ERR,
        [DOTS_LOG_WARN] = NGX_LOG_WARN,
        [DOTS_LOG_INFO] = NGX_LOG_NOTICE
    };

    ngx_log_error(levels[level], ngx_dots_pass.log, 0,
                  "dots: mitigator \"%V\": %s", &mt->name, text);
}


/* ---- a pass ---- */

ngx_int_t
ngx_dots_pass_expire(void)
{
    ngx_int_t  rc;

    rc = ngx_dots_pass_status_expire(ngx_dots_pass.dcf, ngx_dots_pass.log);

    if (rc == NGX_ERROR) {

        /* the rules end in time all the same: see ngx_dots_pass_entry() */

        ngx_dots_pass.generation = (uint64_t) -1;
    }

    return rc;
}


ngx_uint_t
ngx_dots_pass_needed(void)
{
    uint64_t          generation;
    ngx_uint_t        i, epoch;
    dots_registry_t  *r;

    for (i = 0; i < ngx_dots_pass.nwork; i++) {
        if (dots_mitigator_generation(ngx_dots_pass.work[i].runner)
            != ngx_dots_pass.work[i].generation)
        {
            return 1;
        }
    }

    if (ngx_dots_filter_needed()) {
        return 1;
    }

    if (ngx_dots_zone_missing()
        && ngx_current_msec - ngx_dots_pass.looked >= NGX_DOTS_PASS_LOOK)
    {
        return 1;
    }

    r = ngx_dots_zone_lock(0);

    if (r == NULL) {
        return 0;
    }

    generation = dots_registry_generation(r);
    epoch = ngx_dots_zone_epoch();

    ngx_dots_zone_unlock();

    return generation != ngx_dots_pass.generation
           || epoch != ngx_dots_pass.epoch;
}


void
ngx_dots_pass_run(void)
{
    ngx_int_t   rc;
    uint64_t    generation;
    ngx_uint_t  k, epoch;

    ngx_dots_pass.failed = 0;
    ngx_dots_pass.again = 0;

    for (k = 0; k < ngx_dots_pass.nwork; k++) {
        ngx_dots_pass.work[k].n = 0;
        ngx_dots_pass.work[k].generation =
                    dots_mitigator_generation(ngx_dots_pass.work[k].runner);
    }

    ngx_dots_count_begin();

    /* a store that fails is reported where it does; the set stays as it is */

    rc = ngx_dots_pass_walk(&generation, &epoch);

    if (rc == NGX_OK) {
        rc = ngx_dots_pass_missing();
    }

    if (rc == NGX_OK) {
        rc = ngx_dots_filter_run(ngx_dots_pass_filter);
    }

    if (rc == NGX_OK) {
        rc = ngx_dots_pass_want();
    }

    ngx_dots_count_done(rc == NGX_OK);

    if (rc != NGX_OK) {
        return;
    }

    ngx_dots_pass.epoch = epoch;

    if (ngx_dots_pass.again) {

        /* somebody else's change was in flight, or the disk failed */

        ngx_dots_pass.generation = (uint64_t) -1;
        return;
    }

    ngx_dots_pass.generation = generation;
}


/*
 * Looks at every mitigation; the lock is dropped between chunks.  What the
 * registry was when the walk began goes to *generation and *epoch.  NGX_ABORT:
 * it is not loaded, or another one now.
 */

static ngx_int_t
ngx_dots_pass_walk(uint64_t *generation, ngx_uint_t *epoch)
{
    size_t                  i, n;
    ngx_int_t               rc;
    dots_arena_t           *a, *last;
    dots_mitigation_t      *list;
    dots_mitigation_key_t   after, *from;

    n = 0;
    list = NULL;
    from = NULL;
    last = NULL;

    for ( ;; ) {

        a = dots_arena_create(NGX_DOTS_PASS_ARENA);

        rc = a ? ngx_dots_pass_chunk(from, generation, epoch, a, &list, &n)
               : NGX_ABORT;

        if (rc != NGX_OK || n == 0) {
            break;
        }

        for (i = 0; i < n; i++) {
            ngx_dots_pass_entry(&list[i], a);
        }

        /* the key that the next chunk begins behind lives in this one */

        dots_arena_destroy(last);
        last = a;

        dots_registry_key(&list[n - 1], &after);
        from = &after;
    }

    dots_arena_destroy(a);
    dots_arena_destroy(last);

    return rc;
}


static ngx_int_t
ngx_dots_pass_chunk(const dots_mitigation_key_t *from, uint64_t *generation,
    ngx_uint_t *epoch, dots_arena_t *a, dots_mitigation_t **list, size_t *n)
{
    int               rc;
    dots_registry_t  *r;

    r = ngx_dots_zone_lock(0);

    if (r == NULL) {
        return NGX_ABORT;
    }

    if (from == NULL) {

        /* what changes while we look is for the next pass */

        *generation = dots_registry_generation(r);
        *epoch = ngx_dots_zone_epoch();

    } else if (*epoch != ngx_dots_zone_epoch()) {

        /* another registry than the one that this pass began with */

        ngx_dots_zone_unlock();
        return NGX_ABORT;
    }

    rc = dots_registry_next(r, from, NGX_DOTS_PASS_CHUNK, a, list, n);

    ngx_dots_zone_unlock();

    if (rc != DOTS_OK) {
        ngx_dots_pass.failed = 1;
        *n = 0;
    }

    return NGX_OK;
}


/*
 * What the zone has no room for is in force all the same: it was promised, and
 * a route would go because of it.
 */

static ngx_int_t
ngx_dots_pass_missing(void)
{
    ngx_dots_pass.looked = ngx_current_msec;

    if (ngx_dots_zone_missing()
        && ngx_dots_state_walk("m", 1, ngx_dots_pass_missing_one, NULL)
           == NGX_ERROR)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static int
ngx_dots_pass_missing_one(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value)
{
    int                     rc;
    dots_arena_t           *a;
    dots_registry_t        *r;
    dots_mitigation_t       m, there;
    dots_mitigation_key_t   mkey;

    a = dots_arena_create(NGX_DOTS_PASS_ARENA);
    rc = a ? dots_mitigation_decode(&m, value.data, value.len, a) : DOTS_ERROR;

    /* a record that can't be read is reported where the zone is filled */

    if (rc == DOTS_INVALID) {
        dots_arena_destroy(a);
        return 0;
    }

    r = rc == DOTS_OK ? ngx_dots_zone_lock(0) : NULL;

    if (r == NULL) {
        ngx_dots_pass.failed = 1;
        dots_arena_destroy(a);
        return 1;
    }

    dots_registry_key(&m, &mkey);
    rc = dots_registry_get(r, &mkey, a, &there);

    ngx_dots_zone_unlock();

    if (rc == DOTS_DECLINED) {
        ngx_dots_pass_keep(&m);
    }

    dots_arena_destroy(a);

    return 0;
}


static void
ngx_dots_pass_keep(dots_mitigation_t *m)
{
    const dots_customer_t  *customer;
    ngx_dots_pass_work_t   *w;

    customer = dots_customers_by_name(ngx_dots_pass.dcf->customers,
                                      m->customer);

    if (!ngx_dots_pass_allowed(customer, m) || !dots_mitigation_active(m)
        || dots_mitigation_deadline(m) <= ngx_dots_now())
    {
        return;
    }

    w = ngx_dots_pass_choose(customer, m);

    if (w) {
        ngx_dots_pass_add(w, m->resolved, m->nresolved);
    }
}


/* Gives the runners the sets that the walk has made, all or none. */

static ngx_int_t
ngx_dots_pass_want(void)
{
    ngx_uint_t             k;
    ngx_dots_pass_work_t  *w;

    if (ngx_dots_pass.failed) {

        /* half a set would withdraw routes that are wanted */

        ngx_log_error(NGX_LOG_CRIT, ngx_dots_pass.log, 0,
                      "dots: no memory to look through the mitigations");
        return NGX_ERROR;
    }

    for (k = 0; k < ngx_dots_pass.nwork; k++) {

        w = &ngx_dots_pass.work[k];

        if (dots_mitigator_want(w->runner, w->rules, w->n) != DOTS_OK) {
            ngx_log_error(NGX_LOG_CRIT, ngx_dots_pass.log, 0,
                          "dots: no memory for the rules of \"%V\"",
                          &w->mitigator->name);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static void
ngx_dots_pass_entry(dots_mitigation_t *m, dots_arena_t *a)
{
    const dots_customer_t  *customer;
    ngx_dots_pass_work_t   *w;

    if (m->status == DOTS_STATUS_WITHDRAWN && !dots_mitigation_returns(m)) {
        return;
    }

    customer = dots_customers_by_name(ngx_dots_pass.dcf->customers,
                                      m->customer);

    /*
     * What was granted by another configuration goes through today's: replayed,
     * or decided by a worker that leaves
     */

    if (!ngx_dots_pass_allowed(customer, m)) {
        ngx_dots_pass_revoke(m, "not in the customer's space any more", a);
        return;
    }

    /* what is over stays on record while the disk fails, but does nothing */

    if (customer == NULL || !dots_mitigation_active(m)
        || dots_mitigation_deadline(m) <= ngx_dots_now())
    {
        return;
    }

    w = ngx_dots_pass_choose(customer, m);

    if (w == NULL) {
        ngx_dots_pass_revoke(m, "no mitigator can do it", a);
        return;
    }

    if (m->status == DOTS_STATUS_IN_PROGRESS
        || m->status == DOTS_STATUS_MITIGATED)
    {
        if (ngx_dots_pass_status_report(w->runner, m, a, ngx_dots_pass.log)
            != NGX_OK)
        {
            ngx_dots_pass.again = 1;
        }
    }

    if (m->status != DOTS_STATUS_WITHDRAWN) {
        ngx_dots_pass_add(w, m->resolved, m->nresolved);
        ngx_dots_count_mitigation(w - ngx_dots_pass.work, m);
    }
}


/* "mitigate flowspec rtbh": the first that can express the scope. */

static ngx_dots_pass_work_t *
ngx_dots_pass_choose(const dots_customer_t *customer,
    const dots_mitigation_t *m)
{
    size_t                 i;
    ngx_dots_pass_work_t  *w;

    for (i = 0; i < customer->nmitigators; i++) {

        w = ngx_dots_pass_find(customer->mitigators[i]);

        if (w && w->mitigator->driver->can(w->mitigator->conf, m)) {
            return w;
        }
    }

    return NULL;
}


static ngx_dots_pass_work_t *
ngx_dots_pass_find(dots_str_t name)
{
    ngx_uint_t   k;
    ngx_str_t   *s;

    for (k = 0; k < ngx_dots_pass.nwork; k++) {

        s = &ngx_dots_pass.work[k].mitigator->name;

        if (s->len == name.len && ngx_memcmp(s->data, name.data, s->len) == 0) {
            return &ngx_dots_pass.work[k];
        }
    }

    return NULL;
}


/* An ACL that acts: RFC 8783 section 7.2. */

static void
ngx_dots_pass_filter(const ngx_dots_filter_act_t *act)
{
    size_t                 i;
    ngx_dots_pass_work_t  *w;

    w = ngx_dots_pass_find(act->mitigator);

    if (w == NULL) {
        return;
    }

    ngx_dots_pass_add(w, act->prefixes, act->n);

    for (i = 0; i < act->ncounts; i++) {
        ngx_dots_count_want(w - ngx_dots_pass.work, &act->counts[i]);
    }
}


static void
ngx_dots_pass_add(ngx_dots_pass_work_t *w, const dots_prefix_t *prefixes,
    size_t n)
{
    size_t        i, max;
    dots_rule_t  *rules;

    if (w->n + n > w->max) {

        max = ngx_max(w->max * 2, w->n + n);

        rules = realloc(w->rules, max * sizeof(dots_rule_t));
        if (rules == NULL) {
            ngx_dots_pass.failed = 1;
            return;
        }

        w->rules = rules;
        w->max = max;
    }

    for (i = 0; i < n; i++) {
        ngx_memzero(&w->rules[w->n], sizeof(dots_rule_t));
        w->rules[w->n++].prefix = prefixes[i];
    }
}


static ngx_uint_t
ngx_dots_pass_allowed(const dots_customer_t *customer,
    const dots_mitigation_t *m)
{
    size_t  i;

    if (customer == NULL) {
        return 0;
    }

    for (i = 0; i < m->nresolved; i++) {
        if (!dots_customer_owns_prefix(customer, &m->resolved[i])) {
            return 0;
        }
    }

    return 1;
}


static void
ngx_dots_pass_revoke(dots_mitigation_t *m, const char *reason, dots_arena_t *a)
{
    if (ngx_dots_pass_status_revoke(m, reason, a, ngx_dots_pass.log)
        != NGX_OK)
    {
        ngx_dots_pass.again = 1;
    }
}
