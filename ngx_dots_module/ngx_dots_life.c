#include "ngx_dots.h"
#include "ngx_dots_changes.h"
#include "ngx_dots_clock.h"
#include "ngx_dots_directory.h"
#include "ngx_dots_events.h"
#include "ngx_dots_fence.h"
#include "ngx_dots_life.h"
#include "ngx_dots_link.h"
#include "ngx_dots_manager.h"
#include "ngx_dots_policy.h"
#include "ngx_dots_process.h"
#include "ngx_dots_reap.h"
#include "ngx_dots_state.h"
#include "ngx_dots_zone.h"


#define NGX_DOTS_LIFE_WAIT  3000    /* ms: for who loads a fresh zone */
#define NGX_DOTS_LIFE_LOOK  2


static void ngx_dots_life_load(ngx_cycle_t *cycle);
static void ngx_dots_life_woken(ngx_event_t *ev);


static ngx_pid_t  ngx_dots_life_pid;


ngx_int_t
ngx_dots_life_init(ngx_cycle_t *cycle)
{
    ngx_int_t  rc;

    if (ngx_dots_shared == NULL || ngx_dots_life_pid == ngx_pid) {
        return NGX_OK;
    }

    ngx_dots_life_pid = ngx_pid;

    ngx_dots_process_begin(cycle);

    if (ngx_process != NGX_PROCESS_WORKER
        && ngx_process != NGX_PROCESS_HELPER
        && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    /*
     * A process with a thread pool: glibc lets a thread be cancelled in a
     * system call, and before 2.41 changes its type for that and back, by two
     * atomic operations each.  Nobody cancels this thread, so it may be of that
     * type.
     */

    (void) pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);

    ngx_dots_fence_init_process(cycle);

    if (ngx_dots_state_init(cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_dots_clock_init_process(cycle);

    rc = ngx_dots_process_claim(cycle);

    /* many reloads in a row, and old workers that keep sessions */

    if (ngx_dots_process_used() > NGX_DOTS_SLOTS / 4 * 3) {
        ngx_dots_policy_crowded();
    }

    if (rc != NGX_OK) {
        return NGX_OK;
    }

    if (ngx_dots_process_watch(cycle, ngx_dots_process_eventfd(),
                               ngx_dots_life_woken)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_process != NGX_PROCESS_HELPER
        && ngx_dots_link_init_process(cycle, ngx_dots_process_number(),
                                      ngx_dots_directory_receive)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_dots_changes_init_process(cycle);
    ngx_dots_events_init_process(cycle);

    if (ngx_process == NGX_PROCESS_HELPER) {

        /* the manager loads, if it is the one, when it has its lock */

        return NGX_OK;
    }

    ngx_dots_life_load(cycle);
    ngx_dots_fence_follow();

    if (ngx_process == NGX_PROCESS_SINGLE) {
        return ngx_dots_manager_single(cycle);
    }

    ngx_dots_manager_worker(cycle);

    return NGX_OK;
}


/*
 * A fresh zone is filled before anybody serves: by the first worker, the others
 * wait for it.  Nobody is connected to this one yet.  Likewise where this one
 * is in the place of one that was killed in the middle of a change.
 */

static void
ngx_dots_life_load(ngx_cycle_t *cycle)
{
    ngx_uint_t  i;

    ngx_dots_reap(cycle->log);

    for (i = 0; i < NGX_DOTS_LIFE_WAIT / NGX_DOTS_LIFE_LOOK; i++) {

        if (ngx_dots_zone_load(cycle->log) != NGX_AGAIN
            || !ngx_dots_fence_acting())
        {
            break;
        }

        ngx_msleep(NGX_DOTS_LIFE_LOOK);
    }

    /* to claim it; not posted, there is no event yet that would be the first */

    ngx_dots_process_wake_manager_now();
}


static void
ngx_dots_life_woken(ngx_event_t *ev)
{
    uint64_t           n;
    ngx_connection_t  *c;

    c = ev->data;

    if (read(c->fd, &n, sizeof(n)) != sizeof(n)) {
        return;
    }

    ngx_dots_fence_follow();

    ngx_dots_process_run_manager();

    ngx_dots_changes_read();
    ngx_dots_events_read();
}


void
ngx_dots_life_exit(ngx_cycle_t *cycle)
{
    if (ngx_dots_shared == NULL || ngx_dots_life_pid != ngx_pid) {
        return;
    }

    ngx_dots_manager_exit();
    ngx_dots_state_exit();
    ngx_dots_fence_exit();

    if (ngx_exiting) {
        ngx_dots_policy_end();
    }

    ngx_dots_process_leave();

    ngx_dots_life_pid = 0;
}
