#include "ngx_dots.h"
#include "ngx_dots_conf.h"
#include "ngx_dots_filter.h"
#include "ngx_dots_request.h"
#include "ngx_dots_state.h"
#include "ngx_dots_zone.h"


#define NGX_DOTS_FILTER_OVER    64          /* removed in one commit */
#define NGX_DOTS_FILTER_SWEEP   600000      /* ms: a look without a reason */


/* An ACL that a mitigator can apply. */

typedef struct {
    dots_str_t               customer;
    dots_str_t               cuid;
    dots_acl_activation_t    activation;
    ngx_dots_filter_act_t    act;
} ngx_dots_filter_entry_t;

typedef struct {
    ngx_dots_conf_t         *dcf;
    ngx_log_t               *log;
    dots_arena_t            *arena;         /* of the list */
    ngx_dots_filter_entry_t *list;
    size_t                   n;
    size_t                   max;
    ngx_atomic_uint_t        seen;          /* of ngx_dots_shared->filters */
    int64_t                  deadline;
    ngx_msec_t               loaded;
    unsigned                 valid:1;       /* the list is that of "seen" */
} ngx_dots_filter_t;

/* While the store is walked: its slices live no longer than a call. */

typedef struct {
    ngx_dots_filter_t        filter;
    int64_t                  now;
    dots_arena_t            *over;          /* of what has to go */
    dots_store_op_t          ops[NGX_DOTS_FILTER_OVER];
    dots_store_txn_t         txns[NGX_DOTS_FILTER_OVER];
    dots_store_txn_t        *txn[NGX_DOTS_FILTER_OVER];
    size_t                   nover;
    unsigned                 failed:1;
} ngx_dots_filter_walk_t;


static ngx_int_t ngx_dots_filter_load(void);
static int ngx_dots_filter_record(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value);
static ngx_int_t ngx_dots_filter_add(ngx_dots_filter_walk_t *w,
    const dots_customer_t *customer, size_t mitigator, dots_str_t cuid,
    dots_store_slice_t value);
static ngx_uint_t ngx_dots_filter_counts(dots_str_t mitigator);
static int ngx_dots_filter_count(dots_arena_t *a, ngx_dots_filter_entry_t *e,
    const dots_customer_t *customer, const dots_acl_t *acl);
static ngx_int_t ngx_dots_filter_room(ngx_dots_filter_t *f);
static ngx_int_t ngx_dots_filter_over(ngx_dots_filter_walk_t *w,
    dots_store_slice_t key, dots_store_slice_t value);
static void ngx_dots_filter_remove(ngx_dots_filter_walk_t *w);
static void ngx_dots_filter_audit(dots_store_op_t *op);
static ngx_int_t ngx_dots_filter_mitigating(ngx_dots_filter_entry_t *e);


static ngx_dots_filter_t  ngx_dots_filter;


void
ngx_dots_filter_start(ngx_dots_conf_t *dcf, ngx_log_t *log)
{
    ngx_memzero(&ngx_dots_filter, sizeof(ngx_dots_filter_t));

    ngx_dots_filter.dcf = dcf;
    ngx_dots_filter.log = log;
    ngx_dots_filter.deadline = DOTS_FOREVER;
}


void
ngx_dots_filter_stop(void)
{
    dots_arena_destroy(ngx_dots_filter.arena);

    ngx_dots_filter.arena = NULL;
    ngx_dots_filter.valid = 0;
}


ngx_uint_t
ngx_dots_filter_needed(void)
{
    return !ngx_dots_filter.valid
           || ngx_dots_filter.seen != ngx_dots_shared->filters
           || ngx_dots_filter.deadline <= ngx_dots_now()
           || ngx_current_msec - ngx_dots_filter.loaded
              >= NGX_DOTS_FILTER_SWEEP;
}


int64_t
ngx_dots_filter_deadline(void)
{
    return ngx_dots_filter.deadline;
}


ngx_int_t
ngx_dots_filter_run(void (*handler)(const ngx_dots_filter_act_t *act))
{
    size_t                    i;
    ngx_int_t                 rc;
    ngx_dots_filter_entry_t  *e;

    if (ngx_dots_filter_needed() && ngx_dots_filter_load() != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < ngx_dots_filter.n; i++) {

        e = &ngx_dots_filter.list[i];

        if (e->activation == DOTS_ACL_MITIGATING) {

            rc = ngx_dots_filter_mitigating(e);

            if (rc == NGX_ERROR) {
                return NGX_ERROR;
            }

            if (rc == NGX_DECLINED) {
                continue;
            }
        }

        handler(&e->act);
    }

    return NGX_OK;
}


