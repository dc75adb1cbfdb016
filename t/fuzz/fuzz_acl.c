/*
 * Any body as a PUT of the ACLs of a client, for a mitigator that can do
 * everything.  What is taken has to be complete in the store (the host sees to
 * that), comes back as JSON of the same ACLs, and stays what it is when it is
 * sent again: canonical text.
 */

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "../unit/restconf_host.h"


int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define FUZZ_CLIENT                                                           \
    "/data/ietf-dots-data-channel:dots-data/dots-client=c"
#define FUZZ_URI FUZZ_CLIENT "/acls"


static dots_schema_t    *fuzz_schema;
static dots_customers_t *fuzz_customers;
static dots_customer_t  *fuzz_customer;
static dots_acl_needs_t  fuzz_ability;
static host_t            fuzz_host;
static unsigned          fuzz_status;
static char             *fuzz_text;


int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char           err[256];
    dots_prefix_t  p;

    (void) argc;
    (void) argv;

    fuzz_schema = dots_schema_load(SOURCE_DIR "/schemas", err, sizeof(err));
    fuzz_customers = dots_customers_create();
    fuzz_customer = dots_customers_add(fuzz_customers, dots_str("a", 1), NULL);

    if (fuzz_schema == NULL || fuzz_customer == NULL
        || dots_prefix_parse(&p, dots_str("192.0.2.0/24", 12)) != DOTS_OK
        || dots_customers_add_prefix(fuzz_customers, fuzz_customer, &p, 0, NULL)
           != DOTS_OK
        || dots_customers_finish(fuzz_customers, NULL) != DOTS_OK)
    {
        abort();
    }

    fuzz_ability.families = DOTS_ACL_IPV4 | DOTS_ACL_IPV6;
    fuzz_ability.protocols = DOTS_ACL_TCP | DOTS_ACL_UDP | DOTS_ACL_ICMP;
    fuzz_ability.actions = DOTS_ACL_DROP | DOTS_ACL_ACCEPT | DOTS_ACL_RATE;
    fuzz_ability.fields = dots_acl_bit(DOTS_ACL_FIELDS) - 1;

    fuzz_customer->abilities = &fuzz_ability;
    fuzz_customer->nabilities = 1;

    return 0;
}


static void
fuzz_done(dots_restconf_t *rc)
{
    free(fuzz_text);

    fuzz_status = rc->status;
    fuzz_text = strndup(rc->text.len ? (const char *) rc->text.data : "",
                        rc->text.len);

    if (fuzz_text == NULL || (fuzz_status >= 400 && fuzz_text[0] == '\0')) {
        abort();
    }
}


static unsigned
fuzz_request(const char *method, const char *uri, const void *body, size_t len)
{
    dots_restconf_t          rc;
    static const dots_str_t  root = dots_string("/restconf");
    static const dots_str_t  json = dots_string("application/yang-data+json");

    memset(&rc, 0, sizeof(rc));

    rc.schema = fuzz_schema;
    rc.customer = fuzz_customer;
    rc.method = dots_str(method, strlen(method));
    rc.uri = dots_str(uri, strlen(uri));
    rc.body = dots_str(body, len);
    rc.root = root;
    rc.content_type = json;
    rc.now = 1700000000000LL;
    rc.submit = host_submit;
    rc.done = fuzz_done;
    rc.host = &fuzz_host;

    dots_restconf_handle(&rc);
    dots_restconf_free(&rc);

    return fuzz_status;
}


/* Every ACL that was taken keeps to the customer's space. */

static void
fuzz_inside(void)
{
    size_t         i, k;
    dots_acl_t     acl;
    dots_arena_t  *a;

    a = dots_arena_create(SIZE_MAX);

    for (i = 1; a != NULL && i < fuzz_host.n; i++) {
        if (dots_acl_decode(&acl, fuzz_host.records[i].data,
                            fuzz_host.records[i].len, a)
            != DOTS_OK)
        {
            abort();
        }

        for (k = 0; k < acl.naces; k++) {
            if ((acl.aces[k].fields & dots_acl_bit(DOTS_ACL_DESTINATION))
                && !dots_customer_owns_prefix(fuzz_customer,
                                              &acl.aces[k].destination))
            {
                abort();
            }
        }
    }

    dots_arena_destroy(a);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char              *first;
    json_t            *root;
    static const char  client[] = "{\"ietf-dots-data-channel:dots-client\":"
                                  "[{\"cuid\":\"c\"}]}";

    /* record 0 is the client's */

    if (fuzz_request("PUT", FUZZ_CLIENT, client, sizeof(client) - 1) != 201) {
        abort();
    }

    if (fuzz_request("PUT", FUZZ_URI, data, size) < 300) {
        fuzz_inside();

        if (fuzz_request("GET", FUZZ_URI "?content=config", NULL, 0) != 200) {
            abort();
        }

        root = json_loads(fuzz_text, JSON_REJECT_DUPLICATES, NULL);
        first = strdup(fuzz_text);

        if (root == NULL || first == NULL
            || fuzz_request("PUT", FUZZ_URI, first, strlen(first)) >= 300
            || fuzz_request("GET", FUZZ_URI "?content=config", NULL, 0) != 200
            || strcmp(first, fuzz_text) != 0
            || fuzz_request("GET", FUZZ_URI "?content=nonconfig", NULL, 0)
               != 200)
        {
            abort();
        }

        json_decref(root);
        free(first);
    }

    host_reset(&fuzz_host);

    return 0;
}
