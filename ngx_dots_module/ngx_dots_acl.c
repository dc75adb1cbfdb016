#include "ngx_dots.h"
#include "ngx_dots_process.h"
#include "ngx_dots_request.h"
#include "ngx_dots_zone.h"


#define NGX_DOTS_ACL_LIST   100000       /* ACLs of one client, at most */
#define NGX_DOTS_ACL_SHIFT  20           /* ranks are ms of ngx_dots_now(), with
                                            so many bits of room behind */


/* In "expires" of a new one: what has the name is over, and nobody sees it. */

#define NGX_DOTS_ACL_STALE  -1


/* All ACLs of a client as they are stored. */

typedef struct {
    dots_str_t        name;
    dots_str_t        record;
    dots_acl_brief_t  brief;
    unsigned          moved:1;      /* "brief" has another rank for it */
} ngx_dots_acl_entry_t;

typedef struct {
    dots_arena_t          *arena;
    int64_t                now;
    ngx_dots_acl_entry_t  *entries;
    size_t                 n;
    size_t                 max;
    ngx_int_t              rc;
} ngx_dots_acl_entries_t;


static ngx_uint_t ngx_dots_acl_enforceable(const dots_customer_t *customer,
    dots_acl_activation_t activation, const dots_acl_needs_t *needs);
static ngx_int_t ngx_dots_acl_move(ngx_dots_request_t *dr,
    ngx_dots_acl_entries_t *all, dots_store_op_t *op);
static ngx_int_t ngx_dots_acl_check_client(ngx_dots_request_t *dr,
    dots_store_op_t *op);
static ngx_int_t ngx_dots_acl_check_limit(ngx_dots_request_t *dr, size_t fresh,
    dots_store_op_t *op);
static ngx_int_t ngx_dots_acl_op(ngx_dots_request_t *dr, dots_acl_t *acl,
    dots_store_op_t *op);
static void ngx_dots_acl_stored(ngx_dots_commit_t *commit);
static void ngx_dots_acl_deleted(ngx_dots_commit_t *commit);

static ngx_int_t ngx_dots_acl_old(ngx_dots_request_t *dr, size_t *fresh);
static int64_t ngx_dots_acl_rank(ngx_dots_request_t *dr);
static ngx_int_t ngx_dots_acl_place(ngx_dots_request_t *dr,
    ngx_dots_acl_entries_t *all, size_t *at);
static size_t ngx_dots_acl_squeeze(ngx_dots_request_t *dr,
    ngx_dots_acl_entries_t *all, size_t at);

static ngx_int_t ngx_dots_acl_one(ngx_dots_request_t *dr,
    dots_client_t *client);
static ngx_int_t ngx_dots_acl_decode(ngx_dots_request_t *dr,
    ngx_dots_acl_entries_t *all, dots_client_t *client);

static ngx_int_t ngx_dots_acl_entries(ngx_dots_request_t *dr, dots_str_t cuid,
    ngx_dots_acl_entries_t *all);
static int ngx_dots_acl_found(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value);
static int ngx_dots_acl_found_one(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value);
static int ngx_dots_acl_cmp(const void *one, const void *two);


/* ---- PUT ---- */

void
ngx_dots_acl_put(ngx_dots_request_t *dr)
{
    size_t                   n, at, fresh, moved;
    dots_request_t          *rq;
    dots_store_op_t         *op;
    ngx_dots_acl_entries_t   all;

    rq = dr->rq;
    moved = 0;

    ngx_memzero(&all, sizeof(ngx_dots_acl_entries_t));

    if (ngx_dots_acl_old(dr, &fresh) != NGX_OK) {
        goto failed;
    }

    if (rq->insert == DOTS_INSERT_BEFORE || rq->insert == DOTS_INSERT_AFTER) {

        switch (ngx_dots_acl_place(dr, &all, &at)) {

        case NGX_OK:
            break;

        case NGX_DECLINED:
            ngx_dots_request_invalid(dr, NULL, "query parameter \"point\": "
                                     "there is no such ACL");
            return;

        default:
            goto failed;
        }

        moved = ngx_dots_acl_squeeze(dr, &all, at);
    }

    n = 2 + rq->replace_all + rq->nacls + 2 * moved;

    op = dots_arena_array(rq->arena, n, sizeof(dots_store_op_t));

    if (op == NULL || ngx_dots_acl_check_client(dr, &op[0]) != NGX_OK
        || ngx_dots_acl_check_limit(dr, fresh, &op[1]) != NGX_OK
        || ngx_dots_acl_ops(dr, &op[2]) != NGX_OK
        || ngx_dots_acl_move(dr, &all, op + n - 2 * moved) != NGX_OK)
    {
        goto failed;
    }

    dr->commit.txn.ops = op;
    dr->commit.txn.nops = n;
    dr->commit.handler = ngx_dots_acl_stored;

    ngx_dots_state_commit(&dr->commit);

    return;

failed:

    ngx_dots_request_unavailable(dr, "the store can't be read, or no memory");
}


