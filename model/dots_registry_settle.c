#include "dots_registry_private.h"


static int dots_registry_settle_one(dots_registry_t *r,
    const dots_mitigation_t *m, const dots_overridden_t *over, uint32_t owner,
    int committed);
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
static int dots_registry_settle_arrive(dots_registry_t *r,
    const dots_mitigation_t *m, const dots_mitigation_key_t *key,
    const dots_overridden_t *over);


int
dots_registry_settle(dots_registry_t *r, const dots_mitigation_t *m,
    const dots_overridden_t *over, uint32_t owner, int committed)
{
    int     rc, full;
    size_t  i;

    full = 0;

    /* what steps back does so before what it made room for is seen */

    for (i = 0; over != NULL && i < over->nchanged; i++) {
        rc = dots_registry_settle_one(r, &over->changed[i], NULL, owner,
                                      committed);
        full |= (rc == DOTS_FULL);
    }

    if (m != NULL) {
        rc = dots_registry_settle_one(r, m, over, owner, committed);
        full |= (rc == DOTS_FULL);
    }

    return full ? DOTS_FULL : DOTS_OK;
}


static int
dots_registry_settle_one(dots_registry_t *r, const dots_mitigation_t *m,
    const dots_overridden_t *over, uint32_t owner, int committed)
{
    dots_mitigation_key_t   key;
    dots_registry_entry_t  *e;

    dots_registry_key(m, &key);

    e = dots_registry_index_entry(r, &key);

    if (e != NULL && dots_registry_settle_matches(e, m, owner)) {

        if (committed) {
            dots_registry_settle_commit(r, e, m);

        } else {
            dots_registry_settle_undo(r, e);
        }

        return DOTS_OK;
    }

    return committed ? dots_registry_settle_arrive(r, m, &key, over) : DOTS_OK;
}


/*
 * After a rebuild the same owner may have reserved the entry anew for another
 * change: that one must not be taken for this one.
 */

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


/*
 * The registry was built anew since the change was decided, maybe before its
 * commit: what is durable now takes the place of what was loaded.
 */

static int
dots_registry_settle_arrive(dots_registry_t *r, const dots_mitigation_t *m,
    const dots_mitigation_key_t *key, const dots_overridden_t *over)
{
    size_t                  i;
    dots_registry_entry_t  *e;

    for (i = 0; over != NULL && i < over->n; i++) {
        e = dots_registry_index_entry(r, &over->keys[i]);

        if (e != NULL) {
            dots_registry_settle_remove(r, e);
        }
    }

    if (m->status != DOTS_STATUS_TERMINATED) {
        return dots_registry_load(r, m);
    }

    e = dots_registry_index_entry(r, key);

    if (e != NULL) {
        dots_registry_settle_remove(r, e);
    }

    return DOTS_OK;
}
