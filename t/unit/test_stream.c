/*
 * The event stream: what may be asked for (RFC 8040 sections 4.8.4, 4.8.7,
 * 4.8.8), and how an event looks (sections 6.4, RFC 5277 section 4).
 */

#include "dots_stream.h"
#include "dots_yang_compat.h"
#include "restconf_server.h"


static void
test_refused(const char *uri, const char *message)
{
    test_request("GET", uri, "text/event-stream");

    if (test_rc.status != 400 || test_rc.subscription
        || !strstr((const char *) test_rc.text.data, "invalid-value")
        || !strstr((const char *) test_rc.text.data, message))
    {
        fail_msg("%s: %u %.*s", uri, test_rc.status, (int) test_rc.text.len,
                 (const char *) test_rc.text.data);
    }

    dots_restconf_free(&test_rc);
}


/* ---- time ---- */

static void
test_time(void **state)
{
    char    text[DOTS_STREAM_TIME + 1];
    size_t  i;

    static const struct {
        const char *text;
        int64_t     time;
    } cases[] = {
        { "1970-01-01T00:00:00Z", 0 },
        { "2025-11-28T11:40:00Z", NOW },
        { "2025-11-28T11:40:00.000Z", NOW },
        { "2025-11-28T11:40:00.1Z", NOW + 100 },
        { "2025-11-28T11:40:00.1239999999999Z", NOW + 123 },
        { "2025-11-28T12:40:00+01:00", NOW },
        { "2025-11-28T10:10:00-01:30", NOW },
        { "2024-02-29T00:00:00Z", 1709164800000LL },
        { "2016-12-31T23:59:60Z", 1483228800000LL },
        { "9999-12-31T23:59:59Z", 253402300799000LL },
        { "", -1 },
        { "2025-11-28", -1 },
        { "2025-11-28T11:40:00", -1 },
        { "2025-11-28T11:40:00z", -1 },
        { "2025-11-28 11:40:00Z", -1 },
        { "2025-11-28T11:40Z", -1 },
        { "2025-11-28T11:40:00.Z", -1 },
        { "2025-11-28T11:40:00+0100", -1 },
        { "2025-11-28T11:40:00+24:00", -1 },
        { "2025-11-28T11:40:00Zx", -1 },
        { "2025-13-01T00:00:00Z", -1 },
        { "2025-00-01T00:00:00Z", -1 },
        { "2025-01-00T00:00:00Z", -1 },
        { "2025-02-29T00:00:00Z", -1 },
        { "2025-04-31T00:00:01Z", -1 },
        { "2025-11-28T24:00:00Z", -1 },
        { "2025-11-28T11:60:00Z", -1 },
        { "2025-11-28T11:40:61Z", -1 },
        { "1969-12-31T23:59:59Z", -1 },
        { "1764330000", -1 },
        { "-025-11-28T11:40:00Z", -1 },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        if (dots_stream_parse_time(test_string(cases[i].text))
            != cases[i].time)
        {
            fail_msg("%s", cases[i].text);
        }
    }

    dots_stream_time(NOW + 7, text);
    assert_string_equal(text, "2025-11-28T11:40:00.007Z");
    assert_int_equal(dots_stream_parse_time(test_string(text)), NOW + 7);
}


/* ---- what is asked for ---- */

