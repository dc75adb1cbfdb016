#include "ngx_dots_request.h"
#include "ngx_dots_state.h"
#include "ngx_dots_sweep.h"


#define NGX_DOTS_SWEEP_CHUNK  64                  /* aliases of one commit */
#define NGX_DOTS_SWEEP_ARENA  (64 * 1024 * 1024)
#define NGX_DOTS_SWEEP_GAP    1000      /* ms between looks, at least */
#define NGX_DOTS_SWEEP_SHARE  20        /* a look costs one part in so many */
#define NGX_DOTS_SWEEP_IDLE   600000    /* ms: a look without a reason */


typedef struct {
    dots_arena_t           *arena;
    dots_store_op_t         ops[NGX_DOTS_SWEEP_CHUNK];
    dots_store_txn_t        txns[NGX_DOTS_SWEEP_CHUNK];
    dots_store_txn_t       *list[NGX_DOTS_SWEEP_CHUNK];
    size_t                  n;
    int64_t                 deadline;             /* the first of the others */
} ngx_dots_sweep_t;


static ngx_int_t ngx_dots_sweep_chunk(ngx_dots_sweep_t *sw);
static int ngx_dots_sweep_alias(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value);


static ngx_dots_conf_t  *ngx_dots_sweep_conf;
static int64_t           ngx_dots_sweep_next;     /* of the manager's process */


void
ngx_dots_sweep_start(ngx_dots_conf_t *dcf)
{
    ngx_dots_sweep_conf = dcf;
    ngx_dots_sweep_next = 0;
}


int64_t
ngx_dots_sweep_deadline(void)
{
    return ngx_dots_sweep_next;
}


/*
 * A look is at every alias.  What is written after it lives for "data_lifetime"
 * at least, so until then nothing is missed.
 */

void
ngx_dots_sweep(ngx_log_t *log)
{
    int64_t            start, end, idle;
    ngx_int_t          rc;
    ngx_dots_sweep_t  *sw;

    start = ngx_dots_now();

    if (start < ngx_dots_sweep_next) {
        return;
    }

    idle = ngx_min(NGX_DOTS_SWEEP_IDLE, ngx_dots_sweep_conf->data_lifetime);
    rc = NGX_ERROR;

    sw = ngx_calloc(sizeof(ngx_dots_sweep_t), log);

    if (sw) {
        do {
            rc = ngx_dots_sweep_chunk(sw);
        } while (rc == NGX_AGAIN);
    }

    end = ngx_dots_now();

    /* a disk that fails is not asked in a loop */

    ngx_dots_sweep_next = rc == NGX_OK ? ngx_min(sw->deadline, start + idle)
                                       : end + NGX_DOTS_SWEEP_IDLE;

    ngx_dots_sweep_next = ngx_max(ngx_dots_sweep_next,
                                  end + NGX_DOTS_SWEEP_GAP
                                  + (end - start) * NGX_DOTS_SWEEP_SHARE);

    if (sw) {
        ngx_free(sw);
    }
}


/* NGX_AGAIN: there may be more. */

static ngx_int_t
ngx_dots_sweep_chunk(ngx_dots_sweep_t *sw)
{
    ngx_int_t  rc;

    sw->n = 0;
    sw->deadline = DOTS_FOREVER;
    sw->arena = dots_arena_create(NGX_DOTS_SWEEP_ARENA);

    if (sw->arena == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_dots_state_walk("a", 1, ngx_dots_sweep_alias, sw);

    if (rc == NGX_OK && sw->n) {
        ngx_dots_data_over(sw->arena, sw->list, sw->n);

        /* DECLINED: it was written again since we looked */

        if (sw->txns[0].result != DOTS_STORE_OK
            && sw->txns[0].result != DOTS_STORE_DECLINED)
        {
            rc = NGX_ERROR;
        }
    }

    dots_arena_destroy(sw->arena);

    return rc == NGX_OK && sw->n == NGX_DOTS_SWEEP_CHUNK ? NGX_AGAIN : rc;
}


static int
ngx_dots_sweep_alias(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value)
{
    ngx_dots_sweep_t *sw = ctx;

    dots_str_t        copy, record;
    dots_alias_t      alias;
    dots_arena_t     *a;
    dots_store_op_t  *op;

    a = dots_arena_create(value.len * 8 + 65536);

    if (a == NULL
        || dots_alias_decode(&alias, value.data, value.len, a) != DOTS_OK)
    {
        dots_arena_destroy(a);
        return 0;
    }

    dots_arena_destroy(a);

    if (alias.expires > ngx_dots_now()) {
        sw->deadline = ngx_min(sw->deadline, alias.expires);
        return 0;
    }

    if (dots_arena_dup(sw->arena, &copy, dots_str(key.data, key.len))
            != DOTS_OK
        || dots_arena_dup(sw->arena, &record, dots_str(value.data, value.len))
            != DOTS_OK)
    {
        return 1;
    }

    op = &sw->ops[sw->n];

    ngx_memzero(op, sizeof(dots_store_op_t));

    op->action = DOTS_STORE_DELETE;
    op->expect = DOTS_STORE_SAME;
    op->key.data = copy.data;
    op->key.len = copy.len;
    op->value.data = record.data;
    op->value.len = record.len;

    sw->txns[sw->n].ops = op;
    sw->txns[sw->n].nops = 1;
    sw->list[sw->n] = &sw->txns[sw->n];

    return ++sw->n == NGX_DOTS_SWEEP_CHUNK;
}
