#include <stddef.h>

#include "load_hist.h"


/* Below 2 * PARTS a slot for each value, then PARTS slots for each doubling. */

static size_t
load_hist_slot(uint64_t value)
{
    unsigned  shift;

    if (value < 2 * LOAD_HIST_PARTS) {
        return (size_t) value;
    }

    shift = 63 - (unsigned) __builtin_clzll(value) - LOAD_HIST_BITS;

    return (size_t) shift * LOAD_HIST_PARTS + (size_t) (value >> shift);
}


/* The largest value of a slot. */

static uint64_t
load_hist_value(size_t slot)
{
    unsigned  shift;

    if (slot < 2 * LOAD_HIST_PARTS) {
        return slot;
    }

    shift = (unsigned) (slot / LOAD_HIST_PARTS) - 1;

    return ((slot % LOAD_HIST_PARTS + LOAD_HIST_PARTS + 1ULL) << shift) - 1;
}


void
load_hist_add(load_hist_t *h, uint64_t value)
{
    h->n++;
    h->slots[load_hist_slot(value)]++;

    if (value > h->max) {
        h->max = value;
    }
}


uint64_t
load_hist_at(const load_hist_t *h, unsigned percent)
{
    size_t    i;
    uint64_t  sum, wanted, value;

    wanted = (h->n * percent + 99) / 100;
    sum = 0;

    for (i = 0; i < LOAD_HIST_SLOTS; i++) {
        sum += h->slots[i];

        if (sum >= wanted) {
            value = load_hist_value(i);
            return value < h->max ? value : h->max;
        }
    }

    return h->max;
}
