#include "ngx_dots.h"
#include "ngx_dots_fence.h"
#include "ngx_dots_state.h"


#define NGX_DOTS_STATE_BATCH  256    /* transactions in one commit */
#define NGX_DOTS_STATE_LONG   60000  /* ms */
#define NGX_DOTS_STATE_RETRY  1000   /* ms: between attempts to open it */
#define NGX_DOTS_STATE_LOG    60000  /* ms: between words about what can't be
                                        read */


typedef struct {
    dots_store_t        *store;      /* NULL: it can't be opened */
    dots_store_t        *opened;     /* by the thread; ours when it is back */
    const char          *path;
    size_t               size;
    ngx_msec_t           tried;
    ngx_msec_t           unread;     /* when that was last logged; 0: never */
    ngx_log_t           *log;
    ngx_thread_pool_t   *pool;       /* NULL: commit at once */
    ngx_thread_task_t   *task;
    ngx_dots_commit_t   *queue;      /* waiting */
    ngx_dots_commit_t  **last;
    ngx_dots_commit_t   *flight;     /* in the thread */
    size_t               n;
    dots_store_txn_t    *txns[NGX_DOTS_STATE_BATCH];
    char                 error[512]; /* of the commit in the thread */
    unsigned             busy:1;     /* the task is in the thread */
    unsigned             failing:1;  /* logged once until it works again */
} ngx_dots_state_t;


static dots_store_t *ngx_dots_state_open(char *err, size_t errsize);
static ngx_uint_t ngx_dots_state_ready(void);
static void ngx_dots_state_unread(void);
static void ngx_dots_state_next(void);
static ngx_int_t ngx_dots_state_post(void);
static void ngx_dots_state_run(void);
static void ngx_dots_state_finish(void);
static dots_store_slice_t ngx_dots_state_key(dots_arena_t *a, u_char kind,
    dots_str_t *parts, size_t n);
static dots_str_t ngx_dots_state_part(const u_char **p, const u_char *end);

#if (NGX_THREADS)
static void ngx_dots_state_thread(void *data, ngx_log_t *log);
static void ngx_dots_state_done(ngx_event_t *ev);
#endif


static ngx_dots_state_t  ngx_dots_state;


ngx_int_t
ngx_dots_state_init(ngx_cycle_t *cycle)
{
    char              err[512];
    ngx_dots_conf_t  *dcf;

    dcf = ngx_dots_get_conf(cycle);

    ngx_memzero(&ngx_dots_state, sizeof(ngx_dots_state_t));

    ngx_dots_state.log = cycle->log;
    ngx_dots_state.last = &ngx_dots_state.queue;

    /* after fork, as the worker's user: the name has a NUL behind it */

    ngx_dots_state.path = (const char *) dcf->state->name.data;
    ngx_dots_state.size = dcf->state_size;

    ngx_dots_state.store = ngx_dots_state_open(err, sizeof(err));

    if (ngx_dots_state.store == NULL) {

        /* serve what needs no store; requests are answered 5.03 */

        ngx_log_error(NGX_LOG_CRIT, cycle->log, 0,
                      "dots: the store in \"%V\" can't be opened: %s",
                      &dcf->state->name, err);

        ngx_dots_state.failing = 1;
    }

#if (NGX_THREADS)

    if (ngx_process == NGX_PROCESS_WORKER && dcf->thread_pool) {

        ngx_dots_state.task = ngx_thread_task_alloc(cycle->pool, 0);
        if (ngx_dots_state.task == NULL) {
            return NGX_ERROR;
        }

        ngx_dots_state.task->handler = ngx_dots_state_thread;
        ngx_dots_state.task->event.handler = ngx_dots_state_done;
        ngx_dots_state.task->event.data = &ngx_dots_state;
        ngx_dots_state.task->event.log = cycle->log;
        ngx_dots_state.pool = dcf->thread_pool;
    }

#endif

    return NGX_OK;
}


