/*
 * The commands as a table: their names, what they need and take, their help.
 * Runs nothing by itself.  Called by dots_cli.c.
 */

#ifndef DOTS_CLI_COMMAND_H
#define DOTS_CLI_COMMAND_H

#include <stdio.h>

#include "dots_cli.h"

/* What a command needs before it can run. */

#define DOTS_CLI_COMMAND_CUID   1
#define DOTS_CLI_COMMAND_SIGNAL 2  /* server, certificates, schemas */
#define DOTS_CLI_COMMAND_DATA   4

typedef struct {
    const char  *name;
    const char  *sub;        /* of "alias" */
    int          min;        /* arguments */
    int          max;        /* -1: any; those beyond "min" are prefixes */
    unsigned     needs;
    unsigned     takes;      /* DOTS_CLI_OPTION_... */
    int        (*run)(dots_cli_t *cli);
    const char  *usage;
    const char  *help;
} dots_cli_command_t;

/* Takes its words from cli->args.  NULL: what to say instead is in "f". */
const dots_cli_command_t *dots_cli_command_find(dots_cli_t *cli,
    dots_fault_t *f);

/* Of one command, or (NULL) of all; DOTS_DECLINED: there is no such. */
int dots_cli_command_help(FILE *out, const char *name);

#endif /* DOTS_CLI_COMMAND_H */
