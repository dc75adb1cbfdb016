#include "ngx_dots_changes.h"
#include "ngx_dots_drain.h"
#include "ngx_dots_limit.h"
#include "ngx_dots_peer.h"
#include "ngx_dots_policy.h"
#include "ngx_dots_psk.h"

#include "../signal/dots_signal_uri.h"


static void ngx_dots_peer_tick(ngx_event_t *ev);
static void ngx_dots_peer_send(void *data, const uint8_t *bytes, size_t len);
static int ngx_dots_peer_full(void *data);
static void ngx_dots_peer_hold(void *data, int on);
static void ngx_dots_peer_finish(void *data, const char *why);
static void ngx_dots_peer_submit(void *data, dots_request_t *rq);
static void ngx_dots_peer_audit(void *data, const dots_customer_t *customer,
    const dots_coap_message_t *request, uint8_t code, const dots_request_t *rq,
    const char *why);
static int ngx_dots_peer_admit(void *data, const dots_customer_t *customer,
    const dots_coap_message_t *request);
static void ngx_dots_peer_charge(void *data, const dots_customer_t *customer,
    const dots_coap_message_t *request, size_t cost);
static void ngx_dots_peer_observing(void *data, size_t n);
static int ngx_dots_peer_observe(void *data, const dots_customer_t *customer);
static void ngx_dots_peer_unobserve(void *data,
    const dots_customer_t *customer);
static void ngx_dots_peer_client(void *data, const dots_customer_t *customer,
    dots_str_t cuid);
static int ngx_dots_peer_mitigating(void *data);
static void ngx_dots_peer_lost(void *data, int64_t since);


static const dots_signal_ops_t  ngx_dots_peer_ops = {
    .send = ngx_dots_peer_send,
    .full = ngx_dots_peer_full,
    .hold = ngx_dots_peer_hold,
    .finish = ngx_dots_peer_finish,
    .submit = ngx_dots_peer_submit,
    .audit = ngx_dots_peer_audit,
    .admit = ngx_dots_peer_admit,
    .charge = ngx_dots_peer_charge,
    .observing = ngx_dots_peer_observing,
    .observe = ngx_dots_peer_observe,
    .unobserve = ngx_dots_peer_unobserve,
    .client = ngx_dots_peer_client,
    .mitigating = ngx_dots_peer_mitigating,
    .lost = ngx_dots_peer_lost
};


static dots_signal_looks_t  *ngx_dots_peer_looks;   /* of this process */


/* By the detail of a request's code: RFC 7252 12.1.1, RFC 8132 section 6 */

static ngx_str_t  ngx_dots_peer_methods[] = {
    ngx_null_string,
    ngx_string("GET"),
    ngx_string("POST"),
    ngx_string("PUT"),
    ngx_string("DELETE"),
    ngx_string("FETCH"),
    ngx_string("PATCH"),
    ngx_string("iPATCH")
};


/* Without memory each observer is looked after by itself. */

void
ngx_dots_peer_init_process(void)
{
    /* the only process begins anew with each configuration, sessions stay */

    if (ngx_dots_peer_looks == NULL) {
        ngx_dots_peer_looks = dots_signal_looks_create();
    }
}


void
ngx_dots_peer_exit_process(void)
{
    dots_signal_looks_destroy(ngx_dots_peer_looks);
    ngx_dots_peer_looks = NULL;
}