static dots_store_t *
ngx_dots_state_open(char *err, size_t errsize)
{
    dots_store_t  *store;

    ngx_dots_state.tried = ngx_current_msec;

    if (dots_store_open(&store, ngx_dots_state.path, ngx_dots_state.size, err,
                        errsize)
        != DOTS_STORE_OK)
    {
        return NULL;
    }

    ngx_dots_fence_store(store);

    return store;
}


/*
 * The fault may be over: whoever wants the store has it opened again, a worker
 * by its thread.
 */

static ngx_uint_t
ngx_dots_state_ready(void)
{
    char  err[512];

    if (ngx_dots_state.store) {
        return 1;
    }

    if (ngx_dots_state.busy
        || ngx_current_msec - ngx_dots_state.tried < NGX_DOTS_STATE_RETRY)
    {
        return 0;
    }

    if (ngx_dots_state.pool) {
        ngx_dots_state.n = 0;
        (void) ngx_dots_state_post();
        return 0;
    }

    ngx_dots_state.opened = ngx_dots_state_open(err, sizeof(err));
    ngx_dots_state.error[0] = '\0';
    ngx_dots_state_finish();

    return ngx_dots_state.store != NULL;
}


void
ngx_dots_state_commit(ngx_dots_commit_t *commit)
{
    commit->next = NULL;

    if (!ngx_dots_state_ready()) {
        commit->txn.result = DOTS_STORE_ERROR;
        commit->handler(commit);
        return;
    }

    *ngx_dots_state.last = commit;
    ngx_dots_state.last = &commit->next;

    if (!ngx_dots_state.busy) {
        ngx_dots_state_next();
    }
}


/*
 * Takes what has gathered while the last commit was on its way.  A handler that
 * commits may have started the next one before we look again.
 */

static void
ngx_dots_state_next(void)
{
    ngx_dots_commit_t  *c;

    while (ngx_dots_state.queue && !ngx_dots_state.busy) {

        ngx_dots_state.flight = ngx_dots_state.queue;
        ngx_dots_state.n = 0;

        for (c = ngx_dots_state.queue; c; c = c->next) {

            ngx_dots_state.txns[ngx_dots_state.n++] = &c->txn;
            c->txn.result = DOTS_STORE_ERROR;

            if (ngx_dots_state.n == NGX_DOTS_STATE_BATCH || c->next == NULL) {
                break;
            }
        }

        ngx_dots_state.queue = c->next;
        c->next = NULL;

        if (ngx_dots_state.queue == NULL) {
            ngx_dots_state.last = &ngx_dots_state.queue;
        }

        if (ngx_dots_state.pool == NULL) {
            ngx_dots_state.busy = 1;
            ngx_dots_state_run();
            ngx_dots_state_finish();

        } else if (ngx_dots_state_post() != NGX_OK) {

            /* the event loop does not wait for the disk: they are refused */

            ngx_dots_state_finish();
        }
    }
}


static ngx_int_t
ngx_dots_state_post(void)
{
#if (NGX_THREADS)

    ngx_dots_state.error[0] = '\0';

    if (ngx_thread_task_post(ngx_dots_state.pool, ngx_dots_state.task)
        == NGX_OK)
    {
        ngx_dots_state.busy = 1;

        /* a worker that is to leave waits for timers alone */

        ngx_add_timer(&ngx_dots_state.task->event, NGX_DOTS_STATE_LONG);

        return NGX_OK;
    }

    (void) ngx_cpystrn((u_char *) ngx_dots_state.error,
                       (u_char *) "the thread pool's queue is full",
                       sizeof(ngx_dots_state.error));

#endif

    return NGX_ERROR;
}


/* In the thread, where there is one.  Without transactions it opens only. */

