/*
 * The data channel by whole requests against a host that keeps dots-clients
 * and aliases in memory: RFC 8783 sections 5 and 6, RFC 8040 sections 3 to 7.
 */

#include "restconf_world.h"


#define TEST_TREE    "/data/ietf-dots-data-channel:dots-data"
#define TEST_CLIENT  TEST_TREE "/dots-client=dz6pHjaADkaFTbjr0JGBpw"
#define TEST_OTHER   TEST_TREE "/dots-client=other"
#define TEST_ALIASES TEST_CLIENT "/aliases"
#define TEST_ALIAS   TEST_ALIASES "/alias=https1"
#define TEST_JSON    "application/yang-data+json"
#define TEST_NOW     1700000000000LL

#define TEST_ALL_METHODS "OPTIONS, GET, HEAD, POST, PUT, PATCH, DELETE"

#define TEST_DC(name) "\"ietf-dots-data-channel:" name "\""
#define TEST_REGISTER(cuid)                                                   \
    "{" TEST_DC("dots-client") ":[{\"cuid\":\"" cuid "\"}]}"
#define TEST_ENTRY(entry) "{" TEST_DC("alias") ":[" entry "]}"
#define TEST_LIST(list)   "{" TEST_DC("aliases") ":{\"alias\":[" list "]}}"

/* RFC 8783 figure 17, members in the order of the schema */
#define TEST_HTTPS1                                                           \
    "{\"name\":\"https1\","                                                   \
    "\"target-prefix\":[\"2001:db8:6401::1/128\",\"2001:db8:6401::2/128\"],"  \
    "\"target-port-range\":[{\"lower-port\":443}],\"target-protocol\":[6]}"

#define TEST_WEB(name) "{\"name\":\"" name "\",\"target-prefix\":"            \
                       "[\"192.0.2.7/32\"]}"


static const dots_customer_t  *test_a, *test_b;

/* the answer to the last request, a copy */

static unsigned                test_status;
static int                     test_dones;
static char                    test_text[1024 * 1024];
static char                    test_media[64];
static char                    test_location[1024];
static char                    test_allow[64];
static char                    test_accept_patch[128];
static char                    test_etag[64];
static char                    test_challenge[64];
static char                    test_modified[64];


static char *
test_text_dup(void)
{
    char  *copy;

    copy = strdup(test_text);
    assert_non_null(copy);

    return copy;
}


static void
test_done(dots_restconf_t *rc)
{
    test_dones++;
    test_status = rc->status;
    test_copy(test_text, sizeof(test_text), rc->text);
    test_copy(test_media, sizeof(test_media), rc->media);
    test_copy(test_location, sizeof(test_location), rc->location);
    test_copy(test_allow, sizeof(test_allow), rc->allow);
    test_copy(test_accept_patch, sizeof(test_accept_patch), rc->accept_patch);
    test_copy(test_etag, sizeof(test_etag), rc->etag);
    test_copy(test_challenge, sizeof(test_challenge), rc->challenge);
    test_copy(test_modified, sizeof(test_modified), rc->last_modified);
}


static void
test_make(dots_restconf_t *rc, const char *method, const char *uri,
    const char *body)
{
    memset(rc, 0, sizeof(*rc));

    rc->schema = test_schema;
    rc->customer = test_a;
    rc->method = test_str(method);
    rc->uri = test_str(uri);
    rc->root = test_str("/restconf");
    rc->content_type = test_str(body ? TEST_JSON : NULL);
    rc->body = test_str(body);
    rc->now = TEST_NOW;
    rc->submit = host_submit;
    rc->done = test_done;
    rc->host = &test_host;

    test_dones = 0;
    test_status = 0;
}


static void
test_run(dots_restconf_t *rc)
{
    dots_restconf_handle(rc);
    assert_int_equal(test_dones, 1);
    dots_restconf_free(rc);
}


static unsigned
test_as(const dots_customer_t *customer, const char *method, const char *uri,
    const char *body)
{
    dots_restconf_t  rc;

    test_make(&rc, method, uri, body);
    rc.customer = customer;
    test_run(&rc);

    return test_status;
}


static unsigned
test_request(const char *method, const char *uri, const char *body)
{
    return test_as(test_a, method, uri, body);
}


/* The last answer was this error, in the form of RFC 8040 section 7.1. */

static void
test_is_error(unsigned status, const char *tag)
{
    json_t      *root;
    const char  *type, *got, *message, *path;

    if (test_status != status) {
        fail_msg("status %u, not %u: %s", test_status, status, test_text);
    }

    assert_string_equal(test_media, TEST_JSON);
    assert_string_equal(test_location, "");

    path = NULL;
    root = json_loads(test_text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);

    assert_int_equal(json_unpack(root, "{s:{s:[{s:s, s:s, s:s, s?s}!]!}!}",
                                 "ietf-restconf:errors", "error",
                                 "error-type", &type, "error-tag", &got,
                                 "error-message", &message,
                                 "error-path", &path), 0);

    assert_string_equal(got, tag);
    assert_true(strcmp(type, "protocol") == 0
                || strcmp(type, "application") == 0);
    assert_true(message[0] != '\0');

    json_decref(root);
}


static void
test_refuses(const char *method, const char *uri, const char *body,
    unsigned status, const char *tag)
{
    int  commits;

    commits = test_host.commits;

    (void) test_request(method, uri, body);
    test_is_error(status, tag);

    /* nothing reached the store */
    assert_int_equal(test_host.commits, commits);
}


