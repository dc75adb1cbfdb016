/*
 * XML to the JSON that stands for it and back: RFC 7950 sections 7 and 9, RFC
 * 7951, RFC 8040 sections 3.2 and 5.2, and what no document may do.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dots_data_xml.h"
#include "dots_place.h"
#include "dots_xml.h"


#define DATA  "xmlns=\"urn:ietf:params:xml:ns:yang:ietf-dots-data-channel\""
#define ACL   "xmlns:acl=\"urn:ietf:params:xml:ns:yang:"                       \
              "ietf-access-control-list\""
#define PATCH "xmlns=\"urn:ietf:params:xml:ns:yang:ietf-yang-patch\""
#define RC    "xmlns=\"urn:ietf:params:xml:ns:yang:ietf-restconf\""
#define J     "ietf-dots-data-channel:"

#define CLIENT "/ietf-dots-data-channel:dots-data/dots-client"


static dots_schema_t    *test_schema;
static dots_arena_t     *test_arena;
static dots_exchange_t   test_x;
static dots_restconf_t   test_rc;


static int
test_setup(void **state)
{
    char  err[512];

    (void) state;

    test_schema = dots_schema_load(SOURCE_DIR "/schemas", err, sizeof(err));

    if (test_schema == NULL) {
        fprintf(stderr, "%s\n", err);
    }

    return test_schema == NULL;
}


static int
test_teardown(void **state)
{
    (void) state;

    dots_schema_free(test_schema);

    return 0;
}


static int
test_begin(void **state)
{
    (void) state;

    test_arena = dots_arena_create(DOTS_RESTCONF_ARENA);

    memset(&test_x, 0, sizeof(test_x));
    memset(&test_rc, 0, sizeof(test_rc));

    test_rc.schema = test_schema;
    test_rc.arena = test_arena;
    test_x.rc = &test_rc;

    return test_arena == NULL;
}


static int
test_end(void **state)
{
    (void) state;

    dots_arena_destroy(test_arena);

    return 0;
}


/* "target" as an api-path after {+restconf}/data; empty: the datastore. */

static const struct lysc_node *
test_target(const char *target)
{
    dots_api_path_t  path;

    assert_int_equal(dots_api_path_parse(&path,
                                         dots_str(target, strlen(target)),
                                         test_arena),
                     DOTS_OK);

    return dots_place_path(test_schema, path.segments, path.n);
}


static int
test_parse(const char *target, const char *xml, size_t len, json_t **root)
{
    int    rc;
    char  *copy;

    /* the exact size, for ASan */
    copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, xml, len);

    test_rc.body = dots_str(copy, len);
    rc = dots_data_xml_read(&test_x, test_target(target), root);

    free(copy);

    return rc;
}


static void
test_read(const char *target, const char *xml, const char *json)
{
    json_t  *root, *expected;

    if (test_parse(target, xml, strlen(xml), &root) != DOTS_OK) {
        fail_msg("%s: %s", xml, test_x.error.message);
    }

    expected = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(expected);

    if (!json_equal(root, expected)) {
        fail_msg("%s: %s", xml, json_dumps(root, JSON_COMPACT));
    }

    json_decref(root);
    json_decref(expected);
}


static void
test_refused_len(const char *target, const char *xml, size_t len,
    unsigned status, dots_error_tag_t tag, const char *message)
{
    json_t  *root;

    memset(&test_x.error, 0, sizeof(test_x.error));

    assert_int_equal(test_parse(target, xml, len, &root), DOTS_INVALID);
    assert_int_equal(test_x.error.status, status);

    if (test_x.error.tag != tag || !strstr(test_x.error.message, message)) {
        fail_msg("%.*s: %d, %s", (int) len, xml, test_x.error.tag,
                 test_x.error.message);
    }
}


static void
test_refused(const char *target, const char *xml, dots_error_tag_t tag,
    const char *message)
{
    test_refused_len(target, xml, strlen(xml), 400, tag, message);
}


static void
test_written(const char *target, const char *json, const char *xml)
{
    dots_str_t  text;

    assert_int_equal(dots_data_xml_write(test_schema, test_target(target),
                                         dots_str(json, strlen(json)),
                                         test_arena, &text),
                     DOTS_OK);

    if (!dots_str_eq(text, dots_str(xml, strlen(xml)))) {
        fail_msg("%s: %.*s", json, (int) text.len, (const char *) text.data);
    }
}


