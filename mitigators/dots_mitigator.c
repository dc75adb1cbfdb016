/*
 * The runner: one thread that calls its driver's sync() when the desired set
 * has changed, soon again after a failure, and now and then to see whether the
 * actual set is still what it was (a daemon that restarted has lost it).  After
 * a sync() the rules are counted where that is due: those that are new, before
 * anybody hears of them, and all of them every few seconds.
 */

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "dots_mitigator.h"


/* milliseconds */

#define DOTS_MITIGATOR_RETRY_MIN 200
#define DOTS_MITIGATOR_RETRY_MAX 2000
#define DOTS_MITIGATOR_CHECK_MIN 2000
#define DOTS_MITIGATOR_CHECK_MAX 300000

/* between two counts */
#define DOTS_MITIGATOR_COUNT     5000

/* a check or a count may take this part of the daemon's time at most */
#define DOTS_MITIGATOR_SHARE     20


/* What has been dropped since the first count, and what the driver said. */

typedef struct {
    dots_rule_count_t  total;
    uint64_t           packets;
    uint64_t           octets;
} dots_mitigator_count_t;

struct dots_mitigator_s {
    const dots_mitigator_driver_t *driver;
    void                          *handle;
    void                         (*notify)(void *ctx);
    void                          *ctx;

    pthread_t                      thread;
    pthread_mutex_t                mutex;
    pthread_cond_t                 cond;

    int64_t                        count;       /* when the next is due; of
                                                   the thread alone */
    /* under the mutex */

    int                            stop;
    uint64_t                       counted;     /* how often */
    dots_mitigator_count_t        *counts;      /* of the last sync's rules */
    size_t                         ncounts;
    uint64_t                       version;     /* of "want" */
    dots_rule_t                   *want;
    size_t                         nwant;
    uint64_t                       generation;  /* of "status" */
    dots_rule_status_t            *status;      /* what sync() said last */
    size_t                         nstatus;
    int                            looked;      /* sync() has said something */
};


static int64_t
dots_mitigator_now(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}


static int
dots_mitigator_rule_cmp(const void *a, const void *b)
{
    const dots_rule_t  *x = a, *y = b;

    return dots_prefix_cmp(&x->prefix, &y->prefix);
}


/* ---- the thread ---- */

static const dots_rule_status_t *
dots_mitigator_find(const dots_rule_status_t *set, size_t n,
    const dots_prefix_t *prefix)
{
    int     rc;
    size_t  low, high, mid;

    low = 0;
    high = n;

    while (low < high) {
        mid = low + (high - low) / 2;
        rc = dots_prefix_cmp(&set[mid].rule.prefix, prefix);

        if (rc == 0) {
            return &set[mid];
        }

        if (rc < 0) {
            low = mid + 1;

        } else {
            high = mid;
        }
    }

    return NULL;
}


/*
 * A copy of the desired set for sync(), with the states known so far.  Called
 * with the mutex held; NULL: no memory.
 */

static dots_rule_status_t *
dots_mitigator_copy(dots_mitigator_t *mt)
{
    size_t                     i;
    dots_rule_status_t        *copy;
    const dots_rule_status_t  *old;

    copy = calloc(mt->nwant ? mt->nwant : 1, sizeof(dots_rule_status_t));
    if (copy == NULL) {
        return NULL;
    }

    for (i = 0; i < mt->nwant; i++) {
        copy[i].rule = mt->want[i];
        old = dots_mitigator_find(mt->status, mt->nstatus,
                                  &mt->want[i].prefix);

        if (old != NULL) {
            copy[i] = *old;
        }
    }

    return copy;
}


static int
dots_mitigator_differ(const dots_mitigator_t *mt,
    const dots_rule_status_t *status, size_t n)
{
    size_t  i;

    if (n != mt->nstatus) {
        return 1;
    }

    for (i = 0; i < n; i++) {
        if (status[i].state != mt->status[i].state
            || strcmp(status[i].reason, mt->status[i].reason) != 0
            || dots_mitigator_rule_cmp(&status[i].rule, &mt->status[i].rule))
        {
            return 1;
        }
    }

    return 0;
}


/* Nonzero if something is new to the one who asks.  The mutex is held. */

static int
dots_mitigator_publish(dots_mitigator_t *mt, dots_rule_status_t *status,
    size_t n)
{
    int  changed;

    changed = dots_mitigator_differ(mt, status, n);

    free(mt->status);
    mt->status = status;
    mt->nstatus = n;
    mt->looked = 1;
    mt->generation += changed;

    return changed;
}


/* ---- counting ---- */

static int
dots_mitigator_count_cmp(const void *key, const void *item)
{
    const dots_mitigator_count_t  *c = item;

    return dots_prefix_cmp(key, &c->total.prefix);
}


