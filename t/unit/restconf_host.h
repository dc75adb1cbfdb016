/*
 * A host for the data channel that keeps its records in memory, as the module
 * does in its store: for the unit tests and the fuzzers.
 */

#ifndef RESTCONF_HOST_H
#define RESTCONF_HOST_H

#include <stdlib.h>

#include "dots_data_record.h"
#include "dots_restconf.h"

#define HOST_RECORDS 2048
#define HOST_PART    32   /* records at a time, where a part is asked for */
#define HOST_LOST    1024
#define HOST_NAME    (DOTS_ACL_NAME + 1)

typedef struct {
    dots_change_kind_t     kind;
    const dots_customer_t *customer;
    char                   cuid[DOTS_CUID_MAX + 1];
    char                   name[HOST_NAME];
    uint8_t               *data;
    size_t                 len;
} host_record_t;

/* When an entry of a list last went; a cuid of "": the customer's clients. */

typedef struct {
    dots_change_kind_t     kind;
    const dots_customer_t *customer;
    char                   cuid[DOTS_CUID_MAX + 1];
    int64_t                when;
} host_lost_t;

typedef struct host_s  host_t;

struct host_s {
    host_record_t    records[HOST_RECORDS];
    size_t           n;
    host_lost_t      lost[HOST_LOST];
    size_t           nlost;
    dots_verdict_t   verdict;     /* answered instead, if not NONE */
    const char      *fault;       /* with it */
    int              defer;       /* keep the request for host_resume() */
    dots_request_t  *deferred;
    int              submitted;
    int              commits;
    void           (*before)(host_t *h);   /* each commit: what others do */
    const struct dots_count_s *matched;    /* by each entry of an ACL; NULL:
                                              nobody counts */
};


static inline int
host_is(const char *stored, dots_str_t s)
{
    return dots_str_eq(dots_str(stored, strlen(stored)), s);
}


/* A test may have the same customer with other limits. */

static inline int
host_same(const dots_customer_t *a, const dots_customer_t *b)
{
    return dots_str_eq(a->name, b->name);
}


/* HOST_RECORDS: none.  Without a customer: anybody's. */

static inline size_t
host_find(host_t *h, dots_change_kind_t kind, const dots_customer_t *customer,
    dots_str_t cuid, dots_str_t name)
{
    size_t          i;
    host_record_t  *r;

    for (i = 0; i < h->n; i++) {
        r = &h->records[i];

        if (r->kind == kind
            && (customer == NULL || host_same(r->customer, customer))
            && host_is(r->cuid, cuid) && host_is(r->name, name))
        {
            return i;
        }
    }

    return HOST_RECORDS;
}


static inline int64_t
host_lost(host_t *h, dots_change_kind_t kind, const dots_customer_t *customer,
    dots_str_t cuid, int64_t now)
{
    size_t        i;
    host_lost_t  *l;

    for (i = 0; i < h->nlost; i++) {
        l = &h->lost[i];

        if (l->kind == kind && host_same(l->customer, customer)
            && host_is(l->cuid, cuid))
        {
            break;
        }
    }

    if (now == 0) {
        return i < h->nlost ? h->lost[i].when : 0;
    }

    if (i == HOST_LOST) {
        abort();
    }

    l = &h->lost[i];
    h->nlost += i == h->nlost;

    l->kind = kind;
    l->customer = customer;
    l->when = now;

    if (cuid.len) {
        memcpy(l->cuid, cuid.data, cuid.len);
    }

    l->cuid[cuid.len] = '\0';

    return now;
}


/* The order of the others stays. */

static inline void
host_drop(host_t *h, size_t i)
{
    free(h->records[i].data);
    h->n--;
    memmove(&h->records[i], &h->records[i + 1],
            (h->n - i) * sizeof(host_record_t));
}


/* ---- commit ---- */

static inline dots_verdict_t
host_expect(host_t *h, dots_request_t *rq, const dots_change_t *c)
{
    size_t  i, n;

    if (c->action == DOTS_CHANGE_COUNT) {
        for (i = 0, n = 0; i < h->n; i++) {
            n += h->records[i].kind == c->kind
                 && host_same(h->records[i].customer, rq->customer)
                 && (c->cuid.len == 0 || host_is(h->records[i].cuid, c->cuid));
        }

        return n > c->most ? DOTS_VERDICT_BUSY : DOTS_VERDICT_NONE;
    }

    i = host_find(h, c->kind, rq->customer, c->cuid, c->name);

    switch (c->expect) {

    case DOTS_EXPECT_ABSENT:
        return i == HOST_RECORDS ? DOTS_VERDICT_NONE : DOTS_VERDICT_EXISTS;

    case DOTS_EXPECT_PRESENT:
        return i != HOST_RECORDS ? DOTS_VERDICT_NONE : DOTS_VERDICT_NOT_FOUND;

    case DOTS_EXPECT_SAME:
        return i != HOST_RECORDS
               && dots_str_eq(dots_str(h->records[i].data, h->records[i].len),
                              c->record)
                   ? DOTS_VERDICT_NONE : DOTS_VERDICT_BUSY;

    default:
        return DOTS_VERDICT_NONE;
    }
}


