/*
 * What happened lately: a ring of events of all customers in fixed memory, that
 * event streams read and replay.  It lives where its caller puts it, nginx's
 * shared zone in the server: nothing in it points anywhere, and a process that
 * dies while it adds leaves it as it was.  The caller holds the zone's lock.
 */

#ifndef DOTS_HISTORY_H
#define DOTS_HISTORY_H

#include "dots_base.h"

typedef enum {
    DOTS_EVENT_MITIGATION = 0,   /* mid, status: 0 where it is gone */
    DOTS_EVENT_CLIENT,           /* change */
    DOTS_EVENT_ALIAS,            /* change, name */
    DOTS_EVENT_ACL,              /* likewise */
    DOTS_EVENT_VENDOR            /* likewise: its number, as text */
} dots_event_kind_t;

typedef enum {
    DOTS_EVENT_CREATED = 0,
    DOTS_EVENT_REPLACED,
    DOTS_EVENT_DELETED,
    DOTS_EVENT_EXPIRED
} dots_event_change_t;

typedef struct {
    int64_t              time;       /* ms since the epoch */
    dots_event_kind_t    kind;
    dots_event_change_t  change;
    unsigned             status;
    uint32_t             mid;
    dots_str_t           customer;
    dots_str_t           cuid;
    dots_str_t           name;
} dots_event_t;

typedef struct dots_history_s  dots_history_t;

#define DOTS_HISTORY_MIN   4096 /* bytes that it needs at least */
#define DOTS_HISTORY_EVENT 1024 /* bytes of one event */
#define DOTS_HISTORY_SCAN  256  /* events looked at in one call */

/* Makes an empty one of "size" bytes at "memory", aligned. */
dots_history_t *dots_history_create(void *memory, size_t size, int64_t now);

/* What does not fit DOTS_HISTORY_EVENT is left out. */
void dots_history_add(dots_history_t *h, const dots_event_t *e);

/* Positions: where the next event will be, where the oldest is. */
uint64_t dots_history_head(const dots_history_t *h);
uint64_t dots_history_tail(const dots_history_t *h);

/* When it began, or lost its first events: replay reaches that far (ms). */
int64_t dots_history_since(const dots_history_t *h);

/*
 * The next event of the customer from *position on, which moves behind it; its
 * strings are in "buf".  DOTS_OK; DOTS_DECLINED: none up to *position, which is
 * the head or, after DOTS_HISTORY_SCAN events of others, not yet; DOTS_FULL:
 * events that were to come are gone, *position is at the oldest.
 */
int dots_history_next(const dots_history_t *h, uint64_t *position,
    dots_str_t customer, dots_event_t *e, uint8_t buf[DOTS_HISTORY_EVENT]);

/*
 * Whom the events from *position on concern, dots_registry_hash() of the names,
 * up to "max" of them.  DOTS_OK, or DOTS_FULL as above.
 */
int dots_history_customers(const dots_history_t *h, uint64_t *position,
    uint64_t *list, size_t max, size_t *n);

#endif /* DOTS_HISTORY_H */
