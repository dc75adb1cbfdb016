/* dots status: RFC 9132 section 4.4.2.2, by polling. */

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "dots_cli_status.h"
#include "dots_cli_list.h"
#include "dots_cli_output.h"
#include "dots_coap.h"


static void
dots_cli_status_protocol(unsigned number)
{
    const char  *name;

    name = dots_cli_target_protocol_name(number);

    if (name != NULL) {
        (void) printf("%s", name);
    } else {
        (void) printf("%u", number);
    }
}


/* Names and URIs: the server's words. */

static void
dots_cli_status_text(const char *value)
{
    char  *text;

    text = strdup(value);

    if (text != NULL) {
        dots_cli_output_clean(text);
        (void) printf("%s", text);
    }

    free(text);
}


static void
dots_cli_status_list(json_t *scope, const char *name)
{
    size_t   i;
    json_t  *list, *entry, *lower, *upper;

    list = json_object_get(scope, name);

    for (i = 0; i < json_array_size(list); i++) {

        entry = json_array_get(list, i);
        lower = json_object_get(entry, "lower-port");
        upper = json_object_get(entry, "upper-port");

        (void) printf("%s", i == 0 ? " " : ",");

        if (json_is_string(entry)) {
            dots_cli_status_text(json_string_value(entry));

        } else if (lower == NULL) {
            dots_cli_status_protocol((unsigned) json_integer_value(entry));

        } else if (upper == NULL) {
            (void) printf("%" PRId64, (int64_t) json_integer_value(lower));

        } else {
            (void) printf("%" PRId64 "-%" PRId64,
                          (int64_t) json_integer_value(lower),
                          (int64_t) json_integer_value(upper));
        }
    }
}


/* RFC 9132 section 4.4.2: there where the server's mitigator counts. */

static void
dots_cli_status_dropped(json_t *scope)
{
    json_t  *octets, *packets;

    octets = json_object_get(scope, "bytes-dropped");
    packets = json_object_get(scope, "pkts-dropped");

    if (octets != NULL && packets != NULL) {
        (void) printf(" (dropped: %" PRId64 " packets, %" PRId64 " bytes)",
                      (int64_t) json_integer_value(packets),
                      (int64_t) json_integer_value(octets));
    }
}


static void
dots_cli_status_line(json_t *scope)
{
    char         buf[32];
    json_t      *lifetime;
    const char  *status;
    size_t       i;

    static const char *const  clauses[] = {
        "target-prefix", "target-fqdn", "target-uri", "alias-name",
        "target-protocol", "target-port-range"
    };

    status = json_string_value(json_object_get(scope, "status"));
    lifetime = json_object_get(scope, "lifetime");

    (void) printf("%10" PRId64 "  %-34s %9s ",
                  (int64_t) json_integer_value(json_object_get(scope, "mid")),
                  status != NULL ? status : "-",
                  dots_cli_output_duration(json_integer_value(lifetime), buf));

    for (i = 0; i < sizeof(clauses) / sizeof(clauses[0]); i++) {
        dots_cli_status_list(scope, clauses[i]);
    }

    dots_cli_status_dropped(scope);
    (void) putchar('\n');
}


static void
dots_cli_status_none(dots_cli_t *cli, const char *text)
{
    if (cli->json) {
        dots_cli_output_json(json_pack("{s:[]}", "mitigations"));
    } else {
        (void) printf("%s\n", text);
    }
}


static void
dots_cli_status_print(dots_cli_t *cli, json_t *scopes)
{
    size_t  i;

    if (cli->json) {
        dots_cli_output_json(json_pack("{s:O}", "mitigations", scopes));

    } else if (json_array_size(scopes) == 0) {
        dots_cli_status_none(cli, "no mitigations");

    } else {
        (void) printf("%10s  %-34s %9s  %s\n", "mid", "status", "left",
                      "targets");

        for (i = 0; i < json_array_size(scopes); i++) {
            dots_cli_status_line(json_array_get(scopes, i));
        }
    }

    (void) fflush(stdout);
}


/*
 * What --watch compares: the lifetime runs down and the counts go up by
 * themselves.
 */

