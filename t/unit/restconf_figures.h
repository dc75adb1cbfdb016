/*
 * Requests of the data channel as the figures of RFC 8783 have them, by
 * customers "a" and "b"; the whole answer to the last one; what an error has to
 * look like.  The dots-clients of both, empty, are there or not.
 */

#ifndef RESTCONF_FIGURES_H
#define RESTCONF_FIGURES_H

#include "restconf_world.h"


#define TEST_TREE    "/data/ietf-dots-data-channel:dots-data"
#define TEST_CLIENT  TEST_TREE "/dots-client=dz6pHjaADkaFTbjr0JGBpw"
#define TEST_OTHER   TEST_TREE "/dots-client=other"
#define TEST_ALIASES TEST_CLIENT "/aliases"
#define TEST_ALIAS   TEST_ALIASES "/alias=https1"
#define TEST_JSON    "application/yang-data+json"
#define TEST_NOW     1700000000000LL

#define TEST_ALL_METHODS "OPTIONS, GET, HEAD, POST, PUT, PATCH, DELETE"

#define TEST_DC(name) "\"ietf-dots-data-channel:" name "\""
#define TEST_REGISTER(cuid)                                                   \
    "{" TEST_DC("dots-client") ":[{\"cuid\":\"" cuid "\"}]}"
#define TEST_ENTRY(entry) "{" TEST_DC("alias") ":[" entry "]}"
#define TEST_LIST(list)   "{" TEST_DC("aliases") ":{\"alias\":[" list "]}}"

/* RFC 8783 figure 17, members in the order of the schema */
#define TEST_HTTPS1                                                           \
    "{\"name\":\"https1\","                                                   \
    "\"target-prefix\":[\"2001:db8:6401::1/128\",\"2001:db8:6401::2/128\"],"  \
    "\"target-port-range\":[{\"lower-port\":443}],\"target-protocol\":[6]}"

#define TEST_WEB(name) "{\"name\":\"" name "\",\"target-prefix\":"            \
                       "[\"192.0.2.7/32\"]}"


static const dots_customer_t  *test_a, *test_b;

/* the answer to the last request, a copy */

static unsigned                test_status;
static int                     test_dones;
static char                    test_text[1024 * 1024];
static char                    test_media[64];
static char                    test_location[1024];
static char                    test_allow[64];
static char                    test_accept_patch[128];
static char                    test_etag[64];
static char                    test_challenge[64];
static char                    test_modified[64];


static inline char *
test_text_dup(void)
{
    char  *copy;

    copy = strdup(test_text);
    assert_non_null(copy);

    return copy;
}


static inline void
test_done(dots_restconf_t *rc)
{
    test_dones++;
    test_status = rc->status;
    test_copy(test_text, sizeof(test_text), rc->text);
    test_copy(test_media, sizeof(test_media), rc->media);
    test_copy(test_location, sizeof(test_location), rc->location);
    test_copy(test_allow, sizeof(test_allow), rc->allow);
    test_copy(test_accept_patch, sizeof(test_accept_patch), rc->accept_patch);
    test_copy(test_etag, sizeof(test_etag), rc->etag);
    test_copy(test_challenge, sizeof(test_challenge), rc->challenge);
    test_copy(test_modified, sizeof(test_modified), rc->last_modified);
}


static inline void
test_make(dots_restconf_t *rc, const char *method, const char *uri,
    const char *body)
{
    memset(rc, 0, sizeof(*rc));

    rc->schema = test_schema;
    rc->customer = test_a;
    rc->method = test_str(method);
    rc->uri = test_str(uri);
    rc->root = test_str("/restconf");
    rc->content_type = test_str(body ? TEST_JSON : NULL);
    rc->body = test_str(body);
    rc->now = TEST_NOW;
    rc->submit = host_submit;
    rc->done = test_done;
    rc->host = &test_host;

    test_dones = 0;
    test_status = 0;
}


static inline void
test_run(dots_restconf_t *rc)
{
    dots_restconf_handle(rc);
    assert_int_equal(test_dones, 1);
    dots_restconf_free(rc);
}


