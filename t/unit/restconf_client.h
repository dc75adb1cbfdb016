/*
 * A client of the data channel for unit tests: requests of customer "a", or
 * "b", to the host in memory, and the answer to the last one.  Each test begins
 * with the dots-client "c" of a, with the aliases "one" and "two" and the ACLs
 * "p", "q" and "r", and a dots-client "other" of b.
 */

#ifndef RESTCONF_CLIENT_H
#define RESTCONF_CLIENT_H

#include "restconf_world.h"


#define TEST_MODULE  "ietf-dots-data-channel:"
#define TEST_DATA    "/data/" TEST_MODULE "dots-data"
#define TEST_CLIENT  TEST_DATA "/dots-client=c"
#define TEST_ALIASES TEST_CLIENT "/aliases"
#define TEST_ONE     TEST_ALIASES "/alias=one"
#define TEST_ACLS    TEST_CLIENT "/acls"
#define TEST_P       TEST_ACLS "/acl=p"
#define TEST_JSON    "application/yang-data+json"
#define TEST_PATCH   "application/yang-patch+json"
#define TEST_NOW     1700000000000LL
#define TEST_ORIGIN  "https://dots.example:8443"
#define TEST_URI     TEST_ORIGIN "/restconf"

#define TEST_DC(name) "\"" TEST_MODULE name "\""


static dots_customer_t  *test_a, *test_b;
static int64_t           test_now;

/* for the next request; reset by it */

static const char       *test_match, *test_none_match;
static const char       *test_modified_since, *test_unmodified_since;
static const char       *test_content_type;
static int               test_wrapped;

/* the answer to the last one */

static unsigned          test_status;
static int               test_dones;
static char              test_text[1024 * 1024];
static char              test_location[1024];
static char              test_etag[64];
static char              test_last_modified[64];


static void
test_done(dots_restconf_t *rc)
{
    test_dones++;
    test_status = rc->status;
    test_copy(test_text, sizeof(test_text), rc->text);
    test_copy(test_location, sizeof(test_location), rc->location);
    test_copy(test_etag, sizeof(test_etag), rc->etag);
    test_copy(test_last_modified, sizeof(test_last_modified),
              rc->last_modified);
}


static unsigned
test_as(const dots_customer_t *customer, const char *method, const char *uri,
    const char *body)
{
    dots_restconf_t  rc;

    memset(&rc, 0, sizeof(rc));

    rc.schema = test_schema;
    rc.customer = customer;
    rc.method = test_str(method);
    rc.uri = test_str(uri);
    rc.root = test_str("/restconf");
    rc.origin = test_str(TEST_ORIGIN);
    rc.content_type = test_str(test_content_type ? test_content_type
                                                 : TEST_JSON);
    rc.body = test_str(body);
    rc.now = test_now;
    rc.wrapped = test_wrapped;
    rc.conditions.match = test_str(test_match);
    rc.conditions.none_match = test_str(test_none_match);
    rc.conditions.modified_since = test_str(test_modified_since);
    rc.conditions.unmodified_since = test_str(test_unmodified_since);
    rc.submit = host_submit;
    rc.done = test_done;
    rc.host = &test_host;

    test_match = test_none_match = NULL;
    test_modified_since = test_unmodified_since = NULL;
    test_content_type = NULL;
    test_wrapped = 0;
    test_dones = 0;

    dots_restconf_handle(&rc);
    assert_int_equal(test_dones, 1);
    dots_restconf_free(&rc);

    return test_status;
}


static unsigned
test_request(const char *method, const char *uri, const char *body)
{
    return test_as(test_a, method, uri, body);
}


/*
 * After each edit: what it says that its resource is known by is what a GET
 * says.  A PATCH of more than one client's part says nothing, nor does a YANG
 * Patch that reads less than its target, or removes it.
 */

static void
test_known(const char *method, const char *uri)
{
    int       some, submitted;
    char      path[1024], etag[64], modified[64], location[1024];
    unsigned  status;

    static char  text[sizeof(test_text)];

    some = strcmp(method, "POST") != 0
           && (strcmp(method, "PUT") == 0 || strstr(uri, "dots-client="))
           && test_status != 200;

    strcpy(etag, test_etag);
    strcpy(modified, test_last_modified);
    strcpy(location, test_location);
    strcpy(text, test_text);
    status = test_status;
    submitted = test_host.submitted;

    (void) snprintf(path, sizeof(path), "%.*s", (int) strcspn(uri, "?"), uri);

    if (location[0]) {
        (void) snprintf(path, sizeof(path), "%s",
                        location + strlen(TEST_URI));
    }

    (void) test_request("GET", path, NULL);

    if ((test_status == 404 ? status != 200 : test_status != 200)
        || (etag[0] == '\0' ? some && test_etag[0]
                                               : strcmp(etag, test_etag) != 0)
        || (etag[0] && strcmp(modified, test_last_modified) != 0))
    {
        fail_msg("%s %s: %s %s\nGET %s: %u %s %s", method, uri, etag, modified,
                 path, test_status, test_etag, test_last_modified);
    }

    strcpy(test_etag, etag);
    strcpy(test_last_modified, modified);
    strcpy(test_location, location);
    strcpy(test_text, text);
    test_status = status;
    test_host.submitted = submitted;
}


