/*
 * Answers in pieces: whatever is asked for, they are what the whole would have
 * been, to the byte, with its headers; and what happens where something changes
 * in between.
 */

#include "dots_api_path.h"
#include "dots_data_xml.h"
#include "dots_place.h"
#include "restconf_world.h"


#define TEST_JSON   "application/yang-data+json"
#define TEST_XML    "application/yang-data+xml"
#define TEST_MODULE "ietf-dots-data-channel:"
#define TEST_DATA   "/data/" TEST_MODULE "dots-data"
#define TEST_C      TEST_DATA "/dots-client=c"
#define TEST_D      TEST_DATA "/dots-client=dots-piece-3"
#define TEST_BYTES  (16 * 1024 * 1024)


typedef struct {
    unsigned  status;
    unsigned  pieces;
    char      media[64];
    char      etag[64];
    char      modified[64];
    char     *text;
    size_t    len;
    int       complete;
} test_answer_t;


static dots_customer_t  *test_customer;
static unsigned        test_turns;
static int             test_dones;
static const char     *test_match;
static void          (*test_between)(size_t n);
static test_answer_t   test_a1, test_a2;


static void
test_done(dots_restconf_t *rc)
{
    (void) rc;

    test_dones++;
}


static void
test_again(dots_restconf_t *rc)
{
    (void) rc;

    test_turns++;
}


static void
test_append(test_answer_t *a, dots_str_t s)
{
    assert_true(a->len + s.len < TEST_BYTES);

    if (s.len == 0) {
        return;
    }

    memcpy(a->text + a->len, s.data, s.len);
    a->len += s.len;
    a->text[a->len] = '\0';
}


static void
test_body(test_answer_t *a, dots_restconf_t *rc)
{
    int         result;
    size_t      n;
    dots_str_t  text;

    if (!rc->pieces) {
        test_append(a, rc->text);
        return;
    }

    for (n = 0; (result = dots_restconf_more(rc, &text)) == DOTS_OK; n++) {
        assert_true(text.len > 0);
        test_append(a, text);

        if (test_between) {
            test_between(n);
        }
    }

    a->complete = result == DOTS_DECLINED;
}


static void
test_ask(test_answer_t *a, int pieces, const char *method, const char *accept,
    const char *uri, const char *body)
{
    unsigned         n;
    dots_restconf_t  rc;

    memset(&rc, 0, sizeof(rc));

    rc.schema = test_schema;
    rc.customer = test_customer;
    rc.customers = test_customers;
    rc.method = test_str(method);
    rc.uri = test_str(uri);
    rc.root = test_str("/restconf");
    rc.accept = test_str(accept);
    rc.content_type = test_str(TEST_JSON);
    rc.conditions.none_match = test_str(test_match);
    rc.body = test_str(body);
    rc.now = 1000000000000;
    rc.submit = host_submit;
    rc.again = pieces ? test_again : NULL;
    rc.done = test_done;
    rc.host = &test_host;

    test_dones = 0;
    test_turns = 0;
    a->len = 0;
    a->text[0] = '\0';
    a->complete = 1;

    dots_restconf_handle(&rc);

    for (n = 0; n < test_turns; n++) {
        assert_int_equal(test_dones, 0);
        dots_restconf_turn(&rc);
    }

    assert_int_equal(test_dones, 1);

    a->status = rc.status;
    a->pieces = rc.pieces;
    test_copy(a->media, sizeof(a->media), rc.media);
    test_copy(a->etag, sizeof(a->etag), rc.etag);
    test_copy(a->modified, sizeof(a->modified), rc.last_modified);
    test_body(a, &rc);

    dots_restconf_free(&rc);
}


static void
test_put(const char *uri, const char *body)
{
    test_ask(&test_a1, 0, "PUT", TEST_JSON, uri, body);

    if (test_a1.status != 201 && test_a1.status != 204) {
        fail_msg("PUT %s: %u %s", uri, test_a1.status, test_a1.text);
    }
}


/* "n" of 195 bytes each. */

static const char *
test_names(int n)
{
    int          i;
    size_t       len;
    static char  text[32768];

    for (i = 0, len = 0; i < n; i++) {
        len += (size_t) sprintf(text + len, "%s\"n%d-%055d.%060d.%060d."
                                "example.com\"", i ? "," : "", 100 + i, 1, 2,
                                3);
    }

    return text;
}


