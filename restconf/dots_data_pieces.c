#include <stdio.h>
#include <stdlib.h>

#include "dots_data_pieces.h"
#include "dots_data_read.h"
#include "dots_data_scope.h"
#include "dots_data_text.h"
#include "dots_restconf_route.h"


#define DOTS_PIECES_RECORDS 256              /* read in one turn */
#define DOTS_PIECES_SUM     2048             /* tags summed in one turn */
#define DOTS_PIECES_INDEX   (32 * 1024 * 1024)
#define DOTS_PIECES_KINDS   3
#define DOTS_PIECES_VENDOR  4200000000u      /* no IANA enterprise number */

/* Of an entry: its name and entity are at "at" of the names. */

typedef struct {
    int64_t   rank;
    uint32_t  at;
} dots_pieces_item_t;

typedef struct {
    size_t              client;
    dots_change_kind_t  kind;
    size_t              first;     /* of its items */
    size_t              n;
    int64_t             lost;
    dots_entity_t       entity;
    char                mark[32];  /* what names its entry in the skeleton */
    unsigned            shown:1;   /* which is there: from "start" to "end" */
    size_t              start;
    size_t              end;
    size_t              before;    /* bytes around an entry that is alone */
    size_t              after;
} dots_pieces_list_t;

struct dots_pieces_s {
    size_t              nclients;
    dots_client_t      *clients;   /* in x->arena */
    int64_t             clients_lost;
    size_t              nlists;
    dots_pieces_list_t *lists;
    dots_pieces_item_t *items;
    size_t              nitems;
    size_t              maxitems;
    uint8_t            *names;
    size_t              len;
    size_t              size;
    size_t              list;      /* where survey, sum and answer are */
    size_t              item;
    char                last[DOTS_ACL_NAME + 1];
    size_t              nlast;
    dots_str_t          text;      /* the skeleton */
    size_t              sent;
};


static int dots_pieces_clients(dots_exchange_t *x);
static int dots_pieces_clients_read(dots_exchange_t *x);
static int dots_pieces_survey(dots_exchange_t *x);
static int dots_pieces_survey_read(dots_exchange_t *x);
static int dots_pieces_sum(dots_exchange_t *x);
static int dots_pieces_answer(dots_exchange_t *x);


/* In the order in which a client has them. */

static const dots_change_kind_t  dots_pieces_kinds[DOTS_PIECES_KINDS] = {
    DOTS_CHANGE_ALIAS, DOTS_CHANGE_ACL, DOTS_CHANGE_VENDOR
};


int
dots_data_pieces_may(const dots_exchange_t *x)
{
    return x->pieces == NULL && x->rc->again != NULL
           && x->path.n < DOTS_SCOPE_ENTRY
           && (x->entries ? x->holder->found : x->resource->found) != NULL;
}


int
dots_data_pieces(dots_exchange_t *x)
{
    /* there is more than one, or it would not be that much */

    if (x->entries && x->rc->xml) {
        return dots_data_text_several(x);
    }

    x->pieces = calloc(1, sizeof(dots_pieces_t));
    if (x->pieces == NULL) {
        return DOTS_ERROR;
    }

    x->error.status = 0;
    x->rc->text = dots_str(NULL, 0);
    x->rq.operation = 0;
    x->turn = dots_pieces_clients;

    return DOTS_OK;
}


void
dots_data_pieces_free(dots_exchange_t *x)
{
    if (x->pieces == NULL) {
        return;
    }

    free(x->pieces->items);
    free(x->pieces->names);
    free((void *) x->pieces->text.data);
    free(x->pieces);
}


/* ---- the survey: clients ---- */

static int
dots_pieces_clients(dots_exchange_t *x)
{
    if (dots_restconf_again(x) != DOTS_OK) {
        return DOTS_ERROR;
    }

    x->rq.operation = DOTS_CLIENT_GET;
    x->rq.cuid = x->cuid;
    x->rq.bare = 1;
    x->resume = dots_pieces_clients_read;

    return DOTS_OK;
}


