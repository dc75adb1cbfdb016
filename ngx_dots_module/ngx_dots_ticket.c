#include <openssl/core_names.h>
#include <openssl/rand.h>

#include "ngx_dots_psk.h"
#include "ngx_dots_ticket.h"


/*
 * What a session may take in a DTLS ticket.  The hello that brings it back has
 * to fit one datagram of 1152 bytes (libcoap's) with some 250 bytes of its own
 * and 80 of the ticket's: a hello in fragments can't be answered without state.
 * A client whose certificate is larger makes full handshakes.
 */
#define NGX_DOTS_TICKET_SESSION  760

/* ms: how long a certificate that was verified need not be verified again */

#define NGX_DOTS_TICKET_TRUST  3600000


/* What a ticket says of a certificate, besides the certificate. */

typedef struct {
    u_char    trust[NGX_DOTS_TICKET_TRUST_DIGEST];
    int64_t   verified;     /* ms, by the monotonic clock */
} ngx_dots_ticket_proof_t;


static int ngx_dots_ticket_key(SSL *ssl, unsigned char *name,
    unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt);
static int ngx_dots_ticket_keyed(ngx_dots_ticket_key_t *key, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt);
static int ngx_dots_ticket_seal(SSL *ssl, void *arg);
static SSL_TICKET_RETURN ngx_dots_ticket_open(SSL *ssl, SSL_SESSION *session,
    const unsigned char *name, size_t len, SSL_TICKET_STATUS status,
    void *arg);
static void ngx_dots_ticket_trust_free(void *parent, void *data,
    CRYPTO_EX_DATA *ad, int index, long argl, void *argp);
static int ngx_dots_ticket_seal_cert(SSL *ssl, X509 *cert);
static ngx_uint_t ngx_dots_ticket_valid(SSL *ssl, SSL_SESSION *session);
static ngx_uint_t ngx_dots_ticket_proved(SSL *ssl, SSL_SESSION *session,
    X509 *cert);


/* OpenSSL's number for what we keep of a context; the same in all cycles. */

static int  ngx_dots_ticket_index = -1;


ngx_int_t
ngx_dots_ticket_init(SSL_CTX *ctx)
{
    u_char  *trust;

    if (ngx_dots_ticket_index == -1) {
        ngx_dots_ticket_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL,
                                                 ngx_dots_ticket_trust_free);
    }

    trust = OPENSSL_zalloc(NGX_DOTS_TICKET_TRUST_DIGEST);

    if (trust == NULL
        || ngx_dots_ticket_trust(ctx, trust) != NGX_OK
        || !SSL_CTX_set_ex_data(ctx, ngx_dots_ticket_index, trust))
    {
        OPENSSL_free(trust);
        return NGX_ERROR;
    }

    (void) SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, ngx_dots_ticket_key);

    (void) SSL_CTX_set_session_ticket_cb(ctx, ngx_dots_ticket_seal,
                                         ngx_dots_ticket_open, NULL);

    return NGX_OK;
}


ngx_int_t
ngx_dots_ticket_trust(SSL_CTX *ctx, u_char trust[NGX_DOTS_TICKET_TRUST_DIGEST])
{
    int                     i, ok;
    u_char                  part[EVP_MAX_MD_SIZE];
    unsigned                len;
    X509_OBJECT            *object;
    EVP_MD_CTX             *md;
    STACK_OF(X509_OBJECT)  *objects;

    md = EVP_MD_CTX_new();
    ok = (md && EVP_DigestInit_ex(md, EVP_sha256(), NULL));

    objects = X509_STORE_get0_objects(SSL_CTX_get_cert_store(ctx));

    for (i = 0; ok && i < sk_X509_OBJECT_num(objects); i++) {

        object = sk_X509_OBJECT_value(objects, i);

        ok = (X509_OBJECT_get_type(object) == X509_LU_CRL
              ? X509_CRL_digest(X509_OBJECT_get0_X509_CRL(object),
                                EVP_sha256(), part, &len)
              : X509_digest(X509_OBJECT_get0_X509(object), EVP_sha256(),
                            part, &len))
             && EVP_DigestUpdate(md, part, len);
    }

    ok = ok && EVP_DigestFinal_ex(md, trust, NULL);

    EVP_MD_CTX_free(md);

    return ok ? NGX_OK : NGX_ERROR;
}


static void
ngx_dots_ticket_trust_free(void *parent, void *data, CRYPTO_EX_DATA *ad,
    int index, long argl, void *argp)
{
    OPENSSL_free(data);
}


/* ---- the key ---- */

static int
ngx_dots_ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt)
{
    int                    rc;
    ngx_uint_t             i;
    ngx_dots_ticket_key_t  keys[2];

    if (encrypt && SSL_is_dtls(ssl)
        && i2d_SSL_SESSION(SSL_get_session(ssl), NULL)
           > NGX_DOTS_TICKET_SESSION)
    {
        return 0;               /* an empty ticket, RFC 5077 section 3.3 */
    }

    if (ngx_dots_zone_tickets(keys) != NGX_OK) {
        return encrypt ? 0 : -1;
    }

    if (encrypt) {
        ngx_memcpy(name, keys[0].name, sizeof(keys[0].name));

        rc = RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) == 1
             ? ngx_dots_ticket_keyed(&keys[0], iv, cipher, mac, 1) : -1;

        OPENSSL_cleanse(keys, sizeof(keys));
        return rc;
    }

    rc = 0;                     /* a key of long ago: a full handshake */

    for (i = 0; i < 2; i++) {

        if (ngx_memcmp(name, keys[i].name, sizeof(keys[i].name)) == 0) {
            rc = ngx_dots_ticket_keyed(&keys[i], iv, cipher, mac, 0);

            /* 2: a new one, as the old key goes soon; in TLS 1.3 always */

            if (rc == 1 && (i > 0 || SSL_version(ssl) == TLS1_3_VERSION)) {
                rc = 2;
            }

            break;
        }
    }

    OPENSSL_cleanse(keys, sizeof(keys));

    return rc;
}