static void
test_alias(const char *client, int i, int names)
{
    char         uri[256];
    static char  body[65536];

    (void) sprintf(uri, "%s/aliases/alias=a%d", client, i);
    (void) sprintf(body, "{\"" TEST_MODULE "alias\":[{\"name\":\"a%d\","
                   "\"target-prefix\":[\"192.0.2.1/32\"],"
                   "\"target-fqdn\":[%s]}]}", i, test_names(names));
    test_put(uri, body);
}


static void
test_acl(const char *client, int i, int aces)
{
    int          k;
    size_t       len;
    char         uri[256];
    static char  body[65536];

    (void) sprintf(uri, "%s/acls/acl=l%d%s", client, i,
                   i % 3 ? "" : "?insert=first");
    len = (size_t) sprintf(body, "{\"" TEST_MODULE "acl\":[{\"name\":\"l%d\","
                           "\"type\":\"ipv4-acl-type\"%s,\"aces\":{\"ace\":[",
                           i, i % 2 ? ",\"activation-type\":\"deactivate\""
                                    : "");

    for (k = 0; k < aces; k++) {
        len += (size_t) sprintf(body + len, "%s{\"name\":\"e{%d}\\\"\","
                                "\"matches\":{\"ipv4\":{"
                                "\"destination-ipv4-network\":"
                                "\"192.0.2.%d/32\"}},\"actions\":{"
                                "\"forwarding\":\"drop\"}}", k ? "," : "", k,
                                k);
    }

    (void) strcpy(body + len, "]}}]}");
    test_put(uri, body);
}


static void
test_fill(int naliases, int nacls)
{
    int  i;

    host_reset(&test_host);

    test_put(TEST_C, "{\"" TEST_MODULE "dots-client\":[{\"cuid\":\"c\"}]}");
    test_put(TEST_D, "{\"" TEST_MODULE "dots-client\":[{\"cuid\":"
             "\"dots-piece-3\"}]}");
    test_put(TEST_DATA "/dots-client=e", "{\"" TEST_MODULE
             "dots-client\":[{\"cuid\":\"e\"}]}");

    for (i = 0; i < naliases; i++) {
        test_alias(TEST_C, i, 60);
    }

    for (i = 0; i < nacls; i++) {
        test_acl(TEST_C, i, 100);
    }

    test_alias(TEST_D, 1, 2);
    test_acl(TEST_D, 1, 2);

    test_put(TEST_D "/ietf-dots-mapping:vendor-mapping",
             "{\"ietf-dots-mapping:vendor-mapping\":{\"vendor\":["
             "{\"vendor-id\":32473,\"last-updated\":\"1629898958\","
             "\"attack-mapping\":[{\"attack-id\":1,"
             "\"attack-description\":\"one {\\\"[\"}]},"
             "{\"vendor-id\":345,\"last-updated\":\"1629898958\","
             "\"attack-mapping\":[{\"attack-id\":2,"
             "\"attack-description\":\"two\"}]}]}}");
}


/*
 * The whole, as XML, which takes more memory than a request has, is made of
 * that in JSON.
 */

static void
test_convert(test_answer_t *a, const char *uri)
{
    dots_str_t        xml;
    dots_arena_t     *arena;
    dots_api_path_t   path;

    arena = dots_arena_create(SIZE_MAX);
    assert_non_null(arena);

    assert_int_equal(dots_api_path_parse(&path,
                                         dots_str(uri, strcspn(uri, "?")),
                                         arena),
                     DOTS_OK);
    assert_int_equal(dots_data_xml_write(test_schema,
                                         dots_place_path(test_schema,
                                                         path.segments + 1,
                                                         path.n - 1),
                                         dots_str(a->text, a->len), arena,
                                         &xml),
                     DOTS_OK);
    a->len = 0;
    test_append(a, xml);

    dots_arena_destroy(arena);

    (void) strcpy(a->media, TEST_XML);

    if (a->etag[0]) {
        (void) strcpy(strrchr(a->etag, '"'), "-xml\"");
    }
}


/* Both ways. */

