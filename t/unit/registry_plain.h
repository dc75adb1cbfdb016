/*
 * The rules of the registry once more, over a list and the plain way: what its
 * answers are compared with.  It shares no code with the registry but the
 * comparison of prefixes and targets.
 */

#ifndef REGISTRY_PLAIN_H
#define REGISTRY_PLAIN_H

#include <strings.h>

#include "registry_world.h"

#define ENTRIES 160
#define FLIGHTS 12
#define OWNERS  3

typedef struct {
    int                used;
    int                committed;
    dots_mitigation_t  now;
    int                pending;      /* with a version of its own */
    dots_mitigation_t  next;
    dots_status_t      status;       /* busy: what it is going to be */
    uint32_t           owner;        /* 0: not busy */
} entry_t;

/* A change between its decision and its settlement. */

typedef struct {
    int                used;
    int                stored;       /* 0: not yet, 1: committed, -1: failed */
    dots_mitigation_t  m;
    dots_overridden_t  over;
    uint32_t           owner;
} flight_t;

typedef struct {
    world_t            w;
    dots_arena_t      *scratch;      /* of one step */
    uint64_t           seed;
    int64_t            now;
    entry_t            entries[ENTRIES];
    flight_t           flights[FLIGHTS];
    dots_mitigation_t  stored[ENTRIES];
    size_t             nstored;
    int                bound[3][4];
    size_t             verdicts[DOTS_VERDICT_BUSY + 1];
    size_t             overridden;
    size_t             triggered;
    size_t             retreated;
    size_t             rebuilt;
} model_t;

static const char  *customers[] = { "a", "bb", "c" };
static const char  *cuids[] = { "u", "uu", "v", "w0123456789" };

static const char  *prefixes[] = {
    "192.0.2.0/24", "192.0.2.0/25", "192.0.2.128/25", "192.0.2.0/26",
    "192.0.2.64/26", "192.0.2.1/32", "192.0.2.130/32", "192.0.2.255/32",
    "198.51.100.0/24", "198.51.100.7/32", "198.51.0.0/16",
    "203.0.113.0/30", "203.0.113.1/32", "203.0.113.4/30", "203.0.113.7/32",
    "203.0.113.16/28", "203.0.113.32/28", "203.0.113.40/29", "203.0.113.64/26",
    "203.0.113.128/26", "203.0.113.200/32", "203.0.113.201/32",
    "2001:db8::/40", "2001:db8:1::/48", "2001:db8:1::1/128", "2001:db8:2::/48",
    "2001:db8:100::/48", "2001:db8:101::/48", "2001:db8:101::/64",
    "2001:db8:101:8000::/49", "2001:db8:101:1::5/128", "2001:db8:102::/127"
};

static const char  *names[] = {
    "f:www.example.com", "f:WWW.Example.COM.", "f:mail.example.com",
    "u:https://www.example.com/", "u:HTTPS://www.example.com/",
    "a:web", "a:Web", "a:mail"
};

#define N(array) (sizeof(array) / sizeof((array)[0]))


static uint32_t
chance(model_t *md, uint32_t n)
{
    md->seed = md->seed * 6364136223846793005ULL + 1442695040888963407ULL;

    return (uint32_t) (md->seed >> 33) % n;
}


/* ---- the plain rules ---- */

static int
same_key(const dots_mitigation_t *a, const dots_mitigation_t *b)
{
    return a->mid == b->mid && dots_str_eq(a->cuid, b->cuid)
           && dots_str_eq(a->customer, b->customer);
}


static const dots_mitigation_t *
key_of(const entry_t *e)
{
    return e->committed ? &e->now : &e->next;
}


static entry_t *
find(model_t *md, const dots_mitigation_t *m)
{
    size_t  i;

    for (i = 0; i < ENTRIES; i++) {
        if (md->entries[i].used && same_key(key_of(&md->entries[i]), m)) {
            return &md->entries[i];
        }
    }

    return NULL;
}


static entry_t *
find_or_make(model_t *md, const dots_mitigation_t *m)
{
    size_t    i;
    entry_t  *e;

    e = find(md, m);

    for (i = 0; e == NULL; i++) {
        assert_true(i < ENTRIES);

        if (!md->entries[i].used) {
            e = &md->entries[i];
            memset(e, 0, sizeof(*e));
            e->used = 1;
        }
    }

    return e;
}


