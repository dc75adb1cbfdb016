#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "dots_lmdb_meta.h"


#define DOTS_LMDB_META_MAGIC    0xbeefc0deu
#define DOTS_LMDB_META_VERSION  1
#define DOTS_LMDB_META_MIN      256       /* bytes a page */
#define DOTS_LMDB_META_MAX      65536
#define DOTS_LMDB_META_TRIES    32

#define DOTS_LMDB_META_PAGE     0x08      /* flag of a page */
#define DOTS_LMDB_META_INTEGER  0x0008    /* of the tree of free pages, */
#define DOTS_LMDB_META_FILE     0x4000    /* with those of its maker */


int
dots_lmdb_meta_bytes(int fd, void *buf, size_t len, uint64_t at)
{
    ssize_t  n;

    for ( /* void */ ; len; len -= (size_t) n, at += (size_t) n) {
        n = pread(fd, buf, len, (off_t) at);

        if (n <= 0) {
            return n == 0 ? ENODATA : errno;
        }

        buf = (char *) buf + n;
    }

    return 0;
}


static int
dots_lmdb_meta_size_ok(uint64_t size)
{
    return size >= DOTS_LMDB_META_MIN && size <= DOTS_LMDB_META_MAX
           && (size & (size - 1)) == 0;
}


/* 0 or an errno; EINVAL: it is none. */

static int
dots_lmdb_meta_one(int fd, uint64_t at, dots_lmdb_meta_t *meta)
{
    int                    rc;
    dots_lmdb_meta_head_t  head;

    rc = dots_lmdb_meta_bytes(fd, &head, sizeof(head), at);

    if (rc == 0) {
        rc = dots_lmdb_meta_bytes(fd, meta, sizeof(*meta), at + sizeof(head));
    }

    if (rc == 0
        && (!(head.flags & DOTS_LMDB_META_PAGE)
            || meta->magic != DOTS_LMDB_META_MAGIC
            || meta->version != DOTS_LMDB_META_VERSION
            || (meta->db[0].flags & ~DOTS_LMDB_META_FILE)
               != DOTS_LMDB_META_INTEGER
            || meta->db[1].flags != 0
            || !dots_lmdb_meta_size_ok(meta->db[0].pad)))
    {
        rc = EINVAL;
    }

    return rc;
}


static int
dots_lmdb_meta_both(int fd, dots_lmdb_meta_t meta[DOTS_LMDB_METAS])
{
    int  rc;

    rc = dots_lmdb_meta_one(fd, 0, &meta[0]);

    return rc == 0 ? dots_lmdb_meta_one(fd, meta[0].db[0].pad, &meta[1]) : rc;
}


/*
 * LMDB writes them in turns, even numbers to the first.  With one of them lost
 * the other is the state before the last commit, so both must be valid.
 */

static int
dots_lmdb_meta_turns(const dots_lmdb_meta_t meta[DOTS_LMDB_METAS])
{
    uint64_t  a, b;

    a = meta[0].txnid;
    b = meta[1].txnid;

    if (meta[1].db[0].pad != meta[0].db[0].pad || (a | b) == UINT64_MAX) {
        return 0;
    }

    return (a == 0 && b == 0)
           || (a % 2 == 0 && b % 2 == 1 && (a > b ? a - b : b - a) == 1);
}


/* Others may commit while we read: what counts is what stays as it is. */

int
dots_lmdb_meta_read(int fd, dots_lmdb_meta_t meta[DOTS_LMDB_METAS])
{
    int               rc, i, same;
    dots_lmdb_meta_t  before[DOTS_LMDB_METAS];

    memset(meta, 0, sizeof(before));

    rc = dots_lmdb_meta_both(fd, meta);
    same = 0;

    for (i = 0; i < DOTS_LMDB_META_TRIES && !same; i++) {

        if (rc == 0 && dots_lmdb_meta_turns(meta)) {
            return 0;
        }

        memcpy(before, meta, sizeof(before));
        rc = dots_lmdb_meta_both(fd, meta);
        same = memcmp(before, meta, sizeof(before)) == 0;
    }

    return rc ? rc : EINVAL;
}
