#include "ngx_dots.h"
#include "ngx_dots_client.h"
#include "ngx_dots_directory.h"
#include "ngx_dots_reap.h"
#include "ngx_dots_zone.h"


typedef struct {
    ngx_pid_t    pid;
    size_t       changes;
} ngx_dots_reap_t;


static ngx_uint_t ngx_dots_reap_dead(void);
static size_t ngx_dots_reap_pending(ngx_dots_reap_t list[NGX_DOTS_SLOTS]);
static void ngx_dots_reap_slot(ngx_dots_slot_t *slot, ngx_pid_t pid,
    ngx_log_t *log);
static void ngx_dots_reap_died(ngx_pid_t pid, size_t pending, ngx_log_t *log);
static ngx_uint_t ngx_dots_reap_alive(ngx_pid_t pid);


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

        pid = ngx_dots_shared->slots[i].pid;

        if (pid && !ngx_dots_reap_alive(pid)) {
            ngx_dots_reap_slot(&ngx_dots_shared->slots[i], pid, log);
        }
    }

    n = ngx_dots_reap_pending(list);

    for (i = 0; i < n; i++) {
        if (!ngx_dots_reap_alive(list[i].pid)) {
            ngx_dots_reap_died(list[i].pid, list[i].changes, log);
        }
    }

    ngx_dots_zone_give();
}


static ngx_uint_t
ngx_dots_reap_dead(void)
{
    size_t            i, n;
    ngx_pid_t         pid;
    ngx_dots_reap_t   list[NGX_DOTS_SLOTS];

    for (i = 0; i < NGX_DOTS_SLOTS; i++) {

        pid = ngx_dots_shared->slots[i].pid;

        if (pid && !ngx_dots_reap_alive(pid)) {
            return 1;
        }
    }

    n = ngx_dots_reap_pending(list);

    for (i = 0; i < n; i++) {
        if (!ngx_dots_reap_alive(list[i].pid)) {
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
ngx_dots_reap_slot(ngx_dots_slot_t *slot, ngx_pid_t pid,
    ngx_log_t *log)
{
    if (slot->changes) {
        (void) ngx_atomic_fetch_add(&ngx_dots_shared->filters, 1);

        ngx_dots_reap_died(pid, slot->changes, log);
    }

    ngx_dots_client_reap(pid);
    ngx_dots_directory_reap(pid);

    (void) ngx_atomic_cmp_set(&slot->pid, pid, 0);
}


static void
ngx_dots_reap_died(ngx_pid_t pid, size_t pending, ngx_log_t *log)
{
    ngx_log_error(NGX_LOG_WARN, log, 0,
                  "dots: process %P died in %uz changes, "
                  "loading the store again", pid, pending);

    ngx_dots_zone_lose();
}


static ngx_uint_t
ngx_dots_reap_alive(ngx_pid_t pid)
{
    return kill(pid, 0) == 0 || ngx_errno != ESRCH;
}
