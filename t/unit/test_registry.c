/*
 * The registry, rule by rule: RFC 9132 sections 4.4.1.1, 4.4.1.3, 4.4.2, 4.4.4.
 */

#include "dots_registry_private.h"
#include "registry_world.h"

#define NOW  1700000000000LL
#define ME   7u
#define YOU  4000000000u

#define N(array) (sizeof(array) / sizeof((array)[0]))

typedef struct {
    world_t            w;
    dots_mitigation_t  m;          /* of the last put, withdraw, ... */
    dots_overridden_t  over;
    dots_conflict_t    conflict;
    dots_fault_t       fault;
    uint32_t           max;
} test_t;

static const dots_lifetime_t  policy = { 3600, 30, 86400, 1, 120 };


static dots_verdict_t
put_at(test_t *t, int64_t now, const char *customer, const char *cuid,
    uint32_t mid, const char *words)
{
    t->m = world_mitigation(&t->w, customer, cuid, mid, words);

    return dots_registry_put(&t->w.r, &t->m, t->max, now, ME, t->w.a, &t->over,
                             &t->conflict, &t->fault);
}


static dots_verdict_t
put(test_t *t, const char *customer, const char *cuid, uint32_t mid,
    const char *words)
{
    return put_at(t, NOW, customer, cuid, mid, words);
}


static void
settle(test_t *t, int committed)
{
    dots_registry_settle(&t->w.r, &t->m, &t->over, ME, committed);
    memset(&t->over, 0, sizeof(t->over));
}


static void
have(test_t *t, const char *customer, const char *cuid, uint32_t mid,
    const char *words)
{
    assert_int_equal(put(t, customer, cuid, mid, words), DOTS_VERDICT_CREATED);
    settle(t, 1);
}


static dots_verdict_t
withdraw(test_t *t, int64_t now, const char *customer, const char *cuid,
    uint32_t mid)
{
    dots_mitigation_key_t  key = world_key(customer, cuid, mid);

    memset(&t->over, 0, sizeof(t->over));

    return dots_registry_withdraw(&t->w.r, &key, &policy, now, ME, t->w.a,
                                  &t->m);
}


static int
revoke(test_t *t, const char *customer, const char *cuid, uint32_t mid)
{
    dots_mitigation_key_t  key = world_key(customer, cuid, mid);

    memset(&t->over, 0, sizeof(t->over));

    return dots_registry_revoke(&t->w.r, &key, "gone", 5000, NOW, ME, t->w.a,
                                &t->m);
}


static int
expire(test_t *t, int64_t now, const char *customer, const char *cuid,
    uint32_t mid)
{
    dots_mitigation_key_t  key = world_key(customer, cuid, mid);

    memset(&t->over, 0, sizeof(t->over));

    return dots_registry_expire(&t->w.r, &key, now, ME, t->w.a, &t->m);
}


static int
report(test_t *t, const char *customer, const char *cuid, uint32_t mid,
    dots_status_t status)
{
    dots_mitigation_key_t  key = world_key(customer, cuid, mid);

    return dots_registry_report(&t->w.r, &key, status);
}


/* The status that a GET shows; 0: not there. */

static int
status(test_t *t, const char *customer, const char *cuid, uint32_t mid)
{
    int                    rc;
    dots_mitigation_t      m;
    dots_mitigation_key_t  key = world_key(customer, cuid, mid);

    rc = dots_registry_get(&t->w.r, &key, t->w.a, &m);

    if (rc == DOTS_DECLINED) {
        return 0;
    }

    assert_int_equal(rc, DOTS_OK);

    return (int) m.status;
}


/* Everything that can be seen, and what it costs, as one text. */

static char *
dump(test_t *t)
{
    char                   *text, buf[DOTS_PREFIX_TEXT];
    size_t                  i, j, n, size;
    FILE                   *f;
    dots_mitigation_t      *list, *m;
    dots_mitigation_key_t  *keys;

    f = open_memstream(&text, &size);
    assert_non_null(f);

    assert_int_equal(dots_registry_next(&t->w.r, NULL, 1000, t->w.a, &list,
                                        &n), DOTS_OK);

    for (i = 0; i < n; i++) {
        m = &list[i];
        fprintf(f, "%.*s %.*s %u: %d %d %d %lld %lld %lld %s",
                (int) m->customer.len, (const char *) m->customer.data,
                (int) m->cuid.len, (const char *) m->cuid.data, m->mid,
                m->status, m->trigger, m->lifetime, (long long) m->start,
                (long long) m->expires, (long long) m->terminates, m->reason);

        for (j = 0; j < m->nresolved; j++) {
            dots_prefix_print(&m->resolved[j], buf);
            fprintf(f, " %s", buf);
        }

        fprintf(f, " f%zu u%zu a%zu\n", m->target.nfqdns, m->target.nuris,
                m->target.naliases);
    }

    assert_int_equal(dots_registry_due(&t->w.r, DOTS_FOREVER, 1000, t->w.a,
                                       &keys, &n), DOTS_OK);

    for (i = 0; i < n; i++) {
        fprintf(f, "due %.*s %u\n", (int) keys[i].cuid.len,
                (const char *) keys[i].cuid.data, keys[i].mid);
    }

    fprintf(f, "%lld %llu %zu %zu %zu bytes\n",
            (long long) dots_registry_deadline(&t->w.r),
            (unsigned long long) dots_registry_generation(&t->w.r),
            dots_registry_count(&t->w.r), dots_registry_pending(&t->w.r, ME),
            t->w.bytes);

    fclose(f);

    return text;
}


