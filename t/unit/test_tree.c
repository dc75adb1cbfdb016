/*
 * Trees without their text: what is plain is taken, and is what libyang's own
 * parser makes of it; whatever that parser looks at more closely is left to it.
 * Which of them are valid is known without its validation, too, and none is
 * that is not for libyang.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dots_data_tree.h"
#include "dots_data_valid.h"


#define TEST_ID      "ietf-access-control-list:"
#define TEST_CLIENT(more) "{\"cuid\":\"c\"" more "}"
#define TEST_ACL(acl)                                                         \
    TEST_CLIENT(",\"acls\":{\"acl\":[{\"name\":\"x\"" acl "}]}")
#define TEST_ACE(matches, actions)                                            \
    TEST_ACL(",\"type\":\"" TEST_ID "ipv4-acl-type\",\"aces\":{\"ace\":["     \
             "{\"name\":\"1\",\"matches\":{" matches "},\"actions\":{"         \
             actions "}}]}")
#define TEST_IPV4(leaf) TEST_ACE("\"ipv4\":{" leaf "}", TEST_DROP)
#define TEST_DROP    "\"forwarding\":\"" TEST_ID "drop\""
#define TEST_RATE(rate)                                                       \
    TEST_ACE("", "\"forwarding\":\"" TEST_ID "accept\",\"rate-limit\":" rate)
#define TEST_PORTS(ports)                                                     \
    TEST_ACE("\"udp\":{\"source-port-range-or-operator\":{" ports "}}",       \
             TEST_DROP)
#define TEST_VENDOR(more)                                                     \
    TEST_CLIENT(",\"ietf-dots-mapping:vendor-mapping\":{\"vendor\":["        \
                "{\"vendor-id\":1,\"last-updated\":\"1\"" more "}]}")
#define TEST_ALIAS(more)                                                      \
    TEST_CLIENT(",\"aliases\":{\"alias\":[{\"name\":\"a\"" more "}]}")


static dots_schema_t  *test_schema;


static int
test_setup(void **state)
{
    char  err[256];

    (void) state;

    test_schema = dots_schema_load(SOURCE_DIR "/schemas", err, sizeof(err));

    return test_schema == NULL;
}


static int
test_teardown(void **state)
{
    (void) state;

    dots_schema_free(test_schema);

    return 0;
}


/* With all that the validation has added to it. */

static char *
test_print(const struct lyd_node *tree)
{
    char  *text;

    assert_int_equal(lyd_print_mem(&text, tree, LYD_JSON, LYD_PRINT_SHRINK
                                   | LYD_PRINT_WD_ALL
                                   | LYD_PRINT_KEEPEMPTYCONT),
                     LY_SUCCESS);

    return text;
}


static int
test_tree(const char *client, struct lyd_node **tree)
{
    int      rc;
    json_t  *value;

    value = json_loads(client, 0, NULL);
    assert_non_null(value);

    rc = dots_data_tree(test_schema, value, tree);

    assert_int_equal(rc == DOTS_OK, *tree != NULL);
    json_decref(value);

    return rc;
}


static LY_ERR
test_parse(const char *client, uint32_t more, struct lyd_node **tree)
{
    char    text[4096];
    LY_ERR  err;

    (void) snprintf(text, sizeof(text), "{\"ietf-dots-data-channel:dots-data\":"
                    "{\"dots-client\":[%s]}}", client);

    err = lyd_parse_data_mem(test_schema->ctx, text, LYD_JSON,
                             LYD_PARSE_STRICT | LYD_PARSE_NO_STATE | more,
                             LYD_VALIDATE_NO_STATE | LYD_VALIDATE_PRESENT,
                             tree);
    ly_err_clean(test_schema->ctx, NULL);

    return err;
}


static LY_ERR
test_validate(struct lyd_node **tree)
{
    LY_ERR  err;

    err = lyd_validate_all(tree, NULL,
                           LYD_VALIDATE_NO_STATE | LYD_VALIDATE_PRESENT, NULL);
    ly_err_clean(test_schema->ctx, NULL);

    return err;
}


