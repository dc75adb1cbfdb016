#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dots_lmdb.h"
#include "dots_lmdb_file.h"


#define DOTS_LMDB_FILE_ROOM  ((size_t) 16 << 20)


int
dots_lmdb_file_name(char name[DOTS_LMDB_NAME], const char *path,
    const char *file)
{
    return snprintf(name, DOTS_LMDB_NAME, "%s/%s", path, file)
           >= DOTS_LMDB_NAME;
}


/* NOSYNC: one fsync() at the end does for all of it. */

int
dots_lmdb_writer_begin(dots_lmdb_writer_t *w, const char *path, size_t size)
{
    int  rc;

    memset(w, 0, sizeof(dots_lmdb_writer_t));

    if (snprintf(w->path, sizeof(w->path), "%s", path)
        >= (int) sizeof(w->path)
        || dots_lmdb_file_name(w->name, path, DOTS_LMDB_NEW) != 0)
    {
        w->name[0] = '\0';
        return ENAMETOOLONG;
    }

    /* what somebody left behind who was killed */

    if (unlink(w->name) != 0 && errno != ENOENT) {
        return errno;
    }

    rc = mdb_env_create(&w->env);

    if (rc == 0) {
        rc = mdb_env_set_mapsize(w->env, (size * 2 + DOTS_LMDB_FILE_ROOM)
                                 / DOTS_LMDB_FILE_ROOM * DOTS_LMDB_FILE_ROOM);
    }

    if (rc == 0) {
        rc = mdb_env_open(w->env, w->name, MDB_NOSUBDIR | MDB_NOLOCK
                          | MDB_NOSYNC, 0600);
    }

    if (rc == 0) {
        rc = mdb_txn_begin(w->env, NULL, 0, &w->txn);
    }

    if (rc == 0) {
        rc = mdb_dbi_open(w->txn, NULL, 0, &w->dbi);
    }

    return rc;
}


int
dots_lmdb_writer_put(dots_lmdb_writer_t *w, dots_store_slice_t key,
    dots_store_slice_t stored)
{
    MDB_val  k, v;

    k = dots_lmdb_val(key);
    v = dots_lmdb_val(stored);

    w->n++;

    return mdb_put(w->txn, w->dbi, &k, &v, MDB_APPEND);
}


/* The file belongs to whom the directory belongs to: root may be at work. */

static int
dots_lmdb_file_own(int dir, int fd)
{
    struct stat  st;

    if (fstat(dir, &st) != 0) {
        return errno;
    }

    if (geteuid() == 0 && fchown(fd, st.st_uid, st.st_gid) != 0) {
        return errno;
    }

    return 0;
}


static int
dots_lmdb_file_place(dots_lmdb_writer_t *w)
{
    int  rc, dir, fd;

    dir = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir == -1) {
        return errno;
    }

    fd = open(w->name, O_RDWR | O_CLOEXEC);
    rc = fd == -1 ? errno : dots_lmdb_file_own(dir, fd);

    if (rc == 0
        && (fsync(fd) != 0
            || renameat(dir, DOTS_LMDB_NEW, dir, DOTS_LMDB_DATA) != 0
            || fsync(dir) != 0))
    {
        rc = errno;
    }

    if (fd != -1) {
        (void) close(fd);
    }

    (void) close(dir);

    return rc;
}


int
dots_lmdb_writer_end(dots_lmdb_writer_t *w, int rc)
{
    if (w->txn != NULL) {

        if (rc == 0) {
            rc = mdb_txn_commit(w->txn);

        } else {
            mdb_txn_abort(w->txn);
        }
    }

    if (w->env != NULL) {
        mdb_env_close(w->env);
    }

    if (rc == 0) {
        rc = dots_lmdb_file_place(w);
    }

    if (rc != 0 && w->name[0]) {
        (void) unlink(w->name);
    }

    return rc;
}
