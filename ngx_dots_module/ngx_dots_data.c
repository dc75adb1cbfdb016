#include "ngx_dots.h"
#include "ngx_dots_request.h"
#include "ngx_dots_resolve.h"
#include "ngx_dots_zone.h"


/*
 * A dots-client's record says no more than that it is there; the version byte
 * leaves room.
 */
#define NGX_DOTS_DATA_CLIENT   "\1"

#define NGX_DOTS_DATA_ALIASES  10000    /* in one answer */
#define NGX_DOTS_DATA_CLIENTS  1000


typedef struct {
    dots_arena_t    *arena;
    int64_t          now;
    dots_alias_t    *aliases;
    size_t           n;
    size_t           max;
    ngx_int_t        rc;
} ngx_dots_data_aliases_t;

typedef struct {
    dots_arena_t    *arena;
    dots_client_t   *clients;
    size_t           n;
    ngx_int_t        rc;
} ngx_dots_data_clients_t;


static void ngx_dots_data_client_checked(ngx_dots_request_t *dr,
    ngx_dots_resolved_t *resolved);
static void ngx_dots_data_client_stored(ngx_dots_commit_t *commit);
static void ngx_dots_data_client_deleted(ngx_dots_commit_t *commit);
static void ngx_dots_data_alias_checked(ngx_dots_request_t *dr,
    ngx_dots_resolved_t *resolved);
static void ngx_dots_data_alias_stored(ngx_dots_commit_t *commit);
static void ngx_dots_data_alias_deleted(ngx_dots_commit_t *commit);

static void ngx_dots_data_resolve(ngx_dots_request_t *dr,
    void (*handler)(ngx_dots_request_t *dr, ngx_dots_resolved_t *resolved));
static dots_store_op_t *ngx_dots_data_ops(ngx_dots_request_t *dr, size_t n);
static ngx_int_t ngx_dots_data_alias_ops(ngx_dots_request_t *dr,
    dots_store_op_t *op);
static void ngx_dots_data_commit(ngx_dots_request_t *dr,
    void (*handler)(ngx_dots_commit_t *commit));
static ngx_int_t ngx_dots_data_bind(ngx_dots_request_t *dr);
static void ngx_dots_data_unbind(ngx_dots_request_t *dr);
static void ngx_dots_data_keep(ngx_dots_request_t *dr);

static ngx_int_t ngx_dots_data_aliases(ngx_dots_request_t *dr,
    dots_client_t *client);
static int ngx_dots_data_alias_found(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value);
static int ngx_dots_data_client_found(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value);
static int ngx_dots_data_found(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value);


/* ---- dots-client ---- */

void
ngx_dots_data_client_put(ngx_dots_request_t *dr)
{
    ngx_dots_data_resolve(dr, ngx_dots_data_client_checked);
}


static void
ngx_dots_data_client_checked(ngx_dots_request_t *dr,
    ngx_dots_resolved_t *resolved)
{
    size_t            n;
    dots_request_t   *rq;
    dots_store_op_t  *op;

    rq = dr->rq;

    if (ngx_dots_data_bind(dr) != NGX_OK) {
        return;
    }

    n = 1 + 2 * rq->replace_all + rq->naliases + rq->nacls;

    op = ngx_dots_data_ops(dr, n);
    if (op == NULL) {
        goto failed;
    }

    op->action = DOTS_STORE_PUT;
    op->expect = rq->create_only ? DOTS_STORE_ABSENT : DOTS_STORE_ANY;
    op->key = ngx_dots_state_client(rq->arena, rq->customer->name, rq->cuid);
    op->value.data = NGX_DOTS_DATA_CLIENT;
    op->value.len = sizeof(NGX_DOTS_DATA_CLIENT) - 1;

    if (op->key.data == NULL || ngx_dots_data_alias_ops(dr, op + 1) != NGX_OK
        || ngx_dots_acl_ops(dr, op + 1 + rq->replace_all + rq->naliases)
           != NGX_OK)
    {
        goto failed;
    }

    ngx_dots_data_commit(dr, ngx_dots_data_client_stored);

    return;

failed:

    ngx_dots_data_unbind(dr);
    ngx_dots_request_unavailable(dr, "no memory");
}


