#include "ngx_http_dots.h"
#include "../restconf/dots_media.h"
#include "../restconf/dots_restconf_page.h"


#define NGX_HTTP_DOTS_ERROR_ARENA     65536
#define NGX_HTTP_DOTS_HEADERS_LARGE   431    /* RFC 6585 section 5 */


/*
 * nginx's own pages, in servers that have "dots_data", as errors of RESTCONF
 * (RFC 8040 section 7.1): a request that can't be read never comes to a
 * location, so a filter does it.  A page is known by what makes it: an error
 * status that a handler ended with, and HTML that is of no file.
 */

typedef struct {
    ngx_array_t   roots;    /* of ngx_str_t: the locations with dots_data */
} ngx_http_dots_error_srv_conf_t;

typedef struct {
    ngx_str_t     text;
    ngx_uint_t    sent;
} ngx_http_dots_error_ctx_t;


static ngx_int_t ngx_http_dots_error_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_dots_error_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static ngx_uint_t ngx_http_dots_error_is_page(ngx_http_request_t *r);
static ngx_str_t *ngx_http_dots_error_root(ngx_http_request_t *r,
    ngx_http_dots_error_srv_conf_t *conf);
static ngx_uint_t ngx_http_dots_error_wants_html(ngx_http_request_t *r);
static ngx_uint_t ngx_http_dots_error_status(ngx_http_request_t *r);
static ngx_uint_t ngx_http_dots_error_certificate(ngx_http_request_t *r);
static ngx_int_t ngx_http_dots_error_text(ngx_http_request_t *r,
    ngx_uint_t status, ngx_str_t *media, ngx_str_t *text);
static ngx_uint_t ngx_http_dots_error_allows(ngx_http_request_t *r);
static ngx_int_t ngx_http_dots_error_allow(ngx_http_request_t *r,
    ngx_str_t *root);
static ngx_int_t ngx_http_dots_error_challenge(ngx_http_request_t *r);
static void *ngx_http_dots_error_create_conf(ngx_conf_t *cf);
static char *ngx_http_dots_error_merge_conf(ngx_conf_t *cf, void *parent,
    void *child);
static ngx_int_t ngx_http_dots_error_init(ngx_conf_t *cf);


static ngx_http_module_t  ngx_http_dots_error_filter_module_ctx = {
    NULL,                                  /* preconfiguration */
    ngx_http_dots_error_init,              /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    ngx_http_dots_error_create_conf,       /* create server configuration */
    ngx_http_dots_error_merge_conf,        /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_dots_error_filter_module = {
    NGX_MODULE_V1,
    &ngx_http_dots_error_filter_module_ctx,  /* module context */
    NULL,                                  /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


/* ---- the filters ---- */

static ngx_int_t
ngx_http_dots_error_header_filter(ngx_http_request_t *r)
{
    ngx_str_t                        media, *root;
    ngx_uint_t                       status;
    dots_str_t                       no_cache = dots_string("no-cache");
    ngx_http_dots_error_ctx_t       *ctx;
    ngx_http_dots_error_srv_conf_t  *conf;

    conf = ngx_http_get_module_srv_conf(r, ngx_http_dots_error_filter_module);

    if (conf->roots.nelts == 0 || r != r->main
        || !ngx_http_dots_error_is_page(r))
    {
        return ngx_http_next_header_filter(r);
    }

    root = ngx_http_dots_error_root(r, conf);

    if (root == NULL && r->uri.len && ngx_http_dots_error_wants_html(r)) {
        return ngx_http_next_header_filter(r);
    }

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_dots_error_ctx_t));
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    status = ngx_http_dots_error_status(r);

    if (ngx_http_dots_error_text(r, status, &media, &ctx->text) != NGX_OK
        || ngx_http_dots_header(r, "Cache-Control", no_cache) != NGX_OK
        || (status == NGX_HTTP_NOT_ALLOWED
            && ngx_http_dots_error_allow(r, root) != NGX_OK)
        || (status == NGX_HTTP_UNAUTHORIZED
            && ngx_http_dots_error_challenge(r) != NGX_OK))
    {
        return NGX_ERROR;
    }

    ngx_http_set_ctx(r, ctx, ngx_http_dots_error_filter_module);

    r->err_status = status;
    r->headers_out.status = status;

    if (status == NGX_HTTP_DOTS_HEADERS_LARGE) {
        ngx_str_set(&r->headers_out.status_line,
                    "431 Request Header Fields Too Large");

    } else if (status == NGX_HTTP_DOTS_TOO_EARLY) {
        ngx_str_set(&r->headers_out.status_line, "425 Too Early");
    }

    ngx_http_clear_content_length(r);

    r->headers_out.content_length_n = ctx->text.len;
    r->headers_out.content_type = media;
    r->headers_out.content_type_len = media.len;
    r->headers_out.content_type_lowcase = NULL;
    r->headers_out.charset.len = 0;

    return ngx_http_next_header_filter(r);
}


