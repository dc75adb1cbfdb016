#include <sys/file.h>

#include "ngx_dots.h"
#include "ngx_dots_clock.h"
#include "ngx_dots_count.h"
#include "ngx_dots_fence.h"
#include "ngx_dots_filter.h"
#include "ngx_dots_manager.h"
#include "ngx_dots_pass.h"
#include "ngx_dots_process.h"
#include "ngx_dots_reap.h"
#include "ngx_dots_state.h"
#include "ngx_dots_sweep.h"
#include "ngx_dots_zone.h"


#define NGX_DOTS_MANAGER_TICK     500      /* ms: looks by itself */
#define NGX_DOTS_MANAGER_RETRY    50       /* ms: lock or registry not there */
#define NGX_DOTS_MANAGER_SILENCE  60000    /* ms between words about the lock */
#define NGX_DOTS_MANAGER_HEIR     1000     /* ms: a worker looks */
#define NGX_DOTS_MANAGER_GAP      10       /* ms between passes, at least */
#define NGX_DOTS_MANAGER_SHARE    5        /* passes cost one part in so many */


typedef struct {
    ngx_pid_t       pid;
    int             lock;         /* of the lock file; -1: not the manager */
    ngx_msec_t      reported;     /* that it can't be had; 0: not yet */
    ngx_event_t     timer;        /* cancelable: it keeps no process alive */
    ngx_msec_t      reaped;
    ngx_msec_t      passed;       /* end of the last pass */
    ngx_msec_t      cost;         /* of the last pass */
    unsigned        leaves:1;     /* stop() is called when it does */
} ngx_dots_manager_t;


static ngx_int_t ngx_dots_manager_start(ngx_dots_conf_t *dcf);
static void ngx_dots_manager_failed(const char *call, u_char *name);
static ngx_int_t ngx_dots_manager_lock(ngx_dots_conf_t *dcf);
static void ngx_dots_manager_stop(void);
static void ngx_dots_manager_woken(void);
static void ngx_dots_manager_handler(ngx_dots_conf_t *dcf,
    ngx_event_handler_pt handler);
static void ngx_dots_manager_heir(ngx_event_t *ev);
static void ngx_dots_manager_timer(ngx_event_t *ev);
static ngx_msec_t ngx_dots_manager_step(void);
static ngx_msec_t ngx_dots_manager_pass(ngx_msec_t next);


static ngx_dots_manager_t  ngx_dots_mgr = { .lock = -1 };


ngx_msec_t
ngx_dots_manager(void *data)
{
    ngx_dots_conf_t  *dcf = data;

    if (ngx_dots_mgr.pid != ngx_pid && ngx_dots_manager_start(dcf) != NGX_OK) {
        return NGX_DOTS_MANAGER_RETRY;
    }

    ngx_dots_manager_woken();

    /* the exact moments are kept by our own timer */

    return NGX_DOTS_MANAGER_TICK;
}


ngx_int_t
ngx_dots_manager_single(ngx_cycle_t *cycle)
{
    ngx_dots_manager_handler(ngx_dots_get_conf(cycle), ngx_dots_manager_timer);
    ngx_add_timer(&ngx_dots_mgr.timer, 1);

    return NGX_OK;
}


void
ngx_dots_manager_worker(ngx_cycle_t *cycle)
{
    ngx_dots_manager_handler(ngx_dots_get_conf(cycle), ngx_dots_manager_heir);
    ngx_add_timer(&ngx_dots_mgr.timer, NGX_DOTS_MANAGER_HEIR);
}


static void
ngx_dots_manager_handler(ngx_dots_conf_t *dcf, ngx_event_handler_pt handler)
{
    ngx_dots_mgr.timer.handler = handler;
    ngx_dots_mgr.timer.data = dcf;
    ngx_dots_mgr.timer.log = ngx_cycle->log;
    ngx_dots_mgr.timer.cancelable = 1;
}


/*
 * The master was killed, and nobody starts a manager in the place of one that
 * dies: requests would be answered, and nothing done.  The lock says whether it
 * lives.
 */

