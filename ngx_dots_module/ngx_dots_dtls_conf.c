#include "ngx_dots_dtls.h"


/*
 * RFC 9325 section 4.2: forward secrecy and AEAD only.  The CCM suites are what
 * constrained CoAP peers have (RFC 7252 section 9.1.3.3); of them the ones with
 * a full tag.
 */

#define NGX_DOTS_DTLS_CIPHERS                                                 \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"              \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"              \
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"              \
    "ECDHE-ECDSA-AES128-CCM:ECDHE-ECDSA-AES256-CCM"

/* nginx's own default of ssl_ciphers, private to ngx_stream_ssl_module.c */

#define NGX_DOTS_DTLS_NGINX_CIPHERS  "HIGH:!aNULL:!MD5"


static ngx_int_t ngx_dots_dtls_conf_context(ngx_conf_t *cf,
    ngx_dots_dtls_conf_t *conf);
static void ngx_dots_dtls_conf_cleanup(void *data);
static ngx_int_t ngx_dots_dtls_conf_ssl(ngx_conf_t *cf, ngx_ssl_t *ssl,
    ngx_stream_ssl_conf_t *sslcf);
static void ngx_dots_dtls_conf_protocol(ngx_dots_dtls_conf_t *conf);
static int ngx_dots_dtls_conf_verify(int ok, X509_STORE_CTX *store);


char *
ngx_dots_dtls_conf_create(ngx_conf_t *cf, ngx_dots_dtls_conf_t *conf,
    ngx_stream_ssl_conf_t *sslcf)
{
    if (ngx_dots_dtls_conf_context(cf, conf) != NGX_OK
        || ngx_dots_dtls_conf_ssl(cf, &conf->ssl, sslcf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_dots_dtls_conf_protocol(conf);

    return NGX_CONF_OK;
}


/* ngx_ssl_create() makes a TLS context, whose version bits mean others here. */

static ngx_int_t
ngx_dots_dtls_conf_context(ngx_conf_t *cf, ngx_dots_dtls_conf_t *conf)
{
    ngx_ssl_t           *ssl;
    ngx_pool_cleanup_t  *cln;

    ssl = &conf->ssl;
    ssl->log = cf->log;
    ssl->buffer_size = NGX_SSL_BUFSIZE;

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    ssl->ctx = SSL_CTX_new(DTLS_server_method());
    if (ssl->ctx == NULL) {
        ngx_ssl_error(NGX_LOG_EMERG, cf->log, 0, "SSL_CTX_new() failed");
        return NGX_ERROR;
    }

    cln->handler = ngx_dots_dtls_conf_cleanup;
    cln->data = conf;

    return ngx_dots_ssl_certs_init(cf, ssl);
}


static void
ngx_dots_dtls_conf_cleanup(void *data)
{
    ngx_dots_dtls_conf_t  *conf = data;

    SSL_free(conf->listener);
    conf->listener = NULL;

    ngx_ssl_cleanup_ctx(&conf->ssl);
}


/* What operators know from TLS means the same here; ssl_protocols does not. */

static ngx_int_t
ngx_dots_dtls_conf_ssl(ngx_conf_t *cf, ngx_ssl_t *ssl,
    ngx_stream_ssl_conf_t *sslcf)
{
    ngx_str_t  ciphers;

    ciphers = sslcf->ciphers;

    if (ngx_strcmp(ciphers.data, NGX_DOTS_DTLS_NGINX_CIPHERS) == 0) {
        ngx_str_set(&ciphers, NGX_DOTS_DTLS_CIPHERS);
    }

    if (ngx_ssl_certificates(cf, ssl, sslcf->certificates,
                             sslcf->certificate_keys, sslcf->passwords)
        != NGX_OK
        || ngx_ssl_ciphers(cf, ssl, &ciphers, sslcf->prefer_server_ciphers)
           != NGX_OK
        || ngx_ssl_client_certificate(cf, ssl, &sslcf->client_certificate,
                                      sslcf->verify_depth)
           != NGX_OK
        || ngx_ssl_trusted_certificate(cf, ssl, &sslcf->trusted_certificate,
                                       sslcf->verify_depth)
           != NGX_OK
        || ngx_ssl_crl(cf, ssl, &sslcf->crl) != NGX_OK
        || ngx_ssl_dhparam(cf, ssl, &sslcf->dhparam) != NGX_OK
        || ngx_ssl_ecdh_curve(cf, ssl, &sslcf->ecdh_curve) != NGX_OK
        || ngx_ssl_conf_commands(cf, ssl, sslcf->conf_commands) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* After the operator's settings: nothing of this is open to discussion. */

static void
ngx_dots_dtls_conf_protocol(ngx_dots_dtls_conf_t *conf)
{
    SSL_CTX  *ctx;

    ctx = conf->ssl.ctx;

    SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION);

    /* tickets would be made with a key that the next cycle does not have */

    SSL_CTX_set_options(ctx, SSL_OP_COOKIE_EXCHANGE|SSL_OP_NO_QUERY_MTU
                             |SSL_OP_NO_RENEGOTIATION|SSL_OP_NO_COMPRESSION
                             |SSL_OP_NO_TICKET);

    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);

    /* no larger write buffers than a datagram can use */

    SSL_CTX_set_max_send_fragment(ctx, NGX_DOTS_DTLS_MTU);

    SSL_CTX_set_cookie_generate_cb(ctx, ngx_dots_dtls_cookie_generate);
    SSL_CTX_set_cookie_verify_cb(ctx, ngx_dots_dtls_cookie_verify);

    /*
     * nginx's verify callback lets everything pass, to be looked at later, and
     * wants a TLS connection behind the SSL object
     */

    SSL_CTX_set_app_data(ctx, conf->dots);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER|SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       ngx_dots_dtls_conf_verify);
}


/*
 * A self-signed certificate has no issuer that could vouch for or revoke it; if
 * a customer's fingerprint pins it, those two objections are dropped.  Its
 * validity and its purpose are checked as any other's.
 */

static int
ngx_dots_dtls_conf_verify(int ok, X509_STORE_CTX *store)
{
    int               error;
    SSL              *ssl;
    ngx_dots_conf_t  *dcf;

    if (ok) {
        return 1;
    }

    error = X509_STORE_CTX_get_error(store);

    if (error != X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
        && error != X509_V_ERR_UNABLE_TO_GET_CRL)
    {
        return 0;
    }

    ssl = X509_STORE_CTX_get_ex_data(store,
                                     SSL_get_ex_data_X509_STORE_CTX_idx());
    dcf = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    if (X509_STORE_CTX_get_error_depth(store) != 0
        || !ngx_dots_identity_pinned(dcf, X509_STORE_CTX_get0_cert(store)))
    {
        return 0;
    }

    X509_STORE_CTX_set_error(store, X509_V_OK);

    return 1;
}