static void
test_does(const char *method, const char *uri, const char *body,
    unsigned status)
{
    if (test_request(method, uri, body) != status) {
        fail_msg("%s %s %s: %u, not %u: %s", method, uri, body ? body : "",
                 test_status, status, test_text);
    }

    if ((status == 200 || status == 201 || status == 204) && method[0] == 'P'
        && test_host.before == NULL)
    {
        test_known(method, uri);
    }
}


static inline void
test_gets(const char *uri, const char *text)
{
    test_does("GET", uri, NULL, 200);

    if (strcmp(test_text, text) != 0) {
        fail_msg("%s:\n     %s\nnot: %s", uri, test_text, text);
    }
}


/* Refused: nothing is changed, and the error is a complete one. */

static inline void
test_refuses(const char *method, const char *uri, const char *body,
    unsigned status, const char *tag)
{
    char        *before;
    json_t      *root;
    const char  *got;

    /* conditions are for the request itself */

    const char  *match = test_match, *none = test_none_match;
    const char  *since = test_unmodified_since, *type = test_content_type;

    test_match = test_none_match = NULL;
    test_unmodified_since = test_content_type = NULL;

    test_does("GET", TEST_DATA, NULL, 200);
    before = strdup(test_text);

    test_match = match;
    test_none_match = none;
    test_unmodified_since = since;
    test_content_type = type;

    test_does(method, uri, body, status);

    root = json_loads(test_text, JSON_REJECT_DUPLICATES, NULL);
    got = NULL;
    (void) json_unpack(root, "{s:{s:[{s:s}]}}", "ietf-restconf:errors",
                       "error", "error-tag", &got);

    if (got == NULL || strcmp(got, tag) != 0) {
        fail_msg("%s %s %s: not %s: %s", method, uri, body ? body : "", tag,
                 test_text);
    }

    json_decref(root);

    test_gets(TEST_DATA, before);
    free(before);
}


#define TEST_ALIAS_ONE                                                        \
    "{\"name\":\"one\",\"target-prefix\":[\"192.0.2.1/32\"],"                 \
    "\"target-port-range\":[{\"lower-port\":80},"                             \
    "{\"lower-port\":443,\"upper-port\":444}],\"target-protocol\":[6]}"
#define TEST_ALIAS_TWO                                                        \
    "{\"name\":\"two\",\"target-prefix\":[\"192.0.2.2/32\"]}"
#define TEST_ACE(name, port)                                                  \
    "{\"name\":\"" name "\",\"matches\":{\"ipv4\":{"                          \
    "\"destination-ipv4-network\":\"192.0.2.0/24\"},\"udp\":{"                \
    "\"destination-port-range-or-operator\":{\"port\":" port "}}},"           \
    "\"actions\":{\"forwarding\":\"ietf-access-control-list:drop\"}}"
#define TEST_ACL(name, aces)                                                  \
    "{\"name\":\"" name "\",\"type\":"                                        \
    "\"ietf-access-control-list:ipv4-acl-type\",\"aces\":{\"ace\":[" aces     \
    "]}}"
#define TEST_ACL_P TEST_ACL("p", TEST_ACE("x", "53") "," TEST_ACE("y", "123"))


static int
test_begin(void **state)
{
    (void) state;

    host_reset(&test_host);
    test_now = TEST_NOW;

    return test_request("PUT", TEST_CLIENT, "{" TEST_DC("dots-client")
                        ":[{\"cuid\":\"c\",\"aliases\":{\"alias\":["
                        TEST_ALIAS_ONE "," TEST_ALIAS_TWO "]},\"acls\":"
                        "{\"acl\":[" TEST_ACL_P ","
                        TEST_ACL("q", TEST_ACE("x", "1")) ","
                        TEST_ACL("r", TEST_ACE("x", "2")) "]}}]}") != 201
           || test_as(test_b, "PUT", TEST_DATA "/dots-client=other",
                      "{" TEST_DC("dots-client") ":[{\"cuid\":\"other\"}]}")
              != 201;
}


static dots_customer_t *
test_customer(const char *name, const char *prefix)
{
    dots_prefix_t     p;
    dots_customer_t  *c;

    c = dots_customers_add(test_customers, test_str(name), NULL);

    if (c == NULL
        || dots_prefix_parse(&p, test_str(prefix)) != DOTS_OK
        || dots_customers_add_prefix(test_customers, c, &p, 0, NULL)
           != DOTS_OK)
    {
        return NULL;
    }

    c->unenforced = 1;

    return c;
}


static int
test_setup(void **state)
{
    (void) state;

    if (test_load()) {
        return 1;
    }

    test_a = test_customer("a", "192.0.2.0/24");
    test_b = test_customer("b", "198.51.100.0/24");

    return test_a == NULL || test_b == NULL
           || dots_customers_finish(test_customers, NULL) != DOTS_OK;
}


#define test_case(f) cmocka_unit_test_setup_teardown(f, test_begin, test_reset)

#endif /* RESTCONF_CLIENT_H */