static void
dots_pieces_list(dots_exchange_t *x, size_t client, dots_change_kind_t kind)
{
    dots_pieces_t       *p;
    dots_pieces_list_t  *l;

    p = x->pieces;
    l = &p->lists[p->nlists];

    l->client = client;
    l->kind = kind;

    (void) snprintf(l->mark, sizeof(l->mark),
                    kind == DOTS_CHANGE_VENDOR ? "%zu" : "dots-piece-%zu",
                    kind == DOTS_CHANGE_VENDOR ? DOTS_PIECES_VENDOR + p->nlists
                                               : p->nlists);
    p->nlists++;
}


static int
dots_pieces_clients_read(dots_exchange_t *x)
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
    p->lists = dots_arena_array(x->arena, DOTS_PIECES_KINDS * p->nclients + 1,
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

        for (k = 0; k < DOTS_PIECES_KINDS; k++) {

            if (x->path.n < DOTS_SCOPE_LIST
                || dots_data_scope_kind(&x->path) == dots_pieces_kinds[k])
            {
                dots_pieces_list(x, i, dots_pieces_kinds[k]);
            }
        }
    }

    x->turn = p->nlists ? dots_pieces_survey : dots_pieces_sum;

    return DOTS_OK;
}


/* ---- the survey: entries ---- */

static int
dots_pieces_fetch(dots_exchange_t *x, const dots_pieces_list_t *l,
    dots_str_t name)
{
    if (dots_restconf_again(x) != DOTS_OK) {
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
dots_pieces_survey(dots_exchange_t *x)
{
    dots_str_t      none = { 0, NULL };
    dots_pieces_t  *p;

    p = x->pieces;

    if (dots_pieces_fetch(x, &p->lists[p->list], none) != DOTS_OK) {
        return DOTS_ERROR;
    }

    x->rq.most = DOTS_PIECES_RECORDS;
    x->rq.after = dots_str(p->last, p->nlast);
    x->resume = dots_pieces_survey_read;

    return DOTS_OK;
}


static int
dots_pieces_grow(void **memory, size_t *max, size_t n, size_t size)
{
    void    *grown;
    size_t   want;

    if (n <= *max) {
        return DOTS_OK;
    }

    want = n > 2 * *max ? n : 2 * *max;

    grown = want * size > DOTS_PIECES_INDEX ? NULL
                                            : realloc(*memory, want * size);
    if (grown == NULL) {
        return DOTS_ERROR;
    }

    *memory = grown;
    *max = want;

    return DOTS_OK;
}


static int
dots_pieces_add(dots_pieces_t *p, dots_str_t name, int64_t rank,
    const dots_entity_t *e)
{
    size_t         n;
    dots_writer_t  w;

    n = 2 + name.len + DOTS_ENTITY_SIZE;

    if (dots_pieces_grow((void **) &p->items, &p->maxitems, p->nitems + 1,
                         sizeof(dots_pieces_item_t))
        != DOTS_OK
        || dots_pieces_grow((void **) &p->names, &p->size, p->len + n, 1)
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


static void
dots_pieces_item(const dots_pieces_t *p, size_t i, dots_str_t *name,
    dots_entity_t *e)
{
    dots_reader_t  r = { p->names + p->items[i].at, p->names + p->len, 0 };

    *name = dots_read_str(&r);
    dots_entity_read(&r, e);
}


static int
dots_pieces_found(dots_pieces_t *p, const dots_pieces_list_t *l,
    const dots_client_t *c)
{
    int                  rc;
    size_t               i, n;
    const dots_alias_t  *alias;

    rc = DOTS_OK;

    if (l->kind == DOTS_CHANGE_ACL) {
        for (i = 0; i < c->nacls && rc == DOTS_OK; i++) {
            rc = dots_pieces_add(p, c->acls[i].name, c->acls[i].rank,
                                 &c->acls[i].entity);
        }

        return rc;
    }

    alias = l->kind == DOTS_CHANGE_VENDOR ? c->vendors : c->aliases;
    n = l->kind == DOTS_CHANGE_VENDOR ? c->nvendors : c->naliases;

    for (i = 0; i < n && rc == DOTS_OK; i++) {
        rc = dots_pieces_add(p, alias[i].name, 0, &alias[i].entity);
    }

    return rc;
}


static int
dots_pieces_survey_read(dots_exchange_t *x)
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

    if (dots_pieces_found(p, l, c) != DOTS_OK) {
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
    x->turn = dots_pieces_sum;

    return DOTS_OK;
}


/* ---- what it is known by ---- */

static int
dots_pieces_compare(const void *one, const void *two)
{
    const dots_pieces_item_t  *a = one, *b = two;

    if (a->rank != b->rank) {
        return a->rank < b->rank ? -1 : 1;
    }

    /* names of the same rank come as the store has them: by name */

    return (a->at > b->at) - (a->at < b->at);
}


static int
dots_pieces_sum_list(dots_exchange_t *x, dots_pieces_list_t *l)
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
                  dots_pieces_compare);
        }

        rc = dots_data_scope_start(&l->entity, &p->clients[l->client],
                                   l->lost);
    }

    for (n = 0;
         rc == DOTS_OK && n < DOTS_PIECES_SUM && p->item < l->n;
         n++, p->item++)
    {
        dots_pieces_item(p, l->first + p->item, &name, &e);
        rc = dots_entity_add(&l->entity, name, &e);
    }

    return rc;
}


