#include "ngx_http_dots.h"
#include "ngx_dots_life.h"
#include "ngx_http_dots_via.h"


static ngx_int_t ngx_http_dots_host_meta_handler(ngx_http_request_t *r);

static void *ngx_http_dots_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_dots_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *ngx_http_dots_data(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_http_dots_host_meta(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static ngx_int_t ngx_http_dots_init_process(ngx_cycle_t *cycle);


static ngx_conf_enum_t  ngx_http_dots_forms[] = {
    { ngx_string("rfc8040"), NGX_HTTP_DOTS_RFC8040 },
    { ngx_string("rfc8783"), NGX_HTTP_DOTS_RFC8783 },
    { ngx_null_string, 0 }
};


static ngx_command_t  ngx_http_dots_commands[] = {

    { ngx_string("dots_data"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_dots_data,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dots_entry_form"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_dots_loc_conf_t, form),
      &ngx_http_dots_forms },

    { ngx_string("dots_via"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_dots_via,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_dots_loc_conf_t, via),
      NULL },

    { ngx_string("dots_host_meta"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS|NGX_CONF_TAKE1,
      ngx_http_dots_host_meta,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_dots_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_dots_create_loc_conf,         /* create location configuration */
    ngx_http_dots_merge_loc_conf           /* merge location configuration */
};


ngx_module_t  ngx_http_dots_module = {
    NGX_MODULE_V1,
    &ngx_http_dots_module_ctx,             /* module context */
    ngx_http_dots_commands,                /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_dots_init_process,            /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_dots_life_exit,                    /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


/* ---- host-meta ---- */

static ngx_int_t
ngx_http_dots_host_meta_handler(ngx_http_request_t *r)
{
    size_t                     len;
    ngx_int_t                  rc;
    ngx_buf_t                 *b;
    dots_str_t                 allow = dots_string("GET, HEAD");
    dots_str_t                 no_cache = dots_string("no-cache");
    ngx_chain_t                out;
    ngx_http_dots_loc_conf_t  *dlcf;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return ngx_http_dots_header(r, "Allow", allow) == NGX_OK
               ? NGX_HTTP_NOT_ALLOWED : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    dlcf = ngx_http_get_module_loc_conf(r, ngx_http_dots_module);

    b = ngx_create_temp_buf(r->pool, dlcf->root.len * 6 + 512);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    len = dots_restconf_host_meta(dots_str(dlcf->root.data, dlcf->root.len),
                                  (char *) b->pos, b->end - b->pos);
    if (len == 0) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->last = b->pos + len;
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = len;

    /* RFC 6415 section 2 */

    ngx_str_set(&r->headers_out.content_type, "application/xrd+xml");
    r->headers_out.content_type_len = r->headers_out.content_type.len;

    /* RFC 8040 section 5.5 */

    if (ngx_http_dots_header(r, "Cache-Control", no_cache) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


/* ---- configuration ---- */

static void *
ngx_http_dots_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_dots_loc_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_dots_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     conf->root = { 0, NULL };
     *     conf->data = 0;
     *     conf->via = NULL;
     */

    conf->form = NGX_CONF_UNSET_UINT;

    return conf;
}


/* "limit_except" and "if" are locations of their own with this one's name. */

static char *
ngx_http_dots_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_dots_loc_conf_t *prev = parent;
    ngx_http_dots_loc_conf_t *conf = child;

    ngx_http_ssl_srv_conf_t   *sscf;
    ngx_http_core_loc_conf_t  *clcf;
    ngx_http_core_srv_conf_t  *cscf;

    ngx_conf_merge_uint_value(conf->form, prev->form, NGX_HTTP_DOTS_RFC8040);

    if (ngx_http_dots_via_merge(cf, prev->via, &conf->via) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    cscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module);

    if (conf->data && clcf->handler != ngx_http_dots_data_handler) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"dots_data\" needs location \"%V\" for itself: remove "
                      "its \"proxy_pass\" or the like, in the server in "
                      "%s:%ui", &clcf->name, cscf->file_name, cscf->line);
        return NGX_CONF_ERROR;
    }

    /* ngx_http_ssl_module comes before this module: it is merged */

    sscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_ssl_module);

    if (conf->data && sscf->verify == 0) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"dots_data\" of location \"%V\" knows its clients by "
                      "their certificates, and this server asks for none: "
                      "write \"listen ... ssl\" and \"ssl_verify_client "
                      "optional\" into the server in %s:%ui",
                      &clcf->name, cscf->file_name, cscf->line);
    }

    if (!clcf->noname || clcf->handler) {
        return NGX_CONF_OK;
    }

    if (prev->data) {
        conf->data = 1;
        clcf->handler = ngx_http_dots_data_handler;

    } else if (prev->root.data) {
        conf->root = prev->root;
        clcf->handler = ngx_http_dots_host_meta_handler;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_dots_data(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_dots_loc_conf_t *dlcf = conf;

    ngx_dots_conf_t           *dcf;
    ngx_http_core_loc_conf_t  *clcf;

    if (dlcf->data) {
        return "is duplicate";
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->named || clcf->exact_match
#if (NGX_PCRE)
        || clcf->regex
#endif
        || clcf->name.len == 0 || clcf->name.data[clcf->name.len - 1] == '/')
    {
        return "needs a plain location without a slash at its end, "
               "e.g. \"location /restconf { dots_data; }\"";
    }

    if (clcf->handler) {
        return "needs the location for itself: remove its \"proxy_pass\" or "
               "the like";
    }

    dcf = ngx_dots_get_conf(cf->cycle);
    dcf->data = 1;

    dlcf->data = 1;

    ngx_http_dots_error_server(cf, &clcf->name);

    clcf->handler = ngx_http_dots_data_handler;
    clcf->client_max_body_size = 0;   /* ours is DOTS_RESTCONF_BODY */

    return NGX_CONF_OK;
}


static char *
ngx_http_dots_host_meta(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_dots_loc_conf_t *dlcf = conf;

    ngx_str_t                 *value;
    ngx_http_core_loc_conf_t  *clcf;

    if (dlcf->root.data) {
        return "is duplicate";
    }

    ngx_str_set(&dlcf->root, "/restconf");

    if (cf->args->nelts == 2) {

        value = cf->args->elts;
        dlcf->root = value[1];

        if (dlcf->root.len == 0 || dlcf->root.data[0] != '/') {
            return "needs the path of the location that has \"dots_data\", "
                   "e.g. \"dots_host_meta /restconf;\"";
        }
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_dots_host_meta_handler;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_dots_init_process(ngx_cycle_t *cycle)
{
    return ngx_dots_life_init(cycle);
}
