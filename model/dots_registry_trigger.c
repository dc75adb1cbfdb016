#include "dots_registry_private.h"


static int dots_registry_trigger_awaits(const dots_registry_entry_t *e,
    int64_t now);
static dots_verdict_t dots_registry_trigger_one(dots_registry_t *r,
    dots_registry_entry_t *e, int64_t now, dots_arena_t *a,
    dots_overridden_t *over);
static dots_verdict_t dots_registry_trigger_foreign(
    dots_registry_overlap_t *o, int64_t now, dots_arena_t *a,
    dots_mitigation_t *m);
static dots_verdict_t dots_registry_trigger_reserve(dots_registry_t *r,
    const dots_overridden_t *over, uint32_t owner);
static void dots_registry_trigger_forget(dots_registry_t *r);


/*
 * All that changes is of one client, so "over" never gets more than it has.
 * Nothing is reserved before everything is known.
 */

dots_verdict_t
dots_registry_trigger(dots_registry_t *r, dots_str_t customer, dots_str_t cuid,
    int64_t now, uint32_t owner, dots_arena_t *a, dots_overridden_t *over)
{
    dots_verdict_t           verdict;
    dots_registry_entry_t   *e;
    dots_registry_client_t  *c;

    memset(over, 0, sizeof(*over));

    c = dots_registry_index_client(r, customer, cuid);

    if (c == NULL || c->committed == 0) {
        return DOTS_VERDICT_NOT_FOUND;
    }

    over->changed = dots_arena_array(a, c->committed,
                                     sizeof(dots_mitigation_t));
    if (over->changed == NULL) {
        return DOTS_VERDICT_FULL;
    }

    verdict = DOTS_VERDICT_NONE;

    for (e = dots_registry_index_from(r, c, 0);
         e != NULL && e->client == c && verdict == DOTS_VERDICT_NONE;
         e = dots_registry_index_next(e))
    {
        if (dots_registry_trigger_awaits(e, now)) {
            verdict = dots_registry_trigger_one(r, e, now, a, over);
        }
    }

    dots_registry_trigger_forget(r);

    if (verdict == DOTS_VERDICT_NONE) {
        verdict = dots_registry_trigger_reserve(r, over, owner);
    }

    if (verdict != DOTS_VERDICT_CHANGED) {
        over->nchanged = 0;
    }

    return verdict;
}


static int
dots_registry_trigger_awaits(const dots_registry_entry_t *e, int64_t now)
{
    dots_registry_version_t  *v;

    v = e->current;

    return v != NULL && v->expires > now
           && (v->status == DOTS_STATUS_AWAITING_LOSS
               || dots_registry_version_returns(v));
}


static dots_verdict_t
dots_registry_trigger_one(dots_registry_t *r, dots_registry_entry_t *e,
    int64_t now, dots_arena_t *a, dots_overridden_t *over)
{
    dots_verdict_t            verdict;
    dots_mitigation_t        *m;
    dots_registry_entry_t    *first, *old;
    dots_registry_overlap_t   o;

    m = &over->changed[over->nchanged];

    if (e->owner) {
        return DOTS_VERDICT_BUSY;
    }

    if (dots_registry_version_copy(e->current, a, m) != DOTS_OK) {
        return DOTS_VERDICT_FULL;
    }

    dots_registry_overlap_of(&o, r, e, m);
    o.triggering = 1;

    first = LIST_FIRST(&r->root->retreats);

    dots_registry_overlap_check(&o);

    if (o.busy) {
        return DOTS_VERDICT_BUSY;
    }

    verdict = dots_registry_trigger_foreign(&o, now, a, m);
    if (verdict != DOTS_VERDICT_NONE) {
        return verdict;
    }

    m->status = DOTS_STATUS_IN_PROGRESS;
    m->start = (now - r->ahead) / 1000;
    m->terminates = 0;
    over->nchanged++;

    for (old = LIST_FIRST(&r->root->retreats); old != first;
         old = LIST_NEXT(old, victim))
    {
        if (dots_registry_conflict_retreat(r, old, e->current, now, a,
                                           &over->changed[over->nchanged])
            != DOTS_OK)
        {
            return DOTS_VERDICT_FULL;
        }

        over->nchanged++;
    }

    return DOTS_VERDICT_NONE;
}


/*
 * Another client's protects a part of it.  To wait for its end would leave the
 * rest without protection, and nobody is there to ask again: both act.
 */

static dots_verdict_t
dots_registry_trigger_foreign(dots_registry_overlap_t *o, int64_t now,
    dots_arena_t *a, dots_mitigation_t *m)
{
    memset(&m->conflict, 0, sizeof(m->conflict));
    m->conflicted = 0;

    if (o->foreign == NULL) {
        return DOTS_VERDICT_NONE;
    }

    o->obstacle = o->foreign;

    if (dots_registry_conflict_fill(o, now, a, &m->conflict) != DOTS_OK) {
        return DOTS_VERDICT_FULL;
    }

    /* "only to DOTS client(s) for which a mitigation request is deactivated" */

    m->conflict.retry = 0;
    m->conflict.status = 2;
    m->conflicted = now;

    return DOTS_VERDICT_NONE;
}


static dots_verdict_t
dots_registry_trigger_reserve(dots_registry_t *r,
    const dots_overridden_t *over, uint32_t owner)
{
    size_t                  i;
    dots_mitigation_key_t   key;
    dots_registry_entry_t  *e;

    for (i = 0; i < over->nchanged; i++) {
        key.customer = over->changed[i].customer;
        key.cuid = over->changed[i].cuid;
        key.mid = over->changed[i].mid;

        e = dots_registry_index_entry(r, &key);

        /* only the first can fail: then the owner has its place */

        if (dots_registry_index_reserve(r, e, over->changed[i].status, owner)
            != DOTS_OK)
        {
            return DOTS_VERDICT_FULL;
        }
    }

    return i ? DOTS_VERDICT_CHANGED : DOTS_VERDICT_NOT_FOUND;
}


static void
dots_registry_trigger_forget(dots_registry_t *r)
{
    dots_registry_overlap_t  o;

    o.root = r->root;
    dots_registry_overlap_forget(&o);
}
