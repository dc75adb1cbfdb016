/* dots: main(), and what a command needs before it can run. */

#include <stdio.h>
#include <stdlib.h>

#include "dots_cli_command.h"
#include "dots_cli_option.h"
#include "dots_cli_output.h"


#define DOTS_CLI_TIMEOUT  10     /* s */
#define DOTS_CLI_LIFETIME 3600   /* s, RFC 9132 section 4.4.1.1 */

static volatile sig_atomic_t  dots_cli_signalled;


static void
dots_cli_interrupt(int signo)
{
    (void) signo;

    dots_cli_signalled = 1;
}


/* The second Ctrl-C ends us where the first one is not seen (name service). */

static void
dots_cli_signals(void)
{
    struct sigaction  sa;

    memset(&sa, 0, sizeof(sa));
    sa.sa_handler = dots_cli_interrupt;
    sa.sa_flags = (int) SA_RESETHAND;

    (void) sigaction(SIGINT, &sa, NULL);
    (void) sigaction(SIGTERM, &sa, NULL);
}


/* Arguments beyond those that the command has by itself are prefixes. */

static int
dots_cli_targets(dots_cli_t *cli, const dots_cli_command_t *c)
{
    int           i;
    dots_fault_t  f;

    if (cli->nargs < c->min || (c->max >= 0 && cli->nargs > c->max)) {
        return dots_cli_output_error(cli, DOTS_CLI_USAGE, "usage: dots %s",
                                     c->usage);
    }

    for (i = 0; i < cli->nargs; i++) {
        if (!dots_cli_target_text(cli->args[i])) {
            return dots_cli_output_error(cli, DOTS_CLI_USAGE, "\"%s\" is no "
                                         "text in UTF-8", cli->args[i]);
        }
    }

    for (i = c->min; c->max < 0 && i < cli->nargs; i++) {
        if (dots_cli_target_prefix(&cli->target, cli->args[i], &f) != DOTS_OK) {
            return dots_cli_output_error(cli, DOTS_CLI_USAGE, "%s", f.message);
        }
    }

    return DOTS_CLI_DONE;
}


/* The certificate; with a key of the signal channel only the data channel's. */

static int
dots_cli_certificate(dots_cli_t *cli, unsigned needs, dots_fault_t *f)
{
    if (cli->config.psk != NULL && needs != DOTS_CLI_COMMAND_DATA) {
        return DOTS_OK;
    }

    if (cli->config.cert == NULL
        || (needs != DOTS_CLI_COMMAND_CUID
            && (cli->config.ca == NULL || cli->config.key == NULL)))
    {
        return dots_fault(f, DOTS_FAULT_MISSING, NULL, "say --ca, --cert and "
                          "--key%s, or write them into a file for --config",
                          needs == DOTS_CLI_COMMAND_DATA ? "" : ", or --psk");
    }

    return needs == DOTS_CLI_COMMAND_CUID
           ? DOTS_OK
           : dots_cli_cuid_key(cli->config.cert, cli->config.key, f);
}


static int
dots_cli_identity(dots_cli_t *cli, unsigned needs, dots_fault_t *f)
{
    if ((cli->config.psk != NULL
         && dots_cli_psk(cli->config.psk, &cli->psk, f) != DOTS_OK)
        || dots_cli_certificate(cli, needs, f) != DOTS_OK)
    {
        return DOTS_INVALID;
    }

    if (cli->config.cuid != NULL) {
        (void) snprintf(cli->cuid, sizeof(cli->cuid), "%s", cli->config.cuid);
        return DOTS_OK;
    }

    return cli->psk.len ? dots_cli_cuid_psk(cli->psk.identity, cli->cuid)
                        : dots_cli_cuid(cli->config.cert, cli->cuid, f);
}


