#include "dots_registry_private.h"


#define DOTS_REGISTRY_WALK_ROOM 16


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


/* Of "all" there may be many: there is room for them, or none is copied. */

static int
dots_registry_walk_room(dots_registry_walk_t *walk, size_t all,
    dots_arena_t *a)
{
    size_t              room;
    dots_mitigation_t  *list;

    if (walk->n < walk->room) {
        return DOTS_OK;
    }

    room = walk->room ? walk->room * 2 : DOTS_REGISTRY_WALK_ROOM;

    if (walk->wanted == NULL && room < all) {
        room = all;
    }

    list = dots_arena_array(a, room, sizeof(dots_mitigation_t));
    if (list == NULL) {
        return DOTS_FULL;
    }

    if (walk->n) {
        memcpy(list, walk->list, walk->n * sizeof(dots_mitigation_t));
    }

    walk->list = list;
    walk->room = room;

    return DOTS_OK;
}


/* What is not wanted leaves no trace in the arena. */

static int
dots_registry_walk_add(dots_registry_walk_t *walk, dots_registry_entry_t *e,
    dots_arena_t *a)
{
    int                 rc;
    dots_mitigation_t  *m;
    dots_arena_mark_t   mark;

    if (e->current == NULL) {
        return DOTS_OK;
    }

    rc = dots_registry_walk_room(walk, e->client->committed, a);
    if (rc != DOTS_OK) {
        return rc;
    }

    dots_arena_mark(a, &mark);

    m = &walk->list[walk->n];

    rc = dots_registry_version_copy(e->current, a, m);
    if (rc != DOTS_OK) {
        return rc;
    }

    if (walk->wanted == NULL || walk->wanted(walk->data, m)) {
        walk->n++;

    } else {
        dots_arena_rewind(a, &mark);
    }

    return DOTS_OK;
}


int
dots_registry_list(dots_registry_t *r, dots_registry_walk_t *walk, size_t max,
    dots_arena_t *a)
{
    int                      rc;
    size_t                   i;
    dots_registry_entry_t   *e;
    dots_registry_client_t  *c;

    walk->over = 1;

    c = dots_registry_index_client(r, walk->next.customer, walk->next.cuid);

    if (c == NULL || c->committed == 0) {
        return DOTS_OK;
    }

    e = dots_registry_index_from(r, c, walk->next.mid);

    for (i = 0; e != NULL && e->client == c; i++) {

        if (i == max) {
            walk->next.mid = e->mid;
            walk->over = 0;
            break;
        }

        rc = dots_registry_walk_add(walk, e, a);
        if (rc != DOTS_OK) {
            return rc;
        }

        walk->seen++;
        e = dots_registry_index_next(e);
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
