#include "ngx_dots_conf.h"
#include "ngx_dots_dtls.h"
#include "ngx_dots_life.h"
#include "ngx_dots_policy.h"
#include "ngx_dots_trust.h"
#include "ngx_dots_tls.h"
#include "ngx_stream_dots_compat.h"

#include "../model/dots_digest.h"


#define NGX_STREAM_DOTS_HANDSHAKE_TIMEOUT  30000

/* RFC 9132 section 4.5.2: 15 heartbeats of 30 s may be missed; and some more */

#define NGX_STREAM_DOTS_IDLE_TIMEOUT       600000

#define NGX_STREAM_DOTS_SPARE              16     /* one in so many */
#define NGX_STREAM_DOTS_SILENCE            60000  /* ms between reports */


typedef struct {
    ngx_stream_dots_served_t     served;    /* the first: see there */
    ngx_dots_place_t             place;
    ngx_dots_dtls_conf_t         dtls;
    ngx_dots_tls_conf_t          tls;
    SSL_CTX                     *tls_ctx;   /* nginx's; NULL: no "listen ssl" */
    uint64_t                     policy;    /* a digest: ngx_dots_policy.c */
} ngx_stream_dots_srv_conf_t;


typedef struct {
    ngx_array_t                  servers;   /* ngx_stream_dots_srv_conf_t *,
                                               for each "listen" of ours */
} ngx_stream_dots_main_conf_t;


static void ngx_stream_dots_handler(ngx_stream_session_t *s);
static char *ngx_stream_dots_signal(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static void *ngx_stream_dots_create_main_conf(ngx_conf_t *cf);
static void *ngx_stream_dots_create_srv_conf(ngx_conf_t *cf);
static void ngx_stream_dots_resolver(ngx_conf_t *cf);
static uint64_t ngx_stream_dots_digest(ngx_conf_t *cf,
    ngx_stream_ssl_conf_t *sslcf);
static char *ngx_stream_dots_merge_srv_conf(ngx_conf_t *cf, void *parent,
    void *child);
static ngx_int_t ngx_stream_dots_check(ngx_conf_t *cf,
    ngx_stream_dots_srv_conf_t *conf, ngx_stream_ssl_conf_t *sslcf);
static ngx_int_t ngx_stream_dots_check_variables(ngx_conf_t *cf,
    ngx_stream_dots_srv_conf_t *conf, ngx_array_t *files);
static ngx_int_t ngx_stream_dots_postconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_stream_dots_check_listen(ngx_conf_t *cf,
    ngx_stream_dots_listen_t *listen);
static ngx_int_t ngx_stream_dots_init_module(ngx_cycle_t *cycle);
static void ngx_stream_dots_names(ngx_cycle_t *cycle, ngx_dots_conf_t *dcf);
static void ngx_stream_dots_policy(ngx_stream_dots_srv_conf_t *dscf);
static ngx_int_t ngx_stream_dots_admit(ngx_stream_session_t *s);
static ngx_int_t ngx_stream_dots_init_process(ngx_cycle_t *cycle);
static void ngx_stream_dots_exit_process(ngx_cycle_t *cycle);


static ngx_command_t  ngx_stream_dots_commands[] = {

    { ngx_string("dots_signal"),
      NGX_STREAM_SRV_CONF|NGX_CONF_NOARGS,
      ngx_stream_dots_signal,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dots_handshake_timeout"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_dots_srv_conf_t, dtls.handshake_timeout),
      NULL },

    { ngx_string("dots_idle_timeout"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_dots_srv_conf_t, dtls.idle_timeout),
      NULL },

      ngx_null_command
};


static ngx_stream_module_t  ngx_stream_dots_module_ctx = {
    NULL,                                  /* preconfiguration */
    ngx_stream_dots_postconfiguration,     /* postconfiguration */

    ngx_stream_dots_create_main_conf,      /* create main configuration */
    NULL,                                  /* init main configuration */

    ngx_stream_dots_create_srv_conf,       /* create server configuration */
    ngx_stream_dots_merge_srv_conf         /* merge server configuration */
};


ngx_module_t  ngx_stream_dots_module = {
    NGX_MODULE_V1,
    &ngx_stream_dots_module_ctx,           /* module context */
    ngx_stream_dots_commands,              /* module directives */
    NGX_STREAM_MODULE,                     /* module type */
    NULL,                                  /* init master */
    ngx_stream_dots_init_module,           /* init module */
    ngx_stream_dots_init_process,          /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_stream_dots_exit_process,          /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static void
ngx_stream_dots_handler(ngx_stream_session_t *s)
{
    ngx_stream_dots_srv_conf_t  *dscf;

    dscf = ngx_stream_get_module_srv_conf(s, ngx_stream_dots_module);

    if (s->connection->type == SOCK_DGRAM) {
        ngx_dots_dtls_accept(s, &dscf->dtls);
        return;
    }

    ngx_dots_tls_accept(s, &dscf->tls);
}


/* ---- configuration ---- */

static char *
ngx_stream_dots_signal(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dots_srv_conf_t *dscf = conf;

    ngx_dots_conf_t             *dcf;
    ngx_stream_core_srv_conf_t  *cscf;

    if (dscf->served.enable) {
        return "is duplicate";
    }

    dscf->served.enable = 1;
    ngx_dots_conf_place(cf, &dscf->place);

    cscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_core_module);

    if (cscf->handler) {
        return "needs the server for itself: remove its \"proxy_pass\" or "
               "\"return\"";
    }

    cscf->handler = ngx_stream_dots_handler;

    /* ngx_dots_module.c refuses it if there is no dots {} block in the end */

    dcf = ngx_dots_get_conf(cf->cycle);
    dcf->udp = 1;
    dscf->dtls.dots = dcf;
    dscf->tls.dots = dcf;

    return NGX_CONF_OK;
}


static void *
ngx_stream_dots_create_main_conf(ngx_conf_t *cf)
{
    ngx_stream_dots_main_conf_t  *dmcf;

    dmcf = ngx_pcalloc(cf->pool, sizeof(ngx_stream_dots_main_conf_t));
    if (dmcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&dmcf->servers, cf->pool, 2,
                       sizeof(ngx_stream_dots_srv_conf_t *))
        != NGX_OK)
    {
        return NULL;
    }

    return dmcf;
}


