/*
 * dots_yang SCHEMAS json|xml WHAT <BODY: is the body what RFC 7951 or RFC 7950
 * makes of it by the schemas?  libyang reads it, strictly.  WHAT is the path
 * of the resource below {+restconf} ("/data", "/data/ietf-...:..."), "errors",
 * "patch-status" or "notification".  Tags of defaults are metadata (RFC 6243).
 * Says what is wrong, and fails.
 */

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "dots_place.h"
#include "dots_yang_compat.h"


#define YANG_BODY (8 * 1024 * 1024)

/* RFC 8040 section 5.3.1, and what libyang has instead: that of the module. */

#define YANG_TAG    "\"urn:ietf:params:xml:ns:netconf:default:1.0\""
#define YANG_MODULE "ietf-netconf-with-defaults"

typedef struct {
    dots_schema_t *schema;
    LYD_FORMAT     format;
    char          *body;
    dots_arena_t  *arena;
} yang_t;


static void
yang_fail(yang_t *y, const char *what)
{
    fprintf(stderr, "dots_yang: %s: %s\n%s\n", what,
            y->schema ? dots_yang_error(y->schema->ctx) : "", y->body);
    exit(1);
}


/* What is inside the only member, or element, of the body. */

static void
yang_unwrap(yang_t *y, const char *name, const char *element)
{
    char    *end, *start;
    json_t  *root, *value;

    if (y->format == LYD_JSON) {
        root = json_loads(y->body, JSON_REJECT_DUPLICATES, NULL);
        value = json_object_get(root, name);

        if (value == NULL || json_object_size(root) != 1) {
            yang_fail(y, "no envelope");
        }

        y->body = json_dumps(value, 0);
        return;
    }

    start = strchr(y->body, '>');
    end = strrchr(y->body, '<');

    if (strncmp(y->body, element, strlen(element)) != 0 || !start || !end
        || end <= start)
    {
        yang_fail(y, "no envelope");
    }

    *end = '\0';
    y->body = start + 1;
}


static struct ly_in *
yang_input(yang_t *y)
{
    struct ly_in  *in;

    if (ly_in_new_memory(y->body, &in) != LY_SUCCESS) {
        exit(2);
    }

    return in;
}


/* The tags of defaults, which the server writes and has no module for. */

static void
yang_load_tags(yang_t *y)
{
    if (ly_ctx_load_module(y->schema->ctx, YANG_MODULE, "2011-06-01", NULL)
        == NULL
        || ly_ctx_compile(y->schema->ctx) != LY_SUCCESS)
    {
        yang_fail(y, YANG_MODULE);
    }
}


static void
yang_rename_tags(yang_t *y)
{
    char               *p;
    const char         *rest;
    static const char   name[] = "\"urn:ietf:params:xml:ns:yang:"
                                 YANG_MODULE "\"";

    rest = y->body;

    p = y->body = calloc(2, YANG_BODY);

    if (p == NULL) {
        exit(2);
    }

    while (*rest) {

        if (strncmp(rest, YANG_TAG, sizeof(YANG_TAG) - 1) == 0) {
            p = stpcpy(p, name);
            rest += sizeof(YANG_TAG) - 1;
            continue;
        }

        *p++ = *rest++;
    }
}


/* ---- messages that are no data of a datastore ---- */

static void
yang_structure(yang_t *y, const char *module, const char *name)
{
    LY_ARRAY_COUNT_TYPE       i;
    struct lyd_node          *tree;
    const struct lys_module  *m;

    m = ly_ctx_get_module_implemented(y->schema->ctx, module);

    LY_ARRAY_FOR(m->compiled->exts, i) {

        if (m->compiled->exts[i].argument
            && strcmp(m->compiled->exts[i].argument, name) == 0)
        {
            /* error-path is of an instance that is elsewhere, or nowhere */

            if (lyd_parse_ext_data(&m->compiled->exts[i], NULL, yang_input(y),
                                   y->format,
                                   LYD_PARSE_STRICT | LYD_PARSE_ONLY, 0, &tree)
                != LY_SUCCESS || tree == NULL)
            {
                yang_fail(y, name);
            }

            lyd_free_all(tree);
            return;
        }
    }

    yang_fail(y, "no such structure");
}


