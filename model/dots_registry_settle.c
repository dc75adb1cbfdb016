#include "dots_registry_private.h"


static void dots_registry_settle_one(dots_registry_t *r,
    const dots_mitigation_t *m, uint32_t owner, int committed);
static int dots_registry_settle_matches(const dots_registry_entry_t *e,
    const dots_mitigation_t *m, uint32_t owner);
static void dots_registry_settle_commit(dots_registry_t *r,
    dots_registry_entry_t *e, const dots_mitigation_t *m);
static void dots_registry_settle_undo(dots_registry_t *r,
    dots_registry_entry_t *e);
static dots_registry_entry_t *dots_registry_settle_victim(dots_registry_t *r,
    dots_registry_entry_t *e);
static void dots_registry_settle_remove(dots_registry_t *r,
    dots_registry_entry_t *e);


void
dots_registry_settle(dots_registry_t *r, const dots_mitigation_t *m,
    const dots_overridden_t *over, uint32_t owner, int committed)
{
    size_t  i;

    /* what steps back does so before what it made room for is seen */

    for (i = 0; over != NULL && i < over->nchanged; i++) {
        dots_registry_settle_one(r, &over->changed[i], owner, committed);
    }

    if (m != NULL) {
        dots_registry_settle_one(r, m, owner, committed);
    }
}


static void
dots_registry_settle_one(dots_registry_t *r, const dots_mitigation_t *m,
    uint32_t owner, int committed)
{
    dots_mitigation_key_t   key;
    dots_registry_entry_t  *e;

    dots_registry_key(m, &key);

    e = dots_registry_index_entry(r, &key);

    if (e == NULL || !dots_registry_settle_matches(e, m, owner)) {
        return;
    }

    if (committed) {
        dots_registry_settle_commit(r, e, m);

    } else {
        dots_registry_settle_undo(r, e);
    }
}


/* Nobody settles what others have reserved. */

static int
dots_registry_settle_matches(const dots_registry_entry_t *e,
    const dots_mitigation_t *m, uint32_t owner)
{
    if (e->owner != owner || e->status != m->status
        || dots_registry_is_victim(e))
    {
        return 0;
    }

    return e->pending == NULL || e->pending->expires == m->expires;
}


static void
dots_registry_settle_commit(dots_registry_t *r, dots_registry_entry_t *e,
    const dots_mitigation_t *m)
{
    dots_registry_entry_t    *victim;
    dots_registry_version_t  *v, *old;

    old = e->current;
    v = e->pending ? e->pending : old;
    e->pending = NULL;

    dots_registry_index_release(r, e);

    if (m->status == DOTS_STATUS_TERMINATED) {
        dots_registry_settle_remove(r, e);
        return;
    }

    dots_registry_index_set_current(r, e, NULL);
    dots_registry_version_set_state(r, v, m);
    dots_registry_index_set_current(r, e, v);
    dots_registry_changes_add(r, e);

    if (old != NULL && old != v) {
        dots_registry_version_drop(r, old);
    }

    while ((victim = dots_registry_settle_victim(r, e)) != NULL) {
        dots_registry_settle_remove(r, victim);
    }
}


static void
dots_registry_settle_undo(dots_registry_t *r, dots_registry_entry_t *e)
{
    while (dots_registry_settle_victim(r, e) != NULL) {
        /* is free again */
    }

    if (e->pending != NULL) {
        dots_registry_version_drop(r, e->pending);
        e->pending = NULL;
    }

    dots_registry_index_release(r, e);

    if (e->current == NULL) {
        dots_registry_index_drop_entry(r, e);
    }
}


/* Frees one victim of the entry from its reservation; NULL: there is none. */

static dots_registry_entry_t *
dots_registry_settle_victim(dots_registry_t *r, dots_registry_entry_t *e)
{
    dots_registry_entry_t  *victim;

    victim = LIST_FIRST(&e->victims);

    if (victim != NULL) {
        LIST_REMOVE(victim, victim);
        victim->victim.le_prev = NULL;
        dots_registry_index_release(r, victim);
    }

    return victim;
}


/* Removes what is committed; a creation in flight on the same key stays. */

static void
dots_registry_settle_remove(dots_registry_t *r, dots_registry_entry_t *e)
{
    dots_registry_version_t  *v;

    v = e->current;

    if (v != NULL) {
        dots_registry_index_set_current(r, e, NULL);
        dots_registry_changes_add(r, e);
        dots_registry_version_drop(r, v);
    }

    if (e->pending != NULL) {
        return;
    }

    if (dots_registry_is_victim(e)) {
        LIST_REMOVE(e, victim);
        e->victim.le_prev = NULL;
    }

    if (e->owner) {
        dots_registry_index_release(r, e);
    }

    dots_registry_index_drop_entry(r, e);
}