static void
test_path_is(const char *expected)
{
    json_t      *root;
    const char  *path;

    root = json_loads(test_text, 0, NULL);
    assert_non_null(root);
    assert_int_equal(json_unpack(root, "{s:{s:[{s:s}]}}",
                                 "ietf-restconf:errors", "error", "error-path",
                                 &path), 0);
    assert_string_equal(path, expected);
    json_decref(root);
}


static void
test_gets(const char *uri, const char *expected)
{
    assert_int_equal(test_request("GET", uri, NULL), 200);
    assert_string_equal(test_media, TEST_JSON);
    assert_string_equal(test_text, expected);
}


static int
test_registered(void **state)
{
    (void) test_reset(state);

    return test_request("POST", TEST_TREE,
                        TEST_REGISTER("dz6pHjaADkaFTbjr0JGBpw")) != 201
           || test_as(test_b, "POST", TEST_TREE, TEST_REGISTER("other")) != 201;
}


/* ---- RFC 8040: the API resource, discovery, methods ---- */

static void
test_api(void **state)
{
    (void) state;

    test_gets("", "{\"ietf-restconf:restconf\":{\"data\":{},\"operations\":{},"
                  "\"yang-library-version\":\"2019-01-04\"}}");
    test_refuses("GET", "/", NULL, 404, "invalid-value");
    test_gets("/yang-library-version",
              "{\"ietf-restconf:yang-library-version\":\"2019-01-04\"}");
    test_gets("/operations", "{\"ietf-restconf:operations\":{}}");

    /* 4.8.1: not for this type of resource */
    test_refuses("GET", "?content=all", NULL, 400, "invalid-value");
}


static void
test_options(void **state)
{
    size_t  i;

    static const char *const  allow[][2] = {
        { "", "OPTIONS, GET, HEAD" },
        { "/data", "OPTIONS, GET, HEAD, POST, PUT, PATCH" },
        { TEST_TREE, TEST_ALL_METHODS },
        { TEST_TREE "/capabilities", "OPTIONS, GET, HEAD" },
        { TEST_TREE "/capabilities/ipv4", "OPTIONS, GET, HEAD" },
        { TEST_CLIENT, TEST_ALL_METHODS },
        { TEST_CLIENT "/cuid", "OPTIONS, GET, HEAD" },
        { TEST_ALIASES, TEST_ALL_METHODS },
        { TEST_ALIAS, TEST_ALL_METHODS },
        { TEST_ALIAS "/name", "OPTIONS, GET, HEAD" },
        { TEST_ALIAS "/pending-lifetime", "OPTIONS, GET, HEAD" },
        { TEST_ALIAS "/target-port-range=443", TEST_ALL_METHODS },
        { TEST_ALIAS "/target-port-range=443/upper-port",
          "OPTIONS, GET, HEAD, PUT, PATCH, DELETE" },
        { TEST_ALIAS "/target-protocol=6",
          "OPTIONS, GET, HEAD, PUT, PATCH, DELETE" },
        { TEST_CLIENT "/acls/acl=x/aces", TEST_ALL_METHODS },
    };

    (void) state;

    for (i = 0; i < sizeof(allow) / sizeof(allow[0]); i++) {
        assert_int_equal(test_request("OPTIONS", allow[i][0], NULL), 200);
        assert_string_equal(test_allow, allow[i][1]);
        assert_string_equal(test_text, "");
        assert_string_equal(test_media, "");

        /* Accept-Patch says what PATCH takes, if there is one */
        assert_string_equal(test_accept_patch,
                            strstr(allow[i][1], "PATCH") == NULL ? ""
                                : "application/yang-data+json, "
                                  "application/yang-data+xml, "
                                  "application/yang-patch+json, "
                                  "application/yang-patch+xml");

        if (strstr(allow[i][1], "DELETE") == NULL) {

            /* 405 comes with the same list */
            test_refuses("DELETE", allow[i][0], NULL, 405,
                         "operation-not-supported");
            assert_string_equal(test_allow, allow[i][1]);
        }
    }

    test_refuses("BREW", TEST_TREE, NULL, 501, "operation-not-supported");
    test_refuses("get", TEST_TREE, NULL, 501, "operation-not-supported");
}


static void
test_paths(void **state)
{
    size_t  i;
    char    uri[sizeof(TEST_ALIASES) + 512];

    static const struct {
        const char *uri;
        unsigned    status;
    } bad[] = {
        { "/nothing", 404 },
        { "/data/dots-data", 404 },                 /* 3.5.3: no module */
        { "/data/other-module:dots-data", 404 },
        { "/data/ietf-dots-data-channel:nothing", 404 },
        { TEST_TREE "/capability", 404 },
        { TEST_CLIENT "/nothing", 404 },
        { TEST_CLIENT "/other:aliases", 404 },
        { "/operations/x", 404 },
        { TEST_ALIAS "/name", 404 },
        { TEST_TREE "/dots-client/cuid", 400 },     /* 3.5.3: all keys */
        { TEST_TREE "/dots-client=a,b", 400 },
        { TEST_TREE "/dots-client=", 404 },         /* no key has it */
        { TEST_CLIENT "/aliases=x", 400 },
        { TEST_ALIASES "/alias/name", 400 },
        { TEST_ALIASES "/alias=", 404 },
        { TEST_ALIASES "/alias=%zz", 400 },
        { TEST_ALIASES "/alias=%ff", 400 },
        { TEST_TREE "/", 400 },
        { "//data", 400 },
        { "data", 400 },
        { TEST_CLIENT "?content=wrong", 400 },
        { TEST_CLIENT "?content=all&content=all", 400 },
        { TEST_CLIENT "?depth=0", 400 },
        { TEST_CLIENT "?depth=65536", 400 },
        { TEST_CLIENT "?fields=nothing", 400 },
        { "?fields=nothing", 400 },
        { "?fields=x:data", 400 },
        { TEST_CLIENT "?with-defaults=some", 400 },
        { TEST_CLIENT "?filter=x", 400 },
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        test_refuses("GET", bad[i].uri, NULL, bad[i].status, "invalid-value");
    }

    /* a key longer than any that can exist */
    (void) snprintf(uri, sizeof(uri), TEST_ALIASES "/alias=%0256d", 0);
    test_refuses("GET", uri, NULL, 404, "invalid-value");
    test_refuses("DELETE", uri, NULL, 404, "invalid-value");
    test_refuses("PUT", uri, TEST_ENTRY(TEST_WEB("x")), 400, "invalid-value");

    /* redundant, but allowed by the grammar */
    assert_int_equal(test_request("GET", "?fields=ietf-restconf:data", NULL),
                     200);
    assert_string_equal(test_text, "{\"ietf-restconf:restconf\":{\"data\":{}}}");
    assert_int_equal(test_request("GET", TEST_TREE
                                  "/ietf-dots-data-channel:dots-client="
                                  "dz6pHjaADkaFTbjr0JGBpw", NULL), 200);
}


