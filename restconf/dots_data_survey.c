#include <stdio.h>
#include <stdlib.h>

#include "dots_data_scope.h"
#include "dots_data_survey.h"


#define DOTS_SURVEY_RECORDS 256              /* read in one turn */
#define DOTS_SURVEY_SUM     2048             /* tags summed in one turn */
#define DOTS_SURVEY_INDEX   (32 * 1024 * 1024)
#define DOTS_SURVEY_KINDS   3
#define DOTS_SURVEY_VENDOR  4200000000u      /* no IANA enterprise number */


static int dots_survey_clients_read(dots_exchange_t *x);
static int dots_survey_entries(dots_exchange_t *x);
static int dots_survey_entries_read(dots_exchange_t *x);
static int dots_survey_sum(dots_exchange_t *x);


/* In the order in which a client has them. */

static const dots_change_kind_t  dots_survey_kinds[DOTS_SURVEY_KINDS] = {
    DOTS_CHANGE_ALIAS, DOTS_CHANGE_ACL, DOTS_CHANGE_VENDOR
};


/* ---- clients ---- */

int
dots_data_survey(dots_exchange_t *x)
{
    if (dots_restconf_again(x, DOTS_RESTCONF_ARENA) != DOTS_OK) {
        return DOTS_ERROR;
    }

    x->rq.operation = DOTS_CLIENT_GET;
    x->rq.cuid = x->cuid;
    x->rq.bare = 1;
    x->resume = dots_survey_clients_read;

    return DOTS_OK;
}


static void
dots_survey_list(dots_exchange_t *x, size_t client, dots_change_kind_t kind)
{
    dots_pieces_t       *p;
    dots_pieces_list_t  *l;

    p = x->pieces;
    l = &p->lists[p->nlists];

    l->client = client;
    l->kind = kind;

    (void) snprintf(l->mark, sizeof(l->mark),
                    kind == DOTS_CHANGE_VENDOR ? "%zu" : "dots-piece-%zu",
                    kind == DOTS_CHANGE_VENDOR ? DOTS_SURVEY_VENDOR + p->nlists
                                               : p->nlists);
    p->nlists++;
}


static int
dots_survey_clients_read(dots_exchange_t *x)
{
    size_t          i, k;
    dots_pieces_t  *p;

    p = x->pieces;

    if (x->rq.verdict != DOTS_VERDICT_FOUND) {
        return dots_restconf_refused(x, x->rq.verdict);
    }

    p->clients_lost = x->rq.clients_lost;
    p->nclients = x->rq.nclients;
    p->clients = dots_arena_array(x->arena, p->nclients + 1,
                                  sizeof(dots_client_t));
    p->lists = dots_arena_array(x->arena, DOTS_SURVEY_KINDS * p->nclients + 1,
                                sizeof(dots_pieces_list_t));

    if (p->clients == NULL || p->lists == NULL) {
        return DOTS_ERROR;
    }

    for (i = 0; i < p->nclients; i++) {
        p->clients[i].created = x->rq.clients[i].created;

        if (dots_arena_dup(x->arena, &p->clients[i].cuid,
                           x->rq.clients[i].cuid)
            != DOTS_OK)
        {
            return DOTS_ERROR;
        }

        for (k = 0; k < DOTS_SURVEY_KINDS; k++) {

            if (x->path.n < DOTS_SCOPE_LIST
                || dots_data_scope_kind(&x->path) == dots_survey_kinds[k])
            {
                dots_survey_list(x, i, dots_survey_kinds[k]);
            }
        }
    }

    x->turn = p->nlists ? dots_survey_entries : dots_survey_sum;

    return DOTS_OK;
}


/* ---- entries ---- */

int
dots_data_survey_fetch(dots_exchange_t *x, const dots_pieces_list_t *l,
    dots_str_t name)
{
    if (dots_restconf_again(x, DOTS_RESTCONF_ARENA) != DOTS_OK) {
        return DOTS_ERROR;
    }

    x->rq.cuid = x->pieces->clients[l->client].cuid;

    switch (l->kind) {

    case DOTS_CHANGE_ACL:
        x->rq.operation = DOTS_ACL_GET;
        x->rq.acl = name;
        break;

    case DOTS_CHANGE_VENDOR:
        x->rq.operation = DOTS_VENDOR_GET;
        x->rq.vendor = name;
        break;

    default: /* DOTS_CHANGE_ALIAS */
        x->rq.operation = DOTS_ALIAS_GET;
        x->rq.alias = name;
    }

    return DOTS_OK;
}


