/*
 * The registry between a change and what the store says of it: who has to wait,
 * what is undone to the byte, also where memory ends or a rebuild comes.
 */

#include "dots_registry_private.h"
#include "registry_step.h"


static void
test_busy(void **state)
{
    test_t *t = *state;

    dots_mitigation_t  first;
    dots_overridden_t  over;

    have(t, "a", "u", 1, "192.0.2.1");
    have(t, "a", "u", 3, "192.0.2.3");

    assert_int_equal(put(t, "a", "u", 5, "192.0.2.0/30"),
                     DOTS_VERDICT_CREATED);
    first = t->m;
    over = t->over;

    /* itself, what it overrides, and whoever would overlap */

    assert_int_equal(put(t, "a", "u", 5, "192.0.2.0/30"), DOTS_VERDICT_BUSY);
    assert_int_equal(withdraw(t, NOW, "a", "u", 5), DOTS_VERDICT_BUSY);
    assert_int_equal(withdraw(t, NOW, "a", "u", 1), DOTS_VERDICT_BUSY);
    assert_int_equal(expire(t, DOTS_FOREVER, "a", "u", 3), DOTS_DECLINED);
    assert_int_equal(revoke(t, "a", "u", 5), DOTS_DECLINED);
    assert_int_equal(report(t, "a", "u", 3, 2), DOTS_DECLINED);
    assert_int_equal(put(t, "a", "u", 4, "192.0.2.2"), DOTS_VERDICT_BUSY);
    assert_int_equal(put(t, "a", "u", 6, "192.0.2.2"), DOTS_VERDICT_BUSY);
    assert_int_equal(put(t, "b", "v", 1, "192.0.2.2"), DOTS_VERDICT_BUSY);
    assert_int_equal(put(t, "b", "v", 1, "192.0.2.1"), DOTS_VERDICT_BUSY);

    /* who does not, and who is refused whatever comes of it */

    assert_int_equal(put(t, "b", "v", 1, "192.0.2.4"), DOTS_VERDICT_CREATED);
    settle(t, 1);
    assert_int_equal(put(t, "a", "u", 7, "192.0.2.0/29"),
                     DOTS_VERDICT_CONFLICT);

    t->m = first;
    t->over = over;
    settle(t, 0);
    assert_int_equal(put(t, "b", "v", 2, "192.0.2.2"), DOTS_VERDICT_CREATED);
}


/* Each kind of change, undone: byte for byte what was before. */

static void
test_undo(void **state)
{
    test_t *t = *state;

    char  *before;

    have(t, "a", "u", 1, "192.0.2.1 f:w.example.com");
    have(t, "a", "u", 2, "192.0.2.2");
    have(t, "b", "v", 1, "198.51.100.1");

    before = dump(t);

    assert_int_equal(put(t, "c", "w", 1, "203.0.113.1 a:x"),
                     DOTS_VERDICT_CREATED);
    settle(t, 0);
    assert_int_equal(put(t, "a", "u", 1, "192.0.2.1 f:w.example.com"),
                     DOTS_VERDICT_CHANGED);
    settle(t, 0);
    assert_int_equal(put(t, "a", "u", 8, "192.0.2.0/24"),
                     DOTS_VERDICT_CREATED);
    assert_int_equal(t->over.n, 2);
    settle(t, 0);
    assert_int_equal(withdraw(t, NOW, "a", "u", 2), DOTS_VERDICT_DELETED);
    settle(t, 0);
    assert_int_equal(expire(t, DOTS_FOREVER, "a", "u", 2), DOTS_OK);
    settle(t, 0);
    assert_int_equal(revoke(t, "b", "v", 1), DOTS_OK);
    settle(t, 0);

    assert_dump(t, before);
}


/*
 * The lengths in use decide what an overlap query costs: one that is not
 * forgotten with its last prefix shows in no answer.
 */

static void
test_lengths(void **state)
{
    test_t *t = *state;

    size_t                 i, used;
    dots_registry_root_t  *root;

    have(t, "a", "u", 1, "192.0.2.1 192.0.2.64/26 2001:db8::/48");
    assert_int_equal(put(t, "a", "u", 1,
                         "192.0.2.1 192.0.2.64/26 2001:db8::/48"),
                     DOTS_VERDICT_CHANGED);
    root = t->w.r.root;
    assert_int_equal(root->lengths4[32], 2);
    settle(t, 1);
    assert_int_equal(root->lengths4[32], 1);
    assert_int_equal(root->lengths4[26], 1);
    assert_int_equal(root->lengths6[48], 1);

    assert_int_equal(expire(t, DOTS_FOREVER, "a", "u", 1), DOTS_OK);
    settle(t, 1);

    for (i = 0, used = 0; i < N(root->lengths4); i++) {
        used += root->lengths4[i];
    }

    for (i = 0; i < N(root->lengths6); i++) {
        used += root->lengths6[i];
    }

    assert_int_equal(used, 0);
}


