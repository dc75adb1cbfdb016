/*
 * What tests of the registry share: one change of a mitigation in a line, with
 * what came of it, and everything that can be seen as one text.
 */

#ifndef REGISTRY_STEP_H
#define REGISTRY_STEP_H

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


static inline dots_verdict_t
put_at(test_t *t, int64_t now, const char *customer, const char *cuid,
    uint32_t mid, const char *words)
{
    t->m = world_mitigation(&t->w, customer, cuid, mid, words);

    return dots_registry_put(&t->w.r, &t->m, t->max, now, ME, t->w.a, &t->over,
                             &t->conflict, &t->fault);
}


static inline dots_verdict_t
put(test_t *t, const char *customer, const char *cuid, uint32_t mid,
    const char *words)
{
    return put_at(t, NOW, customer, cuid, mid, words);
}


static inline void
settle(test_t *t, int committed)
{
    dots_registry_settle(&t->w.r, &t->m, &t->over, ME, committed);
    memset(&t->over, 0, sizeof(t->over));
}


static inline void
have(test_t *t, const char *customer, const char *cuid, uint32_t mid,
    const char *words)
{
    assert_int_equal(put(t, customer, cuid, mid, words), DOTS_VERDICT_CREATED);
    settle(t, 1);
}


static inline dots_verdict_t
withdraw(test_t *t, int64_t now, const char *customer, const char *cuid,
    uint32_t mid)
{
    dots_mitigation_key_t  key = world_key(customer, cuid, mid);

    memset(&t->over, 0, sizeof(t->over));

    return dots_registry_withdraw(&t->w.r, &key, &policy, now, ME, t->w.a,
                                  &t->m);
}


static inline int
revoke(test_t *t, const char *customer, const char *cuid, uint32_t mid)
{
    dots_mitigation_key_t  key = world_key(customer, cuid, mid);

    memset(&t->over, 0, sizeof(t->over));

    return dots_registry_revoke(&t->w.r, &key, "gone", 5000, NOW, ME, t->w.a,
                                &t->m);
}


static inline int
expire(test_t *t, int64_t now, const char *customer, const char *cuid,
    uint32_t mid)
{
    dots_mitigation_key_t  key = world_key(customer, cuid, mid);

    memset(&t->over, 0, sizeof(t->over));

    return dots_registry_expire(&t->w.r, &key, now, ME, t->w.a, &t->m);
}


static inline int
report(test_t *t, const char *customer, const char *cuid, uint32_t mid,
    dots_status_t status)
{
    dots_mitigation_key_t  key = world_key(customer, cuid, mid);

    return dots_registry_report(&t->w.r, &key, status);
}


/* The status that a GET shows; 0: not there. */

static inline int
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

static inline char *
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


static inline void
assert_dump(test_t *t, char *before)
{
    char  *after;

    after = dump(t);
    assert_string_equal(before, after);

    free(after);
    free(before);
}


static inline int
setup(void **state)
{
    test_t  *t;

    t = calloc(1, sizeof(*t));
    assert_non_null(t);
    world_init(&t->w);
    *state = t;

    return 0;
}


static inline int
teardown(void **state)
{
    test_t  *t = *state;

    world_done(&t->w);
    free(t);

    return 0;
}


#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif /* REGISTRY_STEP_H */