static void
assert_dump(test_t *t, char *before)
{
    char  *after;

    after = dump(t);
    assert_string_equal(before, after);

    free(after);
    free(before);
}


static int
setup(void **state)
{
    test_t  *t;

    t = calloc(1, sizeof(*t));
    assert_non_null(t);
    world_init(&t->w);
    *state = t;

    return 0;
}


static int
teardown(void **state)
{
    test_t  *t = *state;

    world_done(&t->w);
    free(t);

    return 0;
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

    settle(t, 1);

    assert_int_equal(dots_registry_get(&t->w.r, &key, t->w.a, &m), DOTS_OK);
    world_assert_same(&m, &t->m);
    assert_int_equal(dots_registry_count(&t->w.r), 1);
    assert_int_equal(dots_registry_deadline(&t->w.r), NOW + 3600000);
    assert_int_equal(dots_registry_pending(&t->w.r, ME), 0);
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


/* ---- withdrawal and end, sections 4.4.2 and 4.4.4 ---- */

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


/* ---- what is in flight ---- */

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


/* ---- a rebuild while changes are in flight ---- */

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


/* ---- reading ---- */

static void
test_list(void **state)
{
    test_t *t = *state;

    size_t             i, n;
    dots_mitigation_t *list;

    static const uint32_t  mids[] = { 7, 4294967295u, 0, 300 };
    static const char     *words[] = { "10.0.0.1", "10.0.0.2", "10.0.0.3",
                                       "10.0.0.4" };

    for (i = 0; i < 4; i++) {
        have(t, "a", "u", mids[i], words[i]);
    }

    have(t, "a", "t", 1, "10.0.0.9");
    have(t, "a", "uu", 1, "10.0.0.10");
    assert_int_equal(put(t, "a", "u", 8, "10.0.0.5"), DOTS_VERDICT_CREATED);

    assert_int_equal(dots_registry_list(&t->w.r, world_str("a"),
                                        world_str("u"), t->w.a, &list, &n),
                     DOTS_OK);
    assert_int_equal(n, 4);
    assert_int_equal(list[0].mid, 0);
    assert_int_equal(list[1].mid, 7);
    assert_int_equal(list[2].mid, 300);
    assert_int_equal(list[3].mid, 4294967295u);

    assert_int_equal(dots_registry_list(&t->w.r, world_str("b"),
                                        world_str("u"), t->w.a, &list, &n),
                     DOTS_OK);
    assert_int_equal(n, 0);
}


/* An arena that is too small is an answer, not a crash. */

static void
test_small_arena(void **state)
{
    test_t *t = *state;

    int                     rc;
    size_t                  limit, n;
    dots_arena_t           *a;
    dots_mitigation_t       m, *list;
    dots_mitigation_key_t  *keys, key = world_key("a", "u", 1);

    have(t, "a", "u", 1, "192.0.2.1 f:w.example.com");

    for (limit = 0, rc = DOTS_FULL; rc != DOTS_OK; limit += 8) {
        assert_true(limit < 10000);
        a = dots_arena_create(limit);
        rc = dots_registry_get(&t->w.r, &key, a, &m);
        assert_true(rc == DOTS_OK || rc == DOTS_FULL);

        if (rc == DOTS_FULL) {
            assert_int_equal(dots_registry_list(&t->w.r, key.customer,
                                                key.cuid, a, &list, &n),
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


#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)


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
        TEST(test_withdraw),
        TEST(test_withdraw_at_once),
        TEST(test_terminating_overridden),
        TEST(test_revoke),
        TEST(test_report),
        TEST(test_busy),
        TEST(test_undo),
        TEST(test_lengths),
        TEST(test_full),
        TEST(test_owners),
        TEST(test_rebuild),
        TEST(test_list),
        TEST(test_small_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
