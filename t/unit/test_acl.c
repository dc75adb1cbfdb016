/*
 * ACLs: the rules of RFC 8783 sections 4.2 and 7.2 through the data channel,
 * what a mitigator can do of them, their record, conflicts with accept-lists.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "restconf_host.h"


#define TEST_NOW    1700000000000LL
#define TEST_DC     "ietf-dots-data-channel:"
#define TEST_CLIENT "/data/" TEST_DC "dots-data/dots-client=c"

/* An entry, an ACL, and the body of a PUT of it. */

#define TEST_ACE(name, matches, actions)                                      \
    "{\"name\":\"" name "\",\"matches\":{" matches "},\"actions\":{" actions  \
    "}}"
#define TEST_DROP   "\"forwarding\":\"drop\""
#define TEST_ACCEPT "\"forwarding\":\"accept\""
#define TEST_ACL(head, aces)                                                  \
    "{\"" TEST_DC "acl\":[{\"name\":\"x\"," head "\"aces\":{\"ace\":[" aces   \
    "]}}]}"
#define TEST_V4  "\"type\":\"ipv4-acl-type\","
#define TEST_V6  "\"type\":\"ipv6-acl-type\","
#define TEST_NOW_ACTIVE "\"activation-type\":\"immediate\","
#define TEST_DST "\"destination-ipv4-network\":\"192.0.2.9/32\""


static dots_schema_t    *test_schema;
static dots_customers_t *test_customers;
static dots_customer_t  *test_customer;
static dots_acl_needs_t  test_ability;
static host_t            test_host;
static unsigned          test_status;
static char             *test_text;


static void
test_done(dots_restconf_t *rc)
{
    free(test_text);

    test_status = rc->status;
    test_text = strndup(rc->text.len ? (const char *) rc->text.data : "",
                        rc->text.len);
}


static unsigned
test_request(const char *method, const char *uri, const char *body)
{
    dots_restconf_t  rc;

    memset(&rc, 0, sizeof(rc));

    rc.schema = test_schema;
    rc.customer = test_customer;
    rc.method = dots_str(method, strlen(method));
    rc.uri = dots_str(uri, strlen(uri));
    rc.root = dots_str("/restconf", 9);
    rc.body = dots_str(body, body ? strlen(body) : 0);
    rc.content_type = dots_str("application/yang-data+json", 26);
    rc.now = TEST_NOW;
    rc.submit = host_submit;
    rc.done = test_done;
    rc.host = &test_host;

    dots_restconf_handle(&rc);
    dots_restconf_free(&rc);

    return test_status;
}


/* The host with nothing but the client, its record 0. */

static void
test_clear(void)
{
    host_reset(&test_host);

    assert_int_equal(test_request("PUT", TEST_CLIENT,
                                  "{\"" TEST_DC "dots-client\":"
                                  "[{\"cuid\":\"c\"}]}"), 201);
}


static unsigned
test_put(const char *body)
{
    test_clear();

    return test_request("PUT", TEST_CLIENT "/acls/acl=x", body);
}


/* The only ACL of the host, decoded. */

static void
test_stored(dots_acl_t *acl, dots_arena_t *a)
{
    assert_int_equal(test_host.n, 2);
    assert_int_equal(dots_acl_decode(acl, test_host.records[1].data,
                                     test_host.records[1].len, a),
                     DOTS_OK);
}


static void
test_refused(const char *body, const char *tag, const char *path)
{
    char  want[128];

    if (test_put(body) != 400) {
        fail_msg("status %u: %s for %s", test_status, test_text, body);
    }

    (void) snprintf(want, sizeof(want), "\"error-tag\":\"%s\"", tag);

    if (strstr(test_text, want) == NULL
        || (path != NULL && strstr(test_text, path) == NULL))
    {
        fail_msg("not %s at %s: %s", tag, path ? path : "", test_text);
    }

    assert_int_equal(test_host.n, 1);
}


/* A mitigator that can do everything; tests take from it. */