static void
ngx_dots_data_client_stored(ngx_dots_commit_t *commit)
{
    dots_store_txn_t    *txn;
    ngx_dots_request_t  *dr;

    dr = commit->data;
    txn = &commit->txn;

    /* one reference a dots-client: it holds that of its first PUT */

    if (txn->result != DOTS_STORE_OK || txn->ops[0].existed) {
        ngx_dots_data_unbind(dr);

    } else {
        ngx_dots_data_keep(dr);
    }

    if (txn->result == DOTS_STORE_DECLINED) {
        ngx_dots_request_done(dr, DOTS_VERDICT_EXISTS);
        return;
    }

    if (txn->result != DOTS_STORE_OK) {
        ngx_dots_request_done(dr, ngx_dots_request_failed(txn->result));
        return;
    }

    if (dr->rq->replace_all || dr->rq->nacls) {
        ngx_dots_acl_changed();
    }

    ngx_dots_request_done(dr, txn->ops[0].existed ? DOTS_VERDICT_CHANGED
                                                  : DOTS_VERDICT_CREATED);
}


void
ngx_dots_data_client_get(ngx_dots_request_t *dr)
{
    size_t                    i;
    ngx_int_t                 rc;
    dots_str_t                none = { 0, NULL };
    dots_request_t           *rq;
    dots_store_slice_t        key;
    ngx_dots_data_clients_t   found;

    rq = dr->rq;

    ngx_memzero(&found, sizeof(ngx_dots_data_clients_t));

    found.arena = rq->arena;
    found.clients = dots_arena_array(rq->arena,
                                     rq->cuid.len ? 1 : NGX_DOTS_DATA_CLIENTS,
                                     sizeof(dots_client_t));

    key = ngx_dots_state_client(rq->arena, rq->customer->name,
                                rq->cuid.len ? rq->cuid : none);

    if (found.clients == NULL || key.data == NULL) {
        ngx_dots_request_unavailable(dr, "no memory");
        return;
    }

    if (rq->cuid.len) {
        rc = ngx_dots_state_get(key, ngx_dots_data_client_found, &found);

    } else {
        rc = ngx_dots_state_walk(key.data, key.len, ngx_dots_data_client_found,
                                 &found);
    }

    if (rc == NGX_DECLINED) {
        ngx_dots_request_done(dr, DOTS_VERDICT_NOT_FOUND);
        return;
    }

    if (rc == NGX_OK) {
        rc = found.rc;
    }

    for (i = 0; i < found.n && rc == NGX_OK; i++) {
        rc = ngx_dots_data_aliases(dr, &found.clients[i]);

        if (rc == NGX_OK) {
            rc = ngx_dots_acl_list(dr, &found.clients[i]);
        }
    }

    if (rc != NGX_OK) {
        ngx_dots_request_unavailable(dr, "the store can't be read");
        return;
    }

    rq->nclients = found.n;
    rq->clients = found.clients;

    ngx_dots_request_done(dr, DOTS_VERDICT_FOUND);
}


/* RFC 8783 section 5.2: everything bound to it goes in the same transaction. */

