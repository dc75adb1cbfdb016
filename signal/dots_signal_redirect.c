#include "dots_cbor.h"
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


int
dots_signal_redirect(dots_signal_exchange_t *ex, const dots_request_t *rq)
{
    size_t                  len;
    uint8_t                 buf[DOTS_REDIRECT_BODY];
    dots_coap_message_t     response;
    const dots_redirect_t  *redirect;

    redirect = rq->customer->redirect;

    if (redirect == NULL) {
        return 0;
    }

    if (dots_signal_redirect_body(ex->conf->schema, redirect, buf, sizeof(buf),
                                  &len)
        != DOTS_OK)
    {
        dots_signal_refuse(ex, rq, dots_coap_code(5, 0), -1,
                           "the server failed to process the request");
        return 1;
    }

    dots_coap_init(&response);

    response.code = dots_coap_code(5, 3);
    response.content_format = DOTS_COAP_FORMAT_DOTS;
    response.max_age = redirect->max_age;
    response.payload = dots_str(buf, len);

    dots_signal_answer(ex, &response, rq, "redirected");

    return 1;
}
