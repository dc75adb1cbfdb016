#include "ngx_dots.h"
#include "ngx_dots_process.h"


#define NGX_DOTS_PROCESS_STAT  1024            /* a line of proc(5)'s stat */
#define NGX_DOTS_PROCESS_OVER  ((ngx_atomic_uint_t) -1)


static ngx_atomic_uint_t ngx_dots_process_born(ngx_pid_t pid);
static void ngx_dots_process_wake_handler(ngx_event_t *ev);
static void ngx_dots_process_wake_each(ngx_uint_t all);


static ngx_int_t   ngx_dots_process_slot = -1;
static void      (*ngx_dots_process_handler)(void);
static ngx_event_t ngx_dots_process_wake;   /* the manager is to be woken */


void
ngx_dots_process_begin(ngx_cycle_t *cycle)
{
    ngx_dots_process_slot = -1;
    ngx_dots_process_handler = NULL;

    ngx_memzero(&ngx_dots_process_wake, sizeof(ngx_event_t));

    ngx_dots_process_wake.handler = ngx_dots_process_wake_handler;
    ngx_dots_process_wake.log = cycle->log;
}


ngx_int_t
ngx_dots_process_claim(ngx_cycle_t *cycle)
{
    ngx_uint_t        i;
    ngx_dots_slot_t  *slot;

    for (i = 0; i < NGX_DOTS_SLOTS; i++) {

        slot = &ngx_dots_shared->slots[i];

        if (slot->pid == 0
            && ngx_atomic_cmp_set(&slot->pid, 0, (ngx_atomic_uint_t) ngx_pid))
        {
            slot->born = ngx_dots_process_born(ngx_pid);
            slot->observes = 0;
            slot->changes = 0;
            ngx_dots_process_slot = i;

            return NGX_OK;
        }
    }

    ngx_log_error(NGX_LOG_ERR, cycle->log, 0,
                  "dots: more than %d processes: this one is not woken at once",
                  NGX_DOTS_SLOTS);

    return NGX_DECLINED;
}


void
ngx_dots_process_leave(void)
{
    if (ngx_dots_process_slot >= 0) {
        ngx_dots_process_free(&ngx_dots_shared->slots[ngx_dots_process_slot],
                              ngx_pid);
        ngx_dots_process_slot = -1;
    }
}


/* "born" is never that of another process than the pid is. */

void
ngx_dots_process_free(ngx_dots_slot_t *slot, ngx_pid_t pid)
{
    slot->born = 0;

    (void) ngx_atomic_cmp_set(&slot->pid, (ngx_atomic_uint_t) pid, 0);
}


ngx_uint_t
ngx_dots_process_alive(ngx_pid_t pid, ngx_atomic_uint_t born)
{
    ngx_atomic_uint_t  is;

    if (kill(pid, 0) == -1 && ngx_errno == ESRCH) {
        return 0;
    }

    is = ngx_dots_process_born(pid);

    return is != NGX_DOTS_PROCESS_OVER && (is == born || is == 0 || born == 0);
}


/*
 * When it began, field 22 of proc(5)'s stat; 0: not known.  OVER: it ended, and
 * its parent has not heard of it, who may stand still, or hear of nothing.
 */

static ngx_atomic_uint_t
ngx_dots_process_born(ngx_pid_t pid)
{
    int          fd;
    char        *p, line[NGX_DOTS_PROCESS_STAT];
    ssize_t      n;
    ngx_uint_t   field;

    (void) ngx_snprintf((u_char *) line, sizeof(line), "/proc/%P/stat%Z", pid);

    fd = open(line, O_RDONLY|O_CLOEXEC);
    if (fd == -1) {
        return 0;
    }

    n = read(fd, line, sizeof(line) - 1);
    (void) close(fd);

    line[n > 0 ? n : 0] = '\0';

    /* the second field is a name in brackets, with anything in it */

    p = strrchr(line, ')');

    if (p == NULL) {
        return 0;
    }

    if (ngx_strncmp(p, ") Z", 3) == 0 || ngx_strncmp(p, ") X", 3) == 0) {
        return NGX_DOTS_PROCESS_OVER;
    }

    for (field = 2; p != NULL && field < 22; field++) {
        p = strchr(p + 1, ' ');
    }

    return p ? (ngx_atomic_uint_t) strtoull(p, NULL, 10) : 0;
}


ngx_uint_t
ngx_dots_process_used(void)
{
    ngx_uint_t  i, n;

    for (i = 0, n = 0; i < NGX_DOTS_SLOTS; i++) {
        n += (ngx_dots_shared->slots[i].pid != 0);
    }

    return n;
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


void
ngx_dots_process_manage(void (*handler)(void))
{
    ngx_dots_process_handler = handler;
    ngx_dots_shared->manager = ngx_dots_process_slot + 1;
}


void
ngx_dots_process_run_manager(void)
{
    if (ngx_dots_process_handler) {
        ngx_dots_process_handler();
    }
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
    ngx_dots_process_wake_manager_now();
}


void
ngx_dots_process_wake_manager_now(void)
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
