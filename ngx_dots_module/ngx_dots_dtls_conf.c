#include "ngx_dots_conf.h"
#include "ngx_dots_dtls.h"
#include "ngx_dots_psk.h"
#include "ngx_dots_ticket.h"


/*
 * RFC 9325 section 4.2: forward secrecy and AEAD only, no finite-field DH.  The
 * CCM suites are what constrained CoAP peers have; those with a short tag come
 * last, and PSK-AES128-CCM8 even without forward secrecy, because RFC 7252
 * makes them mandatory (sections 9.1.3.1 and 9.1.3.3).  RFC 9132 section 7.1
 * wants PSK with (EC)DHE; of that OpenSSL has one suite that is no CBC.  It
 * stands first: who offers it has a key, and perhaps no certificate.  PSK
 * suites are offered only where there is a psk_file.
 */

#define NGX_DOTS_DTLS_CIPHERS                                                 \
    "ECDHE-PSK-CHACHA20-POLY1305:"                                            \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"              \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"              \
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"              \
    "ECDHE-ECDSA-AES128-CCM:ECDHE-ECDSA-AES256-CCM:"                          \
    "ECDHE-ECDSA-AES128-CCM8:PSK-AES128-CCM8"

/* RFC 9325 section 4.2.1 and RFC 7252 section 9.1.3.3 */

#define NGX_DOTS_DTLS_GROUPS  "X25519:P-256:P-384"

/* nginx's own default of ssl_ciphers, private to ngx_stream_ssl_module.c */

#define NGX_DOTS_DTLS_NGINX_CIPHERS  "HIGH:!aNULL:!MD5"


static ngx_int_t ngx_dots_dtls_conf_context(ngx_conf_t *cf,
    ngx_dots_dtls_conf_t *conf);
static void ngx_dots_dtls_conf_cleanup(void *data);
static ngx_int_t ngx_dots_dtls_conf_ssl(ngx_conf_t *cf, ngx_ssl_t *ssl,
    ngx_stream_ssl_conf_t *sslcf);
static ngx_int_t ngx_dots_dtls_conf_ciphers(ngx_conf_t *cf, ngx_ssl_t *ssl,
    ngx_stream_ssl_conf_t *sslcf);
static ngx_int_t ngx_dots_dtls_conf_groups(ngx_conf_t *cf, ngx_ssl_t *ssl,
    ngx_str_t *groups);
static void ngx_dots_dtls_conf_protocol(ngx_dots_dtls_conf_t *conf);
static ngx_int_t ngx_dots_dtls_conf_resumption(ngx_conf_t *cf, SSL_CTX *ctx,
    ngx_stream_ssl_conf_t *sslcf);