static int
same_client(const dots_mitigation_t *a, const dots_mitigation_t *b)
{
    return dots_str_eq(a->customer, b->customer)
           && dots_str_eq(a->cuid, b->cuid);
}


static int
name_in(dots_str_t s, const dots_str_t *list, size_t n, int fold)
{
    size_t  i, len, other;

    for (i = 0; i < n; i++) {
        len = s.len;
        other = list[i].len;

        if (fold && s.data[len - 1] == '.') {
            len--;
        }

        if (fold && list[i].data[other - 1] == '.') {
            other--;
        }

        if (len == other
            && (fold ? strncasecmp((const char *) s.data,
                                   (const char *) list[i].data, len)
                     : memcmp(s.data, list[i].data, len)) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* The clauses of "m" that overlap "o"; *hit: whether anything does. */

static dots_target_t
common(model_t *md, const dots_mitigation_t *m, const dots_mitigation_t *o,
    int *hit)
{
    int                    within;
    size_t                 i, j;
    dots_target_t          s;
    const dots_target_t   *t;

    t = &m->target;
    memset(&s, 0, sizeof(s));
    s.prefixes = dots_arena_array(md->scratch, 64, sizeof(*s.prefixes));
    s.fqdns = dots_arena_array(md->scratch, 64, sizeof(*s.fqdns));
    s.uris = dots_arena_array(md->scratch, 64, sizeof(*s.uris));
    s.aliases = dots_arena_array(md->scratch, 64, sizeof(*s.aliases));
    *hit = 0;

    for (i = 0; i < t->nprefixes; i++) {
        for (j = 0; j < o->nresolved; j++) {
            if (dots_prefix_overlaps(&t->prefixes[i], &o->resolved[j])) {
                s.prefixes[s.nprefixes++] = t->prefixes[i];
                break;
            }
        }
    }

    for (i = 0; i < m->nresolved; i++) {
        within = 0;

        for (j = 0; j < t->nprefixes; j++) {
            within |= dots_prefix_overlaps(&t->prefixes[j], &m->resolved[i]);
        }

        for (j = 0; j < o->nresolved; j++) {
            if (dots_prefix_overlaps(&m->resolved[i], &o->resolved[j])) {
                *hit = 1;

                if (!within) {
                    s.prefixes[s.nprefixes++] = m->resolved[i];
                }

                break;
            }
        }
    }

    if (dots_str_eq(m->customer, o->customer)) {
        for (i = 0; i < t->nfqdns; i++) {
            if (name_in(t->fqdns[i], o->target.fqdns, o->target.nfqdns, 1)) {
                s.fqdns[s.nfqdns++] = t->fqdns[i];
            }
        }

        for (i = 0; i < t->nuris; i++) {
            if (name_in(t->uris[i], o->target.uris, o->target.nuris, 1)) {
                s.uris[s.nuris++] = t->uris[i];
            }
        }
    }

    for (i = 0; i < t->naliases && same_client(m, o); i++) {
        if (name_in(t->aliases[i], o->target.aliases, o->target.naliases, 0)) {
            s.aliases[s.naliases++] = t->aliases[i];
        }
    }

    *hit |= s.nfqdns || s.nuris || s.naliases;

    return s;
}


typedef enum { NOTHING, VICTIM, RETREAT, FOREIGN, OBSTACLE } effect_t;


static effect_t
effect(model_t *md, const dots_mitigation_t *m, const dots_mitigation_t *o,
    dots_status_t status, int triggering, int self_active)
{
    int  hit, active;

    (void) common(md, m, o, &hit);
    active = status >= 1 && status <= 4;

    if (!hit) {
        return NOTHING;
    }

    if (!same_client(m, o)) {
        return !active ? NOTHING
               : triggering ? FOREIGN
               : !m->trigger || (!o->trigger && self_active) ? NOTHING
               : OBSTACLE;
    }

    if (m->trigger != o->trigger) {
        return active && (m->trigger || triggering) ? RETREAT : NOTHING;
    }

    if (triggering || status == 6
        || (status == 7 && (o->trigger || !o->conflict.cause)))
    {
        return NOTHING;
    }

    if (o->mid < m->mid
        || (!active && !o->trigger && o->mid >= 3221225471u
            && m->mid < 1073741823u))
    {
        return VICTIM;
    }

    return status == 5 ? NOTHING : OBSTACLE;
}


/* Whether a busy entry may matter, settled this way or the other. */

static int
may_matter(model_t *md, const dots_mitigation_t *m, const entry_t *e,
    int triggering, int self_active)
{
    if (e->committed
        && effect(md, m, &e->now, e->now.status, triggering, self_active)
           != NOTHING)
    {
        return 1;
    }

    if (e->pending) {
        return effect(md, m, &e->next, e->next.status, triggering,
                      self_active) != NOTHING;
    }

    return effect(md, m, &e->now, e->status, triggering, self_active)
           != NOTHING;
}


/* What steps back before "by". */

static dots_mitigation_t
retreated(model_t *md, const dots_mitigation_t *m,
    const dots_mitigation_t *by)
{
    int                hit;
    int64_t            left;
    dots_mitigation_t  want;

    want = *m;
    want.status = 7;
    want.conflicted = md->now;
    memset(&want.conflict, 0, sizeof(want.conflict));
    want.conflict.cause = 1;
    want.conflict.same_client = 1;
    want.conflict.mid = by->mid;
    want.conflict.scope = common(md, m, by, &hit);

    left = (by->expires - md->now + 999) / 1000;
    want.conflict.retry = by->expires == DOTS_FOREVER ? 3600
                          : (uint32_t) (left > 0 ? left : 1);

    if (m->trigger) {
        want.expires = md->now + (want.conflict.retry + 45) * 1000LL;
        want.terminates = want.expires;
        return want;
    }

    want.terminates = md->now + 15000;

    if (want.terminates > want.expires) {
        want.terminates = want.expires;
    }

    return want;
}


static int
counts(dots_status_t status)
{
    return (status >= 1 && status <= 4) || status == 8;
}


static dots_verdict_t
expect_cuid(model_t *md, const dots_mitigation_t *m)
{
    size_t          i, c, u, others;
    dots_verdict_t  v;
    entry_t        *e;

    v = DOTS_VERDICT_NONE;

    for (u = 0; !dots_str_eq(world_str(cuids[u]), m->cuid); u++) { /* void */ }

    for (c = 0; c < N(customers); c++) {
        others = 0;

        for (i = 0; i < ENTRIES; i++) {
            e = &md->entries[i];

            if (e->used && dots_str_eq(key_of(e)->cuid, m->cuid)
                && dots_str_eq(key_of(e)->customer, world_str(customers[c])))
            {
                others |= e->committed ? 2 : 1;
            }
        }

        if (dots_str_eq(world_str(customers[c]), m->customer)) {
            if (others || md->bound[c][u]) {
                return DOTS_VERDICT_NONE;
            }

            continue;
        }

        if (md->bound[c][u] || (others & 2)) {
            v = DOTS_VERDICT_COLLISION;

        } else if (others && v == DOTS_VERDICT_NONE) {
            v = DOTS_VERDICT_BUSY;
        }
    }

    return v;
}


static dots_verdict_t
expect_limit(model_t *md, const dots_mitigation_t *m, uint32_t max,
    const entry_t *live, const entry_t **victims, size_t nvictims)
{
    int       before, after;
    size_t    i, least, most;
    entry_t  *e;

    if (max == 0 || (live && counts(live->now.status))) {
        return DOTS_VERDICT_NONE;
    }

    least = 0;
    most = 0;

    for (i = 0; i < ENTRIES; i++) {
        e = &md->entries[i];

        if (e->used && dots_str_eq(key_of(e)->customer, m->customer)) {
            before = e->committed && counts(e->now.status);
            after = e->owner ? counts(e->status) : before;
            least += before && after;
            most += before || after;
        }
    }

    for (i = 0; i < nvictims; i++) {
        least -= counts(victims[i]->now.status);
        most -= counts(victims[i]->now.status);
    }

    if (least + 1 > max) {
        return DOTS_VERDICT_LIMIT;
    }

    return most + 1 > max ? DOTS_VERDICT_BUSY : DOTS_VERDICT_NONE;
}


/* Every conflict that the registry may name: it is free to stop at one. */

static void
check_conflict(model_t *md, const dots_mitigation_t *m, dots_conflict_t *c)
{
    int             hit;
    size_t          i;
    int64_t         retry;
    entry_t        *e;
    dots_target_t   scope;

    for (i = 0; i < ENTRIES; i++) {
        e = &md->entries[i];

        if (!e->used || !e->committed || e->owner || same_key(&e->now, m)
            || effect(md, m, &e->now, e->now.status, 0, 0) != OBSTACLE
            || c->same_client != same_client(m, &e->now))
        {
            continue;
        }

        scope = common(md, m, &e->now, &hit);

        retry = e->now.expires == DOTS_FOREVER ? 3600
                : (e->now.expires - md->now + 999) / 1000;

        if (dots_target_equal(&scope, &c->scope)
            && (c->same_client ? c->mid == e->now.mid && c->status == 0
                                     && c->retry == 0
                               : c->status == 1 && c->mid == 0
                                     && c->retry == (retry > 0 ? retry : 1)))
        {
            return;
        }
    }

    fail_msg("a conflict with nothing that is there");
}


static dots_verdict_t
expect_put(model_t *md, const dots_mitigation_t *m, uint32_t max,
    const entry_t **victims, size_t *nvictims, const entry_t **retreats,
    size_t *nretreats)
{
    int             busy, active;
    size_t          i;
    entry_t        *e, *self, *live;
    effect_t        x;
    dots_verdict_t  v;

    *nvictims = 0;
    *nretreats = 0;
    busy = 0;

    v = expect_cuid(md, m);
    if (v != DOTS_VERDICT_NONE) {
        return v;
    }

    self = find(md, m);

    if (self && self->owner) {
        return DOTS_VERDICT_BUSY;
    }

    live = self && (self->now.status != 7
                    || (!self->now.trigger && self->now.conflict.cause))
           ? self : NULL;
    active = self && self->now.status >= 1 && self->now.status <= 4;

    if (live && (!dots_target_equal(&live->now.target, &m->target)
                 || live->now.trigger != m->trigger))
    {
        return DOTS_VERDICT_INVALID;
    }

    for (i = 0; i < ENTRIES; i++) {
        e = &md->entries[i];

        if (!e->used || e == self) {
            continue;
        }

        x = e->committed ? effect(md, m, &e->now, e->now.status, 0, active)
                         : NOTHING;

        if (e->owner) {
            busy |= may_matter(md, m, e, 0, active);

        } else if (x == OBSTACLE) {
            *nvictims = 0;
            *nretreats = 0;
            return DOTS_VERDICT_CONFLICT;

        } else if (x == VICTIM) {
            victims[(*nvictims)++] = e;

        } else if (x == RETREAT) {
            retreats[(*nretreats)++] = e;
        }
    }

    /* an obstacle further on outranks what is busy: hence not in the loop */

    if (busy) {
        return DOTS_VERDICT_BUSY;
    }

    v = expect_limit(md, m, max, live, victims, *nvictims);
    if (v != DOTS_VERDICT_NONE) {
        return v;
    }

    return live ? DOTS_VERDICT_CHANGED : DOTS_VERDICT_CREATED;
}


static uint16_t
doubled(uint16_t period)
{
    return period >= 300 ? period : period * 2 > 300 ? 300 : period * 2;
}


static void
expect_state(dots_mitigation_t *m, const entry_t *live,
    const entry_t **victims, size_t nvictims, int64_t now)
{
    size_t    i;
    uint16_t  period;

    m->expires = m->lifetime < 0 ? DOTS_FOREVER : now + m->lifetime * 1000LL;
    m->terminates = 0;
    m->reason[0] = '\0';
    m->conflicted = 0;
    memset(&m->conflict, 0, sizeof(m->conflict));
    m->dampen = 0;

    for (i = 0; i < nvictims; i++) {
        period = doubled(victims[i]->now.dampen);

        if (victims[i]->now.status == 5 && period > m->dampen) {
            m->dampen = period;
        }
    }

    if (live && live->now.status == 5) {
        m->dampen = doubled(live->now.dampen);

    } else if (live && live->now.dampen > m->dampen) {
        m->dampen = live->now.dampen;
    }

    if (live && live->now.status != 5 && live->now.status != 7) {
        m->status = live->now.status;
        m->start = live->now.start;
        return;
    }

    m->status = m->trigger ? 1 : 8;
    m->start = !m->trigger ? 0 : live ? live->now.start : now / 1000;
}

#endif /* REGISTRY_PLAIN_H */
