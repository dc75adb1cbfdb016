/*
 * ETag, Last-Modified and conditional requests of the data channel: RFC 8040
 * sections 3.4.1, 3.5.1, 3.5.2; RFC 9110 section 13.
 */

#include "restconf_client.h"


#define TEST_TWO  TEST_ALIASES "/alias=two"
#define TEST_BODY(p)                                                          \
    "{" TEST_DC("alias") ":[{\"name\":\"two\",\"target-prefix\":[\"192.0.2."  \
    p "/32\"]}]}"
#define TEST_DATE_0 "Tue, 14 Nov 2023 22:13:20 GMT" /* TEST_NOW */
#define TEST_DATE_1 "Tue, 14 Nov 2023 22:13:30 GMT"


static const char *const  test_resources[] = {
    "/data", TEST_DATA, TEST_CLIENT, TEST_ALIASES, TEST_TWO, TEST_ONE,
    TEST_ACLS, TEST_P
};

#define TEST_RESOURCES (sizeof(test_resources) / sizeof(char *))

static char  test_tags[TEST_RESOURCES][64];
static char  test_times[TEST_RESOURCES][64];


static void
test_look(char tags[TEST_RESOURCES][64], char times[TEST_RESOURCES][64])
{
    size_t  i;

    for (i = 0; i < TEST_RESOURCES; i++) {
        test_does("GET", test_resources[i], NULL, 200);
        strcpy(tags[i], test_etag);
        strcpy(times[i], test_last_modified);

        /* strong, and without "content" the same */
        assert_int_equal(test_etag[0], '"');
        test_does("HEAD", test_resources[i], NULL, 200);
        assert_string_equal(test_etag, tags[i]);
    }
}


/* What has changed since the last look: a bit for each resource. */

static void
test_changed(unsigned expected)
{
    char      tags[TEST_RESOURCES][64], times[TEST_RESOURCES][64];
    size_t    i;
    unsigned  changed;

    test_look(tags, times);

    for (i = 0, changed = 0; i < TEST_RESOURCES; i++) {
        changed |= (strcmp(tags[i], test_tags[i]) != 0) << i;

        /* the time goes with the tag */
        assert_int_equal(strcmp(tags[i], test_tags[i]) != 0,
                         strcmp(times[i], test_times[i]) != 0);
    }

    assert_int_equal(changed, expected);

    memcpy(test_tags, tags, sizeof(tags));
    memcpy(test_times, times, sizeof(times));
    test_now += 10000;
}


static void
test_entities(void **state)
{
    (void) state;

    test_look(test_tags, test_times);
    assert_string_equal(test_times[0], TEST_DATE_0);
    test_now += 10000;

    /* up to the datastore, and nothing beside it */
    test_does("PUT", TEST_TWO, TEST_BODY("7"), 204);
    test_changed(0x1f);
    assert_string_equal(test_times[0], TEST_DATE_1);

    /* a refresh is no change of the configuration, neither is the time left */
    test_does("PUT", TEST_TWO, TEST_BODY("7"), 204);
    test_changed(0);
    test_now += 3600 * 1000;
    test_changed(0);
    test_does("PATCH", TEST_CLIENT, "{" TEST_DC("dots-client")
              ":[{\"cuid\":\"c\"}]}", 204);
    test_changed(0);

    test_does("PUT", TEST_P "/aces/ace=x/matches/ipv4/dscp",
              "{" TEST_DC("dscp") ":1}", 201);
    test_changed(0xc7);
    test_does("DELETE", TEST_P "/aces/ace=x/matches/ipv4/dscp", NULL, 204);
    test_changed(0xc7);

    /* made and gone: two changes */
    test_does("PUT", TEST_ALIASES "/alias=x", "{" TEST_DC("alias")
              ":[{\"name\":\"x\",\"target-prefix\":[\"192.0.2.9/32\"]}]}",
              201);
    test_changed(0x0f);
    test_does("DELETE", TEST_ALIASES "/alias=x", NULL, 204);
    test_changed(0x0f);

    /* the order is part of the list */
    test_does("PUT", TEST_ACLS "/acl=q?insert=first", "{" TEST_DC("acl") ":["
              TEST_ACL("q", TEST_ACE("x", "1")) "]}", 204);
    test_changed(0x47);

    test_does("PUT", TEST_DATA "/dots-client=new", "{" TEST_DC("dots-client")
              ":[{\"cuid\":\"new\"}]}", 201);
    test_changed(0x03);
    test_does("DELETE", TEST_DATA "/dots-client=new", NULL, 204);
    test_changed(0x03);

    /* another customer's changes are not there */
    assert_int_equal(test_as(test_b, "PUT", TEST_DATA "/dots-client=x",
                             "{" TEST_DC("dots-client") ":[{\"cuid\":\"x\"}]}"),
                     201);
    test_changed(0);

    /* what refuses changes nothing */
    test_does("PUT", TEST_TWO, TEST_BODY("300"), 400);
    test_changed(0);
}


