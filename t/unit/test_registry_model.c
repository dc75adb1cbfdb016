/*
 * The registry against a list that does everything the slow and plain way: the
 * same random operations on both, every answer compared.  Fixed seeds.
 */

#include "registry_compare.h"
#include "registry_plain.h"

#define STEPS 10000


/* ---- operations ---- */

static void
reserve(entry_t *e, dots_status_t status, uint32_t owner)
{
    e->owner = owner;
    e->status = status;
}


static flight_t *
free_flight(model_t *md)
{
    size_t  i;

    for (i = 0; i < FLIGHTS; i++) {
        if (!md->flights[i].used) {
            return &md->flights[i];
        }
    }

    return NULL;
}


static void
depart(model_t *md, const dots_mitigation_t *m, const dots_overridden_t *over,
    uint32_t owner)
{
    flight_t  *f;

    f = free_flight(md);
    memset(f, 0, sizeof(*f));
    f->used = 1;
    f->m = *m;
    f->owner = owner;

    if (over) {
        f->over = *over;
    }
}


static dots_mitigation_t
random_request(model_t *md)
{
    char               words[400];
    size_t             i, n;
    dots_mitigation_t  m, *o;

    /* half of the time the one that is there, to refresh it */

    if (md->nstored && chance(md, 3) == 0) {
        o = &md->stored[chance(md, (uint32_t) md->nstored)];
        m = *o;

        if (m.target.nfqdns && chance(md, 3) == 0) {
            m.nresolved = 0;
            world_resolve(&md->w, &m,
                          world_prefix(prefixes[chance(md, N(prefixes))]));
        }

        m.lifetime = 1 + (int32_t) chance(md, 60);
        return m;
    }

    words[0] = '\0';
    n = chance(md, 4) / 3;

    for (i = 0; i <= n; i++) {
        if (chance(md, 5) == 0) {
            strcat(words, names[chance(md, N(names))]);
            strcat(words, " =");
        }

        strcat(words, prefixes[chance(md, N(prefixes))]);
        strcat(words, " ");
    }

    if (chance(md, 5) == 0) {
        strcat(words, "!");
    }

    i = chance(md, N(customers));

    m = world_mitigation(&md->w, customers[i],
                         cuids[chance(md, 20) ? i : chance(md, N(cuids))],
                         chance(md, 10), words);
    m.lifetime = chance(md, 10) ? 1 + (int32_t) chance(md, 60) : -1;

    return m;
}


/* "over" has this change of a state. */

static void
change(model_t *md, const dots_overridden_t *over, entry_t *e, uint32_t owner,
    dots_mitigation_t want)
{
    size_t  i;

    (void) md;

    for (i = 0; i < over->nchanged; i++) {
        if (same_key(&over->changed[i], &want)) {
            world_assert_same(&over->changed[i], &want);
            reserve(e, want.status, owner);
            return;
        }
    }

    fail_msg("a change is missing");
}


