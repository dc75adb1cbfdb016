/*
 * A request to the model: what a channel (CoAP or RESTCONF) wants done, without
 * a trace of how it was said, and what came of it.  The channel fills the upper
 * half and hands it to its host (nginx, a test), which resolves names, decides
 * with the registry, stores, fills the lower half and calls done(), at once or
 * later.  Everything in it lives in its arena.
 */

#ifndef DOTS_REQUEST_H
#define DOTS_REQUEST_H

#include "dots_base.h"
#include "dots_acl.h"
#include "dots_alias.h"
#include "dots_customer.h"
#include "dots_mitigation.h"
#include "dots_registry.h"

typedef enum {
    DOTS_MITIGATION_PUT = 1,
    DOTS_MITIGATION_GET,     /* one (has_mid) or all of the cuid */
    DOTS_MITIGATION_DELETE,
    DOTS_MITIGATION_TRIGGER, /* the session with the cuid is lost: CHANGED with
                                all that is another by that, or NOT_FOUND */
    DOTS_MITIGATION_LOOKUP,  /* the names of a mid again, for the manager:
                                CHANGED, or NOT_FOUND: nothing has */
    DOTS_CLIENT_PUT,         /* register a dots-client; with "aliases", "acls":
                                replace all of them in the same transaction */
    DOTS_CLIENT_GET,         /* one cuid with all it has, or, no cuid, all of
                                the customer's */
    DOTS_CLIENT_DELETE,      /* and everything below it */
    DOTS_ALIAS_PUT,          /* "aliases": all or none */
    DOTS_ALIAS_GET,          /* one ("alias") or all */
    DOTS_ALIAS_DELETE,       /* one ("alias") or all */
    DOTS_ACL_PUT,            /* "acls": all or none, at "insert" */
    DOTS_ACL_GET,            /* one ("acl") or all */
    DOTS_ACL_DELETE          /* one ("acl") or all */
} dots_operation_t;

/*
 * Where new ACLs go (RFC 8040 section 4.8.5); NONE: to the end, and one that is
 * there stays where it is.
 */

typedef enum {
    DOTS_INSERT_NONE = 0,
    DOTS_INSERT_FIRST,
    DOTS_INSERT_LAST,
    DOTS_INSERT_BEFORE,      /* "point" */
    DOTS_INSERT_AFTER
} dots_insert_t;

typedef struct dots_client_s {
    dots_str_t    cuid;
    size_t        naliases;
    dots_alias_t *aliases;   /* sorted by name */
    size_t        nacls;
    dots_acl_t   *acls;      /* sorted by rank: the client's order */
} dots_client_t;

typedef struct dots_request_s  dots_request_t;

struct dots_request_s {
    dots_arena_t           *arena;
    dots_operation_t        operation;
    const dots_customer_t  *customer;
    dots_str_t              cuid;

    unsigned                has_mid:1;
    unsigned                create_only:1;  /* RESTCONF POST: EXISTS if there */
    unsigned                replace_all:1;  /* aliases or ACLs, or both of a
                                               dots-client, that are not named
                                               are removed */
    uint32_t                mid;
    dots_mitigation_t      *mitigation;     /* PUT: target, lifetime, trigger,
                                               attack */

    dots_str_t              alias;          /* ALIAS_GET, ALIAS_DELETE: one */
    size_t                  naliases;
    dots_alias_t           *aliases;        /* ALIAS_PUT, CLIENT_PUT */

    dots_str_t              acl;            /* ACL_GET, ACL_DELETE: one */
    size_t                  nacls;
    dots_acl_t             *acls;           /* ACL_PUT, CLIENT_PUT */
    dots_insert_t           insert;         /* ACL_PUT */
    dots_str_t              point;          /* with BEFORE and AFTER */

    void                  (*done)(dots_request_t *rq);
    void                   *data;           /* the channel's */
    void                   *host;           /* the host's */

    /* the outcome */

    dots_verdict_t          verdict;
    dots_fault_t            fault;          /* INVALID, UNAVAILABLE */
    dots_conflict_t         conflict;       /* CONFLICT */
    int64_t                 now;            /* ms: the time the outcome is of */
    size_t                  nmitigations;   /* FOUND, CREATED, CHANGED */
    dots_mitigation_t      *mitigations;
    size_t                  nclients;       /* FOUND */
    dots_client_t          *clients;        /* ALIAS_GET, ACL_GET: one, with
                                               the found */
};

#endif /* DOTS_REQUEST_H */
