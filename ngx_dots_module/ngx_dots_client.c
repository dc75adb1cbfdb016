#include "ngx_dots_client.h"
#include "ngx_dots_psk.h"
#include "ngx_dots_zone.h"


#define NGX_DOTS_CLIENT_PART    32      /* of the zone: who is heard */
#define NGX_DOTS_CLIENT_KNOWN   64      /* whose credentials are whose */
#define NGX_DOTS_CLIENT_SILENCE 60000   /* ms between reports that it is full */
#define NGX_DOTS_CLIENT_HASH    16      /* bytes of a recommended cuid's */
#define NGX_DOTS_CLIENT_CUID    24      /* and of its base64url */
#define NGX_DOTS_CLIENT_ARENA   (4 * 1024 * 1024) /* all it preconfigured */
#define NGX_DOTS_CLIENT_RETRY   5000    /* ms until it is tried once more */


struct ngx_dots_client_s {
    ngx_dots_client_t      *next;
    const dots_customer_t  *customer;
    dots_presence_key_t     key;
    int64_t                 entry;      /* below 0: there is no room */
    size_t                  len;
    u_char                  cuid[];
};


/*
 * A client that was lost and whose preconfigured mitigations are to begin: of
 * this it is told once, so whoever was told does not give up.  Has no pointer
 * into a configuration: it may outlive one.
 */

typedef struct {
    ngx_event_t             retry;      /* cancelable: a worker that leaves has
                                           time for one attempt */
    dots_presence_key_t     key;
    int64_t                 since;
    unsigned                reported:1;
    size_t                  customer;   /* bytes of its name, before the cuid */
    size_t                  cuid;
    u_char                  names[];
} ngx_dots_client_loss_t;


static ngx_int_t ngx_dots_client_presume(SSL *ssl,
    u_char cuid[NGX_DOTS_CLIENT_CUID], size_t *len);
static void ngx_dots_client_add(ngx_dots_clients_t *clients,
    const dots_customer_t *customer, dots_str_t cuid);
static ngx_uint_t ngx_dots_client_any(ngx_dots_clients_t *clients,
    int (*has)(dots_registry_t *r, dots_str_t customer, dots_str_t cuid));
static ngx_uint_t ngx_dots_client_elsewhere(ngx_dots_clients_t *clients,
    int64_t since);
static void ngx_dots_client_note(ngx_dots_client_t *client, int64_t since,
    ngx_connection_t *c);
static void ngx_dots_client_begin(ngx_dots_client_t *client, int64_t since);
static void ngx_dots_client_retry(ngx_event_t *ev);
static ngx_int_t ngx_dots_client_trigger(ngx_dots_client_loss_t *loss);
static void ngx_dots_client_triggered(dots_request_t *rq);
static void ngx_dots_client_failed(ngx_dots_client_loss_t *loss,
    const char *why);


ngx_int_t
ngx_dots_client_init_zone(ngx_slab_pool_t *pool, ngx_dots_shared_t *shared,
    size_t size)
{
    void  *presence, *presumed;

    presence = ngx_slab_alloc(pool, size / NGX_DOTS_CLIENT_PART);
    presumed = ngx_slab_alloc(pool, size / NGX_DOTS_CLIENT_KNOWN);

    if (presence == NULL || presumed == NULL) {
        return NGX_ERROR;
    }

    shared->presence = dots_presence_create(presence,
                                            size / NGX_DOTS_CLIENT_PART);
    shared->presumed = dots_presumed_create(presumed,
                                            size / NGX_DOTS_CLIENT_KNOWN);

    return shared->presence && shared->presumed ? NGX_OK : NGX_ERROR;
}


/* ---- who they are ---- */

static dots_presence_key_t
ngx_dots_client_key(const dots_customer_t *customer, dots_str_t cuid)
{
    dots_presence_key_t  key;

    key.customer = dots_registry_hash(customer->name);
    key.cuid = dots_registry_hash(cuid);

    return key;
}


