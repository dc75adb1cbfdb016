/*
 * Query parameters of RESTCONF (RFC 8040 section 4.8): the part of the URI
 * after "?" into a struct, everything else refused.  Pure.
 */

#ifndef DOTS_QUERY_H
#define DOTS_QUERY_H

#include "dots_base.h"
#include "dots_restconf_error.h"

typedef enum {
    DOTS_CONTENT_ALL = 0,
    DOTS_CONTENT_CONFIG,
    DOTS_CONTENT_NONCONFIG
} dots_content_t;

typedef enum {
    DOTS_DEFAULTS_EXPLICIT = 0,   /* our basic-mode */
    DOTS_DEFAULTS_ALL,
    DOTS_DEFAULTS_TRIM,
    DOTS_DEFAULTS_TAGGED
} dots_defaults_t;

/* Where an entry goes (sections 4.8.5, 4.8.6); NONE: what is there stays. */

typedef enum {
    DOTS_INSERT_NONE = 0,
    DOTS_INSERT_FIRST,
    DOTS_INSERT_LAST,
    DOTS_INSERT_BEFORE,      /* "point" */
    DOTS_INSERT_AFTER
} dots_insert_t;

/* Which parameters a method of a resource takes: a mask. */

#define DOTS_QUERY_NONE    0
#define DOTS_QUERY_CONTENT 1
#define DOTS_QUERY_INSERT  2
#define DOTS_QUERY_POINT   4
#define DOTS_QUERY_DEPTH   8
#define DOTS_QUERY_FIELDS  16
#define DOTS_QUERY_DEFAULTS 32
#define DOTS_QUERY_FILTER  64
#define DOTS_QUERY_START   128
#define DOTS_QUERY_STOP    256

/* What GET takes on a data resource (sections 4.8.1 to 4.8.3, 4.8.9). */

#define DOTS_QUERY_READ    (DOTS_QUERY_CONTENT | DOTS_QUERY_DEPTH             \
                            | DOTS_QUERY_FIELDS | DOTS_QUERY_DEFAULTS)

/* And on an event stream (sections 4.8.4, 4.8.7, 4.8.8) */

#define DOTS_QUERY_STREAM  (DOTS_QUERY_FILTER | DOTS_QUERY_START              \
                            | DOTS_QUERY_STOP)

#define DOTS_QUERY_UNBOUNDED 65536 /* a depth that nothing has */

typedef struct {
    unsigned        seen;     /* mask */
    dots_content_t  content;
    dots_insert_t   insert;
    dots_str_t      point;    /* an api-path, encoded: a piece of the text */
    unsigned        depth;    /* 1 to 65535, or DOTS_QUERY_UNBOUNDED */
    dots_str_t      fields;   /* encoded, as "point" */
    dots_defaults_t defaults;
    dots_str_t      filter;   /* encoded, as "point" */
    int64_t         start;    /* ms since the epoch */
    int64_t         stop;
} dots_query_t;

/*
 * "text" is percent-encoded, without the "?".  DOTS_OK, or DOTS_INVALID with
 * 400 invalid-value in "e": unknown, not allowed here, twice, bad value.
 */
int dots_query_parse(dots_query_t *q, dots_str_t text, unsigned allowed,
    dots_restconf_error_t *e);

#endif /* DOTS_QUERY_H */
