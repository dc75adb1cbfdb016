#include "dots_registry_private.h"


static dots_verdict_t dots_registry_put_cuid(dots_registry_t *r,
    const dots_mitigation_t *m);
static dots_verdict_t dots_registry_put_efficacy(
    const dots_registry_version_t *v, const dots_mitigation_t *m,
    dots_fault_t *f);
static dots_verdict_t dots_registry_put_same(dots_registry_version_t *v,
    const dots_mitigation_t *m, dots_arena_t *a, dots_fault_t *f);
static const char *dots_registry_put_difference(const dots_target_t *a,
    const dots_target_t *b);
static void dots_registry_put_find(dots_registry_t *r,
    const dots_mitigation_t *m, dots_registry_overlap_t *o);
static dots_verdict_t dots_registry_put_overlap(dots_registry_overlap_t *o,
    int64_t now, dots_arena_t *a, dots_conflict_t *conflict);
static void dots_registry_put_state(const dots_registry_t *r,
    dots_mitigation_t *m, const dots_registry_version_t *v, uint16_t dampen,
    int64_t now);
static uint16_t dots_registry_put_dampen(uint16_t period);
static dots_verdict_t dots_registry_put_limit(const dots_registry_overlap_t *o,
    const dots_registry_version_t *v, uint32_t max);
static dots_verdict_t dots_registry_put_reserve(dots_registry_t *r,
    dots_registry_overlap_t *o, const dots_mitigation_t *m, int refresh,
    int64_t now, uint32_t owner, dots_arena_t *a, dots_overridden_t *over);
static int dots_registry_put_retreats(dots_registry_t *r,
    const dots_registry_overlap_t *o, dots_registry_version_t *by, int64_t now,
    dots_arena_t *a, dots_overridden_t *over);
static int dots_registry_put_overridden(const dots_registry_overlap_t *o,
    dots_arena_t *a, dots_overridden_t *over);
static void dots_registry_put_victims(dots_registry_t *r,
    dots_registry_entry_t *e, uint32_t owner);


#define DOTS_REGISTRY_PUT_DAMPEN 300  /* s; RFC 9132 section 4.4.4 */


/* The kinds of clauses: a number and a pointer each. */

typedef struct {
    const char *attribute;
    size_t      n;
    size_t      list;
} dots_registry_put_clauses_t;

static const dots_registry_put_clauses_t  dots_registry_put_clauses[] = {
    { "target-prefix", offsetof(dots_target_t, nprefixes),
      offsetof(dots_target_t, prefixes) },
    { "target-port-range", offsetof(dots_target_t, nports),
      offsetof(dots_target_t, ports) },
    { "target-protocol", offsetof(dots_target_t, nprotocols),
      offsetof(dots_target_t, protocols) },
    { "target-fqdn", offsetof(dots_target_t, nfqdns),
      offsetof(dots_target_t, fqdns) },
    { "target-uri", offsetof(dots_target_t, nuris),
      offsetof(dots_target_t, uris) },
    { "alias-name", offsetof(dots_target_t, naliases),
      offsetof(dots_target_t, aliases) },
    { NULL, 0, 0 }
};


