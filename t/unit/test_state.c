/*
 * What the server tells about itself: yang-library (RFC 8525), the texts of the
 * modules (RFC 8040 section 3.7), restconf-state (section 9), the description
 * of the event stream (section 6).  Everything is read back by libyang.
 */

#include "dots_data_xml.h"
#include "dots_yang_compat.h"
#include "restconf_server.h"


#define LIBRARY "/data/ietf-yang-library:yang-library"
#define STATE   "/data/ietf-restconf-monitoring:restconf-state"


static json_t *
test_get(const char *uri)
{
    json_t  *root;

    test_request("GET", uri, "");

    if (test_rc.status != 200) {
        fail_msg("%s: %u %.*s", uri, test_rc.status, (int) test_rc.text.len,
                 (const char *) test_rc.text.data);
    }

    root = json_loadb((const char *) test_rc.text.data, test_rc.text.len,
                      JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);

    return root;
}


static void
test_is(const char *uri, const char *expected)
{
    test_request("GET", uri, "");

    if (test_rc.status != 200
        || !dots_str_eq(test_rc.text, test_string(expected)))
    {
        fail_msg("%s: %u %.*s", uri, test_rc.status, (int) test_rc.text.len,
                 (const char *) test_rc.text.data);
    }

    dots_restconf_free(&test_rc);
}


static void
test_refused(const char *uri, unsigned status)
{
    test_request("GET", uri, "");
    assert_int_equal(test_rc.status, status);
    assert_non_null(strstr((const char *) test_rc.text.data, "invalid-value"));
    dots_restconf_free(&test_rc);
}


/* Appends the answer in JSON (without its braces) and in XML. */

static void
test_append(const char *uri, char *json, char *xml, size_t size)
{
    size_t      n;
    dots_str_t  text;

    json_decref(test_get(uri));

    n = strlen(json);
    (void) snprintf(json + n, size - n, "%s%.*s", n ? "," : "",
                    (int) test_rc.text.len - 2,
                    (const char *) test_rc.text.data + 1);

    assert_int_equal(dots_data_xml_write(test_schema, NULL, test_rc.text,
                                         test_rc.arena, &text),
                     DOTS_OK);

    n = strlen(xml);
    (void) snprintf(xml + n, size - n, "%.*s", (int) text.len,
                    (const char *) text.data);

    dots_restconf_free(&test_rc);
}


static void
test_valid(const char *text, LYD_FORMAT format)
{
    struct lyd_node  *tree;

    if (lyd_parse_data_mem(test_schema->ctx, text, format, LYD_PARSE_STRICT,
                           LYD_VALIDATE_PRESENT, &tree)
        != LY_SUCCESS)
    {
        fail_msg("%s: %s", dots_yang_error(test_schema->ctx), text);
    }

    lyd_free_all(tree);
}


/* libyang takes all of it; mandatory leaves are in both of a module's trees. */

static void
test_libyang(void **state)
{
    static char  json[262144], xml[262144], object[262150];

    (void) state;

    json[0] = '\0';
    xml[0] = '\0';

    test_append(LIBRARY, json, xml, sizeof(json));
    test_append("/data/ietf-yang-library:modules-state", json, xml,
                sizeof(json));
    test_append(STATE, json, xml, sizeof(json));

    (void) snprintf(object, sizeof(object), "{%s}", json);

    test_valid(object, LYD_JSON);
    test_valid(xml, LYD_XML);
}


static void
test_library(void **state)
{
    char    expected[256];
    json_t *root;

    (void) state;

    (void) snprintf(expected, sizeof(expected),
                    "{\"ietf-yang-library:content-id\":\"%s\"}",
                    test_schema->content_id);
    test_is(LIBRARY "/content-id", expected);

    test_is(LIBRARY "/datastore=ietf-datastores%3Arunning",
            "{\"ietf-yang-library:datastore\":[{\"name\":"
            "\"ietf-datastores:running\",\"schema\":\"dots\"}]}");

    /* what is implemented, with its features and what deviates from it */

    test_is(LIBRARY "/module-set=dots/module=ietf-access-control-list",
            "{\"ietf-yang-library:module\":[{\"name\":"
            "\"ietf-access-control-list\",\"revision\":\"2019-03-04\","
            "\"namespace\":\"urn:ietf:params:xml:ns:yang:"
            "ietf-access-control-list\",\"location\":[\"https://localhost:8443"
            "/restconf/schemas/ietf-access-control-list@2019-03-04\"],"
            "\"feature\":[\"match-on-ipv4\",\"match-on-ipv6\",\"ipv4\","
            "\"ipv6\"],\"deviation\":[\"dots-server-deviations\"]}]}");

    test_is(LIBRARY "/module-set=dots/import-only-module=ietf-inet-types,"
            "2013-07-15/namespace",
            "{\"ietf-yang-library:namespace\":\"urn:ietf:params:xml:ns:yang:"
            "ietf-inet-types\"}");

    test_is(LIBRARY "/module-set=dots/module=ietf-access-control-list"
            "/feature=ipv4", "{\"ietf-yang-library:feature\":[\"ipv4\"]}");

    test_is("/data/ietf-yang-library:modules-state/module="
            "ietf-inet-types,2013-07-15/conformance-type",
            "{\"ietf-yang-library:conformance-type\":\"import\"}");

    /* nothing of it is configuration: RFC 8040 section 4.8.1 */

    test_is(LIBRARY "?content=config",
            "{\"ietf-yang-library:yang-library\":{}}");
    test_refused(LIBRARY "/content-id?content=config", 404);

    root = test_get(LIBRARY "?content=nonconfig");
    json_decref(root);
    dots_restconf_free(&test_rc);

    /* depth and fields, sections 4.8.2 and 4.8.3 */

    test_is(LIBRARY "/datastore=ietf-datastores%3Arunning?fields=schema",
            "{\"ietf-yang-library:datastore\":[{\"name\":"
            "\"ietf-datastores:running\",\"schema\":\"dots\"}]}");
    (void) snprintf(expected, sizeof(expected),
                    "{\"ietf-yang-library:yang-library\":{\"content-id\":"
                    "\"%s\"}}", test_schema->content_id);
    test_is(LIBRARY "?fields=content-id", expected);
    test_is(STATE "?fields=streams/stream(replay-support)",
            "{\"ietf-restconf-monitoring:restconf-state\":{\"streams\":{"
            "\"stream\":[{\"name\":\"NETCONF\",\"replay-support\":true}]}}}");
    test_is(STATE "/streams/stream?fields=name",
            "{\"ietf-restconf-monitoring:stream\":[{\"name\":\"NETCONF\"}]}");
    test_refused(LIBRARY "?fields=nothing", 400);

    test_refused("/data/yang-library", 404);
    test_refused("/data/ietf-yang-library:nothing", 404);
    test_refused(LIBRARY "/nothing", 404);
    test_refused(LIBRARY "/module-set=other", 404);
    test_refused(LIBRARY "/module-set/name", 400);
    test_refused(LIBRARY "/module-set=a,b", 400);
    test_refused(LIBRARY "/content-id=x", 400);
    test_refused(LIBRARY "/content-id/x", 404);
    test_refused(LIBRARY "/ietf-dots-data-channel:content-id", 404);
    test_refused(LIBRARY "?filter=x", 400);

    test_request("PUT", LIBRARY, "");
    assert_int_equal(test_rc.status, 405);
    assert_true(dots_str_eq(test_rc.allow, test_string("OPTIONS, GET, HEAD")));
    dots_restconf_free(&test_rc);
}


