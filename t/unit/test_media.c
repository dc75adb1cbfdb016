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


#define NONE DOTS_MEDIA_NONE
#define JSON DOTS_MEDIA_JSON
#define XML  DOTS_MEDIA_XML


typedef struct {
    const char   *text;
    dots_media_t  expected;
} test_case_t;


static void
test_table(const test_case_t *c, size_t n, dots_media_t (*check)(dots_str_t s))
{
    char         *copy;
    size_t        i, len;
    dots_media_t  media;

    for (i = 0; i < n; i++) {
        len = strlen(c[i].text);

        /* the exact size, for ASan */
        copy = malloc(len ? len : 1);
        assert_non_null(copy);
        memcpy(copy, c[i].text, len);

        media = check(dots_str(copy, len));
        free(copy);

        if (media != c[i].expected) {
            fail_msg("\"%s\": %d", c[i].text, media);
        }
    }
}


static void
test_accept(void **state)
{
    static const test_case_t  cases[] = {
        { "", JSON },
        { "application/yang-data+json", JSON },
        { "Application/YANG-Data+JSON", JSON },
        { "*/*", JSON },
        { "application/*", JSON },
        { "application/yang-data+xml", XML },
        { "application/json", NONE },
        { "text/*", NONE },
        { "*/json", NONE },
        { "application/yang-data+xml, application/yang-data+json", JSON },
        { "application/yang-data+xml,application/yang-data+json;q=0.5", XML },
        { "application/yang-data+xml;q=0.5,application/yang-data+json", JSON },
        { "application/*;q=0.2, application/yang-data+xml;q=0.1", JSON },
        { "application/*;q=0.2, application/yang-data+json;q=0.1", XML },
        { "application/yang-data+xml, */*", JSON },
        { "application/yang-data+xml, */*;q=0.9", XML },
        { "application/yang-patch+json", NONE },
        { "application/yang-data+json;q=0", NONE },
        { "application/yang-data+json;q=0.000", NONE },
        { "application/yang-data+json;Q=0", NONE },
        { "application/yang-data+json;q=0.001", JSON },
        { "application/yang-data+json ; q=0.1", JSON },
        { "*/*;q=0", NONE },

        /* the most specific range decides, in any order */
        { "*/*, application/yang-data+json;q=0", XML },
        { "application/yang-data+json;q=0, */*", XML },
        { "application/*;q=0, */*", NONE },
        { "*/*;q=0, application/*", JSON },
        { "application/*;q=0, application/yang-data+json;q=0.1", JSON },
        { "application/yang-data+json;q=0, application/yang-data+json", JSON },

        { "application/yang-data+json;charset=utf-8", JSON },
        { "application/yang-data+json;charset=\"UTF-8\"", JSON },
        { "application/yang-data+json;charset=latin1", NONE },

        /* malformed ranges count for nothing */
        { "application", NONE },
        { "application/", NONE },
        { "application/yang-data+json;q=2", NONE },
        { "application/yang-data+json;q=1.001", NONE },
        { "application/yang-data+json;q=0.1234", NONE },
        { "application/yang-data+json;q=", NONE },
        { "application/yang-data+json x", NONE },
        { "foo, , */*;q=0.1", JSON },
        { "a/b;c=\"x,*/*\"", NONE },
        { "a/b;c=\"x\\\",*/*\"", NONE },
        { "a/b;c=\"x\\", NONE },
        { "a/b;c=\"x\", */*", JSON },
        { ",", NONE },
        { ";", NONE },
        { "application/yang-data+json;", JSON },
        { "application/yang-data+json;;q=1", JSON },
        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/b, */*", JSON },
    };

    (void) state;

    test_table(cases, sizeof(cases) / sizeof(cases[0]), dots_media_choose);
}


static void
test_content_type(void **state)
{
    static const test_case_t  cases[] = {
        { "application/yang-data+json", JSON },
        { "APPLICATION/yang-DATA+json", JSON },
        { " application/yang-data+json ", JSON },
        { "application/yang-data+json; charset=utf-8", JSON },
        { "application/yang-data+json;charset=\"utf-8\"", JSON },
        { "application/yang-data+json; charset=UTF-8; x=y", JSON },
        { "application/yang-data+json; charset=utf-16", NONE },
        { "application/yang-data+xml", XML },
        { "application/yang-data+xml;charset=utf-8", XML },
        { "application/yang-data+xml;charset=latin1", NONE },
        { "application/yang-patch+json", DOTS_MEDIA_PATCH_JSON },
        { "application/yang-patch+xml", DOTS_MEDIA_PATCH_XML },
        { "application/yang-patch", NONE },
        { "application/*", NONE },
        { "application/json", NONE },
        { "application/yang-data+json, application/yang-data+json", NONE },
        { "application/yang-data", NONE },
        { "application/yang-data+json2", NONE },
        { "*/*", NONE },
        { "", NONE },
        { "application/yang-data+json; charset", NONE },
        { "application/yang-data+json; charset=\"utf-8", NONE },
    };

    (void) state;

    test_table(cases, sizeof(cases) / sizeof(cases[0]), dots_media_content);
}


static void
test_quality(void **state)
{
    dots_str_t  accept = dots_string("text/event-stream;q=0.3, */*;q=0.1");

    (void) state;

    assert_int_equal(dots_media_quality(accept, "text/event-stream"), 300);
    assert_int_equal(dots_media_quality(accept, "text/event"), 100);
    assert_int_equal(dots_media_quality(accept, "application/yang"), 100);
    assert_int_equal(dots_media_quality(dots_str(NULL, 0), "application/yang"),
                     DOTS_MEDIA_QUALITY);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_accept),
        cmocka_unit_test(test_content_type),
        cmocka_unit_test(test_quality),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