static void
do_put(model_t *md)
{
    long                fail_at;
    size_t              i, j, n, nretreats, bytes;
    entry_t            *e, *live;
    uint32_t            max, owner;
    dots_fault_t        f;
    dots_verdict_t      v, expected;
    dots_conflict_t     conflict;
    const entry_t      *victims[ENTRIES], *retreats[ENTRIES];
    dots_mitigation_t   m, want;
    dots_overridden_t   over;

    if (free_flight(md) == NULL) {
        return;
    }

    m = random_request(md);
    want = m;
    max = chance(md, 2) ? 0 : 2 + chance(md, 4);
    owner = 1 + chance(md, OWNERS);

    expected = expect_put(md, &m, max, victims, &n, retreats, &nretreats);

    fail_at = chance(md, 8) ? -1 : (long) chance(md, 4);
    md->w.fail_at = fail_at;
    bytes = md->w.bytes;

    v = dots_registry_put(&md->w.r, &m, max, md->now, owner, md->w.a, &over,
                          &conflict, &f);
    md->w.fail_at = -1;
    md->verdicts[v]++;

    if (v == DOTS_VERDICT_FULL && fail_at >= 0) {
        assert_true(expected == DOTS_VERDICT_CREATED
                    || expected == DOTS_VERDICT_CHANGED);
        assert_int_equal(md->w.bytes, bytes);
        return;
    }

    assert_int_equal(v, expected);

    if (v == DOTS_VERDICT_CONFLICT) {
        check_conflict(md, &m, &conflict);
    }

    if (v != DOTS_VERDICT_CREATED && v != DOTS_VERDICT_CHANGED) {
        assert_int_equal(md->w.bytes, bytes);
        return;
    }

    assert_int_equal(over.n, n);
    md->overridden += n;

    for (i = 0; i < n; i++) {
        for (j = 0; j < n && over.keys[j].mid != victims[i]->now.mid; j++) {
            /* void */
        }

        assert_true(j < n);
        reserve((entry_t *) victims[i], DOTS_STATUS_TERMINATED, owner);
    }

    live = v == DOTS_VERDICT_CHANGED ? find(md, &m) : NULL;
    expect_state(&want, live, victims, n, md->now);
    world_assert_same(&m, &want);

    assert_int_equal(over.nchanged, nretreats);
    md->retreated += nretreats;

    for (i = 0; i < nretreats; i++) {
        change(md, &over, (entry_t *) retreats[i], owner,
               retreated(md, &retreats[i]->now, &m));
    }

    e = find_or_make(md, &m);
    e->pending = 1;
    e->next = m;
    reserve(e, m.status, owner);

    depart(md, &m, &over, owner);
}


static entry_t *
random_entry(model_t *md)
{
    size_t    tries;
    entry_t  *e;

    for (tries = 0; tries < 20; tries++) {
        e = &md->entries[chance(md, ENTRIES)];

        if (e->used) {
            return e;
        }
    }

    return NULL;
}


static int
awaits(model_t *md, const entry_t *e, const dots_mitigation_t *client)
{
    return e->used && e->committed && same_client(&e->now, client)
           && e->now.expires > md->now
           && (e->now.status == 8
               || (e->now.status == 7 && !e->now.trigger
                   && e->now.conflict.cause));
}


/* The effects of what "e" becomes on all the others; 0: one is busy. */

static int
expect_trigger(model_t *md, const entry_t *e, dots_mitigation_t *want,
    const entry_t **by, const entry_t **foreign)
{
    size_t     i;
    effect_t   x;
    entry_t   *o;

    *want = e->now;
    want->status = 1;
    want->start = md->now / 1000;
    want->terminates = 0;
    want->conflicted = 0;
    memset(&want->conflict, 0, sizeof(want->conflict));
    *foreign = NULL;

    for (i = 0; i < ENTRIES; i++) {
        o = &md->entries[i];

        if (!o->used || o == e) {
            continue;
        }

        if (o->owner) {
            if (may_matter(md, &e->now, o, 1, 0)) {
                return 0;
            }

            continue;
        }

        x = effect(md, &e->now, &o->now, o->now.status, 1, 0);

        if (x == RETREAT && by[i] == NULL) {
            by[i] = e;

        } else if (x == FOREIGN) {
            *foreign = o;
        }
    }

    return 1;
}


/* The registry goes by mid: the first of them is who withdraws another. */

static entry_t *
next_awaiting(model_t *md, const dots_mitigation_t *client, uint32_t from)
{
    size_t    i;
    entry_t  *e, *first;

    for (i = 0, first = NULL; i < ENTRIES; i++) {
        e = &md->entries[i];

        if (awaits(md, e, client) && e->now.mid >= from
            && (first == NULL || e->now.mid < first->now.mid))
        {
            first = e;
        }
    }

    return first;
}