static void
test_same(const char *accept, const char *uri)
{
    test_ask(&test_a1, 0, "GET", TEST_JSON, uri, NULL);
    test_ask(&test_a2, 1, "GET", accept, uri, NULL);

    if (strcmp(accept, TEST_XML) == 0) {
        test_convert(&test_a1, uri);
    }

    if (test_a1.status != test_a2.status || test_a1.len != test_a2.len
        || memcmp(test_a1.text, test_a2.text, test_a1.len) != 0
        || strcmp(test_a1.etag, test_a2.etag) != 0
        || strcmp(test_a1.modified, test_a2.modified) != 0
        || strcmp(test_a1.media, test_a2.media) != 0
        || !test_a2.complete
        || test_a2.pieces != (test_a1.status == 200))
    {
        fail_msg("%s %s: %u %s %zu %.300s\npieces %u: %u %s %zu %.300s", uri,
                 accept, test_a1.status, test_a1.etag, test_a1.len,
                 test_a1.text, test_a2.pieces, test_a2.status, test_a2.etag,
                 test_a2.len, test_a2.text);
    }

    if (strcmp(accept, TEST_XML) == 0) {
        return;
    }

    test_ask(&test_a1, 1, "HEAD", accept, uri, NULL);
    assert_int_equal(test_a1.status, test_a2.status);
    assert_string_equal(test_a1.etag, test_a2.etag);
    assert_string_equal(test_a1.media, test_a2.media);
}


static const char *const  test_queries[] = {
    "", "?content=config", "?content=nonconfig", "?depth=1", "?depth=2",
    "?depth=3", "?depth=5", "?with-defaults=report-all-tagged",
    "?with-defaults=trim&content=config", "?fields=nosuch", NULL
};


static void
test_target(const char *target, const char *const *queries)
{
    size_t  i;
    char    uri[256];

    for (i = 0; queries[i]; i++) {
        (void) snprintf(uri, sizeof(uri), "%s%s", target, queries[i]);

        test_same(TEST_JSON, uri);
        test_same(TEST_XML, uri);
    }
}


/* Every level that may have much below it. */

static void
test_equal(void **state)
{
    static const char *const  fields[] = {
        "?fields=aliases/alias/name", "?fields=acls;cuid", "?fields=cuid",
        "?fields=aliases(alias/target-fqdn);acls(acl(name;aces/ace/name))",
        NULL
    };
    static const char *const  some[] = {
        "", "?content=nonconfig", "?depth=3",
        "?with-defaults=report-all-tagged", NULL
    };

    (void) state;

    test_fill(95, 3);

    test_target("/data", some);
    test_target(TEST_DATA, some);
    test_target(TEST_C, test_queries);
    test_target(TEST_C, fields);
    test_target(TEST_C "/aliases", test_queries);

    test_ask(&test_a1, 1, "GET", TEST_JSON, TEST_D, NULL);
    assert_int_equal(test_a1.pieces, 0);
    assert_int_equal(test_a1.status, 200);
}


static void
test_equal_acls(void **state)
{
    static const char *const  fields[] = {
        "?fields=acl/name", "?fields=acl(activation-type)&depth=2", NULL
    };

    (void) state;

    test_fill(3, 95);

    test_target(TEST_C "/acls", test_queries);
    test_target(TEST_C "/acls", fields);

    /* the list itself, section 4.3 */

    test_same(TEST_JSON, TEST_C "/acls/acl");
    test_same(TEST_JSON, TEST_C "/acls/acl?depth=1&content=config");

    test_ask(&test_a1, 1, "GET", TEST_XML, TEST_C "/acls/acl", NULL);
    assert_int_equal(test_a1.status, 400);
}


/* More than a request may have memory for. */

static void
test_large(void **state)
{
    int   i;
    char  name[32];

    (void) state;

    test_fill(0, 1);

    for (i = 0; i < 800; i++) {
        test_alias(TEST_C, i, 60);
    }

    test_ask(&test_a1, 0, "GET", TEST_JSON, TEST_DATA, NULL);
    assert_int_equal(test_a1.status, 400);

    test_ask(&test_a1, 1, "GET", TEST_JSON, TEST_C, NULL);
    assert_int_equal(test_a1.status, 200);
    assert_true(test_a1.complete);
    assert_true(test_a1.len > 800 * 60 * 195);

    for (i = 0; i < 800; i++) {
        (void) sprintf(name, "{\"name\":\"a%d\",", i);
        assert_non_null(strstr(test_a1.text, name));
    }
}


