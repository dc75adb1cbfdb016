#include "ngx_dots.h"
#include "ngx_dots_psk.h"
#include "ngx_dots_zone.h"


static const dots_customer_t *ngx_dots_identity_find(ngx_dots_conf_t *dcf,
    dots_identity_kind_t kind, dots_str_t value, ngx_dots_strangers_t *no);
static const dots_customer_t *ngx_dots_identity_cert(ngx_dots_conf_t *dcf,
    X509 *cert, ngx_dots_strangers_t *no);
static const dots_customer_t *ngx_dots_identity_san(ngx_dots_conf_t *dcf,
    X509 *cert, ngx_dots_strangers_t *no);
static const dots_customer_t *ngx_dots_identity_general(ngx_dots_conf_t *dcf,
    GENERAL_NAMES *names, int type, dots_identity_kind_t kind,
    ngx_dots_strangers_t *no);
static const dots_customer_t *ngx_dots_identity_cn(ngx_dots_conf_t *dcf,
    X509 *cert, ngx_dots_strangers_t *no);
static const dots_customer_t *ngx_dots_identity_fingerprint(
    ngx_dots_conf_t *dcf, X509 *cert, ngx_dots_strangers_t *no);


/*
 * What a certificate says of itself counts only if a CA stands behind it: the
 * owner of a self-signed one could write another customer's name into it, so
 * there the fingerprint alone decides.
 */

const dots_customer_t *
ngx_dots_identity(ngx_dots_conf_t *dcf, X509 *cert)
{
    return ngx_dots_identity_cert(dcf, cert, NULL);
}


/* "no" may be NULL, here and below: it gets what was looked for in vain. */

static const dots_customer_t *
ngx_dots_identity_cert(ngx_dots_conf_t *dcf, X509 *cert,
    ngx_dots_strangers_t *no)
{
    const dots_customer_t  *customer;

    if (dcf->customers == NULL) {
        return NULL;
    }

    if (!(X509_get_extension_flags(cert) & EXFLAG_SI)) {

        customer = ngx_dots_identity_san(dcf, cert, no);
        if (customer) {
            return customer;
        }

        customer = ngx_dots_identity_cn(dcf, cert, no);
        if (customer) {
            return customer;
        }
    }

    return ngx_dots_identity_fingerprint(dcf, cert, no);
}


static const dots_customer_t *
ngx_dots_identity_find(ngx_dots_conf_t *dcf, dots_identity_kind_t kind,
    dots_str_t value, ngx_dots_strangers_t *no)
{
    const dots_customer_t  *customer;

    customer = dots_customers_by_identity(dcf->customers, kind, value);

    if (customer || no == NULL) {
        return customer;
    }

    if (no->n < NGX_DOTS_STRANGERS) {
        no->digests[no->n] = dots_customer_identity(kind, value);
    }

    no->n++;

    return NULL;
}


ngx_uint_t
ngx_dots_identity_pinned(ngx_dots_conf_t *dcf, X509 *cert)
{
    if (dcf->customers == NULL
        || !(X509_get_extension_flags(cert) & EXFLAG_SS))
    {
        return 0;
    }

    return ngx_dots_identity_fingerprint(dcf, cert, NULL) != NULL;
}


/*
 * A self-signed certificate has no issuer that could vouch for or revoke it; if
 * a customer's fingerprint pins it, those two objections are dropped.  Its
 * validity and its purpose are checked as any other's.
 */

int
ngx_dots_identity_verify(int ok, X509_STORE_CTX *store)
{
    int  error;

    if (ok) {
        return 1;
    }

    error = X509_STORE_CTX_get_error(store);

    if (error != X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
        && error != X509_V_ERR_UNABLE_TO_GET_CRL)
    {
        return 0;
    }

    if (X509_STORE_CTX_get_error_depth(store) != 0
        || !ngx_dots_identity_pinned(ngx_dots_get_conf(ngx_cycle),
                                     X509_STORE_CTX_get0_cert(store)))
    {
        return 0;
    }

    X509_STORE_CTX_set_error(store, X509_V_OK);

    return 1;
}


long
ngx_dots_identity_again(SSL_CTX *ctx, X509 *cert, STACK_OF(X509) *chain)
{
    long             rc;
    X509_STORE_CTX  *store;

    rc = X509_V_ERR_UNSPECIFIED;
    store = X509_STORE_CTX_new();

    if (store
        && X509_STORE_CTX_init(store, SSL_CTX_get_cert_store(ctx), cert, chain)
        && X509_STORE_CTX_set_default(store, "ssl_client")
        && X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(store),
                                  SSL_CTX_get0_param(ctx)))
    {
        X509_STORE_CTX_set_verify_cb(store, ngx_dots_identity_verify);

        if (X509_verify_cert(store) == 1) {
            rc = X509_V_OK;

        } else if (X509_STORE_CTX_get_error(store) != X509_V_OK) {
            rc = X509_STORE_CTX_get_error(store);
        }
    }

    X509_STORE_CTX_free(store);
    ERR_clear_error();

    return rc;
}


