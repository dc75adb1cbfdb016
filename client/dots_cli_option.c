#include <getopt.h>
#include <stdlib.h>

#include "dots_cli_option.h"


#define DOTS_CLI_OPTION_DAY   86400 /* s: the longest wait */
#define DOTS_CLI_OPTION_FIRST 256   /* getopt's numbers, beyond any letter */
#define DOTS_CLI_OPTION_PAUSE 3     /* s, of --watch */


typedef struct dots_cli_option_s  dots_cli_option_t;

struct dots_cli_option_s {
    const char  *name;
    int          letter;    /* 0: none */
    int          arg;       /* of getopt_long() */
    unsigned     takes;     /* 0: an option of all commands */
    int        (*set)(dots_cli_t *cli, const dots_cli_option_t *o,
                      const char *value, dots_fault_t *f);
    int        (*add)(dots_cli_target_t *t, const char *text,
                      dots_fault_t *f);
};


/* ---- what they set ---- */

static int
dots_cli_option_config(dots_cli_t *cli, const dots_cli_option_t *o,
    const char *value, dots_fault_t *f)
{
    (void) o;
    (void) f;

    cli->config_file = value;

    return DOTS_OK;
}


static int
dots_cli_option_setting(dots_cli_t *cli, const dots_cli_option_t *o,
    const char *value, dots_fault_t *f)
{
    return dots_cli_config_set(&cli->config, o->name, value, f);
}


static int
dots_cli_option_json(dots_cli_t *cli, const dots_cli_option_t *o,
    const char *value, dots_fault_t *f)
{
    (void) o;
    (void) value;
    (void) f;

    cli->json = 1;

    return DOTS_OK;
}


static int
dots_cli_option_verbose(dots_cli_t *cli, const dots_cli_option_t *o,
    const char *value, dots_fault_t *f)
{
    (void) o;
    (void) value;
    (void) f;

    cli->verbose = 1;

    return DOTS_OK;
}


static int
dots_cli_option_help(dots_cli_t *cli, const dots_cli_option_t *o,
    const char *value, dots_fault_t *f)
{
    (void) o;
    (void) value;
    (void) f;

    cli->help = 1;

    return DOTS_OK;
}


static int
dots_cli_option_version(dots_cli_t *cli, const dots_cli_option_t *o,
    const char *value, dots_fault_t *f)
{
    (void) o;
    (void) value;
    (void) f;

    cli->version = 1;

    return DOTS_OK;
}


static int
dots_cli_option_no_trigger(dots_cli_t *cli, const dots_cli_option_t *o,
    const char *value, dots_fault_t *f)
{
    (void) o;
    (void) value;
    (void) f;

    cli->no_trigger = 1;

    return DOTS_OK;
}


static int
dots_cli_option_seconds(const dots_cli_option_t *o, const char *value,
    long *seconds, dots_fault_t *f)
{
    int32_t  n;

    if (dots_cli_target_duration(value, &n) != DOTS_OK
        || n > DOTS_CLI_OPTION_DAY)
    {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                          "--%s \"%.80s\" is no time: write 5, 30s or 2m, one "
                          "day at most", o->name, value);
    }

    *seconds = n;

    return DOTS_OK;
}


static int
dots_cli_option_timeout(dots_cli_t *cli, const dots_cli_option_t *o,
    const char *value, dots_fault_t *f)
{
    return dots_cli_option_seconds(o, value, &cli->timeout, f);
}


static int
dots_cli_option_watch(dots_cli_t *cli, const dots_cli_option_t *o,
    const char *value, dots_fault_t *f)
{
    cli->watch = DOTS_CLI_OPTION_PAUSE;

    return value == NULL ? DOTS_OK
                         : dots_cli_option_seconds(o, value, &cli->watch, f);
}


static int
dots_cli_option_lifetime(dots_cli_t *cli, const dots_cli_option_t *o,
    const char *value, dots_fault_t *f)
{
    (void) o;

    if (dots_cli_target_lifetime(value, &cli->lifetime) != DOTS_OK) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "lifetime",
                          "--lifetime \"%.80s\" is no time: write 1h, 30m, "
                          "90s, 1h30m, 3600 or forever", value);
    }

    return DOTS_OK;
}


static int
dots_cli_option_mid(dots_cli_t *cli, const dots_cli_option_t *o,
    const char *value, dots_fault_t *f)
{
    uint64_t  mid;

    (void) o;

    if (dots_cli_target_number(value, UINT32_MAX, &mid) != DOTS_OK) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "mid",
                          "--mid \"%.80s\" is no mid: write a number from 0 "
                          "to 4294967295", value);
    }

    cli->mid = (int64_t) mid;

    return DOTS_OK;
}


static int
dots_cli_option_target(dots_cli_t *cli, const dots_cli_option_t *o,
    const char *value, dots_fault_t *f)
{
    return o->add(&cli->target, value, f);
}


/* ---- the table ---- */