static ngx_int_t
ngx_http_dots_error_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_buf_t                  *b;
    ngx_chain_t                 out, *cl;
    ngx_http_dots_error_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_dots_error_filter_module);

    if (ctx == NULL || in == NULL) {
        return ngx_http_next_body_filter(r, in);
    }

    /* the page is in static memory, nobody waits for it to be sent */

    for (cl = in; cl; cl = cl->next) {
        cl->buf->pos = cl->buf->last;
    }

    if (ctx->sent) {
        return NGX_OK;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    ctx->sent = 1;

    b->pos = ctx->text.data;
    b->last = b->pos + ctx->text.len;
    b->memory = 1;
    b->last_buf = 1;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_next_body_filter(r, &out);
}


/* ---- which answers ---- */

static ngx_uint_t
ngx_http_dots_error_is_page(ngx_http_request_t *r)
{
    ngx_str_t  *type;

    if (r->err_status < NGX_HTTP_BAD_REQUEST
        || r->headers_out.status < NGX_HTTP_BAD_REQUEST
        || r->headers_out.last_modified_time != -1)
    {
        return 0;
    }

    /* an "error_page" that is proxied */

    if (r->upstream && r->upstream->headers_in.status_n >= NGX_HTTP_OK
        && r->upstream->headers_in.status_n < NGX_HTTP_BAD_REQUEST)
    {
        return 0;
    }

    type = &r->headers_out.content_type;

    /* a status that nginx has no page for has no body */

    return type->len == 0
           ? r->headers_out.content_length_n == 0
           : type->len == sizeof("text/html") - 1
             && ngx_strncmp(type->data, "text/html", type->len) == 0;
}


static ngx_str_t *
ngx_http_dots_error_root(ngx_http_request_t *r,
    ngx_http_dots_error_srv_conf_t *conf)
{
    ngx_str_t   *root;
    ngx_uint_t   i;

    root = conf->roots.elts;

    for (i = 0; i < conf->roots.nelts; i++) {

        if (r->uri.len >= root[i].len
            && ngx_strncmp(r->uri.data, root[i].data, root[i].len) == 0
            && (r->uri.len == root[i].len
                || r->uri.data[root[i].len] == '/'))
        {
            return &root[i];
        }
    }

    return NULL;
}


/* A browser, outside of RESTCONF. */

static ngx_uint_t
ngx_http_dots_error_wants_html(ngx_http_request_t *r)
{
    int         html;
    dots_str_t  accept;

    accept = ngx_http_dots_field(r, "Accept");
    html = dots_media_quality(accept, "text/html");

    return html > dots_media_quality(accept, "application/yang-data+json")
           && html > dots_media_quality(accept, "application/yang-data+xml");
}


/*
 * nginx answers 400 for codes of its own (494 to 497).  Which it was is seen by
 * what is left of it: RFC 8040 section 2.5 wants 401 for a bad certificate.
 */

static ngx_uint_t
ngx_http_dots_error_status(ngx_http_request_t *r)
{
    if (r->headers_out.status != NGX_HTTP_BAD_REQUEST) {
        return r->headers_out.status;
    }

    if (r->http_state == NGX_HTTP_PROCESS_REQUEST_STATE
        && ngx_http_dots_error_certificate(r))
    {
        return NGX_HTTP_UNAUTHORIZED;
    }

    /* of all that end in 400 only too large headers leave this set */

    return r->lingering_close ? NGX_HTTP_DOTS_HEADERS_LARGE
                              : NGX_HTTP_BAD_REQUEST;
}


/* Nonzero: the certificate that there is, or is not, is no good: 495, 496. */

static ngx_uint_t
ngx_http_dots_error_certificate(ngx_http_request_t *r)
{
    long                      rc;
    X509                     *cert;
    const char               *s;
    ngx_connection_t         *c;
    ngx_http_ssl_srv_conf_t  *sscf;

    c = r->connection;
    sscf = ngx_http_get_module_srv_conf(r, ngx_http_ssl_module);

    if (c->ssl == NULL || sscf->verify == 0) {
        return 0;
    }

    rc = SSL_get_verify_result(c->ssl->connection);

    if (rc != X509_V_OK
        && (sscf->verify != 3 || !ngx_ssl_verify_error_optional(rc)))
    {
        return 1;
    }

    if (sscf->verify == 1) {
        cert = SSL_get_peer_certificate(c->ssl->connection);

        if (cert == NULL) {
            return 1;
        }

        X509_free(cert);
    }

    return ngx_ssl_ocsp_get_status(c, &s) != NGX_OK;
}


