/* YANG Patch: RFC 8072. */

#include "restconf_client.h"


#define TEST_EDIT(id, operation, target, rest)                                \
    "{\"edit-id\":\"" id "\",\"operation\":\"" operation "\",\"target\":\""   \
    target "\"" rest "}"
#define TEST_YANG(edits)                                                      \
    "{\"ietf-yang-patch:yang-patch\":{\"patch-id\":\"p1\",\"edit\":[" edits   \
    "]}}"
#define TEST_VALUE(name, value)                                               \
    ",\"value\":{" TEST_DC(name) ":" value "}"
#define TEST_NEW(name)                                                        \
    TEST_VALUE("alias", "[{\"name\":\"" name "\",\"target-prefix\":"          \
               "[\"192.0.2.9/32\"]}]")
#define TEST_OK                                                               \
    "{\"ietf-yang-patch:yang-patch-status\":{\"patch-id\":\"p1\","            \
    "\"ok\":[null]}}"


static void
test_patches(const char *uri, const char *body)
{
    test_content_type = TEST_PATCH;
    test_does("PATCH", uri, body, 200);
    assert_string_equal(test_text, TEST_OK);
}


/* The edit "id" is to blame, and nothing is done. */

static void
test_fails(const char *uri, const char *body, unsigned status, const char *id,
    const char *tag)
{
    int          before;
    char        *text;
    json_t      *root;
    const char  *got_id, *got_tag;

    test_does("GET", TEST_CLIENT, NULL, 200);
    text = strdup(test_text);
    before = test_host.commits;

    test_content_type = TEST_PATCH;
    test_does("PATCH", uri, body, status);
    assert_int_equal(test_host.commits, before);

    root = json_loads(test_text, 0, NULL);
    got_id = got_tag = "";
    (void) json_unpack(root, "{s:{s:{s:[{s:s,s:{s:[{s:s}]}}]}}}",
                       "ietf-yang-patch:yang-patch-status", "edit-status",
                       "edit", "edit-id", &got_id, "errors", "error",
                       "error-tag", &got_tag);

    if (strcmp(got_id, id) != 0 || strcmp(got_tag, tag) != 0) {
        fail_msg("not %s %s: %s", id, tag, test_text);
    }

    json_decref(root);

    test_gets(TEST_CLIENT, text);
    free(text);
}


static void
test_operations(void **state)
{
    (void) state;

    test_patches(TEST_CLIENT, TEST_YANG(
        TEST_EDIT("1", "create", "/aliases/alias=new", TEST_NEW("new")) ","
        TEST_EDIT("2", "delete", "/aliases/alias=two", "") ","
        TEST_EDIT("3", "merge", "/aliases/alias=one",
                  TEST_VALUE("alias", "[{\"name\":\"one\","
                             "\"target-protocol\":[17]}]")) ","
        TEST_EDIT("4", "replace", "/acls/acl=p/activation-type",
                  TEST_VALUE("activation-type", "\"deactivate\"")) ","
        TEST_EDIT("5", "remove", "/acls/acl=none", "") ","
        TEST_EDIT("6", "move", "/acls/acl=r", ",\"where\":\"first\"") ","
        TEST_EDIT("7", "insert", "/acls/acl=s", ",\"where\":\"after\","
                  "\"point\":\"/acls/acl=p\"" TEST_VALUE("acl",
                                                        "[{\"name\":\"s\"}]"))
        "," TEST_EDIT("8", "move", "/acls/acl=p/aces/ace=y",
                      ",\"where\":\"before\",\"point\":\"/acls/acl=p/aces/"
                      "ace=x\"") ","
        TEST_EDIT("9", "create", "/acls/acl=q/aces/ace=n",
                  TEST_VALUE("ace", "[" TEST_ACE("n", "9") "]"))));

    test_does("GET", TEST_ALIASES "/alias=new", NULL, 200);
    test_does("GET", TEST_ALIASES "/alias=two", NULL, 404);
    test_does("GET", TEST_ONE "/target-protocol=17", NULL, 200);
    test_does("GET", TEST_ONE "/target-protocol=6", NULL, 200);
    test_does("GET", TEST_ACLS "/acl=q/aces/ace=n", NULL, 200);
    test_gets(TEST_ACLS "?fields=acl/name&content=config", "{" TEST_DC("acls")
              ":{\"acl\":[{\"name\":\"r\"},{\"name\":\"p\"},{\"name\":\"s\"},"
              "{\"name\":\"q\"}]}}");
    test_gets(TEST_P "/aces?fields=ace/name", "{" TEST_DC("aces") ":{\"ace\":"
              "[{\"name\":\"y\"},{\"name\":\"x\"}]}}");

    /* the target itself, the datastore, nothing at all */
    test_patches(TEST_ONE, TEST_YANG(TEST_EDIT("1", "remove", "/", "")));
    test_does("GET", TEST_ONE, NULL, 404);
    test_patches("/data", TEST_YANG(TEST_EDIT("1", "delete",
        "/ietf-dots-data-channel:dots-data/dots-client=c/aliases/alias=new",
        "")));
    test_patches(TEST_CLIENT, "{\"ietf-yang-patch:yang-patch\":{\"patch-id\":"
                              "\"p1\"}}");
    test_patches(TEST_DATA, TEST_YANG(TEST_EDIT("1", "create",
        "/dots-client=d", TEST_VALUE("dots-client", "[{\"cuid\":\"d\"}]")) ","
        TEST_EDIT("2", "delete", "/dots-client=c", "")));
    test_does("GET", TEST_CLIENT, NULL, 404);
    test_does("GET", TEST_DATA "/dots-client=d", NULL, 200);
}


