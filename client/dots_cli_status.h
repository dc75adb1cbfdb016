/*
 * dots status: prints it, or each change of it, and returns the exit code.
 * Called by the table of commands.
 */

#ifndef DOTS_CLI_STATUS_H
#define DOTS_CLI_STATUS_H

#include "dots_cli.h"

int dots_cli_status(dots_cli_t *cli);

#endif /* DOTS_CLI_STATUS_H */
