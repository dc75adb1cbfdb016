#include "dots_registry_private.h"


/* What a mitigation of others is to a request (RFC 9132 section 4.4.1.3). */

typedef enum {
    DOTS_REGISTRY_OVERLAP_NOTHING = 0,
    DOTS_REGISTRY_OVERLAP_VICTIM,       /* overridden by a higher mid */
    DOTS_REGISTRY_OVERLAP_RETREAT,      /* withdrawn, the types differ */
    DOTS_REGISTRY_OVERLAP_FOREIGN,      /* active, and stays */
    DOTS_REGISTRY_OVERLAP_OBSTACLE
} dots_registry_overlap_effect_t;


static int dots_registry_overlap_prefix_cmp(const dots_registry_prefix_t *a,
    const dots_registry_prefix_t *b);
static int dots_registry_overlap_name_cmp(const dots_registry_name_t *a,
    const dots_registry_name_t *b);
static uint32_t *dots_registry_overlap_lengths(dots_registry_root_t *root,
    const dots_prefix_t *p);
static void dots_registry_overlap_names(dots_registry_overlap_t *o);
static void dots_registry_overlap_key(const dots_registry_overlap_t *o,
    dots_registry_kind_t kind, dots_str_t name, dots_registry_name_t *key);
static dots_registry_name_t *dots_registry_overlap_equal(
    dots_registry_root_t *root, dots_registry_name_t *key,
    dots_registry_name_t *prev);
static void dots_registry_overlap_name(dots_registry_overlap_t *o,
    dots_registry_kind_t kind, dots_str_t name);
static void dots_registry_overlap_prefix(dots_registry_overlap_t *o,
    const dots_prefix_t *p);
static void dots_registry_overlap_outside(dots_registry_overlap_t *o,
    const dots_prefix_t *p);
static void dots_registry_overlap_inside(dots_registry_overlap_t *o,
    const dots_prefix_t *p);
static dots_registry_prefix_t *dots_registry_overlap_from(
    dots_registry_overlap_t *o, const dots_prefix_t *p);
static void dots_registry_overlap_meet(dots_registry_overlap_t *o,
    dots_registry_version_t *v);
static int dots_registry_overlap_busy(dots_registry_overlap_t *o,
    dots_registry_version_t *v);
static dots_registry_overlap_effect_t dots_registry_overlap_effect(
    dots_registry_overlap_t *o, dots_registry_version_t *v, int status);
static dots_registry_overlap_effect_t dots_registry_overlap_other(
    dots_registry_overlap_t *o, dots_registry_version_t *v, int active);
static int dots_registry_overlap_newer(const dots_registry_overlap_t *o,
    const dots_registry_version_t *v, int active);


DOTS_REGISTRY_TREE(dots_registry_prefixes, dots_registry_prefix_s, node,
    dots_registry_overlap_prefix_cmp)
DOTS_REGISTRY_TREE(dots_registry_names, dots_registry_name_s, node,
    dots_registry_overlap_name_cmp)


/*
 * Many versions may have the same prefix or name; their addresses order them.
 * A search key has no version and so stands before all that are equal to it.
 */

static int
dots_registry_overlap_prefix_cmp(const dots_registry_prefix_t *a,
    const dots_registry_prefix_t *b)
{
    int        rc;
    uintptr_t  x, y;

    rc = dots_prefix_cmp(&a->prefix, &b->prefix);
    if (rc) {
        return rc;
    }

    x = a->version ? (uintptr_t) a : 0;
    y = b->version ? (uintptr_t) b : 0;

    return (x > y) - (x < y);
}


static int
dots_registry_overlap_name_cmp(const dots_registry_name_t *a,
    const dots_registry_name_t *b)
{
    int        rc;
    uintptr_t  x, y;

    if (a->space != b->space) {
        return (uintptr_t) a->space < (uintptr_t) b->space ? -1 : 1;
    }

    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }

    rc = dots_registry_version_name_cmp(a->kind, dots_str(a->data, a->len),
                                        dots_str(b->data, b->len));
    if (rc) {
        return rc;
    }

    x = a->version ? (uintptr_t) a : 0;
    y = b->version ? (uintptr_t) b : 0;

    return (x > y) - (x < y);
}


/* ---- the indexes ---- */