/*
 * RFC 8783 section 7.2: only filters of the client that triggered the
 * mitigation.
 */

static ngx_int_t
ngx_dots_filter_mitigating(ngx_dots_filter_entry_t *e)
{
    int               mitigating;
    dots_registry_t  *r;

    r = ngx_dots_zone_lock(0);

    if (r == NULL) {
        return NGX_ERROR;
    }

    mitigating = dots_registry_mitigating(r, e->customer, e->cuid);

    ngx_dots_zone_unlock();

    return mitigating ? NGX_OK : NGX_DECLINED;
}


/* ---- from the store ---- */

static ngx_int_t
ngx_dots_filter_load(void)
{
    ngx_int_t                rc;
    ngx_dots_filter_walk_t  *w;

    w = ngx_calloc(sizeof(ngx_dots_filter_walk_t), ngx_dots_filter.log);
    if (w == NULL) {
        return NGX_ERROR;
    }

    w->now = ngx_dots_now();
    w->over = dots_arena_create(SIZE_MAX);

    w->filter = ngx_dots_filter;
    w->filter.arena = dots_arena_create(SIZE_MAX);
    w->filter.list = NULL;
    w->filter.n = 0;
    w->filter.max = 0;

    /* workers say nothing of those that no mitigator can apply */

    w->filter.deadline = w->now + ngx_dots_filter.dcf->data_lifetime;

    /* what changes while we look is for the next time */

    w->filter.seen = ngx_dots_shared->filters;

    rc = NGX_ERROR;

    if (w->over != NULL && w->filter.arena != NULL) {
        rc = ngx_dots_state_walk("l", 1, ngx_dots_filter_record, w);
    }

    if (rc == NGX_ERROR || w->failed) {
        dots_arena_destroy(w->over);
        dots_arena_destroy(w->filter.arena);
        ngx_free(w);
        return NGX_ERROR;
    }

    ngx_dots_filter_remove(w);
    dots_arena_destroy(w->over);

    w->filter.valid = 1;
    w->filter.loaded = ngx_current_msec;

    dots_arena_destroy(ngx_dots_filter.arena);
    ngx_dots_filter = w->filter;

    ngx_free(w);

    return NGX_OK;
}


static int
ngx_dots_filter_record(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value)
{
    ngx_dots_filter_walk_t *w = ctx;

    size_t                  i;
    dots_str_t              customer, cuid, name;
    dots_acl_brief_t        brief;
    const dots_customer_t  *c;

    if (ngx_dots_state_entry_key(key, &customer, &cuid, &name) != NGX_OK
        || dots_acl_brief(&brief, value.data, value.len) != DOTS_OK)
    {
        return 0;
    }

    if (brief.expires <= w->now) {
        w->failed = ngx_dots_filter_over(w, key, value) != NGX_OK;
        return w->failed;
    }

    w->filter.deadline = ngx_min(w->filter.deadline, brief.expires);

    if (brief.activation == DOTS_ACL_DEACTIVATED) {
        return 0;
    }

    c = dots_customers_by_name(ngx_dots_filter.dcf->customers, customer);

    for (i = 0; c != NULL && i < c->nabilities; i++) {

        if (dots_acl_fits(&brief.needs, &c->abilities[i], c)) {
            w->failed = ngx_dots_filter_add(w, c, i, cuid, value) != NGX_OK;
            return w->failed;
        }
    }

    return 0;
}


static ngx_int_t
ngx_dots_filter_add(ngx_dots_filter_walk_t *w, const dots_customer_t *customer,
    size_t mitigator, dots_str_t cuid, dots_store_slice_t value)
{
    int                       rc;
    dots_acl_t                acl;
    dots_arena_t             *a;
    ngx_dots_filter_entry_t  *e;

    if (ngx_dots_filter_room(&w->filter) != NGX_OK) {
        return NGX_ERROR;
    }

    a = dots_arena_create(SIZE_MAX);
    if (a == NULL) {
        return NGX_ERROR;
    }

    rc = dots_acl_decode(&acl, value.data, value.len, a);

    if (rc == DOTS_OK) {
        e = &w->filter.list[w->filter.n];

        e->customer = customer->name;
        e->activation = acl.activation;
        e->act.ncounts = 0;
        e->act.mitigator = customer->mitigators[mitigator];

        rc = dots_acl_destinations(&acl, customer, w->filter.arena,
                                   &e->act.prefixes, &e->act.n);
        if (rc == DOTS_OK) {
            rc = dots_arena_dup(w->filter.arena, &e->cuid, cuid);
        }

        if (rc == DOTS_OK && ngx_dots_filter_counts(e->act.mitigator)) {
            rc = ngx_dots_filter_count(w->filter.arena, e, customer, &acl);
        }

        w->filter.n += (rc == DOTS_OK && e->act.n != 0);
    }

    dots_arena_destroy(a);

    /* a record that can't be read does nothing; the store's check says so */

    return rc == DOTS_ERROR ? NGX_ERROR : NGX_OK;
}


