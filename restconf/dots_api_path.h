/*
 * The api-path of RFC 8040 section 3.5.3.1: a request path, as it came on the
 * request line (percent-encoded), into segments with module, name and keys.
 * Pure: knows no schema and no resource.  Called once per request.
 */

#ifndef DOTS_API_PATH_H
#define DOTS_API_PATH_H

#include <sys/types.h>

#include "dots_base.h"

#define DOTS_API_PATH_SEGMENTS 16 /* the DOTS modules need 14 */
#define DOTS_API_PATH_KEYS     4  /* of one list; the DOTS lists have one */

typedef struct {
    dots_str_t  module;  /* empty: no prefix */
    dots_str_t  name;
    size_t      nkeys;   /* 0: no "=" at all */
    dots_str_t  keys[DOTS_API_PATH_KEYS];  /* decoded, may be empty, UTF-8 */
} dots_api_segment_t;

typedef struct {
    size_t              n;
    dots_api_segment_t  segments[DOTS_API_PATH_SEGMENTS];
    size_t              position;   /* on failure: byte offset of the fault */
    const char         *error;      /* and what it is */
} dots_api_path_t;

/*
 * "text" is what follows {+restconf}: empty or "/" for the root itself, else
 * "/data/..." without query.  Every string of the result is in the arena.
 * DOTS_OK, DOTS_INVALID (position, error) or DOTS_ERROR.
 */
int dots_api_path_parse(dots_api_path_t *p, dots_str_t text, dots_arena_t *a);

/*
 * Percent-decoding of RFC 3986 section 2.1 into "dst", which has room for
 * text.len bytes.  Returns the decoded length, or -1 with the offset of the
 * fault in *position: a bad escape, a byte that has to be escaped, or a NUL.
 */
ssize_t dots_api_path_decode(uint8_t *dst, dots_str_t text, size_t *position);

/*
 * Appends "s" to "w" as one key-value: everything but RFC 3986's unreserved
 * characters is percent-encoded.
 */
void dots_api_path_encode(dots_writer_t *w, dots_str_t s);

/* Nonzero if it is an "identifier" of the grammar. */
int dots_api_path_is_identifier(dots_str_t s);

#endif /* DOTS_API_PATH_H */
