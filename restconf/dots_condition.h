/*
 * Conditional requests (RFC 9110 section 13): the four header fields against
 * what a resource is known by.  Pure; knows no resource and no clock.
 */

#ifndef DOTS_CONDITION_H
#define DOTS_CONDITION_H

#include "dots_base.h"
#include "dots_entity.h"

/* A field that is absent has no data; several lines of one are one list. */

typedef struct {
    dots_str_t  match;              /* If-Match */
    dots_str_t  none_match;         /* If-None-Match */
    dots_str_t  modified_since;     /* If-Modified-Since */
    dots_str_t  unmodified_since;   /* If-Unmodified-Since */
} dots_conditions_t;

typedef enum {
    DOTS_CONDITION_TRUE = 0,        /* go on */
    DOTS_CONDITION_NOT_MODIFIED,    /* 304 */
    DOTS_CONDITION_FAILED           /* 412 */
} dots_condition_t;

#define DOTS_CONDITION_TAG (2 * DOTS_ENTITY_TAG + 8) /* an ETag and a NUL */

/*
 * The entity-tag of one representation: each has its own (RFC 8040 section
 * 3.4.1.2).  Returns its length.
 */
size_t dots_condition_tag(const dots_entity_t *e, int xml,
    char tag[DOTS_CONDITION_TAG]);

/* Nonzero if there is a field at all. */
int dots_conditions_any(const dots_conditions_t *c);

/* DOTS_OK, or DOTS_INVALID: a list of entity-tags is none. */
int dots_conditions_valid(const dots_conditions_t *c);

/* Of what exists and has neither tag nor time: state. */
extern const dots_entity_t  dots_condition_untagged;

/*
 * In the order of section 13.2.2.  "e" is NULL for what does not exist; a read
 * is about its representation, an edit about all of them.
 */
dots_condition_t dots_conditions_check(const dots_conditions_t *c, int read,
    int xml, const dots_entity_t *e, int64_t now);

#endif /* DOTS_CONDITION_H */
