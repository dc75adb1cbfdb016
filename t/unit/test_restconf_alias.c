/*
 * Aliases by whole requests: RFC 8783 section 6, RFC 8040 sections 4.4, 4.5 and
 * 7.1, what is refused and where the error says that the fault is.
 */

#include "restconf_figures.h"


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


typedef struct {
    const char *entry;
    const char *tag;
} test_entry_t;


/* Each alone, and behind one that would be taken. */

static void
test_refuses_entries(const test_entry_t *bad, size_t n)
{
    size_t  i;
    char    body[1024];

    for (i = 0; i < n; i++) {
        (void) snprintf(body, sizeof(body), TEST_LIST("%s"), bad[i].entry);
        test_refuses("POST", TEST_CLIENT, body, 400, bad[i].tag);

        (void) snprintf(body, sizeof(body), TEST_LIST(TEST_WEB("ok") ",%s"),
                        bad[i].entry);
        test_refuses("POST", TEST_CLIENT, body, 400, bad[i].tag);
    }

    test_gets(TEST_ALIASES, "{" TEST_DC("aliases") ":{}}");
}


/* RFC 8783 section 6.1: one of target-prefix, -fqdn, -uri; what is unknown. */

static void
test_alias_members(void **state)
{
    static const test_entry_t  bad[] = {
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
    };

    (void) state;

    test_refuses_entries(bad, sizeof(bad) / sizeof(bad[0]));
}


/* Outside the customer's space, forbidden addresses. */

static void
test_alias_outside(void **state)
{
    static const test_entry_t  bad[] = {
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
    };

    (void) state;

    test_refuses_entries(bad, sizeof(bad) / sizeof(bad[0]));
}


/* Types and constraints of the module, RFC 7950 and RFC 7951. */

static void
test_alias_types(void **state)
{
    static const test_entry_t  bad[] = {
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

    test_refuses_entries(bad, sizeof(bad) / sizeof(bad[0]));
}


/* RFC 7950 sections 7.5.4.1, 15.4: the words of the module. */

static void
test_alias_must(void **state)
{
    (void) state;

    test_refuses("POST", TEST_CLIENT,
                 TEST_LIST("{\"name\":\"x\",\"target-prefix\":["
                           "\"192.0.2.1/32\"],\"target-port-range\":[{"
                           "\"lower-port\":80,\"upper-port\":79}]}"), 400,
                 "invalid-value");
    assert_non_null(strstr(test_text, "\"error-app-tag\":\"must-violation\""));
    assert_non_null(strstr(test_text, "The upper-port number must be greater"));
}


/* Lists and entries where the other one belongs, or nothing at all. */

static void
test_alias_bodies(void **state)
{
    size_t  i;

    static const struct {
        const char *uri;
        const char *body;
        const char *tag;
    } bad[] = {
        { TEST_CLIENT, TEST_LIST(TEST_WEB("x") "," TEST_WEB("x")),
          "invalid-value" },
        { TEST_CLIENT, TEST_LIST(""), "missing-attribute" },
        { TEST_CLIENT, "{" TEST_DC("aliases") ":{}}", "missing-attribute" },
        { TEST_CLIENT, "{" TEST_DC("aliases") ":[]}", "invalid-value" },
        { TEST_CLIENT, "{" TEST_DC("aliases") ":{\"x\":[]}}",
          "unknown-element" },
        { TEST_CLIENT, "{" TEST_DC("aliases") ":{\"alias\":{}}}",
          "invalid-value" },
        { TEST_CLIENT, TEST_ENTRY(TEST_WEB("x")), "unknown-element" },
        { TEST_ALIASES, TEST_LIST(TEST_WEB("x")), "unknown-element" },
        { TEST_ALIASES, TEST_ENTRY(TEST_WEB("x") "," TEST_WEB("y")),
          "invalid-value" },
        { TEST_CLIENT, "{" TEST_DC("acls") ":{}}", "missing-attribute" },
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        test_refuses("POST", bad[i].uri, bad[i].body, 400, bad[i].tag);
    }

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


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test_ready(test_alias_post),
        test_ready(test_alias_get),
        test_ready(test_alias_get_none),
        test_ready(test_alias_pending),
        test_ready(test_alias_put),
        test_ready(test_client_put_aliases),
        test_ready(test_alias_delete),
        test_ready(test_alias_canonical),
        test_ready(test_alias_members),
        test_ready(test_alias_outside),
        test_ready(test_alias_types),
        test_ready(test_alias_must),
        test_ready(test_alias_bodies),
        test_ready(test_error_path),
        test_ready(test_error_utf8),
        test_ready(test_limits),
        test_ready(test_containers),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
