/*
 * The registry, what it grants and what it refuses, and how it is read: RFC
 * 9132 sections 4.4.1.1 and 4.4.1.3.
 */

#include "registry_step.h"


/* "me": whether this process is the only one with changes, or there is none. */

static void
assert_owners(test_t *t, int me)
{
    size_t  i;

    i = 0;

    if (me) {
        assert_int_equal(dots_registry_owner(&t->w.r, &i), ME);
    }

    assert_int_equal(dots_registry_owner(&t->w.r, &i), 0);
}


/* ---- creation and refresh, section 4.4.1.3 ---- */

static void
test_create(void **state)
{
    test_t *t = *state;

    dots_mitigation_t      m;
    dots_mitigation_key_t  key = world_key("a", "u", 1);

    assert_int_equal(put(t, "a", "u", 1,
                         "192.0.2.1 f:www.example.com =192.0.2.80 a:web "
                         "u:https://www.example.com/ :80 %6"),
                     DOTS_VERDICT_CREATED);
    assert_int_equal(t->m.status, DOTS_STATUS_IN_PROGRESS);
    assert_int_equal(t->m.start, NOW / 1000);
    assert_int_equal(t->m.expires, NOW + 3600000);
    assert_int_equal(t->m.terminates, 0);
    assert_int_equal(t->over.n, 0);

    /* not to be seen before it is durable */

    assert_int_equal(status(t, "a", "u", 1), 0);
    assert_int_equal(dots_registry_count(&t->w.r), 0);
    assert_int_equal(dots_registry_deadline(&t->w.r), DOTS_FOREVER);
    assert_int_equal(dots_registry_pending(&t->w.r, ME), 1);
    assert_int_equal(dots_registry_pending(&t->w.r, YOU), 0);
    assert_owners(t, 1);

    settle(t, 1);

    assert_int_equal(dots_registry_get(&t->w.r, &key, t->w.a, &m), DOTS_OK);
    world_assert_same(&m, &t->m);
    assert_int_equal(dots_registry_count(&t->w.r), 1);
    assert_int_equal(dots_registry_deadline(&t->w.r), NOW + 3600000);
    assert_int_equal(dots_registry_pending(&t->w.r, ME), 0);
    assert_owners(t, 0);
}


/* Section 4.4.1.1: no mitigation until the session is lost; status 8. */

static void
test_create_preconfigured(void **state)
{
    test_t *t = *state;

    have(t, "a", "u", 1, "192.0.2.1 !");
    assert_int_equal(t->m.status, DOTS_STATUS_AWAITING_LOSS);
    assert_int_equal(t->m.start, 0);
    assert_int_equal(status(t, "a", "u", 1), DOTS_STATUS_AWAITING_LOSS);
    assert_int_equal(report(t, "a", "u", 1, 2), DOTS_DECLINED);
}


static void
test_create_forever(void **state)
{
    test_t *t = *state;

    t->m = world_mitigation(&t->w, "a", "u", 1, "192.0.2.1");
    t->m.lifetime = -1;
    assert_int_equal(dots_registry_put(&t->w.r, &t->m, 0, NOW, ME, t->w.a,
                                       &t->over, &t->conflict, &t->fault),
                     DOTS_VERDICT_CREATED);
    assert_true(t->m.expires == DOTS_FOREVER);
    settle(t, 1);

    assert_true(dots_registry_deadline(&t->w.r) == DOTS_FOREVER);
    assert_int_equal(expire(t, NOW * 2, "a", "u", 1), DOTS_DECLINED);

    /* section 4.4.4: the withdrawn one ends all the same */

    assert_int_equal(withdraw(t, NOW, "a", "u", 1), DOTS_VERDICT_DELETED);
    assert_int_equal(t->m.terminates, NOW + 120000);
}


