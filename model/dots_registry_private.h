/*
 * What the registry's own files share: the shape of its memory and the indexes
 * over it.  Nobody else includes this.
 *
 *   customer  one per name that has a client; carries the counts of its limit
 *   client    one per cuid and customer; its dots-client and its mitigations
 *   entry     one per mitigation (or per creation in flight)
 *   version   what an entry says: state, targets, index nodes.  An entry has
 *             its committed version, its reserved one, or both
 *
 * The nodes of both versions are in the prefix and name indexes, so that a
 * decision sees what is in flight; every other index knows committed state
 * only.
 */

#ifndef DOTS_REGISTRY_PRIVATE_H
#define DOTS_REGISTRY_PRIVATE_H

#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>

#include "dots_registry.h"

/* libbsd's RB_GENERATE_STATIC() needs a macro of the BSDs' <sys/cdefs.h>. */
#define DOTS_REGISTRY_TREE(name, type, field, cmp)                            \
    RB_GENERATE_INTERNAL(name, type, field, cmp,                              \
                         static __attribute__((unused)))

/* More processes than may have changes in flight at the same time. */
#define DOTS_REGISTRY_OWNERS 128

typedef struct dots_registry_customer_s  dots_registry_customer_t;
typedef struct dots_registry_client_s    dots_registry_client_t;
typedef struct dots_registry_entry_s     dots_registry_entry_t;
typedef struct dots_registry_version_s   dots_registry_version_t;
typedef struct dots_registry_prefix_s    dots_registry_prefix_t;
typedef struct dots_registry_name_s      dots_registry_name_t;

RB_HEAD(dots_registry_customers, dots_registry_customer_s);
RB_HEAD(dots_registry_clients, dots_registry_client_s);
RB_HEAD(dots_registry_keys, dots_registry_entry_s);
RB_HEAD(dots_registry_deadlines, dots_registry_entry_s);
RB_HEAD(dots_registry_prefixes, dots_registry_prefix_s);
RB_HEAD(dots_registry_names, dots_registry_name_s);
LIST_HEAD(dots_registry_victims, dots_registry_entry_s);

typedef struct dots_registry_victims  dots_registry_victims_t;

/*
 * "least" and "most" bound how many mitigations count against the customer's
 * limit once everything in flight is settled, whichever way.
 */

struct dots_registry_customer_s {
    RB_ENTRY(dots_registry_customer_s) node;
    dots_str_t  name;
    uint32_t    clients;
    uint32_t    least;
    uint32_t    most;
    uint8_t     data[];
};

struct dots_registry_client_s {
    RB_ENTRY(dots_registry_client_s) node;
    dots_registry_customer_t *customer;
    dots_str_t                cuid;
    uint32_t                  pending;    /* dots-clients in flight */
    uint32_t                  stored;     /* a dots-client is on record */
    uint64_t                  order;      /* which transaction says so */
    uint32_t                  entries;
    uint32_t                  committed;  /* of them */
    uint32_t                  active;     /* of these: status 1 to 5 */
    uint8_t                   data[];
};

struct dots_registry_entry_s {
    RB_ENTRY(dots_registry_entry_s) key;
    RB_ENTRY(dots_registry_entry_s) deadline;
    dots_registry_client_t   *client;
    dots_registry_version_t  *current;   /* NULL: a creation in flight */
    dots_registry_version_t  *pending;   /* NULL: busy with "status" only */
    dots_registry_victims_t   victims;   /* what "pending" will override */
    LIST_ENTRY(dots_registry_entry_s) victim;
    uint32_t                  mid;
    uint32_t                  owner;     /* 0: not busy */
    uint8_t                   status;    /* busy: what it is going to be */
};

struct dots_registry_prefix_s {
    RB_ENTRY(dots_registry_prefix_s) node;
    dots_registry_version_t  *version;
    dots_prefix_t             prefix;
};

typedef enum {
    DOTS_REGISTRY_FQDN = 1,
    DOTS_REGISTRY_URI,
    DOTS_REGISTRY_ALIAS
} dots_registry_kind_t;

#define DOTS_REGISTRY_KINDS 3

/* "space": within which the name is one thing, a customer or a client. */

struct dots_registry_name_s {
    RB_ENTRY(dots_registry_name_s) node;
    dots_registry_version_t  *version;
    const void               *space;
    const uint8_t            *data;
    uint16_t                  len;
    uint8_t                   kind;
};

/* conflict-information: the scope, encoded, stands behind the rest. */

typedef struct {
    dots_conflict_t  conflict;      /* without its scope */
    uint32_t         size;
    uint8_t          scope[];
} dots_registry_note_t;

/*
 * One allocation: the prefix nodes, then "nnames" name nodes, then the encoded
 * target ("size" bytes), then the bytes of the names.
 */

