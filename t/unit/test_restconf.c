/*
 * The data channel by whole requests against a host that keeps dots-clients
 * and aliases in memory: RFC 8040 sections 3 to 5, what becomes of a request.
 */

#include "restconf_figures.h"


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
    test_gets("?fields=ietf-restconf:data",
              "{\"ietf-restconf:restconf\":{\"data\":{}}}");
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


/* RFC 9110 section 10.1.1: what its head says of a request with a body. */

static void
test_unread(void **state)
{
    int              submitted;
    size_t           i;
    dots_restconf_t  rc;

    static const struct {
        const char  *method;
        const char  *uri;
        const char  *type;
        unsigned     status;    /* 0: the body has a say */
        const char  *tag;
    } heads[] = {
        { "PUT", TEST_ALIAS, TEST_JSON, 0, NULL },
        { "POST", TEST_ALIASES, TEST_JSON, 0, NULL },
        { "PATCH", TEST_ALIAS, "application/yang-patch+json", 0, NULL },
        { "DELETE", TEST_ALIAS, "text/plain", 0, NULL },
        { "OPTIONS", TEST_ALIAS, "text/plain", 0, NULL },
        { "PUT", TEST_ALIAS, "application/yang-patch+json", 415,
          "operation-not-supported" },
        { "PATCH", TEST_ALIAS, "", 415, "operation-not-supported" },
        { "PUT", "/nosuch", TEST_JSON, 404, "invalid-value" },
        { "PUT", "/operations", TEST_JSON, 405, "operation-not-supported" },
        { "FOO", TEST_ALIAS, TEST_JSON, 501, "operation-not-supported" },
        { "PUT", TEST_ALIAS "?insert=first", TEST_JSON, 400, "invalid-value" },
    };

    (void) state;

    for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        test_make(&rc, heads[i].method, heads[i].uri, NULL);
        rc.content_type = test_str(heads[i].type);

        assert_int_equal(dots_restconf_refuses(&rc), heads[i].status != 0);
        assert_int_equal(test_dones, 0);

        if (heads[i].status == 0) {
            continue;
        }

        rc.body_unread = 1;
        test_run(&rc);
        test_is_error(heads[i].status, heads[i].tag);
    }

    test_make(&rc, "PUT", TEST_ALIAS, NULL);
    rc.customer = NULL;
    assert_int_equal(dots_restconf_refuses(&rc), 1);

    /* not read for a reason that is none any more: our fault, and no change */

    submitted = test_host.submitted;
    test_make(&rc, "PUT", TEST_ALIAS, NULL);
    rc.content_type = test_str(TEST_JSON);
    rc.body_unread = 1;
    test_run(&rc);
    test_is_error(500, "operation-failed");
    assert_int_equal(test_host.submitted, submitted);
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


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test_empty(test_api),
        test_empty(test_options),
        test_ready(test_paths),
        test_empty(test_admission),
        test_ready(test_negotiation),
        test_ready(test_unread),
        test_ready(test_verdicts),
        test_ready(test_later),
        test_ready(test_cancel),
        test_ready(test_cancel_idle),
        test_empty(test_host_meta),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
