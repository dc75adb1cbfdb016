/*
 * Edits of the data channel on every kind of resource: RFC 8040 sections 3.5,
 * 4.4 to 4.7, 4.8.5 and 4.8.6; the order of entries, and what has to stay.
 */

#include "restconf_client.h"


#define TEST_ACES  TEST_P "/aces"
#define TEST_X     TEST_ACES "/ace=x"
#define TEST_PORTS TEST_X "/matches/udp/destination-port-range-or-operator"


/* The names in the order of the list. */

static void
test_order(const char *expected)
{
    char         names[64];
    size_t       i;
    json_t      *root, *list, *acl;

    test_does("GET", TEST_ACLS, NULL, 200);

    root = json_loads(test_text, 0, NULL);
    list = json_object_get(json_object_get(root, TEST_MODULE "acls"), "acl");
    names[0] = '\0';

    json_array_foreach(list, i, acl) {
        strcat(names, json_string_value(json_object_get(acl, "name")));
    }

    json_decref(root);
    assert_string_equal(names, expected);
}


/* ---- GET of what is within an entry ---- */

static void
test_nodes(void **state)
{
    size_t  i;

    static const char *const  nodes[][2] = {
        { TEST_CLIENT "/cuid", "{" TEST_DC("cuid") ":\"c\"}" },
        { TEST_ONE "/name", "{" TEST_DC("name") ":\"one\"}" },
        { TEST_ONE "/pending-lifetime",
          "{" TEST_DC("pending-lifetime") ":10080}" },
        { TEST_ONE "/target-prefix=192.0.2.1%2F32",
          "{" TEST_DC("target-prefix") ":[\"192.0.2.1/32\"]}" },
        { TEST_ONE "/target-protocol=6", "{" TEST_DC("target-protocol")
          ":[6]}" },
        { TEST_ONE "/target-port-range=443", "{" TEST_DC("target-port-range")
          ":[{\"lower-port\":443,\"upper-port\":444}]}" },
        { TEST_ONE "/target-port-range=443/upper-port",
          "{" TEST_DC("upper-port") ":444}" },
        { TEST_PORTS, "{" TEST_DC("destination-port-range-or-operator")
          ":{\"port\":53}}" },
        { TEST_PORTS "/port", "{" TEST_DC("port") ":53}" },
        { TEST_X "/actions", "{" TEST_DC("actions") ":{\"forwarding\":"
          "\"ietf-access-control-list:drop\"}}" },

        /* 3.5.4: a default is there where nobody has set the leaf */
        { TEST_P "/activation-type",
          "{" TEST_DC("activation-type") ":\"activate-when-mitigating\"}" },
        { TEST_PORTS "/operator", "{" TEST_DC("operator") ":\"eq\"}" },

        { TEST_DATA "/capabilities/rate-limit",
          "{" TEST_DC("rate-limit") ":false}" },
        { TEST_P "/ietf-dots-data-channel:aces/ace=y/name",
          "{" TEST_DC("name") ":\"y\"}" },

        /* 4.3: all entries of a list */
        { TEST_ONE "/target-prefix", "{" TEST_DC("target-prefix")
          ":[\"192.0.2.1/32\"]}" },
        { TEST_ACES "/ace?depth=1", "{" TEST_DC("ace") ":[{\"name\":\"x\"},"
          "{\"name\":\"y\"}]}" },
        { TEST_DATA "/dots-client?depth=1", "{" TEST_DC("dots-client")
          ":[{\"cuid\":\"c\"}]}" },
    };

    static const char *const  missing[] = {
        TEST_CLIENT "/cdid",
        TEST_ONE "/target-prefix=192.0.2.9%2F32",
        TEST_ONE "/target-port-range=81",
        TEST_ONE "/target-port-range=80/upper-port",
        TEST_ACES "/ace=z",
        TEST_ACES "/ace=z/matches",
        TEST_X "/matches/ipv6",
        TEST_X "/matches/tcp/flags-bitmask",
        TEST_X "/actions/rate-limit",
        TEST_ACLS "/acl=none/aces",
        TEST_ACLS "/acl=none/aces/ace",
        TEST_ONE "/target-fqdn",
        TEST_ONE "/target-prefix?content=nonconfig",
        TEST_ONE "/target-prefix=192.0.2.1%2F32/x",
        TEST_X "/statistics/x",
        TEST_CLIENT "/vendor-mapping",
        TEST_DATA "/ietf-dots-mapping:vendor-mapping",

        /* what no entry has as its key */

        TEST_ONE "/target-prefix=x", TEST_ONE "/target-port-range=70000",
        TEST_ACES "/ace=",
    };

    static const char *const  wrong[] = {
        TEST_ONE "/target-port-range=1,2", TEST_ONE "/name=x",
        TEST_ONE "/target-port-range/lower-port", TEST_ACES "/ace/name",
    };

    (void) state;

    for (i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
        test_gets(nodes[i][0], nodes[i][1]);
    }

    for (i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
        test_refuses("GET", missing[i], NULL, 404, "invalid-value");
    }

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        test_refuses("GET", wrong[i], NULL, 400, "invalid-value");
    }

    /* keys in another form are the same keys */
    test_does("GET", TEST_ONE "/target-port-range=0443", NULL, 200);

    /* RFC 8783's form of an entry, where it is asked for */
    test_wrapped = 1;
    test_does("GET", TEST_ALIASES "/alias=two?content=config", NULL, 200);
    assert_string_equal(test_text, "{" TEST_DC("aliases") ":{\"alias\":["
                                   TEST_ALIAS_TWO "]}}");

    test_wrapped = 1;
    test_does("GET", TEST_P "?content=config&fields=activation-type"
              "&with-defaults=report-all", NULL, 200);
    assert_string_equal(test_text, "{" TEST_DC("acls") ":{\"acl\":[{\"name\":"
                        "\"p\",\"activation-type\":"
                        "\"activate-when-mitigating\"}]}}");
}


