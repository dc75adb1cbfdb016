/*
 * What happened lately: the events of each customer in fixed memory, that event
 * streams read and replay.  Whoever has most of it gives way to a new event, so
 * that nobody pushes out what others have less of; and a reader finds its own
 * without a look at others'.  It lives where its caller puts it, nginx's shared
 * zone in the server: nothing in it points anywhere.  The caller holds the
 * zone's lock, and asks for repair when it has got that.
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

/* Where a reader of one customer's events is; set by dots_history_open(). */

typedef struct {
    uint64_t  position;    /* all of the customer's before it were read */
    uint64_t  last;        /* the number of the last one, and where it is */
    uint32_t  cell;
} dots_history_reader_t;

typedef struct dots_history_s  dots_history_t;

#define DOTS_HISTORY_MIN   8192 /* bytes that it needs at least */
#define DOTS_HISTORY_EVENT 1024 /* bytes of one event */

/* Makes an empty one of "size" bytes at "memory", aligned. */
dots_history_t *dots_history_create(void *memory, size_t size, int64_t now);

/*
 * A process died while it added: all that there was is lost, and whoever reads
 * is told so.
 */
void dots_history_repair(dots_history_t *h, int64_t now);

/* What does not fit DOTS_HISTORY_EVENT is left out. */
void dots_history_add(dots_history_t *h, const dots_event_t *e);

/* The number that the next event will have: they are counted over all. */
uint64_t dots_history_head(const dots_history_t *h);

/*
 * When it began, or lost the last event of the customer that it did: replay
 * reaches that far (ms).
 */
int64_t dots_history_since(const dots_history_t *h, dots_str_t customer);

/* "replay": from the customer's oldest event on, else from the next. */
void dots_history_open(const dots_history_t *h, dots_str_t customer,
    int replay, dots_history_reader_t *rd);

/*
 * The next event of the customer; its strings are in "buf".  DOTS_OK;
 * DOTS_DECLINED: none so far; DOTS_FULL: some that were to come are gone, those
 * that are left follow.
 */
int dots_history_next(const dots_history_t *h, dots_history_reader_t *rd,
    dots_str_t customer, dots_event_t *e, uint8_t buf[DOTS_HISTORY_EVENT]);

/*
 * Whom the events from number *position on concern, dots_registry_hash() of the
 * names, up to "max" of them.  DOTS_OK; DOTS_FULL: it is not known any more,
 * *position is at the head.
 */
int dots_history_customers(const dots_history_t *h, uint64_t *position,
    uint64_t *list, size_t max, size_t *n);

#endif /* DOTS_HISTORY_H */
