#include "dots_directory.h"


/*
 * A set of DOTS_DIRECTORY_WAYS entries for each tag.  "tag" is stored last when
 * an entry is made, and first when it goes; who reads looks at it before and
 * after.
 */

typedef struct {
    uint64_t  tag;              /* 0: free */
    uint64_t  owner;            /* slot, pid */
    uint64_t  hello;
    uint64_t  quota;            /* turn, datagrams in it */
} dots_directory_entry_t;

struct dots_directory_s {
    uint64_t                secret[2];
    size_t                  sets;
    size_t                  refused;
    dots_directory_entry_t  entries[];
};


#define dots_directory_load(p)     __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define dots_directory_store(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)


dots_directory_t *
dots_directory_create(void *memory, size_t size,
    const uint8_t secret[DOTS_DIRECTORY_SECRET])
{
    size_t             set;
    dots_directory_t  *d = memory;

    set = DOTS_DIRECTORY_WAYS * sizeof(dots_directory_entry_t);

    if (size < sizeof(dots_directory_t) + set) {
        return NULL;
    }

    memset(memory, 0, size);

    memcpy(d->secret, secret, sizeof(d->secret));
    d->sets = (size - sizeof(dots_directory_t)) / set;

    return d;
}


/* ---- SipHash-2-4 ---- */

#define dots_directory_rotate(x, n) ((x) << (n) | (x) >> (64 - (n)))


static void
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


static void
dots_directory_mix(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    dots_directory_round(v);
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

    for (i = 0; i < 4; i++) {
        dots_directory_round(v);
    }

    tag = v[0] ^ v[1] ^ v[2] ^ v[3];

    return tag ? tag : 1;
}


/* ---- entries ---- */

static dots_directory_entry_t *
dots_directory_set(const dots_directory_t *d, uint64_t tag)
{
    size_t  set;

    set = (size_t) ((tag >> 32) % d->sets);

    return (dots_directory_entry_t *) &d->entries[set * DOTS_DIRECTORY_WAYS];
}


static dots_directory_entry_t *
dots_directory_at(const dots_directory_t *d, uint64_t tag)
{
    size_t                   i;
    dots_directory_entry_t  *set;

    set = dots_directory_set(d, tag);

    for (i = 0; i < DOTS_DIRECTORY_WAYS; i++) {
        if (dots_directory_load(&set[i].tag) == tag) {
            return &set[i];
        }
    }

    return NULL;
}


static void
dots_directory_owner(const dots_directory_entry_t *e,
    dots_directory_owner_t *owner)
{
    uint64_t  word;

    word = dots_directory_load(&e->owner);

    owner->pid = (uint32_t) word;
    owner->slot = (uint32_t) (word >> 32);
    owner->hello = dots_directory_load(&e->hello);
}


int
dots_directory_find(const dots_directory_t *d, uint64_t tag,
    dots_directory_owner_t *owner)
{
    dots_directory_entry_t  *e;

    e = dots_directory_at(d, tag);

    if (e == NULL) {
        return DOTS_DECLINED;
    }

    dots_directory_owner(e, owner);

    /* it may have become another's while we looked */

    return dots_directory_load(&e->tag) == tag ? DOTS_OK : DOTS_DECLINED;
}


/* ---- writers ---- */

/* A free entry for the tag, or one of a process that is dead. */

static dots_directory_entry_t *
dots_directory_free(dots_directory_t *d, uint64_t tag,
    dots_directory_alive_pt alive, void *ctx)
{
    size_t                   i;
    dots_directory_entry_t  *set;
    dots_directory_owner_t   owner;

    set = dots_directory_set(d, tag);

    for (i = 0; i < DOTS_DIRECTORY_WAYS; i++) {
        if (set[i].tag == 0) {
            return &set[i];
        }
    }

    for (i = 0; i < DOTS_DIRECTORY_WAYS; i++) {

        dots_directory_owner(&set[i], &owner);

        if (!alive(ctx, &owner)) {
            dots_directory_store(&set[i].tag, 0);
            return &set[i];
        }
    }

    return NULL;
}


int
dots_directory_put(dots_directory_t *d, uint64_t tag,
    const dots_directory_owner_t *owner, dots_directory_alive_pt alive,
    void *ctx)
{
    dots_directory_entry_t  *e;

    e = dots_directory_at(d, tag);

    if (e == NULL) {
        e = dots_directory_free(d, tag, alive, ctx);
    }

    if (e == NULL) {
        d->refused++;
        return DOTS_FULL;
    }

    /*
     * An entry that is there stays visible.  Who reads a new owner with the
     * old hash hands over a hello that the owner does not need.
     */

    dots_directory_store(&e->hello, owner->hello);
    dots_directory_store(&e->owner,
                         (uint64_t) owner->slot << 32 | owner->pid);
    dots_directory_store(&e->quota, 0);
    dots_directory_store(&e->tag, tag);

    return DOTS_OK;
}


void
dots_directory_remove(dots_directory_t *d, uint64_t tag, uint32_t pid)
{
    dots_directory_entry_t  *e;

    e = dots_directory_at(d, tag);

    if (e != NULL && (uint32_t) e->owner == pid) {
        dots_directory_store(&e->tag, 0);
    }
}


void
dots_directory_reap(dots_directory_t *d, uint32_t pid)
{
    size_t                   i;
    dots_directory_entry_t  *e;

    for (i = 0; i < d->sets * DOTS_DIRECTORY_WAYS; i++) {

        e = &d->entries[i];

        if (e->tag && (uint32_t) e->owner == pid) {
            dots_directory_store(&e->tag, 0);
        }
    }
}


/* ---- how much ---- */

int
dots_directory_admit(dots_directory_t *d, uint64_t tag, uint32_t turn,
    uint32_t max)
{
    uint64_t                 quota;
    dots_directory_entry_t  *e;

    e = dots_directory_at(d, tag);

    if (e == NULL) {
        return 0;
    }

    quota = dots_directory_load(&e->quota);

    if ((uint32_t) (quota >> 32) != turn) {
        quota = (uint64_t) turn << 32;
    }

    if ((uint32_t) quota >= max) {
        return 0;
    }

    dots_directory_store(&e->quota, quota + 1);

    return 1;
}


size_t
dots_directory_used(const dots_directory_t *d)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < d->sets * DOTS_DIRECTORY_WAYS; i++) {
        n += (d->entries[i].tag != 0);
    }

    return n;
}


size_t
dots_directory_refused(const dots_directory_t *d)
{
    return d->refused;
}