static void
test_refresh(void **state)
{
    test_t *t = *state;

    have(t, "a", "u", 1, "192.0.2.1 f:www.example.com =192.0.2.80");
    assert_int_equal(report(t, "a", "u", 1, 2), DOTS_OK);

    /* the name has moved: what is protected moves with it */

    assert_int_equal(put_at(t, NOW + 5000, "a", "u", 1,
                            "f:www.example.com 192.0.2.1 =192.0.2.81"),
                     DOTS_VERDICT_CHANGED);
    assert_int_equal(t->m.status, 2);
    assert_int_equal(t->m.start, NOW / 1000);
    assert_int_equal(t->m.expires, NOW + 3605000);
    settle(t, 1);

    assert_int_equal(dots_registry_deadline(&t->w.r), NOW + 3605000);
    assert_int_equal(put(t, "b", "v", 1, "192.0.2.80"), DOTS_VERDICT_CREATED);
    assert_int_equal(put(t, "b", "v", 2, "192.0.2.81"), DOTS_VERDICT_CONFLICT);
}


static void
test_refresh_differs(void **state)
{
    test_t *t = *state;

    size_t  i;

    static const struct {
        const char  *words;
        const char  *attribute;
    } cases[] = {
        { "192.0.2.2 f:w.example.com u:https://e.example/ a:x :80 %6",
          "target-prefix" },
        { "192.0.2.1 f:w.example.com u:https://e.example/ a:x :81 %6",
          "target-port-range" },
        { "192.0.2.1 f:w.example.com u:https://e.example/ a:x :80",
          "target-protocol" },
        { "192.0.2.1 f:v.example.com u:https://e.example/ a:x :80 %6",
          "target-fqdn" },
        { "192.0.2.1 f:w.example.com u:http://e.example/ a:x :80 %6",
          "target-uri" },
        { "192.0.2.1 f:w.example.com u:https://e.example/ a:x a:y :80 %6",
          "alias-name" },
        { "192.0.2.1 f:w.example.com u:https://e.example/ a:x :80 %6 !",
          "trigger-mitigation" },
    };

    have(t, "a", "u", 1,
         "192.0.2.1 f:w.example.com u:https://e.example/ a:x :80 %6");

    for (i = 0; i < N(cases); i++) {
        char  *before = dump(t);

        assert_int_equal(put(t, "a", "u", 1, cases[i].words),
                         DOTS_VERDICT_INVALID);
        assert_string_equal(t->fault.attribute, cases[i].attribute);
        assert_non_null(strstr(t->fault.message, cases[i].attribute));
        assert_dump(t, before);
    }
}


/* ---- overlap within one client, section 4.4.1.3 ---- */

static void
test_higher_mid_wins(void **state)
{
    test_t *t = *state;

    have(t, "a", "u", 1, "192.0.2.1 192.0.2.9");
    have(t, "a", "u", 2, "2001:db8::/64");
    have(t, "a", "u", 3, "192.0.2.200");

    assert_int_equal(put(t, "a", "u", 9, "192.0.2.0/25 2001:db8::1"),
                     DOTS_VERDICT_CREATED);
    assert_int_equal(t->over.n, 2);
    assert_int_equal(t->over.keys[0].mid + t->over.keys[1].mid, 1 + 2);

    /* they are still there, but nobody may touch them */

    assert_int_equal(dots_registry_pending(&t->w.r, ME), 3);
    assert_int_equal(status(t, "a", "u", 1), 1);
    assert_int_equal(report(t, "a", "u", 1, 2), DOTS_DECLINED);

    settle(t, 1);

    assert_int_equal(status(t, "a", "u", 1), 0);
    assert_int_equal(status(t, "a", "u", 2), 0);
    assert_int_equal(status(t, "a", "u", 3), 1);
    assert_int_equal(status(t, "a", "u", 9), 1);
}


