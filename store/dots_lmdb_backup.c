/* Copies of the data file: backup and restoring. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "dots_lmdb.h"
#include "dots_lmdb_check.h"


#define DOTS_LMDB_BACKUP_TRIES  8


typedef struct {
    dots_lmdb_writer_t  w;
    int                 rc;
} dots_lmdb_backup_t;


static int
dots_lmdb_backup_record(void *ctx, dots_store_slice_t key,
    dots_store_slice_t stored)
{
    dots_lmdb_backup_t *b = ctx;

    if (b->rc == 0) {
        b->rc = dots_lmdb_writer_put(&b->w, key, stored);
    }

    return b->rc;
}


/* Writes what the snapshot has, if all of it is whole. */

static int
dots_lmdb_backup_copy(dots_lmdb_snapshot_t *s, const char *dir,
    dots_store_report_t *r)
{
    int                  rc;
    dots_lmdb_backup_t   b;

    b.rc = dots_lmdb_writer_begin(&b.w, dir, r->size);

    rc = DOTS_STORE_OK;

    if (b.rc == 0) {
        rc = dots_lmdb_snapshot_check(s, NULL, dots_lmdb_backup_record, &b, r);
    }

    if (b.rc != 0 || rc == DOTS_STORE_OK) {
        b.rc = dots_lmdb_writer_end(&b.w, b.rc);

    } else {
        (void) dots_lmdb_writer_end(&b.w, EIO);
    }

    if (b.rc != 0) {
        return dots_lmdb_snapshot_failed(r, DOTS_STORE_ERROR,
                                         "writing " DOTS_LMDB_NEW " in \"%s\": "
                                         "%s", dir, mdb_strerror(b.rc));
    }

    return rc;
}


static int
dots_lmdb_backup_same(const char *a, const char *b)
{
    struct stat  sa, sb;

    return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_dev == sb.st_dev
           && sa.st_ino == sb.st_ino;
}


static int
dots_lmdb_backup_to(const char *path, const char *dir, dots_store_report_t *r)
{
    int                   rc, i;
    dots_lmdb_snapshot_t  s;

    rc = DOTS_STORE_DECLINED;

    for (i = 0; i < DOTS_LMDB_BACKUP_TRIES && rc == DOTS_STORE_DECLINED; i++) {

        rc = dots_lmdb_snapshot_open(&s, path, 1, r);

        if (rc != DOTS_STORE_OK) {
            return rc;
        }

        rc = dots_lmdb_backup_copy(&s, dir, r);

        dots_lmdb_snapshot_close(&s);
    }

    return rc;
}


int
dots_store_backup(const char *path, const char *dir, dots_store_report_t *r)
{
    memset(r, 0, sizeof(*r));

    (void) snprintf(r->file, sizeof(r->file), "%s/" DOTS_LMDB_DATA, dir);

    if (dots_lmdb_backup_same(path, dir)) {
        return dots_lmdb_snapshot_failed(r, DOTS_STORE_ERROR,
                                         "that is the store itself");
    }

    if (dots_store_used(dir)) {
        return dots_lmdb_snapshot_failed(r, DOTS_STORE_ERROR,
                                         "a store that is in use");
    }

    return dots_lmdb_backup_to(path, dir, r);
}


/*
 * LMDB's processes hold the first byte of the lock file, shared: with it
 * exclusively, those that start wait.  -1: there is none; -2: in use.
 */

static int
dots_lmdb_backup_lock(const char *path)
{
    int           fd;
    char          name[DOTS_LMDB_NAME];
    struct flock  lock;

    if (dots_lmdb_file_name(name, path, DOTS_LMDB_LOCK) != 0) {
        return -1;
    }

    fd = open(name, O_RDWR | O_CLOEXEC);
    if (fd == -1) {
        return errno == ENOENT ? -1 : -2;
    }

    memset(&lock, 0, sizeof(lock));

    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_len = 1;

    if (fcntl(fd, F_SETLK, &lock) != 0) {
        (void) close(fd);
        return -2;
    }

    return fd;
}


int
dots_store_used(const char *path)
{
    int  fd;

    fd = dots_lmdb_backup_lock(path);

    if (fd >= 0) {
        (void) close(fd);
    }

    return fd == -2;
}


/* Another name for the file: it is never without one. */

static int
dots_lmdb_backup_keep(const char *path, char *kept)
{
    int              n;
    char             name[DOTS_LMDB_NAME], text[32];
    time_t           now;
    struct tm        tm;

    kept[0] = '\0';

    if (dots_lmdb_file_name(name, path, DOTS_LMDB_DATA) != 0) {
        return ENAMETOOLONG;
    }

    if (access(name, F_OK) != 0) {
        return errno == ENOENT ? 0 : errno;
    }

    now = time(NULL);
    (void) strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));

    for (n = 0; n < 100; n++) {

        if (snprintf(kept, DOTS_STORE_TEXT, "%s.%s%s%.0d", name, text,
                     n ? "." : "", n)
            >= DOTS_STORE_TEXT)
        {
            return ENAMETOOLONG;
        }

        if (link(name, kept) == 0) {
            return 0;
        }

        if (errno != EEXIST) {
            return errno;
        }
    }

    return EEXIST;
}


static int
dots_lmdb_backup_restore(const char *path, const char *dir, char *kept,
    dots_store_report_t *r)
{
    int                   rc;
    dots_lmdb_snapshot_t  s;

    rc = dots_store_check(dir, 1, NULL, NULL, r);

    if (rc != DOTS_STORE_OK) {
        return rc;
    }

    rc = dots_lmdb_backup_keep(path, kept);

    if (rc != 0) {
        kept[0] = '\0';
        return dots_lmdb_snapshot_failed(r, DOTS_STORE_ERROR,
                                         "keeping the old data.mdb: %s",
                                         strerror(rc));
    }

    rc = dots_lmdb_snapshot_open(&s, dir, 1, r);

    if (rc == DOTS_STORE_OK) {
        rc = dots_lmdb_backup_copy(&s, path, r);
        dots_lmdb_snapshot_close(&s);
    }

    if (rc != DOTS_STORE_OK && kept[0]) {
        (void) unlink(kept);
        kept[0] = '\0';
    }

    return rc;
}


int
dots_store_restore(const char *path, const char *dir, char *kept,
    dots_store_report_t *r)
{
    int  rc, lock;

    memset(r, 0, sizeof(*r));
    kept[0] = '\0';

    (void) snprintf(r->file, sizeof(r->file), "%s/" DOTS_LMDB_DATA, path);

    if (dots_lmdb_backup_same(path, dir)) {
        return dots_lmdb_snapshot_failed(r, DOTS_STORE_ERROR,
                                         "that is the store itself");
    }

    lock = dots_lmdb_backup_lock(path);

    if (lock == -2) {
        return dots_lmdb_snapshot_failed(r, DOTS_STORE_ERROR,
                                         "the store is in use: stop nginx "
                                         "first");
    }

    rc = dots_lmdb_backup_restore(path, dir, kept, r);

    if (lock >= 0) {
        (void) close(lock);
    }

    return rc;
}
