/*
 * Removes the aliases whose time is over (RFC 8783 section 6.1) from the store.
 * Nobody sees them any more: it only makes room.  Called by the manager now and
 * then; blocks on the store.
 */

#ifndef _NGX_DOTS_SWEEP_H_INCLUDED_
#define _NGX_DOTS_SWEEP_H_INCLUDED_

#include "ngx_dots.h"

void ngx_dots_sweep(ngx_log_t *log);

#endif /* _NGX_DOTS_SWEEP_H_INCLUDED_ */
