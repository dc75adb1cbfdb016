/*
 * What the commands of dots share: exit codes, what the command line and the
 * configuration said, and how a command looks.  Filled by dots_cli.c and
 * dots_cli_option.c, read by everything in client/.
 */

#ifndef DOTS_CLI_H
#define DOTS_CLI_H

#include <signal.h>

#include "dots_cli_config.h"
#include "dots_cli_cuid.h"
#include "dots_cli_psk.h"
#include "dots_cli_target.h"
#include "dots_schema.h"

#define DOTS_CLI_VERSION "0.1.0"

/* Exit codes; programs rely on them, "dots help" and the README list them. */

#define DOTS_CLI_DONE        0
#define DOTS_CLI_REFUSED     1   /* the server said no */
#define DOTS_CLI_USAGE       2   /* command line, configuration, this machine */
#define DOTS_CLI_UNREACHABLE 3   /* no connection or no answer in time */
#define DOTS_CLI_UNTRUSTED   4   /* one side does not accept the other's name */
#define DOTS_CLI_NOT_FOUND   5
#define DOTS_CLI_INTERRUPTED 130 /* as shells have it for SIGINT */

typedef struct {
    dots_cli_config_t      config;
    const char            *config_file;
    char                   cuid[DOTS_CLI_CUID_MAX + 1];
    dots_cli_psk_t         psk;          /* of the signal channel */
    dots_schema_t         *schema;

    long                   timeout;      /* seconds */
    unsigned               json:1;
    unsigned               verbose:1;
    unsigned               help:1;
    unsigned               version:1;
    unsigned               no_trigger:1;

    dots_cli_target_t      target;       /* of the options */
    int32_t                lifetime;     /* seconds, -1: forever */
    int64_t                mid;          /* -1: none given */
    long                   watch;        /* seconds, 0: once */
    uint32_t               given;        /* a bit for each option */

    int                    nargs;        /* without the command's name */
    char                 **args;

    volatile sig_atomic_t *stop;         /* NULL, or set by a signal */
} dots_cli_t;

static inline int
dots_cli_stopped(const dots_cli_t *cli)
{
    return cli->stop != NULL && *cli->stop;
}

#endif /* DOTS_CLI_H */