/* ---- PUT ---- */

static void
test_put(void **state)
{
    (void) state;

    /* a leaf: made, then replaced */
    test_does("PUT", TEST_ONE "/target-port-range=80/upper-port",
              "{" TEST_DC("upper-port") ":81}", 201);
    test_does("PUT", TEST_ONE "/target-port-range=80/upper-port",
              "{" TEST_DC("upper-port") ":82}", 204);
    test_gets(TEST_ONE "/target-port-range=80", "{" TEST_DC("target-port-range")
              ":[{\"lower-port\":80,\"upper-port\":82}]}");

    /* an entry of a leaf-list, in any form; its value does not change */
    test_does("PUT", TEST_ONE "/target-prefix=192.0.2.66%2F26",
              "{" TEST_DC("target-prefix") ":[\"192.0.2.64/26\"]}", 201);
    test_gets(TEST_ONE "/target-prefix=192.0.2.64%2F26",
              "{" TEST_DC("target-prefix") ":[\"192.0.2.64/26\"]}");
    test_does("PUT", TEST_ONE "/target-prefix=192.0.2.64%2F26",
              "{" TEST_DC("target-prefix") ":[\"192.0.2.64/26\"]}", 204);
    test_refuses("PUT", TEST_ONE "/target-prefix=192.0.2.64%2F26",
                 "{" TEST_DC("target-prefix") ":[\"192.0.2.65/32\"]}", 400,
                 "invalid-value");

    /* an entry of a list within an entry, a container */
    test_does("PUT", TEST_ACES "/ace=z", "{" TEST_DC("ace") ":["
              TEST_ACE("z", "7") "]}", 201);
    test_does("PUT", TEST_X "/matches", "{" TEST_DC("matches")
              ":{\"ipv4\":{\"protocol\":17}}}", 204);
    test_gets(TEST_X "/matches", "{" TEST_DC("matches")
              ":{\"ipv4\":{\"protocol\":17}}}");

    /* identities with and without their module */
    test_does("PUT", TEST_X "/actions/forwarding",
              "{" TEST_DC("forwarding") ":\"accept\"}", 204);
    test_gets(TEST_X "/actions/forwarding", "{" TEST_DC("forwarding")
              ":\"ietf-access-control-list:accept\"}");

    /* what the result would not be valid with */
    test_refuses("PUT", TEST_ONE "/target-port-range=443/upper-port",
                 "{" TEST_DC("upper-port") ":1}", 400, "invalid-value");
    test_refuses("PUT", TEST_ONE "/target-prefix=198.51.100.1%2F32",
                 "{" TEST_DC("target-prefix") ":[\"198.51.100.1/32\"]}", 400,
                 "invalid-value");
    test_refuses("PUT", TEST_X "/matches", "{" TEST_DC("matches")
                 ":{\"udp\":{}}}", 400, "invalid-value");
    test_refuses("PUT", TEST_X "/matches/ipv6", "{" TEST_DC("ipv6")
                 ":{\"protocol\":17}}", 400, "invalid-value");

    /* 4.5: what it is in has to be there, the keys are those of the path */
    test_refuses("PUT", TEST_ACES "/ace=none/actions",
                 "{" TEST_DC("actions") ":{\"forwarding\":\"drop\"}}", 404,
                 "invalid-value");
    test_refuses("PUT", TEST_ACLS "/acl=none/aces", "{" TEST_DC("aces") ":{}}",
                 404, "invalid-value");
    test_refuses("PUT", TEST_DATA "/dots-client=none/aliases",
                 "{" TEST_DC("aliases") ":{}}", 404, "invalid-value");
    test_refuses("PUT", TEST_ACES "/ace=z", "{" TEST_DC("ace") ":["
                 TEST_ACE("zz", "7") "]}", 400, "invalid-value");
    test_refuses("PUT", TEST_ACES "/ace=z", "{" TEST_DC("ace")
                 ":[{\"actions\":{\"forwarding\":\"drop\"}}]}", 400,
                 "missing-attribute");
}


