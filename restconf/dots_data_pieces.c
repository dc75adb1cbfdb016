#include <stdio.h>
#include <stdlib.h>

#include "dots_data_pieces.h"
#include "dots_data_read.h"
#include "dots_data_scope.h"
#include "dots_data_survey.h"
#include "dots_data_text.h"
#include "dots_restconf_route.h"


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

    if (x->rc->place && x->rc->place(x->rc) != DOTS_OK) {
        return dots_restconf_error_status(&x->error, 429,
                                          DOTS_TAG_RESOURCE_DENIED,
                                          "too many large answers of this "
                                          "customer are under way");
    }

    /* what was read goes at once, not when the first turn comes */

    if (dots_restconf_again(x, DOTS_RESTCONF_ARENA) != DOTS_OK) {
        return DOTS_ERROR;
    }

    x->pieces = calloc(1, sizeof(dots_pieces_t));
    if (x->pieces == NULL) {
        return DOTS_ERROR;
    }

    x->error.status = 0;
    x->rc->text = dots_str(NULL, 0);
    x->turn = dots_data_survey;

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

    if (dots_restconf_again(x, DOTS_RESTCONF_ARENA) != DOTS_OK) {
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

int
dots_data_pieces_answer(dots_exchange_t *x)
{
    int            rc;
    dots_entity_t  e;

    x->turn = NULL;
    x->pieces->list = 0;

    if (dots_restconf_again(x, DOTS_RESTCONF_ARENA) != DOTS_OK
        || dots_data_survey_entity(x, &e) != DOTS_OK)
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

    dots_data_survey_item(x->pieces, i, &name, &e);

    if (dots_data_survey_fetch(x, l, name) != DOTS_OK) {
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
