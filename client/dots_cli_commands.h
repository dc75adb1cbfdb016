/*
 * The commands: each does its work, prints the result or the error, and returns
 * the exit code.  Called by the table in dots_cli.c alone, which has checked
 * the number of arguments and prepared what the table says the command needs.
 */

#ifndef DOTS_CLI_COMMANDS_H
#define DOTS_CLI_COMMANDS_H

#include "dots_cli.h"

/* dots_cli_mitigate.c */
int dots_cli_mitigate(dots_cli_t *cli);
int dots_cli_withdraw(dots_cli_t *cli);

/* dots_cli_status.c */
int dots_cli_status(dots_cli_t *cli);

/* dots_cli_alias.c */
int dots_cli_alias_add(dots_cli_t *cli);
int dots_cli_alias_list(dots_cli_t *cli);
int dots_cli_alias_show(dots_cli_t *cli);
int dots_cli_alias_delete(dots_cli_t *cli);

/* dots_cli_register.c */
int dots_cli_register(dots_cli_t *cli);
int dots_cli_deregister(dots_cli_t *cli);

#endif /* DOTS_CLI_COMMANDS_H */