void
ngx_dots_data_client_delete(ngx_dots_request_t *dr)
{
    dots_str_t        none = { 0, NULL };
    dots_request_t   *rq;
    dots_store_op_t  *op;

    rq = dr->rq;

    op = ngx_dots_data_ops(dr, 3);

    if (op) {
        op[0].action = DOTS_STORE_DELETE;
        op[0].expect = DOTS_STORE_PRESENT;
        op[0].key = ngx_dots_state_client(rq->arena, rq->customer->name,
                                          rq->cuid);

        op[1].action = DOTS_STORE_DELETE_BELOW;
        op[1].key = ngx_dots_state_alias(rq->arena, rq->customer->name,
                                         rq->cuid, none);

        op[2].action = DOTS_STORE_DELETE_BELOW;
        op[2].key = ngx_dots_state_acl(rq->arena, rq->customer->name,
                                       rq->cuid, none);
    }

    if (op == NULL || op[0].key.data == NULL || op[1].key.data == NULL
        || op[2].key.data == NULL)
    {
        ngx_dots_request_unavailable(dr, "no memory");
        return;
    }

    ngx_dots_data_commit(dr, ngx_dots_data_client_deleted);
}


static void
ngx_dots_data_client_deleted(ngx_dots_commit_t *commit)
{
    ngx_dots_request_t  *dr;

    dr = commit->data;

    if (commit->txn.result == DOTS_STORE_OK) {
        dr->bound = 1;
        dr->epoch = ngx_dots_zone_epoch();
        ngx_dots_data_unbind(dr);
        ngx_dots_acl_changed();
    }

    ngx_dots_request_deleted(dr, commit->txn.result);
}


/* RFC 9132 section 4.4.1.1: a cuid belongs to one customer, on both channels. */

static ngx_int_t
ngx_dots_data_bind(ngx_dots_request_t *dr)
{
    int               rc;
    dots_registry_t  *r;

    r = ngx_dots_zone_lock(1);

    if (r == NULL) {
        ngx_dots_request_unavailable(dr, "the server is starting");
        return NGX_ERROR;
    }

    rc = dots_registry_bind(r, dr->rq->customer->name, dr->rq->cuid);
    dr->epoch = ngx_dots_zone_epoch();

    ngx_dots_zone_unlock();

    if (rc == DOTS_OK) {
        dr->bound = 1;
        return NGX_OK;
    }

    ngx_dots_request_done(dr, rc == DOTS_DECLINED ? DOTS_VERDICT_COLLISION
                                                  : DOTS_VERDICT_FULL);
    return NGX_ERROR;
}


static void
ngx_dots_data_unbind(ngx_dots_request_t *dr)
{
    dots_registry_t  *r;

    if (!dr->bound) {
        return;
    }

    dr->bound = 0;

    /* a registry that was filled since has what the store has, and no more */

    r = ngx_dots_zone_lock(1);

    if (r) {
        if (dr->epoch == ngx_dots_zone_epoch()) {
            dots_registry_unbind(r, dr->rq->customer->name, dr->rq->cuid);
        }

        ngx_dots_zone_unlock();
    }
}


/*
 * A registry that was filled between the binding and the commit does not know
 * the client.  One that was filled after the commit then counts it twice, which
 * keeps the cuid a customer's for too long, never another's too early.
 */

static void
ngx_dots_data_keep(ngx_dots_request_t *dr)
{
    dots_registry_t  *r;

    r = ngx_dots_zone_lock(1);

    if (r == NULL) {
        return;
    }

    if (dr->epoch != ngx_dots_zone_epoch()) {
        (void) dots_registry_bind(r, dr->rq->customer->name, dr->rq->cuid);
    }

    ngx_dots_zone_unlock();
}


/* ---- aliases ---- */

void
ngx_dots_data_alias_put(ngx_dots_request_t *dr)
{
    ngx_dots_data_resolve(dr, ngx_dots_data_alias_checked);
}


