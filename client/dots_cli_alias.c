/* dots alias: RFC 8783 section 6. */

#include <stdio.h>
#include <stdlib.h>

#include "dots_cli_alias.h"
#include "dots_cli_data.h"
#include "dots_cli_output.h"


#define DOTS_CLI_ALIAS "ietf-dots-data-channel:alias"


static void
dots_cli_alias_strings(json_t *entry, const char *name,
    const dots_str_t *strings, size_t n)
{
    size_t   i;
    json_t  *list;

    if (n == 0) {
        return;
    }

    list = json_array();

    for (i = 0; i < n; i++) {
        (void) json_array_append_new(list,
                                     json_stringn((const char *)
                                                  strings[i].data,
                                                  strings[i].len));
    }

    (void) json_object_set_new(entry, name, list);
}


static json_t *
dots_cli_alias_entry(const char *name, const dots_target_t *t)
{
    char     text[DOTS_PREFIX_TEXT];
    size_t   i;
    json_t  *entry, *list, *range;

    entry = json_pack("{s:s}", "name", name);

    if (t->nprefixes) {
        list = json_array();

        for (i = 0; i < t->nprefixes; i++) {
            (void) dots_prefix_print(&t->prefixes[i], text);
            (void) json_array_append_new(list, json_string(text));
        }

        (void) json_object_set_new(entry, "target-prefix", list);
    }

    if (t->nports) {
        list = json_array();

        for (i = 0; i < t->nports; i++) {
            range = json_pack("{s:i}", "lower-port", (int) t->ports[i].lower);

            if (t->ports[i].has_upper) {
                (void) json_object_set_new(range, "upper-port",
                                           json_integer(t->ports[i].upper));
            }

            (void) json_array_append_new(list, range);
        }

        (void) json_object_set_new(entry, "target-port-range", list);
    }

    if (t->nprotocols) {
        list = json_array();

        for (i = 0; i < t->nprotocols; i++) {
            (void) json_array_append_new(list,
                                         json_integer(t->protocols[i]));
        }

        (void) json_object_set_new(entry, "target-protocol", list);
    }

    dots_cli_alias_strings(entry, "target-fqdn", t->fqdns, t->nfqdns);
    dots_cli_alias_strings(entry, "target-uri", t->uris, t->nuris);

    return entry;
}


/* One request about aliases; "rest" and "key" as in dots_cli_data_path(). */

static int
dots_cli_alias_request(dots_cli_t *cli, const char *method, const char *rest,
    const char *key, json_t *body, dots_cli_data_answer_t *answer)
{
    int    rc;
    char  *path;

    path = dots_cli_data_path(cli, rest, key);
    if (path == NULL) {
        memset(answer, 0, sizeof(*answer));
        return dots_cli_output_error(cli, DOTS_CLI_USAGE, "no memory");
    }

    rc = dots_cli_data(cli, method, path, body, answer);

    free(path);

    return rc == DOTS_CLI_DONE
           ? rc : dots_cli_output_error(cli, rc, "%s", answer->text);
}


/*
 * The client that has aliases must be registered: once is enough.  To see it
 * without all that it has, a full link is thankful for.
 */

static int
dots_cli_alias_registered(dots_cli_t *cli)
{
    int                     rc;
    json_t                 *body;
    dots_cli_data_answer_t  answer;

    rc = dots_cli_alias_request(cli, "HEAD", "", NULL, NULL, &answer);

    json_decref(answer.body);

    if (rc != DOTS_CLI_DONE || answer.status != 404) {
        return rc;
    }

    body = json_pack("{s:[{s:s}]}", "ietf-dots-data-channel:dots-client",
                     "cuid", cli->cuid);

    rc = dots_cli_data(cli, "POST", "", body, &answer);

    json_decref(body);

    if (rc != DOTS_CLI_DONE) {
        rc = dots_cli_output_error(cli, rc, "%s", answer.text);

    } else if (answer.status / 100 != 2) {
        rc = dots_cli_data_refusal(cli, &answer);
    }

    json_decref(answer.body);

    return rc;
}


