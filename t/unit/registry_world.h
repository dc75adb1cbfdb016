/*
 * What the tests of the registry share: memory that counts what is in use, as
 * nginx's slab would round it, and can fail; mitigations from one line of text.
 */

#ifndef REGISTRY_WORLD_H
#define REGISTRY_WORLD_H

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dots_registry.h"

#define WORLD_ARENA (256 * 1024 * 1024)

typedef struct world_block_s  world_block_t;

struct world_block_s {
    world_block_t *prev;
    world_block_t *next;
    size_t         size;
    _Alignas(max_align_t) unsigned char data[];
};

typedef struct {
    dots_registry_t  r;
    dots_arena_t    *a;
    world_block_t   *blocks;
    size_t           bytes;
    size_t           slab;      /* the same, rounded */
    long             fail_at;   /* this allocation from now fails; -1: none */
} world_t;


static inline size_t
world_rounded(size_t size)
{
    size_t  n;

    if (size > 2048) {
        return (size + 4095) / 4096 * 4096;
    }

    for (n = 8; n < size; n *= 2) { /* void */ }

    return n;
}


static inline void *
world_alloc(void *ctx, size_t size)
{
    world_t        *w = ctx;
    world_block_t  *b;

    if (w->fail_at >= 0 && w->fail_at-- == 0) {
        return NULL;
    }

    b = malloc(sizeof(*b) + size);
    assert_non_null(b);

    memset(b->data, 0xa5, size);
    b->size = size;
    b->prev = NULL;
    b->next = w->blocks;

    if (b->next) {
        b->next->prev = b;
    }

    w->blocks = b;
    w->bytes += size;
    w->slab += world_rounded(size);

    return b->data;
}


static inline void
world_free(void *ctx, void *p)
{
    world_t        *w = ctx;
    world_block_t  *b;

    b = (world_block_t *) ((unsigned char *) p - offsetof(world_block_t, data));

    if (b->next) {
        b->next->prev = b->prev;
    }

    if (b->prev) {
        b->prev->next = b->next;

    } else {
        w->blocks = b->next;
    }

    w->bytes -= b->size;
    w->slab -= world_rounded(b->size);

    free(b);
}


/* As a rebuild does it: all memory at once, then a fresh root. */

static inline void
world_wipe(world_t *w)
{
    while (w->blocks) {
        world_free(w, w->blocks->data);
    }

    w->fail_at = -1;
    assert_int_equal(dots_registry_create(&w->r), DOTS_OK);
}


static inline void
world_init(world_t *w)
{
    memset(w, 0, sizeof(*w));

    w->r.memory.alloc = world_alloc;
    w->r.memory.free = world_free;
    w->r.memory.ctx = w;

    w->a = dots_arena_create(WORLD_ARENA);
    assert_non_null(w->a);

    world_wipe(w);
}


static inline void
world_done(world_t *w)
{
    while (w->blocks) {
        world_free(w, w->blocks->data);
    }

    dots_arena_destroy(w->a);
}


static inline dots_str_t
world_str(const char *text)
{
    return dots_str(text, strlen(text));
}


static inline dots_mitigation_key_t
world_key(const char *customer, const char *cuid, uint32_t mid)
{
    dots_mitigation_key_t  key;

    key.customer = world_str(customer);
    key.cuid = world_str(cuid);
    key.mid = mid;

    return key;
}


static inline dots_registry_walk_t
world_walk(const char *customer, const char *cuid)
{
    dots_registry_walk_t  walk;

    memset(&walk, 0, sizeof(walk));
    walk.next = world_key(customer, cuid, 0);

    return walk;
}


static inline dots_mitigation_key_t
world_key_of(const dots_mitigation_t *m)
{
    dots_mitigation_key_t  key;

    key.customer = m->customer;
    key.cuid = m->cuid;
    key.mid = m->mid;

    return key;
}


static inline void
world_resolve(world_t *w, dots_mitigation_t *m, dots_prefix_t p)
{
    dots_prefix_t  *prefixes;

    prefixes = dots_arena_array(w->a, m->nresolved + 1, sizeof(p));
    assert_non_null(prefixes);

    if (m->nresolved) {
        memcpy(prefixes, m->resolved, m->nresolved * sizeof(p));
    }

    prefixes[m->nresolved++] = p;
    m->resolved = prefixes;

    dots_mitigation_normalize(m);
}


