/*
 * The JSON (RFC 7951) of a valid entry as it is stored: what lyd_print_mem()
 * with LYD_PRINT_SHRINK says inside its array.  That takes a vasprintf() for
 * each token, a seventh of all that a PUT costs.  Called by dots_data_yang.c.
 */

#ifndef DOTS_DATA_PRINT_H
#define DOTS_DATA_PRINT_H

#include "dots_base.h"

struct lyd_node;

/* DOTS_OK, or DOTS_ERROR: no memory, or longer than any entry may be. */
int dots_data_print(const struct lyd_node *entry, dots_arena_t *a,
    dots_str_t *text);

#endif /* DOTS_DATA_PRINT_H */
