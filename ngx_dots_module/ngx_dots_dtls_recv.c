#include "ngx_dots_dtls.h"

#include <ngx_event.h>
#include <ngx_stream.h>


/*
 * Datagrams on their way in.  nginx goes back to the kernel for events after
 * each of them (multi_accept, which reads until there are none, would leave the
 * worker to a flood, see ngx_dots_module.c).  Here a few come by one system
 * call, and timers, commits and other sockets still come to their turn: the
 * longest batch, of full handshakes, takes some ms.
 *
 * As ngx_event_recvmsg(), but for whose a datagram is: ngx_dots_directory.c
 * knows all sessions of all processes, so only a hello becomes a connection.
 */

#define NGX_DOTS_DTLS_BATCH  16
#define NGX_DOTS_DTLS_DEST   CMSG_SPACE(sizeof(struct in6_pktinfo))


typedef struct {
    ngx_sockaddr_t    from;
    ngx_sockaddr_t    to;
    _Alignas(struct cmsghdr) u_char control[NGX_DOTS_DTLS_DEST];
    u_char            data[NGX_DOTS_DTLS_DATAGRAM];
} ngx_dots_dtls_in_t;


static void ngx_dots_dtls_recv_handler(ngx_event_t *ev);
static void ngx_dots_dtls_recv_prepare(ngx_uint_t i, ngx_listening_t *ls);
static void ngx_dots_dtls_recv_one(ngx_connection_t *lc, ngx_uint_t i);
static ngx_int_t ngx_dots_dtls_recv_to(struct msghdr *msg,
    struct sockaddr *to);
static void ngx_dots_dtls_recv_stranger(ngx_connection_t *lc,
    struct msghdr *msg, struct sockaddr *to, u_char *data, size_t len);
static ngx_int_t ngx_dots_dtls_recv_connect(ngx_connection_t *c,
    ngx_listening_t *ls, struct msghdr *msg, struct sockaddr *to);
static ngx_int_t ngx_dots_dtls_recv_text(ngx_connection_t *c);
static ssize_t ngx_dots_dtls_recv_none(ngx_connection_t *c, u_char *buf,
    size_t size);
static void ngx_dots_dtls_recv_close(ngx_connection_t *c);


/* Of this process. */

static struct mmsghdr      ngx_dots_dtls_recv_msgs[NGX_DOTS_DTLS_BATCH];
static struct iovec        ngx_dots_dtls_recv_iovs[NGX_DOTS_DTLS_BATCH];
static ngx_dots_dtls_in_t  ngx_dots_dtls_recv_ins[NGX_DOTS_DTLS_BATCH];


void
ngx_dots_dtls_recv_init(ngx_listening_t *ls)
{
    ngx_uint_t         i;
    struct msghdr     *msg;
    ngx_connection_t  *c;

    /* another worker's (reuseport) has no connection here */

    c = ls->connection;

    if (c == NULL || c->read->handler != ngx_event_recvmsg) {
        return;
    }

    c->read->handler = ngx_dots_dtls_recv_handler;

    for (i = 0; i < NGX_DOTS_DTLS_BATCH; i++) {
        ngx_dots_dtls_recv_iovs[i].iov_base = ngx_dots_dtls_recv_ins[i].data;
        ngx_dots_dtls_recv_iovs[i].iov_len = NGX_DOTS_DTLS_DATAGRAM;

        msg = &ngx_dots_dtls_recv_msgs[i].msg_hdr;

        msg->msg_name = &ngx_dots_dtls_recv_ins[i].from;
        msg->msg_iov = &ngx_dots_dtls_recv_iovs[i];
        msg->msg_iovlen = 1;
    }
}


