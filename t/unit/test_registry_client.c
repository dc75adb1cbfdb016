/*
 * Whose a cuid is (RFC 9132 section 4.4.1.1) while dots-clients come and go: in
 * whatever order their requests are settled, and whenever the registry is made
 * anew from the store, it has in the end what the store has, which is one
 * customer's.
 */

#include "registry_world.h"

#define FLIGHTS  6
#define STEPS    200000


static const char  *customers[] = { "a", "b" };
static const char  *cuids[] = { "u", "v" };


/* One request on its way, as the module has it. */

typedef struct {
    int       there;       /* a PUT, else a DELETE */
    int       c;
    int       u;
    int       epoch;
    int       committed;   /* else the store has declined it, or not yet */
    uint64_t  order;
    int       phase;       /* 0: free; 1: bound; 2: through the store */
} flight_t;

typedef struct {
    world_t   w;
    int       epoch;
    uint64_t  order;
    int       store[2][2];
    flight_t  flights[FLIGHTS];
    unsigned  seed;
} test_t;


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
    test_t *t = *state;

    world_done(&t->w);
    free(t);

    return 0;
}


static int
bind(test_t *t, int c, int u)
{
    return dots_registry_bind(&t->w.r, world_str(customers[c]),
                              world_str(cuids[u]));
}


static void
unbind(test_t *t, int c, int u)
{
    dots_registry_unbind(&t->w.r, world_str(customers[c]),
                         world_str(cuids[u]));
}


static void
stored(test_t *t, int c, int u, uint64_t order, int there)
{
    assert_int_equal(dots_registry_stored(&t->w.r, world_str(customers[c]),
                                          world_str(cuids[u]), order, there),
                     DOTS_OK);
}


/* Nobody else gets it; nobody has it, so anybody may. */

static void
owned(test_t *t, int c, int u)
{
    assert_int_equal(bind(t, !c, u), DOTS_DECLINED);
}


static void
unowned(test_t *t, int u)
{
    int  c;

    for (c = 0; c < 2; c++) {
        assert_int_equal(bind(t, c, u), DOTS_OK);
        unbind(t, c, u);
    }
}


static void
rebuild(test_t *t)
{
    int  c, u;

    world_wipe(&t->w);
    t->epoch++;

    for (c = 0; c < 2; c++) {
        for (u = 0; u < 2; u++) {
            if (t->store[c][u]) {
                stored(t, c, u, t->order, 1);
            }
        }
    }
}


static void
begin(test_t *t, flight_t *f, int there, int c, int u)
{
    if (there && bind(t, c, u) != DOTS_OK) {
        return;
    }

    f->there = there;
    f->c = c;
    f->u = u;
    f->epoch = t->epoch;
    f->committed = 0;
    f->phase = 1;
}


static void
commit(test_t *t, flight_t *f)
{
    int  *there;

    there = &t->store[f->c][f->u];

    /* dots_store_fence(): another registry decides by now */

    if (f->epoch == t->epoch && *there != f->there) {
        *there = f->there;
        f->order = ++t->order;
        f->committed = 1;
    }

    f->phase = 2;
}


/* ngx_dots_data_cuid_settle() */

static void
settle(test_t *t, flight_t *f)
{
    if (f->epoch == t->epoch) {

        if (f->committed) {
            stored(t, f->c, f->u, f->order, f->there);
        }

        if (f->there) {
            unbind(t, f->c, f->u);
        }
    }

    f->phase = 0;
}


/* Filled anew between commit and settlement: it was counted twice, once. */

static void
test_rebuilt_between(void **state)
{
    test_t *t = *state;
    flight_t *f = t->flights;

    begin(t, f, 1, 0, 0);
    commit(t, f);
    rebuild(t);
    settle(t, f);

    owned(t, 0, 0);

    begin(t, f, 0, 0, 0);
    commit(t, f);
    settle(t, f);

    unowned(t, 0);
}


/* Between the binding and the commit: the new one does not know of it. */

