/*
 * The options of the command line, which may stand before and after the
 * command.  Knows what each sets and which belong to some commands only; not
 * the commands.
 */

#ifndef DOTS_CLI_OPTION_H
#define DOTS_CLI_OPTION_H

#include "dots_cli.h"

/* What a command may take beyond the options of all commands. */

#define DOTS_CLI_OPTION_TARGETS  1  /* --port, --protocol, --fqdn, --uri */
#define DOTS_CLI_OPTION_REQUEST  2  /* --alias, --lifetime, --mid, ... */
#define DOTS_CLI_OPTION_WATCH    4

/*
 * Reads all of them, even after a fault, so that --json is known wherever it
 * stands.  Then cli->args is what is left.  DOTS_OK or DOTS_INVALID.
 */
int dots_cli_option_parse(dots_cli_t *cli, int argc, char **argv,
    dots_fault_t *f);

/* Was one given that "command", which takes "takes", would ignore? */
int dots_cli_option_fit(const dots_cli_t *cli, unsigned takes,
    const char *command, dots_fault_t *f);

#endif /* DOTS_CLI_OPTION_H */
