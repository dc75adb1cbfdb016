#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dots_admin.h"
#include "dots_admin_record.h"
#include "dots_store_file.h"


#define DOTS_ADMIN_PATH 4096


typedef struct {
    uint64_t             kinds[DOTS_ADMIN_KINDS];
    uint64_t             undecoded;
    dots_store_slice_t   first;      /* key of the first that is */
    uint8_t              key[DOTS_STORE_KEY_MAX];
    int                  dump;
    int                  failed;     /* errno of stdout */
} dots_admin_walk_t;


/* What the store says, for the operator: the file, what is wrong, a way out. */

static int
dots_admin_store_failed(int rc, const dots_store_report_t *r, const char *path)
{
    switch (rc) {

    case DOTS_STORE_DAMAGED:
        return dots_admin_error(DOTS_ADMIN_DAMAGED, "\"%s\" is damaged: %s; "
                                "\"dots-admin store restore %s BACKUP\" puts a "
                                "backup in its place, \"dots-admin store "
                                "dump\" shows what can still be read",
                                r->file, r->text, path);

    case DOTS_STORE_NEWER:
        return dots_admin_error(DOTS_ADMIN_NEWER, "\"%s\" is %s", r->file,
                                r->text);

    case DOTS_STORE_DECLINED:
        return dots_admin_error(DOTS_ADMIN_FAILED, "there is no store: \"%s\": "
                                "%s", r->file, r->text);

    default:
        return dots_admin_error(DOTS_ADMIN_FAILED, "\"%s\": %s", r->file,
                                r->text);
    }
}


/* ---- check and dump ---- */

static int
dots_admin_store_each(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value)
{
    dots_admin_walk_t *w = ctx;

    int  kind;

    if (dots_admin_record(key, value, w->dump ? stdout : NULL, &kind) == 0) {
        w->kinds[kind]++;
        return 0;
    }

    if (w->undecoded++ == 0) {
        memcpy(w->key, key.data, key.len);
        w->first.data = w->key;
        w->first.len = key.len;
    }

    return 1;
}


static int
dots_admin_store_walk(const char *path, int dump, dots_admin_walk_t *w,
    dots_store_report_t *r)
{
    int  rc;

    memset(w, 0, sizeof(*w));
    w->dump = dump;

    rc = dots_store_check(path, 1, dots_admin_store_each, w, r);

    if (w->undecoded) {
        (void) fprintf(stderr, "dots-admin: the record ");
        dots_admin_record_key(w->first, stderr);
        (void) fprintf(stderr, " can't be decoded\n");
    }

    if (fflush(stdout) != 0 || ferror(stdout)) {
        return dots_admin_error(DOTS_ADMIN_FAILED, "stdout: %s",
                                strerror(errno));
    }

    return rc == DOTS_STORE_OK ? DOTS_ADMIN_DONE
                               : dots_admin_store_failed(rc, r, path);
}


int
dots_admin_check(char **args)
{
    int                  rc, i;
    dots_admin_walk_t    w;
    dots_store_report_t  r;

    rc = dots_admin_store_walk(args[0], 0, &w, &r);

    if (rc != DOTS_ADMIN_DONE && rc != DOTS_ADMIN_DAMAGED) {
        return rc;
    }

    for (i = 0; i < DOTS_ADMIN_KINDS; i++) {
        (void) printf("%-14s%llu\n", dots_admin_record_kind(i),
                      (unsigned long long) w.kinds[i]);
    }

    (void) printf("damaged       %llu\n"
                  "format        %u%s\n"
                  "commits       %llu\n"
                  "bytes in use  %llu of %llu\n",
                  (unsigned long long) r.damaged, r.version,
                  r.version > 1 && r.mixed ? ", with records of 1" : "",
                  (unsigned long long) r.txnid, (unsigned long long) r.bytes,
                  (unsigned long long) r.size);

    return rc;
}


int
dots_admin_dump(char **args)
{
    dots_admin_walk_t    w;
    dots_store_report_t  r;

    return dots_admin_store_walk(args[0], 1, &w, &r);
}


/* ---- backup and restore ---- */

int
dots_admin_backup(char **args)
{
    int                  rc;
    struct stat          st;
    dots_store_report_t  r;

    if (stat(args[1], &st) != 0 || !S_ISDIR(st.st_mode)) {
        return dots_admin_error(DOTS_ADMIN_FAILED, "\"%s\" is no folder: make "
                                "the one that the backup is to be in", args[1]);
    }

    rc = dots_store_backup(args[0], args[1], &r);

    if (rc != DOTS_STORE_OK) {
        return dots_admin_store_failed(rc, &r, args[0]);
    }

    (void) printf("%llu records of \"%s\" are in \"%s\"\n",
                  (unsigned long long) r.records, r.file, args[1]);

    return DOTS_ADMIN_DONE;
}


/*
 * nginx's manager holds this lock while it acts.  Held by us, none begins
 * meanwhile.  -1: there is no such file; -2: it is taken.
 */

static int
dots_admin_store_lock(const char *path)
{
    int   fd;
    char  name[DOTS_ADMIN_PATH];

    if (snprintf(name, sizeof(name), "%s/manager.lock", path)
        >= (int) sizeof(name))
    {
        return -1;
    }

    fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd == -1) {
        return errno == ENOENT ? -1 : -2;
    }

    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        (void) close(fd);
        return -2;
    }

    return fd;
}


int
dots_admin_restore(char **args)
{
    int                  rc, lock;
    char                 kept[DOTS_STORE_TEXT];
    dots_store_report_t  r;

    lock = dots_admin_store_lock(args[0]);

    if (lock == -2) {
        return dots_admin_error(DOTS_ADMIN_FAILED, "the store in \"%s\" is in "
                                "use: stop nginx first", args[0]);
    }

    rc = dots_store_restore(args[0], args[1], kept, &r);

    if (lock >= 0) {
        (void) close(lock);
    }

    if (rc != DOTS_STORE_OK) {
        return dots_admin_store_failed(rc, &r, args[1]);
    }

    (void) printf("%llu records of \"%s\" are in \"%s\"\n",
                  (unsigned long long) r.records, r.file, args[0]);

    if (kept[0]) {
        (void) printf("what was there is \"%s\"\n", kept);
    }

    return DOTS_ADMIN_DONE;
}
