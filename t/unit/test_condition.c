/* Dates of HTTP, entity-tags, the order of conditions: RFC 9110 section 13. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dots_condition.h"
#include "dots_http_date.h"


#define TEST_S    784111777LL /* Sun, 06 Nov 1994 08:49:37 GMT */
#define TEST_DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define TEST_NEXT "Sun, 06 Nov 1994 08:49:38 GMT"
#define TEST_LAST "Sun, 06 Nov 1994 08:49:36 GMT"
#define TEST_NOW  1700000000000LL


static dots_str_t
test_str(const char *s)
{
    return s ? dots_str(s, strlen(s)) : dots_str(NULL, 0);
}


/* Section 5.6.7: all three forms; what comes out is the first one. */

static void
test_dates(void **state)
{
    char     text[DOTS_HTTP_DATE];
    size_t   i;
    int64_t  s;

    static const char *const  good[] = {
        TEST_DATE, "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994"
    };

    static const char *const  bad[] = {
        "", " ", "Sun", "Sun,", "Sunday", "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 GMTx",
        "sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 32 Oct 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 994 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT", "784111777", "\xff\xff\xff",
        "Sun Nov 06 08:49:37 1994 GMT", TEST_DATE ", " TEST_DATE
    };

    (void) state;

    assert_int_equal(dots_http_date_print(TEST_S, text), 29);
    assert_string_equal(text, TEST_DATE);
    assert_int_equal(dots_http_date_print(0, text), 29);
    assert_string_equal(text, "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_int_equal(dots_http_date_print(-1, text), 0);
    assert_int_equal(dots_http_date_print(INT64_MAX, text), 0);

    for (i = 0; i < sizeof(good) / sizeof(char *); i++) {
        s = 0;
        assert_int_equal(dots_http_date_parse(test_str(good[i]),
                                              TEST_NOW / 1000, &s), DOTS_OK);
        assert_int_equal(s, TEST_S);
    }

    for (i = 0; i < sizeof(bad) / sizeof(char *); i++) {
        assert_int_equal(dots_http_date_parse(test_str(bad[i]),
                                              TEST_NOW / 1000, &s),
                         DOTS_INVALID);
    }

    /* two digits: not more than 50 years ahead of 2023 */
    assert_int_equal(dots_http_date_parse(
                         test_str("Sunday, 06-Nov-73 08:49:37 GMT"),
                         TEST_NOW / 1000, &s), DOTS_OK);
    assert_true(s > TEST_NOW / 1000);
    assert_int_equal(dots_http_date_parse(
                         test_str("Sunday, 06-Nov-74 08:49:37 GMT"),
                         TEST_NOW / 1000, &s), DOTS_OK);
    assert_true(s < TEST_S);
}


static void
test_lists(void **state)
{
    size_t             i;
    dots_conditions_t  c;

    static const char *const  good[] = {
        "*", " * ", "\"a\"", "W/\"a\"", "\"a\", \"b\"", ",, \"a\" ,,\"b\",",
        "\"\"", "", " , ", "\"!\x80~\""
    };

    static const char *const  bad[] = {
        "a", "\"a", "a\"", "W/a", "w/\"a\"", "\"a\" \"b\"", "*,\"a\"",
        "\"a\",*", "\"a b\"", "**", "\"a\"x", "W/", "\"\x7f\""
    };

    (void) state;

    for (i = 0; i < sizeof(good) / sizeof(char *); i++) {
        memset(&c, 0, sizeof(c));
        c.match = test_str(good[i]);
        assert_int_equal(dots_conditions_valid(&c), DOTS_OK);
        assert_true(dots_conditions_any(&c));
    }

    for (i = 0; i < sizeof(bad) / sizeof(char *); i++) {
        memset(&c, 0, sizeof(c));
        c.none_match = test_str(bad[i]);
        assert_int_equal(dots_conditions_valid(&c), DOTS_INVALID);
    }

    memset(&c, 0, sizeof(c));
    assert_false(dots_conditions_any(&c));
    assert_int_equal(dots_conditions_valid(&c), DOTS_OK);
}


/* An If-Match or If-None-Match; a "=" in it is the entity's tag. */

static dots_str_t
test_tags(const char *field, const char *tag, char *buf, size_t size)
{
    const char  *eq;

    eq = field ? strchr(field, '=') : NULL;

    if (eq == NULL) {
        return test_str(field);
    }

    (void) snprintf(buf, size, "%.*s%s%s", (int) (eq - field), field, tag,
                    eq + 1);

    return test_str(buf);
}


static const struct {
    int               read;
    int               exists;
    const char       *match;
    const char       *none;
    const char       *modified;
    const char       *unmodified;
    dots_condition_t  outcome;
} test_cases[] = {
    { 1, 1, NULL, NULL, NULL, NULL, DOTS_CONDITION_TRUE },

    /* 1: If-Match */
    { 0, 1, "=", NULL, NULL, NULL, DOTS_CONDITION_TRUE },
    { 0, 1, "\"x\", =", NULL, NULL, NULL, DOTS_CONDITION_TRUE },
    { 0, 1, "*", NULL, NULL, NULL, DOTS_CONDITION_TRUE },
    { 0, 0, "*", NULL, NULL, NULL, DOTS_CONDITION_FAILED },
    { 0, 0, "=", NULL, NULL, NULL, DOTS_CONDITION_FAILED },
    { 0, 1, "\"x\"", NULL, NULL, NULL, DOTS_CONDITION_FAILED },
    { 0, 1, "", NULL, NULL, NULL, DOTS_CONDITION_FAILED },
    { 0, 1, "W/=", NULL, NULL, NULL, DOTS_CONDITION_FAILED },
    { 1, 1, "\"x\"", NULL, NULL, NULL, DOTS_CONDITION_FAILED },

    /* 2: If-Unmodified-Since, only without it */
    { 0, 1, NULL, NULL, NULL, TEST_DATE, DOTS_CONDITION_TRUE },
    { 0, 1, NULL, NULL, NULL, TEST_NEXT, DOTS_CONDITION_TRUE },
    { 0, 1, NULL, NULL, NULL, TEST_LAST, DOTS_CONDITION_FAILED },
    { 0, 1, NULL, NULL, NULL, "nonsense", DOTS_CONDITION_TRUE },
    { 0, 0, NULL, NULL, NULL, TEST_LAST, DOTS_CONDITION_TRUE },
    { 0, 1, "=", NULL, NULL, TEST_LAST, DOTS_CONDITION_TRUE },
    { 0, 1, "\"x\"", NULL, NULL, TEST_NEXT, DOTS_CONDITION_FAILED },

    /* 3: If-None-Match */
    { 1, 1, NULL, "=", NULL, NULL, DOTS_CONDITION_NOT_MODIFIED },
    { 1, 1, NULL, "W/=", NULL, NULL, DOTS_CONDITION_NOT_MODIFIED },
    { 1, 1, NULL, "*", NULL, NULL, DOTS_CONDITION_NOT_MODIFIED },
    { 1, 1, NULL, "\"x\"", NULL, NULL, DOTS_CONDITION_TRUE },
    { 0, 1, NULL, "=", NULL, NULL, DOTS_CONDITION_FAILED },
    { 0, 1, NULL, "*", NULL, NULL, DOTS_CONDITION_FAILED },
    { 0, 0, NULL, "*", NULL, NULL, DOTS_CONDITION_TRUE },
    { 1, 1, "=", "=", NULL, NULL, DOTS_CONDITION_NOT_MODIFIED },
    { 1, 1, "\"x\"", "=", NULL, NULL, DOTS_CONDITION_FAILED },

    /* 4: If-Modified-Since, only of a read and without it */
    { 1, 1, NULL, NULL, TEST_DATE, NULL, DOTS_CONDITION_NOT_MODIFIED },
    { 1, 1, NULL, NULL, TEST_NEXT, NULL, DOTS_CONDITION_NOT_MODIFIED },
    { 1, 1, NULL, NULL, TEST_LAST, NULL, DOTS_CONDITION_TRUE },
    { 1, 1, NULL, NULL, "nonsense", NULL, DOTS_CONDITION_TRUE },
    { 0, 1, NULL, NULL, TEST_DATE, NULL, DOTS_CONDITION_TRUE },
    { 1, 1, NULL, "\"x\"", TEST_DATE, NULL, DOTS_CONDITION_TRUE },
    { 1, 1, NULL, "=", TEST_LAST, NULL, DOTS_CONDITION_NOT_MODIFIED },
};


static void
test_entity(dots_entity_t *e)
{
    assert_int_equal(dots_entity_make(e, test_str("text"), TEST_S * 1000
                                                           + 999), DOTS_OK);
}


/* Section 13.2.2, every step of it. */

static void
test_precedence(void **state)
{
    size_t             i;
    char               tag[DOTS_CONDITION_TAG], match[256], none[256];
    dots_entity_t      e;
    dots_conditions_t  c;

    (void) state;

    test_entity(&e);
    (void) dots_condition_tag(&e, 0, tag);

    for (i = 0; i < sizeof(test_cases) / sizeof(test_cases[0]); i++) {

        memset(&c, 0, sizeof(c));
        c.match = test_tags(test_cases[i].match, tag, match, sizeof(match));
        c.none_match = test_tags(test_cases[i].none, tag, none, sizeof(none));
        c.modified_since = test_str(test_cases[i].modified);
        c.unmodified_since = test_str(test_cases[i].unmodified);

        if (dots_conditions_check(&c, test_cases[i].read, 0,
                                  test_cases[i].exists ? &e : NULL, TEST_NOW)
            != test_cases[i].outcome)
        {
            fail_msg("case %zu", i);
        }
    }
}


/* What has none: only "*" is about it. */

static void
test_untagged(void **state)
{
    dots_conditions_t  c;

    (void) state;

    memset(&c, 0, sizeof(c));
    c.match = test_str("*");
    assert_int_equal(dots_conditions_check(&c, 1, 0, &dots_condition_untagged,
                                           TEST_NOW), DOTS_CONDITION_TRUE);
    c.match = test_str("\"000000000000000000000000\"");
    assert_int_equal(dots_conditions_check(&c, 1, 0, &dots_condition_untagged,
                                           TEST_NOW), DOTS_CONDITION_FAILED);
}


/* The tag of another representation: enough to edit, no cached answer. */

static void
test_representations(void **state)
{
    char               tag[DOTS_CONDITION_TAG], xml[DOTS_CONDITION_TAG];
    dots_entity_t      e;
    dots_conditions_t  c;

    (void) state;

    test_entity(&e);
    (void) dots_condition_tag(&e, 0, tag);
    (void) dots_condition_tag(&e, 1, xml);
    assert_string_not_equal(tag, xml);

    memset(&c, 0, sizeof(c));
    c.match = test_str(xml);
    assert_int_equal(dots_conditions_check(&c, 0, 0, &e, TEST_NOW),
                     DOTS_CONDITION_TRUE);
    memset(&c, 0, sizeof(c));
    c.none_match = test_str(xml);
    assert_int_equal(dots_conditions_check(&c, 1, 0, &e, TEST_NOW),
                     DOTS_CONDITION_TRUE);
    assert_int_equal(dots_conditions_check(&c, 1, 1, &e, TEST_NOW),
                     DOTS_CONDITION_NOT_MODIFIED);
    assert_int_equal(dots_conditions_check(&c, 0, 0, &e, TEST_NOW),
                     DOTS_CONDITION_FAILED);
}


/* Not byte by byte: there is room behind the tag that nobody sets. */

static void
test_entity_is(const dots_entity_t *e, const dots_entity_t *expected)
{
    assert_int_equal(e->modified, expected->modified);
    assert_memory_equal(e->tag, expected->tag, DOTS_ENTITY_TAG);
}


/* An entity is another one with another text, another time, another order. */

static void
test_entities(void **state)
{
    dots_entity_t  a, b, sum, other;

    (void) state;

    assert_int_equal(dots_entity_make(&a, test_str("a"), 1), DOTS_OK);
    assert_int_equal(dots_entity_make(&b, test_str("a"), 1), DOTS_OK);
    test_entity_is(&b, &a);
    assert_int_equal(dots_entity_make(&b, test_str("a"), 2), DOTS_OK);
    assert_memory_not_equal(a.tag, b.tag, DOTS_ENTITY_TAG);
    assert_int_equal(dots_entity_make(&b, test_str("b"), 1), DOTS_OK);
    assert_memory_not_equal(a.tag, b.tag, DOTS_ENTITY_TAG);

    memset(&sum, 0, sizeof(sum));
    memset(&other, 0, sizeof(other));

    assert_int_equal(dots_entity_add(&sum, test_str("x"), &a), DOTS_OK);
    assert_int_equal(dots_entity_add(&sum, test_str("y"), &b), DOTS_OK);
    assert_int_equal(dots_entity_add(&other, test_str("y"), &b), DOTS_OK);
    assert_int_equal(dots_entity_add(&other, test_str("x"), &a), DOTS_OK);
    assert_memory_not_equal(sum.tag, other.tag, DOTS_ENTITY_TAG);

    other = sum;
    assert_int_equal(dots_entity_touch(&other, 0), DOTS_OK);
    test_entity_is(&other, &sum);
    assert_int_equal(dots_entity_touch(&other, 7), DOTS_OK);
    assert_memory_not_equal(sum.tag, other.tag, DOTS_ENTITY_TAG);
    assert_int_equal(other.modified, 7);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_untagged),
        cmocka_unit_test(test_representations),
        cmocka_unit_test(test_entities),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
