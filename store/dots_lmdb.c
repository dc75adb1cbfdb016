/* Environment, memory map and errors of the LMDB store. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "dots_lmdb.h"


#define DOTS_LMDB_READERS   1024
#define DOTS_LMDB_LOCK_SIZE (DOTS_LMDB_READERS * 64 + 4096)
#define DOTS_LMDB_REMAPS    8
#define DOTS_LMDB_RESERVE   ((size_t) 1 << 20)
#define DOTS_LMDB_TEXT      512

/* a disk with less than this left explains a short write */
#define DOTS_LMDB_LOW       ((unsigned long long) 1 << 20)


static __thread char  dots_lmdb_text[DOTS_LMDB_TEXT];


int
dots_lmdb_failed(const char *what, int rc)
{
    (void) snprintf(dots_lmdb_text, sizeof(dots_lmdb_text),
                    "%s: %s", what, mdb_strerror(rc));

    return DOTS_STORE_ERROR;
}


int
dots_lmdb_result(dots_store_t *store, const char *what, int rc)
{
    int             fd;
    struct statvfs  st;

    (void) dots_lmdb_failed(what, rc);

    switch (rc) {

    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return DOTS_STORE_FULL;

    case EIO:
        /* LMDB 0.9 turns a short write, as a full disk makes it, into EIO */
        if (mdb_env_get_fd(store->env, &fd) == 0 && fstatvfs(fd, &st) == 0
            && (unsigned long long) st.f_bavail * st.f_frsize
               < DOTS_LMDB_LOW)
        {
            return DOTS_STORE_FULL;
        }

        return DOTS_STORE_ERROR;

    default:
        return DOTS_STORE_ERROR;
    }
}


/* An empty key names no record; an empty prefix names all of them. */

int
dots_lmdb_key(dots_store_slice_t key, size_t least)
{
    if (key.len >= least && key.len <= DOTS_STORE_KEY_MAX) {
        return DOTS_STORE_OK;
    }

    (void) snprintf(dots_lmdb_text, sizeof(dots_lmdb_text),
                    "a key of %zu bytes: %zu to %d are allowed", key.len,
                    least, DOTS_STORE_KEY_MAX);

    return DOTS_STORE_ERROR;
}


/* ---- the map ---- */

/*
 * Nobody else of this process is in a transaction: "map" is held exclusively.
 * LMDB maps no less than the file's contents, whatever it is asked for.
 */

int
dots_lmdb_set_map(dots_store_t *store, size_t limit)
{
    int  rc;

    if (store->broken) {
        return DOTS_STORE_ERROR;
    }

    rc = mdb_env_set_mapsize(store->env, limit);

    if (rc != 0) {
        store->broken = 1;
        return dots_lmdb_failed("mdb_env_set_mapsize", rc);
    }

    store->limit = limit;

    return DOTS_STORE_OK;
}


/* Another process has put more into the file than this one has mapped. */

static int
dots_lmdb_remap(dots_store_t *store)
{
    if (store->limit != store->size) {
        return dots_lmdb_set_map(store, store->limit);
    }

    pthread_rwlock_unlock(&store->map);
    pthread_rwlock_wrlock(&store->map);
    (void) dots_lmdb_set_map(store, store->size);
    pthread_rwlock_unlock(&store->map);
    pthread_rwlock_rdlock(&store->map);

    return store->broken ? DOTS_STORE_ERROR : DOTS_STORE_OK;
}


int
dots_lmdb_enter(dots_store_t *store)
{
    pthread_rwlock_rdlock(&store->map);

    if (!store->broken) {
        return DOTS_STORE_OK;
    }

    pthread_rwlock_unlock(&store->map);

    (void) snprintf(dots_lmdb_text, sizeof(dots_lmdb_text),
                    "the store's memory map is lost: reopen it");

    return DOTS_STORE_ERROR;
}


void
dots_lmdb_leave(dots_store_t *store)
{
    pthread_rwlock_unlock(&store->map);
}


int
dots_lmdb_begin(dots_store_t *store, unsigned flags, MDB_txn **txn)
{
    int  rc, i;

    rc = 0;

    for (i = 0; i < DOTS_LMDB_REMAPS; i++) {

        rc = mdb_txn_begin(store->env, NULL, flags, txn);

        if (rc == MDB_MAP_RESIZED) {
            if (dots_lmdb_remap(store) != DOTS_STORE_OK) {
                return DOTS_STORE_ERROR;
            }

        } else if (rc == MDB_READERS_FULL && i == 0) {
            (void) mdb_reader_check(store->env, NULL);

        } else {
            break;
        }
    }

    return rc == 0 ? DOTS_STORE_OK
                   : dots_lmdb_result(store, "mdb_txn_begin", rc);
}


/* ---- open and close ---- */

/*
 * LMDB maps its lock file sparsely: on a full disk the first touch of a hole
 * would be a SIGBUS.  Before mdb_env_open() only: closing another descriptor
 * of the file later would drop LMDB's fcntl() locks.  A file that is in use
 * must keep its size, it tells the number of slots.
 */