static void
test_put_shapes(void **state)
{
    size_t  i;

    static const struct {
        const char *uri;
        const char *body;
        const char *tag;
    } bad[] = {
        { TEST_ONE "/target-port-range=80/upper-port", "{}",
          "invalid-value" },
        { TEST_ONE "/target-port-range=80/upper-port", "[]",
          "malformed-message" },
        { TEST_ONE "/target-port-range=80/upper-port",
          "{\"upper-port\":81}", "unknown-element" },
        { TEST_ONE "/target-port-range=80/upper-port",
          "{" TEST_DC("lower-port") ":81}", "unknown-element" },
        { TEST_ONE "/target-port-range=80/upper-port",
          "{" TEST_DC("upper-port") ":[81]}", "invalid-value" },
        { TEST_ONE "/target-port-range=80/upper-port",
          "{" TEST_DC("upper-port") ":\"81\"}", "invalid-value" },
        { TEST_ONE "/target-port-range=80",
          "{" TEST_DC("target-port-range") ":{\"lower-port\":80}}",
          "invalid-value" },
        { TEST_ONE "/target-port-range=80",
          "{" TEST_DC("target-port-range") ":[]}", "invalid-value" },
        { TEST_ONE "/target-prefix=192.0.2.1%2F32",
          "{" TEST_DC("target-prefix") ":\"192.0.2.1/32\"}",
          "invalid-value" },
        { TEST_ACES, "{" TEST_DC("aces") ":[]}", "invalid-value" },
        { TEST_ACES, "{" TEST_DC("aces") ":{\"x\":1}}", "unknown-element" },
        { TEST_ACES, "{" TEST_DC("aces") ":{\"ace\":{}}}",
          "invalid-value" },
        { TEST_ACES, "{" TEST_DC("aces") ":{\"ace\":[1]}}",
          "invalid-value" },
        { TEST_ACES, "{" TEST_DC("aces") ":{\"ace\":[{\"name\":\"x\","
          "\"@name\":{}}]}}", "unknown-attribute" },
        { TEST_ACES, "{" TEST_DC("aces") ":{\"ace\":[],"
          "\"ietf-dots-data-channel:ace\":[" TEST_ACE("x", "1") "]," "\"ace\""
          ":[]}}", "malformed-message" },
        { TEST_ACES, "{" TEST_DC("aces") ":{\"ace\":[" TEST_ACE("x", "1")
          "],\"ietf-dots-data-channel:ace\":[" TEST_ACE("x", "1") "]}}",
          "invalid-value" },
        { TEST_ACES, "{" TEST_DC("aces") ":{\"ace\":[" TEST_ACE("x", "1") ","
          TEST_ACE("x", "2") "]}}", "invalid-value" },
        { TEST_CLIENT, "{" TEST_DC("dots-client") ":[{\"cuid\":\"c\","
          "\"aliases\":{\"alias\":[" TEST_ALIAS_ONE "," TEST_ALIAS_ONE "]}}]}",
          "invalid-value" },
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        test_refuses("PUT", bad[i].uri, bad[i].body, 400, bad[i].tag);
    }
}


/* ---- POST ---- */