static const dots_cli_option_t  dots_cli_option_table[] = {
    { "config", 0, required_argument, 0, dots_cli_option_config, NULL },
    { "server", 0, required_argument, 0, dots_cli_option_setting, NULL },
    { "data", 0, required_argument, 0, dots_cli_option_setting, NULL },
    { "name", 0, required_argument, 0, dots_cli_option_setting, NULL },
    { "ca", 0, required_argument, 0, dots_cli_option_setting, NULL },
    { "cert", 0, required_argument, 0, dots_cli_option_setting, NULL },
    { "key", 0, required_argument, 0, dots_cli_option_setting, NULL },
    { "psk", 0, required_argument, 0, dots_cli_option_setting, NULL },
    { "cuid", 0, required_argument, 0, dots_cli_option_setting, NULL },
    { "state", 0, required_argument, 0, dots_cli_option_setting, NULL },
    { "schemas", 0, required_argument, 0, dots_cli_option_setting, NULL },
    { "timeout", 0, required_argument, 0, dots_cli_option_timeout, NULL },
    { "json", 0, no_argument, 0, dots_cli_option_json, NULL },
    { "verbose", 'v', no_argument, 0, dots_cli_option_verbose, NULL },
    { "help", 'h', no_argument, 0, dots_cli_option_help, NULL },
    { "version", 0, no_argument, 0, dots_cli_option_version, NULL },
    { "port", 0, required_argument, DOTS_CLI_OPTION_TARGETS,
      dots_cli_option_target, dots_cli_target_ports },
    { "protocol", 0, required_argument, DOTS_CLI_OPTION_TARGETS,
      dots_cli_option_target, dots_cli_target_protocols },
    { "fqdn", 0, required_argument, DOTS_CLI_OPTION_TARGETS,
      dots_cli_option_target, dots_cli_target_fqdn },
    { "uri", 0, required_argument, DOTS_CLI_OPTION_TARGETS,
      dots_cli_option_target, dots_cli_target_uri },
    { "alias", 0, required_argument, DOTS_CLI_OPTION_REQUEST,
      dots_cli_option_target, dots_cli_target_alias },
    { "lifetime", 0, required_argument, DOTS_CLI_OPTION_REQUEST,
      dots_cli_option_lifetime, NULL },
    { "mid", 0, required_argument, DOTS_CLI_OPTION_REQUEST,
      dots_cli_option_mid, NULL },
    { "no-trigger", 0, no_argument, DOTS_CLI_OPTION_REQUEST,
      dots_cli_option_no_trigger, NULL },
    { "watch", 0, optional_argument, DOTS_CLI_OPTION_WATCH,
      dots_cli_option_watch, NULL },
};

#define DOTS_CLI_OPTIONS                                                      \
    (sizeof(dots_cli_option_table) / sizeof(dots_cli_option_table[0]))


static void
dots_cli_option_getopt(struct option *longs)
{
    size_t  i;

    memset(longs, 0, (DOTS_CLI_OPTIONS + 1) * sizeof(struct option));

    for (i = 0; i < DOTS_CLI_OPTIONS; i++) {
        longs[i].name = dots_cli_option_table[i].name;
        longs[i].has_arg = dots_cli_option_table[i].arg;
        longs[i].val = DOTS_CLI_OPTION_FIRST + (int) i;
    }
}


/* What getopt_long() would have printed, where JSON may be wanted. */

static int
dots_cli_option_wrong(int opt, const char *word, dots_fault_t *f)
{
    if (opt == ':') {
        return dots_fault(f, DOTS_FAULT_MISSING, NULL,
                          "%.80s needs a value: see \"dots help\"", word);
    }

    if (optopt >= DOTS_CLI_OPTION_FIRST) {
        return dots_fault(f, DOTS_FAULT_MALFORMED, NULL,
                          "--%s takes no value",
                          dots_cli_option_table[optopt
                                                - DOTS_CLI_OPTION_FIRST].name);
    }

    return dots_fault(f, DOTS_FAULT_UNKNOWN, NULL,
                      "there is no option %.80s, or it is not the only one "
                      "that begins so: see \"dots help\"", word);
}


static int
dots_cli_option_one(dots_cli_t *cli, int opt, const char *word,
    dots_fault_t *f)
{
    size_t  i;

    if (opt == ':' || opt == '?') {
        return dots_cli_option_wrong(opt, word, f);
    }

    for (i = 0; i < DOTS_CLI_OPTIONS; i++) {
        if (opt == DOTS_CLI_OPTION_FIRST + (int) i
            || opt == dots_cli_option_table[i].letter)
        {
            break;
        }
    }

    cli->given |= 1U << i;

    return dots_cli_option_table[i].set(cli, &dots_cli_option_table[i], optarg,
                                        f);
}


int
dots_cli_option_parse(dots_cli_t *cli, int argc, char **argv, dots_fault_t *f)
{
    int            opt, rc, first;
    dots_fault_t   other, *fault;
    struct option  longs[DOTS_CLI_OPTIONS + 1];

    dots_cli_option_getopt(longs);

    opterr = 0;
    first = DOTS_OK;
    fault = f;

    while ((opt = getopt_long(argc, argv, ":vh", longs, NULL)) != -1) {

        rc = dots_cli_option_one(cli, opt, argv[optind - 1], fault);

        if (rc != DOTS_OK && first == DOTS_OK) {
            first = rc;
            fault = &other;
        }
    }

    cli->nargs = argc - optind;
    cli->args = argv + optind;

    return first;
}


int
dots_cli_option_fit(const dots_cli_t *cli, unsigned takes,
    const char *command, dots_fault_t *f)
{
    size_t                    i;
    const dots_cli_option_t  *o;

    for (i = 0; i < DOTS_CLI_OPTIONS; i++) {
        o = &dots_cli_option_table[i];

        if ((cli->given & 1U << i) && o->takes && !(o->takes & takes)) {
            return dots_fault(f, DOTS_FAULT_UNKNOWN, NULL,
                              "--%s means nothing here: usage: dots %s",
                              o->name, command);
        }
    }

    return DOTS_OK;
}