void
ngx_dots_client_open(ngx_dots_clients_t *clients,
    const dots_customer_t *customer, SSL *ssl)
{
    size_t      len;
    u_char      cuid[NGX_DOTS_CLIENT_CUID], used[DOTS_CUID_MAX];
    dots_str_t  presumed;

    ngx_memzero(clients, sizeof(ngx_dots_clients_t));

    clients->heard = ngx_current_msec;

    if (ngx_dots_client_presume(ssl, cuid, &len) != NGX_OK) {
        return;
    }

    presumed = dots_str(cuid, len);

    clients->presumed = ngx_dots_client_key(customer, presumed);

    ngx_dots_client_add(clients, customer, presumed);

    len = dots_presumed_cuid(ngx_dots_shared->presumed, &clients->presumed,
                             used);

    if (len && ngx_memn2cmp(used, cuid, len, presumed.len) != 0) {
        ngx_dots_client_add(clients, customer, dots_str(used, len));
    }
}


/*
 * RFC 9132 section 4.4.1.1: SHA-256 of the certificate's SubjectPublicKeyInfo
 * or of the PSK identity, its first 16 bytes in base64url without padding.
 */

static ngx_int_t
ngx_dots_client_presume(SSL *ssl, u_char cuid[NGX_DOTS_CLIENT_CUID],
    size_t *len)
{
    int         n, ok;
    X509       *cert;
    u_char      hash[EVP_MAX_MD_SIZE], *der;
    ngx_str_t   src, dst;
    dots_str_t  identity;

    cert = SSL_get_peer_certificate(ssl);

    if (cert) {
        der = NULL;
        n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
        ok = (n > 0 && EVP_Digest(der, n, hash, NULL, EVP_sha256(), NULL) == 1);

        OPENSSL_free(der);
        X509_free(cert);

    } else {
        ok = (ngx_dots_psk_identity(ngx_dots_get_conf(ngx_cycle), ssl,
                                    &identity)
              == NGX_OK
              && EVP_Digest(identity.data, identity.len, hash, NULL,
                            EVP_sha256(), NULL) == 1);
    }

    if (!ok) {
        ERR_clear_error();
        return NGX_ERROR;
    }

    src.data = hash;
    src.len = NGX_DOTS_CLIENT_HASH;
    dst.data = cuid;

    ngx_encode_base64url(&dst, &src);

    *len = dst.len;

    return NGX_OK;
}


static void
ngx_dots_client_add(ngx_dots_clients_t *clients,
    const dots_customer_t *customer, dots_str_t cuid)
{
    ngx_dots_client_t  *client;

    static ngx_msec_t   reported;

    client = ngx_alloc(sizeof(ngx_dots_client_t) + cuid.len, ngx_cycle->log);
    if (client == NULL) {
        return;
    }

    client->customer = customer;
    client->key = ngx_dots_client_key(customer, cuid);
    client->len = cuid.len;
    ngx_memcpy(client->cuid, cuid.data, cuid.len);

    client->entry = dots_presence_join(ngx_dots_shared->presence,
                                       (uint32_t) ngx_pid, &client->key,
                                       clients->heard);

    if (client->entry < 0
        && (reported == 0
            || ngx_current_msec - reported > NGX_DOTS_CLIENT_SILENCE))
    {
        reported = ngx_current_msec;

        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "dots: no room to note which clients are heard: a "
                      "client with several sessions may seem lost, enlarge "
                      "\"zone\"");
    }

    client->next = clients->list;
    clients->list = client;
    clients->n++;
}


static void
ngx_dots_client_remove(ngx_dots_clients_t *clients)
{
    ngx_dots_client_t  *client;

    client = clients->list;
    clients->list = client->next;
    clients->n--;

    if (client->entry >= 0) {
        dots_presence_leave(ngx_dots_shared->presence, &client->key,
                            client->entry);
    }

    ngx_free(client);
}


void
ngx_dots_client_close(ngx_dots_clients_t *clients)
{
    while (clients->list) {
        ngx_dots_client_remove(clients);
    }
}