/* ---- in ---- */

static void
test_in_kinds(void **state)
{
    (void) state;

    /* lists and leaf-lists are arrays, also of one; numbers are numbers */

    test_read(CLIENT "=c/aliases",
              "<?xml version='1.0' encoding='utf-8'?>\n<!-- an alias -->"
              "<alias " DATA ">\n  <name>&lt;a&amp;&#x62;&gt;</name>\n"
              "  <target-protocol>6</target-protocol>"
              "  <target-prefix><![CDATA[192.0.2.1/32]]></target-prefix>"
              "  <target-protocol>17</target-protocol>"
              "  <target-port-range><lower-port>80</lower-port>"
              "</target-port-range></alias>\n",
              "{\"" J "alias\":[{\"name\":\"<a&b>\",\"target-protocol\":[6,17],"
              "\"target-prefix\":[\"192.0.2.1/32\"],\"target-port-range\":"
              "[{\"lower-port\":80}]}]}");

    /* the resource itself, in a prefix, and without content */

    test_read(CLIENT "=c/aliases",
              "<d:aliases xmlns:d=\"urn:ietf:params:xml:ns:yang:"
              "ietf-dots-data-channel\"/>",
              "{\"" J "aliases\":{}}");

    /* RFC 8783 figure 25: the parent */

    test_read(CLIENT "=c/acls/acl=x",
              "<acls " DATA "><acl><name>x</name></acl></acls>",
              "{\"" J "acls\":{\"acl\":[{\"name\":\"x\"}]}}");

    test_read("", "<dots-data " DATA "><dots-client><cuid>c</cuid>"
              "</dots-client></dots-data>",
              "{\"" J "dots-data\":{\"dots-client\":[{\"cuid\":\"c\"}]}}");

    test_read("", "<data " RC "><dots-data " DATA "/></data>",
              "{\"ietf-restconf:data\":{\"" J "dots-data\":{}}}");

    test_read(CLIENT "=c/cdid", "<cdid " DATA ">x</cdid>",
              "{\"" J "cdid\":\"x\"}");
}


static void
test_in_values(void **state)
{
    (void) state;

    test_read(CLIENT "=c/acls",
              "<acl " DATA "><name>x</name>"
              "<type " ACL ">acl:ipv4-acl-type</type>"
              "<aces><ace><name>r</name><matches><ipv4><ttl>1</ttl>"
              "<flags>reserved fragment</flags></ipv4></matches>"
              "<actions><forwarding " ACL ">acl:drop</forwarding>"
              "<rate-limit>20.5</rate-limit></actions>"
              "<statistics><matched-packets>12345678901</matched-packets>"
              "</statistics></ace></aces></acl>",
              "{\"" J "acl\":[{\"name\":\"x\",\"type\":"
              "\"ietf-access-control-list:ipv4-acl-type\",\"aces\":{\"ace\":["
              "{\"name\":\"r\",\"matches\":{\"ipv4\":{\"ttl\":1,\"flags\":"
              "\"reserved fragment\"}},\"actions\":{\"forwarding\":"
              "\"ietf-access-control-list:drop\",\"rate-limit\":\"20.5\"},"
              "\"statistics\":{\"matched-packets\":\"12345678901\"}}]}}]}");

    /* what is no number, no boolean, no known prefix: the schema's to refuse */

    test_read(CLIENT "=c/aliases",
              "<alias " DATA "><target-protocol>6 </target-protocol>"
              "<target-protocol>0x6</target-protocol>"
              "<target-protocol></target-protocol>"
              "<target-protocol>99999999999999999999</target-protocol>"
              "<target-protocol>-1</target-protocol></alias>",
              "{\"" J "alias\":[{\"target-protocol\":[\"6 \",\"0x6\",\"\","
              "\"99999999999999999999\",-1]}]}");

    test_read(CLIENT "=c/acls",
              "<acl " DATA "><type>ipv4-acl-type</type></acl>",
              "{\"" J "acl\":[{\"type\":\"ipv4-acl-type\"}]}");
    test_read(CLIENT "=c/acls",
              "<acl " DATA "><type>y:ipv4-acl-type</type></acl>",
              "{\"" J "acl\":[{\"type\":\"y:ipv4-acl-type\"}]}");

    test_read("", "<dots-data " DATA "><capabilities><ipv4><ttl>true</ttl>"
              "<length>yes</length></ipv4></capabilities></dots-data>",
              "{\"" J "dots-data\":{\"capabilities\":{\"ipv4\":{\"ttl\":true,"
              "\"length\":\"yes\"}}}}");
}