dots_verdict_t
dots_registry_put(dots_registry_t *r, dots_mitigation_t *m, uint32_t max,
    int64_t now, uint32_t owner, dots_arena_t *a, dots_overridden_t *over,
    dots_conflict_t *conflict, dots_fault_t *f)
{
    dots_verdict_t            verdict;
    dots_mitigation_t         next;
    dots_registry_overlap_t   o;
    dots_registry_version_t  *v;

    memset(over, 0, sizeof(*over));
    memset(conflict, 0, sizeof(*conflict));

    verdict = dots_registry_put_cuid(r, m);
    if (verdict != DOTS_VERDICT_NONE) {
        return m->attack && verdict == DOTS_VERDICT_COLLISION
               ? DOTS_VERDICT_NOT_FOUND : verdict;
    }

    dots_registry_put_find(r, m, &o);

    if (o.self != NULL && o.self->owner) {
        return DOTS_VERDICT_BUSY;
    }

    /* what the server withdrew is history: the mid is free for a new request */

    v = o.self != NULL ? o.self->current : NULL;

    if (m->attack) {
        verdict = dots_registry_put_efficacy(v, m, f);
    }

    if (v != NULL && v->status == DOTS_STATUS_WITHDRAWN
        && !dots_registry_version_returns(v))
    {
        v = NULL;
    }

    if (v != NULL && verdict == DOTS_VERDICT_NONE) {
        verdict = dots_registry_put_same(v, m, a, f);
    }

    if (verdict == DOTS_VERDICT_NONE) {
        verdict = dots_registry_put_overlap(&o, now, a, conflict);
    }

    if (verdict != DOTS_VERDICT_NONE) {
        return verdict;
    }

    next = *m;
    dots_registry_put_state(r, &next, v, o.dampen, now);

    verdict = dots_registry_put_limit(&o, v, max);

    if (verdict == DOTS_VERDICT_NONE) {
        verdict = dots_registry_put_reserve(r, &o, &next, v != NULL, now, owner,
                                            a, over);
    }

    if (verdict != DOTS_VERDICT_NONE) {
        dots_registry_overlap_forget(&o);
        memset(over, 0, sizeof(*over));
        return verdict;
    }

    *m = next;

    return v != NULL ? DOTS_VERDICT_CHANGED : DOTS_VERDICT_CREATED;
}


/*
 * RFC 9132 section 4.4.1.1: a cuid in use by another client is 4.09.  One that
 * only a creation in flight uses may be free again in a moment.
 */

static dots_verdict_t
dots_registry_put_cuid(dots_registry_t *r, const dots_mitigation_t *m)
{
    dots_verdict_t           verdict;
    dots_registry_client_t  *c;

    verdict = DOTS_VERDICT_NONE;
    c = dots_registry_index_same_cuid(r, m->cuid, NULL);

    while (c != NULL) {

        if (dots_str_eq(c->customer->name, m->customer)) {
            return DOTS_VERDICT_NONE;
        }

        if (c->pending || c->stored || c->committed) {
            verdict = DOTS_VERDICT_COLLISION;

        } else if (verdict == DOTS_VERDICT_NONE) {
            verdict = DOTS_VERDICT_BUSY;
        }

        c = dots_registry_index_same_cuid(r, m->cuid, c);
    }

    return verdict;
}


/*
 * RFC 9132 section 4.4.3: without a match it is silently ignored, so that one
 * that comes after the DELETE which it was sent before revives nothing.
 */

static dots_verdict_t
dots_registry_put_efficacy(const dots_registry_version_t *v,
    const dots_mitigation_t *m, dots_fault_t *f)
{
    if (v == NULL || v->status == DOTS_STATUS_TERMINATING) {
        return DOTS_VERDICT_NOT_FOUND;
    }

    if (v->status != DOTS_STATUS_WITHDRAWN) {
        return DOTS_VERDICT_NONE;
    }

    (void) dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                      "the server has withdrawn mitigation %u",
                      (unsigned) m->mid);

    return DOTS_VERDICT_UNAVAILABLE;
}


/* ---- the refresh rule, RFC 9132 section 4.4.1.3 ---- */

static dots_verdict_t
dots_registry_put_same(dots_registry_version_t *v, const dots_mitigation_t *m,
    dots_arena_t *a, dots_fault_t *f)
{
    const char     *attribute;
    dots_target_t   target;

    if (dots_registry_version_target(v, a, &target) != DOTS_OK) {
        return DOTS_VERDICT_FULL;
    }

    attribute = dots_registry_put_difference(&target, &m->target);

    if (attribute == NULL && v->trigger != m->trigger) {
        attribute = "trigger-mitigation";
    }

    if (attribute == NULL) {
        return DOTS_VERDICT_NONE;
    }

    (void) dots_fault(f, DOTS_FAULT_INVALID_VALUE, attribute,
                      "mid %u is in use with another %s: a refresh repeats all "
                      "but the lifetime, a new request needs a higher mid",
                      (unsigned) m->mid, attribute);

    return DOTS_VERDICT_INVALID;
}


/* The first kind of clause in which two targets differ; NULL: none. */