static int
dots_lmdb_reserve(const char *path)
{
    int          fd, rc;
    char         name[4096];
    off_t        size;
    struct stat  st;

    if (snprintf(name, sizeof(name), "%s/lock.mdb", path)
        >= (int) sizeof(name))
    {
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
 * A data file cut short would be a SIGBUS at the first read of a lost page;
 * a page of zeros is MDB_CORRUPTED.  LMDB itself may leave the last pages
 * unwritten, so a short file alone is no fault.  fallocate() never shrinks.
 */

static int
dots_lmdb_extend(MDB_env *env)
{
    int          fd, rc;
    off_t        end;
    MDB_stat     ms;
    MDB_envinfo  info;
    struct stat  st;

    rc = mdb_env_get_fd(env, &fd);

    if (rc != 0 || mdb_env_info(env, &info) != 0 || mdb_env_stat(env, &ms) != 0
        || fstat(fd, &st) != 0)
    {
        return rc ? rc : EIO;
    }

    end = ((off_t) info.me_last_pgno + 1) * ms.ms_psize;

    if (st.st_size < end && fallocate(fd, 0, end - 1, 1) != 0
        && errno != EOPNOTSUPP)
    {
        return errno;
    }

    return 0;
}


/* The names of the files themselves must survive a power failure, too. */

static int
dots_lmdb_sync_dir(const char *path)
{
    int  fd, rc;

    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd == -1) {
        return errno;
    }

    rc = fsync(fd) == 0 ? 0 : errno;
    (void) close(fd);

    return rc;
}


static int
dots_lmdb_open(dots_store_t *store, const char *path)
{
    int       rc;
    MDB_txn  *txn;

    rc = dots_lmdb_reserve(path);

    if (rc == 0) {
        rc = mdb_env_set_mapsize(store->env, store->size);
    }

    if (rc == 0) {
        rc = mdb_env_set_maxreaders(store->env, DOTS_LMDB_READERS);
    }

    if (rc == 0) {
        rc = mdb_env_open(store->env, path, MDB_NOTLS, 0600);
    }

    if (rc == 0) {
        rc = dots_lmdb_extend(store->env);
    }

    if (rc == 0) {
        rc = dots_lmdb_sync_dir(path);
    }

    if (rc != 0) {
        return rc;
    }

    (void) mdb_reader_check(store->env, NULL);

    rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    if (rc != 0) {
        return rc;
    }

    rc = mdb_dbi_open(txn, NULL, 0, &store->dbi);
    mdb_txn_abort(txn);

    return rc;
}


static void
dots_lmdb_sentence(char *err, size_t errsize, const char *path, int rc)
{
    const char  *advice;

    switch (rc) {

    case ENOENT:
    case ENOTDIR:
        advice = ": it must be an existing directory";
        break;

    case EACCES:
    case EPERM:
    case EROFS:
        advice = ": the directory and the files data.mdb and lock.mdb in it "
                 "must be writable for the user that the workers run as";
        break;

    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_CORRUPTED:
        advice = ": data.mdb in it is damaged or not a store; restore it from "
                 "a backup, or move it away to begin with an empty store";
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


static size_t
dots_lmdb_round(size_t size)
{
    size_t  page;

    page = (size_t) sysconf(_SC_PAGESIZE);

    return size > SIZE_MAX / 2 ? SIZE_MAX / 2 / page * page
                               : (size + page - 1) / page * page;
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

    s->size = dots_lmdb_round(size);
    s->limit = s->size;
    s->reserve = dots_lmdb_round(size / 8 > DOTS_LMDB_RESERVE
                                           ? size / 8
                                           : DOTS_LMDB_RESERVE);

    rc = mdb_env_create(&s->env);

    if (rc == 0) {
        rc = dots_lmdb_open(s, path);
    }

    if (rc == 0) {
        rc = pthread_rwlock_init(&s->map, NULL);
    }

    if (rc == 0) {
        rc = pthread_mutex_init(&s->pool, NULL);

        if (rc != 0) {
            pthread_rwlock_destroy(&s->map);
        }
    }

    if (rc != 0) {
        dots_lmdb_sentence(err, errsize, path, rc);
        mdb_env_close(s->env);
        free(s);
        return DOTS_STORE_ERROR;
    }

    *store = s;

    return DOTS_STORE_OK;
}


void
dots_store_close(dots_store_t *store)
{
    size_t  i;

    if (store == NULL) {
        return;
    }

    for (i = 0; i < store->nparked; i++) {
        mdb_txn_abort(store->parked[i]);
    }

    mdb_env_close(store->env);
    pthread_mutex_destroy(&store->pool);
    pthread_rwlock_destroy(&store->map);
    free(store);
}


const char *
dots_store_error(dots_store_t *store)
{
    (void) store;

    return dots_lmdb_text[0] ? dots_lmdb_text : "no error";
}
