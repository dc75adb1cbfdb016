/* The command line of dots: options, commands, help. */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "dots_cli_commands.h"
#include "dots_cli_output.h"


#define DOTS_CLI_TIMEOUT  10     /* s */
#define DOTS_CLI_LIFETIME 3600   /* s, RFC 9132 section 4.4.1.1 */
#define DOTS_CLI_WATCH    3      /* s */

/* What a command needs before it can run. */

#define DOTS_CLI_NEEDS_CUID   1
#define DOTS_CLI_NEEDS_SIGNAL 2  /* server, certificates, schemas */
#define DOTS_CLI_NEEDS_DATA   4


typedef struct {
    const char  *name;
    const char  *sub;        /* of "alias" */
    int          min;        /* arguments */
    int          max;        /* -1: any; they are targets then */
    unsigned     needs;
    int        (*run)(dots_cli_t *cli);
    const char  *usage;
    const char  *help;
} dots_cli_command_t;


static int dots_cli_cuid_print(dots_cli_t *cli);


#define DOTS_CLI_TARGETS                                                      \
    "  PREFIX              192.0.2.7, 192.0.2.0/28, 2001:db8::/64\n"          \
    "  --fqdn NAME         a name; --uri URI: an address of a service\n"      \
    "  --port LIST         80,443,8000-8080\n"                                \
    "  --protocol LIST     tcp,udp,17\n"

static const dots_cli_command_t  dots_cli_commands[] = {
    { "mitigate", NULL, 0, -1, DOTS_CLI_NEEDS_SIGNAL, dots_cli_mitigate,
      "mitigate [PREFIX...] [options]",
      "Asks for mitigation of the targets; the same --mid again refreshes it.\n"
      "\n"
      DOTS_CLI_TARGETS
      "  --alias NAME        what \"dots alias add\" has named\n"
      "  --lifetime TIME     1h, 30m, 90s, 3600, forever (default 1h)\n"
      "  --mid N             a mid of your own (default: the next one)\n"
      "  --no-trigger        only when the session is lost\n" },
    { "status", NULL, 0, 1, DOTS_CLI_NEEDS_SIGNAL, dots_cli_status,
      "status [MID] [--watch[=SECONDS]]",
      "Shows one mitigation, or all of yours.\n"
      "\n"
      "  --watch[=SECONDS]   asks again and prints what has changed\n" },
    { "withdraw", NULL, 1, 1, DOTS_CLI_NEEDS_SIGNAL, dots_cli_withdraw,
      "withdraw MID", "Ends a mitigation.\n" },
    { "alias", "add", 1, -1, DOTS_CLI_NEEDS_DATA, dots_cli_alias_add,
      "alias add NAME [PREFIX...] [options]",
      "Names targets for use in \"dots mitigate --alias NAME\".\n\n"
      DOTS_CLI_TARGETS },
    { "alias", "list", 0, 0, DOTS_CLI_NEEDS_DATA, dots_cli_alias_list,
      "alias list", "Shows all aliases.\n" },
    { "alias", "show", 1, 1, DOTS_CLI_NEEDS_DATA, dots_cli_alias_show,
      "alias show NAME", "Shows one alias.\n" },
    { "alias", "delete", 1, 1, DOTS_CLI_NEEDS_DATA, dots_cli_alias_delete,
      "alias delete NAME", "Removes an alias.\n" },
    { "register", NULL, 0, 0, DOTS_CLI_NEEDS_DATA, dots_cli_register,
      "register", "Registers this client on the data channel.\n" },
    { "deregister", NULL, 0, 0, DOTS_CLI_NEEDS_DATA, dots_cli_deregister,
      "deregister", "Removes this client and all its aliases.\n" },
    { "cuid", NULL, 0, 0, DOTS_CLI_NEEDS_CUID, dots_cli_cuid_print, "cuid",
      "Prints the client's identifier, RFC 9132 section 4.4.1.1.\n" },
    { NULL, NULL, 0, 0, 0, NULL, NULL, NULL }
};

static const char  dots_cli_general[] =
    "Options of all commands:\n"
    "  --config FILE       settings, \"key = value\" lines ($DOTS_CONFIG,\n"
    "                      ~/.config/dots/dots.conf, /etc/dots.conf)\n"
    "  --server HOST[:PORT]  the signal channel (port 4646)\n"
    "  --data URL          the data channel, https://HOST[:PORT]\n"
    "  --name NAME         in the server's certificate (default: the host)\n"
    "  --ca, --cert, --key FILE  PEM: who signs the server; who we are\n"
    "  --cuid CUID         instead of the one made of the certificate\n"
    "  --state DIR         where the last mid is kept\n"
    "  --schemas DIR       the YANG modules\n"
    "  --timeout SECONDS   of a request (10)\n"
    "  --json              results and errors for programs\n"
    "  -v                  what the libraries say\n"
    "\n"
    "Exit codes: 0 done, 1 the server refused, 2 usage or configuration,\n"
    "3 no answer, 4 authentication failed, 5 not found.\n";