static char *
dots_cli_status_digest(const json_t *scopes)
{
    char    *text;
    size_t   i, k;
    json_t  *copy, *scope;

    static const char *const  own[] = {
        "lifetime", "bytes-dropped", "bps-dropped", "pkts-dropped",
        "pps-dropped"
    };

    copy = json_deep_copy(scopes);

    json_array_foreach(copy, i, scope) {
        for (k = 0; k < sizeof(own) / sizeof(own[0]); k++) {
            (void) json_object_del(scope, own[k]);
        }
    }

    text = json_dumps(copy, JSON_COMPACT);
    json_decref(copy);

    return text;
}


static void
dots_cli_status_shown(dots_cli_t *cli, json_t *scopes, char **last)
{
    char  *digest;

    digest = dots_cli_status_digest(scopes);

    if (*last == NULL || digest == NULL || strcmp(*last, digest) != 0) {
        dots_cli_status_print(cli, scopes);
    }

    free(*last);
    *last = digest;
}


/* "last": NULL at first, then what was shown. */

static int
dots_cli_status_once(dots_cli_t *cli, int64_t mid, char **last)
{
    int                rc;
    json_t            *scopes;
    dots_cli_answer_t  answer;

    rc = dots_cli_list(cli, mid, &answer, &scopes);

    if (rc != DOTS_CLI_DONE) {
        rc = dots_cli_output_error(cli, rc, "%s", answer.text);

    } else if (scopes != NULL) {
        dots_cli_status_shown(cli, scopes, last);

    } else if (answer.code == dots_coap_code(4, 4) && *last != NULL) {
        dots_cli_status_none(cli, "over");
        rc = DOTS_CLI_NOT_FOUND;

    } else if (answer.code == dots_coap_code(4, 4) && mid < 0) {
        dots_cli_status_none(cli, "no mitigations");
        cli->watch = 0;

    } else {
        rc = dots_cli_output_refusal(cli, &answer);
    }

    lyd_free_all(answer.tree);
    json_decref(scopes);

    return rc;
}


/* No signal is lost between the look at "stop" and the wait. */

static int
dots_cli_status_wait(dots_cli_t *cli)
{
    int              stopped;
    sigset_t         block, old;
    struct timespec  pause = { cli->watch, 0 };

    (void) sigemptyset(&block);
    (void) sigaddset(&block, SIGINT);
    (void) sigaddset(&block, SIGTERM);
    (void) sigprocmask(SIG_BLOCK, &block, &old);

    stopped = dots_cli_stopped(cli)
              || (ppoll(NULL, 0, &pause, &old) == -1 && dots_cli_stopped(cli));

    (void) sigprocmask(SIG_SETMASK, &old, NULL);

    return stopped || dots_cli_stopped(cli);
}


/* A lost answer ends nothing: that is what an attack looks like. */

static int
dots_cli_status_watch(dots_cli_t *cli, int64_t mid, char **last)
{
    int  rc;

    for ( ;; ) {

        if (dots_cli_status_wait(cli)) {
            return dots_cli_output_error(cli, DOTS_CLI_INTERRUPTED,
                                         "interrupted");
        }

        rc = dots_cli_status_once(cli, mid, last);

        if (rc == DOTS_CLI_NOT_FOUND) {
            return DOTS_CLI_DONE;
        }

        if ((rc != DOTS_CLI_DONE && rc != DOTS_CLI_UNREACHABLE)
            || ferror(stdout))
        {
            return rc;
        }
    }
}


int
dots_cli_status(dots_cli_t *cli)
{
    int        rc;
    char      *last;
    uint64_t   number;
    int64_t    mid;

    mid = -1;
    last = NULL;

    if (cli->nargs == 1) {

        if (dots_cli_target_number(cli->args[0], UINT32_MAX, &number)
            != DOTS_OK)
        {
            return dots_cli_output_error(cli, DOTS_CLI_USAGE,
                                         "\"%s\" is no mid", cli->args[0]);
        }

        mid = (int64_t) number;
    }

    rc = dots_cli_status_once(cli, mid, &last);

    if (rc == DOTS_CLI_DONE && cli->watch > 0) {
        rc = dots_cli_status_watch(cli, mid, &last);
    }

    free(last);

    return rc;
}