static void
ngx_dots_manager_heir(ngx_event_t *ev)
{
    if (getppid() == ngx_parent
        || !ngx_dots_fence_acting()
        || ngx_dots_manager_start(ev->data) != NGX_OK)
    {
        ngx_add_timer(ev, NGX_DOTS_MANAGER_HEIR);
        return;
    }

    ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                  "dots: neither the master nor the manager lives, this worker "
                  "is the manager: start nginx again");

    ngx_dots_manager_woken();
}


static ngx_int_t
ngx_dots_manager_start(ngx_dots_conf_t *dcf)
{
    if (ngx_dots_shared == NULL) {
        return NGX_AGAIN;
    }

    if (!ngx_dots_fence_acting()
        && ngx_dots_zone_load(ngx_cycle->log) != NGX_OK)
    {
        return NGX_AGAIN;
    }

    if (ngx_dots_manager_lock(dcf) != NGX_OK) {
        return NGX_AGAIN;
    }

    if (ngx_dots_pass_start(dcf, ngx_cycle->log) != NGX_OK) {
        (void) close(ngx_dots_mgr.lock);
        ngx_dots_mgr.lock = -1;
        return NGX_ERROR;
    }

    ngx_dots_sweep_start(dcf);

    ngx_dots_mgr.pid = ngx_pid;

    ngx_dots_manager_handler(dcf, ngx_dots_manager_timer);
    ngx_dots_process_manage(ngx_dots_manager_woken);

    ngx_dots_mgr.reaped = ngx_current_msec - NGX_DOTS_MANAGER_TICK;
    ngx_dots_mgr.passed = ngx_current_msec - NGX_DOTS_MANAGER_TICK;

    /*
     * The cache manager process leaves by exit(), without exit_process: the
     * mitigators' threads must end before libcurl and OpenSSL are torn down.
     */

    if (!ngx_dots_mgr.leaves && atexit(ngx_dots_manager_stop) != 0) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, ngx_errno,
                      "dots: atexit() failed");
    }

    ngx_dots_mgr.leaves = 1;

    return NGX_OK;
}


static void
ngx_dots_manager_failed(const char *call, u_char *name)
{
    ngx_err_t  err;

    err = ngx_errno;

    if (ngx_dots_mgr.reported == 0
        || ngx_current_msec - ngx_dots_mgr.reported >= NGX_DOTS_MANAGER_SILENCE)
    {
        ngx_dots_mgr.reported = ngx_current_msec;
        ngx_log_error(NGX_LOG_CRIT, ngx_cycle->log, err,
                      "dots: %s \"%s\" failed, nothing acts on mitigations",
                      call, name);
    }
}


/* At a reload the old manager lives for some 100 ms beside the new one. */

static ngx_int_t
ngx_dots_manager_lock(ngx_dots_conf_t *dcf)
{
    int      fd;
    u_char  *p, name[NGX_MAX_PATH];

    p = ngx_snprintf(name, sizeof(name) - 1, "%V/manager.lock",
                     &dcf->state->name);
    *p = '\0';

    fd = open((char *) name, O_RDWR|O_CREAT|O_CLOEXEC, 0600);

    if (fd == -1) {
        ngx_dots_manager_failed("open()", name);
        return NGX_ERROR;
    }

    if (flock(fd, LOCK_EX|LOCK_NB) == -1) {

        if (ngx_errno != EWOULDBLOCK) {
            ngx_dots_manager_failed("flock()", name);
        }

        (void) close(fd);
        return NGX_AGAIN;
    }

    ngx_dots_mgr.lock = fd;

    return NGX_OK;
}


static void
ngx_dots_manager_stop(void)
{
    if (ngx_dots_mgr.pid != ngx_pid) {
        return;
    }

    ngx_dots_mgr.pid = 0;

    ngx_dots_pass_stop();

    (void) close(ngx_dots_mgr.lock);
    ngx_dots_mgr.lock = -1;
}


