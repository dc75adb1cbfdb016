#include "dots_cbor.h"
#include "dots_signal_mitigate.h"
#include "dots_signal_private.h"
#include "dots_signal_redirect.h"


/* The body of RFC 9132 Figure 25 in "buf".  DOTS_OK, DOTS_FULL, DOTS_ERROR. */

static int
dots_signal_redirect_body(const dots_schema_t *schema,
    const dots_redirect_t *redirect, uint8_t *buf, size_t size, size_t *len)
{
    int               rc;
    size_t            i;
    struct lyd_node  *top, *node;

    if (dots_schema_message(schema, NULL, "redirected-signal", &top)
        != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    rc = dots_schema_message_add(schema, top, "alt-server",
                                 redirect->alt_server, &node);

    for (i = 0; rc == DOTS_OK && i < redirect->nrecords; i++) {
        rc = dots_schema_message_add(schema, top, "alt-server-record",
                                     redirect->records[i], &node);
    }

    if (rc == DOTS_OK) {
        rc = dots_cbor_encode(top, buf, size, len);
    }

    lyd_free_all(top);

    return rc;
}


/*
 * RFC 9132 section 4.6 lets a server redirect any request.  This one redirects
 * those for mitigation alone: what it still protects the client has to be able
 * to see, to observe and to withdraw, what it says of it (an efficacy update,
 * section 4.4.3) is for the server that protects, and heartbeats are for the
 * session.
 */

static int
dots_signal_redirect_applies(const dots_signal_exchange_t *ex)
{
    return ex->customer->redirect != NULL
           && ex->method->handler == dots_signal_mitigate_put
           && !ex->request.if_match;
}


int
dots_signal_redirect(dots_signal_exchange_t *ex)
{
    size_t                  len;
    uint8_t                 buf[DOTS_REDIRECT_BODY];
    dots_coap_message_t     response;
    const dots_redirect_t  *redirect;

    if (!dots_signal_redirect_applies(ex)) {
        return 0;
    }

    redirect = ex->customer->redirect;

    if (dots_signal_redirect_body(ex->conf->schema, redirect, buf, sizeof(buf),
                                  &len)
        != DOTS_OK)
    {
        dots_signal_refuse(ex, NULL, dots_coap_code(5, 0), -1,
                           "the server failed to process the request");
        return 1;
    }

    dots_coap_init(&response);

    response.code = dots_coap_code(5, 3);
    response.content_format = DOTS_COAP_FORMAT_DOTS;
    response.max_age = redirect->max_age;
    response.payload = dots_str(buf, len);

    dots_signal_answer(ex, &response, NULL, "redirected");

    return 1;
}
