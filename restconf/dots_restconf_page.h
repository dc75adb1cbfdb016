/*
 * An answer that the host itself has to give, before or without a resource: the
 * request can't be read, nobody knows who it is, there is no location.  Its
 * status as an error of RESTCONF (RFC 8040 section 7).
 */

#ifndef DOTS_RESTCONF_PAGE_H
#define DOTS_RESTCONF_PAGE_H

#include "dots_base.h"
#include "dots_schema.h"

/*
 * The body for the status in the form that "accept" takes, in the arena, and
 * its media type.  DOTS_OK or DOTS_ERROR.
 */
int dots_restconf_page(const dots_schema_t *s, unsigned status,
    dots_str_t accept, dots_arena_t *a, dots_str_t *media, dots_str_t *text);

#endif /* DOTS_RESTCONF_PAGE_H */
