#include <openssl/rand.h>

#include "ngx_dots_directory.h"
#include "ngx_dots_process.h"
#include "ngx_dots_zone.h"


#define NGX_DOTS_DIRECTORY_PART     16  /* of the zone */
#define NGX_DOTS_DIRECTORY_SILENCE  60  /* s between reports that it is full */


typedef struct {
    const ngx_dots_directory_ops_t  *ops;
    ngx_rbtree_t                     flows;
    ngx_rbtree_node_t                sentinel;
    time_t                           reported;
} ngx_dots_directory_t;


static u_char *ngx_dots_directory_end(u_char *p, struct sockaddr *sa);
static ngx_dots_flow_t *ngx_dots_directory_find(
    const ngx_dots_link_head_t *head);
static ngx_uint_t ngx_dots_directory_slot(
    const dots_directory_owner_t *owner);
static int ngx_dots_directory_alive(void *ctx,
    const dots_directory_owner_t *owner);
static void ngx_dots_directory_full(void);


static ngx_dots_directory_t  ngx_dots_directory;    /* of this process */


ngx_int_t
ngx_dots_directory_init_zone(ngx_slab_pool_t *pool, ngx_dots_shared_t *shared,
    size_t size)
{
    void    *memory;
    u_char   secret[DOTS_DIRECTORY_SECRET];

    size /= NGX_DOTS_DIRECTORY_PART;

    memory = ngx_slab_alloc(pool, size);

    if (memory == NULL || RAND_bytes(secret, sizeof(secret)) != 1) {
        return NGX_ERROR;
    }

    shared->directory = dots_directory_create(memory, size, secret);

    ngx_explicit_memzero(secret, sizeof(secret));

    return shared->directory ? NGX_OK : NGX_ERROR;
}


void
ngx_dots_directory_init_process(const ngx_dots_directory_ops_t *ops)
{
    ngx_memzero(&ngx_dots_directory, sizeof(ngx_dots_directory_t));

    ngx_dots_directory.ops = ops;

    ngx_rbtree_init(&ngx_dots_directory.flows, &ngx_dots_directory.sentinel,
                    ngx_rbtree_insert_value);
}


/* ---- addresses ---- */

/* Family, port, scope, address; not the padding of a sockaddr. */

static u_char *
ngx_dots_directory_end(u_char *p, struct sockaddr *sa)
{
    in_port_t             port;
    struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

    ngx_memzero(p, NGX_DOTS_LINK_ADDRESS / 2);

    port = ngx_inet_get_port(sa);

    p[0] = (u_char) sa->sa_family;
    ngx_memcpy(p + 2, &port, sizeof(in_port_t));

    switch (sa->sa_family) {

#if (NGX_HAVE_INET6)
    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) sa;
        ngx_memcpy(p + 4, &sin6->sin6_scope_id, sizeof(uint32_t));
        ngx_memcpy(p + 8, &sin6->sin6_addr, sizeof(struct in6_addr));
        break;
#endif

    case AF_INET:
        sin = (struct sockaddr_in *) sa;
        ngx_memcpy(p + 8, &sin->sin_addr, sizeof(struct in_addr));
        break;
    }

    return p + NGX_DOTS_LINK_ADDRESS / 2;
}


void
ngx_dots_directory_flow(ngx_dots_link_head_t *head, struct sockaddr *peer,
    struct sockaddr *local)
{
    u_char  *p;

    p = ngx_dots_directory_end(head->address, peer);
    (void) ngx_dots_directory_end(p, local);

    head->tag = dots_directory_tag(ngx_dots_shared->directory, head->address,
                                   NGX_DOTS_LINK_ADDRESS);
    head->type = NGX_DOTS_LINK_DATAGRAM;
}


/* ---- sessions of this process ---- */

void
ngx_dots_directory_open(ngx_dots_flow_t *flow, ngx_connection_t *c)
{
    ngx_dots_link_head_t  head;

    ngx_dots_directory_flow(&head, c->sockaddr, c->local_sockaddr);

    flow->tag = head.tag;
    ngx_memcpy(flow->address, head.address, NGX_DOTS_LINK_ADDRESS);

    flow->node.key = (ngx_rbtree_key_t) flow->tag;

    ngx_rbtree_insert(&ngx_dots_directory.flows, &flow->node);
}


void
ngx_dots_directory_close(ngx_dots_flow_t *flow)
{
    ngx_rbtree_delete(&ngx_dots_directory.flows, &flow->node);

    if (!flow->listed) {
        return;
    }

    flow->listed = 0;

    ngx_dots_zone_hold();

    dots_directory_remove(ngx_dots_shared->directory, flow->tag,
                          (uint32_t) ngx_pid);

    ngx_dots_zone_release();
}


static ngx_dots_flow_t *
ngx_dots_directory_find(const ngx_dots_link_head_t *head)
{
    ngx_dots_flow_t    *flow;
    ngx_rbtree_key_t    key;
    ngx_rbtree_node_t  *node;

    key = (ngx_rbtree_key_t) head->tag;
    node = ngx_dots_directory.flows.root;

    while (node != &ngx_dots_directory.sentinel) {

        if (key != node->key) {
            node = (key < node->key) ? node->left : node->right;
            continue;
        }

        flow = (ngx_dots_flow_t *) node;

        if (flow->tag == head->tag
            && ngx_memcmp(flow->address, head->address, NGX_DOTS_LINK_ADDRESS)
               == 0)
        {
            return flow;
        }

        /* two addresses with one tag do not happen, and only one is found */

        return NULL;
    }

    return NULL;
}


