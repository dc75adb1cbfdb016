#include "ngx_dots.h"
#include "ngx_dots_count.h"
#include "ngx_dots_limit.h"
#include "ngx_dots_request.h"
#include "../model/dots_data_record.h"


#define NGX_DOTS_DATA_ENTRIES  100000   /* of one list */
#define NGX_DOTS_DATA_BIG      NGX_BUSY /* more than a request may use */
#define NGX_DOTS_DATA_PART     1048576  /* bytes of records that end a part */


/* One list of a client on its way from the store. */

typedef struct {
    dots_arena_t     *arena;
    int64_t           now;
    unsigned          records:1;    /* keep them as they are, too */
    void             *entries;
    size_t            size;         /* of one */
    size_t            n;
    size_t            max;
    size_t            kept;         /* records, with those that are over */
    int64_t           lost;         /* when the last one was over */
    size_t            most;         /* records; 0: all */
    size_t            bytes;        /* of them */
    dots_str_t        last;         /* name of the last one */
    unsigned          more:1;
    ngx_int_t         rc;
} ngx_dots_data_list_t;

typedef struct {
    dots_arena_t     *arena;
    dots_client_t    *clients;
    size_t            n;
    size_t            max;
    ngx_int_t         rc;
} ngx_dots_data_clients_t;

/* What an operation reads: all of it as it was in one moment. */

typedef struct {
    ngx_dots_request_t   *dr;
    ngx_int_t           (*read)(ngx_dots_request_t *dr);
    ngx_int_t             rc;
} ngx_dots_data_view_t;


static void ngx_dots_data_get(ngx_dots_request_t *dr,
    ngx_int_t (*read)(ngx_dots_request_t *dr));
static void ngx_dots_data_view(void *data);
static ngx_int_t ngx_dots_data_client_read(ngx_dots_request_t *dr);
static ngx_int_t ngx_dots_data_alias_read(ngx_dots_request_t *dr);
static ngx_int_t ngx_dots_data_vendor_read(ngx_dots_request_t *dr);
static ngx_int_t ngx_dots_data_acl_read(ngx_dots_request_t *dr);

static ngx_int_t ngx_dots_data_client(ngx_dots_request_t *dr,
    dots_client_t **client);
static ngx_int_t ngx_dots_data_clients(ngx_dots_request_t *dr,
    ngx_dots_data_clients_t *found);
static int ngx_dots_data_client_found(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value);

static ngx_int_t ngx_dots_data_alias_list(ngx_dots_request_t *dr,
    dots_change_kind_t kind);
static ngx_int_t ngx_dots_data_aliases(ngx_dots_request_t *dr,
    dots_client_t *client, dots_change_kind_t kind);
static dots_store_slice_t ngx_dots_data_alias_key(ngx_dots_request_t *dr,
    dots_str_t cuid, dots_str_t name, dots_change_kind_t kind);
static void ngx_dots_data_alias_put(dots_client_t *client,
    dots_change_kind_t kind, ngx_dots_data_list_t *list);
static int ngx_dots_data_alias_found(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value);

static ngx_int_t ngx_dots_data_acls(ngx_dots_request_t *dr,
    dots_client_t *client);
static int ngx_dots_data_acl_found(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value);
static int ngx_dots_data_acl_cmp(const void *one, const void *two);

static void ngx_dots_data_list(ngx_dots_request_t *dr,
    ngx_dots_data_list_t *list, size_t size);
static ngx_int_t ngx_dots_data_walk(ngx_dots_request_t *dr,
    dots_store_slice_t key, dots_store_slice_t after, dots_store_pt found,
    ngx_dots_data_list_t *list);
static void *ngx_dots_data_room(ngx_dots_data_list_t *list);
static ngx_int_t ngx_dots_data_took(ngx_dots_data_list_t *list,
    int64_t expires, dots_str_t *record, dots_store_slice_t value);
static ngx_int_t ngx_dots_data_lost(ngx_dots_request_t *dr, dots_str_t cuid,
    dots_change_kind_t kind, int64_t *lost);
static int ngx_dots_data_lost_found(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value);
static void ngx_dots_data_answer(ngx_dots_request_t *dr, ngx_int_t rc);


/* ---- operations ---- */

void
ngx_dots_data_client_get(ngx_dots_request_t *dr)
{
    ngx_dots_data_get(dr, ngx_dots_data_client_read);
}