/* A program that was started again may count from 0 again. */

static uint64_t
dots_mitigator_since(uint64_t now, uint64_t before)
{
    return now >= before ? now - before : now;
}


/* The first number of a rule is where it begins. */

static void
dots_mitigator_add(dots_mitigator_t *mt, dots_mitigator_count_t *c)
{
    uint64_t                       packets, octets;
    const dots_mitigator_count_t  *old;

    packets = c->total.packets;
    octets = c->total.octets;

    c->packets = packets;
    c->octets = octets;
    c->total.packets = 0;
    c->total.octets = 0;

    old = mt->ncounts ? bsearch(&c->total.prefix, mt->counts, mt->ncounts,
                                sizeof(*c), dots_mitigator_count_cmp)
                      : NULL;

    if (old == NULL || !old->total.counted) {
        return;
    }

    if (!c->total.counted) {
        *c = *old;
        return;
    }

    c->total.packets = old->total.packets
                       + dots_mitigator_since(packets, old->packets);
    c->total.octets = old->total.octets
                      + dots_mitigator_since(octets, old->octets);
}


/* Takes what the driver has filled in; the mutex is held. */

static int
dots_mitigator_took(dots_mitigator_t *mt, const dots_rule_count_t *counts,
    size_t n)
{
    size_t                   i;
    dots_mitigator_count_t  *list;

    list = calloc(n ? n : 1, sizeof(dots_mitigator_count_t));
    if (list == NULL) {
        return DOTS_ERROR;
    }

    for (i = 0; i < n; i++) {
        list[i].total = counts[i];
        dots_mitigator_add(mt, &list[i]);
    }

    free(mt->counts);
    mt->counts = list;
    mt->ncounts = n;
    mt->counted = mt->counted == DOTS_MITIGATOR_UNCOUNTED ? 1
                                                          : mt->counted + 1;

    return DOTS_OK;
}


static void
dots_mitigator_uncount(dots_mitigator_t *mt)
{
    free(mt->counts);
    mt->counts = NULL;
    mt->ncounts = 0;
    mt->counted = DOTS_MITIGATOR_UNCOUNTED;
}


/* One count() with the mutex released; "work" is what the last sync() made. */

static int
dots_mitigator_count(dots_mitigator_t *mt, const dots_rule_status_t *work,
    size_t n)
{
    int                 rc;
    size_t              i;
    dots_rule_count_t  *counts;

    counts = calloc(n ? n : 1, sizeof(dots_rule_count_t));
    if (counts == NULL) {
        return DOTS_ERROR;
    }

    for (i = 0; i < n; i++) {
        counts[i].prefix = work[i].rule.prefix;
    }

    rc = mt->driver->count(mt->handle, counts, n);

    /* of what is not in place there is nothing to count */

    for (i = 0; i < n; i++) {
        counts[i].counted &= work[i].state == DOTS_RULE_INSTALLED;
    }

    pthread_mutex_lock(&mt->mutex);

    if (rc == DOTS_OK) {
        rc = dots_mitigator_took(mt, counts, n);

    } else if (rc == DOTS_DECLINED) {
        dots_mitigator_uncount(mt);
        rc = DOTS_OK;
    }

    pthread_mutex_unlock(&mt->mutex);

    free(counts);

    return rc;
}


/* A rule that has just come into force is counted before anybody knows. */

static int
dots_mitigator_news(const dots_mitigator_t *mt, const dots_rule_status_t *work,
    size_t n)
{
    size_t                     i;
    const dots_rule_status_t  *old;

    for (i = 0; i < n; i++) {

        if (work[i].state != DOTS_RULE_INSTALLED) {
            continue;
        }

        old = dots_mitigator_find(mt->status, mt->nstatus,
                                  &work[i].rule.prefix);

        if (old == NULL || old->state != DOTS_RULE_INSTALLED) {
            return 1;
        }
    }

    return 0;
}


/* ---- the loop ---- */

/* Waits for a new desired set or until "until"; the mutex is held. */

static void
dots_mitigator_wait(dots_mitigator_t *mt, uint64_t done, int64_t until)
{
    struct timespec  ts;

    ts.tv_sec = (time_t) (until / 1000);
    ts.tv_nsec = (long) (until % 1000) * 1000000;

    while (!mt->stop && mt->version == done && dots_mitigator_now() < until) {
        (void) pthread_cond_timedwait(&mt->cond, &mt->mutex, &ts);
    }
}


/* When to look again, given how long it took and how it went. */

