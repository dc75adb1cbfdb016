/*
 * What is no ACL by the rules of RFC 8783 sections 4.2 and 7.2, and what is
 * hostile, through the data channel.
 */

#include "acl_world.h"


typedef struct {
    const char *body;
    const char *tag;
    const char *path;       /* or words; NULL: whatever */
} test_rule_t;


static void
test_rules(const test_rule_t *rules, size_t n)
{
    size_t  i;

    test_all();

    for (i = 0; i < n; i++) {
        test_refused(rules[i].body, rules[i].tag, rules[i].path);
    }
}


/* Section 7.2: destinations inside the domain, by whatever form. */

static void
test_rules_destination(void **state)
{
    static const test_rule_t  rules[] = {
        { TEST_ACL(TEST_V4, TEST_ACE("r", "\"ipv4\":{\"destination-ipv4-"
          "network\":\"198.51.100.0/24\"}", TEST_DROP)), "invalid-value",
          "/acls/acl[name='x']/aces/ace[name='r']/matches/ipv4/" },
        { TEST_ACL(TEST_V4, TEST_ACE("r", "\"ipv4\":{\"destination-ipv4-"
          "network\":\"192.0.0.0/16\"}", TEST_DROP)), "invalid-value",
          "destination-ipv4-network" },
        { TEST_ACL(TEST_V4, TEST_ACE("r", "\"ipv4\":{\"destination-ipv4-"
          "network\":\"0.0.0.0/0\"}", TEST_DROP)), "invalid-value",
          "destination-ipv4-network" },
        { TEST_ACL(TEST_V6, TEST_ACE("r", "\"ipv6\":{\"destination-ipv6-"
          "network\":\"::ffff:192.0.2.9/128\"}", TEST_DROP)), "invalid-value",
          "destination-ipv6-network" },
        { TEST_ACL(TEST_V6, TEST_ACE("r", "\"ipv6\":{\"source-ipv6-"
          "network\":\"::ffff:0:0/96\"}", TEST_DROP)), "invalid-value",
          "source-ipv6-network" },
        { TEST_ACL(TEST_V4 TEST_NOW_ACTIVE, TEST_ACE("r", "\"ipv4\":{\"dscp\""
          ":1}", TEST_DROP)), "missing-attribute",
          "destination-ipv4-network" },
        { TEST_ACL(TEST_V6 TEST_NOW_ACTIVE, TEST_ACE("r", "\"ipv6\":{\"dscp\""
          ":1},\"tcp\":{\"flags\":\"syn\"}", TEST_DROP)), "missing-attribute",
          "destination-ipv6-network" },
        { TEST_ACL(TEST_NOW_ACTIVE, TEST_ACE("r", "", TEST_DROP)),
          "missing-attribute", NULL },
        { TEST_ACL(TEST_NOW_ACTIVE, ""), "missing-attribute", "aces" },
    };

    (void) state;

    test_rules(rules, sizeof(rules) / sizeof(rules[0]));
}


/* Each of one family, which is that of its type. */

static void
test_rules_family(void **state)
{
    static const test_rule_t  rules[] = {
        { TEST_ACL("", TEST_ACE("r", "\"ipv4\":{" TEST_DST "}", TEST_DROP)),
          "invalid-value", NULL },
        { TEST_ACL(TEST_V6, TEST_ACE("r", "\"ipv4\":{" TEST_DST "}",
          TEST_DROP)), "invalid-value", NULL },
        { TEST_ACL(TEST_V4, TEST_ACE("r", "\"ipv4\":{" TEST_DST "},\"ipv6\":{"
          "\"dscp\":1}", TEST_DROP)), "invalid-value", NULL },
        { TEST_ACL("\"type\":\"eth-acl-type\",", TEST_ACE("r", "",
          TEST_DROP)), "invalid-value", NULL },
        { TEST_ACL("\"type\":\"no-such\",", TEST_ACE("r", "", TEST_DROP)),
          "invalid-value", NULL },
    };

    (void) state;

    test_rules(rules, sizeof(rules) / sizeof(rules[0]));
}


/* What contradicts itself. */