void
ngx_dots_data_alias_get(ngx_dots_request_t *dr)
{
    ngx_dots_data_get(dr, ngx_dots_data_alias_read);
}


void
ngx_dots_data_vendor_get(ngx_dots_request_t *dr)
{
    ngx_dots_data_get(dr, ngx_dots_data_vendor_read);
}


void
ngx_dots_data_acl_get(ngx_dots_request_t *dr)
{
    ngx_dots_data_get(dr, ngx_dots_data_acl_read);
}


static void
ngx_dots_data_get(ngx_dots_request_t *dr,
    ngx_int_t (*read)(ngx_dots_request_t *dr))
{
    ngx_dots_data_view_t  view;

    view.dr = dr;
    view.read = read;
    view.rc = NGX_ERROR;

    (void) ngx_dots_state_snapshot(ngx_dots_data_view, &view);

    ngx_dots_data_answer(dr, view.rc);
}


static void
ngx_dots_data_view(void *data)
{
    ngx_dots_data_view_t *view = data;

    view->rc = view->read(view->dr);
}


static ngx_int_t
ngx_dots_data_client_read(ngx_dots_request_t *dr)
{
    size_t                    i;
    ngx_int_t                 rc;
    dots_request_t           *rq;
    ngx_dots_data_clients_t   found;

    rq = dr->rq;

    rc = ngx_dots_data_clients(dr, &found);

    for (i = 0; i < found.n && rc == NGX_OK && !rq->bare; i++) {
        rc = ngx_dots_data_aliases(dr, &found.clients[i], DOTS_CHANGE_ALIAS);

        if (rc == NGX_OK) {
            rc = ngx_dots_data_acls(dr, &found.clients[i]);
        }

        if (rc == NGX_OK) {
            rc = ngx_dots_data_aliases(dr, &found.clients[i],
                                       DOTS_CHANGE_VENDOR);
        }
    }

    if (rc == NGX_OK && rq->cuid.len == 0) {
        rc = ngx_dots_data_lost(dr, rq->cuid, DOTS_CHANGE_CLIENT,
                                &rq->clients_lost);
    }

    if (rc == NGX_OK) {
        rq->nclients = found.n;
        rq->clients = found.clients;
    }

    return rc;
}


static ngx_int_t
ngx_dots_data_alias_read(ngx_dots_request_t *dr)
{
    return ngx_dots_data_alias_list(dr, DOTS_CHANGE_ALIAS);
}


static ngx_int_t
ngx_dots_data_vendor_read(ngx_dots_request_t *dr)
{
    return ngx_dots_data_alias_list(dr, DOTS_CHANGE_VENDOR);
}


static ngx_int_t
ngx_dots_data_alias_list(ngx_dots_request_t *dr, dots_change_kind_t kind)
{
    ngx_int_t              rc;
    dots_str_t             name;
    dots_client_t         *client;
    dots_request_t        *rq;
    dots_store_slice_t     key;
    ngx_dots_data_list_t   list;

    rq = dr->rq;
    name = (kind == DOTS_CHANGE_VENDOR) ? rq->vendor : rq->alias;

    rc = ngx_dots_data_client(dr, &client);

    if (rc != NGX_OK) {
        return rc;
    }

    if (name.len == 0) {
        return ngx_dots_data_aliases(dr, client, kind);
    }

    ngx_dots_data_list(dr, &list, sizeof(dots_alias_t));

    key = ngx_dots_data_alias_key(dr, rq->cuid, name, kind);

    rc = key.data ? ngx_dots_state_get(key, ngx_dots_data_alias_found, &list)
                  : NGX_ERROR;

    if (rc == NGX_OK) {
        rc = list.rc;
    }

    ngx_dots_data_alias_put(client, kind, &list);

    return rc == NGX_OK && list.n == 0 ? NGX_DECLINED : rc;
}