static int
dots_cli_alias_done(dots_cli_t *cli, int rc, dots_cli_data_answer_t *answer,
    const char *result)
{
    if (rc == DOTS_CLI_DONE && answer->status / 100 != 2) {
        rc = dots_cli_data_refusal(cli, answer);

    } else if (rc == DOTS_CLI_DONE && cli->json) {
        dots_cli_output_json(json_pack("{s:s, s:s}", "result", result, "name",
                                       cli->args[0]));

    } else if (rc == DOTS_CLI_DONE) {
        (void) printf("alias %s %s\n", cli->args[0], result);
    }

    json_decref(answer->body);

    return rc;
}


int
dots_cli_alias_add(dots_cli_t *cli)
{
    int                     rc;
    json_t                 *body;
    dots_cli_data_answer_t  answer;

    if (dots_target_empty(&cli->target.target)
        || cli->target.target.naliases != 0)
    {
        return dots_cli_output_error(cli, DOTS_CLI_USAGE, "an alias of what? "
                                     "name a prefix, --fqdn or --uri");
    }

    rc = dots_cli_alias_registered(cli);
    if (rc != DOTS_CLI_DONE) {
        return rc;
    }

    body = json_pack("{s:[o]}", DOTS_CLI_ALIAS,
                     dots_cli_alias_entry(cli->args[0], &cli->target.target));

    rc = dots_cli_alias_request(cli, "PUT", "/aliases/alias=", cli->args[0],
                                body, &answer);
    json_decref(body);

    return dots_cli_alias_done(cli, rc, &answer, answer.status == 201
                                                 ? "created" : "changed");
}


int
dots_cli_alias_delete(dots_cli_t *cli)
{
    int                     rc;
    dots_cli_data_answer_t  answer;

    rc = dots_cli_alias_request(cli, "DELETE", "/aliases/alias=", cli->args[0],
                                NULL, &answer);

    return dots_cli_alias_done(cli, rc, &answer, "deleted");
}


/* A client that is not registered has none: 404 of the list is no error. */

static int
dots_cli_alias_print(dots_cli_t *cli, int rc, dots_cli_data_answer_t *answer,
    json_t *list)
{
    char    *text;
    size_t   i;
    json_t  *entry;

    if (rc == DOTS_CLI_DONE && answer->status != 200
        && (cli->nargs || answer->status != 404))
    {
        rc = dots_cli_data_refusal(cli, answer);

    } else if (rc == DOTS_CLI_DONE && cli->json) {
        dots_cli_output_json(list != NULL ? json_pack("{s:O}", "aliases", list)
                                          : json_pack("{s:[]}", "aliases"));

    } else if (rc == DOTS_CLI_DONE && json_array_size(list) == 0) {
        (void) printf("no aliases\n");

    } else if (rc == DOTS_CLI_DONE) {

        json_array_foreach(list, i, entry) {
            text = json_dumps(entry, JSON_INDENT(2) | JSON_ENSURE_ASCII);
            (void) printf("%s\n", text != NULL ? text : "");
            free(text);
        }
    }

    json_decref(answer->body);

    return rc;
}


int
dots_cli_alias_list(dots_cli_t *cli)
{
    int                     rc;
    dots_cli_data_answer_t  answer;

    rc = dots_cli_alias_request(cli, "GET", "/aliases", NULL, NULL, &answer);

    return dots_cli_alias_print(cli, rc, &answer,
        json_object_get(json_object_get(answer.body,
                                        "ietf-dots-data-channel:aliases"),
                        "alias"));
}


int
dots_cli_alias_show(dots_cli_t *cli)
{
    int                     rc;
    dots_cli_data_answer_t  answer;

    rc = dots_cli_alias_request(cli, "GET", "/aliases/alias=", cli->args[0],
                                NULL, &answer);

    return dots_cli_alias_print(cli, rc, &answer,
                                json_object_get(answer.body, DOTS_CLI_ALIAS));
}
