#include "dots_restconf_api.h"


/* The revision of ietf-yang-library: that of RFC 8525. */
#define DOTS_RESTCONF_API_LIBRARY "2019-01-04"


static const dots_str_t  dots_restconf_api_root = dots_string(
    "{\"ietf-restconf:restconf\":{\"data\":{},\"operations\":{},"
    "\"yang-library-version\":\"" DOTS_RESTCONF_API_LIBRARY "\"}}");

/* No module of ours has an rpc. */
static const dots_str_t  dots_restconf_api_none = dots_string(
    "{\"ietf-restconf:operations\":{}}");

static const dots_str_t  dots_restconf_api_version = dots_string(
    "{\"ietf-restconf:yang-library-version\":\""
    DOTS_RESTCONF_API_LIBRARY "\"}");


int
dots_restconf_api_get(dots_exchange_t *x)
{
    x->rc->text = dots_restconf_api_root;

    return DOTS_OK;
}


int
dots_restconf_api_operations(dots_exchange_t *x)
{
    x->rc->text = dots_restconf_api_none;

    return DOTS_OK;
}


int
dots_restconf_api_library(dots_exchange_t *x)
{
    x->rc->text = dots_restconf_api_version;

    return DOTS_OK;
}
