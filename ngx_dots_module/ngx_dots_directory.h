/*
 * Which process has the DTLS session of a peer, and how a datagram that came to
 * another one gets there.  The host's side of model/dots_directory.h.
 *
 *   a datagram -> ngx_dots_directory_input(): ours; or a stranger's
 *        -> ngx_dots_directory_route()
 *        -> the table in the zone: whose is it? -> ngx_dots_link.c
 *   there -> input() of the session with this address
 *
 * Sockets are shared (without reuseport), spread anew by the kernel (more or
 * fewer workers), or read by a worker of another cycle (a reload): any worker
 * may get any datagram.  Knows nothing of DTLS.  Called by ngx_dots_dtls*.c.
 */

#ifndef _NGX_DOTS_DIRECTORY_H_INCLUDED_
#define _NGX_DOTS_DIRECTORY_H_INCLUDED_

#include "ngx_dots.h"
#include "ngx_dots_link.h"

/* Both ends of a session; embedded in it. */

typedef struct {
    ngx_rbtree_node_t     node;         /* in this process; first */
    uint64_t              tag;
    u_char                address[NGX_DOTS_LINK_ADDRESS];
    unsigned              listed:1;     /* in the zone, too */
} ngx_dots_flow_t;

typedef struct {
    /* One datagram of the session's peer; may end the session. */
    void                (*input)(ngx_dots_flow_t *flow, u_char *data,
                                 size_t len);
    /* Its peer has begun again, with another process. */
    void                (*replaced)(ngx_dots_flow_t *flow);
} ngx_dots_directory_ops_t;

/* The table of a fresh zone of this size. */
ngx_int_t ngx_dots_directory_init_zone(ngx_slab_pool_t *pool,
    ngx_dots_shared_t *shared, size_t size);

void ngx_dots_directory_init_process(const ngx_dots_directory_ops_t *ops);

/* What comes from other processes. */
void ngx_dots_directory_receive(ngx_dots_link_head_t *head, u_char *data,
    size_t len);

/* A session of this process begins and ends. */
void ngx_dots_directory_open(ngx_dots_flow_t *flow, ngx_connection_t *c);
void ngx_dots_directory_close(ngx_dots_flow_t *flow);

/*
 * Its peer has proved its address with this hello (a hash of it): the session
 * is this process's from now on, and another one that had one is told.
 * NGX_BUSY: another one is serving this very hello.
 */
ngx_int_t ngx_dots_directory_claim(ngx_dots_flow_t *flow, uint64_t hello);

/* Nonzero unless another process has claimed it since. */
ngx_uint_t ngx_dots_directory_mine(ngx_dots_flow_t *flow);

/* Where a datagram came from, and which of our addresses it came to. */
void ngx_dots_directory_flow(ngx_dots_link_head_t *head,
    struct sockaddr *peer, struct sockaddr *local);

/*
 * Gives it to its session in this process; that may have ended then.
 * NGX_DECLINED: there is none.
 */
ngx_int_t ngx_dots_directory_input(const ngx_dots_link_head_t *head,
    u_char *data, size_t len);

/*
 * The same with another process.  NGX_OK: it is on its way, or would be but for
 * the peer's share: ngx_dots_link_flush() is to follow; NGX_DECLINED: nobody's.
 */
ngx_int_t ngx_dots_directory_route(ngx_dots_link_head_t *head, u_char *data,
    size_t len);

/* The process is dead. */
void ngx_dots_directory_reap(ngx_pid_t pid);

#endif /* _NGX_DOTS_DIRECTORY_H_INCLUDED_ */
