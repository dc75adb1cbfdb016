/*
 * The data channel: one RESTCONF request (RFC 8040) on the DOTS data channel
 * (RFC 8783) in, one response out.  Request line, headers and body come as
 * bytes; what has to be done goes to the model as a dots_request_t through
 * submit(); done() is called with the response, at once or later.
 * Knows no nginx, no sockets, no store.
 */

#ifndef DOTS_RESTCONF_H
#define DOTS_RESTCONF_H

#include "dots_base.h"
#include "dots_condition.h"
#include "dots_customer.h"
#include "dots_request.h"
#include "dots_schema.h"

#define DOTS_RESTCONF_BODY  (1024 * 1024)      /* bytes accepted */
#define DOTS_RESTCONF_ARENA (8 * 1024 * 1024)  /* bytes one request may use */

/*
 * WWW-Authenticate, which RFC 9110 section 15.5.2 wants of each 401.  No scheme
 * that is registered is about certificates of TLS, and one of those would have
 * a client ask for a password.  Any token is a challenge (section 11.6.1), and
 * who does not know it does what it does without: this one says what is
 * missing.
 */
#define DOTS_RESTCONF_CHALLENGE "ClientCertificate"

typedef struct dots_restconf_s      dots_restconf_t;
typedef struct dots_subscription_s  dots_subscription_t;

struct dots_restconf_s {
    /* in; slices live until done() has returned */

    const dots_schema_t    *schema;
    const dots_customer_t  *customer;   /* NULL: 401 access-denied, 8040 2.5;
                                           out: for whom a gateway asked */
    const dots_customers_t *customers;  /* those a gateway may name */
    dots_str_t              vendors;    /* the server's own vendor-mapping, as
                                           dots_data_vendor_load() has it;
                                           empty: none */
    dots_str_t              method;     /* "GET", as on the request line */
    dots_str_t              uri;        /* unparsed, with query, after
                                           {+restconf}, e.g.
                                           "/data/ietf-dots-...?depth=3" */
    dots_str_t              root;       /* {+restconf}, e.g. "/restconf" */
    dots_str_t              origin;     /* "https://host:port" or empty */
    dots_str_t              content_type;  /* empty: absent */
    dots_str_t              encoding;      /* Content-Encoding; likewise */
    dots_str_t              range;         /* Content-Range; likewise */
    dots_str_t              accept;        /* empty: absent */
    dots_conditions_t       conditions;
    unsigned                wrapped:1;  /* GET of one alias or ACL in RFC 8783's
                                           form, not in RFC 8040's */
    dots_str_t              via;        /* empty: absent */
    size_t                  nnames;
    const dots_str_t       *names;      /* our own in Via, RFC 8783 3.4 */
    dots_str_t              body;
    int                     body_too_large; /* > DOTS_RESTCONF_BODY: 413 */
    unsigned                body_unread:1; /* there is one, and
                                           dots_restconf_refuses() */
    int64_t                 now;        /* ms of dots_clock.h */
    int64_t                 wall;       /* ms since the epoch, for others */

    /* whose dots-client has this cuid; NULL: nobody's.  DOTS_OK or DOTS_ERROR:
       not now */
    int                   (*registered)(dots_restconf_t *rc, dots_str_t cuid,
                                        const dots_customer_t **customer);
    /* since when events of the customer are kept (ms, as "wall"); NULL: 0 */
    int64_t               (*since)(dots_restconf_t *rc);
    /* s until the customer may ask again; 0: now.  NULL: always now */
    unsigned              (*limited)(dots_restconf_t *rc);
    /* a place for an answer that is larger than the arena, until this is freed:
       DOTS_OK; DOTS_DECLINED: the customer has enough.  NULL: any number */
    int                   (*place)(dots_restconf_t *rc);
    /* dots_restconf_turn() is to be called soon.  NULL: no answer is larger
       than the arena */
    void                  (*again)(dots_restconf_t *rc);
    void                  (*submit)(dots_restconf_t *rc, dots_request_t *rq);
    void                  (*done)(dots_restconf_t *rc);
    void                   *host;

    /* out, in "arena", which dots_restconf_free() ends */

    unsigned                xml:1;      /* what is answered is not JSON */
    unsigned                varies:1;   /* nor is it always: Vary */
    unsigned                pieces:1;   /* the body is not "text": the host asks
                                           dots_restconf_more() for it */
    unsigned                status;     /* HTTP status */
    dots_str_t              media;      /* Content-Type; empty: no body */
    dots_str_t              text;       /* the body */
    dots_str_t              location;   /* empty: none; an absolute path */
    dots_str_t              allow;      /* empty: none */
    unsigned                retry_after; /* s; 0: none */
    dots_str_t              accept_patch;
    dots_str_t              challenge;  /* WWW-Authenticate of a 401 */
    dots_str_t              takes;      /* Accept of a 415; empty: none */
    dots_str_t              decodes;    /* and Accept-Encoding */
    dots_str_t              etag;
    dots_str_t              last_modified;
    dots_subscription_t    *subscription;  /* an event stream: the host sends
                                              it after done(), dots_stream.h */
    dots_request_t         *request;    /* for the audit log; may be NULL */

    dots_arena_t           *arena;
};

/*
 * Nonzero: what is there without the body is reason enough to refuse it, so
 * nobody has to send it (RFC 9110 section 10.1.1); dots_restconf_handle() says
 * how, with "body_unread".
 */
int dots_restconf_refuses(dots_restconf_t *rc);

/* Calls rc->done() exactly once.  "arena" is made here. */
void dots_restconf_handle(dots_restconf_t *rc);
void dots_restconf_free(dots_restconf_t *rc);

void dots_restconf_turn(dots_restconf_t *rc);

/*
 * The next bytes of a body in pieces, valid until the next call.  DOTS_OK;
 * DOTS_DECLINED: that was all; DOTS_ERROR: it can't be completed.
 */
int dots_restconf_more(dots_restconf_t *rc, dots_str_t *text);

/* The host went away: done() is not called any more; frees when it is over. */
void dots_restconf_cancel(dots_restconf_t *rc);

/* rc->allow of the resource rc->uri; empty: it is none.  Then free. */
void dots_restconf_allow(dots_restconf_t *rc);

/* RFC 6415 XRD with the link to {+restconf} (RFC 8040 section 3.1). */
size_t dots_restconf_host_meta(dots_str_t root, char *buf, size_t size);

#endif /* DOTS_RESTCONF_H */