static void
test_post(void **state)
{
    (void) state;

    test_does("POST", TEST_ACES, "{" TEST_DC("ace") ":[" TEST_ACE("z/z", "9")
              "]}", 201);
    assert_string_equal(test_location, TEST_URI TEST_ACES "/ace=z%2Fz");
    test_refuses("POST", TEST_ACES, "{" TEST_DC("ace") ":["
                 TEST_ACE("z/z", "9") "]}", 409, "resource-denied");

    test_does("POST", TEST_ONE, "{" TEST_DC("target-prefix")
              ":[\"192.0.2.77/32\"]}", 201);
    assert_string_equal(test_location,
                        TEST_URI TEST_ONE "/target-prefix=192.0.2.77%2F32");
    test_does("POST", TEST_ONE "/target-port-range=80",
              "{" TEST_DC("upper-port") ":90}", 201);
    assert_string_equal(test_location, TEST_URI TEST_ONE
                        "/target-port-range=80/upper-port");
    test_refuses("POST", TEST_ONE "/target-port-range=80",
                 "{" TEST_DC("upper-port") ":91}", 409, "resource-denied");
    test_refuses("POST", TEST_ONE, "{" TEST_DC("pending-lifetime") ":1}", 400,
                 "invalid-value");
    test_refuses("POST", TEST_ONE, "{" TEST_DC("target-prefix")
                 ":[\"192.0.2.78/32\",\"192.0.2.79/32\"]}", 400,
                 "invalid-value");
    test_refuses("POST", TEST_ACLS "/acl=none", "{" TEST_DC("aces") ":{}}",
                 404, "invalid-value");

    /* the datastore: "dots-data" exists, created are the dots-clients */
    test_does("POST", "/data", "{" TEST_DC("dots-data") ":{\"dots-client\":"
              "[{\"cuid\":\"new\",\"aliases\":{\"alias\":[" TEST_ALIAS_ONE
              "]}}]}}", 201);
    assert_string_equal(test_location,
                        TEST_URI TEST_DATA "/dots-client=new");
    test_does("GET", TEST_DATA "/dots-client=new/aliases/alias=one", NULL,
              200);
    test_refuses("POST", "/data", "{" TEST_DC("dots-data") ":{\"dots-client\":"
                 "[{\"cuid\":\"new\"}]}}", 409, "resource-denied");
    test_refuses("POST", "/data", "{" TEST_DC("dots-data") ":{}}", 409,
                 "resource-denied");
    test_refuses("POST", TEST_DATA, "{" TEST_DC("dots-client") ":[{\"cuid\":"
                 "\"other\"}]}", 409, "resource-denied");
    test_refuses("POST", TEST_DATA, "{" TEST_DC("capabilities") ":{}}", 400,
                 "invalid-value");
}


/* ---- PATCH ---- */

static void
test_patch(void **state)
{
    (void) state;

    /* 4.6.1: merged, not replaced; a key need not be said */
    test_does("PATCH", TEST_ONE, "{" TEST_DC("alias") ":[{\"target-protocol\":"
              "[17],\"target-port-range\":[{\"lower-port\":80,\"upper-port\":"
              "88},{\"lower-port\":8080}]}]}", 204);
    test_gets(TEST_ONE "?content=config", "{" TEST_DC("alias")
              ":[{\"name\":\"one\",\"target-prefix\":[\"192.0.2.1/32\"],"
              "\"target-port-range\":[{\"lower-port\":80,\"upper-port\":88},"
              "{\"lower-port\":443,\"upper-port\":444},{\"lower-port\":8080}],"
              "\"target-protocol\":[6,17]}]}");

    /* another case of a choice ends the one that is there */
    test_does("PATCH", TEST_X "/matches", "{" TEST_DC("matches")
              ":{\"tcp\":{\"source-port-range-or-operator\":{\"lower-port\":1,"
              "\"upper-port\":2}}}}", 204);
    test_gets(TEST_X "/matches", "{" TEST_DC("matches") ":{\"ipv4\":"
              "{\"destination-ipv4-network\":\"192.0.2.0/24\"},\"tcp\":"
              "{\"source-port-range-or-operator\":{\"lower-port\":1,"
              "\"upper-port\":2}}}}");
    test_does("PATCH", TEST_X
              "/matches/tcp/source-port-range-or-operator", "{"
              TEST_DC("source-port-range-or-operator") ":{\"port\":9}}", 204);
    test_gets(TEST_X "/matches/tcp", "{" TEST_DC("tcp")
              ":{\"source-port-range-or-operator\":{\"port\":9}}}");

    /* of all that is there, one dots-client at a time */
    test_does("PATCH", "/data", "{\"ietf-restconf:data\":{"
              TEST_DC("dots-data") ":{\"dots-client\":[{\"cuid\":\"c\","
              "\"aliases\":{\"alias\":[{\"name\":\"three\",\"target-prefix\":"
              "[\"192.0.2.3/32\"]}]}}]}}}", 204);
    test_does("GET", TEST_ALIASES "/alias=three", NULL, 200);
    test_does("GET", TEST_ONE, NULL, 200);
    test_does("PATCH", TEST_DATA, "{" TEST_DC("dots-data") ":{}}", 204);
    test_refuses("PATCH", TEST_DATA, "{" TEST_DC("dots-data")
                 ":{\"dots-client\":[{\"cuid\":\"c\"},{\"cuid\":\"d\"}]}}",
                 400, "invalid-value");
    test_refuses("PATCH", TEST_DATA, "{" TEST_DC("dots-data")
                 ":{\"dots-client\":[{\"cuid\":\"other\"}]}}", 409,
                 "resource-denied");

    /* 4.6: it creates nothing but what is within */
    test_refuses("PATCH", TEST_ALIASES "/alias=none", "{" TEST_DC("alias")
                 ":[" TEST_ALIAS_ONE "]}", 404, "invalid-value");
    test_refuses("PATCH", TEST_ALIASES "/alias=none", "{" TEST_DC("alias")
                 ":[{\"name\":\"none\"}]}", 404, "invalid-value");
    test_refuses("PATCH", TEST_ONE, "{" TEST_DC("alias") ":[{\"name\":\"two\"}"
                 "]}", 400, "invalid-value");
    test_refuses("PATCH", TEST_ONE, "{" TEST_DC("alias") ":[{\"target-prefix\""
                 ":[\"198.51.100.9/32\"]}]}", 400, "invalid-value");
}


