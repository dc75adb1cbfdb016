#include "dots_presence.h"


/*
 * "owner" is taken by compare and swap.  An entry counts once its cuid is set,
 * which comes last, and no more once that is 0, which comes first.  Others than
 * the owner change "heard", which only grows, and "lost", by compare and swap.
 */

typedef struct {
    uint32_t  owner;        /* 0: free */
    uint32_t  sessions;
    uint64_t  customer;
    uint64_t  cuid;         /* 0: not (or not any more) in use */
    int64_t   heard;
    int64_t   lost;         /* when the client was called lost; 0: never */
} dots_presence_entry_t;

struct dots_presence_s {
    size_t                 n;
    dots_presence_entry_t  entries[];
};


#define dots_presence_load(p)     __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define dots_presence_store(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)


size_t
dots_presence_size(size_t entries)
{
    return sizeof(dots_presence_t) + entries * sizeof(dots_presence_entry_t);
}


dots_presence_t *
dots_presence_create(void *memory, size_t size)
{
    dots_presence_t  *p = memory;

    if (size < dots_presence_size(1)) {
        return NULL;
    }

    memset(memory, 0, size);

    p->n = (size - sizeof(dots_presence_t)) / sizeof(dots_presence_entry_t);

    return p;
}


/* 0 means "not in use". */

static uint64_t
dots_presence_cuid(const dots_presence_key_t *key)
{
    return key->cuid ? key->cuid : 1;
}


static size_t
dots_presence_window(const dots_presence_t *p)
{
    return p->n < DOTS_PRESENCE_WINDOW ? p->n : DOTS_PRESENCE_WINDOW;
}


static dots_presence_entry_t *
dots_presence_at(dots_presence_t *p, const dots_presence_key_t *key, size_t i)
{
    uint64_t  start;

    start = (key->customer ^ dots_presence_cuid(key)) * 0x9e3779b97f4a7c15;
    start = (start >> 32) % p->n;

    return &p->entries[(start + i) % p->n];
}


static int
dots_presence_is(dots_presence_entry_t *e, const dots_presence_key_t *key)
{
    return dots_presence_load(&e->cuid) == dots_presence_cuid(key)
           && dots_presence_load(&e->customer) == key->customer;
}