struct dots_registry_version_s {
    dots_registry_entry_t  *entry;
    char                   *reason;      /* status 7, where memory was left */
    dots_registry_note_t   *note;        /* of a conflict, likewise */
    int64_t                 start;
    int64_t                 expires;
    int64_t                 terminates;
    int64_t                 deadline;    /* dots_mitigation_due() */
    int64_t                 resolves;
    int64_t                 conflicted;
    int32_t                 lifetime;
    uint16_t                dampen;
    uint8_t                 status;
    uint8_t                 trigger;
    uint8_t                 attack;
    uint8_t                 cause;       /* of a conflict, 0: none */
    uint32_t                nprefixes;
    uint32_t                nnames;
    uint32_t                size;
    dots_registry_prefix_t  prefixes[];
};

typedef struct {
    uint32_t  owner;
    uint32_t  busy;
} dots_registry_owner_t;

struct dots_registry_root_s {
    struct dots_registry_customers  customers;
    struct dots_registry_clients    clients;
    struct dots_registry_keys       keys;
    struct dots_registry_deadlines  deadlines;
    struct dots_registry_prefixes   prefixes;
    struct dots_registry_names      names;
    dots_registry_victims_t           victims;  /* of the put being decided */
    dots_registry_victims_t           retreats; /* what it withdraws */
    uint64_t                          generation;
    uint64_t                          head;     /* changes so far */
    size_t                            count;
    uint32_t                          lengths4[33];
    uint32_t                          lengths6[129];
    dots_registry_owner_t             owners[DOTS_REGISTRY_OWNERS];
    dots_registry_change_t            changes[DOTS_REGISTRY_CHANGES];
};


static inline dots_registry_name_t *
dots_registry_version_names(dots_registry_version_t *v)
{
    return (dots_registry_name_t *) (v->prefixes + v->nprefixes);
}


static inline uint8_t *
dots_registry_version_record(dots_registry_version_t *v)
{
    return (uint8_t *) (dots_registry_version_names(v) + v->nnames);
}


/* Status 1 to 4 and 8 count against the limit: what ends by itself does not. */

static inline int
dots_registry_counts(int status)
{
    return status == DOTS_STATUS_AWAITING_LOSS
           || (status >= DOTS_STATUS_IN_PROGRESS
               && status <= DOTS_STATUS_EXCEEDED);
}


/* What the network has to act on, as dots_mitigation_active() says. */

static inline int
dots_registry_acts(int status)
{
    return status >= DOTS_STATUS_IN_PROGRESS
           && status <= DOTS_STATUS_TERMINATING;
}


static inline int
dots_registry_is_victim(const dots_registry_entry_t *e)
{
    return e->victim.le_prev != NULL;
}


/* ---- dots_registry_index.c: customers, clients, entries ---- */

void *dots_registry_index_alloc(dots_registry_t *r, size_t size); /* zeroed */
void dots_registry_index_free(dots_registry_t *r, void *p);

/* NULL: not there; of make_client: no memory.  A client made is not held. */
dots_registry_customer_t *dots_registry_index_customer(dots_registry_t *r,
    dots_str_t name);
dots_registry_client_t *dots_registry_index_client(dots_registry_t *r,
    dots_str_t customer, dots_str_t cuid);
dots_registry_client_t *dots_registry_index_make_client(dots_registry_t *r,
    dots_str_t customer, dots_str_t cuid);

/* The first client with this cuid after "prev" (NULL: of all). */
dots_registry_client_t *dots_registry_index_same_cuid(dots_registry_t *r,
    dots_str_t cuid, dots_registry_client_t *prev);

/* Frees the client, and the customer, once nothing holds it. */
void dots_registry_index_drop_client(dots_registry_t *r,
    dots_registry_client_t *c);

/* NULL: it is not there. */
dots_registry_entry_t *dots_registry_index_entry(dots_registry_t *r,
    const dots_mitigation_key_t *key);

/* By key: the first, the client's from "mid" on, the first beyond the key. */
dots_registry_entry_t *dots_registry_index_first(dots_registry_t *r);
dots_registry_entry_t *dots_registry_index_from(dots_registry_t *r,
    dots_registry_client_t *c, uint32_t mid);
dots_registry_entry_t *dots_registry_index_after(dots_registry_t *r,
    const dots_mitigation_key_t *key);
dots_registry_entry_t *dots_registry_index_next(dots_registry_entry_t *e);

/* By deadline; committed ones only. */
dots_registry_entry_t *dots_registry_index_earliest(dots_registry_t *r);
dots_registry_entry_t *dots_registry_index_later(dots_registry_entry_t *e);

/*
 * An entry without versions, and its client; NULL: no memory.  Only an entry
 * without versions that is not busy may be dropped.
 */
dots_registry_entry_t *dots_registry_index_make_entry(dots_registry_t *r,
    const dots_mitigation_t *m);
void dots_registry_index_drop_entry(dots_registry_t *r,
    dots_registry_entry_t *e);

/* Makes "v" (or NULL) the committed version, keeps deadlines and counts. */
void dots_registry_index_set_current(dots_registry_t *r,
    dots_registry_entry_t *e, dots_registry_version_t *v);

