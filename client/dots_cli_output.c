#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "dots_cli_output.h"
#include "dots_coap.h"


/* ---- YANG to JSON: as the RFCs' figures have it, numbers as numbers ---- */

static json_t *
dots_cli_output_value(const struct lyd_node *node)
{
    char        *end;
    long long    n;
    const char  *text;

    text = lyd_get_value(node);

    switch (((const struct lyd_node_term *) node)->value.realtype->basetype) {

    case LY_TYPE_INT8:
    case LY_TYPE_INT16:
    case LY_TYPE_INT32:
    case LY_TYPE_INT64:
    case LY_TYPE_UINT8:
    case LY_TYPE_UINT16:
    case LY_TYPE_UINT32:
    case LY_TYPE_UINT64:
        return json_integer((json_int_t) strtoll(text, NULL, 10));

    case LY_TYPE_BOOL:
        return json_boolean(strcmp(text, "true") == 0);

    case LY_TYPE_UNION:
        /* lifetime is a number in either case, a prefix or a name never */
        n = strtoll(text, &end, 10);
        return *end == '\0' && end != text ? json_integer((json_int_t) n)
                                           : json_string(text);

    default:
        return json_string(text);
    }
}


static json_t *
dots_cli_output_node(const struct lyd_node *node)
{
    if (node->schema->nodetype & (LYS_CONTAINER|LYS_LIST)) {
        return dots_cli_output_tree(node);
    }

    return dots_cli_output_value(node);
}


/* Depth is bounded by the schema, the decoder has checked it. */

json_t *
dots_cli_output_tree(const struct lyd_node *parent)
{
    json_t                 *object, *list, *value;
    const char             *name;
    const struct lyd_node  *node;

    object = json_object();

    for (node = lyd_child(parent); node != NULL; node = node->next) {

        name = node->schema->name;
        value = dots_cli_output_node(node);

        if (!(node->schema->nodetype & (LYS_LIST|LYS_LEAFLIST))) {
            (void) json_object_set_new(object, name, value);
            continue;
        }

        list = json_object_get(object, name);

        if (list == NULL) {
            list = json_array();
            (void) json_object_set_new(object, name, list);
        }

        (void) json_array_append_new(list, value);
    }

    return object;
}


/* One line each, so that a program can read them one by one (--watch). */

void
dots_cli_output_json(json_t *object)
{
    char  *text;

    text = object != NULL ? json_dumps(object, JSON_ENSURE_ASCII) : NULL;

    (void) printf("%s\n", text != NULL
                          ? text
                          : "{\"error\": {\"code\": \"usage\", "
                            "\"message\": \"no memory\"}}");
    (void) fflush(stdout);

    free(text);
    json_decref(object);
}


/* ---- text ---- */

/*
 * A terminal is no place for control characters, JSON none for what is not
 * UTF-8: file names, words of the command line, what the server says.  Those of
 * C1 are two bytes of UTF-8, to many a terminal the same as ESC and a letter.
 */

void
dots_cli_output_clean(char *text)
{
    int             utf8;
    unsigned char  *p;

    utf8 = dots_cli_target_text(text);

    for (p = (unsigned char *) text; *p != '\0'; p++) {

        if (*p < 0x20 || *p == 0x7f || (*p >= 0x80 && !utf8)) {
            *p = '?';

        } else if (*p == 0xc2 && p[1] < 0xa0) {
            *p++ = '?';
            *p = '?';
        }
    }
}


/* ---- errors ---- */


static json_t *
dots_cli_output_fault(const char *code, const char *message)
{
    return json_pack("{s:s, s:s}", "code", code, "message", message);
}


