#include <stdlib.h>

#include "dots_data_after.h"
#include "dots_data_scope.h"


static dots_client_t *
dots_data_after_client(dots_request_t *rq, dots_str_t cuid)
{
    size_t  i;

    for (i = rq->nclients; i > 0; i--) {
        if (dots_str_eq(rq->clients[i - 1].cuid, cuid)) {
            return &rq->clients[i - 1];
        }
    }

    return NULL;
}


/* ---- the change of a client ---- */

/* One that is there: as it was read, without its lists, or new. */

static int
dots_data_after_add(const dots_exchange_t *x, const dots_change_t *c,
    dots_request_t *rq)
{
    size_t                i, n;
    dots_client_t        *client;
    const dots_client_t  *old;

    client = &rq->clients[rq->nclients++];
    client->cuid = c->cuid;
    client->created = x->rq.wall;

    for (i = 0; i < x->rq.nclients; i++) {
        old = &x->rq.clients[i];

        if (dots_str_eq(old->cuid, c->cuid)) {
            client->created = old->created;
            client->aliases_lost = old->aliases_lost;
            client->acls_lost = old->acls_lost;
            client->vendors_lost = old->vendors_lost;
        }
    }

    /* its entries are among the changes */

    n = x->rq.nchanges;

    client->aliases = dots_arena_array(x->arena, n, sizeof(dots_alias_t));
    client->acls = dots_arena_array(x->arena, n, sizeof(dots_acl_t));
    client->vendors = dots_arena_array(x->arena, n, sizeof(dots_alias_t));

    return client->aliases && client->acls && client->vendors ? DOTS_OK
                                                              : DOTS_ERROR;
}


/* ---- the change of an entry ---- */

static void
dots_data_after_keep(dots_client_t *client, const dots_change_t *c)
{
    switch (c->kind) {

    case DOTS_CHANGE_ACL:
        client->acls[client->nacls++] = *c->acl;
        break;

    case DOTS_CHANGE_VENDOR:
        client->vendors[client->nvendors++] = *c->alias;
        break;

    default: /* DOTS_CHANGE_ALIAS */
        client->aliases[client->naliases++] = *c->alias;
    }
}


/* Something left the list, or has another place there. */

static void
dots_data_after_touch(dots_client_t *client, dots_change_kind_t kind,
    int64_t wall)
{
    int64_t  *lost;

    lost = kind == DOTS_CHANGE_ACL      ? &client->acls_lost
           : kind == DOTS_CHANGE_VENDOR ? &client->vendors_lost
                                        : &client->aliases_lost;

    *lost = wall > *lost ? wall : *lost;
}


static void
dots_data_after_entry(const dots_exchange_t *x, const dots_change_t *c,
    dots_request_t *rq)
{
    dots_client_t  *client;

    client = dots_data_after_client(rq, c->cuid);

    if (client == NULL) {
        return;
    }

    if (c->action == DOTS_CHANGE_REMOVE || c->moved) {
        dots_data_after_touch(client, c->kind, x->rq.wall);
    }

    if (c->action != DOTS_CHANGE_REMOVE) {
        dots_data_after_keep(client, c);
    }
}


/* ---- the order in which they are read ---- */

static int
dots_data_after_compare(dots_str_t a, dots_str_t b)
{
    int     rc;
    size_t  n;

    n = a.len < b.len ? a.len : b.len;
    rc = n ? memcmp(a.data, b.data, n) : 0;

    return rc != 0 ? rc : (a.len > b.len) - (a.len < b.len);
}


static int
dots_data_after_compare_alias(const void *one, const void *two)
{
    const dots_alias_t  *a = one, *b = two;

    return dots_data_after_compare(a->name, b->name);
}


static int
dots_data_after_compare_acl(const void *one, const void *two)
{
    const dots_acl_t  *a = one, *b = two;

    return (a->rank > b->rank) - (a->rank < b->rank);
}


static int
dots_data_after_compare_client(const void *one, const void *two)
{
    const dots_client_t  *a = one, *b = two;

    return dots_data_after_compare(a->cuid, b->cuid);
}


static void
dots_data_after_sort(dots_request_t *rq)
{
    size_t          i;
    dots_client_t  *client;

    qsort(rq->clients, rq->nclients, sizeof(dots_client_t),
          dots_data_after_compare_client);

    for (i = 0; i < rq->nclients; i++) {
        client = &rq->clients[i];

        qsort(client->aliases, client->naliases, sizeof(dots_alias_t),
              dots_data_after_compare_alias);
        qsort(client->acls, client->nacls, sizeof(dots_acl_t),
              dots_data_after_compare_acl);
        qsort(client->vendors, client->nvendors, sizeof(dots_alias_t),
              dots_data_after_compare_alias);
    }
}


/* ---- all of it ---- */

static int
dots_data_after_changes(dots_exchange_t *x, dots_request_t *rq)
{
    int                   rc;
    size_t                i;
    const dots_change_t  *c;

    rq->clients_lost = x->rq.clients_lost;
    rq->clients = dots_arena_array(x->arena, x->rq.nchanges + 1,
                                   sizeof(dots_client_t));
    rc = rq->clients ? DOTS_OK : DOTS_ERROR;

    for (i = 0; i < x->rq.nchanges && rc == DOTS_OK; i++) {
        c = &x->rq.changes[i];

        if (c->action == DOTS_CHANGE_COUNT) {
            continue;
        }

        if (c->kind != DOTS_CHANGE_CLIENT) {
            dots_data_after_entry(x, c, rq);

        } else if (c->action != DOTS_CHANGE_REMOVE) {
            rc = dots_data_after_add(x, c, rq);

        } else if (x->rq.wall > rq->clients_lost) {
            rq->clients_lost = x->rq.wall;
        }
    }

    return rc;
}


int
dots_data_after(dots_exchange_t *x, const dots_data_path_t *path,
    dots_entity_t *e)
{
    dots_request_t  rq;

    if (x->scope.n > path->n || x->nedits == 0) {
        return DOTS_DECLINED;
    }

    if (x->rq.verdict == DOTS_VERDICT_FOUND
        || x->rq.verdict == DOTS_VERDICT_NOT_FOUND)
    {
        return dots_data_scope_entity(&x->rq, path, e);
    }

    memset(&rq, 0, sizeof(rq));

    if (dots_data_after_changes(x, &rq) != DOTS_OK) {
        return DOTS_ERROR;
    }

    dots_data_after_sort(&rq);

    return dots_data_scope_entity(&rq, path, e);
}
