/*
 * The manager's work on the registry: what is over ends, what is active becomes
 * rules, what the mitigators report becomes status.  Runs in the manager only;
 * it may block on the store.
 */

#ifndef _NGX_DOTS_PASS_H_INCLUDED_
#define _NGX_DOTS_PASS_H_INCLUDED_

#include "ngx_dots.h"

ngx_int_t ngx_dots_pass_start(ngx_dots_conf_t *dcf, ngx_log_t *log);
void ngx_dots_pass_stop(void);

/*
 * Ends what is due; NGX_AGAIN: there is more at once; NGX_ERROR: it is on
 * record still, because the store failed.
 */
ngx_int_t ngx_dots_pass_expire(void);

/* Has the registry or a mitigator changed since the last run? */
ngx_uint_t ngx_dots_pass_needed(void);
void ngx_dots_pass_run(void);

#endif /* _NGX_DOTS_PASS_H_INCLUDED_ */