int
dots_cli_output_error(dots_cli_t *cli, int code, const char *fmt, ...)
{
    char         text[1024];
    va_list      args;
    const char  *name;

    static const char *const  names[] = {
        [DOTS_CLI_REFUSED] = "refused",
        [DOTS_CLI_USAGE] = "usage",
        [DOTS_CLI_UNREACHABLE] = "unreachable",
        [DOTS_CLI_UNTRUSTED] = "untrusted",
        [DOTS_CLI_NOT_FOUND] = "not-found"
    };

    va_start(args, fmt);
    (void) vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);

    dots_cli_output_clean(text);

    if (cli->json) {
        name = code == DOTS_CLI_INTERRUPTED ? "interrupted" : names[code];
        dots_cli_output_json(json_pack("{s:o}", "error",
                                       dots_cli_output_fault(name, text)));
    } else {
        (void) fprintf(stderr, "dots: %s\n", text);
    }

    return code;
}


/* What to do about it, in our words. */

static void
dots_cli_output_advice(const dots_cli_answer_t *answer, json_t *conflict,
    char *text, size_t size)
{
    char         cuid[DOTS_CLI_CUID_LEN + 1];
    json_int_t   mid;
    const char  *cause;

    switch (answer->code) {

    case dots_coap_code(4, 1):
        (void) snprintf(text, size, "the server does not know this "
                        "certificate: ask your provider to add it");
        return;

    case dots_coap_code(4, 4):
        (void) snprintf(text, size, "%s", answer->text[0] != '\0'
                        ? answer->text : "there is no such mitigation");
        return;

    case dots_coap_code(4, 9):
        break;

    default:
        (void) snprintf(text, size, "%s", answer->text[0] != '\0'
                        ? answer->text : "the server gives no reason");
        return;
    }

    cause = json_string_value(json_object_get(conflict, "conflict-cause"));
    mid = -1;

    if (json_unpack(conflict, "{s:{s:I}}", "conflict-scope", "mid", &mid)
        == 0)
    {
        (void) snprintf(text, size, "it overlaps with your mitigation %" PRId64
                        ": withdraw that, or use a higher mid",
                        (int64_t) mid);

    } else if (cause != NULL && strcmp(cause, "cuid-collision") == 0) {
        (void) snprintf(text, size, "another client uses this cuid: write "
                        "\"cuid = %s\", just made, into the configuration",
                        dots_cli_cuid_random(cuid) == DOTS_OK ? cuid : "...");

    } else if (cause != NULL && strcmp(cause, "conflict-with-acceptlist") == 0)
    {
        (void) snprintf(text, size, "it conflicts with an accept-list: change "
                        "that on the data channel, or the targets");

    } else {
        (void) snprintf(text, size, "it overlaps with the mitigation of "
                        "another client: try again later");
    }
}


int
dots_cli_output_refusal(dots_cli_t *cli, dots_cli_answer_t *answer)
{
    char     text[600];
    json_t  *tree, *scopes, *conflict, *error;

    tree = answer->tree != NULL ? dots_cli_output_tree(answer->tree) : NULL;
    scopes = json_object_get(tree, "scope");
    conflict = json_object_get(json_array_get(scopes, 0),
                               "conflict-information");

    dots_cli_output_advice(answer, conflict, text, sizeof(text));
    dots_cli_output_clean(text);

    if (cli->json) {
        error = dots_cli_output_fault(answer->number, text);

        if (conflict != NULL) {
            (void) json_object_set(error, "conflict-information", conflict);
        }

        dots_cli_output_json(json_pack("{s:o}", "error", error));

    } else {
        (void) fprintf(stderr, "dots: %s: %s\n", answer->number, text);
    }

    json_decref(tree);

    return answer->code == dots_coap_code(4, 4) ? DOTS_CLI_NOT_FOUND
                                                : DOTS_CLI_REFUSED;
}


const char *
dots_cli_output_duration(json_int_t seconds, char buf[32])
{
    if (seconds < 0) {
        return "forever";
    }

    if (seconds >= 3600) {
        (void) snprintf(buf, 32, "%" PRId64 "h %02dm", (int64_t) seconds / 3600,
                        (int) (seconds / 60 % 60));

    } else if (seconds >= 60) {
        (void) snprintf(buf, 32, "%dm %02ds", (int) (seconds / 60),
                        (int) (seconds % 60));

    } else {
        (void) snprintf(buf, 32, "%ds", (int) seconds);
    }

    return buf;
}
