/*
 * The address space of all customers together: overlaps between them, and for
 * each the fewest prefixes that cover its own.  Called by dots_customer.c only.
 */

#ifndef DOTS_CUSTOMER_SPACE_H
#define DOTS_CUSTOMER_SPACE_H

#include "dots_customer.h"

/*
 * Sorts "prefixes" and "shared" and makes "space" of each customer.  DOTS_OK,
 * DOTS_INVALID ("f": two overlap and not both are shared) or DOTS_ERROR.
 * O(n log n) of all prefixes.
 */
int dots_customer_space_build(dots_customer_t **list, size_t n,
    dots_arena_t *a, dots_fault_t *f);

#endif /* DOTS_CUSTOMER_SPACE_H */
