/*
 * What a GET returns of a resource: RFC 8040 sections 4.8.1 to 4.8.3 and 4.8.9,
 * and the grammar of "fields".
 */

#include "dots_fields.h"
#include "restconf_client.h"

#include "dots_count.h"


#define TEST_X    TEST_P "/aces/ace=x"
#define TEST_OF_X(member)                                                     \
    "{" TEST_DC("ace") ":[{\"name\":\"x\"" member "}]}"


static void
test_depth(void **state)
{
    (void) state;

    test_gets("/data?depth=1", "{\"ietf-restconf:data\":{}}");
    test_gets(TEST_DATA "?depth=1", "{" TEST_DC("dots-data") ":{}}");
    test_gets(TEST_DATA "?depth=2&content=config",
              "{" TEST_DC("dots-data") ":{\"dots-client\":[]}}");
    test_gets(TEST_DATA "?depth=3&content=config",
              "{" TEST_DC("dots-data") ":{\"dots-client\":"
              "[{\"cuid\":\"c\",\"aliases\":{},\"acls\":{}}]}}");
    test_gets(TEST_CLIENT "?depth=2", "{" TEST_DC("dots-client")
              ":[{\"cuid\":\"c\",\"aliases\":{},\"acls\":{}}]}");
    test_gets(TEST_X "?depth=1", TEST_OF_X(""));
    test_gets(TEST_X "?depth=2", TEST_OF_X(",\"matches\":{},\"actions\":{}"));
    test_gets(TEST_X "/actions?depth=2", "{" TEST_DC("actions")
              ":{\"forwarding\":\"ietf-access-control-list:drop\"}}");
    test_gets(TEST_P "/activation-type?depth=1", "{" TEST_DC("activation-type")
              ":\"activate-when-mitigating\"}");
    test_does("GET", TEST_DATA "?depth=65535", NULL, 200);
    test_does("GET", TEST_DATA "?depth=unbounded", NULL, 200);
    test_gets("?depth=1", "{\"ietf-restconf:restconf\":{}}");
}


/* RFC 8040 section 3.3.1: the datastore has all that there is. */

static void
test_datastore(void **state)
{
    size_t   i;
    json_t  *all, *data, *one;

    static const char *const  tops[] = {
        TEST_MODULE "dots-data",
        "ietf-yang-library:yang-library",
        "ietf-yang-library:modules-state",
        "ietf-restconf-monitoring:restconf-state",
    };
    char  uri[256];

    (void) state;

    test_does("GET", "/data", NULL, 200);
    all = json_loads(test_text, JSON_REJECT_DUPLICATES, NULL);
    data = json_object_get(all, "ietf-restconf:data");
    assert_int_equal(json_object_size(data), 4);

    for (i = 0; i < sizeof(tops) / sizeof(char *); i++) {
        (void) snprintf(uri, sizeof(uri), "/data/%s", tops[i]);
        test_does("GET", uri, NULL, 200);

        one = json_loads(test_text, 0, NULL);
        assert_true(json_equal(json_object_get(data, tops[i]),
                               json_object_get(one, tops[i])));
        json_decref(one);
    }

    json_decref(all);

    /* state beside it changes nothing of what it is known by (3.4.1) */
    test_does("GET", "/data", NULL, 200);
    strcpy(uri, test_etag);
    test_does("GET", "/data?content=config", NULL, 200);
    assert_string_equal(test_etag, uri);
    assert_null(strstr(test_text, "yang-library"));
    assert_null(strstr(test_text, "restconf-state"));

    test_does("GET", "/data?content=nonconfig", NULL, 200);
    assert_non_null(strstr(test_text, "\"content-id\""));
    assert_non_null(strstr(test_text, "\"replay-support\""));

    test_gets("/data?depth=2", "{\"ietf-restconf:data\":{"
              TEST_DC("dots-data") ":{},\"ietf-yang-library:yang-library\":{},"
              "\"ietf-yang-library:modules-state\":{},"
              "\"ietf-restconf-monitoring:restconf-state\":{}}}");
    test_gets("/data?fields=ietf-restconf-monitoring:restconf-state/streams"
              "/stream/access(encoding)", "{\"ietf-restconf:data\":{"
              "\"ietf-restconf-monitoring:restconf-state\":{\"streams\":{"
              "\"stream\":[{\"name\":\"NETCONF\",\"access\":["
              "{\"encoding\":\"json\"},{\"encoding\":\"xml\"}]}]}}}}");

    /* the example of B.3.3 */
    test_does("GET", "/data?fields=ietf-yang-library:modules-state/"
              "module(name;revision)", NULL, 200);
    assert_ptr_equal(strstr(test_text, "{\"ietf-restconf:data\":{"
                            "\"ietf-yang-library:modules-state\":{"
                            "\"module\":[{\"name\":\""), test_text);
    assert_null(strstr(test_text, "namespace"));
    assert_null(strstr(test_text, "module-set-id"));

    test_refuses("GET", "/data?fields=ietf-yang-library:nothing", NULL, 400,
                 "invalid-value");
    test_refuses("GET", "/data?fields=yang-library", NULL, 400,
                 "invalid-value");
    test_does("GET", "/data?with-defaults=report-all-tagged", NULL, 200);
    assert_non_null(strstr(test_text, "\"content-id\""));
    assert_non_null(strstr(test_text, "\"@activation-type\""));

    /* none of it is a client's to set */
    test_refuses("PUT", "/data", "{\"ietf-restconf:data\":{"
                 "\"ietf-yang-library:yang-library\":{}}}", 400,
                 "unknown-element");
    test_refuses("POST", "/data", "{\"ietf-restconf-monitoring:"
                 "restconf-state\":{}}", 400, "unknown-element");
}