static void *
ngx_stream_dots_create_srv_conf(ngx_conf_t *cf)
{
    ngx_stream_dots_srv_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_stream_dots_srv_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    conf->dtls.handshake_timeout = NGX_CONF_UNSET_MSEC;
    conf->dtls.idle_timeout = NGX_CONF_UNSET_MSEC;

    return conf;
}


/* The manager has no server{}: it asks whom the first of ours asks. */

static void
ngx_stream_dots_resolver(ngx_conf_t *cf)
{
    ngx_dots_conf_t             *dcf;
    ngx_stream_core_srv_conf_t  *cscf;

    dcf = ngx_dots_get_conf(cf->cycle);
    cscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_core_module);

    if (dcf->resolver == NULL && cscf->resolver
        && cscf->resolver->connections.nelts)
    {
        dcf->resolver = cscf->resolver;
        dcf->resolver_timeout = cscf->resolver_timeout;
    }
}


/* What a digest of the server{} begins with: what its contexts do not tell. */

static uint64_t
ngx_stream_dots_digest(ngx_conf_t *cf, ngx_stream_ssl_conf_t *sslcf)
{
    uint64_t                     digest;
    ngx_uint_t                   i;
    ngx_resolver_connection_t   *rec;
    ngx_stream_core_srv_conf_t  *cscf;

    cscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_core_module);

    digest = dots_digest_bytes(DOTS_DIGEST_BASIS, sslcf->ecdh_curve.data,
                               sslcf->ecdh_curve.len);
    digest = dots_digest_number(digest, cscf->resolver_timeout);

    if (cscf->resolver == NULL) {
        return digest;
    }

    rec = cscf->resolver->connections.elts;

    for (i = 0; i < cscf->resolver->connections.nelts; i++) {
        digest = dots_digest_bytes(digest, rec[i].server.data,
                                   rec[i].server.len);
    }

    return digest;
}


