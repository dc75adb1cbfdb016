/*
 * dots mitigate, dots withdraw: each prints what came of it and returns the
 * exit code.  Knows no options, only what they have set.  Called by the table
 * of commands.
 */

#ifndef DOTS_CLI_MITIGATE_H
#define DOTS_CLI_MITIGATE_H

#include "dots_cli.h"

int dots_cli_mitigate(dots_cli_t *cli);
int dots_cli_withdraw(dots_cli_t *cli);

#endif /* DOTS_CLI_MITIGATE_H */