static void
ngx_dots_dtls_recv_handler(ngx_event_t *ev)
{
    int                i, n;
    ngx_err_t          err;
    ngx_connection_t  *lc;

    lc = ev->data;
    ev->ready = 0;

    for (i = 0; i < NGX_DOTS_DTLS_BATCH; i++) {
        ngx_dots_dtls_recv_prepare(i, lc->listening);
    }

    n = recvmmsg(lc->fd, ngx_dots_dtls_recv_msgs, NGX_DOTS_DTLS_BATCH, 0, NULL);

    if (n == -1) {
        err = ngx_socket_errno;

        if (err != NGX_EAGAIN) {
            ngx_log_error(NGX_LOG_ALERT, ev->log, err, "recvmmsg() failed");
        }

        return;
    }

    ngx_log_debug2(NGX_LOG_DEBUG_EVENT, ev->log, 0,
                   "dots recvmmsg on %V: %d", &lc->listening->addr_text, n);

    ngx_dots_dtls_send_hold();

    for (i = 0; i < n; i++) {
        ngx_dots_dtls_recv_one(lc, i);
    }

    ngx_dots_dtls_send_release();
    ngx_dots_link_flush();
}


static void
ngx_dots_dtls_recv_prepare(ngx_uint_t i, ngx_listening_t *ls)
{
    struct msghdr  *msg;

    msg = &ngx_dots_dtls_recv_msgs[i].msg_hdr;

    msg->msg_namelen = sizeof(ngx_sockaddr_t);
    msg->msg_control = NULL;
    msg->msg_controllen = 0;

    if (ls->wildcard) {
        msg->msg_control = ngx_dots_dtls_recv_ins[i].control;
        msg->msg_controllen = NGX_DOTS_DTLS_DEST;
    }
}


/* A session of ours, a hello that begins one, or another process's. */

static void
ngx_dots_dtls_recv_one(ngx_connection_t *lc, ngx_uint_t i)
{
    u_char                *data;
    size_t                 len;
    struct msghdr         *msg;
    struct sockaddr       *to;
    ngx_listening_t       *ls;
    ngx_dots_dtls_in_t    *in;
    ngx_dots_link_head_t   head;

    in = &ngx_dots_dtls_recv_ins[i];
    msg = &ngx_dots_dtls_recv_msgs[i].msg_hdr;

    data = in->data;
    len = ngx_dots_dtls_recv_msgs[i].msg_len;

    if (!ngx_dots_dtls_is_record(data, len)
        || (msg->msg_flags & (MSG_TRUNC|MSG_CTRUNC)))
    {
        return;
    }

    ls = lc->listening;
    to = ls->sockaddr;

    if (ls->wildcard) {
        to = &in->to.sockaddr;
        ngx_memcpy(to, ls->sockaddr, ls->socklen);

        if (ngx_dots_dtls_recv_to(msg, to) != NGX_OK) {
            return;
        }
    }

    ngx_dots_directory_flow(&head, &in->from.sockaddr, to);

    if (ngx_dots_directory_input(&head, data, len) == NGX_OK) {
        return;
    }

    if (ngx_dots_dtls_is_hello(data, len)) {
        ngx_dots_dtls_recv_stranger(lc, msg, to, data, len);
        return;
    }

    (void) ngx_dots_directory_route(&head, data, len);
}


/* The address that the peer sent it to. */

static ngx_int_t
ngx_dots_dtls_recv_to(struct msghdr *msg, struct sockaddr *to)
{
    struct cmsghdr       *cmsg;
    struct in_pktinfo    *pkt;
    struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    struct in6_pktinfo   *pkt6;
    struct sockaddr_in6  *sin6;
#endif

    for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {

        if (to->sa_family == AF_INET && cmsg->cmsg_level == IPPROTO_IP
            && cmsg->cmsg_type == IP_PKTINFO)
        {
            pkt = (struct in_pktinfo *) CMSG_DATA(cmsg);
            sin = (struct sockaddr_in *) to;
            sin->sin_addr = pkt->ipi_addr;

            return NGX_OK;
        }

#if (NGX_HAVE_INET6)

        if (to->sa_family == AF_INET6 && cmsg->cmsg_level == IPPROTO_IPV6
            && cmsg->cmsg_type == IPV6_PKTINFO)
        {
            pkt6 = (struct in6_pktinfo *) CMSG_DATA(cmsg);
            sin6 = (struct sockaddr_in6 *) to;
            sin6->sin6_addr = pkt6->ipi6_addr;

            return NGX_OK;
        }

#endif
    }

    return NGX_DECLINED;
}


/* ---- the connection of a hello ---- */