static ngx_int_t
ngx_dots_data_acl_read(ngx_dots_request_t *dr)
{
    ngx_int_t              rc;
    dots_client_t         *client;
    dots_request_t        *rq;
    dots_store_slice_t     key;
    ngx_dots_data_list_t   list;

    rq = dr->rq;

    rc = ngx_dots_data_client(dr, &client);

    if (rc != NGX_OK) {
        return rc;
    }

    if (rq->acl.len == 0) {
        return ngx_dots_data_acls(dr, client);
    }

    ngx_dots_data_list(dr, &list, sizeof(dots_acl_t));

    key = ngx_dots_state_acl(rq->arena, rq->customer->name, rq->cuid, rq->acl);

    rc = key.data ? ngx_dots_state_get(key, ngx_dots_data_acl_found, &list)
                  : NGX_ERROR;

    if (rc == NGX_OK) {
        rc = list.rc;
    }

    client->acls = list.entries;
    client->nacls = list.n;

    return rc == NGX_OK && list.n == 0 ? NGX_DECLINED : rc;
}


static void
ngx_dots_data_answer(ngx_dots_request_t *dr, ngx_int_t rc)
{
    /* what is read to be changed has no state */

    if (rc == NGX_OK && !dr->rq->records) {
        ngx_dots_count_matched(dr->rq->customer->name, dr->rq->clients,
                               dr->rq->nclients, dr->rq->arena);
    }

    /* wherever it was that the memory did not suffice: all or nothing */

    if (dots_arena_spent(dr->rq->arena)) {
        rc = NGX_DOTS_DATA_BIG;
    }

    switch (rc) {

    case NGX_OK:
        ngx_dots_request_done(dr, DOTS_VERDICT_FOUND);
        return;

    case NGX_DECLINED:
        ngx_dots_request_done(dr, DOTS_VERDICT_NOT_FOUND);
        return;

    case NGX_DOTS_DATA_BIG:

        ngx_dots_request_too_big(dr);
        return;

    default:
        ngx_dots_request_unavailable(dr, "the store can't be read");
    }
}


/* ---- dots-clients ---- */

/* The one of the request, without what it has: becomes rq->clients. */

static ngx_int_t
ngx_dots_data_client(ngx_dots_request_t *dr, dots_client_t **client)
{
    ngx_int_t                 rc;
    ngx_dots_data_clients_t   found;

    rc = ngx_dots_data_clients(dr, &found);

    if (rc == NGX_OK) {
        *client = found.clients;
        dr->rq->clients = found.clients;
        dr->rq->nclients = 1;
    }

    return rc;
}


static ngx_int_t
ngx_dots_data_clients(ngx_dots_request_t *dr, ngx_dots_data_clients_t *found)
{
    ngx_int_t            rc;
    dots_request_t      *rq;
    dots_store_slice_t   key;

    rq = dr->rq;

    ngx_memzero(found, sizeof(ngx_dots_data_clients_t));

    found->arena = rq->arena;
    found->max = rq->cuid.len ? 1 : NGX_DOTS_LIMIT_CLIENTS;
    found->clients = dots_arena_array(rq->arena, found->max,
                                      sizeof(dots_client_t));

    key = ngx_dots_state_client(rq->arena, rq->customer->name, rq->cuid);

    if (found->clients == NULL || key.data == NULL) {
        return NGX_ERROR;
    }

    if (rq->cuid.len) {
        rc = ngx_dots_state_get(key, ngx_dots_data_client_found, found);

    } else {
        rc = ngx_dots_state_walk(key.data, key.len, ngx_dots_data_client_found,
                                 found);
    }

    return rc == NGX_OK ? found->rc : rc;
}


static int
ngx_dots_data_client_found(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value)
{
    ngx_dots_data_clients_t *found = ctx;

    dots_str_t      customer, cuid;
    dots_client_t  *client;

    found->rc = NGX_ERROR;

    if (found->n == found->max) {
        return 1;
    }

    client = &found->clients[found->n];

    if (ngx_dots_state_client_key(key, &customer, &cuid) != NGX_OK
        || dots_data_record_decode(&client->created, value.data, value.len)
           != DOTS_OK
        || dots_arena_dup(found->arena, &client->cuid, cuid) != DOTS_OK
        || dots_arena_dup(found->arena, &client->record,
                          dots_str(value.data, value.len))
           != DOTS_OK)
    {
        return 1;
    }

    found->n++;
    found->rc = NGX_OK;

    return 0;
}


/* ---- aliases, and vendors, which are kept as they are ---- */