/* A node within an entry is known by the entry; state by nothing. */

static void
test_within(void **state)
{
    char  tag[64];

    (void) state;

    test_does("GET", TEST_ONE, NULL, 200);
    strcpy(tag, test_etag);
    test_does("GET", TEST_ONE "/target-protocol=6", NULL, 200);
    assert_string_equal(test_etag, tag);
    test_does("GET", TEST_ONE "/pending-lifetime", NULL, 200);
    assert_string_equal(test_etag, "");
    assert_string_equal(test_last_modified, "");
    test_does("GET", TEST_DATA "/capabilities", NULL, 200);
    assert_string_equal(test_etag, "");

    /* nobody who has nothing: the datastore has both, for all that */
    host_reset(&test_host);
    test_does("GET", "/data", NULL, 200);
    assert_string_not_equal(test_etag, "");
    assert_string_equal(test_last_modified, "Thu, 01 Jan 1970 00:00:00 GMT");
}


static void
test_read(void **state)
{
    char  tag[64];

    (void) state;

    test_does("GET", TEST_TWO, NULL, 200);
    strcpy(tag, test_etag);

    test_none_match = tag;
    test_does("GET", TEST_TWO, NULL, 304);
    assert_string_equal(test_text, "");
    assert_string_equal(test_etag, tag);
    test_none_match = "*";
    test_does("HEAD", TEST_TWO, NULL, 304);
    test_modified_since = TEST_DATE_0;
    test_does("GET", TEST_TWO, NULL, 304);
    test_none_match = "\"other\"";
    test_modified_since = TEST_DATE_0;
    test_does("GET", TEST_TWO, NULL, 200);
    test_match = "\"other\"";
    test_does("GET", TEST_TWO, NULL, 412);
    assert_non_null(strstr(test_text, "\"operation-failed\""));
    assert_string_equal(test_etag, "");
    test_none_match = tag;
    test_does("GET", TEST_TWO "/target-prefix=192.0.2.2%2F32", NULL, 304);
    test_none_match = "*";
    test_does("GET", TEST_ALIASES "/alias=none", NULL, 404);
    test_none_match = "*";
    test_does("GET", TEST_TWO "/target-protocol=1", NULL, 404);
    test_none_match = "nonsense";
    test_does("GET", TEST_TWO, NULL, 400);
}


