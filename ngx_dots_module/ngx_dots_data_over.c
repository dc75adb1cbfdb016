#include "ngx_dots.h"
#include "ngx_dots_events.h"
#include "ngx_dots_request.h"
#include "../model/dots_data_record.h"


/* When the last entry of a list went, as it will be on record. */

typedef struct {
    dots_store_slice_t   key;
    int64_t              when;
    uint8_t              value[DOTS_DATA_RECORD];
    size_t               len;        /* of the value; 0: there is none yet */
} ngx_dots_data_over_t;


static ngx_int_t ngx_dots_data_over_add(dots_arena_t *a,
    dots_store_txn_t *txn, ngx_dots_data_over_t *last);
static ngx_int_t ngx_dots_data_over_look(dots_store_slice_t key,
    ngx_dots_data_over_t *last);
static int ngx_dots_data_over_found(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value);
static int64_t ngx_dots_data_over_expires(dots_store_op_t *op);
static dots_change_kind_t ngx_dots_data_over_kind(dots_store_slice_t key);
static void ngx_dots_data_over_tell(dots_store_slice_t key);


/*
 * An entry that is over left its list at that moment, for everybody who looked
 * (ngx_dots_data.c); when its record goes that has to stay known.
 */

void
ngx_dots_data_over(dots_arena_t *a, dots_store_txn_t **txns, size_t n)
{
    size_t                 i;
    ngx_dots_data_over_t   last;

    ngx_memzero(&last, sizeof(ngx_dots_data_over_t));

    for (i = 0; i < n; i++) {
        txns[i]->result = DOTS_STORE_ERROR;
    }

    for (i = 0; i < n; i++) {

        /* it can't be read, or no memory: they stay for the next time */

        if (ngx_dots_data_over_add(a, txns[i], &last) != NGX_OK) {
            return;
        }
    }

    ngx_dots_state_commit_now(txns, n);

    for (i = 0; i < n; i++) {
        if (txns[i]->result == DOTS_STORE_OK) {
            ngx_dots_data_over_tell(txns[i]->ops[0].key);
        }
    }
}


/* Those of one list come one after the other; each builds on the last. */

static ngx_int_t
ngx_dots_data_over_add(dots_arena_t *a, dots_store_txn_t *txn,
    ngx_dots_data_over_t *last)
{
    int64_t              expires;
    uint8_t             *p;
    dots_str_t           customer, cuid;
    dots_store_op_t     *op;
    dots_store_slice_t   key;

    expires = ngx_dots_data_over_expires(&txn->ops[0]);

    if (expires < 0
        || ngx_dots_state_client_key(txn->ops[0].key, &customer, &cuid)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    key = ngx_dots_state_lost(a, customer, cuid,
                              ngx_dots_data_over_kind(txn->ops[0].key));

    if (key.data == NULL || ngx_dots_data_over_look(key, last) != NGX_OK) {
        return NGX_ERROR;
    }

    if (last->when >= expires) {
        return NGX_OK;
    }

    op = dots_arena_array(a, 3, sizeof(dots_store_op_t));
    p = dots_arena_alloc(a, 2 * DOTS_DATA_RECORD);

    if (op == NULL || p == NULL) {
        return NGX_ERROR;
    }

    op[0] = txn->ops[0];

    /* a client's own DELETE in between is later: then not now */

    ngx_memcpy(p, last->value, DOTS_DATA_RECORD);

    op[1].action = DOTS_STORE_CHECK;
    op[1].expect = last->len ? DOTS_STORE_SAME : DOTS_STORE_ABSENT;
    op[1].key = key;
    op[1].value.data = p;
    op[1].value.len = last->len;

    last->when = expires;
    last->len = DOTS_DATA_RECORD;
    dots_data_record_encode(expires, last->value);

    p += DOTS_DATA_RECORD;
    ngx_memcpy(p, last->value, DOTS_DATA_RECORD);

    op[2].action = DOTS_STORE_PUT;
    op[2].key = key;
    op[2].value.data = p;
    op[2].value.len = DOTS_DATA_RECORD;

    txn->ops = op;
    txn->nops = 3;

    return NGX_OK;
}


static ngx_int_t
ngx_dots_data_over_look(dots_store_slice_t key, ngx_dots_data_over_t *last)
{
    ngx_int_t  rc;

    if (last->key.len == key.len
        && ngx_memcmp(last->key.data, key.data, key.len) == 0)
    {
        return NGX_OK;
    }

    last->key = key;
    last->when = 0;
    last->len = 0;

    rc = ngx_dots_state_get(key, ngx_dots_data_over_found, last);

    return rc == NGX_DECLINED ? NGX_OK : rc;
}


static int
ngx_dots_data_over_found(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value)
{
    ngx_dots_data_over_t *last = ctx;

    if (value.len == DOTS_DATA_RECORD
        && dots_data_record_decode(&last->when, value.data, value.len)
           == DOTS_OK)
    {
        ngx_memcpy(last->value, value.data, value.len);
        last->len = value.len;
    }

    return 0;
}


static int64_t
ngx_dots_data_over_expires(dots_store_op_t *op)
{
    int64_t            expires;
    dots_alias_t       alias;
    dots_arena_t      *a;
    dots_acl_brief_t   brief;

    if (ngx_dots_data_over_kind(op->key) == DOTS_CHANGE_ACL) {
        return dots_acl_brief(&brief, op->value.data, op->value.len) == DOTS_OK
               ? brief.expires : -1;
    }

    a = dots_arena_create(SIZE_MAX);
    if (a == NULL) {
        return -1;
    }

    expires = dots_alias_decode(&alias, op->value.data, op->value.len, a)
              == DOTS_OK ? alias.expires : -1;

    dots_arena_destroy(a);

    return expires;
}


static dots_change_kind_t
ngx_dots_data_over_kind(dots_store_slice_t key)
{
    return *(u_char *) key.data == 'a' ? DOTS_CHANGE_ALIAS : DOTS_CHANGE_ACL;
}


static void
ngx_dots_data_over_tell(dots_store_slice_t key)
{
    dots_str_t  customer, cuid, name;

    if (ngx_dots_state_entry_key(key, &customer, &cuid, &name) == NGX_OK) {
        ngx_dots_events_expired(customer, cuid, ngx_dots_data_over_kind(key),
                                name);
    }
}