static void
test_fields(void **state)
{
    (void) state;

    test_gets(TEST_CLIENT "?fields=cuid", "{" TEST_DC("dots-client")
              ":[{\"cuid\":\"c\"}]}");
    test_gets(TEST_CLIENT "?fields=aliases/alias(target-prefix)",
              "{" TEST_DC("dots-client") ":[{\"cuid\":\"c\",\"aliases\":"
              "{\"alias\":[{\"name\":\"one\",\"target-prefix\":"
              "[\"192.0.2.1/32\"]},{\"name\":\"two\",\"target-prefix\":"
              "[\"192.0.2.2/32\"]}]}}]}");
    test_gets(TEST_X "?fields=actions", TEST_OF_X(",\"actions\":"
              "{\"forwarding\":\"ietf-access-control-list:drop\"}"));
    test_gets(TEST_X "?fields=actions/forwarding;matches(udp)",
              TEST_OF_X(",\"matches\":{\"udp\":"
              "{\"destination-port-range-or-operator\":{\"port\":53}}},"
              "\"actions\":{\"forwarding\":"
              "\"ietf-access-control-list:drop\"}"));

    /* a name twice, once with all of it; percent-encoded; with its module */
    test_gets(TEST_X "?fields=matches%2Fipv4%3Bietf-dots-data-channel%3A"
              "matches", TEST_OF_X(",\"matches\":{\"ipv4\":"
              "{\"destination-ipv4-network\":\"192.0.2.0/24\"},\"udp\":"
              "{\"destination-port-range-or-operator\":{\"port\":53}}}"));

    /* 4.8.2: what is selected has level 1 */
    test_gets(TEST_X "?fields=matches&depth=2",
              TEST_OF_X(",\"matches\":{\"ipv4\":{},\"udp\":{}}"));
    test_gets(TEST_X "?fields=matches/udp&depth=1",
              TEST_OF_X(",\"matches\":{\"udp\":{}}"));
    test_gets(TEST_CLIENT "?fields=aliases/alias&depth=1",
              "{" TEST_DC("dots-client") ":[{\"cuid\":\"c\",\"aliases\":"
              "{\"alias\":[]}}]}");
    test_gets(TEST_CLIENT "?fields=aliases/alias/name&depth=1",
              "{" TEST_DC("dots-client") ":[{\"cuid\":\"c\",\"aliases\":"
              "{\"alias\":[{\"name\":\"one\"},{\"name\":\"two\"}]}}]}");

    test_gets("/data?fields=ietf-dots-data-channel:dots-data/dots-client"
              "(cuid)", "{\"ietf-restconf:data\":{" TEST_DC("dots-data")
              ":{\"dots-client\":[{\"cuid\":\"c\"}]}}}");
}


