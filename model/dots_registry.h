/*
 * The registry: every mitigation that the server knows, indexed by client and
 * mid, by deadline, by prefix and by target name, and the rules that decide
 * what a new request does to the others (RFC 9132 section 4.4.1.3).
 *
 * It lives in memory that a caller hands out piece by piece: nginx's shared
 * zone in the server, the heap in unit tests.  Nothing inside points to code or
 * to private memory.  The caller holds the zone's lock around every call.  No
 * call blocks, logs or scans what could be indexed.
 *
 * A change is made in two steps, because its answer waits for the disk:
 * put/withdraw/reserve marks the entries it concerns as busy for "owner" and
 * returns what to write; settle() makes the change visible or undoes it.
 * Whoever meets a busy entry gets DOTS_VERDICT_BUSY and tries again shortly.
 */

#ifndef DOTS_REGISTRY_H
#define DOTS_REGISTRY_H

#include "dots_base.h"
#include "dots_history.h"
#include "dots_mitigation.h"

typedef struct {
    void *(*alloc)(void *ctx, size_t size);   /* not zeroed; NULL: full */
    void  (*free)(void *ctx, void *p);
    void  *ctx;
} dots_memory_t;

#define DOTS_REGISTRY_CHANGES 1024 /* that a reader may be behind */

typedef struct dots_registry_root_s  dots_registry_root_t;

typedef struct {
    dots_registry_root_t *root;     /* in the shared memory */
    dots_memory_t         memory;   /* of this process */
    int64_t               ahead;    /* ms that "now" is ahead of the wall clock,
                                       which mitigation-start is of */
    dots_history_t       *history;  /* where changes go, too; NULL: nowhere */
    int64_t               now;      /* ms, for "history" */
} dots_registry_t;

typedef enum {
    DOTS_VERDICT_NONE = 0,
    DOTS_VERDICT_CREATED,
    DOTS_VERDICT_CHANGED,        /* refreshed or replaced */
    DOTS_VERDICT_DELETED,        /* also where nothing was there, 4.4.4 */
    DOTS_VERDICT_FOUND,
    DOTS_VERDICT_NOT_FOUND,
    DOTS_VERDICT_EXISTS,         /* create-only, and it is there */
    DOTS_VERDICT_INVALID,        /* see the fault */
    DOTS_VERDICT_CONFLICT,       /* see the conflict */
    DOTS_VERDICT_COLLISION,      /* the cuid is another customer's */
    DOTS_VERDICT_LIMIT,          /* the customer's own limit */
    DOTS_VERDICT_FULL,           /* zone, map or disk */
    DOTS_VERDICT_UNAVAILABLE,    /* not now: starting, DNS or disk failed */
    DOTS_VERDICT_BUSY,           /* a change is in flight: retry */
    DOTS_VERDICT_LARGE           /* MITIGATION_GET: of too many */
} dots_verdict_t;

typedef struct {
    dots_str_t  customer;
    dots_str_t  cuid;
    uint32_t    mid;
} dots_mitigation_key_t;

/* The mitigation's; its strings are those of "m". */
void dots_registry_key(const dots_mitigation_t *m, dots_mitigation_key_t *key);

/*
 * What else becomes of a decision, in the same durable transaction: "keys" are
 * deleted (overridden by a higher mid), "changed" is stored as it is there.
 */

typedef struct {
    size_t                 n;
    dots_mitigation_key_t *keys;
    size_t                 nchanged;
    dots_mitigation_t     *changed;
} dots_overridden_t;

int dots_registry_create(dots_registry_t *r);   /* allocates and sets root */

/* Replay: inserts what the store has, no decision.  DOTS_OK, DOTS_FULL. */
int dots_registry_load(dots_registry_t *r, const dots_mitigation_t *m);

/*
 * The cuid belongs to the customer (RFC 9132 section 4.4.1.1) while a
 * dots-client is on its way to the store, bind to unbind, and while it is
 * there; mitigations hold it, too.  bind: DOTS_OK, DOTS_DECLINED (another
 * customer's), DOTS_FULL.
 */
int dots_registry_bind(dots_registry_t *r, dots_str_t customer,
    dots_str_t cuid);
void dots_registry_unbind(dots_registry_t *r, dots_str_t customer,
    dots_str_t cuid);

/*
 * The store has the dots-client, or has it no more, since the transaction of
 * that order: whatever came after it counts.  DOTS_OK, DOTS_FULL.
 */
int dots_registry_stored(dots_registry_t *r, dots_str_t customer,
    dots_str_t cuid, uint64_t order, int there);

/*
 * Nonzero if more than one customer has the cuid: a store may say so that was
 * written by a version which let it happen.  Each keeps its own.
 */