static void
test_lower_mid_loses(void **state)
{
    test_t *t = *state;

    have(t, "a", "u", 9, "192.0.2.0/24 :80 :443 %6 %17 f:w.example.com");

    assert_int_equal(put(t, "a", "u", 8,
                         "192.0.2.7 198.51.100.0/24 :443 :8080 %17 "
                         "f:W.example.com. f:v.example.com =192.0.2.99"),
                     DOTS_VERDICT_CONFLICT);

    assert_int_equal(t->conflict.same_client, 1);
    assert_int_equal(t->conflict.mid, 9);
    assert_int_equal(t->conflict.status, 0);
    assert_int_equal(t->conflict.retry, 0);

    /* its own clauses, and what a name stood for, no more */

    assert_int_equal(t->conflict.scope.nprefixes, 2);
    assert_int_equal(t->conflict.scope.prefixes[0].addr[3], 7);
    assert_int_equal(t->conflict.scope.prefixes[1].addr[3], 99);
    assert_int_equal(t->conflict.scope.nports, 1);
    assert_int_equal(t->conflict.scope.ports[0].lower, 443);
    assert_int_equal(t->conflict.scope.nprotocols, 1);
    assert_int_equal(t->conflict.scope.protocols[0], 17);
    assert_int_equal(t->conflict.scope.nfqdns, 1);
    assert_int_equal(t->conflict.scope.fqdns[0].len, 14);
}


/* "if there is a common IP address, IP prefix, FQDN, URI, or alias" */

static void
test_common_names(void **state)
{
    test_t *t = *state;

    size_t  i;

    static const char  *names[] = {
        "f:www.example.com", "u:https://www.example.com/", "a:web"
    };
    static const char  *again[] = {
        "f:WWW.EXAMPLE.com.", "u:https://WWW.example.com/", "a:web"
    };

    for (i = 0; i < N(names); i++) {
        char  first[100], second[100];

        snprintf(first, sizeof(first), "%s =192.0.2.1", names[i]);
        snprintf(second, sizeof(second), "%s =192.0.2.2", again[i]);

        world_wipe(&t->w);
        have(t, "a", "u", 1, first);

        /* another customer's names are other names */
        assert_int_equal(put(t, "b", "v", 1, second), DOTS_VERDICT_CREATED);
        settle(t, 0);

        /* an alias belongs to one client, a name to the customer */
        assert_int_equal(put(t, "a", "x", 1, second),
                         i == 2 ? DOTS_VERDICT_CREATED : DOTS_VERDICT_CONFLICT);
        if (i == 2) {
            settle(t, 0);
        }

        assert_int_equal(put(t, "a", "u", 2, second), DOTS_VERDICT_CREATED);
        assert_int_equal(t->over.n, 1);
        settle(t, 0);

        assert_int_equal(put(t, "a", "u", 0, second), DOTS_VERDICT_CONFLICT);
    }

    /* alias names are YANG strings */
    assert_int_equal(put(t, "a", "u", 0, "a:Web =192.0.2.2"),
                     DOTS_VERDICT_CREATED);
}


/* Distinct trigger-mitigation types do not override each other. */

static void
test_other_trigger(void **state)
{
    test_t *t = *state;

    have(t, "a", "u", 5, "192.0.2.0/24 !");
    have(t, "a", "u", 4, "192.0.2.1");
    have(t, "a", "u", 6, "192.0.2.2");
    have(t, "b", "v", 1, "192.0.2.3");

    assert_int_equal(put(t, "a", "u", 3, "192.0.2.9 !"),
                     DOTS_VERDICT_CONFLICT);
    assert_int_equal(t->conflict.mid, 5);

    have(t, "a", "u", 7, "192.0.2.9 !");
    assert_int_equal(status(t, "a", "u", 5), 0);
    assert_int_equal(dots_registry_count(&t->w.r), 4);
}


/* ---- overlap with other clients, section 4.4.1.3 ---- */