static void
test_atomic(void **state)
{
    (void) state;

    test_fails(TEST_CLIENT, TEST_YANG(
        TEST_EDIT("1", "create", "/aliases/alias=new", TEST_NEW("new")) ","
        TEST_EDIT("2", "create", "/aliases/alias=one", TEST_NEW("one"))), 409,
        "2", "data-exists");
    test_fails(TEST_CLIENT, TEST_YANG(
        TEST_EDIT("1", "remove", "/aliases/alias=one", "") ","
        TEST_EDIT("2", "delete", "/aliases/alias=one", "")), 409, "2",
        "data-missing");
    test_fails(TEST_CLIENT, TEST_YANG(
        TEST_EDIT("a", "create", "/aliases/alias=new", TEST_VALUE("alias",
            "[{\"name\":\"new\",\"target-prefix\":[\"198.51.100.1/32\"]}]"))),
        400, "a", "invalid-value");
    test_fails(TEST_CLIENT, TEST_YANG(
        TEST_EDIT("a", "move", "/acls/acl=p", ",\"where\":\"before\","
                  "\"point\":\"/acls/acl=none\"")), 400, "a",
        "invalid-value");
    test_fails(TEST_DATA, TEST_YANG(
        TEST_EDIT("a", "create", "/dots-client=d", TEST_VALUE("dots-client",
                  "[{\"cuid\":\"d\"}]")) ","
        TEST_EDIT("b", "delete", "/dots-client=other", "")), 409, "b",
        "data-missing");

}


/* Of several edits the one that made an entry wrong (section 2.2). */

