/*
 * The manager: the one process of an nginx that makes mitigations happen.  It
 * ends what is over, hands the desired rules to the mitigators, tells the
 * registry what became of them, and takes back what today's configuration does
 * not allow.  It lives in nginx's cache manager process, which may block, or in
 * the only process with "master_process off", or in a worker that has survived
 * both that process and the master; a lock file decides who it is where there
 * is more than one.
 */

#ifndef _NGX_DOTS_MANAGER_H_INCLUDED_
#define _NGX_DOTS_MANAGER_H_INCLUDED_

#include "ngx_dots.h"

/* The callback of the state_path's ngx_path_t; ms until the next call. */
ngx_msec_t ngx_dots_manager(void *data);

/* With "master_process off". */
ngx_int_t ngx_dots_manager_single(ngx_cycle_t *cycle);

/* In a worker: it looks whether it has to be the manager. */
void ngx_dots_manager_worker(ngx_cycle_t *cycle);

void ngx_dots_manager_exit(void);

#endif /* _NGX_DOTS_MANAGER_H_INCLUDED_ */