static void
ngx_dots_state_run(void)
{
    dots_store_t  *store;

    ngx_dots_state.error[0] = '\0';

    store = ngx_dots_state.store;

    if (store == NULL) {
        store = ngx_dots_state_open(ngx_dots_state.error,
                                    sizeof(ngx_dots_state.error));
        ngx_dots_state.opened = store;
    }

    if (store && dots_store_commit(store, ngx_dots_state.txns,
                                   ngx_dots_state.n)
                 != DOTS_STORE_OK)
    {
        (void) ngx_cpystrn((u_char *) ngx_dots_state.error,
                           (u_char *) dots_store_error(store),
                           sizeof(ngx_dots_state.error));
    }
}


/* Back in the event loop. */

static void
ngx_dots_state_finish(void)
{
    ngx_dots_commit_t  *c, *next;

    if (ngx_dots_state.opened) {
        ngx_dots_state.store = ngx_dots_state.opened;
        ngx_dots_state.opened = NULL;

        ngx_log_error(NGX_LOG_NOTICE, ngx_dots_state.log, 0,
                      "dots: the store is open again");
    }

    if (ngx_dots_state.error[0] && !ngx_dots_state.failing) {
        ngx_log_error(NGX_LOG_CRIT, ngx_dots_state.log, 0,
                      "dots: commit failed: %s", ngx_dots_state.error);
    }

    ngx_dots_state.failing = (ngx_dots_state.error[0] != '\0'
                              || ngx_dots_state.store == NULL);

    c = ngx_dots_state.flight;
    ngx_dots_state.flight = NULL;
    ngx_dots_state.busy = 0;

    for ( /* void */ ; c; c = next) {
        next = c->next;

        if (c->txn.result == DOTS_STORE_FENCED) {
            ngx_dots_fence_refused(ngx_dots_state.log);
        }

        c->handler(c);
    }
}


#if (NGX_THREADS)

static void
ngx_dots_state_thread(void *data, ngx_log_t *log)
{
    ngx_dots_state_run();
}


static void
ngx_dots_state_done(ngx_event_t *ev)
{
    if (ev->timedout) {
        ev->timedout = 0;
        ngx_log_error(NGX_LOG_CRIT, ev->log, 0,
                      "dots: the disk has not taken a commit for %d ms",
                      NGX_DOTS_STATE_LONG);
        return;
    }

    if (ev->timer_set) {
        ngx_del_timer(ev);
    }

    /*
     * While the handlers run, the task is free: a handler that commits again
     * starts the next one itself.
     */

    ngx_dots_state_finish();
    ngx_dots_state_next();
}

#endif


void
ngx_dots_state_exit(void)
{
    /*
     * The thread pool has been drained by now: what it committed is settled,
     * what still waits, or is committed by the handlers, is committed here.
     */

    ngx_dots_state.pool = NULL;

    if (ngx_dots_state.busy) {
        ngx_dots_state_finish();
    }

    ngx_dots_state_next();

    dots_store_close(ngx_dots_state.store);
    ngx_dots_state.store = NULL;
}


void
ngx_dots_state_commit_now(dots_store_txn_t **txns, size_t n)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        txns[i]->result = DOTS_STORE_ERROR;
    }

    if (!ngx_dots_state_ready()) {
        return;
    }

    if (dots_store_commit(ngx_dots_state.store, txns, n) == DOTS_STORE_OK) {
        ngx_dots_state.failing = 0;

        for (i = 0; i < n; i++) {
            if (txns[i]->result == DOTS_STORE_FENCED) {
                ngx_dots_fence_refused(ngx_dots_state.log);
            }
        }

        return;
    }

    if (!ngx_dots_state.failing) {
        ngx_dots_state.failing = 1;
        ngx_log_error(NGX_LOG_CRIT, ngx_dots_state.log, 0,
                      "dots: commit failed: %s",
                      dots_store_error(ngx_dots_state.store));
    }
}


ngx_int_t
ngx_dots_state_get(dots_store_slice_t key, dots_store_pt cb, void *ctx)
{
    if (!ngx_dots_state_ready()) {
        return NGX_ERROR;
    }

    switch (dots_store_get(ngx_dots_state.store, key, cb, ctx)) {

    case DOTS_STORE_OK:
        return NGX_OK;

    case DOTS_STORE_DECLINED:
        return NGX_DECLINED;

    case DOTS_STORE_DAMAGED:
        return NGX_ABORT;

    default:
        ngx_dots_state_unread();
        return NGX_ERROR;
    }
}


