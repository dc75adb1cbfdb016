#include "ngx_dots_turn.h"
#include "ngx_http_dots.h"
#include "ngx_dots_events.h"
#include "ngx_dots_limit.h"


#define NGX_HTTP_DOTS_DATA_LARGE  32   /* requests that a large answer costs */


typedef struct {
    dots_restconf_t       rc;
    ngx_http_request_t   *request;
    u_char               *body;       /* DOTS_RESTCONF_BODY at most */
    size_t                len;
    size_t                size;
    ngx_uint_t           *done;       /* while we are called; NULL: later */
    ngx_event_t           turn;       /* posted: there is more to look at */
    unsigned              handled:1;
    unsigned              placed:1;   /* a stream of the customer is counted */
} ngx_http_dots_ctx_t;


static ngx_uint_t ngx_http_dots_data_early(ngx_http_request_t *r);
static void ngx_http_dots_data_skip(ngx_http_request_t *r,
    ngx_http_dots_ctx_t *ctx);
static void ngx_http_dots_data_read(ngx_http_request_t *r);
static ngx_int_t ngx_http_dots_data_gather(ngx_http_request_t *r,
    ngx_http_dots_ctx_t *ctx);
static ngx_int_t ngx_http_dots_data_append(ngx_http_dots_ctx_t *ctx,
    ngx_buf_t *b);
static void ngx_http_dots_data_head(ngx_http_request_t *r,
    ngx_http_dots_ctx_t *ctx);
static ngx_uint_t ngx_http_dots_data_refused(ngx_http_request_t *r,
    dots_restconf_t *rc);
static void ngx_http_dots_data_run(ngx_http_request_t *r,
    ngx_http_dots_ctx_t *ctx);
static size_t ngx_http_dots_data_join(ngx_http_request_t *r, const char *name,
    u_char *p, ngx_str_t *line);
static int ngx_http_dots_data_registered(dots_restconf_t *rc, dots_str_t cuid,
    const dots_customer_t **customer);
static int64_t ngx_http_dots_data_since(dots_restconf_t *rc);
static unsigned ngx_http_dots_data_limited(dots_restconf_t *rc);
static int ngx_http_dots_data_place(dots_restconf_t *rc);
static void ngx_http_dots_data_again(dots_restconf_t *rc);
static void ngx_http_dots_data_turn(ngx_event_t *ev);
static void ngx_http_dots_data_submit(dots_restconf_t *rc, dots_request_t *rq);
static void ngx_http_dots_data_done(dots_restconf_t *rc);
static ngx_int_t ngx_http_dots_data_send(ngx_http_request_t *r,
    dots_restconf_t *rc);
static ngx_int_t ngx_http_dots_data_known(ngx_http_request_t *r,
    dots_restconf_t *rc);
static ngx_int_t ngx_http_dots_data_retry_after(ngx_http_request_t *r,
    dots_restconf_t *rc);
static dots_str_t ngx_http_dots_data_origin(ngx_http_request_t *r);
static void ngx_http_dots_data_audit(ngx_http_request_t *r,
    dots_restconf_t *rc);
static void ngx_http_dots_data_cleanup(void *data);


ngx_int_t
ngx_http_dots_data_handler(ngx_http_request_t *r)
{
    size_t                     len;
    ngx_int_t                  rc;
    ngx_http_cleanup_t        *cln;
    ngx_http_dots_ctx_t       *ctx;
    ngx_http_core_loc_conf_t  *clcf;

    /* "location /restconf" is that of "/restconfig", too */

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
    len = clcf->name.len;

    if (r->uri.len > len && r->uri.data[len] != '/') {
        return NGX_HTTP_NOT_FOUND;
    }

    if (ngx_http_dots_data_early(r)) {
        return NGX_HTTP_DOTS_TOO_EARLY;
    }

    ctx = ngx_calloc(sizeof(ngx_http_dots_ctx_t), r->connection->log);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->request = r;

    cln = ngx_http_cleanup_add(r, 0);
    if (cln == NULL) {
        ngx_free(ctx);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = ngx_http_dots_data_cleanup;
    cln->data = ctx;

    ngx_http_set_ctx(r, ctx, ngx_http_dots_module);

    r->connection->log->action = "reading DOTS data channel request";

    ngx_http_dots_data_head(r, ctx);

    if (ngx_http_dots_data_refused(r, &ctx->rc)) {
        ngx_http_dots_data_skip(r, ctx);
        return NGX_DONE;
    }

    /*
     * Unbuffered: a body is kept in memory up to our limit and then refused in
     * RESTCONF's form, where nginx's own limit would answer with HTML.
     */

    r->request_body_no_buffering = 1;

    rc = ngx_http_read_client_request_body(r, ngx_http_dots_data_read);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    return NGX_DONE;
}


/*
 * Whoever has seen early data of TLS 1.3 may send them again: what changes
 * anything waits for the handshake (RFC 8470 section 3).
 */

static ngx_uint_t
ngx_http_dots_data_early(ngx_http_request_t *r)
{
    ngx_str_t  early;

    return r->connection->ssl != NULL
           && !(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_OPTIONS))
           && (ngx_ssl_get_early_data(r->connection, r->pool, &early) != NGX_OK
               || early.len);
}


