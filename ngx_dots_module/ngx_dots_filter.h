/*
 * The manager's view of the ACLs (RFC 8783 section 7): which of them a
 * mitigator can apply, when they act, and the end of those that nobody
 * refreshed.  Keeps in memory what can be applied and reads the store again
 * only when a worker says that ACLs have changed.  Runs in the manager only; it
 * may block on the store.  Called by ngx_dots_pass.c and ngx_dots_manager.c.
 */

#ifndef _NGX_DOTS_FILTER_H_INCLUDED_
#define _NGX_DOTS_FILTER_H_INCLUDED_

#include "ngx_dots.h"
#include "ngx_dots_count.h"

void ngx_dots_filter_start(ngx_dots_conf_t *dcf, ngx_log_t *log);
void ngx_dots_filter_stop(void);

/* Have ACLs changed, or is one of them over? */
ngx_uint_t ngx_dots_filter_needed(void);

/* The next moment (ms) at which one is over, or DOTS_FOREVER. */
int64_t ngx_dots_filter_deadline(void);

/* What an ACL does now, and under which keys that is counted. */

typedef struct {
    dots_str_t              mitigator;
    dots_prefix_t          *prefixes;       /* to drop everything to */
    size_t                  n;
    ngx_dots_count_entry_t *counts;         /* of its entries; none where the
                                               mitigator never counts */
    size_t                  ncounts;
} ngx_dots_filter_act_t;

/*
 * Reads the ACLs again if needed, removes what is over, and calls "handler" for
 * each that acts now.  NGX_ERROR: the store can't be read, what acts is not
 * known.
 */
ngx_int_t ngx_dots_filter_run(
    void (*handler)(const ngx_dots_filter_act_t *act));

#endif /* _NGX_DOTS_FILTER_H_INCLUDED_ */