static void
test_admission(void **state)
{
    dots_restconf_t  rc;

    (void) state;

    /* 2.5: nothing is looked at, nothing is told */

    assert_int_equal(test_as(NULL, "BREW", "%%%", "{"), 401);
    assert_string_equal(test_challenge, "ClientCertificate");
    test_is_error(401, "access-denied");

    test_make(&rc, "POST", TEST_TREE, NULL);
    rc.body_too_large = 1;
    test_run(&rc);
    test_is_error(413, "too-big");
}


static void
test_negotiation(void **state)
{
    dots_restconf_t  rc;

    (void) state;

    test_make(&rc, "GET", TEST_TREE, NULL);
    rc.accept = test_str("application/json");
    test_run(&rc);
    test_is_error(406, "invalid-value");

    test_make(&rc, "GET", TEST_TREE, NULL);
    rc.accept = test_str("application/yang-data+xml, */*;q=0.1");
    test_run(&rc);
    assert_int_equal(test_status, 200);
    assert_string_equal(test_media, "application/yang-data+xml");

    test_make(&rc, "GET", TEST_TREE, NULL);
    rc.accept = test_str("application/yang-data+xml, */*");
    test_run(&rc);
    assert_string_equal(test_media, "application/yang-data+json");

    test_make(&rc, "POST", TEST_TREE, TEST_REGISTER("x"));
    rc.content_type = test_str("application/json");
    test_run(&rc);
    test_is_error(415, "operation-not-supported");

    /* an error is in the form that the client takes, RFC 8040 section 7.1 */

    test_make(&rc, "POST", TEST_TREE, TEST_REGISTER("x"));
    rc.content_type = test_str("application/yang-data+xml");
    rc.accept = test_str("application/yang-data+xml");
    test_run(&rc);
    assert_int_equal(test_status, 400);
    assert_string_equal(test_media, "application/yang-data+xml");
    assert_non_null(strstr(test_text,
                           "<error-tag>malformed-message</error-tag>"));

    test_make(&rc, "POST", TEST_TREE, TEST_REGISTER("x"));
    rc.content_type = test_str("");
    test_run(&rc);
    test_is_error(415, "operation-not-supported");

    test_make(&rc, "POST", TEST_TREE, TEST_REGISTER("x"));
    rc.content_type = test_str("Application/YANG-data+json; charset=\"UTF-8\"");
    test_run(&rc);
    assert_int_equal(test_status, 201);

    /* 4.5: a PUT without a body */
    test_refuses("PUT", TEST_CLIENT, "", 400, "invalid-value");
    test_refuses("POST", TEST_CLIENT, "", 400, "invalid-value");
}


/* ---- RFC 8783 section 5: dots-client ---- */

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


/* ---- one customer never sees another's ---- */

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


/* ---- RFC 8783 section 6: aliases ---- */

static void
test_alias_post(void **state)
{
    (void) state;

    /* figures 16, 17 */
    assert_int_equal(test_request("POST", TEST_CLIENT, TEST_LIST(TEST_HTTPS1)),
                     201);
    assert_string_equal(test_location, "/restconf" TEST_ALIAS);
    assert_string_equal(test_text, "");

    (void) test_request("POST", TEST_CLIENT, TEST_LIST(TEST_HTTPS1));
    test_is_error(409, "resource-denied");

    /* RFC 8040 section 4.4.1 */
    assert_int_equal(test_request("POST", TEST_ALIASES,
                                  TEST_ENTRY(TEST_WEB("a/b"))), 201);
    assert_string_equal(test_location,
                        "/restconf" TEST_ALIASES "/alias=a%2Fb");

    /* several: all or none */
    (void) test_request("POST", TEST_CLIENT,
                        TEST_LIST(TEST_WEB("new") "," TEST_WEB("a/b")));
    test_is_error(409, "resource-denied");
    (void) test_request("GET", TEST_ALIASES "/alias=new", NULL);
    test_is_error(404, "invalid-value");

    assert_int_equal(test_request("POST", TEST_CLIENT,
                                  TEST_LIST(TEST_WEB("n2") ","
                                            TEST_WEB("n1"))), 201);
    assert_string_equal(test_location, "/restconf" TEST_ALIASES);
    assert_int_equal(test_request("GET", TEST_ALIASES "/alias=n1", NULL), 200);

    /* figure 16 needs a registered client */
    (void) test_request("POST", TEST_TREE "/dots-client=nobody",
                        TEST_LIST(TEST_HTTPS1));
    test_is_error(404, "invalid-value");
}