static void
test_blame(void **state)
{
    (void) state;

    test_fails(TEST_CLIENT, TEST_YANG(
        TEST_EDIT("1", "delete", "/aliases/alias=two", "") ","
        TEST_EDIT("2", "delete", "/aliases/alias=one/"
                  "target-prefix=192.0.2.1%2F32", "")), 400, "2",
        "missing-attribute");
    test_fails(TEST_CLIENT, TEST_YANG(
        TEST_EDIT("1", "create", "/aliases/alias=new", TEST_NEW("new")) ","
        TEST_EDIT("2", "create", "/acls/acl=a",
                  TEST_VALUE("acl", "[{\"name\":\"a\",\"aces\":{\"ace\":["
                             "{\"name\":\"e\"}]}}]")) ","
        TEST_EDIT("3", "delete", "/aliases/alias=one", "")), 400, "2",
        "missing-attribute");

    /* wrong, mended, wrong again: the last of that counts */
    test_fails(TEST_CLIENT, TEST_YANG(
        TEST_EDIT("1", "merge", "/aliases",
                  TEST_VALUE("aliases", "{\"alias\":[{\"name\":\"new\"}]}"))
        "," TEST_EDIT("2", "merge", "/aliases/alias=new", TEST_NEW("new")) ","
        TEST_EDIT("3", "delete", "/aliases/alias=new/target-prefix="
                  "192.0.2.9%2F32", "") ","
        TEST_EDIT("4", "merge", "/aliases/alias=new/target-protocol=6",
                  TEST_VALUE("target-protocol", "[6]")) ","
        TEST_EDIT("5", "remove", "/aliases/alias=two", "")), 400, "3",
        "missing-attribute");

    /* what is mended in the end is right */
    test_patches(TEST_CLIENT, TEST_YANG(
        TEST_EDIT("1", "create", "/aliases/alias=mended",
                  TEST_VALUE("alias", "[{\"name\":\"mended\"}]")) ","
        TEST_EDIT("2", "merge", "/aliases/alias=mended",
                  TEST_NEW("mended"))));

    /* of two that are wrong the first in the tree is told of */
    test_fails(TEST_DATA, TEST_YANG(
        TEST_EDIT("1", "create", "/dots-client=c/acls/acl=a",
                  TEST_VALUE("acl", "[{\"name\":\"a\",\"type\":\"x\"}]")) ","
        TEST_EDIT("2", "create", "/dots-client=c/aliases/alias=b",
                  TEST_VALUE("alias", "[{\"name\":\"b\"}]"))), 400, "2",
        "missing-attribute");

    /* a client that is new */
    test_fails(TEST_DATA, TEST_YANG(
        TEST_EDIT("1", "delete", "/dots-client=c/aliases/alias=two", "") ","
        TEST_EDIT("2", "create", "/dots-client=d", TEST_VALUE("dots-client",
            "[{\"cuid\":\"d\",\"aliases\":{\"alias\":[{\"name\":\"x\","
            "\"target-prefix\":[\"198.51.100.1/32\"]}]}}]"))), 400, "2",
        "invalid-value");
}


/* Where it is the fault of all together the errors are global (2.3). */

static void
test_global(void **state)
{
    char   *body;
    size_t  i, k, n;

    (void) state;

    body = malloc(256 * 1024);
    assert_non_null(body);

    n = (size_t) sprintf(body, "{\"ietf-yang-patch:yang-patch\":{"
                         "\"patch-id\":\"p1\",\"edit\":[");

    for (i = 0; i < 3; i++) {
        n += (size_t) sprintf(body + n, "%s{\"edit-id\":\"%zu\","
                              "\"operation\":\"merge\",\"target\":"
                              "\"/aliases\",\"value\":{"
                              TEST_DC("aliases") ":{\"alias\":[",
                              i ? "," : "", i);

        for (k = 0; k < 100; k++) {
            n += (size_t) sprintf(body + n, "%s{\"name\":\"n%zu-%zu\","
                                  "\"target-prefix\":[\"192.0.2.9/32\"]}",
                                  k ? "," : "", i, k);
        }

        n += (size_t) sprintf(body + n, "]}}}");
    }

    (void) sprintf(body + n, "]}}");

    test_content_type = TEST_PATCH;
    test_does("PATCH", TEST_CLIENT, body, 413);
    assert_non_null(strstr(test_text, "\"patch-id\":\"p1\",\"errors\""));
    assert_non_null(strstr(test_text, "\"too-big\""));
    assert_null(strstr(test_text, "edit-status"));

    free(body);

    /* RFC 8783 section 5.1: one dots-client is created per request */

    test_content_type = TEST_PATCH;
    test_does("PATCH", TEST_DATA, TEST_YANG(
        TEST_EDIT("1", "create", "/dots-client=y",
                  TEST_VALUE("dots-client", "[{\"cuid\":\"y\"}]")) ","
        TEST_EDIT("2", "merge", "/dots-client=x",
                  TEST_VALUE("dots-client", "[{\"cuid\":\"x\"}]"))), 400);
    assert_non_null(strstr(test_text, "\"patch-id\":\"p1\",\"errors\""));
    assert_non_null(strstr(test_text, "\"invalid-value\""));
    test_refuses("GET", TEST_DATA "/dots-client=y", NULL, 404,
                 "invalid-value");

    /* and what the commit says: the cuid is another customer's */
    (void) test_as(test_b, "PUT", TEST_DATA "/dots-client=z",
                   "{" TEST_DC("dots-client") ":[{\"cuid\":\"z\"}]}");
    assert_int_equal(test_status, 201);

    test_content_type = TEST_PATCH;
    test_does("PATCH", TEST_DATA, TEST_YANG(
        TEST_EDIT("1", "create", "/dots-client=z",
                  TEST_VALUE("dots-client", "[{\"cuid\":\"z\"}]")) ","
        TEST_EDIT("2", "remove", "/dots-client=none", "")), 409);
    assert_non_null(strstr(test_text, "\"patch-id\":\"p1\",\"errors\""));
    assert_non_null(strstr(test_text, "\"resource-denied\""));
}


