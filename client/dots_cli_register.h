/*
 * dots register, dots deregister: each prints what came of it and returns the
 * exit code.  Called by the table of commands.
 */

#ifndef DOTS_CLI_REGISTER_H
#define DOTS_CLI_REGISTER_H

#include "dots_cli.h"

int dots_cli_register(dots_cli_t *cli);
int dots_cli_deregister(dots_cli_t *cli);

#endif /* DOTS_CLI_REGISTER_H */
