/*
 * Accept and Content-Type: RFC 8040 section 5.2, RFC 9110 sections 8.3, 12.5.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dots_media.h"


typedef struct {
    const char *text;
    int         expected;
} test_case_t;


static void
test_table(const test_case_t *c, size_t n, int (*check)(dots_str_t s))
{
    int     rc;
    char   *copy;
    size_t  i, len;

    for (i = 0; i < n; i++) {
        len = strlen(c[i].text);

        /* the exact size, for ASan */
        copy = malloc(len ? len : 1);
        assert_non_null(copy);
        memcpy(copy, c[i].text, len);

        rc = check(dots_str(copy, len)) != 0;
        free(copy);

        if (rc != c[i].expected) {
            fail_msg("\"%s\": %d", c[i].text, rc);
        }
    }
}


static void
test_accept(void **state)
{
    static const test_case_t  cases[] = {
        { "", 1 },
        { "application/yang-data+json", 1 },
        { "Application/YANG-Data+JSON", 1 },
        { "*/*", 1 },
        { "application/*", 1 },
        { "application/yang-data+xml", 0 },
        { "application/json", 0 },
        { "text/*", 0 },
        { "*/json", 0 },
        { "application/yang-data+xml, application/yang-data+json", 1 },
        { "application/yang-data+xml,application/yang-data+json;q=0.5", 1 },
        { "application/yang-data+json;q=0", 0 },
        { "application/yang-data+json;q=0.000", 0 },
        { "application/yang-data+json;Q=0", 0 },
        { "application/yang-data+json;q=0.001", 1 },
        { "application/yang-data+json ; q=0.1", 1 },
        { "*/*;q=0", 0 },

        /* the most specific range decides, in any order */
        { "*/*, application/yang-data+json;q=0", 0 },
        { "application/yang-data+json;q=0, */*", 0 },
        { "application/*;q=0, */*", 0 },
        { "*/*;q=0, application/*", 1 },
        { "application/*;q=0, application/yang-data+json;q=0.1", 1 },
        { "application/yang-data+json;q=0, application/yang-data+json", 1 },

        { "application/yang-data+json;charset=utf-8", 1 },
        { "application/yang-data+json;charset=\"UTF-8\"", 1 },
        { "application/yang-data+json;charset=latin1", 0 },

        /* malformed ranges count for nothing */
        { "application", 0 },
        { "application/", 0 },
        { "application/yang-data+json;q=2", 0 },
        { "application/yang-data+json;q=1.001", 0 },
        { "application/yang-data+json;q=0.1234", 0 },
        { "application/yang-data+json;q=", 0 },
        { "application/yang-data+json x", 0 },
        { "foo, , */*;q=0.1", 1 },
        { "a/b;c=\"x,*/*\"", 0 },
        { "a/b;c=\"x\\\",*/*\"", 0 },
        { "a/b;c=\"x\\", 0 },
        { "a/b;c=\"x\", */*", 1 },
        { ",", 0 },
        { ";", 0 },
        { "application/yang-data+json;", 1 },
        { "application/yang-data+json;;q=1", 1 },
        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/b, */*", 1 },
    };

    (void) state;

    test_table(cases, sizeof(cases) / sizeof(cases[0]), dots_media_accepted);
}


static void
test_content_type(void **state)
{
    static const test_case_t  cases[] = {
        { "application/yang-data+json", 1 },
        { "APPLICATION/yang-DATA+json", 1 },
        { " application/yang-data+json ", 1 },
        { "application/yang-data+json; charset=utf-8", 1 },
        { "application/yang-data+json;charset=\"utf-8\"", 1 },
        { "application/yang-data+json; charset=UTF-8; x=y", 1 },
        { "application/yang-data+json; charset=utf-16", 0 },
        { "application/yang-data+xml", 0 },
        { "application/json", 0 },
        { "application/yang-data+json, application/yang-data+json", 0 },
        { "application/yang-data", 0 },
        { "application/yang-data+json2", 0 },
        { "*/*", 0 },
        { "", 0 },
        { "application/yang-data+json; charset", 0 },
        { "application/yang-data+json; charset=\"utf-8", 0 },
    };

    (void) state;

    test_table(cases, sizeof(cases) / sizeof(cases[0]), dots_media_is_json);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_accept),
        cmocka_unit_test(test_content_type),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
