/*
 * What has been dropped for a mitigation (RFC 9132 section 4.4.2: bytes-dropped
 * and so on) or for an entry of an ACL (RFC 8783 section 4.3: statistics),
 * since it came into force.  Volatile: a table of fixed size in memory that all
 * processes share; one writes, all read, under the caller's lock.  A process
 * that dies inside leaves nothing that the next call can't read.  Holds hashes,
 * no names and no pointers.  Times are ms of the clock of deadlines.
 */

#ifndef DOTS_COUNT_H
#define DOTS_COUNT_H

#include "dots_base.h"
#include "dots_mitigation.h"

#define DOTS_COUNT_BUCKET 300000 /* ms: the five minutes of section 4.4.2 */
#define DOTS_COUNT_WINDOW 32     /* entries that are looked at for one key */

struct dots_acl_s;
struct dots_ace_s;

/*
 * Whose, and what of that customer's; a collision of the second one would show
 * a customer its own.
 */

typedef struct {
    uint64_t  customer;
    uint64_t  entity;
} dots_count_key_t;

typedef struct dots_count_s {
    uint64_t  packets;
    uint64_t  octets;
    int64_t   since;            /* when counting began */
    int64_t   until;            /* of the last count */

    /* at the end of the last full bucket of five minutes, or "since" */

    int64_t   whole;
    uint64_t  whole_packets;
    uint64_t  whole_octets;
} dots_count_t;

typedef struct dots_counts_s  dots_counts_t;


/* A mitigation; one that begins anew is another. */
void dots_count_mitigation_key(dots_count_key_t *key,
    const dots_mitigation_t *m);

/* An entry of an ACL; one with another destination is another. */
void dots_count_ace_key(dots_count_key_t *key, dots_str_t customer,
    dots_str_t cuid, const struct dots_acl_s *acl,
    const struct dots_ace_s *ace);

/*
 * Per second: the average of the full buckets since it began, before the first
 * is full of the time so far.
 */
uint64_t dots_count_packets_per_second(const dots_count_t *c);
uint64_t dots_count_octets_per_second(const dots_count_t *c);


/* Bytes for a table, "memory" of so many: NULL if that is too little. */
size_t dots_counts_size(size_t entries);
dots_counts_t *dots_counts_create(void *memory, size_t size);

/* DOTS_OK with a copy, or DOTS_DECLINED: it is not counted. */
int dots_counts_get(const dots_counts_t *t, const dots_count_key_t *key,
    dots_count_t *count);

/* Nothing is counted at all. */
int dots_counts_empty(const dots_counts_t *t);

/*
 * Adds what has been dropped since the last call for the key, and keeps it from
 * being swept.  The first call begins at 0 and adds "fresh_packets" and
 * "fresh_octets" only: those of rules that are as new.  DOTS_OK, or DOTS_FULL:
 * there is no room, it is not counted.
 */
typedef struct {
    uint64_t  packets;
    uint64_t  octets;
    uint64_t  fresh_packets;
    uint64_t  fresh_octets;
} dots_count_more_t;

int dots_counts_add(dots_counts_t *t, const dots_count_key_t *key,
    const dots_count_more_t *more, int64_t now);

/* Keeps it as it is, if it is there. */
void dots_counts_keep(dots_counts_t *t, const dots_count_key_t *key);

/*
 * Forgets what was neither added to nor kept since the last sweep: up to "max"
 * entries are looked at; DOTS_OK: all have been.
 */
int dots_counts_sweep(dots_counts_t *t, size_t max);

#endif /* DOTS_COUNT_H */
