/*
 * One record of the store: which kind it is, whether the model can read it, and
 * as JSON.  Called for each record by check and dump.  The keys are those of
 * ngx_dots_module/ngx_dots_state.h.
 */

#ifndef DOTS_ADMIN_RECORD_H
#define DOTS_ADMIN_RECORD_H

#include <stdio.h>

#include "dots_store.h"

#define DOTS_ADMIN_KINDS 9   /* the last: of no kind that is known */

/* "out" may be NULL.  0, and "kind"; or -1: it can't be decoded. */
int dots_admin_record(dots_store_slice_t key, dots_store_slice_t value,
    FILE *out, int *kind);

const char *dots_admin_record_kind(int kind);

/* A key, readable. */
void dots_admin_record_key(dots_store_slice_t key, FILE *out);

#endif /* DOTS_ADMIN_RECORD_H */
