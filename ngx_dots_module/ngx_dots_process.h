/*
 * The processes of nginx as they know each other: slots in the zone, and how to
 * wake who has one.
 */

#ifndef _NGX_DOTS_PROCESS_H_INCLUDED_
#define _NGX_DOTS_PROCESS_H_INCLUDED_

#include "ngx_dots.h"

/* Without a slot yet; then with one, or NGX_DECLINED, which is logged. */
void ngx_dots_process_begin(ngx_cycle_t *cycle);
ngx_int_t ngx_dots_process_claim(ngx_cycle_t *cycle);
void ngx_dots_process_leave(void);
void ngx_dots_process_free(ngx_dots_slot_t *slot, ngx_pid_t pid);
ngx_uint_t ngx_dots_process_used(void);     /* slots */

/*
 * Zero if that process has ended, also where another one has its pid now: it
 * has begun at another time.  0: not known.
 */
ngx_uint_t ngx_dots_process_alive(ngx_pid_t pid, ngx_atomic_uint_t born);

/* Wakes the manager, wherever it lives; cheap, coalesced. */
void ngx_dots_process_wake_manager(void);
void ngx_dots_process_wake_manager_now(void);

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
void ngx_dots_process_run_manager(void);    /* if it is the one */
int ngx_dots_process_eventfd(void);    /* of this process; -1: none */
ngx_int_t ngx_dots_process_number(void);  /* its slot; -1: none */

/*
 * "handler" is called while there is something to read.  The process and its
 * timers do not care for this connection: not at its exit either.
 */
ngx_int_t ngx_dots_process_watch(ngx_cycle_t *cycle, ngx_socket_t fd,
    ngx_event_handler_pt handler);

#endif /* _NGX_DOTS_PROCESS_H_INCLUDED_ */