/* RFC 8072 section 2.5: a value is about what its edit's target names. */

static void
test_in_patch(void **state)
{
    (void) state;

    test_read(CLIENT "=c",
              "<yang-patch " PATCH "><patch-id>p</patch-id>"
              "<edit><edit-id>1</edit-id><operation>create</operation>"
              "<value><alias " DATA "><name>a</name></alias></value>"
              "<target>/aliases/alias=a</target></edit>"
              "<edit><edit-id>2</edit-id><operation>replace</operation>"
              "<target>/acls/acl=x/name</target>"
              "<value><name " DATA ">x</name></value></edit>"
              "<edit><edit-id>3</edit-id><operation>delete</operation>"
              "<target>/nothing</target></edit></yang-patch>",
              "{\"ietf-yang-patch:yang-patch\":{\"patch-id\":\"p\",\"edit\":["
              "{\"edit-id\":\"1\",\"operation\":\"create\",\"value\":{\"" J
              "alias\":[{\"name\":\"a\"}]},\"target\":\"/aliases/alias=a\"},"
              "{\"edit-id\":\"2\",\"operation\":\"replace\",\"target\":"
              "\"/acls/acl=x/name\",\"value\":{\"" J "name\":\"x\"}},"
              "{\"edit-id\":\"3\",\"operation\":\"delete\",\"target\":"
              "\"/nothing\"}]}}");

    test_read("",
              "<yang-patch " PATCH "><patch-id>p</patch-id><edit>"
              "<target>" CLIENT "=c</target><value><dots-client " DATA ">"
              "<cuid>c</cuid></dots-client></value></edit></yang-patch>",
              "{\"ietf-yang-patch:yang-patch\":{\"patch-id\":\"p\",\"edit\":["
              "{\"target\":\"" CLIENT "=c\",\"value\":{\"" J "dots-client\":["
              "{\"cuid\":\"c\"}]}}]}}");

    test_refused(CLIENT "=c",
                 "<yang-patch " PATCH "><edit><target>/aliases</target><value>"
                 "<surprise " DATA "/></value></edit></yang-patch>",
                 DOTS_TAG_UNKNOWN_ELEMENT, "surprise");
}


static void
test_in_unknown(void **state)
{
    (void) state;

    test_refused(CLIENT "=c", "<alias xmlns=\"urn:x\"/>",
                 DOTS_TAG_UNKNOWN_ELEMENT, "urn:x");
    test_refused(CLIENT "=c", "<aliases/>", DOTS_TAG_UNKNOWN_ELEMENT,
                 "aliases");
    test_refused(CLIENT "=c", "<alias " DATA "/>", DOTS_TAG_UNKNOWN_ELEMENT,
                 "alias");
    test_refused(CLIENT "=c", "<aliases " DATA "><alias><surprise/></alias>"
                 "</aliases>", DOTS_TAG_UNKNOWN_ELEMENT, "surprise");
    test_refused(CLIENT "=c", "<aliases " DATA "><alias xmlns=\"\"/>"
                 "</aliases>", DOTS_TAG_UNKNOWN_ELEMENT, "alias");
    test_refused(CLIENT "=c", "<aliases " DATA " x=\"y\"/>",
                 DOTS_TAG_UNKNOWN_ATTRIBUTE, "\"x\"");
    test_refused(CLIENT "=c", "<aliases " DATA
                 " xmlns:yang=\"urn:ietf:params:xml:ns:yang:1\""
                 " yang:insert=\"first\"/>",
                 DOTS_TAG_UNKNOWN_ATTRIBUTE, "yang:insert");
}


