#include "ngx_dots_link.h"
#include "ngx_dots_process.h"


#define NGX_DOTS_LINK_BATCH   16        /* as ngx_dots_dtls_recv.c */
#define NGX_DOTS_LINK_SMALL   2048      /* bytes; others leave by themselves */
#define NGX_DOTS_LINK_BUFFER  (1024 * 1024) /* of a queue, if the kernel lets */
#define NGX_DOTS_LINK_TURN    256       /* datagrams, see below */
#define NGX_DOTS_LINK_SILENCE 60        /* s between reports of lost ones */


typedef struct {
    ngx_dots_link_head_t    head;
    u_char                  data[NGX_DOTS_LINK_DATA];
} ngx_dots_link_in_t;

typedef struct {
    ngx_dots_link_head_t    head;
    u_char                  data[NGX_DOTS_LINK_SMALL];
} ngx_dots_link_out_t;

typedef struct {
    ngx_dots_slot_t        *slot;       /* ours; NULL: none */
    ngx_dots_link_pt        handler;
    ngx_uint_t              taken;      /* in this turn */

    ngx_dots_slot_t        *to;         /* whom the batch is for */
    unsigned                n;          /* in it */
    ngx_uint_t              lost;       /* since the last report */
    time_t                  reported;
} ngx_dots_link_t;


static void ngx_dots_link_read(ngx_event_t *ev);
static void ngx_dots_link_taken(ngx_uint_t n);
static void ngx_dots_link_lost(ngx_dots_slot_t *slot, ngx_uint_t n,
    ngx_err_t err);


static ngx_dots_link_t      ngx_dots_link;      /* of this process */

static struct mmsghdr       ngx_dots_link_msgs[NGX_DOTS_LINK_BATCH];
static struct iovec         ngx_dots_link_iovs[NGX_DOTS_LINK_BATCH];
static ngx_dots_link_in_t   ngx_dots_link_in[NGX_DOTS_LINK_BATCH];

static struct mmsghdr       ngx_dots_link_outs[NGX_DOTS_LINK_BATCH];
static struct iovec         ngx_dots_link_oiovs[NGX_DOTS_LINK_BATCH];
static ngx_dots_link_out_t  ngx_dots_link_out[NGX_DOTS_LINK_BATCH];


