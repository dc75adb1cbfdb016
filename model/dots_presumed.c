#include "dots_presumed.h"
#include "dots_registry.h"


#define DOTS_PRESUMED_WINDOW  8     /* entries that credentials may have */


typedef struct {
    dots_presence_key_t  credentials;
    uint64_t             len;       /* 0: they have used several */
    uint8_t              cuid[DOTS_CUID_MAX];
} dots_presumed_fact_t;

typedef struct {
    uint64_t              check;    /* of the fact; set last */
    dots_presumed_fact_t  fact;
} dots_presumed_entry_t;

struct dots_presumed_s {
    size_t                 n;
    dots_presumed_entry_t  entries[];
};


size_t
dots_presumed_size(size_t entries)
{
    return sizeof(dots_presumed_t) + entries * sizeof(dots_presumed_entry_t);
}


dots_presumed_t *
dots_presumed_create(void *memory, size_t size)
{
    dots_presumed_t  *p = memory;

    if (size < dots_presumed_size(1)) {
        return NULL;
    }

    memset(memory, 0, size);

    p->n = (size - sizeof(dots_presumed_t)) / sizeof(dots_presumed_entry_t);

    return p;
}


/* 0 is that of no fact. */

static uint64_t
dots_presumed_check(const dots_presumed_fact_t *fact)
{
    return dots_registry_hash(dots_str(fact, sizeof(*fact))) | 1;
}


/* DOTS_DECLINED: the entry is free, or half written. */

static int
dots_presumed_read(const dots_presumed_entry_t *e, dots_presumed_fact_t *fact)
{
    uint64_t  check;

    check = __atomic_load_n(&e->check, __ATOMIC_ACQUIRE);

    memcpy(fact, &e->fact, sizeof(*fact));

    return check == dots_presumed_check(fact) && fact->len <= DOTS_CUID_MAX
               ? DOTS_OK : DOTS_DECLINED;
}


static void
dots_presumed_write(dots_presumed_entry_t *e, const dots_presumed_fact_t *fact)
{
    __atomic_store_n(&e->check, 0, __ATOMIC_SEQ_CST);

    memcpy(&e->fact, fact, sizeof(*fact));

    __atomic_store_n(&e->check, dots_presumed_check(fact), __ATOMIC_RELEASE);
}


/*
 * The entry of the credentials, with what it says, or with DOTS_DECLINED the
 * one that they may have: one that is free, or the first.
 */

static int
dots_presumed_find(dots_presumed_t *p, const dots_presence_key_t *credentials,
    dots_presumed_entry_t **entry, dots_presumed_fact_t *fact)
{
    size_t                  i;
    uint64_t                start;
    dots_presumed_entry_t  *e, *free;

    start = (credentials->customer ^ credentials->cuid) * 0x9e3779b97f4a7c15;
    start = (start >> 32) % p->n;
    free = NULL;

    for (i = 0; i < DOTS_PRESUMED_WINDOW && i < p->n; i++) {

        e = &p->entries[(start + i) % p->n];

        if (dots_presumed_read(e, fact) != DOTS_OK) {
            free = free ? free : e;

        } else if (fact->credentials.customer == credentials->customer
                   && fact->credentials.cuid == credentials->cuid)
        {
            *entry = e;
            return DOTS_OK;
        }
    }

    *entry = free ? free : &p->entries[start];

    return DOTS_DECLINED;
}


void
dots_presumed_note(dots_presumed_t *p, const dots_presence_key_t *credentials,
    dots_str_t cuid)
{
    dots_presumed_fact_t    fact;
    dots_presumed_entry_t  *e;

    if (cuid.len == 0 || cuid.len > DOTS_CUID_MAX) {
        return;
    }

    if (dots_presumed_find(p, credentials, &e, &fact) == DOTS_OK) {

        if (fact.len == 0
            || (fact.len == cuid.len
                && memcmp(fact.cuid, cuid.data, cuid.len) == 0))
        {
            return;
        }

        cuid.len = 0;
    }

    memset(&fact, 0, sizeof(fact));

    fact.credentials = *credentials;
    fact.len = cuid.len;
    memcpy(fact.cuid, cuid.data, cuid.len);

    dots_presumed_write(e, &fact);
}


size_t
dots_presumed_cuid(dots_presumed_t *p, const dots_presence_key_t *credentials,
    uint8_t cuid[DOTS_CUID_MAX])
{
    dots_presumed_fact_t    fact;
    dots_presumed_entry_t  *e;

    if (dots_presumed_find(p, credentials, &e, &fact) != DOTS_OK) {
        return 0;
    }

    memcpy(cuid, fact.cuid, fact.len);

    return fact.len;
}
