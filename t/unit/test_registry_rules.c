/*
 * The registry, what time and the client make of a mitigation: RFC 9132
 * sections 4.4.1.1 (rollover), 4.4.1.3 (preconfigured requests), 4.4.3
 * (efficacy) and 4.4.4 (dampening); names that change their addresses.
 */

#include "registry_world.h"

#define NOW  1700000000000LL
#define ME   7u

typedef struct {
    world_t            w;
    int64_t            now;
    dots_mitigation_t  m;
    dots_overridden_t  over;
    dots_conflict_t    conflict;
    dots_fault_t       fault;
} test_t;

static const dots_lifetime_t  policy = { 3600, 30, 86400, 1, 120 };


static int
setup(void **state)
{
    test_t  *t;

    t = calloc(1, sizeof(*t));
    assert_non_null(t);
    world_init(&t->w);
    t->now = NOW;
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


static dots_verdict_t
put_as(test_t *t, const char *customer, const char *cuid, uint32_t mid,
    const char *words, uint8_t attack, int32_t lifetime)
{
    t->m = world_mitigation(&t->w, customer, cuid, mid, words);
    t->m.attack = attack;
    t->m.lifetime = lifetime;

    return dots_registry_put(&t->w.r, &t->m, 0, t->now, ME, t->w.a, &t->over,
                             &t->conflict, &t->fault);
}


static void
settle(test_t *t)
{
    dots_registry_settle(&t->w.r, &t->m, &t->over, ME, 1);
    memset(&t->over, 0, sizeof(t->over));
}


static void
have(test_t *t, uint32_t mid, const char *words)
{
    assert_int_equal(put_as(t, "a", "u", mid, words, 0, 3600),
                     DOTS_VERDICT_CREATED);
    settle(t);
}


static dots_verdict_t
withdraw(test_t *t, uint32_t mid)
{
    dots_mitigation_key_t  key = world_key("a", "u", mid);

    memset(&t->over, 0, sizeof(t->over));

    return dots_registry_withdraw(&t->w.r, &key, &policy, t->now, ME, t->w.a,
                                  &t->m);
}


static int
expire(test_t *t, uint32_t mid)
{
    int                    rc;
    dots_mitigation_key_t  key = world_key("a", "u", mid);

    memset(&t->over, 0, sizeof(t->over));

    rc = dots_registry_expire(&t->w.r, &key, t->now, ME, t->w.a, &t->m);

    if (rc == DOTS_OK) {
        settle(t);
    }

    return rc;
}


static dots_verdict_t
trigger(test_t *t, const char *cuid, int committed)
{
    dots_verdict_t  v;

    v = dots_registry_trigger(&t->w.r, world_str("a"), world_str(cuid), t->now,
                              ME, t->w.a, &t->over);

    if (v == DOTS_VERDICT_CHANGED) {
        dots_registry_settle(&t->w.r, NULL, &t->over, ME, committed);
    }

    return v;
}


static dots_mitigation_t
seen(test_t *t, uint32_t mid)
{
    dots_mitigation_t      m;
    dots_mitigation_key_t  key = world_key("a", "u", mid);

    memset(&m, 0, sizeof(m));

    assert_int_not_equal(dots_registry_get(&t->w.r, &key, t->w.a, &m),
                         DOTS_ERROR);

    return m;
}


/* ---- efficacy updates, section 4.4.3 ---- */

static void
test_efficacy(void **state)
{
    test_t *t = *state;

    dots_mitigation_t  m;

    /* no match: silently ignored, whoever has the cuid */

    assert_int_equal(put_as(t, "a", "u", 1, "192.0.2.1", 1, 3600),
                     DOTS_VERDICT_NOT_FOUND);

    have(t, 1, "192.0.2.1 :80");
    assert_int_equal(put_as(t, "b", "u", 1, "192.0.2.1 :80", 1, 3600),
                     DOTS_VERDICT_NOT_FOUND);

    /* "treated as a refresh": Figure 16 has no lifetime */

    t->now += 100000;
    assert_int_equal(put_as(t, "a", "u", 1, "192.0.2.1 :80", 1, 0),
                     DOTS_VERDICT_CHANGED);
    assert_int_equal(t->m.lifetime, 3600);
    settle(t);
    m = seen(t, 1);
    assert_int_equal(m.attack, DOTS_ATTACK_UNDER);
    assert_int_equal(m.expires, t->now + 3600000);
    assert_int_equal(m.start, NOW / 1000);

    assert_int_equal(put_as(t, "a", "u", 1, "192.0.2.1 :80", 2, 60),
                     DOTS_VERDICT_CHANGED);
    settle(t);
    assert_int_equal(seen(t, 1).attack, DOTS_ATTACK_MITIGATED);
    assert_int_equal(seen(t, 1).lifetime, 60);

    /* a plain refresh forgets nothing */

    assert_int_equal(put_as(t, "a", "u", 1, "192.0.2.1 :80", 0, 600),
                     DOTS_VERDICT_CHANGED);
    settle(t);
    assert_int_equal(seen(t, 1).attack, DOTS_ATTACK_MITIGATED);

    /* anything else has changed */

    assert_int_equal(put_as(t, "a", "u", 1, "192.0.2.1", 1, 600),
                     DOTS_VERDICT_INVALID);
    assert_string_equal(t->fault.attribute, "target-port-range");

    /* after the DELETE it was sent before: it revives nothing */

    assert_int_equal(withdraw(t, 1), DOTS_VERDICT_DELETED);
    settle(t);
    assert_int_equal(put_as(t, "a", "u", 1, "192.0.2.1 :80", 1, 600),
                     DOTS_VERDICT_NOT_FOUND);
    assert_int_equal(seen(t, 1).status, DOTS_STATUS_TERMINATING);
}


static void
test_efficacy_withdrawn(void **state)
{
    test_t *t = *state;

    dots_mitigation_key_t  key = world_key("a", "u", 1);

    have(t, 1, "192.0.2.1");
    assert_int_equal(dots_registry_revoke(&t->w.r, &key, "refused", 5000,
                                          t->now, ME, t->w.a, &t->m), DOTS_OK);
    settle(t);

    assert_int_equal(put_as(t, "a", "u", 1, "192.0.2.1", 1, 600),
                     DOTS_VERDICT_UNAVAILABLE);
    assert_int_equal(seen(t, 1).status, DOTS_STATUS_WITHDRAWN);
}


/* ---- preconfigured requests, section 4.4.1.3 ---- */

static void
test_trigger(void **state)
{
    test_t *t = *state;

    dots_mitigation_t  m;

    assert_int_equal(trigger(t, "u", 1), DOTS_VERDICT_NOT_FOUND);

    have(t, 1, "192.0.2.0/24 !");
    have(t, 2, "198.51.100.0/24 !");
    have(t, 3, "192.0.2.1 :80");
    have(t, 4, "203.0.113.1");
    assert_int_equal(seen(t, 1).status, DOTS_STATUS_AWAITING_LOSS);
    assert_int_equal(seen(t, 1).start, 0);

    /* not stored: as before */

    t->now += 600000;
    assert_int_equal(trigger(t, "u", 0), DOTS_VERDICT_CHANGED);
    assert_int_equal(seen(t, 1).status, DOTS_STATUS_AWAITING_LOSS);
    assert_int_equal(seen(t, 3).status, DOTS_STATUS_IN_PROGRESS);

    assert_int_equal(trigger(t, "u", 1), DOTS_VERDICT_CHANGED);

    m = seen(t, 1);
    assert_int_equal(m.status, DOTS_STATUS_IN_PROGRESS);
    assert_int_equal(m.start, t->now / 1000);
    assert_int_equal(m.conflict.cause, 0);
    assert_int_equal(seen(t, 2).status, DOTS_STATUS_IN_PROGRESS);

    /* the overlapping immediate one: withdrawn, with all that is to be told */

    m = seen(t, 3);
    assert_int_equal(m.status, DOTS_STATUS_WITHDRAWN);
    assert_int_equal(m.conflict.cause, DOTS_CONFLICT_OVERLAP);
    assert_int_equal(m.conflict.status, 0);
    assert_int_equal(m.conflict.same_client, 1);
    assert_int_equal(m.conflict.mid, 1);
    assert_int_equal(m.conflict.retry, 3000);
    assert_int_equal(m.conflict.scope.nprefixes, 1);
    assert_int_equal(dots_mitigation_retry(&m, t->now), 3000);
    assert_int_equal(dots_mitigation_retry(&m, t->now + 2000), 2998);
    assert_int_equal(dots_mitigation_retry(&m, t->now + 4000000), 0);
    assert_int_equal(dots_mitigation_remaining(&m, t->now), 3045);

    /* the other one goes on; nothing is triggered twice */

    assert_int_equal(seen(t, 4).status, DOTS_STATUS_IN_PROGRESS);
    assert_int_equal(trigger(t, "u", 1), DOTS_VERDICT_NOT_FOUND);

    /* the usual ends: a DELETE, the lifetime */

    assert_int_equal(withdraw(t, 2), DOTS_VERDICT_DELETED);
    assert_int_equal(t->m.status, DOTS_STATUS_TERMINATING);
    settle(t);

    t->now += 3000000;
    assert_int_equal(expire(t, 1), DOTS_OK);
    assert_int_equal(seen(t, 1).mid, 0);
}


/* Untriggered ones end at once, and by their lifetime. */

static void
test_untriggered_ends(void **state)
{
    test_t *t = *state;

    have(t, 1, "192.0.2.1 !");
    assert_int_equal(withdraw(t, 1), DOTS_VERDICT_DELETED);
    assert_int_equal(t->m.status, DOTS_STATUS_TERMINATED);
    settle(t);

    have(t, 2, "192.0.2.1 !");
    t->now += 3600000;
    assert_int_equal(trigger(t, "u", 1), DOTS_VERDICT_NOT_FOUND);
    assert_int_equal(expire(t, 2), DOTS_OK);
    assert_int_equal(seen(t, 2).mid, 0);
}


/* An immediate one over an active preconfigured one: 7, and then 8, Table 3 */

static void
test_immediate_wins(void **state)
{
    test_t *t = *state;

    dots_mitigation_t  m;

    have(t, 1, "192.0.2.0/24 !");
    assert_int_equal(trigger(t, "u", 1), DOTS_VERDICT_CHANGED);

    assert_int_equal(put_as(t, "a", "u", 9, "192.0.2.7", 0, 600),
                     DOTS_VERDICT_CREATED);
    assert_int_equal(t->over.n, 0);
    assert_int_equal(t->over.nchanged, 1);
    settle(t);

    m = seen(t, 1);
    assert_int_equal(m.status, DOTS_STATUS_WITHDRAWN);
    assert_int_equal(m.conflict.mid, 9);
    assert_int_equal(m.conflict.retry, 600);
    assert_int_equal(m.terminates, t->now + 15000);
    assert_int_equal(dots_registry_deadline(&t->w.r), t->now + 15000);

    assert_int_equal(expire(t, 1), DOTS_DECLINED);
    t->now += 15000;
    assert_int_equal(expire(t, 1), DOTS_OK);

    m = seen(t, 1);
    assert_int_equal(m.status, DOTS_STATUS_AWAITING_LOSS);
    assert_int_equal(m.conflict.cause, 0);
    assert_int_equal(m.start, 0);
    assert_int_equal(m.expires, NOW + 3600000);

    /* and is triggered again by the next loss, also while it is withdrawn */

    assert_int_equal(trigger(t, "u", 1), DOTS_VERDICT_CHANGED);
    assert_int_equal(seen(t, 9).status, DOTS_STATUS_WITHDRAWN);
    assert_int_equal(put_as(t, "a", "u", 9, "192.0.2.7", 0, 600),
                     DOTS_VERDICT_CREATED);
    settle(t);
    assert_int_equal(seen(t, 1).status, DOTS_STATUS_WITHDRAWN);
    assert_int_equal(trigger(t, "u", 1), DOTS_VERDICT_CHANGED);
    assert_int_equal(seen(t, 1).status, DOTS_STATUS_IN_PROGRESS);
}


/* A preconfigured one is to come back, but its customer lost the prefix. */

static void
test_revoked_for_good(void **state)
{
    test_t *t = *state;

    dots_mitigation_key_t  key = world_key("a", "u", 1);

    have(t, 1, "192.0.2.0/24 !");
    assert_int_equal(trigger(t, "u", 1), DOTS_VERDICT_CHANGED);
    have(t, 9, "192.0.2.7");
    assert_int_equal(seen(t, 1).status, DOTS_STATUS_WITHDRAWN);

    assert_int_equal(dots_registry_revoke(&t->w.r, &key, "lost", 5000, t->now,
                                          ME, t->w.a, &t->m), DOTS_OK);
    settle(t);
    assert_int_equal(seen(t, 1).conflict.cause, 0);
    assert_int_equal(trigger(t, "u", 1), DOTS_VERDICT_NOT_FOUND);

    t->now += 5000;
    assert_int_equal(expire(t, 1), DOTS_OK);
    assert_int_equal(seen(t, 1).mid, 0);
}


/* The registry's copy of it comes back as the store has it. */

static void
test_replay(void **state)
{
    test_t *t = *state;

    uint8_t            buf[4096];
    size_t             len;
    dots_mitigation_t  before, again;

    have(t, 1, "192.0.2.0/24 !");
    have(t, 3, "192.0.2.1 f:w.example.com");
    assert_int_equal(trigger(t, "u", 1), DOTS_VERDICT_CHANGED);

    before = seen(t, 3);
    assert_int_equal(dots_mitigation_encode(&before, buf, sizeof(buf), &len),
                     DOTS_OK);
    assert_int_equal(dots_mitigation_decode(&again, buf, len, t->w.a),
                     DOTS_OK);
    world_assert_same(&before, &again);

    world_wipe(&t->w);
    assert_int_equal(dots_registry_load(&t->w.r, &again), DOTS_OK);
    again = seen(t, 3);
    world_assert_same(&before, &again);
}


/* Another client's is neither withdrawn nor betrayed: conflict-status 2. */

static void
test_trigger_beside_others(void **state)
{
    test_t *t = *state;

    dots_mitigation_t  m;

    assert_int_equal(put_as(t, "b", "v", 77, "192.0.2.7", 0, 600),
                     DOTS_VERDICT_CREATED);
    settle(t);

    have(t, 1, "192.0.2.0/24 !");                    /* in nobody's way */
    assert_int_equal(trigger(t, "u", 1), DOTS_VERDICT_CHANGED);
    assert_int_equal(t->over.nchanged, 1);

    m = seen(t, 1);
    assert_int_equal(m.status, DOTS_STATUS_IN_PROGRESS);
    assert_int_equal(m.conflict.status, 2);
    assert_int_equal(m.conflict.same_client, 0);
    assert_int_equal(m.conflict.mid, 0);
    assert_int_equal(m.conflict.retry, 0);
    assert_int_equal(m.conflict.scope.nprefixes, 1);
    assert_int_equal(m.conflict.scope.prefixes[0].length, 24);

    /* who was there first may refresh; a new one of others has to wait */

    assert_int_equal(put_as(t, "b", "v", 77, "192.0.2.7", 0, 600),
                     DOTS_VERDICT_CHANGED);
    settle(t);
    assert_int_equal(put_as(t, "b", "v", 78, "192.0.2.8", 0, 600),
                     DOTS_VERDICT_CONFLICT);
}


static void
test_trigger_busy(void **state)
{
    test_t *t = *state;

    dots_mitigation_t  flight;

    have(t, 1, "192.0.2.0/24 !");
    have(t, 2, "192.0.2.1");

    assert_int_equal(withdraw(t, 2), DOTS_VERDICT_DELETED);
    flight = t->m;
    assert_int_equal(trigger(t, "u", 1), DOTS_VERDICT_BUSY);
    assert_int_equal(dots_registry_pending(&t->w.r, ME), 1);

    t->m = flight;
    settle(t);
    assert_int_equal(trigger(t, "u", 1), DOTS_VERDICT_CHANGED);
    assert_int_equal(seen(t, 2).status, DOTS_STATUS_TERMINATING);
}


/* ---- rollover, section 4.4.1.1 ---- */

static void
test_rollover(void **state)
{
    test_t *t = *state;

    have(t, 3221225471u, "192.0.2.0/24 !");
    have(t, 3221225472u, "198.51.100.1");

    /* what is preconfigured is recreated from 0 on */

    have(t, 0, "192.0.2.0/24 !");
    assert_int_equal(seen(t, 3221225471u).mid, 0);
    assert_int_equal(seen(t, 3221225471u).status, 0);

    /* an active one says that the client sees an attack: the numbers count */

    assert_int_equal(put_as(t, "a", "u", 1, "198.51.100.1", 0, 600),
                     DOTS_VERDICT_CONFLICT);
    assert_int_equal(t->conflict.mid, 3221225472u);

    /* not before 3/4 */

    have(t, 3221225470u, "203.0.113.1 !");
    assert_int_equal(put_as(t, "a", "u", 2, "203.0.113.1 !", 0, 600),
                     DOTS_VERDICT_CONFLICT);
}


/* ---- dampening, section 4.4.4 ---- */

static void
test_dampening(void **state)
{
    test_t *t = *state;

    size_t  i;

    static const int64_t  periods[] = { 120, 240, 300, 300 };

    have(t, 1, "192.0.2.1");

    for (i = 0; i < 4; i++) {
        assert_int_equal(withdraw(t, 1), DOTS_VERDICT_DELETED);
        assert_int_equal(t->m.terminates, t->now + periods[i] * 1000);
        settle(t);

        t->now += 1000;
        assert_int_equal(put_as(t, "a", "u", 1, "192.0.2.1", 0, 3600),
                         DOTS_VERDICT_CHANGED);
        settle(t);
    }

    /* a new mid in its place is no way around it */

    world_wipe(&t->w);
    have(t, 1, "192.0.2.1");
    assert_int_equal(withdraw(t, 1), DOTS_VERDICT_DELETED);
    settle(t);
    have(t, 2, "192.0.2.0/24");
    assert_int_equal(seen(t, 1).mid, 0);
    assert_int_equal(withdraw(t, 2), DOTS_VERDICT_DELETED);
    assert_int_equal(t->m.terminates, t->now + 240000);
    settle(t);

    /* once it is over, the next begins with the policy's */

    t->now += 240000;
    assert_int_equal(expire(t, 2), DOTS_OK);
    have(t, 3, "192.0.2.0/24");
    assert_int_equal(withdraw(t, 3), DOTS_VERDICT_DELETED);
    assert_int_equal(t->m.terminates, t->now + 120000);
}


/* ---- names, section 4.4.1.1: "upon expiry of DNS TTL" ---- */

static void
have_name(test_t *t)
{
    t->m = world_mitigation(&t->w, "a", "u", 1, "f:w.example.com =192.0.2.1");
    t->m.resolves = t->now + 60000;

    assert_int_equal(dots_registry_put(&t->w.r, &t->m, 0, t->now, ME, t->w.a,
                                       &t->over, &t->conflict, &t->fault),
                     DOTS_VERDICT_CREATED);
    settle(t);
}


static int
follow(test_t *t, const char *words, int64_t resolves)
{
    memset(&t->over, 0, sizeof(t->over));
    t->m = world_mitigation(&t->w, "a", "u", 1, words);
    t->m.resolves = resolves;

    return dots_registry_follow(&t->w.r, &t->m, t->now, ME, t->w.a);
}


static void
test_names_follow(void **state)
{
    test_t *t = *state;

    size_t                  n;
    dots_mitigation_t       m;
    dots_mitigation_key_t   key = world_key("a", "u", 1), *keys;

    have_name(t);
    assert_int_equal(dots_registry_deadline(&t->w.r), NOW + 60000);
    assert_int_equal(dots_registry_postpone(&t->w.r, &key, t->now, 1),
                     DOTS_DECLINED);

    t->now += 60000;
    assert_int_equal(dots_registry_due(&t->w.r, t->now, 9, t->w.a, &keys, &n),
                     DOTS_OK);
    assert_int_equal(n, 1);
    assert_int_equal(expire(t, 1), DOTS_DECLINED);
    assert_int_equal(dots_registry_postpone(&t->w.r, &key, t->now,
                                            t->now + 60000), DOTS_OK);
    assert_int_equal(dots_registry_deadline(&t->w.r), t->now + 60000);

    /* as before: nothing to store, the next time is known */

    assert_int_equal(follow(t, "f:w.example.com =192.0.2.1", t->now + 90000),
                     DOTS_DECLINED);
    assert_int_equal(dots_registry_deadline(&t->w.r), t->now + 90000);

    assert_int_equal(follow(t, "f:w.example.com =192.0.2.2 =192.0.2.9",
                            t->now + 70000), DOTS_OK);
    settle(t);

    m = seen(t, 1);
    assert_int_equal(m.nresolved, 2);
    assert_int_equal(m.resolved[0].addr[3], 2);
    assert_int_equal(m.resolves, t->now + 70000);
    assert_int_equal(m.lifetime, 3600);
    assert_int_equal(m.expires, NOW + 3600000);

    /* the index goes with it */

    assert_int_equal(put_as(t, "b", "v", 1, "192.0.2.1", 0, 60),
                     DOTS_VERDICT_CREATED);
    settle(t);

    /* an address that another protects now: it stays as it is */

    assert_int_equal(follow(t, "f:w.example.com =192.0.2.1", t->now + 1),
                     DOTS_DECLINED);
    assert_int_equal(seen(t, 1).nresolved, 2);

    /* the answer of the DNS comes too late: another request, none at all */

    assert_int_equal(follow(t, "f:v.example.com =192.0.2.3", t->now + 1),
                     DOTS_DECLINED);
    assert_int_equal(withdraw(t, 1), DOTS_VERDICT_DELETED);
    settle(t);
    assert_int_equal(follow(t, "f:w.example.com =192.0.2.3", t->now + 1),
                     DOTS_DECLINED);
}


#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(test_efficacy),
        TEST(test_efficacy_withdrawn),
        TEST(test_trigger),
        TEST(test_untriggered_ends),
        TEST(test_immediate_wins),
        TEST(test_revoked_for_good),
        TEST(test_replay),
        TEST(test_trigger_beside_others),
        TEST(test_trigger_busy),
        TEST(test_rollover),
        TEST(test_dampening),
        TEST(test_names_follow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
