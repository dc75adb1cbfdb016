/*
 * dots-clients by whole requests: RFC 8783 section 5, figures 11 to 15; what
 * one customer has is not there for another.
 */

#include "restconf_figures.h"


static void
test_register(void **state)
{
    char  *mine;

    (void) state;

    /* figure 11 */
    assert_int_equal(test_request("POST", TEST_TREE, TEST_REGISTER("a b/c,d")),
                     201);
    assert_string_equal(test_location, "/restconf" TEST_TREE
                                       "/dots-client=a%20b%2Fc%2Cd");
    assert_string_equal(test_text, "");
    assert_string_equal(test_media, "");

    test_gets(TEST_TREE "/dots-client=a%20b%2Fc%2Cd",
              TEST_REGISTER("a b/c,d"));

    /* exists, and another customer's: nobody can tell which */

    assert_int_equal(test_request("POST", TEST_TREE, TEST_REGISTER("a b/c,d")),
                     409);
    test_is_error(409, "resource-denied");

    mine = test_text_dup();

    (void) test_as(test_b, "POST", TEST_TREE, TEST_REGISTER("a b/c,d"));
    test_is_error(409, "resource-denied");
    assert_string_equal(test_text, mine);
    free(mine);
}


/* Figures 12, 13: what a client says about its domain is not kept. */

static void
test_register_cdid(void **state)
{
    (void) state;

    assert_int_equal(test_request("POST", TEST_TREE,
                                  "{" TEST_DC("dots-client") ":[{\"cuid\":\"c\""
                                  ",\"cdid\":\"7eeaf349529eb55ed50113\"}]}"),
                     201);
    test_gets(TEST_TREE "/dots-client=c", TEST_REGISTER("c"));
}


/* Figure 14. */

static void
test_register_put(void **state)
{
    (void) state;

    assert_int_equal(test_request("PUT", TEST_CLIENT,
                                  TEST_REGISTER("dz6pHjaADkaFTbjr0JGBpw")),
                     201);
    assert_string_equal(test_location, "");
    assert_int_equal(test_request("PUT", TEST_CLIENT,
                                  TEST_REGISTER("dz6pHjaADkaFTbjr0JGBpw")),
                     204);

    test_refuses("PUT", TEST_CLIENT, TEST_REGISTER("another"), 400,
                 "invalid-value");

    (void) test_as(test_b, "PUT", TEST_CLIENT,
                   TEST_REGISTER("dz6pHjaADkaFTbjr0JGBpw"));
    test_is_error(409, "resource-denied");
}


static void
test_register_refused(void **state)
{
    size_t       i;
    const char  *uri;

    static const struct {
        const char *body;
        unsigned    status;
        const char *tag;
    } bad[] = {
        /* 5.1: without cuid, more than one */
        { "{" TEST_DC("dots-client") ":[{}]}", 400, "missing-attribute" },
        { "{" TEST_DC("dots-client") ":[{\"cdid\":\"x\"}]}", 400,
          "missing-attribute" },
        { "{" TEST_DC("dots-client") ":[{\"cuid\":\"a\"},{\"cuid\":\"b\"}]}",
          400, "invalid-value" },
        { "{" TEST_DC("dots-client") ":[]}", 400, "invalid-value" },

        { "{" TEST_DC("dots-client") ":{\"cuid\":\"a\"}}", 400,
          "invalid-value" },
        { "{" TEST_DC("dots-client") ":[\"a\"]}", 400, "invalid-value" },
        { "{" TEST_DC("dots-client") ":[{\"cuid\":\"\"}]}", 400,
          "invalid-value" },
        { "{" TEST_DC("dots-client") ":[{\"cuid\":7}]}", 400,
          "invalid-value" },
        { "{" TEST_DC("dots-client") ":[{\"cuid\":\"a\",\"cdid\":[]}]}", 400,
          "invalid-value" },
        { "{" TEST_DC("dots-client") ":[{\"cuid\":\"a\",\"x\":1}]}", 400,
          "unknown-element" },
        { "{" TEST_DC("dots-client") ":[{\"cuid\":\"a\","
          "\"ietf-dots-mapping:x\":{}}]}", 400,
          "unknown-element" },
        { "{" TEST_DC("dots-client") ":[{\"cuid\":\"a\","
          "\"vendor-mapping\":{}}]}", 400,
          "unknown-element" },
        { "{" TEST_DC("dots-client") ":[{\"cuid\":\"a\",\"acls\":[]}]}", 400,
          "invalid-value" },

        /* RFC 7951 section 4: the top member has its module */
        { "{\"dots-client\":[{\"cuid\":\"a\"}]}", 400, "unknown-element" },
        { "{\"x:dots-client\":[{\"cuid\":\"a\"}]}", 400, "unknown-element" },
        { "{" TEST_DC("dots-clients") ":[{\"cuid\":\"a\"}]}", 400,
          "unknown-element" },
        { "{}", 400, "invalid-value" },
        { "{" TEST_DC("dots-client") ":[{\"cuid\":\"a\"}],\"x\":1}", 400,
          "invalid-value" },

        /* RFC 7952 */
        { "{" TEST_DC("dots-client") ":[{\"cuid\":\"a\",\"@cuid\":"
          "{\"yang:insert\":\"first\"}}]}", 400, "unknown-attribute" },
        { "{" TEST_DC("dots-client") ":[{\"cuid\":\"a\",\"@\":{}}]}", 400,
          "unknown-attribute" },

        /* RFC 8259 */
        { "[]", 400, "malformed-message" },
        { "7", 400, "malformed-message" },
        { "{", 400, "malformed-message" },
        { "nonsense", 400, "malformed-message" },
        { TEST_REGISTER("a") "x", 400, "malformed-message" },
        { TEST_REGISTER("a") "{}", 400, "malformed-message" },
        { "{" TEST_DC("dots-client") ":[{\"cuid\":\"a\",\"cuid\":\"b\"}]}",
          400, "malformed-message" },
        { "{" TEST_DC("dots-client") ":[{\"cuid\":\"a\\u0000b\"}]}", 400,
          "malformed-message" },
        { "{" TEST_DC("dots-client") ":[{\"cuid\":\"\xff\"}]}", 400,
          "malformed-message" },
        { "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 400,
          "malformed-message" },
    };

    (void) state;

    uri = TEST_TREE;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        test_refuses("POST", uri, bad[i].body, bad[i].status, bad[i].tag);
    }

    test_gets(TEST_TREE "?content=config", "{" TEST_DC("dots-data") ":{}}");
}