const dots_customer_t *
ngx_dots_identity_session(ngx_dots_conf_t *dcf, SSL *ssl,
    ngx_dots_strangers_t *no)
{
    X509                   *cert;
    dots_str_t              identity;
    const dots_customer_t  *customer;

    no->n = 0;
    cert = SSL_get_peer_certificate(ssl);

    if (cert) {
        customer = ngx_dots_identity_cert(dcf, cert, no);
        X509_free(cert);

        return customer;
    }

    if (dcf->customers == NULL
        || ngx_dots_psk_identity(dcf, ssl, &identity) != NGX_OK)
    {
        return NULL;
    }

    return dots_customers_by_identity(dcf->customers, DOTS_IDENTITY_PSK,
                                      identity);
}


static const dots_customer_t *
ngx_dots_identity_san(ngx_dots_conf_t *dcf, X509 *cert,
    ngx_dots_strangers_t *no)
{
    GENERAL_NAMES          *names;
    const dots_customer_t  *customer;

    names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    if (names == NULL) {
        ERR_clear_error();
        return NULL;
    }

    customer = ngx_dots_identity_general(dcf, names, GEN_DNS,
                                         DOTS_IDENTITY_DNS, no);
    if (customer == NULL) {
        customer = ngx_dots_identity_general(dcf, names, GEN_URI,
                                             DOTS_IDENTITY_URI, no);
    }

    GENERAL_NAMES_free(names);

    return customer;
}


static const dots_customer_t *
ngx_dots_identity_general(ngx_dots_conf_t *dcf, GENERAL_NAMES *names, int type,
    dots_identity_kind_t kind, ngx_dots_strangers_t *no)
{
    int                     i, value_type;
    dots_str_t              value;
    ASN1_STRING            *str;
    GENERAL_NAME           *name;
    const dots_customer_t  *customer;

    for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {

        name = sk_GENERAL_NAME_value(names, i);
        str = GENERAL_NAME_get0_value(name, &value_type);

        if (value_type != type) {
            continue;
        }

        /* compared by length, so an embedded NUL shortens nothing */

        value = dots_str(ASN1_STRING_get0_data(str), ASN1_STRING_length(str));

        customer = ngx_dots_identity_find(dcf, kind, value, no);
        if (customer) {
            return customer;
        }
    }

    return NULL;
}


/* The last CN is the most specific one (RFC 6125 section 2.3.1). */

static const dots_customer_t *
ngx_dots_identity_cn(ngx_dots_conf_t *dcf, X509 *cert,
    ngx_dots_strangers_t *no)
{
    int                     i, next, len;
    X509_NAME              *subject;
    ASN1_STRING            *str;
    unsigned char          *utf8;
    const dots_customer_t  *customer;

    subject = X509_get_subject_name(cert);
    i = -1;

    for ( ;; ) {
        next = X509_NAME_get_index_by_NID(subject, NID_commonName, i);
        if (next < 0) {
            break;
        }

        i = next;
    }

    if (i < 0) {
        return NULL;
    }

    str = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i));

    len = ASN1_STRING_to_UTF8(&utf8, str);
    if (len < 0) {
        ERR_clear_error();
        return NULL;
    }

    customer = ngx_dots_identity_find(dcf, DOTS_IDENTITY_CN,
                                      dots_str(utf8, len), no);
    OPENSSL_free(utf8);

    return customer;
}


static const dots_customer_t *
ngx_dots_identity_fingerprint(ngx_dots_conf_t *dcf, X509 *cert,
    ngx_dots_strangers_t *no)
{
    unsigned int   len;
    unsigned char  digest[EVP_MAX_MD_SIZE];

    if (!X509_digest(cert, EVP_sha256(), digest, &len)) {
        ERR_clear_error();
        return NULL;
    }

    return ngx_dots_identity_find(dcf, DOTS_IDENTITY_FINGERPRINT,
                                  dots_str(digest, len), no);
}


ngx_int_t
ngx_dots_identity_cuid(ngx_dots_conf_t *dcf, dots_str_t cuid, dots_arena_t *a,
    const dots_customer_t **customer)
{
    int               rc;
    dots_str_t        name;
    dots_registry_t  *r;

    *customer = NULL;

    r = ngx_dots_zone_lock(0);

    if (r == NULL) {
        return NGX_ERROR;
    }

    rc = dots_registry_registered(r, cuid, a, &name);

    ngx_dots_zone_unlock();

    if (rc == DOTS_OK) {
        *customer = dots_customers_by_name(dcf->customers, name);
    }

    return rc == DOTS_ERROR ? NGX_ERROR : NGX_OK;
}
