/*
 * POST, PUT, PATCH and DELETE of data resources (RFC 8040 sections 4.4 to 4.7).
 *
 *   message -> edits -> an entry as a whole: one transaction, blindly
 *                    -> anything else: read, edit the tree, validate what has
 *                       changed, commit if all is as it was read; else again
 */

#ifndef DOTS_DATA_WRITE_H
#define DOTS_DATA_WRITE_H

#include "dots_restconf_exchange.h"

#define DOTS_DATA_ATTEMPTS 32 /* of one request, then 409 in-use */

/* POST, PUT, PATCH and DELETE, RFC 8040 sections 4.4 to 4.7, RFC 8072. */
int dots_data_write(dots_exchange_t *x);

/*
 * Where the value of a query parameter "point", or a path in a YANG Patch, says
 * that something goes: an entry of the same list as "path".  DOTS_OK,
 * DOTS_INVALID, DOTS_ERROR.
 */
int dots_data_write_same_list(dots_exchange_t *x, const dots_data_path_t *path,
    const dots_data_path_t *point);

/* One more of x->edits, which has room for "max", or NULL: no memory. */
dots_data_edit_t *dots_data_write_edit(dots_exchange_t *x, size_t max,
    dots_edit_operation_t operation, const dots_data_path_t *path,
    json_t *value);

/* The edits of x: read, edit, commit. */
int dots_data_write_run(dots_exchange_t *x);

#endif /* DOTS_DATA_WRITE_H */
