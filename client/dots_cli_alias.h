/*
 * dots alias: each prints what came of it and returns the exit code.  The name
 * is the first argument.  Called by the table of commands.
 */

#ifndef DOTS_CLI_ALIAS_H
#define DOTS_CLI_ALIAS_H

#include "dots_cli.h"

int dots_cli_alias_add(dots_cli_t *cli);
int dots_cli_alias_list(dots_cli_t *cli);
int dots_cli_alias_show(dots_cli_t *cli);
int dots_cli_alias_delete(dots_cli_t *cli);

#endif /* DOTS_CLI_ALIAS_H */
