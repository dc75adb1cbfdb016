#include "ngx_dots_policy.h"
#include "ngx_dots_trust.h"

#include "../model/dots_digest.h"


#define NGX_DOTS_TRUST_CHAIN  8     /* certificates; longer ones do not stay */


struct ngx_dots_trust_s {
    uint64_t      unchecked;    /* there is no CRL */
    uint64_t      anchors[NGX_DOTS_TRUST_CHAIN];
    uint64_t      issuers[NGX_DOTS_TRUST_CHAIN];    /* that have a CRL */
    uint64_t      revoked[NGX_DOTS_TRUST_CHAIN];
    ngx_uint_t    nanchors;
    ngx_uint_t    n;            /* of the others; 0: no CA vouches for it */
};


static size_t ngx_dots_trust_size(X509_STORE *store);
static ngx_uint_t ngx_dots_trust_ordinary(X509_STORE *store,
    X509_NAME *issuer);
static ngx_uint_t ngx_dots_trust_plain(X509_CRL *crl);
static X509 *ngx_dots_trust_signer(X509_STORE *store, X509_CRL *crl);
static void ngx_dots_trust_add(uint64_t server, X509_STORE *store,
    X509_OBJECT *object, ngx_uint_t crls);
static void ngx_dots_trust_revoked(uint64_t issuer, X509_CRL *crl);
static ngx_int_t ngx_dots_trust_chain(ngx_dots_trust_t *trust,
    uint64_t server, SSL *ssl, STACK_OF(X509) *chain);
static STACK_OF(X509) *ngx_dots_trust_verify(SSL *ssl, X509 *cert);
static ngx_uint_t ngx_dots_trust_has(X509_STORE *store, X509 *cert);
static uint64_t ngx_dots_trust_unchecked(uint64_t server);
static uint64_t ngx_dots_trust_anchor(uint64_t server, X509 *cert);
static uint64_t ngx_dots_trust_issuer(uint64_t server, X509 *cert);
static uint64_t ngx_dots_trust_serial(uint64_t issuer,
    const ASN1_INTEGER *serial);


/* ---- the master ---- */

void
ngx_dots_trust_publish(uint64_t server, SSL_CTX *ctx)
{
    int                     i;
    ngx_uint_t              crls;
    X509_STORE             *store;
    STACK_OF(X509_OBJECT)  *objects;

    store = SSL_CTX_get_cert_store(ctx);
    objects = X509_STORE_get0_objects(store);

    ngx_dots_policy_add(server);

    if (!(X509_VERIFY_PARAM_get_flags(X509_STORE_get0_param(store))
          & X509_V_FLAG_CRL_CHECK))
    {
        ngx_dots_policy_add(ngx_dots_trust_unchecked(server));
    }

    crls = (ngx_dots_trust_size(store) <= ngx_dots_policy_room());

    for (i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        ngx_dots_trust_add(server, store, sk_X509_OBJECT_value(objects, i),
                           crls);
    }

    ERR_clear_error();
}


static size_t
ngx_dots_trust_size(X509_STORE *store)
{
    int                     i;
    size_t                  n;
    X509_CRL               *crl;
    STACK_OF(X509_OBJECT)  *objects;

    objects = X509_STORE_get0_objects(store);
    n = sk_X509_OBJECT_num(objects);

    for (i = 0; i < sk_X509_OBJECT_num(objects); i++) {

        crl = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(objects, i));

        if (crl && X509_CRL_get_REVOKED(crl)) {
            n += sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl));
        }
    }

    return n;
}


/* OpenSSL chooses among the CRLs of an issuer: so all of them, or none. */

static ngx_uint_t
ngx_dots_trust_ordinary(X509_STORE *store, X509_NAME *issuer)
{
    int                     i;
    X509_CRL               *crl;
    STACK_OF(X509_OBJECT)  *objects;

    objects = X509_STORE_get0_objects(store);

    for (i = 0; i < sk_X509_OBJECT_num(objects); i++) {

        crl = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(objects, i));

        if (crl && X509_NAME_cmp(X509_CRL_get_issuer(crl), issuer) == 0
            && (!ngx_dots_trust_plain(crl)
                || ngx_dots_trust_signer(store, crl) == NULL))
        {
            return 0;
        }
    }

    return 1;
}