static void
test_fields_refused(void **state)
{
    size_t  i;
    char    uri[256];

    static const char *const  bad[] = {
        "", "(", ")", ";", "/", "a", "matches;", ";matches", "matches/",
        "matches(udp", "matches)", "matches()", "matches(udp))", "matches(;)",
        "matches//udp", "x:matches", ":matches", "matches:", "matches/none",
        "actions(forwarding)matches", "name/x", "%zz", "%00", "1"
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(char *); i++) {
        (void) snprintf(uri, sizeof(uri), TEST_X "?fields=%s", bad[i]);
        test_refuses("GET", uri, NULL, 400, "invalid-value");
    }

    test_refuses("PUT", TEST_P "?fields=name", "{}", 400, "invalid-value");
    test_refuses("GET", TEST_P "?fields=name&fields=name", NULL, 400,
                 "invalid-value");
}


/* No more nodes and no deeper than there is room for. */

static void
test_fields_bounds(void **state)
{
    char           text[1024];
    size_t         i;
    dots_fields_t  f;

    (void) state;

    for (i = 0, text[0] = '\0'; i < DOTS_FIELDS_NODES - 1; i++) {
        (void) sprintf(text + strlen(text), "%sa%zu", i ? ";" : "", i);
    }

    assert_int_equal(dots_fields_parse(&f, test_str(text)), DOTS_OK);
    strcat(text, ";b");
    assert_int_equal(dots_fields_parse(&f, test_str(text)), DOTS_INVALID);

    for (i = 0, text[0] = '\0'; i < DOTS_FIELDS_DEPTH; i++) {
        strcat(text, "a(");
    }

    strcat(text, "a");

    for (i = 0; i < DOTS_FIELDS_DEPTH; i++) {
        strcat(text, ")");
    }

    assert_int_equal(dots_fields_parse(&f, test_str(text)), DOTS_OK);
    memmove(text + 2, text, strlen(text) + 1);
    memcpy(text, "a(", 2);
    strcat(text, ")");
    assert_int_equal(dots_fields_parse(&f, test_str(text)), DOTS_INVALID);
}


static void
test_defaults(void **state)
{
    (void) state;

    /* set to the default by a client, which is no default (RFC 6243, 3.3) */
    test_does("PUT", TEST_P "/activation-type", "{" TEST_DC("activation-type")
              ":\"activate-when-mitigating\"}", 201);

    test_gets(TEST_ACLS "?fields=acl(activation-type)&content=config",
              "{" TEST_DC("acls") ":{\"acl\":[{\"name\":\"p\","
              "\"activation-type\":\"activate-when-mitigating\"},"
              "{\"name\":\"q\"},{\"name\":\"r\"}]}}");
    test_gets(TEST_ACLS "?fields=acl(activation-type)&with-defaults=explicit",
              test_text);
    test_gets(TEST_ACLS "?fields=acl(activation-type)&with-defaults=trim",
              "{" TEST_DC("acls") ":{\"acl\":[{\"name\":\"p\"},"
              "{\"name\":\"q\"},{\"name\":\"r\"}]}}");
    test_gets(TEST_ACLS "/acl=q?fields=activation-type&"
              "with-defaults=report-all", "{" TEST_DC("acl") ":[{\"name\":"
              "\"q\",\"activation-type\":\"activate-when-mitigating\"}]}");
    test_gets(TEST_ACLS "/acl=q?fields=activation-type&"
              "with-defaults=report-all-tagged", "{" TEST_DC("acl")
              ":[{\"name\":\"q\",\"activation-type\":"
              "\"activate-when-mitigating\",\"@activation-type\":"
              "{\"ietf-netconf-with-defaults:default\":true}}]}");
    test_gets(TEST_P "?fields=activation-type&with-defaults=report-all-tagged",
              "{" TEST_DC("acl") ":[{\"name\":\"p\",\"activation-type\":"
              "\"activate-when-mitigating\"}]}");

    /* of a choice only where its case is there */
    test_gets(TEST_X "/matches?with-defaults=report-all",
              "{" TEST_DC("matches") ":{\"ipv4\":{\"destination-ipv4-network\""
              ":\"192.0.2.0/24\"},\"udp\":{\"destination-port-range-or-operator"
              "\":{\"port\":53,\"operator\":\"eq\"}}}}");
}