static void
test_rules_contradiction(void **state)
{
    static const test_rule_t  rules[] = {
        { TEST_ACL(TEST_V4, TEST_ACE("r", "\"ipv4\":{\"protocol\":17},\"tcp\":"
          "{\"flags\":\"syn\"}", TEST_DROP)), "invalid-value", "protocol" },
        { TEST_ACL(TEST_V6, TEST_ACE("r", "\"ipv6\":{\"protocol\":1},"
          "\"icmp\":{\"type\":1}", TEST_DROP)), "invalid-value", "protocol" },
        { TEST_ACL(TEST_V4, TEST_ACE("r", "\"ipv4\":{\"flags\":\"more\","
          "\"fragment\":{\"type\":\"isf\"}}", TEST_DROP)), "invalid-value",
          "matches/ipv4/flags" },
        { TEST_ACL("", TEST_ACE("r", "\"tcp\":{\"flags\":\"syn\","
          "\"flags-bitmask\":{\"bitmask\":2}}", TEST_DROP)), "invalid-value",
          "matches/tcp/flags" },
        { TEST_ACL("", TEST_ACE("r", "\"tcp\":{\"flags-bitmask\":{"
          "\"operator\":\"match any\",\"bitmask\":2}}", TEST_DROP)),
          "invalid-value", NULL },
        { TEST_ACL("", TEST_ACE("r", "\"tcp\":{\"flags-bitmask\":{"
          "\"bitmask\":65536}}", TEST_DROP)), "invalid-value", "bitmask" },
        { TEST_ACL(TEST_V6, TEST_ACE("r", "\"ipv6\":{\"fragment\":{\"type\":"
          "\"df\"}}", TEST_DROP)), "invalid-value", "fragment/type" },
        { TEST_ACL("", TEST_ACE("r", "\"tcp\":{\"flags\":\"syn\"},\"udp\":{"
          "\"length\":1}", TEST_DROP)), "invalid-value", NULL },
        { TEST_ACL("", TEST_ACE("r", "\"udp\":{\"source-port-range-or-operator"
          "\":{\"lower-port\":9,\"upper-port\":5}}", TEST_DROP)),
          "invalid-value", "less than or equal to" },
    };

    (void) state;

    test_rules(rules, sizeof(rules) / sizeof(rules[0]));
}


/* What says nothing. */

static void
test_rules_empty(void **state)
{
    static const test_rule_t  rules[] = {
        { TEST_ACL("", TEST_ACE("r", "\"udp\":{}", TEST_DROP)),
          "invalid-value", NULL },
        { TEST_ACL("", TEST_ACE("r", "\"udp\":{\"source-port-range-or-"
          "operator\":{}}", TEST_DROP)), "invalid-value", NULL },

        /* nor by a name with its module, which libyang 2.1 would die of */

        { TEST_ACL(TEST_V4, TEST_ACE("r", "\"" TEST_DC "ipv4\":{}",
          TEST_DROP)), "invalid-value", NULL },
        { TEST_ACL(TEST_V4, "{\"name\":\"r\",\"" TEST_DC "matches\":{\"ipv4\":"
          "{}},\"actions\":{" TEST_DROP "}}"), "invalid-value", NULL },
        { TEST_ACL(TEST_V4, TEST_ACE("r", "\"" TEST_DC TEST_DC "ipv4\":{}",
          TEST_DROP)), "unknown-element", NULL },
        { TEST_ACL(TEST_V4, TEST_ACE("r", "\"ipv4\":{\"" TEST_DC
          "fragment\":{}}", TEST_DROP)), "invalid-value", NULL },
        { TEST_ACL(TEST_V4, TEST_ACE("r", "\"" TEST_DC "ipv4\":{},\"ipv4\":{"
          TEST_DST "}", TEST_DROP)), "invalid-value", NULL },
    };

    (void) state;

    test_rules(rules, sizeof(rules) / sizeof(rules[0]));
}


/* Section 7.2: unknown, with or without anything in it; actions. */