static void
test_open(void **state)
{
    (void) state;

    test_request("GET", "/streams/NETCONF", "text/event-stream");
    assert_int_equal(test_rc.status, 200);
    assert_non_null(test_rc.subscription);
    assert_int_equal(test_rc.text.len, 0);
    assert_true(dots_str_eq(test_rc.media, test_string("text/event-stream")));
    assert_int_equal(test_rc.subscription->media, DOTS_MEDIA_XML);
    assert_int_equal(test_rc.subscription->start, -1);
    assert_true(test_rc.subscription->stop == DOTS_FOREVER);
    assert_null(test_rc.subscription->filter);
    dots_restconf_free(&test_rc);

    test_request("HEAD", "/streams/NETCONF-JSON", "");
    assert_int_equal(test_rc.subscription->media, DOTS_MEDIA_JSON);
    dots_restconf_free(&test_rc);

    test_request("GET", "/streams/NETCONF-JSON?start-time="
                 "2025-11-28T11%3A39:00Z&stop-time=2025-11-28T12:39:00Z"
                 "&filter=%2F*", "*/*");
    assert_int_equal(test_rc.subscription->start, NOW - 60000);
    assert_int_equal(test_rc.subscription->stop, NOW + 59 * 60000);
    assert_non_null(test_rc.subscription->filter);
    dots_restconf_free(&test_rc);

    test_request("GET", "/streams/NETCONF", "application/yang-data+json");
    assert_int_equal(test_rc.status, 406);
    dots_restconf_free(&test_rc);

    test_request("POST", "/streams/NETCONF", "");
    assert_int_equal(test_rc.status, 405);
    assert_true(dots_str_eq(test_rc.allow, test_string("OPTIONS, GET, HEAD")));
    dots_restconf_free(&test_rc);

    test_request("GET", "/streams/SNMP", "");
    assert_int_equal(test_rc.status, 404);
    dots_restconf_free(&test_rc);
}


static void
test_open_refused(void **state)
{
    (void) state;

    test_refused("/streams/NETCONF?start-time=now", "start-time");
    test_refused("/streams/NETCONF?start-time=2025-11-28T11:40:01Z",
                 "in the future");
    test_refused("/streams/NETCONF?stop-time=2025-11-28T11:40:01Z",
                 "needs");
    test_refused("/streams/NETCONF?start-time=2025-11-28T11:39:00Z"
                 "&stop-time=2025-11-28T11:39:00Z", "later");
    test_refused("/streams/NETCONF?start-time=2025-11-28T11:39:00Z"
                 "&start-time=2025-11-28T11:39:00Z", "twice");
    test_refused("/streams/NETCONF?content=all", "content");
    test_refused("/streams/NETCONF?filter=", "filter");
    test_refused("/streams/NETCONF?filter=%2", "filter");
    test_refused("/streams/NETCONF?filter=count(/*)", "byte 5");

    /* for streams alone: 4.8.4, 4.8.7, 4.8.8 */

    test_refused("/data?start-time=2025-11-28T11:39:00Z", "start-time");
    test_refused("/data?stop-time=2025-11-28T11:39:00Z", "stop-time");
    test_refused("/data?filter=/*", "filter");
}


/* ---- the filter ---- */

static int
test_match(const char *text, const char *name, const dots_stream_leaf_t *leaves,
    size_t n)
{
    int                    rc;
    size_t                 position;
    dots_arena_t          *a;
    dots_stream_filter_t  *filter;

    a = dots_arena_create(65536);

    rc = dots_stream_filter_parse(&filter, test_string(text),
                                  DOTS_STREAM_MODULE, a, &position);
    if (rc == DOTS_OK) {
        rc = dots_stream_filter_match(filter, name, leaves, n);
    }

    dots_arena_destroy(a);

    return rc;
}