static int
dots_pieces_sum_all(dots_exchange_t *x, dots_entity_t *e)
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
        l = &p->lists[DOTS_PIECES_KINDS * i];

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
dots_pieces_sum(dots_exchange_t *x)
{
    dots_pieces_t  *p;

    p = x->pieces;

    if (p->list == p->nlists) {
        return dots_pieces_answer(x);
    }

    if (dots_pieces_sum_list(x, &p->lists[p->list]) != DOTS_OK) {
        return DOTS_ERROR;
    }

    if (p->item == p->lists[p->list].n) {
        p->item = 0;
        p->list++;
    }

    return DOTS_OK;
}


/* ---- the skeleton ---- */

/*
 * The text of these clients as an answer, in the arena of rq.  "alone": without
 * the server's own.
 */

static int
dots_pieces_text(dots_exchange_t *x, dots_client_t *clients, size_t n,
    int alone, dots_str_t *text)
{
    int            rc;
    dots_arena_t  *arena;

    arena = x->arena;

    x->rq.clients = clients;
    x->rq.nclients = n;
    x->rc->text = dots_str(NULL, 0);
    x->arena = x->rc->arena = x->context.arena = x->rq.arena;
    x->alone = (alone != 0);

    rc = dots_data_read_text(x);

    if (rc == DOTS_OK) {
        rc = dots_restconf_encode(x);
    }

    x->alone = 0;
    x->arena = x->rc->arena = x->context.arena = arena;

    *text = x->rc->text;
    x->rc->text = dots_str(NULL, 0);

    return rc;
}


/* One entry of the list, that has its mark as its name and nothing else. */

