/* From a request to the resource that serves it. */

#include "dots_signal_config.h"
#include "dots_signal_core.h"
#include "dots_signal_heartbeat.h"
#include "dots_signal_mitigate.h"
#include "dots_signal_private.h"


typedef struct {
    dots_str_t            name;
    int32_t               format;       /* of its representations */
    dots_signal_method_t  methods[4];   /* the rest: code 0 */
} dots_signal_resource_t;


/* Below /.well-known/dots, RFC 9132 section 4.2. */

static const dots_signal_resource_t  dots_signal_route_resources[] = {
    { dots_string("hb"), DOTS_COAP_FORMAT_DOTS,
      { { DOTS_COAP_PUT, 1, 0, 1, 0, 0, dots_signal_heartbeat_put } } },
    { dots_string("mitigate"), DOTS_COAP_FORMAT_DOTS,
      { { DOTS_COAP_PUT, 1, 0, 0, 1, 0, dots_signal_mitigate_put },
        { DOTS_COAP_GET, 0, 1, 0, 1, 1, dots_signal_mitigate_get },
        { DOTS_COAP_DELETE, 0, 0, 0, 1, 0, dots_signal_mitigate_delete } } },
    { dots_string("config"), DOTS_COAP_FORMAT_DOTS,
      { { DOTS_COAP_PUT, 1, 0, 0, 0, 0, dots_signal_config_put },
        { DOTS_COAP_GET, 0, 1, 0, 0, 0, dots_signal_config_get },
        { DOTS_COAP_DELETE, 0, 0, 0, 0, 0, dots_signal_config_delete } } },
};

static const dots_signal_resource_t  dots_signal_route_core =
    { dots_string("core"), DOTS_COAP_FORMAT_LINK,
      { { DOTS_COAP_GET, 0, 0, 0, 0, 1, dots_signal_core_get } } };

#define DOTS_SIGNAL_ROUTE_RESOURCES                                           \
    (sizeof(dots_signal_route_resources)                                      \
     / sizeof(dots_signal_route_resources[0]))


static const dots_signal_resource_t *
dots_signal_route_resource(const dots_coap_message_t *m)
{
    size_t                   i;
    static const dots_str_t  prefix[] = { dots_string(".well-known"),
                                          dots_string("dots") };

    if (m->npath < 2 || m->too_many_segments
        || !dots_str_eq(m->path[0], prefix[0]))
    {
        return NULL;
    }

    if (m->npath == 2 && dots_str_eq(m->path[1], dots_signal_route_core.name)) {
        return &dots_signal_route_core;
    }

    if (m->npath == 2 || !dots_str_eq(m->path[1], prefix[1])) {
        return NULL;
    }

    for (i = 0; i < DOTS_SIGNAL_ROUTE_RESOURCES; i++) {

        if (dots_str_eq(m->path[2], dots_signal_route_resources[i].name)) {
            return &dots_signal_route_resources[i];
        }
    }

    return NULL;
}


static const dots_signal_method_t *
dots_signal_route_method(const dots_signal_resource_t *resource, uint8_t code)
{
    size_t  i;

    for (i = 0; i < 4; i++) {

        if (resource->methods[i].code == code) {
            return &resource->methods[i];
        }
    }

    return NULL;
}


/*
 * RFC 7252 section 5.4.1 has a NON with an unrecognized critical option
 * rejected without a response, but DOTS requests are NON, and section 9 of RFC
 * 9132 lists 4.02: a client that is told can try without the option (as go-dots
 * does with Q-Block2).
 */

