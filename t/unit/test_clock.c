/* The clock of the deadlines over clock jumps, restarts and reboots. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dots_clock.h"


#define TEST_HOUR ((int64_t) 3600 * 1000)
#define TEST_WALL ((int64_t) 1700000000000)


static dots_clock_t
reading(uint8_t boot, int64_t mono, int64_t wall)
{
    dots_clock_t  c = { .mono = mono, .wall = wall };

    memset(c.boot, boot, DOTS_CLOCK_BOOT);

    return c;
}


static dots_clock_t
started(uint8_t boot, int64_t mono, int64_t wall, const dots_clock_t *saved)
{
    dots_clock_t  c;

    c = reading(boot, mono, wall);
    dots_clock_start(&c, saved);

    return c;
}


static void
test_clock_first(void **state)
{
    dots_clock_t  c;

    (void) state;

    c = started(1, 5000, TEST_WALL, NULL);

    assert_int_equal(c.now, TEST_WALL);
    assert_int_equal(dots_clock_offset(&c), TEST_WALL - 5000);
    assert_int_equal(dots_clock_ahead(&c), 0);
}


/* The wall clock was set while the server was down, or between two saves. */

static void
test_clock_jump(void **state)
{
    size_t                i;
    dots_clock_t          saved, c;
    static const int64_t  jumps[] = { -TEST_HOUR, 0, TEST_HOUR };

    (void) state;

    for (i = 0; i < 3; i++) {
        saved = started(1, 5000, TEST_WALL, NULL);
        c = started(1, 15000, TEST_WALL + 10000 + jumps[i], &saved);

        assert_int_equal(c.now, TEST_WALL + 10000);
        assert_int_equal(dots_clock_offset(&c), dots_clock_offset(&saved));
        assert_int_equal(dots_clock_ahead(&c), -jumps[i]);
    }
}


/* What the wall clock was set by before the reboot does not count after it. */

static void
test_clock_reboot(void **state)
{
    size_t                i;
    dots_clock_t          saved, c;
    static const int64_t  jumps[] = { -TEST_HOUR, 0, TEST_HOUR };

    (void) state;

    for (i = 0; i < 3; i++) {
        saved = started(1, 5000, TEST_WALL, NULL);
        saved = started(1, 6000, TEST_WALL + 1000 + jumps[i], &saved);

        /* a minute later by either clock */

        c = started(2, 900, TEST_WALL + 61000 + jumps[i], &saved);

        assert_int_equal(c.now, TEST_WALL + 61000);
        assert_int_equal(dots_clock_offset(&c), c.now - 900);
        assert_int_equal(dots_clock_ahead(&c), -jumps[i]);
    }
}


/* It stands still rather than going back; from there on it runs. */

static void
test_clock_never_back(void **state)
{
    dots_clock_t  saved, c;

    (void) state;

    saved = started(1, 5000, TEST_WALL, NULL);

    c = started(2, 900, 1000, &saved);
    assert_int_equal(c.now, TEST_WALL);

    saved = c;
    c = started(2, 10900, TEST_WALL + 20000, &saved);
    assert_int_equal(c.now, TEST_WALL + 10000);
}


/* The same boot, but a monotonic clock that began anew. */

static void
test_clock_other_monotonic(void **state)
{
    dots_clock_t  saved, c;

    (void) state;

    saved = started(1, 5000000, TEST_WALL, NULL);
    c = started(1, 1000, TEST_WALL + TEST_HOUR, &saved);

    assert_int_equal(c.now, TEST_WALL + TEST_HOUR);
}


static void
test_clock_record(void **state)
{
    size_t        i;
    uint8_t       buf[DOTS_CLOCK_RECORD + 1], bad[DOTS_CLOCK_RECORD];
    dots_clock_t  c, back;

    (void) state;

    c = started(7, 5000, TEST_WALL, NULL);
    c.wall += TEST_HOUR;

    dots_clock_encode(&c, buf);
    assert_int_equal(dots_clock_decode(&back, buf, DOTS_CLOCK_RECORD), DOTS_OK);
    assert_memory_equal(&back, &c, sizeof(c));

    for (i = 0; i < DOTS_CLOCK_RECORD; i++) {
        assert_int_equal(dots_clock_decode(&back, buf, i), DOTS_INVALID);
    }

    buf[DOTS_CLOCK_RECORD] = 0;
    assert_int_equal(dots_clock_decode(&back, buf, DOTS_CLOCK_RECORD + 1),
                     DOTS_INVALID);

    memcpy(bad, buf, sizeof(bad));
    bad[0] = 2;
    assert_int_equal(dots_clock_decode(&back, bad, sizeof(bad)), DOTS_INVALID);

    /* each of the three readings: negative, or beyond reason */

    for (i = 0; i < 3; i++) {
        memcpy(bad, buf, sizeof(bad));
        bad[17 + 8 * i] = 0x80;
        assert_int_equal(dots_clock_decode(&back, bad, sizeof(bad)),
                         DOTS_INVALID);

        bad[17 + 8 * i] = 0x01;
        assert_int_equal(dots_clock_decode(&back, bad, sizeof(bad)),
                         DOTS_INVALID);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_clock_first),
        cmocka_unit_test(test_clock_jump),
        cmocka_unit_test(test_clock_reboot),
        cmocka_unit_test(test_clock_never_back),
        cmocka_unit_test(test_clock_other_monotonic),
        cmocka_unit_test(test_clock_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