void
ngx_dots_client_named(ngx_dots_clients_t *clients,
    const dots_customer_t *customer, dots_str_t cuid)
{
    ngx_uint_t            of;
    ngx_dots_client_t    *client;
    dots_presence_key_t   key;

    key = ngx_dots_client_key(customer, cuid);
    of = 0;

    /* what was presumed may not be so */

    if (!clients->named) {
        ngx_dots_client_close(clients);
        clients->named = 1;
    }

    for (client = clients->list; client; client = client->next) {

        if (client->key.customer != key.customer) {
            continue;
        }

        if (client->key.cuid == key.cuid) {
            return;
        }

        of++;
    }

    if (clients->n >= NGX_DOTS_CLIENTS * DOTS_SIGNAL_SHARES
        || of >= NGX_DOTS_CLIENTS)
    {
        return;
    }

    ngx_dots_client_add(clients, customer, cuid);

    if (key.customer == clients->presumed.customer) {
        dots_presumed_note(ngx_dots_shared->presumed, &clients->presumed, cuid);
    }
}


/* ---- what is known of them ---- */

void
ngx_dots_client_heard(ngx_dots_clients_t *clients)
{
    ngx_dots_client_t  *client;

    clients->heard = ngx_current_msec;

    for (client = clients->list; client; client = client->next) {

        if (client->entry >= 0) {
            dots_presence_heard(ngx_dots_shared->presence, client->entry,
                                ngx_current_msec);
        }
    }
}


ngx_uint_t
ngx_dots_client_mitigating(ngx_dots_clients_t *clients)
{
    return ngx_dots_client_any(clients, dots_registry_mitigating);
}


ngx_uint_t
ngx_dots_client_protecting(ngx_dots_clients_t *clients)
{
    return ngx_dots_client_any(clients, dots_registry_protecting);
}


static ngx_uint_t
ngx_dots_client_any(ngx_dots_clients_t *clients,
    int (*has)(dots_registry_t *r, dots_str_t customer, dots_str_t cuid))
{
    ngx_uint_t          any;
    dots_registry_t    *r;
    ngx_dots_client_t  *client;

    r = ngx_dots_zone_lock(0);

    if (r == NULL) {
        return 0;
    }

    any = 0;

    for (client = clients->list; client && !any; client = client->next) {
        any = has(r, client->customer->name,
                  dots_str(client->cuid, client->len));
    }

    ngx_dots_zone_unlock();

    return any;
}


/*
 * All clients of the session are one peer: one that is heard says that the peer
 * is there.  So does a session with the same credentials that has not named its
 * client yet.
 */

static ngx_uint_t
ngx_dots_client_elsewhere(ngx_dots_clients_t *clients, int64_t since)
{
    dots_presence_t    *p;
    ngx_dots_client_t  *client;

    p = ngx_dots_shared->presence;

    if (dots_presence_last(p, &clients->presumed) > since) {
        return 1;
    }

    for (client = clients->list; client; client = client->next) {

        if (dots_presence_last(p, &client->key) > since) {
            return 1;
        }
    }

    return 0;
}


void
ngx_dots_client_lost(ngx_dots_clients_t *clients, int64_t since,
    ngx_connection_t *c)
{
    ngx_dots_client_t  *client;

    if (ngx_dots_client_elsewhere(clients, since)) {
        ngx_log_error(NGX_LOG_INFO, c->log, 0,
                      "DOTS session silent for %L ms, another session of its "
                      "client is not", ngx_current_msec - since);
        return;
    }

    for (client = clients->list; client; client = client->next) {

        if (dots_presence_lose(ngx_dots_shared->presence, &client->key, since,
                               ngx_current_msec)
            == DOTS_OK)
        {
            ngx_dots_client_note(client, since, c);
            ngx_dots_client_begin(client, since);
        }

        /* the first is what is known of its credentials, if anything is */

        if (!clients->named) {
            return;
        }
    }
}


static void
ngx_dots_client_note(ngx_dots_client_t *client, int64_t since,
    ngx_connection_t *c)
{
    ngx_str_t       cuid;
    ngx_dots_log_t  entry;

    ngx_memzero(&entry, sizeof(ngx_dots_log_t));

    ngx_str_set(&entry.channel, "signal");
    ngx_str_set(&entry.reason, "session lost: no traffic and no answer to "
                "heartbeats");

    entry.peer = c->addr_text;
    entry.customer = client->customer->name;
    entry.cuid = dots_str(client->cuid, client->len);

    ngx_dots_log(&entry);

    cuid.data = client->cuid;
    cuid.len = client->len;

    ngx_log_error(NGX_LOG_INFO, c->log, 0,
                  "DOTS session of cuid \"%V\" lost: nothing heard for %L ms",
                  &cuid, ngx_current_msec - since);
}