static char *
ngx_stream_dots_merge_srv_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_stream_dots_srv_conf_t *prev = parent;
    ngx_stream_dots_srv_conf_t *conf = child;

    ngx_stream_ssl_conf_t  *sslcf;

    ngx_conf_merge_msec_value(conf->dtls.handshake_timeout,
                              prev->dtls.handshake_timeout,
                              NGX_STREAM_DOTS_HANDSHAKE_TIMEOUT);
    ngx_conf_merge_msec_value(conf->dtls.idle_timeout, prev->dtls.idle_timeout,
                              NGX_STREAM_DOTS_IDLE_TIMEOUT);

    if (!conf->served.enable) {
        return NGX_CONF_OK;
    }

    /*
     * ngx_stream_ssl_module comes before this module, so its configuration is
     * merged already, also without "listen ... ssl"
     */

    sslcf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_ssl_module);

    ngx_stream_dots_resolver(cf);

    if (ngx_stream_dots_check(cf, conf, sslcf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    conf->tls.idle_timeout = conf->dtls.idle_timeout;
    conf->tls_ctx = sslcf->ssl.ctx;
    conf->policy = ngx_stream_dots_digest(cf, sslcf);

    if (ngx_dots_tls_conf_create(cf, &conf->tls, sslcf, &conf->place)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_dots_dtls_conf_create(cf, &conf->dtls, sslcf, &conf->place);
}


static ngx_int_t
ngx_stream_dots_check(ngx_conf_t *cf, ngx_stream_dots_srv_conf_t *conf,
    ngx_stream_ssl_conf_t *sslcf)
{
    const char                  *missing, *what;
    ngx_stream_core_srv_conf_t  *cscf;

    missing = NULL;
    what = NULL;

    cscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_core_module);

    if (cscf->handler != ngx_stream_dots_handler) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"dots_signal\" in %V:%ui needs the server for itself: "
                      "remove its \"proxy_pass\" or \"return\"",
                      &conf->place.file, conf->place.line);
        return NGX_ERROR;
    }

    if (sslcf->certificates == NULL) {
        missing = "ssl_certificate";
        what = "the server's certificate chain";

    } else if (sslcf->certificate_keys == NULL
               || sslcf->certificate_keys->nelts < sslcf->certificates->nelts)
    {
        missing = "ssl_certificate_key";
        what = "the private key of each \"ssl_certificate\"";

    } else if (sslcf->client_certificate.len == 0) {
        missing = "ssl_client_certificate";
        what = "the CA certificates that sign the clients'";
    }

    if (missing) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "no \"%s\" is defined for \"dots_signal\" in %V:%ui: "
                      "add \"%s FILE;\" with %s to the server",
                      missing, &conf->place.file, conf->place.line, missing,
                      what);
        return NGX_ERROR;
    }

    if (conf->dtls.handshake_timeout == 0 || conf->dtls.idle_timeout == 0) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"dots_handshake_timeout\" and \"dots_idle_timeout\" of "
                      "\"dots_signal\" in %V:%ui must be greater than 0",
                      &conf->place.file, conf->place.line);
        return NGX_ERROR;
    }

    if (ngx_stream_dots_check_variables(cf, conf, sslcf->certificates)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_stream_dots_check_variables(cf, conf, sslcf->certificate_keys);
}


static ngx_int_t
ngx_stream_dots_check_variables(ngx_conf_t *cf,
    ngx_stream_dots_srv_conf_t *conf, ngx_array_t *files)
{
    ngx_str_t   *file;
    ngx_uint_t   i;

    file = files->elts;

    for (i = 0; i < files->nelts; i++) {

        if (ngx_strlchr(file[i].data, file[i].data + file[i].len, '$')) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"%V\" for \"dots_signal\" in %V:%ui: variables are "
                          "not supported here, write the name of a file",
                          &file[i], &conf->place.file, conf->place.line);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dots_postconfiguration(ngx_conf_t *cf)
{
    ngx_stream_handler_pt        *h;
    ngx_stream_core_main_conf_t  *cmcf;

    cmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_STREAM_PREACCESS_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_stream_dots_admit;

    return ngx_stream_dots_each_listen(cf, ngx_stream_dots_check_listen);
}


/*
 * The last connections are not for new sessions: where there are none left
 * nginx logs an alert for each client, over UDP for each datagram, and the
 * sessions at work get no file and no timer, either.
 */

static ngx_int_t
ngx_stream_dots_admit(ngx_stream_session_t *s)
{
    ngx_stream_dots_srv_conf_t  *dscf;

    static ngx_msec_t            reported;

    dscf = ngx_stream_get_module_srv_conf(s, ngx_stream_dots_module);

    if (!dscf->served.enable
        || ngx_cycle->free_connection_n
           > ngx_cycle->connection_n / NGX_STREAM_DOTS_SPARE)
    {
        return NGX_DECLINED;
    }

    if (reported == 0
        || ngx_current_msec - reported >= NGX_STREAM_DOTS_SILENCE)
    {
        reported = ngx_current_msec;
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "dots: hardly any of %ui worker_connections is free, new "
                      "sessions are refused: enlarge it",
                      ngx_cycle->connection_n);
    }

    return NGX_STREAM_SERVICE_UNAVAILABLE;
}


static ngx_int_t
ngx_stream_dots_check_listen(ngx_conf_t *cf, ngx_stream_dots_listen_t *listen)
{
    ngx_stream_dots_srv_conf_t    *dscf, **server;
    ngx_stream_dots_main_conf_t   *dmcf;

    dscf = listen->srv_conf[ngx_stream_dots_module.ctx_index];

    if (!dscf->served.enable) {
        return NGX_OK;
    }

    if (!listen->udp && !listen->ssl) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"listen %V\" of \"dots_signal\" in %V:%ui is plain "
                      "TCP, the signal channel needs TLS: write "
                      "\"listen %V ssl\", or \"listen %V udp reuseport\" for "
                      "DTLS",
                      &listen->addr_text, &dscf->place.file, dscf->place.line,
                      &listen->addr_text, &listen->addr_text);
        return NGX_ERROR;
    }

    if (listen->udp
        && ngx_strncmp(listen->addr_text.data, "unix:", sizeof("unix:") - 1)
           == 0)
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"listen %V\" of \"dots_signal\" in %V:%ui is a unix "
                      "socket, DTLS needs a port",
                      &listen->addr_text, &dscf->place.file, dscf->place.line);
        return NGX_ERROR;
    }

    dmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_dots_module);

    server = ngx_array_push(&dmcf->servers);
    if (server == NULL) {
        return NGX_ERROR;
    }

    *server = dscf;

    dscf->policy = dots_digest_number(dscf->policy, listen->udp);
    dscf->policy = dots_digest_bytes(dscf->policy, listen->addr_text.data,
                                     listen->addr_text.len);

    return NGX_OK;
}