static void
ngx_dots_data_alias_checked(ngx_dots_request_t *dr,
    ngx_dots_resolved_t *resolved)
{
    size_t            i, n, fresh, max;
    dots_str_t        none = { 0, NULL };
    dots_alias_t      old;
    dots_request_t   *rq;
    dots_store_op_t  *op;

    rq = dr->rq;
    max = rq->customer->max_aliases;

    n = 1 + (max ? 1 : 0) + rq->replace_all + rq->naliases;

    op = ngx_dots_data_ops(dr, n);
    if (op == NULL) {
        goto failed;
    }

    op->action = DOTS_STORE_CHECK;
    op->expect = DOTS_STORE_PRESENT;
    op->key = ngx_dots_state_client(rq->arena, rq->customer->name, rq->cuid);

    if (op->key.data == NULL) {
        goto failed;
    }

    op++;

    if (max) {

        /* what replaces another one does not count */

        for (fresh = 0, i = 0; i < rq->naliases; i++) {
            if (ngx_dots_data_alias(rq->arena, rq->customer->name, rq->cuid,
                                    rq->aliases[i].name, &old)
                != NGX_OK)
            {
                fresh++;
            }
        }

        op->action = DOTS_STORE_COUNT;
        op->key = ngx_dots_state_alias(rq->arena, rq->customer->name, none,
                                       none);
        op->most = (fresh == 0) ? SIZE_MAX
                                : (fresh > max ? 0 : max - fresh + 1);

        if (op->key.data == NULL) {
            goto failed;
        }

        op++;
    }

    if (ngx_dots_data_alias_ops(dr, op) != NGX_OK) {
        goto failed;
    }

    ngx_dots_data_commit(dr, ngx_dots_data_alias_stored);

    return;

failed:

    ngx_dots_request_unavailable(dr, "no memory");
}


static void
ngx_dots_data_alias_stored(ngx_dots_commit_t *commit)
{
    size_t               i;
    dots_store_txn_t    *txn;
    ngx_dots_request_t  *dr;

    dr = commit->data;
    txn = &commit->txn;

    if (txn->result == DOTS_STORE_DECLINED) {

        switch (txn->ops[txn->failed].action) {

        case DOTS_STORE_CHECK:
            ngx_dots_request_done(dr, DOTS_VERDICT_NOT_FOUND);
            return;

        case DOTS_STORE_COUNT:
            ngx_dots_request_done(dr, DOTS_VERDICT_LIMIT);
            return;

        default:
            ngx_dots_request_done(dr, DOTS_VERDICT_EXISTS);
            return;
        }
    }

    if (txn->result != DOTS_STORE_OK) {
        ngx_dots_request_done(dr, ngx_dots_request_failed(txn->result));
        return;
    }

    for (i = 0; i < txn->nops; i++) {
        if (txn->ops[i].action == DOTS_STORE_PUT && !txn->ops[i].existed) {
            ngx_dots_request_done(dr, DOTS_VERDICT_CREATED);
            return;
        }
    }

    ngx_dots_request_done(dr, DOTS_VERDICT_CHANGED);
}


void
ngx_dots_data_alias_get(ngx_dots_request_t *dr)
{
    ngx_int_t        rc;
    dots_client_t   *client;
    dots_request_t  *rq;

    rq = dr->rq;

    rc = ngx_dots_data_registered(dr);

    if (rc == NGX_DECLINED) {
        ngx_dots_request_done(dr, DOTS_VERDICT_NOT_FOUND);
        return;
    }

    client = dots_arena_alloc(rq->arena, sizeof(dots_client_t));

    if (rc != NGX_OK || client == NULL) {
        ngx_dots_request_unavailable(dr, "the store can't be read");
        return;
    }

    client->cuid = rq->cuid;
    rq->clients = client;
    rq->nclients = 1;

    if (rq->alias.len) {

        client->naliases = 1;
        client->aliases = dots_arena_alloc(rq->arena, sizeof(dots_alias_t));

        rc = client->aliases
             ? ngx_dots_data_alias(rq->arena, rq->customer->name, rq->cuid,
                                   rq->alias, client->aliases)
             : NGX_ERROR;

    } else {
        rc = ngx_dots_data_aliases(dr, client);
    }

    if (rc == NGX_ERROR) {
        ngx_dots_request_unavailable(dr, "the store can't be read");
        return;
    }

    ngx_dots_request_done(dr, rc == NGX_OK ? DOTS_VERDICT_FOUND
                                           : DOTS_VERDICT_NOT_FOUND);
}


