/*
 * A host for the data channel that keeps dots-clients and aliases in memory,
 * as the module does in its store: for the unit tests and the fuzzer.
 */

#ifndef RESTCONF_HOST_H
#define RESTCONF_HOST_H

#include <stdlib.h>

#include "dots_restconf.h"

#define HOST_CLIENTS 8
#define HOST_ALIASES 64

typedef struct {
    char    name[DOTS_ALIAS_NAME + 1];
    char   *text;
    int64_t expires;
} host_alias_t;

typedef struct {
    const dots_customer_t *customer;   /* NULL: a free place */
    char                   cuid[DOTS_CUID_MAX + 1];
    host_alias_t           aliases[HOST_ALIASES];
    size_t                 n;
} host_client_t;

typedef struct {
    host_client_t    clients[HOST_CLIENTS];
    dots_verdict_t   verdict;     /* answered instead, if not NONE */
    const char      *fault;       /* with it */
    int              defer;       /* keep the request for host_resume() */
    dots_request_t  *deferred;
    int              submitted;
} host_t;


static inline int
host_is(const char *stored, dots_str_t s)
{
    return dots_str_eq(dots_str(stored, strlen(stored)), s);
}


static inline host_client_t *
host_client(host_t *h, dots_str_t cuid)
{
    size_t  i;

    for (i = 0; i < HOST_CLIENTS; i++) {
        if (h->clients[i].customer && host_is(h->clients[i].cuid, cuid)) {
            return &h->clients[i];
        }
    }

    return NULL;
}


static inline host_alias_t *
host_alias(host_client_t *c, dots_str_t name)
{
    size_t  i;

    for (i = 0; i < c->n; i++) {
        if (host_is(c->aliases[i].name, name)) {
            return &c->aliases[i];
        }
    }

    return NULL;
}


static inline void
host_drop(host_client_t *c, host_alias_t *alias)
{
    free(alias->text);
    *alias = c->aliases[--c->n];
}


static inline void
host_clear(host_client_t *c)
{
    while (c->n) {
        host_drop(c, &c->aliases[0]);
    }
}


static inline dots_verdict_t
host_store(host_client_t *c, dots_request_t *rq)
{
    int            created;
    size_t         i;
    host_alias_t  *a;

    created = 0;

    for (i = 0; rq->create_only && i < rq->naliases; i++) {
        if (host_alias(c, rq->aliases[i].name)) {
            return DOTS_VERDICT_EXISTS;
        }
    }

    if (rq->replace_all) {
        host_clear(c);
    }

    if (c->n + rq->naliases > HOST_ALIASES) {
        return DOTS_VERDICT_FULL;
    }

    for (i = 0; i < rq->naliases; i++) {
        a = host_alias(c, rq->aliases[i].name);

        if (a == NULL) {
            created = 1;
            a = &c->aliases[c->n++];
            memcpy(a->name, rq->aliases[i].name.data, rq->aliases[i].name.len);
            a->name[rq->aliases[i].name.len] = '\0';

        } else {
            free(a->text);
        }

        a->text = strndup((const char *) rq->aliases[i].text.data,
                          rq->aliases[i].text.len);
        a->expires = rq->aliases[i].expires;
    }

    return created ? DOTS_VERDICT_CREATED : DOTS_VERDICT_CHANGED;
}


static inline dots_verdict_t
host_client_put(host_t *h, dots_request_t *rq)
{
    size_t          i;
    host_client_t  *c;

    c = host_client(h, rq->cuid);

    if (c != NULL) {
        if (c->customer != rq->customer) {
            return DOTS_VERDICT_COLLISION;
        }

        if (rq->create_only) {
            return DOTS_VERDICT_EXISTS;
        }

        (void) host_store(c, rq);
        return DOTS_VERDICT_CHANGED;
    }

    for (i = 0; i < HOST_CLIENTS; i++) {
        c = &h->clients[i];

        if (c->customer == NULL) {
            c->customer = rq->customer;
            memcpy(c->cuid, rq->cuid.data, rq->cuid.len);
            c->cuid[rq->cuid.len] = '\0';
            (void) host_store(c, rq);
            return DOTS_VERDICT_CREATED;
        }
    }

    return DOTS_VERDICT_FULL;
}