static uint8_t
dots_signal_route_check_options(const dots_signal_t *s,
    const dots_coap_message_t *m, dots_fault_t *f)
{
    if (m->bad_option) {
        (void) dots_fault(f, DOTS_FAULT_UNKNOWN, NULL,
                          "option %u is unknown, malformed or repeated",
                          (unsigned) m->bad_option);
        return dots_coap_code(4, 2);
    }

    /* RFC 7959 section 2.2 */

    if (!s->transport->reliable
        && ((m->block1 >= 0
             && dots_coap_block_szx(m->block1) == DOTS_COAP_BLOCK_BERT)
            || (m->block2 >= 0
                && dots_coap_block_szx(m->block2) == DOTS_COAP_BLOCK_BERT)))
    {
        (void) dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                          "Block1 or Block2 has a reserved size");
        return dots_coap_code(4, 0);
    }

    /* RFC 8768 section 3; only proxies count it down */

    if (m->hop_limit == 0 || m->hop_limit > 255) {
        (void) dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                          "option 16, Hop-Limit, is not 1 to 255");
        return dots_coap_code(4, 0);
    }

    if (m->too_many_queries) {
        (void) dots_fault(f, DOTS_FAULT_TOO_BIG, NULL,
                          "more than %d Uri-Query options", DOTS_COAP_QUERIES);
        return dots_coap_code(4, 0);
    }

    if (m->proxy) {
        (void) dots_fault(f, DOTS_FAULT_UNKNOWN, NULL, "this is no proxy");
        return dots_coap_code(5, 5);
    }

    return 0;
}


static uint8_t
dots_signal_route_check_format(const dots_coap_message_t *m,
    const dots_signal_resource_t *resource, const dots_signal_method_t *method,
    dots_fault_t *f)
{
    /* RFC 7252 section 5.10.4 */

    if (m->accept != -1 && m->accept != resource->format) {
        (void) dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                          "only %s (%d) is acceptable",
                          resource->format == DOTS_COAP_FORMAT_DOTS
                          ? "application/dots+cbor"
                          : "application/link-format", (int) resource->format);
        return dots_coap_code(4, 6);
    }

    if (!method->body || dots_coap_asks_later(m)) {
        return 0;
    }

    if (m->payload.len == 0) {
        (void) dots_fault(f, DOTS_FAULT_MISSING, NULL,
                          "the request has no payload");
        return dots_coap_code(4, 0);
    }

    if (m->content_format != DOTS_COAP_FORMAT_DOTS) {
        (void) dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                          "Content-Format is not application/dots+cbor (%d)",
                          DOTS_COAP_FORMAT_DOTS);
        return dots_coap_code(4, 15);
    }

    return 0;
}


uint8_t
dots_signal_route(dots_signal_exchange_t *ex, dots_fault_t *f)
{
    uint8_t                        code;
    const dots_coap_message_t     *m;
    const dots_signal_resource_t  *resource;

    m = &ex->request;

    if (ex->customer == NULL) {
        (void) dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                          "the identity of this session is no customer's");
        return dots_coap_code(4, 1);
    }

    code = dots_signal_route_check_options(ex->signal, m, f);
    if (code != 0) {
        return code;
    }

    resource = dots_signal_route_resource(m);

    /* unrecognized methods get 4.05 wherever, RFC 7252 section 5.8 */

    if (resource == NULL && m->code <= DOTS_COAP_DELETE) {
        (void) dots_fault(f, DOTS_FAULT_UNKNOWN, NULL, "no such resource");
        return dots_coap_code(4, 4);
    }

    ex->method = resource ? dots_signal_route_method(resource, m->code) : NULL;

    if (ex->method == NULL) {
        (void) dots_fault(f, DOTS_FAULT_UNKNOWN, NULL,
                          "the resource has no method 0.%02u",
                          (unsigned) m->code);
        return dots_coap_code(4, 5);
    }

    /* "unknown parameters", RFC 9132 sections 4.4.1.3 and 4.5.2 */

    if (m->nquery && !ex->method->query) {
        (void) dots_fault(f, DOTS_FAULT_UNKNOWN, NULL,
                          "the method takes no Uri-Query");
        return dots_coap_code(4, 0);
    }

    return dots_signal_route_check_format(m, resource, ex->method, f);
}