static ngx_int_t
ngx_dots_data_aliases(ngx_dots_request_t *dr, dots_client_t *client,
    dots_change_kind_t kind)
{
    int64_t                lost;
    ngx_int_t              rc;
    dots_str_t             none = { 0, NULL };
    dots_store_slice_t     key, after;
    ngx_dots_data_list_t   list;

    ngx_dots_data_list(dr, &list, sizeof(dots_alias_t));

    key = ngx_dots_data_alias_key(dr, client->cuid, none, kind);
    after = ngx_dots_data_alias_key(dr, client->cuid, dr->rq->after, kind);

    rc = ngx_dots_data_walk(dr, key, after, ngx_dots_data_alias_found, &list);

    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_dots_data_lost(dr, client->cuid, kind, &lost) != NGX_OK) {
        return NGX_ERROR;
    }

    list.lost = ngx_max(lost, list.lost);

    ngx_dots_data_alias_put(client, kind, &list);

    return NGX_OK;
}


static dots_store_slice_t
ngx_dots_data_alias_key(ngx_dots_request_t *dr, dots_str_t cuid,
    dots_str_t name, dots_change_kind_t kind)
{
    dots_arena_t  *a;
    dots_str_t     customer;

    a = dr->rq->arena;
    customer = dr->rq->customer->name;

    return kind == DOTS_CHANGE_VENDOR
           ? ngx_dots_state_vendor(a, customer, cuid, name)
           : ngx_dots_state_alias(a, customer, cuid, name);
}


static void
ngx_dots_data_alias_put(dots_client_t *client, dots_change_kind_t kind,
    ngx_dots_data_list_t *list)
{
    if (kind == DOTS_CHANGE_VENDOR) {
        client->vendors = list->entries;
        client->nvendors = list->n;
        client->vendors_kept = list->kept;
        client->vendors_lost = list->lost;
        return;
    }

    client->aliases = list->entries;
    client->naliases = list->n;
    client->aliases_kept = list->kept;
    client->aliases_lost = list->lost;
}


static int
ngx_dots_data_alias_found(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value)
{
    ngx_dots_data_list_t *list = ctx;

    int            rc;
    dots_alias_t  *alias;

    alias = ngx_dots_data_room(list);

    rc = alias ? dots_alias_decode(alias, value.data, value.len, list->arena)
               : DOTS_ERROR;

    if (rc != DOTS_OK) {
        list->rc = rc == DOTS_ERROR ? NGX_DOTS_DATA_BIG : NGX_ERROR;
        return 1;
    }

    list->last = alias->name;

    return ngx_dots_data_took(list, alias->expires, &alias->record, value)
           != NGX_OK;
}


