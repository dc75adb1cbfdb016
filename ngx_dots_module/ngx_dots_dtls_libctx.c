/*
 * To decode a certificate's key, OpenSSL 3.0 and 3.1 make each decoder and each
 * key type of all providers anew and compare their names: most of the time that
 * a full handshake took, which decodes three certificates: the client's, the
 * CA's that it sends along, and the copy of its own that becomes a ticket.
 * OpenSSL 3.2 keeps what it has made.
 *
 * So handshakes have a library context of their own.  Its provider is OpenSSL's
 * default one, but for the decoders, key types and ciphers that a handshake has
 * no use for.  Nothing else differs: the algorithms are the very same, and what
 * keys are made of comes from the generator of the default context, too.
 *
 * Where the operator's openssl.cnf has other providers, what they are for is
 * not ours to judge, and handshakes stay in the default context.
 */

#include "ngx_dots_dtls.h"


#if (OPENSSL_VERSION_NUMBER < 0x30200000L)

#include <openssl/core_dispatch.h>
#include <openssl/provider.h>


#define NGX_DOTS_DTLS_LIBCTX_DEFAULT  "default"
#define NGX_DOTS_DTLS_LIBCTX_MOST     16


typedef struct {
    int               operation;
    const char       *property;     /* of all that stay; NULL: any */
    const char       *names[NGX_DOTS_DTLS_LIBCTX_MOST];
    OSSL_ALGORITHM    algorithms[NGX_DOTS_DTLS_LIBCTX_MOST];
} ngx_dots_dtls_libctx_part_t;


static int ngx_dots_dtls_libctx_other(OSSL_PROVIDER *provider, void *data);
static OSSL_LIB_CTX *ngx_dots_dtls_libctx_create(void);
static ngx_int_t ngx_dots_dtls_libctx_filter(
    ngx_dots_dtls_libctx_part_t *part);
static ngx_uint_t ngx_dots_dtls_libctx_stays(
    const ngx_dots_dtls_libctx_part_t *part, const OSSL_ALGORITHM *a);
static int ngx_dots_dtls_libctx_provider(const OSSL_CORE_HANDLE *handle,
    const OSSL_DISPATCH *in, const OSSL_DISPATCH **out, void **ctx);
static const OSSL_ALGORITHM *ngx_dots_dtls_libctx_query(void *ctx,
    int operation, int *no_cache);
static int ngx_dots_dtls_libctx_capabilities(void *ctx, const char *name,
    OSSL_CALLBACK *cb, void *arg);


/* Of this process; made once, the keys of certificates refer to it. */

static OSSL_LIB_CTX    *ngx_dots_dtls_libctx;
static OSSL_PROVIDER   *ngx_dots_dtls_libctx_default;

/*
 * Of these operations only what is named stays.  "DER" is the decoder that
 * looks which type a key is of.  Ciphers of records are the SSL_CTX's.
 */

static ngx_dots_dtls_libctx_part_t  ngx_dots_dtls_libctx_parts[] = {

    /* keys of certificates */

    { .operation = OSSL_OP_DECODER,
      .property = "structure=SubjectPublicKeyInfo",
      .names = { "DER", "EC", "RSA", "RSA-PSS", "ED25519", "ED448", "DSA",
                 "SM2" } },

    /* those and of key exchanges; not of MACs and KDFs */

    { .operation = OSSL_OP_KEYMGMT,
      .names = { "EC", "RSA", "RSA-PSS", "ED25519", "ED448", "DSA", "SM2",
                 "X25519", "X448", "DH", "DHX" } },

    /* of tickets */

    { .operation = OSSL_OP_CIPHER,
      .names = { "AES-256-CBC" } }
};

#define NGX_DOTS_DTLS_LIBCTX_PARTS                                            \
    (sizeof(ngx_dots_dtls_libctx_parts)                                       \
     / sizeof(ngx_dots_dtls_libctx_parts[0]))

static const OSSL_DISPATCH  ngx_dots_dtls_libctx_functions[] = {
    { OSSL_FUNC_PROVIDER_QUERY_OPERATION,
      (void (*)(void)) ngx_dots_dtls_libctx_query },
    { OSSL_FUNC_PROVIDER_GET_CAPABILITIES,
      (void (*)(void)) ngx_dots_dtls_libctx_capabilities },
    { 0, NULL }
};


void
ngx_dots_dtls_libctx_init(ngx_log_t *log)
{
    ngx_uint_t  other;

    if (ngx_dots_dtls_libctx) {
        return;
    }

    other = 0;

    if (!OSSL_PROVIDER_available(NULL, NGX_DOTS_DTLS_LIBCTX_DEFAULT)
        || !OSSL_PROVIDER_do_all(NULL, ngx_dots_dtls_libctx_other, &other)
        || other
        || EVP_default_properties_is_fips_enabled(NULL))
    {
        ERR_clear_error();
        return;
    }

    ngx_dots_dtls_libctx = ngx_dots_dtls_libctx_create();

    if (ngx_dots_dtls_libctx == NULL) {
        ngx_ssl_error(NGX_LOG_WARN, log, 0,
                      "dots: handshakes have no library context of their own");
        return;
    }

    ngx_log_debug0(NGX_LOG_DEBUG_CORE, log, 0,
                   "dots: handshakes have a library context of their own");
}