void
ngx_dots_data_alias_delete(ngx_dots_request_t *dr)
{
    dots_request_t   *rq;
    dots_store_op_t  *op;

    rq = dr->rq;

    op = ngx_dots_data_ops(dr, 2);

    if (op) {
        op[0].action = DOTS_STORE_CHECK;
        op[0].expect = DOTS_STORE_PRESENT;
        op[0].key = ngx_dots_state_client(rq->arena, rq->customer->name,
                                          rq->cuid);

        op[1].action = rq->alias.len ? DOTS_STORE_DELETE
                                     : DOTS_STORE_DELETE_BELOW;
        op[1].expect = rq->alias.len ? DOTS_STORE_PRESENT : DOTS_STORE_ANY;
        op[1].key = ngx_dots_state_alias(rq->arena, rq->customer->name,
                                         rq->cuid, rq->alias);
    }

    if (op == NULL || op[0].key.data == NULL || op[1].key.data == NULL) {
        ngx_dots_request_unavailable(dr, "no memory");
        return;
    }

    ngx_dots_data_commit(dr, ngx_dots_data_alias_deleted);
}


static void
ngx_dots_data_alias_deleted(ngx_dots_commit_t *commit)
{
    ngx_dots_request_deleted(commit->data, commit->txn.result);
}


/* ---- common ---- */

/* Names of aliases are looked up only for the checks of RFC 8783 6.1. */

static void
ngx_dots_data_resolve(ngx_dots_request_t *dr,
    void (*handler)(ngx_dots_request_t *dr, ngx_dots_resolved_t *resolved))
{
    size_t                 i;
    dots_request_t        *rq;
    const dots_target_t  **targets;

    rq = dr->rq;

    targets = dots_arena_array(rq->arena, rq->naliases + 1,
                               sizeof(dots_target_t *));
    if (targets == NULL) {
        ngx_dots_request_unavailable(dr, "no memory");
        return;
    }

    for (i = 0; i < rq->naliases; i++) {
        targets[i] = &rq->aliases[i].target;
    }

    ngx_dots_resolve(dr, targets, rq->naliases, handler);
}


static dots_store_op_t *
ngx_dots_data_ops(ngx_dots_request_t *dr, size_t n)
{
    dr->commit.txn.ops = dots_arena_array(dr->rq->arena, n,
                                          sizeof(dots_store_op_t));
    dr->commit.txn.nops = n;

    return dr->commit.txn.ops;
}


static ngx_int_t
ngx_dots_data_alias_ops(ngx_dots_request_t *dr, dots_store_op_t *op)
{
    size_t           i, size;
    uint8_t         *p;
    dots_str_t       none = { 0, NULL };
    dots_alias_t    *alias;
    dots_request_t  *rq;
    ngx_dots_conf_t  *dcf;

    rq = dr->rq;
    dcf = ngx_dots_get_conf(ngx_cycle);

    if (rq->replace_all) {

        op->action = DOTS_STORE_DELETE_BELOW;
        op->key = ngx_dots_state_alias(rq->arena, rq->customer->name, rq->cuid,
                                       none);
        if (op->key.data == NULL) {
            return NGX_ERROR;
        }

        op++;
    }

    for (i = 0; i < rq->naliases; i++, op++) {

        alias = &rq->aliases[i];
        alias->expires = rq->now + dcf->data_lifetime;

        size = dots_alias_size(alias);
        p = dots_arena_alloc(rq->arena, size);

        op->action = DOTS_STORE_PUT;
        op->expect = rq->create_only ? DOTS_STORE_ABSENT : DOTS_STORE_ANY;
        op->key = ngx_dots_state_alias(rq->arena, rq->customer->name, rq->cuid,
                                       alias->name);

        if (p == NULL || op->key.data == NULL
            || dots_alias_encode(alias, p, size, &op->value.len) != DOTS_OK)
        {
            return NGX_ERROR;
        }

        op->value.data = p;
    }

    return NGX_OK;
}