static int
dots_cli_prepare(dots_cli_t *cli, const dots_cli_command_t *c)
{
    char          err[512];
    dots_fault_t  f = { .message = "no memory" };

    if (dots_cli_config_load(&cli->config, cli->config_file, &f) != DOTS_OK
        || dots_cli_identity(cli, c->needs, &f) != DOTS_OK)
    {
        return dots_cli_output_error(cli, DOTS_CLI_USAGE, "%s", f.message);
    }

    if (c->needs != DOTS_CLI_COMMAND_SIGNAL) {
        return DOTS_CLI_DONE;
    }

    if (cli->config.server == NULL || cli->config.state == NULL) {
        return dots_cli_output_error(cli, DOTS_CLI_USAGE, "say --%s, or write "
                                     "it into a file for --config",
                                     cli->config.server == NULL
                                     ? "server HOST[:PORT]"
                                     : "state DIR, where mids are counted");
    }

    cli->schema = dots_schema_load(cli->config.schemas, err, sizeof(err));

    return cli->schema != NULL
           ? DOTS_CLI_DONE
           : dots_cli_output_error(cli, DOTS_CLI_USAGE, "schemas: %s", err);
}


static int
dots_cli_help(dots_cli_t *cli)
{
    const char  *name;

    if (strcmp(cli->args[0], "help") == 0) {
        cli->nargs--;
        cli->args++;
    }

    name = cli->nargs > 0 ? cli->args[0] : NULL;

    if (dots_cli_command_help(stdout, name) == DOTS_OK) {
        return DOTS_CLI_DONE;
    }

    return dots_cli_output_error(cli, DOTS_CLI_USAGE, "there is no command "
                                 "\"%s\": \"dots help\" lists them", name);
}


static int
dots_cli_run(dots_cli_t *cli)
{
    int                        rc;
    dots_fault_t               f;
    const dots_cli_command_t  *c;

    if (cli->version) {
        (void) printf("dots %s\n", DOTS_CLI_VERSION);
        return DOTS_CLI_DONE;
    }

    if (cli->nargs == 0 && cli->help) {
        (void) dots_cli_command_help(stdout, NULL);
        return DOTS_CLI_DONE;
    }

    if (cli->nargs == 0) {
        return dots_cli_output_error(cli, DOTS_CLI_USAGE, "what to do? \"dots "
                                     "help\" lists the commands");
    }

    if (strcmp(cli->args[0], "help") == 0 || cli->help) {
        return dots_cli_help(cli);
    }

    c = dots_cli_command_find(cli, &f);

    if (c == NULL
        || dots_cli_option_fit(cli, c->takes, c->usage, &f) != DOTS_OK)
    {
        return dots_cli_output_error(cli, DOTS_CLI_USAGE, "%s", f.message);
    }

    rc = dots_cli_targets(cli, c);

    if (rc == DOTS_CLI_DONE) {
        rc = dots_cli_prepare(cli, c);
    }

    return rc == DOTS_CLI_DONE ? c->run(cli) : rc;
}


/* A result that nobody could read is none: a full disk, a closed pipe. */

static int
dots_cli_flush(dots_cli_t *cli, int rc)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return rc;
    }

    cli->json = 0;

    return dots_cli_output_error(cli, rc != DOTS_CLI_DONE ? rc : DOTS_CLI_USAGE,
                                 "the output can't be written");
}


int
main(int argc, char **argv)
{
    int            rc;
    dots_cli_t    *cli;
    dots_fault_t   f;

    cli = calloc(1, sizeof(dots_cli_t));
    if (cli == NULL) {
        return DOTS_CLI_USAGE;
    }

    dots_cli_signals();

    cli->timeout = DOTS_CLI_TIMEOUT;
    cli->lifetime = DOTS_CLI_LIFETIME;
    cli->mid = -1;
    cli->stop = &dots_cli_signalled;
    dots_cli_target_init(&cli->target);

    rc = dots_cli_option_parse(cli, argc, argv, &f) == DOTS_OK
         ? dots_cli_run(cli)
         : dots_cli_output_error(cli, DOTS_CLI_USAGE, "%s", f.message);

    rc = dots_cli_flush(cli, rc);

    dots_schema_free(cli->schema);
    dots_cli_config_free(&cli->config);
    free(cli);

    return rc;
}
