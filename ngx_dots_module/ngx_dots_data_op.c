#include "ngx_dots.h"
#include "ngx_dots_data_op.h"
#include "../model/dots_data_record.h"


#define NGX_DOTS_DATA_OP_MOST   6    /* of one change: a client that goes */
#define NGX_DOTS_DATA_OP_SHIFT  20   /* ranks are ms since the epoch, with so
                                        many bits of room behind */


/* What is on record under the name of an entry. */

typedef struct {
    dots_arena_t        *arena;
    dots_str_t           record;     /* empty: nothing */
    int64_t              expires;
    dots_alias_t         alias;
    dots_acl_t           acl;
    ngx_int_t            rc;
} ngx_dots_data_op_old_t;


static ngx_int_t ngx_dots_data_op_put(ngx_dots_request_t *dr, dots_change_t *c);
static ngx_int_t ngx_dots_data_op_encode(ngx_dots_request_t *dr,
    dots_change_t *c, ngx_dots_data_op_old_t *old, dots_store_op_t *op);
static int64_t ngx_dots_data_op_rank(ngx_dots_request_t *dr);
static ngx_uint_t ngx_dots_data_op_enforceable(const dots_customer_t *customer,
    const dots_acl_t *acl);
static ngx_int_t ngx_dots_data_op_put_client(ngx_dots_request_t *dr,
    dots_change_t *c);
static ngx_int_t ngx_dots_data_op_remove(ngx_dots_request_t *dr,
    dots_change_t *c);
static ngx_int_t ngx_dots_data_op_remove_client(ngx_dots_request_t *dr,
    dots_change_t *c);
static ngx_int_t ngx_dots_data_op_touch(ngx_dots_request_t *dr, dots_str_t cuid,
    dots_change_kind_t kind);
static ngx_int_t ngx_dots_data_op_count(ngx_dots_request_t *dr,
    dots_change_t *c);
static dots_store_op_t *ngx_dots_data_op_new(ngx_dots_request_t *dr,
    dots_store_action_t action, dots_verdict_t verdict);
static ngx_int_t ngx_dots_data_op_expect(ngx_dots_request_t *dr,
    dots_store_op_t *op, dots_change_t *c);
static dots_store_slice_t ngx_dots_data_op_key(ngx_dots_request_t *dr,
    dots_change_kind_t kind, dots_str_t cuid, dots_str_t name);
static ngx_int_t ngx_dots_data_op_old(ngx_dots_request_t *dr, dots_change_t *c,
    ngx_dots_data_op_old_t *old);
static int ngx_dots_data_op_old_found(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value);


/* Of what is large most entries have only to be what they were. */

size_t
ngx_dots_data_op_most(const dots_request_t *rq)
{
    size_t                i, n;
    const dots_change_t  *c;

    for (i = 0, n = 0; i < rq->nchanges; i++) {
        c = &rq->changes[i];

        n += c->action == DOTS_CHANGE_PUT || c->action == DOTS_CHANGE_REMOVE
             ? NGX_DOTS_DATA_OP_MOST : 1;
    }

    return n;
}


ngx_int_t
ngx_dots_data_op_change(ngx_dots_request_t *dr, dots_change_t *c)
{
    dots_store_op_t  *op;

    switch (c->action) {

    case DOTS_CHANGE_PUT:
        return c->kind == DOTS_CHANGE_CLIENT
               ? ngx_dots_data_op_put_client(dr, c)
               : ngx_dots_data_op_put(dr, c);

    case DOTS_CHANGE_REMOVE:
        return c->kind == DOTS_CHANGE_CLIENT
               ? ngx_dots_data_op_remove_client(dr, c)
               : ngx_dots_data_op_remove(dr, c);

    case DOTS_CHANGE_COUNT:
        return ngx_dots_data_op_count(dr, c);

    default: /* DOTS_CHANGE_CHECK */

        op = ngx_dots_data_op_new(dr, DOTS_STORE_CHECK, DOTS_VERDICT_NONE);
        op->key = ngx_dots_data_op_key(dr, c->kind, c->cuid, c->name);

        return ngx_dots_data_op_expect(dr, op, c);
    }
}


/* ---- PUT ---- */