/* ---- what they say ---- */

static ngx_int_t
ngx_http_dots_error_copy(ngx_pool_t *pool, ngx_str_t *dst, dots_str_t src)
{
    dst->data = ngx_pnalloc(pool, src.len);
    if (dst->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(dst->data, src.data, src.len);
    dst->len = src.len;

    return NGX_OK;
}


static ngx_int_t
ngx_http_dots_error_text(ngx_http_request_t *r, ngx_uint_t status,
    ngx_str_t *media, ngx_str_t *text)
{
    ngx_int_t         rc;
    dots_str_t        m, t;
    dots_arena_t     *a;
    ngx_dots_conf_t  *dcf;

    dcf = ngx_dots_get_conf(ngx_cycle);

    a = dots_arena_create(NGX_HTTP_DOTS_ERROR_ARENA);
    if (a == NULL) {
        return NGX_ERROR;
    }

    rc = dots_restconf_page(dcf->schema, status,
                            ngx_http_dots_field(r, "Accept"), a, &m, &t)
         == DOTS_OK
         && ngx_http_dots_error_copy(r->pool, media, m) == NGX_OK
         && ngx_http_dots_error_copy(r->pool, text, t) == NGX_OK
         ? NGX_OK : NGX_ERROR;

    dots_arena_destroy(a);

    return rc;
}


static ngx_uint_t
ngx_http_dots_error_allows(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &r->headers_out.headers.part; part; part = part->next) {

        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].hash != 0 && h[i].key.len == sizeof("Allow") - 1
                && ngx_strncasecmp(h[i].key.data, (u_char *) "Allow",
                                   h[i].key.len)
                   == 0)
            {
                return 1;
            }
        }
    }

    return 0;
}


/*
 * RFC 9110 section 15.5.6: of TRACE, which nginx refuses by itself.  Where
 * there is no resource there is no method, which an empty list says.  Outside
 * of RESTCONF it is nginx's handlers that answer so; they know these two.
 */

static ngx_int_t
ngx_http_dots_error_allow(ngx_http_request_t *r, ngx_str_t *root)
{
    ngx_int_t        n;
    dots_str_t       files = dots_string("GET, HEAD");
    dots_restconf_t  rc;

    if (ngx_http_dots_error_allows(r)) {
        return NGX_OK;
    }

    if (root == NULL) {
        return ngx_http_dots_header(r, "Allow", files);
    }

    ngx_memzero(&rc, sizeof(dots_restconf_t));

    rc.schema = ngx_dots_get_conf(ngx_cycle)->schema;

    rc.uri = r->unparsed_uri.len < root->len
             ? dots_str("//", 2)
             : dots_str(r->unparsed_uri.data + root->len,
                        r->unparsed_uri.len - root->len);

    dots_restconf_allow(&rc);
    n = ngx_http_dots_header_line(r, "Allow", rc.allow) ? NGX_OK : NGX_ERROR;
    dots_restconf_free(&rc);

    return n;
}


/* What refused for another reason than the certificate has said its own. */

static ngx_int_t
ngx_http_dots_error_challenge(ngx_http_request_t *r)
{
    dots_str_t  challenge = dots_string(DOTS_RESTCONF_CHALLENGE);

    if (r->headers_out.www_authenticate) {
        return NGX_OK;
    }

    return ngx_http_dots_header(r, "WWW-Authenticate", challenge);
}


/* ---- configuration ---- */

void
ngx_http_dots_error_server(ngx_conf_t *cf, ngx_str_t *root)
{
    ngx_str_t                       *place;
    ngx_http_dots_error_srv_conf_t  *conf;

    conf = ngx_http_conf_get_module_srv_conf(cf,
                                           ngx_http_dots_error_filter_module);

    place = ngx_array_push(&conf->roots);

    if (place) {
        *place = *root;
    }
}


static void *
ngx_http_dots_error_create_conf(ngx_conf_t *cf)
{
    ngx_http_dots_error_srv_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_dots_error_srv_conf_t));

    if (conf == NULL
        || ngx_array_init(&conf->roots, cf->pool, 1, sizeof(ngx_str_t))
           != NGX_OK)
    {
        return NULL;
    }

    return conf;
}


/* nginx's ssl module comes before, its context is there. */

static char *
ngx_http_dots_error_merge_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_dots_error_srv_conf_t *conf = child;

    if (conf->roots.nelts) {
        ngx_http_dots_identity_server(
                ngx_http_conf_get_module_srv_conf(cf, ngx_http_ssl_module));
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_dots_error_init(ngx_conf_t *cf)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_dots_error_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_dots_error_body_filter;

    return NGX_OK;
}