static void
do_trigger(model_t *md)
{
    int                 busy;
    size_t              i, n;
    entry_t            *e;
    uint32_t            owner;
    const entry_t      *by[ENTRIES], *foreign;
    dots_verdict_t      v;
    dots_mitigation_t   client, want;
    dots_overridden_t   over;

    e = random_entry(md);

    if (e == NULL || free_flight(md) == NULL) {
        return;
    }

    client = *key_of(e);
    owner = 1 + chance(md, OWNERS);

    md->w.fail_at = 0;  /* needs none of the zone's memory */
    v = dots_registry_trigger(&md->w.r, client.customer, client.cuid, md->now,
                              owner, md->w.a, &over);
    md->w.fail_at = -1;

    memset(by, 0, sizeof(by));
    busy = 0;
    n = 0;

    for (e = next_awaiting(md, &client, 0); e != NULL && !busy;
         e = next_awaiting(md, &client, e->now.mid + 1))
    {
        busy = e->owner || !expect_trigger(md, e, &want, by, &foreign);
        n++;
    }

    if (busy || n == 0) {
        assert_int_equal(v, busy ? DOTS_VERDICT_BUSY : DOTS_VERDICT_NOT_FOUND);
        return;
    }

    assert_int_equal(v, DOTS_VERDICT_CHANGED);
    md->triggered += n;

    for (i = 0; i < ENTRIES; i++) {
        n += by[i] != NULL;
        md->retreated += by[i] != NULL;
    }

    assert_int_equal(over.nchanged, n);

    for (i = 0; i < over.nchanged; i++) {
        e = find(md, &over.changed[i]);

        if (over.changed[i].status == 7) {
            want = retreated(md, &e->now, &by[e - md->entries]->now);

        } else {
            (void) expect_trigger(md, e, &want, by, &foreign);
            assert_int_equal(over.changed[i].conflict.cause, foreign != NULL);
            assert_int_equal(over.changed[i].conflict.status,
                             foreign ? 2 : 0);
            assert_int_equal(over.changed[i].conflict.same_client, 0);
            assert_int_equal(over.changed[i].conflict.mid, 0);
            assert_int_equal(over.changed[i].conflict.retry, 0);
            want.conflict = over.changed[i].conflict;   /* one of several */
            want.conflicted = foreign ? md->now : 0;
        }

        world_assert_same(&over.changed[i], &want);
    }

    for (i = 0; i < over.nchanged; i++) {
        reserve(find(md, &over.changed[i]), over.changed[i].status, owner);
    }

    memset(&want, 0, sizeof(want));
    depart(md, &want, &over, owner);
}


static void
do_withdraw(model_t *md)
{
    entry_t                *e;
    uint32_t                owner;
    dots_verdict_t          v;
    dots_lifetime_t         policy;
    dots_mitigation_t       m, want;
    dots_mitigation_key_t   key;

    e = random_entry(md);

    if (e == NULL || free_flight(md) == NULL) {
        return;
    }

    memset(&policy, 0, sizeof(policy));
    policy.terminating = chance(md, 4) * 5;
    owner = 1 + chance(md, OWNERS);
    key = world_key_of(key_of(e));

    md->w.fail_at = 0;  /* needs none of the zone's memory */
    v = dots_registry_withdraw(&md->w.r, &key, &policy, md->now, owner,
                               md->w.a, &m);
    md->w.fail_at = -1;
    md->verdicts[v]++;

    if (e->owner) {
        assert_int_equal(v, DOTS_VERDICT_BUSY);
        return;
    }

    if (e->now.status == 5) {
        assert_int_equal(v, DOTS_VERDICT_FOUND);
        return;
    }

    assert_int_equal(v, DOTS_VERDICT_DELETED);

    want = e->now;
    want.status = 6;

    if (want.dampen == 0) {
        want.dampen = (uint16_t) policy.terminating;
    }

    if (e->now.status <= 4 && want.dampen && md->now < e->now.expires) {
        want.status = 5;
        want.terminates = md->now + want.dampen * 1000;

        if (want.terminates > want.expires) {
            want.terminates = want.expires;
        }
    }

    world_assert_same(&m, &want);
    reserve(e, m.status, owner);
    depart(md, &m, NULL, owner);
}


