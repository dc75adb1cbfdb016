#include "dots_data_scope.h"


static int
dots_data_scope_below(const dots_data_path_t *path, const char *container)
{
    return path->n >= DOTS_SCOPE_LIST
           && strcmp(path->steps[DOTS_SCOPE_LIST - 1].schema->name, container)
              == 0;
}


int
dots_data_scope_is_acl(const dots_data_path_t *path)
{
    return dots_data_scope_below(path, "acls");
}


int
dots_data_scope_is_alias(const dots_data_path_t *path)
{
    return dots_data_scope_below(path, "aliases");
}


static int
dots_data_scope_same(const dots_data_step_t *a, const dots_data_step_t *b)
{
    size_t  i;

    if (a->schema != b->schema || a->nkeys != b->nkeys) {
        return 0;
    }

    for (i = 0; i < a->nkeys; i++) {
        if (!dots_str_eq(a->keys[i], b->keys[i])) {
            return 0;
        }
    }

    return 1;
}


void
dots_data_scope_meet(dots_data_path_t *scope, const dots_data_path_t *path)
{
    size_t  i;

    for (i = 0; i < scope->n && i < path->n; i++) {
        if (!dots_data_scope_same(&scope->steps[i], &path->steps[i])) {
            break;
        }
    }

    scope->n = i;
}


/* Whole clients where the path is about one, or about its "cuid". */

void
dots_data_scope_fetch(const dots_data_path_t *path, dots_request_t *rq)
{
    rq->cuid = rq->alias = rq->acl = dots_str(NULL, 0);
    rq->operation = DOTS_CLIENT_GET;

    if (path->n < DOTS_SCOPE_CLIENT
        || path->steps[DOTS_SCOPE_CLIENT - 1].nkeys == 0)
    {
        return;
    }

    rq->cuid = path->steps[DOTS_SCOPE_CLIENT - 1].keys[0];

    if (dots_data_scope_is_alias(path)) {
        rq->operation = DOTS_ALIAS_GET;

        if (path->n >= DOTS_SCOPE_ENTRY) {
            rq->alias = path->steps[DOTS_SCOPE_ENTRY - 1].keys[0];
        }

    } else if (dots_data_scope_is_acl(path)) {
        rq->operation = DOTS_ACL_GET;

        if (path->n >= DOTS_SCOPE_ENTRY) {
            rq->acl = path->steps[DOTS_SCOPE_ENTRY - 1].keys[0];
        }
    }
}


const dots_client_t *
dots_data_scope_client(const dots_request_t *rq, const dots_data_path_t *path)
{
    size_t  i;

    for (i = 0; i < rq->nclients; i++) {
        if (dots_str_eq(rq->clients[i].cuid,
                        path->steps[DOTS_SCOPE_CLIENT - 1].keys[0]))
        {
            return &rq->clients[i];
        }
    }

    return NULL;
}


/* ---- entities ---- */

static int
dots_data_scope_start(dots_entity_t *e, const dots_client_t *client,
    int64_t lost)
{
    memset(e, 0, sizeof(dots_entity_t));

    if (dots_entity_touch(e, client->created) != DOTS_OK) {
        return DOTS_ERROR;
    }

    return dots_entity_touch(e, lost);
}


static int
dots_data_scope_aliases(const dots_client_t *client, dots_entity_t *e)
{
    int     rc;
    size_t  i;

    rc = dots_data_scope_start(e, client, client->aliases_lost);

    for (i = 0; i < client->naliases && rc == DOTS_OK; i++) {
        rc = dots_entity_add(e, client->aliases[i].name,
                             &client->aliases[i].entity);
    }

    return rc;
}


static int
dots_data_scope_acls(const dots_client_t *client, dots_entity_t *e)
{
    int     rc;
    size_t  i;

    rc = dots_data_scope_start(e, client, client->acls_lost);

    for (i = 0; i < client->nacls && rc == DOTS_OK; i++) {
        rc = dots_entity_add(e, client->acls[i].name, &client->acls[i].entity);
    }

    return rc;
}


static int
dots_data_scope_whole(const dots_client_t *client, dots_entity_t *e)
{
    dots_entity_t  aliases, acls;

    if (dots_data_scope_start(e, client, 0) != DOTS_OK
        || dots_data_scope_aliases(client, &aliases) != DOTS_OK
        || dots_data_scope_acls(client, &acls) != DOTS_OK
        || dots_entity_add(e, dots_str("aliases", 7), &aliases) != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    return dots_entity_add(e, dots_str("acls", 4), &acls);
}


static int
dots_data_scope_all(const dots_request_t *rq, dots_entity_t *e)
{
    int            rc;
    size_t         i;
    dots_entity_t  part;

    memset(e, 0, sizeof(dots_entity_t));

    rc = dots_entity_touch(e, rq->clients_lost);

    for (i = 0; i < rq->nclients && rc == DOTS_OK; i++) {
        rc = dots_data_scope_whole(&rq->clients[i], &part);

        if (rc == DOTS_OK) {
            rc = dots_entity_add(e, rq->clients[i].cuid, &part);
        }
    }

    return rc;
}


static int
dots_data_scope_alias(const dots_client_t *client, dots_str_t name,
    dots_entity_t *e)
{
    size_t  i;

    for (i = 0; i < client->naliases; i++) {
        if (dots_str_eq(client->aliases[i].name, name)) {
            *e = client->aliases[i].entity;
            return DOTS_OK;
        }
    }

    return DOTS_DECLINED;
}


static int
dots_data_scope_acl(const dots_client_t *client, dots_str_t name,
    dots_entity_t *e)
{
    size_t  i;

    for (i = 0; i < client->nacls; i++) {
        if (dots_str_eq(client->acls[i].name, name)) {
            *e = client->acls[i].entity;
            return DOTS_OK;
        }
    }

    return DOTS_DECLINED;
}


int
dots_data_scope_entity(const dots_request_t *rq, const dots_data_path_t *path,
    dots_entity_t *e)
{
    dots_str_t            name;
    const dots_client_t  *client;

    if (path->n < DOTS_SCOPE_CLIENT) {
        return dots_data_scope_all(rq, e);
    }

    if (!(dots_data_path_schema(path)->flags & LYS_CONFIG_W)) {
        return DOTS_DECLINED;
    }

    client = dots_data_scope_client(rq, path);

    if (client == NULL) {
        return DOTS_DECLINED;
    }

    if (path->n >= DOTS_SCOPE_ENTRY) {
        name = path->steps[DOTS_SCOPE_ENTRY - 1].keys[0];

        return dots_data_scope_is_acl(path)
                   ? dots_data_scope_acl(client, name, e)
                   : dots_data_scope_alias(client, name, e);
    }

    if (dots_data_scope_is_acl(path)) {
        return dots_data_scope_acls(client, e);
    }

    if (dots_data_scope_is_alias(path)) {
        return dots_data_scope_aliases(client, e);
    }

    return dots_data_scope_whole(client, e);
}
