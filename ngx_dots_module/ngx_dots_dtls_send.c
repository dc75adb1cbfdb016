#include "ngx_dots_dtls.h"


/*
 * Datagrams on their way out.  While a batch of them is read (see
 * ngx_dots_dtls_recv.c) the answers wait for its end, and leave by one system
 * call: an eighth less processor time for each (make bench, "sessions").
 */

#define NGX_DOTS_DTLS_SENDS    16       /* as ngx_dots_dtls_recv.c */
#define NGX_DOTS_DTLS_SILENCE  60       /* s between reports of lost ones */
#define NGX_DOTS_DTLS_SOURCE   CMSG_SPACE(sizeof(struct in6_pktinfo))


typedef struct {
    ngx_sockaddr_t    to;
    _Alignas(struct cmsghdr) u_char from[NGX_DOTS_DTLS_SOURCE];
    u_char            data[NGX_DOTS_DTLS_MTU];
} ngx_dots_dtls_out_t;


static size_t ngx_dots_dtls_send_source(u_char *control, struct sockaddr *sa);
static void ngx_dots_dtls_send_lost(ngx_err_t err);


/* Of this process. */

static ngx_uint_t           ngx_dots_dtls_send_held;
static ngx_socket_t         ngx_dots_dtls_send_fd;  /* of all that wait */
static unsigned             ngx_dots_dtls_send_n;
static ngx_uint_t           ngx_dots_dtls_send_failed;  /* not reported yet */
static time_t               ngx_dots_dtls_send_reported;
static struct mmsghdr       ngx_dots_dtls_send_msgs[NGX_DOTS_DTLS_SENDS];
static struct iovec         ngx_dots_dtls_send_iovs[NGX_DOTS_DTLS_SENDS];
static ngx_dots_dtls_out_t  ngx_dots_dtls_send_outs[NGX_DOTS_DTLS_SENDS];


void
ngx_dots_dtls_send_init(void)
{
    ngx_uint_t      i;
    struct msghdr  *msg;

    ngx_dots_dtls_send_held = 0;
    ngx_dots_dtls_send_n = 0;

    ngx_memzero(ngx_dots_dtls_send_msgs, sizeof(ngx_dots_dtls_send_msgs));

    for (i = 0; i < NGX_DOTS_DTLS_SENDS; i++) {
        msg = &ngx_dots_dtls_send_msgs[i].msg_hdr;

        msg->msg_name = &ngx_dots_dtls_send_outs[i].to;
        msg->msg_iov = &ngx_dots_dtls_send_iovs[i];
        msg->msg_iovlen = 1;
    }
}


void
ngx_dots_dtls_send_hold(void)
{
    ngx_dots_dtls_send_held = 1;
}


void
ngx_dots_dtls_send_release(void)
{
    ngx_dots_dtls_send_held = 0;

    ngx_dots_dtls_send_flush();
}


/* "c" need not live until it leaves, its socket has to. */

void
ngx_dots_dtls_send_datagram(ngx_connection_t *c, const u_char *data,
    size_t len)
{
    ngx_uint_t            wait;
    struct iovec         *iov;
    struct msghdr        *msg;
    ngx_dots_dtls_out_t  *out;

    if (ngx_dots_dtls_send_fd != c->fd
        || ngx_dots_dtls_send_n == NGX_DOTS_DTLS_SENDS)
    {
        ngx_dots_dtls_send_flush();
    }

    ngx_dots_dtls_send_fd = c->fd;

    out = &ngx_dots_dtls_send_outs[ngx_dots_dtls_send_n];
    iov = &ngx_dots_dtls_send_iovs[ngx_dots_dtls_send_n];
    msg = &ngx_dots_dtls_send_msgs[ngx_dots_dtls_send_n].msg_hdr;

    ngx_dots_dtls_send_n++;

    wait = ngx_dots_dtls_send_held && len <= sizeof(out->data);

    if (wait) {
        ngx_memcpy(out->data, data, len);
        data = out->data;
    }

    iov->iov_base = (u_char *) data;
    iov->iov_len = len;

    ngx_memcpy(&out->to, c->sockaddr, c->socklen);

    msg->msg_namelen = c->socklen;
    msg->msg_control = NULL;
    msg->msg_controllen = 0;

    if (c->listening->wildcard && c->local_sockaddr) {
        msg->msg_control = out->from;
        msg->msg_controllen = ngx_dots_dtls_send_source(out->from,
                                                        c->local_sockaddr);
    }

    c->sent += len;

    if (!wait) {
        ngx_dots_dtls_send_flush();
    }
}


/* An answer leaves from the address that was asked. */

static size_t
ngx_dots_dtls_send_source(u_char *control, struct sockaddr *sa)
{
    struct cmsghdr      *cmsg;
    struct in_pktinfo   *pkt;
#if (NGX_HAVE_INET6)
    struct in6_pktinfo  *pkt6;
#endif

    cmsg = (struct cmsghdr *) (void *) control;

#if (NGX_HAVE_INET6)
    if (sa->sa_family == AF_INET6) {
        cmsg->cmsg_level = IPPROTO_IPV6;
        cmsg->cmsg_type = IPV6_PKTINFO;
        cmsg->cmsg_len = CMSG_LEN(sizeof(struct in6_pktinfo));

        pkt6 = (struct in6_pktinfo *) CMSG_DATA(cmsg);
        pkt6->ipi6_addr = ((struct sockaddr_in6 *) sa)->sin6_addr;
        pkt6->ipi6_ifindex = 0;

        return CMSG_SPACE(sizeof(struct in6_pktinfo));
    }
#endif

    cmsg->cmsg_level = IPPROTO_IP;
    cmsg->cmsg_type = IP_PKTINFO;
    cmsg->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));

    pkt = (struct in_pktinfo *) CMSG_DATA(cmsg);
    ngx_memzero(pkt, sizeof(struct in_pktinfo));
    pkt->ipi_spec_dst = ((struct sockaddr_in *) sa)->sin_addr;

    return CMSG_SPACE(sizeof(struct in_pktinfo));
}


/* A full socket buffer or a missing route is a lost datagram, no more. */

void
ngx_dots_dtls_send_flush(void)
{
    int        n;
    unsigned   sent;
    ngx_err_t  err;

    for (sent = 0; sent < ngx_dots_dtls_send_n; sent += n) {

        n = sendmmsg(ngx_dots_dtls_send_fd, &ngx_dots_dtls_send_msgs[sent],
                     ngx_dots_dtls_send_n - sent, 0);

        if (n > 0) {
            continue;
        }

        err = ngx_socket_errno;

        if (err == NGX_EAGAIN) {
            break;
        }

        /* the next one goes elsewhere */

        n = err == NGX_EINTR ? 0 : 1;

        if (n) {
            ngx_dots_dtls_send_lost(err);
        }
    }

    ngx_dots_dtls_send_n = 0;
}


/* Where an answer goes is a peer's doing: a line a minute. */

static void
ngx_dots_dtls_send_lost(ngx_err_t err)
{
    ngx_dots_dtls_send_failed++;

    if (ngx_time() - ngx_dots_dtls_send_reported < NGX_DOTS_DTLS_SILENCE) {
        return;
    }

    ngx_log_error(NGX_LOG_INFO, ngx_cycle->log, err,
                  "dots: %ui datagrams could not be sent",
                  ngx_dots_dtls_send_failed);

    ngx_dots_dtls_send_failed = 0;
    ngx_dots_dtls_send_reported = ngx_time();
}
