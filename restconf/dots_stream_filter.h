/*
 * The "filter" of an event stream (RFC 8040 section 4.8.4): the part of XPath
 * that notifications with flat leaves need.  Full XPath lets a client write
 * what takes for ever on any tree; this is linear in its own length.  libyang's
 * evaluator is not for the words of a peer: in 2.1 "1 mod 0" and deref() end
 * the process, each predicate within another multiplies its time, and the text
 * of a node with children is not what XPath has.
 *
 *   expression  comparisons with "and", "or", "not(...)", parentheses
 *   comparison  path, path|path, path OP value, contains(path, 'text')
 *   path        /notification, /notification/leaf, with predicates [leaf],
 *               [leaf OP value] after the notification; "*" for its name
 *   OP          = != < <= > >=         value  'text', "text", an integer
 *
 * A name may have its module as prefix.  Pure.
 */

#ifndef DOTS_STREAM_FILTER_H
#define DOTS_STREAM_FILTER_H

#include "dots_base.h"

#define DOTS_STREAM_FILTER_LEN  1024 /* bytes of an expression, decoded */

typedef struct dots_stream_filter_s  dots_stream_filter_t;

/* A notification as the filter sees it: leaves as canonical text. */

typedef struct {
    const char *name;
    dots_str_t  value;
} dots_stream_leaf_t;

/*
 * "module" is that of the notifications.  DOTS_OK with the filter in the arena;
 * DOTS_INVALID with the offset of what is no such expression in *position;
 * DOTS_ERROR.
 */
int dots_stream_filter_parse(dots_stream_filter_t **filter, dots_str_t text,
    const char *module, dots_arena_t *a, size_t *position);

/* Nonzero if the notification passes. */
int dots_stream_filter_match(const dots_stream_filter_t *filter,
    const char *name, const dots_stream_leaf_t *leaves, size_t n);

#endif /* DOTS_STREAM_FILTER_H */
