#include "dots_registry_private.h"


#define DOTS_REGISTRY_CONFLICT_RETRY 3600 /* s; where the other has no end */

/* RFC 9132 section 4.4.1.3: a withdrawn one is kept so long beyond the timer */

#define DOTS_REGISTRY_CONFLICT_KEEP  45   /* s */

/* Four notifications at their least distance of 3 s (section 4.4.2.1), ms */

#define DOTS_REGISTRY_CONFLICT_SHOWN 15000


/* Sorted prefixes, none inside another, each "stride" bytes after the last. */

typedef struct {
    const void *first;
    size_t      n;
    size_t      stride;
} dots_registry_conflict_set_t;


static uint32_t dots_registry_conflict_retry(dots_registry_version_t *v,
    int64_t now);
static int dots_registry_conflict_prefixes(dots_registry_overlap_t *o,
    dots_arena_t *a, dots_target_t *scope);
static int dots_registry_conflict_clauses(const dots_target_t *t,
    dots_arena_t *a, dots_registry_conflict_set_t *set);
static int dots_registry_conflict_overlaps(
    const dots_registry_conflict_set_t *set, const dots_prefix_t *p);
static const dots_prefix_t *dots_registry_conflict_at(
    const dots_registry_conflict_set_t *set, size_t i);
static int dots_registry_conflict_names(dots_registry_overlap_t *o,
    dots_registry_kind_t kind, dots_arena_t *a, dots_str_t **names, size_t *n);
static int dots_registry_conflict_services(dots_registry_overlap_t *o,
    dots_arena_t *a, dots_target_t *scope);
static int dots_registry_conflict_port(const dots_target_t *t,
    const dots_port_range_t *port);


/*
 * The scope says which of the requester's own clauses overlap.  Of another
 * client's request nothing is told but how long it may stand in the way.
 */

int
dots_registry_conflict_fill(dots_registry_overlap_t *o, int64_t now,
    dots_arena_t *a, dots_conflict_t *c)
{
    int             rc;
    dots_target_t  *scope;

    scope = &c->scope;
    c->cause = DOTS_CONFLICT_OVERLAP;
    c->same_client = o->obstacle->entry->client == o->client;

    if (c->same_client) {
        c->mid = o->obstacle->entry->mid;
        rc = dots_registry_conflict_services(o, a, scope);

    } else {
        c->status = 1;
        c->retry = dots_registry_conflict_retry(o->obstacle, now);
        rc = DOTS_OK;
    }

    if (rc == DOTS_OK) {
        rc = dots_registry_conflict_prefixes(o, a, scope);
    }

    if (rc == DOTS_OK) {
        rc = dots_registry_conflict_names(o, DOTS_REGISTRY_FQDN, a,
                                          &scope->fqdns, &scope->nfqdns);
    }

    if (rc == DOTS_OK) {
        rc = dots_registry_conflict_names(o, DOTS_REGISTRY_URI, a,
                                          &scope->uris, &scope->nuris);
    }

    if (rc == DOTS_OK) {
        rc = dots_registry_conflict_names(o, DOTS_REGISTRY_ALIAS, a,
                                          &scope->aliases, &scope->naliases);
    }

    return rc;
}


/*
 * Section 4.4.1.3: a preconfigured one steps back before an immediate one, to
 * status 7 and soon 8 again; an immediate one before what the loss of the
 * session triggered, to status 7 until the client may ask again.
 */

int
dots_registry_conflict_retreat(dots_registry_t *r, dots_registry_entry_t *e,
    dots_registry_version_t *by, int64_t now, dots_arena_t *a,
    dots_mitigation_t *m)
{
    int                      rc;
    dots_registry_overlap_t  o;

    rc = dots_registry_version_copy(e->current, a, m);
    if (rc != DOTS_OK) {
        return rc;
    }

    dots_registry_overlap_of(&o, r, e, m);
    o.obstacle = by;

    memset(&m->conflict, 0, sizeof(m->conflict));

    rc = dots_registry_conflict_fill(&o, now, a, &m->conflict);
    if (rc != DOTS_OK) {
        return rc;
    }

    m->conflict.retry = dots_registry_conflict_retry(by, now);
    m->conflicted = now;
    m->status = DOTS_STATUS_WITHDRAWN;

    if (!m->trigger) {
        m->terminates = now + DOTS_REGISTRY_CONFLICT_SHOWN;

        if (m->terminates > m->expires) {
            m->terminates = m->expires;
        }

        return DOTS_OK;
    }

    m->expires = now + ((int64_t) m->conflict.retry
                        + DOTS_REGISTRY_CONFLICT_KEEP) * 1000;
    m->terminates = m->expires;

    return DOTS_OK;
}


/* Zero would mean that there is no retry-timer; what is over goes at once. */

static uint32_t
dots_registry_conflict_retry(dots_registry_version_t *v, int64_t now)
{
    int64_t  left;

    if (v->expires == DOTS_FOREVER) {
        return DOTS_REGISTRY_CONFLICT_RETRY;
    }

    left = v->expires > now ? (v->expires - now + 999) / 1000 : 1;

    return left > UINT32_MAX ? UINT32_MAX : (uint32_t) left;
}


/*
 * Where an overlapping prefix is none of the target-prefix clauses but what a
 * name or an alias stood for, that prefix itself says it best.
 */