/* Figures 18 to 20; 10080 minutes of RFC 8783 section 6.1. */

static void
test_alias_get(void **state)
{
    static const char  config[] = TEST_HTTPS1;
    char               all[512], expected[1024];

    (void) state;

    assert_int_equal(test_request("POST", TEST_CLIENT, TEST_LIST(TEST_HTTPS1)),
                     201);

    (void) snprintf(all, sizeof(all), "%.*s,\"pending-lifetime\":10080}",
                    (int) sizeof(config) - 2, config);

    (void) snprintf(expected, sizeof(expected), TEST_ENTRY("%s"), all);
    test_gets(TEST_ALIAS, expected);
    test_gets(TEST_ALIAS "?content=all", expected);
    assert_int_equal(test_request("HEAD", TEST_ALIAS, NULL), 200);
    assert_string_equal(test_text, expected);

    test_gets(TEST_ALIAS "?content=config", TEST_ENTRY(TEST_HTTPS1));
    test_gets(TEST_ALIAS "?content=nonconfig",
              TEST_ENTRY("{\"name\":\"https1\",\"pending-lifetime\":10080}"));

    (void) snprintf(expected, sizeof(expected), TEST_LIST("%s"), all);
    test_gets(TEST_ALIASES, expected);
    test_gets(TEST_ALIASES "?content=config", TEST_LIST(TEST_HTTPS1));
    test_gets(TEST_ALIASES "?content=nonconfig",
              TEST_LIST("{\"name\":\"https1\",\"pending-lifetime\":10080}"));

    test_gets(TEST_CLIENT "?content=config",
              "{" TEST_DC("dots-client") ":[{\"cuid\":"
              "\"dz6pHjaADkaFTbjr0JGBpw\",\"aliases\":{\"alias\":["
              TEST_HTTPS1 "]}}]}");
    test_gets(TEST_CLIENT "?content=nonconfig",
              "{" TEST_DC("dots-client") ":[{\"cuid\":"
              "\"dz6pHjaADkaFTbjr0JGBpw\",\"aliases\":{\"alias\":["
              "{\"name\":\"https1\",\"pending-lifetime\":10080}]}}]}");
}


static void
test_alias_get_none(void **state)
{
    (void) state;

    test_gets(TEST_ALIASES, "{" TEST_DC("aliases") ":{}}");
    test_gets(TEST_CLIENT, TEST_REGISTER("dz6pHjaADkaFTbjr0JGBpw"));
    (void) test_request("GET", TEST_ALIAS, NULL);
    test_is_error(404, "invalid-value");
}


/* pending-lifetime counts down by what the outcome says the time is. */

static void
test_alias_pending(void **state)
{
    dots_restconf_t  rc;

    (void) state;

    assert_int_equal(test_request("POST", TEST_CLIENT, TEST_LIST(TEST_HTTPS1)),
                     201);

    test_make(&rc, "GET", TEST_ALIAS "?content=nonconfig", NULL);
    rc.now = TEST_NOW + 90 * 60000LL;
    test_run(&rc);
    assert_string_equal(test_text,
                        TEST_ENTRY("{\"name\":\"https1\","
                                   "\"pending-lifetime\":9990}"));
}


static void
test_alias_put(void **state)
{
    (void) state;

    /* RFC 8040 section 4.5, and the wrapper of RFC 8783's figures */
    assert_int_equal(test_request("PUT", TEST_ALIAS, TEST_ENTRY(TEST_HTTPS1)),
                     201);
    assert_int_equal(test_request("PUT", TEST_ALIAS,
                                  TEST_LIST(TEST_WEB("https1"))), 204);
    test_gets(TEST_ALIAS "?content=config", TEST_ENTRY(TEST_WEB("https1")));

    test_refuses("PUT", TEST_ALIAS, TEST_ENTRY(TEST_WEB("https2")), 400,
                 "invalid-value");
    test_refuses("PUT", TEST_ALIAS,
                 TEST_LIST(TEST_WEB("https1") "," TEST_WEB("https2")), 400,
                 "invalid-value");
    test_refuses("PUT", TEST_ALIAS,
                 TEST_ENTRY(TEST_WEB("https1") "," TEST_WEB("https2")), 400,
                 "invalid-value");
    test_refuses("PUT", TEST_ALIAS, "{" TEST_DC("aliases") ":{}}", 400,
                 "invalid-value");
    test_refuses("PUT", TEST_ALIAS "?content=all",
                 TEST_ENTRY(TEST_WEB("https1")), 400, "invalid-value");
    test_refuses("PUT", TEST_ALIAS "?insert=first",
                 TEST_ENTRY(TEST_WEB("https1")), 400, "invalid-value");

    /* the list as a whole */
    assert_int_equal(test_request("PUT", TEST_ALIASES,
                                  TEST_LIST(TEST_WEB("x") "," TEST_WEB("y"))),
                     204);
    (void) test_request("GET", TEST_ALIAS, NULL);
    test_is_error(404, "invalid-value");
    assert_int_equal(test_request("PUT", TEST_ALIASES,
                                  "{" TEST_DC("aliases") ":{}}"), 204);
    test_gets(TEST_ALIASES, "{" TEST_DC("aliases") ":{}}");
}