static void
test_all(void)
{
    test_customer->unenforced = 0;

    test_ability.families = DOTS_ACL_IPV4 | DOTS_ACL_IPV6;
    test_ability.protocols = DOTS_ACL_TCP | DOTS_ACL_UDP | DOTS_ACL_ICMP;
    test_ability.actions = DOTS_ACL_DROP | DOTS_ACL_ACCEPT | DOTS_ACL_RATE;
    test_ability.fields = dots_acl_bit(DOTS_ACL_FIELDS) - 1;
}


static void
test_blackhole(void)
{
    test_all();

    test_ability.protocols = 0;
    test_ability.actions = DOTS_ACL_DROP;
    test_ability.fields = dots_acl_bit(DOTS_ACL_DESTINATION);
}


static dots_prefix_t
test_prefix(const char *text)
{
    dots_prefix_t  p;

    assert_int_equal(dots_prefix_parse(&p, dots_str(text, strlen(text))),
                     DOTS_OK);

    return p;
}


static int
test_setup(void **state)
{
    char           err[256];
    dots_prefix_t  p;

    (void) state;

    test_schema = dots_schema_load(SOURCE_DIR "/schemas", err, sizeof(err));
    test_customers = dots_customers_create();
    test_customer = dots_customers_add(test_customers, dots_str("a", 1), NULL);

    p = test_prefix("192.0.2.0/24");
    (void) dots_customers_add_prefix(test_customers, test_customer, &p, 0,
                                     NULL);
    p = test_prefix("2001:db8::/32");
    (void) dots_customers_add_prefix(test_customers, test_customer, &p, 0,
                                     NULL);

    if (test_schema == NULL
        || dots_customers_finish(test_customers, NULL) != DOTS_OK)
    {
        return -1;
    }

    test_customer->abilities = &test_ability;
    test_customer->nabilities = 1;

    return 0;
}


static int
test_teardown(void **state)
{
    (void) state;

    test_clear();
    free(test_text);
    dots_customers_destroy(test_customers);
    dots_schema_free(test_schema);

    return 0;
}


/* ---- section 7.2: the fields, and what becomes of them ---- */

static void
test_fields(void **state)
{
    dots_acl_t         acl;
    const dots_ace_t  *e;
    dots_arena_t      *a;

    (void) state;

    test_all();
    a = dots_arena_create(1024 * 1024);

    assert_int_equal(test_put(TEST_ACL(TEST_V4 TEST_NOW_ACTIVE,
        TEST_ACE("one", "\"ipv4\":{" TEST_DST ",\"dscp\":46,\"ttl\":255,"
                 "\"identification\":7,\"fragment\":{\"type\":\"df isf\"}},"
                 "\"tcp\":{\"flags\":\"syn fin\",\"window-size\":1,"
                 "\"options\":\"AQID\",\"source-port-range-or-operator\":{"
                 "\"lower-port\":5,\"upper-port\":9},"
                 "\"destination-port-range-or-operator\":{"
                 "\"operator\":\"gte\",\"port\":1024}}",
                 TEST_ACCEPT ",\"rate-limit\":\"20.5\"") ","
        TEST_ACE("two", "\"ipv4\":{\"destination-ipv4-network\":"
                 "\"192.0.2.7/30\"},\"icmp\":{\"type\":8,\"code\":0,"
                 "\"rest-of-header\":\"AAAA\"}", TEST_DROP) ","
        TEST_ACE("three", "\"ipv4\":{" TEST_DST "},\"tcp\":{"
                 "\"flags-bitmask\":{\"bitmask\":65535}}", TEST_DROP))),
        201);

    test_stored(&acl, a);

    assert_int_equal(acl.family, DOTS_ACL_IPV4);
    assert_int_equal(acl.activation, DOTS_ACL_IMMEDIATE);
    assert_int_equal(acl.naces, 3);

    e = &acl.aces[0];
    assert_int_equal(e->action, DOTS_ACL_RATE);
    assert_int_equal(e->rate, 2050);
    assert_int_equal(e->protocol, DOTS_ACL_TCP);
    assert_int_equal(e->numbers[DOTS_ACL_DSCP], 46);
    assert_int_equal(e->numbers[DOTS_ACL_TTL], 255);
    assert_int_equal(e->numbers[DOTS_ACL_IDENTIFICATION], 7);
    assert_int_equal(e->numbers[DOTS_ACL_TCP_FLAGS], 1 << 7 | 1 << 8);
    assert_int_equal(e->numbers[DOTS_ACL_WINDOW], 1);
    assert_int_equal(e->fragment.bits, 3);
    assert_int_equal(e->fragment.operation, DOTS_ACL_MATCH);
    assert_int_equal(e->sport.lower, 5);
    assert_int_equal(e->sport.upper, 9);
    assert_int_equal(e->dport.lower, 1024);
    assert_int_equal(e->dport.upper, 65535);
    assert_true(e->fields & dots_acl_bit(DOTS_ACL_PORT_RANGE));
    assert_memory_equal(e->options.data, "AQID", 4);

    e = &acl.aces[1];
    assert_int_equal(e->protocol, DOTS_ACL_ICMP);
    assert_int_equal(e->numbers[DOTS_ACL_ICMP_TYPE], 8);
    assert_int_equal(e->destination.addr[3], 4);
    assert_false(e->fields & dots_acl_bit(DOTS_ACL_SOURCE));

    /* RFC 8783, "bitmask": the data offset is there, and in no match */

    assert_int_equal(acl.aces[2].bitmask.bits, 65535);

    dots_arena_destroy(a);
}


