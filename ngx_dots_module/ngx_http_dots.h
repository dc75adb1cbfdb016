/*
 * What the http side of the module shares: the answers of the data channel
 * (ngx_http_dots_data.c), large ones (ngx_http_dots_pieces.c), who asks
 * (ngx_http_dots_identity.c), the event stream (ngx_http_dots_stream.c) and
 * nginx's own errors in RESTCONF's form (ngx_http_dots_error.c).
 */

#ifndef _NGX_HTTP_DOTS_H_INCLUDED_
#define _NGX_HTTP_DOTS_H_INCLUDED_

#include <ngx_http.h>

#include "ngx_dots.h"
#include "../restconf/dots_restconf.h"

#define NGX_HTTP_DOTS_RFC8040  0
#define NGX_HTTP_DOTS_RFC8783  1

#define NGX_HTTP_DOTS_TOO_EARLY  425    /* RFC 8470 section 5.2 */

typedef struct {
    ngx_str_t             root;       /* {+restconf}: of dots_host_meta */
    ngx_uint_t            data;       /* dots_data is here */
    ngx_uint_t            form;       /* dots_entry_form */
    ngx_array_t          *via;        /* of dots_str_t */
} ngx_http_dots_loc_conf_t;

extern ngx_module_t  ngx_http_dots_module;
extern ngx_module_t  ngx_http_dots_error_filter_module;

/* A request of the data channel, from its body to its answer. */
ngx_int_t ngx_http_dots_data_handler(ngx_http_request_t *r);

/* A header of the request, its lines joined; empty: none. */
dots_str_t ngx_http_dots_field(ngx_http_request_t *r, const char *name);

/* A header of the answer, be its value empty; of header() that is none. */
ngx_table_elt_t *ngx_http_dots_header_line(ngx_http_request_t *r,
    const char *name, dots_str_t value);
ngx_int_t ngx_http_dots_header(ngx_http_request_t *r, const char *name,
    dots_str_t value);

/* Whose the certificate of the request is; NULL: nobody's. */
const dots_customer_t *ngx_http_dots_customer(ngx_http_request_t *r);

/* A server{} with "dots_data", when its SSL_CTX is there. */
void ngx_http_dots_identity_server(ngx_http_ssl_srv_conf_t *sscf);

/*
 * Begins the answer that rc->subscription is.  NGX_DONE: the stream has the
 * request and will finalize it; anything else is for the caller to finalize
 * with.
 */
ngx_int_t ngx_http_dots_stream(ngx_http_request_t *r, dots_restconf_t *rc);

/*
 * A body that is made while it is sent, by chunks or frames: one buffer, filled
 * again when it is on the wire (ngx_http_dots_body.c).
 */

typedef struct {
    ngx_http_request_t   *request;
    ngx_buf_t            *buffer;
    ngx_chain_t          *free;
    ngx_chain_t          *busy;       /* not on the wire yet */
} ngx_http_dots_body_t;

ngx_int_t ngx_http_dots_body_create(ngx_http_dots_body_t *b,
    ngx_http_request_t *r, size_t size);

/*
 * What is in the buffer, while nothing is busy; and from the write handler what
 * is left.  NGX_OK: it is on the wire; NGX_AGAIN: the write handler goes on,
 * within "send_timeout"; NGX_ERROR.
 */
ngx_int_t ngx_http_dots_body_send(ngx_http_dots_body_t *b);
ngx_int_t ngx_http_dots_body_flush(ngx_http_dots_body_t *b);

/*
 * Sends the body of rc->pieces, whose header is sent.  NGX_DONE: the request is
 * finalized when it is over; NGX_ERROR.
 */
ngx_int_t ngx_http_dots_pieces(ngx_http_request_t *r, dots_restconf_t *rc);

/* A location of this server has "dots_data". */
void ngx_http_dots_error_server(ngx_conf_t *cf, ngx_str_t *root);

#endif /* _NGX_HTTP_DOTS_H_INCLUDED_ */
