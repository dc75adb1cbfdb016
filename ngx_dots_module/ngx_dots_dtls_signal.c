#include "ngx_dots_dtls.h"


static void ngx_dots_dtls_signal_send(void *peer, const uint8_t *data,
    size_t len);
static void ngx_dots_dtls_signal_submit(void *peer, dots_request_t *rq);
static void ngx_dots_dtls_signal_audit(void *peer,
    const dots_coap_message_t *request, uint8_t code, const dots_request_t *rq,
    const char *why);
static const dots_customer_t *ngx_dots_dtls_signal_customer(
    ngx_dots_dtls_t *ds);


static const dots_signal_ops_t  ngx_dots_dtls_signal_ops = {
    .send = ngx_dots_dtls_signal_send,
    .submit = ngx_dots_dtls_signal_submit,
    .audit = ngx_dots_dtls_signal_audit
};


/* By the detail of a request's code: RFC 7252 12.1.1, RFC 8132 section 6 */

static ngx_str_t  ngx_dots_dtls_signal_methods[] = {
    ngx_null_string,
    ngx_string("GET"),
    ngx_string("POST"),
    ngx_string("PUT"),
    ngx_string("DELETE"),
    ngx_string("FETCH"),
    ngx_string("PATCH"),
    ngx_string("iPATCH")
};


ngx_int_t
ngx_dots_dtls_signal_open(ngx_dots_dtls_t *ds)
{
    size_t                 mtu;
    ngx_str_t              name;
    ngx_connection_t      *c;
    ngx_dots_dtls_conf_t  *conf;

    c = ds->io.connection;
    conf = ds->conf;

    ds->customer = ngx_dots_dtls_signal_customer(ds);

    /* known only now: the dots {} block may stand after stream {} */

    conf->signal.schema = conf->dots->schema;
    conf->signal.ops = &ngx_dots_dtls_signal_ops;
    conf->signal.lifetime = &conf->dots->lifetime;

    mtu = DTLS_get_data_mtu(ds->ssl);

    ds->signal = dots_signal_create(&conf->signal, ds, ds->customer, mtu);
    if (ds->signal == NULL) {
        ngx_log_error(NGX_LOG_CRIT, c->log, 0,
                      "no memory for a signal channel");
        return NGX_ERROR;
    }

    if (ds->customer) {
        name.len = ds->customer->name.len;
        name.data = (u_char *) ds->customer->name.data;

    } else {
        ngx_str_set(&name, "unknown");
    }

    ngx_log_error(NGX_LOG_INFO, c->log, 0,
                  "DTLS session established: customer \"%V\", %s, "
                  "messages up to %uz bytes", &name,
                  SSL_get_cipher_name(ds->ssl), mtu);

    return NGX_OK;
}


static const dots_customer_t *
ngx_dots_dtls_signal_customer(ngx_dots_dtls_t *ds)
{
    X509                   *cert;
    const dots_customer_t  *customer;

    cert = SSL_get_peer_certificate(ds->ssl);
    if (cert == NULL) {
        return NULL;
    }

    customer = ngx_dots_identity(ds->conf->dots, cert);

    X509_free(cert);

    return customer;
}


void
ngx_dots_dtls_signal_input(ngx_dots_dtls_t *ds, const u_char *data, size_t len)
{
    dots_signal_input(ds->signal, data, len, ngx_current_msec);
}


void
ngx_dots_dtls_signal_schedule(ngx_dots_dtls_t *ds)
{
    int64_t  ms;

    ms = dots_signal_timer(ds->signal, ngx_current_msec);

    if (ms >= 0) {
        ngx_add_timer(&ds->tick, (ngx_msec_t) ms);
        return;
    }

    if (ds->tick.timer_set) {
        ngx_del_timer(&ds->tick);
    }
}


/* Harmless without a signal channel, and twice. */

void
ngx_dots_dtls_signal_close(ngx_dots_dtls_t *ds)
{
    if (ds->tick.timer_set) {
        ngx_del_timer(&ds->tick);
    }

    if (ds->tick.posted) {
        ngx_delete_posted_event(&ds->tick);
    }

    if (ds->signal) {
        dots_signal_close(ds->signal);
        ds->signal = NULL;
    }

    ds->customer = NULL;
}


/* ---- what the signal channel asks of its host ---- */

static void
ngx_dots_dtls_signal_send(void *peer, const uint8_t *data, size_t len)
{
    ngx_dots_dtls_t  *ds = peer;

    ERR_clear_error();

    if (SSL_write(ds->ssl, data, len) <= 0) {
        ngx_ssl_error(NGX_LOG_INFO, ds->io.connection->log, 0,
                      "SSL_write() of %uz bytes failed", len);
    }

    /* an answer that came later may have changed what is to be done when */

    if (!ds->reading && !ds->tick.posted) {
        ngx_post_event(&ds->tick, &ngx_posted_events);
    }
}


static void
ngx_dots_dtls_signal_submit(void *peer, dots_request_t *rq)
{
    ngx_dots_dtls_t *ds = peer;

    ngx_resolver_t              *resolver;
    ngx_stream_core_srv_conf_t  *cscf;

    cscf = ngx_stream_get_module_srv_conf(ds->session, ngx_stream_core_module);

    /* without the directive nginx has a resolver that knows no server */

    resolver = cscf->resolver;

    if (resolver && resolver->connections.nelts == 0) {
        resolver = NULL;
    }

    ngx_dots_request(rq, resolver, cscf->resolver_timeout,
                     ds->io.connection->log);
}


static void
ngx_dots_dtls_signal_audit(void *peer, const dots_coap_message_t *request,
    uint8_t code, const dots_request_t *rq, const char *why)
{
    u_char            text[sizeof("7.31") - 1];
    ngx_dots_log_t    entry;
    ngx_dots_dtls_t  *ds = peer;

    ngx_memzero(&entry, sizeof(ngx_dots_log_t));

    ngx_str_set(&entry.channel, "signal");
    entry.peer = ds->io.connection->addr_text;

    if (request->code < sizeof(ngx_dots_dtls_signal_methods)
                        / sizeof(ngx_dots_dtls_signal_methods[0]))
    {
        entry.method = ngx_dots_dtls_signal_methods[request->code];
    }

    if (ds->customer) {
        entry.customer = ds->customer->name;
    }

    if (code) {
        entry.code.data = text;
        entry.code.len = ngx_sprintf(text, "%d.%02d", code >> 5, code & 0x1f)
                         - text;
    }

    if (rq) {
        entry.cuid = rq->cuid;
        entry.has_mid = rq->has_mid;
        entry.mid = rq->mid;

        if (rq->has_mid && rq->nmitigations == 1) {
            entry.status = rq->mitigations[0].status;
        }
    }

    if (why) {
        entry.reason.data = (u_char *) why;
        entry.reason.len = ngx_strlen(why);
    }

    ngx_dots_log(&entry);
}