static void
do_expire_or_revoke(model_t *md)
{
    int                     rc, revoke, allowed;
    entry_t                *e;
    uint32_t                owner;
    dots_mitigation_t       m, want;
    dots_mitigation_key_t   key;

    e = random_entry(md);

    if (e == NULL || free_flight(md) == NULL) {
        return;
    }

    owner = 1 + chance(md, OWNERS);
    revoke = chance(md, 3) == 0;
    key = world_key_of(key_of(e));
    want = e->now;

    md->w.fail_at = 0;

    if (revoke) {
        rc = dots_registry_revoke(&md->w.r, &key, "lost the prefix", 7000,
                                  md->now, owner, md->w.a, &m);
        allowed = !e->owner && (e->now.status != 7
                                || dots_mitigation_returns(&e->now));
        want.status = 7;
        want.terminates = md->now + 7000;
        strcpy(want.reason, "lost the prefix");
        want.conflicted = 0;
        memset(&want.conflict, 0, sizeof(want.conflict));

    } else {
        rc = dots_registry_expire(&md->w.r, &key, md->now, owner, md->w.a, &m);
        allowed = !e->owner && dots_mitigation_deadline(&e->now) <= md->now;
        want.status = 6;

        if (dots_mitigation_returns(&e->now) && e->now.expires > md->now) {
            want.status = 8;
            want.start = 0;
            want.terminates = 0;
            want.conflicted = 0;
            memset(&want.conflict, 0, sizeof(want.conflict));
        }
    }

    md->w.fail_at = -1;

    assert_int_equal(rc, allowed ? DOTS_OK : DOTS_DECLINED);

    if (allowed) {
        world_assert_same(&m, &want);
        reserve(e, m.status, owner);
        depart(md, &m, NULL, owner);
    }
}


static void
do_report(model_t *md)
{
    int                     rc;
    entry_t                *e;
    size_t                  i;
    dots_status_t           status;
    dots_mitigation_key_t   key;

    e = random_entry(md);

    if (e == NULL) {
        return;
    }

    status = chance(md, 4);
    key = world_key_of(key_of(e));
    rc = dots_registry_report(&md->w.r, &key, status);

    if (e->owner || (status != 1 && status != 2)
        || (e->now.status != 1 && e->now.status != 2))
    {
        assert_int_equal(rc, DOTS_DECLINED);
        return;
    }

    assert_int_equal(rc, DOTS_OK);
    e->now.status = status;

    for (i = 0; i < md->nstored; i++) {
        if (same_key(&md->stored[i], &e->now)) {
            md->stored[i].status = status;
        }
    }
}


static void
forget(entry_t *e)
{
    if (e) {
        memset(e, 0, sizeof(*e));
    }
}


static void
unstore(model_t *md, const dots_mitigation_t *m)
{
    size_t  i;

    for (i = 0; i < md->nstored; i++) {
        if (same_key(&md->stored[i], m)) {
            md->stored[i] = md->stored[--md->nstored];
            return;
        }
    }
}


/* The disk is done with one of them, this way or the other. */

static void
do_store(model_t *md)
{
    size_t             i;
    flight_t          *f;
    dots_mitigation_t  m;

    f = &md->flights[chance(md, FLIGHTS)];

    if (!f->used || f->stored) {
        return;
    }

    f->stored = chance(md, 4) ? 1 : -1;

    if (f->stored < 0) {
        return;
    }

    m = f->m;

    for (i = 0; i < f->over.n; i++) {
        m.mid = f->over.keys[i].mid;
        unstore(md, &m);
    }

    for (i = 0; i < f->over.nchanged; i++) {
        unstore(md, &f->over.changed[i]);
        md->stored[md->nstored++] = f->over.changed[i];
    }

    if (f->m.status == 0) {
        return;
    }

    unstore(md, &f->m);

    if (f->m.status != 6) {
        md->stored[md->nstored++] = f->m;
    }
}


