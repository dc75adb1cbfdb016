#include "dots_acl.h"


#define DOTS_ACL_STEP ((int64_t) 1 << 20) /* room that is left where there is
                                             room at all */


/* A number for one in place, never 0: that is none. */

static int64_t
dots_acl_order_next(int64_t rank)
{
    return rank + 1 == 0 ? 1 : rank + 1;
}


/* Gives [from, to) places between "low" and "high". */

static void
dots_acl_order_run(dots_acl_t **acls, size_t from, size_t to, int64_t low,
    int64_t high)
{
    size_t   i;
    int64_t  step;

    step = (high - low) / ((int64_t) (to - from) + 1);

    for (i = from; i < to; i++) {
        low = step > 1 ? low + step : dots_acl_order_next(low);
        acls[i]->rank = low == 0 ? 1 : low;
    }
}


void
dots_acl_order(dots_acl_t **acls, size_t n)
{
    int      first;
    size_t   i, end;
    int64_t  low;

    first = 1;
    low = 0;

    for (i = 0; i < n; i++) {

        if (acls[i]->rank != 0) {

            /* no room between its neighbours: it moves up */

            if (!first && acls[i]->rank <= low) {
                acls[i]->rank = dots_acl_order_next(low);
            }

            low = acls[i]->rank;
            first = 0;
            continue;
        }

        for (end = i; end < n && acls[end]->rank == 0; end++) { /* void */ }

        if (end == n) {
            return;
        }

        if (first) {
            low = acls[end]->rank - DOTS_ACL_STEP * ((int64_t) (end - i) + 1);
        }

        dots_acl_order_run(acls, i, end, low, acls[end]->rank);

        low = acls[end - 1]->rank;
        first = 0;
        i = end - 1;
    }
}
