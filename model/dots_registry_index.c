#include "dots_registry_private.h"


static int dots_registry_index_customer_cmp(const dots_registry_customer_t *a,
    const dots_registry_customer_t *b);
static int dots_registry_index_client_cmp(const dots_registry_client_t *a,
    const dots_registry_client_t *b);
static int dots_registry_index_key_cmp(const dots_registry_entry_t *a,
    const dots_registry_entry_t *b);
static int dots_registry_index_deadline_cmp(const dots_registry_entry_t *a,
    const dots_registry_entry_t *b);
static dots_registry_customer_t *dots_registry_index_make_customer(
    dots_registry_t *r, dots_str_t name);
static void dots_registry_index_drop_customer(dots_registry_t *r,
    dots_registry_customer_t *c);
static void dots_registry_index_count(dots_registry_entry_t *e, int sign);
static dots_registry_owner_t *dots_registry_index_owner(
    dots_registry_root_t *root, uint32_t owner);


DOTS_REGISTRY_TREE(dots_registry_customers, dots_registry_customer_s, node,
    dots_registry_index_customer_cmp)
DOTS_REGISTRY_TREE(dots_registry_clients, dots_registry_client_s, node,
    dots_registry_index_client_cmp)
DOTS_REGISTRY_TREE(dots_registry_keys, dots_registry_entry_s, key,
    dots_registry_index_key_cmp)
DOTS_REGISTRY_TREE(dots_registry_deadlines, dots_registry_entry_s, deadline,
    dots_registry_index_deadline_cmp)


static int
dots_registry_index_customer_cmp(const dots_registry_customer_t *a,
    const dots_registry_customer_t *b)
{
    return a == b ? 0 : dots_str_cmp(a->name, b->name);
}


/* By cuid first: whose it is must be found without knowing whose it is. */

static int
dots_registry_index_client_cmp(const dots_registry_client_t *a,
    const dots_registry_client_t *b)
{
    int  rc;

    rc = dots_str_cmp(a->cuid, b->cuid);

    return rc ? rc : dots_registry_index_customer_cmp(a->customer, b->customer);
}


static int
dots_registry_index_key_cmp(const dots_registry_entry_t *a,
    const dots_registry_entry_t *b)
{
    int  rc;

    if (a->client != b->client) {
        rc = dots_registry_index_customer_cmp(a->client->customer,
                                              b->client->customer);
        if (rc == 0) {
            rc = dots_str_cmp(a->client->cuid, b->client->cuid);
        }

        if (rc) {
            return rc;
        }
    }

    return (a->mid > b->mid) - (a->mid < b->mid);
}


static int
dots_registry_index_deadline_cmp(const dots_registry_entry_t *a,
    const dots_registry_entry_t *b)
{
    if (a->current->deadline != b->current->deadline) {
        return a->current->deadline < b->current->deadline ? -1 : 1;
    }

    return dots_registry_index_key_cmp(a, b);
}


void *
dots_registry_index_alloc(dots_registry_t *r, size_t size)
{
    void  *p;

    p = r->memory.alloc(r->memory.ctx, size);

    return p ? memset(p, 0, size) : NULL;
}


void
dots_registry_index_free(dots_registry_t *r, void *p)
{
    r->memory.free(r->memory.ctx, p);
}


/* ---- customers and clients ---- */

dots_registry_customer_t *
dots_registry_index_customer(dots_registry_t *r, dots_str_t name)
{
    dots_registry_customer_t  key;

    key.name = name;

    return RB_FIND(dots_registry_customers, &r->root->customers, &key);
}


static dots_registry_customer_t *
dots_registry_index_make_customer(dots_registry_t *r, dots_str_t name)
{
    dots_registry_customer_t  *c;

    c = dots_registry_index_customer(r, name);
    if (c != NULL) {
        return c;
    }

    c = dots_registry_index_alloc(r, sizeof(*c) + name.len);
    if (c == NULL) {
        return NULL;
    }

    memcpy(c->data, name.data, name.len);
    c->name = dots_str(c->data, name.len);

    RB_INSERT(dots_registry_customers, &r->root->customers, c);

    return c;
}


dots_registry_client_t *
dots_registry_index_client(dots_registry_t *r, dots_str_t customer,
    dots_str_t cuid)
{
    dots_registry_client_t    key;
    dots_registry_customer_t  owner;

    owner.name = customer;
    key.customer = &owner;
    key.cuid = cuid;

    return RB_FIND(dots_registry_clients, &r->root->clients, &key);
}