/* For ever from now on. */

static dots_verdict_t
refresh(test_t *t, const char *customer, const char *cuid, uint32_t mid,
    const char *words)
{
    t->m = world_mitigation(&t->w, customer, cuid, mid, words);
    t->m.lifetime = -1;

    return dots_registry_put(&t->w.r, &t->m, 0, NOW, ME, t->w.a, &t->over,
                             &t->conflict, &t->fault);
}


/* Whichever allocation fails: FULL, and nothing has happened. */

static void
test_full(void **state)
{
    test_t *t = *state;

    long             i;
    char            *before;
    dots_verdict_t   v;

    have(t, "a", "u", 1, "192.0.2.1");
    before = dump(t);

    for (i = 0, v = DOTS_VERDICT_FULL; v == DOTS_VERDICT_FULL; i++) {
        t->w.fail_at = i;
        v = put(t, "b", "v", 1, "198.51.100.1 f:w.example.com");
        t->w.fail_at = -1;
    }

    assert_int_equal(v, DOTS_VERDICT_CREATED);
    assert_int_equal(i, 5);     /* customer, client, entry, version */
    settle(t, 0);
    assert_dump(t, before);

    /* a full zone keeps nobody from refreshing what is there */

    before = dump(t);

    t->w.fail_at = 0;
    assert_int_equal(refresh(t, "a", "u", 1, "192.0.2.1"),
                     DOTS_VERDICT_CHANGED);
    settle(t, 0);
    assert_dump(t, before);

    t->w.fail_at = 0;
    assert_int_equal(refresh(t, "a", "u", 1, "192.0.2.1"),
                     DOTS_VERDICT_CHANGED);
    settle(t, 1);
    assert_true(dots_registry_deadline(&t->w.r) == DOTS_FOREVER);

    /* nor from ending or withdrawing something */

    t->w.fail_at = 0;
    assert_int_equal(withdraw(t, NOW, "a", "u", 1), DOTS_VERDICT_DELETED);
    settle(t, 1);
    assert_int_equal(revoke(t, "a", "u", 1), DOTS_OK);
    settle(t, 1);
    assert_int_equal(status(t, "a", "u", 1), 7);
    t->w.fail_at = 0;
    assert_int_equal(expire(t, NOW + 5000, "a", "u", 1), DOTS_OK);
    settle(t, 1);
    t->w.fail_at = -1;
    assert_int_equal(dots_registry_count(&t->w.r), 0);
}


static void
test_owners(void **state)
{
    test_t *t = *state;

    uint32_t            i;
    char                words[32];
    dots_mitigation_t   m;

    for (i = 1; i <= 100; i++) {
        snprintf(words, sizeof(words), "10.0.0.%u", i);
        m = world_mitigation(&t->w, "a", "u", i, words);
        assert_int_equal(dots_registry_put(&t->w.r, &m, 0, NOW, i * 40000001,
                                           t->w.a, &t->over, &t->conflict,
                                           &t->fault), DOTS_VERDICT_CREATED);
    }

    for (i = 1; i <= 100; i++) {
        assert_int_equal(dots_registry_pending(&t->w.r, i * 40000001), 1);
        assert_int_equal(dots_registry_pending(&t->w.r, i), 0);
    }

    /* zero would mean that nobody changes it */

    m = world_mitigation(&t->w, "a", "u", 900, "10.9.9.9");
    assert_int_equal(dots_registry_put(&t->w.r, &m, 0, NOW, 0, t->w.a,
                                       &t->over, &t->conflict, &t->fault),
                     DOTS_VERDICT_FULL);
}


/* What was reserved is void: only what is loaded is there. */

static void
test_rebuild(void **state)
{
    test_t *t = *state;

    char               *before;
    dots_mitigation_t   one;

    have(t, "a", "u", 1, "192.0.2.1");
    one = t->m;

    assert_int_equal(put(t, "a", "u", 5, "192.0.2.0/30"),
                     DOTS_VERDICT_CREATED);

    world_wipe(&t->w);
    assert_int_equal(dots_registry_load(&t->w.r, &one), DOTS_OK);
    assert_int_equal(dots_registry_pending(&t->w.r, ME), 0);
    before = dump(t);

    /* who settles it all the same finds nothing */

    settle(t, 0);
    settle(t, 1);
    assert_dump(t, before);

    assert_int_equal(put(t, "a", "u", 5, "192.0.2.0/30"),
                     DOTS_VERDICT_CREATED);
    settle(t, 1);
    assert_int_equal(status(t, "a", "u", 1), 0);
    assert_int_equal(dots_registry_count(&t->w.r), 1);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(test_busy),
        TEST(test_undo),
        TEST(test_lengths),
        TEST(test_full),
        TEST(test_owners),
        TEST(test_rebuild),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
