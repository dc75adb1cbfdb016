#include "ngx_http_dots.h"


static ngx_int_t ngx_http_dots_body_sent(ngx_http_dots_body_t *b,
    ngx_chain_t *out, ngx_int_t rc);


ngx_int_t
ngx_http_dots_body_create(ngx_http_dots_body_t *b, ngx_http_request_t *r,
    size_t size)
{
    b->request = r;
    b->busy = NULL;

    b->buffer = ngx_create_temp_buf(r->pool, size);
    b->free = ngx_alloc_chain_link(r->pool);

    if (b->buffer == NULL || b->free == NULL) {
        return NGX_ERROR;
    }

    b->buffer->tag = (ngx_buf_tag_t) &ngx_http_dots_module;
    b->buffer->flush = 1;

    b->free->buf = b->buffer;
    b->free->next = NULL;

    return NGX_OK;
}


ngx_int_t
ngx_http_dots_body_send(ngx_http_dots_body_t *b)
{
    ngx_chain_t  *out;

    /* the one link with the one buffer: nothing is busy */

    out = b->free;
    b->free = NULL;

    return ngx_http_dots_body_sent(b, out,
                                   ngx_http_output_filter(b->request, out));
}


ngx_int_t
ngx_http_dots_body_flush(ngx_http_dots_body_t *b)
{
    return ngx_http_dots_body_sent(b, NULL,
                                   ngx_http_output_filter(b->request, NULL));
}


static ngx_int_t
ngx_http_dots_body_sent(ngx_http_dots_body_t *b, ngx_chain_t *out,
    ngx_int_t rc)
{
    ngx_event_t               *wev;
    ngx_http_request_t        *r;
    ngx_http_core_loc_conf_t  *clcf;

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    r = b->request;
    wev = r->connection->write;

    ngx_chain_update_chains(r->pool, &b->free, &b->busy, &out,
                            b->buffer->tag);

    if (b->busy == NULL && !r->connection->buffered) {

        if (wev->timer_set) {
            ngx_del_timer(wev);
        }

        return NGX_OK;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (!wev->timer_set) {
        ngx_add_timer(wev, clcf->send_timeout);
    }

    return ngx_handle_write_event(wev, clcf->send_lowat) == NGX_OK
           ? NGX_AGAIN : NGX_ERROR;
}
