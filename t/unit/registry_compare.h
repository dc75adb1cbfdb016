/*
 * All that the registry says beside all that the plain model says: its walk,
 * its lists, what is due, what is in flight.
 */

#ifndef REGISTRY_COMPARE_H
#define REGISTRY_COMPARE_H

#include "registry_plain.h"


static int
key_cmp(const void *a, const void *b)
{
    int                       rc;
    const dots_mitigation_t  *x, *y;

    x = &(*(entry_t *const *) a)->now;
    y = &(*(entry_t *const *) b)->now;

    rc = dots_str_cmp(x->customer, y->customer);
    rc = rc ? rc : dots_str_cmp(x->cuid, y->cuid);

    return rc ? rc : (x->mid > y->mid) - (x->mid < y->mid);
}


static size_t
committed(model_t *md, entry_t **list)
{
    size_t  i, n;

    for (i = 0, n = 0; i < ENTRIES; i++) {
        if (md->entries[i].used && md->entries[i].committed) {
            list[n++] = &md->entries[i];
        }
    }

    qsort(list, n, sizeof(*list), key_cmp);

    return n;
}


static void
check_walk(model_t *md, entry_t **want, size_t total)
{
    size_t                  i, n, seen;
    dots_mitigation_t      *list;
    dots_mitigation_key_t   after;

    for (seen = 0; ; seen += n) {
        assert_int_equal(dots_registry_next(&md->w.r, seen ? &after : NULL, 3,
                                            md->scratch, &list, &n), DOTS_OK);

        if (n == 0) {
            break;
        }

        for (i = 0; i < n; i++) {
            assert_true(seen + i < total);
            world_assert_same(&list[i], &want[seen + i]->now);
        }

        after = world_key_of(&list[n - 1]);
    }

    assert_int_equal(seen, total);
}


static void
check_lists(model_t *md, entry_t **want, size_t total)
{
    size_t                i, c, u, at;
    dots_registry_walk_t  walk;

    for (c = 0, at = 0; c < N(customers); c++) {
        for (u = 0; u < N(cuids); u++) {
            walk = world_walk(customers[c], cuids[u]);

            do {
                assert_int_equal(dots_registry_list(&md->w.r, &walk, 3,
                                                    md->scratch),
                                 DOTS_OK);
            } while (!walk.over);

            for (i = 0; i < walk.n; i++) {
                assert_true(at + i < total);
                world_assert_same(&walk.list[i], &want[at + i]->now);
            }

            at += walk.n;
        }
    }

    assert_int_equal(at, total);
}


static void
check_due(model_t *md, entry_t **want, size_t total)
{
    size_t                  i, n, due;
    int64_t                 deadline, last, d;
    dots_mitigation_t       m;
    dots_mitigation_key_t  *keys;

    deadline = DOTS_FOREVER;

    for (i = 0, due = 0; i < total; i++) {
        d = dots_mitigation_due(&want[i]->now);
        due += d <= md->now;
        deadline = d < deadline ? d : deadline;
    }

    assert_true(dots_registry_deadline(&md->w.r) == deadline);

    assert_int_equal(dots_registry_due(&md->w.r, md->now, ENTRIES, md->scratch,
                                       &keys, &n), DOTS_OK);
    assert_int_equal(n, due);

    for (i = 0, last = 0; i < n; i++) {
        assert_int_equal(dots_registry_get(&md->w.r, &keys[i], md->scratch, &m),
                         DOTS_OK);
        d = dots_mitigation_due(&m);
        assert_true(d >= last && d <= md->now);
        last = d;
    }
}


static void
check_all(model_t *md)
{
    size_t    i, n, busy;
    uint32_t  owner;
    entry_t  *want[ENTRIES];

    n = committed(md, want);

    assert_int_equal(dots_registry_count(&md->w.r), n);

    for (owner = 1; owner <= OWNERS; owner++) {
        for (i = 0, busy = 0; i < ENTRIES; i++) {
            busy += md->entries[i].used && md->entries[i].owner == owner;
        }

        assert_int_equal(dots_registry_pending(&md->w.r, owner), busy);
    }

    check_walk(md, want, n);
    check_lists(md, want, n);
    check_due(md, want, n);
}

#endif /* REGISTRY_COMPARE_H */
