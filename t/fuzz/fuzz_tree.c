/*
 * Any JSON object as a dots-client: what becomes a tree without its text is
 * valid as text, too, and for libyang, and the same tree, defaults and all.
 */

#include <stdlib.h>
#include <string.h>

#include "dots_data_tree.h"


int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static dots_schema_t  *fuzz_schema;


int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char  err[256];

    (void) argc;
    (void) argv;

    fuzz_schema = dots_schema_load(SOURCE_DIR "/schemas", err, sizeof(err));

    if (fuzz_schema == NULL) {
        abort();
    }

    return 0;
}


static char *
fuzz_print(const struct lyd_node *tree)
{
    char  *text;

    if (lyd_print_mem(&text, tree, LYD_JSON, LYD_PRINT_SHRINK
                      | LYD_PRINT_WD_ALL | LYD_PRINT_KEEPEMPTYCONT)
        != LY_SUCCESS)
    {
        abort();
    }

    return text;
}


static struct lyd_node *
fuzz_parse(json_t *client)
{
    char             *text;
    json_t           *root;
    struct lyd_node  *tree;

    root = json_pack("{s:{s:[O]}}", "ietf-dots-data-channel:dots-data",
                     "dots-client", client);
    text = json_dumps(root, JSON_COMPACT);
    json_decref(root);

    if (text == NULL
        || lyd_parse_data_mem(fuzz_schema->ctx, text, LYD_JSON,
                              LYD_PARSE_STRICT | LYD_PARSE_NO_STATE,
                              LYD_VALIDATE_NO_STATE | LYD_VALIDATE_PRESENT,
                              &tree)
           != LY_SUCCESS)
    {
        abort();
    }

    free(text);

    return tree;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char             *one, *other;
    json_t           *client;
    struct lyd_node  *tree, *parsed;

    client = json_loadb((const char *) data, size, JSON_REJECT_DUPLICATES,
                        NULL);

    if (json_is_object(client)
        && dots_data_tree(fuzz_schema, client, &tree) == DOTS_OK)
    {
        parsed = fuzz_parse(client);

        if (lyd_validate_all(&tree, NULL,
                             LYD_VALIDATE_NO_STATE | LYD_VALIDATE_PRESENT,
                             NULL)
            != LY_SUCCESS)
        {
            abort();
        }

        one = fuzz_print(tree);
        other = fuzz_print(parsed);

        if (strcmp(one, other) != 0) {
            abort();
        }

        free(one);
        free(other);
        lyd_free_all(tree);
        lyd_free_all(parsed);
    }

    ly_err_clean(fuzz_schema->ctx, NULL);
    json_decref(client);

    return 0;
}