ngx_int_t
ngx_dots_peer_open(ngx_dots_peer_t *peer, ngx_dots_conf_t *dcf, SSL *ssl,
    size_t mtu)
{
    ngx_str_t          name;
    dots_str_t         psk;
    ngx_connection_t  *c;

    c = peer->connection;

    peer->ssl = ssl;
    peer->customer = ngx_dots_identity_session(dcf, ssl, &peer->strangers);
    peer->psk = ngx_dots_psk_identity(dcf, ssl, &psk) == NGX_OK
                ? ngx_dots_policy_psk(dcf, psk) : 0;

    if (peer->customer) {

        if (ngx_dots_limit_open(peer->customer, c->log) != NGX_OK) {
            (void) SSL_shutdown(ssl);
            return NGX_ERROR;
        }

        peer->counted = 1;
    }

    peer->tick.handler = ngx_dots_peer_tick;
    peer->tick.data = peer;
    peer->tick.log = c->log;
    peer->tick.cancelable = 1;

    /* known only now: the dots {} block may stand after stream {} */

    peer->conf->schema = dcf->schema;
    peer->conf->ops = &ngx_dots_peer_ops;
    peer->conf->lifetime = &dcf->lifetime;
    peer->conf->customers = dcf->customers;
    peer->conf->session = &dcf->session;
    peer->conf->looks = ngx_dots_peer_looks;

    peer->signal = dots_signal_create(peer->conf, peer, peer->customer,
                                      SSL_is_dtls(ssl) ? DOTS_SIGNAL_UDP
                                                       : DOTS_SIGNAL_TCP,
                                      mtu);

    if (peer->signal == NULL) {
        ngx_log_error(NGX_LOG_CRIT, c->log, 0,
                      "no memory for a signal channel");
        return NGX_ERROR;
    }

    if (peer->customer) {
        ngx_dots_client_open(&peer->clients, peer->customer, ssl);

        name.len = peer->customer->name.len;
        name.data = (u_char *) peer->customer->name.data;

    } else {
        ngx_str_set(&name, "unknown");
    }

    ngx_log_error(NGX_LOG_INFO, c->log, 0,
                  "%s session %s: customer \"%V\", %s, "
                  "messages up to %uz bytes",
                  SSL_is_dtls(ssl) ? "DTLS" : "TLS",
                  SSL_session_reused(ssl) ? "resumed" : "established", &name,
                  SSL_get_cipher_name(ssl), mtu);

    /* heartbeats begin */

    ngx_dots_peer_post(peer);

    return NGX_OK;
}


void
ngx_dots_peer_input(ngx_dots_peer_t *peer, const u_char *data, size_t len)
{
    peer->reading = 1;

    ngx_dots_client_heard(&peer->clients);

    dots_signal_input(peer->signal, data, len, ngx_current_msec);

    peer->reading = 0;
}


void
ngx_dots_peer_schedule(ngx_dots_peer_t *peer)
{
    int64_t  ms;

    ms = dots_signal_timer(peer->signal, ngx_current_msec);

    if (ms >= 0) {
        ngx_add_timer(&peer->tick, (ngx_msec_t) ms);
        return;
    }

    if (peer->tick.timer_set) {
        ngx_del_timer(&peer->tick);
    }
}


void
ngx_dots_peer_post(ngx_dots_peer_t *peer)
{
    if (!peer->tick.posted) {
        ngx_post_event(&peer->tick, &ngx_posted_events);
    }
}


static void
ngx_dots_peer_tick(ngx_event_t *ev)
{
    ngx_dots_peer_schedule(ev->data);
}


void
ngx_dots_peer_close(ngx_dots_peer_t *peer)
{
    ngx_dots_drain_forget(peer);

    if (peer->tick.timer_set) {
        ngx_del_timer(&peer->tick);
    }

    if (peer->signal) {
        dots_signal_close(peer->signal);
        peer->signal = NULL;
    }

    if (peer->tick.posted) {
        ngx_delete_posted_event(&peer->tick);
    }

    ngx_dots_client_close(&peer->clients);

    if (peer->counted) {
        ngx_dots_limit_close(peer->customer);
        peer->counted = 0;
    }

    peer->customer = NULL;
}


/* ---- what the signal channel asks of its host ---- */

static void
ngx_dots_peer_send(void *data, const uint8_t *bytes, size_t len)
{
    ngx_dots_peer_t  *peer = data;

    peer->send(peer, bytes, len);

    /* an answer that came later may have changed what is to be done when */

    if (!peer->reading) {
        ngx_dots_peer_post(peer);
    }
}


static int
ngx_dots_peer_admit(void *data, const dots_customer_t *customer,
    const dots_coap_message_t *request)
{
    ngx_dots_peer_t  *peer = data;

    return ngx_dots_limit_request(ngx_dots_get_conf(ngx_cycle),
                                  peer->connection, customer,
                                  customer != peer->customer, request);
}