static inline dots_prefix_t
world_prefix(const char *text)
{
    dots_prefix_t  p;

    assert_int_equal(dots_prefix_parse(&p, world_str(text)), DOTS_OK);

    return p;
}


/*
 * Words: a prefix; f:NAME, u:URI and a:ALIAS; =PREFIX, which something of them
 * resolved to; :PORT; %PROTOCOL; "!" for trigger-mitigation false.
 */

static inline dots_mitigation_t
world_mitigation(world_t *w, const char *customer, const char *cuid,
    uint32_t mid, const char *words)
{
    char               *text, *word, *rest;
    dots_target_t      *t;
    dots_mitigation_t   m;

    memset(&m, 0, sizeof(m));

    m.customer = world_str(customer);
    m.cuid = world_str(cuid);
    m.mid = mid;
    m.lifetime = 3600;
    m.trigger = 1;

    t = &m.target;
    t->prefixes = dots_arena_array(w->a, 64, sizeof(*t->prefixes));
    t->ports = dots_arena_array(w->a, 64, sizeof(*t->ports));
    t->protocols = dots_arena_array(w->a, 64, 1);
    t->fqdns = dots_arena_array(w->a, 64, sizeof(*t->fqdns));
    t->uris = dots_arena_array(w->a, 64, sizeof(*t->uris));
    t->aliases = dots_arena_array(w->a, 64, sizeof(*t->aliases));

    text = dots_arena_alloc(w->a, strlen(words) + 1);
    strcpy(text, words);

    for (word = strtok_r(text, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest))
    {
        if (*word == '!') {
            m.trigger = 0;

        } else if (*word == ':') {
            t->ports[t->nports].lower = (uint16_t) atoi(word + 1);
            t->ports[t->nports].upper = (uint16_t) atoi(word + 1);
            t->nports++;

        } else if (*word == '%') {
            t->protocols[t->nprotocols++] = (uint8_t) atoi(word + 1);

        } else if (*word == '=') {
            world_resolve(w, &m, world_prefix(word + 1));

        } else if (strncmp(word, "f:", 2) == 0) {
            t->fqdns[t->nfqdns++] = world_str(word + 2);

        } else if (strncmp(word, "u:", 2) == 0) {
            t->uris[t->nuris++] = world_str(word + 2);

        } else if (strncmp(word, "a:", 2) == 0) {
            t->aliases[t->naliases++] = world_str(word + 2);

        } else {
            t->prefixes[t->nprefixes++] = world_prefix(word);
            world_resolve(w, &m, world_prefix(word));
        }
    }

    return m;
}


static inline void
world_assert_same(const dots_mitigation_t *a, const dots_mitigation_t *b)
{
    size_t  i;

    assert_true(dots_str_eq(a->customer, b->customer));
    assert_true(dots_str_eq(a->cuid, b->cuid));
    assert_int_equal(a->mid, b->mid);
    assert_true(dots_target_equal(&a->target, &b->target));
    assert_int_equal(a->nresolved, b->nresolved);

    for (i = 0; i < a->nresolved; i++) {
        assert_int_equal(dots_prefix_cmp(&a->resolved[i], &b->resolved[i]), 0);
    }

    assert_int_equal(a->lifetime, b->lifetime);
    assert_int_equal(a->trigger, b->trigger);
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->start, b->start);
    assert_int_equal(a->expires, b->expires);
    assert_int_equal(a->terminates, b->terminates);
    assert_string_equal(a->reason, b->reason);
    assert_int_equal(a->attack, b->attack);
    assert_int_equal(a->dampen, b->dampen);
    assert_int_equal(a->resolves, b->resolves);
    assert_int_equal(a->conflicted, b->conflicted);
    assert_int_equal(a->conflict.cause, b->conflict.cause);
    assert_int_equal(a->conflict.same_client, b->conflict.same_client);
    assert_int_equal(a->conflict.mid, b->conflict.mid);
    assert_int_equal(a->conflict.status, b->conflict.status);
    assert_int_equal(a->conflict.retry, b->conflict.retry);
    assert_true(dots_target_equal(&a->conflict.scope, &b->conflict.scope));
}

#endif /* REGISTRY_WORLD_H */