/* Whatever the data channel lets through can be stored, to the byte. */

static inline void
host_encode(dots_request_t *rq, const dots_change_t *c, host_record_t *r)
{
    size_t        size;
    dots_acl_t    acl;
    dots_alias_t  alias;
    static int64_t  rank = 1;

    if (c->kind == DOTS_CHANGE_CLIENT) {
        r->data = malloc(DOTS_DATA_RECORD);
        r->len = DOTS_DATA_RECORD;
        dots_data_record_encode(rq->now, r->data);
        return;
    }

    if (c->kind != DOTS_CHANGE_ACL) {
        if (dots_alias_renew(c->alias,
                             r->data && dots_alias_decode(&alias, r->data,
                                                          r->len, rq->arena)
                                            == DOTS_OK ? &alias : NULL,
                             rq->now, c->kind == DOTS_CHANGE_VENDOR
                                          ? DOTS_FOREVER
                                          : rq->now + DOTS_ALIAS_LIFETIME)
            != DOTS_OK)
        {
            abort();
        }

        free(r->data);
        size = dots_alias_size(c->alias);
        r->data = malloc(size);

        if (dots_alias_encode(c->alias, r->data, size, &r->len) != DOTS_OK
            || r->len != size)
        {
            abort();
        }

        return;
    }

    size = r->data && dots_acl_decode(&acl, r->data, r->len, rq->arena)
                          == DOTS_OK;

    if (c->acl->rank == 0) {
        c->acl->rank = size && c->expect != DOTS_EXPECT_SAME ? acl.rank
                                                             : rank++ << 20;
    }

    if (dots_acl_renew(c->acl, size ? &acl : NULL, rq->now,
                       c->keep ? acl.expires : rq->now + DOTS_ACL_LIFETIME)
        != DOTS_OK)
    {
        abort();
    }

    free(r->data);
    size = dots_acl_size(c->acl);
    r->data = malloc(size);

    if (dots_acl_encode(c->acl, r->data, size, &r->len) != DOTS_OK
        || r->len != size)
    {
        abort();
    }
}


static inline int
host_put(host_t *h, dots_request_t *rq, const dots_change_t *c)
{
    int             created;
    size_t          i;
    host_record_t  *r;

    i = host_find(h, c->kind, rq->customer, c->cuid, c->name);
    created = i == HOST_RECORDS;

    if (created) {

        if (h->n == HOST_RECORDS) {
            abort();
        }

        r = &h->records[h->n++];
        memset(r, 0, sizeof(host_record_t));

        r->kind = c->kind;
        r->customer = rq->customer;
        memcpy(r->cuid, c->cuid.data, c->cuid.len);

        if (c->name.len) {
            memcpy(r->name, c->name.data, c->name.len);
        }

    } else {
        r = &h->records[i];
    }

    host_encode(rq, c, r);

    if (c->moved) {
        (void) host_lost(h, c->kind, rq->customer, c->cuid, rq->now);
    }

    return created;
}


static inline void
host_remove(host_t *h, dots_request_t *rq, const dots_change_t *c)
{
    size_t      i;
    dots_str_t  none = { 0, NULL };

    if (c->kind != DOTS_CHANGE_CLIENT) {
        i = host_find(h, c->kind, rq->customer, c->cuid, c->name);

        if (i != HOST_RECORDS) {
            host_drop(h, i);
        }

        (void) host_lost(h, c->kind, rq->customer, c->cuid, rq->now);
        return;
    }

    for (i = h->n; i > 0; i--) {
        if (host_same(h->records[i - 1].customer, rq->customer)
            && host_is(h->records[i - 1].cuid, c->cuid))
        {
            host_drop(h, i - 1);
        }
    }

    for (i = h->nlost; i > 0; i--) {
        if (host_same(h->lost[i - 1].customer, rq->customer)
            && host_is(h->lost[i - 1].cuid, c->cuid))
        {
            h->lost[i - 1] = h->lost[--h->nlost];
        }
    }

    (void) host_lost(h, c->kind, rq->customer, none, rq->now);
}