static void
dots_presence_grow(dots_presence_entry_t *e, int64_t heard)
{
    int64_t  known;

    known = dots_presence_load(&e->heard);

    while (known < heard
           && !__atomic_compare_exchange_n(&e->heard, &known, heard, 0,
                                           __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
    {
        /* void */
    }
}


static int
dots_presence_claim(dots_presence_entry_t *e, uint32_t owner)
{
    uint32_t  nobody;

    nobody = 0;

    return dots_presence_load(&e->owner) == 0
           && __atomic_compare_exchange_n(&e->owner, &nobody, owner, 0,
                                          __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}


/* The process has no entry for the client, so nobody else will make one. */

static dots_presence_entry_t *
dots_presence_add(dots_presence_t *p, uint32_t owner,
    const dots_presence_key_t *key, int64_t heard)
{
    size_t                  i;
    dots_presence_entry_t  *e;

    for (i = 0; i < dots_presence_window(p); i++) {

        e = dots_presence_at(p, key, i);

        if (!dots_presence_claim(e, owner)) {
            continue;
        }

        dots_presence_store(&e->sessions, 0);
        dots_presence_store(&e->heard, heard);
        dots_presence_store(&e->lost, 0);
        dots_presence_store(&e->customer, key->customer);
        dots_presence_store(&e->cuid, dots_presence_cuid(key));

        return e;
    }

    return NULL;
}


int64_t
dots_presence_join(dots_presence_t *p, uint32_t owner,
    const dots_presence_key_t *key, int64_t heard)
{
    size_t                  i;
    dots_presence_entry_t  *e;

    e = NULL;

    for (i = 0; i < dots_presence_window(p); i++) {

        e = dots_presence_at(p, key, i);

        if (dots_presence_load(&e->owner) == owner
            && dots_presence_is(e, key))
        {
            break;
        }

        e = NULL;
    }

    if (e == NULL) {
        e = dots_presence_add(p, owner, key, heard);
    }

    if (e == NULL) {
        return DOTS_FULL;
    }

    dots_presence_grow(e, heard);
    dots_presence_store(&e->sessions, e->sessions + 1);

    return e - p->entries;
}


static void
dots_presence_free(dots_presence_entry_t *e)
{
    dots_presence_store(&e->cuid, 0);
    dots_presence_store(&e->sessions, 0);
    dots_presence_store(&e->owner, 0);
}


/*
 * A client that left in order over one session has an older one, perhaps, that
 * its address translator broke: that one must not call it lost.
 */

static void
dots_presence_tell(dots_presence_t *p, const dots_presence_key_t *key,
    int64_t heard)
{
    size_t                  i;
    dots_presence_entry_t  *e;

    for (i = 0; i < dots_presence_window(p); i++) {

        e = dots_presence_at(p, key, i);

        if (dots_presence_is(e, key)) {
            dots_presence_grow(e, heard);
        }
    }
}


void
dots_presence_leave(dots_presence_t *p, const dots_presence_key_t *key,
    int64_t entry)
{
    dots_presence_entry_t  *e;

    e = &p->entries[entry];

    if (e->sessions > 1) {
        dots_presence_store(&e->sessions, e->sessions - 1);
        return;
    }

    dots_presence_tell(p, key, dots_presence_load(&e->heard));
    dots_presence_free(e);
}


void
dots_presence_heard(dots_presence_t *p, int64_t entry, int64_t now)
{
    dots_presence_store(&p->entries[entry].heard, now);
}


size_t
dots_presence_sessions(dots_presence_t *p, const dots_presence_key_t *key)
{
    size_t                  i, n;
    dots_presence_entry_t  *e;

    n = 0;

    for (i = 0; i < dots_presence_window(p); i++) {

        e = dots_presence_at(p, key, i);

        if (dots_presence_is(e, key)) {
            n += dots_presence_load(&e->sessions);
        }
    }

    return n;
}


int64_t
dots_presence_last(dots_presence_t *p, const dots_presence_key_t *key)
{
    size_t                  i;
    int64_t                 heard, last;
    dots_presence_entry_t  *e;

    last = -1;

    for (i = 0; i < dots_presence_window(p); i++) {

        e = dots_presence_at(p, key, i);

        if (dots_presence_is(e, key)) {
            heard = dots_presence_load(&e->heard);
            last = heard > last ? heard : last;
        }
    }

    return last;
}


/*
 * Several sessions may come here at about the same time.  All of them write the
 * same word, the one of the client's first entry; whose swap succeeds has been
 * the first.  It stays said until the client is heard again.
 */

int
dots_presence_lose(dots_presence_t *p, const dots_presence_key_t *key,
    int64_t since, int64_t now)
{
    size_t                  i;
    int64_t                 last, lost, said;
    dots_presence_entry_t  *e, *first;

    last = dots_presence_last(p, key);

    if (last > since) {
        return DOTS_DECLINED;
    }

    first = NULL;
    said = 0;

    for (i = 0; i < dots_presence_window(p); i++) {

        e = dots_presence_at(p, key, i);

        if (!dots_presence_is(e, key)) {
            continue;
        }

        first = first ? first : e;
        lost = dots_presence_load(&e->lost);

        if (lost > last) {
            return DOTS_FULL;
        }

        said = first == e ? lost : said;
    }

    if (first == NULL) {
        return DOTS_OK;
    }

    return __atomic_compare_exchange_n(&first->lost, &said, now, 0,
                                       __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)
           ? DOTS_OK : DOTS_FULL;
}


void
dots_presence_reap(dots_presence_t *p, uint32_t owner)
{
    size_t  i;

    for (i = 0; i < p->n; i++) {

        if (dots_presence_load(&p->entries[i].owner) == owner) {
            dots_presence_free(&p->entries[i]);
        }
    }
}
