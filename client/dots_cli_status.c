/* dots status: RFC 9132 section 4.4.2.2, by polling. */

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

#include "dots_cli_commands.h"
#include "dots_cli_output.h"
#include "dots_cli_signal.h"
#include "dots_coap.h"


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
            (void) printf("%s", json_string_value(entry));

        } else if (lower == NULL) {
            (void) printf("%s", dots_cli_target_protocol_name(
                                    (unsigned) json_integer_value(entry))
                          ? dots_cli_target_protocol_name(
                                    (unsigned) json_integer_value(entry))
                          : "protocol");

        } else if (upper == NULL) {
            (void) printf("%" PRId64, (int64_t) json_integer_value(lower));

        } else {
            (void) printf("%" PRId64 "-%" PRId64,
                          (int64_t) json_integer_value(lower),
                          (int64_t) json_integer_value(upper));
        }
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

    (void) putchar('\n');
}


static void
dots_cli_status_print(dots_cli_t *cli, dots_cli_answer_t *answer)
{
    size_t   i;
    json_t  *tree, *scopes;

    tree = dots_cli_output_tree(answer->tree);
    scopes = json_object_get(tree, "scope");

    if (cli->json) {
        dots_cli_output_json(json_pack("{s:O}", "mitigations", scopes));

    } else {
        (void) printf("%10s  %-34s %9s  %s\n", "mid", "status", "left",
                      "targets");

        for (i = 0; i < json_array_size(scopes); i++) {
            dots_cli_status_line(json_array_get(scopes, i));
        }
    }

    (void) fflush(stdout);
    json_decref(tree);
}


/* What --watch compares: the lifetime runs down by itself. */

static char *
dots_cli_status_digest(dots_cli_answer_t *answer)
{
    char    *text;
    size_t   i;
    json_t  *tree, *scope;

    tree = dots_cli_output_tree(answer->tree);

    json_array_foreach(json_object_get(tree, "scope"), i, scope) {
        (void) json_object_del(scope, "lifetime");
    }

    text = json_dumps(tree, JSON_COMPACT);
    json_decref(tree);

    return text;
}


static int
dots_cli_status_once(dots_cli_t *cli, int64_t mid, char **last)
{
    int                 rc;
    char               *digest;
    dots_cli_answer_t   answer;
    dots_cli_request_t  rq = { DOTS_COAP_GET, 0, NULL, 0 };

    rq.mid = mid;

    rc = dots_cli_signal(cli, &rq, &answer);

    if (rc != DOTS_CLI_DONE) {
        rc = dots_cli_output_error(cli, rc, "%s", answer.text);

    } else if (answer.code != dots_coap_code(2, 5) || answer.tree == NULL) {

        if (answer.code == dots_coap_code(4, 4) && *last != NULL) {
            rc = DOTS_CLI_NOT_FOUND;    /* watched to its end */

        } else {
            rc = dots_cli_output_refusal(cli, &answer);
        }

    } else {
        digest = dots_cli_status_digest(&answer);

        if (*last == NULL || digest == NULL || strcmp(*last, digest) != 0) {
            dots_cli_status_print(cli, &answer);
        }

        free(*last);
        *last = digest;
    }

    lyd_free_all(answer.tree);

    return rc;
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

    while (rc == DOTS_CLI_DONE && cli->watch > 0 && !dots_cli_stopped(cli)) {

        (void) poll(NULL, 0, (int) cli->watch * 1000);

        rc = dots_cli_status_once(cli, mid, &last);

        if (rc == DOTS_CLI_NOT_FOUND) {

            if (!cli->json) {
                (void) printf("over\n");
            }

            rc = DOTS_CLI_DONE;
            break;
        }
    }

    free(last);

    return rc;
}