static void
test_in_malformed(void **state)
{
    size_t             i;
    static const char *bad[] = {
        "", " ", "x", "{}", "<aliases", "<aliases " DATA ">",
        "<aliases " DATA "></alias>", "<aliases " DATA "/>x",
        "<aliases " DATA "/><aliases " DATA "/>",
        "<aliases " DATA "><alias/>x</aliases>",
        "<aliases " DATA ">x<alias/></aliases>",
        "<aliases " DATA "><alias><name>&#0;</name></alias></aliases>",
        "<aliases " DATA "><alias><name>&#1;</name></alias></aliases>",
        "<aliases " DATA "><alias><name>\xff</name></alias></aliases>",
        "<aliases " DATA "><alias><name>\xed\xa0\x80</name></alias></aliases>",
        "<aliases " DATA "><alias><name>&nbsp;</name></alias></aliases>",
        "<y:aliases " DATA "/>", "<:aliases " DATA "/>",
        "<aliases: " DATA "/>", "<a:b:c " DATA "/>",
        "<aliases " DATA " xmlns:y=\"\"/>",
        "<aliases " DATA " " DATA "/>",
        "<?xml version='1.0' encoding='ISO-8859-1'?><aliases " DATA "/>",
        "<?xml version='1.0' encoding='UTF-16'?><aliases " DATA "/>",
        "<!DOCTYPE aliases><aliases " DATA "/>",
        "<!DOCTYPE aliases SYSTEM \"file:///etc/passwd\"><aliases " DATA "/>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"
        "<aliases " DATA ">&x;</aliases>",
        "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">"
        "<!ENTITY c \"&b;&b;&b;&b;\">]><aliases " DATA ">&c;</aliases>",
        "<!DOCTYPE a [<!ENTITY % p SYSTEM \"http://x/\">%p;]><aliases "
        DATA "/>",
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        test_refused(CLIENT "=c", bad[i], DOTS_TAG_MALFORMED, "");
    }

    /* RFC 8783 section 6.1: it can be read, and does not fit */

    test_refused(CLIENT "=c", "<aliases " DATA ">x</aliases>",
                 DOTS_TAG_INVALID_VALUE, "has text");
    test_refused(CLIENT "=c", "<aliases " DATA "><alias><name><b/></name>"
                 "</alias></aliases>", DOTS_TAG_INVALID_VALUE, "a value");
    test_refused(CLIENT "=c", "<aliases " DATA "><alias><name>a</name>"
                 "<name>a</name></alias></aliases>", DOTS_TAG_INVALID_VALUE,
                 "twice");

    test_refused_len(CLIENT "=c", "\xff\xfe<\0a\0/\0>\0", 10, 400,
                     DOTS_TAG_MALFORMED, "UTF-8");
    test_refused_len(CLIENT "=c", "<\0a\0/\0>\0", 8, 400, DOTS_TAG_MALFORMED,
                     "UTF-8");
    test_refused_len(CLIENT "=c", "\0<\0a\0/\0>", 8, 400, DOTS_TAG_MALFORMED,
                     "UTF-8");
}


static void
test_in_bounds(void **state)
{
    char   *text;
    size_t  i, n;

    (void) state;

    text = malloc(1024 * 1024);
    assert_non_null(text);

    /* depth: refused as soon as it is met, whatever comes */

    for (i = 0, n = 0; i < 200000; i++) {
        n += (size_t) sprintf(text + n, "<a>");
    }

    test_refused_len(CLIENT "=c", text, n, 400, DOTS_TAG_MALFORMED,
                     "too deeply");

    n = (size_t) sprintf(text, "<aliases " DATA ">");

    for (i = 0; i < 33000; i++) {
        n += (size_t) sprintf(text + n, "<alias/>");
    }

    test_refused_len(CLIENT "=c", text, n, 413, DOTS_TAG_TOO_BIG,
                     "too many entries");

    n = (size_t) sprintf(text, "<aliases " DATA);

    for (i = 0; i < 20000; i++) {
        n += (size_t) sprintf(text + n, " xmlns:n%zu=\"urn:n\"", i);
    }

    n += (size_t) sprintf(text + n, "/>");

    test_refused_len(CLIENT "=c", text, n, 400, DOTS_TAG_MALFORMED,
                     "too many namespaces");

    free(text);
}


/* ---- out ---- */

