#include "dots_registry_private.h"


static dots_registry_entry_t *dots_registry_idle(dots_registry_t *r,
    const dots_mitigation_key_t *key);
static int dots_registry_reserve(dots_registry_t *r, dots_registry_entry_t *e,
    const dots_mitigation_t *m, uint32_t owner);


int
dots_registry_create(dots_registry_t *r)
{
    r->root = dots_registry_index_alloc(r, sizeof(dots_registry_root_t));
    if (r->root == NULL) {
        return DOTS_FULL;
    }

    RB_INIT(&r->root->customers);
    RB_INIT(&r->root->clients);
    RB_INIT(&r->root->keys);
    RB_INIT(&r->root->deadlines);
    RB_INIT(&r->root->prefixes);
    RB_INIT(&r->root->names);
    LIST_INIT(&r->root->victims);
    LIST_INIT(&r->root->retreats);

    return DOTS_OK;
}


void
dots_registry_key(const dots_mitigation_t *m, dots_mitigation_key_t *key)
{
    key->customer = m->customer;
    key->cuid = m->cuid;
    key->mid = m->mid;
}


/* A change in flight on the same entry stays in flight. */

int
dots_registry_load(dots_registry_t *r, const dots_mitigation_t *m)
{
    dots_mitigation_key_t     key;
    dots_registry_entry_t    *e;
    dots_registry_version_t  *v, *old;

    dots_registry_key(m, &key);

    e = dots_registry_index_entry(r, &key);

    if (e == NULL) {
        e = dots_registry_index_make_entry(r, m);
    }

    if (e == NULL) {
        return DOTS_FULL;
    }

    v = dots_registry_version_make(r, e, m);

    if (v == NULL) {
        if (e->current == NULL && e->pending == NULL) {
            dots_registry_index_drop_entry(r, e);
        }

        return DOTS_FULL;
    }

    old = e->current;
    dots_registry_index_set_current(r, e, v);

    if (old != NULL) {
        dots_registry_version_drop(r, old);
    }

    dots_registry_changes_add(r, e);

    return DOTS_OK;
}


/* ---- clients ---- */

int
dots_registry_bind(dots_registry_t *r, dots_str_t customer, dots_str_t cuid)
{
    dots_registry_client_t  *c;

    c = dots_registry_index_client(r, customer, cuid);

    if (c == NULL && dots_registry_index_same_cuid(r, cuid, NULL) != NULL) {
        return DOTS_DECLINED;
    }

    if (c == NULL) {
        c = dots_registry_index_make_client(r, customer, cuid);
    }

    if (c == NULL) {
        return DOTS_FULL;
    }

    c->pending++;

    return DOTS_OK;
}


void
dots_registry_unbind(dots_registry_t *r, dots_str_t customer, dots_str_t cuid)
{
    dots_registry_client_t  *c;

    c = dots_registry_index_client(r, customer, cuid);

    if (c != NULL && c->pending) {
        c->pending--;
        dots_registry_index_drop_client(r, c);
    }
}


int
dots_registry_stored(dots_registry_t *r, dots_str_t customer, dots_str_t cuid,
    uint64_t order, int there)
{
    dots_registry_client_t  *c;

    c = dots_registry_index_client(r, customer, cuid);

    if (c == NULL && there) {
        c = dots_registry_index_make_client(r, customer, cuid);

        if (c == NULL) {
            return DOTS_FULL;
        }
    }

    if (c != NULL && order > c->order) {
        c->order = order;
        c->stored = there;
        dots_registry_index_drop_client(r, c);
    }

    return DOTS_OK;
}


int
dots_registry_shared(dots_registry_t *r, dots_str_t cuid)
{
    dots_registry_client_t  *c;

    c = dots_registry_index_same_cuid(r, cuid, NULL);

    return c != NULL && dots_registry_index_same_cuid(r, cuid, c) != NULL;
}


int
dots_registry_registered(dots_registry_t *r, dots_str_t cuid, dots_arena_t *a,
    dots_str_t *customer)
{
    dots_registry_client_t  *c;

    c = dots_registry_index_same_cuid(r, cuid, NULL);

    while (c != NULL && c->pending == 0 && !c->stored) {
        c = dots_registry_index_same_cuid(r, cuid, c);
    }

    return c ? dots_arena_dup(a, customer, c->customer->name) : DOTS_DECLINED;
}


/* ---- changes of the state alone: they need no memory of the zone ---- */

