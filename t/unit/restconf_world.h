/*
 * What the unit tests of the data channel share: the schema, the customers and
 * the host in memory; its includes are those of all of them.
 */

#ifndef RESTCONF_WORLD_H
#define RESTCONF_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <jansson.h>

#include "restconf_host.h"


static dots_schema_t    *test_schema;
static dots_customers_t *test_customers;
static host_t            test_host;


static dots_str_t
test_str(const char *s)
{
    return s ? dots_str(s, strlen(s)) : dots_str(NULL, 0);
}


static void
test_copy(char *dst, size_t size, dots_str_t s)
{
    assert_true(s.len < size);

    if (s.len) {
        memcpy(dst, s.data, s.len);
    }

    dst[s.len] = '\0';
}


static int
test_reset(void **state)
{
    (void) state;

    host_reset(&test_host);

    return 0;
}


/* Nonzero: there is no schema, or no memory. */

static int
test_load(void)
{
    char  err[256];

    test_schema = dots_schema_load(SOURCE_DIR "/schemas", err, sizeof(err));

    if (test_schema == NULL) {
        print_error("%s\n", err);
        return 1;
    }

    test_customers = dots_customers_create();

    return test_customers == NULL;
}


static int
test_teardown(void **state)
{
    (void) test_reset(state);

    dots_customers_destroy(test_customers);
    dots_schema_free(test_schema);

    return 0;
}

#endif /* RESTCONF_WORLD_H */