/* Can a mitigator act on it?  If not, the manager has nothing to do. */

static ngx_uint_t
ngx_dots_acl_enforceable(const dots_customer_t *customer,
    dots_acl_activation_t activation, const dots_acl_needs_t *needs)
{
    size_t  i;

    for (i = 0; i < customer->nabilities; i++) {
        if (activation != DOTS_ACL_DEACTIVATED
            && dots_acl_fits(needs, &customer->abilities[i], customer))
        {
            return 1;
        }
    }

    return 0;
}


/* The new ranks of those that made room; they come with the new ones or not. */

static ngx_int_t
ngx_dots_acl_move(ngx_dots_request_t *dr, ngx_dots_acl_entries_t *all,
    dots_store_op_t *op)
{
    size_t                 i;
    uint8_t               *p;
    dots_request_t        *rq;
    ngx_dots_acl_entry_t  *e;

    rq = dr->rq;

    for (i = 0; i < all->n; i++) {

        e = &all->entries[i];

        if (!e->moved) {
            continue;
        }

        p = dots_arena_alloc(rq->arena, e->record.len);

        op[0].key = ngx_dots_state_acl(rq->arena, rq->customer->name, rq->cuid,
                                       e->name);

        if (p == NULL || op[0].key.data == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(p, e->record.data, e->record.len);
        dots_acl_rank(p, e->record.len, e->brief.rank);

        /* nobody has changed it since it was read, or all is tried again */

        op[0].action = DOTS_STORE_CHECK;
        op[0].expect = DOTS_STORE_SAME;
        op[0].value.data = e->record.data;
        op[0].value.len = e->record.len;

        op[1].action = DOTS_STORE_PUT;
        op[1].key = op[0].key;
        op[1].value.data = p;
        op[1].value.len = e->record.len;

        op += 2;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_dots_acl_check_client(ngx_dots_request_t *dr, dots_store_op_t *op)
{
    op->action = DOTS_STORE_CHECK;
    op->expect = DOTS_STORE_PRESENT;
    op->key = ngx_dots_state_client(dr->rq->arena, dr->rq->customer->name,
                                    dr->rq->cuid);

    return op->key.data ? NGX_OK : NGX_ERROR;
}


/* Of all ACLs of the customer; what replaces another one does not count. */

static ngx_int_t
ngx_dots_acl_check_limit(ngx_dots_request_t *dr, size_t fresh,
    dots_store_op_t *op)
{
    size_t      max;
    dots_str_t  none = { 0, NULL };

    max = dr->rq->customer->max_acls;

    op->key = ngx_dots_state_acl(dr->rq->arena, dr->rq->customer->name, none,
                                 none);

    if (max == 0 || fresh == 0) {
        op->action = DOTS_STORE_CHECK;

    } else {
        op->action = DOTS_STORE_COUNT;
        op->most = fresh > max ? 0 : max - fresh + 1;
    }

    return op->key.data ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_dots_acl_ops(ngx_dots_request_t *dr, dots_store_op_t *op)
{
    size_t            i;
    int64_t           rank;
    dots_str_t        none = { 0, NULL };
    dots_request_t   *rq;

    rq = dr->rq;

    if (rq->replace_all) {

        op->action = DOTS_STORE_DELETE_BELOW;
        op->key = ngx_dots_state_acl(rq->arena, rq->customer->name, rq->cuid,
                                     none);
        if (op->key.data == NULL) {
            return NGX_ERROR;
        }

        op++;
    }

    rank = ngx_dots_acl_rank(dr);

    for (i = 0; i < rq->nacls; i++, op++) {

        /* 0: nobody has given it a place */

        if (rq->acls[i].rank == 0) {
            rq->acls[i].rank = (rq->insert == DOTS_INSERT_FIRST ? -rank : rank)
                               + (int64_t) i;
        }

        if (ngx_dots_acl_op(dr, &rq->acls[i], op) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_dots_acl_op(ngx_dots_request_t *dr, dots_acl_t *acl, dots_store_op_t *op)
{
    size_t            size;
    uint8_t          *p;
    dots_request_t   *rq;
    ngx_dots_conf_t  *dcf;

    rq = dr->rq;
    dcf = ngx_dots_get_conf(ngx_cycle);

    op->action = DOTS_STORE_PUT;
    op->expect = rq->create_only && acl->expires != NGX_DOTS_ACL_STALE
                 ? DOTS_STORE_ABSENT : DOTS_STORE_ANY;

    acl->expires = rq->now + dcf->data_lifetime;

    size = dots_acl_size(acl);
    p = dots_arena_alloc(rq->arena, size);

    op->key = ngx_dots_state_acl(rq->arena, rq->customer->name, rq->cuid,
                                 acl->name);
    op->value.data = p;

    if (p == NULL || op->key.data == NULL
        || dots_acl_encode(acl, p, size, &op->value.len) != DOTS_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_dots_acl_stored(ngx_dots_commit_t *commit)
{
    size_t               i, first;
    dots_store_op_t     *op;
    dots_store_txn_t    *txn;
    ngx_dots_request_t  *dr;

    dr = commit->data;
    txn = &commit->txn;
    first = 2 + dr->rq->replace_all;

    if (txn->result == DOTS_STORE_DECLINED) {

        op = &txn->ops[txn->failed];

        if (txn->failed == 0) {
            ngx_dots_request_done(dr, DOTS_VERDICT_NOT_FOUND);

        } else if (op->action == DOTS_STORE_COUNT) {
            ngx_dots_request_done(dr, DOTS_VERDICT_LIMIT);

        } else if (op->action == DOTS_STORE_PUT) {
            ngx_dots_request_done(dr, DOTS_VERDICT_EXISTS);

        } else {

            for (i = 0; i < dr->rq->nacls; i++) {
                dr->rq->acls[i].rank = 0;
            }

            ngx_dots_request_retry(dr, ngx_dots_acl_put);
        }

        return;
    }

    if (txn->result != DOTS_STORE_OK) {
        ngx_dots_request_done(dr, ngx_dots_request_failed(txn->result));
        return;
    }

    if (dr->filters) {
        ngx_dots_acl_changed();
    }

    for (i = 0; i < dr->rq->nacls; i++) {
        if (!txn->ops[first + i].existed || dr->rq->create_only) {
            ngx_dots_request_done(dr, DOTS_VERDICT_CREATED);
            return;
        }
    }

    ngx_dots_request_done(dr, DOTS_VERDICT_CHANGED);
}


void
ngx_dots_acl_changed(void)
{
    (void) ngx_atomic_fetch_add(&ngx_dots_shared->filters, 1);

    ngx_dots_process_wake_manager();
}


/* ---- the order ---- */

/*
 * RFC 8040 erratum 6277: one that is there keeps its place unless "insert"
 * says another one.  Finds out, too, whether the manager has to look.
 */

static ngx_int_t
ngx_dots_acl_old(ngx_dots_request_t *dr, size_t *fresh)
{
    size_t               i;
    ngx_int_t            rc;
    dots_request_t      *rq;
    dots_acl_brief_t     brief;
    dots_acl_needs_t     needs;
    dots_store_slice_t   key;

    rq = dr->rq;
    *fresh = 0;
    dr->filters = rq->replace_all;

    for (i = 0; i < rq->nacls; i++) {

        dots_acl_needs(&rq->acls[i], &needs);

        dr->filters |= ngx_dots_acl_enforceable(rq->customer,
                                                rq->acls[i].activation,
                                                &needs);

        key = ngx_dots_state_acl(rq->arena, rq->customer->name, rq->cuid,
                                 rq->acls[i].name);
        if (key.data == NULL) {
            return NGX_ERROR;
        }

        ngx_memzero(&brief, sizeof(dots_acl_brief_t));

        rc = ngx_dots_state_get(key, ngx_dots_acl_found_one, &brief);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_DECLINED) {
            (*fresh)++;
            continue;
        }

        dr->filters |= ngx_dots_acl_enforceable(rq->customer, brief.activation,
                                                &brief.needs);

        if (brief.expires <= rq->now) {
            rq->acls[i].expires = NGX_DOTS_ACL_STALE;

        } else if (rq->insert == DOTS_INSERT_NONE && !rq->replace_all) {
            rq->acls[i].rank = brief.rank;
        }
    }

    return NGX_OK;
}


/*
 * A place behind all that came before, without a look at them.  In one
 * millisecond of one process the requests are told apart by a counter.
 */

static int64_t
ngx_dots_acl_rank(ngx_dots_request_t *dr)
{
    static ngx_uint_t  counter;

    return (dr->rq->now << NGX_DOTS_ACL_SHIFT)
           + (int64_t) ((counter++ & 0xfff) << 8);
}


/* Before or after the point: DECLINED if that is not there. */

static ngx_int_t
ngx_dots_acl_place(ngx_dots_request_t *dr, ngx_dots_acl_entries_t *all,
    size_t *at)
{
    size_t           i, k, point;
    dots_request_t  *rq;

    rq = dr->rq;

    if (ngx_dots_acl_entries(dr, rq->cuid, all) != NGX_OK) {
        return NGX_ERROR;
    }

    /* the others, in their order: what is moved leaves its old place */

    point = all->n;
    *at = 0;

    for (i = 0, k = 0; i < all->n; i++) {

        if (dots_str_eq(all->entries[i].name, rq->point)) {
            point = i;
            *at = k + (rq->insert == DOTS_INSERT_AFTER);
        }

        if (dots_str_eq(all->entries[i].name, rq->acls[0].name)
            && !rq->create_only)
        {
            continue;
        }

        all->entries[k++] = all->entries[i];
    }

    /* without an entry to go by there is no place, even where that is itself */

    if (point == all->n || k == 0) {
        return NGX_DECLINED;
    }

    all->n = k;

    /* one before or after itself stays where it is */

    *at = ngx_min(*at, k);

    return NGX_OK;
}


/*
 * Ranks for the new ones between their neighbours.  Where there is no room
 * those behind move up, as far as it takes.
 */

static size_t
ngx_dots_acl_squeeze(ngx_dots_request_t *dr, ngx_dots_acl_entries_t *all,
    size_t at)
{
    size_t           i, moved;
    int64_t          low, high, step;
    dots_request_t  *rq;

    rq = dr->rq;

    step = (int64_t) 1 << NGX_DOTS_ACL_SHIFT;
    high = at < all->n ? all->entries[at].brief.rank
                       : all->entries[at - 1].brief.rank
                         + step * ((int64_t) rq->nacls + 1);
    low = at > 0 ? all->entries[at - 1].brief.rank
                 : high - step * ((int64_t) rq->nacls + 1);

    step = (high - low) / ((int64_t) rq->nacls + 1);
    step = step > 0 ? step : 1;

    for (i = 0; i < rq->nacls; i++) {
        low += step;
        low += (low == 0);
        rq->acls[i].rank = low;
    }

    moved = 0;

    for (i = at; i < all->n && all->entries[i].brief.rank <= low; i++) {
        all->entries[i].brief.rank = ++low;
        all->entries[i].moved = 1;
        moved++;
    }

    return moved;
}


/* ---- GET ---- */

void
ngx_dots_acl_get(ngx_dots_request_t *dr)
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

    if (rc == NGX_OK && client != NULL) {
        client->cuid = rq->cuid;
        rq->clients = client;
        rq->nclients = 1;

        rc = rq->acl.len ? ngx_dots_acl_one(dr, client)
                         : ngx_dots_acl_list(dr, client);
    }

    if (rc == NGX_ERROR || client == NULL) {
        ngx_dots_request_unavailable(dr, "the store can't be read");
        return;
    }

    ngx_dots_request_done(dr, rc == NGX_OK ? DOTS_VERDICT_FOUND
                                           : DOTS_VERDICT_NOT_FOUND);
}


static ngx_int_t
ngx_dots_acl_one(ngx_dots_request_t *dr, dots_client_t *client)
{
    ngx_int_t                rc;
    dots_store_slice_t       key;
    ngx_dots_acl_entries_t   all;

    ngx_memzero(&all, sizeof(ngx_dots_acl_entries_t));

    all.arena = dr->rq->arena;
    all.now = dr->rq->now;

    key = ngx_dots_state_acl(all.arena, dr->rq->customer->name, client->cuid,
                             dr->rq->acl);
    if (key.data == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_dots_state_get(key, ngx_dots_acl_found, &all);

    if (rc != NGX_OK || all.rc != NGX_OK) {
        return rc == NGX_DECLINED ? NGX_DECLINED : NGX_ERROR;
    }

    return all.n ? ngx_dots_acl_decode(dr, &all, client) : NGX_DECLINED;
}


ngx_int_t
ngx_dots_acl_list(ngx_dots_request_t *dr, dots_client_t *client)
{
    ngx_dots_acl_entries_t   all;

    ngx_memzero(&all, sizeof(ngx_dots_acl_entries_t));

    if (ngx_dots_acl_entries(dr, client->cuid, &all) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_dots_acl_decode(dr, &all, client);
}


static ngx_int_t
ngx_dots_acl_decode(ngx_dots_request_t *dr, ngx_dots_acl_entries_t *all,
    dots_client_t *client)
{
    size_t  i;

    client->nacls = all->n;
    client->acls = dots_arena_array(dr->rq->arena, all->n, sizeof(dots_acl_t));

    if (client->acls == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < all->n; i++) {
        if (dots_acl_decode(&client->acls[i], all->entries[i].record.data,
                            all->entries[i].record.len, dr->rq->arena)
            != DOTS_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* ---- DELETE ---- */

void
ngx_dots_acl_delete(ngx_dots_request_t *dr)
{
    dots_request_t   *rq;
    dots_store_op_t  *op;

    rq = dr->rq;

    op = dots_arena_array(rq->arena, 2, sizeof(dots_store_op_t));

    if (op == NULL || ngx_dots_acl_check_client(dr, &op[0]) != NGX_OK) {
        ngx_dots_request_unavailable(dr, "no memory");
        return;
    }

    op[1].action = rq->acl.len ? DOTS_STORE_DELETE : DOTS_STORE_DELETE_BELOW;
    op[1].expect = rq->acl.len ? DOTS_STORE_PRESENT : DOTS_STORE_ANY;
    op[1].key = ngx_dots_state_acl(rq->arena, rq->customer->name, rq->cuid,
                                   rq->acl);

    if (op[1].key.data == NULL) {
        ngx_dots_request_unavailable(dr, "no memory");
        return;
    }

    dr->commit.txn.ops = op;
    dr->commit.txn.nops = 2;
    dr->commit.handler = ngx_dots_acl_deleted;

    ngx_dots_state_commit(&dr->commit);
}


static void
ngx_dots_acl_deleted(ngx_dots_commit_t *commit)
{
    if (commit->txn.result == DOTS_STORE_OK) {
        ngx_dots_acl_changed();
    }

    ngx_dots_request_deleted(commit->data, commit->txn.result);
}


/* ---- reading ---- */

/* By rank, and by name where two of the same millisecond share one. */

static ngx_int_t
ngx_dots_acl_entries(ngx_dots_request_t *dr, dots_str_t cuid,
    ngx_dots_acl_entries_t *all)
{
    ngx_int_t           rc;
    dots_str_t          none = { 0, NULL };
    dots_store_slice_t  key;

    all->arena = dr->rq->arena;
    all->now = dr->rq->now;

    key = ngx_dots_state_acl(dr->rq->arena, dr->rq->customer->name, cuid,
                             none);
    if (key.data == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_dots_state_walk(key.data, key.len, ngx_dots_acl_found, all);

    if (rc != NGX_OK || all->rc != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_qsort(all->entries, all->n, sizeof(ngx_dots_acl_entry_t),
              ngx_dots_acl_cmp);

    return NGX_OK;
}


static int
ngx_dots_acl_found(void *ctx, dots_store_slice_t key, dots_store_slice_t value)
{
    ngx_dots_acl_entries_t *all = ctx;

    size_t                 max;
    dots_str_t             customer, cuid, name;
    ngx_dots_acl_entry_t  *e;

    all->rc = NGX_ERROR;

    if (all->n == all->max) {

        max = all->max ? all->max * 2 : 8;

        e = (max > NGX_DOTS_ACL_LIST)
            ? NULL
            : dots_arena_array(all->arena, max, sizeof(ngx_dots_acl_entry_t));

        if (e == NULL) {
            return 1;
        }

        if (all->n) {
            ngx_memcpy(e, all->entries,
                       all->n * sizeof(ngx_dots_acl_entry_t));
        }

        all->entries = e;
        all->max = max;
    }

    e = &all->entries[all->n];

    if (ngx_dots_state_acl_key(key, &customer, &cuid, &name) != NGX_OK
        || dots_acl_brief(&e->brief, value.data, value.len) != DOTS_OK)
    {
        return 1;
    }

    all->rc = NGX_OK;

    /* the manager removes it; nobody sees what is over already */

    if (e->brief.expires <= all->now) {
        return 0;
    }

    if (dots_arena_dup(all->arena, &e->name, name) != DOTS_OK
        || dots_arena_dup(all->arena, &e->record,
                          dots_str(value.data, value.len))
           != DOTS_OK)
    {
        all->rc = NGX_ERROR;
        return 1;
    }

    all->n++;

    return 0;
}


static int
ngx_dots_acl_found_one(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value)
{
    (void) dots_acl_brief(ctx, value.data, value.len);

    return 0;
}


static int
ngx_dots_acl_cmp(const void *one, const void *two)
{
    const ngx_dots_acl_entry_t  *a, *b;

    a = one;
    b = two;

    if (a->brief.rank != b->brief.rank) {
        return a->brief.rank < b->brief.rank ? -1 : 1;
    }

    return dots_str_cmp(a->name, b->name);
}
