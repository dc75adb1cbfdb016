/*
 * ngx_dots_now(): the clock that every deadline is in (model/dots_clock.h), one
 * for all processes of a zone; it does not care what the wall clock is set to.
 * The zone has where it stands, the store how it goes on after a restart.
 */

#ifndef _NGX_DOTS_CLOCK_H_INCLUDED_
#define _NGX_DOTS_CLOCK_H_INCLUDED_

#include "ngx_dots.h"

void ngx_dots_clock_init_process(ngx_cycle_t *cycle);

/*
 * NGX_OK: it runs.  NGX_ERROR: not before the store can be read; no deadline
 * may be made, or be compared with it.
 */
ngx_int_t ngx_dots_clock_start(ngx_log_t *log);

/* ms that it is ahead of the wall clock */
int64_t ngx_dots_clock_ahead(void);

/* For the manager: keeps the durable record near the truth.  Blocks. */
void ngx_dots_clock_save(ngx_log_t *log);

#endif /* _NGX_DOTS_CLOCK_H_INCLUDED_ */
