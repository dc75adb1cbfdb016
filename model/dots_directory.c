#include "dots_directory.h"


/*
 * A tag is in one of two sets, by its halves; a new one goes where there is
 * more room.  Sets hold their entries by columns, so that the tags are one line
 * of the cache.  "tag" is stored last when an entry is made, and first when it
 * goes; who reads looks at it before and after.
 */

typedef struct {
    uint64_t  tag[DOTS_DIRECTORY_WAYS];     /* 0: free */
    uint64_t  owner[DOTS_DIRECTORY_WAYS];   /* slot, pid */
    uint64_t  hello[DOTS_DIRECTORY_WAYS];
    uint64_t  quota[DOTS_DIRECTORY_WAYS];   /* turn, datagrams in it */
} dots_directory_set_t;

struct dots_directory_s {
    uint64_t              secret[2];
    size_t                nsets;
    size_t                refused;
    uint64_t              room[4];          /* up to a line of the cache */
    dots_directory_set_t  sets[];
};

/* One entry: a set, and which of it. */

typedef struct {
    dots_directory_set_t  *set;
    size_t                 i;
} dots_directory_entry_t;


#define dots_directory_load(p)     __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define dots_directory_store(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)


dots_directory_t *
dots_directory_create(void *memory, size_t size,
    const uint8_t secret[DOTS_DIRECTORY_SECRET])
{
    dots_directory_t  *d = memory;

    if (size < sizeof(dots_directory_t) + sizeof(dots_directory_set_t)) {
        return NULL;
    }

    memset(memory, 0, size);

    memcpy(d->secret, secret, sizeof(d->secret));
    d->nsets = (size - sizeof(dots_directory_t)) / sizeof(dots_directory_set_t);

    return d;
}


/*
 * ---- SipHash-1-3 ----
 *
 * For each datagram: the short form, that of the hash tables of several
 * languages, against the same attack.
 */

#define dots_directory_rotate(x, n) ((x) << (n) | (x) >> (64 - (n)))


static inline void
dots_directory_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = dots_directory_rotate(v[1], 13) ^ v[0];
    v[0] = dots_directory_rotate(v[0], 32);
    v[2] += v[3];
    v[3] = dots_directory_rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = dots_directory_rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = dots_directory_rotate(v[1], 17) ^ v[2];
    v[2] = dots_directory_rotate(v[2], 32);
}


static inline void
dots_directory_mix(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    dots_directory_round(v);
    v[0] ^= word;
}


uint64_t
dots_directory_tag(const dots_directory_t *d, const void *address, size_t len)
{
    size_t          i;
    uint64_t        v[4], word, tag;
    const uint8_t  *p = address;

    v[0] = d->secret[0] ^ 0x736f6d6570736575ull;
    v[1] = d->secret[1] ^ 0x646f72616e646f6dull;
    v[2] = d->secret[0] ^ 0x6c7967656e657261ull;
    v[3] = d->secret[1] ^ 0x7465646279746573ull;

    for (i = 0; i + 8 <= len; i += 8) {
        memcpy(&word, p + i, 8);
        dots_directory_mix(v, word);
    }

    word = 0;
    memcpy(&word, p + i, len - i);
    dots_directory_mix(v, word | (uint64_t) (len & 0xff) << 56);

    v[2] ^= 0xff;

    for (i = 0; i < 3; i++) {
        dots_directory_round(v);
    }

    tag = v[0] ^ v[1] ^ v[2] ^ v[3];

    return tag ? tag : 1;
}


/* ---- entries ---- */

static dots_directory_set_t *
dots_directory_set(const dots_directory_t *d, uint64_t tag, int choice)
{
    uint32_t  half;

    half = (uint32_t) (choice ? tag >> 32 : tag);

    return (dots_directory_set_t *) &d->sets[half % d->nsets];
}


/* DOTS_OK or DOTS_DECLINED. */

static int
dots_directory_at(const dots_directory_t *d, uint64_t tag,
    dots_directory_entry_t *e)
{
    int  choice;

    for (choice = 0; choice < 2; choice++) {

        e->set = dots_directory_set(d, tag, choice);

        for (e->i = 0; e->i < DOTS_DIRECTORY_WAYS; e->i++) {
            if (dots_directory_load(&e->set->tag[e->i]) == tag) {
                return DOTS_OK;
            }
        }
    }

    return DOTS_DECLINED;
}


static void
dots_directory_owner(const dots_directory_entry_t *e,
    dots_directory_owner_t *owner)
{
    uint64_t  word;

    word = dots_directory_load(&e->set->owner[e->i]);

    owner->pid = (uint32_t) word;
    owner->slot = (uint32_t) (word >> 32);
    owner->hello = dots_directory_load(&e->set->hello[e->i]);
}