/* Can the mitigator's driver count at all? */

static ngx_uint_t
ngx_dots_filter_counts(dots_str_t mitigator)
{
    ngx_str_t              name;
    ngx_dots_mitigator_t  *mt;

    name.len = mitigator.len;
    name.data = (u_char *) mitigator.data;

    mt = ngx_dots_conf_find_mitigator(ngx_dots_filter.dcf, &name);

    return mt && mt->driver->count;
}


static int
ngx_dots_filter_count(dots_arena_t *a, ngx_dots_filter_entry_t *e,
    const dots_customer_t *customer, const dots_acl_t *acl)
{
    int                      rc;
    size_t                   i;
    ngx_dots_count_entry_t  *c;

    c = dots_arena_array(a, acl->naces, sizeof(ngx_dots_count_entry_t));
    if (c == NULL) {
        return DOTS_ERROR;
    }

    e->act.counts = c;
    e->act.ncounts = acl->naces;

    for (i = 0; i < acl->naces; i++) {

        dots_count_ace_key(&c[i].key, customer->name, e->cuid, acl,
                           &acl->aces[i]);

        rc = dots_acl_destinations_of(acl, &acl->aces[i], customer, a,
                                      &c[i].prefixes, &c[i].n);
        if (rc != DOTS_OK) {
            return rc;
        }
    }

    return DOTS_OK;
}


static ngx_int_t
ngx_dots_filter_room(ngx_dots_filter_t *f)
{
    size_t                    max;
    ngx_dots_filter_entry_t  *list;

    if (f->n < f->max) {
        return NGX_OK;
    }

    max = f->max ? f->max * 2 : 64;

    list = dots_arena_array(f->arena, max, sizeof(ngx_dots_filter_entry_t));
    if (list == NULL) {
        return NGX_ERROR;
    }

    if (f->n) {
        ngx_memcpy(list, f->list, f->n * sizeof(ngx_dots_filter_entry_t));
    }

    f->list = list;
    f->max = max;

    return NGX_OK;
}


/* ---- what is over ---- */

/* Only what is still as it was read goes: a refresh may have come meanwhile. */

static ngx_int_t
ngx_dots_filter_over(ngx_dots_filter_walk_t *w, dots_store_slice_t key,
    dots_store_slice_t value)
{
    dots_str_t        k, v;
    dots_store_op_t  *op;

    if (w->nover == NGX_DOTS_FILTER_OVER) {

        /* the others at once after these */

        w->filter.deadline = w->now;
        return NGX_OK;
    }

    if (dots_arena_dup(w->over, &k, dots_str(key.data, key.len)) != DOTS_OK
        || dots_arena_dup(w->over, &v, dots_str(value.data, value.len))
           != DOTS_OK)
    {
        return NGX_ERROR;
    }

    op = &w->ops[w->nover];

    op->action = DOTS_STORE_DELETE;
    op->expect = DOTS_STORE_SAME;
    op->key.data = k.data;
    op->key.len = k.len;
    op->value.data = v.data;
    op->value.len = v.len;

    w->txns[w->nover].ops = op;
    w->txns[w->nover].nops = 1;
    w->txn[w->nover] = &w->txns[w->nover];
    w->nover++;

    return NGX_OK;
}


static void
ngx_dots_filter_remove(ngx_dots_filter_walk_t *w)
{
    size_t  i;

    if (w->nover == 0) {
        return;
    }

    ngx_dots_data_over(w->over, w->txn, w->nover);

    for (i = 0; i < w->nover; i++) {
        if (w->txns[i].result == DOTS_STORE_OK) {
            ngx_dots_filter_audit(&w->ops[i]);
        }
    }
}


static void
ngx_dots_filter_audit(dots_store_op_t *op)
{
    u_char           text[DOTS_ACL_NAME + 32];
    dots_str_t       name;
    ngx_dots_log_t   entry;

    ngx_memzero(&entry, sizeof(ngx_dots_log_t));

    ngx_str_set(&entry.channel, "manager");

    (void) ngx_dots_state_entry_key(op->key, &entry.customer, &entry.cuid,
                                    &name);

    entry.reason.data = text;
    entry.reason.len = ngx_slprintf(text, text + sizeof(text),
                                    "ACL \"%*s\" is over", name.len,
                                    name.data)
                       - text;

    ngx_dots_log(&entry);
}
