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
    DOTS_CLIENT_GET,         /* one cuid with all it has, or, no cuid, all of
                                the customer's */
    DOTS_ALIAS_GET,          /* one ("alias") or all */
    DOTS_ACL_GET,            /* one ("acl") or all */
    DOTS_VENDOR_GET,         /* one ("vendor") or all */
    DOTS_DATA_COMMIT         /* "changes": all or none */
} dots_operation_t;

/*
 * A dots-client as it was read.  Of its lists those are there that the
 * operation asked for.
 */

typedef struct dots_client_s {
    dots_str_t    cuid;
    size_t        naliases;
    dots_alias_t *aliases;   /* sorted by name */
    size_t        nacls;
    dots_acl_t   *acls;      /* sorted by rank: the client's order */
    size_t        nvendors;
    dots_alias_t *vendors;   /* of its vendor-mapping: dots_alias.h */

    int64_t       created;       /* ms since the epoch; 0: not known */
    int64_t       aliases_lost;  /* when the last one went; 0: none has */
    int64_t       acls_lost;     /* or was moved, of these */
    int64_t       vendors_lost;
    size_t        aliases_kept;  /* records, with those that are over and are
                                    not among the entries any more */
    size_t        acls_kept;
    size_t        vendors_kept;
    dots_str_t    record;
} dots_client_t;

/*
 * A change of one record of the data channel, or what has to hold for all of
 * them.  PUT and REMOVE of a client are about everything below it as well;
 * COUNT is about the list of a client, or, no cuid, the customer's clients.
 */

typedef enum {
    DOTS_CHANGE_PUT = 1,
    DOTS_CHANGE_REMOVE,
    DOTS_CHANGE_CHECK,       /* "expect" alone */
    DOTS_CHANGE_COUNT        /* not more than "most" records */
} dots_change_action_t;

typedef enum {
    DOTS_CHANGE_CLIENT = 0,
    DOTS_CHANGE_ALIAS,
    DOTS_CHANGE_ACL,
    DOTS_CHANGE_VENDOR
} dots_change_kind_t;

/* What does not hold is: for ABSENT EXISTS, PRESENT NOT_FOUND, SAME BUSY. */

typedef enum {
    DOTS_EXPECT_ANY = 0,
    DOTS_EXPECT_ABSENT,      /* what is over counts as absent */
    DOTS_EXPECT_PRESENT,
    DOTS_EXPECT_SAME         /* as "record" */
} dots_change_expect_t;

typedef struct {
    dots_change_action_t  action;
    dots_change_kind_t    kind;
    dots_change_expect_t  expect;
    dots_str_t            cuid;
    dots_str_t            name;      /* of an alias or an ACL; a vendor-id */
    dots_str_t            record;
    size_t                most;
    dots_alias_t         *alias;     /* PUT; expires and entity are the host's;
                                        of a vendor as well; of a CHECK, which
                                        the host does not ask, what was read */
    dots_acl_t           *acl;       /* likewise, and the rank where it is 0 */
    unsigned              moved:1;   /* of an ACL: its rank is another */
    unsigned              keep:1;    /* of an ACL: nothing else is, so that it
                                        lives as long as it did */
    unsigned              fresh:1;   /* outcome of a PUT: it was not there */
    unsigned              over:1;    /* likewise: its record was, its time
                                        being over */
} dots_change_t;

typedef struct dots_request_s  dots_request_t;

struct dots_request_s {
    dots_arena_t           *arena;
    dots_operation_t        operation;
    const dots_customer_t  *customer;
    dots_str_t              cuid;

    unsigned                has_mid:1;
    unsigned                records:1;      /* *_GET: with records, for SAME */
    unsigned                bare:1;         /* CLIENT_GET: without lists */
    uint32_t                mid;
    dots_mitigation_t      *mitigation;     /* PUT: target, lifetime, trigger,
                                               attack */
    int                   (*wanted)(void *data, const dots_mitigation_t *m);
                                            /* GET of all: which of them, "data"
                                               as below; NULL: each */

    dots_str_t              alias;          /* ALIAS_GET: one */
    dots_str_t              acl;            /* ACL_GET: one */
    dots_str_t              vendor;         /* VENDOR_GET: one */
    size_t                  most;           /* of these, all: at most so many
                                               records, behind "after", and few
                                               large ones; 0: all */
    dots_str_t              after;          /* by name; empty: from the first */
    size_t                  nchanges;       /* DATA_COMMIT */
    dots_change_t          *changes;

    void                  (*done)(dots_request_t *rq);
    void                   *data;           /* the channel's */
    void                   *host;           /* the host's */

    /* the outcome */

    dots_verdict_t          verdict;
    dots_fault_t            fault;          /* INVALID, UNAVAILABLE */
    dots_conflict_t         conflict;       /* CONFLICT */
    int64_t                 now;            /* ms: the time the outcome is of */
    int64_t                 wall;           /* of DATA_COMMIT, since the epoch:
                                               when what is new was made, and
                                               what is gone went */
    size_t                  nmitigations;   /* FOUND, CREATED, CHANGED */
    dots_mitigation_t      *mitigations;
    size_t                  nseen;          /* GET of all: looked at */
    size_t                  nclients;       /* FOUND; of one alias or ACL that
                                               is NOT_FOUND: the client is */
    dots_client_t          *clients;        /* ALIAS_GET and so on: one, with
                                               the found */
    int64_t                 clients_lost;   /* when the last one went */
    dots_str_t              last;           /* with "most": there may be more
                                               behind this; empty: no */
};

#endif /* DOTS_REQUEST_H */