static inline void
host_copy(dots_request_t *rq, const host_client_t *c, dots_client_t *dst)
{
    size_t               i;
    dots_alias_t        *to;
    const host_alias_t  *from;

    (void) dots_arena_dup(rq->arena, &dst->cuid,
                          dots_str(c->cuid, strlen(c->cuid)));
    dst->aliases = dots_arena_array(rq->arena, c->n, sizeof(dots_alias_t));

    for (i = 0; i < c->n; i++) {
        from = &c->aliases[i];

        if (rq->alias.len && !host_is(from->name, rq->alias)) {
            continue;
        }

        to = &dst->aliases[dst->naliases++];
        (void) dots_arena_dup(rq->arena, &to->name,
                              dots_str(from->name, strlen(from->name)));
        (void) dots_arena_dup(rq->arena, &to->text,
                              dots_str(from->text, strlen(from->text)));
        to->expires = from->expires;
    }
}


static inline dots_verdict_t
host_get(host_t *h, dots_request_t *rq)
{
    size_t          i;
    host_client_t  *c;

    rq->clients = dots_arena_array(rq->arena, HOST_CLIENTS,
                                   sizeof(dots_client_t));

    for (i = 0; i < HOST_CLIENTS; i++) {
        c = &h->clients[i];

        if (c->customer == rq->customer
            && (rq->cuid.len == 0 || host_is(c->cuid, rq->cuid)))
        {
            host_copy(rq, c, &rq->clients[rq->nclients++]);
        }
    }

    if (rq->cuid.len && rq->nclients == 0) {
        return DOTS_VERDICT_NOT_FOUND;
    }

    if (rq->alias.len && rq->clients[0].naliases == 0) {
        return DOTS_VERDICT_NOT_FOUND;
    }

    return DOTS_VERDICT_FOUND;
}


static inline dots_verdict_t
host_alias_delete(host_client_t *c, dots_request_t *rq)
{
    host_alias_t  *a;

    if (rq->alias.len == 0) {
        host_clear(c);
        return DOTS_VERDICT_DELETED;
    }

    a = host_alias(c, rq->alias);
    if (a == NULL) {
        return DOTS_VERDICT_NOT_FOUND;
    }

    host_drop(c, a);

    return DOTS_VERDICT_DELETED;
}


static inline dots_verdict_t
host_decide(host_t *h, dots_request_t *rq)
{
    host_client_t  *c;

    if (h->verdict != DOTS_VERDICT_NONE) {
        if (h->fault) {
            (void) dots_fault(&rq->fault, DOTS_FAULT_INVALID_VALUE,
                              "target-fqdn", "%s", h->fault);
        }

        return h->verdict;
    }

    if (rq->operation == DOTS_CLIENT_PUT) {
        return host_client_put(h, rq);
    }

    if (rq->operation == DOTS_CLIENT_GET || rq->operation == DOTS_ALIAS_GET) {
        return host_get(h, rq);
    }

    c = host_client(h, rq->cuid);

    if (c == NULL || c->customer != rq->customer) {
        return c ? DOTS_VERDICT_COLLISION : DOTS_VERDICT_NOT_FOUND;
    }

    switch (rq->operation) {

    case DOTS_CLIENT_DELETE:
        host_clear(c);
        c->customer = NULL;
        return DOTS_VERDICT_DELETED;

    case DOTS_ALIAS_PUT:
        return host_store(c, rq);

    case DOTS_ALIAS_DELETE:
        return host_alias_delete(c, rq);

    default:
        return DOTS_VERDICT_NONE;
    }
}


static inline void
host_submit(dots_restconf_t *rc, dots_request_t *rq)
{
    host_t  *h;

    h = rc->host;
    h->submitted++;

    rq->verdict = host_decide(h, rq);
    rq->now = rc->now;

    if (h->defer) {
        h->deferred = rq;
        return;
    }

    rq->done(rq);
}


static inline void
host_resume(host_t *h)
{
    dots_request_t  *rq;

    rq = h->deferred;
    h->deferred = NULL;

    rq->done(rq);
}


static inline void
host_reset(host_t *h)
{
    size_t  i;

    for (i = 0; i < HOST_CLIENTS; i++) {
        host_clear(&h->clients[i]);
    }

    memset(h, 0, sizeof(host_t));
}

#endif /* RESTCONF_HOST_H */