static int
dots_survey_entries(dots_exchange_t *x)
{
    dots_str_t      none = { 0, NULL };
    dots_pieces_t  *p;

    p = x->pieces;

    if (dots_data_survey_fetch(x, &p->lists[p->list], none) != DOTS_OK) {
        return DOTS_ERROR;
    }

    x->rq.most = DOTS_SURVEY_RECORDS;
    x->rq.after = dots_str(p->last, p->nlast);
    x->resume = dots_survey_entries_read;

    return DOTS_OK;
}


static int
dots_survey_grow(void **memory, size_t *max, size_t n, size_t size)
{
    void    *grown;
    size_t   want;

    if (n <= *max) {
        return DOTS_OK;
    }

    want = n > 2 * *max ? n : 2 * *max;

    grown = want * size > DOTS_SURVEY_INDEX ? NULL
                                            : realloc(*memory, want * size);
    if (grown == NULL) {
        return DOTS_ERROR;
    }

    *memory = grown;
    *max = want;

    return DOTS_OK;
}


static int
dots_survey_add(dots_pieces_t *p, dots_str_t name, int64_t rank,
    const dots_entity_t *e)
{
    size_t         n;
    dots_writer_t  w;

    n = 2 + name.len + DOTS_ENTITY_SIZE;

    if (dots_survey_grow((void **) &p->items, &p->maxitems, p->nitems + 1,
                         sizeof(dots_pieces_item_t))
        != DOTS_OK
        || dots_survey_grow((void **) &p->names, &p->size, p->len + n, 1)
           != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    p->items[p->nitems].rank = rank;
    p->items[p->nitems].at = (uint32_t) p->len;

    w = (dots_writer_t) { p->names + p->len, p->names + p->len + n, 0 };

    dots_write_str(&w, name);
    dots_entity_write(&w, e);

    p->len += n;
    p->nitems++;

    return w.failed ? DOTS_ERROR : DOTS_OK;
}


void
dots_data_survey_item(const dots_pieces_t *p, size_t i, dots_str_t *name,
    dots_entity_t *e)
{
    dots_reader_t  r = { p->names + p->items[i].at, p->names + p->len, 0 };

    *name = dots_read_str(&r);
    dots_entity_read(&r, e);
}


static int
dots_survey_found(dots_pieces_t *p, const dots_pieces_list_t *l,
    const dots_client_t *c)
{
    int                  rc;
    size_t               i, n;
    const dots_alias_t  *alias;

    rc = DOTS_OK;

    if (l->kind == DOTS_CHANGE_ACL) {
        for (i = 0; i < c->nacls && rc == DOTS_OK; i++) {
            rc = dots_survey_add(p, c->acls[i].name, c->acls[i].rank,
                                 &c->acls[i].entity);
        }

        return rc;
    }

    alias = l->kind == DOTS_CHANGE_VENDOR ? c->vendors : c->aliases;
    n = l->kind == DOTS_CHANGE_VENDOR ? c->nvendors : c->naliases;

    for (i = 0; i < n && rc == DOTS_OK; i++) {
        rc = dots_survey_add(p, alias[i].name, 0, &alias[i].entity);
    }

    return rc;
}


static int
dots_survey_entries_read(dots_exchange_t *x)
{
    int64_t                 lost;
    dots_pieces_t          *p;
    dots_pieces_list_t     *l;
    const dots_client_t    *c;

    p = x->pieces;
    l = &p->lists[p->list];

    /* a client that went is a change as another */

    if (x->rq.verdict != DOTS_VERDICT_FOUND) {
        return dots_restconf_refused(x, x->rq.verdict
                                            == DOTS_VERDICT_NOT_FOUND
                                        && x->path.n < DOTS_SCOPE_CLIENT
                                            ? DOTS_VERDICT_BUSY
                                            : x->rq.verdict);
    }

    c = x->rq.clients;

    lost = l->kind == DOTS_CHANGE_ACL      ? c->acls_lost
           : l->kind == DOTS_CHANGE_VENDOR ? c->vendors_lost
                                           : c->aliases_lost;
    l->lost = lost > l->lost ? lost : l->lost;

    if (dots_survey_found(p, l, c) != DOTS_OK) {
        return dots_restconf_error_status(&x->error, 400, DOTS_TAG_TOO_BIG,
                                          "the response is too big: ask for "
                                          "a part of it");
    }

    l->n = p->nitems - l->first;
    p->nlast = 0;

    if (x->rq.last.len != 0 && x->rq.last.len < sizeof(p->last)) {
        memcpy(p->last, x->rq.last.data, x->rq.last.len);
        p->nlast = x->rq.last.len;
        return DOTS_OK;
    }

    if (++p->list < p->nlists) {
        p->lists[p->list].first = p->nitems;
        return DOTS_OK;
    }

    p->list = 0;
    x->turn = dots_survey_sum;

    return DOTS_OK;
}


/* ---- what it is known by ---- */

static int
dots_survey_compare(const void *one, const void *two)
{
    const dots_pieces_item_t  *a = one, *b = two;

    if (a->rank != b->rank) {
        return a->rank < b->rank ? -1 : 1;
    }

    /* names of the same rank come as the store has them: by name */

    return (a->at > b->at) - (a->at < b->at);
}


static int
dots_survey_sum_list(dots_exchange_t *x, dots_pieces_list_t *l)
{
    int             rc;
    size_t          n;
    dots_str_t      name;
    dots_entity_t   e;
    dots_pieces_t  *p;

    p = x->pieces;
    rc = DOTS_OK;

    if (p->item == 0) {
        if (l->n && l->kind == DOTS_CHANGE_ACL) {
            qsort(&p->items[l->first], l->n, sizeof(dots_pieces_item_t),
                  dots_survey_compare);
        }

        rc = dots_data_scope_start(&l->entity, &p->clients[l->client],
                                   l->lost);
    }

    for (n = 0;
         rc == DOTS_OK && n < DOTS_SURVEY_SUM && p->item < l->n;
         n++, p->item++)
    {
        dots_data_survey_item(p, l->first + p->item, &name, &e);
        rc = dots_entity_add(&l->entity, name, &e);
    }

    return rc;
}


int
dots_data_survey_entity(dots_exchange_t *x, dots_entity_t *e)
{
    int                  rc;
    size_t               i;
    dots_entity_t        part;
    dots_pieces_t       *p;
    dots_pieces_list_t  *l;

    p = x->pieces;

    if (x->path.n >= DOTS_SCOPE_LIST) {
        *e = p->lists[0].entity;
        return DOTS_OK;
    }

    memset(e, 0, sizeof(dots_entity_t));

    rc = dots_entity_touch(e, p->clients_lost);

    for (i = 0; i < p->nclients && rc == DOTS_OK; i++) {
        l = &p->lists[DOTS_SURVEY_KINDS * i];

        rc = dots_data_scope_lists(&p->clients[i], &l[0].entity, &l[1].entity,
                                   l[2].n || l[2].lost ? &l[2].entity : NULL,
                                   &part);

        if (rc == DOTS_OK && x->path.n >= DOTS_SCOPE_CLIENT) {
            *e = part;
            return DOTS_OK;
        }

        if (rc == DOTS_OK) {
            rc = dots_entity_add(e, p->clients[i].cuid, &part);
        }
    }

    return rc;
}


static int
dots_survey_sum(dots_exchange_t *x)
{
    dots_pieces_t  *p;

    p = x->pieces;

    if (p->list == p->nlists) {
        return dots_data_pieces_answer(x);
    }

    if (dots_survey_sum_list(x, &p->lists[p->list]) != DOTS_OK) {
        return DOTS_ERROR;
    }

    if (p->item == p->lists[p->list].n) {
        p->item = 0;
        p->list++;
    }

    return DOTS_OK;
}
