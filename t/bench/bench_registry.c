/*
 * What the registry costs: bytes of the zone per mitigation as nginx's slab
 * rounds them, and the time of each call as it grows.  One host prefix each,
 * in a space that they fill sparsely, many clients of 50 customers.  What is
 * measured is undone again, so that the size stays.
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "dots_registry.h"

#define ROUNDS 2000
#define NOW    1700000000000LL

typedef struct {
    double  put;
    double  settle;
    double  get;
    double  conflict;
} cost_t;

typedef struct {
    dots_mitigation_t  m;
    dots_prefix_t      prefix;
    char               customer[32];
    char               cuid[64];
    dots_arena_t      *a;
    dots_overridden_t  over;
} request_t;


static void
must(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "bench_registry: %s failed\n", what);
        exit(1);
    }
}


/* ---- memory that knows what a slab would have spent ---- */

static size_t
rounded(size_t size)
{
    size_t  n;

    if (size > 2048) {
        return (size + 4095) / 4096 * 4096;
    }

    for (n = 8; n < size; n *= 2) { /* void */ }

    return n;
}


static void *
bench_alloc(void *ctx, size_t size)
{
    size_t *spent = ctx;

    max_align_t  *p;

    p = malloc(sizeof(*p) + size);
    must(p != NULL, "malloc");

    *spent += rounded(size);
    *(size_t *) p = size;

    return p + 1;
}


static void
bench_free(void *ctx, void *data)
{
    size_t *spent = ctx;

    max_align_t  *p;

    p = (max_align_t *) data - 1;
    *spent -= rounded(*(size_t *) p);

    free(p);
}


/* ---- requests ---- */

static double
microseconds(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (double) ts.tv_sec * 1e6 + (double) ts.tv_nsec / 1e3;
}


/* The i-th of them: who asks for what.  The caller destroys its arena. */

static void
request(request_t *rq, uint32_t i)
{
    uint32_t            addr;
    dots_mitigation_t  *m;

    memset(rq, 0, sizeof(*rq));

    rq->a = dots_arena_create(65536);
    must(rq->a != NULL, "dots_arena_create()");

    addr = __builtin_bswap32(0x0a000000 | ((i * 2654435761u) >> 8));
    dots_prefix_host(&rq->prefix, 4, &addr);

    snprintf(rq->customer, sizeof(rq->customer), "customer%u", i % 50);
    snprintf(rq->cuid, sizeof(rq->cuid), "a-cuid-of-22-by%02u%05u", i % 50,
             i / 500);

    m = &rq->m;
    m->customer = dots_str(rq->customer, strlen(rq->customer));
    m->cuid = dots_str(rq->cuid, strlen(rq->cuid));
    m->mid = i;
    m->lifetime = 3600;
    m->trigger = 1;
    m->target.nprefixes = 1;
    m->target.prefixes = &rq->prefix;
    m->nresolved = 1;
    m->resolved = &rq->prefix;
}


static void
put(dots_registry_t *r, request_t *rq, dots_verdict_t expected, double *cost)
{
    double            start;
    dots_fault_t      f;
    dots_verdict_t    v;
    dots_conflict_t   c;

    start = microseconds();
    v = dots_registry_put(r, &rq->m, 0, NOW, 1, rq->a, &rq->over, &c, &f);
    *cost += microseconds() - start;

    must(v == expected, "dots_registry_put()");
}


static void
settle(dots_registry_t *r, request_t *rq, int committed, double *cost)
{
    double  start;

    start = microseconds();
    dots_registry_settle(r, &rq->m, &rq->over, 1, committed);
    *cost += microseconds() - start;
}


static void
get(dots_registry_t *r, request_t *rq, double *cost)
{
    int                    rc;
    double                 start;
    dots_mitigation_t      m;
    dots_mitigation_key_t  key;

    key.customer = rq->m.customer;
    key.cuid = rq->m.cuid;
    key.mid = rq->m.mid;

    start = microseconds();
    rc = dots_registry_get(r, &key, rq->a, &m);
    *cost += microseconds() - start;

    must(rc == DOTS_OK, "dots_registry_get()");
}


static void
round_trip(dots_registry_t *r, uint32_t fresh, uint32_t known, cost_t *cost)
{
    request_t  rq;

    request(&rq, fresh);
    put(r, &rq, DOTS_VERDICT_CREATED, &cost->put);
    settle(r, &rq, 0, &cost->settle);
    dots_arena_destroy(rq.a);

    request(&rq, known);
    get(r, &rq, &cost->get);
    rq.m.cuid = dots_str("somebody else", 13);
    put(r, &rq, DOTS_VERDICT_CONFLICT, &cost->conflict);
    dots_arena_destroy(rq.a);
}


/* Leaves its memory to the end of the process. */

static size_t
measure(uint32_t n, cost_t *cost)
{
    size_t           spent, before;
    cost_t           filling;
    uint32_t         i;
    request_t        rq;
    dots_registry_t  r;

    spent = 0;
    memset(&r, 0, sizeof(r));
    r.memory.alloc = bench_alloc;
    r.memory.free = bench_free;
    r.memory.ctx = &spent;

    must(dots_registry_create(&r) == DOTS_OK, "dots_registry_create()");
    before = spent;

    memset(&filling, 0, sizeof(filling));
    memset(cost, 0, sizeof(*cost));

    for (i = 0; i < n; i++) {
        request(&rq, i);
        put(&r, &rq, DOTS_VERDICT_CREATED, &filling.put);
        settle(&r, &rq, 1, &filling.settle);
        dots_arena_destroy(rq.a);
    }

    for (i = 0; i < ROUNDS; i++) {
        round_trip(&r, n + i, (i * 7919u) % n, cost);
    }

    return (spent - before) / n;
}


int
main(void)
{
    size_t  i, size;
    cost_t  cost, first;

    static const uint32_t  sizes[] = { 100, 10000, 100000 };

    memset(&first, 0, sizeof(first));

    printf("registry: mitigations, bytes of each; us per put, settle, get, "
           "conflict; their ratios to the first line\n");

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size = measure(sizes[i], &cost);

        if (i == 0) {
            first = cost;
        }

        printf("registry: %u %zu; %.2f %.2f %.2f %.2f; %.1f %.1f %.1f %.1f\n",
               sizes[i], size, cost.put / ROUNDS, cost.settle / ROUNDS,
               cost.get / ROUNDS, cost.conflict / ROUNDS,
               cost.put / first.put, cost.settle / first.settle,
               cost.get / first.get, cost.conflict / first.conflict);
    }

    return 0;
}