static void
test_edit(void **state)
{
    char  tag[64], aliases[64], client[64], all[64];

    (void) state;

    test_does("GET", TEST_ALIASES, NULL, 200);
    strcpy(aliases, test_etag);
    test_does("GET", TEST_CLIENT, NULL, 200);
    strcpy(client, test_etag);
    test_does("GET", "/data", NULL, 200);
    strcpy(all, test_etag);
    test_does("GET", TEST_TWO, NULL, 200);
    strcpy(tag, test_etag);

    test_now += 10000;

    test_match = "\"other\"";
    test_refuses("PUT", TEST_TWO, TEST_BODY("7"), 412, "operation-failed");
    test_none_match = "*";
    test_refuses("PUT", TEST_TWO, TEST_BODY("7"), 412, "operation-failed");
    test_unmodified_since = "Tue, 14 Nov 2023 22:13:19 GMT";
    test_refuses("DELETE", TEST_TWO, NULL, 412, "operation-failed");
    test_match = "\"other\"";
    test_refuses("DELETE", TEST_CLIENT, NULL, 412, "operation-failed");
    test_match = tag;
    test_refuses("POST", TEST_ALIASES, "{" TEST_DC("alias") ":["
                 "{\"name\":\"n\",\"target-prefix\":[\"192.0.2.9/32\"]}]}",
                 412, "operation-failed");

    test_match = tag;
    test_does("PUT", TEST_TWO, TEST_BODY("7"), 204);
    assert_string_not_equal(test_etag, tag);

    /* of every resource above, too, the old tags are worth nothing now */
    test_match = tag;
    test_refuses("PUT", TEST_TWO, TEST_BODY("8"), 412, "operation-failed");
    test_match = aliases;
    test_refuses("DELETE", TEST_ALIASES, NULL, 412, "operation-failed");
    test_match = client;
    test_refuses("DELETE", TEST_CLIENT, NULL, 412, "operation-failed");
    test_match = all;
    test_refuses("PATCH", "/data", "{\"ietf-restconf:data\":{"
                 TEST_DC("dots-data") ":{\"dots-client\":[{\"cuid\":\"c\"}]}}}",
                 412, "operation-failed");

    test_does("GET", TEST_TWO, NULL, 200);
    strcpy(tag, test_etag);
    test_match = tag;
    test_does("PATCH", TEST_TWO, "{" TEST_DC("alias") ":[{\"target-protocol\":"
              "[6]}]}", 204);
    test_does("GET", TEST_TWO, NULL, 200);
    strcpy(tag, test_etag);
    test_match = tag;
    test_does("DELETE", TEST_TWO "/target-protocol=6", NULL, 204);
    test_unmodified_since = TEST_DATE_1;
    test_does("DELETE", TEST_TWO, NULL, 204);

    /* made only if it is not there; deleted only what is */
    test_none_match = "*";
    test_does("PUT", TEST_TWO, TEST_BODY("7"), 201);
    test_match = "*";
    test_does("DELETE", TEST_TWO, NULL, 204);
    test_match = "*";
    test_refuses("PUT", TEST_TWO, TEST_BODY("7"), 412, "operation-failed");

    /* what would fail anyhow does so: RFC 9110 section 13.2.1 */
    test_match = "*";
    test_refuses("DELETE", TEST_TWO, NULL, 404, "invalid-value");
    test_match = "*";
    test_refuses("PUT", TEST_DATA "/dots-client=none/aliases/alias=two",
                 TEST_BODY("7"), 404, "invalid-value");
}


/* Two with the same tag: whoever comes second finds that out at the commit. */

static char  test_race_tag[64];


static void
test_rival(host_t *h)
{
    h->before = NULL;
    test_match = test_race_tag;
    test_does("PUT", TEST_TWO, TEST_BODY("66"), 204);
    test_dones = 0;
}


static void
test_race(void **state)
{
    (void) state;

    test_does("GET", TEST_TWO, NULL, 200);
    strcpy(test_race_tag, test_etag);

    test_host.before = test_rival;
    test_match = test_race_tag;
    test_does("PUT", TEST_TWO, TEST_BODY("77"), 412);
    test_gets(TEST_TWO "?content=config", TEST_BODY("66"));

    test_does("GET", TEST_ALIASES, NULL, 200);
    strcpy(test_race_tag, test_etag);
}


/*
 * What an edit of more than one entry says: each answer is compared with a GET
 * (test_known()), a step of time after the one before.
 */