static void
test_cuid_length(void **state)
{
    char  body[512];

    (void) state;

    (void) snprintf(body, sizeof(body), TEST_REGISTER("%0128d"), 0);
    assert_int_equal(test_request("POST", TEST_TREE, body), 201);
    (void) snprintf(body, sizeof(body), TEST_REGISTER("%0129d"), 0);
    test_refuses("POST", TEST_TREE, body, 400, "invalid-value");

    /* nor is one looked for by a longer one */

    (void) snprintf(body, sizeof(body), "{" TEST_DC("dots-data")
                    ":{\"dots-client\":[{\"cuid\":\"%0129d\"}]}}", 0);
    test_refuses("PATCH", TEST_TREE, body, 400, "invalid-value");
}


static void
test_client_delete(void **state)
{
    (void) state;

    assert_int_equal(test_request("POST", TEST_CLIENT, TEST_LIST(TEST_HTTPS1)),
                     201);
    assert_int_equal(test_request("DELETE", TEST_CLIENT, NULL), 204);
    assert_string_equal(test_text, "");
    assert_int_equal(test_request("GET", TEST_CLIENT, NULL), 404);
    test_is_error(404, "invalid-value");
    assert_int_equal(test_request("DELETE", TEST_CLIENT, NULL), 404);
    test_is_error(404, "invalid-value");
}


static void
test_foreign(void **state)
{
    size_t  i;
    char   *unknown, uri[512];

    static const struct {
        const char *method;
        const char *below;
        const char *body;
    } ways[] = {
        { "GET", "", NULL },
        { "HEAD", "", NULL },
        { "DELETE", "", NULL },
        { "GET", "/aliases", NULL },
        { "GET", "/aliases/alias=https1", NULL },
        { "DELETE", "/aliases", NULL },
        { "DELETE", "/aliases/alias=https1", NULL },
        { "POST", "", TEST_LIST(TEST_HTTPS1) },
        { "POST", "/aliases", TEST_ENTRY(TEST_HTTPS1) },
        { "PUT", "/aliases", TEST_LIST(TEST_HTTPS1) },
        { "PUT", "/aliases/alias=https1", TEST_ENTRY(TEST_HTTPS1) },
    };

    (void) state;

    for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        (void) snprintf(uri, sizeof(uri), TEST_TREE "/dots-client=nobody%s",
                        ways[i].below);
        (void) test_request(ways[i].method, uri, ways[i].body);
        test_is_error(404, "invalid-value");
        unknown = test_text_dup();

        (void) snprintf(uri, sizeof(uri), TEST_OTHER "%s", ways[i].below);
        (void) test_request(ways[i].method, uri, ways[i].body);
        test_is_error(404, "invalid-value");
        assert_string_equal(test_text, unknown);
        free(unknown);
    }

    test_gets("/data?content=config",
              "{\"ietf-restconf:data\":{" TEST_DC("dots-data")
                       ":{\"dots-client\":[{\"cuid\":"
                       "\"dz6pHjaADkaFTbjr0JGBpw\"}]}}}");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test_empty(test_register),
        test_empty(test_register_cdid),
        test_empty(test_register_put),
        test_empty(test_register_refused),
        test_empty(test_cuid_length),
        test_ready(test_client_delete),
        test_ready(test_foreign),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
