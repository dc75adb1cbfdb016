#include "dots_registry_private.h"


static dots_registry_entry_t *dots_registry_names_entry(dots_registry_t *r,
    const dots_mitigation_t *m);
static void dots_registry_names_set(dots_registry_t *r,
    dots_registry_entry_t *e, int64_t resolves);
static int dots_registry_names_free(dots_registry_t *r,
    dots_registry_entry_t *e, const dots_mitigation_t *m);


int
dots_registry_postpone(dots_registry_t *r, const dots_mitigation_key_t *key,
    int64_t now, int64_t again)
{
    dots_registry_entry_t    *e;
    dots_registry_version_t  *v;

    e = dots_registry_index_entry(r, key);

    if (e == NULL || e->owner || e->current == NULL) {
        return DOTS_DECLINED;
    }

    v = e->current;

    if (v->deadline > now || dots_registry_version_end(v) <= now) {
        return DOTS_DECLINED;
    }

    dots_registry_names_set(r, e, again);

    return DOTS_OK;
}


/* The deadline is the key of an index: the entry leaves it for a moment. */

static void
dots_registry_names_set(dots_registry_t *r, dots_registry_entry_t *e,
    int64_t resolves)
{
    int64_t                   end;
    dots_registry_version_t  *v;

    v = e->current;
    end = dots_registry_version_end(v);

    dots_registry_index_set_current(r, e, NULL);

    v->resolves = resolves;
    v->deadline = resolves < end ? resolves : end;

    dots_registry_index_set_current(r, e, v);
}


int
dots_registry_follow(dots_registry_t *r, dots_mitigation_t *m, int64_t now,
    uint32_t owner, dots_arena_t *a)
{
    int                     rc;
    dots_target_t           target;
    dots_mitigation_t       next;
    dots_registry_entry_t  *e;

    e = dots_registry_names_entry(r, m);

    if (e == NULL || dots_registry_version_end(e->current) <= now) {
        return DOTS_DECLINED;
    }

    rc = dots_registry_version_target(e->current, a, &target);
    if (rc != DOTS_OK) {
        return rc;
    }

    if (!dots_target_equal(&target, &m->target)) {
        return DOTS_DECLINED;
    }

    if (dots_registry_names_same(e->current, m)) {
        dots_registry_names_set(r, e, m->resolves);
        return DOTS_DECLINED;
    }

    rc = dots_registry_version_copy(e->current, a, &next);
    if (rc != DOTS_OK) {
        return rc;
    }

    next.resolved = m->resolved;
    next.nresolved = m->nresolved;
    next.resolves = m->resolves;

    if (!dots_registry_names_free(r, e, &next)) {
        return DOTS_DECLINED;
    }

    e->pending = dots_registry_version_make(r, e, &next);

    if (e->pending == NULL) {
        return DOTS_FULL;
    }

    if (dots_registry_index_reserve(r, e, next.status, owner) != DOTS_OK) {
        dots_registry_version_drop(r, e->pending);
        e->pending = NULL;
        return DOTS_FULL;
    }

    *m = next;

    return DOTS_OK;
}


static dots_registry_entry_t *
dots_registry_names_entry(dots_registry_t *r, const dots_mitigation_t *m)
{
    dots_mitigation_key_t   key;
    dots_registry_entry_t  *e;

    dots_registry_key(m, &key);

    e = dots_registry_index_entry(r, &key);

    if (e == NULL || e->owner || e->current == NULL
        || e->current->status == DOTS_STATUS_TERMINATING
        || e->current->status == DOTS_STATUS_WITHDRAWN)
    {
        return NULL;
    }

    return e;
}


/* Both are sorted. */

int
dots_registry_names_same(const dots_registry_version_t *v,
    const dots_mitigation_t *m)
{
    size_t  i;

    if (v->nprefixes != m->nresolved) {
        return 0;
    }

    for (i = 0; i < m->nresolved; i++) {
        if (dots_prefix_cmp(&v->prefixes[i].prefix, &m->resolved[i]) != 0) {
            return 0;
        }
    }

    return 1;
}


/* What it would override or withdraw may stay: nobody asked for that now. */

static int
dots_registry_names_free(dots_registry_t *r, dots_registry_entry_t *e,
    const dots_mitigation_t *m)
{
    dots_registry_overlap_t  o;

    dots_registry_overlap_of(&o, r, e, m);
    dots_registry_overlap_check(&o);
    dots_registry_overlap_forget(&o);

    return o.obstacle == NULL && !o.busy;
}
