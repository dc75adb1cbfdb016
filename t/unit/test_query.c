/*
 * Query parameters: RFC 8040 section 4.8.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dots_query.h"


static int
test_parse(dots_query_t *q, const char *text, unsigned allowed)
{
    int                    rc;
    dots_restconf_error_t  e;

    memset(&e, 0, sizeof(e));
    rc = dots_query_parse(q, dots_str(text, strlen(text)), allowed, &e);

    if (rc != DOTS_OK) {
        assert_int_equal(rc, DOTS_INVALID);
        assert_int_equal(e.status, 400);
        assert_int_equal(e.tag, DOTS_TAG_INVALID_VALUE);
        assert_true(e.message[0] != '\0');
    }

    return rc;
}


static void
test_content(void **state)
{
    dots_query_t  q;

    (void) state;

    assert_int_equal(test_parse(&q, "", DOTS_QUERY_CONTENT), DOTS_OK);
    assert_int_equal(q.content, DOTS_CONTENT_ALL);
    assert_int_equal(test_parse(&q, "content=all", DOTS_QUERY_CONTENT),
                     DOTS_OK);
    assert_int_equal(q.content, DOTS_CONTENT_ALL);
    assert_int_equal(test_parse(&q, "content=config", DOTS_QUERY_CONTENT),
                     DOTS_OK);
    assert_int_equal(q.content, DOTS_CONTENT_CONFIG);
    assert_int_equal(test_parse(&q, "content=nonconfig", DOTS_QUERY_CONTENT),
                     DOTS_OK);
    assert_int_equal(q.content, DOTS_CONTENT_NONCONFIG);
    assert_int_equal(test_parse(&q, "c%6Fntent=con%66ig", DOTS_QUERY_CONTENT),
                     DOTS_OK);
    assert_int_equal(q.content, DOTS_CONTENT_CONFIG);
}


/* longer than any value of ours, percent-encoded or not */

static const char  test_long[] =
    "content="
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";


static void
test_refused(void **state)
{
    size_t        i;
    dots_query_t  q;

    static const char *const  bad[] = {
        "content=", "content", "content=non-config", "content=All",
        "CONTENT=all", "content=all&content=all", "content=all&content=config",
        "content=all&", "&content=all", "&", "=", "=all", "depth=1",
        "insert=first", "unknown=1", "content=all&unknown=1", "content=al%6",
        "content=all%00", "content=all all", "content=all#x",
        test_long,
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (test_parse(&q, bad[i], DOTS_QUERY_CONTENT) != DOTS_INVALID) {
            fail_msg("%s was accepted", bad[i]);
        }
    }
}


/* 4.8.1: content is for GET of data resources. */

static void
test_not_here(void **state)
{
    dots_query_t  q;

    (void) state;

    assert_int_equal(test_parse(&q, "content=all", DOTS_QUERY_NONE),
                     DOTS_INVALID);
    assert_int_equal(test_parse(&q, "", DOTS_QUERY_NONE), DOTS_OK);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_content),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_not_here),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