void
ngx_dots_manager_exit(void)
{
    if (ngx_dots_mgr.timer.timer_set) {
        ngx_del_timer(&ngx_dots_mgr.timer);
    }

    ngx_dots_manager_stop();
}


static void
ngx_dots_manager_timer(ngx_event_t *ev)
{
    if (ngx_dots_mgr.pid != ngx_pid
        && ngx_dots_manager_start(ev->data) != NGX_OK)
    {
        ngx_add_timer(ev, NGX_DOTS_MANAGER_RETRY);
        return;
    }

    ngx_dots_manager_woken();
}


static void
ngx_dots_manager_woken(void)
{
    ngx_msec_t  next;

    if (ngx_dots_mgr.pid != ngx_pid) {
        return;
    }

    /* the routes stay: who acts now wants them, too */

    if (!ngx_dots_fence_check(ngx_cycle->log)) {
        ngx_dots_manager_stop();
        ngx_add_timer(&ngx_dots_mgr.timer, NGX_DOTS_MANAGER_RETRY);
        return;
    }

    next = ngx_dots_manager_step();

    ngx_time_update();
    ngx_add_timer(&ngx_dots_mgr.timer, next);
}


/* All that is to be done now; returns ms until there is more. */

static ngx_msec_t
ngx_dots_manager_step(void)
{
    int64_t           deadline, left;
    ngx_int_t         rc;
    ngx_msec_t        next;
    dots_registry_t  *r;

    next = NGX_DOTS_MANAGER_TICK;

    if (ngx_current_msec - ngx_dots_mgr.reaped >= NGX_DOTS_MANAGER_TICK) {
        ngx_dots_reap(ngx_cycle->log);
        ngx_dots_mgr.reaped = ngx_current_msec;
    }

    if (ngx_dots_zone_load(ngx_cycle->log) != NGX_OK) {
        return NGX_DOTS_MANAGER_RETRY;
    }

    if (ngx_dots_fence_confirm(ngx_cycle->log) != NGX_OK) {
        return NGX_DOTS_MANAGER_GAP;
    }

    ngx_dots_clock_save(ngx_cycle->log);

    rc = ngx_dots_pass_expire();

    if (rc == NGX_AGAIN) {
        next = NGX_DOTS_MANAGER_GAP;
    }

    next = ngx_dots_manager_pass(next);

    ngx_dots_count_poll();

    ngx_dots_sweep(ngx_cycle->log);

    r = ngx_dots_zone_lock(0);

    if (r == NULL) {
        return NGX_DOTS_MANAGER_RETRY;
    }

    deadline = dots_registry_deadline(r);

    ngx_dots_zone_unlock();

    deadline = ngx_min(deadline, ngx_dots_filter_deadline());
    deadline = ngx_min(deadline, ngx_dots_sweep_deadline());

    /* a disk that fails is not asked in a loop */

    if (deadline != DOTS_FOREVER && rc != NGX_ERROR) {

        left = deadline - ngx_dots_now();

        if (left < (int64_t) next) {
            next = left > 0 ? (ngx_msec_t) left : NGX_DOTS_MANAGER_GAP;
        }
    }

    return next;
}


/*
 * A pass looks at every mitigation.  Under a storm of requests passes are
 * spaced, so that the manager has time for the rest.
 */

static ngx_msec_t
ngx_dots_manager_pass(ngx_msec_t next)
{
    ngx_msec_t  gap, since, start;

    if (!ngx_dots_pass_needed()) {
        return next;
    }

    gap = ngx_max(ngx_dots_mgr.cost * NGX_DOTS_MANAGER_SHARE,
                  NGX_DOTS_MANAGER_GAP);
    since = ngx_current_msec - ngx_dots_mgr.passed;

    if (since < gap) {
        return ngx_min(next, gap - since);
    }

    start = ngx_current_msec;

    ngx_dots_pass_run();

    ngx_time_update();

    ngx_dots_mgr.passed = ngx_current_msec;
    ngx_dots_mgr.cost = ngx_current_msec - start;

    return next;
}
