#include "ngx_http_dots.h"


/* Whose a connection is, for a server{} and in a configuration. */

typedef struct {
    SSL_CTX                *ctx;
    ngx_dots_conf_t        *dcf;
    const dots_customer_t  *customer;   /* NULL: nobody's */
} ngx_http_dots_identity_t;


static void ngx_http_dots_keep(ngx_connection_t *c, SSL_CTX *ctx,
    ngx_dots_conf_t *dcf, const dots_customer_t *customer);
static long ngx_http_dots_result(SSL_CTX *ctx, SSL *ssl, X509 *cert);
static ngx_uint_t ngx_http_dots_began(SSL *ssl);
static ngx_uint_t ngx_http_dots_verified(ngx_dots_conf_t *dcf, long rc,
    X509 *cert);
static int ngx_http_dots_verify(int ok, X509_STORE_CTX *store);


/* OpenSSL's number for what we keep of a connection; the same in all cycles. */

static int  ngx_http_dots_identity_index = -1;


/*
 * RFC 8040 section 2.5: the identity comes from the verified certificate.  A
 * server{} that asks for no certificate has no say in whose CA verified it.
 * Looked at once a connection: a certificate is slow to read.
 */

const dots_customer_t *
ngx_http_dots_customer(ngx_http_request_t *r)
{
    SSL                       *ssl;
    X509                      *cert;
    long                       rc;
    ngx_dots_conf_t           *dcf;
    const dots_customer_t     *customer;
    ngx_http_ssl_srv_conf_t   *sscf;
    ngx_http_dots_identity_t  *identity;

    sscf = ngx_http_get_module_srv_conf(r, ngx_http_ssl_module);

    if (r->connection->ssl == NULL || sscf->verify == 0) {
        return NULL;
    }

    dcf = ngx_dots_get_conf(ngx_cycle);
    ssl = r->connection->ssl->connection;
    identity = SSL_get_ex_data(ssl, ngx_http_dots_identity_index);

    if (identity && identity->ctx == sscf->ssl.ctx && identity->dcf == dcf) {
        return identity->customer;
    }

    cert = SSL_get_peer_certificate(ssl);
    if (cert == NULL) {
        return NULL;
    }

    rc = ngx_http_dots_result(sscf->ssl.ctx, ssl, cert);

    customer = ngx_http_dots_verified(dcf, rc, cert)
               ? ngx_dots_identity(dcf, cert) : NULL;

    X509_free(cert);

    if (customer || rc == X509_V_OK) {
        ngx_http_dots_keep(r->connection, sscf->ssl.ctx, dcf, customer);
    }

    return customer;
}


/* Without memory it is looked at again. */

static void
ngx_http_dots_keep(ngx_connection_t *c, SSL_CTX *ctx, ngx_dots_conf_t *dcf,
    const dots_customer_t *customer)
{
    SSL                       *ssl;
    ngx_http_dots_identity_t  *identity;

    ssl = c->ssl->connection;
    identity = SSL_get_ex_data(ssl, ngx_http_dots_identity_index);

    if (identity == NULL) {
        identity = ngx_palloc(c->pool, sizeof(ngx_http_dots_identity_t));

        if (identity == NULL
            || !SSL_set_ex_data(ssl, ngx_http_dots_identity_index, identity))
        {
            ERR_clear_error();
            return;
        }
    }

    identity->ctx = ctx;
    identity->dcf = dcf;
    identity->customer = customer;
}


/*
 * What this server{}, now, says of the certificate.  The handshake was another
 * one's where the client has named nobody, or somebody unknown, and asks for
 * this one afterwards: nginx compares the names only where both are known.  And
 * in a session that is resumed nobody looks at the CRL.
 */

static long
ngx_http_dots_result(SSL_CTX *ctx, SSL *ssl, X509 *cert)
{
    long        rc;
    ngx_uint_t  own;

    if (ctx == NULL) {
        return X509_V_ERR_UNSPECIFIED;  /* it has no CAs: no certificate */
    }

    own = (SSL_get_SSL_CTX(ssl) == ctx);

    if (own && !SSL_session_reused(ssl)) {
        return SSL_get_verify_result(ssl);
    }

    rc = ngx_dots_identity_again(ctx, cert, SSL_get_peer_cert_chain(ssl));

    /* a session has no intermediate certificates: what it was is all we have */

    if (rc == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY && own
        && ngx_http_dots_began(ssl))
    {
        rc = SSL_get_verify_result(ssl);
    }

    return rc;
}


/* Nonzero: by the same name; TLS 1.3 lets a session have another one. */

static ngx_uint_t
ngx_http_dots_began(SSL *ssl)
{
    const char  *began, *now;

    began = SSL_SESSION_get0_hostname(SSL_get_session(ssl));
    now = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

    return began && now ? ngx_strcmp(began, now) == 0 : began == now;
}


/*
 * Without a known CA it passes only by its fingerprint.  The result has the
 * last objection, which is not the one to the purpose: that is asked again.
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
 * nginx's own callback lets everything pass, and looks at the result later.
 * With "ssl_crl" the result of a self-signed certificate is that there is no
 * CRL of its issuer, which no "ssl_verify_client" takes; for a pinned one it is
 * left at what it was before that.
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

    if (ngx_http_dots_identity_index == -1) {
        ngx_http_dots_identity_index = SSL_get_ex_new_index(0, NULL, NULL,
                                                            NULL, NULL);
    }

    ctx = sscf->ssl.ctx;

    if (ctx && sscf->verify) {
        SSL_CTX_set_verify(ctx, SSL_CTX_get_verify_mode(ctx),
                           ngx_http_dots_verify);
    }
}