enum {
    DOTS_CLI_OPT_CONFIG = 256,
    DOTS_CLI_OPT_SETTING,       /* one of dots_cli_config_t, by its name */
    DOTS_CLI_OPT_TIMEOUT,
    DOTS_CLI_OPT_JSON,
    DOTS_CLI_OPT_VERSION,
    DOTS_CLI_OPT_PORT,
    DOTS_CLI_OPT_PROTOCOL,
    DOTS_CLI_OPT_FQDN,
    DOTS_CLI_OPT_URI,
    DOTS_CLI_OPT_ALIAS,
    DOTS_CLI_OPT_LIFETIME,
    DOTS_CLI_OPT_MID,
    DOTS_CLI_OPT_NO_TRIGGER,
    DOTS_CLI_OPT_WATCH
};

static const struct option  dots_cli_options[] = {
    { "config", required_argument, NULL, DOTS_CLI_OPT_CONFIG },
    { "server", required_argument, NULL, DOTS_CLI_OPT_SETTING },
    { "data", required_argument, NULL, DOTS_CLI_OPT_SETTING },
    { "name", required_argument, NULL, DOTS_CLI_OPT_SETTING },
    { "ca", required_argument, NULL, DOTS_CLI_OPT_SETTING },
    { "cert", required_argument, NULL, DOTS_CLI_OPT_SETTING },
    { "key", required_argument, NULL, DOTS_CLI_OPT_SETTING },
    { "cuid", required_argument, NULL, DOTS_CLI_OPT_SETTING },
    { "state", required_argument, NULL, DOTS_CLI_OPT_SETTING },
    { "schemas", required_argument, NULL, DOTS_CLI_OPT_SETTING },
    { "timeout", required_argument, NULL, DOTS_CLI_OPT_TIMEOUT },
    { "json", no_argument, NULL, DOTS_CLI_OPT_JSON },
    { "verbose", no_argument, NULL, 'v' },
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, DOTS_CLI_OPT_VERSION },
    { "port", required_argument, NULL, DOTS_CLI_OPT_PORT },
    { "protocol", required_argument, NULL, DOTS_CLI_OPT_PROTOCOL },
    { "fqdn", required_argument, NULL, DOTS_CLI_OPT_FQDN },
    { "uri", required_argument, NULL, DOTS_CLI_OPT_URI },
    { "alias", required_argument, NULL, DOTS_CLI_OPT_ALIAS },
    { "lifetime", required_argument, NULL, DOTS_CLI_OPT_LIFETIME },
    { "mid", required_argument, NULL, DOTS_CLI_OPT_MID },
    { "no-trigger", no_argument, NULL, DOTS_CLI_OPT_NO_TRIGGER },
    { "watch", optional_argument, NULL, DOTS_CLI_OPT_WATCH },
    { NULL, 0, NULL, 0 }
};

static volatile sig_atomic_t  dots_cli_signalled;


static void
dots_cli_interrupt(int signo)
{
    (void) signo;

    dots_cli_signalled = 1;
}


static void
dots_cli_usage(FILE *out, const char *name)
{
    const dots_cli_command_t  *c;

    (void) fprintf(out, "dots: asks a DOTS server for help against attacks\n\n");

    for (c = dots_cli_commands; c->name != NULL; c++) {
        if (name == NULL || strcmp(name, c->name) == 0) {
            (void) fprintf(out, "dots %s\n%s%s", c->usage,
                           name != NULL ? c->help : "",
                           name != NULL ? "\n" : "");
        }
    }

    (void) fprintf(out, "%s%s", name == NULL ? "dots help COMMAND\n\n" : "",
                   dots_cli_general);
}


/* ---- options ---- */

static int
dots_cli_option_number(dots_cli_t *cli, int opt, const char *text,
    dots_fault_t *f)
{
    uint64_t  n;

    if (dots_cli_target_number(text, opt == DOTS_CLI_OPT_MID ? UINT32_MAX
                                                             : 86400, &n)
        != DOTS_OK
        || (n == 0 && opt != DOTS_CLI_OPT_MID))
    {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                          "\"%.100s\" is not a number that fits here", text);
    }

    if (opt == DOTS_CLI_OPT_MID) {
        cli->mid = (int64_t) n;

    } else if (opt == DOTS_CLI_OPT_TIMEOUT) {
        cli->timeout = (long) n;

    } else {
        cli->watch = (long) n;
    }

    return DOTS_OK;
}