/*
 * RFC 9110 section 10.1.1: who asks before sending is not told to go on if that
 * is refused already.  Of nobody's body there is none in memory at all.
 */

static ngx_uint_t
ngx_http_dots_data_refused(ngx_http_request_t *r, dots_restconf_t *rc)
{
    if (r->headers_in.content_length_n <= 0 && !r->headers_in.chunked) {
        return 0;
    }

    rc->body_too_large = r->headers_in.content_length_n > DOTS_RESTCONF_BODY;

    rc->body_unread = rc->body_too_large || rc->customer == NULL
                      || (r->headers_in.expect && dots_restconf_refuses(rc));

    return rc->body_unread;
}


static void
ngx_http_dots_data_skip(ngx_http_request_t *r, ngx_http_dots_ctx_t *ctx)
{
    r->expect_tested = 1;
    r->main->count++;

    (void) ngx_http_discard_request_body(r);

    ngx_http_dots_data_run(r, ctx);
}


static void
ngx_http_dots_data_read(ngx_http_request_t *r)
{
    ngx_int_t             rc;
    ngx_http_dots_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_dots_module);

    if (ctx->handled) {
        return;
    }

    r->read_event_handler = ngx_http_dots_data_read;

    for ( ;; ) {

        if (ngx_http_dots_data_gather(r, ctx) != NGX_OK) {
            ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
            return;
        }

        if (ctx->rc.body_too_large || !r->reading_body) {
            break;
        }

        rc = ngx_http_read_unbuffered_request_body(r);

        if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
            ngx_http_finalize_request(r, rc);
            return;
        }

        if (rc == NGX_AGAIN && r->request_body->bufs == NULL) {
            return;
        }
    }

    r->read_event_handler = ngx_http_block_reading;

    ngx_http_dots_data_run(r, ctx);
}


static ngx_int_t
ngx_http_dots_data_gather(ngx_http_request_t *r, ngx_http_dots_ctx_t *ctx)
{
    ngx_chain_t  *cl;

    if (r->request_body == NULL) {
        return NGX_OK;
    }

    for (cl = r->request_body->bufs; cl; cl = cl->next) {

        if (cl->buf->in_file && !ngx_buf_in_memory(cl->buf)) {

            /* we never ask for a file: it was read for another module */

            ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                          "\"dots_data\": the request's body is in a file: "
                          "enlarge \"client_body_buffer_size\" or switch "
                          "off what reads it before, e.g. "
                          "\"mirror_request_body\"");
            return NGX_ERROR;
        }

        if (ngx_http_dots_data_append(ctx, cl->buf) != NGX_OK) {
            return NGX_ERROR;
        }

        cl->buf->pos = cl->buf->last;
    }

    r->request_body->bufs = NULL;

    return NGX_OK;
}


/* Grows with what has come, not with what Content-Length claims. */

