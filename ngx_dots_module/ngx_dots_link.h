/*
 * Datagrams from one process of nginx to another.  Each slot has a pair of
 * sockets, made in the master with a fresh zone: every process of every later
 * cycle has both ends of all of them, so old and new workers reach each other
 * without names, and nobody else reaches them.
 *
 * What does not fit a queue is lost, as on the network.  Called by
 * ngx_dots_directory.c, made and closed by ngx_dots_zone.c.
 */

#ifndef _NGX_DOTS_LINK_H_INCLUDED_
#define _NGX_DOTS_LINK_H_INCLUDED_

#include "ngx_dots.h"

#define NGX_DOTS_LINK_ADDRESS  48
#define NGX_DOTS_LINK_DATA     65535

/* Datagrams for one peer that its owner may be given in one turn. */
#define NGX_DOTS_LINK_SHARE    32

typedef enum {
    NGX_DOTS_LINK_DATAGRAM = 0, /* it came for a session of yours */
    NGX_DOTS_LINK_REPLACED      /* its peer has begun another one with us */
} ngx_dots_link_type_t;

typedef struct {
    uint64_t              tag;
    u_char                address[NGX_DOTS_LINK_ADDRESS];
    uint64_t              type;
} ngx_dots_link_head_t;

typedef void (*ngx_dots_link_pt)(ngx_dots_link_head_t *head, u_char *data,
    size_t len);

/* In the master. */
ngx_int_t ngx_dots_link_create(ngx_dots_slot_t *slot, ngx_log_t *log);

/* This process has the slot; "handler" gets what comes. */
ngx_int_t ngx_dots_link_init_process(ngx_cycle_t *cycle, ngx_uint_t slot,
    ngx_dots_link_pt handler);

/* Leaves with the others of this batch: ngx_dots_link_flush() is to follow. */
void ngx_dots_link_send(ngx_uint_t slot, const ngx_dots_link_head_t *head,
    const u_char *data, size_t len);
void ngx_dots_link_flush(void);

#endif /* _NGX_DOTS_LINK_H_INCLUDED_ */
