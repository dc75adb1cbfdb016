#include "ngx_dots.h"
#include "ngx_dots_changes.h"
#include "ngx_dots_client.h"
#include "ngx_dots_clock.h"
#include "ngx_dots_directory.h"
#include "ngx_dots_fence.h"
#include "ngx_dots_events.h"
#include "ngx_dots_manager.h"
#include "ngx_dots_policy.h"
#include "ngx_dots_process.h"
#include "ngx_dots_state.h"
#include "ngx_dots_zone.h"


#define NGX_DOTS_PROCESS_WAIT  3000    /* ms: for who loads a fresh zone */
#define NGX_DOTS_PROCESS_LOOK  2


static void ngx_dots_process_load(ngx_cycle_t *cycle);
static ngx_int_t ngx_dots_process_claim(ngx_cycle_t *cycle);
static ngx_uint_t ngx_dots_process_alive(ngx_pid_t pid);
static void ngx_dots_process_woken(ngx_event_t *ev);
static void ngx_dots_process_wake_handler(ngx_event_t *ev);
static void ngx_dots_process_wake_each(ngx_uint_t all);


static ngx_int_t   ngx_dots_process_slot = -1;
static ngx_pid_t   ngx_dots_process_pid;
static void      (*ngx_dots_process_handler)(void);
static ngx_event_t ngx_dots_process_wake;   /* the manager is to be woken */


ngx_int_t
ngx_dots_process_init(ngx_cycle_t *cycle)
{
    if (ngx_dots_shared == NULL || ngx_dots_process_pid == ngx_pid) {
        return NGX_OK;
    }

    ngx_dots_process_pid = ngx_pid;
    ngx_dots_process_slot = -1;
    ngx_dots_process_handler = NULL;

    ngx_memzero(&ngx_dots_process_wake, sizeof(ngx_event_t));

    ngx_dots_process_wake.handler = ngx_dots_process_wake_handler;
    ngx_dots_process_wake.log = cycle->log;

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

    if (ngx_dots_process_claim(cycle) != NGX_OK) {
        return NGX_OK;
    }

    if (ngx_dots_process_watch(cycle,
            ngx_dots_shared->slots[ngx_dots_process_slot].event,
            ngx_dots_process_woken)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_process != NGX_PROCESS_HELPER
        && ngx_dots_link_init_process(cycle, ngx_dots_process_slot,
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

    ngx_dots_process_load(cycle);
    ngx_dots_fence_follow();

    if (ngx_process == NGX_PROCESS_SINGLE) {
        return ngx_dots_manager_single(cycle);
    }

    return NGX_OK;
}


/*
 * A fresh zone is filled before anybody serves: by the first worker, the others
 * wait for it.  Nobody is connected to this one yet.
 */

static void
ngx_dots_process_load(ngx_cycle_t *cycle)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_DOTS_PROCESS_WAIT / NGX_DOTS_PROCESS_LOOK; i++) {

        if (ngx_dots_zone_load(cycle->log) != NGX_AGAIN
            || !ngx_dots_fence_acting())
        {
            return;
        }

        ngx_msleep(NGX_DOTS_PROCESS_LOOK);
    }
}


static ngx_int_t
ngx_dots_process_claim(ngx_cycle_t *cycle)
{
    ngx_uint_t        i, others;
    ngx_dots_slot_t  *slot;

    others = 0;

    for (i = 0; i < NGX_DOTS_SLOTS; i++) {

        slot = &ngx_dots_shared->slots[i];

        if (ngx_dots_process_slot < 0 && slot->pid == 0
            && ngx_atomic_cmp_set(&slot->pid, 0, (ngx_atomic_uint_t) ngx_pid))
        {
            slot->observes = 0;
            slot->changes = 0;
            ngx_dots_process_slot = i;
        }

        others += (slot->pid != 0);
    }

    /* many reloads in a row, and old workers that keep sessions */

    if (others > NGX_DOTS_SLOTS / 4 * 3) {
        ngx_dots_policy_crowded();
    }

    if (ngx_dots_process_slot >= 0) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_ERR, cycle->log, 0,
                  "dots: more than %d processes: this one is not woken at once",
                  NGX_DOTS_SLOTS);

    return NGX_DECLINED;
}


static ngx_uint_t
ngx_dots_process_alive(ngx_pid_t pid)
{
    return kill(pid, 0) == 0 || ngx_errno != ESRCH;
}


