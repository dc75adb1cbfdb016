#include "ngx_dots.h"
#include "ngx_dots_request.h"
#include "ngx_dots_resolve.h"


#define NGX_DOTS_RESOLVE_FIRST  16  /* prefixes there is room for at first */


typedef struct ngx_dots_resolve_s  ngx_dots_resolve_t;

typedef struct {
    const char           *attribute;     /* "target-fqdn", "target-uri" */
    dots_str_t            name;
    ngx_dots_resolve_t   *resolve;
} ngx_dots_resolve_name_t;

struct ngx_dots_resolve_s {
    ngx_dots_request_t       *dr;
    ngx_dots_resolved_t       resolved;
    size_t                    room;      /* of resolved.prefixes */
    ngx_uint_t                nnames;
    ngx_dots_resolve_name_t   names[NGX_DOTS_RESOLVE_NAMES];
    ngx_uint_t                waiting;   /* queries under way, plus ours */
    dots_verdict_t            verdict;   /* NONE while all is well */

    void                    (*handler)(ngx_dots_request_t *dr,
                                       ngx_dots_resolved_t *resolved);
};


static ngx_int_t ngx_dots_resolve_target(ngx_dots_resolve_t *rs,
    const dots_target_t *t);
static ngx_int_t ngx_dots_resolve_uris(ngx_dots_resolve_t *rs,
    const dots_target_t *t);
static ngx_int_t ngx_dots_resolve_alias(ngx_dots_resolve_t *rs,
    dots_str_t name);
static ngx_int_t ngx_dots_resolve_grow(ngx_dots_resolve_t *rs);
static ngx_int_t ngx_dots_resolve_prefix(ngx_dots_resolve_t *rs,
    const dots_prefix_t *p);
static ngx_int_t ngx_dots_resolve_name(ngx_dots_resolve_t *rs,
    const char *attribute, dots_str_t name);
static void ngx_dots_resolve_query(ngx_dots_resolve_name_t *rn);
static void ngx_dots_resolve_handler(ngx_resolver_ctx_t *ctx);
static void ngx_dots_resolve_addrs(ngx_dots_resolve_name_t *rn,
    ngx_resolver_ctx_t *ctx);
static ngx_uint_t ngx_dots_resolve_inside(ngx_dots_resolve_name_t *rn,
    const dots_prefix_t *p);
static void ngx_dots_resolve_end(ngx_dots_resolve_t *rs);
static ngx_int_t ngx_dots_resolve_fail(ngx_dots_resolve_t *rs,
    dots_verdict_t verdict, const char *attribute, dots_str_t what,
    const char *why);


void
ngx_dots_resolve(ngx_dots_request_t *dr, const dots_target_t **targets,
    size_t n, void (*handler)(ngx_dots_request_t *dr,
                              ngx_dots_resolved_t *resolved))
{
    size_t               i;
    ngx_dots_resolve_t  *rs;

    rs = dots_arena_alloc(dr->rq->arena, sizeof(ngx_dots_resolve_t));
    if (rs == NULL) {
        ngx_dots_request_unavailable(dr, "no memory");
        return;
    }

    rs->dr = dr;
    rs->handler = handler;

    if (ngx_dots_resolve_grow(rs) != NGX_OK) {
        ngx_dots_request_unavailable(dr, "no memory");
        return;
    }

    rs->waiting = 1;

    for (i = 0; i < n; i++) {
        if (ngx_dots_resolve_target(rs, targets[i]) != NGX_OK) {
            break;
        }
    }

    /* nothing is asked of the DNS for a request that is refused anyway */

    for (i = 0; i < rs->nnames && rs->verdict == DOTS_VERDICT_NONE; i++) {
        ngx_dots_resolve_query(&rs->names[i]);
    }

    ngx_dots_resolve_end(rs);
}