static void
test_other_client(void **state)
{
    test_t *t = *state;

    have(t, "a", "u", 77, "192.0.2.0/24 :80 %6");

    assert_int_equal(put_at(t, NOW + 1500, "b", "v", 99, "192.0.2.7 :80 %6"),
                     DOTS_VERDICT_CONFLICT);
    assert_int_equal(t->conflict.same_client, 0);
    assert_int_equal(t->conflict.mid, 0);
    assert_int_equal(t->conflict.status, 1);
    assert_int_equal(t->conflict.retry, 3599);

    /* the asker's own words; what the other one protects stays its secret */

    assert_int_equal(t->conflict.scope.nprefixes, 1);
    assert_int_equal(t->conflict.scope.prefixes[0].length, 32);
    assert_int_equal(t->conflict.scope.nports, 0);
    assert_int_equal(t->conflict.scope.nprotocols, 0);

    /* a wider one, and another client of the same customer */

    assert_int_equal(put(t, "b", "v", 1, "192.0.0.0/16"),
                     DOTS_VERDICT_CONFLICT);
    assert_int_equal(put(t, "a", "x", 99, "192.0.2.0/24"),
                     DOTS_VERDICT_CONFLICT);
    assert_int_equal(t->conflict.same_client, 0);

    /* what terminates does not stand in the way */

    assert_int_equal(withdraw(t, NOW, "a", "u", 77), DOTS_VERDICT_DELETED);
    settle(t, 1);
    have(t, "b", "v", 1, "192.0.2.7");

    /* and it revives only if nobody took the place */

    assert_int_equal(put(t, "a", "u", 77, "192.0.2.0/24 :80 %6"),
                     DOTS_VERDICT_CONFLICT);
    assert_int_equal(status(t, "a", "u", 77), 5);
}


static void
test_retry_of_endless(void **state)
{
    test_t *t = *state;

    t->m = world_mitigation(&t->w, "a", "u", 1, "192.0.2.1");
    t->m.lifetime = -1;
    assert_int_equal(dots_registry_put(&t->w.r, &t->m, 0, NOW, ME, t->w.a,
                                       &t->over, &t->conflict, &t->fault),
                     DOTS_VERDICT_CREATED);
    settle(t, 1);

    assert_int_equal(put(t, "b", "v", 1, "192.0.2.1"), DOTS_VERDICT_CONFLICT);
    assert_int_equal(t->conflict.retry, 3600);
}


/* Nested on many levels, between many that have nothing to do with it. */

static void
test_nesting(void **state)
{
    test_t *t = *state;

    size_t  i;
    char    cuid[8];

    static const char  *there[] = {
        "10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3/32",
        "2001:db8::/32", "2001:db8:1::/48", "2001:db8:1::1/128"
    };
    static const struct {
        const char  *asked;
        unsigned     meets;     /* bits: which of them */
    } cases[] = {
        { "10.1.2.3", 0x0f }, { "10.1.2.4", 0x07 }, { "10.1.2.2/31", 0x0f },
        { "10.1.3.0/24", 0x03 }, { "10.2.0.0/16", 0x01 }, { "11.0.0.0/8", 0 },
        { "10.0.0.0/7", 0x0f }, { "8.0.0.0/5", 0x0f }, { "9.0.0.0/8", 0 },
        { "10.1.2.0/25", 0x0f }, { "10.1.2.128/25", 0x07 },
        { "2001:db8:1::1", 0x70 }, { "2001:db8:1::/127", 0x70 },
        { "2001:db8:1::2/127", 0x30 }, { "2001:db8:2::/48", 0x10 },
        { "2001::/16", 0x70 }, { "2001:db9::/32", 0 }
    };
    size_t  k;

    for (k = 0; k < N(there); k++) {
        world_wipe(&t->w);
        snprintf(cuid, sizeof(cuid), "t%zu", k);
        have(t, "a", cuid, 1, there[k]);

        for (i = 0; i < N(cases); i++) {
            assert_int_equal(put(t, "b", "v", 1, cases[i].asked),
                             cases[i].meets & 1u << k ? DOTS_VERDICT_CONFLICT
                                                      : DOTS_VERDICT_CREATED);
            if (!(cases[i].meets & 1u << k)) {
                settle(t, 0);
            }
        }
    }
}


/* ---- cuids, section 4.4.1.1 ---- */

static void
registered(test_t *t, const char *cuid, const char *customer)
{
    dots_str_t  name;

    assert_int_equal(dots_registry_registered(&t->w.r, world_str(cuid), t->w.a,
                                              &name),
                     customer ? DOTS_OK : DOTS_DECLINED);

    if (customer) {
        assert_true(dots_str_eq(name, world_str(customer)));
    }
}


