/* dots register, dots deregister: RFC 8783 section 5. */

#include <stdio.h>
#include <stdlib.h>

#include "dots_cli_register.h"
#include "dots_cli_data.h"
#include "dots_cli_output.h"


static int
dots_cli_register_end(dots_cli_t *cli, int rc, dots_cli_data_answer_t *answer,
    const char *result)
{
    if (rc != DOTS_CLI_DONE) {
        rc = dots_cli_output_error(cli, rc, "%s", answer->text);

    } else if (answer->status / 100 != 2) {
        rc = dots_cli_data_refusal(cli, answer);

    } else if (cli->json) {
        dots_cli_output_json(json_pack("{s:s, s:s}", "result", result, "cuid",
                                       cli->cuid));
    } else {
        (void) printf("client %s %s\n", cli->cuid, result);
    }

    json_decref(answer->body);

    return rc;
}


/* POST, not PUT: a client that is there keeps its aliases. */

int
dots_cli_register(dots_cli_t *cli)
{
    int                     rc;
    json_t                 *body;
    dots_cli_data_answer_t  answer;

    body = json_pack("{s:[{s:s}]}", "ietf-dots-data-channel:dots-client",
                     "cuid", cli->cuid);

    rc = dots_cli_data(cli, "POST", "", body, &answer);

    json_decref(body);

    return dots_cli_register_end(cli, rc, &answer, "registered");
}


int
dots_cli_deregister(dots_cli_t *cli)
{
    int                     rc;
    char                   *path;
    dots_cli_data_answer_t  answer;

    path = dots_cli_data_path(cli, "", NULL);
    if (path == NULL) {
        return dots_cli_output_error(cli, DOTS_CLI_USAGE, "no memory");
    }

    rc = dots_cli_data(cli, "DELETE", path, NULL, &answer);

    free(path);

    return dots_cli_register_end(cli, rc, &answer, "deregistered");
}