dots_registry_client_t *
dots_registry_index_make_client(dots_registry_t *r, dots_str_t customer,
    dots_str_t cuid)
{
    dots_registry_client_t    *c;
    dots_registry_customer_t  *owner;

    c = dots_registry_index_client(r, customer, cuid);
    if (c != NULL) {
        return c;
    }

    owner = dots_registry_index_make_customer(r, customer);
    if (owner == NULL) {
        return NULL;
    }

    owner->clients++;

    c = dots_registry_index_alloc(r, sizeof(*c) + cuid.len);
    if (c == NULL) {
        dots_registry_index_drop_customer(r, owner);
        return NULL;
    }

    memcpy(c->data, cuid.data, cuid.len);
    c->cuid = dots_str(c->data, cuid.len);
    c->customer = owner;

    RB_INSERT(dots_registry_clients, &r->root->clients, c);

    return c;
}


dots_registry_client_t *
dots_registry_index_same_cuid(dots_registry_t *r, dots_str_t cuid,
    dots_registry_client_t *prev)
{
    dots_registry_client_t     key, *c;
    dots_registry_customer_t   first;

    if (prev != NULL) {
        c = RB_NEXT(dots_registry_clients, &r->root->clients, prev);

    } else {
        first.name = dots_str(NULL, 0);
        key.customer = &first;
        key.cuid = cuid;

        c = RB_NFIND(dots_registry_clients, &r->root->clients, &key);
    }

    return c != NULL && dots_str_eq(c->cuid, cuid) ? c : NULL;
}


static void
dots_registry_index_drop_customer(dots_registry_t *r,
    dots_registry_customer_t *c)
{
    c->clients--;

    if (c->clients == 0) {
        RB_REMOVE(dots_registry_customers, &r->root->customers, c);
        dots_registry_index_free(r, c);
    }
}


void
dots_registry_index_drop_client(dots_registry_t *r, dots_registry_client_t *c)
{
    dots_registry_customer_t  *owner;

    if (c->pending || c->stored || c->entries) {
        return;
    }

    owner = c->customer;

    RB_REMOVE(dots_registry_clients, &r->root->clients, c);
    dots_registry_index_free(r, c);

    dots_registry_index_drop_customer(r, owner);
}


/* ---- entries ---- */

dots_registry_entry_t *
dots_registry_index_entry(dots_registry_t *r, const dots_mitigation_key_t *key)
{
    dots_registry_entry_t  e;

    e.mid = key->mid;
    e.client = dots_registry_index_client(r, key->customer, key->cuid);

    if (e.client == NULL) {
        return NULL;
    }

    return RB_FIND(dots_registry_keys, &r->root->keys, &e);
}


dots_registry_entry_t *
dots_registry_index_after(dots_registry_t *r, const dots_mitigation_key_t *key)
{
    dots_registry_entry_t      e, *found;
    dots_registry_client_t     client;
    dots_registry_customer_t   customer;

    customer.name = key->customer;
    client.customer = &customer;
    client.cuid = key->cuid;
    e.client = &client;
    e.mid = key->mid;

    found = RB_NFIND(dots_registry_keys, &r->root->keys, &e);

    if (found != NULL && dots_registry_index_key_cmp(found, &e) == 0) {
        return dots_registry_index_next(found);
    }

    return found;
}


dots_registry_entry_t *
dots_registry_index_first(dots_registry_t *r)
{
    return RB_MIN(dots_registry_keys, &r->root->keys);
}


dots_registry_entry_t *
dots_registry_index_from(dots_registry_t *r, dots_registry_client_t *c,
    uint32_t mid)
{
    dots_registry_entry_t  e;

    e.client = c;
    e.mid = mid;

    return RB_NFIND(dots_registry_keys, &r->root->keys, &e);
}


dots_registry_entry_t *
dots_registry_index_next(dots_registry_entry_t *e)
{
    return RB_NEXT(dots_registry_keys, NULL, e);
}


dots_registry_entry_t *
dots_registry_index_earliest(dots_registry_t *r)
{
    return RB_MIN(dots_registry_deadlines, &r->root->deadlines);
}


