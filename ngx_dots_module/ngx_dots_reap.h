/*
 * What is left of processes that died.  Called by the manager, by who takes the
 * place of another process, and by who waits for what somebody else has begun.
 */

#ifndef _NGX_DOTS_REAP_H_INCLUDED_
#define _NGX_DOTS_REAP_H_INCLUDED_

#include "ngx_dots.h"

/*
 * Frees the slots of dead processes.  What one of them had under way is decided
 * by the store alone: the registry is then built again, the filters are read
 * again.
 */
void ngx_dots_reap(ngx_log_t *log);

#endif /* _NGX_DOTS_REAP_H_INCLUDED_ */
