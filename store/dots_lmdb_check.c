#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dots_lmdb.h"
#include "dots_lmdb_check.h"
#include "dots_lmdb_record.h"


#define DOTS_LMDB_CHECK_TRIES  8


typedef struct {
    dots_lmdb_pages_t   *pages;
    dots_store_report_t *report;
    dots_store_pt        each;
    dots_store_pt        raw;
    void                *ctx;
} dots_lmdb_check_t;


int
dots_lmdb_snapshot_failed(dots_store_report_t *r, int result, const char *fmt,
    ...)
{
    va_list  args;

    va_start(args, fmt);
    (void) vsnprintf(r->text, sizeof(r->text), fmt, args);
    va_end(args);

    return result;
}


/* ---- a snapshot ---- */

/*
 * A reader of LMDB's keeps its pages from being used again.  Without a lock
 * file no process has the store open, and none is made.
 */

static int
dots_lmdb_snapshot_pin(dots_lmdb_snapshot_t *s, const char *path)
{
    int   rc;
    char  name[DOTS_LMDB_NAME];

    if (dots_lmdb_file_name(name, path, DOTS_LMDB_LOCK) != 0) {
        return ENAMETOOLONG;
    }

    if (access(name, F_OK) != 0) {
        return errno == ENOENT ? 0 : errno;
    }

    rc = mdb_env_create(&s->env);

    if (rc == 0) {
        rc = mdb_env_open(s->env, path, MDB_RDONLY | MDB_NOTLS, 0600);
    }

    if (rc == 0) {
        rc = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &s->txn);
    }

    if (rc == 0) {
        s->txnid = mdb_txn_id(s->txn);
    }

    return rc;
}


int
dots_lmdb_snapshot_open(dots_lmdb_snapshot_t *s, const char *path, int pin,
    dots_store_report_t *r)
{
    int                rc;
    char               name[DOTS_LMDB_NAME];
    struct stat        st;
    dots_lmdb_pages_t  p = { .txnid = DOTS_LMDB_PAGES_NEWEST };

    memset(s, 0, sizeof(*s));
    memset(r, 0, sizeof(*r));

    s->txnid = DOTS_LMDB_PAGES_NEWEST;

    (void) snprintf(r->file, sizeof(r->file), "%s/" DOTS_LMDB_DATA, path);

    s->fd = dots_lmdb_file_name(name, path, DOTS_LMDB_DATA) == 0
            ? open(name, O_RDONLY | O_CLOEXEC) : -1;

    if (s->fd == -1 || fstat(s->fd, &st) != 0) {
        rc = errno;
        dots_lmdb_snapshot_close(s);
        return dots_lmdb_snapshot_failed(r, rc == ENOENT ? DOTS_STORE_DECLINED
                                                         : DOTS_STORE_ERROR,
                                         "%s", strerror(rc));
    }

    r->size = (uint64_t) st.st_size;

    /* LMDB believes the meta pages; what is damaged is not pinned */

    rc = pin && dots_lmdb_pages_look(s->fd, &p) == DOTS_STORE_OK
         ? dots_lmdb_snapshot_pin(s, path) : 0;

    if (rc != 0) {
        dots_lmdb_snapshot_close(s);
        return dots_lmdb_snapshot_failed(r, DOTS_STORE_ERROR,
                                         "a reader's place in lock.mdb: %s",
                                         mdb_strerror(rc));
    }

    return DOTS_STORE_OK;
}


void
dots_lmdb_snapshot_close(dots_lmdb_snapshot_t *s)
{
    if (s->txn != NULL) {
        mdb_txn_abort(s->txn);
    }

    if (s->env != NULL) {
        mdb_env_close(s->env);
    }

    if (s->fd != -1) {
        (void) close(s->fd);
    }

    memset(s, 0, sizeof(*s));
    s->fd = -1;
}


/* ---- its records ---- */

/* The store's own keys are first, so the format is known before the rest. */

static int
dots_lmdb_check_record(void *ctx, dots_store_slice_t key,
    dots_store_slice_t stored)
{
    dots_lmdb_check_t *c = ctx;

    dots_store_slice_t  value;

    if (dots_lmdb_record_reserved(key)) {

        if (dots_lmdb_record_format(stored, &c->report->version,
                                    &c->report->mixed)
            != DOTS_STORE_OK)
        {
            dots_lmdb_pages_fault(c->pages, "the format's record is damaged");
            return 0;
        }

    } else if (dots_lmdb_record_open(key, stored, c->report->mixed, &value)
               != DOTS_STORE_OK)
    {
        dots_lmdb_pages_fault(c->pages, "a record does not match its check "
                              "sum");
        return 0;

    } else {
        c->report->records++;

        if (c->each != NULL && c->each(c->ctx, key, value) != 0) {
            dots_lmdb_pages_fault(c->pages, "a record can't be decoded");
        }
    }

    if (c->raw != NULL && c->raw(c->ctx, key, stored) != 0) {
        c->pages->rc = EIO;
    }

    return 0;
}