static uint32_t *
dots_registry_overlap_lengths(dots_registry_root_t *root,
    const dots_prefix_t *p)
{
    return p->family == 4 ? root->lengths4 : root->lengths6;
}


void
dots_registry_overlap_link(dots_registry_root_t *root,
    dots_registry_version_t *v)
{
    uint32_t                 i;
    dots_registry_name_t    *name;
    dots_registry_prefix_t  *p;

    for (i = 0; i < v->nprefixes; i++) {
        p = &v->prefixes[i];
        RB_INSERT(dots_registry_prefixes, &root->prefixes, p);
        dots_registry_overlap_lengths(root, &p->prefix)[p->prefix.length]++;
    }

    name = dots_registry_version_names(v);

    for (i = 0; i < v->nnames; i++) {
        RB_INSERT(dots_registry_names, &root->names, &name[i]);
    }
}


void
dots_registry_overlap_unlink(dots_registry_root_t *root,
    dots_registry_version_t *v)
{
    uint32_t                 i;
    dots_registry_name_t    *name;
    dots_registry_prefix_t  *p;

    for (i = 0; i < v->nprefixes; i++) {
        p = &v->prefixes[i];
        RB_REMOVE(dots_registry_prefixes, &root->prefixes, p);
        dots_registry_overlap_lengths(root, &p->prefix)[p->prefix.length]--;
    }

    name = dots_registry_version_names(v);

    for (i = 0; i < v->nnames; i++) {
        RB_REMOVE(dots_registry_names, &root->names, &name[i]);
    }
}


/* ---- the question ---- */

void
dots_registry_overlap_of(dots_registry_overlap_t *o, dots_registry_t *r,
    dots_registry_entry_t *e, const dots_mitigation_t *m)
{
    memset(o, 0, sizeof(*o));

    o->root = r->root;
    o->m = m;
    o->client = e->client;
    o->customer = e->client->customer;
    o->self = e;
}


/* An obstacle that is there for good ends the search wherever it is. */

void
dots_registry_overlap_check(dots_registry_overlap_t *o)
{
    size_t  i;

    dots_registry_overlap_names(o);

    for (i = 0; i < o->m->nresolved && o->obstacle == NULL; i++) {
        dots_registry_overlap_prefix(o, &o->m->resolved[i]);
    }

    if (o->obstacle != NULL || o->busy) {
        dots_registry_overlap_forget(o);
    }
}


void
dots_registry_overlap_forget(dots_registry_overlap_t *o)
{
    dots_registry_entry_t  *e;

    while ((e = LIST_FIRST(&o->root->victims)) != NULL
           || (e = LIST_FIRST(&o->root->retreats)) != NULL)
    {
        LIST_REMOVE(e, victim);
        e->victim.le_prev = NULL;
    }
}


static void
dots_registry_overlap_names(dots_registry_overlap_t *o)
{
    int                kind;
    size_t             i, n;
    const dots_str_t  *clauses;

    if (o->customer == NULL) {
        return;
    }

    for (kind = 1; kind <= DOTS_REGISTRY_KINDS; kind++) {
        clauses = dots_registry_version_clauses(&o->m->target, kind, &n);

        for (i = 0; i < n && o->obstacle == NULL; i++) {
            dots_registry_overlap_name(o, kind, clauses[i]);
        }
    }
}


static void
dots_registry_overlap_name(dots_registry_overlap_t *o,
    dots_registry_kind_t kind, dots_str_t name)
{
    dots_registry_name_t   key, *n;

    dots_registry_overlap_key(o, kind, name, &key);

    n = dots_registry_overlap_equal(o->root, &key, NULL);

    while (n != NULL && o->obstacle == NULL) {
        dots_registry_overlap_meet(o, n->version);
        n = dots_registry_overlap_equal(o->root, &key, n);
    }
}


/* Whoever has no client here yet has no aliases here either. */

static void
dots_registry_overlap_key(const dots_registry_overlap_t *o,
    dots_registry_kind_t kind, dots_str_t name, dots_registry_name_t *key)
{
    name = dots_registry_version_trim(kind, name);

    key->version = NULL;
    key->kind = (uint8_t) kind;
    key->data = name.data;
    key->len = (uint16_t) name.len;
    key->space = o->customer;

    if (kind == DOTS_REGISTRY_ALIAS) {
        key->space = o->client;
    }
}


/* The first node with the key's name, or the one after "prev". */

