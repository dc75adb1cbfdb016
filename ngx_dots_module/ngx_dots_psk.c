#include <openssl/rand.h>

#include "ngx_dots_conf.h"
#include "ngx_dots_limit.h"
#include "ngx_dots_psk.h"


#define NGX_DOTS_PSK_MIN      16    /* bytes of a key: 128 bits */
#define NGX_DOTS_PSK_MAX      64
#define NGX_DOTS_PSK_RANDOM   32    /* bytes of a key that nobody has */
#define NGX_DOTS_PSK_FILE     (16 * 1024 * 1024)
#define NGX_DOTS_PSK_SUITES   256   /* bytes of the names of TLS 1.3's */


typedef struct {
    ngx_str_t             name;
    ngx_str_t             key;
    ngx_uint_t            line;
} ngx_dots_psk_t;

typedef struct ngx_dots_psk_ctx_s  ngx_dots_psk_ctx_t;

struct ngx_dots_psk_ctx_s {
    SSL_CTX              *ctx;
    ngx_dots_psk_ctx_t   *next;
};


static ngx_int_t ngx_dots_psk_read(ngx_conf_t *cf, ngx_str_t *name,
    ngx_str_t *text);
static char *ngx_dots_psk_lines(ngx_conf_t *cf, ngx_dots_conf_t *dcf,
    ngx_str_t *text);
static char *ngx_dots_psk_line(ngx_conf_t *cf, ngx_dots_conf_t *dcf,
    ngx_dots_place_t *place, ngx_str_t *line);
static char *ngx_dots_psk_sort(ngx_conf_t *cf, ngx_dots_conf_t *dcf);
static int ngx_libc_cdecl ngx_dots_psk_cmp(const void *one, const void *two);
static ngx_dots_psk_t *ngx_dots_psk_find(ngx_dots_conf_t *dcf,
    const u_char *name, size_t len);
static ngx_int_t ngx_dots_psk_suites(SSL_CTX *ctx);
static unsigned int ngx_dots_psk_server(SSL *ssl, const char *identity,
    unsigned char *key, unsigned int max);
static int ngx_dots_psk_session(SSL *ssl, const unsigned char *identity,
    size_t len, SSL_SESSION **session);


/* ---- the file ---- */

char *
ngx_dots_psk_file(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    char       *rv;
    ngx_str_t  *value, text;

    if (dcf->psk_file.data) {
        return "is duplicate";
    }

    value = cf->args->elts;
    dcf->psk_file = value[1];

    if (ngx_conf_full_name(cf->cycle, &dcf->psk_file, 1) != NGX_OK
        || ngx_array_init(&dcf->psks, cf->pool, 16, sizeof(ngx_dots_psk_t))
           != NGX_OK
        || ngx_dots_psk_read(cf, &dcf->psk_file, &text) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    rv = ngx_dots_psk_lines(cf, dcf, &text);

    ngx_explicit_memzero(text.data, text.len);

    return rv == NGX_CONF_OK ? ngx_dots_psk_sort(cf, dcf) : rv;
}


static ngx_int_t
ngx_dots_psk_read(ngx_conf_t *cf, ngx_str_t *name, ngx_str_t *text)
{
    ngx_file_info_t  fi;

    if (ngx_dots_conf_file(cf, name, NGX_DOTS_PSK_FILE, &fi, text) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_file_access(&fi) & 07) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "the keys in \"%V\" can be used by every user of "
                           "this machine: chmod 600 it", name);
    }

    return NGX_OK;
}


