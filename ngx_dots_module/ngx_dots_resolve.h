/*
 * From what a client names to the addresses it means: aliases, names and URIs
 * of a target become prefixes, checked against the customer's, without
 * blocking.  RFC 9132 section 4.4.1.1.  Called for mitigations and aliases.
 */

#ifndef _NGX_DOTS_RESOLVE_H_INCLUDED_
#define _NGX_DOTS_RESOLVE_H_INCLUDED_

#include "ngx_dots.h"
#include "ngx_dots_request.h"

#define NGX_DOTS_RESOLVE_NAMES    64    /* different names in one request */
#define NGX_DOTS_RESOLVE_PREFIXES 1024  /* prefixes that they may stand for */

typedef struct {
    size_t           n;
    dots_prefix_t   *prefixes;
    time_t           valid;      /* s: until the first of them may be another;
                                    0: there was no name */
} ngx_dots_resolved_t;

/*
 * "targets": n of them, already checked by dots_target_check().  Calls
 * handler(dr, resolved) once all is known, perhaps before it returns, or ends
 * the request itself: INVALID (unknown alias or name, address outside) or
 * UNAVAILABLE (the DNS does not answer).  With dr->lenient a name without an
 * address inside is no reason to end it.
 */
void ngx_dots_resolve(ngx_dots_request_t *dr, const dots_target_t **targets,
    size_t n, void (*handler)(ngx_dots_request_t *dr,
                              ngx_dots_resolved_t *resolved));

#endif /* _NGX_DOTS_RESOLVE_H_INCLUDED_ */