static void
settled(model_t *md, const dots_mitigation_t *m, int committed)
{
    entry_t  *e;

    e = find_or_make(md, m);
    e->owner = 0;
    e->pending = 0;

    if (committed) {
        e->committed = 1;
        e->now = *m;
    }

    if (!e->committed || e->now.status == 6) {
        forget(e);
    }
}


static void
do_settle(model_t *md)
{
    int                 committed;
    size_t              i;
    entry_t            *e;
    flight_t           *f;
    dots_mitigation_t   m;

    f = &md->flights[chance(md, FLIGHTS)];

    if (!f->used || !f->stored) {
        return;
    }

    committed = f->stored > 0;
    f->used = 0;

    md->w.fail_at = f->m.status == 7 || f->over.nchanged ? -1 : 0;
    dots_registry_settle(&md->w.r, f->m.status ? &f->m : NULL, &f->over,
                         f->owner, committed);
    md->w.fail_at = -1;

    m = f->m;

    for (i = 0; i < f->over.n; i++) {
        m.mid = f->over.keys[i].mid;
        e = find(md, &m);

        if (committed) {
            forget(e);

        } else {
            e->owner = 0;
        }
    }

    for (i = 0; i < f->over.nchanged; i++) {
        settled(md, &f->over.changed[i], committed);
    }

    if (f->m.status) {
        settled(md, &f->m, committed);
    }
}


static void
do_bind(model_t *md)
{
    int             rc;
    size_t          c, u;
    dots_verdict_t  v;
    dots_mitigation_t  m;

    c = chance(md, N(customers));
    u = chance(md, N(cuids));

    if (chance(md, 2)) {
        dots_registry_unbind(&md->w.r, world_str(customers[c]),
                             world_str(cuids[u]));
        md->bound[c][u] -= md->bound[c][u] > 0;
        return;
    }

    memset(&m, 0, sizeof(m));
    m.customer = world_str(customers[c]);
    m.cuid = world_str(cuids[u]);

    v = expect_cuid(md, &m);
    rc = dots_registry_bind(&md->w.r, m.customer, m.cuid);

    assert_int_equal(rc, v == DOTS_VERDICT_NONE ? DOTS_OK : DOTS_DECLINED);
    md->bound[c][u] += rc == DOTS_OK;
}


static void
do_rebuild(model_t *md)
{
    int      i;
    size_t   c, u, k;
    entry_t *e;

    world_wipe(&md->w);
    memset(md->entries, 0, sizeof(md->entries));
    md->rebuilt++;

    for (c = 0; c < N(customers); c++) {
        for (u = 0; u < N(cuids); u++) {
            for (i = 0; i < md->bound[c][u]; i++) {
                assert_int_equal(dots_registry_bind(&md->w.r,
                                                    world_str(customers[c]),
                                                    world_str(cuids[u])),
                                 DOTS_OK);
            }
        }
    }

    for (k = 0; k < md->nstored; k++) {
        assert_int_equal(dots_registry_load(&md->w.r, &md->stored[k]),
                         DOTS_OK);
        e = find_or_make(md, &md->stored[k]);
        e->committed = 1;
        e->now = md->stored[k];
    }

    /* what was on its way is there, or refused: dots_store_fence() */

    for (k = 0; k < FLIGHTS; k++) {
        md->flights[k].used = 0;
    }
}


/* Everything settled and removed: not one byte but the root's may be left. */

