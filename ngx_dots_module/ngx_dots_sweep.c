#include "ngx_dots_request.h"
#include "ngx_dots_state.h"
#include "ngx_dots_sweep.h"


#define NGX_DOTS_SWEEP_CHUNK  64                  /* aliases of one commit */
#define NGX_DOTS_SWEEP_ARENA  (64 * 1024 * 1024)


typedef struct {
    dots_arena_t           *arena;
    dots_store_op_t         ops[NGX_DOTS_SWEEP_CHUNK];
    dots_store_txn_t        txns[NGX_DOTS_SWEEP_CHUNK];
    dots_store_txn_t       *list[NGX_DOTS_SWEEP_CHUNK];
    size_t                  n;
} ngx_dots_sweep_t;


static int ngx_dots_sweep_alias(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value);


void
ngx_dots_sweep(ngx_log_t *log)
{
    ngx_dots_sweep_t  *sw;

    sw = ngx_calloc(sizeof(ngx_dots_sweep_t), log);
    if (sw == NULL) {
        return;
    }

    do {
        sw->n = 0;
        sw->arena = dots_arena_create(NGX_DOTS_SWEEP_ARENA);

        if (sw->arena == NULL
            || ngx_dots_state_walk("a", 1, ngx_dots_sweep_alias, sw)
               != NGX_OK)
        {
            sw->n = 0;
        }

        if (sw->n) {
            ngx_dots_data_over(sw->arena, sw->list, sw->n);

            /* DECLINED: it was written again since we looked */

            if (sw->txns[0].result != DOTS_STORE_OK
                && sw->txns[0].result != DOTS_STORE_DECLINED)
            {
                sw->n = 0;
            }
        }

        dots_arena_destroy(sw->arena);

    } while (sw->n == NGX_DOTS_SWEEP_CHUNK);

    ngx_free(sw);
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
        || dots_alias_decode(&alias, value.data, value.len, a) != DOTS_OK
        || alias.expires > ngx_dots_now())
    {
        dots_arena_destroy(a);
        return 0;
    }

    dots_arena_destroy(a);

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
