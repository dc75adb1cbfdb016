/*
 * What surrounds a value in the file: a mark and the check sum of key and
 * value, which LMDB has none of; and the record that says in which format the
 * store is.  Used by this driver and by what reads the file without LMDB.
 *
 *     stored value   MARK, CRC-32C in network order, the value
 *     format's key   NUL "format"; no other key begins with NUL
 *     its value      version (16 bits, network order), flags (8 bits)
 *
 * Format 1 had neither.  Its records stay as they are until they are written
 * again; the flag MIXED says that there may be some.
 */

#ifndef DOTS_LMDB_RECORD_H
#define DOTS_LMDB_RECORD_H

#include "dots_store.h"

#define DOTS_LMDB_RECORD_HEAD    5      /* bytes before the value */
#define DOTS_LMDB_RECORD_FORMAT  2      /* what is written today */
#define DOTS_LMDB_RECORD_MIXED   1      /* flag */
#define DOTS_LMDB_RECORD_STAMP   8      /* bytes of the format's stored value */

extern const dots_store_slice_t dots_lmdb_record_format_key;

/* Fills "buf", which has HEAD bytes more than the value. */
void dots_lmdb_record_seal(dots_store_slice_t key, dots_store_slice_t value,
    uint8_t *buf);

/* The value inside: OK, or ERROR if it is damaged. */
int dots_lmdb_record_open(dots_store_slice_t key, dots_store_slice_t stored,
    int mixed, dots_store_slice_t *value);

/* Nonzero for keys that are the store's own. */
int dots_lmdb_record_reserved(dots_store_slice_t key);

/* The format's record: OK; ERROR: damaged. */
void dots_lmdb_record_stamp(int mixed, uint8_t buf[DOTS_LMDB_RECORD_STAMP]);
int dots_lmdb_record_format(dots_store_slice_t stored, unsigned *version,
    int *mixed);

#endif /* DOTS_LMDB_RECORD_H */
