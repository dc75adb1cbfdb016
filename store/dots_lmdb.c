/* Errors and the memory map of the LMDB store. */

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "dots_lmdb.h"


#define DOTS_LMDB_REMAPS    8
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
 * A file that is cut short would be a SIGBUS at the next read of a lost page,
 * and what goes into one that was removed is lost with this process.
 */

static int
dots_lmdb_whole(dots_store_t *store)
{
    off_t        whole;
    const char  *what;
    struct stat  st;

    /* in this order: others make it grow meanwhile */

    whole = __atomic_load_n(&store->whole, __ATOMIC_ACQUIRE);

    if (fstat(store->fd, &st) != 0) {
        return dots_lmdb_failed("fstat", errno);
    }

    if (st.st_size > whole) {
        __atomic_store_n(&store->whole, st.st_size, __ATOMIC_RELEASE);
    }

    if (st.st_size >= whole && st.st_nlink != 0) {
        return DOTS_STORE_OK;
    }

    what = st.st_nlink ? "cut short" : "removed or replaced";

    (void) snprintf(dots_lmdb_text, sizeof(dots_lmdb_text),
                    "%s/" DOTS_LMDB_DATA " was %s while in use: put a good one "
                    "there (dots-admin store restore) and start again",
                    store->path, what);

    return DOTS_STORE_ERROR;
}


int
dots_lmdb_enter(dots_store_t *store, int wait)
{
    int  rc;

    if (wait) {
        pthread_rwlock_rdlock(&store->map);

    } else if ((rc = pthread_rwlock_tryrdlock(&store->map)) != 0) {
        return dots_lmdb_failed("the map of the store", rc);
    }

    if (store->broken) {
        rc = DOTS_STORE_ERROR;
        (void) snprintf(dots_lmdb_text, sizeof(dots_lmdb_text),
                        "the store is closed after a failure of the disk");

    } else {
        rc = dots_lmdb_whole(store);
    }

    if (rc != DOTS_STORE_OK) {
        pthread_rwlock_unlock(&store->map);
    }

    return rc;
}


void
dots_lmdb_leave(dots_store_t *store)
{
    pthread_rwlock_unlock(&store->map);
}


/*
 * Another process has put more into the file than this one has mapped: it has a
 * larger state_size.  A reader does not wait until the disk has taken a commit
 * that goes on meanwhile: the next commit maps anew.
 */

static int
dots_lmdb_remap(dots_store_t *store, int wait)
{
    int  rc;

    rc = 0;
    pthread_rwlock_unlock(&store->map);

    if (wait) {
        pthread_rwlock_wrlock(&store->map);

    } else {
        rc = pthread_rwlock_trywrlock(&store->map);
    }

    if (rc == 0) {

        /* 0: what the file's last commit says; no transaction is open */

        if (!store->broken && mdb_env_set_mapsize(store->env, 0) != 0) {
            store->broken = 1;
        }

        pthread_rwlock_unlock(&store->map);
    }

    pthread_rwlock_rdlock(&store->map);

    return rc == 0 && !store->broken ? 0 : rc ? rc : MDB_PANIC;
}


int
dots_lmdb_begin(dots_store_t *store, unsigned flags, MDB_txn **txn)
{
    int  rc, i;

    rc = 0;

    for (i = 0; i < DOTS_LMDB_REMAPS; i++) {

        rc = mdb_txn_begin(store->env, NULL, flags, txn);

        if (rc == MDB_MAP_RESIZED) {

            rc = dots_lmdb_remap(store, !(flags & MDB_RDONLY));

            if (rc != 0) {
                return dots_lmdb_failed("the map of the store", rc);
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


const char *
dots_store_error(dots_store_t *store)
{
    (void) store;

    return dots_lmdb_text[0] ? dots_lmdb_text : "no error";
}