static void
test_ports(void **state)
{
    size_t         i;
    char           body[512];
    dots_acl_t     acl;
    dots_arena_t  *a;

    static const struct {
        const char *ports;
        unsigned    lower, upper, outside;
    } cases[] = {
        { "\"port\":53", 53, 53, 0 },
        { "\"operator\":\"eq\",\"port\":53", 53, 53, 0 },
        { "\"operator\":\"lte\",\"port\":53", 0, 53, 0 },
        { "\"operator\":\"gte\",\"port\":53", 53, 65535, 0 },
        { "\"operator\":\"neq\",\"port\":53", 53, 53, 1 },
        { "\"lower-port\":1,\"upper-port\":1", 1, 1, 0 },
    };

    (void) state;

    test_all();

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        a = dots_arena_create(1024 * 1024);

        (void) snprintf(body, sizeof(body),
                        TEST_ACL("", TEST_ACE("r", "\"udp\":{\"source-port-"
                        "range-or-operator\":{%s}}", TEST_DROP)),
                        cases[i].ports);

        assert_int_equal(test_put(body), 201);
        test_stored(&acl, a);
        assert_int_equal(acl.aces[0].sport.lower, cases[i].lower);
        assert_int_equal(acl.aces[0].sport.upper, cases[i].upper);
        assert_int_equal(acl.aces[0].sport.outside, cases[i].outside);
        assert_int_equal((acl.aces[0].fields
                          & dots_acl_bit(DOTS_ACL_PORT_RANGE)) != 0,
                         cases[i].lower != cases[i].upper || cases[i].outside);

        dots_arena_destroy(a);
    }
}


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


/* ---- section 7.1 ---- */

