/*
 * ACLs: their fields (RFC 8783 section 7.2), what a mitigator can do of them,
 * where they act, conflicts with accept-lists, their record.
 */

#include "acl_world.h"

#include <jansson.h>


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


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_capabilities),
        cmocka_unit_test(test_supported),
        cmocka_unit_test(test_destinations),
        cmocka_unit_test(test_conflict),
        cmocka_unit_test(test_record),
        cmocka_unit_test(test_pending),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
