/*
 * An alias (RFC 8783 section 6): its clauses, its canonical JSON text as the
 * data channel returns it, its age and its durable record.  The model carries
 * the text without reading it.  Used by the data channel and, to resolve
 * alias-name, by the signal channel.
 */

#ifndef DOTS_ALIAS_H
#define DOTS_ALIAS_H

#include "dots_base.h"
#include "dots_target.h"

#define DOTS_ALIAS_NAME     255               /* part of the store's keys */
#define DOTS_ALIAS_LIFETIME (10080 * 60000LL) /* ms; RFC 8783 section 6.1 */

typedef struct {
    dots_str_t     name;
    dots_target_t  target;
    dots_str_t     text;     /* one list entry, RFC 7951, no state nodes */
    int64_t        expires;  /* ms of dots_clock.h */
} dots_alias_t;

/* Results as those of dots_mitigation_encode() and dots_mitigation_decode(). */
size_t dots_alias_size(const dots_alias_t *alias);
int dots_alias_encode(const dots_alias_t *alias, uint8_t *buf, size_t size,
    size_t *len);
int dots_alias_decode(dots_alias_t *alias, const uint8_t *buf, size_t len,
    dots_arena_t *a);

/* pending-lifetime of RFC 8783 section 6.1: whole minutes, rounded up. */
int32_t dots_alias_pending(const dots_alias_t *alias, int64_t now);

#endif /* DOTS_ALIAS_H */