static int
dots_registry_conflict_prefixes(dots_registry_overlap_t *o, dots_arena_t *a,
    dots_target_t *scope)
{
    size_t                         i;
    const dots_mitigation_t       *m;
    dots_registry_conflict_set_t   theirs, clauses;

    m = o->m;

    theirs.first = &o->obstacle->prefixes[0].prefix;
    theirs.n = o->obstacle->nprefixes;
    theirs.stride = sizeof(dots_registry_prefix_t);

    scope->prefixes = dots_arena_array(a, DOTS_TARGET_MAX,
                                       sizeof(dots_prefix_t));

    if (scope->prefixes == NULL
        || dots_registry_conflict_clauses(&m->target, a, &clauses) != DOTS_OK)
    {
        return DOTS_FULL;
    }

    for (i = 0; i < m->target.nprefixes && i < DOTS_TARGET_MAX; i++) {
        if (dots_registry_conflict_overlaps(&theirs, &m->target.prefixes[i])) {
            scope->prefixes[scope->nprefixes++] = m->target.prefixes[i];
        }
    }

    for (i = 0; i < m->nresolved && scope->nprefixes < DOTS_TARGET_MAX; i++) {
        if (dots_registry_conflict_overlaps(&theirs, &m->resolved[i])
            && !dots_registry_conflict_overlaps(&clauses, &m->resolved[i]))
        {
            scope->prefixes[scope->nprefixes++] = m->resolved[i];
        }
    }

    return DOTS_OK;
}


static int
dots_registry_conflict_clauses(const dots_target_t *t, dots_arena_t *a,
    dots_registry_conflict_set_t *set)
{
    size_t             i;
    dots_mitigation_t  m;

    m.nresolved = t->nprefixes;
    m.resolved = dots_arena_array(a, t->nprefixes, sizeof(dots_prefix_t));

    if (m.resolved == NULL) {
        return DOTS_FULL;
    }

    for (i = 0; i < t->nprefixes; i++) {
        m.resolved[i] = t->prefixes[i];
    }

    dots_mitigation_normalize(&m);

    set->first = m.resolved;
    set->n = m.nresolved;
    set->stride = sizeof(dots_prefix_t);

    return DOTS_OK;
}


/* What overlaps "p" is the last one not after it, or the first one after it. */

static int
dots_registry_conflict_overlaps(const dots_registry_conflict_set_t *set,
    const dots_prefix_t *p)
{
    size_t  low, high, mid;

    low = 0;
    high = set->n;

    while (low < high) {
        mid = low + (high - low) / 2;

        if (dots_prefix_cmp(dots_registry_conflict_at(set, mid), p) <= 0) {
            low = mid + 1;

        } else {
            high = mid;
        }
    }

    if (low > 0
        && dots_prefix_overlaps(dots_registry_conflict_at(set, low - 1), p))
    {
        return 1;
    }

    return low < set->n
           && dots_prefix_overlaps(dots_registry_conflict_at(set, low), p);
}


static const dots_prefix_t *
dots_registry_conflict_at(const dots_registry_conflict_set_t *set, size_t i)
{
    return (const void *) ((const uint8_t *) set->first + i * set->stride);
}


static int
dots_registry_conflict_names(dots_registry_overlap_t *o,
    dots_registry_kind_t kind, dots_arena_t *a, dots_str_t **names, size_t *n)
{
    size_t             i, total;
    const dots_str_t  *clauses;

    clauses = dots_registry_version_clauses(&o->m->target, kind, &total);

    *names = dots_arena_array(a, total, sizeof(dots_str_t));
    if (*names == NULL) {
        return DOTS_FULL;
    }

    for (i = 0; i < total; i++) {
        if (dots_registry_overlap_has_name(o, kind, clauses[i])) {
            (*names)[(*n)++] = clauses[i];
        }
    }

    return DOTS_OK;
}


/* The client's own two requests: ports and protocols that are in both. */

static int
dots_registry_conflict_services(dots_registry_overlap_t *o, dots_arena_t *a,
    dots_target_t *scope)
{
    int                   rc;
    size_t                i;
    dots_target_t         theirs;
    const dots_target_t  *ours;

    ours = &o->m->target;

    rc = dots_registry_version_target(o->obstacle, a, &theirs);
    if (rc != DOTS_OK) {
        return rc;
    }

    scope->ports = dots_arena_array(a, ours->nports,
                                    sizeof(dots_port_range_t));
    scope->protocols = dots_arena_alloc(a, ours->nprotocols);

    if (scope->ports == NULL || scope->protocols == NULL) {
        return DOTS_FULL;
    }

    for (i = 0; i < ours->nports; i++) {
        if (dots_registry_conflict_port(&theirs, &ours->ports[i])) {
            scope->ports[scope->nports++] = ours->ports[i];
        }
    }

    for (i = 0; i < ours->nprotocols; i++) {
        if (theirs.nprotocols
            && memchr(theirs.protocols, ours->protocols[i], theirs.nprotocols))
        {
            scope->protocols[scope->nprotocols++] = ours->protocols[i];
        }
    }

    return DOTS_OK;
}


static int
dots_registry_conflict_port(const dots_target_t *t,
    const dots_port_range_t *port)
{
    size_t  i;

    for (i = 0; i < t->nports; i++) {
        if (t->ports[i].lower <= port->upper
            && port->lower <= t->ports[i].upper)
        {
            return 1;
        }
    }

    return 0;
}
