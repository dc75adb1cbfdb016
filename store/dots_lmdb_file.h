/*
 * The data file as a whole: a new one is written beside it, record by record,
 * and takes its place when it is on the disk.  Used to make a store, to back it
 * up and to restore it.
 */

#ifndef DOTS_LMDB_FILE_H
#define DOTS_LMDB_FILE_H

#include <lmdb.h>

#include "dots_store.h"

#define DOTS_LMDB_NAME  4096

typedef struct {
    char      path[DOTS_LMDB_NAME];   /* of the directory */
    char      name[DOTS_LMDB_NAME];   /* of the new file */
    MDB_env  *env;
    MDB_txn  *txn;
    MDB_dbi   dbi;
    size_t    n;                      /* records put */
} dots_lmdb_writer_t;

/* "PATH/FILE"; nonzero: too long. */
int dots_lmdb_file_name(char name[DOTS_LMDB_NAME], const char *path,
    const char *file);

/*
 * Errno-like or LMDB's codes; "size": about the bytes to come.  Keys in
 * ascending order, values as they are stored.  writer_end with 0 moves the new
 * file into place and returns when its name is durable; with anything else it
 * drops it and returns that.  It may follow any result of begin.
 */
int dots_lmdb_writer_begin(dots_lmdb_writer_t *w, const char *path,
    size_t size);
int dots_lmdb_writer_put(dots_lmdb_writer_t *w, dots_store_slice_t key,
    dots_store_slice_t stored);
int dots_lmdb_writer_end(dots_lmdb_writer_t *w, int rc);

#endif /* DOTS_LMDB_FILE_H */