static inline unsigned
test_as(const dots_customer_t *customer, const char *method, const char *uri,
    const char *body)
{
    dots_restconf_t  rc;

    test_make(&rc, method, uri, body);
    rc.customer = customer;
    test_run(&rc);

    return test_status;
}


static inline unsigned
test_request(const char *method, const char *uri, const char *body)
{
    return test_as(test_a, method, uri, body);
}


/* The last answer was this error, in the form of RFC 8040 section 7.1. */

static inline void
test_is_error(unsigned status, const char *tag)
{
    json_t      *root;
    const char  *type, *got, *message, *path;

    if (test_status != status) {
        fail_msg("status %u, not %u: %s", test_status, status, test_text);
    }

    assert_string_equal(test_media, TEST_JSON);
    assert_string_equal(test_location, "");

    path = NULL;
    root = json_loads(test_text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);

    assert_int_equal(json_unpack(root, "{s:{s:[{s:s, s:s, s:s, s?s}!]!}!}",
                                 "ietf-restconf:errors", "error",
                                 "error-type", &type, "error-tag", &got,
                                 "error-message", &message,
                                 "error-path", &path), 0);

    assert_string_equal(got, tag);
    assert_true(strcmp(type, "protocol") == 0
                || strcmp(type, "application") == 0);
    assert_true(message[0] != '\0');

    json_decref(root);
}


static inline void
test_refuses(const char *method, const char *uri, const char *body,
    unsigned status, const char *tag)
{
    int  commits;

    commits = test_host.commits;

    (void) test_request(method, uri, body);
    test_is_error(status, tag);

    /* nothing reached the store */
    assert_int_equal(test_host.commits, commits);
}


static inline void
test_path_is(const char *expected)
{
    json_t      *root;
    const char  *path;

    root = json_loads(test_text, 0, NULL);
    assert_non_null(root);
    assert_int_equal(json_unpack(root, "{s:{s:[{s:s}]}}",
                                 "ietf-restconf:errors", "error", "error-path",
                                 &path), 0);
    assert_string_equal(path, expected);
    json_decref(root);
}


static inline void
test_gets(const char *uri, const char *expected)
{
    assert_int_equal(test_request("GET", uri, NULL), 200);
    assert_string_equal(test_media, TEST_JSON);
    assert_string_equal(test_text, expected);
}


static inline int
test_registered(void **state)
{
    (void) test_reset(state);

    return test_request("POST", TEST_TREE,
                        TEST_REGISTER("dz6pHjaADkaFTbjr0JGBpw")) != 201
           || test_as(test_b, "POST", TEST_TREE, TEST_REGISTER("other")) != 201;
}


static inline dots_customer_t *
test_customer(const char *name, const char *prefix4, const char *prefix6,
    const char *domain)
{
    dots_prefix_t     p;
    dots_customer_t  *c;

    c = dots_customers_add(test_customers, test_str(name), NULL);

    if (c == NULL
        || dots_prefix_parse(&p, test_str(prefix4)) != DOTS_OK
        || dots_customers_add_prefix(test_customers, c, &p, 0, NULL) != DOTS_OK
        || dots_prefix_parse(&p, test_str(prefix6)) != DOTS_OK
        || dots_customers_add_prefix(test_customers, c, &p, 0, NULL) != DOTS_OK
        || dots_customers_add_name(test_customers, c, test_str(domain), NULL)
           != DOTS_OK)
    {
        return NULL;
    }

    return c;
}


static inline int
test_setup(void **state)
{
    (void) state;

    if (test_load()) {
        return 1;
    }

    test_a = test_customer("a", "192.0.2.0/24", "2001:db8:6401::/48",
                           "example.com");
    test_b = test_customer("b", "198.51.100.0/24", "2001:db8:6402::/48",
                           "example.net");

    return test_a == NULL || test_b == NULL
           || dots_customers_finish(test_customers, NULL) != DOTS_OK;
}


#define test_empty(f) cmocka_unit_test_setup_teardown(f, test_reset, test_reset)
#define test_ready(f)                                                         \
    cmocka_unit_test_setup_teardown(f, test_registered, test_reset)

#endif /* RESTCONF_FIGURES_H */