static void
ngx_dots_peer_charge(void *data, const dots_customer_t *customer,
    const dots_coap_message_t *request, size_t cost)
{
    ngx_dots_peer_t  *peer = data;

    ngx_dots_limit_charge(ngx_dots_get_conf(ngx_cycle), peer->connection,
                          customer, customer != peer->customer, request, cost);
}


static int
ngx_dots_peer_full(void *data)
{
    ngx_dots_peer_t  *peer = data;

    return peer->full(peer) != 0;
}


static void
ngx_dots_peer_hold(void *data, int on)
{
    ngx_dots_peer_t  *peer = data;

    peer->hold(peer, on);
}


static void
ngx_dots_peer_finish(void *data, const char *why)
{
    ngx_dots_peer_t  *peer = data;

    peer->finish(peer, why);
}


static int
ngx_dots_peer_observe(void *data, const dots_customer_t *customer)
{
    return ngx_dots_limit_observe(customer) != NGX_OK;
}


static void
ngx_dots_peer_unobserve(void *data, const dots_customer_t *customer)
{
    ngx_dots_limit_unobserve(customer);
}


static void
ngx_dots_peer_observing(void *data, size_t n)
{
    ngx_dots_changes_observe(data, n);
}


static void
ngx_dots_peer_client(void *data, const dots_customer_t *customer,
    dots_str_t cuid)
{
    ngx_dots_peer_t  *peer = data;

    ngx_dots_client_named(&peer->clients, customer, cuid);
}


static int
ngx_dots_peer_mitigating(void *data)
{
    ngx_dots_peer_t  *peer = data;

    return (int) ngx_dots_client_mitigating(&peer->clients);
}


static void
ngx_dots_peer_lost(void *data, int64_t since)
{
    ngx_dots_peer_t  *peer = data;

    ngx_dots_client_lost(&peer->clients, since, peer->connection);
}


static void
ngx_dots_peer_submit(void *data, dots_request_t *rq)
{
    ngx_dots_peer_t *peer = data;

    ngx_resolver_t              *resolver;
    ngx_stream_core_srv_conf_t  *cscf;

    cscf = ngx_stream_get_module_srv_conf(peer->session,
                                          ngx_stream_core_module);

    /* without the directive nginx has a resolver that knows no server */

    resolver = cscf->resolver;

    if (resolver && resolver->connections.nelts == 0) {
        resolver = NULL;
    }

    ngx_dots_submit(rq, resolver, cscf->resolver_timeout,
                    peer->connection->log);
}


static void
ngx_dots_peer_audit(void *data, const dots_customer_t *customer,
    const dots_coap_message_t *request, uint8_t code, const dots_request_t *rq,
    const char *why)
{
    u_char              text[sizeof("7.31") - 1];
    ngx_dots_log_t      entry;
    ngx_dots_peer_t    *peer = data;
    dots_signal_uri_t   uri;

    ngx_memzero(&entry, sizeof(ngx_dots_log_t));

    ngx_str_set(&entry.channel, "signal");
    entry.peer = peer->connection->addr_text;

    if (request->code < sizeof(ngx_dots_peer_methods)
                        / sizeof(ngx_dots_peer_methods[0]))
    {
        entry.method = ngx_dots_peer_methods[request->code];
    }

    if (customer) {
        entry.customer = customer->name;
    }

    if (code) {
        entry.code.data = text;
        entry.code.len = ngx_sprintf(text, "%d.%02d", code >> 5, code & 0x1f)
                         - text;
    }

    dots_signal_uri_whose(request, &uri);

    entry.cuid = uri.cuid;
    entry.has_mid = uri.has_mid;
    entry.mid = uri.mid;

    if (rq) {
        if (rq->has_mid && rq->nmitigations == 1) {
            entry.status = rq->mitigations[0].status;
        }

        if (rq->mitigation) {
            entry.scope = &rq->mitigation->target;
        }

        if (request->if_match && rq->mitigation) {
            entry.attack = rq->mitigation->attack;
        }
    }

    if (why) {
        entry.reason.data = (u_char *) why;
        entry.reason.len = ngx_strlen(why);
    }

    ngx_dots_log(&entry);
}