static int
dots_lmdb_check_result(const dots_lmdb_pages_t *p, dots_store_report_t *r)
{
    if (p->rc != 0 && p->rc != EIO) {
        return dots_lmdb_snapshot_failed(r, DOTS_STORE_ERROR, "%s",
                                         strerror(p->rc));
    }

    if (p->faults) {
        return dots_lmdb_snapshot_failed(r, DOTS_STORE_DAMAGED,
                                         "%s (1 of %zu faults)", p->fault,
                                         p->faults);
    }

    if (r->version > DOTS_LMDB_RECORD_FORMAT) {
        return dots_lmdb_snapshot_failed(r, DOTS_STORE_NEWER,
                                         "of format %u, written by a newer "
                                         "version: this one knows %d",
                                         r->version, DOTS_LMDB_RECORD_FORMAT);
    }

    return DOTS_STORE_OK;
}


int
dots_lmdb_snapshot_check(dots_lmdb_snapshot_t *s, dots_store_pt each,
    dots_store_pt raw, void *ctx, dots_store_report_t *r)
{
    int                rc;
    dots_lmdb_check_t  c = { .report = r, .each = each, .raw = raw,
                             .ctx = ctx };
    dots_lmdb_pages_t  p = { .txnid = s->txnid, .ctx = &c,
                             .each = dots_lmdb_check_record };

    c.pages = &p;

    r->records = 0;
    r->version = 1;
    r->mixed = 1;

    rc = dots_lmdb_pages_check(s->fd, &p);

    r->damaged = p.faults;
    r->bytes = p.used * p.page;
    r->txnid = p.txnid;

    return rc == DOTS_STORE_DECLINED ? rc : dots_lmdb_check_result(&p, r);
}


/*
 * The pages of a snapshot that nobody pins are used again after two commits:
 * what was found then says nothing.
 */

static int
dots_lmdb_check_moving(dots_lmdb_snapshot_t *s, dots_store_report_t *r)
{
    int                rc, i;
    dots_lmdb_pages_t  now;

    for (i = 0; i < DOTS_LMDB_CHECK_TRIES; i++) {

        rc = dots_lmdb_snapshot_check(s, NULL, NULL, NULL, r);

        memset(&now, 0, sizeof(now));
        now.txnid = DOTS_LMDB_PAGES_NEWEST;

        if (rc != DOTS_STORE_DAMAGED
            || (dots_lmdb_pages_look(s->fd, &now) == DOTS_STORE_OK
                && now.txnid == r->txnid)
            || now.faults)
        {
            return rc;
        }
    }

    return DOTS_STORE_OK;
}


/*
 * Between the reader's beginning and our look at the meta pages two commits may
 * have passed, and the snapshot's root with them.
 */

static int
dots_lmdb_check_pinned(const char *path, dots_store_pt each, void *ctx,
    dots_store_report_t *r)
{
    int                   rc, i;
    dots_lmdb_snapshot_t  s;

    rc = DOTS_STORE_DECLINED;

    for (i = 0; i < DOTS_LMDB_CHECK_TRIES && rc == DOTS_STORE_DECLINED; i++) {

        rc = dots_lmdb_snapshot_open(&s, path, 1, r);

        if (rc != DOTS_STORE_OK) {
            return rc;
        }

        rc = dots_lmdb_snapshot_check(&s, each, NULL, ctx, r);

        dots_lmdb_snapshot_close(&s);
    }

    return rc == DOTS_STORE_DECLINED
           ? dots_lmdb_snapshot_failed(r, DOTS_STORE_ERROR,
                                       "it changes too fast: try again")
           : rc;
}


int
dots_store_check(const char *path, int pin, dots_store_pt each, void *ctx,
    dots_store_report_t *r)
{
    int                   rc;
    dots_lmdb_snapshot_t  s;

    if (pin) {
        return dots_lmdb_check_pinned(path, each, ctx, r);
    }

    rc = dots_lmdb_snapshot_open(&s, path, 0, r);

    if (rc == DOTS_STORE_OK) {
        rc = dots_lmdb_check_moving(&s, r);
        dots_lmdb_snapshot_close(&s);
    }

    return rc;
}