static void
test_taken(void **state)
{
    char             *one, *other;
    size_t            i;
    struct lyd_node  *tree, *parsed;

    static const char *const  clients[] = {
        TEST_CLIENT(""),
        TEST_CLIENT(",\"cdid\":\"d\""),
        TEST_CLIENT(",\"acls\":{}"),
        TEST_ACL(",\"activation-type\":\"immediate\""),
        TEST_IPV4("\"dscp\":10,\"protocol\":17,\"flags\":\"more fragment\","
                  "\"source-ipv4-network\":\"192.0.2.77/24\","
                  "\"fragment\":{\"type\":\"isf df\"}"),
        TEST_ACE("\"udp\":{\"source-port-range-or-operator\":{\"port\":53}}",
                 TEST_DROP),
        TEST_ACE("\"tcp\":{\"options\":\"AAEC\",\"flags\":\"syn\"}",
                 TEST_DROP),
        TEST_RATE("\"20.50\""),

        /* keys in any place, numbers as keys */

        "{\"aliases\":{\"alias\":[{\"target-protocol\":[6,17],\"name\":\"a\","
        "\"target-port-range\":[{\"upper-port\":9,\"lower-port\":8}]}]},"
        "\"cuid\":\"c\"}",
    };

    (void) state;

    for (i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
        assert_int_equal(test_parse(clients[i], 0, &parsed), LY_SUCCESS);

        if (test_tree(clients[i], &tree) != DOTS_OK) {
            fail_msg("%s: %s", clients[i],
                     ly_err_last(test_schema->ctx)->msg);
        }

        assert_int_equal(test_validate(&tree), LY_SUCCESS);

        one = test_print(tree);
        other = test_print(parsed);
        assert_string_equal(one, other);

        free(one);
        free(other);
        lyd_free_all(tree);
        lyd_free_all(parsed);
    }
}


static void
test_left(void **state)
{
    size_t            i;
    struct lyd_node  *tree;

    static const char *const  clients[] = {

        /* RFC 7951 section 6: the kind of a value */

        TEST_IPV4("\"dscp\":\"10\""),
        TEST_IPV4("\"dscp\":true"),
        TEST_IPV4("\"source-ipv4-network\":5"),
        TEST_RATE("20"),
        TEST_ACL(",\"activation-type\":1"),
        TEST_ACL(",\"activation-type\":null"),
        TEST_ALIAS(",\"target-port-range\":[{\"lower-port\":\"80\"}]"),

        /* its shape */

        TEST_ACL(",\"aces\":[]"),
        TEST_ACL(",\"aces\":5"),
        TEST_ACL(",\"aces\":{\"ace\":{}}"),
        TEST_ACL(",\"aces\":{\"ace\":[]}"),
        TEST_ACL(",\"type\":[\"" TEST_ID "ipv4-acl-type\"]"),
        TEST_ALIAS(",\"target-protocol\":6"),
        TEST_ALIAS(",\"target-protocol\":[[null]]"),
        TEST_ALIAS(",\"target-protocol\":[6,{}]"),

        /* names and keys */

        "{}",
        "{\"cuid\":5}",
        TEST_CLIENT(",\"unknown\":5"),
        TEST_CLIENT(",\"\":{}"),
        TEST_CLIENT(",\"ietf-dots-data-channel:cdid\":\"d\""),
        TEST_CLIENT(",\"acls\":{\"acl\":[{}]}"),
        TEST_CLIENT(",\"acls\":{\"acl\":[{\"name\":\"x\"},5]}"),

        /* state, whatever it says */

        TEST_ACL(",\"pending-lifetime\":5"),
        TEST_ACE("\"ipv4\":{}},\"statistics\":{\"matched-packets\":\"5\"",
                 TEST_DROP),

        /* characters, and unions */

        TEST_CLIENT(",\"cdid\":\"\\u0007\""),
        TEST_CLIENT(",\"cdid\":\"\\ufffe\""),
        TEST_CLIENT(",\"cdid\":\"\xc3\xa9\""),
        TEST_ALIAS(",\"target-prefix\":[\"192.0.2.1/32\"]"),

        /* what is not valid */

        TEST_IPV4("\"dscp\":64"),
        TEST_ACL(",\"type\":\"foo\""),
        TEST_ACE("\"ipv6\":{\"dscp\":1}", TEST_DROP),
        TEST_ACE("\"tcp\":{\"flags\":\"syn\"},\"udp\":{\"length\":1}",
                 TEST_DROP),
        TEST_ACE("", ""),
        TEST_ALIAS("},{\"name\":\"a\""),
        TEST_ALIAS(",\"target-protocol\":[6,6]"),
    };

    (void) state;

    for (i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
        if (test_tree(clients[i], &tree) != DOTS_DECLINED) {
            fail_msg("%s is taken", clients[i]);
        }

        ly_err_clean(test_schema->ctx, NULL);
    }
}


/* Values of the right kind all of them, so nothing else is asked of them. */

