/* The ground floor: strings, faults, the arena, bounded reader and writer. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "dots_base.h"


static void
test_base_strings(void **state)
{
    dots_str_t  a = dots_string("ab"), b = dots_string("abc");
    dots_str_t  none = { 0, NULL };

    (void) state;

    assert_true(dots_str_cmp(a, b) < 0);
    assert_true(dots_str_cmp(b, a) > 0);
    assert_int_equal(dots_str_cmp(a, a), 0);
    assert_true(dots_str_cmp(none, a) < 0);
    assert_true(dots_str_eq(none, none));
    assert_false(dots_str_eq(a, b));
}


static void
test_base_fault(void **state)
{
    char          longer[2 * DOTS_FAULT_TEXT];
    dots_fault_t  f;

    (void) state;

    memset(longer, 'x', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';

    assert_int_equal(dots_fault(&f, DOTS_FAULT_MISSING, "mid", "%s", longer),
                     DOTS_INVALID);
    assert_int_equal(f.kind, DOTS_FAULT_MISSING);
    assert_string_equal(f.attribute, "mid");
    assert_int_equal(strlen(f.message), DOTS_FAULT_TEXT - 1);

    assert_int_equal(dots_fault(NULL, DOTS_FAULT_MISSING, NULL, "x"),
                     DOTS_INVALID);
}


static void
test_base_arena(void **state)
{
    size_t         i;
    uint8_t       *p, *q;
    dots_str_t     dup, src = dots_string("something");
    dots_arena_t  *a;

    (void) state;

    a = dots_arena_create(100000);
    assert_non_null(a);

    for (i = 0; i < 100; i++) {
        p = dots_arena_alloc(a, 100 + i);
        assert_non_null(p);
        assert_int_equal((uintptr_t) p % _Alignof(max_align_t), 0);
        assert_int_equal(p[0] | p[99 + i], 0);
        memset(p, 0xff, 100 + i);
    }

    q = dots_arena_alloc(a, 20000);     /* beyond a chunk */
    assert_non_null(q);
    memset(q, 0xff, 20000);

    assert_int_equal(dots_arena_dup(a, &dup, src), DOTS_OK);
    assert_true(dots_str_eq(dup, src));
    assert_ptr_not_equal(dup.data, src.data);

    assert_non_null(dots_arena_alloc(a, 0));

    dots_arena_destroy(a);
    dots_arena_destroy(NULL);
}


static void
test_base_arena_limit(void **state)
{
    dots_str_t     dup, src = dots_string("0123456789012345678901234567890123");
    dots_arena_t  *a;

    (void) state;

    a = dots_arena_create(64);
    assert_non_null(a);
    assert_non_null(dots_arena_alloc(a, 0));
    assert_int_equal(dots_arena_spent(a), 0);
    dots_arena_destroy(a);

    a = dots_arena_create(64);
    assert_non_null(a);
    assert_null(dots_arena_alloc(a, 65));
    assert_int_not_equal(dots_arena_spent(a), 0);
    assert_non_null(dots_arena_alloc(a, 32));
    assert_int_equal(dots_arena_dup(a, &dup, src), DOTS_ERROR);
    assert_non_null(dots_arena_alloc(a, 32));
    assert_null(dots_arena_alloc(a, 1));

    dots_arena_extend(a, 32);
    assert_null(dots_arena_alloc(a, 33));
    assert_non_null(dots_arena_alloc(a, 32));
    dots_arena_extend(a, SIZE_MAX);
    assert_null(dots_arena_alloc(a, SIZE_MAX));
    dots_arena_destroy(a);

    /* what is there at once does not widen it */

    a = dots_arena_create_room(64, 4096);
    assert_non_null(a);
    assert_non_null(dots_arena_alloc(a, 64));
    assert_null(dots_arena_alloc(a, 1));
    dots_arena_destroy(a);

    /* without a limit, sizes that wrap are refused all the same */

    a = dots_arena_create(SIZE_MAX);
    assert_non_null(a);
    assert_null(dots_arena_alloc(a, SIZE_MAX));
    assert_null(dots_arena_alloc(a, SIZE_MAX - 20));
    assert_null(dots_arena_array(a, SIZE_MAX / 2, 3));
    assert_non_null(dots_arena_array(a, 3, 5));
    dots_arena_destroy(a);
}


static void
test_base_round_trip(void **state)
{
    uint8_t        buf[64];
    dots_str_t     s = dots_string("text");
    dots_writer_t  w = { buf, buf + sizeof(buf), 0 };
    dots_reader_t  r;

    (void) state;

    dots_write_u8(&w, 0x12);
    dots_write_u16(&w, 0x3456);
    dots_write_u32(&w, 0x789abcde);
    dots_write_u64(&w, UINT64_C(0xf011223344556677));
    dots_write_str(&w, s);
    dots_write_bytes(&w, NULL, 0);

    assert_false(w.failed);
    assert_int_equal(w.pos - buf, 1 + 2 + 4 + 8 + 2 + 4);
    assert_int_equal(buf[1], 0x34);     /* network byte order */
    assert_int_equal(buf[7], 0xf0);

    r = (dots_reader_t) { buf, w.pos, 0 };

    assert_int_equal(dots_read_u8(&r), 0x12);
    assert_int_equal(dots_read_u16(&r), 0x3456);
    assert_int_equal(dots_read_u32(&r), 0x789abcde);
    assert_true(dots_read_u64(&r) == UINT64_C(0xf011223344556677));
    assert_true(dots_str_eq(dots_read_str(&r), s));
    assert_false(r.failed);
    assert_ptr_equal(r.pos, r.end);
}


static void
test_base_bounds_stick(void **state)
{
    uint8_t        buf[4] = { 0, 9, 'a', 'b' };
    uint8_t       *big;
    dots_str_t     s;
    dots_writer_t  w = { buf, buf + 1, 0 };
    dots_reader_t  r = { buf, buf + 4, 0 };

    (void) state;

    s = dots_read_str(&r);              /* claims 9, has 2 */
    assert_true(r.failed);
    assert_int_equal(s.len, 0);
    assert_int_equal(dots_read_u8(&r), 0);
    assert_null(dots_read_bytes(&r, 0));

    dots_write_u16(&w, 1);
    assert_true(w.failed);
    dots_write_u8(&w, 7);               /* there would be room */
    assert_int_equal(buf[0], 0);

    big = calloc(1, 70000);
    assert_non_null(big);
    w = (dots_writer_t) { big, big + 70000, 0 };
    dots_write_str(&w, dots_str(big, UINT16_MAX + 1));
    assert_true(w.failed);
    free(big);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_base_strings),
        cmocka_unit_test(test_base_fault),
        cmocka_unit_test(test_base_arena),
        cmocka_unit_test(test_base_arena_limit),
        cmocka_unit_test(test_base_round_trip),
        cmocka_unit_test(test_base_bounds_stick),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