/* RFC 8040 section 4.5: the message is the whole new resource. */

static void
test_client_put_aliases(void **state)
{
    (void) state;

    assert_int_equal(test_request("PUT", TEST_CLIENT,
                                  "{" TEST_DC("dots-client") ":[{\"cuid\":"
                                  "\"dz6pHjaADkaFTbjr0JGBpw\",\"aliases\":{"
                                  "\"alias\":[" TEST_WEB("x") "]}}]}"), 204);
    test_gets(TEST_ALIASES "?content=config", TEST_LIST(TEST_WEB("x")));

    assert_int_equal(test_request("PUT", TEST_CLIENT,
                                  TEST_REGISTER("dz6pHjaADkaFTbjr0JGBpw")),
                     204);
    test_gets(TEST_ALIASES, "{" TEST_DC("aliases") ":{}}");
}


static void
test_alias_delete(void **state)
{
    (void) state;

    assert_int_equal(test_request("POST", TEST_CLIENT,
                                  TEST_LIST(TEST_HTTPS1 "," TEST_WEB("x"))),
                     201);
    assert_int_equal(test_request("DELETE", TEST_ALIAS, NULL), 204);
    (void) test_request("DELETE", TEST_ALIAS, NULL);
    test_is_error(404, "invalid-value");
    assert_int_equal(test_request("DELETE", TEST_ALIASES, NULL), 204);
    test_gets(TEST_ALIASES, "{" TEST_DC("aliases") ":{}}");
}


/* RFC 7951, RFC 6991: what was sent comes back in canonical form. */

static void
test_alias_canonical(void **state)
{
    (void) state;

    assert_int_equal(test_request("POST", TEST_ALIASES,
        TEST_ENTRY("{\"target-fqdn\":[\"WWW.Example.COM\"],"
                   "\"target-uri\":[\"https://www.example.com:8443/\"],"
                   "\"target-prefix\":[\"192.0.2.7/31\","
                   "\"2001:DB8:6401::/64\"],"
                   "\"target-port-range\":[{\"upper-port\":90,"
                   "\"lower-port\":80}],"
                   "\"name\":\"\\u00e9\\ud83d\\ude00 \\\"'/\"}")), 201);
    assert_string_equal(test_location, "/restconf" TEST_ALIASES "/alias="
                                       "%C3%A9%F0%9F%98%80%20%22%27%2F");

    test_gets(TEST_ALIASES "/alias=%C3%A9%F0%9F%98%80%20%22%27%2F"
              "?content=config",
        TEST_ENTRY("{\"name\":\"\xc3\xa9\xf0\x9f\x98\x80 \\\"'/\","
                   "\"target-prefix\":[\"192.0.2.6/31\","
                   "\"2001:db8:6401::/64\"],"
                   "\"target-port-range\":[{\"lower-port\":80,"
                   "\"upper-port\":90}],"
                   "\"target-fqdn\":[\"www.example.com\"],"
                   "\"target-uri\":[\"https://www.example.com:8443/\"]}"));

    test_gets(TEST_ALIASES "/alias=%C3%A9%F0%9F%98%80%20%22%27%2F"
              "/target-fqdn=Www.EXAMPLE.com",
              "{" TEST_DC("target-fqdn") ":[\"www.example.com\"]}");
    assert_int_equal(test_request("PUT", TEST_ALIAS,
        TEST_ENTRY("{\"name\":\"https1\"," TEST_DC("target-fqdn")
                   ":[\"Example.COM\"]}")), 201);
    test_gets(TEST_ALIAS "/target-fqdn=example.com",
              "{" TEST_DC("target-fqdn") ":[\"example.com\"]}");
}


