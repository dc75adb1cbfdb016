/*
 * Which process has the session of an address: a table of fixed size in memory
 * that all processes share.  Who finds a stranger's datagram looks here whose
 * it is, and hands it over.
 *
 * Looking needs no lock.  Writers come one at a time (the caller's lock), and
 * whatever they do becomes visible by one store: a process that dies in between
 * leaves an entry, or none.  An entry says who made it; those of a process that
 * is dead are taken by others when they are met, or by dots_directory_reap().
 *
 * Has no addresses but their tags, 64 bits of a keyed hash, so that nobody
 * outside can make two of them meet.  Where two do, the owner of one is given a
 * datagram of the other, and does not know its address.
 */

#ifndef DOTS_DIRECTORY_H
#define DOTS_DIRECTORY_H

#include "dots_base.h"

#define DOTS_DIRECTORY_SECRET 16
#define DOTS_DIRECTORY_WAYS   8  /* entries in one of two sets of an address */

typedef struct dots_directory_s  dots_directory_t;

typedef struct {
    uint32_t  pid;              /* not 0 */
    uint32_t  slot;             /* the caller's */
    uint64_t  hello;            /* what its handshake began with: a hash */
} dots_directory_owner_t;

/* Nonzero while the owner is a process that lives. */
typedef int (*dots_directory_alive_pt)(void *ctx,
    const dots_directory_owner_t *owner);

/* "memory" of so many bytes, at best a page; NULL: that is too little. */
dots_directory_t *dots_directory_create(void *memory, size_t size,
    const uint8_t secret[DOTS_DIRECTORY_SECRET]);

/* Of an address (both ends of a flow); never 0. */
uint64_t dots_directory_tag(const dots_directory_t *d, const void *address,
    size_t len);

/* DOTS_OK and the owner, or DOTS_DECLINED. */
int dots_directory_find(const dots_directory_t *d, uint64_t tag,
    dots_directory_owner_t *owner);

/*
 * Writers.  put: the owner from now on, whoever it was; DOTS_FULL: no room,
 * which is counted.  remove: if it is still this process's.
 */
int dots_directory_put(dots_directory_t *d, uint64_t tag,
    const dots_directory_owner_t *owner, dots_directory_alive_pt alive,
    void *ctx);
void dots_directory_remove(dots_directory_t *d, uint64_t tag, uint32_t pid);

/* All that the process has; looks at the whole table. */
void dots_directory_reap(dots_directory_t *d, uint32_t pid);

/*
 * May one more datagram go to the tag's owner?  "max" of them in one of the
 * owner's turns, which the caller counts.  Needs no lock; a guess where
 * processes ask at once.
 */
int dots_directory_admit(dots_directory_t *d, uint64_t tag, uint32_t turn,
    uint32_t max);

/* Entries in use, and refused since the beginning. */
size_t dots_directory_used(const dots_directory_t *d);
size_t dots_directory_refused(const dots_directory_t *d);

#endif /* DOTS_DIRECTORY_H */
