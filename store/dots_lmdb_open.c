/* Making, opening, reopening and closing the LMDB store. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dots_lmdb.h"
#include "dots_lmdb_file.h"
#include "dots_lmdb_pages.h"
#include "dots_lmdb_record.h"


#define DOTS_LMDB_READERS   1024
#define DOTS_LMDB_LOCK_SIZE (DOTS_LMDB_READERS * 64 + 4096)
#define DOTS_LMDB_RESERVE   ((size_t) 1 << 20)


/*
 * LMDB maps its lock file sparsely: on a full disk the first touch of a hole
 * would be a SIGBUS.  Before mdb_env_open() only: closing another descriptor
 * of the file later would drop LMDB's fcntl() locks.  A file that is in use
 * must keep its size, it tells the number of slots.
 */

static int
dots_lmdb_open_lock(const char *path)
{
    int          fd, rc;
    char         name[DOTS_LMDB_NAME];
    off_t        size;
    struct stat  st;

    if (dots_lmdb_file_name(name, path, DOTS_LMDB_LOCK) != 0) {
        return ENAMETOOLONG;
    }

    fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd == -1) {
        return errno;
    }

    rc = fstat(fd, &st) == 0 ? 0 : errno;
    size = rc == 0 && st.st_size ? st.st_size : DOTS_LMDB_LOCK_SIZE;

    if (rc == 0 && fallocate(fd, 0, 0, size) != 0 && errno != EOPNOTSUPP) {
        rc = errno;
    }

    (void) close(fd);

    return rc;
}


/*
 * A store comes into being whole, with its format's record: an empty data file
 * is a damaged one.  "dir" is locked against others who do the same.
 */

static int
dots_lmdb_open_create(int dir, const char *path)
{
    int                  rc;
    uint8_t              stamp[DOTS_LMDB_RECORD_STAMP];
    dots_lmdb_writer_t   w;
    dots_store_slice_t   value = { stamp, sizeof(stamp) };

    if (flock(dir, LOCK_EX) != 0) {
        return errno;
    }

    if (faccessat(dir, DOTS_LMDB_DATA, F_OK, 0) == 0) {
        return 0;
    }

    dots_lmdb_record_stamp(0, stamp);

    rc = dots_lmdb_writer_begin(&w, path, 0);

    if (rc == 0) {
        rc = dots_lmdb_writer_put(&w, dots_lmdb_record_format_key, value);
    }

    return dots_lmdb_writer_end(&w, rc);
}


/*
 * LMDB would believe the meta pages.  A whole file is as long as they say, but
 * for free pages at its end, which LMDB may leave unwritten: a shorter one is
 * looked through.
 */

static int
dots_lmdb_open_look(int fd)
{
    struct stat        st;
    dots_lmdb_pages_t  p = { .txnid = DOTS_LMDB_PAGES_NEWEST };

    if (fstat(fd, &st) != 0) {
        return errno;
    }

    if (dots_lmdb_pages_look(fd, &p) != DOTS_STORE_OK) {
        return p.rc ? p.rc : MDB_INVALID;
    }

    if ((uint64_t) st.st_size / p.page <= p.last
        && dots_lmdb_pages_check(fd, &p) != DOTS_STORE_OK)
    {
        return p.rc ? p.rc : MDB_CORRUPTED;
    }

    return 0;
}


static int
dots_lmdb_open_data(const char *path)
{
    int  dir, fd, rc;

    dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir == -1) {
        return errno;
    }

    rc = 0;
    fd = openat(dir, DOTS_LMDB_DATA, O_RDONLY | O_CLOEXEC);

    if (fd == -1 && errno == ENOENT) {
        rc = dots_lmdb_open_create(dir, path);
        fd = rc ? -1 : openat(dir, DOTS_LMDB_DATA, O_RDONLY | O_CLOEXEC);
    }

    if (rc == 0) {
        rc = fd == -1 ? errno : dots_lmdb_open_look(fd);
    }

    if (fd != -1) {
        (void) close(fd);
    }

    (void) close(dir);

    return rc;
}


/* A store of format 1 has no record of it; its first commit adds one. */

static int
dots_lmdb_open_format(dots_store_t *store)
{
    int                 rc, mixed;
    MDB_val             k, v;
    MDB_txn            *txn;
    unsigned            version;
    dots_store_slice_t  stored;

    rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    if (rc != 0) {
        return rc;
    }

    rc = mdb_dbi_open(txn, NULL, 0, &store->dbi);

    k = dots_lmdb_val(dots_lmdb_record_format_key);

    if (rc == 0) {
        rc = mdb_get(txn, store->dbi, &k, &v);
    }

    store->stamped = rc == 0;
    store->mixed = rc == MDB_NOTFOUND;

    if (rc == 0) {
        stored.data = v.mv_data;
        stored.len = v.mv_size;

        if (dots_lmdb_record_format(stored, &version, &mixed)
            != DOTS_STORE_OK)
        {
            rc = MDB_CORRUPTED;

        } else if (version > DOTS_LMDB_RECORD_FORMAT) {
            rc = MDB_VERSION_MISMATCH;

        } else {
            store->mixed = (mixed != 0);
        }
    }

    mdb_txn_abort(txn);

    return rc == MDB_NOTFOUND ? 0 : rc;
}