static int
dots_cli_option_lifetime(dots_cli_t *cli, const char *text, dots_fault_t *f)
{
    if (strcmp(text, "forever") == 0) {
        cli->lifetime = -1;
        return DOTS_OK;
    }

    if (dots_cli_target_duration(text, &cli->lifetime) != DOTS_OK) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                          "\"%.100s\" is no lifetime: write 1h, 30m, 90s, "
                          "3600 or forever", text);
    }

    return DOTS_OK;
}


static int
dots_cli_option(dots_cli_t *cli, int opt, const char *name, dots_fault_t *f)
{
    switch (opt) {

    case DOTS_CLI_OPT_CONFIG:
        cli->config_file = optarg;
        return DOTS_OK;

    case DOTS_CLI_OPT_SETTING:
        return dots_cli_config_set(&cli->config, name, optarg) == DOTS_OK
               ? DOTS_OK
               : dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                            "--%s has no value", name);

    case DOTS_CLI_OPT_JSON:
        cli->json = 1;
        return DOTS_OK;

    case DOTS_CLI_OPT_VERSION:
        cli->version = 1;
        return DOTS_OK;

    case DOTS_CLI_OPT_PORT:
        return dots_cli_target_ports(&cli->target, optarg, f);

    case DOTS_CLI_OPT_PROTOCOL:
        return dots_cli_target_protocols(&cli->target, optarg, f);

    case DOTS_CLI_OPT_FQDN:
        return dots_cli_target_fqdn(&cli->target, optarg, f);

    case DOTS_CLI_OPT_URI:
        return dots_cli_target_uri(&cli->target, optarg, f);

    case DOTS_CLI_OPT_ALIAS:
        return dots_cli_target_alias(&cli->target, optarg, f);

    case DOTS_CLI_OPT_LIFETIME:
        return dots_cli_option_lifetime(cli, optarg, f);

    case DOTS_CLI_OPT_NO_TRIGGER:
        cli->no_trigger = 1;
        return DOTS_OK;

    case DOTS_CLI_OPT_TIMEOUT:
    case DOTS_CLI_OPT_MID:
        return dots_cli_option_number(cli, opt, optarg, f);

    case DOTS_CLI_OPT_WATCH:
        cli->watch = DOTS_CLI_WATCH;
        return optarg == NULL ? DOTS_OK
                              : dots_cli_option_number(cli, opt, optarg, f);

    case 'v':
        cli->verbose = 1;
        return DOTS_OK;

    case 'h':
        cli->help = 1;
        return DOTS_OK;

    default:
        /* getopt_long() has said what is wrong */
        f->message[0] = '\0';
        return DOTS_INVALID;
    }
}


static int
dots_cli_parse(dots_cli_t *cli, int argc, char **argv, dots_fault_t *f)
{
    int  opt, index, rc;

    for (index = 0;
         (opt = getopt_long(argc, argv, "vh", dots_cli_options, &index)) != -1;
         index = 0)
    {
        rc = dots_cli_option(cli, opt, dots_cli_options[index].name, f);
        if (rc != DOTS_OK) {
            return rc;
        }
    }

    cli->nargs = argc - optind;
    cli->args = argv + optind;

    return DOTS_OK;
}


/* ---- commands ---- */

static int
dots_cli_cuid_print(dots_cli_t *cli)
{
    if (cli->json) {
        dots_cli_output_json(json_pack("{s:s}", "cuid", cli->cuid));
    } else {
        (void) printf("%s\n", cli->cuid);
    }

    return DOTS_CLI_DONE;
}


static const dots_cli_command_t *
dots_cli_find(dots_cli_t *cli)
{
    const dots_cli_command_t  *c;

    for (c = dots_cli_commands; c->name != NULL; c++) {

        if (strcmp(c->name, cli->args[0]) != 0) {
            continue;
        }

        if (c->sub == NULL) {
            cli->nargs--;
            cli->args++;
            return c;
        }

        if (cli->nargs > 1 && strcmp(c->sub, cli->args[1]) == 0) {
            cli->nargs -= 2;
            cli->args += 2;
            return c;
        }
    }

    return NULL;
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

    for (i = c->min; c->max < 0 && i < cli->nargs; i++) {
        if (dots_cli_target_prefix(&cli->target, cli->args[i], &f) != DOTS_OK) {
            return dots_cli_output_error(cli, DOTS_CLI_USAGE, "%s", f.message);
        }
    }

    return DOTS_CLI_DONE;
}