int
dots_directory_find(const dots_directory_t *d, uint64_t tag,
    dots_directory_owner_t *owner)
{
    dots_directory_entry_t  e;

    if (dots_directory_at(d, tag, &e) != DOTS_OK) {
        return DOTS_DECLINED;
    }

    dots_directory_owner(&e, owner);

    /* it may have become another's while we looked */

    return dots_directory_load(&e.set->tag[e.i]) == tag ? DOTS_OK
                                                        : DOTS_DECLINED;
}


/* ---- writers ---- */

static size_t
dots_directory_count(const dots_directory_set_t *set)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < DOTS_DIRECTORY_WAYS; i++) {
        n += (set->tag[i] != 0);
    }

    return n;
}


/* Those of processes that are dead go. */

static void
dots_directory_bury(dots_directory_set_t *set, dots_directory_alive_pt alive,
    void *ctx)
{
    dots_directory_owner_t  owner;
    dots_directory_entry_t  e;

    e.set = set;

    for (e.i = 0; e.i < DOTS_DIRECTORY_WAYS; e.i++) {

        dots_directory_owner(&e, &owner);

        if (set->tag[e.i] && !alive(ctx, &owner)) {
            dots_directory_store(&set->tag[e.i], 0);
        }
    }
}


/* A free entry for the tag. */

static int
dots_directory_free(dots_directory_t *d, uint64_t tag,
    dots_directory_alive_pt alive, void *ctx, dots_directory_entry_t *e)
{
    size_t                 n, m;
    dots_directory_set_t  *one, *other;

    one = dots_directory_set(d, tag, 0);
    other = dots_directory_set(d, tag, 1);

    n = dots_directory_count(one);
    m = dots_directory_count(other);

    if (n == DOTS_DIRECTORY_WAYS && m == DOTS_DIRECTORY_WAYS) {
        dots_directory_bury(one, alive, ctx);
        n = dots_directory_count(one);
    }

    if (n == DOTS_DIRECTORY_WAYS && m == DOTS_DIRECTORY_WAYS) {
        dots_directory_bury(other, alive, ctx);
    }

    e->set = m < n ? other : one;

    for (e->i = 0; e->i < DOTS_DIRECTORY_WAYS; e->i++) {
        if (e->set->tag[e->i] == 0) {
            return DOTS_OK;
        }
    }

    return DOTS_FULL;
}


int
dots_directory_put(dots_directory_t *d, uint64_t tag,
    const dots_directory_owner_t *owner, dots_directory_alive_pt alive,
    void *ctx)
{
    dots_directory_entry_t  e;

    if (dots_directory_at(d, tag, &e) != DOTS_OK
        && dots_directory_free(d, tag, alive, ctx, &e) != DOTS_OK)
    {
        d->refused++;
        return DOTS_FULL;
    }

    /*
     * An entry that is there stays visible.  Who reads a new owner with the
     * old hash hands over a hello that the owner does not need.
     */

    dots_directory_store(&e.set->hello[e.i], owner->hello);
    dots_directory_store(&e.set->owner[e.i],
                         (uint64_t) owner->slot << 32 | owner->pid);
    dots_directory_store(&e.set->quota[e.i], 0);
    dots_directory_store(&e.set->tag[e.i], tag);

    return DOTS_OK;
}


void
dots_directory_remove(dots_directory_t *d, uint64_t tag, uint32_t pid)
{
    dots_directory_entry_t  e;

    if (dots_directory_at(d, tag, &e) == DOTS_OK
        && (uint32_t) e.set->owner[e.i] == pid)
    {
        dots_directory_store(&e.set->tag[e.i], 0);
    }
}


void
dots_directory_reap(dots_directory_t *d, uint32_t pid)
{
    size_t                 i, k;
    dots_directory_set_t  *set;

    for (k = 0; k < d->nsets; k++) {

        set = &d->sets[k];

        for (i = 0; i < DOTS_DIRECTORY_WAYS; i++) {
            if (set->tag[i] && (uint32_t) set->owner[i] == pid) {
                dots_directory_store(&set->tag[i], 0);
            }
        }
    }
}


/* ---- how much ---- */

int
dots_directory_admit(dots_directory_t *d, uint64_t tag, uint32_t turn,
    uint32_t max)
{
    uint64_t                quota;
    dots_directory_entry_t  e;

    if (dots_directory_at(d, tag, &e) != DOTS_OK) {
        return 0;
    }

    quota = dots_directory_load(&e.set->quota[e.i]);

    if ((uint32_t) (quota >> 32) != turn) {
        quota = (uint64_t) turn << 32;
    }

    if ((uint32_t) quota >= max) {
        return 0;
    }

    dots_directory_store(&e.set->quota[e.i], quota + 1);

    return 1;
}


size_t
dots_directory_used(const dots_directory_t *d)
{
    size_t  k, n;

    n = 0;

    for (k = 0; k < d->nsets; k++) {
        n += dots_directory_count(&d->sets[k]);
    }

    return n;
}


size_t
dots_directory_refused(const dots_directory_t *d)
{
    return d->refused;
}
