/*
 * Removes the aliases whose time is over (RFC 8783 section 6.1) from the store,
 * and tells the event streams.  Nobody sees them any more from their deadline
 * on.  Of the manager; blocks on the store.
 */

#ifndef _NGX_DOTS_SWEEP_H_INCLUDED_
#define _NGX_DOTS_SWEEP_H_INCLUDED_

#include "ngx_dots.h"

/* Looks at once, then when it is time. */
void ngx_dots_sweep_start(ngx_dots_conf_t *dcf);
void ngx_dots_sweep(ngx_log_t *log);

/* When there is something to do, by ngx_dots_now(). */
int64_t ngx_dots_sweep_deadline(void);

#endif /* _NGX_DOTS_SWEEP_H_INCLUDED_ */