static int
ngx_dots_ticket_keyed(ngx_dots_ticket_key_t *key, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt)
{
    OSSL_PARAM   params[3];
    static char  digest[] = "SHA256";

    params[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY,
                                                  key->mac, sizeof(key->mac));
    params[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                                 digest, sizeof(digest) - 1);
    params[2] = OSSL_PARAM_construct_end();

    return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->cipher, iv,
                             encrypt)
           && EVP_MAC_CTX_set_params(mac, params)
           ? 1 : -1;
}


/* ---- what a ticket says of its owner ---- */

/*
 * A certificate is in the session itself, but not with what it was verified.
 * Of a PSK session the identity is, too, but out of reach before the session is
 * taken, so it is repeated.  In TLS 1.3 the session has that from the key
 * itself.
 */

static int
ngx_dots_ticket_seal(SSL *ssl, void *arg)
{
    size_t       len;
    u_char       proof[NGX_DOTS_PSK_PROOF];
    X509        *cert;
    const char  *identity;

    identity = SSL_get_psk_identity(ssl);

    if (identity == NULL) {
        cert = SSL_SESSION_get0_peer(SSL_get_session(ssl));
        return cert ? ngx_dots_ticket_seal_cert(ssl, cert) : 1;
    }

    len = ngx_dots_psk_proof(ngx_dots_get_conf(ngx_cycle), (u_char *) identity,
                             ngx_strlen(identity), proof);
    if (len == 0) {
        return 1;               /* not to be resumed: there is no proof */
    }

    return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), proof, len);
}


/*
 * A session that was itself resumed keeps its proof and the age of it.  What
 * passes by its fingerprint alone was not verified: it is looked at each time.
 * Over TLS a handshake may end though the certificate is none, and the session
 * after it: no proof of that.
 */

static int
ngx_dots_ticket_seal_cert(SSL *ssl, X509 *cert)
{
    ngx_dots_ticket_proof_t  proof;

    if (SSL_session_reused(ssl) || SSL_get_verify_result(ssl) != X509_V_OK
        || ngx_dots_identity_pinned(ngx_dots_get_conf(ngx_cycle), cert))
    {
        return 1;
    }

    ngx_memzero(&proof, sizeof(ngx_dots_ticket_proof_t));

    ngx_memcpy(proof.trust,
               SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl),
                                   ngx_dots_ticket_index),
               sizeof(proof.trust));
    proof.verified = ngx_current_msec;

    return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), &proof,
                                           sizeof(proof));
}


static SSL_TICKET_RETURN
ngx_dots_ticket_open(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
    size_t len, SSL_TICKET_STATUS status, void *arg)
{
    ngx_uint_t  valid;

    if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW) {
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    }

    valid = ngx_dots_ticket_valid(ssl, session);

    ERR_clear_error();

    if (!valid) {
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    }

    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE
                                        : SSL_TICKET_RETURN_USE_RENEW;
}


/*
 * Resumption proves that the peer was somebody once.  Whether it still is, the
 * trust anchors, the CRL, the keys and the customers of today decide.
 */

static ngx_uint_t
ngx_dots_ticket_valid(SSL *ssl, SSL_SESSION *session)
{
    X509             *cert;
    dots_str_t        identity;
    ngx_dots_conf_t  *dcf;

    dcf = ngx_dots_get_conf(ngx_cycle);
    cert = SSL_SESSION_get0_peer(session);

    if (cert == NULL) {
        return ngx_dots_psk_proved(dcf, session, &identity);
    }

    if (ngx_dots_identity(dcf, cert) == NULL) {
        return 0;
    }

    /*
     * The client's intermediate certificates are not in the ticket: where they
     * are needed and not among the server's own, the handshake is a full one.
     */

    return ngx_dots_ticket_proved(ssl, session, cert)
           || ngx_dots_identity_again(SSL_get_SSL_CTX(ssl), cert, NULL)
              == X509_V_OK;
}


/* Not long ago, with the very same anchors and CRLs, and not expired since. */

static ngx_uint_t
ngx_dots_ticket_proved(SSL *ssl, SSL_SESSION *session, X509 *cert)
{
    void                     *data;
    size_t                    len;
    ngx_dots_ticket_proof_t   proof;

    if (!SSL_SESSION_get0_ticket_appdata(session, &data, &len)
        || data == NULL || len != sizeof(proof))
    {
        return 0;
    }

    ngx_memcpy(&proof, data, sizeof(proof));

    return ngx_memcmp(proof.trust,
                      SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl),
                                          ngx_dots_ticket_index),
                      sizeof(proof.trust))
           == 0
           && ngx_current_msec - proof.verified < NGX_DOTS_TICKET_TRUST
           && X509_cmp_current_time(X509_get0_notAfter(cert)) > 0;
}