/* The request may be over when this returns. */

static void
ngx_dots_data_commit(ngx_dots_request_t *dr,
    void (*handler)(ngx_dots_commit_t *commit))
{
    dr->commit.handler = handler;

    ngx_dots_state_commit(&dr->commit);
}


/* ---- reading ---- */

ngx_int_t
ngx_dots_data_registered(ngx_dots_request_t *dr)
{
    dots_store_slice_t  key;

    key = ngx_dots_state_client(dr->rq->arena, dr->rq->customer->name,
                                dr->rq->cuid);

    return key.data ? ngx_dots_state_get(key, ngx_dots_data_found, NULL)
                    : NGX_ERROR;
}


static int
ngx_dots_data_found(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value)
{
    return 0;
}


ngx_int_t
ngx_dots_data_alias(dots_arena_t *a, dots_str_t customer, dots_str_t cuid,
    dots_str_t name, dots_alias_t *alias)
{
    ngx_int_t                 rc;
    dots_store_slice_t        key;
    ngx_dots_data_aliases_t   found;

    ngx_memzero(&found, sizeof(ngx_dots_data_aliases_t));

    found.arena = a;
    found.now = ngx_dots_now();
    found.aliases = alias;
    found.max = 1;

    key = ngx_dots_state_alias(a, customer, cuid, name);

    if (key.data == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_dots_state_get(key, ngx_dots_data_alias_found, &found);

    if (rc != NGX_OK) {
        return rc;
    }

    if (found.rc != NGX_OK) {
        return NGX_ERROR;
    }

    return found.n ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_dots_data_aliases(ngx_dots_request_t *dr, dots_client_t *client)
{
    dots_str_t                none = { 0, NULL };
    dots_store_slice_t        key;
    ngx_dots_data_aliases_t   found;

    ngx_memzero(&found, sizeof(ngx_dots_data_aliases_t));

    found.arena = dr->rq->arena;
    found.now = dr->rq->now;

    key = ngx_dots_state_alias(dr->rq->arena, dr->rq->customer->name,
                               client->cuid, none);

    if (key.data == NULL
        || ngx_dots_state_walk(key.data, key.len, ngx_dots_data_alias_found,
                               &found)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    client->aliases = found.aliases;
    client->naliases = found.n;

    return found.rc;
}


static int
ngx_dots_data_alias_found(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value)
{
    ngx_dots_data_aliases_t *found = ctx;

    size_t         max;
    dots_alias_t  *grown;

    if (found->n == found->max) {

        max = found->max ? found->max * 2 : 8;

        grown = (max > NGX_DOTS_DATA_ALIASES)
                ? NULL
                : dots_arena_array(found->arena, max, sizeof(dots_alias_t));

        if (grown == NULL) {
            found->rc = NGX_ERROR;
            return 1;
        }

        if (found->n) {
            ngx_memcpy(grown, found->aliases,
                       found->n * sizeof(dots_alias_t));
        }

        found->aliases = grown;
        found->max = max;
    }

    if (dots_alias_decode(&found->aliases[found->n], value.data, value.len,
                          found->arena)
        != DOTS_OK)
    {
        found->rc = NGX_ERROR;
        return 1;
    }

    /* the manager sweeps now and then; nobody sees what is over already */

    if (found->aliases[found->n].expires > found->now) {
        found->n++;
    }

    return 0;
}


static int
ngx_dots_data_client_found(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value)
{
    ngx_dots_data_clients_t *found = ctx;

    dots_str_t  customer, cuid;

    if (found->n == NGX_DOTS_DATA_CLIENTS
        || ngx_dots_state_client_key(key, &customer, &cuid) != NGX_OK
        || dots_arena_dup(found->arena, &found->clients[found->n].cuid, cuid)
           != DOTS_OK)
    {
        found->rc = NGX_ERROR;
        return 1;
    }

    found->n++;

    return 0;
}