static inline dots_verdict_t
host_commit(host_t *h, dots_request_t *rq)
{
    int              created, put;
    size_t           i;
    dots_str_t       none = { 0, NULL };
    dots_change_t   *c;
    dots_verdict_t   verdict;

    h->commits++;
    rq->wall = rq->now;

    if (h->before) {
        h->before(h);
    }

    if (h->n + rq->nchanges > HOST_RECORDS
        || h->nlost + rq->nchanges > HOST_LOST)
    {
        return DOTS_VERDICT_FULL;
    }

    for (i = 0; i < rq->nchanges; i++) {
        c = &rq->changes[i];

        if (c->action == DOTS_CHANGE_PUT && c->kind == DOTS_CHANGE_CLIENT
            && host_find(h, c->kind, rq->customer, c->cuid, none)
               == HOST_RECORDS
            && host_find(h, c->kind, NULL, c->cuid, none) != HOST_RECORDS)
        {
            return DOTS_VERDICT_COLLISION;
        }

        verdict = host_expect(h, rq, c);
        if (verdict != DOTS_VERDICT_NONE) {
            return verdict;
        }
    }

    created = 0;
    put = 0;

    for (i = 0; i < rq->nchanges; i++) {
        c = &rq->changes[i];

        if (c->action == DOTS_CHANGE_PUT) {
            put = 1;
            created |= host_put(h, rq, c);

        } else if (c->action == DOTS_CHANGE_REMOVE) {
            host_remove(h, rq, c);
        }
    }

    return created ? DOTS_VERDICT_CREATED
           : put   ? DOTS_VERDICT_CHANGED
                   : DOTS_VERDICT_DELETED;
}


/* ---- read ---- */

static inline int
host_acl_cmp(const void *a, const void *b)
{
    const dots_acl_t  *one = a, *two = b;

    return (one->rank > two->rank) - (one->rank < two->rank);
}


static inline int
host_alias_cmp(const void *a, const void *b)
{
    return dots_str_cmp(((const dots_alias_t *) a)->name,
                        ((const dots_alias_t *) b)->name);
}


/* Of the whole client, or of its list that is asked for. */

static inline int
host_wanted(const dots_request_t *rq, const host_record_t *r,
    dots_change_kind_t kind, dots_operation_t operation, dots_str_t name)
{
    return r->kind == kind
           && (rq->operation == DOTS_CLIENT_GET || rq->operation == operation)
           && (name.len == 0 || host_is(r->name, name));
}


/* Of a part: the first ones behind "after". */

static inline int
host_behind(host_t *h, const dots_request_t *rq, size_t i)
{
    size_t                k, n;
    const host_record_t  *r, *other;

    r = &h->records[i];

    if (rq->most == 0) {
        return 1;
    }

    for (k = 0, n = 0; k < h->n; k++) {
        other = &h->records[k];

        n += other->kind == r->kind && host_same(other->customer, r->customer)
             && strcmp(other->cuid, r->cuid) == 0
             && strcmp(other->name, r->name) < 0
             && dots_str_cmp(dots_str(other->name, strlen(other->name)),
                             rq->after) > 0;
    }

    return dots_str_cmp(dots_str(r->name, strlen(r->name)), rq->after) > 0
           && n < HOST_PART;
}


static inline void
host_last(dots_request_t *rq, dots_str_t name, size_t n)
{
    if (rq->most && n == HOST_PART && dots_str_cmp(name, rq->last) > 0) {
        rq->last = name;
    }
}


static inline void
host_count(host_t *h, dots_acl_t *acl)
{
    size_t  i;

    for (i = 0; i < acl->naces; i++) {
        acl->aces[i].matched = h->matched;
    }
}


/* What is stored can be decoded, if there is memory. */

static inline dots_verdict_t
host_big(dots_request_t *rq)
{
    (void) dots_fault(&rq->fault, DOTS_FAULT_TOO_BIG, NULL, "too big");

    return DOTS_VERDICT_INVALID;
}


