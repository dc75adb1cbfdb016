/*
 * An alias (RFC 8783 section 6): its clauses, its canonical JSON text as the
 * data channel returns it, its age and its durable record.  The model carries
 * the text without reading it.  Used by the data channel and, to resolve
 * alias-name, by the signal channel.
 *
 * An entry of a client's vendor-mapping (RFC 9244 section 8.1.6) is kept in the
 * same form: its name is the vendor-id, it has no clauses, and no end, of which
 * that RFC says nothing: it lives until DOTS_FOREVER.
 */

#ifndef DOTS_ALIAS_H
#define DOTS_ALIAS_H

#include "dots_base.h"
#include "dots_entity.h"
#include "dots_target.h"

#define DOTS_ALIAS_NAME     255               /* part of the store's keys */
#define DOTS_ALIAS_LIFETIME (10080 * 60000LL) /* ms; RFC 8783 section 6.1 */

typedef struct {
    dots_str_t     name;
    dots_target_t  target;
    dots_str_t     text;     /* one list entry, RFC 7951, no state nodes */
    int64_t        expires;  /* ms of dots_clock.h */
    dots_entity_t  entity;
    dots_str_t     record;   /* as it was read; empty: it was not */
} dots_alias_t;

/* Results as those of dots_mitigation_encode() and dots_mitigation_decode(). */
size_t dots_alias_size(const dots_alias_t *alias);
int dots_alias_encode(const dots_alias_t *alias, uint8_t *buf, size_t size,
    size_t *len);
int dots_alias_decode(dots_alias_t *alias, const uint8_t *buf, size_t len,
    dots_arena_t *a);

/*
 * For one that is to be stored: it lives until "expires", and its entity is
 * that of the one it replaces (may be NULL) unless its text differs.  DOTS_OK
 * or DOTS_ERROR.
 */
int dots_alias_renew(dots_alias_t *alias, const dots_alias_t *old, int64_t now,
    int64_t expires);

/* pending-lifetime of RFC 8783 section 6.1: whole minutes, rounded up. */
int32_t dots_alias_pending(const dots_alias_t *alias, int64_t now);

#endif /* DOTS_ALIAS_H */