int dots_registry_shared(dots_registry_t *r, dots_str_t cuid);

/*
 * The name of the customer that has a dots-client with this cuid, in the arena.
 * DOTS_OK, DOTS_DECLINED (nobody has), DOTS_ERROR.
 */
int dots_registry_registered(dots_registry_t *r, dots_str_t cuid,
    dots_arena_t *a, dots_str_t *customer);

/*
 * Decides on a PUT.  "m" comes with customer, cuid, mid, target, resolved,
 * resolves, lifetime (granted already) and trigger; on CREATED and CHANGED it
 * leaves with the rest set, as it is to be stored, and is reserved for "owner"
 * (a nonzero id of the process).  "max": the customer's limit of mitigations, 0
 * for none.  "now": ms of the clock of deadlines.  With "attack" it is an
 * efficacy update (RFC 9132 section 4.4.3): CHANGED as a refresh, which
 * lifetime 0 makes one by the time granted last; NOT_FOUND for a mid that is
 * not there or terminates, UNAVAILABLE for one that the server has withdrawn.
 *  - another customer's cuid: COLLISION
 *  - same mid, same clauses and trigger: CHANGED (a terminating one revives);
 *    anything else: INVALID, fault names the attribute
 *  - overlap with the same client's mitigation of the same trigger: higher mid
 *    wins: the others go to "over", or CONFLICT with same_client and the mid
 *  - an immediate one: overlap with an active mitigation of another client:
 *    CONFLICT, status 1, retry = the other one's remaining lifetime; never the
 *    other's name or mid.  Overlap with an active preconfigured one of the same
 *    client: that one goes to "over", status 7, and to 8 at its deadline
 *  - status 5, 6, 7 entries never conflict with others; a terminating one of
 *    the same client and a lower mid is overridden all the same, and hands on
 *    its active-but-terminating period, doubled (section 4.4.4)
 *  - LIMIT, FULL, BUSY, or CREATED
 */
dots_verdict_t dots_registry_put(dots_registry_t *r, dots_mitigation_t *m,
    uint32_t max, int64_t now, uint32_t owner, dots_arena_t *a,
    dots_overridden_t *over, dots_conflict_t *conflict, dots_fault_t *f);

/*
 * Decides on a DELETE.  DELETED with *m filled: reserved, *m is to be stored
 * (status 5 and terminates set, or, where nothing is active (status 7 and 8),
 * status 6: to be removed from the store).  NOT_FOUND: nothing to do.
 * An entry that is terminating already is FOUND: nothing to do.  BUSY.
 */
dots_verdict_t dots_registry_withdraw(dots_registry_t *r,
    const dots_mitigation_key_t *key, const dots_lifetime_t *policy,
    int64_t now, uint32_t owner, dots_arena_t *a, dots_mitigation_t *m);

/*
 * The session with the client is lost (RFC 9132 sections 4.4.1.3 and 4.7): what
 * awaits that (status 8, or on its way there) becomes active; what it overlaps
 * of the client's immediate ones is withdrawn, status 7.  Beside the active one
 * of another client both act, conflict-status 2.  CHANGED: all of "over" is
 * reserved.  NOT_FOUND: nothing to trigger.  BUSY, FULL.
 */
dots_verdict_t dots_registry_trigger(dots_registry_t *r, dots_str_t customer,
    dots_str_t cuid, int64_t now, uint32_t owner, dots_arena_t *a,
    dots_overridden_t *over);

/*
 * Names of an entry are due: not again before "again" (ms), which is not
 * durable.  DOTS_OK: look them up; DOTS_DECLINED (not there, not due, busy).
 */
int dots_registry_postpone(dots_registry_t *r,
    const dots_mitigation_key_t *key, int64_t now, int64_t again);

/*
 * The names of "m", as read before, stand for "resolved" now, and are looked up
 * again at "resolves": *m is reserved, to be stored, all else as the entry has
 * it by now.  DOTS_OK; DOTS_DECLINED (gone, changed, busy, or not active; or
 * another's mitigation is in the way: it stays as it is); DOTS_FULL.
 */
int dots_registry_follow(dots_registry_t *r, dots_mitigation_t *m,
    int64_t now, uint32_t owner, dots_arena_t *a);

/*
 * Reserves an entry whose time has come or that the server takes back, to be
 * stored as *m says: status 6 where it is over (remove it), 8 where it was
 * withdrawn before an immediate one (Table 3), or status 7 with "reason" for a
 * withdrawal by the server, which stays visible for "keep" ms.  DOTS_OK,
 * DOTS_DECLINED (not there, not due any more, busy).
 */
int dots_registry_expire(dots_registry_t *r, const dots_mitigation_key_t *key,
    int64_t now, uint32_t owner, dots_arena_t *a, dots_mitigation_t *m);
