#include "ngx_http_dots.h"


static ngx_uint_t ngx_http_dots_verified(ngx_dots_conf_t *dcf, long rc,
    X509 *cert);
static int ngx_http_dots_verify(int ok, X509_STORE_CTX *store);


/*
 * RFC 8040 section 2.5: the identity comes from the verified certificate.  A
 * server{} that asks for no certificate has no say in whose CA verified this
 * one: it may have been another server{}'s, which the client named in the
 * handshake.
 */

const dots_customer_t *
ngx_http_dots_customer(ngx_http_request_t *r)
{
    SSL                      *ssl;
    X509                     *cert;
    ngx_dots_conf_t          *dcf;
    const dots_customer_t    *customer;
    ngx_http_ssl_srv_conf_t  *sscf;

    sscf = ngx_http_get_module_srv_conf(r, ngx_http_ssl_module);

    if (r->connection->ssl == NULL || sscf->verify == 0) {
        return NULL;
    }

    ssl = r->connection->ssl->connection;

    cert = SSL_get_peer_certificate(ssl);
    if (cert == NULL) {
        return NULL;
    }

    dcf = ngx_dots_get_conf(ngx_cycle);

    customer = ngx_http_dots_verified(dcf, SSL_get_verify_result(ssl), cert)
               ? ngx_dots_identity(dcf, cert) : NULL;

    X509_free(cert);

    return customer;
}


/*
 * Without a known CA it passes only by its fingerprint.  The result has the last
 * objection, which is not the one to the purpose: that is asked again.
 */

static ngx_uint_t
ngx_http_dots_verified(ngx_dots_conf_t *dcf, long rc, X509 *cert)
{
    if (rc == X509_V_OK) {
        return 1;
    }

    return ngx_ssl_verify_error_optional(rc)
           && ngx_dots_identity_pinned(dcf, cert)
           && X509_check_purpose(cert, X509_PURPOSE_SSL_CLIENT, 0) == 1;
}


/*
 * nginx's own callback lets everything pass, and looks at the result later.  With
 * "ssl_crl" the result of a self-signed certificate is that there is no CRL of
 * its issuer, which no "ssl_verify_client" takes; for a pinned one it is left
 * at what it was before that.
 */

static int
ngx_http_dots_verify(int ok, X509_STORE_CTX *store)
{
    if (!ok
        && X509_STORE_CTX_get_error(store) == X509_V_ERR_UNABLE_TO_GET_CRL
        && X509_STORE_CTX_get_error_depth(store) == 0
        && ngx_dots_identity_pinned(ngx_dots_get_conf(ngx_cycle),
                                    X509_STORE_CTX_get0_cert(store)))
    {
        X509_STORE_CTX_set_error(store,
                                 X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
    }

    return 1;
}


void
ngx_http_dots_identity_server(ngx_http_ssl_srv_conf_t *sscf)
{
    SSL_CTX  *ctx;

    ctx = sscf->ssl.ctx;

    if (ctx && sscf->verify) {
        SSL_CTX_set_verify(ctx, SSL_CTX_get_verify_mode(ctx),
                           ngx_http_dots_verify);
    }
}