static void
test_alias_refused(void **state)
{
    size_t  i;
    char    body[1024];

    static const struct {
        const char *entry;
        const char *tag;
    } bad[] = {
        /* 6.1: one of target-prefix, -fqdn, -uri */
        { "{\"name\":\"x\"}", "missing-attribute" },
        { "{\"name\":\"x\",\"target-protocol\":[6]}", "missing-attribute" },
        { "{\"name\":\"x\",\"target-prefix\":[]}", "missing-attribute" },
        { "{\"target-prefix\":[\"192.0.2.1/32\"]}", "missing-attribute" },
        { "{}", "missing-attribute" },

        /* unknown, state */
        { "{\"name\":\"x\",\"target-prefix\":[\"192.0.2.1/32\"],\"y\":1}",
          "unknown-element" },
        { "{\"name\":\"x\",\"target-prefix\":[\"192.0.2.1/32\"],"
          "\"no-module:y\":1}", "unknown-element" },
        { "{\"name\":\"x\",\"target-prefix\":[\"192.0.2.1/32\"],"
          "\"alias-name\":[\"z\"]}", "unknown-element" },
        { "{\"name\":\"x\",\"target-prefix\":[\"192.0.2.1/32\"],"
          "\"pending-lifetime\":7}", "invalid-value" },

        /* outside the customer's space, forbidden addresses */
        { "{\"name\":\"x\",\"target-prefix\":[\"198.51.100.1/32\"]}",
          "invalid-value" },
        { "{\"name\":\"x\",\"target-prefix\":[\"192.0.2.1/32\","
          "\"192.0.0.0/16\"]}", "invalid-value" },
        { "{\"name\":\"x\",\"target-prefix\":[\"127.0.0.1/32\"]}",
          "invalid-value" },
        { "{\"name\":\"x\",\"target-prefix\":[\"ff02::1/128\"]}",
          "invalid-value" },
        { "{\"name\":\"x\",\"target-fqdn\":[\"www.example.net\"]}",
          "invalid-value" },
        { "{\"name\":\"x\",\"target-uri\":[\"https://www.example.net/\"]}",
          "invalid-value" },
        { "{\"name\":\"x\",\"target-uri\":[\"nothing\"]}", "invalid-value" },

        /* types and constraints */
        { "{\"name\":\"\",\"target-prefix\":[\"192.0.2.1/32\"]}",
          "invalid-value" },
        { "{\"name\":7,\"target-prefix\":[\"192.0.2.1/32\"]}",
          "invalid-value" },
        { "{\"name\":null,\"target-prefix\":[\"192.0.2.1/32\"]}",
          "invalid-value" },
        { "{\"name\":\"x\",\"target-prefix\":[\"192.0.2.1/33\"]}",
          "invalid-value" },
        { "{\"name\":\"x\",\"target-prefix\":[\"\"]}", "invalid-value" },
        { "{\"name\":\"x\",\"target-prefix\":\"192.0.2.1/32\"}",
          "invalid-value" },
        { "{\"name\":\"x\",\"target-prefix\":[\"192.0.2.1/32\","
          "\"192.0.2.1/32\"]}", "invalid-value" },
        { "{\"name\":\"x\",\"target-fqdn\":[\"www.example.com\","
          "\"WWW.example.com\"]}", "invalid-value" },
        { "{\"name\":\"x\",\"target-prefix\":[\"192.0.2.1/32\"],"
          "\"target-protocol\":[256]}", "invalid-value" },
        { "{\"name\":\"x\",\"target-prefix\":[\"192.0.2.1/32\"],"
          "\"target-protocol\":[6.5]}", "invalid-value" },
        { "{\"name\":\"x\",\"target-prefix\":[\"192.0.2.1/32\"],"
          "\"target-protocol\":[18446744073709551616]}", "invalid-value" },
        { "{\"name\":\"x\",\"target-prefix\":[\"192.0.2.1/32\"],"
          "\"target-protocol\":6}", "invalid-value" },
        { "{\"name\":\"x\",\"target-prefix\":[\"192.0.2.1/32\"],"
          "\"target-port-range\":[80]}", "invalid-value" },
        { "{\"name\":\"x\",\"target-prefix\":[\"192.0.2.1/32\"],"
          "\"\":1}", "unknown-element" },
        { "{\"name\":\"x\",\"target-prefix\":[\"192.0.2.1/32\"],"
          "\"target-protocol\":[\"6\"]}", "invalid-value" },
        { "{\"name\":\"x\",\"target-prefix\":[\"192.0.2.1/32\"],"
          "\"target-port-range\":[{\"upper-port\":80}]}",
          "missing-attribute" },
        { "{\"name\":\"x\",\"target-prefix\":[\"192.0.2.1/32\"],"
          "\"target-port-range\":[{\"lower-port\":80,\"upper-port\":79}]}",
          "invalid-value" },
        { "{\"name\":\"x\",\"target-prefix\":[\"192.0.2.1/32\"],"
          "\"target-port-range\":[{\"lower-port\":65536}]}",
          "invalid-value" },
        { "{\"name\":\"x\",\"target-prefix\":[\"192.0.2.1/32\"],"
          "\"ietf-dots-data-channel:name\":\"y\"}", "invalid-value" },
        { "{\"name\":\"x\",\"target-prefix\":[\"192.0.2.1/32\"],"
          "\"@name\":{\"yang:insert\":\"first\"}}", "unknown-attribute" },
        { "7", "invalid-value" },
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        (void) snprintf(body, sizeof(body), TEST_LIST("%s"), bad[i].entry);
        test_refuses("POST", TEST_CLIENT, body, 400, bad[i].tag);

        (void) snprintf(body, sizeof(body), TEST_LIST(TEST_WEB("ok") ",%s"),
                        bad[i].entry);
        test_refuses("POST", TEST_CLIENT, body, 400, bad[i].tag);
    }

    /* RFC 7950 sections 7.5.4.1, 15.4: the words of the module */

    test_refuses("POST", TEST_CLIENT,
                 TEST_LIST("{\"name\":\"x\",\"target-prefix\":["
                           "\"192.0.2.1/32\"],\"target-port-range\":[{"
                           "\"lower-port\":80,\"upper-port\":79}]}"), 400,
                 "invalid-value");
    assert_non_null(strstr(test_text, "\"error-app-tag\":\"must-violation\""));
    assert_non_null(strstr(test_text, "The upper-port number must be greater"));

    test_refuses("POST", TEST_CLIENT,
                 TEST_LIST(TEST_WEB("x") "," TEST_WEB("x")), 400,
                 "invalid-value");
    test_refuses("POST", TEST_CLIENT, TEST_LIST(""), 400, "missing-attribute");
    test_refuses("POST", TEST_CLIENT, "{" TEST_DC("aliases") ":{}}", 400,
                 "missing-attribute");
    test_refuses("POST", TEST_CLIENT, "{" TEST_DC("aliases") ":[]}", 400,
                 "invalid-value");
    test_refuses("POST", TEST_CLIENT, "{" TEST_DC("aliases") ":{\"x\":[]}}",
                 400, "unknown-element");
    test_refuses("POST", TEST_CLIENT,
                 "{" TEST_DC("aliases") ":{\"alias\":{}}}", 400,
                 "invalid-value");
    test_refuses("POST", TEST_CLIENT, TEST_ENTRY(TEST_WEB("x")), 400,
                 "unknown-element");
    test_refuses("POST", TEST_ALIASES, TEST_LIST(TEST_WEB("x")), 400,
                 "unknown-element");
    test_refuses("POST", TEST_ALIASES,
                 TEST_ENTRY(TEST_WEB("x") "," TEST_WEB("y")), 400,
                 "invalid-value");
    test_refuses("POST", TEST_CLIENT, "{" TEST_DC("acls") ":{}}", 400,
                 "missing-attribute");

    test_gets(TEST_ALIASES, "{" TEST_DC("aliases") ":{}}");
}


