/*
 * What observers and heartbeats ask of the registry: RFC 9132 sections 4.4.2.1
 * and 4.7.
 */

#include "registry_world.h"

#define NOW  1700000000000LL
#define ME   7u

typedef struct {
    world_t   w;
    uint64_t  position;
} test_t;

static const dots_lifetime_t  policy = { 3600, 30, 86400, 1, 120 };


static int
setup(void **state)
{
    size_t                  n;
    test_t                 *t;
    dots_registry_change_t  c[1];

    t = calloc(1, sizeof(*t));
    assert_non_null(t);
    world_init(&t->w);

    t->position = UINT64_MAX;
    assert_int_equal(dots_registry_changes(&t->w.r, &t->position, c, 1, &n),
                     DOTS_DECLINED);
    assert_int_equal(n, 0);
    assert_int_equal(t->position, 0);

    *state = t;

    return 0;
}


static int
teardown(void **state)
{
    test_t *t = *state;

    world_done(&t->w);
    free(t);

    return 0;
}


static void
put(test_t *t, const char *cuid, uint32_t mid, const char *words)
{
    dots_fault_t       f;
    dots_verdict_t     verdict;
    dots_conflict_t    conflict;
    dots_mitigation_t  m;
    dots_overridden_t  over;

    m = world_mitigation(&t->w, "a", cuid, mid, words);

    verdict = dots_registry_put(&t->w.r, &m, 0, NOW, ME, t->w.a, &over,
                                &conflict, &f);
    assert_true(verdict == DOTS_VERDICT_CREATED
                || verdict == DOTS_VERDICT_CHANGED);
    dots_registry_settle(&t->w.r, &m, &over, ME, 1);
}


static void
withdraw(test_t *t, const char *cuid, uint32_t mid, int committed)
{
    dots_mitigation_t      m;
    dots_mitigation_key_t  key = world_key("a", cuid, mid);

    assert_int_equal(dots_registry_withdraw(&t->w.r, &key, &policy, NOW, ME,
                                            t->w.a, &m), DOTS_VERDICT_DELETED);
    dots_registry_settle(&t->w.r, &m, NULL, ME, committed);
}


static void
expire(test_t *t, const char *cuid, uint32_t mid)
{
    dots_mitigation_t      m;
    dots_mitigation_key_t  key = world_key("a", cuid, mid);

    assert_int_equal(dots_registry_expire(&t->w.r, &key, NOW + 10000000000LL,
                                          ME, t->w.a, &m), DOTS_OK);
    dots_registry_settle(&t->w.r, &m, NULL, ME, 1);
}


static int
mitigating(test_t *t, const char *cuid)
{
    return dots_registry_mitigating(&t->w.r, world_str("a"), world_str(cuid))
           != 0;
}


/* The next change is this one. */

static void
assert_change(test_t *t, const char *cuid, uint32_t mid)
{
    size_t                  n;
    dots_registry_change_t  c[1];

    assert_int_equal(dots_registry_changes(&t->w.r, &t->position, c, 1, &n),
                     DOTS_OK);
    assert_int_equal(n, 1);
    assert_int_equal(c[0].customer, dots_registry_hash(world_str("a")));
    assert_int_equal(c[0].cuid, dots_registry_hash(world_str(cuid)));
    assert_int_equal(c[0].mid, mid);
}


static void
assert_nothing(test_t *t)
{
    size_t                  n;
    dots_registry_change_t  c[1];

    assert_int_equal(dots_registry_changes(&t->w.r, &t->position, c, 1, &n),
                     DOTS_OK);
    assert_int_equal(n, 0);
}


static void
test_every_change(void **state)
{
    test_t *t = *state;

    dots_mitigation_key_t  key = world_key("a", "u", 1);

    put(t, "u", 1, "192.0.2.1");
    assert_change(t, "u", 1);

    put(t, "u", 1, "192.0.2.1");                     /* refreshed */
    assert_change(t, "u", 1);

    assert_int_equal(dots_registry_report(&t->w.r, &key,
                                          DOTS_STATUS_MITIGATED), DOTS_OK);
    assert_change(t, "u", 1);

    assert_int_equal(dots_registry_report(&t->w.r, &key,
                                          DOTS_STATUS_MITIGATED), DOTS_OK);
    assert_nothing(t);

    put(t, "u", 2, "192.0.2.0/24");                  /* overrides */
    assert_change(t, "u", 2);
    assert_change(t, "u", 1);

    withdraw(t, "u", 2, 0);                          /* was not stored */
    assert_nothing(t);

    withdraw(t, "u", 2, 1);
    assert_change(t, "u", 2);

    expire(t, "u", 2);
    assert_change(t, "u", 2);
    assert_nothing(t);
}


static void
test_overtaken(void **state)
{
    test_t *t = *state;

    size_t                  i, n;
    dots_registry_change_t  c[2];

    for (i = 0; i < DOTS_REGISTRY_CHANGES; i++) {
        put(t, "u", (uint32_t) (i % 2), i % 2 ? "192.0.2.1" : "192.0.2.2");
    }

    for (i = 0; i < DOTS_REGISTRY_CHANGES; i += 2) {
        assert_int_equal(dots_registry_changes(&t->w.r, &t->position, c, 2,
                                               &n), DOTS_OK);
        assert_int_equal(n, 2);
        assert_int_equal(c[0].mid, 0);
        assert_int_equal(c[1].mid, 1);
    }

    assert_nothing(t);

    for (i = 0; i <= DOTS_REGISTRY_CHANGES; i++) {
        put(t, "u", 1, "192.0.2.1");
    }

    assert_int_equal(dots_registry_changes(&t->w.r, &t->position, c, 2, &n),
                     DOTS_DECLINED);
    assert_int_equal(n, 0);
    assert_nothing(t);
}


/* Positions of a registry that was lost say nothing of the new one. */

static void
test_filled_again(void **state)
{
    test_t *t = *state;

    size_t                  n;
    dots_registry_change_t  c[1];

    put(t, "u", 1, "192.0.2.1");
    put(t, "u", 2, "192.0.2.2");
    assert_change(t, "u", 1);
    assert_change(t, "u", 2);

    world_wipe(&t->w);
    put(t, "u", 3, "192.0.2.3");

    assert_int_equal(dots_registry_changes(&t->w.r, &t->position, c, 1, &n),
                     DOTS_DECLINED);
    assert_nothing(t);
}


static void
test_mitigating(void **state)
{
    test_t *t = *state;

    assert_int_equal(mitigating(t, "u"), 0);

    put(t, "u", 1, "192.0.2.1 !");                   /* awaits the loss */
    assert_int_equal(mitigating(t, "u"), 0);

    put(t, "u", 2, "192.0.2.2");
    assert_int_equal(mitigating(t, "u"), 1);
    assert_int_equal(mitigating(t, "v"), 0);

    put(t, "u", 3, "192.0.2.0/24");                  /* instead of 2 */
    withdraw(t, "u", 3, 1);
    assert_int_equal(mitigating(t, "u"), 1);         /* but terminating */

    expire(t, "u", 3);
    assert_int_equal(mitigating(t, "u"), 0);
}


#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(test_every_change),
        TEST(test_overtaken),
        TEST(test_filled_again),
        TEST(test_mitigating),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