/* ---- DELETE ---- */

static void
test_delete(void **state)
{
    (void) state;

    test_does("DELETE", TEST_ONE "/target-port-range=443/upper-port", NULL,
              204);
    test_does("DELETE", TEST_ONE "/target-port-range=80", NULL, 204);
    test_does("DELETE", TEST_ONE "/target-protocol=6", NULL, 204);
    test_gets(TEST_ONE "?content=config", "{" TEST_DC("alias")
              ":[{\"name\":\"one\",\"target-prefix\":[\"192.0.2.1/32\"],"
              "\"target-port-range\":[{\"lower-port\":443}]}]}");
    test_refuses("DELETE", TEST_ONE "/target-protocol=6", NULL, 404,
                 "invalid-value");

    /* nothing but a default is not there to be deleted */
    test_refuses("DELETE", TEST_P "/activation-type", NULL, 404,
                 "invalid-value");

    /* what an entry can't be without */
    test_refuses("DELETE", TEST_ONE "/target-prefix=192.0.2.1%2F32", NULL, 400,
                 "missing-attribute");
    test_refuses("DELETE", TEST_X "/actions/forwarding", NULL, 400,
                 "missing-attribute");
    test_refuses("DELETE", TEST_X "/matches/udp/"
                 "destination-port-range-or-operator", NULL, 400,
                 "invalid-value");

    test_does("DELETE", TEST_X, NULL, 204);
    test_does("DELETE", TEST_ACES "/ace=y", NULL, 204);
    test_gets(TEST_ACES, "{" TEST_DC("aces") ":{}}");
    test_does("DELETE", TEST_ACES, NULL, 204);

    /* containers that are always there can be emptied, again and again */
    test_does("DELETE", TEST_ALIASES, NULL, 204);
    test_does("DELETE", TEST_ALIASES, NULL, 204);
    test_gets(TEST_ALIASES, "{" TEST_DC("aliases") ":{}}");
    test_does("DELETE", TEST_ACLS, NULL, 204);
    test_order("");
    test_does("DELETE", TEST_CLIENT, NULL, 204);
    test_refuses("DELETE", TEST_ALIASES, NULL, 404, "invalid-value");
    test_refuses("DELETE", TEST_CLIENT, NULL, 404, "invalid-value");
}


/* A client's own part of what is everybody's, as it sees it: 4.5, 4.7. */

static void
test_own(void **state)
{
    (void) state;

    test_refuses("PUT", "/data", "{\"ietf-restconf:data\":{"
                 TEST_DC("dots-data") ":{\"dots-client\":[{\"cuid\":"
                 "\"other\"}]}}}", 409, "resource-denied");
    test_refuses("PUT", TEST_DATA, "{" TEST_DC("dots-data")
                 ":{\"dots-client\":[{\"cuid\":\"c\"},{\"cuid\":\"d\"}]}}",
                 400, "invalid-value");
    test_does("PUT", "/data", "{\"ietf-restconf:data\":{"
              TEST_DC("dots-data") ":{\"dots-client\":[{\"cuid\":\"d\"}]}}}",
              204);
    test_gets(TEST_DATA "?content=config", "{" TEST_DC("dots-data")
              ":{\"dots-client\":[{\"cuid\":\"d\"}]}}");
    test_does("PUT", TEST_DATA, "{" TEST_DC("dots-data")
              ":{\"dots-client\":[{\"cuid\":\"d\",\"aliases\":{\"alias\":["
              TEST_ALIAS_TWO "]}}]}}", 204);
    test_does("GET", TEST_DATA "/dots-client=d/aliases/alias=two", NULL, 200);
    test_does("DELETE", TEST_DATA, NULL, 204);
    test_gets(TEST_DATA "?content=config", "{" TEST_DC("dots-data") ":{}}");

    /* the others' is what it was */
    assert_int_equal(test_as(test_b, "GET", TEST_DATA "/dots-client=other",
                             NULL), 200);
    test_refuses("DELETE", "/data", NULL, 405, "operation-not-supported");
}