static void
test_filter(void **state)
{
    size_t                          i;
    static const dots_stream_leaf_t  leaves[] = {
        { "cuid", dots_string("c") },
        { "mid", dots_string("12") },
        { "status", dots_string("attack-stopped") },
    };
    static const struct {
        const char *text;
        int         expected;
    } cases[] = {
        { "/*", 1 },
        { "/mitigation-changed", 1 },
        { " /mitigation-changed ", 1 },
        { "/dots-server-notifications:mitigation-changed", 1 },
        { "/dots-server-notifications:*", 1 },
        { "/resource-changed", 0 },
        { "/resource-changed|/mitigation-changed", 1 },
        { "/mitigation-changed/mid", 1 },
        { "/mitigation-changed/alias-name", 0 },
        { "/mitigation-changed/mid=12", 1 },
        { "/mitigation-changed/mid='12'", 1 },
        { "/mitigation-changed/mid=012", 1 },
        { "/mitigation-changed/mid=13", 0 },
        { "/mitigation-changed/mid!=13", 1 },
        { "/mitigation-changed/mid<13", 1 },
        { "/mitigation-changed/mid <= 12", 1 },
        { "/mitigation-changed/mid>12", 0 },
        { "/mitigation-changed/mid>=12", 1 },
        { "/mitigation-changed/status<'z'", 0 },
        { "/mitigation-changed/status=\"attack-stopped\"", 1 },
        { "/mitigation-changed/alias-name!='x'", 0 },
        { "/*/dots-server-notifications:cuid='c'", 1 },
        { "/mitigation-changed[mid=12]/cuid='c'", 1 },
        { "/mitigation-changed[mid=12][status]", 1 },
        { "/mitigation-changed[mid=13]/cuid='c'", 0 },
        { "contains(/*/status,'stop')", 1 },
        { "contains(/*/status, '')", 1 },
        { "contains(/*/status,'x')", 0 },
        { "not(/resource-changed)", 1 },
        { "not(/*)", 0 },
        { "not(not(/*))", 1 },
        { "/*/mid=12 and /*/cuid='c'", 1 },
        { "/*/mid=12 and /*/cuid='d'", 0 },
        { "/*/mid=1 or /*/mid=12 and /*/cuid='d'", 0 },
        { "(/*/mid=1 or /*/mid=12) and /*/cuid='c'", 1 },
        { "/*/mid=12 or /*/mid=1 and /*/cuid='d'", 1 },
        { "(/*/mid=12 or /*/mid=1) and /*/cuid='d'", 0 },
        { "((/*))", 1 },
        { "not(/*/mid=1 or /*/mid=2) and /*", 1 },
        { "/*/mid=1|/*", DOTS_INVALID },
        { "/*|/*/mid=1", DOTS_INVALID },
        { "/*|not(/*)", DOTS_INVALID },
        { "", DOTS_INVALID },
        { " ", DOTS_INVALID },
        { "/", DOTS_INVALID },
        { "//*", DOTS_INVALID },
        { "mid=12", DOTS_INVALID },
        { "/*/mid=", DOTS_INVALID },
        { "/*/mid='12", DOTS_INVALID },
        { "/*/mid=twelve", DOTS_INVALID },
        { "/*/mid==12", DOTS_INVALID },
        { "/*/*", DOTS_INVALID },
        { "/a/b/c", DOTS_INVALID },
        { "/other:mitigation-changed", DOTS_INVALID },
        { "(/*", DOTS_INVALID },
        { "/*)", DOTS_INVALID },
        { "()", DOTS_INVALID },
        { "not /*", DOTS_INVALID },
        { "/* and", DOTS_INVALID },
        { "and /*", DOTS_INVALID },
        { "/* /*", DOTS_INVALID },
        { "/*[mid", DOTS_INVALID },
        { "/*[/*]", DOTS_INVALID },
        { "/*[mid][mid][mid][mid][mid]", DOTS_INVALID },
        { "contains(/*,'x')", DOTS_INVALID },
        { "count(/*)", DOTS_INVALID },
        { "/*/mid=-1", DOTS_INVALID },
        { "/*/mid=$x", DOTS_INVALID },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        if (test_match(cases[i].text, "mitigation-changed", leaves, 3)
            != cases[i].expected)
        {
            fail_msg("%s", cases[i].text);
        }
    }
}


/* Its memory and time are bounded, whatever it nests. */