/* RFC 8040 section 7.1: where the fault is, as RFC 7951 section 6.11 says. */

static void
test_error_path(void **state)
{
    (void) state;

    test_refuses("POST", TEST_CLIENT,
                 TEST_LIST("{\"name\":\"x\",\"target-prefix\":"
                           "[\"198.51.100.1/32\"]}"), 400, "invalid-value");

    /* of a leaf-list what it is in: RFC 7950 section 9.13 */
    assert_non_null(strstr(test_text, "\"error-message\":\"target-prefix"));
    test_path_is("/ietf-dots-data-channel:dots-data/dots-client"
                 "[cuid='dz6pHjaADkaFTbjr0JGBpw']/aliases/alias[name='x']");

    /* the path that libyang found */
    test_refuses("POST", TEST_CLIENT,
                 TEST_LIST("{\"name\":\"x\",\"target-prefix\":"
                           "[\"192.0.2.1/32\"],\"target-protocol\":[256]}"),
                 400, "invalid-value");
    assert_non_null(strstr(test_text, "\"error-path\":\"/ietf-dots-data-channel"
                                      ":dots-data/dots-client[cuid="));
    assert_non_null(strstr(test_text, "\"error-message\":\"target-protocol: "));

    /* a key that no instance-identifier can hold: no path, still an error */
    test_refuses("POST", TEST_CLIENT,
                 TEST_LIST("{\"name\":\"'\\\"\",\"target-prefix\":"
                           "[\"198.51.100.1/32\"]}"), 400, "invalid-value");
    assert_null(strstr(test_text, "error-path"));
}


/* A message that is cut stays valid UTF-8 (the body is parsed by is_error). */

static void
test_error_utf8(void **state)
{
    size_t  i, j, n;
    char    body[2048];

    (void) state;

    for (i = 0; i < 4; i++) {
        n = (size_t) snprintf(body, sizeof(body),
                              "{" TEST_DC("aliases") ":{\"alias\":[{\"name\":"
                              "\"x\",\"%.*s", (int) i, "aaaa");

        for (j = 0; j < 300; j++) {
            memcpy(body + n, "\xf0\x9f\x98\x80", 4);
            n += 4;
        }

        (void) snprintf(body + n, sizeof(body) - n, "\":1}]}}");
        test_refuses("POST", TEST_CLIENT, body, 400, "unknown-element");
    }
}


/* ---- limits ---- */

static char *
test_many(size_t n)
{
    char    *body;
    size_t   i, len;

    body = malloc(n * 80 + 128);
    assert_non_null(body);
    len = (size_t) sprintf(body, "{" TEST_DC("aliases") ":{\"alias\":[");

    for (i = 0; i < n; i++) {
        len += (size_t) sprintf(body + len, "%s{\"name\":\"n%zu\","
                                "\"target-prefix\":[\"192.0.2.7/32\"]}",
                                i ? "," : "", i);
    }

    (void) sprintf(body + len, "]}}");

    return body;
}


static void
test_limits(void **state)
{
    char             *body;
    dots_customer_t   limited;

    (void) state;

    body = test_many(4097);
    test_refuses("PUT", TEST_ALIASES, body, 413, "too-big");
    free(body);

    limited = *test_a;
    limited.max_aliases = 10;

    body = test_many(11);
    (void) test_as(&limited, "PUT", TEST_ALIASES, body);
    test_is_error(409, "resource-denied");
    free(body);
}


static void
test_containers(void **state)
{
    char    *body;
    size_t   i, len;

    (void) state;

    body = malloc(200000);
    assert_non_null(body);
    len = (size_t) sprintf(body, "{\"x\":[");

    for (i = 0; i < 40000; i++) {
        memcpy(body + len, "{},", 3);
        len += 3;
    }

    (void) sprintf(body + len, "{}]}");
    test_refuses("PUT", TEST_ALIASES, body, 413, "too-big");
    free(body);
}


/* ---- what the model says ---- */

static void
test_verdicts(void **state)
{
    size_t  i;

    static const struct {
        dots_verdict_t  verdict;
        unsigned        status;
        const char     *tag;
    } outcomes[] = {
        { DOTS_VERDICT_NOT_FOUND, 404, "invalid-value" },
        { DOTS_VERDICT_EXISTS, 409, "resource-denied" },
        { DOTS_VERDICT_INVALID, 400, "invalid-value" },
        { DOTS_VERDICT_CONFLICT, 409, "resource-denied" },
        { DOTS_VERDICT_COLLISION, 404, "invalid-value" },
        { DOTS_VERDICT_LIMIT, 409, "resource-denied" },
        { DOTS_VERDICT_FULL, 507, "resource-denied" },
        { DOTS_VERDICT_UNAVAILABLE, 503, "operation-failed" },
        { DOTS_VERDICT_BUSY, 409, "in-use" },
    };

    (void) state;

    for (i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        test_host.verdict = outcomes[i].verdict;
        (void) test_request("PUT", TEST_ALIAS, TEST_ENTRY(TEST_HTTPS1));
        test_is_error(outcomes[i].status, outcomes[i].tag);
    }

    test_host.verdict = DOTS_VERDICT_INVALID;
    test_host.fault = "target-fqdn: www.example.com is 100.64.0.80";
    (void) test_request("PUT", TEST_ALIAS, TEST_ENTRY(TEST_HTTPS1));
    test_is_error(400, "invalid-value");
    assert_non_null(strstr(test_text, "100.64.0.80"));

    /* our bug is a 500, not a crash */
    test_host.verdict = DOTS_VERDICT_FOUND;
    (void) test_request("GET", TEST_ALIAS, NULL);
    test_is_error(500, "operation-failed");
}


