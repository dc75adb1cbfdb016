/*
 * Which DOTS clients the server hears, over all its processes: when a client
 * was heard last, and by how many sessions (RFC 9132 section 4.7).  A session
 * that hears nothing asks here whether another one of the same client does
 * before it is called lost.
 *
 * A table of fixed size in memory that all processes share.  It has an entry
 * for each client and process, which its own process takes and gives back; all
 * is written by single atomic stores, so no call needs a lock and a process
 * that dies leaves nothing half done: dots_presence_reap() forgets what it had.
 * Holds hashes, no names and no pointers.  Times are ms of one monotonic clock.
 */

#ifndef DOTS_PRESENCE_H
#define DOTS_PRESENCE_H

#include "dots_base.h"

/* Entries that are looked at for one client: more than there are processes. */
#define DOTS_PRESENCE_WINDOW 256

typedef struct dots_presence_s  dots_presence_t;

/* Of the customer's name and of the cuid: dots_registry_hash(). */

typedef struct {
    uint64_t  customer;
    uint64_t  cuid;
} dots_presence_key_t;

/* Bytes for a table, "memory" of so many: NULL if that is too little. */
size_t dots_presence_size(size_t entries);
dots_presence_t *dots_presence_create(void *memory, size_t size);

/*
 * One more session of process "owner" (a nonzero id) speaks for the client, and
 * has been heard at "heard", or one less: when it was heard then stays known to
 * the others.  join: the entry, DOTS_FULL if there is no room for it.
 */
int64_t dots_presence_join(dots_presence_t *p, uint32_t owner,
    const dots_presence_key_t *key, int64_t heard);
void dots_presence_leave(dots_presence_t *p, const dots_presence_key_t *key,
    int64_t entry);

/* A session of this entry has heard its peer. */
void dots_presence_heard(dots_presence_t *p, int64_t entry, int64_t now);

/* Of all processes: sessions, and when one of them heard the client; -1: none
 * is there. */
size_t dots_presence_sessions(dots_presence_t *p,
    const dots_presence_key_t *key);
int64_t dots_presence_last(dots_presence_t *p, const dots_presence_key_t *key);

/*
 * A session of the client has heard nothing since "since".  DOTS_OK: nor has
 * any other, the client is lost, and the caller is the first to know;
 * DOTS_FULL: the same, but it has been said before; DOTS_DECLINED: it was
 * heard.  Nobody but the client speaking again unsays it.
 */
int dots_presence_lose(dots_presence_t *p, const dots_presence_key_t *key,
    int64_t since, int64_t now);

/* The process is dead. */
void dots_presence_reap(dots_presence_t *p, uint32_t owner);

#endif /* DOTS_PRESENCE_H */
