/* Aliases: the durable record and pending-lifetime, RFC 8783 section 6.1. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dots_alias.h"


#define TEST_ALIAS_TEXT 100000  /* more than a u16 length carries */


static dots_prefix_t  test_alias_prefix = { 4, 24, { 192, 0, 2 } };


static void
test_alias_fill(dots_alias_t *alias)
{
    memset(alias, 0, sizeof(dots_alias_t));

    alias->name = dots_str("https1", 6);
    alias->target.nprefixes = 1;
    alias->target.prefixes = &test_alias_prefix;
    alias->text = dots_str("{\"name\":\"https1\"}", 17);
    alias->expires = 1700000000000;
}


static void
test_alias_record(void **state)
{
    char          *text;
    size_t         size, len, i;
    uint8_t       *buf, *cut;
    dots_alias_t   alias, back;
    dots_arena_t  *a;

    (void) state;

    text = malloc(TEST_ALIAS_TEXT);
    assert_non_null(text);
    memset(text, 't', TEST_ALIAS_TEXT);

    a = dots_arena_create(1 << 20);
    test_alias_fill(&alias);
    alias.text = dots_str(text, TEST_ALIAS_TEXT);

    size = dots_alias_size(&alias);
    buf = malloc(size + 1);
    assert_non_null(buf);

    assert_int_equal(dots_alias_encode(&alias, buf, size - 1, &len), DOTS_FULL);
    assert_int_equal(dots_alias_encode(&alias, buf, size, &len), DOTS_OK);
    assert_int_equal(len, size);
    assert_int_equal(dots_alias_decode(&back, buf, len, a), DOTS_OK);

    assert_true(dots_str_eq(back.name, alias.name));
    assert_true(dots_str_eq(back.text, alias.text));
    assert_true(dots_target_equal(&back.target, &alias.target));
    assert_true(back.expires == alias.expires);

    for (i = 0; i < len; i += i < 64 ? 1 : 7919) {
        cut = malloc(i + 1);
        assert_non_null(cut);
        memcpy(cut, buf, i);
        assert_int_equal(dots_alias_decode(&back, cut, i, a), DOTS_INVALID);
        free(cut);
    }

    buf[size] = 0;
    assert_int_equal(dots_alias_decode(&back, buf, size + 1, a), DOTS_INVALID);
    buf[0] = 0;
    assert_int_equal(dots_alias_decode(&back, buf, size, a), DOTS_INVALID);
    buf[0] = 2;

    dots_arena_destroy(a);
    a = dots_arena_create(1000);
    assert_int_equal(dots_alias_decode(&back, buf, size, a), DOTS_ERROR);
    dots_arena_destroy(a);

    free(buf);
    free(text);
}


static void
test_alias_unwritable(void **state)
{
    char          name[DOTS_ALIAS_NAME + 1];
    size_t        len;
    uint8_t       buf[1024];
    dots_str_t    other = dots_string("other");
    dots_alias_t  alias;

    (void) state;

    memset(name, 'n', sizeof(name));

    test_alias_fill(&alias);
    alias.name.len = 0;
    assert_int_equal(dots_alias_encode(&alias, buf, sizeof(buf), &len),
                     DOTS_INVALID);

    alias.name = dots_str(name, sizeof(name));
    assert_int_equal(dots_alias_encode(&alias, buf, sizeof(buf), &len),
                     DOTS_INVALID);
    alias.name.len--;
    assert_int_equal(dots_alias_encode(&alias, buf, sizeof(buf), &len),
                     DOTS_OK);

    /* an alias of an alias does not exist */

    alias.target.naliases = 1;
    alias.target.aliases = &other;
    assert_int_equal(dots_alias_encode(&alias, buf, sizeof(buf), &len),
                     DOTS_INVALID);
}


/* A record of version 1 has no entity: what it was stored for tells it. */

static void
test_alias_first(void **state)
{
    size_t         len;
    uint8_t        buf[512];
    dots_alias_t   alias, back;
    dots_arena_t  *a;

    (void) state;

    a = dots_arena_create(1 << 16);
    test_alias_fill(&alias);

    assert_int_equal(dots_alias_encode(&alias, buf, sizeof(buf), &len),
                     DOTS_OK);

    buf[0] = 1;
    len -= DOTS_ENTITY_SIZE;

    assert_int_equal(dots_alias_decode(&back, buf, len, a), DOTS_OK);
    assert_true(dots_str_eq(back.text, alias.text));
    assert_int_equal(back.entity.modified, alias.expires
                                           - DOTS_ALIAS_LIFETIME);

    /* the same text stays the same entity, another one does not */

    assert_int_equal(dots_alias_renew(&alias, &back, 7, 8), DOTS_OK);
    assert_int_equal(back.entity.modified, alias.entity.modified);
    assert_memory_equal(back.entity.tag, alias.entity.tag, DOTS_ENTITY_TAG);
    assert_int_equal(alias.expires, 8);

    alias.text = dots_str("{}", 2);
    assert_int_equal(dots_alias_renew(&alias, &back, 7, 8), DOTS_OK);
    assert_int_equal(alias.entity.modified, 7);

    dots_arena_destroy(a);
}


static void
test_alias_age(void **state)
{
    dots_alias_t  alias;

    (void) state;

    test_alias_fill(&alias);
    alias.expires = DOTS_ALIAS_LIFETIME;

    assert_int_equal(dots_alias_pending(&alias, 0), 10080);
    assert_int_equal(dots_alias_pending(&alias, 1), 10080);
    assert_int_equal(dots_alias_pending(&alias, 60000), 10079);
    assert_int_equal(dots_alias_pending(&alias, DOTS_ALIAS_LIFETIME - 1), 1);
    assert_int_equal(dots_alias_pending(&alias, DOTS_ALIAS_LIFETIME), 0);
    assert_int_equal(dots_alias_pending(&alias, INT64_MAX), 0);
    assert_int_equal(dots_alias_pending(&alias, INT64_MIN), INT32_MAX);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_alias_record),
        cmocka_unit_test(test_alias_unwritable),
        cmocka_unit_test(test_alias_first),
        cmocka_unit_test(test_alias_age),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
