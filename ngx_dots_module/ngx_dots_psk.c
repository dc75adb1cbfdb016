#include <openssl/rand.h>

#include "ngx_dots_conf.h"
#include "ngx_dots_psk.h"


#define NGX_DOTS_PSK_MIN      16    /* bytes of a key: 128 bits */
#define NGX_DOTS_PSK_MAX      64
#define NGX_DOTS_PSK_RANDOM   32    /* bytes of a key that nobody has */
#define NGX_DOTS_PSK_FILE     (16 * 1024 * 1024)


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
static unsigned int ngx_dots_psk_server(SSL *ssl, const char *identity,
    unsigned char *key, unsigned int max);


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
    off_t            size;
    ssize_t          n;
    ngx_file_t       file;
    ngx_file_info_t  fi;

    ngx_memzero(&file, sizeof(ngx_file_t));

    file.name = *name;
    file.log = cf->log;
    file.fd = ngx_open_file(name->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (file.fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" failed", name);
        return NGX_ERROR;
    }

    n = NGX_ERROR;

    if (ngx_fd_info(file.fd, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_fd_info_n " \"%V\" failed", name);
        goto done;
    }

    size = ngx_file_size(&fi);

    if (!ngx_is_file(&fi) || size > NGX_DOTS_PSK_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is no file of at most 16m", name);
        goto done;
    }

    if (ngx_file_access(&fi) & 07) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "the keys in \"%V\" can be used by every user of "
                           "this machine: chmod 600 it", name);
    }

    text->data = ngx_pnalloc(cf->temp_pool, size + 1);
    if (text->data == NULL) {
        goto done;
    }

    n = ngx_read_file(&file, text->data, size, 0);
    text->len = n;

done:

    (void) ngx_close_file(file.fd);

    return n >= 0 ? NGX_OK : NGX_ERROR;
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


ngx_uint_t
ngx_dots_psk_known(ngx_dots_conf_t *dcf, const u_char *name, size_t len)
{
    return ngx_dots_psk_find(dcf, name, len) != NULL;
}


ngx_int_t
ngx_dots_psk_digest(ngx_dots_conf_t *dcf, const char *name,
    u_char digest[NGX_DOTS_PSK_DIGEST])
{
    ngx_dots_psk_t  *psk;

    psk = ngx_dots_psk_find(dcf, (u_char *) name, ngx_strlen(name));
    if (psk == NULL) {
        return NGX_DECLINED;
    }

    return EVP_Digest(psk->key.data, psk->key.len, digest, NULL, EVP_sha256(),
                      NULL)
           ? NGX_OK : NGX_ERROR;
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

void
ngx_dots_psk_enable(ngx_dots_conf_t *dcf)
{
    ngx_dots_psk_ctx_t  *pc;

    if (dcf->psks.nelts == 0) {
        return;
    }

    for (pc = dcf->psk_ctx; pc; pc = pc->next) {
        SSL_CTX_set_psk_server_callback(pc->ctx, ngx_dots_psk_server);
    }
}


/*
 * RFC 4279 section 2: who does not want to tell which identities there are goes
 * on with a random key, so that an unknown identity fails as a wrong key does.
 * Both cases draw it, so that they take the same time.
 *
 * In TLS 1.3 every ticket comes here first, and OpenSSL does not remember the
 * identity: there the certificate is the only way.
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