static void
test_capabilities(void **state)
{
    json_t            *root;
    struct lyd_node   *tree;
    char              *text;

    (void) state;

    test_blackhole();

    assert_int_equal(test_request("GET", "/data/" TEST_DC
                                  "dots-data/capabilities", NULL), 200);

    root = json_loads(test_text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    text = json_dumps(root, JSON_COMPACT);

    assert_non_null(strstr(text, "\"destination-prefix\":true"));
    assert_null(strstr(text, "\"source-prefix\":true"));
    assert_null(strstr(text, "accept"));
    free(text);

    /* inside dots-data it is what the module wants */

    json_object_set_new(root, TEST_DC "dots-data",
                        json_pack("{s:O}", "capabilities",
                                  json_object_get(root, TEST_DC
                                                  "capabilities")));
    json_object_del(root, TEST_DC "capabilities");
    text = json_dumps(root, JSON_COMPACT);

    tree = NULL;
    assert_int_equal(lyd_parse_data_mem(test_schema->ctx, text, LYD_JSON,
                                        LYD_PARSE_STRICT, LYD_VALIDATE_PRESENT,
                                        &tree), LY_SUCCESS);
    assert_non_null(tree);

    lyd_free_all(tree);
    free(text);
    json_decref(root);

    test_all();
    assert_int_equal(test_request("GET", "/data/" TEST_DC
                                  "dots-data/capabilities", NULL), 200);
    assert_null(strstr(test_text, "false"));
    assert_non_null(strstr(test_text, "\"transport-protocols\":[1,6,17,58]"));
}


static void
test_supported(void **state)
{
    (void) state;

    test_blackhole();

    test_refused(TEST_ACL(TEST_V4, TEST_ACE("r", "\"ipv4\":{" TEST_DST ","
        "\"source-ipv4-network\":\"203.0.113.0/24\"}", TEST_DROP)),
        "unknown-element", "matches/ipv4/source-ipv4-network");
    test_refused(TEST_ACL("", TEST_ACE("r", "\"udp\":{\"length\":1}",
        TEST_DROP)), "unknown-element", "matches/udp/length");
    test_refused(TEST_ACL(TEST_V4, TEST_ACE("r", "\"ipv4\":{" TEST_DST "}",
        TEST_ACCEPT)), "invalid-value", "actions/forwarding");
    test_refused(TEST_ACL(TEST_V4, TEST_ACE("r", "\"ipv4\":{" TEST_DST "}",
        TEST_ACCEPT ",\"rate-limit\":\"1\"")), "invalid-value",
        "actions/rate-limit");

    /* of both families, with a mitigator for one of them */

    test_ability.families = DOTS_ACL_IPV4;
    test_refused(TEST_ACL("", TEST_ACE("r", "", TEST_DROP)), "unknown-element",
                 NULL);
    test_refused(TEST_ACL(TEST_V6, TEST_ACE("r", "\"ipv6\":{"
        "\"destination-ipv6-network\":\"2001:db8::/64\"}", TEST_DROP)),
        "unknown-element", NULL);
    assert_int_equal(test_put(TEST_ACL(TEST_V4, TEST_ACE("r", "",
                                                         TEST_DROP))), 201);

    /* deactivated it asks for nothing; and an operator may keep all */

    assert_int_equal(test_put(TEST_ACL("\"activation-type\":\"deactivate\",",
        TEST_ACE("r", "\"udp\":{\"length\":1}", TEST_ACCEPT))), 201);

    test_customer->unenforced = 1;
    assert_int_equal(test_put(TEST_ACL("", TEST_ACE("r",
        "\"udp\":{\"length\":1}", TEST_ACCEPT))), 201);
}


/* ---- where it acts ---- */

static void
test_destinations(void **state)
{
    size_t          n;
    dots_acl_t      acl;
    dots_arena_t   *a;
    dots_prefix_t  *p;

    (void) state;

    test_blackhole();
    a = dots_arena_create(1024 * 1024);

    assert_int_equal(test_put(TEST_ACL(TEST_V4,
        TEST_ACE("1", "\"ipv4\":{" TEST_DST "}", TEST_DROP) ","
        TEST_ACE("2", "\"ipv4\":{" TEST_DST "}", TEST_DROP) ","
        TEST_ACE("3", "\"ipv4\":{\"destination-ipv4-network\":"
                 "\"192.0.2.0/30\"}", TEST_DROP))), 201);
    test_stored(&acl, a);
    assert_int_equal(dots_acl_destinations(&acl, test_customer, a, &p, &n),
                     DOTS_OK);
    assert_int_equal(n, 2);
    assert_int_equal(p[0].length, 30);
    assert_int_equal(p[1].addr[3], 9);

    assert_int_equal(dots_acl_destinations_of(&acl, &acl.aces[2],
                                              test_customer, a, &p, &n),
                     DOTS_OK);
    assert_int_equal(n, 1);
    assert_int_equal(p[0].length, 30);

    /* without a destination: all that the customer owns of that family */

    assert_int_equal(test_put(TEST_ACL(TEST_V6, TEST_ACE("1", "", TEST_DROP))),
                     201);
    test_stored(&acl, a);
    assert_int_equal(dots_acl_destinations(&acl, test_customer, a, &p, &n),
                     DOTS_OK);
    assert_int_equal(n, 1);
    assert_int_equal(p[0].family, 6);

    assert_int_equal(test_put(TEST_ACL("", TEST_ACE("1", "", TEST_DROP) ","
                                       TEST_ACE("2", "", TEST_DROP))), 201);
    test_stored(&acl, a);
    assert_int_equal(dots_acl_destinations(&acl, test_customer, a, &p, &n),
                     DOTS_OK);
    assert_int_equal(n, 2);
    assert_int_equal(dots_acl_destinations_of(&acl, &acl.aces[1],
                                              test_customer, a, &p, &n),
                     DOTS_OK);
    assert_int_equal(n, 2);
    assert_true(dots_prefix_cmp(&p[0], &p[1]) < 0);

    /* what the customer has lost since is nobody's to drop */

    p = dots_arena_array(a, 1, sizeof(dots_prefix_t));
    acl.aces[0].fields = dots_acl_bit(DOTS_ACL_DESTINATION);
    acl.aces[0].destination = test_prefix("198.51.100.1/32");
    acl.naces = 1;
    assert_int_equal(dots_acl_destinations(&acl, test_customer, a, &p, &n),
                     DOTS_OK);
    assert_int_equal(n, 0);
    assert_int_equal(dots_acl_destinations_of(&acl, &acl.aces[0],
                                              test_customer, a, &p, &n),
                     DOTS_OK);
    assert_int_equal(n, 0);

    dots_arena_destroy(a);
}


/* RFC 9132 section 4.4.1.3, conflict-cause 2. */

static void
test_conflict(void **state)
{
    dots_acl_t      acl;
    dots_arena_t   *a;
    dots_prefix_t   friend, other, target, six;

    (void) state;

    test_all();
    a = dots_arena_create(1024 * 1024);

    friend = test_prefix("203.0.113.7/32");
    other = test_prefix("198.51.100.7/32");
    target = test_prefix("192.0.2.9/32");
    six = test_prefix("2001:db8::1/128");

    assert_int_equal(test_put(TEST_ACL(TEST_V4,
        TEST_ACE("1", "\"ipv4\":{\"source-ipv4-network\":\"203.0.113.0/24\"}",
                 TEST_ACCEPT) ","
        TEST_ACE("2", "", TEST_DROP))), 201);
    test_stored(&acl, a);

    assert_true(dots_acl_conflict(&acl, &friend, &target));
    assert_false(dots_acl_conflict(&acl, &other, &target));
    assert_false(dots_acl_conflict(&acl, &six, &six));
    assert_false(dots_acl_conflict(&acl, &six, &target));

    acl.activation = DOTS_ACL_DEACTIVATED;
    assert_false(dots_acl_conflict(&acl, &friend, &target));

    /* dropped before it is accepted; a drop of a part decides nothing */

    assert_int_equal(test_put(TEST_ACL(TEST_V4,
        TEST_ACE("1", "\"ipv4\":{\"source-ipv4-network\":\"203.0.113.7/32\"}",
                 TEST_DROP) ","
        TEST_ACE("2", "\"ipv4\":{\"source-ipv4-network\":\"198.51.100.0/24\"},"
                 "\"udp\":{\"length\":1}", TEST_DROP) ","
        TEST_ACE("3", "", TEST_ACCEPT))), 201);
    test_stored(&acl, a);

    assert_false(dots_acl_conflict(&acl, &friend, &target));
    assert_true(dots_acl_conflict(&acl, &other, &target));

    /* limited is not accept-listed */

    assert_int_equal(test_put(TEST_ACL("", TEST_ACE("1", "", TEST_ACCEPT
        ",\"rate-limit\":\"1.00\""))), 201);
    test_stored(&acl, a);
    assert_false(dots_acl_conflict(&acl, &friend, &target));

    dots_arena_destroy(a);
}


/* ---- the record ---- */

static void
test_record(void **state)
{
    size_t             i;
    dots_acl_t         acl;
    dots_arena_t      *a;
    dots_acl_brief_t   brief;

    (void) state;

    test_all();
    a = dots_arena_create(64 * 1024 * 1024);

    assert_int_equal(test_put(TEST_ACL(TEST_V4 TEST_NOW_ACTIVE,
        TEST_ACE("one", "\"ipv4\":{" TEST_DST ",\"fragment\":{\"type\":\"ff\"}"
                 "},\"tcp\":{\"options\":\"AQID\"}", TEST_ACCEPT
                 ",\"rate-limit\":\"1.00\""))), 201);

    assert_int_equal(dots_acl_brief(&brief, test_host.records[1].data,
                                    test_host.records[1].len), DOTS_OK);
    assert_int_equal(brief.activation, DOTS_ACL_IMMEDIATE);
    assert_int_equal(brief.expires, TEST_NOW + DOTS_ACL_LIFETIME);
    assert_int_equal(brief.needs.families, DOTS_ACL_IPV4);
    assert_int_equal(brief.needs.actions, DOTS_ACL_RATE);

    test_stored(&acl, a);
    assert_int_equal(acl.entity.modified, TEST_NOW);

    /* a record of version 1: the entity after the rank is not there */

    {
        size_t      len = test_host.records[1].len;
        uint8_t    *old = malloc(len);
        dots_acl_t  first;

        assert_non_null(old);
        memcpy(old, test_host.records[1].data, 17);
        memcpy(old + 17, test_host.records[1].data + 17 + DOTS_ENTITY_SIZE,
               len - 17 - DOTS_ENTITY_SIZE);
        old[0] = 1;

        assert_int_equal(dots_acl_decode(&first, old, len - DOTS_ENTITY_SIZE,
                                         a), DOTS_OK);
        assert_true(dots_str_eq(first.text, acl.text));
        assert_int_equal(first.entity.modified, TEST_NOW);
        free(old);
    }

    /* half a record is none, and nothing reads beyond it */

    for (i = 0; i < test_host.records[1].len; i++) {
        uint8_t  *part = malloc(i + 1);

        memcpy(part, test_host.records[1].data, i);
        assert_int_not_equal(dots_acl_decode(&acl, part, i, a), DOTS_OK);
        free(part);
    }

    dots_arena_destroy(a);
}


static void
test_pending(void **state)
{
    dots_acl_t  acl;

    (void) state;

    memset(&acl, 0, sizeof(acl));

    acl.expires = TEST_NOW + 60001;
    assert_int_equal(dots_acl_pending(&acl, TEST_NOW), 2);
    assert_int_equal(dots_acl_pending(&acl, TEST_NOW + 1), 1);
    assert_int_equal(dots_acl_pending(&acl, TEST_NOW + 60001), 0);
    acl.expires = INT64_MAX;
    assert_int_equal(dots_acl_pending(&acl, -1), 0);
    assert_int_equal(dots_acl_pending(&acl, 0), INT32_MAX);
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
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_rules_destination),
        cmocka_unit_test(test_rules_family),
        cmocka_unit_test(test_rules_contradiction),
        cmocka_unit_test(test_rules_empty),
        cmocka_unit_test(test_rules_unknown),
        cmocka_unit_test(test_rules_types),
        cmocka_unit_test(test_identities),
        cmocka_unit_test(test_capabilities),
        cmocka_unit_test(test_supported),
        cmocka_unit_test(test_destinations),
        cmocka_unit_test(test_conflict),
        cmocka_unit_test(test_record),
        cmocka_unit_test(test_pending),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_position),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
