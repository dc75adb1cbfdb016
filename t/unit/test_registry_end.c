/*
 * How mitigations end: withdrawn by the client, revoked, expired; what is
 * reported of them meanwhile.  RFC 9132 sections 4.4.1.3, 4.4.2 and 4.4.4.
 */

#include "registry_step.h"


static void
test_withdraw(void **state)
{
    test_t *t = *state;

    assert_int_equal(withdraw(t, NOW, "a", "u", 1), DOTS_VERDICT_NOT_FOUND);

    have(t, "a", "u", 1, "192.0.2.1");
    assert_int_equal(withdraw(t, NOW + 1000, "a", "u", 1),
                     DOTS_VERDICT_DELETED);
    assert_int_equal(t->m.status, 5);
    assert_int_equal(t->m.terminates, NOW + 121000);
    assert_int_equal(status(t, "a", "u", 1), 1);
    settle(t, 1);

    assert_int_equal(status(t, "a", "u", 1), 5);
    assert_int_equal(dots_registry_deadline(&t->w.r), NOW + 121000);
    assert_int_equal(withdraw(t, NOW, "a", "u", 1), DOTS_VERDICT_FOUND);

    /* asked for again in time: as before, with its first start */

    assert_int_equal(put_at(t, NOW + 9000, "a", "u", 1, "192.0.2.1"),
                     DOTS_VERDICT_CHANGED);
    assert_int_equal(t->m.status, 1);
    assert_int_equal(t->m.start, NOW / 1000);
    assert_int_equal(t->m.terminates, 0);
    settle(t, 1);

    /* never beyond the lifetime */

    assert_int_equal(withdraw(t, NOW + 3600000, "a", "u", 1),
                     DOTS_VERDICT_DELETED);
    assert_int_equal(t->m.terminates, NOW + 3609000);
    settle(t, 1);

    assert_int_equal(expire(t, NOW + 3608999, "a", "u", 1), DOTS_DECLINED);
    assert_int_equal(expire(t, NOW + 3609000, "a", "u", 1), DOTS_OK);
    assert_int_equal(t->m.status, 6);
    settle(t, 1);
    assert_int_equal(status(t, "a", "u", 1), 0);
    assert_int_equal(dots_registry_count(&t->w.r), 0);
}


static void
test_withdraw_at_once(void **state)
{
    test_t *t = *state;

    dots_lifetime_t        none = policy;
    dots_mitigation_key_t  key = world_key("a", "u", 1);

    /* nothing is active that could terminate */

    have(t, "a", "u", 2, "192.0.2.1 !");
    assert_int_equal(withdraw(t, NOW, "a", "u", 2), DOTS_VERDICT_DELETED);
    assert_int_equal(t->m.status, 6);
    settle(t, 1);
    assert_int_equal(status(t, "a", "u", 2), 0);

    none.terminating = 0;
    have(t, "a", "u", 1, "192.0.2.1");
    assert_int_equal(dots_registry_withdraw(&t->w.r, &key, &none, NOW, ME,
                                            t->w.a, &t->m),
                     DOTS_VERDICT_DELETED);
    assert_int_equal(t->m.status, 6);
    settle(t, 1);
    assert_int_equal(status(t, "a", "u", 1), 0);
}


/* A terminating one of the same client and a lower mid goes all the same. */

static void
test_terminating_overridden(void **state)
{
    test_t *t = *state;

    have(t, "a", "u", 5, "192.0.2.1");
    assert_int_equal(withdraw(t, NOW, "a", "u", 5), DOTS_VERDICT_DELETED);
    settle(t, 1);

    have(t, "a", "u", 4, "192.0.2.1 %6");    /* lower: beside it */
    assert_int_equal(status(t, "a", "u", 5), 5);

    assert_int_equal(put(t, "a", "u", 6, "192.0.2.0/24"),
                     DOTS_VERDICT_CREATED);
    assert_int_equal(t->over.n, 2);
    settle(t, 1);
    assert_int_equal(dots_registry_count(&t->w.r), 1);
}


/* Section 4.4.1.3: no terminating period for what the server withdraws. */

static void
test_revoke(void **state)
{
    test_t *t = *state;

    dots_mitigation_t      m;
    dots_mitigation_key_t  key = world_key("a", "u", 1);

    assert_int_equal(revoke(t, "a", "u", 1), DOTS_DECLINED);
    have(t, "a", "u", 1, "192.0.2.1");
    assert_int_equal(revoke(t, "a", "u", 1), DOTS_OK);
    settle(t, 1);

    assert_int_equal(dots_registry_get(&t->w.r, &key, t->w.a, &m), DOTS_OK);
    assert_int_equal(m.status, 7);
    assert_string_equal(m.reason, "gone");
    assert_int_equal(dots_registry_deadline(&t->w.r), NOW + 5000);
    assert_int_equal(revoke(t, "a", "u", 1), DOTS_DECLINED);

    /* it is nobody's obstacle, and its mid is free */

    assert_int_equal(put(t, "b", "v", 1, "192.0.2.1"), DOTS_VERDICT_CREATED);
    settle(t, 0);

    {
        char  *before = dump(t);

        assert_int_equal(put(t, "a", "u", 1, "192.0.2.9 !"),
                         DOTS_VERDICT_CREATED);
        assert_int_equal(status(t, "a", "u", 1), 7);
        settle(t, 0);
        assert_dump(t, before);
    }

    assert_int_equal(put(t, "a", "u", 1, "192.0.2.9"), DOTS_VERDICT_CREATED);
    settle(t, 1);
    assert_int_equal(dots_registry_get(&t->w.r, &key, t->w.a, &m), DOTS_OK);
    assert_int_equal(m.status, 1);
    assert_string_equal(m.reason, "");
    assert_int_equal(m.resolved[0].addr[3], 9);
}


static void
test_report(void **state)
{
    test_t *t = *state;

    uint64_t  generation;

    have(t, "a", "u", 1, "192.0.2.1");
    generation = dots_registry_generation(&t->w.r);

    assert_int_equal(report(t, "a", "u", 1, 1), DOTS_OK);
    assert_int_equal(dots_registry_generation(&t->w.r), generation);
    assert_int_equal(report(t, "a", "u", 1, 2), DOTS_OK);
    assert_int_not_equal(dots_registry_generation(&t->w.r), generation);
    assert_int_equal(status(t, "a", "u", 1), 2);

    assert_int_equal(report(t, "a", "u", 1, 5), DOTS_DECLINED);
    assert_int_equal(report(t, "a", "u", 2, 2), DOTS_DECLINED);
    assert_int_equal(status(t, "a", "u", 1), 2);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(test_withdraw),
        TEST(test_withdraw_at_once),
        TEST(test_terminating_overridden),
        TEST(test_revoke),
        TEST(test_report),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