static void
ngx_dots_dtls_recv_stranger(ngx_connection_t *lc, struct msghdr *msg,
    struct sockaddr *to, u_char *data, size_t len)
{
    ngx_log_t         *log;
    ngx_connection_t  *c;

    log = lc->read->log;

#if (NGX_STAT_STUB)
    (void) ngx_atomic_fetch_add(ngx_stat_accepted, 1);
#endif

    ngx_accept_disabled = ngx_cycle->connection_n / 8
                          - ngx_cycle->free_connection_n;

    c = ngx_get_connection(lc->fd, log);
    if (c == NULL) {
        return;
    }

#if (NGX_STAT_STUB)
    (void) ngx_atomic_fetch_add(ngx_stat_active, 1);
#endif

    c->shared = 1;
    c->type = SOCK_DGRAM;

    c->pool = ngx_create_pool(lc->listening->pool_size, log);

    if (c->pool == NULL
        || ngx_dots_dtls_recv_connect(c, lc->listening, msg, to) != NGX_OK
        || (c->buffer = ngx_create_temp_buf(c->pool, len)) == NULL)
    {
        ngx_dots_dtls_recv_close(c);
        return;
    }

    c->buffer->last = ngx_cpymem(c->buffer->last, data, len);

#if (NGX_STAT_STUB)
    (void) ngx_atomic_fetch_add(ngx_stat_handled, 1);
#endif

    lc->listening->handler(c);
}


/* Everything about it but what it said. */

static ngx_int_t
ngx_dots_dtls_recv_connect(ngx_connection_t *c, ngx_listening_t *ls,
    struct msghdr *msg, struct sockaddr *to)
{
    ngx_log_t  *log;

    c->socklen = ngx_min(msg->msg_namelen, (socklen_t) sizeof(ngx_sockaddr_t));
    c->local_socklen = ls->socklen;

    c->sockaddr = ngx_palloc(c->pool, c->socklen);
    c->local_sockaddr = ngx_palloc(c->pool, c->local_socklen);
    log = ngx_palloc(c->pool, sizeof(ngx_log_t));

    if (c->sockaddr == NULL || c->local_sockaddr == NULL || log == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(c->sockaddr, msg->msg_name, c->socklen);
    ngx_memcpy(c->local_sockaddr, to, c->local_socklen);

    *log = ls->log;
    log->data = NULL;
    log->handler = NULL;

    c->log = log;
    c->pool->log = log;
    c->read->log = log;
    c->write->log = log;

    c->listening = ls;
    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);
    c->start_time = ngx_current_msec;

    c->recv = ngx_dots_dtls_recv_none;
    c->send = ngx_udp_send;
    c->send_chain = ngx_udp_send_chain;

    c->read->active = 1;
    c->write->ready = 1;

    return ngx_dots_dtls_recv_text(c);
}


static ngx_int_t
ngx_dots_dtls_recv_text(ngx_connection_t *c)
{
    ngx_listening_t  *ls;

    ls = c->listening;

    if (ls->addr_ntop) {
        c->addr_text.data = ngx_pnalloc(c->pool, ls->addr_text_max_len);
        if (c->addr_text.data == NULL) {
            return NGX_ERROR;
        }

        c->addr_text.len = ngx_sock_ntop(c->sockaddr, c->socklen,
                                         c->addr_text.data,
                                         ls->addr_text_max_len, 0);
        if (c->addr_text.len == 0) {
            return NGX_ERROR;
        }
    }

#if (NGX_DEBUG)
    ngx_debug_accepted_connection(ngx_event_get_conf(ngx_cycle->conf_ctx,
                                                     ngx_event_core_module),
                                  c);
#endif

    return NGX_OK;
}


/* The socket is everybody's: what comes for this peer is brought to it. */

static ssize_t
ngx_dots_dtls_recv_none(ngx_connection_t *c, u_char *buf, size_t size)
{
    return NGX_AGAIN;
}


static void
ngx_dots_dtls_recv_close(ngx_connection_t *c)
{
    ngx_free_connection(c);

    c->fd = (ngx_socket_t) -1;

    if (c->pool) {
        ngx_destroy_pool(c->pool);
    }

#if (NGX_STAT_STUB)
    (void) ngx_atomic_fetch_add(ngx_stat_active, -1);
#endif
}
