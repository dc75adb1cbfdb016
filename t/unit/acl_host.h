/*
 * A host for the ACLs of one dots-client, which keeps their records in memory
 * and reads them back for each answer, as the module does with its store: for
 * the unit tests and the fuzzer.
 */

#ifndef ACL_HOST_H
#define ACL_HOST_H

#include <stdlib.h>

#include "dots_restconf.h"

#define ACL_HOST_MAX 300

typedef struct {
    uint8_t *data;
    size_t   len;
} acl_host_record_t;

typedef struct {
    acl_host_record_t  records[ACL_HOST_MAX];
    size_t             n;
} acl_host_t;


static inline void
acl_host_clear(acl_host_t *h)
{
    while (h->n) {
        free(h->records[--h->n].data);
    }
}


static inline size_t
acl_host_find(acl_host_t *h, dots_str_t name, dots_arena_t *a)
{
    size_t      i;
    dots_acl_t  acl;

    for (i = 0; i < h->n; i++) {
        if (dots_acl_decode(&acl, h->records[i].data, h->records[i].len, a)
            != DOTS_OK)
        {
            abort();
        }

        if (dots_str_eq(acl.name, name)) {
            break;
        }
    }

    return i;
}


static inline void
acl_host_keep(acl_host_record_t *r, const dots_acl_t *acl)
{
    size_t  size;

    size = dots_acl_size(acl);
    r->data = malloc(size);

    /* whatever the data channel lets through can be stored, to the byte */

    if (r->data == NULL
        || dots_acl_encode(acl, r->data, size, &r->len) != DOTS_OK
        || r->len != size)
    {
        abort();
    }
}


static inline dots_verdict_t
acl_host_put(acl_host_t *h, dots_request_t *rq)
{
    int     created;
    size_t  i, k;

    created = 0;

    for (i = 0; rq->create_only && i < rq->nacls; i++) {
        if (acl_host_find(h, rq->acls[i].name, rq->arena) < h->n) {
            return DOTS_VERDICT_EXISTS;
        }
    }

    if (rq->replace_all) {
        acl_host_clear(h);
    }

    if (h->n + rq->nacls > ACL_HOST_MAX) {
        return DOTS_VERDICT_FULL;
    }

    for (i = 0; i < rq->nacls; i++) {
        rq->acls[i].expires = rq->now + DOTS_ACL_LIFETIME;
        k = acl_host_find(h, rq->acls[i].name, rq->arena);

        if (k < h->n) {
            free(h->records[k].data);

        } else {
            created = 1;
            h->n++;
        }

        acl_host_keep(&h->records[k], &rq->acls[i]);
    }

    return created ? DOTS_VERDICT_CREATED : DOTS_VERDICT_CHANGED;
}


static inline dots_verdict_t
acl_host_get(acl_host_t *h, dots_request_t *rq)
{
    size_t          i;
    dots_acl_t     *acl;
    dots_client_t  *c;

    c = dots_arena_alloc(rq->arena, sizeof(dots_client_t));
    if (c == NULL) {
        return DOTS_VERDICT_UNAVAILABLE;
    }

    c->cuid = rq->cuid;
    c->acls = dots_arena_array(rq->arena, h->n, sizeof(dots_acl_t));

    for (i = 0; i < h->n; i++) {
        acl = &c->acls[c->nacls];

        if (dots_acl_decode(acl, h->records[i].data, h->records[i].len,
                            rq->arena)
            != DOTS_OK)
        {
            return DOTS_VERDICT_UNAVAILABLE;
        }

        c->nacls += rq->acl.len == 0 || dots_str_eq(acl->name, rq->acl);
    }

    rq->clients = c;
    rq->nclients = 1;

    return rq->acl.len && c->nacls == 0 ? DOTS_VERDICT_NOT_FOUND
                                        : DOTS_VERDICT_FOUND;
}


static inline dots_verdict_t
acl_host_delete(acl_host_t *h, dots_request_t *rq)
{
    size_t  i;

    if (rq->acl.len == 0) {
        acl_host_clear(h);
        return DOTS_VERDICT_DELETED;
    }

    i = acl_host_find(h, rq->acl, rq->arena);

    if (i == h->n) {
        return DOTS_VERDICT_NOT_FOUND;
    }

    free(h->records[i].data);
    memmove(&h->records[i], &h->records[i + 1],
            (h->n - i - 1) * sizeof(acl_host_record_t));
    h->n--;

    return DOTS_VERDICT_DELETED;
}


/* What is not about ACLs is answered as if it were not there. */

static inline void
acl_host_submit(dots_restconf_t *rc, dots_request_t *rq)
{
    acl_host_t  *h;

    h = rc->host;
    rq->now = rc->now;

    switch (rq->operation) {

    case DOTS_ACL_PUT:
        rq->verdict = acl_host_put(h, rq);
        break;

    case DOTS_ACL_GET:
        rq->verdict = acl_host_get(h, rq);
        break;

    case DOTS_ACL_DELETE:
        rq->verdict = acl_host_delete(h, rq);
        break;

    default:
        rq->verdict = DOTS_VERDICT_NOT_FOUND;
    }

    rq->done(rq);
}

#endif /* ACL_HOST_H */
