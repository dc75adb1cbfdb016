/* dots mitigate, dots withdraw: RFC 9132 sections 4.4.1 and 4.4.4. */

#include <inttypes.h>
#include <stdio.h>

#include "dots_cbor.h"
#include "dots_cli_mitigate.h"
#include "dots_cli_mid.h"
#include "dots_cli_output.h"
#include "dots_cli_signal.h"
#include "dots_coap.h"


/* Figure 6: one scope with the targets, the lifetime and the trigger. */

static struct lyd_node *
dots_cli_mitigate_tree(dots_cli_t *cli)
{
    char              lifetime[16];
    struct lyd_node  *top, *scope;

    if (dots_schema_message(cli->schema, NULL, "mitigation-scope", &top)
        != DOTS_OK)
    {
        return NULL;
    }

    (void) snprintf(lifetime, sizeof(lifetime), "%" PRId32, cli->lifetime);

    if (dots_schema_message_add(cli->schema, top, "scope", NULL, &scope)
            != DOTS_OK
        || dots_target_write(&cli->target.target, scope) != DOTS_OK
        || lyd_new_term(scope, NULL, "lifetime", lifetime, 0, NULL)
           != LY_SUCCESS
        || (cli->no_trigger
            && lyd_new_term(scope, NULL, "trigger-mitigation", "false", 0,
                            NULL)
               != LY_SUCCESS))
    {
        lyd_free_all(top);
        return NULL;
    }

    return top;
}


static int
dots_cli_mitigate_body(dots_cli_t *cli, uint8_t *body, size_t size,
    size_t *len)
{
    int               rc;
    struct lyd_node  *top;

    top = dots_cli_mitigate_tree(cli);

    if (top == NULL) {
        return dots_cli_output_error(cli, DOTS_CLI_USAGE,
                                     "these targets make no request: check "
                                     "the names and URIs");
    }

    rc = dots_cbor_encode(top, body, size, len);

    lyd_free_all(top);

    if (rc == DOTS_FULL) {
        return dots_cli_output_error(cli, DOTS_CLI_USAGE,
                                     "too many targets for one datagram: make "
                                     "an alias of them, or several requests");
    }

    return rc == DOTS_OK ? DOTS_CLI_DONE
                         : dots_cli_output_error(cli, DOTS_CLI_USAGE,
                                                 "the request can't be "
                                                 "encoded");
}


/* "No attack is detected": the server has no mitigation of ours. */

static int
dots_cli_mitigate_none(dots_cli_t *cli)
{
    int                 rc;
    dots_cli_answer_t   answer;
    dots_cli_request_t  rq = { .method = DOTS_COAP_GET, .mid = -1 };

    rc = dots_cli_signal(cli, &rq, &answer);

    lyd_free_all(answer.tree);

    return rc == DOTS_CLI_DONE && answer.code == dots_coap_code(4, 4);
}


/* The user's mid need not be remembered for the request to be made. */

static void
dots_cli_mitigate_given(dots_cli_t *cli)
{
    dots_fault_t  f;

    if (dots_cli_mid_used(cli->config.state, cli->config.server, cli->cuid,
                          (uint32_t) cli->mid, &f)
        != DOTS_OK)
    {
        (void) fprintf(stderr, "dots: warning: %s\n", f.message);
    }
}


static int
dots_cli_mitigate_mid(dots_cli_t *cli)
{
    int           rc;
    uint32_t      mid;
    dots_fault_t  f;

    if (cli->mid >= 0) {
        dots_cli_mitigate_given(cli);
        return DOTS_CLI_DONE;
    }

    rc = dots_cli_mid_next(cli->config.state, cli->config.server, cli->cuid,
                           &mid, &f);

    if ((rc == DOTS_FULL || (rc == DOTS_OK && mid > DOTS_CLI_MID_ROLLOVER))
        && dots_cli_mitigate_none(cli))
    {
        rc = dots_cli_mid_restart(cli->config.state, cli->config.server,
                                  cli->cuid, &mid, &f);
    }

    if (rc != DOTS_OK) {
        return dots_cli_output_error(cli, DOTS_CLI_USAGE, "%s", f.message);
    }

    cli->mid = mid;

    return DOTS_CLI_DONE;
}


