/*
 * The cookie of a HelloVerifyRequest: HMAC-SHA256(secret, peer's and own
 * address), RFC 6347 section 4.2.1.  The secret is in the zone, so every worker
 * of every cycle accepts it.
 *
 * A flood makes one for each datagram: the keyed states are kept until the
 * secret is another one, to key them would cost as much as four cookies.
 */

#include "ngx_dots_dtls.h"
#include "ngx_dots_zone.h"


#define NGX_DOTS_DTLS_ADDRESS  32   /* bytes of an address, see below */


/* Of this process. */

typedef struct {
    ngx_dots_shared_t  *shared;     /* whose secrets, and when they were made */
    time_t              made;
    HMAC_CTX           *keyed[2];   /* today's, and the one before */
} ngx_dots_dtls_cookie_t;


static ngx_int_t ngx_dots_dtls_cookie_keys(void);
static ngx_int_t ngx_dots_dtls_cookie_key(HMAC_CTX **keyed,
    const u_char *secret);
static ngx_int_t ngx_dots_dtls_cookie_make(HMAC_CTX *keyed,
    ngx_connection_t *c, u_char cookie[NGX_DOTS_DTLS_COOKIE]);
static u_char *ngx_dots_dtls_cookie_address(u_char *p, struct sockaddr *sa);


static ngx_dots_dtls_cookie_t  ngx_dots_dtls_cookie;


ngx_int_t
ngx_dots_dtls_cookie_generate(ngx_connection_t *c,
    u_char cookie[NGX_DOTS_DTLS_COOKIE])
{
    if (ngx_dots_dtls_cookie_keys() != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_dots_dtls_cookie_make(ngx_dots_dtls_cookie.keyed[0], c, cookie);
}


ngx_int_t
ngx_dots_dtls_cookie_verify(ngx_connection_t *c, const u_char *cookie,
    size_t len)
{
    u_char      expected[NGX_DOTS_DTLS_COOKIE];
    ngx_uint_t  i;

    if (len != NGX_DOTS_DTLS_COOKIE || ngx_dots_dtls_cookie_keys() != NGX_OK) {
        return NGX_DECLINED;
    }

    for (i = 0; i < 2; i++) {

        if (ngx_dots_dtls_cookie_make(ngx_dots_dtls_cookie.keyed[i], c,
                                      expected)
            == NGX_OK
            && CRYPTO_memcmp(cookie, expected, len) == 0)
        {
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


/* ---- keys ---- */

static ngx_int_t
ngx_dots_dtls_cookie_keys(void)
{
    time_t                   made;
    u_char                   secrets[2][NGX_DOTS_COOKIE_SECRET];
    ngx_int_t                rc;
    ngx_dots_dtls_cookie_t  *dc;

    dc = &ngx_dots_dtls_cookie;

    if (dc->shared == ngx_dots_shared
        && !ngx_dots_zone_secrets_old(dc->made))
    {
        return NGX_OK;
    }

    made = ngx_dots_zone_secrets(secrets);
    rc = NGX_ERROR;

    if (ngx_dots_dtls_cookie_key(&dc->keyed[0], secrets[0]) == NGX_OK
        && ngx_dots_dtls_cookie_key(&dc->keyed[1], secrets[1]) == NGX_OK)
    {
        dc->shared = ngx_dots_shared;
        dc->made = made;
        rc = NGX_OK;

    } else {
        dc->shared = NULL;
    }

    OPENSSL_cleanse(secrets, sizeof(secrets));

    return rc;
}


static ngx_int_t
ngx_dots_dtls_cookie_key(HMAC_CTX **keyed, const u_char *secret)
{
    if (*keyed == NULL) {
        *keyed = HMAC_CTX_new();
    }

    return *keyed != NULL
           && HMAC_Init_ex(*keyed, secret, NGX_DOTS_COOKIE_SECRET,
                           EVP_sha256(), NULL)
           ? NGX_OK : NGX_ERROR;
}


/* ---- the cookie ---- */

static ngx_int_t
ngx_dots_dtls_cookie_make(HMAC_CTX *keyed, ngx_connection_t *c,
    u_char cookie[NGX_DOTS_DTLS_COOKIE])
{
    u_char        text[2 * NGX_DOTS_DTLS_ADDRESS], *p;
    unsigned int  len;

    p = ngx_dots_dtls_cookie_address(text, c->sockaddr);
    p = ngx_dots_dtls_cookie_address(p, c->local_sockaddr);

    /* without a key: once more with the one that it has */

    return HMAC_Init_ex(keyed, NULL, 0, NULL, NULL)
           && HMAC_Update(keyed, text, p - text)
           && HMAC_Final(keyed, cookie, &len)
           ? NGX_OK : NGX_ERROR;
}


/* Family, port, address; not the padding and the flow label of a sockaddr. */

static u_char *
ngx_dots_dtls_cookie_address(u_char *p, struct sockaddr *sa)
{
    in_port_t             port;
    struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

    port = ngx_inet_get_port(sa);

    *p++ = (u_char) sa->sa_family;
    p = ngx_cpymem(p, &port, sizeof(in_port_t));

#if (NGX_HAVE_INET6)
    if (sa->sa_family == AF_INET6) {
        sin6 = (struct sockaddr_in6 *) sa;
        p = ngx_cpymem(p, &sin6->sin6_addr, sizeof(struct in6_addr));
        return ngx_cpymem(p, &sin6->sin6_scope_id, sizeof(uint32_t));
    }
#endif

    if (sa->sa_family == AF_INET) {
        sin = (struct sockaddr_in *) sa;
        p = ngx_cpymem(p, &sin->sin_addr, sizeof(struct in_addr));
    }

    return p;
}