/* ---- the order of ACLs, and of their entries ---- */

#define TEST_POINT(name)                                                      \
    "point=%2Fietf-dots-data-channel%3Adots-data%2Fdots-client%3Dc%2Facls"    \
    "%2Facl%3D" name
#define TEST_ACL_S "{" TEST_DC("acl") ":[" TEST_ACL("s", TEST_ACE("x", "3"))  \
                   "]}"

static void
test_insert(void **state)
{
    (void) state;

    test_order("pqr");
    test_does("PUT", TEST_ACLS "/acl=s?insert=first", TEST_ACL_S, 201);
    test_order("spqr");
    test_does("PUT", TEST_ACLS "/acl=s?insert=after&" TEST_POINT("q"),
              TEST_ACL_S, 204);
    test_order("pqsr");

    /* erratum 6277: without "insert" it stays */
    test_does("PUT", TEST_ACLS "/acl=s", TEST_ACL_S, 204);
    test_order("pqsr");
    test_does("PUT", TEST_ACLS "/acl=s?insert=last", TEST_ACL_S, 204);
    test_order("pqrs");
    test_does("PUT", TEST_ACLS "/acl=s?insert=before&" TEST_POINT("p"),
              TEST_ACL_S, 204);
    test_order("spqr");
    test_does("PUT", TEST_ACLS "/acl=s?insert=before&" TEST_POINT("s"),
              TEST_ACL_S, 204);
    test_order("spqr");

    test_does("DELETE", TEST_ACLS "/acl=s", NULL, 204);
    test_does("POST", TEST_CLIENT "?insert=after&" TEST_POINT("p"),
              "{" TEST_DC("acls") ":{\"acl\":[{\"name\":\"1\"},"
              "{\"name\":\"2\"},{\"name\":\"3\"}]}}", 201);
    test_order("p123qr");
    test_does("POST", TEST_ACLS "?insert=before&" TEST_POINT("1"), TEST_ACL_S,
              201);
    test_order("ps123qr");

    /* section 4.8.6: what Location tells is a target resource URI, too */

    test_does("PUT", TEST_ACLS "/acl=s?insert=after&point=https%3A%2F%2F"
              "dots.example%3A8443%2Frestconf%2Fdata%2Fietf-dots-data-channel"
              "%3Adots-data%2Fdots-client%3Dc%2Facls%2Facl%3Dr", TEST_ACL_S,
              204);
    test_order("p123qrs");
    test_refuses("PUT", TEST_ACLS "/acl=s?insert=before&point=https%3A%2F%2F"
                 "dots.example%2Frestconf%2Fdata%2Fietf-dots-data-channel"
                 "%3Adots-data%2Fdots-client%3Dc%2Facls%2Facl%3Dr",
                 TEST_ACL_S, 400, "invalid-value");
    test_refuses("PUT", TEST_ACLS "/acl=s?insert=before&point=https%3A%2F%2F"
                 "dots.example%3A8443%2Fietf-dots-data-channel%3Adots-data%2F"
                 "dots-client%3Dc%2Facls%2Facl%3Dr", TEST_ACL_S, 400,
                 "invalid-value");

    /* between neighbours without room the others move up */
    test_does("PUT", TEST_ACLS, "{" TEST_DC("acls") ":{\"acl\":[{\"name\":"
              "\"r\"},{\"name\":\"s\"},{\"name\":\"p\"}]}}", 204);
    test_order("rsp");

    test_refuses("PUT", TEST_ACLS "/acl=s?insert=before&" TEST_POINT("none"),
                 TEST_ACL_S, 400, "invalid-value");
    test_refuses("PUT", TEST_ACLS "/acl=s?insert=before", TEST_ACL_S, 400,
                 "invalid-value");
    test_refuses("PUT", TEST_ACLS "/acl=s?" TEST_POINT("p"), TEST_ACL_S, 400,
                 "invalid-value");
    test_refuses("PUT", TEST_ONE "?insert=first", "{" TEST_DC("alias") ":["
                 TEST_ALIAS_ONE "]}", 400, "invalid-value");
    test_refuses("DELETE", TEST_ONE "?insert=first", NULL, 400,
                 "invalid-value");
}