static void
test_collision(void **state)
{
    test_t *t = *state;

    assert_int_equal(dots_registry_bind(&t->w.r, world_str("a"),
                                        world_str("u")), DOTS_OK);
    assert_int_equal(dots_registry_bind(&t->w.r, world_str("b"),
                                        world_str("u")), DOTS_DECLINED);
    assert_int_equal(put(t, "b", "u", 1, "192.0.2.1"), DOTS_VERDICT_COLLISION);

    registered(t, "u", "a");
    registered(t, "uu", NULL);

    have(t, "a", "u", 1, "192.0.2.1");

    /* the dots-client goes, its mitigation holds the cuid */

    dots_registry_unbind(&t->w.r, world_str("a"), world_str("u"));
    registered(t, "u", NULL);
    assert_int_equal(put(t, "b", "u", 2, "192.0.2.2"), DOTS_VERDICT_COLLISION);

    assert_int_equal(expire(t, DOTS_FOREVER, "a", "u", 1), DOTS_OK);
    settle(t, 1);

    /* one in flight may still come to nothing */

    assert_int_equal(put(t, "b", "u", 2, "192.0.2.2"), DOTS_VERDICT_CREATED);
    t->over.n = 0;
    {
        dots_mitigation_t  first = t->m;

        assert_int_equal(put(t, "a", "u", 3, "192.0.2.3"), DOTS_VERDICT_BUSY);
        t->m = first;
        settle(t, 0);
    }
    assert_int_equal(put(t, "a", "u", 3, "192.0.2.3"), DOTS_VERDICT_CREATED);
}


/* ---- the limit ---- */

static void
test_limit(void **state)
{
    test_t *t = *state;

    t->max = 2;

    have(t, "a", "u", 1, "192.0.2.1");
    have(t, "a", "x", 1, "192.0.2.2 !");
    assert_int_equal(put(t, "a", "u", 2, "192.0.2.3"), DOTS_VERDICT_LIMIT);
    have(t, "b", "v", 1, "192.0.2.4");

    /* neither a refresh nor what takes another's place needs more room */

    assert_int_equal(put(t, "a", "u", 1, "192.0.2.1"), DOTS_VERDICT_CHANGED);
    settle(t, 1);
    have(t, "a", "u", 3, "192.0.2.0/31");
    assert_int_equal(status(t, "a", "u", 1), 0);

    /* what terminates makes room, once that is durable */

    assert_int_equal(withdraw(t, NOW, "a", "u", 3), DOTS_VERDICT_DELETED);
    {
        dots_mitigation_t  first = t->m;

        assert_int_equal(put(t, "a", "u", 4, "192.0.2.9"), DOTS_VERDICT_BUSY);
        t->m = first;
        settle(t, 1);
    }
    have(t, "a", "u", 4, "192.0.2.9");

    /* and may not come back into it */

    assert_int_equal(put(t, "a", "u", 3, "192.0.2.0/31"), DOTS_VERDICT_LIMIT);
}


/* ---- reading ---- */

static void
walk_all(test_t *t, dots_registry_walk_t *walk, size_t max)
{
    do {
        assert_int_equal(dots_registry_list(&t->w.r, walk, max, t->w.a),
                         DOTS_OK);
    } while (!walk->over);
}


static void
test_list(void **state)
{
    test_t *t = *state;

    size_t                i, max;
    dots_registry_walk_t  walk;

    static const uint32_t  mids[] = { 7, 4294967295u, 0, 300 };
    static const char     *words[] = { "10.0.0.1", "10.0.0.2", "10.0.0.3",
                                       "10.0.0.4" };

    for (i = 0; i < 4; i++) {
        have(t, "a", "u", mids[i], words[i]);
    }

    have(t, "a", "t", 1, "10.0.0.9");
    have(t, "a", "uu", 1, "10.0.0.10");
    assert_int_equal(put(t, "a", "u", 8, "10.0.0.5"), DOTS_VERDICT_CREATED);

    for (max = 1; max < 8; max++) {
        walk = world_walk("a", "u");
        walk_all(t, &walk, max);

        assert_int_equal(walk.seen, 5);
        assert_int_equal(walk.n, 4);
        assert_int_equal(walk.list[0].mid, 0);
        assert_int_equal(walk.list[1].mid, 7);
        assert_int_equal(walk.list[2].mid, 300);
        assert_int_equal(walk.list[3].mid, 4294967295u);
    }

    walk = world_walk("b", "u");
    walk_all(t, &walk, 1);
    assert_int_equal(walk.n, 0);
}