static ngx_int_t
ngx_http_dots_data_append(ngx_http_dots_ctx_t *ctx, ngx_buf_t *b)
{
    u_char  *p;
    size_t   n, size;

    n = b->last - b->pos;

    if (n == 0 || ctx->rc.body_too_large) {
        return NGX_OK;
    }

    if (n > DOTS_RESTCONF_BODY - ctx->len) {
        ctx->rc.body_too_large = 1;
        return NGX_OK;
    }

    if (ctx->len + n > ctx->size) {

        size = ngx_max(ctx->size * 2, ctx->len + n);

        p = realloc(ctx->body, size);
        if (p == NULL) {
            return NGX_ERROR;
        }

        ctx->body = p;
        ctx->size = size;
    }

    ngx_memcpy(ctx->body + ctx->len, b->pos, n);
    ctx->len += n;

    return NGX_OK;
}


static void
ngx_http_dots_data_head(ngx_http_request_t *r, ngx_http_dots_ctx_t *ctx)
{
    ngx_str_t                 *root;
    dots_restconf_t           *rc;
    ngx_dots_conf_t           *dcf;
    ngx_http_core_loc_conf_t  *clcf;
    ngx_http_dots_loc_conf_t  *dlcf;

    dcf = ngx_dots_get_conf(ngx_cycle);
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
    dlcf = ngx_http_get_module_loc_conf(r, ngx_http_dots_module);
    root = &clcf->name;
    rc = &ctx->rc;

    rc->schema = dcf->schema;
    rc->vendors = dcf->vendors;
    rc->customer = ngx_http_dots_customer(r);
    rc->method = dots_str(r->method_name.data, r->method_name.len);
    rc->root = dots_str(root->data, root->len);

    /*
     * The api-path is taken from the line as it was sent: r->uri is decoded and
     * its slashes are merged, which loses %2F and empty keys (RFC 8040 3.5.3).
     */

    if (r->unparsed_uri.len >= root->len
        && ngx_memcmp(r->unparsed_uri.data, root->data, root->len) == 0)
    {
        rc->uri = dots_str(r->unparsed_uri.data + root->len,
                           r->unparsed_uri.len - root->len);

    } else {

        /* an error_page, or the root written with escapes: no api-path */

        rc->uri = dots_str("//", 2);
    }

    if (r->headers_in.content_type) {
        rc->content_type = dots_str(r->headers_in.content_type->value.data,
                                    r->headers_in.content_type->value.len);
    }

    rc->encoding = ngx_http_dots_field(r, "Content-Encoding");
    rc->range = ngx_http_dots_field(r, "Content-Range");
    rc->origin = ngx_http_dots_data_origin(r);
    rc->accept = ngx_http_dots_field(r, "Accept");

    rc->conditions.match = ngx_http_dots_field(r, "If-Match");
    rc->conditions.none_match = ngx_http_dots_field(r, "If-None-Match");
    rc->conditions.modified_since = ngx_http_dots_field(r, "If-Modified-Since");
    rc->conditions.unmodified_since = ngx_http_dots_field(r,
                                                       "If-Unmodified-Since");

    rc->wrapped = (dlcf->form == NGX_HTTP_DOTS_RFC8783);
    rc->via = ngx_http_dots_field(r, "Via");
    rc->names = dlcf->via->elts;
    rc->nnames = dlcf->via->nelts;
    rc->customers = dcf->customers;
}


static void
ngx_http_dots_data_run(ngx_http_request_t *r, ngx_http_dots_ctx_t *ctx)
{
    ngx_uint_t        done;
    dots_restconf_t  *rc;

    rc = &ctx->rc;

    r->connection->log->action = "processing DOTS data channel request";

    ctx->handled = 1;

    rc->body = dots_str(ctx->body, ctx->len);
    rc->now = ngx_dots_now();
    rc->wall = ngx_dots_events_now();

    rc->registered = ngx_http_dots_data_registered;
    rc->since = ngx_http_dots_data_since;
    rc->limited = ngx_http_dots_data_limited;
    rc->place = ngx_http_dots_data_place;
    rc->again = ngx_http_dots_data_again;
    rc->submit = ngx_http_dots_data_submit;
    rc->done = ngx_http_dots_data_done;
    rc->host = ctx;

    /* with its answer the request is gone perhaps, and "ctx" with it */

    done = 0;
    ctx->done = &done;

    dots_restconf_handle(rc);

    if (!done) {
        ctx->done = NULL;
    }
}


