/*
 * What an entry of the data channel is known by between two looks at it: when
 * its configuration was last altered, and a tag that changes whenever that
 * does (RFC 8040 sections 3.5.1 and 3.5.2).  Tags of containers are sums over
 * those of their entries.  The same for every process and after a restart.
 * Knows neither HTTP nor what the entries say.
 */

#ifndef DOTS_ENTITY_H
#define DOTS_ENTITY_H

#include "dots_base.h"

#define DOTS_ENTITY_TAG  12
#define DOTS_ENTITY_SIZE (8 + DOTS_ENTITY_TAG) /* in a record */

typedef struct {
    int64_t  modified;               /* ms since the epoch; 0: not known */
    uint8_t  tag[DOTS_ENTITY_TAG];
} dots_entity_t;

/* Of an entry: its canonical text.  DOTS_OK or DOTS_ERROR. */
int dots_entity_make(dots_entity_t *e, dots_str_t text, int64_t modified);

/*
 * The same for a record of before there were entities: its entry was altered
 * no later than "lifetime" ms before it expires.
 */
int dots_entity_guess(dots_entity_t *e, dots_str_t text, int64_t expires,
    int64_t lifetime);

/*
 * Of what consists of others, in their order: start with a memset() to 0, then
 * add each by its name; "e" is the sum at any time.  DOTS_OK or DOTS_ERROR.
 */
int dots_entity_add(dots_entity_t *e, dots_str_t name,
    const dots_entity_t *part);

/*
 * A change that no part tells of, as that one is gone: part of the sum, too.
 * 0 is none.  DOTS_OK or DOTS_ERROR.
 */
int dots_entity_touch(dots_entity_t *e, int64_t modified);

/* DOTS_ENTITY_SIZE bytes of a record. */
void dots_entity_write(dots_writer_t *w, const dots_entity_t *e);
void dots_entity_read(dots_reader_t *r, dots_entity_t *e);

#endif /* DOTS_ENTITY_H */