/* Marks the entry as busy; DOTS_FULL: more owners than there can be. */
int dots_registry_index_reserve(dots_registry_t *r, dots_registry_entry_t *e,
    int status, uint32_t owner);
void dots_registry_index_release(dots_registry_t *r,
    dots_registry_entry_t *e);


/* ---- dots_registry_version.c ---- */

/* A version of "e" in the prefix and name indexes; NULL: no memory. */
dots_registry_version_t *dots_registry_version_make(dots_registry_t *r,
    dots_registry_entry_t *e, const dots_mitigation_t *m);
void dots_registry_version_drop(dots_registry_t *r,
    dots_registry_version_t *v);

/* Status, lifetime and times as in "m"; the caller keeps the indexes. */
void dots_registry_version_set_state(dots_registry_t *r,
    dots_registry_version_t *v, const dots_mitigation_t *m);

/* When it is over (status 5, 7: shown no more), ms or DOTS_FOREVER. */
int64_t dots_registry_version_end(const dots_registry_version_t *v);

/* As dots_mitigation_returns(). */
int dots_registry_version_returns(const dots_registry_version_t *v);

/* DOTS_OK, DOTS_ERROR, DOTS_FULL (arena). */
int dots_registry_version_copy(dots_registry_version_t *v, dots_arena_t *a,
    dots_mitigation_t *m);
int dots_registry_version_target(dots_registry_version_t *v, dots_arena_t *a,
    dots_target_t *t);

/* The names of one kind in a target; "n" of them. */
const dots_str_t *dots_registry_version_clauses(const dots_target_t *t,
    dots_registry_kind_t kind, size_t *n);

/* Within which a name of the client's is one thing. */
const void *dots_registry_version_space(const dots_registry_client_t *c,
    dots_registry_kind_t kind);

/* As they are compared: no trailing dot of an FQDN. */
dots_str_t dots_registry_version_trim(dots_registry_kind_t kind,
    dots_str_t name);
int dots_registry_version_name_cmp(dots_registry_kind_t kind, dots_str_t a,
    dots_str_t b);


/* ---- dots_registry_overlap.c: the prefix and name indexes ---- */

/* Every prefix and name of a version that others may meet. */
void dots_registry_overlap_link(dots_registry_root_t *root,
    dots_registry_version_t *v);
void dots_registry_overlap_unlink(dots_registry_root_t *root,
    dots_registry_version_t *v);

/*
 * What a request meets.  "obstacle" is a version that stands in its way for
 * good, "busy" says that one may, once settled; otherwise root->victims has
 * the entries that it overrides, "counted" of which count for the limit, and
 * root->retreats those that it makes the server withdraw.  Both lists are empty
 * between the calls of the registry.
 */

typedef struct {
    dots_registry_root_t      *root;
    const dots_mitigation_t   *m;
    dots_registry_customer_t  *customer;  /* NULL: has none here yet */
    dots_registry_client_t    *client;    /* NULL: not here yet */
    dots_registry_entry_t     *self;      /* NULL: a new mid */
    dots_registry_version_t   *obstacle;
    dots_registry_version_t   *foreign;   /* "triggering": another client's */
    size_t                     victims;
    size_t                     counted;
    size_t                     retreats;
    uint16_t                   dampen;    /* the longest of its victims' */
    unsigned                   busy:1;
    unsigned                   triggering:1; /* by the loss of the session */
} dots_registry_overlap_t;

/* A question about "m" as the next version of the entry. */
void dots_registry_overlap_of(dots_registry_overlap_t *o, dots_registry_t *r,
    dots_registry_entry_t *e, const dots_mitigation_t *m);
void dots_registry_overlap_check(dots_registry_overlap_t *o);
void dots_registry_overlap_forget(dots_registry_overlap_t *o);

/* Nonzero if the obstacle has the name, too. */
int dots_registry_overlap_has_name(const dots_registry_overlap_t *o,
    dots_registry_kind_t kind, dots_str_t name);


/* ---- dots_registry_names.c ---- */

/* Nonzero if both protect the same prefixes. */
int dots_registry_names_same(const dots_registry_version_t *v,
    const dots_mitigation_t *m);


/* ---- dots_registry_changes.c ---- */

/* For observers, and for the event stream: see dots_registry_changes(). */
void dots_registry_changes_add(dots_registry_t *r,
    const dots_registry_entry_t *e);


/* ---- dots_registry_conflict.c: the answer to a request that lost ---- */

/* DOTS_OK, DOTS_ERROR, DOTS_FULL (arena). */
int dots_registry_conflict_fill(dots_registry_overlap_t *o, int64_t now,
    dots_arena_t *a, dots_conflict_t *conflict);

/* What entry "e" becomes because "by", of the same client, takes its place. */
int dots_registry_conflict_retreat(dots_registry_t *r,
    dots_registry_entry_t *e, dots_registry_version_t *by, int64_t now,
    dots_arena_t *a, dots_mitigation_t *m);

#endif /* DOTS_REGISTRY_PRIVATE_H */