static void
test_known(void **state)
{
    size_t            i;
    struct lyd_node  *tree;

    static const char *const  valid[] = {
        TEST_CLIENT(""),
        TEST_CLIENT(",\"cdid\":\"d\",\"aliases\":{},\"acls\":{}"),
        TEST_ACL(",\"activation-type\":\"immediate\""),
        TEST_ACL("},{\"name\":\"y\""),
        TEST_ACL(",\"aces\":{}"),
        TEST_IPV4("\"dscp\":10,\"fragment\":{\"type\":\"isf\"}"),
        TEST_IPV4("\"fragment\":{\"operator\":\"not\",\"type\":\"isf\"}"),
        TEST_ACL(",\"type\":\"" TEST_ID "ipv6-acl-type\",\"aces\":{\"ace\":"
                 "[{\"name\":\"1\",\"matches\":{\"ipv6\":{\"ecn\":1}},"
                 "\"actions\":{" TEST_DROP "}},{\"name\":\"2\",\"actions\":{"
                 TEST_DROP "}}]}"),
        TEST_ACE("", TEST_DROP),
        TEST_PORTS("\"port\":53"),
        TEST_PORTS("\"port\":53,\"operator\":\"lte\""),
        TEST_PORTS("\"lower-port\":53,\"upper-port\":53"),
        TEST_PORTS("\"lower-port\":9,\"upper-port\":10"),
        TEST_RATE("\"20.50\""),
        TEST_ALIAS("},{\"name\":\"b\",\"target-protocol\":[6,17]"),
        TEST_ALIAS(",\"target-prefix\":[\"192.0.2.1/32\",\"192.0.2.2/32\"]"),
        TEST_ALIAS(",\"target-port-range\":[{\"lower-port\":80},"
                   "{\"lower-port\":9,\"upper-port\":10},"
                   "{\"lower-port\":7,\"upper-port\":7}]"),
        TEST_VENDOR(",\"attack-mapping\":[{\"attack-id\":5,"
                    "\"attack-description\":\"x\"}]"),
    };

    static const char *const  wrong[] = {

        /* what has to be there, and where it is implied that it has */

        TEST_ACL(",\"aces\":{\"ace\":[{\"name\":\"1\"}]}"),
        TEST_ACE("", ""),
        TEST_IPV4("\"fragment\":{}"),
        TEST_IPV4("\"fragment\":{\"operator\":\"match\"}"),
        TEST_ACE("\"tcp\":{\"flags-bitmask\":{\"operator\":\"any\"}}",
                 TEST_DROP),
        TEST_PORTS("\"operator\":\"eq\""),
        TEST_PORTS("\"lower-port\":9"),
        TEST_PORTS("\"upper-port\":9"),
        TEST_CLIENT(",\"ietf-dots-mapping:vendor-mapping\":{\"vendor\":["
                    "{\"vendor-id\":1}]}"),
        TEST_VENDOR(",\"attack-mapping\":[{\"attack-id\":5}]"),

        /* one of several */

        TEST_IPV4("\"dscp\":1},\"ipv6\":{\"dscp\":1"),
        TEST_ACE("\"tcp\":{\"flags\":\"syn\"},\"udp\":{\"length\":1}",
                 TEST_DROP),
        TEST_PORTS("\"port\":1,\"lower-port\":1,\"upper-port\":2"),
        TEST_PORTS("\"operator\":\"eq\",\"lower-port\":1,\"upper-port\":2"),

        /* conditions */

        TEST_ACL(",\"aces\":{\"ace\":[{\"name\":\"1\",\"matches\":{\"ipv4\":"
                 "{\"dscp\":1}},\"actions\":{" TEST_DROP "}}]}"),
        TEST_ACE("\"ipv6\":{\"dscp\":1}", TEST_DROP),
        TEST_ACL(",\"type\":\"" TEST_ID "ipv6-acl-type\",\"aces\":{\"ace\":"
                 "[{\"name\":\"1\",\"matches\":{\"ipv4\":{\"ecn\":1}},"
                 "\"actions\":{" TEST_DROP "}}]}"),
        TEST_ACE("", TEST_DROP ",\"rate-limit\":\"1.00\""),
        TEST_PORTS("\"lower-port\":10,\"upper-port\":9"),
        TEST_ALIAS(",\"target-port-range\":[{\"lower-port\":10,"
                   "\"upper-port\":9}]"),

        /* the same twice */

        TEST_ACL("},{\"name\":\"x\""),
        TEST_ALIAS("},{\"name\":\"b\"},{\"name\":\"d\"},{\"name\":\"e\"},"
                   "{\"name\":\"b\""),
        TEST_ALIAS(",\"target-protocol\":[6,17,6]"),
        TEST_ALIAS(",\"target-protocol\":[1,2,3,4,5,6,5]"),
    };

    (void) state;

    for (i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
        assert_int_equal(test_parse(valid[i], LYD_PARSE_ONLY, &tree),
                         LY_SUCCESS);

        if (dots_data_valid(tree) != DOTS_OK) {
            fail_msg("%s is not known to be valid", valid[i]);
        }

        assert_int_equal(test_validate(&tree), LY_SUCCESS);
        lyd_free_all(tree);
    }

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(test_parse(wrong[i], LYD_PARSE_ONLY, &tree),
                         LY_SUCCESS);

        if (dots_data_valid(tree) == DOTS_OK) {
            fail_msg("%s is taken for valid", wrong[i]);
        }

        assert_int_equal(test_validate(&tree), LY_EVALID);
        lyd_free_all(tree);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_left),
        cmocka_unit_test(test_known),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