static void
test_conditions(void **state)
{
    (void) state;

    test_fill(95, 1);

    test_ask(&test_a1, 1, "GET", TEST_JSON, TEST_C, NULL);
    assert_int_equal(test_a1.status, 200);

    test_match = test_a1.etag;
    test_ask(&test_a2, 1, "GET", TEST_JSON, TEST_C, NULL);
    assert_int_equal(test_a2.status, 304);
    assert_string_equal(test_a2.etag, test_a1.etag);
    assert_int_equal(test_a2.len, 0);
    assert_int_equal(test_a2.pieces, 0);

    test_ask(&test_a2, 1, "GET", TEST_XML, TEST_C, NULL);
    assert_int_equal(test_a2.status, 200);

    test_match = NULL;
}


/* ---- changes while it is sent ---- */

static void
test_change(const char *name, const char *text)
{
    dots_change_t   c;
    dots_alias_t    alias;
    dots_request_t  rq;

    memset(&rq, 0, sizeof(rq));
    memset(&c, 0, sizeof(c));
    memset(&alias, 0, sizeof(alias));

    rq.arena = dots_arena_create(SIZE_MAX);
    rq.customer = test_customer;
    rq.now = 1000000000001;
    rq.operation = DOTS_DATA_COMMIT;
    rq.nchanges = 1;
    rq.changes = &c;

    c.kind = DOTS_CHANGE_ALIAS;
    c.cuid = test_str("c");
    c.name = alias.name = test_str(name);
    c.action = text ? DOTS_CHANGE_PUT : DOTS_CHANGE_REMOVE;
    c.alias = &alias;

    alias.text = test_str(text);

    if (text) {
        (void) host_put(&test_host, &rq, &c);

    } else {
        host_remove(&test_host, &rq, &c);
    }

    dots_arena_destroy(rq.arena);
}


static void
test_change_sent(size_t n)
{
    if (n == 30) {
        test_change("a0", NULL);
    }
}


static void
test_change_new(size_t n)
{
    if (n == 30) {
        test_change("zzz", "{\"name\":\"zzz\"}");
    }
}


static void
test_change_unsent(size_t n)
{
    if (n == 30) {
        test_change("a9", NULL);
    }
}


static void
test_change_other(size_t n)
{
    if (n == 30) {
        test_change("a9", "{\"name\":\"a9\"}");
    }
}


/* It is what was there when it began, or has no end. */

static void
test_changes(void **state)
{
    size_t  i;

    static void (*const  harmless[])(size_t n) = { test_change_sent,
                                                   test_change_new };
    static void (*const  others[])(size_t n) = { test_change_unsent,
                                                 test_change_other };

    (void) state;

    for (i = 0; i < 2; i++) {
        test_fill(95, 1);
        test_ask(&test_a1, 1, "GET", TEST_JSON, TEST_C, NULL);

        test_between = harmless[i];
        test_ask(&test_a2, 1, "GET", TEST_JSON, TEST_C, NULL);
        test_between = NULL;

        assert_true(test_a2.complete);
        assert_string_equal(test_a2.text, test_a1.text);
        assert_string_equal(test_a2.etag, test_a1.etag);

        test_between = others[i];
        test_ask(&test_a2, 1, "GET", TEST_JSON, TEST_C, NULL);
        test_between = NULL;

        assert_int_equal(test_a2.status, 200);
        assert_false(test_a2.complete);
        assert_true(test_a2.len < test_a1.len);
    }
}


static int
test_setup(void **state)
{
    dots_prefix_t     p;
    dots_customer_t  *c;

    (void) state;

    test_a1.text = malloc(TEST_BYTES);
    test_a2.text = malloc(TEST_BYTES);

    if (test_load() != 0) {
        return 1;
    }

    c = dots_customers_add(test_customers, test_str("a"), NULL);

    test_customer = c;

    if (c != NULL) {
        c->unenforced = 1;
    }

    return c == NULL || test_a1.text == NULL || test_a2.text == NULL
           || dots_prefix_parse(&p, test_str("192.0.2.0/24")) != DOTS_OK
           || dots_customers_add_prefix(test_customers, c, &p, 0, NULL)
              != DOTS_OK
           || dots_customers_add_name(test_customers, c,
                                        test_str("example.com"), NULL)
              != DOTS_OK
           || dots_customers_finish(test_customers, NULL) != DOTS_OK;
}


static int
test_end(void **state)
{
    (void) test_teardown(state);

    free(test_a1.text);
    free(test_a2.text);

    return 0;
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_equal_acls),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_changes),
    };

    return cmocka_run_group_tests(tests, test_setup, test_end);
}
