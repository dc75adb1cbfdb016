#include "dots_registry_private.h"


/* FNV-1a: what an observer compares, not what anybody must not forge. */

#define DOTS_REGISTRY_HASH_BASIS 0xcbf29ce484222325ull
#define DOTS_REGISTRY_HASH_PRIME 0x100000001b3ull


uint64_t
dots_registry_hash(dots_str_t s)
{
    size_t    i;
    uint64_t  hash;

    hash = DOTS_REGISTRY_HASH_BASIS;

    for (i = 0; i < s.len; i++) {
        hash ^= s.data[i];
        hash *= DOTS_REGISTRY_HASH_PRIME;
    }

    return hash;
}


/* For those who want to know what it was, and when. */

static void
dots_registry_changes_record(dots_registry_t *r,
    const dots_mitigation_key_t *key, const dots_registry_entry_t *e)
{
    dots_event_t  event;

    memset(&event, 0, sizeof(event));

    event.time = r->now;
    event.kind = DOTS_EVENT_MITIGATION;
    event.customer = key->customer;
    event.cuid = key->cuid;
    event.mid = key->mid;
    event.status = e && e->current ? e->current->status : 0;

    dots_history_add(r->history, &event);
}


void
dots_registry_tell(dots_registry_t *r, const dots_mitigation_key_t *key)
{
    dots_registry_changes_record(r, key, dots_registry_index_entry(r, key));
}


/* A change that can be seen: the next generation, and a line in the ring. */

void
dots_registry_changes_add(dots_registry_t *r, const dots_registry_entry_t *e)
{
    dots_registry_root_t    *root;
    dots_mitigation_key_t    key;
    dots_registry_change_t  *c;

    root = r->root;
    root->generation++;

    key.customer = e->client->customer->name;
    key.cuid = e->client->cuid;
    key.mid = e->mid;

    c = &root->changes[root->head % DOTS_REGISTRY_CHANGES];
    root->head++;

    c->customer = dots_registry_hash(key.customer);
    c->cuid = dots_registry_hash(key.cuid);
    c->mid = key.mid;

    if (r->history != NULL) {
        dots_registry_changes_record(r, &key, e);
    }
}


/* A position beyond the head is of a registry that was filled anew since. */

int
dots_registry_changes(dots_registry_t *r, uint64_t *position,
    dots_registry_change_t *list, size_t max, size_t *n)
{
    dots_registry_root_t  *root;

    *n = 0;
    root = r->root;

    if (*position > root->head
        || root->head - *position > DOTS_REGISTRY_CHANGES)
    {
        *position = root->head;
        return DOTS_DECLINED;
    }

    while (*n < max && *position < root->head) {
        list[(*n)++] = root->changes[*position % DOTS_REGISTRY_CHANGES];
        (*position)++;
    }

    return DOTS_OK;
}


int
dots_registry_mitigating(dots_registry_t *r, dots_str_t customer,
    dots_str_t cuid)
{
    dots_registry_client_t  *c;

    c = dots_registry_index_client(r, customer, cuid);

    return c != NULL && c->active != 0;
}


int
dots_registry_protecting(dots_registry_t *r, dots_str_t customer,
    dots_str_t cuid)
{
    dots_registry_entry_t    *e;
    dots_registry_client_t   *c;
    dots_registry_version_t  *v;

    c = dots_registry_index_client(r, customer, cuid);

    if (c == NULL || c->active != 0) {
        return c != NULL;
    }

    for (e = c->committed ? dots_registry_index_from(r, c, 0) : NULL;
         e != NULL && e->client == c;
         e = dots_registry_index_next(e))
    {
        v = e->current;

        if (v != NULL && (v->status == DOTS_STATUS_AWAITING_LOSS
                          || dots_registry_version_returns(v)))
        {
            return 1;
        }
    }

    return 0;
}