dots_verdict_t
dots_registry_withdraw(dots_registry_t *r, const dots_mitigation_key_t *key,
    const dots_lifetime_t *policy, int64_t now, uint32_t owner,
    dots_arena_t *a, dots_mitigation_t *m)
{
    int64_t                 end;
    dots_registry_entry_t  *e;

    e = dots_registry_index_entry(r, key);

    if (e == NULL) {
        return DOTS_VERDICT_NOT_FOUND;
    }

    if (e->owner) {
        return DOTS_VERDICT_BUSY;
    }

    if (e->current->status == DOTS_STATUS_TERMINATING) {
        return DOTS_VERDICT_FOUND;
    }

    if (dots_registry_version_copy(e->current, a, m) != DOTS_OK) {
        return DOTS_VERDICT_FULL;
    }

    /*
     * RFC 9132 section 4.4.4 lets it continue for a limited period; never
     * beyond the lifetime, after which it would have ended anyway.
     */

    if (m->dampen == 0) {
        m->dampen = policy->terminating > UINT16_MAX
                    ? UINT16_MAX : (uint16_t) policy->terminating;
    }

    end = now + (int64_t) m->dampen * 1000;

    if (end > m->expires) {
        end = m->expires;
    }

    if (dots_mitigation_active(m) && end > now) {
        m->status = DOTS_STATUS_TERMINATING;
        m->terminates = end;

    } else {
        m->status = DOTS_STATUS_TERMINATED;
    }

    return dots_registry_reserve(r, e, m, owner) == DOTS_OK
           ? DOTS_VERDICT_DELETED : DOTS_VERDICT_FULL;
}


int
dots_registry_expire(dots_registry_t *r, const dots_mitigation_key_t *key,
    int64_t now, uint32_t owner, dots_arena_t *a, dots_mitigation_t *m)
{
    int                     rc;
    dots_registry_entry_t  *e;

    e = dots_registry_idle(r, key);

    if (e == NULL || dots_registry_version_end(e->current) > now) {
        return DOTS_DECLINED;
    }

    rc = dots_registry_version_copy(e->current, a, m);
    if (rc != DOTS_OK) {
        return rc;
    }

    if (dots_mitigation_returns(m) && m->expires > now) {
        m->status = DOTS_STATUS_AWAITING_LOSS;
        m->start = 0;
        m->terminates = 0;
        memset(&m->conflict, 0, sizeof(m->conflict));
        m->conflicted = 0;

    } else {
        m->status = DOTS_STATUS_TERMINATED;
    }

    return dots_registry_reserve(r, e, m, owner);
}


/* RFC 9132 section 4.4.1.3: without the active-but-terminating period. */

int
dots_registry_revoke(dots_registry_t *r, const dots_mitigation_key_t *key,
    const char *reason, int64_t keep, int64_t now, uint32_t owner,
    dots_arena_t *a, dots_mitigation_t *m)
{
    int                     rc;
    size_t                  len;
    dots_registry_entry_t  *e;

    e = dots_registry_idle(r, key);

    /* what is to be 8 again soon would come back */

    if (e == NULL
        || (e->current->status == DOTS_STATUS_WITHDRAWN
            && !dots_registry_version_returns(e->current)))
    {
        return DOTS_DECLINED;
    }

    rc = dots_registry_version_copy(e->current, a, m);
    if (rc != DOTS_OK) {
        return rc;
    }

    len = strnlen(reason, DOTS_REASON_MAX - 1);
    memcpy(m->reason, reason, len);
    m->reason[len] = '\0';

    m->status = DOTS_STATUS_WITHDRAWN;
    m->terminates = now + keep;
    memset(&m->conflict, 0, sizeof(m->conflict));
    m->conflicted = 0;

    return dots_registry_reserve(r, e, m, owner);
}


int
dots_registry_report(dots_registry_t *r, const dots_mitigation_key_t *key,
    dots_status_t status)
{
    dots_registry_entry_t  *e;

    e = dots_registry_idle(r, key);

    if (e == NULL
        || (status != DOTS_STATUS_IN_PROGRESS
            && status != DOTS_STATUS_MITIGATED)
        || (e->current->status != DOTS_STATUS_IN_PROGRESS
            && e->current->status != DOTS_STATUS_MITIGATED))
    {
        return DOTS_DECLINED;
    }

    if (e->current->status != status) {
        e->current->status = (uint8_t) status;
        dots_registry_changes_add(r, e);
    }

    return DOTS_OK;
}


static dots_registry_entry_t *
dots_registry_idle(dots_registry_t *r, const dots_mitigation_key_t *key)
{
    dots_registry_entry_t  *e;

    e = dots_registry_index_entry(r, key);

    return e != NULL && e->owner == 0 && e->current != NULL ? e : NULL;
}


static int
dots_registry_reserve(dots_registry_t *r, dots_registry_entry_t *e,
    const dots_mitigation_t *m, uint32_t owner)
{
    return dots_registry_index_reserve(r, e, m->status, owner);
}