static const char *
dots_registry_put_difference(const dots_target_t *a, const dots_target_t *b)
{
    size_t                               i;
    dots_target_t                        x, y;
    const dots_registry_put_clauses_t   *c;

    for (i = 0; dots_registry_put_clauses[i].attribute != NULL; i++) {
        c = &dots_registry_put_clauses[i];

        memset(&x, 0, sizeof(x));
        memset(&y, 0, sizeof(y));

        memcpy((char *) &x + c->n, (char *) a + c->n, sizeof(size_t));
        memcpy((char *) &x + c->list, (char *) a + c->list, sizeof(void *));
        memcpy((char *) &y + c->n, (char *) b + c->n, sizeof(size_t));
        memcpy((char *) &y + c->list, (char *) b + c->list, sizeof(void *));

        if (!dots_target_equal(&x, &y)) {
            return c->attribute;
        }
    }

    return NULL;
}


/* ---- the decision ---- */

static void
dots_registry_put_find(dots_registry_t *r, const dots_mitigation_t *m,
    dots_registry_overlap_t *o)
{
    dots_mitigation_key_t  key;

    dots_registry_key(m, &key);

    memset(o, 0, sizeof(*o));

    o->root = r->root;
    o->m = m;
    o->customer = dots_registry_index_customer(r, m->customer);
    o->client = dots_registry_index_client(r, m->customer, m->cuid);
    o->self = dots_registry_index_entry(r, &key);
}


static dots_verdict_t
dots_registry_put_overlap(dots_registry_overlap_t *o, int64_t now,
    dots_arena_t *a, dots_conflict_t *conflict)
{
    dots_registry_overlap_check(o);

    if (o->obstacle != NULL) {
        return dots_registry_conflict_fill(o, now, a, conflict) == DOTS_OK
               ? DOTS_VERDICT_CONFLICT : DOTS_VERDICT_FULL;
    }

    return o->busy ? DOTS_VERDICT_BUSY : DOTS_VERDICT_NONE;
}


/*
 * A refresh sets the remaining lifetime to the new one and leaves the rest; one
 * that is terminating starts again as if new, but keeps when it began.
 */

static void
dots_registry_put_state(const dots_registry_t *r, dots_mitigation_t *m,
    const dots_registry_version_t *v, uint16_t dampen, int64_t now)
{
    if (m->lifetime == 0 && v != NULL) {
        m->lifetime = v->lifetime;
    }

    memset(&m->conflict, 0, sizeof(m->conflict));
    m->conflicted = 0;
    m->dampen = dots_registry_put_dampen(dampen);

    m->status = m->trigger ? DOTS_STATUS_IN_PROGRESS
                           : DOTS_STATUS_AWAITING_LOSS;
    m->start = m->trigger ? (now - r->ahead) / 1000 : 0;
    m->terminates = 0;
    m->reason[0] = '\0';
    m->expires = m->lifetime < 0 ? DOTS_FOREVER
                                 : now + (int64_t) m->lifetime * 1000;

    if (v == NULL) {
        return;
    }

    if (m->attack == 0) {
        m->attack = v->attack;
    }

    if (v->status == DOTS_STATUS_TERMINATING) {
        m->dampen = dots_registry_put_dampen(v->dampen);

        if (m->trigger) {
            m->start = v->start;
        }

        return;
    }

    m->dampen = v->dampen > m->dampen ? v->dampen : m->dampen;

    if (v->status != DOTS_STATUS_WITHDRAWN) {
        m->status = v->status;
        m->start = v->start;
    }
}


/* "the base of the exponent is 2 [...] up to a maximum of 300 seconds" */

static uint16_t
dots_registry_put_dampen(uint16_t period)
{
    if (period >= DOTS_REGISTRY_PUT_DAMPEN) {
        return period;
    }

    period = (uint16_t) (period * 2);

    return period > DOTS_REGISTRY_PUT_DAMPEN ? DOTS_REGISTRY_PUT_DAMPEN
                                             : period;
}


