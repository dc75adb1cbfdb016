/*
 * Query parameters of RESTCONF (RFC 8040 section 4.8): the part of the URI
 * after "?" into a struct, everything else refused.  Pure.
 */

#ifndef DOTS_QUERY_H
#define DOTS_QUERY_H

#include "dots_base.h"
#include "dots_request.h"
#include "dots_restconf_error.h"

typedef enum {
    DOTS_CONTENT_ALL = 0,
    DOTS_CONTENT_CONFIG,
    DOTS_CONTENT_NONCONFIG
} dots_content_t;

/* Which parameters a method of a resource takes: a mask. */

#define DOTS_QUERY_NONE    0
#define DOTS_QUERY_CONTENT 1
#define DOTS_QUERY_INSERT  2
#define DOTS_QUERY_POINT   4

typedef struct {
    unsigned        seen;     /* mask */
    dots_content_t  content;
    dots_insert_t   insert;
    dots_str_t      point;    /* an api-path, encoded: a piece of the text */
} dots_query_t;

/*
 * "text" is percent-encoded, without the "?".  DOTS_OK, or DOTS_INVALID with
 * 400 invalid-value in "e": unknown, not allowed here, twice, bad value.
 */
int dots_query_parse(dots_query_t *q, dots_str_t text, unsigned allowed,
    dots_restconf_error_t *e);

#endif /* DOTS_QUERY_H */
