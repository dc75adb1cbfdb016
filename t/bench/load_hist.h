/*
 * A histogram of latencies in fixed memory: each power of two is cut into
 * LOAD_HIST_PARTS, so that a value is known to about 3 % (as in HdrHistogram).
 */

#ifndef LOAD_HIST_H
#define LOAD_HIST_H

#include <stdint.h>

#define LOAD_HIST_BITS   5
#define LOAD_HIST_PARTS  (1 << LOAD_HIST_BITS)
#define LOAD_HIST_SLOTS  ((64 - LOAD_HIST_BITS + 1) * LOAD_HIST_PARTS)

typedef struct {
    uint64_t  n;
    uint64_t  max;
    uint64_t  slots[LOAD_HIST_SLOTS];
} load_hist_t;

void load_hist_add(load_hist_t *h, uint64_t value);

/* What "percent" of the values do not exceed; 0 where there is none. */
uint64_t load_hist_at(const load_hist_t *h, unsigned percent);

#endif /* LOAD_HIST_H */