static void
test_rules_unknown(void **state)
{
    static const test_rule_t  rules[] = {

        /* metadata is no member by any name (RFC 7952 section 5.2.1) */

        { TEST_ACL(TEST_V4 "\"" TEST_DC "@name\":{\"yang:insert\":\"first\"},",
                   TEST_ACE("r", "\"ipv4\":{" TEST_DST "}", TEST_DROP)),
          "unknown-element", NULL },

        { TEST_ACL("", TEST_ACE("r", "\"eth\":{}", TEST_DROP)),
          "unknown-element", "matches" },
        { TEST_ACL("", TEST_ACE("r", "\"tcp\":{\"eth\":{}}", TEST_DROP)),
          "unknown-element", "matches/tcp" },

        /* actions */

        { TEST_ACL("", TEST_ACE("r", "", "")), "missing-attribute", NULL },
        { TEST_ACL("", TEST_ACE("r", "", "\"forwarding\":\"reject\"")),
          "invalid-value", "actions/forwarding" },
        { TEST_ACL("", TEST_ACE("r", "", TEST_DROP ",\"rate-limit\":\"1.0\"")),
          "invalid-value", NULL },
        { TEST_ACL("", TEST_ACE("r", "", TEST_ACCEPT ",\"rate-limit\":"
          "\"-1.0\"")), "invalid-value", "actions/rate-limit" },
    };

    (void) state;

    test_rules(rules, sizeof(rules) / sizeof(rules[0]));
}


/* RFC 7951: types; state is no part of a request. */

static void
test_rules_types(void **state)
{
    static const test_rule_t  rules[] = {

        /* a member under both of its names, however deep */

        { TEST_ACL(TEST_V4, TEST_ACE("r", "\"ipv4\":{" TEST_DST "},\"udp\":{"
                   "\"source-port-range-or-operator\":{\"port\":1,\"" TEST_DC
                   "port\":2}}", TEST_DROP)),
          "invalid-value", NULL },

        { "{\"" TEST_DC "acl\":[{\"name\":\"x\",\"pending-lifetime\":5}]}",
          "invalid-value", NULL },
        { TEST_ACL("", TEST_ACE("r", "", TEST_DROP) ","
                   TEST_ACE("r", "", TEST_DROP)), "invalid-value", NULL },
        { "{\"" TEST_DC "acl\":[{\"name\":\"y\"}]}", "invalid-value", NULL },
        { "{\"" TEST_DC "acl\":[{\"name\":\"\"}]}", "invalid-value", NULL },
        { "{\"" TEST_DC "acl\":[]}", "invalid-value", NULL },
        { "{\"" TEST_DC "acl\":[{\"name\":\"x\",\"aces\":7}]}",
          "invalid-value", NULL },
        { "{\"" TEST_DC "acl\":[{\"name\":\"x\",\"type\":7}]}",
          "invalid-value", NULL },
        { "{\"" TEST_DC "acl\":[{\"name\":\"x\",\"aces\":{\"ace\":[7]}}]}",
          "invalid-value", NULL },
    };

    (void) state;

    test_rules(rules, sizeof(rules) / sizeof(rules[0]));
}


/* RFC 7951 section 6.8: both forms of an identity, one comes back. */

static void
test_identities(void **state)
{
    (void) state;

    test_all();

    assert_int_equal(test_put(TEST_ACL("\"type\":\"ietf-access-control-list:"
        "ipv4-acl-type\",", TEST_ACE("r", "\"ipv4\":{" TEST_DST "}",
        "\"forwarding\":\"ietf-access-control-list:drop\""))), 201);
    assert_int_equal(test_put(TEST_ACL(TEST_V4,
        TEST_ACE("r", "\"ipv4\":{" TEST_DST "}", TEST_DROP))), 201);
    assert_int_equal(test_put("{\"" TEST_DC "acl\":[{\"name\":\"x\",\"" TEST_DC
        "type\":\"ipv4-acl-type\",\"" TEST_DC "aces\":{\"" TEST_DC "ace\":[{"
        "\"name\":\"r\",\"" TEST_DC "matches\":{\"" TEST_DC "ipv4\":{\"" TEST_DC
        "destination-ipv4-network\":\"192.0.2.9/32\"}},\"" TEST_DC "actions\":"
        "{\"" TEST_DC "forwarding\":\"drop\"}}]}}]}"), 201);

    assert_int_equal(test_request("GET", TEST_CLIENT "/acls/acl=x", NULL), 200);
    assert_non_null(strstr(test_text,
                           "\"ietf-access-control-list:ipv4-acl-type\""));
    assert_non_null(strstr(test_text, "\"ietf-access-control-list:drop\""));
    assert_non_null(strstr(test_text, "\"pending-lifetime\":10080"));
}


/* ---- hostile ---- */