static char *
ngx_dots_psk_lines(ngx_conf_t *cf, ngx_dots_conf_t *dcf, ngx_str_t *text)
{
    u_char            *p, *last, *end;
    ngx_str_t          line;
    ngx_dots_place_t   place;

    place.file = dcf->psk_file;
    place.line = 0;

    last = text->data + text->len;

    for (p = text->data; p < last; p = end + 1) {

        place.line++;

        end = ngx_strlchr(p, last, '\n');
        if (end == NULL) {
            end = last;
        }

        line.data = p;
        line.len = end - p;

        if (line.len && line.data[line.len - 1] == '\r') {
            line.len--;
        }

        if (line.len == 0 || line.data[0] == '#') {
            continue;
        }

        if (ngx_dots_psk_line(cf, dcf, &place, &line) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


/* "NAME:HEXKEY"; a name may hold colons, a key does not.  No key in a log. */

static char *
ngx_dots_psk_line(ngx_conf_t *cf, ngx_dots_conf_t *dcf,
    ngx_dots_place_t *place, ngx_str_t *line)
{
    size_t           i, n, hex;
    u_char          *key;
    ngx_int_t        b;
    ngx_dots_psk_t  *psk;

    for (n = line->len; n > 0 && line->data[n - 1] != ':'; n--) {
        /* void */
    }

    hex = line->len - n;

    if (n < 2 || n - 1 > PSK_MAX_IDENTITY_LEN || hex % 2
        || hex < 2 * NGX_DOTS_PSK_MIN || hex > 2 * NGX_DOTS_PSK_MAX)
    {
        goto invalid;
    }

    psk = ngx_array_push(&dcf->psks);
    key = ngx_pnalloc(cf->pool, n - 1 + hex / 2);

    if (psk == NULL || key == NULL) {
        return NGX_CONF_ERROR;
    }

    psk->key.data = key;
    psk->key.len = hex / 2;
    psk->name.data = ngx_cpymem(key + hex / 2, line->data, n - 1) - (n - 1);
    psk->name.len = n - 1;
    psk->line = place->line;

    for (i = 0; i < hex; i += 2) {

        b = ngx_hextoi(line->data + n + i, 2);
        if (b == NGX_ERROR) {
            goto invalid;
        }

        *key++ = (u_char) b;
    }

    return NGX_CONF_OK;

invalid:

    return ngx_dots_conf_error(cf, place, "invalid line: write NAME:KEY, the "
                               "key with %d to %d hex digits",
                               2 * NGX_DOTS_PSK_MIN, 2 * NGX_DOTS_PSK_MAX);
}


static char *
ngx_dots_psk_sort(ngx_conf_t *cf, ngx_dots_conf_t *dcf)
{
    ngx_uint_t         i;
    ngx_dots_psk_t    *psk;
    ngx_dots_place_t   place;

    psk = dcf->psks.elts;

    ngx_qsort(psk, dcf->psks.nelts, sizeof(ngx_dots_psk_t), ngx_dots_psk_cmp);

    for (i = 1; i < dcf->psks.nelts; i++) {

        if (ngx_dots_psk_cmp(&psk[i - 1], &psk[i]) == 0) {
            place.file = dcf->psk_file;
            place.line = ngx_max(psk[i - 1].line, psk[i].line);

            return ngx_dots_conf_error(cf, &place, "\"%V\" has a second key: "
                                       "remove one", &psk[i].name);
        }
    }

    return NGX_CONF_OK;
}


static int ngx_libc_cdecl
ngx_dots_psk_cmp(const void *one, const void *two)
{
    const ngx_dots_psk_t  *a = one;
    const ngx_dots_psk_t  *b = two;

    return (int) ngx_memn2cmp(a->name.data, b->name.data, a->name.len,
                              b->name.len);
}


char *
ngx_dots_psk_check(ngx_conf_t *cf, ngx_dots_conf_t *dcf)
{
    ngx_uint_t         i;
    ngx_dots_psk_t    *psk;
    ngx_dots_place_t   place;

    psk = dcf->psks.elts;

    for (i = 0; i < dcf->psks.nelts; i++) {

        if (dots_customers_by_identity(dcf->customers, DOTS_IDENTITY_PSK,
                                       dots_str(psk[i].name.data,
                                                psk[i].name.len))
            == NULL)
        {
            place.file = dcf->psk_file;
            place.line = psk[i].line;

            return ngx_dots_conf_error(cf, &place, "the key of \"%V\" is "
                                       "nobody's: give a customer the identity "
                                       "\"psk:%V\" or remove the line",
                                       &psk[i].name, &psk[i].name);
        }
    }

    return NGX_CONF_OK;
}


/* ---- looking up ---- */

static ngx_dots_psk_t *
ngx_dots_psk_find(ngx_dots_conf_t *dcf, const u_char *name, size_t len)
{
    ngx_dots_psk_t  key;

    if (dcf->psks.nelts == 0) {
        return NULL;
    }

    key.name.data = (u_char *) name;
    key.name.len = len;

    return bsearch(&key, dcf->psks.elts, dcf->psks.nelts,
                   sizeof(ngx_dots_psk_t), ngx_dots_psk_cmp);
}


ngx_str_t *
ngx_dots_psk_at(ngx_dots_conf_t *dcf, ngx_uint_t i)
{
    ngx_dots_psk_t  *psk;

    psk = dcf->psks.elts;

    return i < dcf->psks.nelts ? &psk[i].name : NULL;
}


ngx_uint_t
ngx_dots_psk_known(ngx_dots_conf_t *dcf, const u_char *name, size_t len)
{
    return ngx_dots_psk_find(dcf, name, len) != NULL;
}


/* ---- what a session remembers ---- */

size_t
ngx_dots_psk_proof(ngx_dots_conf_t *dcf, const u_char *name, size_t len,
    u_char proof[NGX_DOTS_PSK_PROOF])
{
    ngx_dots_psk_t  *psk;

    psk = ngx_dots_psk_find(dcf, name, len);

    if (psk == NULL
        || !EVP_Digest(psk->key.data, psk->key.len, proof, NULL, EVP_sha256(),
                       NULL))
    {
        return 0;
    }

    ngx_memcpy(proof + NGX_DOTS_PSK_DIGEST, name, len);

    return NGX_DOTS_PSK_DIGEST + len;
}


ngx_uint_t
ngx_dots_psk_proved(ngx_dots_conf_t *dcf, SSL_SESSION *session,
    dots_str_t *identity)
{
    void    *data;
    size_t   len;
    u_char   proof[NGX_DOTS_PSK_PROOF];

    if (SSL_SESSION_get0_peer(session)
        || !SSL_SESSION_get0_ticket_appdata(session, &data, &len)
        || data == NULL
        || len <= NGX_DOTS_PSK_DIGEST || len > NGX_DOTS_PSK_PROOF)
    {
        return 0;
    }

    *identity = dots_str((u_char *) data + NGX_DOTS_PSK_DIGEST,
                         len - NGX_DOTS_PSK_DIGEST);

    return ngx_dots_psk_proof(dcf, identity->data, identity->len, proof) == len
           && CRYPTO_memcmp(data, proof, NGX_DOTS_PSK_DIGEST) == 0;
}


ngx_int_t
ngx_dots_psk_identity(ngx_dots_conf_t *dcf, SSL *ssl, dots_str_t *identity)
{
    const char   *name;
    SSL_SESSION  *session;

    session = SSL_get_session(ssl);

    if (session == NULL || SSL_SESSION_get0_peer(session)) {
        return NGX_DECLINED;
    }

    /* before TLS 1.3 OpenSSL remembers it; from then on it is our own data */

    name = SSL_get_psk_identity(ssl);

    if (name) {
        *identity = dots_str(name, ngx_strlen(name));
        return NGX_OK;
    }

    return SSL_version(ssl) == TLS1_3_VERSION && SSL_session_reused(ssl)
           && ngx_dots_psk_proved(dcf, session, identity)
           ? NGX_OK : NGX_DECLINED;
}


/* ---- the handshake ---- */

ngx_int_t
ngx_dots_psk_init(ngx_conf_t *cf, ngx_dots_conf_t *dcf, SSL_CTX *ctx)
{
    ngx_dots_psk_ctx_t  *pc;

    pc = ngx_palloc(cf->pool, sizeof(ngx_dots_psk_ctx_t));
    if (pc == NULL) {
        return NGX_ERROR;
    }

    pc->ctx = ctx;
    pc->next = dcf->psk_ctx;
    dcf->psk_ctx = pc;

    return NGX_OK;
}


/* Without the callback OpenSSL leaves the PSK suites of the list out. */

ngx_int_t
ngx_dots_psk_enable(ngx_dots_conf_t *dcf, ngx_log_t *log)
{
    ngx_dots_psk_ctx_t  *pc;

    if (dcf->psks.nelts == 0) {
        return NGX_OK;
    }

    for (pc = dcf->psk_ctx; pc; pc = pc->next) {

        SSL_CTX_set_psk_server_callback(pc->ctx, ngx_dots_psk_server);
        SSL_CTX_set_psk_find_session_callback(pc->ctx, ngx_dots_psk_session);

        if (ngx_dots_psk_suites(pc->ctx) != NGX_OK) {
            ngx_ssl_error(NGX_LOG_EMERG, log, 0,
                          "dots: cipher suites for pre-shared keys cannot be "
                          "set up");
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/*
 * A key goes with a hash, SHA-256 for one that says nothing else (RFC 8446
 * section 4.2.11), and OpenSSL drops it where it has chosen a suite with
 * another one: those with SHA-256 come first, and the order is ours.
 */

static ngx_int_t
ngx_dots_psk_suites(SSL_CTX *ctx)
{
    int                    i, sha256;
    u_char                *p, list[NGX_DOTS_PSK_SUITES];
    const SSL_CIPHER      *cipher;
    STACK_OF(SSL_CIPHER)  *ciphers;

    p = list;
    ciphers = SSL_CTX_get_ciphers(ctx);

    for (sha256 = 1; sha256 >= 0; sha256--) {

        for (i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {

            cipher = sk_SSL_CIPHER_value(ciphers, i);

            if (SSL_CIPHER_get_kx_nid(cipher) != NID_kx_any
                || sha256 != (SSL_CIPHER_get_handshake_digest(cipher)
                              == EVP_sha256()))
            {
                continue;
            }

            p = ngx_slprintf(p, list + sizeof(list) - 1, "%s%s",
                             p == list ? "" : ":",
                             SSL_CIPHER_get_name(cipher));
        }
    }

    if (p == list) {
        return NGX_OK;          /* DTLS 1.2 */
    }

    *p = '\0';

    SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);

    return SSL_CTX_set_ciphersuites(ctx, (char *) list) ? NGX_OK : NGX_ERROR;
}


/*
 * Before TLS 1.3.  RFC 4279 section 2: who does not want to tell which
 * identities there are goes on with a random key, so that an unknown identity
 * fails as a wrong key does.  Both cases draw it, so that they take the same
 * time.
 */

static unsigned int
ngx_dots_psk_server(SSL *ssl, const char *identity, unsigned char *key,
    unsigned int max)
{
    ngx_dots_psk_t  *psk;

    if (SSL_version(ssl) == TLS1_3_VERSION || max < NGX_DOTS_PSK_MAX
        || RAND_bytes(key, NGX_DOTS_PSK_RANDOM) != 1)
    {
        return 0;
    }

    psk = ngx_dots_psk_find(ngx_dots_get_conf(ngx_cycle), (u_char *) identity,
                            ngx_strlen(identity));
    if (psk == NULL) {
        return NGX_DOTS_PSK_RANDOM;
    }

    ngx_memcpy(key, psk->key.data, psk->key.len);

    return (unsigned int) psk->key.len;
}


/*
 * TLS 1.3 (RFC 8446 section 4.2.11): every ticket comes here first, too, and is
 * nobody's name; what is unknown goes on to a full handshake with a
 * certificate.  The key is used with (EC)DHE only, OpenSSL's default.  1, or 0:
 * an alert.
 */

static int
ngx_dots_psk_session(SSL *ssl, const unsigned char *identity, size_t len,
    SSL_SESSION **session)
{
    size_t                      n;
    u_char                      proof[NGX_DOTS_PSK_PROOF];
    ngx_dots_psk_t             *psk;
    ngx_dots_conf_t            *dcf;

    static const unsigned char  suite[] = { 0x13, 0x01 };

    *session = NULL;

    dcf = ngx_dots_get_conf(ngx_cycle);

    psk = ngx_dots_psk_find(dcf, identity, len);
    if (psk == NULL) {
        return 1;
    }

    if (ngx_dots_limit_hello(dcf, ngx_ssl_get_connection(ssl)) != NGX_OK) {
        return 0;
    }

    n = ngx_dots_psk_proof(dcf, identity, len, proof);
    *session = SSL_SESSION_new();

    if (n == 0 || *session == NULL
        || !SSL_SESSION_set1_master_key(*session, psk->key.data, psk->key.len)
        || !SSL_SESSION_set_cipher(*session, SSL_CIPHER_find(ssl, suite))
        || !SSL_SESSION_set_protocol_version(*session, TLS1_3_VERSION)
        || !SSL_SESSION_set1_ticket_appdata(*session, proof, n))
    {
        SSL_SESSION_free(*session);
        *session = NULL;
        return 0;
    }

    return 1;
}
