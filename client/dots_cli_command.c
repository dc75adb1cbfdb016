/* The table of commands, and the help that is made of it. */

#include <stdlib.h>

#include "dots_cli_alias.h"
#include "dots_cli_command.h"
#include "dots_cli_mitigate.h"
#include "dots_cli_option.h"
#include "dots_cli_output.h"
#include "dots_cli_register.h"
#include "dots_cli_status.h"


static int dots_cli_command_cuid(dots_cli_t *cli);


#define DOTS_CLI_COMMAND_TARGETS                                              \
    "  PREFIX              192.0.2.7, 192.0.2.0/28, 2001:db8::/64\n"          \
    "  --fqdn NAME         a name; --uri URI: an address of a service\n"      \
    "  --port LIST         80,443,8000-8080\n"                                \
    "  --protocol LIST     tcp,udp,17\n"

static const dots_cli_command_t  dots_cli_command_table[] = {
    { "mitigate", NULL, 0, -1, DOTS_CLI_COMMAND_SIGNAL,
      DOTS_CLI_OPTION_TARGETS|DOTS_CLI_OPTION_REQUEST, dots_cli_mitigate,
      "mitigate [PREFIX...] [options]",
      "Asks for mitigation of the targets; the same --mid again refreshes it.\n"
      "\n"
      DOTS_CLI_COMMAND_TARGETS
      "  --alias NAME        what \"dots alias add\" has named\n"
      "  --lifetime TIME     1h, 30m, 90s, 3600, forever (default 1h)\n"
      "  --mid N             a mid of your own (default: the next one)\n"
      "  --no-trigger        only when the session is lost\n" },
    { "status", NULL, 0, 1, DOTS_CLI_COMMAND_SIGNAL,
      DOTS_CLI_OPTION_WATCH, dots_cli_status,
      "status [MID] [--watch[=TIME]]",
      "Shows one mitigation, or all of yours.\n"
      "\n"
      "  --watch[=TIME]      asks again (3s), prints what has changed, until\n"
      "                      nothing is left\n" },
    { "withdraw", NULL, 1, 1, DOTS_CLI_COMMAND_SIGNAL,
      0, dots_cli_withdraw,
      "withdraw MID", "Ends a mitigation.\n" },
    { "alias", "add", 1, -1, DOTS_CLI_COMMAND_DATA,
      DOTS_CLI_OPTION_TARGETS, dots_cli_alias_add,
      "alias add NAME [PREFIX...] [options]",
      "Names targets for use in \"dots mitigate --alias NAME\".\n\n"
      DOTS_CLI_COMMAND_TARGETS },
    { "alias", "list", 0, 0, DOTS_CLI_COMMAND_DATA,
      0, dots_cli_alias_list,
      "alias list", "Shows all aliases.\n" },
    { "alias", "show", 1, 1, DOTS_CLI_COMMAND_DATA,
      0, dots_cli_alias_show,
      "alias show NAME", "Shows one alias.\n" },
    { "alias", "delete", 1, 1, DOTS_CLI_COMMAND_DATA,
      0, dots_cli_alias_delete,
      "alias delete NAME", "Removes an alias.\n" },
    { "register", NULL, 0, 0, DOTS_CLI_COMMAND_DATA,
      0, dots_cli_register,
      "register", "Registers this client on the data channel.\n" },
    { "deregister", NULL, 0, 0, DOTS_CLI_COMMAND_DATA,
      0, dots_cli_deregister,
      "deregister", "Removes this client and all its aliases.\n" },
    { "cuid", NULL, 0, 0, DOTS_CLI_COMMAND_CUID,
      0, dots_cli_command_cuid, "cuid",
      "Prints the client's identifier, RFC 9132 section 4.4.1.1.\n" },
    { NULL, NULL, 0, 0, 0, 0, NULL, NULL, NULL }
};

static const char  dots_cli_command_general[] =
    "Options of all commands:\n"
    "  --config FILE       settings, \"key = value\" lines ($DOTS_CONFIG,\n"
    "                      ~/.config/dots/dots.conf, /etc/dots.conf)\n"
    "  --server HOST[:PORT]  the signal channel (port 4646)\n"
    "  --data URL          the data channel, https://HOST[:PORT]\n"
    "  --name NAME         in the server's certificate (default: the host)\n"
    "  --ca, --cert, --key FILE  PEM: who signs the server; who we are\n"
    "  --psk FILE          NAME:HEXKEY, for the signal channel, instead\n"
    "  --cuid CUID         instead of the one made of certificate or NAME\n"
    "  --state DIR         where the last mid is kept\n"
    "  --schemas DIR       the YANG modules\n"
    "  --timeout TIME      of a request (10s)\n"
    "  --json              results and errors for programs\n"
    "  -v                  what the libraries say\n"
    "\n"
    "Exit codes: 0 done, 1 the server refused, 2 usage or configuration,\n"
    "3 no answer, 4 authentication failed, 5 not found, 130 interrupted.\n";


static int
dots_cli_command_cuid(dots_cli_t *cli)
{
    if (cli->json) {
        dots_cli_output_json(json_pack("{s:s}", "cuid", cli->cuid));
    } else {
        (void) printf("%s\n", cli->cuid);
    }

    return DOTS_CLI_DONE;
}


/* "alias" alone is the beginning of several. */

static int
dots_cli_command_unknown(dots_cli_t *cli, int begins, dots_fault_t *f)
{
    if (begins) {
        return dots_fault(f, DOTS_FAULT_UNKNOWN, NULL,
                          "\"dots help %s\" says how it goes on",
                          cli->args[0]);
    }

    return dots_fault(f, DOTS_FAULT_UNKNOWN, NULL,
                      "there is no command \"%.80s\": \"dots help\" lists "
                      "them", cli->args[0]);
}


const dots_cli_command_t *
dots_cli_command_find(dots_cli_t *cli, dots_fault_t *f)
{
    int                        words, begins;
    const dots_cli_command_t  *c;

    begins = 0;

    for (c = dots_cli_command_table; c->name != NULL; c++) {

        if (strcmp(c->name, cli->args[0]) != 0) {
            continue;
        }

        begins = 1;
        words = c->sub != NULL ? 2 : 1;

        if (c->sub == NULL
            || (cli->nargs > 1 && strcmp(c->sub, cli->args[1]) == 0))
        {
            cli->nargs -= words;
            cli->args += words;
            return c;
        }
    }

    (void) dots_cli_command_unknown(cli, begins, f);

    return NULL;
}


int
dots_cli_command_help(FILE *out, const char *name)
{
    int                        n;
    const dots_cli_command_t  *c;

    for (n = 0, c = dots_cli_command_table; c->name != NULL; c++) {

        if (name != NULL && strcmp(name, c->name) != 0) {
            continue;
        }

        if (n++ == 0) {
            (void) fprintf(out, "dots: asks a DOTS server for help against "
                           "attacks\n\n");
        }

        (void) fprintf(out, "dots %s\n%s%s", c->usage,
                       name != NULL ? c->help : "", name != NULL ? "\n" : "");
    }

    if (n > 0) {
        (void) fprintf(out, "%s%s", name == NULL ? "dots help COMMAND\n\n" : "",
                       dots_cli_command_general);
    }

    return n > 0 ? DOTS_OK : DOTS_DECLINED;
}
