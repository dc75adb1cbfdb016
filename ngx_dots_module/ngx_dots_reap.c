#include "ngx_dots.h"
#include "ngx_dots_client.h"
#include "ngx_dots_directory.h"
#include "ngx_dots_reap.h"
#include "ngx_dots_zone.h"


static ngx_uint_t ngx_dots_reap_alive(ngx_pid_t pid);


void
ngx_dots_reap(ngx_log_t *log)
{
    size_t            pending;
    ngx_pid_t         pid;
    ngx_uint_t        i;
    dots_registry_t  *r;

    for (i = 0; i < NGX_DOTS_SLOTS; i++) {

        pid = ngx_dots_shared->slots[i].pid;

        if (pid == 0 || pid == ngx_pid || ngx_dots_reap_alive(pid)) {
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


static ngx_uint_t
ngx_dots_reap_alive(ngx_pid_t pid)
{
    return kill(pid, 0) == 0 || ngx_errno != ESRCH;
}
