#include "dots_acl.h"
#include "dots_count.h"
#include "dots_digest.h"
#include "dots_registry.h"


/* "key" comes last where an entry is taken, and goes first. */

typedef struct {
    dots_count_key_t  key;      /* entity 0: free */
    uint32_t          kept;     /* the sweep that it was kept for */
    dots_count_t      count;
} dots_counts_entry_t;

struct dots_counts_s {
    size_t               n;
    size_t               used;
    size_t               swept; /* entries of the sweep under way */
    uint32_t             sweep;
    dots_counts_entry_t  entries[];
};


/* ---- keys ---- */

static void
dots_count_key(dots_count_key_t *key, dots_str_t customer, uint64_t digest)
{
    key->customer = dots_registry_hash(customer);
    key->entity = digest ? digest : 1;
}


void
dots_count_mitigation_key(dots_count_key_t *key, const dots_mitigation_t *m)
{
    uint64_t  digest;

    digest = dots_digest_text(DOTS_DIGEST_BASIS, "mitigation");
    digest = dots_digest_str(digest, m->cuid);
    digest = dots_digest_number(digest, m->mid);
    digest = dots_digest_number(digest, (uint64_t) m->start);

    dots_count_key(key, m->customer, digest);
}


void
dots_count_ace_key(dots_count_key_t *key, dots_str_t customer,
    dots_str_t cuid, const dots_acl_t *acl, const dots_ace_t *ace)
{
    uint64_t  digest;

    digest = dots_digest_text(DOTS_DIGEST_BASIS, "ace");
    digest = dots_digest_str(digest, cuid);
    digest = dots_digest_str(digest, acl->name);
    digest = dots_digest_str(digest, ace->name);
    digest = dots_digest_number(digest, acl->family);
    digest = dots_digest_number(digest, ace->family);

    if (ace->fields & dots_acl_bit(DOTS_ACL_DESTINATION)) {
        digest = dots_digest_number(digest, ace->destination.length);
        digest = dots_digest_bytes(digest, ace->destination.addr,
                                   sizeof(ace->destination.addr));
    }

    dots_count_key(key, customer, digest);
}


/* ---- averages ---- */

/* "n" in so many ms; the product may be more than 64 bits hold. */

static uint64_t
dots_count_per_second(uint64_t n, int64_t ms)
{
    uint64_t  time;

    if (ms <= 0) {
        return 0;
    }

    time = (uint64_t) ms;

    return n / time * 1000 + n % time * 1000 / time;
}


uint64_t
dots_count_packets_per_second(const dots_count_t *c)
{
    return c->whole > c->since
           ? dots_count_per_second(c->whole_packets, c->whole - c->since)
           : dots_count_per_second(c->packets, c->until - c->since);
}


uint64_t
dots_count_octets_per_second(const dots_count_t *c)
{
    return c->whole > c->since
           ? dots_count_per_second(c->whole_octets, c->whole - c->since)
           : dots_count_per_second(c->octets, c->until - c->since);
}


static void
dots_count_add(dots_count_t *c, uint64_t packets, uint64_t octets,
    int64_t now)
{
    c->packets += packets;
    c->octets += octets;
    c->until = now;

    /* a bucket ends with the first count behind its end */

    if ((now - c->since) / DOTS_COUNT_BUCKET
        > (c->whole - c->since) / DOTS_COUNT_BUCKET)
    {
        c->whole = now;
        c->whole_packets = c->packets;
        c->whole_octets = c->octets;
    }
}


/* ---- the table ---- */

size_t
dots_counts_size(size_t entries)
{
    return sizeof(dots_counts_t) + entries * sizeof(dots_counts_entry_t);
}


dots_counts_t *
dots_counts_create(void *memory, size_t size)
{
    dots_counts_t  *t = memory;

    if (size < dots_counts_size(1)) {
        return NULL;
    }

    memset(memory, 0, size);

    t->n = (size - sizeof(dots_counts_t)) / sizeof(dots_counts_entry_t);
    t->sweep = 1;

    return t;
}


int
dots_counts_empty(const dots_counts_t *t)
{
    return t->used == 0;
}


/* The entry of the key; NULL: it has none, *place is a free one or NULL. */

static dots_counts_entry_t *
dots_counts_find(const dots_counts_t *t, const dots_count_key_t *key,
    dots_counts_entry_t **place)
{
    size_t                i, start, window;
    dots_counts_entry_t  *e;

    start = (key->customer ^ key->entity) * 0x9e3779b97f4a7c15 >> 20;
    window = t->n < DOTS_COUNT_WINDOW ? t->n : DOTS_COUNT_WINDOW;
    *place = NULL;

    for (i = 0; i < window; i++) {

        e = (dots_counts_entry_t *) &t->entries[(start + i) % t->n];

        if (e->key.entity == key->entity && e->key.customer == key->customer) {
            return e;
        }

        if (e->key.entity == 0 && *place == NULL) {
            *place = e;
        }
    }

    return NULL;
}


int
dots_counts_get(const dots_counts_t *t, const dots_count_key_t *key,
    dots_count_t *count)
{
    dots_counts_entry_t  *e, *place;

    e = t->used ? dots_counts_find(t, key, &place) : NULL;

    if (e == NULL) {
        return DOTS_DECLINED;
    }

    *count = e->count;

    return DOTS_OK;
}


int
dots_counts_add(dots_counts_t *t, const dots_count_key_t *key,
    const dots_count_more_t *more, int64_t now)
{
    dots_counts_entry_t  *e, *place;

    e = dots_counts_find(t, key, &place);

    if (e != NULL) {
        dots_count_add(&e->count, more->packets, more->octets, now);
        e->kept = t->sweep;
        return DOTS_OK;
    }

    if (place == NULL) {
        return DOTS_FULL;
    }

    memset(&place->count, 0, sizeof(dots_count_t));
    place->count.since = now;
    place->count.whole = now;
    place->kept = t->sweep;

    dots_count_add(&place->count, more->fresh_packets, more->fresh_octets,
                   now);

    t->used++;
    place->key.customer = key->customer;
    __atomic_store_n(&place->key.entity, key->entity, __ATOMIC_RELEASE);

    return DOTS_OK;
}


void
dots_counts_keep(dots_counts_t *t, const dots_count_key_t *key)
{
    dots_counts_entry_t  *e, *place;

    e = t->used ? dots_counts_find(t, key, &place) : NULL;

    if (e != NULL) {
        e->kept = t->sweep;
    }
}


int
dots_counts_sweep(dots_counts_t *t, size_t max)
{
    size_t                i;
    dots_counts_entry_t  *e;

    for (i = 0; i < max && t->swept < t->n; i++, t->swept++) {

        e = &t->entries[t->swept];

        if (e->key.entity != 0 && e->kept != t->sweep) {
            __atomic_store_n(&e->key.entity, 0, __ATOMIC_RELEASE);
            t->used -= t->used != 0;
        }
    }

    if (t->swept < t->n) {
        return DOTS_DECLINED;
    }

    t->swept = 0;
    t->sweep++;

    return DOTS_OK;
}