static void
test_rebuilt_before(void **state)
{
    test_t *t = *state;
    flight_t *f = t->flights;

    begin(t, &f[0], 1, 0, 0);
    rebuild(t);
    begin(t, &f[1], 1, 1, 0);
    commit(t, &f[0]);
    commit(t, &f[1]);
    settle(t, &f[0]);
    settle(t, &f[1]);

    owned(t, 1, 0);
    assert_int_equal(f[0].committed, 0);
}


/* A DELETE that is settled late takes nothing from what came after it. */

static void
test_overtaken(void **state)
{
    test_t *t = *state;
    flight_t *f = t->flights;

    begin(t, &f[0], 1, 0, 0);
    commit(t, &f[0]);
    settle(t, &f[0]);

    begin(t, &f[0], 0, 0, 0);
    commit(t, &f[0]);
    begin(t, &f[1], 1, 0, 0);
    commit(t, &f[1]);

    settle(t, &f[1]);
    settle(t, &f[0]);

    owned(t, 0, 0);

    /* the other way round: a PUT, settled after the DELETE that followed it */

    begin(t, &f[1], 0, 0, 0);
    commit(t, &f[1]);
    settle(t, &f[1]);

    begin(t, &f[0], 1, 0, 0);
    commit(t, &f[0]);
    begin(t, &f[1], 0, 0, 0);
    commit(t, &f[1]);

    settle(t, &f[1]);
    settle(t, &f[0]);

    unowned(t, 0);
}


/* A PUT and a DELETE of before, settled in a registry of after. */

static void
test_replayed(void **state)
{
    test_t *t = *state;
    flight_t *f = t->flights;

    begin(t, &f[0], 1, 0, 0);
    commit(t, &f[0]);
    begin(t, &f[1], 0, 0, 0);
    commit(t, &f[1]);
    rebuild(t);

    settle(t, &f[0]);
    settle(t, &f[1]);

    unowned(t, 0);
}


/* As an older version's store may say. */

static void
test_two_have_it(void **state)
{
    test_t *t = *state;

    t->store[0][0] = 1;
    t->order = 1;
    rebuild(t);
    assert_false(dots_registry_shared(&t->w.r, world_str(cuids[0])));
    assert_false(dots_registry_shared(&t->w.r, world_str(cuids[1])));

    t->store[1][0] = 1;
    rebuild(t);
    assert_true(dots_registry_shared(&t->w.r, world_str(cuids[0])));
    assert_int_equal(bind(t, 0, 0), DOTS_OK);
    assert_int_equal(bind(t, 1, 0), DOTS_OK);
}


static unsigned
chance(test_t *t, unsigned n)
{
    t->seed = t->seed * 1103515245 + 12345;

    return (t->seed >> 16) % n;
}


static int
busy(test_t *t, int u)
{
    int  i;

    for (i = 0; i < FLIGHTS; i++) {
        if (t->flights[i].phase && t->flights[i].u == u) {
            return 1;
        }
    }

    return 0;
}


static void
check(test_t *t)
{
    int  c, u;

    for (u = 0; u < 2; u++) {

        assert_false(t->store[0][u] && t->store[1][u]);

        if (busy(t, u)) {
            continue;
        }

        for (c = 0; c < 2; c++) {
            if (t->store[c][u]) {
                owned(t, c, u);
            }
        }

        if (!t->store[0][u] && !t->store[1][u]) {
            unowned(t, u);
        }
    }
}


static void
test_any_order(void **state)
{
    test_t *t = *state;

    int        i;
    flight_t  *f;

    t->seed = 7;

    for (i = 0; i < STEPS; i++) {

        f = &t->flights[chance(t, FLIGHTS)];

        switch (f->phase) {

        case 0:
            begin(t, f, chance(t, 2), chance(t, 2), chance(t, 2));
            break;

        case 1:
            commit(t, f);
            break;

        default:
            settle(t, f);
        }

        if (chance(t, 20) == 0) {
            rebuild(t);
        }

        check(t);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(test_rebuilt_between, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rebuilt_before, setup, teardown),
        cmocka_unit_test_setup_teardown(test_overtaken, setup, teardown),
        cmocka_unit_test_setup_teardown(test_replayed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_have_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_any_order, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
