#include <jansson.h>

#include "dots_monitor.h"
#include "dots_state.h"
#include "dots_stream.h"


#define DOTS_MONITOR_CAPABILITY "urn:ietf:params:restconf:capability:"


/*
 * RFC 8040 sections 9.1.1, 9.1.2; RFC 8072 section 2.8.  "filter" is not among
 * them: it would promise all of XPath (section 4.8.4).
 */

static const char *const  dots_monitor_capabilities[] = {
    DOTS_MONITOR_CAPABILITY "defaults:1.0?basic-mode=explicit",
    DOTS_MONITOR_CAPABILITY "depth:1.0",
    DOTS_MONITOR_CAPABILITY "fields:1.0",
    DOTS_MONITOR_CAPABILITY "replay:1.0",
    DOTS_MONITOR_CAPABILITY "with-defaults:1.0",
    DOTS_MONITOR_CAPABILITY "yang-patch:1.0",
};


static json_t *
dots_monitor_capability(void)
{
    int      rc;
    size_t   i;
    json_t  *list;

    list = json_array();
    rc = 0;

    for (i = 0; i < sizeof(dots_monitor_capabilities) / sizeof(char *); i++) {
        rc |= json_array_append_new(list,
                                    json_string(dots_monitor_capabilities[i]));
    }

    if (rc != 0) {
        json_decref(list);
        list = NULL;
    }

    return json_pack("{s:o}", "capability", list);
}


/* The only stream; RFC 8040 section 6.3.1 names it. */

static json_t *
dots_monitor_stream(dots_exchange_t *x)
{
    char  since[DOTS_STREAM_TIME + 1];

    dots_stream_time(x->rc->since ? x->rc->since(x->rc) : 0, since);

    return json_pack("{s:s, s:s, s:b, s:s, s:[{s:s, s:o}, {s:s, s:o}]}",
                     "name", "NETCONF",
                     "description", "Changes of this customer's mitigations, "
                     "aliases, ACLs and vendor mappings.",
                     "replay-support", 1,
                     "replay-log-creation-time", since,
                     "access",
                     "encoding", "json",
                     "location", dots_state_location(x, "/streams/"
                                                     DOTS_STREAM_JSON),
                     "encoding", "xml",
                     "location", dots_state_location(x, "/streams/"
                                                     DOTS_STREAM_XML));
}


json_t *
dots_monitor_tree(dots_exchange_t *x)
{
    return json_pack("{s:o, s:{s:[o]}}",
                     "capabilities", dots_monitor_capability(),
                     "streams", "stream", dots_monitor_stream(x));
}


int
dots_monitor_get(dots_exchange_t *x)
{
    return dots_state_answer(x, dots_monitor_tree(x));
}