static void
dots_cli_mitigate_granted(dots_cli_t *cli, dots_cli_answer_t *answer)
{
    char         buf[32];
    json_t      *tree, *lifetime;
    const char  *result;

    tree = answer->tree != NULL ? dots_cli_output_tree(answer->tree)
                                : json_object();
    lifetime = json_object_get(json_array_get(json_object_get(tree, "scope"),
                                              0),
                               "lifetime");
    result = answer->code == dots_coap_code(2, 1) ? "created" : "changed";

    if (cli->json) {
        dots_cli_output_json(json_pack("{s:s, s:s, s:s, s:I, s:O?}",
                                       "result", result,
                                       "code", answer->number,
                                       "cuid", cli->cuid,
                                       "mid", (json_int_t) cli->mid,
                                       "lifetime", lifetime));
    } else if (!json_is_integer(lifetime)) {
        (void) printf("mitigation %" PRId64 " %s\n", cli->mid, result);

    } else {
        (void) printf("mitigation %" PRId64 " %s, for %s\n", cli->mid, result,
                      dots_cli_output_duration(json_integer_value(lifetime),
                                               buf));
    }

    json_decref(tree);
}


int
dots_cli_mitigate(dots_cli_t *cli)
{
    int                 rc;
    uint8_t             body[DOTS_CLI_SIGNAL_BODY];
    dots_cli_answer_t   answer;
    dots_cli_request_t  rq = { .method = DOTS_COAP_PUT };

    if (dots_target_empty(&cli->target.target)) {
        return dots_cli_output_error(cli, DOTS_CLI_USAGE,
                                     "mitigate what? name a prefix, --fqdn, "
                                     "--uri or --alias");
    }

    rq.body = body;

    rc = dots_cli_mitigate_body(cli, body, sizeof(body), &rq.len);

    if (rc == DOTS_CLI_DONE) {
        rc = dots_cli_mitigate_mid(cli);
    }

    if (rc != DOTS_CLI_DONE) {
        return rc;
    }

    rq.mid = cli->mid;

    rc = dots_cli_signal(cli, &rq, &answer);

    if (rc != DOTS_CLI_DONE) {
        rc = dots_cli_output_error(cli, rc, "%s (mid %" PRId64 ")",
                                   answer.text, cli->mid);

    } else if (answer.code >> 5 == 2) {
        dots_cli_mitigate_granted(cli, &answer);

    } else {
        rc = dots_cli_output_refusal(cli, &answer);
    }

    lyd_free_all(answer.tree);

    return rc;
}


int
dots_cli_withdraw(dots_cli_t *cli)
{
    int                 rc;
    uint64_t            mid;
    dots_cli_answer_t   answer;
    dots_cli_request_t  rq = { .method = DOTS_COAP_DELETE };

    if (dots_cli_target_number(cli->args[0], UINT32_MAX, &mid) != DOTS_OK) {
        return dots_cli_output_error(cli, DOTS_CLI_USAGE,
                                     "\"%s\" is no mid: \"dots status\" lists "
                                     "yours", cli->args[0]);
    }

    rq.mid = (int64_t) mid;

    rc = dots_cli_signal(cli, &rq, &answer);

    if (rc != DOTS_CLI_DONE) {
        rc = dots_cli_output_error(cli, rc, "%s", answer.text);

    } else if (answer.code >> 5 != 2) {
        rc = dots_cli_output_refusal(cli, &answer);

    } else if (cli->json) {
        dots_cli_output_json(json_pack("{s:s, s:s, s:I}", "result", "deleted",
                                       "code", answer.number,
                                       "mid", (json_int_t) mid));
    } else {
        (void) printf("mitigation %" PRIu64 " withdrawn; it ends after the "
                      "provider's terminating period\n", mid);
    }

    lyd_free_all(answer.tree);

    return rc;
}