static void
test_edits_refused(void **state)
{
    size_t  i;
    char    body[1024];

    static const struct {
        const char *edit;
        unsigned    status;
        const char *tag;
    } bad[] = {
        { "\"operation\":\"nothing\",\"target\":\"/aliases\"", 400,
          "invalid-value" },
        { "\"operation\":7,\"target\":\"/aliases\"", 400, "invalid-value" },
        { "\"target\":\"/aliases\"", 400, "missing-attribute" },
        { "\"operation\":\"delete\"", 400, "missing-attribute" },
        { "\"operation\":\"delete\",\"target\":\"\"", 400, "invalid-value" },
        { "\"operation\":\"delete\",\"target\":\"aliases\"", 400,
          "invalid-value" },
        { "\"operation\":\"delete\",\"target\":\"/nothing\"", 404,
          "invalid-value" },
        { "\"operation\":\"delete\",\"target\":\"/aliases/alias\"", 400,
          "invalid-value" },
        { "\"operation\":\"delete\",\"target\":\"/cuid\"", 400,
          "invalid-value" },
        { "\"operation\":\"delete\",\"target\":"
          "\"/aliases/alias=one/pending-lifetime\"", 400, "invalid-value" },
        { "\"operation\":\"delete\",\"target\":\"/aliases/alias=one\","
          "\"value\":{}", 400, "invalid-value" },
        { "\"operation\":\"create\",\"target\":\"/aliases/alias=n\"", 400,
          "missing-attribute" },
        { "\"operation\":\"create\",\"target\":\"/aliases/alias=n\","
          "\"value\":{}", 400, "invalid-value" },
        { "\"operation\":\"create\",\"target\":\"/aliases/alias=n\","
          "\"value\":{\"alias\":[{\"name\":\"n\"}]}", 400, "invalid-value" },
        { "\"operation\":\"create\",\"target\":\"/aliases/alias=n\","
          "\"value\":{" TEST_DC("alias") ":[]}", 400, "invalid-value" },
        { "\"operation\":\"create\",\"target\":\"/aliases/alias=n\","
          "\"value\":{" TEST_DC("alias") ":[{\"name\":\"m\"}]}", 400,
          "invalid-value" },
        { "\"operation\":\"create\",\"target\":\"/aliases/alias=n\","
          "\"value\":{" TEST_DC("alias") ":[{\"name\":\"n\",\"x\":1}]}", 400,
          "unknown-element" },
        { "\"operation\":\"move\",\"target\":\"/aliases/alias=one\"", 400,
          "invalid-value" },
        { "\"operation\":\"move\",\"target\":\"/acls/acl=p\",\"where\":\"x\"",
          400, "invalid-value" },
        { "\"operation\":\"move\",\"target\":\"/acls/acl=p\","
          "\"where\":\"before\"", 400, "invalid-value" },
        { "\"operation\":\"move\",\"target\":\"/acls/acl=p\","
          "\"where\":\"first\",\"point\":\"/acls/acl=q\"", 400,
          "invalid-value" },
        { "\"operation\":\"move\",\"target\":\"/acls/acl=p\","
          "\"where\":\"after\",\"point\":\"/aliases/alias=one\"", 400,
          "invalid-value" },
        { "\"operation\":\"merge\",\"target\":\"/acls/acl=p\","
          "\"where\":\"first\",\"value\":{}", 400, "invalid-value" },
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        (void) snprintf(body, sizeof(body), TEST_YANG("{\"edit-id\":\"e\",%s}"),
                        bad[i].edit);
        test_fails(TEST_CLIENT, body, bad[i].status, "e", bad[i].tag);
    }
}


