/*
 * The two meta pages of LMDB's data file, read without LMDB: which snapshots
 * there are, and where their trees begin.  Knows the layout of LMDB 0.9 (data
 * version 1, 64 bit).  Called by dots_lmdb_pages.c.
 */

#ifndef DOTS_LMDB_META_H
#define DOTS_LMDB_META_H

#include <stddef.h>
#include <stdint.h>

#define DOTS_LMDB_METAS 2

/* What each page begins with. */

typedef struct {
    uint64_t  number;
    uint16_t  pad;
    uint16_t  flags;
    uint16_t  lower;      /* end of the slots; with "upper" the pages of an */
    uint16_t  upper;      /* overflow; begin of the nodes */
} dots_lmdb_meta_head_t;

typedef struct {
    uint32_t  pad;        /* of the first tree: bytes a page */
    uint16_t  flags;
    uint16_t  depth;
    uint64_t  branches;
    uint64_t  leaves;
    uint64_t  overflows;
    uint64_t  entries;
    uint64_t  root;
} dots_lmdb_meta_db_t;

typedef struct {
    uint32_t              magic;
    uint32_t              version;
    uint64_t              address;
    uint64_t              mapsize;
    dots_lmdb_meta_db_t  db[2];    /* free pages, records */
    uint64_t              last;
    uint64_t              txnid;
} dots_lmdb_meta_t;

/* "len" bytes at "at": 0 or errno; ENODATA: the file ends before. */
int dots_lmdb_meta_bytes(int fd, void *buf, size_t len, uint64_t at);

/* Both of them: 0 or errno; ENODATA, EINVAL: one is damaged. */
int dots_lmdb_meta_read(int fd, dots_lmdb_meta_t meta[DOTS_LMDB_METAS]);

#endif /* DOTS_LMDB_META_H */