static void
test_filter_bounds(void **state)
{
    char    text[DOTS_STREAM_FILTER_LEN + 2];
    size_t  i;

    static const char *const  pieces[] = {
        "(", "not(", "/*|", "/* or ", "/*[x]"
    };

    (void) state;

    for (i = 0; i < sizeof(pieces) / sizeof(char *); i++) {
        text[0] = '\0';

        while (strlen(text) + strlen(pieces[i]) < DOTS_STREAM_FILTER_LEN) {
            strcat(text, pieces[i]);
        }

        assert_int_equal(test_match(text, "x", NULL, 0), DOTS_INVALID);
    }

    memset(text, ' ', sizeof(text) - 1);
    memcpy(text, "/*", 2);
    text[DOTS_STREAM_FILTER_LEN + 1] = '\0';
    assert_int_equal(test_match(text, "x", NULL, 0), DOTS_INVALID);

    text[DOTS_STREAM_FILTER_LEN] = '\0';
    assert_int_equal(test_match(text, "x", NULL, 0), 1);
}


/* ---- events ---- */

static void
test_event(dots_subscription_t *s, const dots_event_t *e, const char *expected)
{
    uint8_t        buf[DOTS_STREAM_TEXT];
    dots_writer_t  w = { buf, buf + sizeof(buf), 0 };

    assert_int_equal(dots_stream_event(s, e, &w), DOTS_OK);

    if (!dots_str_eq(dots_str(buf, (size_t) (w.pos - buf)),
                     test_string(expected)))
    {
        fail_msg("%.*s", (int) (w.pos - buf), (char *) buf);
    }
}


#define NOTE "data: <notification xmlns=\"urn:ietf:params:xml:ns:netconf:"     \
             "notification:1.0\"><eventTime>2025-11-28T11:40:00.000Z"         \
             "</eventTime>"


static void
test_events(void **state)
{
    char                 expected[1024];
    dots_event_t         e;
    dots_subscription_t  s;

    (void) state;

    memset(&s, 0, sizeof(s));
    memset(&e, 0, sizeof(e));

    s.schema = test_schema;
    s.media = DOTS_MEDIA_JSON;
    s.start = -1;
    s.stop = DOTS_FOREVER;

    e.time = NOW;
    e.customer = test_string("a");
    e.cuid = test_string("c\n\"");
    e.mid = 4294967295u;
    e.status = 2;

    test_event(&s, &e, "data: {\"ietf-restconf:notification\":{\"eventTime\":"
               "\"2025-11-28T11:40:00.000Z\",\"dots-server-notifications:"
               "mitigation-changed\":{\"cuid\":\"c\\n\\\"\",\"mid\":4294967295,"
               "\"status\":\"attack-successfully-mitigated\"}}}\n\n");

    e.status = 0;
    test_event(&s, &e, "data: {\"ietf-restconf:notification\":{\"eventTime\":"
               "\"2025-11-28T11:40:00.000Z\",\"dots-server-notifications:"
               "mitigation-changed\":{\"cuid\":\"c\\n\\\"\","
               "\"mid\":4294967295}}}\n\n");

    e.kind = DOTS_EVENT_ALIAS;
    e.change = DOTS_EVENT_DELETED;
    e.name = test_string("x");
    test_event(&s, &e, "data: {\"ietf-restconf:notification\":{\"eventTime\":"
               "\"2025-11-28T11:40:00.000Z\",\"dots-server-notifications:"
               "resource-changed\":{\"cuid\":\"c\\n\\\"\",\"alias-name\":\"x\","
               "\"change\":\"deleted\"}}}\n\n");

    e.kind = DOTS_EVENT_VENDOR;
    e.change = DOTS_EVENT_EXPIRED;
    e.name = test_string("4294967295");
    test_event(&s, &e, "data: {\"ietf-restconf:notification\":{\"eventTime\":"
               "\"2025-11-28T11:40:00.000Z\",\"dots-server-notifications:"
               "resource-changed\":{\"cuid\":\"c\\n\\\"\",\"vendor-id\":"
               "4294967295,\"change\":\"expired\"}}}\n\n");

    s.media = DOTS_MEDIA_XML;
    e.kind = DOTS_EVENT_ACL;
    e.change = DOTS_EVENT_REPLACED;
    e.name = test_string("x");

    (void) snprintf(expected, sizeof(expected), NOTE "<resource-changed "
                    "xmlns=\"%s\"><cuid>c\ndata: &quot;</cuid>"
                    "<acl-name>x</acl-name><change>replaced</change>"
                    "</resource-changed></notification>\n\n",
                    ly_ctx_get_module_implemented(test_schema->ctx,
                                                  DOTS_STREAM_MODULE)->ns);
    test_event(&s, &e, expected);
}


