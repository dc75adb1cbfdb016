/*
 * For whom a gateway asks, and what is refused before anything is parsed: RFC
 * 8783 sections 3.4, 5.1, 6.1, 7.2 and 10.
 */

#include "restconf_world.h"


#define TEST_TREE  "/data/ietf-dots-data-channel:dots-data"
#define TEST_NOW   1700000000000LL
#define TEST_CLIENT(members)                                                  \
    "{\"ietf-dots-data-channel:dots-client\":[{" members "}]}"
#define TEST_ALIAS                                                            \
    "{\"ietf-dots-data-channel:alias\":[{\"name\":\"x\",\"target-prefix\":"   \
    "[\"198.51.100.1/32\"]}]}"


static const dots_customer_t  *test_gateway, *test_own, *test_relayed,
                              *test_direct;
static const dots_customer_t  *test_for;       /* whose the last request was */
static const dots_customer_t  *test_limit;     /* who asks too often */
static int                     test_failing;   /* whose a cuid is: unknown */
static unsigned                test_status;
static char                    test_text[64 * 1024];


/* What the registry is for nginx: the customer that has the dots-client. */

static int
test_registered(dots_restconf_t *rc, dots_str_t cuid,
    const dots_customer_t **customer)
{
    size_t      i;
    host_t     *h;
    dots_str_t  none = { 0, NULL };

    h = rc->host;
    i = host_find(h, DOTS_CHANGE_CLIENT, NULL, cuid, none);

    *customer = i < h->n ? h->records[i].customer : NULL;

    return test_failing ? DOTS_ERROR : DOTS_OK;
}


static unsigned
test_limited(dots_restconf_t *rc)
{
    return rc->customer == test_limit ? 7 : 0;
}


static void
test_done(dots_restconf_t *rc)
{
    test_status = rc->status;
    test_for = rc->customer;
    test_copy(test_text, sizeof(test_text), rc->text);
}


static void
test_make(dots_restconf_t *rc, const dots_customer_t *customer,
    const char *method, const char *uri, const char *body)
{
    memset(rc, 0, sizeof(*rc));

    rc->schema = test_schema;
    rc->customer = customer;
    rc->customers = test_customers;
    rc->method = test_str(method);
    rc->uri = test_str(uri);
    rc->root = test_str("/restconf");
    rc->content_type = test_str(body ? "application/yang-data+json" : NULL);
    rc->body = test_str(body);
    rc->now = TEST_NOW;
    rc->registered = test_registered;
    rc->limited = test_limited;
    rc->submit = host_submit;
    rc->done = test_done;
    rc->host = &test_host;
}


static unsigned
test_run(dots_restconf_t *rc)
{
    dots_restconf_handle(rc);
    dots_restconf_free(rc);

    return test_status;
}


static unsigned
test_as(const dots_customer_t *customer, const char *method, const char *uri,
    const char *body)
{
    dots_restconf_t  rc;

    test_make(&rc, customer, method, uri, body);

    return test_run(&rc);
}


static void
test_cdid(void **state)
{
    (void) state;

    /* by its cdid, which a client has no say in */

    assert_int_equal(test_as(test_gateway, "POST", TEST_TREE,
                             TEST_CLIENT("\"cuid\":\"c\",\"cdid\":\"one\"")),
                     201);
    assert_ptr_equal(test_for, test_relayed);
    assert_int_equal(test_as(test_gateway, "PUT", TEST_TREE "/dots-client=c",
                             TEST_CLIENT("\"cuid\":\"c\",\"cdid\":\"two\"")),
                     204);
    assert_int_equal(test_as(test_direct, "POST", TEST_TREE,
                             TEST_CLIENT("\"cuid\":\"d\",\"cdid\":\"one\"")),
                     201);
    assert_ptr_equal(test_for, test_direct);

    /* none, or nobody's */

    assert_int_equal(test_as(test_gateway, "POST", TEST_TREE,
                             TEST_CLIENT("\"cuid\":\"e\",\"cdid\":\"x\"")),
                     403);
    assert_non_null(strstr(test_text, "\"access-denied\""));
    assert_int_equal(test_as(test_gateway, "POST", TEST_TREE,
                             TEST_CLIENT("\"cuid\":\"e\"")), 403);

    /* what is wrong with the message is what it is of anybody's */

    assert_int_equal(test_as(test_gateway, "POST", TEST_TREE, "{"), 400);
    assert_int_equal(test_as(test_gateway, "POST", TEST_TREE,
                             TEST_CLIENT("\"cdid\":\"one\"")), 400);
    assert_int_equal(test_as(test_gateway, "POST", TEST_TREE,
                             TEST_CLIENT("\"cuid\":1,\"cdid\":\"one\"")), 400);
    assert_int_equal(test_as(test_gateway, "PUT", TEST_TREE "/dots-client=c",
                             TEST_CLIENT("\"cuid\":\"f\",\"cdid\":\"one\"")),
                     400);
}


