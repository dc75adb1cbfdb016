#include "ngx_dots_conf.h"
#include "ngx_dots_dtls.h"
#include "ngx_dots_limit.h"
#include "ngx_dots_psk.h"
#include "ngx_dots_ticket.h"
#include "ngx_dots_tls.h"


/* ssl_protocols of nginx before 1.23.4 if nobody sets it: without TLS 1.3 */

#define NGX_DOTS_TLS_NGINX_PROTOCOLS                                          \
    (NGX_CONF_BITMASK_SET|NGX_SSL_TLSv1|NGX_SSL_TLSv1_1|NGX_SSL_TLSv1_2)


static ngx_int_t ngx_dots_tls_conf_check(ngx_conf_t *cf,
    ngx_stream_ssl_conf_t *sslcf, ngx_dots_place_t *place);
static ngx_int_t ngx_dots_tls_conf_protocol(ngx_conf_t *cf, SSL_CTX *ctx,
    ngx_stream_ssl_conf_t *sslcf);
static int ngx_dots_tls_conf_hello(SSL *ssl, void *data);
static int ngx_dots_tls_conf_certificate(X509_STORE_CTX *store, void *data);
static int ngx_dots_tls_conf_alpn(SSL *ssl, const unsigned char **out,
    unsigned char *outlen, const unsigned char *in, unsigned int inlen,
    void *data);


char *
ngx_dots_tls_conf_create(ngx_conf_t *cf, ngx_dots_tls_conf_t *conf,
    ngx_stream_ssl_conf_t *sslcf, ngx_dots_place_t *place)
{
    if (sslcf->ssl.ctx == NULL) {
        return NGX_CONF_OK;
    }

    if (ngx_dots_tls_conf_check(cf, sslcf, place) != NGX_OK
        || ngx_dots_dtls_conf_profile(cf, &sslcf->ssl, sslcf) != NGX_OK
        || ngx_dots_dtls_conf_aead(cf, sslcf->ssl.ctx, place) != NGX_OK
        || ngx_dots_tls_conf_protocol(cf, sslcf->ssl.ctx, sslcf) != NGX_OK
        || ngx_dots_psk_init(cf, conf->dots, sslcf->ssl.ctx) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_dots_tls_conf_check(ngx_conf_t *cf, ngx_stream_ssl_conf_t *sslcf,
    ngx_dots_place_t *place)
{
    /* 1: "on", nginx's own check for one; 2, 3: "optional", "optional_no_ca" */

    if (sslcf->verify > 1) {
        (void) ngx_dots_conf_error(cf, place,
                                   "\"ssl_verify_client\" can't be optional, "
                                   "a DOTS client always has a certificate or "
                                   "a pre-shared key: write \"on\", which lets "
                                   "in certificates only, or remove it, for "
                                   "\"dots_signal\"");
        return NGX_ERROR;
    }

    if (!(sslcf->protocols & (NGX_SSL_TLSv1_2|NGX_SSL_TLSv1_3))) {
        (void) ngx_dots_conf_error(cf, place,
                                   "\"ssl_protocols\" has none that DOTS "
                                   "allows: write \"TLSv1.2 TLSv1.3\", or "
                                   "remove it, for \"dots_signal\"");
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* RFC 9132 sections 7.1 and 7.2, RFC 9325; after the operator's settings. */

static ngx_int_t
ngx_dots_tls_conf_protocol(ngx_conf_t *cf, SSL_CTX *ctx,
    ngx_stream_ssl_conf_t *sslcf)
{
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);

    if (sslcf->protocols == NGX_DOTS_TLS_NGINX_PROTOCOLS) {
        SSL_CTX_clear_options(ctx, SSL_OP_NO_TLSv1_3);
    }

    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION|SSL_OP_NO_COMPRESSION);

    /* tickets, which are checked again, or nothing */

    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);

    if (ngx_dots_ticket_init(ctx) != NGX_OK) {
        ngx_ssl_error(NGX_LOG_EMERG, cf->log, 0,
                      "dots: session tickets cannot be set up");
        return NGX_ERROR;
    }

    SSL_CTX_set_cert_cb(ctx, ngx_dots_tls_conf_hello, NULL);
    SSL_CTX_set_alpn_select_cb(ctx, ngx_dots_tls_conf_alpn, NULL);

    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, ngx_dots_tls_conf_certificate, NULL);

    return NGX_OK;
}


/*
 * The last step before a handshake costs a signature; a resumed one costs none
 * and does not come here.  nginx itself uses this callback only for
 * certificates in variables, which dots_signal does not have.
 */

static int
ngx_dots_tls_conf_hello(SSL *ssl, void *data)
{
    return ngx_dots_limit_hello(ngx_dots_get_conf(ngx_cycle),
                                ngx_ssl_get_connection(ssl))
           == NGX_OK;
}


/*
 * The first fault ends the verification, so that no later step can hide it, but
 * not the handshake: it is in SSL_get_verify_result() then.
 */

static int
ngx_dots_tls_conf_certificate(X509_STORE_CTX *store, void *data)
{
    X509_STORE_CTX_set_verify_cb(store, ngx_dots_identity_verify);

    if (X509_verify_cert(store) != 1
        && X509_STORE_CTX_get_error(store) == X509_V_OK)
    {
        X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
    }

    return 1;
}


const char *
ngx_dots_tls_conf_verify(SSL *ssl)
{
    long        rc;
    X509       *cert;
    dots_str_t  identity;

    cert = SSL_get_peer_certificate(ssl);

    if (cert == NULL) {
        return ngx_dots_psk_identity(ngx_dots_get_conf(ngx_cycle), ssl,
                                     &identity)
               == NGX_OK
               ? NULL
               : "the client has neither a certificate nor a pre-shared key";
    }

    X509_free(cert);

    rc = SSL_get_verify_result(ssl);

    return rc == X509_V_OK ? NULL : X509_verify_cert_error_string(rc);
}


/*
 * RFC 8323 section 8.2: who offers protocols offers "coap".  Clients without
 * ALPN are served, as that section has it for port 5684.
 */

static int
ngx_dots_tls_conf_alpn(SSL *ssl, const unsigned char **out,
    unsigned char *outlen, const unsigned char *in, unsigned int inlen,
    void *data)
{
    static const u_char  coap[] = "\4coap";

    if (SSL_select_next_proto((unsigned char **) out, outlen, coap,
                              sizeof(coap) - 1, in, inlen)
        != OPENSSL_NPN_NEGOTIATED)
    {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }

    return SSL_TLSEXT_ERR_OK;
}