static int
test_list_wants(void *data, const dots_mitigation_t *m)
{
    return m->mid % *(uint32_t *) data == 0;
}


/* What is not wanted takes no room, however much there is of it. */

static void
test_list_wanted(void **state)
{
    test_t *t = *state;

    char                  word[16];
    size_t                i;
    uint32_t              divisor = 50;
    dots_arena_t         *a, *was;
    dots_registry_walk_t  walk;

    for (i = 0; i < 200; i++) {
        (void) snprintf(word, sizeof(word), "10.0.0.%zu", i);
        have(t, "a", "u", (uint32_t) i, word);
    }

    was = t->w.a;
    a = dots_arena_create(16 * sizeof(dots_mitigation_t) + 2000);
    t->w.a = a;

    walk = world_walk("a", "u");
    walk.wanted = test_list_wants;
    walk.data = &divisor;
    walk_all(t, &walk, 7);

    assert_int_equal(walk.seen, 200);
    assert_int_equal(walk.n, 4);

    for (i = 0; i < 4; i++) {
        assert_int_equal(walk.list[i].mid, i * divisor);
        assert_int_equal(walk.list[i].target.nprefixes, 1);
        assert_int_equal(walk.list[i].target.prefixes[0].addr[3], i * divisor);
    }

    /* of all there is no room for one more than for all of them */

    assert_false(dots_arena_spent(a));
    walk = world_walk("a", "u");
    assert_int_equal(dots_registry_list(&t->w.r, &walk, 7, a), DOTS_FULL);
    assert_int_equal(walk.seen, 0);
    assert_true(dots_arena_spent(a));

    dots_arena_destroy(a);

    /* as many as there are, whatever the list had room for at first */

    t->w.a = was;
    divisor = 1;
    walk = world_walk("a", "u");
    walk.wanted = test_list_wants;
    walk.data = &divisor;
    walk_all(t, &walk, 7);

    assert_int_equal(walk.n, 200);
    assert_int_equal(walk.list[0].mid, 0);
    assert_int_equal(walk.list[199].mid, 199);
}


/* An arena that is too small is an answer, not a crash. */

static void
test_small_arena(void **state)
{
    test_t *t = *state;

    int                     rc;
    size_t                  limit, n;
    dots_arena_t           *a;
    dots_mitigation_t       m;
    dots_registry_walk_t    walk;
    dots_mitigation_key_t  *keys, key = world_key("a", "u", 1);

    have(t, "a", "u", 1, "192.0.2.1 f:w.example.com");

    for (limit = 0, rc = DOTS_FULL; rc != DOTS_OK; limit += 8) {
        assert_true(limit < 10000);
        a = dots_arena_create(limit);
        rc = dots_registry_get(&t->w.r, &key, a, &m);
        assert_true(rc == DOTS_OK || rc == DOTS_FULL);

        if (rc == DOTS_FULL) {
            walk = world_walk("a", "u");
            assert_int_equal(dots_registry_list(&t->w.r, &walk, 10, a),
                             DOTS_FULL);
        }

        dots_arena_destroy(a);
    }

    a = dots_arena_create(8);
    assert_int_equal(dots_registry_due(&t->w.r, DOTS_FOREVER, 10, a, &keys,
                                       &n), DOTS_FULL);
    assert_int_equal(n, 0);
    dots_arena_destroy(a);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        TEST(test_create),
        TEST(test_create_preconfigured),
        TEST(test_create_forever),
        TEST(test_refresh),
        TEST(test_refresh_differs),
        TEST(test_higher_mid_wins),
        TEST(test_lower_mid_loses),
        TEST(test_common_names),
        TEST(test_other_trigger),
        TEST(test_other_client),
        TEST(test_retry_of_endless),
        TEST(test_nesting),
        TEST(test_collision),
        TEST(test_limit),
        TEST(test_list),
        TEST(test_list_wanted),
        TEST(test_small_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
