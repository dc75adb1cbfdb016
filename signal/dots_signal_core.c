#include "dots_signal_core.h"
#include "dots_signal_private.h"


/* What every server of RFC 9132 has, in RFC 6690's form; nothing of a client */

static const char  dots_signal_core_links[] =
    "</.well-known/dots/mitigate>;ct=271;obs,"
    "</.well-known/dots/config>;ct=271;obs,"
    "</.well-known/dots/hb>;ct=271";


void
dots_signal_core_get(dots_signal_exchange_t *ex)
{
    dots_coap_message_t  response;

    /* filtering is optional, RFC 6690 section 4.1: queries are ignored */

    dots_coap_init(&response);

    response.code = dots_coap_code(2, 5);
    response.content_format = DOTS_COAP_FORMAT_LINK;
    response.payload = dots_str(dots_signal_core_links,
                                sizeof(dots_signal_core_links) - 1);

    dots_signal_answer(ex, &response, NULL, NULL);
}