static void
test_insert_within(void **state)
{
    (void) state;

    test_does("POST", TEST_ACES "?insert=after&" TEST_POINT("p")
              "%2Faces%2Face%3Dx", "{" TEST_DC("ace") ":[" TEST_ACE("z", "9")
              "]}", 201);
    test_does("GET", TEST_ACES, NULL, 200);
    assert_non_null(strstr(test_text, "\"name\":\"x\""));
    assert_true(strstr(test_text, "\"name\":\"z\"")
                > strstr(test_text, "\"name\":\"x\""));
    assert_true(strstr(test_text, "\"name\":\"z\"")
                < strstr(test_text, "\"name\":\"y\""));

    /* a point in another list */
    test_refuses("POST", TEST_ACES "?insert=after&" TEST_POINT("q")
                 "%2Faces%2Face%3Dx", "{" TEST_DC("ace") ":["
                 TEST_ACE("zz", "9") "]}", 400, "invalid-value");
}


/* Squeezed in a thousand times, whatever the ranks look like by then. */

static void
test_insert_many(void **state)
{
    int     i;
    char    body[256], expected[64];

    (void) state;

    for (i = 0; i < 60; i++) {
        (void) snprintf(body, sizeof(body), "{" TEST_DC("acl") ":[{\"name\":"
                        "\"%c\"}]}", "st"[i % 2]);
        test_does("PUT", i % 2 ? TEST_ACLS "/acl=t?insert=before&"
                                 TEST_POINT("q")
                               : TEST_ACLS "/acl=s?insert=after&"
                                 TEST_POINT("p"), body, i < 2 ? 201 : 204);
    }

    (void) snprintf(expected, sizeof(expected), "pstqr");
    test_order(expected);
}


/* ---- what others do in between ---- */

static void
test_meanwhile(host_t *h)
{
    size_t  i;

    /* somebody writes the alias again and again, or only so often */

    i = host_find(h, DOTS_CHANGE_ALIAS, test_a, test_str("c"),
                  test_str("one"));

    if (i != HOST_RECORDS && h->commits < 5) {
        h->records[i].data[h->records[i].len - 1] ^= 1;
    }
}


static void
test_ever(host_t *h)
{
    size_t  i;

    i = host_find(h, DOTS_CHANGE_ALIAS, test_a, test_str("c"),
                  test_str("one"));
    h->records[i].data[h->records[i].len - 1] ^= 1;
}


static void
test_retry(void **state)
{
    (void) state;

    test_host.commits = 0;
    test_host.before = test_meanwhile;
    test_does("PATCH", TEST_ONE, "{" TEST_DC("alias") ":[{\"target-protocol\":"
              "[17]}]}", 204);
    assert_int_equal(test_host.commits, 5);

    test_host.before = test_ever;
    (void) test_request("PATCH", TEST_ONE, "{" TEST_DC("alias")
                        ":[{\"target-protocol\":[1]}]}");
    assert_int_equal(test_status, 409);
    assert_non_null(strstr(test_text, "\"in-use\""));
    test_host.before = NULL;
}


/* What is new in a list that was read as a whole counts, too. */

static void
test_phantom_add(host_t *h)
{
    h->before = NULL;
    test_does("PUT", TEST_ALIASES "/alias=phantom", "{" TEST_DC("alias")
              ":[{\"name\":\"phantom\",\"target-prefix\":[\"192.0.2.9/32\"]}]}",
              201);
    test_dones = 0;
}


static void
test_phantom(void **state)
{
    (void) state;

    test_host.before = test_phantom_add;
    test_does("DELETE", TEST_ALIASES, NULL, 204);
    test_gets(TEST_ALIASES, "{" TEST_DC("aliases") ":{}}");
}


/* The client goes while the host is at work: nothing is left behind. */

static void
test_left(void **state)
{
    dots_restconf_t  *rc;

    (void) state;

    rc = calloc(1, sizeof(dots_restconf_t));
    assert_non_null(rc);

    rc->schema = test_schema;
    rc->customer = test_a;
    rc->method = test_str("PATCH");
    rc->uri = test_str(TEST_ONE);
    rc->root = test_str("/restconf");
    rc->content_type = test_str(TEST_JSON);
    rc->body = test_str("{" TEST_DC("alias") ":[{\"target-protocol\":[17]}]}");
    rc->now = TEST_NOW;
    rc->submit = host_submit;
    rc->done = test_done;
    rc->host = &test_host;

    test_host.defer = 1;
    test_dones = 0;

    dots_restconf_handle(rc);
    host_resume(&test_host);      /* read; now it is at the commit */
    dots_restconf_cancel(rc);
    free(rc);

    host_resume(&test_host);
    assert_int_equal(test_dones, 0);
    test_host.defer = 0;
}


/* Unchanged entries are not written: their lifetime runs on. */

