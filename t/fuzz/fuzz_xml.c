/*
 * Any bytes as the body of a request in XML, about the datastore and about one
 * resource.  What is taken has to come back as JSON, and that as XML that is
 * taken again and says the same.
 */

#include <stdlib.h>
#include <string.h>

#include "dots_data_xml.h"
#include "dots_place.h"


int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static dots_schema_t           *fuzz_schema;
static const struct lysc_node  *fuzz_targets[3];  /* [0]: the datastore */


static const struct lysc_node *
fuzz_target(const char *text)
{
    dots_arena_t            *a;
    dots_api_path_t          path;
    const struct lysc_node  *node;

    a = dots_arena_create(65536);

    if (a == NULL
        || dots_api_path_parse(&path, dots_str(text, strlen(text)), a)
           != DOTS_OK)
    {
        abort();
    }

    node = dots_place_path(fuzz_schema, path.segments, path.n);
    dots_arena_destroy(a);

    return node;
}


int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char  err[512];

    (void) argc;
    (void) argv;

    fuzz_schema = dots_schema_load(SOURCE_DIR "/schemas", err, sizeof(err));
    if (fuzz_schema == NULL) {
        abort();
    }

    fuzz_targets[1] = fuzz_target("/ietf-dots-data-channel:dots-data"
                                  "/dots-client=c");
    fuzz_targets[2] = fuzz_target("/ietf-dots-data-channel:dots-data"
                                  "/dots-client=c/acls/acl=x");

    if (fuzz_targets[1] == NULL || fuzz_targets[2] == NULL) {
        abort();
    }

    return 0;
}


static int
fuzz_read(dots_exchange_t *x, dots_str_t body, const struct lysc_node *target,
    json_t **root)
{
    int  rc;

    x->rc->body = body;
    memset(&x->error, 0, sizeof(x->error));

    rc = dots_data_xml_read(x, target, root);

    if (rc == DOTS_INVALID && x->error.status < 400) {
        abort();
    }

    return rc;
}


/* Instance-identifiers, which only errors have, are not read. */

static int
fuzz_ours(json_t *root)
{
    return strncmp(json_object_iter_key(json_object_iter(root)),
                   DOTS_RESTCONF_MODULE, sizeof(DOTS_RESTCONF_MODULE) - 1)
           == 0;
}


static void
fuzz_again(dots_exchange_t *x, const struct lysc_node *target, json_t *root)
{
    int          rc;
    char        *text;
    json_t      *again;
    dots_str_t   xml;

    text = json_dumps(root, JSON_COMPACT);
    if (text == NULL) {
        abort();
    }

    rc = dots_data_xml_write(fuzz_schema, target, dots_str(text, strlen(text)),
                             x->rc->arena, &xml);
    free(text);

    if (rc != DOTS_OK) {
        return;     /* larger than may be */
    }

    rc = fuzz_read(x, xml, target, &again);

    if (rc == DOTS_OK) {

        if (!json_equal(root, again) && fuzz_ours(root)) {
            abort();
        }

        json_decref(again);

    } else if (rc == DOTS_INVALID && x->error.tag != DOTS_TAG_UNKNOWN_ELEMENT) {
        abort();
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t           i;
    json_t          *root;
    dots_restconf_t  rc;
    dots_exchange_t  x;

    for (i = 0; i < 3; i++) {
        memset(&rc, 0, sizeof(rc));
        memset(&x, 0, sizeof(x));

        rc.schema = fuzz_schema;
        rc.arena = dots_arena_create(DOTS_RESTCONF_ARENA);
        x.rc = &rc;

        if (fuzz_read(&x, dots_str(data, size), fuzz_targets[i], &root)
            == DOTS_OK)
        {
            fuzz_again(&x, fuzz_targets[i], root);
            json_decref(root);
        }

        dots_arena_destroy(rc.arena);
    }

    return 0;
}