/*
 * Current, and no more than a list of its issuer's certificates: indirect ones,
 * deltas, and those for a part of the certificates say so in an extension that
 * is critical (RFC 5280 sections 5.2.4, 5.2.5 and 5.3.3).
 */

static ngx_uint_t
ngx_dots_trust_plain(X509_CRL *crl)
{
    int                      i;
    const ASN1_TIME         *last, *next;
    STACK_OF(X509_REVOKED)  *revoked;

    last = X509_CRL_get0_lastUpdate(crl);
    next = X509_CRL_get0_nextUpdate(crl);

    if (last == NULL || X509_cmp_current_time(last) >= 0
        || (next && X509_cmp_current_time(next) <= 0)
        || X509_CRL_get_ext_by_critical(crl, 1, -1) >= 0)
    {
        return 0;
    }

    revoked = X509_CRL_get_REVOKED(crl);

    for (i = 0; i < sk_X509_REVOKED_num(revoked); i++) {
        if (X509_REVOKED_get_ext_by_critical(sk_X509_REVOKED_value(revoked, i),
                                             1, -1)
            >= 0)
        {
            return 0;
        }
    }

    return 1;
}


static X509 *
ngx_dots_trust_signer(X509_STORE *store, X509_CRL *crl)
{
    int                     i;
    X509                   *cert;
    STACK_OF(X509_OBJECT)  *objects;

    objects = X509_STORE_get0_objects(store);

    for (i = 0; i < sk_X509_OBJECT_num(objects); i++) {

        cert = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));

        if (cert
            && X509_NAME_cmp(X509_get_subject_name(cert),
                             X509_CRL_get_issuer(crl))
               == 0
            && X509_get_key_usage(cert) & KU_CRL_SIGN
            && X509_CRL_verify(crl, X509_get0_pubkey(cert)) == 1)
        {
            return cert;
        }
    }

    return NULL;
}


static void
ngx_dots_trust_add(uint64_t server, X509_STORE *store, X509_OBJECT *object,
    ngx_uint_t crls)
{
    uint64_t   digest;
    X509_CRL  *crl;

    crl = X509_OBJECT_get0_X509_CRL(object);

    if (crl == NULL) {
        digest = ngx_dots_trust_anchor(server, X509_OBJECT_get0_X509(object));

        if (digest) {
            ngx_dots_policy_add(digest);
        }

        return;
    }

    if (!crls || !ngx_dots_trust_ordinary(store, X509_CRL_get_issuer(crl))) {
        return;
    }

    digest = ngx_dots_trust_issuer(server, ngx_dots_trust_signer(store, crl));

    if (digest) {
        ngx_dots_policy_add(digest);
        ngx_dots_trust_revoked(digest, crl);
    }
}


static void
ngx_dots_trust_revoked(uint64_t issuer, X509_CRL *crl)
{
    int                      i;
    X509_REVOKED            *one;
    STACK_OF(X509_REVOKED)  *revoked;

    revoked = X509_CRL_get_REVOKED(crl);

    for (i = 0; i < sk_X509_REVOKED_num(revoked); i++) {

        one = sk_X509_REVOKED_value(revoked, i);

        ngx_dots_policy_add(ngx_dots_trust_serial(issuer,
                                       X509_REVOKED_get0_serialNumber(one)));
    }
}


/* ---- a worker that leaves ---- */

ngx_dots_trust_t *
ngx_dots_trust_create(ngx_pool_t *pool, uint64_t server, SSL *ssl)
{
    X509              *cert;
    ngx_int_t          rc;
    STACK_OF(X509)    *chain;
    ngx_dots_trust_t  *trust;

    trust = ngx_pcalloc(pool, sizeof(ngx_dots_trust_t));
    cert = SSL_get0_peer_certificate(ssl);

    if (trust == NULL || cert == NULL) {
        return trust;
    }

    /* which the customer's own identity decides */

    if (ngx_dots_identity_pinned(ngx_dots_get_conf(ngx_cycle), cert)) {
        return trust;
    }

    chain = ngx_dots_trust_verify(ssl, cert);

    rc = ngx_dots_trust_chain(trust, server, ssl, chain);

    sk_X509_pop_free(chain, X509_free);
    ERR_clear_error();

    return rc == NGX_OK ? trust : NULL;
}


/*
 * A session that came back with a ticket has the certificate alone.  Where the
 * server needs its client's intermediate ones it can't be told.
 */