static void
test_untouched(void **state)
{
    (void) state;

    test_now += 60 * 60000;

    test_does("PATCH", TEST_CLIENT, "{" TEST_DC("dots-client") ":[{\"aliases\""
              ":{\"alias\":[{\"name\":\"one\",\"target-protocol\":[17]}]}}]}",
              204);
    test_gets(TEST_ONE "/pending-lifetime",
              "{" TEST_DC("pending-lifetime") ":10080}");
    test_gets(TEST_ALIASES "/alias=two/pending-lifetime",
              "{" TEST_DC("pending-lifetime") ":10020}");

    /* nor does another place make one live longer */
    test_does("PUT", TEST_ACLS "/acl=s?insert=first", TEST_ACL_S, 201);
    test_gets(TEST_P "/pending-lifetime",
              "{" TEST_DC("pending-lifetime") ":10020}");
}


/* RFC 9244 section 8.1.6: entries of a list with a number for its key. */

#define TEST_MAP    TEST_CLIENT "/ietf-dots-mapping:vendor-mapping"
#define TEST_VENDOR "{\"vendor-id\":7,\"last-updated\":\"1\"}"

static void
test_vendors(void **state)
{
    static const char  body[] = "{\"ietf-dots-mapping:vendor\":[" TEST_VENDOR
                                "]}";

    (void) state;

    test_does("POST", TEST_MAP, body, 201);
    test_does("POST", TEST_MAP, body, 409);
    test_does("PUT", TEST_MAP "/vendor=7", body, 204);
    test_does("PUT", TEST_MAP "/vendor=8", body, 400);

    /* the same number, and beside it one that nobody looks into */

    test_does("PUT", TEST_MAP "/vendor=09",
              "{\"ietf-dots-mapping:vendor\":[{\"vendor-id\":9,"
              "\"last-updated\":\"2\"}]}", 201);
    test_does("PATCH", TEST_MAP,
              "{\"ietf-dots-mapping:vendor-mapping\":{\"vendor\":["
              "{\"vendor-id\":9,\"vendor-name\":\"n\"}]}}", 204);
    test_gets(TEST_MAP,
              "{\"ietf-dots-mapping:vendor-mapping\":{\"vendor\":[" TEST_VENDOR
              ",{\"vendor-id\":9,\"vendor-name\":\"n\","
              "\"last-updated\":\"2\"}]}}");

    test_does("DELETE", TEST_MAP "/vendor=7", NULL, 204);
    test_does("DELETE", TEST_MAP "/vendor=7", NULL, 404);
    test_does("DELETE", TEST_MAP, NULL, 204);
    test_gets(TEST_MAP, "{\"ietf-dots-mapping:vendor-mapping\":{}}");
}


/* Where something mandatory is missing error-path is what lacks it. */

static void
test_lacking(void **state)
{
    size_t  i;

    static const struct {
        const char *uri;
        const char *body;
        const char *path;
    } bad[] = {
        { TEST_CLIENT "/ietf-dots-mapping:vendor-mapping",
          "{\"ietf-dots-mapping:vendor-mapping\":{\"vendor\":["
          "{\"vendor-id\":6,\"last-updated\":\"1\"},{\"vendor-id\":7}]}}",
          "/ietf-dots-mapping:vendor-mapping/vendor[vendor-id='7']\"" },
        { TEST_CLIENT "/ietf-dots-mapping:vendor-mapping/vendor=7",
          "{\"ietf-dots-mapping:vendor\":[{\"vendor-id\":7,\"last-updated\":"
          "\"1\",\"attack-mapping\":[{\"attack-id\":1,\"attack-description\":"
          "\"x\"},{\"attack-id\":2},{\"attack-id\":3}]}]}",
          "/vendor[vendor-id='7']/attack-mapping[attack-id='2']\"" },
        { TEST_P, "{" TEST_DC("acl") ":[" TEST_ACL("p", TEST_ACE("x", "1")
          ",{\"name\":\"e\"}") "]}",
          "/acls/acl[name='p']/aces/ace[name='e']\"" },
        { TEST_P "/aces", "{" TEST_DC("aces") ":{\"ace\":["
          "{\"name\":\"e\",\"actions\":{}}]}}",
          "/acls/acl[name='p']/aces/ace[name='e']/actions\"" },
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        test_does("PUT", bad[i].uri, bad[i].body, 400);

        if (strstr(test_text, "missing-attribute") == NULL
            || strstr(test_text, bad[i].path) == NULL)
        {
            fail_msg("not %s: %s", bad[i].path, test_text);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test_case(test_lacking),
        test_case(test_nodes),
        test_case(test_vendors),
        test_case(test_put),
        test_case(test_put_shapes),
        test_case(test_post),
        test_case(test_patch),
        test_case(test_delete),
        test_case(test_own),
        test_case(test_insert),
        test_case(test_insert_within),
        test_case(test_insert_many),
        test_case(test_retry),
        test_case(test_phantom),
        test_case(test_left),
        test_case(test_untouched),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