static ngx_int_t
ngx_dots_data_op_put(ngx_dots_request_t *dr, dots_change_t *c)
{
    ngx_uint_t            live, same;
    dots_store_op_t      *op;
    ngx_dots_data_op_old_t   old;
    ngx_dots_data_txn_t  *txn;

    txn = dr->data;

    if (ngx_dots_data_op_old(dr, c, &old) != NGX_OK) {
        return NGX_ERROR;
    }

    live = (old.record.len && old.expires > dr->rq->now);

    if (old.record.len == 0) {
        txn->naliases += (c->kind == DOTS_CHANGE_ALIAS);
        txn->nacls += (c->kind == DOTS_CHANGE_ACL);
        txn->nvendors += (c->kind == DOTS_CHANGE_VENDOR);
    }

    /*
     * What is over is replaced as if it were not there; what says the same is
     * refreshed, and keeps its entity: both only if it is still so.
     */

    same = (live && c->kind != DOTS_CHANGE_ACL
            && dots_str_eq(c->alias->text, old.alias.text))
           || (live && c->kind == DOTS_CHANGE_ACL
               && dots_str_eq(c->acl->text, old.acl.text));

    if (c->expect == DOTS_EXPECT_SAME
        || (old.record.len && (!live || same)
            && (c->expect != DOTS_EXPECT_ABSENT || !live)))
    {
        op = ngx_dots_data_op_new(dr, DOTS_STORE_CHECK,
                                  c->expect == DOTS_EXPECT_SAME
                                  ? DOTS_VERDICT_BUSY : DOTS_VERDICT_NONE);

        op->key = ngx_dots_data_op_key(dr, c->kind, c->cuid, c->name);
        op->expect = DOTS_STORE_SAME;
        op->value.data = old.record.data;
        op->value.len = old.record.len;

        if (op->key.data == NULL) {
            return NGX_ERROR;
        }
    }

    txn->fresh[txn->n] = !live;
    c->fresh = !live;
    c->over = (!live && old.record.len);

    op = ngx_dots_data_op_new(dr, DOTS_STORE_PUT, DOTS_VERDICT_EXISTS);

    op->key = ngx_dots_data_op_key(dr, c->kind, c->cuid, c->name);
    op->expect = c->expect == DOTS_EXPECT_ABSENT
                 && (live || old.record.len == 0)
                 ? DOTS_STORE_ABSENT : DOTS_STORE_ANY;

    if (op->key.data == NULL
        || ngx_dots_data_op_encode(dr, c, live ? &old : NULL, op) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (c->moved) {
        return ngx_dots_data_op_touch(dr, c->cuid, DOTS_CHANGE_ACL);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_dots_data_op_encode(ngx_dots_request_t *dr, dots_change_t *c,
    ngx_dots_data_op_old_t *old, dots_store_op_t *op)
{
    int              rc;
    size_t           size;
    int64_t          expires;
    uint8_t         *p;
    dots_acl_t      *acl;
    dots_alias_t    *alias;
    dots_request_t  *rq;

    rq = dr->rq;
    acl = c->acl;
    alias = c->alias;
    expires = c->kind == DOTS_CHANGE_VENDOR
              ? DOTS_FOREVER
              : rq->now + ngx_dots_get_conf(ngx_cycle)->data_lifetime;

    if (c->kind != DOTS_CHANGE_ACL) {
        rc = dots_alias_renew(alias, old ? &old->alias : NULL,
                              dr->rq->wall, expires);
        size = dots_alias_size(alias);

    } else {

        /* RFC 8040 erratum 6277: one that is there keeps its place */

        if (acl->rank == 0) {
            acl->rank = old && c->expect != DOTS_EXPECT_SAME
                        ? old->acl.rank : ngx_dots_data_op_rank(dr);
        }

        rc = dots_acl_renew(acl, old ? &old->acl : NULL, dr->rq->wall,
                            c->keep && old ? old->expires : expires);
        size = dots_acl_size(acl);

        dr->filters |= ngx_dots_data_op_enforceable(rq->customer, acl)
                       || (old && ngx_dots_data_op_enforceable(rq->customer,
                                                               &old->acl));
    }

    p = dots_arena_alloc(rq->arena, size);

    if (rc != DOTS_OK || p == NULL) {
        return NGX_ERROR;
    }

    rc = c->kind != DOTS_CHANGE_ACL
         ? dots_alias_encode(alias, p, size, &op->value.len)
         : dots_acl_encode(acl, p, size, &op->value.len);

    op->value.data = p;

    return rc == DOTS_OK ? NGX_OK : NGX_ERROR;
}


/*
 * A place behind all that came before, without a look at them.  In one
 * millisecond of one process the entries are told apart by a counter.
 */

static int64_t
ngx_dots_data_op_rank(ngx_dots_request_t *dr)
{
    static ngx_uint_t  counter;

    return (dr->rq->now << NGX_DOTS_DATA_OP_SHIFT)
           + (int64_t) (counter++ & ((1 << NGX_DOTS_DATA_OP_SHIFT) - 1));
}


/* Can a mitigator act on it?  If not, the manager has nothing to do. */

static ngx_uint_t
ngx_dots_data_op_enforceable(const dots_customer_t *customer,
    const dots_acl_t *acl)
{
    size_t            i;
    dots_acl_needs_t  needs;

    dots_acl_needs(acl, &needs);

    for (i = 0; i < customer->nabilities; i++) {
        if (acl->activation != DOTS_ACL_DEACTIVATED
            && dots_acl_fits(&needs, &customer->abilities[i], customer))
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_dots_data_op_put_client(ngx_dots_request_t *dr, dots_change_t *c)
{
    uint8_t          *p;
    dots_store_op_t  *op;

    p = dots_arena_alloc(dr->rq->arena, DOTS_DATA_RECORD);
    if (p == NULL) {
        return NGX_ERROR;
    }

    dots_data_record_encode(dr->rq->wall, p);

    dr->data->fresh[dr->data->n] = 1;
    dr->data->nclients++;
    c->fresh = 1;

    op = ngx_dots_data_op_new(dr, DOTS_STORE_PUT, DOTS_VERDICT_EXISTS);

    op->expect = DOTS_STORE_ABSENT;
    op->key = ngx_dots_data_op_key(dr, c->kind, c->cuid, c->name);
    op->value.data = p;
    op->value.len = DOTS_DATA_RECORD;

    return op->key.data ? NGX_OK : NGX_ERROR;
}


/* ---- REMOVE ---- */

static ngx_int_t
ngx_dots_data_op_remove(ngx_dots_request_t *dr, dots_change_t *c)
{
    dots_store_op_t      *op;
    ngx_dots_data_op_old_t   old;

    if (c->kind == DOTS_CHANGE_ACL) {
        dr->filters = 1;
    }

    /* what is over is not there any more */

    if (c->expect == DOTS_EXPECT_PRESENT) {

        if (ngx_dots_data_op_old(dr, c, &old) != NGX_OK) {
            return NGX_ERROR;
        }

        if (old.record.len && old.expires <= dr->rq->now) {
            return NGX_DECLINED;
        }
    }

    if (c->expect == DOTS_EXPECT_SAME) {
        dr->data->aliases += (c->kind == DOTS_CHANGE_ALIAS);
        dr->data->acls += (c->kind == DOTS_CHANGE_ACL);
        dr->data->vendors += (c->kind == DOTS_CHANGE_VENDOR);
    }

    op = ngx_dots_data_op_new(dr, DOTS_STORE_DELETE, DOTS_VERDICT_NONE);
    op->key = ngx_dots_data_op_key(dr, c->kind, c->cuid, c->name);

    if (ngx_dots_data_op_expect(dr, op, c) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_dots_data_op_touch(dr, c->cuid, c->kind);
}


/* RFC 8783 section 5.2: everything bound to it goes in the same transaction. */

static ngx_int_t
ngx_dots_data_op_remove_client(ngx_dots_request_t *dr, dots_change_t *c)
{
    dots_str_t        none = { 0, NULL };
    dots_store_op_t  *op;

    dr->filters = 1;

    op = ngx_dots_data_op_new(dr, DOTS_STORE_DELETE, DOTS_VERDICT_NONE);
    op->key = ngx_dots_data_op_key(dr, c->kind, c->cuid, c->name);

    if (ngx_dots_data_op_expect(dr, op, c) != NGX_OK) {
        return NGX_ERROR;
    }

    op = ngx_dots_data_op_new(dr, DOTS_STORE_DELETE_BELOW, DOTS_VERDICT_NONE);
    op->key = ngx_dots_data_op_key(dr, DOTS_CHANGE_ALIAS, c->cuid, none);

    if (op->key.data == NULL) {
        return NGX_ERROR;
    }

    op = ngx_dots_data_op_new(dr, DOTS_STORE_DELETE_BELOW, DOTS_VERDICT_NONE);
    op->key = ngx_dots_data_op_key(dr, DOTS_CHANGE_ACL, c->cuid, none);

    if (op->key.data == NULL) {
        return NGX_ERROR;
    }

    op = ngx_dots_data_op_new(dr, DOTS_STORE_DELETE_BELOW, DOTS_VERDICT_NONE);
    op->key = ngx_dots_data_op_key(dr, DOTS_CHANGE_VENDOR, c->cuid, none);

    if (op->key.data == NULL) {
        return NGX_ERROR;
    }

    op = ngx_dots_data_op_new(dr, DOTS_STORE_DELETE_BELOW, DOTS_VERDICT_NONE);
    op->key = ngx_dots_state_lost_below(dr->rq->arena, dr->rq->customer->name,
                                        c->cuid);
    if (op->key.data == NULL) {
        return NGX_ERROR;
    }

    return ngx_dots_data_op_touch(dr, none, DOTS_CHANGE_CLIENT);
}


/*
 * When something left the list, which no entry of it tells.  Many of one list
 * write it once.
 */

static ngx_int_t
ngx_dots_data_op_touch(ngx_dots_request_t *dr, dots_str_t cuid,
    dots_change_kind_t kind)
{
    size_t                i;
    uint8_t              *p;
    dots_store_op_t      *op;
    dots_store_slice_t    key;
    ngx_dots_data_txn_t  *txn;

    txn = dr->data;

    key = ngx_dots_state_lost(dr->rq->arena, dr->rq->customer->name, cuid,
                              kind);
    p = dots_arena_alloc(dr->rq->arena, DOTS_DATA_RECORD);

    if (key.data == NULL || p == NULL) {
        return NGX_ERROR;
    }

    for (i = txn->n; i > 0 && i + 3 > txn->n; i--) {

        op = &txn->ops[i - 1];

        if (op->action == DOTS_STORE_PUT && op->key.len == key.len
            && ngx_memcmp(op->key.data, key.data, key.len) == 0)
        {
            return NGX_OK;
        }
    }

    dots_data_record_encode(dr->rq->wall, p);

    op = ngx_dots_data_op_new(dr, DOTS_STORE_PUT, DOTS_VERDICT_NONE);

    op->key = key;
    op->value.data = p;
    op->value.len = DOTS_DATA_RECORD;

    return NGX_OK;
}


/* ---- how many ---- */

static ngx_int_t
ngx_dots_data_op_count(ngx_dots_request_t *dr, dots_change_t *c)
{
    dots_str_t        none = { 0, NULL };
    dots_store_op_t  *op;

    op = ngx_dots_data_op_new(dr, DOTS_STORE_COUNT, DOTS_VERDICT_BUSY);

    op->key = ngx_dots_data_op_key(dr, c->kind, c->cuid, none);
    op->most = c->most + 1;

    return op->key.data ? NGX_OK : NGX_ERROR;
}


/* Of all of the customer's; what replaces another one does not count. */

ngx_int_t
ngx_dots_data_op_limit(ngx_dots_request_t *dr, dots_change_kind_t kind,
    size_t more, size_t less, size_t max)
{
    dots_str_t        none = { 0, NULL };
    dots_store_op_t  *op;

    if (max == 0 || more <= less) {
        return NGX_OK;
    }

    more -= less;

    op = ngx_dots_data_op_new(dr, DOTS_STORE_COUNT, DOTS_VERDICT_LIMIT);

    op->key = ngx_dots_data_op_key(dr, kind, none, none);
    op->most = more > max ? 0 : max - more + 1;

    return op->key.data ? NGX_OK : NGX_ERROR;
}


/* ---- operations of the store ---- */

static dots_store_op_t *
ngx_dots_data_op_new(ngx_dots_request_t *dr, dots_store_action_t action,
    dots_verdict_t verdict)
{
    dots_store_op_t      *op;
    ngx_dots_data_txn_t  *txn;

    txn = dr->data;

    op = &txn->ops[txn->n];
    txn->verdicts[txn->n++] = verdict;

    op->action = action;

    return op;
}


/* What the change says of the last operation. */

static ngx_int_t
ngx_dots_data_op_expect(ngx_dots_request_t *dr, dots_store_op_t *op,
    dots_change_t *c)
{
    dots_verdict_t  *verdict;

    verdict = &dr->data->verdicts[dr->data->n - 1];

    switch (c->expect) {

    case DOTS_EXPECT_PRESENT:
        op->expect = DOTS_STORE_PRESENT;
        *verdict = DOTS_VERDICT_NOT_FOUND;
        break;

    case DOTS_EXPECT_ABSENT:
        op->expect = DOTS_STORE_ABSENT;
        *verdict = DOTS_VERDICT_EXISTS;
        break;

    case DOTS_EXPECT_SAME:
        op->expect = DOTS_STORE_SAME;
        op->value.data = c->record.data;
        op->value.len = c->record.len;
        *verdict = DOTS_VERDICT_BUSY;
        break;

    default: /* DOTS_EXPECT_ANY */
        break;
    }

    return op->key.data ? NGX_OK : NGX_ERROR;
}


static dots_store_slice_t
ngx_dots_data_op_key(ngx_dots_request_t *dr, dots_change_kind_t kind,
    dots_str_t cuid, dots_str_t name)
{
    dots_arena_t  *a;
    dots_str_t     customer;

    a = dr->rq->arena;
    customer = dr->rq->customer->name;

    switch (kind) {

    case DOTS_CHANGE_ALIAS:
        return ngx_dots_state_alias(a, customer, cuid, name);

    case DOTS_CHANGE_ACL:
        return ngx_dots_state_acl(a, customer, cuid, name);

    case DOTS_CHANGE_VENDOR:
        return ngx_dots_state_vendor(a, customer, cuid, name);

    default: /* DOTS_CHANGE_CLIENT */
        return ngx_dots_state_client(a, customer, cuid);
    }
}


/* ---- what is there ---- */

static ngx_int_t
ngx_dots_data_op_old(ngx_dots_request_t *dr, dots_change_t *c,
    ngx_dots_data_op_old_t *old)
{
    int                 rc;
    ngx_int_t           found;
    dots_store_slice_t  key, value;

    ngx_memzero(old, sizeof(ngx_dots_data_op_old_t));

    old->arena = dr->rq->arena;

    key.data = NULL;
    key.len = 0;

    if (c->expect == DOTS_EXPECT_SAME) {
        value.data = c->record.data;
        value.len = c->record.len;

        (void) ngx_dots_data_op_old_found(old, key, value);
        found = old->rc;

    } else {
        key = ngx_dots_data_op_key(dr, c->kind, c->cuid, c->name);
        if (key.data == NULL) {
            return NGX_ERROR;
        }

        found = ngx_dots_state_get(key, ngx_dots_data_op_old_found, old);

        if (found == NGX_OK) {
            found = old->rc;
        }
    }

    if (found == NGX_DECLINED) {
        return NGX_OK;
    }

    if (found != NGX_OK) {
        return NGX_ERROR;
    }

    if (c->kind != DOTS_CHANGE_ACL) {
        rc = dots_alias_decode(&old->alias, old->record.data, old->record.len,
                               old->arena);
        old->expires = old->alias.expires;

    } else {
        rc = dots_acl_decode(&old->acl, old->record.data, old->record.len,
                             old->arena);
        old->expires = old->acl.expires;
    }

    return rc == DOTS_OK ? NGX_OK : NGX_ERROR;
}


static int
ngx_dots_data_op_old_found(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value)
{
    ngx_dots_data_op_old_t *old = ctx;

    old->rc = dots_arena_dup(old->arena, &old->record,
                             dots_str(value.data, value.len))
              == DOTS_OK ? NGX_OK : NGX_ERROR;

    return 0;
}