static int64_t
dots_mitigator_pause(int rc, int64_t took, int64_t *retry)
{
    int64_t  pause;

    if (rc != DOTS_OK) {
        pause = *retry;
        *retry = pause * 2 < DOTS_MITIGATOR_RETRY_MAX
                     ? pause * 2
                     : DOTS_MITIGATOR_RETRY_MAX;
        return pause;
    }

    *retry = DOTS_MITIGATOR_RETRY_MIN;
    pause = took * DOTS_MITIGATOR_SHARE;

    if (pause < DOTS_MITIGATOR_CHECK_MIN) {
        return DOTS_MITIGATOR_CHECK_MIN;
    }

    return pause < DOTS_MITIGATOR_CHECK_MAX ? pause : DOTS_MITIGATOR_CHECK_MAX;
}


/*
 * One sync() with the mutex released, and a count() where it is time; nonzero:
 * somebody is to be told.  Nobody but this thread changes mt->status.
 */

static int
dots_mitigator_step(dots_mitigator_t *mt, int *rc)
{
    size_t               n;
    int64_t              now;
    dots_rule_status_t  *work;

    n = mt->nwant;
    work = dots_mitigator_copy(mt);

    if (work == NULL) {
        *rc = DOTS_ERROR;
        return 0;
    }

    pthread_mutex_unlock(&mt->mutex);

    *rc = mt->driver->sync(mt->handle, work, n);

    now = dots_mitigator_now();

    if (*rc == DOTS_OK && mt->driver->count != NULL
        && (now >= mt->count || dots_mitigator_news(mt, work, n)))
    {
        *rc = dots_mitigator_count(mt, work, n);
        mt->count = now + DOTS_MITIGATOR_COUNT;
    }

    pthread_mutex_lock(&mt->mutex);

    return dots_mitigator_publish(mt, work, n);
}


static void *
dots_mitigator_run(void *arg)
{
    int                rc, changed;
    int64_t            began, until, retry;
    uint64_t           done;
    dots_mitigator_t  *mt = arg;

    retry = DOTS_MITIGATOR_RETRY_MIN;

    pthread_mutex_lock(&mt->mutex);

    /* before the first dots_mitigator_want() nothing is known to be unwanted */

    while (!mt->stop && mt->version == 0) {
        (void) pthread_cond_wait(&mt->cond, &mt->mutex);
    }

    while (!mt->stop) {
        done = mt->version;
        began = dots_mitigator_now();
        changed = dots_mitigator_step(mt, &rc);

        until = dots_mitigator_now();
        until += dots_mitigator_pause(rc, until - began, &retry);

        if (changed) {
            pthread_mutex_unlock(&mt->mutex);
            mt->notify(mt->ctx);
            pthread_mutex_lock(&mt->mutex);
        }

        dots_mitigator_wait(mt, done, until);
    }

    pthread_mutex_unlock(&mt->mutex);

    return NULL;
}


/* ---- the manager's side ---- */

static int
dots_mitigator_init_sync(dots_mitigator_t *mt)
{
    int                 rc;
    pthread_condattr_t  attr;

    if (pthread_mutex_init(&mt->mutex, NULL) != 0) {
        return DOTS_ERROR;
    }

    rc = pthread_condattr_init(&attr);

    if (rc == 0) {
        (void) pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        rc = pthread_cond_init(&mt->cond, &attr);
        (void) pthread_condattr_destroy(&attr);
    }

    if (rc != 0) {
        pthread_mutex_destroy(&mt->mutex);
        return DOTS_ERROR;
    }

    return DOTS_OK;
}


/* The thread inherits the mask: signals are the process's main thread's. */

static int
dots_mitigator_spawn(dots_mitigator_t *mt)
{
    int       rc;
    sigset_t  all, old;

    (void) sigfillset(&all);

    if (pthread_sigmask(SIG_SETMASK, &all, &old) != 0) {
        return DOTS_ERROR;
    }

    rc = pthread_create(&mt->thread, NULL, dots_mitigator_run, mt);
    (void) pthread_sigmask(SIG_SETMASK, &old, NULL);

    return rc == 0 ? DOTS_OK : DOTS_ERROR;
}


dots_mitigator_t *
dots_mitigator_start(const dots_mitigator_driver_t *driver, const void *conf,
    void (*notify)(void *ctx), dots_mitigator_log_pt log, void *ctx)
{
    dots_mitigator_t  *mt;

    mt = calloc(1, sizeof(dots_mitigator_t));
    if (mt == NULL) {
        return NULL;
    }

    mt->driver = driver;
    mt->notify = notify;
    mt->ctx = ctx;

    if (dots_mitigator_init_sync(mt) != DOTS_OK) {
        free(mt);
        return NULL;
    }

    mt->handle = driver->open(conf, log, ctx);

    if (mt->handle == NULL || dots_mitigator_spawn(mt) != DOTS_OK) {
        if (mt->handle != NULL) {
            driver->close(mt->handle);
        }

        pthread_cond_destroy(&mt->cond);
        pthread_mutex_destroy(&mt->mutex);
        free(mt);
        return NULL;
    }

    return mt;
}