static void
test_cuid(void **state)
{
    (void) state;

    assert_int_equal(test_as(test_gateway, "PUT",
                             TEST_TREE "/dots-client=c/aliases/alias=x",
                             TEST_ALIAS), 403);
    assert_int_equal(test_as(test_gateway, "POST", TEST_TREE,
                             TEST_CLIENT("\"cuid\":\"c\",\"cdid\":\"one\"")),
                     201);
    assert_int_equal(test_as(test_gateway, "PUT",
                             TEST_TREE "/dots-client=c/aliases/alias=x",
                             TEST_ALIAS), 201);
    assert_ptr_equal(test_for, test_relayed);
    assert_int_equal(test_as(test_own, "GET",
                             TEST_TREE "/dots-client=c/aliases/alias=x", NULL),
                     200);

    /* a customer that no gateway has a cdid for is nobody to it */

    assert_int_equal(test_as(test_direct, "POST", TEST_TREE,
                             TEST_CLIENT("\"cuid\":\"d\"")), 201);
    assert_int_equal(test_as(test_gateway, "GET", TEST_TREE "/dots-client=d",
                             NULL), 403);
    assert_int_equal(test_as(test_own, "GET", TEST_TREE "/dots-client=d",
                             NULL), 404);

    /* with prefixes a gateway asks for itself, too */

    assert_int_equal(test_as(test_own, "POST", TEST_TREE,
                             TEST_CLIENT("\"cuid\":\"o\"")), 201);
    assert_ptr_equal(test_for, test_own);
    assert_int_equal(test_as(test_own, "GET", TEST_TREE, NULL), 200);
    assert_null(strstr(test_text, "\"c\""));

    test_failing = 1;
    assert_int_equal(test_as(test_gateway, "GET", TEST_TREE "/dots-client=c",
                             NULL), 503);
    test_failing = 0;
}


static void
test_admission(void **state)
{
    dots_restconf_t  rc;
    dots_str_t       names[] = { dots_string("gw"), dots_string("dots") };

    (void) state;

    test_make(&rc, test_direct, "GET", TEST_TREE, NULL);
    rc.via = test_str("1.1 a, 1.1 dots:443 (\"x\")");
    rc.names = names;
    rc.nnames = 2;
    assert_int_equal(test_run(&rc), 508);
    assert_non_null(strstr(test_text, "\"error-tag\":\"operation-failed\","
                                      "\"error-app-tag\":\"loop-detected\""));
    assert_non_null(strstr(test_text, "\"error-info\":{\"via-header\":"
                                      "\"1.1 a, 1.1 dots:443 (\\\"x\\\")\"}"));

    /* what is no text of JSON's is not copied */

    test_make(&rc, test_direct, "GET", TEST_TREE, NULL);
    rc.via = test_str("1.1 \xff, 1.1 gw");
    rc.names = names;
    rc.nnames = 2;
    assert_int_equal(test_run(&rc), 508);
    assert_null(strstr(test_text, "error-info"));

    test_limit = test_direct;
    assert_int_equal(test_as(test_direct, "GET", TEST_TREE, NULL), 429);
    assert_non_null(strstr(test_text, "\"error-tag\":\"resource-denied\""));
    assert_non_null(strstr(test_text, "7 s"));

    /* what is relayed counts for whom it is */

    assert_int_equal(test_as(test_gateway, "POST", TEST_TREE,
                             TEST_CLIENT("\"cuid\":\"c\",\"cdid\":\"one\"")),
                     201);
    test_limit = test_gateway;
    assert_int_equal(test_as(test_gateway, "GET", TEST_TREE "/dots-client=c",
                             NULL), 200);
    assert_int_equal(test_as(test_gateway, "GET", TEST_TREE "/dots-client=x",
                             NULL), 429);
    test_limit = test_relayed;
    assert_int_equal(test_as(test_gateway, "GET", TEST_TREE "/dots-client=c",
                             NULL), 429);
    test_limit = NULL;

    /* who is nobody hears of neither */

    test_make(&rc, NULL, "GET", TEST_TREE, NULL);
    rc.via = test_str("1.1 gw");
    rc.names = names;
    rc.nnames = 2;
    assert_int_equal(test_run(&rc), 401);
}


static dots_customer_t *
test_customer(const char *name, const char *prefix)
{
    dots_prefix_t     p;
    dots_customer_t  *c;

    c = dots_customers_add(test_customers, test_str(name), NULL);

    if (c != NULL && prefix != NULL
        && (dots_prefix_parse(&p, test_str(prefix)) != DOTS_OK
            || dots_customers_add_prefix(test_customers, c, &p, 0, NULL)
               != DOTS_OK))
    {
        return NULL;
    }

    return c;
}


static int
test_build(void)
{
    dots_customer_t  *gateway, *own, *relayed, *direct;

    gateway = test_customer("gateway", NULL);
    own = test_customer("own", "203.0.113.0/24");
    relayed = test_customer("relayed", "198.51.100.0/24");
    direct = test_customer("direct", "192.0.2.0/24");

    if (gateway == NULL || own == NULL || relayed == NULL || direct == NULL) {
        return DOTS_ERROR;
    }

    gateway->gateway = 1;
    own->gateway = 1;

    test_gateway = gateway;
    test_own = own;
    test_relayed = relayed;
    test_direct = direct;

    if (dots_customers_add_identity(test_customers, relayed,
                                    DOTS_IDENTITY_CDID, test_str("one"), NULL)
            != DOTS_OK
        || dots_customers_add_identity(test_customers, relayed,
                                       DOTS_IDENTITY_CDID, test_str("two"),
                                       NULL)
            != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    return dots_customers_finish(test_customers, NULL);
}


static int
test_setup(void **state)
{
    (void) state;

    return test_load() || test_build() != DOTS_OK;
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_teardown(test_cdid, test_reset),
        cmocka_unit_test_teardown(test_cuid, test_reset),
        cmocka_unit_test_teardown(test_admission, test_reset),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