static char *
test_many(size_t n, const char *format)
{
    char    *body, *p;
    size_t   i;

    body = malloc(n * 160 + 256);
    p = body + sprintf(body, "{\"" TEST_DC "acl\":[{\"name\":\"x\","
                       "\"activation-type\":\"deactivate\",\"aces\":{\"ace\""
                       ":[");

    for (i = 0; i < n; i++) {
        p += sprintf(p, format, i == 0 ? "" : ",", i);
    }

    (void) sprintf(p, "]}}]}");

    return body;
}


static void
test_hostile(void **state)
{
    char          *body;
    dots_acl_t     acl;
    dots_arena_t  *a;

    (void) state;

    test_all();
    a = dots_arena_create(8 * 1024 * 1024);

    body = test_many(DOTS_ACL_ACES,
                     "%s{\"name\":\"%zu\",\"actions\":{" TEST_DROP "}}");
    assert_int_equal(test_put(body), 201);
    test_stored(&acl, a);
    assert_int_equal(acl.naces, DOTS_ACL_ACES);
    free(body);

    assert_int_equal(test_request("GET", TEST_CLIENT "/acls?content=nonconfig",
                                  NULL), 200);

    body = test_many(DOTS_ACL_ACES + 1,
                     "%s{\"name\":\"%zu\",\"actions\":{" TEST_DROP "}}");
    assert_int_equal(test_put(body), 413);
    free(body);

    body = test_many(2, "%s{\"name\":\"same\",\"actions\":{" TEST_DROP "},"
                     "\"matches\":{\"ipv4\":{\"dscp\":%zu}}}");
    assert_int_equal(test_put(body), 400);
    free(body);

    assert_int_equal(test_request("POST", TEST_CLIENT, "{\"" TEST_DC "acls\":{"
        "\"acl\":[{\"name\":\"x\"},{\"name\":\"y\"},{\"name\":\"x\"}]}}"), 400);
    assert_int_equal(test_host.n, 1);

    dots_arena_destroy(a);
}


static void
test_position(void **state)
{
    size_t  i;

    static const char *const  queries[] = {
        "insert=before", "insert=after", "insert=nowhere", "insert=",
        "point=%2Fx", "insert=first&point=%2Fx", "insert=first&insert=last",
        "insert=before&point=", "insert=before&point=x",
        "insert=before&point=%2Fietf-dots-data-channel%3Adots-data",
        "insert=before&point=%2Fietf-dots-data-channel%3Adots-data"
        "%2Fdots-client%3Dd%2Facls%2Facl%3Dx",
        "insert=before&point=%2Fdots-data%2Fdots-client%3Dc%2Facls%2Facl%3Dx",
        "insert=before&point=%2Fietf-dots-data-channel%3Adots-data"
        "%2Fdots-client%3Dc%2Faliases%2Falias%3Dx",
        "insert=before&point=%ZZ", "depth=1",
    };

    (void) state;

    test_all();
    test_clear();

    for (i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        char  uri[256];

        (void) snprintf(uri, sizeof(uri), TEST_CLIENT "/acls/acl=x?%s",
                        queries[i]);

        if (test_request("PUT", uri, "{\"" TEST_DC "acl\":[{\"name\":\"x\"}]}")
            != 400)
        {
            fail_msg("%s: %u", queries[i], test_status);
        }
    }

    assert_int_equal(test_host.n, 1);

    /* RFC 8040 section 4.8.5: only where there is an order */

    assert_int_equal(test_request("PUT", TEST_CLIENT "/aliases/alias=x?"
        "insert=first", "{\"" TEST_DC "alias\":[{\"name\":\"x\","
        "\"target-prefix\":[\"192.0.2.1/32\"]}]}"), 400);
    assert_int_equal(test_request("POST", TEST_CLIENT "?insert=first",
        "{\"" TEST_DC "aliases\":{\"alias\":[{\"name\":\"x\","
        "\"target-prefix\":[\"192.0.2.1/32\"]}]}}"), 400);
    assert_int_equal(test_request("GET", TEST_CLIENT "/acls?insert=first",
                                  NULL), 400);
    assert_int_equal(test_request("POST", TEST_CLIENT "?insert=first",
        "{\"" TEST_DC "acls\":{\"acl\":[{\"name\":\"x\"}]}}"), 201);
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_destination),
        cmocka_unit_test(test_rules_family),
        cmocka_unit_test(test_rules_contradiction),
        cmocka_unit_test(test_rules_empty),
        cmocka_unit_test(test_rules_unknown),
        cmocka_unit_test(test_rules_types),
        cmocka_unit_test(test_identities),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_position),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
