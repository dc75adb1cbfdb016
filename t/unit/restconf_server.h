/*
 * For unit tests of what the server says by itself: requests that are no
 * business of the model, by a customer who has nothing.
 */

#ifndef RESTCONF_SERVER_H
#define RESTCONF_SERVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <jansson.h>

#include "dots_restconf.h"


#define NOW 1764330000000LL   /* 2025-11-28T11:40:00Z */


static dots_schema_t    *test_schema;
static dots_customer_t  *test_customer;
static dots_restconf_t   test_rc;       /* the last, with its answer */
static int               test_dones;


static int
test_setup(void **state)
{
    char               err[512];
    dots_customers_t  *customers;

    test_schema = dots_schema_load(SOURCE_DIR "/schemas", err, sizeof(err));
    customers = dots_customers_create();

    if (test_schema == NULL || customers == NULL) {
        return 1;
    }

    test_customer = dots_customers_add(customers, dots_str("a", 1), NULL);

    *state = customers;

    return test_customer == NULL
           || dots_customers_finish(customers, NULL) != DOTS_OK;
}


static int
test_teardown(void **state)
{
    dots_customers_destroy(*state);
    dots_schema_free(test_schema);

    return 0;
}


static void
test_done(dots_restconf_t *rc)
{
    (void) rc;

    test_dones++;
}


static void
test_submit(dots_restconf_t *rc, dots_request_t *rq)
{
    (void) rc;
    (void) rq;

    fail_msg("state is no business of the model");
}


static int64_t
test_since(dots_restconf_t *rc)
{
    assert_ptr_equal(rc->customer, test_customer);

    return NOW - 1;
}


static dots_str_t
test_string(const char *s)
{
    return dots_str(s, strlen(s));
}


static void
test_request(const char *method, const char *uri, const char *accept)
{
    memset(&test_rc, 0, sizeof(test_rc));

    test_rc.schema = test_schema;
    test_rc.customer = test_customer;
    test_rc.method = test_string(method);
    test_rc.uri = test_string(uri);
    test_rc.root = test_string("/restconf");
    test_rc.origin = test_string("https://localhost:8443");
    test_rc.accept = test_string(accept);
    test_rc.now = NOW;
    test_rc.wall = NOW;
    test_rc.since = test_since;
    test_rc.submit = test_submit;
    test_rc.done = test_done;

    test_dones = 0;
    dots_restconf_handle(&test_rc);
    assert_int_equal(test_dones, 1);
}

#endif /* RESTCONF_SERVER_H */
