#include "dots_registry_private.h"


int
dots_registry_get(dots_registry_t *r, const dots_mitigation_key_t *key,
    dots_arena_t *a, dots_mitigation_t *m)
{
    dots_registry_entry_t  *e;

    e = dots_registry_index_entry(r, key);

    if (e == NULL || e->current == NULL) {
        return DOTS_DECLINED;
    }

    return dots_registry_version_copy(e->current, a, m);
}


/* What is there of the entry; where that fails the list is empty. */

static int
dots_registry_read_add(dots_registry_entry_t *e, dots_arena_t *a,
    dots_mitigation_t *list, size_t *n)
{
    int  rc;

    if (e->current == NULL) {
        return DOTS_OK;
    }

    rc = dots_registry_version_copy(e->current, a, &list[*n]);

    *n = (rc == DOTS_OK) ? *n + 1 : 0;

    return rc;
}


int
dots_registry_list(dots_registry_t *r, dots_str_t customer, dots_str_t cuid,
    dots_arena_t *a, dots_mitigation_t **list, size_t *n)
{
    int                      rc;
    dots_registry_entry_t   *e;
    dots_registry_client_t  *c;

    *n = 0;
    *list = NULL;

    c = dots_registry_index_client(r, customer, cuid);

    if (c == NULL || c->committed == 0) {
        return DOTS_OK;
    }

    *list = dots_arena_array(a, c->committed, sizeof(dots_mitigation_t));
    if (*list == NULL) {
        return DOTS_FULL;
    }

    for (e = dots_registry_index_first_of(r, c); *n < c->committed;
         e = dots_registry_index_next(e))
    {
        rc = dots_registry_read_add(e, a, *list, n);
        if (rc != DOTS_OK) {
            return rc;
        }
    }

    return DOTS_OK;
}


int
dots_registry_next(dots_registry_t *r, const dots_mitigation_key_t *after,
    size_t max, dots_arena_t *a, dots_mitigation_t **list, size_t *n)
{
    int                     rc;
    dots_registry_entry_t  *e;

    *n = 0;

    if (max > r->root->count) {
        max = r->root->count;
    }

    *list = dots_arena_array(a, max, sizeof(dots_mitigation_t));
    if (*list == NULL) {
        return DOTS_FULL;
    }

    e = after ? dots_registry_index_after(r, after)
              : dots_registry_index_first(r);

    for ( /* void */ ; e != NULL && *n < max; e = dots_registry_index_next(e)) {
        rc = dots_registry_read_add(e, a, *list, n);
        if (rc != DOTS_OK) {
            return rc;
        }
    }

    return DOTS_OK;
}


int
dots_registry_due(dots_registry_t *r, int64_t now, size_t max,
    dots_arena_t *a, dots_mitigation_key_t **keys, size_t *n)
{
    dots_mitigation_key_t  *key;
    dots_registry_entry_t  *e;

    *n = 0;

    if (max > r->root->count) {
        max = r->root->count;
    }

    *keys = dots_arena_array(a, max, sizeof(dots_mitigation_key_t));
    if (*keys == NULL) {
        return DOTS_FULL;
    }

    for (e = dots_registry_index_earliest(r);
         e != NULL && *n < max && e->current->deadline <= now;
         e = dots_registry_index_later(e))
    {
        key = &(*keys)[*n];
        key->mid = e->mid;

        if (dots_arena_dup(a, &key->customer, e->client->customer->name)
                != DOTS_OK
            || dots_arena_dup(a, &key->cuid, e->client->cuid) != DOTS_OK)
        {
            *n = 0;
            return DOTS_FULL;
        }

        (*n)++;
    }

    return DOTS_OK;
}


int64_t
dots_registry_deadline(dots_registry_t *r)
{
    dots_registry_entry_t  *e;

    e = dots_registry_index_earliest(r);

    return e ? e->current->deadline : DOTS_FOREVER;
}


uint64_t
dots_registry_generation(dots_registry_t *r)
{
    return r->root->generation;
}


size_t
dots_registry_count(dots_registry_t *r)
{
    return r->root->count;
}
