/*
 * What each process of nginx does to take part: its slot (how others wake it),
 * its store, its role.  Called by the hooks of the modules.
 */

#ifndef _NGX_DOTS_PROCESS_H_INCLUDED_
#define _NGX_DOTS_PROCESS_H_INCLUDED_

#include "ngx_dots.h"

/*
 * From init_process of the stream and the http module, never of the core
 * module: that one runs before the event module in a static build, when there
 * are no connections yet.  The second call does nothing.
 */
ngx_int_t ngx_dots_process_init(ngx_cycle_t *cycle);

/*
 * From their exit_process, likewise: in a static build nginx's thread pool,
 * which may have a commit under way, ends after the core module.  The second
 * call does nothing.
 */
void ngx_dots_process_exit(ngx_cycle_t *cycle);

/* Wakes the manager, wherever it lives; cheap, coalesced. */
void ngx_dots_process_wake_manager(void);

/* Wakes every process that observes; and whether this one does. */
void ngx_dots_process_wake_observers(void);
void ngx_dots_process_observe(ngx_uint_t what, ngx_uint_t on);

#define NGX_DOTS_PROCESS_CHANGES  1    /* ngx_dots_changes.c */
#define NGX_DOTS_PROCESS_EVENTS   2    /* ngx_dots_events.c */

/* One more change of the data channel under way in this process; -1: less. */
void ngx_dots_process_change(ngx_int_t n);

/* Wakes every process. */
void ngx_dots_process_wake_all(void);

/* Declares this process the manager; "handler" runs when it is woken. */
void ngx_dots_process_manage(void (*handler)(void));
int ngx_dots_process_eventfd(void);    /* of this process; -1: none */
ngx_int_t ngx_dots_process_number(void);  /* its slot; -1: none */

/*
 * "handler" is called while there is something to read.  The process and its
 * timers do not care for this connection: not at its exit either.
 */
ngx_int_t ngx_dots_process_watch(ngx_cycle_t *cycle, ngx_socket_t fd,
    ngx_event_handler_pt handler);

/*
 * Frees the slots of dead processes.  What one of them had under way is decided
 * by the store alone: the registry is then built again, the filters are read
 * again.
 */
void ngx_dots_process_reap(ngx_log_t *log);

#endif /* _NGX_DOTS_PROCESS_H_INCLUDED_ */
