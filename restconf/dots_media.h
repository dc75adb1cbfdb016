/*
 * Media types: which representation the client takes (Accept, RFC 9110 section
 * 12.5.1) and which one it sent (Content-Type, section 8.3).  The only one of
 * ours is application/yang-data+json (RFC 8040 section 3.2).  Pure.
 */

#ifndef DOTS_MEDIA_H
#define DOTS_MEDIA_H

#include "dots_base.h"

#define DOTS_MEDIA_JSON "application/yang-data+json"

/*
 * Nonzero if the client takes our type: no Accept, or the most specific range
 * that fits has a weight above 0.  A malformed range counts for nothing.
 */
int dots_media_accepted(dots_str_t accept);

/* Nonzero if the type is ours; a charset other than UTF-8 is not (5.2). */
int dots_media_is_json(dots_str_t content_type);

#endif /* DOTS_MEDIA_H */