static int
ngx_dots_dtls_libctx_other(OSSL_PROVIDER *provider, void *data)
{
    ngx_uint_t  *other = data;

    if (ngx_strcmp(OSSL_PROVIDER_get0_name(provider),
                   NGX_DOTS_DTLS_LIBCTX_DEFAULT)
        != 0)
    {
        *other = 1;
    }

    return 1;
}


static OSSL_LIB_CTX *
ngx_dots_dtls_libctx_create(void)
{
    ngx_uint_t     i;
    OSSL_LIB_CTX  *ctx;

    /* one more reference to what is there */

    ngx_dots_dtls_libctx_default =
                  OSSL_PROVIDER_try_load(NULL, NGX_DOTS_DTLS_LIBCTX_DEFAULT, 1);

    if (ngx_dots_dtls_libctx_default == NULL) {
        return NULL;
    }

    for (i = 0; i < NGX_DOTS_DTLS_LIBCTX_PARTS; i++) {
        if (ngx_dots_dtls_libctx_filter(&ngx_dots_dtls_libctx_parts[i])
            != NGX_OK)
        {
            return NULL;
        }
    }

    ctx = OSSL_LIB_CTX_new();
    if (ctx == NULL) {
        return NULL;
    }

    if (!OSSL_PROVIDER_add_builtin(ctx, "dots", ngx_dots_dtls_libctx_provider)
        || OSSL_PROVIDER_load(ctx, "dots") == NULL)
    {
        OSSL_LIB_CTX_free(ctx);
        return NULL;
    }

    return ctx;
}


/* ---- what is left of the default provider ---- */

static ngx_int_t
ngx_dots_dtls_libctx_filter(ngx_dots_dtls_libctx_part_t *part)
{
    int                    no_cache;
    ngx_uint_t             n;
    const OSSL_ALGORITHM  *a;

    a = OSSL_PROVIDER_query_operation(ngx_dots_dtls_libctx_default,
                                      part->operation, &no_cache);
    if (a == NULL || no_cache) {
        return NGX_DECLINED;
    }

    for (n = 0; a->algorithm_names; a++) {

        if (!ngx_dots_dtls_libctx_stays(part, a)) {
            continue;
        }

        if (n == NGX_DOTS_DTLS_LIBCTX_MOST - 1) {
            return NGX_DECLINED;
        }

        part->algorithms[n++] = *a;
    }

    ngx_memzero(&part->algorithms[n], sizeof(OSSL_ALGORITHM));

    return n ? NGX_OK : NGX_DECLINED;
}


/* The first of an algorithm's names counts; others follow after colons. */

static ngx_uint_t
ngx_dots_dtls_libctx_stays(const ngx_dots_dtls_libctx_part_t *part,
    const OSSL_ALGORITHM *a)
{
    size_t      len;
    ngx_uint_t  i;

    if (part->property
        && ngx_strstr(a->property_definition, part->property) == NULL)
    {
        return 0;
    }

    len = strcspn(a->algorithm_names, ":");

    for (i = 0; part->names[i]; i++) {

        if (ngx_strlen(part->names[i]) == len
            && ngx_strncmp(part->names[i], a->algorithm_names, len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* ---- the provider ---- */

static int
ngx_dots_dtls_libctx_provider(const OSSL_CORE_HANDLE *handle,
    const OSSL_DISPATCH *in, const OSSL_DISPATCH **out, void **ctx)
{
    *out = ngx_dots_dtls_libctx_functions;
    *ctx = OSSL_PROVIDER_get0_provider_ctx(ngx_dots_dtls_libctx_default);

    return 1;
}


static const OSSL_ALGORITHM *
ngx_dots_dtls_libctx_query(void *ctx, int operation, int *no_cache)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_DOTS_DTLS_LIBCTX_PARTS; i++) {

        if (ngx_dots_dtls_libctx_parts[i].operation == operation) {
            *no_cache = 0;
            return ngx_dots_dtls_libctx_parts[i].algorithms;
        }
    }

    return OSSL_PROVIDER_query_operation(ngx_dots_dtls_libctx_default,
                                         operation, no_cache);
}


static int
ngx_dots_dtls_libctx_capabilities(void *ctx, const char *name,
    OSSL_CALLBACK *cb, void *arg)
{
    return OSSL_PROVIDER_get_capabilities(ngx_dots_dtls_libctx_default, name,
                                          cb, arg);
}


/* ---- a handshake ---- */

int
ngx_dots_dtls_libctx_handshake(SSL *ssl)
{
    int            n;
    OSSL_LIB_CTX  *before;

    if (ngx_dots_dtls_libctx == NULL) {
        return SSL_do_handshake(ssl);
    }

    before = OSSL_LIB_CTX_set0_default(ngx_dots_dtls_libctx);

    n = SSL_do_handshake(ssl);

    if (before) {
        (void) OSSL_LIB_CTX_set0_default(before);
    }

    return n;
}

#else

void
ngx_dots_dtls_libctx_init(ngx_log_t *log)
{
}


int
ngx_dots_dtls_libctx_handshake(SSL *ssl)
{
    return SSL_do_handshake(ssl);
}

#endif