ngx_int_t
ngx_dots_link_create(ngx_dots_slot_t *slot, ngx_log_t *log)
{
    int  size;

    if (socketpair(AF_UNIX, SOCK_DGRAM|SOCK_NONBLOCK|SOCK_CLOEXEC, 0,
                   slot->link)
        == -1)
    {
        ngx_log_error(NGX_LOG_EMERG, log, ngx_socket_errno,
                      "socketpair() failed");
        return NGX_ERROR;
    }

    /* of a pair's queue only the writer's buffer is the bound */

    size = NGX_DOTS_LINK_BUFFER;

    if (setsockopt(slot->link[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(int))
        == -1)
    {
        ngx_log_error(NGX_LOG_WARN, log, ngx_socket_errno,
                      "setsockopt(SO_SNDBUF) failed");
    }

    return NGX_OK;
}


ngx_int_t
ngx_dots_link_init_process(ngx_cycle_t *cycle, ngx_uint_t slot,
    ngx_dots_link_pt handler)
{
    u_char      byte;
    ngx_uint_t  i;

    ngx_memzero(&ngx_dots_link, sizeof(ngx_dots_link_t));

    ngx_dots_link.slot = &ngx_dots_shared->slots[slot];
    ngx_dots_link.handler = handler;

    ngx_memzero(ngx_dots_link_msgs, sizeof(ngx_dots_link_msgs));
    ngx_memzero(ngx_dots_link_outs, sizeof(ngx_dots_link_outs));

    for (i = 0; i < NGX_DOTS_LINK_BATCH; i++) {
        ngx_dots_link_iovs[i].iov_base = &ngx_dots_link_in[i];
        ngx_dots_link_iovs[i].iov_len = sizeof(ngx_dots_link_in_t);
        ngx_dots_link_msgs[i].msg_hdr.msg_iov = &ngx_dots_link_iovs[i];
        ngx_dots_link_msgs[i].msg_hdr.msg_iovlen = 1;

        ngx_dots_link_oiovs[i].iov_base = &ngx_dots_link_out[i];
        ngx_dots_link_outs[i].msg_hdr.msg_iov = &ngx_dots_link_oiovs[i];
        ngx_dots_link_outs[i].msg_hdr.msg_iovlen = 1;
    }

    /* what was meant for the one who had the slot before */

    while (recv(ngx_dots_link.slot->link[0], &byte, 1, 0) >= 0) {
        /* void */
    }

    return ngx_dots_process_watch(cycle, ngx_dots_link.slot->link[0],
                                  ngx_dots_link_read);
}


/* ---- in: level-triggered, a batch a turn of the event loop ---- */

static void
ngx_dots_link_read(ngx_event_t *ev)
{
    int                  i, n;
    ngx_connection_t    *c;
    ngx_dots_link_in_t  *in;

    c = ev->data;

    n = recvmmsg(c->fd, ngx_dots_link_msgs, NGX_DOTS_LINK_BATCH, 0, NULL);

    if (n == -1) {
        if (ngx_socket_errno != NGX_EAGAIN) {
            ngx_log_error(NGX_LOG_ALERT, ev->log, ngx_socket_errno,
                          "recvmmsg() failed");
        }

        return;
    }

    ngx_dots_link_taken(n);

    for (i = 0; i < n; i++) {

        in = &ngx_dots_link_in[i];

        if (ngx_dots_link_msgs[i].msg_len >= sizeof(ngx_dots_link_head_t)) {
            ngx_dots_link.handler(&in->head, in->data,
                                  ngx_dots_link_msgs[i].msg_len
                                  - sizeof(ngx_dots_link_head_t));
        }
    }

    ngx_dots_link_flush();
}


/*
 * A turn is over when the queue is empty, or so many were taken from it.  A
 * peer whose address somebody forges in a flood gets its share of a turn, and
 * the others theirs.
 */

static void
ngx_dots_link_taken(ngx_uint_t n)
{
    ngx_dots_link.taken += n;

    if (n < NGX_DOTS_LINK_BATCH || ngx_dots_link.taken >= NGX_DOTS_LINK_TURN) {
        ngx_dots_link.taken = 0;
        ngx_dots_link.slot->turn++;
    }
}


/* ---- out ---- */

void
ngx_dots_link_send(ngx_uint_t slot, const ngx_dots_link_head_t *head,
    const u_char *data, size_t len)
{
    struct iovec          iov[2];
    struct msghdr         msg;
    ngx_dots_slot_t      *to;
    ngx_dots_link_out_t  *out;

    to = &ngx_dots_shared->slots[slot];

    if (ngx_dots_link.to != to || ngx_dots_link.n == NGX_DOTS_LINK_BATCH
        || len > NGX_DOTS_LINK_SMALL)
    {
        ngx_dots_link_flush();
    }

    ngx_dots_link.to = to;

    if (len <= NGX_DOTS_LINK_SMALL) {
        out = &ngx_dots_link_out[ngx_dots_link.n];
        out->head = *head;

        if (len) {
            ngx_memcpy(out->data, data, len);
        }

        ngx_dots_link_oiovs[ngx_dots_link.n++].iov_len =
                                          sizeof(ngx_dots_link_head_t) + len;
        return;
    }

    iov[0].iov_base = (void *) head;
    iov[0].iov_len = sizeof(ngx_dots_link_head_t);
    iov[1].iov_base = (void *) data;
    iov[1].iov_len = len;

    ngx_memzero(&msg, sizeof(struct msghdr));
    msg.msg_iov = iov;
    msg.msg_iovlen = 2;

    if (sendmsg(to->link[1], &msg, MSG_DONTWAIT) == -1) {
        ngx_dots_link_lost(to, 1, ngx_socket_errno);
    }
}


void
ngx_dots_link_flush(void)
{
    int       n;
    unsigned  sent;

    for (sent = 0; sent < ngx_dots_link.n; sent += n) {

        n = sendmmsg(ngx_dots_link.to->link[1], &ngx_dots_link_outs[sent],
                     ngx_dots_link.n - sent, MSG_DONTWAIT);

        if (n <= 0) {
            ngx_dots_link_lost(ngx_dots_link.to, ngx_dots_link.n - sent,
                               ngx_socket_errno);
            break;
        }
    }

    ngx_dots_link.n = 0;
}


static void
ngx_dots_link_lost(ngx_dots_slot_t *slot, ngx_uint_t n, ngx_err_t err)
{
    ngx_dots_link.lost += n;

    if (ngx_time() - ngx_dots_link.reported < NGX_DOTS_LINK_SILENCE) {
        return;
    }

    ngx_log_error(NGX_LOG_INFO, ngx_cycle->log, err,
                  "dots: %ui datagrams lost on their way to process %uA",
                  ngx_dots_link.lost, slot->pid);

    ngx_dots_link.lost = 0;
    ngx_dots_link.reported = ngx_time();
}