/* As in a URI: a key that no record can have does not reach the store. */

static void
test_edits_key(void **state)
{
    char  key[DOTS_ALIAS_NAME + 2], body[1024];

    (void) state;

    memset(key, 'x', sizeof(key));
    key[DOTS_ALIAS_NAME + 1] = '\0';

    (void) snprintf(body, sizeof(body),
                    TEST_YANG(TEST_EDIT("e", "delete", "/alias=%s", "")), key);
    test_fails(TEST_ALIASES, body, 400, "e", "invalid-value");

    (void) snprintf(body, sizeof(body),
                    TEST_YANG(TEST_EDIT("e", "delete", "/alias=%s", "")),
                    key + 1);
    test_fails(TEST_ALIASES, body, 409, "e", "data-missing");

    test_fails(TEST_ALIASES, TEST_YANG(TEST_EDIT("e", "remove", "/alias=", "")),
               400, "e", "invalid-value");

    key[DOTS_CUID_MAX + 1] = '\0';

    (void) snprintf(body, sizeof(body),
                    TEST_YANG(TEST_EDIT("e", "delete", "/dots-client=%s"
                                        "/aliases/alias=one", "")), key);
    test_fails(TEST_DATA, body, 400, "e", "invalid-value");
}


/* What is no YANG Patch at all is answered as any other error. */

static void
test_refused(void **state)
{
    size_t  i;

    static const struct {
        const char *body;
        const char *tag;
    } bad[] = {
        { "{}", "invalid-value" },
        { "[]", "malformed-message" },
        { "{\"yang-patch\":{\"patch-id\":\"x\"}}", "invalid-value" },
        { "{\"ietf-yang-patch:yang-patch\":[]}", "invalid-value" },
        { "{\"ietf-yang-patch:yang-patch\":{}}", "missing-attribute" },
        { "{\"ietf-yang-patch:yang-patch\":{\"patch-id\":7}}",
          "invalid-value" },
        { "{\"ietf-yang-patch:yang-patch\":{\"patch-id\":\"x\",\"x\":1}}",
          "unknown-element" },
        { "{\"ietf-yang-patch:yang-patch\":{\"patch-id\":\"x\",\"edit\":{}}}",
          "invalid-value" },
        { "{\"ietf-yang-patch:yang-patch\":{\"patch-id\":\"x\",\"edit\":[7]}}",
          "invalid-value" },
        { TEST_YANG("{\"operation\":\"remove\",\"target\":\"/\"}"),
          "missing-attribute" },
        { TEST_YANG(TEST_EDIT("1", "remove", "/aliases", "") ","
                    TEST_EDIT("1", "remove", "/acls", "")), "invalid-value" },
        { TEST_YANG(TEST_EDIT("1", "remove", "/", ",\"x\":1")),
          "unknown-element" },
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        test_content_type = TEST_PATCH;
        test_refuses("PATCH", TEST_CLIENT, bad[i].body, 400, bad[i].tag);
    }

    test_content_type = TEST_PATCH;
    test_refuses("PUT", TEST_CLIENT, TEST_YANG(""), 415,
                 "operation-not-supported");
    test_content_type = TEST_PATCH;
    test_refuses("PATCH", TEST_DATA "/dots-client=none", TEST_YANG(""), 404,
                 "invalid-value");
    test_content_type = TEST_PATCH;
    test_match = "\"x\"";
    test_refuses("PATCH", TEST_CLIENT, TEST_YANG(""), 412, "operation-failed");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test_case(test_operations),
        test_case(test_atomic),
        test_case(test_blame),
        test_case(test_global),
        test_case(test_edits_refused),
        test_case(test_edits_key),
        test_case(test_refused),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
