/*
 * Which cuid clients with the same credentials use: whom a session is presumed
 * to speak for before it names its client (RFC 9132 section 4.7 is about
 * clients, and a heartbeat has no cuid).  Of credentials with several cuids
 * none is presumed: one of them may have said goodbye.
 *
 * A table of fixed size in memory that all processes share; what it has no room
 * for is forgotten.  No call needs a lock: each entry has a check sum over all
 * of it, so one that is being written, or was when its process died, is not
 * known.
 */

#ifndef DOTS_PRESUMED_H
#define DOTS_PRESUMED_H

#include "dots_mitigation.h"
#include "dots_presence.h"

typedef struct dots_presumed_s  dots_presumed_t;

/* Bytes for a table, "memory" of so many: NULL if that is too little. */
size_t dots_presumed_size(size_t entries);
dots_presumed_t *dots_presumed_create(void *memory, size_t size);

/*
 * A session with these credentials (those of dots_presence.h: the customer and
 * the cuid that section 4.4.1.1 makes of them) has used the cuid, of 1 to
 * DOTS_CUID_MAX bytes.
 */
void dots_presumed_note(dots_presumed_t *p,
    const dots_presence_key_t *credentials, dots_str_t cuid);

/* Bytes of the only cuid they have used; 0: not known. */
size_t dots_presumed_cuid(dots_presumed_t *p,
    const dots_presence_key_t *credentials, uint8_t cuid[DOTS_CUID_MAX]);

#endif /* DOTS_PRESUMED_H */