static STACK_OF(X509) *
ngx_dots_trust_verify(SSL *ssl, X509 *cert)
{
    STACK_OF(X509)  *chain;
    X509_STORE_CTX  *store;

    chain = SSL_get0_verified_chain(ssl);

    if (chain) {
        return X509_chain_up_ref(chain);
    }

    store = X509_STORE_CTX_new();

    if (store
        && X509_STORE_CTX_init(store,
                              SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl)),
                              cert, NULL)
        && X509_STORE_CTX_set_default(store, "ssl_client")
        && X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(store),
                                  SSL_get0_param(ssl))
        && X509_verify_cert(store) == 1)
    {
        chain = X509_STORE_CTX_get1_chain(store);
    }

    X509_STORE_CTX_free(store);

    return chain;
}


static ngx_int_t
ngx_dots_trust_chain(ngx_dots_trust_t *trust, uint64_t server, SSL *ssl,
    STACK_OF(X509) *chain)
{
    int          i, n;
    X509        *cert;
    uint64_t     digest;
    X509_STORE  *store;

    n = sk_X509_num(chain);
    store = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl));

    if (n < 1 || n > NGX_DOTS_TRUST_CHAIN) {
        return NGX_ERROR;
    }

    trust->unchecked = ngx_dots_trust_unchecked(server);

    for (i = 0; i < n; i++) {

        cert = sk_X509_value(chain, i);

        /* what the server had to add to the chain it has to have again */

        if (i + 1 == n || ngx_dots_trust_has(store, cert)) {

            digest = ngx_dots_trust_anchor(server, cert);
            if (digest == 0) {
                return NGX_ERROR;
            }

            trust->anchors[trust->nanchors++] = digest;
        }

        /* a root has signed itself */

        trust->issuers[i] = ngx_dots_trust_issuer(server,
                                      sk_X509_value(chain,
                                                    ngx_min(i + 1, n - 1)));
        if (trust->issuers[i] == 0) {
            return NGX_ERROR;
        }

        trust->revoked[i] = ngx_dots_trust_serial(trust->issuers[i],
                                             X509_get0_serialNumber(cert));
    }

    trust->n = n;

    return NGX_OK;
}


static ngx_uint_t
ngx_dots_trust_has(X509_STORE *store, X509 *cert)
{
    int                     i;
    X509                   *there;
    STACK_OF(X509_OBJECT)  *objects;

    objects = X509_STORE_get0_objects(store);

    for (i = 0; i < sk_X509_OBJECT_num(objects); i++) {

        there = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));

        if (there && X509_cmp(there, cert) == 0) {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
ngx_dots_trust_holds(ngx_dots_trust_t *trust)
{
    return ngx_dots_policy_holds(trust->anchors, trust->nanchors)
           && (trust->n == 0
               || ngx_dots_policy_holds(&trust->unchecked, 1)
               || (ngx_dots_policy_holds(trust->issuers, trust->n)
                   && ngx_dots_policy_lacks(trust->revoked, trust->n)));
}


/* ---- digests; 0: no memory ---- */

static uint64_t
ngx_dots_trust_unchecked(uint64_t server)
{
    return dots_digest_text(server, "unchecked");
}


static uint64_t
ngx_dots_trust_anchor(uint64_t server, X509 *cert)
{
    u_char    md[EVP_MAX_MD_SIZE];
    unsigned  len;

    return X509_digest(cert, EVP_sha256(), md, &len)
           ? dots_digest_bytes(dots_digest_text(server, "anchor"), md, len)
           : 0;
}


/* By its name and its key: it may have several certificates. */

static uint64_t
ngx_dots_trust_issuer(uint64_t server, X509 *cert)
{
    u_char    md[2 * EVP_MAX_MD_SIZE];
    unsigned  len, more;

    return X509_NAME_digest(X509_get_subject_name(cert), EVP_sha256(), md,
                            &len)
           && X509_pubkey_digest(cert, EVP_sha256(), md + len, &more)
           ? dots_digest_bytes(dots_digest_text(server, "issuer"), md,
                               len + more)
           : 0;
}


static uint64_t
ngx_dots_trust_serial(uint64_t issuer, const ASN1_INTEGER *serial)
{
    issuer = dots_digest_number(issuer, ASN1_STRING_type(serial));

    return dots_digest_bytes(issuer, ASN1_STRING_get0_data(serial),
                             ASN1_STRING_length(serial));
}