static int
dots_pieces_mark(dots_exchange_t *x, const dots_pieces_list_t *l,
    dots_client_t *c)
{
    int            n;
    char           json[64];
    dots_str_t     text, name;
    dots_acl_t    *acl;
    dots_alias_t  *alias;

    n = snprintf(json, sizeof(json),
                 l->kind == DOTS_CHANGE_VENDOR ? "{\"vendor-id\":%s}"
                                               : "{\"name\":\"%s\"}", l->mark);
    name = dots_str(l->mark, strlen(l->mark));

    acl = dots_arena_alloc(x->rq.arena, sizeof(dots_acl_t));
    alias = dots_arena_alloc(x->rq.arena, sizeof(dots_alias_t));

    if (acl == NULL || alias == NULL
        || dots_arena_dup(x->rq.arena, &text, dots_str(json, (size_t) n))
           != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    acl->name = alias->name = name;
    acl->text = alias->text = text;

    switch (l->kind) {

    case DOTS_CHANGE_ACL:
        c->acls = acl;
        c->nacls = 1;
        break;

    case DOTS_CHANGE_VENDOR:
        c->vendors = alias;
        c->nvendors = 1;
        break;

    default: /* DOTS_CHANGE_ALIAS */
        c->aliases = alias;
        c->naliases = 1;
    }

    return DOTS_OK;
}


/* Behind the object that begins at "i". */

static size_t
dots_pieces_object(dots_str_t text, size_t i)
{
    int     quoted;
    size_t  depth;

    for (depth = 0, quoted = 0; i < text.len; i++) {

        if (quoted && text.data[i] == '\\') {
            i++;

        } else if (quoted) {
            quoted = text.data[i] != '"';

        } else if (text.data[i] == '"') {
            quoted = 1;

        } else if (text.data[i] == '{') {
            depth++;

        } else if (text.data[i] == '}' && --depth == 0) {
            return i + 1;
        }
    }

    return text.len;
}


/* Of the element <a><name>MARK</name>...</a>, "i" being that of <name>. */

static void
dots_pieces_element(dots_str_t text, size_t i, size_t *start, size_t *end)
{
    int             n;
    char            close[64];
    size_t          len;
    const uint8_t  *p;

    while (i > 0 && text.data[--i] != '<') {
        /* void */
    }

    *start = i++;

    for (len = 0; i + len < text.len; len++) {
        if (text.data[i + len] == '>' || text.data[i + len] == ' ') {
            break;
        }
    }

    n = snprintf(close, sizeof(close), "</%.*s>", (int) len,
                 (const char *) text.data + i);
    p = memmem(text.data + i, text.len - i, close, (size_t) n);

    *end = p ? (size_t) (p - text.data) + (size_t) n : text.len;
}


/* Nonzero if the entry with the list's mark is in it. */

static int
dots_pieces_find(const dots_exchange_t *x, const dots_pieces_list_t *l,
    dots_str_t text, size_t *start, size_t *end)
{
    int             n;
    char            mark[96];
    const char     *key;
    const uint8_t  *p;

    key = l->kind == DOTS_CHANGE_VENDOR ? "vendor-id" : "name";

    n = x->rc->xml
            ? snprintf(mark, sizeof(mark), "<%s>%s</%s>", key, l->mark, key)
            : snprintf(mark, sizeof(mark), l->kind == DOTS_CHANGE_VENDOR
                                               ? "{\"%s\":%s"
                                               : "{\"%s\":\"%s\"", key,
                       l->mark);

    p = text.len ? memmem(text.data, text.len, mark, (size_t) n) : NULL;

    if (p == NULL) {
        return 0;
    }

    *start = (size_t) (p - text.data);

    if (x->rc->xml) {
        dots_pieces_element(text, *start, start, end);

    } else {
        *end = dots_pieces_object(text, *start);
    }

    return 1;
}


static int
dots_pieces_skeleton(dots_exchange_t *x)
{
    int                  rc;
    size_t               i;
    uint8_t             *copy;
    dots_str_t           text;
    dots_client_t       *clients;
    dots_pieces_t       *p;
    dots_pieces_list_t  *l;

    p = x->pieces;
    text = dots_str(NULL, 0);

    clients = dots_arena_array(x->rq.arena, p->nclients + 1,
                               sizeof(dots_client_t));
    rc = clients ? DOTS_OK : DOTS_ERROR;

    for (i = 0; i < p->nclients && rc == DOTS_OK; i++) {
        clients[i] = p->clients[i];
    }

    for (i = 0; i < p->nlists && rc == DOTS_OK; i++) {
        l = &p->lists[i];

        if (l->n != 0) {
            rc = dots_pieces_mark(x, l, &clients[l->client]);
        }
    }

    if (rc == DOTS_OK) {
        rc = dots_pieces_text(x, clients, p->nclients, 0, &text);
    }

    if (rc != DOTS_OK) {
        return rc;
    }

    copy = malloc(text.len + 1);
    if (copy == NULL) {
        return DOTS_ERROR;
    }

    memcpy(copy, text.data, text.len);
    p->text = dots_str(copy, text.len);

    for (i = 0; i < p->nlists; i++) {
        l = &p->lists[i];

        l->shown = l->n != 0
                   && dots_pieces_find(x, l, p->text, &l->start, &l->end);
    }

    return DOTS_OK;
}


/* What stands around an entry of the list, where that is all there is. */

static int
dots_pieces_around(dots_exchange_t *x, dots_pieces_list_t *l)
{
    int            rc;
    size_t         start, end;
    dots_str_t     text;
    dots_client_t  client;

    if (dots_restconf_again(x) != DOTS_OK) {
        return DOTS_ERROR;
    }

    text = dots_str(NULL, 0);
    client = x->pieces->clients[l->client];
    rc = dots_pieces_mark(x, l, &client);

    if (rc == DOTS_OK) {
        rc = dots_pieces_text(x, &client, 1, 1, &text);
    }

    if (rc != DOTS_OK || !dots_pieces_find(x, l, text, &start, &end)) {
        return DOTS_ERROR;
    }

    l->before = start;
    l->after = text.len - end;

    return DOTS_OK;
}


/* ---- the answer ---- */

/* As dots_data_read_found(). */

static int
dots_pieces_answer(dots_exchange_t *x)
{
    int            rc;
    dots_entity_t  e;

    x->turn = NULL;
    x->pieces->list = 0;

    if (dots_restconf_again(x) != DOTS_OK
        || dots_pieces_sum_all(x, &e) != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    x->rq.cuid = x->cuid;
    x->rq.verdict = DOTS_VERDICT_FOUND;
    x->rq.now = x->rc->now;

    /* what is wrong with the parameters is found here */

    rc = dots_pieces_skeleton(x);

    if (rc == DOTS_OK) {
        rc = dots_data_read_condition(x, 1, x->entries
                                                ? &dots_condition_untagged
                                                : &e);
    }

    if (rc != DOTS_OK) {
        return rc;
    }

    if (x->entries == NULL && dots_data_read_known(x, &e) != DOTS_OK) {
        return DOTS_ERROR;
    }

    x->rc->pieces = x->rc->status != 304;

    return DOTS_OK;
}


static const dots_entity_t *
dots_pieces_entity(const dots_pieces_list_t *l, const dots_client_t *c)
{
    return l->kind == DOTS_CHANGE_ACL      ? &c->acls[0].entity
           : l->kind == DOTS_CHANGE_VENDOR ? &c->vendors[0].entity
                                           : &c->aliases[0].entity;
}


static int
dots_pieces_read(dots_exchange_t *x, const dots_pieces_list_t *l, size_t i)
{
    dots_str_t            name;
    dots_entity_t         e;
    const dots_entity_t  *now;

    dots_pieces_item(x->pieces, i, &name, &e);

    if (dots_pieces_fetch(x, l, name) != DOTS_OK) {
        return DOTS_ERROR;
    }

    x->pending = 1;
    x->pulling = 1;
    x->rq.verdict = DOTS_VERDICT_NONE;

    x->rc->submit(x->rc, &x->rq);

    x->pulling = 0;

    if (x->pending || x->rq.verdict != DOTS_VERDICT_FOUND) {
        return DOTS_ERROR;
    }

    x->rq.operation = 0;
    now = dots_pieces_entity(l, x->rq.clients);

    return memcmp(now->tag, e.tag, DOTS_ENTITY_TAG) == 0 ? DOTS_OK
                                                         : DOTS_ERROR;
}


static int
dots_pieces_entry(dots_exchange_t *x, dots_pieces_list_t *l, dots_str_t *text)
{
    dots_pieces_t  *p;

    p = x->pieces;

    if (p->item == 0 && dots_pieces_around(x, l) != DOTS_OK) {
        return DOTS_ERROR;
    }

    if (dots_pieces_read(x, l, l->first + p->item) != DOTS_OK
        || dots_pieces_text(x, x->rq.clients, 1, 1, text) != DOTS_OK
        || text->len < l->before + l->after || l->before == 0)
    {
        return DOTS_ERROR;
    }

    text->data += l->before;
    text->len -= l->before + l->after;

    /* the byte before it is nobody's any more */

    if (!x->rc->xml && p->item != 0) {
        text->data--;
        text->len++;
        *(uint8_t *) (uintptr_t) text->data = ',';
    }

    p->item++;

    return DOTS_OK;
}


int
dots_data_pieces_next(dots_exchange_t *x, dots_str_t *text)
{
    size_t               to;
    dots_pieces_t       *p;
    dots_pieces_list_t  *l;

    p = x->pieces;

    while (p->list < p->nlists) {
        l = &p->lists[p->list];

        if (l->shown && p->sent < l->start) {
            break;
        }

        if (l->shown && p->item < l->n) {
            return dots_pieces_entry(x, l, text);
        }

        p->sent = l->shown ? l->end : p->sent;
        p->item = 0;
        p->list++;
    }

    to = p->list < p->nlists ? p->lists[p->list].start : p->text.len;

    if (to == p->sent) {
        return DOTS_DECLINED;
    }

    *text = dots_str(p->text.data + p->sent, to - p->sent);
    p->sent = to;

    return DOTS_OK;
}
