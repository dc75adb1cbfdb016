/*
 * Under which names this server stands in a Via header field: those of
 * "dots_via", or of "server_name" (RFC 8783 section 3.4).  Configuration only;
 * called by ngx_http_dots_module.c.
 */

#ifndef _NGX_HTTP_DOTS_VIA_H_INCLUDED_
#define _NGX_HTTP_DOTS_VIA_H_INCLUDED_

#include <ngx_http.h>

/* The handler of "dots_via NAME...": an array of dots_str_t at its offset. */
char *ngx_http_dots_via(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* What holds without one: the outer one, or the names of the server. */
ngx_int_t ngx_http_dots_via_merge(ngx_conf_t *cf, ngx_array_t *prev,
    ngx_array_t **names);

#endif /* _NGX_HTTP_DOTS_VIA_H_INCLUDED_ */
