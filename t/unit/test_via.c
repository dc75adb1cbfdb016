/*
 * Via: RFC 9110 section 7.6.3, for the loops of RFC 8783 section 3.4.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dots_via.h"


static const dots_str_t  test_names[] = {
    dots_string("dots.example.com"),
    dots_string("[2001:db8::1]"),
    dots_string("gw:8443"),
    dots_string(""),
};


static int
test_has(const char *text)
{
    int     rc;
    char   *copy;
    size_t  len;

    /* the exact size, for ASan */

    len = strlen(text);
    copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);

    rc = dots_via_has(dots_str(copy, len), test_names,
                      sizeof(test_names) / sizeof(test_names[0]));
    free(copy);

    return rc;
}


static void
test_via(void **state)
{
    size_t                    i;
    static const char *const  loops[] = {
        "1.1 dots.example.com",
        "HTTP/1.1 dots.example.com",
        "2 DOTS.example.COM",
        "1.1 dots.example.com:443",
        "1.0 fred, 1.1 dots.example.com",
        "1.0 fred,1.1\tdots.example.com (Apache/1.1)",
        "1.0 fred (a, b), 1.1 dots.example.com",
        "1.0 fred (a (b, c)), 1.1 dots.example.com",
        "1.0 fred (\\), x), 1.1 dots.example.com, 1.1 other",
        "x, , 1.1 dots.example.com",
        "1.1 [2001:db8::1]",
        "1.1 [2001:DB8::1]:443",
        "1.1 gw:8443",
    };
    static const char *const  none[] = {
        "",
        ",",
        " , ,\t",
        "1.1",
        "1.1 ",
        "1.1 fred",
        "dots.example.com",
        "1.1 dots.example.comx",
        "1.1 dots.example.co",
        "1.1 x.dots.example.com",
        "1.1 fred dots.example.com",
        "1.1 fred (1.1 dots.example.com)",
        "1.1 fred (, 1.1 dots.example.com)",
        "1.1 fred (, 1.1 dots.example.com",
        "1.1 fred (\\",
        "1.1 (dots.example.com)",
        "1.1 gw",
        "1.1 gw:84433",
        "1.1 :443",
    };

    (void) state;

    assert_int_equal(dots_via_has(dots_str(NULL, 0), test_names, 1), 0);

    for (i = 0; i < sizeof(loops) / sizeof(loops[0]); i++) {

        if (!test_has(loops[i])) {
            fail_msg("no loop in \"%s\"", loops[i]);
        }
    }

    for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {

        if (test_has(none[i])) {
            fail_msg("a loop in \"%s\"", none[i]);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_via),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