/*
 * "The DOTS server can then trigger preconfigured mitigation requests for this
 * DOTS client (if any)", RFC 9132 section 4.7.
 */

static void
ngx_dots_client_begin(ngx_dots_client_t *client, int64_t since)
{
    u_char                  *p;
    ngx_dots_client_loss_t  *loss;

    loss = ngx_calloc(sizeof(ngx_dots_client_loss_t)
                      + client->customer->name.len + client->len,
                      ngx_cycle->log);
    if (loss == NULL) {
        return;
    }

    loss->key = client->key;
    loss->since = since;
    loss->customer = client->customer->name.len;
    loss->cuid = client->len;

    p = ngx_cpymem(loss->names, client->customer->name.data, loss->customer);
    ngx_memcpy(p, client->cuid, loss->cuid);

    loss->retry.handler = ngx_dots_client_retry;
    loss->retry.data = loss;
    loss->retry.log = ngx_cycle->log;
    loss->retry.cancelable = 1;

    ngx_dots_client_retry(&loss->retry);
}


/* A client that spoke again meanwhile asks for what it wants by itself. */

static void
ngx_dots_client_retry(ngx_event_t *ev)
{
    ngx_dots_client_loss_t  *loss;

    loss = ev->data;

    if (dots_presence_last(ngx_dots_shared->presence, &loss->key)
        > loss->since)
    {
        ngx_free(loss);
        return;
    }

    if (ngx_dots_client_trigger(loss) != NGX_OK) {
        ngx_dots_client_failed(loss, "no memory");
    }
}


/* NGX_OK: ngx_dots_client_triggered() is called, or the customer is gone. */

static ngx_int_t
ngx_dots_client_trigger(ngx_dots_client_loss_t *loss)
{
    dots_arena_t           *arena;
    dots_request_t         *rq;
    const dots_customer_t  *customer;

    customer = dots_customers_by_name(ngx_dots_get_conf(ngx_cycle)->customers,
                                      dots_str(loss->names, loss->customer));

    if (customer == NULL) {
        ngx_free(loss);
        return NGX_OK;
    }

    arena = dots_arena_create(NGX_DOTS_CLIENT_ARENA);
    if (arena == NULL) {
        return NGX_ERROR;
    }

    rq = dots_arena_alloc(arena, sizeof(dots_request_t));

    if (rq == NULL
        || dots_arena_dup(arena, &rq->cuid,
                          dots_str(loss->names + loss->customer, loss->cuid))
           != DOTS_OK)
    {
        dots_arena_destroy(arena);
        return NGX_ERROR;
    }

    rq->arena = arena;
    rq->operation = DOTS_MITIGATION_TRIGGER;
    rq->customer = customer;
    rq->done = ngx_dots_client_triggered;
    rq->data = loss;

    /* no names are resolved: they were when it was preconfigured */

    ngx_dots_submit(rq, NULL, 0, ngx_cycle->log);

    return NGX_OK;
}


static void
ngx_dots_client_triggered(dots_request_t *rq)
{
    ngx_dots_client_loss_t  *loss;

    loss = rq->data;

    if (rq->verdict == DOTS_VERDICT_CHANGED
        || rq->verdict == DOTS_VERDICT_NOT_FOUND)
    {
        ngx_free(loss);

    } else {
        ngx_dots_client_failed(loss, rq->verdict == DOTS_VERDICT_FULL
                                     ? "no room for them" : rq->fault.message);
    }

    dots_arena_destroy(rq->arena);
}


static void
ngx_dots_client_failed(ngx_dots_client_loss_t *loss, const char *why)
{
    ngx_str_t  name;

    if (!loss->reported) {
        name.len = loss->customer;
        name.data = loss->names;

        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "dots: preconfigured mitigations of a lost client of "
                      "\"%V\" do not begin: %s; trying again", &name, why);
        loss->reported = 1;
    }

    ngx_add_timer(&loss->retry, NGX_DOTS_CLIENT_RETRY);
}