/* Every location of the library can be read, and is the file. */

static void
test_schemas(void **state)
{
    char    path[256];
    FILE   *file;
    char   *text;
    size_t  i, n;

    (void) state;

    text = malloc(1024 * 1024);
    assert_non_null(text);

    for (i = 0; i < test_schema->nsources; i++) {
        (void) snprintf(path, sizeof(path), "/schemas/%s@%s",
                        test_schema->sources[i].name,
                        test_schema->sources[i].revision);

        test_request("GET", path, "");
        assert_int_equal(test_rc.status, 200);
        assert_true(dots_str_eq(test_rc.media,
                                test_string("application/yang")));

        (void) snprintf(path, sizeof(path), SOURCE_DIR "/schemas/%s@%s.yang",
                        test_schema->sources[i].name,
                        test_schema->sources[i].revision);

        file = fopen(path, "r");
        assert_non_null(file);
        n = fread(text, 1, 1024 * 1024, file);
        (void) fclose(file);

        assert_true(dots_str_eq(test_rc.text, dots_str(text, n)));
        dots_restconf_free(&test_rc);
    }

    free(text);

    test_refused("/schemas/ietf-inet-types", 404);
    test_refused("/schemas/ietf-inet-types@", 404);
    test_refused("/schemas/ietf-inet-types@2013-07-16", 404);
    test_refused("/schemas/ietf-inet-types@2013-07-15.yang", 404);
    test_refused("/schemas/../schemas/ietf-inet-types@2013-07-15", 404);
    test_refused("/schemas/%2e%2e%2fREADME.md", 404);
    test_refused("/schemas/", 404);
    test_refused("/schemas", 404);
    test_refused("/schemas/ietf-inet-types@2013-07-15?content=all", 400);

    test_request("GET", "/schemas/ietf-inet-types@2013-07-15",
                 "application/yang-data+json");
    assert_int_equal(test_rc.status, 406);
    dots_restconf_free(&test_rc);

    test_request("DELETE", "/schemas/ietf-inet-types@2013-07-15", "");
    assert_int_equal(test_rc.status, 405);
    dots_restconf_free(&test_rc);
}


static void
test_monitor(void **state)
{
    (void) state;

    test_is(STATE "/streams/stream=NETCONF/access=xml/location",
            "{\"ietf-restconf-monitoring:location\":"
            "\"https://localhost:8443/restconf/streams/NETCONF\"}");
    test_is(STATE "/streams/stream=NETCONF/access=json/location",
            "{\"ietf-restconf-monitoring:location\":"
            "\"https://localhost:8443/restconf/streams/NETCONF-JSON\"}");
    test_is(STATE "/streams/stream=NETCONF/replay-support",
            "{\"ietf-restconf-monitoring:replay-support\":true}");
    test_is(STATE "/streams/stream=NETCONF/replay-log-creation-time",
            "{\"ietf-restconf-monitoring:replay-log-creation-time\":"
            "\"2025-11-28T11:39:59.999Z\"}");

    test_is(STATE "/capabilities/capability=urn%3Aietf%3Aparams%3Arestconf"
            "%3Acapability%3Areplay%3A1.0",
            "{\"ietf-restconf-monitoring:capability\":[\"urn:ietf:params:"
            "restconf:capability:replay:1.0\"]}");

    test_refused(STATE "/streams/stream=SNMP", 404);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_libyang),
        cmocka_unit_test(test_library),
        cmocka_unit_test(test_schemas),
        cmocka_unit_test(test_monitor),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