static dots_registry_name_t *
dots_registry_overlap_equal(dots_registry_root_t *root,
    dots_registry_name_t *key, dots_registry_name_t *prev)
{
    dots_registry_name_t  *n;

    n = prev ? RB_NEXT(dots_registry_names, NULL, prev)
             : RB_NFIND(dots_registry_names, &root->names, key);

    if (n == NULL || n->space != key->space || n->kind != key->kind) {
        return NULL;
    }

    return dots_registry_version_name_cmp(key->kind,
                                          dots_str(key->data, key->len),
                                          dots_str(n->data, n->len))
           == 0 ? n : NULL;
}


int
dots_registry_overlap_has_name(const dots_registry_overlap_t *o,
    dots_registry_kind_t kind, dots_str_t name)
{
    dots_registry_name_t   key, *n;

    dots_registry_overlap_key(o, kind, name, &key);

    n = dots_registry_overlap_equal(o->root, &key, NULL);

    while (n != NULL && n->version != o->obstacle) {
        n = dots_registry_overlap_equal(o->root, &key, n);
    }

    return n != NULL;
}


static void
dots_registry_overlap_prefix(dots_registry_overlap_t *o,
    const dots_prefix_t *p)
{
    dots_registry_overlap_outside(o, p);

    if (o->obstacle == NULL) {
        dots_registry_overlap_inside(o, p);
    }
}


/* What contains "p": one exact lookup for each shorter length in use. */

static void
dots_registry_overlap_outside(dots_registry_overlap_t *o,
    const dots_prefix_t *p)
{
    uint8_t                  bit;
    uint32_t                *lengths;
    dots_prefix_t            q;
    dots_registry_prefix_t  *n;

    lengths = dots_registry_overlap_lengths(o->root, p);
    q = *p;

    while (q.length > 0 && o->obstacle == NULL) {
        q.length--;
        bit = (uint8_t) (0x80 >> (q.length % 8));
        q.addr[q.length / 8] &= (uint8_t) ~bit;

        if (lengths[q.length] == 0) {
            continue;
        }

        n = dots_registry_overlap_from(o, &q);

        while (n != NULL && o->obstacle == NULL
               && dots_prefix_cmp(&n->prefix, &q) == 0)
        {
            dots_registry_overlap_meet(o, n->version);
            n = RB_NEXT(dots_registry_prefixes, NULL, n);
        }
    }
}


/*
 * "p" itself and what it contains are neighbours in the order of
 * dots_prefix_cmp(): only a prefix shorter than "p" could begin inside of it,
 * and that one begins where "p" does and so stands before it.
 */

static void
dots_registry_overlap_inside(dots_registry_overlap_t *o,
    const dots_prefix_t *p)
{
    dots_registry_prefix_t  *n;

    n = dots_registry_overlap_from(o, p);

    while (n != NULL && o->obstacle == NULL
           && dots_prefix_contains(p, &n->prefix))
    {
        dots_registry_overlap_meet(o, n->version);
        n = RB_NEXT(dots_registry_prefixes, NULL, n);
    }
}


static dots_registry_prefix_t *
dots_registry_overlap_from(dots_registry_overlap_t *o, const dots_prefix_t *p)
{
    dots_registry_prefix_t  key;

    key.version = NULL;
    key.prefix = *p;

    return RB_NFIND(dots_registry_prefixes, &o->root->prefixes, &key);
}


/* One version that overlaps. */

static void
dots_registry_overlap_meet(dots_registry_overlap_t *o,
    dots_registry_version_t *v)
{
    dots_registry_entry_t  *e;

    e = v->entry;

    if (e == o->self) {
        return;
    }

    if (e->owner) {
        o->busy |= dots_registry_overlap_busy(o, v);
        return;
    }

    switch (dots_registry_overlap_effect(o, v, v->status)) {

    case DOTS_REGISTRY_OVERLAP_NOTHING:
        return;

    case DOTS_REGISTRY_OVERLAP_OBSTACLE:
        o->obstacle = v;
        return;

    case DOTS_REGISTRY_OVERLAP_FOREIGN:
        o->foreign = v;
        return;

    case DOTS_REGISTRY_OVERLAP_VICTIM:

        if (!dots_registry_is_victim(e)) {
            LIST_INSERT_HEAD(&o->root->victims, e, victim);
            o->victims++;
            o->counted += dots_registry_counts(v->status);

            if (v->status == DOTS_STATUS_TERMINATING && v->dampen > o->dampen) {
                o->dampen = v->dampen;
            }
        }

        return;

    case DOTS_REGISTRY_OVERLAP_RETREAT:

        if (!dots_registry_is_victim(e)) {
            LIST_INSERT_HEAD(&o->root->retreats, e, victim);
            o->retreats++;
        }
    }
}


