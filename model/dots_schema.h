/*
 * The YANG context: the modules of schemas/, loaded once (in nginx's master)
 * and shared read-only by every process and both channels.  Hides what differs
 * between libyang versions together with dots_yang_compat.h.
 */

#ifndef DOTS_SCHEMA_H
#define DOTS_SCHEMA_H

#include <libyang/libyang.h>

#include "dots_base.h"

/* A module as it was read, for clients that ask for it (RFC 8040 3.7). */

typedef struct {
    const char *name;
    const char *revision;
    dots_str_t  text;
} dots_schema_source_t;

typedef struct {
    struct ly_ctx                  *ctx;
    const struct lys_module        *signal;     /* ietf-dots-signal-channel */
    const struct lysc_ext_instance *signal_ext; /* sx:structure dots-signal */
    const struct lys_module        *data;       /* ietf-dots-data-channel */
    const struct lys_module        *mapping;    /* ietf-dots-mapping, or NULL */
    const dots_schema_source_t     *sources;    /* of all, imports too */
    size_t                          nsources;
    char                            content_id[17]; /* of all that they say */
} dots_schema_t;

/*
 * Loads the pinned revisions from "dir" (a path with a NUL).  NULL on failure,
 * with one sentence in "err" that names the module and what to do.  The
 * modules of later RFCs (9066, 9133, 9244, 9362) may be absent, not broken.
 */
dots_schema_t *dots_schema_load(const char *dir, char *err, size_t size);
void dots_schema_free(dots_schema_t *s);

/*
 * Nonzero if there is memory for the tree of a text of "len" bytes.  libyang
 * does not survive an allocation that fails in the middle: asked before each.
 */
int dots_schema_room(size_t len);

/*
 * The messages of the signal channel are the cases of a choice (RFC 9132
 * section 5.3), for which libyang has no data node.  A message therefore is an
 * opaque node that bears the name of the case ("mitigation-scope",
 * "telemetry") and module (NULL: ietf-dots-signal-channel); below it are
 * ordinary nodes.  *top: lyd_free_all() it.  DOTS_OK, DOTS_DECLINED (no such
 * message, or its module is not loaded), DOTS_ERROR.
 */
int dots_schema_message(const dots_schema_t *s, const char *module,
    const char *name, struct lyd_node **top);

/* The case that a message is an instance of; NULL: "top" is no message. */
const struct lysc_node *dots_schema_message_case(const dots_schema_t *s,
    const struct lyd_node *top);

/*
 * Adds a node directly below a message: a container, an entry of a list
 * without keys, or a leaf or leaf-list entry with "value".  Deeper nodes are
 * made by lyd_new_*(), which cannot make these.  DOTS_OK, DOTS_INVALID (the
 * value is not of its type), DOTS_ERROR.
 */
int dots_schema_message_add(const dots_schema_t *s, struct lyd_node *top,
    const char *name, const char *value, struct lyd_node **node);

/*
 * The child of "parent" that is called "name" there ("module:name" where its
 * module is not the parent's, as in RFC 7951), choices seen through; or NULL.
 */
const struct lysc_node *dots_schema_child(const struct lysc_node *parent,
    const char *name);

/*
 * Nonzero if values of the type are numbers in JSON, of up to 32 bits; longer
 * ones and fractions are strings (RFC 7951 section 6.1).
 */
int dots_schema_is_number(LY_DATA_TYPE type);

#endif /* DOTS_SCHEMA_H */
