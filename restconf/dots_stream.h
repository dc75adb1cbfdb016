/*
 * The event stream (RFC 8040 section 6) without its transport: what a client
 * subscribes to, and an event of the history as the text of Server-Sent Events.
 * The host keeps the connection.
 */

#ifndef DOTS_STREAM_H
#define DOTS_STREAM_H

#include "dots_history.h"
#include "dots_media.h"
#include "dots_restconf_exchange.h"
#include "dots_stream_filter.h"

#define DOTS_STREAM_MODULE "dots-server-notifications"
#define DOTS_STREAM_MEDIA  "text/event-stream"

/* Below {+restconf}/streams; RFC 8040 section 6.3.1: that one is in XML. */
#define DOTS_STREAM_XML    "NETCONF"
#define DOTS_STREAM_JSON   "NETCONF-JSON"

#define DOTS_STREAM_TIME   24   /* 2026-11-28T12:34:56.789Z */
#define DOTS_STREAM_TEXT   8192 /* bytes of an event: its strings, escaped */

struct dots_subscription_s {
    const dots_schema_t  *schema;
    dots_media_t          media;     /* JSON or XML */
    int64_t               start;     /* ms; -1: nothing is replayed */
    int64_t               stop;      /* ms; DOTS_FOREVER */
    dots_stream_filter_t *filter;    /* NULL: none */
};

/* The handlers: rc->subscription, checked. */
int dots_stream_json(dots_exchange_t *x);
int dots_stream_xml(dots_exchange_t *x);

/*
 * The event as "data:" lines, if it belongs to the subscription.  DOTS_OK,
 * DOTS_DECLINED (another time, or the filter leaves it out), DOTS_ERROR.
 */
int dots_stream_event(const dots_subscription_t *s, const dots_event_t *e,
    dots_writer_t *w);

/* date-and-time of RFC 6991: into text with a NUL, and from it (-1: none). */
void dots_stream_time(int64_t time, char text[DOTS_STREAM_TIME + 1]);
int64_t dots_stream_parse_time(dots_str_t text);

#endif /* DOTS_STREAM_H */
