/*
 * The api-path of RFC 8040 section 3.5.3.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dots_api_path.h"


static dots_arena_t  *test_arena;


static int
test_setup(void **state)
{
    (void) state;

    test_arena = dots_arena_create(1024 * 1024);

    return test_arena == NULL;
}


static int
test_teardown(void **state)
{
    (void) state;

    dots_arena_destroy(test_arena);

    return 0;
}


static int
test_parse(dots_api_path_t *p, const char *text)
{
    return dots_api_path_parse(p, dots_str(text, strlen(text)), test_arena);
}


static void
test_is(dots_str_t s, const char *expected)
{
    assert_int_equal(s.len, strlen(expected));
    assert_memory_equal(s.data, expected, s.len);
}


static void
test_root(void **state)
{
    dots_api_path_t  p;

    (void) state;

    assert_int_equal(test_parse(&p, ""), DOTS_OK);
    assert_int_equal(p.n, 0);
    assert_int_equal(test_parse(&p, "/"), DOTS_OK);
    assert_int_equal(p.n, 0);
}


static void
test_segments(void **state)
{
    dots_api_path_t  p;

    (void) state;

    assert_int_equal(test_parse(&p, "/data/ietf-dots-data-channel:dots-data"
                                    "/dots-client=dz6pHjaADkaFTbjr0JGBpw"
                                    "/aliases"),
                     DOTS_OK);

    assert_int_equal(p.n, 4);
    test_is(p.segments[0].name, "data");
    assert_int_equal(p.segments[0].module.len, 0);
    assert_int_equal(p.segments[0].nkeys, 0);
    test_is(p.segments[1].module, "ietf-dots-data-channel");
    test_is(p.segments[1].name, "dots-data");
    test_is(p.segments[2].name, "dots-client");
    assert_int_equal(p.segments[2].nkeys, 1);
    test_is(p.segments[2].keys[0], "dz6pHjaADkaFTbjr0JGBpw");
    test_is(p.segments[3].name, "aliases");
}


/* The example of section 3.5.3: a comma, quotes, a colon, a space, a slash. */

static void
test_rfc_example(void **state)
{
    dots_api_path_t  p;

    (void) state;

    assert_int_equal(test_parse(&p, "/data/example-top:top/"
                                    "list1=%2C%27\"%3A\"%20%2F,,foo"),
                     DOTS_OK);

    assert_int_equal(p.n, 3);
    assert_int_equal(p.segments[2].nkeys, 3);
    test_is(p.segments[2].keys[0], ",'\":\" /");
    test_is(p.segments[2].keys[1], "");
    test_is(p.segments[2].keys[2], "foo");
}


static void
test_keys(void **state)
{
    dots_api_path_t  p;

    (void) state;

    assert_int_equal(test_parse(&p, "/l="), DOTS_OK);
    assert_int_equal(p.segments[0].nkeys, 1);
    test_is(p.segments[0].keys[0], "");

    assert_int_equal(test_parse(&p, "/l=,"), DOTS_OK);
    assert_int_equal(p.segments[0].nkeys, 2);

    /* erratum 5255: "=" belongs to the value after the first one */
    assert_int_equal(test_parse(&p, "/l=a=b:c"), DOTS_OK);
    test_is(p.segments[0].keys[0], "a=b:c");

    assert_int_equal(test_parse(&p, "/l=%c3%A9%F0%9F%98%80"), DOTS_OK);
    test_is(p.segments[0].keys[0], "\xc3\xa9\xf0\x9f\x98\x80");

    assert_int_equal(test_parse(&p, "/l=a,b,c,d"), DOTS_OK);
    assert_int_equal(p.segments[0].nkeys, 4);
}


/* RFC 3986 section 6.2.2.2: an escaped unreserved character is that one. */

static void
test_escaped_identifier(void **state)
{
    dots_api_path_t  p;

    (void) state;

    assert_int_equal(test_parse(&p, "/%64ata/m%3Aname"), DOTS_OK);
    test_is(p.segments[0].name, "data");
    test_is(p.segments[1].module, "m");
    test_is(p.segments[1].name, "name");
}


static void
test_malformed(void **state)
{
    size_t           i;
    dots_api_path_t  p;

    static const struct {
        const char *text;
        size_t      position;
    } bad[] = {
        { "data", 0 },                 /* no slash */
        { "/data/", 6 },               /* empty segment */
        { "//data", 1 },
        { "/data/=x", 6 },             /* no name */
        { "/data/9x", 6 },             /* RFC 7950: identifier */
        { "/data/-x", 6 },
        { "/data/xmlx", 6 },
        { "/data/XML", 6 },
        { "/data/:x", 6 },
        { "/data/m:", 6 },
        { "/data/m:n:o", 6 },
        { "/data/m%20n", 6 },
        { "/l=%", 3 },
        { "/l=%2", 3 },
        { "/l=a%zz", 4 },
        { "/l=a%00", 4 },              /* no YANG string has it */
        { "/l=a b", 4 },
        { "/l=a#b", 4 },
        { "/l=a\x80", 4 },
        { "/l=x,%80", 5 },             /* UTF-8: stray continuation */
        { "/l=%C3", 3 },
        { "/l=%C0%AF", 3 },            /* overlong */
        { "/l=%E0%80%AF", 3 },
        { "/l=%ED%A0%80", 3 },         /* surrogate */
        { "/l=%F4%90%80%80", 3 },
        { "/l=%F8%80%80%80%80", 3 },
        { "/l=a,b,c,d,e", 11 },        /* too many keys */
        { "/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a", 33 },
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (test_parse(&p, bad[i].text) != DOTS_INVALID) {
            fail_msg("%s was accepted", bad[i].text);
        }

        assert_non_null(p.error);

        if (p.position != bad[i].position) {
            fail_msg("%s: position %zu", bad[i].text, p.position);
        }
    }
}


static void
test_no_memory(void **state)
{
    dots_arena_t    *a;
    dots_api_path_t  p;

    (void) state;

    a = dots_arena_create(2);
    assert_int_equal(dots_api_path_parse(&p, dots_str("/data", 5), a),
                     DOTS_ERROR);
    dots_arena_destroy(a);
}


/* What encode writes, decode reads. */

static void
test_encode(void **state)
{
    int              i;
    size_t           position;
    uint8_t          raw[255], buf[1024], back[1024];
    ssize_t          n;
    dots_writer_t    w = { buf, buf + sizeof(buf), 0 };

    (void) state;

    for (i = 0; i < 255; i++) {
        raw[i] = (uint8_t) (i + 1);
    }

    dots_api_path_encode(&w, dots_str(raw, sizeof(raw)));
    assert_false(w.failed);
    assert_null(memchr(buf, '/', (size_t) (w.pos - buf)));
    assert_null(memchr(buf, ',', (size_t) (w.pos - buf)));

    n = dots_api_path_decode(back, dots_str(buf, (size_t) (w.pos - buf)),
                             &position);
    assert_int_equal(n, sizeof(raw));
    assert_memory_equal(back, raw, sizeof(raw));

    w = (dots_writer_t) { buf, buf + 4, 0 };
    dots_api_path_encode(&w, dots_str("a b", 3));
    assert_true(w.failed);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_root),
        cmocka_unit_test(test_segments),
        cmocka_unit_test(test_rfc_example),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_escaped_identifier),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_encode),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