static void
test_out(void **state)
{
    (void) state;

    test_written(CLIENT "=c/aliases/alias=a",
                 "{\"" J "alias\":[{\"name\":\"<a&\\\"b\\\">\","
                 "\"target-protocol\":[6,17],\"target-port-range\":"
                 "[{\"lower-port\":80}],\"pending-lifetime\":10}]}",
                 "<alias " DATA "><name>&lt;a&amp;&quot;b&quot;&gt;</name>"
                 "<target-protocol>6</target-protocol><target-protocol>17"
                 "</target-protocol><target-port-range><lower-port>80"
                 "</lower-port></target-port-range><pending-lifetime>10"
                 "</pending-lifetime></alias>");

    test_written(CLIENT "=c/acls/acl=x",
                 "{\"" J "acl\":[{\"name\":\"ietf-access-control-list:drop\","
                 "\"type\":\"ietf-access-control-list:ipv4-acl-type\"}]}",
                 "<acl " DATA "><name>ietf-access-control-list:drop</name>"
                 "<type " ACL ">acl:ipv4-acl-type</type></acl>");

    test_written("/ietf-dots-data-channel:dots-data",
                 "{\"" J "dots-data\":{\"capabilities\":{\"address-family\":"
                 "[\"ipv4\"],\"forwarding-actions\":[\"ietf-access-control-"
                 "list:drop\"],\"rate-limit\":false}}}",
                 "<dots-data " DATA "><capabilities><address-family>ipv4"
                 "</address-family><forwarding-actions " ACL ">acl:drop"
                 "</forwarding-actions><rate-limit>false</rate-limit>"
                 "</capabilities></dots-data>");

    test_written("", "{\"ietf-restconf:data\":{\"" J "dots-data\":{"
                 "\"dots-client\":[{\"cuid\":\"c\"}]}}}",
                 "<data " RC "><dots-data " DATA "><dots-client><cuid>c"
                 "</cuid></dots-client></dots-data></data>");

    test_written("", "{\"ietf-restconf:restconf\":{\"data\":{},"
                 "\"operations\":{},\"yang-library-version\":\"2019-01-04\"}}",
                 "<restconf " RC "><data></data><operations></operations>"
                 "<yang-library-version>2019-01-04</yang-library-version>"
                 "</restconf>");
}


/* RFC 8040 section 7.1: error-path is an instance-identifier. */

static void
test_out_errors(void **state)
{
    (void) state;

    test_written("", "{\"ietf-restconf:errors\":{\"error\":[{\"error-type\":"
                 "\"application\",\"error-tag\":\"invalid-value\","
                 "\"error-path\":\"" CLIENT "[cuid='a/b:c[']/aliases/alias"
                 "[name=\\\"'\\\"]/target-protocol\",\"error-message\":"
                 "\"x\\u0001\"}]}}",
                 "<errors " RC "><error><error-type>application</error-type>"
                 "<error-tag>invalid-value</error-tag><error-path "
                 "xmlns:data-channel=\"urn:ietf:params:xml:ns:yang:"
                 "ietf-dots-data-channel\">/data-channel:dots-data/"
                 "data-channel:dots-client[data-channel:cuid='a/b:c[']/"
                 "data-channel:aliases/data-channel:alias"
                 "[data-channel:name=&quot;'&quot;]/"
                 "data-channel:target-protocol</error-path>"
                 "<error-message>x\xef\xbf\xbd</error-message></error>"
                 "</errors>");
}


static void
test_out_failures(void **state)
{
    size_t      i;
    char       *json;
    dots_str_t  text;

    (void) state;

    assert_int_equal(dots_data_xml_write(test_schema, NULL, dots_str("{}", 2),
                                         test_arena, &text),
                     DOTS_ERROR);
    assert_int_equal(dots_data_xml_write(test_schema, NULL, dots_str("{", 1),
                                         test_arena, &text),
                     DOTS_ERROR);

    /* two bytes become 47 */

    json = malloc(1024 * 1024);
    assert_non_null(json);

    i = (size_t) sprintf(json, "{\"" J "a\":{\"target-protocol\":[1");

    while (i < 1000000) {
        i += (size_t) sprintf(json + i, ",1");
    }

    i += (size_t) sprintf(json + i, "]}}");

    assert_int_equal(dots_data_xml_write(test_schema, NULL, dots_str(json, i),
                                         test_arena, &text),
                     DOTS_FULL);
    free(json);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(test_in_kinds, test_begin, test_end),
        cmocka_unit_test_setup_teardown(test_in_values, test_begin, test_end),
        cmocka_unit_test_setup_teardown(test_in_patch, test_begin, test_end),
        cmocka_unit_test_setup_teardown(test_in_unknown, test_begin, test_end),
        cmocka_unit_test_setup_teardown(test_in_malformed, test_begin,
                                        test_end),
        cmocka_unit_test_setup_teardown(test_in_bounds, test_begin, test_end),
        cmocka_unit_test_setup_teardown(test_out, test_begin, test_end),
        cmocka_unit_test_setup_teardown(test_out_errors, test_begin,
                                        test_end),
        cmocka_unit_test_setup_teardown(test_out_failures, test_begin,
                                        test_end),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