static void
test_content(void **state)
{
    (void) state;

    test_gets(TEST_ALIASES "/alias=two?content=nonconfig",
              "{" TEST_DC("alias") ":[{\"name\":\"two\","
              "\"pending-lifetime\":10080}]}");
    test_does("GET", TEST_ALIASES "/alias=two/pending-lifetime?content=config",
              NULL, 404);
    test_does("GET", TEST_ALIASES "/alias=two/name?content=nonconfig", NULL,
              404);
    test_gets(TEST_P "/aces?content=nonconfig", "{" TEST_DC("aces")
              ":{\"ace\":[{\"name\":\"x\"},{\"name\":\"y\"}]}}");
}


/* RFC 8783 section 4.3: where the mitigator counts, in each entry. */

#define TEST_COUNTS "\"statistics\":{\"matched-packets\":"                     \
    "\"18446744073709551615\",\"matched-octets\":\"7\"}"
#define TEST_COUNTED(name, port)                                              \
    "{\"name\":\"" name "\",\"matches\":{\"ipv4\":{"                          \
    "\"destination-ipv4-network\":\"192.0.2.0/24\"},\"udp\":{"                \
    "\"destination-port-range-or-operator\":{\"port\":" port "}}},"           \
    "\"actions\":{\"forwarding\":\"ietf-access-control-list:drop\"},"         \
    TEST_COUNTS "}"

static void
test_statistics(void **state)
{
    dots_count_t  count = { .packets = UINT64_MAX, .octets = 7 };

    (void) state;

    /* names that look like structure */

    test_does("PUT", TEST_ACLS "/acl=q", "{" TEST_DC("acl") ":["
              TEST_ACL("q", TEST_ACE("}\\\"]{", "1") ","
                            TEST_ACE("\\\\", "2") "," TEST_ACE("z", "3"))
              "]}", 204);

    test_host.matched = &count;

    test_gets(TEST_ACLS "/acl=q", "{" TEST_DC("acl") ":["
              "{\"name\":\"q\",\"type\":"
              "\"ietf-access-control-list:ipv4-acl-type\",\"aces\":{\"ace\":["
              TEST_COUNTED("}\\\"]{", "1") "," TEST_COUNTED("\\\\", "2") ","
              TEST_COUNTED("z", "3") "]},\"pending-lifetime\":10080}]}");

    test_gets(TEST_ACLS "/acl=q?content=config", "{" TEST_DC("acl") ":["
              TEST_ACL("q", TEST_ACE("}\\\"]{", "1") ","
                            TEST_ACE("\\\\", "2") "," TEST_ACE("z", "3"))
              "]}");

    test_gets(TEST_ACLS "/acl=q?content=nonconfig", "{" TEST_DC("acl") ":["
              "{\"name\":\"q\",\"pending-lifetime\":10080,\"aces\":{\"ace\":["
              "{\"name\":\"}\\\"]{\"," TEST_COUNTS "},{\"name\":\"\\\\\","
              TEST_COUNTS "},{\"name\":\"z\"," TEST_COUNTS "}]}}]}");

    test_gets(TEST_P "?fields=aces/ace(statistics/matched-octets)",
              "{" TEST_DC("acl") ":[{\"name\":\"p\",\"aces\":{\"ace\":["
              "{\"name\":\"x\",\"statistics\":{\"matched-octets\":\"7\"}},"
              "{\"name\":\"y\",\"statistics\":{\"matched-octets\":\"7\"}}"
              "]}}]}");

    test_gets(TEST_X "/statistics", "{" TEST_DC("statistics") ":{"
              "\"matched-packets\":\"18446744073709551615\","
              "\"matched-octets\":\"7\"}}");
    test_does("GET", TEST_X "/statistics/matched-octets?content=config", NULL,
              404);

    /* an edit is one of the configuration */

    test_does("PATCH", TEST_ACLS "/acl=q", "{" TEST_DC("acl") ":[{\"name\":"
              "\"q\",\"activation-type\":\"deactivate\"}]}", 204);

    test_host.matched = NULL;

    test_does("GET", TEST_X "/statistics/matched-octets", NULL, 404);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test_case(test_depth),
        test_case(test_datastore),
        test_case(test_fields),
        test_case(test_fields_refused),
        test_case(test_fields_bounds),
        test_case(test_defaults),
        test_case(test_content),
        test_case(test_statistics),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