static void
yang_notification(yang_t *y)
{
    int               rc;
    json_t           *root;
    struct lyd_node  *tree, *op;

    tree = op = NULL;

    if (y->format == LYD_JSON) {
        yang_unwrap(y, "ietf-restconf:notification", NULL);
        root = json_loads(y->body, 0, NULL);

        if (!json_is_string(json_object_get(root, "eventTime"))
            || json_object_del(root, "eventTime") != 0)
        {
            yang_fail(y, "no eventTime");
        }

        y->body = json_dumps(root, 0);
        rc = lyd_parse_op(y->schema->ctx, NULL, yang_input(y), LYD_JSON,
                          LYD_TYPE_NOTIF_YANG, &tree, &op);

    } else {
        rc = lyd_parse_op(y->schema->ctx, NULL, yang_input(y), LYD_XML,
                          LYD_TYPE_NOTIF_NETCONF, &tree, &op);
    }

    if (rc != LY_SUCCESS
        || lyd_validate_op(op, NULL, LYD_TYPE_NOTIF_YANG, NULL) != LY_SUCCESS)
    {
        yang_fail(y, "notification");
    }
}


/* ---- data ---- */

/* The parents of what the path names, as instances. */

static struct lyd_node *
yang_parents(yang_t *y, const dots_api_path_t *path)
{
    int                      n;
    char                     xpath[4096];
    size_t                   i, k;
    struct lyd_node         *top, *node;
    const struct lysc_node  *schema, *key;

    n = 0;
    schema = NULL;

    for (i = 1; i + 1 < path->n; i++) {
        schema = dots_place_below(y->schema, schema, &path->segments[i]);
        if (schema == NULL) {
            yang_fail(y, "no such resource");
        }

        n += snprintf(xpath + n, sizeof(xpath) - n, "/%s:%s",
                      schema->module->name, schema->name);

        key = lysc_node_child(schema);

        for (k = 0; k < path->segments[i].nkeys; k++, key = key->next) {
            n += snprintf(xpath + n, sizeof(xpath) - n, "[%s='%.*s']",
                          key->name, (int) path->segments[i].keys[k].len,
                          (const char *) path->segments[i].keys[k].data);
        }
    }

    if (n == 0) {
        return NULL;
    }

    if (lyd_new_path2(NULL, y->schema->ctx, xpath, NULL, 0, 0, 0, &top, &node)
        != LY_SUCCESS)
    {
        yang_fail(y, xpath);
    }

    return node ? node : top;
}


static void
yang_data(yang_t *y, const char *text)
{
    dots_api_path_t   path;
    struct lyd_node  *tree, *parent;

    if (dots_api_path_parse(&path, dots_str(text, strlen(text)), y->arena)
        != DOTS_OK)
    {
        yang_fail(y, "no api-path");
    }

    if (path.n == 1) {
        yang_unwrap(y, "ietf-restconf:data", "<data");
    }

    parent = yang_parents(y, &path);
    tree = NULL;

    if (lyd_parse_data(y->schema->ctx, parent, yang_input(y), y->format,
                       LYD_PARSE_STRICT | LYD_PARSE_ONLY, 0, &tree)
        != LY_SUCCESS)
    {
        yang_fail(y, text);
    }
}


int
main(int argc, char **argv)
{
    char    err[512];
    size_t  n;
    yang_t  y;

    if (argc != 4) {
        fprintf(stderr, "usage: dots_yang SCHEMAS json|xml WHAT <BODY\n");
        return 2;
    }

    y.schema = dots_schema_load(argv[1], err, sizeof(err));
    y.format = strcmp(argv[2], "xml") == 0 ? LYD_XML : LYD_JSON;
    y.arena = dots_arena_create(YANG_BODY);
    y.body = calloc(1, YANG_BODY);

    if (y.schema == NULL || y.arena == NULL || y.body == NULL) {
        fprintf(stderr, "dots_yang: %s\n", y.schema ? "no memory" : err);
        return 2;
    }

    n = fread(y.body, 1, YANG_BODY - 1, stdin);
    y.body[n] = '\0';

    yang_load_tags(&y);

    if (y.format == LYD_XML) {
        yang_rename_tags(&y);
    }

    if (strcmp(argv[3], "errors") == 0) {
        yang_structure(&y, "ietf-restconf", "yang-errors");

    } else if (strcmp(argv[3], "/") == 0) {
        yang_structure(&y, "ietf-restconf", "yang-api");

    } else if (strcmp(argv[3], "patch-status") == 0) {
        yang_structure(&y, "ietf-yang-patch", "yang-patch-status");

    } else if (strcmp(argv[3], "notification") == 0) {
        yang_notification(&y);

    } else {
        yang_data(&y, argv[3]);
    }

    return 0;
}
