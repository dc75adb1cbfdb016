/*
 * Names of active mitigations, looked up again when the DNS says that they may
 * have changed (RFC 9132 section 4.4.1.1, target-fqdn).  The manager finds who
 * is due; nginx's resolver works in its process, which runs nginx's event loop
 * like any other.  Called by ngx_dots_pass.c and ngx_dots_mitigation.c.
 */

#ifndef _NGX_DOTS_NAMES_H_INCLUDED_
#define _NGX_DOTS_NAMES_H_INCLUDED_

#include "ngx_dots.h"

/*
 * ms as of ngx_dots_now(): when names with the validity "valid" (as in
 * ngx_dots_resolved_t) are due, not sooner than "lookup_interval"; 0: never.
 */
int64_t ngx_dots_names_next(time_t valid);

/* Begins the lookup for one mitigation; it ends by itself. */
void ngx_dots_names_start(ngx_dots_conf_t *dcf,
    const dots_mitigation_key_t *key, ngx_log_t *log);

#endif /* _NGX_DOTS_NAMES_H_INCLUDED_ */