void
dots_mitigator_stop(dots_mitigator_t *mt)
{
    if (mt == NULL) {
        return;
    }

    pthread_mutex_lock(&mt->mutex);
    mt->stop = 1;
    pthread_cond_signal(&mt->cond);
    pthread_mutex_unlock(&mt->mutex);

    mt->driver->interrupt(mt->handle);

    (void) pthread_join(mt->thread, NULL);

    mt->driver->close(mt->handle);
    pthread_cond_destroy(&mt->cond);
    pthread_mutex_destroy(&mt->mutex);
    free(mt->want);
    free(mt->status);
    free(mt->counts);
    free(mt);
}


static size_t
dots_mitigator_normalize(dots_rule_t *rules, size_t n)
{
    size_t  i, k;

    if (n == 0) {
        return 0;
    }

    qsort(rules, n, sizeof(dots_rule_t), dots_mitigator_rule_cmp);

    for (k = 1, i = 1; i < n; i++) {
        if (dots_mitigator_rule_cmp(&rules[i], &rules[k - 1]) != 0) {
            rules[k++] = rules[i];
        }
    }

    return k;
}


static int
dots_mitigator_same(const dots_mitigator_t *mt, const dots_rule_t *rules,
    size_t n)
{
    size_t  i;

    if (mt->version == 0 || n != mt->nwant) {
        return 0;
    }

    for (i = 0; i < n; i++) {
        if (dots_mitigator_rule_cmp(&rules[i], &mt->want[i]) != 0) {
            return 0;
        }
    }

    return 1;
}


int
dots_mitigator_want(dots_mitigator_t *mt, const dots_rule_t *rules, size_t n)
{
    dots_rule_t  *copy;

    copy = calloc(n ? n : 1, sizeof(dots_rule_t));
    if (copy == NULL) {
        return DOTS_ERROR;
    }

    if (n) {
        memcpy(copy, rules, n * sizeof(dots_rule_t));
    }

    n = dots_mitigator_normalize(copy, n);

    pthread_mutex_lock(&mt->mutex);

    if (dots_mitigator_same(mt, copy, n)) {
        pthread_mutex_unlock(&mt->mutex);
        free(copy);
        return DOTS_OK;
    }

    free(mt->want);
    mt->want = copy;
    mt->nwant = n;
    mt->version++;
    pthread_cond_signal(&mt->cond);

    pthread_mutex_unlock(&mt->mutex);

    return DOTS_OK;
}


dots_rule_state_t
dots_mitigator_state(dots_mitigator_t *mt, const dots_prefix_t *prefix,
    char reason[DOTS_REASON_MAX])
{
    dots_rule_state_t          state;
    const dots_rule_status_t  *s;

    pthread_mutex_lock(&mt->mutex);

    s = dots_mitigator_find(mt->status, mt->nstatus, prefix);
    state = s            ? s->state
            : mt->looked ? DOTS_RULE_PENDING : DOTS_RULE_UNKNOWN;

    if (reason != NULL) {
        memcpy(reason, s ? s->reason : "", s ? DOTS_REASON_MAX : 1);
    }

    pthread_mutex_unlock(&mt->mutex);

    return state;
}


uint64_t
dots_mitigator_generation(dots_mitigator_t *mt)
{
    uint64_t  generation;

    pthread_mutex_lock(&mt->mutex);
    generation = mt->generation;
    pthread_mutex_unlock(&mt->mutex);

    return generation;
}


int
dots_mitigator_counts(dots_mitigator_t *mt, dots_rule_count_t **counts,
    size_t *n)
{
    size_t              i, k;
    dots_rule_count_t  *list;

    pthread_mutex_lock(&mt->mutex);

    list = calloc(mt->ncounts ? mt->ncounts : 1, sizeof(dots_rule_count_t));

    for (i = 0, k = 0; list != NULL && i < mt->ncounts; i++) {
        if (mt->counts[i].total.counted) {
            list[k++] = mt->counts[i].total;
        }
    }

    pthread_mutex_unlock(&mt->mutex);

    *counts = list;
    *n = k;

    return list ? DOTS_OK : DOTS_ERROR;
}


uint64_t
dots_mitigator_counted(dots_mitigator_t *mt)
{
    uint64_t  counted;

    pthread_mutex_lock(&mt->mutex);
    counted = mt->counted;
    pthread_mutex_unlock(&mt->mutex);

    return counted;
}
