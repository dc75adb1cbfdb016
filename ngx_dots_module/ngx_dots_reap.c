#include "ngx_dots.h"
#include "ngx_dots_directory.h"
#include "ngx_dots_process.h"
#include "ngx_dots_reap.h"
#include "ngx_dots_zone.h"

#include "../model/dots_presence.h"


typedef struct {
    ngx_pid_t    pid;
    size_t       changes;
} ngx_dots_reap_t;


static ngx_uint_t ngx_dots_reap_dead(void);
static size_t ngx_dots_reap_pending(ngx_dots_reap_t list[NGX_DOTS_SLOTS]);
static void ngx_dots_reap_slot(ngx_dots_slot_t *slot, ngx_pid_t pid,
    ngx_log_t *log);
static size_t ngx_dots_reap_changes(ngx_pid_t pid);
static void ngx_dots_reap_died(ngx_pid_t pid, size_t pending, ngx_log_t *log);
static ngx_pid_t ngx_dots_reap_ended(ngx_dots_slot_t *slot);


void
ngx_dots_reap(ngx_log_t *log)
{
    size_t            i, n;
    ngx_pid_t         pid;
    ngx_dots_reap_t   list[NGX_DOTS_SLOTS];

    /* many look, often: who wants to load must not find the zone taken by it */

    if (!ngx_dots_reap_dead() || ngx_dots_zone_take() != NGX_OK) {
        return;
    }

    for (i = 0; i < NGX_DOTS_SLOTS; i++) {

        pid = ngx_dots_reap_ended(&ngx_dots_shared->slots[i]);

        if (pid) {
            ngx_dots_reap_slot(&ngx_dots_shared->slots[i], pid, log);
        }
    }

    n = ngx_dots_reap_pending(list);

    for (i = 0; i < n; i++) {
        if (!ngx_dots_process_alive(list[i].pid, 0)) {
            ngx_dots_reap_died(list[i].pid, list[i].changes, log);
        }
    }

    ngx_dots_zone_give();
}


static ngx_uint_t
ngx_dots_reap_dead(void)
{
    size_t            i, n;
    ngx_dots_reap_t   list[NGX_DOTS_SLOTS];

    for (i = 0; i < NGX_DOTS_SLOTS; i++) {
        if (ngx_dots_reap_ended(&ngx_dots_shared->slots[i])) {
            return 1;
        }
    }

    n = ngx_dots_reap_pending(list);

    for (i = 0; i < n; i++) {
        if (!ngx_dots_process_alive(list[i].pid, 0)) {
            return 1;
        }
    }

    return 0;
}


/* Who has changes of mitigations under way, also without a slot. */

static size_t
ngx_dots_reap_pending(ngx_dots_reap_t list[NGX_DOTS_SLOTS])
{
    size_t            i, n;
    uint32_t          owner;
    dots_registry_t  *r;

    r = ngx_dots_zone_lock(0);

    if (r == NULL) {
        return 0;
    }

    for (i = 0, n = 0; n < NGX_DOTS_SLOTS; n++) {

        owner = dots_registry_owner(r, &i);

        if (owner == 0) {
            break;
        }

        list[n].pid = (ngx_pid_t) owner;
        list[n].changes = dots_registry_pending(r, owner);
    }

    ngx_dots_zone_unlock();

    return n;
}


static void
ngx_dots_reap_slot(ngx_dots_slot_t *slot, ngx_pid_t pid, ngx_log_t *log)
{
    size_t  changes;

    if (slot->changes) {
        (void) ngx_atomic_fetch_add(&ngx_dots_shared->filters, 1);
    }

    changes = slot->changes + ngx_dots_reap_changes(pid);

    if (changes) {
        ngx_dots_reap_died(pid, changes, log);
    }

    dots_presence_reap(ngx_dots_shared->presence, (uint32_t) pid);
    ngx_dots_directory_reap(pid);

    ngx_dots_process_free(slot, pid);
}


/* Of mitigations: another process may have the pid by now. */

static size_t
ngx_dots_reap_changes(ngx_pid_t pid)
{
    size_t            n;
    dots_registry_t  *r;

    r = ngx_dots_zone_lock(0);

    if (r == NULL) {
        return 0;
    }

    n = dots_registry_pending(r, (uint32_t) pid);

    ngx_dots_zone_unlock();

    return n;
}


static void
ngx_dots_reap_died(ngx_pid_t pid, size_t pending, ngx_log_t *log)
{
    ngx_log_error(NGX_LOG_WARN, log, 0,
                  "dots: process %P died in %uz changes, "
                  "loading the store again", pid, pending);

    ngx_dots_zone_lose();
}


/*
 * The process whose slot it is, if it has ended; 0: there is none, or it lives.
 * One that leaves gives its slot back, and the next one may have it at once, so
 * what is done then is about the pid that was looked at here.
 */

static ngx_pid_t
ngx_dots_reap_ended(ngx_dots_slot_t *slot)
{
    ngx_pid_t          pid;
    ngx_atomic_uint_t  born;

    pid = slot->pid;
    ngx_memory_barrier();
    born = slot->born;
    ngx_memory_barrier();

    if (pid == 0 || pid != (ngx_pid_t) slot->pid) {
        return 0;
    }

    return ngx_dots_process_alive(pid, born) ? 0 : pid;
}
