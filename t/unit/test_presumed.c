/* Whom a session is presumed to speak for: RFC 9132 section 4.7. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dots_presumed.h"


#define TEST_ENTRIES 64


static const dots_presence_key_t  test_a = { 1, 1 };
static const dots_presence_key_t  test_b = { 1, 2 };
static const dots_presence_key_t  test_other = { 2, 1 };


static dots_presumed_t *
test_create(size_t entries)
{
    void             *memory;
    dots_presumed_t  *p;

    memory = malloc(dots_presumed_size(entries));
    assert_non_null(memory);

    memset(memory, 0xee, dots_presumed_size(entries));

    p = dots_presumed_create(memory, dots_presumed_size(entries));
    assert_non_null(p);

    return p;
}


static void
test_note(dots_presumed_t *p, const dots_presence_key_t *key, const char *cuid)
{
    dots_presumed_note(p, key, dots_str(cuid, strlen(cuid)));
}


static void
test_is(dots_presumed_t *p, const dots_presence_key_t *key, const char *cuid)
{
    size_t   len;
    uint8_t  is[DOTS_CUID_MAX];

    len = dots_presumed_cuid(p, key, is);

    assert_int_equal(len, strlen(cuid));
    assert_memory_equal(is, cuid, len);
}


static void
test_sizes(void **state)
{
    uint64_t  memory[64];

    (void) state;

    assert_true(dots_presumed_size(1) <= sizeof(memory));
    assert_null(dots_presumed_create(memory, dots_presumed_size(1) - 1));
    assert_non_null(dots_presumed_create(memory, dots_presumed_size(1)));
}


static void
test_one(void **state)
{
    char              longest[DOTS_CUID_MAX + 2];
    dots_presumed_t  *p;

    (void) state;

    p = test_create(TEST_ENTRIES);

    test_is(p, &test_a, "");

    test_note(p, &test_a, "x");
    test_note(p, &test_a, "x");
    test_is(p, &test_a, "x");
    test_is(p, &test_b, "");
    test_is(p, &test_other, "");

    memset(longest, 'y', sizeof(longest));
    longest[DOTS_CUID_MAX + 1] = '\0';
    test_note(p, &test_b, longest);
    test_is(p, &test_b, "");
    test_note(p, &test_b, "");
    test_is(p, &test_b, "");

    longest[DOTS_CUID_MAX] = '\0';
    test_note(p, &test_b, longest);
    test_is(p, &test_b, longest);
    test_is(p, &test_a, "x");

    free(p);
}


/* Of several none, whatever comes after. */

static void
test_several(void **state)
{
    dots_presumed_t  *p;

    (void) state;

    p = test_create(TEST_ENTRIES);

    test_note(p, &test_a, "x");
    test_note(p, &test_b, "x");
    test_note(p, &test_a, "xy");
    test_is(p, &test_a, "");
    test_note(p, &test_a, "x");
    test_is(p, &test_a, "");
    test_is(p, &test_b, "x");

    free(p);
}


/* A full table forgets, and never mistakes one for another. */

static void
test_full(void **state)
{
    char                  name[16];
    size_t                i, known;
    uint8_t               cuid[DOTS_CUID_MAX];
    dots_presumed_t      *p;
    dots_presence_key_t   key = { 7, 0 };

    (void) state;

    p = test_create(TEST_ENTRIES);

    for (i = 1; i <= 10 * TEST_ENTRIES; i++) {
        key.cuid = i;
        (void) snprintf(name, sizeof(name), "c%zu", i);
        test_note(p, &key, name);
        test_is(p, &key, name);
    }

    known = 0;

    for (i = 1; i <= 10 * TEST_ENTRIES; i++) {
        key.cuid = i;

        if (dots_presumed_cuid(p, &key, cuid)) {
            (void) snprintf(name, sizeof(name), "c%zu", i);
            test_is(p, &key, name);
            known++;
        }
    }

    assert_in_range(known, 1, TEST_ENTRIES);

    free(p);
}


/* A process may die at any byte of an entry. */

static void
test_torn(void **state)
{
    size_t            i, size;
    uint8_t          *torn;
    dots_presumed_t  *p;

    (void) state;

    size = dots_presumed_size(1);
    p = test_create(1);
    test_note(p, &test_a, "a-cuid");

    torn = malloc(size);
    assert_non_null(torn);

    for (i = sizeof(size_t); i < size; i++) {
        memcpy(torn, p, size);
        torn[i] ^= 0x55;
        test_is((dots_presumed_t *) (void *) torn, &test_a, "");

        test_note((dots_presumed_t *) (void *) torn, &test_a, "again");
        test_is((dots_presumed_t *) (void *) torn, &test_a, "again");
    }

    free(torn);
    free(p);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_one),
        cmocka_unit_test(test_several),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_torn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
