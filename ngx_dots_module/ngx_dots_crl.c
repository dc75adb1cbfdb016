/*
 * OpenSSL verifies the signature of a CRL again with each certificate that it
 * looks up there: a sixth of a full handshake, for a CRL that can't have
 * changed.  What it has found once to be right of a CRL and its issuer is kept
 * as long as both are; whether the CRL is current is asked each time.
 */

#include "ngx_dots.h"


#define NGX_DOTS_CRL_MOST  64   /* of one context, with what is kept */


typedef struct {
    X509_CRL   *crl;
    X509       *issuer;
} ngx_dots_crl_entry_t;

typedef struct {
    X509_STORE_CTX_check_crl_fn  check;     /* OpenSSL's own */
    ngx_dots_crl_entry_t         entries[NGX_DOTS_CRL_MOST];
    ngx_uint_t                   n;
} ngx_dots_crl_t;


static X509_STORE_CTX_check_crl_fn ngx_dots_crl_default(X509_STORE *store);
static void ngx_dots_crl_free(void *parent, void *data, CRYPTO_EX_DATA *ad,
    int index, long argl, void *argp);
static int ngx_dots_crl_check(X509_STORE_CTX *ctx, X509_CRL *crl);
static X509 *ngx_dots_crl_issuer(X509_STORE_CTX *ctx, X509_CRL *crl);
static ngx_uint_t ngx_dots_crl_known(ngx_dots_crl_t *known, X509_CRL *crl,
    X509 *issuer);
static ngx_uint_t ngx_dots_crl_current(X509_CRL *crl);
static void ngx_dots_crl_keep(ngx_dots_crl_t *known, X509_CRL *crl,
    X509 *issuer);


/* OpenSSL's number for what we keep of a store; the same in all cycles. */

static int  ngx_dots_crl_index = -1;


ngx_int_t
ngx_dots_crl_init(SSL_CTX *ctx)
{
    X509_STORE      *store;
    ngx_dots_crl_t  *known;

    store = SSL_CTX_get_cert_store(ctx);

    if (ngx_dots_crl_index == -1) {
        ngx_dots_crl_index = X509_STORE_get_ex_new_index(0, NULL, NULL, NULL,
                                                         ngx_dots_crl_free);
    }

    known = OPENSSL_zalloc(sizeof(ngx_dots_crl_t));
    if (known == NULL) {
        return NGX_ERROR;
    }

    known->check = ngx_dots_crl_default(store);

    if (known->check == NULL
        || !X509_STORE_set_ex_data(store, ngx_dots_crl_index, known))
    {
        OPENSSL_free(known);
        return NGX_ERROR;
    }

    X509_STORE_set_check_crl(store, ngx_dots_crl_check);

    return NGX_OK;
}


static X509_STORE_CTX_check_crl_fn
ngx_dots_crl_default(X509_STORE *store)
{
    X509_STORE_CTX               *ctx;
    X509_STORE_CTX_check_crl_fn   check;

    ctx = X509_STORE_CTX_new();
    check = NULL;

    if (ctx && X509_STORE_CTX_init(ctx, store, NULL, NULL)) {
        check = X509_STORE_CTX_get_check_crl(ctx);
    }

    X509_STORE_CTX_free(ctx);

    return check;
}


static void
ngx_dots_crl_free(void *parent, void *data, CRYPTO_EX_DATA *ad, int index,
    long argl, void *argp)
{
    ngx_uint_t       i;
    ngx_dots_crl_t  *known = data;

    if (known == NULL) {
        return;
    }

    for (i = 0; i < known->n; i++) {
        X509_CRL_free(known->entries[i].crl);
        X509_free(known->entries[i].issuer);
    }

    OPENSSL_free(known);
}


/* In the place of OpenSSL's check_crl(), which is asked the first time. */

static int
ngx_dots_crl_check(X509_STORE_CTX *ctx, X509_CRL *crl)
{
    int              rc;
    X509            *issuer;
    ngx_dots_crl_t  *known;

    known = X509_STORE_get_ex_data(X509_STORE_CTX_get0_store(ctx),
                                   ngx_dots_crl_index);

    issuer = ngx_dots_crl_issuer(ctx, crl);

    if (issuer && ngx_dots_crl_known(known, crl, issuer)
        && ngx_dots_crl_current(crl))
    {
        return 1;
    }

    rc = known->check(ctx, crl);

    /* an objection that a callback has dropped is still there */

    if (rc == 1 && issuer && X509_STORE_CTX_get_error(ctx) == X509_V_OK) {
        ngx_dots_crl_keep(known, crl, issuer);
    }

    return rc;
}


/*
 * The certificate that has signed both, what is verified now and the CRL; a
 * root has signed itself.  NULL where there is more to ask: a CRL of another
 * issuer, for a part of the certificates, or with the changes only (RFC 5280
 * sections 5.2.4 and 5.2.5).
 */

static X509 *
ngx_dots_crl_issuer(X509_STORE_CTX *ctx, X509_CRL *crl)
{
    int              depth;
    X509            *issuer;
    STACK_OF(X509)  *chain;

    chain = X509_STORE_CTX_get0_chain(ctx);
    depth = X509_STORE_CTX_get_error_depth(ctx);

    issuer = sk_X509_value(chain, depth + 1);

    if (issuer == NULL) {
        issuer = sk_X509_value(chain, depth);

        if (issuer == NULL
            || !(X509_get_extension_flags(issuer) & EXFLAG_SI))
        {
            return NULL;
        }
    }

    if (issuer != X509_STORE_CTX_get0_current_issuer(ctx)
        || X509_CRL_get_ext_by_NID(crl, NID_issuing_distribution_point, -1) >= 0
        || X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0)
    {
        return NULL;
    }

    return issuer;
}


static ngx_uint_t
ngx_dots_crl_known(ngx_dots_crl_t *known, X509_CRL *crl, X509 *issuer)
{
    ngx_uint_t  i;

    for (i = 0; i < known->n; i++) {

        if (known->entries[i].crl == crl
            && X509_cmp(known->entries[i].issuer, issuer) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_dots_crl_current(X509_CRL *crl)
{
    const ASN1_TIME  *last, *next;

    last = X509_CRL_get0_lastUpdate(crl);
    next = X509_CRL_get0_nextUpdate(crl);

    return last && X509_cmp_current_time(last) < 0
           && (next == NULL || X509_cmp_current_time(next) > 0);
}


static void
ngx_dots_crl_keep(ngx_dots_crl_t *known, X509_CRL *crl, X509 *issuer)
{
    ngx_dots_crl_entry_t  *e;

    if (known->n == NGX_DOTS_CRL_MOST
        || ngx_dots_crl_known(known, crl, issuer))
    {
        return;
    }

    e = &known->entries[known->n];

    if (!X509_CRL_up_ref(crl)) {
        return;
    }

    if (!X509_up_ref(issuer)) {
        X509_CRL_free(crl);
        return;
    }

    e->crl = crl;
    e->issuer = issuer;
    known->n++;
}
