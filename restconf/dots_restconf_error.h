/*
 * The error of a RESTCONF request (RFC 8040 section 7): made where the fault
 * is seen, turned into an "ietf-restconf:errors" body in one place.  Owns the
 * table of error-tags; knows no resource.  Used by every file of restconf/.
 */

#ifndef DOTS_RESTCONF_ERROR_H
#define DOTS_RESTCONF_ERROR_H

#include <jansson.h>

#include "dots_base.h"
#include "dots_schema.h"

#define DOTS_ERROR_MESSAGE 400

typedef enum {
    DOTS_TAG_IN_USE = 0,
    DOTS_TAG_INVALID_VALUE,
    DOTS_TAG_TOO_BIG,
    DOTS_TAG_MISSING_ATTRIBUTE,
    DOTS_TAG_UNKNOWN_ATTRIBUTE,
    DOTS_TAG_UNKNOWN_ELEMENT,
    DOTS_TAG_ACCESS_DENIED,
    DOTS_TAG_RESOURCE_DENIED,
    DOTS_TAG_NOT_SUPPORTED,
    DOTS_TAG_FAILED,
    DOTS_TAG_MALFORMED,
    DOTS_TAG_DATA_EXISTS,
    DOTS_TAG_DATA_MISSING
} dots_error_tag_t;

typedef struct {
    unsigned          status;   /* HTTP */
    dots_error_tag_t  tag;
    dots_str_t        app_tag;  /* empty: none */
    dots_str_t        path;     /* instance-identifier; empty: none */
    dots_str_t        via;      /* error-info of a loop; empty: none */
    char              message[DOTS_ERROR_MESSAGE];
} dots_restconf_error_t;

/*
 * Fills "e" with the tag and its usual status (the first one of the table in
 * RFC 8040 section 7) and returns DOTS_INVALID.
 */
int dots_restconf_error(dots_restconf_error_t *e, dots_error_tag_t tag,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same with another status, e.g. 404 for DOTS_TAG_INVALID_VALUE. */
int dots_restconf_error_status(dots_restconf_error_t *e, unsigned status,
    dots_error_tag_t tag, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* What a check of the model found, without error-path. */
int dots_restconf_error_fault(dots_restconf_error_t *e, const dots_fault_t *f);

/* Leaves of "path" what is an instance-identifier; before it is written. */
void dots_restconf_error_locate(dots_restconf_error_t *e,
    const dots_schema_t *s);

/* The body, RFC 8040 section 7.1, in the arena.  DOTS_OK or DOTS_ERROR. */
int dots_restconf_error_write(const dots_restconf_error_t *e, dots_arena_t *a,
    dots_str_t *body);

/* One entry of an "error" list: a new reference, or NULL. */
json_t *dots_restconf_error_entry(const dots_restconf_error_t *e);

/* The length of "s" without an incomplete UTF-8 sequence at its end. */
size_t dots_restconf_error_trim(const char *s, size_t len);

#endif /* DOTS_RESTCONF_ERROR_H */
