/*
 * The YANG context: the modules of schemas/, loaded once (in nginx's master)
 * and shared read-only by every process and both channels.  Hides what differs
 * between libyang versions together with dots_yang_compat.h.
 */

#ifndef DOTS_SCHEMA_H
#define DOTS_SCHEMA_H

#include <libyang/libyang.h>

#include "dots_base.h"

typedef struct {
    struct ly_ctx                  *ctx;
    const struct lys_module        *signal;     /* ietf-dots-signal-channel */
    const struct lysc_ext_instance *signal_ext; /* its sx:structure dots-signal */
    const struct lys_module        *data;       /* ietf-dots-data-channel */
} dots_schema_t;

/*
 * Loads the pinned revisions from "dir" (a path with a NUL).  NULL on failure,
 * with one sentence in "err" that names the module and what to do.
 */
dots_schema_t *dots_schema_load(const char *dir, char *err, size_t size);
void dots_schema_free(dots_schema_t *s);

#endif /* DOTS_SCHEMA_H */