/*
 * nginx keeps some of them among its known headers only in some builds.
 * Several lines are one list (RFC 9110 section 5.3); without any there is no
 * data.
 */

dots_str_t
ngx_http_dots_field(ngx_http_request_t *r, const char *name)
{
    u_char     *p;
    size_t      len;
    ngx_str_t   line;

    ngx_str_null(&line);

    len = ngx_http_dots_data_join(r, name, NULL, &line);

    if (len == line.len) {
        return dots_str(line.data, line.len);   /* the only one, or none */
    }

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return dots_str(line.data, line.len);
    }

    (void) ngx_http_dots_data_join(r, name, p, &line);

    return dots_str(p, len);
}


/* Its lines at "p", if there is room yet; their length, and the last one. */

static size_t
ngx_http_dots_data_join(ngx_http_request_t *r, const char *name, u_char *p,
    ngx_str_t *line)
{
    size_t            n, len;
    ngx_uint_t        i, lines;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    n = ngx_strlen(name);
    len = 0;
    lines = 0;

    for (part = &r->headers_in.headers.part; part; part = part->next) {

        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].key.len != n
                || ngx_strncasecmp(h[i].key.data, (u_char *) name, n) != 0)
            {
                continue;
            }

            if (lines++) {

                if (p) {
                    p[len] = ',';
                }

                len++;
            }

            if (p) {
                ngx_memcpy(p + len, h[i].value.data, h[i].value.len);
            }

            *line = h[i].value;
            len += line->len;
        }
    }

    return len;
}


static int
ngx_http_dots_data_registered(dots_restconf_t *rc, dots_str_t cuid,
    const dots_customer_t **customer)
{
    return ngx_dots_identity_cuid(ngx_dots_get_conf(ngx_cycle), cuid,
                                  rc->arena, customer)
           == NGX_OK ? DOTS_OK : DOTS_ERROR;
}


static int64_t
ngx_http_dots_data_since(dots_restconf_t *rc)
{
    return ngx_dots_events_since(rc->customer);
}


static unsigned
ngx_http_dots_data_limited(dots_restconf_t *rc)
{
    ngx_http_dots_ctx_t  *ctx;

    ctx = rc->host;

    return ngx_dots_limit_data(rc->customer, ctx->len,
                               ctx->request->connection->log);
}


/*
 * What the client calls us, for the URLs that it gets back; it alone sees them.
 * Without a name that fits one, they are paths.
 */