static int
dots_cli_identity(dots_cli_t *cli, unsigned needs)
{
    dots_fault_t  f;

    if (cli->config.cert == NULL
        || (needs != DOTS_CLI_NEEDS_CUID
            && (cli->config.ca == NULL || cli->config.key == NULL)))
    {
        return dots_cli_output_error(cli, DOTS_CLI_USAGE, "say --ca, --cert "
                                     "and --key, or write them into a file "
                                     "for --config");
    }

    if (cli->config.cuid != NULL) {
        (void) snprintf(cli->cuid, sizeof(cli->cuid), "%s", cli->config.cuid);

        if (strlen(cli->config.cuid) >= sizeof(cli->cuid)) {
            return dots_cli_output_error(cli, DOTS_CLI_USAGE,
                                         "the cuid is too long");
        }

    } else if (dots_cli_cuid(cli->config.cert, cli->cuid, &f) != DOTS_OK) {
        return dots_cli_output_error(cli, DOTS_CLI_USAGE, "%s", f.message);
    }

    if (needs != DOTS_CLI_NEEDS_CUID
        && dots_cli_cuid_key(cli->config.cert, cli->config.key, &f) != DOTS_OK)
    {
        return dots_cli_output_error(cli, DOTS_CLI_USAGE, "%s", f.message);
    }

    return DOTS_CLI_DONE;
}


static int
dots_cli_prepare(dots_cli_t *cli, const dots_cli_command_t *c)
{
    int           rc;
    char          err[512];
    dots_fault_t  f;

    if (dots_cli_config_load(&cli->config, cli->config_file, &f) != DOTS_OK) {
        return dots_cli_output_error(cli, DOTS_CLI_USAGE, "%s", f.message);
    }

    rc = dots_cli_identity(cli, c->needs);

    if (rc != DOTS_CLI_DONE || c->needs != DOTS_CLI_NEEDS_SIGNAL) {
        return rc;
    }

    if (cli->config.server == NULL) {
        return dots_cli_output_error(cli, DOTS_CLI_USAGE, "say --server "
                                     "HOST[:PORT], or write it into a file for "
                                     "--config");
    }

    cli->schema = dots_schema_load(cli->config.schemas, err, sizeof(err));

    return cli->schema != NULL
           ? DOTS_CLI_DONE
           : dots_cli_output_error(cli, DOTS_CLI_USAGE, "%s", err);
}


static int
dots_cli_run(dots_cli_t *cli)
{
    int                        rc;
    const dots_cli_command_t  *c;

    if (cli->version) {
        (void) printf("dots %s\n", DOTS_CLI_VERSION);
        return DOTS_CLI_DONE;
    }

    if (cli->nargs == 0) {
        dots_cli_usage(cli->help ? stdout : stderr, NULL);
        return cli->help ? DOTS_CLI_DONE : DOTS_CLI_USAGE;
    }

    if (strcmp(cli->args[0], "help") == 0 || cli->help) {
        cli->nargs -= strcmp(cli->args[0], "help") == 0;
        cli->args += strcmp(cli->args[0], "help") == 0;
        dots_cli_usage(stdout, cli->nargs > 0 ? cli->args[0] : NULL);
        return DOTS_CLI_DONE;
    }

    c = dots_cli_find(cli);

    if (c == NULL) {
        return dots_cli_output_error(cli, DOTS_CLI_USAGE, "there is no command "
                                     "\"%s%s%s\": \"dots help\" lists them",
                                     cli->args[0], cli->nargs > 1 ? " " : "",
                                     cli->nargs > 1 ? cli->args[1] : "");
    }

    rc = dots_cli_targets(cli, c);

    if (rc == DOTS_CLI_DONE) {
        rc = dots_cli_prepare(cli, c);
    }

    return rc == DOTS_CLI_DONE ? c->run(cli) : rc;
}


int
main(int argc, char **argv)
{
    int                rc;
    dots_cli_t        *cli;
    dots_fault_t       f;
    struct sigaction   sa;

    cli = calloc(1, sizeof(dots_cli_t));
    if (cli == NULL) {
        return DOTS_CLI_USAGE;
    }

    memset(&sa, 0, sizeof(sa));
    sa.sa_handler = dots_cli_interrupt;
    (void) sigaction(SIGINT, &sa, NULL);
    (void) sigaction(SIGTERM, &sa, NULL);

    cli->timeout = DOTS_CLI_TIMEOUT;
    cli->lifetime = DOTS_CLI_LIFETIME;
    cli->mid = -1;
    cli->stop = &dots_cli_signalled;
    dots_cli_target_init(&cli->target);

    rc = dots_cli_parse(cli, argc, argv, &f);

    if (rc == DOTS_OK) {
        rc = dots_cli_run(cli);

    } else {
        rc = f.message[0] == '\0'
             ? DOTS_CLI_USAGE
             : dots_cli_output_error(cli, DOTS_CLI_USAGE, "%s", f.message);
    }

    dots_schema_free(cli->schema);
    dots_cli_config_free(&cli->config);
    free(cli);

    return rc;
}