ngx_int_t
ngx_dots_data_alias(dots_arena_t *a, dots_str_t customer, dots_str_t cuid,
    dots_str_t name, dots_alias_t *alias)
{
    ngx_int_t              rc;
    dots_store_slice_t     key;
    ngx_dots_data_list_t   list;

    ngx_memzero(&list, sizeof(ngx_dots_data_list_t));

    list.arena = a;
    list.now = ngx_dots_now();
    list.entries = alias;
    list.size = sizeof(dots_alias_t);
    list.max = 1;

    key = ngx_dots_state_alias(a, customer, cuid, name);

    if (key.data == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_dots_state_get(key, ngx_dots_data_alias_found, &list);

    if (rc != NGX_OK) {
        return rc;
    }

    if (list.rc != NGX_OK) {
        return NGX_ERROR;
    }

    return list.n ? NGX_OK : NGX_DECLINED;
}


/* ---- ACLs ---- */

static ngx_int_t
ngx_dots_data_acls(ngx_dots_request_t *dr, dots_client_t *client)
{
    ngx_int_t              rc;
    dots_str_t             none = { 0, NULL };
    dots_store_slice_t     key, after;
    ngx_dots_data_list_t   list;

    ngx_dots_data_list(dr, &list, sizeof(dots_acl_t));

    key = ngx_dots_state_acl(list.arena, dr->rq->customer->name, client->cuid,
                             none);
    after = ngx_dots_state_acl(list.arena, dr->rq->customer->name,
                               client->cuid, dr->rq->after);

    rc = ngx_dots_data_walk(dr, key, after, ngx_dots_data_acl_found, &list);

    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_dots_data_lost(dr, client->cuid, DOTS_CHANGE_ACL,
                           &client->acls_lost)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (list.n) {
        ngx_qsort(list.entries, list.n, sizeof(dots_acl_t),
                  ngx_dots_data_acl_cmp);
    }

    client->acls = list.entries;
    client->nacls = list.n;
    client->acls_kept = list.kept;
    client->acls_lost = ngx_max(client->acls_lost, list.lost);

    return NGX_OK;
}


static int
ngx_dots_data_acl_found(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value)
{
    ngx_dots_data_list_t *list = ctx;

    int          rc;
    dots_acl_t  *acl;

    acl = ngx_dots_data_room(list);

    rc = acl ? dots_acl_decode(acl, value.data, value.len, list->arena)
             : DOTS_ERROR;

    if (rc != DOTS_OK) {
        list->rc = rc == DOTS_ERROR ? NGX_DOTS_DATA_BIG : NGX_ERROR;
        return 1;
    }

    list->last = acl->name;

    return ngx_dots_data_took(list, acl->expires, &acl->record, value)
           != NGX_OK;
}


/* By rank, and by name where two of the same millisecond share one. */

static int
ngx_dots_data_acl_cmp(const void *one, const void *two)
{
    const dots_acl_t  *a, *b;

    a = one;
    b = two;

    if (a->rank != b->rank) {
        return a->rank < b->rank ? -1 : 1;
    }

    return dots_str_cmp(a->name, b->name);
}


/* ---- lists ---- */

static void
ngx_dots_data_list(ngx_dots_request_t *dr, ngx_dots_data_list_t *list,
    size_t size)
{
    ngx_memzero(list, sizeof(ngx_dots_data_list_t));

    list->arena = dr->rq->arena;
    list->now = dr->rq->now;
    list->records = dr->rq->records;
    list->size = size;
    list->most = dr->rq->most;
}


static ngx_int_t
ngx_dots_data_walk(ngx_dots_request_t *dr, dots_store_slice_t key,
    dots_store_slice_t after, dots_store_pt found, ngx_dots_data_list_t *list)
{
    if (key.data == NULL || after.data == NULL) {
        return NGX_ERROR;
    }

    if (dr->rq->after.len == 0) {
        after.len = 0;
    }

    if (ngx_dots_state_walk_after(key, after, found, list) != NGX_OK) {
        return NGX_ERROR;
    }

    if (list->more) {
        dr->rq->last = list->last;
    }

    return list->rc;
}


/* For one more at the end, or NULL. */

static void *
ngx_dots_data_room(ngx_dots_data_list_t *list)
{
    void    *grown;
    size_t   max;

    if (list->n == list->max) {

        max = list->max ? list->max * 2 : 8;

        grown = (max > NGX_DOTS_DATA_ENTRIES)
                ? NULL : dots_arena_array(list->arena, max, list->size);

        if (grown == NULL) {
            return NULL;
        }

        if (list->n) {
            ngx_memcpy(grown, list->entries, list->n * list->size);
        }

        list->entries = grown;
        list->max = max;
    }

    return (u_char *) list->entries + list->n * list->size;
}


/* The manager sweeps now and then; nobody sees what is over already. */

static ngx_int_t
ngx_dots_data_took(ngx_dots_data_list_t *list, int64_t expires,
    dots_str_t *record, dots_store_slice_t value)
{
    list->kept++;
    list->bytes += value.len;
    list->more = list->most && (list->kept == list->most
                                || list->bytes >= NGX_DOTS_DATA_PART);

    if (expires <= list->now) {
        list->lost = ngx_max(list->lost, expires);
        return list->more ? NGX_DONE : NGX_OK;
    }

    if (list->records
        && dots_arena_dup(list->arena, record, dots_str(value.data, value.len))
           != DOTS_OK)
    {
        list->rc = NGX_DOTS_DATA_BIG;
        return NGX_ERROR;
    }

    list->n++;

    return list->more ? NGX_DONE : NGX_OK;
}


static ngx_int_t
ngx_dots_data_lost(ngx_dots_request_t *dr, dots_str_t cuid,
    dots_change_kind_t kind, int64_t *lost)
{
    ngx_int_t           rc;
    dots_store_slice_t  key;

    key = ngx_dots_state_lost(dr->rq->arena, dr->rq->customer->name, cuid,
                              kind);
    if (key.data == NULL) {
        return NGX_ERROR;
    }

    *lost = 0;

    rc = ngx_dots_state_get(key, ngx_dots_data_lost_found, lost);

    return rc == NGX_DECLINED ? NGX_OK : rc;
}


static int
ngx_dots_data_lost_found(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value)
{
    (void) dots_data_record_decode(ctx, value.data, value.len);

    return 0;
}
