/*
 * The clock of the deadlines: milliseconds that run on like a monotonic clock,
 * whatever happens to the wall clock, and across restarts and reboots.  Pure
 * arithmetic on readings that the host takes; its durable record is three
 * readings of one moment.  Knows no system call.  Used by the module and by
 * dots-admin.
 *
 * It begins as the wall clock, so records of a store that has no clock yet are
 * right.  Later it may differ from it by what the wall clock was set since.
 */

#ifndef DOTS_CLOCK_H
#define DOTS_CLOCK_H

#include "dots_base.h"

#define DOTS_CLOCK_BOOT   16
#define DOTS_CLOCK_RECORD (1 + DOTS_CLOCK_BOOT + 3 * 8)

typedef struct {
    uint8_t  boot[DOTS_CLOCK_BOOT];  /* which boot "mono" is of */
    int64_t  mono;                   /* ms of the monotonic clock */
    int64_t  wall;                   /* ms since the epoch */
    int64_t  now;                    /* ms of this clock */
} dots_clock_t;

/*
 * Fills "now" of a reading by what was saved last; NULL: nothing yet.  In the
 * same boot by the monotonic clock, in another by the wall clock, and never
 * back behind what was saved.
 */
void dots_clock_start(dots_clock_t *c, const dots_clock_t *saved);

/* ms to add to the monotonic clock of that boot */
int64_t dots_clock_offset(const dots_clock_t *c);

/* ms that this clock is ahead of the wall clock; less than 0: behind */
int64_t dots_clock_ahead(const dots_clock_t *c);

/* The record has a version byte.  decode: DOTS_OK or DOTS_INVALID. */
void dots_clock_encode(const dots_clock_t *c, uint8_t buf[DOTS_CLOCK_RECORD]);
int dots_clock_decode(dots_clock_t *c, const uint8_t *buf, size_t len);

#endif /* DOTS_CLOCK_H */
