/*
 * YANG Patch (RFC 8072): the message into edits, their outcome into a
 * "yang-patch-status".  All edits are made or none.
 */

#ifndef DOTS_DATA_PATCH_H
#define DOTS_DATA_PATCH_H

#include "dots_restconf_exchange.h"

#define DOTS_PATCH_EDITS 256 /* in one message, beyond: 413 */

/*
 * x->body into x->edits and x->patch.  DOTS_OK, with an answer in rc->text
 * where an edit can't be made; DOTS_INVALID; DOTS_ERROR.
 */
int dots_data_patch(dots_exchange_t *x);

/* "ok"; an answer. */
int dots_data_patch_done(dots_exchange_t *x);

/* x->error of edit "i", or of all; an answer if "rc" is DOTS_INVALID. */
int dots_data_patch_failed(dots_exchange_t *x, size_t i, int rc);
int dots_data_patch_invalid(dots_exchange_t *x, int rc);

#endif /* DOTS_DATA_PATCH_H */