static void
test_later(void **state)
{
    dots_restconf_t  rc;

    (void) state;

    test_make(&rc, "PUT", TEST_ALIAS, TEST_ENTRY(TEST_HTTPS1));
    test_host.defer = 1;
    dots_restconf_handle(&rc);
    assert_int_equal(test_dones, 0);
    assert_ptr_equal(rc.request, test_host.deferred);
    host_resume(&test_host);
    assert_int_equal(test_dones, 1);
    assert_int_equal(test_status, 201);
    dots_restconf_free(&rc);
}


/* The client is gone, and everything of the host's request with it. */

static void
test_cancel(void **state)
{
    dots_restconf_t  *rc;

    (void) state;

    rc = malloc(sizeof(dots_restconf_t));
    assert_non_null(rc);

    test_make(rc, "PUT", TEST_ALIAS, TEST_ENTRY(TEST_HTTPS1));
    test_host.defer = 1;
    dots_restconf_handle(rc);
    dots_restconf_cancel(rc);
    free(rc);

    host_resume(&test_host);
    assert_int_equal(test_dones, 0);
}


/* Too late, or before anything: cancel is as good as free. */

static void
test_cancel_idle(void **state)
{
    dots_restconf_t  rc;

    (void) state;

    test_make(&rc, "GET", TEST_TREE, NULL);
    dots_restconf_cancel(&rc);

    dots_restconf_handle(&rc);
    assert_int_equal(test_dones, 1);
    dots_restconf_cancel(&rc);
    dots_restconf_free(&rc);
}


/* RFC 6415, RFC 8040 section 3.1. */

static void
test_host_meta(void **state)
{
    char        buf[512];
    size_t      n;
    dots_str_t  root = dots_string("/r&'<\"c");

    (void) state;

    n = dots_restconf_host_meta(root, buf, sizeof(buf));
    assert_true(n > 0 && n < sizeof(buf));
    buf[n] = '\0';
    assert_non_null(strstr(buf, "<XRD xmlns='http://docs.oasis-open.org/ns/"
                                "xri/xrd-1.0'>"));
    assert_non_null(strstr(buf, "<Link rel='restconf' "
                                "href='/r&#38;&#39;&#60;&#34;c'/>"));

    assert_int_equal(dots_restconf_host_meta(root, buf, n), n);
    assert_int_equal(dots_restconf_host_meta(root, buf, n - 1), 0);
}


static dots_customer_t *
test_customer(const char *name, const char *prefix4, const char *prefix6,
    const char *domain)
{
    dots_prefix_t     p;
    dots_customer_t  *c;

    c = dots_customers_add(test_customers, test_str(name), NULL);

    if (c == NULL
        || dots_prefix_parse(&p, test_str(prefix4)) != DOTS_OK
        || dots_customers_add_prefix(test_customers, c, &p, 0, NULL) != DOTS_OK
        || dots_prefix_parse(&p, test_str(prefix6)) != DOTS_OK
        || dots_customers_add_prefix(test_customers, c, &p, 0, NULL) != DOTS_OK
        || dots_customers_add_name(test_customers, c, test_str(domain), NULL)
           != DOTS_OK)
    {
        return NULL;
    }

    return c;
}


static int
test_setup(void **state)
{
    (void) state;

    if (test_load()) {
        return 1;
    }

    test_a = test_customer("a", "192.0.2.0/24", "2001:db8:6401::/48",
                           "example.com");
    test_b = test_customer("b", "198.51.100.0/24", "2001:db8:6402::/48",
                           "example.net");

    return test_a == NULL || test_b == NULL
           || dots_customers_finish(test_customers, NULL) != DOTS_OK;
}


#define test_empty(f) cmocka_unit_test_setup_teardown(f, test_reset, test_reset)
#define test_ready(f)                                                         \
    cmocka_unit_test_setup_teardown(f, test_registered, test_reset)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test_empty(test_api),
        test_empty(test_options),
        test_ready(test_paths),
        test_empty(test_admission),
        test_ready(test_negotiation),
        test_empty(test_register),
        test_empty(test_register_cdid),
        test_empty(test_register_put),
        test_empty(test_register_refused),
        test_empty(test_cuid_length),
        test_ready(test_client_delete),
        test_ready(test_foreign),
        test_ready(test_alias_post),
        test_ready(test_alias_get),
        test_ready(test_alias_get_none),
        test_ready(test_alias_pending),
        test_ready(test_alias_put),
        test_ready(test_client_put_aliases),
        test_ready(test_alias_delete),
        test_ready(test_alias_canonical),
        test_ready(test_alias_refused),
        test_ready(test_error_path),
        test_ready(test_error_utf8),
        test_ready(test_limits),
        test_ready(test_containers),
        test_ready(test_verdicts),
        test_ready(test_later),
        test_ready(test_cancel),
        test_ready(test_cancel_idle),
        test_empty(test_host_meta),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