ngx_int_t
ngx_dots_directory_input(const ngx_dots_link_head_t *head, u_char *data,
    size_t len)
{
    ngx_dots_flow_t  *flow;

    flow = ngx_dots_directory_find(head);

    if (flow == NULL) {
        return NGX_DECLINED;
    }

    ngx_dots_directory.ops->input(flow, data, len);

    return NGX_OK;
}


/* ---- the table ---- */

/* The owner has its slot still: as far as can be told without asking. */

static ngx_uint_t
ngx_dots_directory_slot(const dots_directory_owner_t *owner)
{
    return owner->slot < NGX_DOTS_SLOTS
           && ngx_dots_shared->slots[owner->slot].pid
              == (ngx_atomic_uint_t) owner->pid;
}


static int
ngx_dots_directory_alive(void *ctx, const dots_directory_owner_t *owner)
{
    return ngx_dots_directory_slot(owner)
           && (kill((ngx_pid_t) owner->pid, 0) == 0 || ngx_errno != ESRCH);
}


ngx_int_t
ngx_dots_directory_claim(ngx_dots_flow_t *flow, uint64_t hello)
{
    int                      rc;
    ngx_int_t                slot;
    ngx_uint_t               other;
    ngx_dots_link_head_t     head;
    dots_directory_owner_t   owner, me;

    slot = ngx_dots_process_number();

    if (slot < 0) {
        return NGX_OK;
    }

    me.pid = (uint32_t) ngx_pid;
    me.slot = (uint32_t) slot;
    me.hello = hello;

    ngx_dots_zone_hold();

    other = dots_directory_find(ngx_dots_shared->directory, flow->tag, &owner)
            == DOTS_OK
            && owner.pid != me.pid && ngx_dots_directory_alive(NULL, &owner);

    if (other && owner.hello == hello) {
        ngx_dots_zone_release();
        return NGX_BUSY;
    }

    rc = dots_directory_put(ngx_dots_shared->directory, flow->tag, &me,
                            ngx_dots_directory_alive, NULL);

    ngx_dots_zone_release();

    flow->listed = (rc == DOTS_OK);

    if (rc != DOTS_OK) {
        ngx_dots_directory_full();
    }

    if (other) {
        head.tag = flow->tag;
        head.type = NGX_DOTS_LINK_REPLACED;
        ngx_memcpy(head.address, flow->address, NGX_DOTS_LINK_ADDRESS);

        ngx_dots_link_send(owner.slot, &head, NULL, 0);
        ngx_dots_link_flush();
    }

    return NGX_OK;
}


static void
ngx_dots_directory_full(void)
{
    if (ngx_time() - ngx_dots_directory.reported < NGX_DOTS_DIRECTORY_SILENCE) {
        return;
    }

    ngx_dots_directory.reported = ngx_time();

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "dots: no room to note whose sessions are whose, %uz times "
                  "so far: they may not survive a reload, enlarge \"zone\"",
                  dots_directory_refused(ngx_dots_shared->directory));
}


ngx_uint_t
ngx_dots_directory_mine(ngx_dots_flow_t *flow)
{
    dots_directory_owner_t  owner;

    return !flow->listed
           || dots_directory_find(ngx_dots_shared->directory, flow->tag,
                                  &owner)
              != DOTS_OK
           || owner.pid == (uint32_t) ngx_pid;
}


void
ngx_dots_directory_reap(ngx_pid_t pid)
{
    ngx_dots_zone_hold();

    dots_directory_reap(ngx_dots_shared->directory, (uint32_t) pid);

    ngx_dots_zone_release();
}


/* ---- from one process to another ---- */

ngx_int_t
ngx_dots_directory_route(ngx_dots_link_head_t *head, u_char *data, size_t len)
{
    dots_directory_owner_t   owner;

    if (ngx_dots_process_number() < 0) {
        return NGX_DECLINED;
    }

    if (dots_directory_find(ngx_dots_shared->directory, head->tag, &owner)
        != DOTS_OK)
    {
        return NGX_DECLINED;
    }

    if (owner.pid == (uint32_t) ngx_pid) {
        return NGX_DECLINED;
    }

    if (!ngx_dots_directory_slot(&owner)) {

        /* it died, and took its sessions along */

        ngx_dots_zone_hold();

        dots_directory_remove(ngx_dots_shared->directory, head->tag, owner.pid);

        ngx_dots_zone_release();

        return NGX_DECLINED;
    }

    if (len <= NGX_DOTS_LINK_DATA
        && dots_directory_admit(ngx_dots_shared->directory, head->tag,
                       (uint32_t) ngx_dots_shared->slots[owner.slot].turn,
                       NGX_DOTS_LINK_SHARE))
    {
        ngx_dots_link_send(owner.slot, head, data, len);
    }

    return NGX_OK;
}


/* Never handed on: who sent it has looked, and may have been late. */

void
ngx_dots_directory_receive(ngx_dots_link_head_t *head, u_char *data,
    size_t len)
{
    ngx_dots_flow_t  *flow;

    if (head->type == NGX_DOTS_LINK_DATAGRAM) {
        (void) ngx_dots_directory_input(head, data, len);
        return;
    }

    flow = ngx_dots_directory_find(head);

    /* unless it has come back meanwhile */

    if (flow && !ngx_dots_directory_mine(flow)) {
        ngx_dots_directory.ops->replaced(flow);
    }
}