ngx_int_t
ngx_dots_state_walk(const void *prefix, size_t len, dots_store_pt cb,
    void *ctx)
{
    dots_store_slice_t  key, none;

    key.data = prefix;
    key.len = len;
    none.data = NULL;
    none.len = 0;

    return ngx_dots_state_walk_after(key, none, cb, ctx);
}


ngx_int_t
ngx_dots_state_walk_after(dots_store_slice_t prefix, dots_store_slice_t after,
    dots_store_pt cb, void *ctx)
{
    if (!ngx_dots_state_ready()) {
        return NGX_ERROR;
    }

    switch (dots_store_walk_after(ngx_dots_state.store, prefix, after, cb,
                                  ctx))
    {

    case DOTS_STORE_OK:
        return NGX_OK;

    case DOTS_STORE_DAMAGED:
        return NGX_ABORT;

    default:
        ngx_dots_state_unread();
        return NGX_ERROR;
    }
}


ngx_int_t
ngx_dots_state_snapshot(void (*cb)(void *ctx), void *ctx)
{
    if (!ngx_dots_state_ready()) {
        return NGX_ERROR;
    }

    if (dots_store_snapshot(ngx_dots_state.store, cb, ctx) != DOTS_STORE_OK) {
        ngx_dots_state_unread();
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* Whoever asks gets an answer; the operator one line a minute. */

static void
ngx_dots_state_unread(void)
{
    if (ngx_dots_state.unread
        && ngx_current_msec - ngx_dots_state.unread < NGX_DOTS_STATE_LOG)
    {
        return;
    }

    ngx_dots_state.unread = ngx_current_msec;

    ngx_log_error(NGX_LOG_CRIT, ngx_dots_state.log, 0,
                  "dots: the store can't be read: %s",
                  dots_store_error(ngx_dots_state.store));
}


/* ---- keys ---- */

static dots_store_slice_t
ngx_dots_state_key(dots_arena_t *a, u_char kind, dots_str_t *parts, size_t n)
{
    u_char              *p;
    size_t               i, len;
    dots_store_slice_t   key;

    for (len = 1, i = 0; i < n; i++) {
        len += parts[i].len + 1;
    }

    key.data = NULL;
    key.len = 0;

    p = dots_arena_alloc(a, len);
    if (p == NULL) {
        return key;
    }

    key.data = p;
    *p++ = kind;

    for (i = 0; i < n; i++) {

        if (parts[i].len) {
            p = ngx_cpymem(p, parts[i].data, parts[i].len);
        }

        if (i + 1 < n) {
            *p++ = '\0';
        }
    }

    key.len = p - (u_char *) key.data;

    return key;
}


dots_store_slice_t
ngx_dots_state_mitigation(dots_arena_t *a, dots_str_t customer,
    dots_str_t cuid, uint32_t mid)
{
    u_char      be[4];
    dots_str_t  parts[3];

    be[0] = (u_char) (mid >> 24);
    be[1] = (u_char) (mid >> 16);
    be[2] = (u_char) (mid >> 8);
    be[3] = (u_char) mid;

    parts[0] = customer;
    parts[1] = cuid;
    parts[2] = dots_str(be, 4);

    return ngx_dots_state_key(a, 'm', parts, 3);
}


ngx_int_t
ngx_dots_state_mitigation_op(dots_arena_t *a, const dots_mitigation_t *m,
    dots_store_op_t *op)
{
    size_t    size;
    uint8_t  *p;

    op->key = ngx_dots_state_mitigation(a, m->customer, m->cuid, m->mid);

    if (op->key.data == NULL) {
        return NGX_ERROR;
    }

    if (m->status == DOTS_STATUS_TERMINATED) {
        op->action = DOTS_STORE_DELETE;
        return NGX_OK;
    }

    op->action = DOTS_STORE_PUT;

    size = dots_mitigation_size(m);
    p = dots_arena_alloc(a, size);

    if (p == NULL
        || dots_mitigation_encode(m, p, size, &op->value.len) != DOTS_OK)
    {
        return NGX_ERROR;
    }

    op->value.data = p;

    return NGX_OK;
}


dots_store_slice_t
ngx_dots_state_client(dots_arena_t *a, dots_str_t customer, dots_str_t cuid)
{
    dots_str_t  parts[2];

    parts[0] = customer;
    parts[1] = cuid;

    return ngx_dots_state_key(a, 'c', parts, 2);
}


/* What a dots-client has; without a cuid the prefix of all of a customer's. */

static dots_store_slice_t
ngx_dots_state_entry(dots_arena_t *a, u_char kind, dots_str_t customer,
    dots_str_t cuid, dots_str_t name)
{
    dots_str_t  parts[3];

    parts[0] = customer;
    parts[1] = cuid;
    parts[2] = name;

    return ngx_dots_state_key(a, kind, parts, cuid.len ? 3 : 2);
}


dots_store_slice_t
ngx_dots_state_alias(dots_arena_t *a, dots_str_t customer, dots_str_t cuid,
    dots_str_t name)
{
    return ngx_dots_state_entry(a, 'a', customer, cuid, name);
}


dots_store_slice_t
ngx_dots_state_acl(dots_arena_t *a, dots_str_t customer, dots_str_t cuid,
    dots_str_t name)
{
    return ngx_dots_state_entry(a, 'l', customer, cuid, name);
}


dots_store_slice_t
ngx_dots_state_vendor(dots_arena_t *a, dots_str_t customer, dots_str_t cuid,
    dots_str_t id)
{
    return ngx_dots_state_entry(a, 'v', customer, cuid, id);
}


dots_store_slice_t
ngx_dots_state_lost(dots_arena_t *a, dots_str_t customer, dots_str_t cuid,
    dots_change_kind_t kind)
{
    dots_str_t         parts[3];
    static const char  kinds[] = "calv";   /* the letters of their keys */

    parts[0] = customer;
    parts[1] = cuid;
    parts[2] = dots_str(&kinds[kind], 1);

    return ngx_dots_state_key(a, 't', parts, 3);
}


dots_store_slice_t
ngx_dots_state_lost_below(dots_arena_t *a, dots_str_t customer,
    dots_str_t cuid)
{
    dots_str_t  parts[3];

    parts[0] = customer;
    parts[1] = cuid;
    parts[2] = dots_str(NULL, 0);

    return ngx_dots_state_key(a, 't', parts, 3);
}


static dots_str_t
ngx_dots_state_part(const u_char **p, const u_char *end)
{
    dots_str_t     s;
    const u_char  *start;

    start = *p;

    while (*p < end && **p != '\0') {
        (*p)++;
    }

    s = dots_str(start, *p - start);

    if (*p < end) {
        (*p)++;
    }

    return s;
}


ngx_int_t
ngx_dots_state_client_key(dots_store_slice_t key, dots_str_t *customer,
    dots_str_t *cuid)
{
    const u_char  *p, *end;

    p = key.data;
    end = p + key.len;

    if (key.len < 4) {
        return NGX_ERROR;
    }

    p++;

    *customer = ngx_dots_state_part(&p, end);
    *cuid = ngx_dots_state_part(&p, end);

    return (customer->len && cuid->len) ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_dots_state_entry_key(dots_store_slice_t key, dots_str_t *customer,
    dots_str_t *cuid, dots_str_t *name)
{
    const u_char  *p, *end;

    p = key.data;
    end = p + key.len;

    if (key.len < 6) {
        return NGX_ERROR;
    }

    p++;

    *customer = ngx_dots_state_part(&p, end);
    *cuid = ngx_dots_state_part(&p, end);
    *name = dots_str(p, end - p);

    return (customer->len && cuid->len && name->len) ? NGX_OK : NGX_ERROR;
}