ngx_int_t
ngx_dots_process_watch(ngx_cycle_t *cycle, ngx_socket_t fd,
    ngx_event_handler_pt handler)
{
    ngx_connection_t  *c;

    c = ngx_get_connection(fd, cycle->log);
    if (c == NULL) {
        return NGX_ERROR;
    }

    c->log = cycle->log;
    c->read->log = cycle->log;
    c->write->log = cycle->log;
    c->read->handler = handler;

    /*
     * "channel" keeps the worker's exit, its search for open sockets and the
     * shutdown timer away from this connection
     */

    c->read->channel = 1;
    c->write->channel = 1;

    /* level-triggered: no NGX_CLEAR_EVENT */

    if (ngx_add_event(c->read, NGX_READ_EVENT, 0) != NGX_OK) {
        ngx_free_connection(c);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_dots_process_woken(ngx_event_t *ev)
{
    uint64_t           n;
    ngx_connection_t  *c;

    c = ev->data;

    if (read(c->fd, &n, sizeof(n)) != sizeof(n)) {
        return;
    }

    ngx_dots_fence_follow();

    if (ngx_dots_process_handler) {
        ngx_dots_process_handler();
    }

    ngx_dots_changes_read();
    ngx_dots_events_read();
}


void
ngx_dots_process_manage(void (*handler)(void))
{
    ngx_dots_process_handler = handler;
    ngx_dots_shared->manager = ngx_dots_process_slot + 1;
}


ngx_int_t
ngx_dots_process_number(void)
{
    return ngx_dots_process_slot;
}


int
ngx_dots_process_eventfd(void)
{
    return ngx_dots_process_slot < 0
           ? -1 : ngx_dots_shared->slots[ngx_dots_process_slot].event;
}


/* Once for all changes of one turn of the event loop. */

void
ngx_dots_process_wake_manager(void)
{
    if (!ngx_dots_process_wake.posted) {
        ngx_post_event(&ngx_dots_process_wake, &ngx_posted_events);
    }
}


static void
ngx_dots_process_wake_handler(ngx_event_t *ev)
{
    uint64_t           one;
    ngx_atomic_uint_t  manager;

    manager = ngx_dots_shared->manager;

    if (manager == 0 || manager > NGX_DOTS_SLOTS) {
        return;
    }

    /* a lost wake-up costs a second: the manager looks by itself */

    one = 1;
    (void) !write(ngx_dots_shared->slots[manager - 1].event, &one, sizeof(one));
}


void
ngx_dots_process_change(ngx_int_t n)
{
    if (ngx_dots_process_slot >= 0) {
        ngx_dots_shared->slots[ngx_dots_process_slot].changes += n;
    }
}


void
ngx_dots_process_observe(ngx_uint_t what, ngx_uint_t on)
{
    ngx_dots_slot_t  *slot;

    if (ngx_dots_process_slot < 0) {
        return;
    }

    /* nobody else writes it */

    slot = &ngx_dots_shared->slots[ngx_dots_process_slot];
    slot->observes = on ? slot->observes | what : slot->observes & ~what;
}


void
ngx_dots_process_wake_observers(void)
{
    ngx_dots_process_wake_each(0);
}


void
ngx_dots_process_wake_all(void)
{
    ngx_dots_process_wake_each(1);
}


static void
ngx_dots_process_wake_each(ngx_uint_t all)
{
    uint64_t          one;
    ngx_uint_t        i;
    ngx_dots_slot_t  *slot;

    one = 1;

    for (i = 0; i < NGX_DOTS_SLOTS; i++) {

        slot = &ngx_dots_shared->slots[i];

        if (slot->pid && (all || slot->observes)) {
            (void) !write(slot->event, &one, sizeof(one));
        }
    }
}


void
ngx_dots_process_reap(ngx_log_t *log)
{
    size_t            pending;
    ngx_pid_t         pid;
    ngx_uint_t        i;
    dots_registry_t  *r;

    for (i = 0; i < NGX_DOTS_SLOTS; i++) {

        pid = ngx_dots_shared->slots[i].pid;

        if (pid == 0 || pid == ngx_pid || ngx_dots_process_alive(pid)) {
            continue;
        }

        pending = ngx_dots_shared->slots[i].changes;

        if (pending) {
            (void) ngx_atomic_fetch_add(&ngx_dots_shared->filters, 1);
        }

        r = ngx_dots_zone_lock(0);

        if (r) {
            pending += dots_registry_pending(r, (uint32_t) pid);
            ngx_dots_zone_unlock();

            if (pending) {
                ngx_log_error(NGX_LOG_WARN, log, 0,
                              "dots: process %P died in %uz changes, "
                              "loading the store again", pid, pending);
                ngx_dots_zone_lose();
            }
        }

        ngx_dots_client_reap(pid);
        ngx_dots_directory_reap(pid);

        (void) ngx_atomic_cmp_set(&ngx_dots_shared->slots[i].pid, pid, 0);
    }
}


void
ngx_dots_process_exit(ngx_cycle_t *cycle)
{
    if (ngx_dots_shared == NULL || ngx_dots_process_pid != ngx_pid) {
        return;
    }

    ngx_dots_manager_exit();
    ngx_dots_state_exit();
    ngx_dots_fence_exit();

    if (ngx_exiting) {
        ngx_dots_policy_end();
    }

    if (ngx_dots_process_slot >= 0) {
        ngx_dots_shared->slots[ngx_dots_process_slot].pid = 0;
        ngx_dots_process_slot = -1;
    }

    ngx_dots_process_pid = 0;
}
