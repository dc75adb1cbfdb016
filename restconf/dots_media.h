/*
 * Media types: which representation the client takes (Accept, RFC 9110 section
 * 12.5.1) and which one it sent (Content-Type, section 8.3).  Ours are those of
 * RFC 8040 section 3.2 and of RFC 8072 section 2.1.  Pure.
 */

#ifndef DOTS_MEDIA_H
#define DOTS_MEDIA_H

#include "dots_base.h"

#define DOTS_MEDIA_QUALITY 1000 /* the weight 1 */

typedef enum {
    DOTS_MEDIA_NONE = 0,
    DOTS_MEDIA_JSON,
    DOTS_MEDIA_XML,
    DOTS_MEDIA_PATCH_JSON,
    DOTS_MEDIA_PATCH_XML,
    DOTS_MEDIAS
} dots_media_t;

/*
 * The weight, in thousandths, that the client gives the type "name": that of
 * the most specific range that fits it, DOTS_MEDIA_QUALITY without Accept.  A
 * malformed range counts for nothing, neither does one of another charset than
 * UTF-8 (RFC 8040 section 5.2).
 */
int dots_media_quality(dots_str_t accept, const char *name);

/* What to answer in: JSON, also on a tie; XML; or NONE, which is 406. */
dots_media_t dots_media_choose(dots_str_t accept);

/* What was sent; NONE: none of ours, malformed, or not in UTF-8. */
dots_media_t dots_media_content(dots_str_t content_type);

/* "application/yang-data+json"; empty for NONE. */
dots_str_t dots_media_name(dots_media_t media);

#endif /* DOTS_MEDIA_H */
