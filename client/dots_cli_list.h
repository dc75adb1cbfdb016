/*
 * What a client's mitigations are, RFC 9132 section 4.4.2: one, or all, in one
 * answer or in as many as they need.  Prints nothing.  Called by dots status.
 */

#ifndef DOTS_CLI_LIST_H
#define DOTS_CLI_LIST_H

#include <jansson.h>

#include "dots_cli_signal.h"

/*
 * "mid": -1 for all.  As dots_cli_signal(); *scopes is what was asked for, an
 * array of objects, ascending by mid, for the caller to release, or NULL.
 */
int dots_cli_list(dots_cli_t *cli, int64_t mid, dots_cli_answer_t *answer,
    json_t **scopes);

#endif /* DOTS_CLI_LIST_H */