static void
test_after(void **state)
{
    size_t  i;

    static const struct {
        const char *method;
        const char *uri;
        const char *body;
        unsigned    status;
    } edits[] = {
        { "PUT", TEST_ALIASES, "{" TEST_DC("aliases") ":{\"alias\":["
          TEST_ALIAS_ONE ",{\"name\":\"a\",\"target-prefix\":"
          "[\"192.0.2.7/32\"]}]}}", 204 },
        { "PUT", TEST_ALIASES, "{" TEST_DC("aliases") ":{\"alias\":["
          TEST_ALIAS_ONE ",{\"name\":\"a\",\"target-prefix\":"
          "[\"192.0.2.7/32\"]}]}}", 204 },
        { "PATCH", TEST_ALIASES, "{" TEST_DC("aliases") ":{\"alias\":["
          TEST_ALIAS_TWO ",{\"name\":\"a\",\"target-protocol\":[6]}]}}",
          204 },
        { "PUT", TEST_ACLS, "{" TEST_DC("acls") ":{\"acl\":["
          TEST_ACL("r", TEST_ACE("x", "1")) "," TEST_ACL_P ","
          TEST_ACL("n", TEST_ACE("x", "2")) "]}}", 204 },
        { "PUT", TEST_ACLS, "{" TEST_DC("acls") ":{\"acl\":[" TEST_ACL_P ","
          TEST_ACL("n", TEST_ACE("x", "2")) ","
          TEST_ACL("r", TEST_ACE("x", "1")) "]}}", 204 },
        { "PUT", TEST_P "?insert=first", "{" TEST_DC("acl") ":[" TEST_ACL_P
          "]}", 204 },
        { "PUT", TEST_CLIENT, "{" TEST_DC("dots-client") ":[{\"cuid\":\"c\","
          "\"acls\":{\"acl\":[" TEST_ACL_P "]},\"aliases\":{\"alias\":["
          TEST_ALIAS_ONE "]},\"ietf-dots-mapping:vendor-mapping\":"
          "{\"vendor\":[{\"vendor-id\":7,\"last-updated\":\"1\"},"
          "{\"vendor-id\":32473,\"last-updated\":\"1\"},"
          "{\"vendor-id\":345,\"last-updated\":\"1\"}]}}]}", 204 },
        { "PATCH", TEST_CLIENT, "{" TEST_DC("dots-client")
          ":[{\"cuid\":\"c\"}]}", 204 },
        { "PATCH", TEST_CLIENT "/ietf-dots-mapping:vendor-mapping",
          "{\"ietf-dots-mapping:vendor-mapping\":{\"vendor\":["
          "{\"vendor-id\":7,\"vendor-name\":\"x\"}]}}", 204 },
        { "POST", TEST_DATA, "{" TEST_DC("dots-client") ":[{\"cuid\":\"b\","
          "\"aliases\":{\"alias\":[" TEST_ALIAS_TWO "," TEST_ALIAS_ONE "]}}]}",
          201 },
        { "PUT", TEST_DATA, "{" TEST_DC("dots-data") ":{\"dots-client\":["
          "{\"cuid\":\"a\",\"acls\":{\"acl\":[" TEST_ACL_P "]}}]}}", 204 },
        { "PUT", "/data", "{\"ietf-restconf:data\":{" TEST_DC("dots-data")
          ":{}}}", 204 },
    };

    (void) state;

    for (i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        test_now += 1000;
        test_does(edits[i].method, edits[i].uri, edits[i].body,
                  edits[i].status);

        if (test_etag[0] == '\0') {
            fail_msg("%s %s: no ETag", edits[i].method, edits[i].uri);
        }
    }

    /* of several that a POST made, of something that was not read as a whole */
    test_does("PUT", TEST_CLIENT, "{" TEST_DC("dots-client")
              ":[{\"cuid\":\"c\"}]}", 201);
    test_does("POST", TEST_CLIENT, "{" TEST_DC("aliases") ":{\"alias\":["
              TEST_ALIAS_ONE "," TEST_ALIAS_TWO "]}}", 201);
    assert_string_equal(test_etag, "");
    test_does("PATCH", "/data", "{\"ietf-restconf:data\":{"
              TEST_DC("dots-data") ":{\"dots-client\":[{\"cuid\":\"c\"}]}}}",
              204);
    assert_string_equal(test_etag, "");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test_case(test_entities),
        test_case(test_within),
        test_case(test_read),
        test_case(test_edit),
        test_case(test_after),
        test_case(test_race),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