dots_registry_entry_t *
dots_registry_index_later(dots_registry_entry_t *e)
{
    return RB_NEXT(dots_registry_deadlines, NULL, e);
}


dots_registry_entry_t *
dots_registry_index_make_entry(dots_registry_t *r, const dots_mitigation_t *m)
{
    dots_registry_entry_t   *e;
    dots_registry_client_t  *c;

    c = dots_registry_index_make_client(r, m->customer, m->cuid);
    if (c == NULL) {
        return NULL;
    }

    e = dots_registry_index_alloc(r, sizeof(*e));
    if (e == NULL) {
        dots_registry_index_drop_client(r, c);
        return NULL;
    }

    e->client = c;
    e->mid = m->mid;
    LIST_INIT(&e->victims);

    c->entries++;
    RB_INSERT(dots_registry_keys, &r->root->keys, e);

    return e;
}


void
dots_registry_index_drop_entry(dots_registry_t *r, dots_registry_entry_t *e)
{
    dots_registry_client_t  *c;

    c = e->client;

    RB_REMOVE(dots_registry_keys, &r->root->keys, e);
    dots_registry_index_free(r, e);

    c->entries--;
    dots_registry_index_drop_client(r, c);
}


/* Called with -1 before anything of the entry changes, with 1 after. */

static void
dots_registry_index_count(dots_registry_entry_t *e, int sign)
{
    int                        before, after;
    dots_registry_customer_t  *c;

    before = e->current != NULL && dots_registry_counts(e->current->status);
    after = e->owner ? dots_registry_counts(e->status) : before;

    c = e->client->customer;
    c->least += sign * (before && after);
    c->most += sign * (before || after);
}


void
dots_registry_index_set_current(dots_registry_t *r, dots_registry_entry_t *e,
    dots_registry_version_t *v)
{
    dots_registry_index_count(e, -1);

    if (e->current != NULL) {
        RB_REMOVE(dots_registry_deadlines, &r->root->deadlines, e);
        e->client->committed--;
        e->client->active -= dots_registry_acts(e->current->status);
        r->root->count--;
    }

    e->current = v;

    if (v != NULL) {
        RB_INSERT(dots_registry_deadlines, &r->root->deadlines, e);
        e->client->committed++;
        e->client->active += dots_registry_acts(v->status);
        r->root->count++;
    }

    dots_registry_index_count(e, 1);
}


/* ---- who is changing what ---- */

static dots_registry_owner_t *
dots_registry_index_owner(dots_registry_root_t *root, uint32_t owner)
{
    size_t                  i;
    dots_registry_owner_t  *o, *unused;

    unused = NULL;

    for (i = 0; i < DOTS_REGISTRY_OWNERS; i++) {
        o = &root->owners[(owner + i) % DOTS_REGISTRY_OWNERS];

        if (o->busy && o->owner == owner) {
            return o;
        }

        if (o->busy == 0 && unused == NULL) {
            unused = o;
        }
    }

    return unused;
}


int
dots_registry_index_reserve(dots_registry_t *r, dots_registry_entry_t *e,
    int status, uint32_t owner)
{
    dots_registry_owner_t  *o;

    o = owner ? dots_registry_index_owner(r->root, owner) : NULL;
    if (o == NULL) {
        return DOTS_FULL;
    }

    o->owner = owner;
    o->busy++;

    dots_registry_index_count(e, -1);
    e->owner = owner;
    e->status = (uint8_t) status;
    dots_registry_index_count(e, 1);

    return DOTS_OK;
}


void
dots_registry_index_release(dots_registry_t *r, dots_registry_entry_t *e)
{
    dots_registry_index_owner(r->root, e->owner)->busy--;

    dots_registry_index_count(e, -1);
    e->owner = 0;
    e->status = 0;
    dots_registry_index_count(e, 1);
}


uint32_t
dots_registry_owner(dots_registry_t *r, size_t *i)
{
    dots_registry_owner_t  *o;

    while (*i < DOTS_REGISTRY_OWNERS) {
        o = &r->root->owners[(*i)++];

        if (o->busy) {
            return o->owner;
        }
    }

    return 0;
}


size_t
dots_registry_pending(dots_registry_t *r, uint32_t owner)
{
    dots_registry_owner_t  *o;

    o = dots_registry_index_owner(r->root, owner);

    return o != NULL && o->owner == owner ? o->busy : 0;
}