char *
ngx_dots_dtls_conf_create(ngx_conf_t *cf, ngx_dots_dtls_conf_t *conf,
    ngx_stream_ssl_conf_t *sslcf, ngx_dots_place_t *place)
{
    if (ngx_dots_dtls_conf_context(cf, conf) != NGX_OK
        || ngx_dots_dtls_conf_ssl(cf, &conf->ssl, sslcf) != NGX_OK
        || ngx_dots_psk_init(cf, conf->dots, conf->ssl.ctx) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_dots_dtls_conf_protocol(conf);

    if (ngx_dots_dtls_conf_aead(cf, conf->ssl.ctx, place) != NGX_OK
        || ngx_dots_dtls_conf_resumption(cf, conf->ssl.ctx, sslcf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

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
    if (ngx_ssl_certificates(cf, ssl, sslcf->certificates,
                             sslcf->certificate_keys, sslcf->passwords)
        != NGX_OK
        || ngx_dots_dtls_conf_profile(cf, ssl, sslcf) != NGX_OK
        || ngx_ssl_dhparam(cf, ssl, &sslcf->dhparam) != NGX_OK
        || ngx_ssl_conf_commands(cf, ssl, sslcf->conf_commands) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_dots_dtls_conf_profile(ngx_conf_t *cf, ngx_ssl_t *ssl,
    ngx_stream_ssl_conf_t *sslcf)
{
    if (ngx_dots_dtls_conf_ciphers(cf, ssl, sslcf) != NGX_OK
        || ngx_ssl_client_certificate(cf, ssl, &sslcf->client_certificate,
                                      sslcf->verify_depth)
           != NGX_OK
        || ngx_ssl_trusted_certificate(cf, ssl, &sslcf->trusted_certificate,
                                       sslcf->verify_depth)
           != NGX_OK
        || ngx_ssl_crl(cf, ssl, &sslcf->crl) != NGX_OK
        || ngx_dots_crl_init(ssl->ctx) != NGX_OK
        || ngx_dots_dtls_conf_groups(cf, ssl, &sslcf->ecdh_curve) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_dots_dtls_conf_ciphers(ngx_conf_t *cf, ngx_ssl_t *ssl,
    ngx_stream_ssl_conf_t *sslcf)
{
    ngx_str_t   ciphers;
    ngx_uint_t  prefer;

    ciphers = sslcf->ciphers;
    prefer = sslcf->prefer_server_ciphers;

    /* our list is in order of preference: RFC 9325 section 4.2.1 */

    if (ngx_strcmp(ciphers.data, NGX_DOTS_DTLS_NGINX_CIPHERS) == 0) {
        ngx_str_set(&ciphers, NGX_DOTS_DTLS_CIPHERS);
        prefer = 1;
    }

    return ngx_ssl_ciphers(cf, ssl, &ciphers, prefer);
}


static ngx_int_t
ngx_dots_dtls_conf_groups(ngx_conf_t *cf, ngx_ssl_t *ssl, ngx_str_t *groups)
{
    if (ngx_strcmp(groups->data, "auto") != 0) {
        return ngx_ssl_ecdh_curve(cf, ssl, groups);
    }

    if (!SSL_CTX_set1_groups_list(ssl->ctx, NGX_DOTS_DTLS_GROUPS)) {
        ngx_ssl_error(NGX_LOG_EMERG, cf->log, 0,
                      "SSL_CTX_set1_groups_list() failed");
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * After the operator's settings: nothing of this is open to discussion.  RFC
 * 9325 sections 3.1 to 3.5.  DTLS 1.3 of an OpenSSL to come is kept out: its
 * cookie is in another message than the one that our listener sends.
 */

static void
ngx_dots_dtls_conf_protocol(ngx_dots_dtls_conf_t *conf)
{
    SSL_CTX  *ctx;

    ctx = conf->ssl.ctx;

    SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(ctx, DTLS1_2_VERSION);

    SSL_CTX_set_options(ctx, SSL_OP_COOKIE_EXCHANGE|SSL_OP_NO_QUERY_MTU
                             |SSL_OP_NO_RENEGOTIATION|SSL_OP_NO_COMPRESSION);
    SSL_CTX_clear_options(ctx, SSL_OP_NO_EXTENDED_MASTER_SECRET
                               |SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION);

    /* no larger write buffers than a datagram can use */

    SSL_CTX_set_max_send_fragment(ctx, NGX_DOTS_DTLS_MTU);

    SSL_CTX_set_cookie_generate_cb(ctx, ngx_dots_dtls_listen_generate);
    SSL_CTX_set_cookie_verify_cb(ctx, ngx_dots_dtls_listen_verify);

    /*
     * nginx's verify callback lets everything pass, to be looked at later, and
     * wants a TLS connection behind the SSL object.  With PSK suites OpenSSL
     * asks for no certificate.
     */

    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER|SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       ngx_dots_identity_verify);
}


/*
 * RFC 9132 section 11: "Authenticated encryption MUST be used".  With CBC and
 * encrypt-then-MAC a forged record would make OpenSSL end the session, too,
 * against RFC 6347 section 4.1.2.7.
 */

ngx_int_t
ngx_dots_dtls_conf_aead(ngx_conf_t *cf, SSL_CTX *ctx, ngx_dots_place_t *place)
{
    int                    i;
    const SSL_CIPHER      *cipher;
    STACK_OF(SSL_CIPHER)  *ciphers;

    ciphers = SSL_CTX_get_ciphers(ctx);

    for (i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {

        cipher = sk_SSL_CIPHER_value(ciphers, i);

        if (!SSL_CIPHER_is_aead(cipher)) {
            (void) ngx_dots_conf_error(cf, place,
                                       "\"ssl_ciphers\" allows %s, which is no "
                                       "authenticated encryption: remove it, "
                                       "the default is fine, or write AESGCM, "
                                       "AESCCM and CHACHA20 suites only, for "
                                       "\"dots_signal\"",
                                       SSL_CIPHER_get_name(cipher));
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* Tickets or nothing: a cache would be another worker's. */

static ngx_int_t
ngx_dots_dtls_conf_resumption(ngx_conf_t *cf, SSL_CTX *ctx,
    ngx_stream_ssl_conf_t *sslcf)
{
    static const u_char  name[] = "dots";

    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);

    if (!sslcf->session_tickets) {
        SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
        return NGX_OK;
    }

    /* OpenSSL wants one; who may resume is for ngx_dots_ticket.c to say */

    (void) SSL_CTX_set_session_id_context(ctx, name, sizeof(name) - 1);

    (void) SSL_CTX_set_timeout(ctx, sslcf->session_timeout);

    if (ngx_dots_ticket_init(ctx) != NGX_OK) {
        ngx_ssl_error(NGX_LOG_EMERG, cf->log, 0,
                      "dots: session tickets cannot be set up");
        return NGX_ERROR;
    }

    return NGX_OK;
}
