/*
 * What the tests of ACLs share: a data channel of one customer over a host that
 * keeps records in memory, a PUT of the ACL "x", its record, what mitigators
 * can do.
 */

#ifndef ACL_WORLD_H
#define ACL_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "restconf_host.h"


#define TEST_NOW    1700000000000LL
#define TEST_DC     "ietf-dots-data-channel:"
#define TEST_CLIENT "/data/" TEST_DC "dots-data/dots-client=c"

/* An entry, an ACL, and the body of a PUT of it. */

#define TEST_ACE(name, matches, actions)                                      \
    "{\"name\":\"" name "\",\"matches\":{" matches "},\"actions\":{" actions  \
    "}}"
#define TEST_DROP   "\"forwarding\":\"drop\""
#define TEST_ACCEPT "\"forwarding\":\"accept\""
#define TEST_ACL(head, aces)                                                  \
    "{\"" TEST_DC "acl\":[{\"name\":\"x\"," head "\"aces\":{\"ace\":[" aces   \
    "]}}]}"
#define TEST_V4  "\"type\":\"ipv4-acl-type\","
#define TEST_V6  "\"type\":\"ipv6-acl-type\","
#define TEST_NOW_ACTIVE "\"activation-type\":\"immediate\","
#define TEST_DST "\"destination-ipv4-network\":\"192.0.2.9/32\""


static dots_schema_t    *test_schema;
static dots_customers_t *test_customers;
static dots_customer_t  *test_customer;
static dots_acl_needs_t  test_ability;
static host_t            test_host;
static unsigned          test_status;
static char             *test_text;


static inline void
test_done(dots_restconf_t *rc)
{
    free(test_text);

    test_status = rc->status;
    test_text = strndup(rc->text.len ? (const char *) rc->text.data : "",
                        rc->text.len);
}


static inline unsigned
test_request(const char *method, const char *uri, const char *body)
{
    dots_restconf_t  rc;

    memset(&rc, 0, sizeof(rc));

    rc.schema = test_schema;
    rc.customer = test_customer;
    rc.method = dots_str(method, strlen(method));
    rc.uri = dots_str(uri, strlen(uri));
    rc.root = dots_str("/restconf", 9);
    rc.body = dots_str(body, body ? strlen(body) : 0);
    rc.content_type = dots_str("application/yang-data+json", 26);
    rc.now = TEST_NOW;
    rc.submit = host_submit;
    rc.done = test_done;
    rc.host = &test_host;

    dots_restconf_handle(&rc);
    dots_restconf_free(&rc);

    return test_status;
}


/* The host with nothing but the client, its record 0. */

static inline void
test_clear(void)
{
    host_reset(&test_host);

    assert_int_equal(test_request("PUT", TEST_CLIENT,
                                  "{\"" TEST_DC "dots-client\":"
                                  "[{\"cuid\":\"c\"}]}"), 201);
}


static inline unsigned
test_put(const char *body)
{
    test_clear();

    return test_request("PUT", TEST_CLIENT "/acls/acl=x", body);
}


/* The only ACL of the host, decoded. */

static inline void
test_stored(dots_acl_t *acl, dots_arena_t *a)
{
    assert_int_equal(test_host.n, 2);
    assert_int_equal(dots_acl_decode(acl, test_host.records[1].data,
                                     test_host.records[1].len, a),
                     DOTS_OK);
}


static inline void
test_refused(const char *body, const char *tag, const char *path)
{
    char  want[128];

    if (test_put(body) != 400) {
        fail_msg("status %u: %s for %s", test_status, test_text, body);
    }

    (void) snprintf(want, sizeof(want), "\"error-tag\":\"%s\"", tag);

    if (strstr(test_text, want) == NULL
        || (path != NULL && strstr(test_text, path) == NULL))
    {
        fail_msg("not %s at %s: %s", tag, path ? path : "", test_text);
    }

    assert_int_equal(test_host.n, 1);
}


/* A mitigator that can do everything; tests take from it. */

static inline void
test_all(void)
{
    test_customer->unenforced = 0;

    test_ability.families = DOTS_ACL_IPV4 | DOTS_ACL_IPV6;
    test_ability.protocols = DOTS_ACL_TCP | DOTS_ACL_UDP | DOTS_ACL_ICMP;
    test_ability.actions = DOTS_ACL_DROP | DOTS_ACL_ACCEPT | DOTS_ACL_RATE;
    test_ability.fields = dots_acl_bit(DOTS_ACL_FIELDS) - 1;
}


static inline void
test_blackhole(void)
{
    test_all();

    test_ability.protocols = 0;
    test_ability.actions = DOTS_ACL_DROP;
    test_ability.fields = dots_acl_bit(DOTS_ACL_DESTINATION);
}


static inline dots_prefix_t
test_prefix(const char *text)
{
    dots_prefix_t  p;

    assert_int_equal(dots_prefix_parse(&p, dots_str(text, strlen(text))),
                     DOTS_OK);

    return p;
}


static inline int
test_setup(void **state)
{
    char           err[256];
    dots_prefix_t  p;

    (void) state;

    test_schema = dots_schema_load(SOURCE_DIR "/schemas", err, sizeof(err));
    test_customers = dots_customers_create();
    test_customer = dots_customers_add(test_customers, dots_str("a", 1), NULL);

    p = test_prefix("192.0.2.0/24");
    (void) dots_customers_add_prefix(test_customers, test_customer, &p, 0,
                                     NULL);
    p = test_prefix("2001:db8::/32");
    (void) dots_customers_add_prefix(test_customers, test_customer, &p, 0,
                                     NULL);

    if (test_schema == NULL
        || dots_customers_finish(test_customers, NULL) != DOTS_OK)
    {
        return -1;
    }

    test_customer->abilities = &test_ability;
    test_customer->nabilities = 1;

    return 0;
}


static inline int
test_teardown(void **state)
{
    (void) state;

    test_clear();
    free(test_text);
    dots_customers_destroy(test_customers);
    dots_schema_free(test_schema);

    return 0;
}

#endif /* ACL_WORLD_H */