/* libyang takes what is inside as a notification of the module. */

static void
test_events_valid(void **state)
{
    char                 text[DOTS_STREAM_TEXT + 1], *p, *end;
    size_t               i;
    struct ly_in        *in;
    dots_event_t         e;
    dots_writer_t        w;
    struct lyd_node     *tree, *op;
    dots_subscription_t  s;

    (void) state;

    memset(&s, 0, sizeof(s));
    memset(&e, 0, sizeof(e));

    s.schema = test_schema;
    s.stop = DOTS_FOREVER;
    s.media = DOTS_MEDIA_XML;

    e.time = NOW;
    e.customer = test_string("a");
    e.cuid = test_string("c");

    for (i = 0; i < 9 + 4 * 4; i++) {
        e.kind = i < 9 ? DOTS_EVENT_MITIGATION
                       : (dots_event_kind_t) (DOTS_EVENT_CLIENT + (i - 9) / 4);
        e.change = i < 9 ? DOTS_EVENT_CREATED
                         : (dots_event_change_t) ((i - 9) % 4);
        e.status = i < 9 ? i : 0;
        e.name = test_string(e.kind == DOTS_EVENT_VENDOR ? "4294967295"
                                                         : "<&>");

        w = (dots_writer_t) { (uint8_t *) text,
                              (uint8_t *) text + DOTS_STREAM_TEXT, 0 };
        assert_int_equal(dots_stream_event(&s, &e, &w), DOTS_OK);
        *w.pos = '\0';

        p = strstr(text, "<notification");
        end = strstr(text, "\n\n");
        *end = '\0';

        tree = op = NULL;

        assert_int_equal(ly_in_new_memory(p, &in), LY_SUCCESS);

        if (lyd_parse_op(test_schema->ctx, NULL, in, LYD_XML,
                         LYD_TYPE_NOTIF_NETCONF, &tree, &op)
            != LY_SUCCESS
            || lyd_validate_op(op, NULL, LYD_TYPE_NOTIF_YANG, NULL)
               != LY_SUCCESS)
        {
            fail_msg("%s: %s", dots_yang_error(test_schema->ctx), p);
        }

        lyd_free_all(tree);
        lyd_free_all(op);
        ly_in_free(in, 0);
    }
}


static void
test_events_left_out(void **state)
{
    uint8_t              buf[DOTS_STREAM_TEXT];
    dots_event_t         e;
    dots_writer_t        w = { buf, buf + sizeof(buf), 0 };
    dots_subscription_t  s;

    (void) state;

    memset(&s, 0, sizeof(s));
    memset(&e, 0, sizeof(e));

    s.schema = test_schema;
    s.media = DOTS_MEDIA_JSON;
    s.start = NOW;
    s.stop = NOW + 1;
    e.time = NOW - 1;

    assert_int_equal(dots_stream_event(&s, &e, &w), DOTS_DECLINED);
    e.time = NOW + 2;
    assert_int_equal(dots_stream_event(&s, &e, &w), DOTS_DECLINED);
    assert_ptr_equal(w.pos, buf);

    e.time = NOW + 1;
    w.end = buf + 64;
    assert_int_equal(dots_stream_event(&s, &e, &w), DOTS_ERROR);

    test_request("GET", "/streams/NETCONF?filter=/resource-changed", "");
    assert_non_null(test_rc.subscription);
    assert_int_equal(dots_stream_event(test_rc.subscription, &e, &w),
                     DOTS_DECLINED);
    dots_restconf_free(&test_rc);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_open_refused),
        cmocka_unit_test(test_filter),
        cmocka_unit_test(test_filter_bounds),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_events_valid),
        cmocka_unit_test(test_events_left_out),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