/* Room behind what is there, so that a full store can become less full. */

static int
dots_lmdb_open_map(dots_store_t *store)
{
    char         name[DOTS_LMDB_NAME];
    size_t       size;
    struct stat  st;

    if (dots_lmdb_file_name(name, store->path, DOTS_LMDB_DATA) != 0) {
        return ENAMETOOLONG;
    }

    if (stat(name, &st) != 0) {
        return errno;
    }

    size = store->size > (size_t) st.st_size ? store->size
                                             : (size_t) st.st_size;
    size += size / 8 > DOTS_LMDB_RESERVE ? size / 8 : DOTS_LMDB_RESERVE;
    size = size / store->page * store->page;

    return mdb_env_set_mapsize(store->env, size);
}


static int
dots_lmdb_open_env(dots_store_t *store)
{
    int          rc;
    struct stat  st;

    rc = dots_lmdb_open_data(store->path);

    if (rc == 0) {
        rc = dots_lmdb_open_lock(store->path);
    }

    if (rc == 0) {
        rc = mdb_env_create(&store->env);
    }

    if (rc == 0) {
        rc = dots_lmdb_open_map(store);
    }

    if (rc == 0) {
        rc = mdb_env_set_maxreaders(store->env, DOTS_LMDB_READERS);
    }

    if (rc == 0) {
        rc = mdb_env_open(store->env, store->path, MDB_NOTLS, 0600);
    }

    if (rc == 0) {
        rc = mdb_env_get_fd(store->env, &store->fd);
    }

    if (rc == 0) {
        rc = fstat(store->fd, &st) == 0 ? 0 : errno;
    }

    if (rc != 0) {
        return rc;
    }

    store->whole = st.st_size;

    (void) mdb_reader_check(store->env, NULL);

    return dots_lmdb_open_format(store);
}


static void
dots_lmdb_open_close(dots_store_t *store)
{
    size_t  i;

    for (i = 0; i < store->nparked; i++) {
        mdb_txn_abort(store->parked[i]);
    }

    store->nparked = 0;

    mdb_env_close(store->env);
    store->env = NULL;
}


void
dots_lmdb_reopen(dots_store_t *store)
{
    int  rc;

    pthread_rwlock_wrlock(&store->map);

    dots_lmdb_open_close(store);

    rc = dots_lmdb_open_env(store);
    store->broken = rc != 0;

    if (rc != 0) {
        dots_lmdb_open_close(store);
        (void) dots_lmdb_failed("cannot open the store again", rc);
    }

    pthread_rwlock_unlock(&store->map);
}


void
dots_lmdb_sentence(char *err, size_t errsize, const char *path, int rc)
{
    const char  *advice;

    switch (rc) {

    case ENOENT:
    case ENOTDIR:
        advice = ": it must be an existing directory";
        break;

    case EROFS:
        advice = ": the file system is read-only";
        break;

    case EACCES:
    case EPERM:
        advice = ": the directory and the files data.mdb and lock.mdb in it "
                 "must be writable for the user that the workers run as";
        break;

    case MDB_VERSION_MISMATCH:
        advice = ": data.mdb in it was written by a newer version; use that "
                 "one, or restore a backup of this one's";
        break;

    case MDB_INVALID:
    case MDB_CORRUPTED:
        advice = ": data.mdb in it is damaged or not a store: \"dots-admin "
                 "store check\" says more, \"dots-admin store restore\" puts a "
                 "backup in its place; or move it away to begin with an empty "
                 "store";
        break;

    case ENOSPC:
    case EDQUOT:
        advice = ": the disk is full";
        break;

    default:
        advice = "";
    }

    (void) snprintf(err, errsize, "cannot open the store in \"%s\" (%s)%s",
                    path, mdb_strerror(rc), advice);
}


int
dots_store_open(dots_store_t **store, const char *path, size_t size, char *err,
    size_t errsize)
{
    int            rc;
    dots_store_t  *s;

    *store = NULL;

    s = calloc(1, sizeof(dots_store_t));
    if (s == NULL) {
        dots_lmdb_sentence(err, errsize, path, ENOMEM);
        return DOTS_STORE_ERROR;
    }

    s->size = size < SIZE_MAX / 2 ? size : SIZE_MAX / 2;
    s->page = (size_t) sysconf(_SC_PAGESIZE);
    s->path = strdup(path);

    rc = s->path ? pthread_rwlock_init(&s->map, NULL) : ENOMEM;

    if (rc == 0) {
        (void) pthread_mutex_init(&s->pool, NULL);
        rc = dots_lmdb_open_env(s);
    }

    if (rc != 0) {
        dots_lmdb_sentence(err, errsize, path, rc);
        dots_lmdb_open_close(s);
        free(s->path);
        free(s);
        return DOTS_STORE_ERROR;
    }

    *store = s;

    return DOTS_STORE_OK;
}


void
dots_store_close(dots_store_t *store)
{
    if (store == NULL) {
        return;
    }

    dots_lmdb_open_close(store);
    pthread_mutex_destroy(&store->pool);
    pthread_rwlock_destroy(&store->map);
    free(store->path);
    free(store);
}