static ngx_int_t
ngx_dots_resolve_target(ngx_dots_resolve_t *rs, const dots_target_t *t)
{
    size_t  i;

    for (i = 0; i < t->nprefixes; i++) {
        if (ngx_dots_resolve_prefix(rs, &t->prefixes[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    for (i = 0; i < t->nfqdns; i++) {
        if (ngx_dots_resolve_name(rs, "target-fqdn", t->fqdns[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (ngx_dots_resolve_uris(rs, t) != NGX_OK) {
        return NGX_ERROR;
    }

    /* an alias holds no aliases, so this goes one level deep */

    for (i = 0; i < t->naliases; i++) {
        if (ngx_dots_resolve_alias(rs, t->aliases[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_dots_resolve_uris(ngx_dots_resolve_t *rs, const dots_target_t *t)
{
    int            literal;
    size_t         i;
    uint8_t        protocol;
    uint16_t       port;
    ngx_int_t      rc;
    dots_str_t     host;
    dots_prefix_t  addr;

    for (i = 0; i < t->nuris; i++) {

        if (dots_target_uri(t->uris[i], &host, &addr, &literal, &port,
                            &protocol)
            != DOTS_OK)
        {
            return ngx_dots_resolve_fail(rs, DOTS_VERDICT_INVALID,
                                         "target-uri", t->uris[i],
                                         "has no usable host");
        }

        rc = literal ? ngx_dots_resolve_prefix(rs, &addr)
                     : ngx_dots_resolve_name(rs, "target-uri", host);

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* RFC 9132 section 4.4.1.3: only aliases of this client count. */

static ngx_int_t
ngx_dots_resolve_alias(ngx_dots_resolve_t *rs, dots_str_t name)
{
    dots_alias_t     alias;
    dots_fault_t     f;
    dots_request_t  *rq;

    rq = rs->dr->rq;

    if (name.len > DOTS_ALIAS_NAME || memchr(name.data, '\0', name.len)) {
        return ngx_dots_resolve_fail(rs, DOTS_VERDICT_INVALID, "alias-name",
                                     name, "is no alias of yours");
    }

    switch (ngx_dots_data_alias(rq->arena, rq->customer->name, rq->cuid, name,
                                &alias))
    {
    case NGX_OK:
        break;

    case NGX_DECLINED:
        return ngx_dots_resolve_fail(rs, DOTS_VERDICT_INVALID, "alias-name",
                                     name, "is no alias of yours");

    default:
        return ngx_dots_resolve_fail(rs, DOTS_VERDICT_UNAVAILABLE,
                                     "alias-name", name, "can't be read now");
    }

    /* the customer's prefixes may be others than when it was created */

    if (dots_target_check(&alias.target, rq->customer, &f) != DOTS_OK) {
        return ngx_dots_resolve_fail(rs, DOTS_VERDICT_INVALID, "alias-name",
                                     name, "is not inside your prefixes and "
                                     "names any more");
    }

    return ngx_dots_resolve_target(rs, &alias.target);
}


/* Room for one more: nearly all requests have a few. */

static ngx_int_t
ngx_dots_resolve_grow(ngx_dots_resolve_t *rs)
{
    size_t          room;
    dots_prefix_t  *prefixes;

    if (rs->resolved.n < rs->room) {
        return NGX_OK;
    }

    room = rs->room ? 4 * rs->room : NGX_DOTS_RESOLVE_FIRST;

    prefixes = dots_arena_array(rs->dr->rq->arena, room,
                                sizeof(dots_prefix_t));
    if (prefixes == NULL) {
        return NGX_ERROR;
    }

    if (rs->resolved.n) {
        ngx_memcpy(prefixes, rs->resolved.prefixes,
                   rs->resolved.n * sizeof(dots_prefix_t));
    }

    rs->resolved.prefixes = prefixes;
    rs->room = room;

    return NGX_OK;
}


static ngx_int_t
ngx_dots_resolve_prefix(ngx_dots_resolve_t *rs, const dots_prefix_t *p)
{
    dots_str_t  none = { 0, NULL };

    if (rs->resolved.n == NGX_DOTS_RESOLVE_PREFIXES) {
        return ngx_dots_resolve_fail(rs, DOTS_VERDICT_INVALID, "target-prefix",
                                     none, "and the names are too many "
                                     "prefixes for one request");
    }

    if (ngx_dots_resolve_grow(rs) != NGX_OK) {
        return ngx_dots_resolve_fail(rs, DOTS_VERDICT_UNAVAILABLE,
                                     "target-prefix", none,
                                     "has no room in memory now");
    }

    rs->resolved.prefixes[rs->resolved.n++] = *p;

    return NGX_OK;
}


static ngx_int_t
ngx_dots_resolve_name(ngx_dots_resolve_t *rs, const char *attribute,
    dots_str_t name)
{
    ngx_uint_t                i;
    ngx_dots_resolve_name_t  *rn;

    for (i = 0; i < rs->nnames; i++) {
        if (rs->names[i].name.len == name.len
            && ngx_strncasecmp((u_char *) rs->names[i].name.data,
                               (u_char *) name.data, name.len)
               == 0)
        {
            return NGX_OK;
        }
    }

    if (rs->nnames == NGX_DOTS_RESOLVE_NAMES) {
        return ngx_dots_resolve_fail(rs, DOTS_VERDICT_INVALID, attribute, name,
                                     "is one name too many for one request");
    }

    if (rs->dr->resolver == NULL) {
        return ngx_dots_resolve_fail(rs, DOTS_VERDICT_UNAVAILABLE, attribute,
                                     name, "can't be resolved: the server has "
                                     "no resolver");
    }

    rn = &rs->names[rs->nnames++];

    rn->attribute = attribute;
    rn->name = name;
    rn->resolve = rs;

    return NGX_OK;
}


static void
ngx_dots_resolve_query(ngx_dots_resolve_name_t *rn)
{
    size_t               len;
    dots_str_t           name;
    ngx_resolver_ctx_t  *ctx;
    ngx_dots_resolve_t  *rs;

    rs = rn->resolve;

    /* a copy: the resolver writes it in small letters, the client as it may */

    ctx = (dots_arena_dup(rs->dr->rq->arena, &name, rn->name) == DOTS_OK)
          ? ngx_resolve_start(rs->dr->resolver, NULL) : NULL;

    if (ctx == NULL || ctx == NGX_NO_RESOLVER) {
        (void) ngx_dots_resolve_fail(rs, DOTS_VERDICT_UNAVAILABLE,
                                     rn->attribute, rn->name,
                                     "can't be resolved now");
        return;
    }

    len = name.len;

    if (len > 1 && name.data[len - 1] == '.') {
        len--;
    }

    ctx->name.data = (u_char *) name.data;
    ctx->name.len = len;
    ctx->handler = ngx_dots_resolve_handler;
    ctx->data = rn;
    ctx->timeout = rs->dr->resolver_timeout;

    rs->waiting++;

    if (ngx_resolve_name(ctx) != NGX_OK) {

        /* the context is freed by now, the handler was not called */

        (void) ngx_dots_resolve_fail(rs, DOTS_VERDICT_UNAVAILABLE,
                                     rn->attribute, rn->name,
                                     "can't be resolved now");
        rs->waiting--;
    }
}


static void
ngx_dots_resolve_handler(ngx_resolver_ctx_t *ctx)
{
    ngx_dots_resolve_t       *rs;
    ngx_dots_resolve_name_t  *rn;

    rn = ctx->data;
    rs = rn->resolve;

    if (ctx->state == NGX_OK) {
        ngx_dots_resolve_addrs(rn, ctx);

    } else if (ctx->state == NGX_RESOLVE_NXDOMAIN && rs->dr->lenient) {

        /* asked again like any other */

        if (rs->resolved.valid == 0) {
            rs->resolved.valid = ngx_time();
        }

    } else if (ctx->state == NGX_RESOLVE_NXDOMAIN) {
        (void) ngx_dots_resolve_fail(rs, DOTS_VERDICT_INVALID, rn->attribute,
                                     rn->name, "does not exist in the DNS");

    } else {
        (void) ngx_dots_resolve_fail(rs, DOTS_VERDICT_UNAVAILABLE,
                                     rn->attribute, rn->name,
                                     "can't be resolved now");
    }

    ngx_resolve_name_done(ctx);

    ngx_dots_resolve_end(rs);
}


static void
ngx_dots_resolve_addrs(ngx_dots_resolve_name_t *rn, ngx_resolver_ctx_t *ctx)
{
    size_t                first;
    ngx_uint_t            i;
    dots_prefix_t         p;
    struct sockaddr      *sa;
    ngx_dots_resolve_t   *rs;
    struct sockaddr_in   *sin;
    struct sockaddr_in6  *sin6;

    rs = rn->resolve;
    first = rs->resolved.n;

    if (rs->resolved.valid == 0 || ctx->valid < rs->resolved.valid) {
        rs->resolved.valid = ngx_max(ctx->valid, 1);
    }

    for (i = 0; i < ctx->naddrs; i++) {

        sa = ctx->addrs[i].sockaddr;

        if (sa->sa_family == AF_INET) {
            sin = (struct sockaddr_in *) sa;
            dots_prefix_host(&p, 4, &sin->sin_addr);

        } else if (sa->sa_family == AF_INET6) {
            sin6 = (struct sockaddr_in6 *) sa;
            dots_prefix_host(&p, 6, &sin6->sin6_addr);

        } else {
            continue;
        }

        if (rs->dr->lenient && !ngx_dots_resolve_inside(rn, &p)) {
            continue;
        }

        if (ngx_dots_resolve_prefix(rs, &p) != NGX_OK) {
            return;
        }
    }

    if (rs->verdict != DOTS_VERDICT_NONE) {
        return;
    }

    if (dots_target_check_resolved(&rs->resolved.prefixes[first],
                                   rs->resolved.n - first, rn->attribute,
                                   rn->name, rs->dr->rq->customer,
                                   &rs->dr->rq->fault)
        != DOTS_OK)
    {
        rs->verdict = DOTS_VERDICT_INVALID;
    }
}


static ngx_uint_t
ngx_dots_resolve_inside(ngx_dots_resolve_name_t *rn, const dots_prefix_t *p)
{
    return dots_target_check_resolved(p, 1, rn->attribute, rn->name,
                                      rn->resolve->dr->rq->customer, NULL)
           == DOTS_OK;
}


/* One query less; the last one ends it. */

static void
ngx_dots_resolve_end(ngx_dots_resolve_t *rs)
{
    if (--rs->waiting) {
        return;
    }

    rs->dr->rq->now = ngx_dots_now();

    if (rs->verdict != DOTS_VERDICT_NONE) {
        ngx_dots_request_done(rs->dr, rs->verdict);
        return;
    }

    rs->handler(rs->dr, &rs->resolved);
}


/* The first failure is the one that is told. */

static ngx_int_t
ngx_dots_resolve_fail(ngx_dots_resolve_t *rs, dots_verdict_t verdict,
    const char *attribute, dots_str_t what, const char *why)
{
    if (rs->verdict == DOTS_VERDICT_NONE) {

        rs->verdict = verdict;

        (void) dots_fault(&rs->dr->rq->fault, DOTS_FAULT_INVALID_VALUE,
                          attribute, "%s%s%.*s %s", attribute,
                          what.len ? " " : "", (int) ngx_min(what.len, 100),
                          what.len ? (const char *) what.data : "", why);
    }

    return NGX_ERROR;
}