static inline dots_verdict_t
host_copy(host_t *h, dots_request_t *rq, dots_client_t *dst)
{
    size_t          i;
    dots_acl_t     *acl;
    dots_alias_t   *alias;
    host_record_t  *r;

    dst->aliases = dots_arena_array(rq->arena, h->n, sizeof(dots_alias_t));
    dst->acls = dots_arena_array(rq->arena, h->n, sizeof(dots_acl_t));
    dst->vendors = dots_arena_array(rq->arena, h->n, sizeof(dots_alias_t));

    for (i = 0; i < h->n; i++) {
        r = &h->records[i];

        if (!host_same(r->customer, rq->customer)
            || !host_is(r->cuid, dst->cuid) || rq->bare
            || !host_behind(h, rq, i))
        {
            continue;
        }

        if (host_wanted(rq, r, DOTS_CHANGE_ALIAS, DOTS_ALIAS_GET, rq->alias)
            || host_wanted(rq, r, DOTS_CHANGE_VENDOR, DOTS_VENDOR_GET,
                           rq->vendor))
        {
            alias = r->kind == DOTS_CHANGE_ALIAS
                        ? &dst->aliases[dst->naliases++]
                        : &dst->vendors[dst->nvendors++];

            if (dots_alias_decode(alias, r->data, r->len, rq->arena) != DOTS_OK
                || dots_arena_dup(rq->arena, &alias->record,
                                  dots_str(r->data, r->len))
                   != DOTS_OK)
            {
                return host_big(rq);
            }
        }

        if (host_wanted(rq, r, DOTS_CHANGE_ACL, DOTS_ACL_GET, rq->acl)) {
            acl = &dst->acls[dst->nacls++];

            if (dots_acl_decode(acl, r->data, r->len, rq->arena) != DOTS_OK
                || dots_arena_dup(rq->arena, &acl->record,
                                  dots_str(r->data, r->len))
                   != DOTS_OK)
            {
                return host_big(rq);
            }

            host_count(h, acl);
        }
    }

    qsort(dst->aliases, dst->naliases, sizeof(dots_alias_t), host_alias_cmp);
    qsort(dst->vendors, dst->nvendors, sizeof(dots_alias_t), host_alias_cmp);
    qsort(dst->acls, dst->nacls, sizeof(dots_acl_t), host_acl_cmp);

    for (i = 0; i < dst->naliases; i++) {
        host_last(rq, dst->aliases[i].name, dst->naliases);
    }

    for (i = 0; i < dst->nacls; i++) {
        host_last(rq, dst->acls[i].name, dst->nacls);
    }

    dst->aliases_kept = dst->naliases;
    dst->acls_kept = dst->nacls;
    dst->vendors_kept = dst->nvendors;
    dst->vendors_lost = host_lost(h, DOTS_CHANGE_VENDOR, rq->customer,
                                  dst->cuid, 0);
    dst->aliases_lost = host_lost(h, DOTS_CHANGE_ALIAS, rq->customer,
                                  dst->cuid, 0);
    dst->acls_lost = host_lost(h, DOTS_CHANGE_ACL, rq->customer, dst->cuid, 0);

    return DOTS_VERDICT_FOUND;
}


static inline dots_verdict_t
host_get(host_t *h, dots_request_t *rq)
{
    size_t          i;
    dots_str_t      none = { 0, NULL };
    dots_client_t  *client;
    host_record_t  *r;

    rq->clients = dots_arena_array(rq->arena, h->n + 1, sizeof(dots_client_t));
    rq->clients_lost = host_lost(h, DOTS_CHANGE_CLIENT, rq->customer, none, 0);

    for (i = 0; i < h->n; i++) {
        r = &h->records[i];

        if (r->kind != DOTS_CHANGE_CLIENT
            || !host_same(r->customer, rq->customer)
            || (rq->cuid.len != 0 && !host_is(r->cuid, rq->cuid)))
        {
            continue;
        }

        client = &rq->clients[rq->nclients++];

        if (dots_arena_dup(rq->arena, &client->cuid,
                           dots_str(r->cuid, strlen(r->cuid)))
                != DOTS_OK
            || dots_arena_dup(rq->arena, &client->record,
                              dots_str(r->data, r->len))
                != DOTS_OK
            || dots_data_record_decode(&client->created, r->data, r->len)
                != DOTS_OK)
        {
            abort();
        }

        if (host_copy(h, rq, client) != DOTS_VERDICT_FOUND) {
            return DOTS_VERDICT_INVALID;
        }
    }

    if ((rq->cuid.len && rq->nclients == 0)
        || (rq->alias.len && rq->clients[0].naliases == 0)
        || (rq->acl.len && rq->clients[0].nacls == 0)
        || (rq->vendor.len && rq->clients[0].nvendors == 0))
    {
        return DOTS_VERDICT_NOT_FOUND;
    }

    return DOTS_VERDICT_FOUND;
}


static inline dots_verdict_t
host_decide(host_t *h, dots_request_t *rq)
{
    if (h->verdict != DOTS_VERDICT_NONE) {
        if (h->fault) {
            (void) dots_fault(&rq->fault, DOTS_FAULT_INVALID_VALUE,
                              "target-fqdn", "%s", h->fault);
        }

        return h->verdict;
    }

    return rq->operation == DOTS_DATA_COMMIT ? host_commit(h, rq)
                                             : host_get(h, rq);
}


static inline void
host_submit(dots_restconf_t *rc, dots_request_t *rq)
{
    host_t  *h;

    h = rc->host;
    h->submitted++;

    rq->now = rc->now;
    rq->verdict = host_decide(h, rq);

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
    while (h->n) {
        host_drop(h, h->n - 1);
    }

    memset(h, 0, sizeof(host_t));
}

#endif /* RESTCONF_HOST_H */