int dots_registry_revoke(dots_registry_t *r, const dots_mitigation_key_t *key,
    const char *reason, int64_t keep, int64_t now, uint32_t owner,
    dots_arena_t *a, dots_mitigation_t *m);

/*
 * Ends what put, withdraw, expire or revoke reserved for "owner".  committed:
 * the change is durable: it becomes visible (status 6 removes it), "over" is
 * removed.  Not committed: everything is as before.  "over" may be NULL, "m"
 * for a trigger.  A registry that was filled since has it already, or never.
 */
void dots_registry_settle(dots_registry_t *r, const dots_mitigation_t *m,
    const dots_overridden_t *over, uint32_t owner, int committed);

/* Status as the mitigator reports it (1 <-> 2); DOTS_OK or DOTS_DECLINED. */
int dots_registry_report(dots_registry_t *r, const dots_mitigation_key_t *key,
    dots_status_t status);

/* Copies; committed state only.  DOTS_OK, DOTS_DECLINED, DOTS_ERROR, DOTS_FULL
 * (arena). */
int dots_registry_get(dots_registry_t *r, const dots_mitigation_key_t *key,
    dots_arena_t *a, dots_mitigation_t *m);

/*
 * Those of a client that are wanted (NULL: all), by mid: zeroed but for the
 * first three, it is handed to dots_registry_list() until it is over, which
 * looks at up to "max" more.  The lock is dropped between the calls: what
 * changes meanwhile is seen or not, none twice.
 */
typedef struct {
    dots_mitigation_key_t  next;    /* of the client; the mid to go on from */
    int                  (*wanted)(void *data, const dots_mitigation_t *m);
    void                  *data;
    int                    over;
    size_t                 seen;
    size_t                 room;    /* of the list */
    size_t                 n;
    dots_mitigation_t     *list;
} dots_registry_walk_t;

int dots_registry_list(dots_registry_t *r, dots_registry_walk_t *walk,
    size_t max, dots_arena_t *a);

/*
 * Up to "max" entries after "after" (NULL: from the start) in key order; *n = 0
 * at the end.  For the manager's passes: the lock is dropped between calls.
 */
int dots_registry_next(dots_registry_t *r, const dots_mitigation_key_t *after,
    size_t max, dots_arena_t *a, dots_mitigation_t **list, size_t *n);

/* Keys of up to "max" entries whose deadline is <= now, earliest first. */
int dots_registry_due(dots_registry_t *r, int64_t now, size_t max,
    dots_arena_t *a, dots_mitigation_key_t **keys, size_t *n);
int64_t dots_registry_deadline(dots_registry_t *r);  /* or DOTS_FOREVER */

/* Changes with every visible change; for "is there anything to do". */
uint64_t dots_registry_generation(dots_registry_t *r);

/*
 * For observers (RFC 9132 section 4.4.2.1): up to "max" of the visible changes
 * (created, refreshed, status, removed) since *position, which moves on; oldest
 * first.  The registry keeps the last DOTS_REGISTRY_CHANGES.  DOTS_OK, or
 * DOTS_DECLINED with *position at the head for a reader who missed some, and
 * for UINT64_MAX, where a reader begins: it looks at all that it observes.  A
 * registry that was filled again counts anew: so does its reader.
 */
typedef struct {
    uint64_t  customer;     /* dots_registry_hash() of the name */
    uint64_t  cuid;         /* and of the cuid: a hint, others may collide */
    uint32_t  mid;
} dots_registry_change_t;

uint64_t dots_registry_hash(dots_str_t s);
int dots_registry_changes(dots_registry_t *r, uint64_t *position,
    dots_registry_change_t *list, size_t max, size_t *n);

/*
 * The event, in the history, of a change that was settled in no registry: as it
 * is in this one, which was filled with it.
 */
void dots_registry_tell(dots_registry_t *r, const dots_mitigation_key_t *key);

/* Nonzero while the client has an active mitigation: status 1 to 5. */
int dots_registry_mitigating(dots_registry_t *r, dots_str_t customer,
    dots_str_t cuid);

/* Or one that awaits the loss of its session, or will again. */
int dots_registry_protecting(dots_registry_t *r, dots_str_t customer,
    dots_str_t cuid);

/* All entries; those that wait for what the owner's requests come to. */
size_t dots_registry_count(dots_registry_t *r);
size_t dots_registry_pending(dots_registry_t *r, uint32_t owner);

/* Who has busy ones: the first at "i" or later, which is then behind it; 0. */
uint32_t dots_registry_owner(dots_registry_t *r, size_t *i);

#endif /* DOTS_REGISTRY_H */