/* dots {} and stream {} may come in any order: both are known here. */

static void
ngx_stream_dots_names(ngx_cycle_t *cycle, ngx_dots_conf_t *dcf)
{
    size_t                  i;
    const dots_customer_t  *c;

    for (i = 0; dcf->resolver == NULL; i++) {

        c = dots_customers_at(dcf->customers, i);

        if (c == NULL) {
            return;
        }

        if (c->nnames) {
            ngx_log_error(NGX_LOG_WARN, cycle->log, 0,
                          "customer \"%*s\" has names, but no server with "
                          "\"dots_signal\" has a \"resolver\": requests for "
                          "names are refused", c->name.len, c->name.data);
            return;
        }
    }
}


/*
 * From here on this is the configuration: the workers of the ones before learn
 * which of their sessions it would have served just so.  Does not fail.
 */

static ngx_int_t
ngx_stream_dots_init_module(ngx_cycle_t *cycle)
{
    ngx_uint_t                     i;
    ngx_dots_conf_t               *dcf;
    ngx_stream_dots_srv_conf_t   **server;
    ngx_stream_dots_main_conf_t   *dmcf;

    dcf = ngx_dots_get_conf(cycle);
    dmcf = ngx_stream_cycle_get_module_main_conf(cycle,
                                                 ngx_stream_dots_module);

    if (dmcf == NULL || !dcf->enable) {
        return NGX_OK;
    }

    if (dmcf->servers.nelts) {
        ngx_stream_dots_names(cycle, dcf);
    }

    ngx_dots_policy_begin(dcf);

    server = dmcf->servers.elts;

    for (i = 0; i < dmcf->servers.nelts; i++) {
        ngx_stream_dots_policy(server[i]);
    }

    ngx_dots_policy_publish(cycle, dcf);

    return NGX_OK;
}


/* Several times for a server{} with several listens: each time the same. */

static void
ngx_stream_dots_policy(ngx_stream_dots_srv_conf_t *dscf)
{
    uint64_t                   udp, tcp;
    ngx_dots_policy_server_t   server;

    server.terms = dots_digest_number(dscf->policy, dscf->dtls.idle_timeout);
    server.terms = ngx_dots_policy_terms(server.terms, dscf->dtls.ssl.ctx);

    if (dscf->tls_ctx) {
        server.terms = ngx_dots_policy_terms(server.terms, dscf->tls_ctx);
    }

    udp = server.terms;
    tcp = server.terms;

    if (ngx_dots_policy_trust(&udp, dscf->dtls.ssl.ctx) == NGX_OK
        && ngx_dots_policy_trust(&tcp, dscf->tls_ctx ? dscf->tls_ctx
                                                     : dscf->dtls.ssl.ctx)
           == NGX_OK
        && udp == tcp)
    {
        server.all = udp;
        ngx_dots_policy_add(server.all);
        ngx_dots_trust_publish(server.terms, dscf->dtls.ssl.ctx);

    } else {

        /* no memory: like no other, so no session stays */

        server.all = 0;
        server.terms = 0;
    }

    dscf->dtls.policy = server;
    dscf->tls.policy = server;
}


/* ---- processes ---- */

static ngx_int_t
ngx_stream_dots_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t        i;
    ngx_listening_t  *ls;

    if (ngx_dots_life_init(cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_dots_peer_init_process();
    ngx_dots_tls_init_process(cycle);

    ls = cycle->listening.elts;

    for (i = 0; i < cycle->listening.nelts; i++) {
        if (ngx_stream_dots_listening(&ls[i]) == NGX_STREAM_DOTS_ALL) {
            ngx_dots_dtls_recv_init(&ls[i]);
        }
    }

    return ngx_dots_dtls_init_process(cycle);
}


static void
ngx_stream_dots_exit_process(ngx_cycle_t *cycle)
{
    ngx_dots_life_exit(cycle);
    ngx_dots_tls_exit_process();
    ngx_dots_dtls_exit_process();
    ngx_dots_peer_exit_process();
}