static void
drain(model_t *md)
{
    size_t                  i, c, u, root;
    entry_t                *want[ENTRIES];
    dots_mitigation_t       m;
    dots_mitigation_key_t   key;

    for (i = 0; i < 100000; i++) {
        do_store(md);
        do_settle(md);
    }

    check_all(md);

    assert_int_equal(committed(md, want), md->nstored);

    for (i = 0; i < ENTRIES; i++) {
        if (!md->entries[i].used) {
            continue;
        }

        key = world_key_of(&md->entries[i].now);
        assert_int_equal(dots_registry_expire(&md->w.r, &key, DOTS_FOREVER, 1,
                                              md->w.a, &m), DOTS_OK);
        dots_registry_settle(&md->w.r, &m, NULL, 1, 1);
    }

    for (c = 0; c < N(customers); c++) {
        for (u = 0; u < N(cuids); u++) {
            while (md->bound[c][u]-- > 0) {
                dots_registry_unbind(&md->w.r, world_str(customers[c]),
                                     world_str(cuids[u]));
            }
        }
    }

    root = md->w.bytes;
    world_wipe(&md->w);
    assert_int_equal(root, md->w.bytes);
}


static void
fresh_scratch(model_t *md)
{
    dots_arena_destroy(md->scratch);
    md->scratch = dots_arena_create(WORLD_ARENA);
    assert_non_null(md->scratch);
}


static void
run(uint64_t seed, int rebuild, model_t *md)
{
    int  i, k;

    memset(md, 0, sizeof(*md));
    md->seed = seed;
    md->now = 1700000000000LL;
    world_init(&md->w);

    for (i = 0; i < STEPS; i++) {
        fresh_scratch(md);
        md->now += chance(md, 400);

        switch (chance(md, 13)) {
        case 0: case 1: case 2: case 3:
            do_put(md);
            break;
        case 4:
            do_withdraw(md);
            break;
        case 5:
            do_expire_or_revoke(md);
            break;
        case 6:
            do_report(md);
            break;
        case 7:
            do_bind(md);
            break;
        case 8:
            do_trigger(md);
            break;
        default:
            for (k = 0; k < 8; k++) {
                do_store(md);
                do_settle(md);
            }
        }

        if (rebuild && chance(md, 300) == 0) {
            do_rebuild(md);
        }

        if (i % 20 == 0) {
            check_all(md);
        }
    }

    drain(md);

    print_message("seed %u:", (unsigned) seed);

    for (i = 1; i <= DOTS_VERDICT_BUSY; i++) {
        print_message(" %zu", md->verdicts[i]);
    }

    print_message(", overridden %zu, triggered %zu, withdrawn %zu, rebuilt "
                  "%zu\n", md->overridden, md->triggered, md->retreated,
                  md->rebuilt);
    assert_true(md->triggered > 20 && md->retreated > 20);
    dots_arena_destroy(md->scratch);
    world_done(&md->w);
}


static void
run_seeds(int rebuild, uint64_t first)
{
    size_t          i, sum[DOTS_VERDICT_BUSY + 1];
    model_t        *md;
    uint64_t        seed;

    static const dots_verdict_t  seen[] = {
        DOTS_VERDICT_CREATED, DOTS_VERDICT_CHANGED, DOTS_VERDICT_DELETED,
        DOTS_VERDICT_FOUND, DOTS_VERDICT_INVALID, DOTS_VERDICT_CONFLICT,
        DOTS_VERDICT_COLLISION, DOTS_VERDICT_LIMIT, DOTS_VERDICT_FULL,
        DOTS_VERDICT_BUSY
    };

    md = malloc(sizeof(*md));
    assert_non_null(md);
    memset(sum, 0, sizeof(sum));

    for (seed = first; seed < first + 4; seed++) {
        run(seed, rebuild, md);

        for (i = 0; i <= DOTS_VERDICT_BUSY; i++) {
            sum[i] += md->verdicts[i];
        }
    }

    /* a model that never gets there would prove nothing */

    for (i = 0; i < N(seen); i++) {
        assert_true(sum[seen[i]] > 20);
    }

    free(md);
}


static void
test_model(void **state)
{
    (void) state;

    run_seeds(0, 1);
}


static void
test_model_rebuilt(void **state)
{
    (void) state;

    run_seeds(1, 101);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_model),
        cmocka_unit_test(test_model_rebuilt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