static dots_str_t
ngx_http_dots_data_origin(ngx_http_request_t *r)
{
    u_char     *p, c;
    size_t      i;
    ngx_str_t  *host;

    if (r->headers_in.host == NULL || r->connection->ssl == NULL) {
        return dots_str(NULL, 0);
    }

    host = &r->headers_in.host->value;

    for (i = 0; i < host->len; i++) {
        c = host->data[i];

        if (!((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
            && !(c >= '0' && c <= '9')
            && c != '.' && c != '-' && c != '_' && c != ':' && c != '['
            && c != ']')
        {
            return dots_str(NULL, 0);
        }
    }

    p = ngx_pnalloc(r->pool, sizeof("https://") - 1 + host->len);
    if (p == NULL) {
        return dots_str(NULL, 0);
    }

    return dots_str(p, ngx_sprintf(p, "https://%V", host) - p);
}


/*
 * A large answer takes time and memory from the first look on, and as a stream
 * it may have a client that takes its time.
 */

static int
ngx_http_dots_data_place(dots_restconf_t *rc)
{
    ngx_http_dots_ctx_t  *ctx;

    ctx = rc->host;

    /* what has shown that it is large was a look at all that fits */

    ngx_dots_limit_data_more(rc->customer, NGX_HTTP_DOTS_DATA_LARGE);

    if (ngx_dots_limit_stream(rc->customer) != NGX_OK) {
        return DOTS_DECLINED;
    }

    ctx->placed = 1;

    return DOTS_OK;
}


/* What takes long is done between what others want. */

static void
ngx_http_dots_data_again(dots_restconf_t *rc)
{
    ngx_http_dots_ctx_t  *ctx;

    ctx = rc->host;

    ctx->turn.handler = ngx_http_dots_data_turn;
    ctx->turn.data = ctx;
    ctx->turn.log = ctx->request->connection->log;

    ngx_dots_turn(&ctx->turn);
}


static void
ngx_http_dots_data_turn(ngx_event_t *ev)
{
    ngx_http_dots_ctx_t  *ctx = ev->data;

    ngx_http_set_log_request(ctx->request->connection->log, ctx->request);

    ngx_dots_turn_over(ev);
    dots_restconf_turn(&ctx->rc);
}


static void
ngx_http_dots_data_submit(dots_restconf_t *rc, dots_request_t *rq)
{
    ngx_resolver_t            *resolver;
    ngx_http_request_t        *r;
    ngx_http_dots_ctx_t       *ctx;
    ngx_http_core_loc_conf_t  *clcf;

    ctx = rc->host;
    r = ctx->request;
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    resolver = clcf->resolver;

    if (resolver && resolver->connections.nelts == 0) {
        resolver = NULL;
    }

    ngx_dots_submit(rq, resolver, clcf->resolver_timeout,
                    r->connection->log);
}


/* From dots_restconf_handle(), or later from the event loop. */

static void
ngx_http_dots_data_done(dots_restconf_t *rc)
{
    ngx_int_t             n;
    ngx_uint_t            later;
    ngx_connection_t     *c;
    ngx_http_request_t   *r;
    ngx_http_dots_ctx_t  *ctx;

    ctx = rc->host;
    r = ctx->request;
    c = r->connection;
    later = (ctx->done == NULL);

    if (!later) {
        *ctx->done = 1;
    }

    n = rc->subscription ? ngx_http_dots_stream(r, rc)
                         : ngx_http_dots_data_send(r, rc);

    if ((rc->subscription || rc->pieces) && n >= NGX_HTTP_SPECIAL_RESPONSE) {
        rc->status = n;
    }

    /* as what is answered 4.29: a flood does not fill the log */

    if (rc->retry_after == 0) {
        ngx_http_dots_data_audit(r, rc);
    }

    if (n != NGX_DONE || !(rc->subscription || rc->pieces)) {
        ngx_http_finalize_request(r, n);
    }

    /*
     * r is gone perhaps; requests that follow on the connection are posted.
     * Within nginx's own call of us it does this: the end of a request whose
     * client is gone is posted, too, and nginx needs it until we return.
     */

    if (later) {
        ngx_http_run_posted_requests(c);
    }
}


static ngx_int_t
ngx_http_dots_data_send(ngx_http_request_t *r, dots_restconf_t *rc)
{
    ngx_int_t     n;
    ngx_buf_t    *b;
    ngx_chain_t   out;
    dots_str_t    no_cache = dots_string("no-cache");
    dots_str_t    accept = dots_string("Accept");

    r->headers_out.status = rc->status;
    r->headers_out.content_length_n = rc->pieces ? -1 : (off_t) rc->text.len;

    if (rc->body_too_large || rc->body_unread) {
        r->keepalive = 0;
        r->lingering_close = 1;
    }

    if (rc->media.len) {
        r->headers_out.content_type.data = (u_char *) rc->media.data;
        r->headers_out.content_type.len = rc->media.len;
        r->headers_out.content_type_len = rc->media.len;
    }

    /* RFC 8040 section 5.5 */

    if (ngx_http_dots_header(r, "Cache-Control", no_cache) != NGX_OK
        || (rc->varies
            && ngx_http_dots_header(r, "Vary", accept) != NGX_OK)
        || ngx_http_dots_header(r, "Allow", rc->allow) != NGX_OK
        || ngx_http_dots_header(r, "Accept-Patch", rc->accept_patch) != NGX_OK
        || ngx_http_dots_header(r, "WWW-Authenticate", rc->challenge) != NGX_OK
        || ngx_http_dots_header(r, "Accept", rc->takes) != NGX_OK
        || ngx_http_dots_header(r, "Accept-Encoding", rc->decodes) != NGX_OK
        || ngx_http_dots_data_known(r, rc) != NGX_OK
        || ngx_http_dots_header(r, "Location", rc->location) != NGX_OK
        || ngx_http_dots_data_retry_after(r, rc) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* the conditions of the request are settled; nginx has a say in files */

    r->disable_not_modified = 1;

    if (rc->status == NGX_HTTP_NO_CONTENT
        || rc->status == NGX_HTTP_NOT_MODIFIED
        || (rc->text.len == 0 && !rc->pieces))
    {
        r->header_only = 1;
    }

    if (rc->status == NGX_HTTP_NOT_MODIFIED) {
        ngx_http_clear_content_length(r);
    }

    n = ngx_http_send_header(r);

    if (n == NGX_ERROR || n > NGX_OK || r->header_only) {
        return n;
    }

    if (rc->pieces) {
        return ngx_http_dots_pieces(r, rc);
    }

    /* the text is copied: it goes with "rc", the output may outlive that */

    b = ngx_create_temp_buf(r->pool, rc->text.len);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->last = ngx_cpymem(b->last, rc->text.data, rc->text.len);
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


/*
 * The tag is of these very bytes (RFC 9110 section 8.8.3): nginx's gzip would
 * make a weak one of it, which no If-Match ever takes.  Filters that change
 * what is sent find both fields where nginx has them.
 */

static ngx_int_t
ngx_http_dots_data_known(ngx_http_request_t *r, dots_restconf_t *rc)
{
    if (rc->etag.len) {
        r->headers_out.etag = ngx_http_dots_header_line(r, "ETag", rc->etag);

        if (r->headers_out.etag == NULL) {
            return NGX_ERROR;
        }

#if (NGX_HTTP_GZIP)
        r->gzip_tested = 1;
        r->gzip_ok = 0;
#endif
    }

    if (rc->last_modified.len) {
        r->headers_out.last_modified = ngx_http_dots_header_line(r,
                                                            "Last-Modified",
                                                            rc->last_modified);
        if (r->headers_out.last_modified == NULL) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_dots_data_retry_after(ngx_http_request_t *r, dots_restconf_t *rc)
{
    u_char  buf[NGX_INT_T_LEN];

    if (rc->retry_after == 0) {
        return NGX_OK;
    }

    return ngx_http_dots_header(r, "Retry-After",
                                dots_str(buf, ngx_sprintf(buf, "%ui",
                                                (ngx_uint_t) rc->retry_after)
                                              - buf));
}


ngx_int_t
ngx_http_dots_header(ngx_http_request_t *r, const char *name, dots_str_t value)
{
    if (value.len == 0) {
        return NGX_OK;
    }

    return ngx_http_dots_header_line(r, name, value) ? NGX_OK : NGX_ERROR;
}


ngx_table_elt_t *
ngx_http_dots_header_line(ngx_http_request_t *r, const char *name,
    dots_str_t value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NULL;
    }

#if (nginx_version >= 1023000)
    h->next = NULL;
#endif

    h->hash = 1;
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);

    h->value.len = value.len;
    h->value.data = ngx_pnalloc(r->pool, value.len);
    if (h->value.data == NULL) {
        h->hash = 0;
        return NULL;
    }

    if (value.len) {
        ngx_memcpy(h->value.data, value.data, value.len);
    }

    return h;
}


static void
ngx_http_dots_data_audit(ngx_http_request_t *r, dots_restconf_t *rc)
{
    u_char           code[NGX_INT_T_LEN];
    ngx_dots_log_t   entry;

    ngx_memzero(&entry, sizeof(ngx_dots_log_t));

    ngx_str_set(&entry.channel, "data");

    entry.peer = r->connection->addr_text;
    entry.method = r->method_name;

    if (rc->customer) {
        entry.customer = rc->customer->name;
    }

    if (rc->request) {
        entry.cuid = rc->request->cuid;
    }

    entry.code.data = code;
    entry.code.len = ngx_sprintf(code, "%ui", (ngx_uint_t) rc->status) - code;

    ngx_dots_log(&entry);
}


static void
ngx_http_dots_data_cleanup(void *data)
{
    ngx_http_dots_ctx_t  *ctx = data;

    if (ctx->handled) {
        dots_restconf_cancel(&ctx->rc);
    }

    if (ctx->placed) {
        ngx_dots_limit_unstream(ctx->rc.customer);
    }

    ngx_dots_turn_over(&ctx->turn);

    ngx_free(ctx->body);
    ngx_free(ctx);
}