static dots_verdict_t
dots_registry_put_limit(const dots_registry_overlap_t *o,
    const dots_registry_version_t *v, uint32_t max)
{
    size_t  others;

    if (max == 0 || o->customer == NULL
        || (v != NULL && dots_registry_counts(v->status)))
    {
        return DOTS_VERDICT_NONE;
    }

    others = o->customer->least - o->counted;

    if (others >= max) {
        return DOTS_VERDICT_LIMIT;
    }

    others = o->customer->most - o->counted;

    return others >= max ? DOTS_VERDICT_BUSY : DOTS_VERDICT_NONE;
}


static dots_verdict_t
dots_registry_put_reserve(dots_registry_t *r, dots_registry_overlap_t *o,
    const dots_mitigation_t *m, int refresh, int64_t now, uint32_t owner,
    dots_arena_t *a, dots_overridden_t *over)
{
    dots_registry_entry_t    *e;
    dots_registry_version_t  *by;

    if (dots_registry_put_overridden(o, a, over) != DOTS_OK) {
        return DOTS_VERDICT_FULL;
    }

    e = o->self ? o->self : dots_registry_index_make_entry(r, m);
    if (e == NULL) {
        return DOTS_VERDICT_FULL;
    }

    e->pending = dots_registry_version_make(r, e, m);
    by = e->pending;

    /* a refresh changes the state alone, which a full zone has memory for */

    if (by == NULL && refresh && o->retreats == 0
        && dots_registry_names_same(e->current, m))
    {
        by = e->current;
    }

    if (by != NULL
        && dots_registry_put_retreats(r, o, by, now, a, over) == DOTS_OK
        && dots_registry_index_reserve(r, e, m->status, owner) == DOTS_OK)
    {
        dots_registry_put_victims(r, e, owner);
        return DOTS_VERDICT_NONE;
    }

    if (e->pending != NULL) {
        dots_registry_version_drop(r, e->pending);
        e->pending = NULL;
    }

    if (e->current == NULL) {
        dots_registry_index_drop_entry(r, e);
    }

    return DOTS_VERDICT_FULL;
}


static int
dots_registry_put_retreats(dots_registry_t *r,
    const dots_registry_overlap_t *o, dots_registry_version_t *by, int64_t now,
    dots_arena_t *a, dots_overridden_t *over)
{
    dots_registry_entry_t  *e;

    if (o->retreats == 0) {
        return DOTS_OK;
    }

    over->changed = dots_arena_array(a, o->retreats, sizeof(dots_mitigation_t));
    if (over->changed == NULL) {
        return DOTS_FULL;
    }

    LIST_FOREACH(e, &r->root->retreats, victim) {
        if (dots_registry_conflict_retreat(r, e, by, now, a,
                                           &over->changed[over->nchanged])
            != DOTS_OK)
        {
            return DOTS_FULL;
        }

        over->nchanged++;
    }

    return DOTS_OK;
}


static int
dots_registry_put_overridden(const dots_registry_overlap_t *o, dots_arena_t *a,
    dots_overridden_t *over)
{
    dots_registry_entry_t  *e;
    dots_mitigation_key_t  *key;

    if (o->victims == 0) {
        return DOTS_OK;
    }

    key = dots_arena_array(a, o->victims, sizeof(*key));
    if (key == NULL) {
        return DOTS_FULL;
    }

    over->keys = key;
    over->n = o->victims;

    LIST_FOREACH(e, &o->root->victims, victim) {
        key->customer = o->m->customer;
        key->cuid = o->m->cuid;
        key->mid = e->mid;
        key++;
    }

    return DOTS_OK;
}


static void
dots_registry_put_victims(dots_registry_t *r, dots_registry_entry_t *e,
    uint32_t owner)
{
    dots_registry_entry_t  *v;

    /* what steps back is settled by itself */

    while ((v = LIST_FIRST(&r->root->retreats)) != NULL) {
        LIST_REMOVE(v, victim);
        v->victim.le_prev = NULL;
        (void) dots_registry_index_reserve(r, v, DOTS_STATUS_WITHDRAWN, owner);
    }

    LIST_SWAP(&r->root->victims, &e->victims, dots_registry_entry_s, victim);

    LIST_FOREACH(v, &e->victims, victim) {

        /* cannot fail: the owner has its place since "e" was reserved */

        (void) dots_registry_index_reserve(r, v, DOTS_STATUS_TERMINATED,
                                           owner);
    }
}
