/*
 * What becomes of a mitigation by the manager's doing, in the registry, in the
 * store and in the audit log: it is over, it acts, it is taken back.  Called by
 * ngx_dots_pass.c; may block on the store.
 */

#ifndef _NGX_DOTS_PASS_STATUS_H_INCLUDED_
#define _NGX_DOTS_PASS_STATUS_H_INCLUDED_

#include "ngx_dots.h"

#define NGX_DOTS_PASS_CHUNK  64                 /* entries a lock */
#define NGX_DOTS_PASS_ARENA  (64 * 1024 * 1024)

/* As ngx_dots_pass_expire(). */
ngx_int_t ngx_dots_pass_status_expire(ngx_dots_conf_t *dcf, ngx_log_t *log);

/* NGX_ERROR, of both: it has to be taken back, which did not succeed now. */
ngx_int_t ngx_dots_pass_status_report(dots_mitigator_t *runner,
    dots_mitigation_t *m, dots_arena_t *a, ngx_log_t *log);
ngx_int_t ngx_dots_pass_status_revoke(dots_mitigation_t *m,
    const char *reason, dots_arena_t *a, ngx_log_t *log);

#endif /* _NGX_DOTS_PASS_STATUS_H_INCLUDED_ */
