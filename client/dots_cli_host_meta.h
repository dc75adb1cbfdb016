/*
 * The host-meta document of RFC 6415, as far as RFC 8040 section 3.1 needs it.
 * Knows no request.  Called by dots_cli_data.c.
 */

#ifndef DOTS_CLI_HOST_META_H
#define DOTS_CLI_HOST_META_H

#include "dots_base.h"

/*
 * The path in href of the first Link with rel="restconf" into "root".
 * DOTS_OK, or DOTS_DECLINED: there is none that fits, "root" is as it was.
 */
int dots_cli_host_meta(const char *xrd, char *root, size_t size);

#endif /* DOTS_CLI_HOST_META_H */