/*
 * Of a busy entry both outcomes count: if either matters, the answer has to
 * wait for the settlement.  Its reserved version is met by itself.
 */

static int
dots_registry_overlap_busy(dots_registry_overlap_t *o,
    dots_registry_version_t *v)
{
    if (dots_registry_overlap_effect(o, v, v->status)
        != DOTS_REGISTRY_OVERLAP_NOTHING)
    {
        return 1;
    }

    return v->entry->pending == NULL
           && dots_registry_overlap_effect(o, v, v->entry->status)
              != DOTS_REGISTRY_OVERLAP_NOTHING;
}


static dots_registry_overlap_effect_t
dots_registry_overlap_effect(dots_registry_overlap_t *o,
    dots_registry_version_t *v, int status)
{
    int  active;

    active = status >= DOTS_STATUS_IN_PROGRESS
             && status <= DOTS_STATUS_EXCEEDED;

    if (v->entry->client != o->client) {
        return dots_registry_overlap_other(o, v, active);
    }

    /* the immediate one wins, unless the loss of the session triggers */

    if (v->trigger != o->m->trigger) {
        return active && (o->m->trigger || o->triggering)
               ? DOTS_REGISTRY_OVERLAP_RETREAT : DOTS_REGISTRY_OVERLAP_NOTHING;
    }

    if (o->triggering
        || (!active && status != DOTS_STATUS_TERMINATING
            && status != DOTS_STATUS_AWAITING_LOSS
            && !(status == DOTS_STATUS_WITHDRAWN && !v->trigger && v->cause)))
    {
        return DOTS_REGISTRY_OVERLAP_NOTHING;
    }

    if (dots_registry_overlap_newer(o, v, active)) {
        return DOTS_REGISTRY_OVERLAP_VICTIM;
    }

    return status == DOTS_STATUS_TERMINATING ? DOTS_REGISTRY_OVERLAP_NOTHING
                                             : DOTS_REGISTRY_OVERLAP_OBSTACLE;
}


/*
 * Of another client.  What only awaits the loss of its session is in nobody's
 * way.  Where that loss made two of them active, both stay so: the one that was
 * there first may be refreshed.
 */

static dots_registry_overlap_effect_t
dots_registry_overlap_other(dots_registry_overlap_t *o,
    dots_registry_version_t *v, int active)
{
    if (!active) {
        return DOTS_REGISTRY_OVERLAP_NOTHING;
    }

    if (o->triggering) {
        return DOTS_REGISTRY_OVERLAP_FOREIGN;
    }

    if (!o->m->trigger
        || (!v->trigger && o->self != NULL && o->self->current != NULL
            && dots_registry_acts(o->self->current->status)
            && o->self->current->status != DOTS_STATUS_TERMINATING))
    {
        return DOTS_REGISTRY_OVERLAP_NOTHING;
    }

    return DOTS_REGISTRY_OVERLAP_OBSTACLE;
}


/*
 * "highest numeric 'mid'", RFC 9132 section 4.4.1.3.  A client that has come to
 * 3/4 of the numbers and sees no attack begins at 0 again and recreates its
 * preconfigured requests (section 4.4.1.1): over what is not active, such a
 * restart is newer than what it has left behind.
 */

#define DOTS_REGISTRY_OVERLAP_ROLLOVER 3221225471u  /* 3/4 of 2^32 - 1 */
#define DOTS_REGISTRY_OVERLAP_RESTART  1073741823u  /* 1/4 */

static int
dots_registry_overlap_newer(const dots_registry_overlap_t *o,
    const dots_registry_version_t *v, int active)
{
    uint32_t  mid;

    mid = v->entry->mid;

    if (!active && !v->trigger && mid >= DOTS_REGISTRY_OVERLAP_ROLLOVER
        && o->m->mid < DOTS_REGISTRY_OVERLAP_RESTART)
    {
        return 1;
    }

    return mid < o->m->mid;
}
