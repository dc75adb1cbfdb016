#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dots_lmdb_meta.h"
#include "dots_lmdb_pages.h"


#define DOTS_LMDB_PAGES_DEPTH    32
#define DOTS_LMDB_PAGES_NONE     UINT64_MAX   /* root of an empty tree */

#define DOTS_LMDB_PAGES_BRANCH   0x01         /* flags of a page */
#define DOTS_LMDB_PAGES_LEAF     0x02
#define DOTS_LMDB_PAGES_OVERFLOW 0x04

#define DOTS_LMDB_PAGES_BIG      0x01         /* flag of a node */


typedef struct {
    uint16_t  lo;         /* size of the value, or the number of a child, */
    uint16_t  hi;         /* which goes on in "flags" */
    uint16_t  flags;
    uint16_t  key;        /* bytes of it; it follows, then the value */
} dots_lmdb_pages_node_t;

typedef struct {
    dots_lmdb_pages_t         *out;
    int                        fd;
    uint8_t                   *taken;    /* a bit a page */
    int                        free;     /* in the tree of free pages */
    const dots_lmdb_meta_db_t *db;
    uint64_t                   branches;
    uint64_t                   leaves;
    uint64_t                   overflows;
    uint64_t                   entries;
} dots_lmdb_pages_walk_t;

/* Keys below a branch: not less than "from", less than "to"; len 0: any. */

typedef struct {
    dots_store_slice_t  from;
    dots_store_slice_t  to;
} dots_lmdb_pages_range_t;

typedef struct {
    dots_lmdb_pages_node_t  head;
    dots_store_slice_t      key;
    const uint8_t          *data;
    size_t                  room;    /* bytes of the page behind "data" */
} dots_lmdb_pages_entry_t;


static void dots_lmdb_pages_tree(dots_lmdb_pages_walk_t *w, uint64_t number,
    unsigned depth, const dots_lmdb_pages_range_t *range);


void
dots_lmdb_pages_fault(dots_lmdb_pages_t *p, const char *fmt, ...)
{
    va_list  args;

    if (p->faults++ != 0) {
        return;
    }

    va_start(args, fmt);
    (void) vsnprintf(p->fault, sizeof(p->fault), fmt, args);
    va_end(args);
}


/* ---- snapshots ---- */

/* DECLINED: none of the two is the snapshot that "txnid" asks for. */

static int
dots_lmdb_pages_choose(int fd, dots_lmdb_pages_t *p,
    dots_lmdb_meta_t *meta)
{
    int               rc, i;
    dots_lmdb_meta_t  both[DOTS_LMDB_METAS];

    rc = dots_lmdb_meta_read(fd, both);

    if (rc == EINVAL || rc == ENODATA) {
        dots_lmdb_pages_fault(p, "its meta pages are damaged");
        return DOTS_STORE_ERROR;
    }

    if (rc != 0) {
        p->rc = rc;
        dots_lmdb_pages_fault(p, "%s", strerror(rc));
        return DOTS_STORE_ERROR;
    }

    i = both[1].txnid > both[0].txnid;

    if (p->txnid != DOTS_LMDB_PAGES_NEWEST && p->txnid != both[i].txnid) {
        i = !i;

        if (p->txnid != both[i].txnid) {
            return DOTS_STORE_DECLINED;
        }
    }

    *meta = both[i];

    p->txnid = meta->txnid;
    p->page = meta->db[0].pad;
    p->last = meta->last;
    p->entries = meta->db[1].entries;

    return DOTS_STORE_OK;
}


int
dots_lmdb_pages_look(int fd, dots_lmdb_pages_t *p)
{
    dots_lmdb_meta_t  meta;

    return dots_lmdb_pages_choose(fd, p, &meta);
}


/* ---- pages and their entries ---- */

/* Each page is used once: by one tree, or it is free. */

static int
dots_lmdb_pages_take(dots_lmdb_pages_walk_t *w, uint64_t number, uint64_t n)
{
    uint64_t  i;

    if (number < DOTS_LMDB_METAS || n == 0 || n > w->out->last
        || number > w->out->last + 1 - n)
    {
        dots_lmdb_pages_fault(w->out, "page %llu is none of the file's",
                              (unsigned long long) number);
        return -1;
    }

    for (i = number; i < number + n; i++) {

        if (w->taken[i / 8] & (1u << (i % 8))) {
            dots_lmdb_pages_fault(w->out, "page %llu is used twice",
                                  (unsigned long long) i);
            return -1;
        }

        w->taken[i / 8] |= (uint8_t) (1u << (i % 8));
    }

    return 0;
}


static int
dots_lmdb_pages_load(dots_lmdb_pages_walk_t *w, uint64_t number, void *buf,
    size_t len)
{
    int  rc;

    rc = dots_lmdb_meta_bytes(w->fd, buf, len, number * w->out->page);

    if (rc == ENODATA) {
        dots_lmdb_pages_fault(w->out, "page %llu is behind the end of the file",
                              (unsigned long long) number);

    } else if (rc != 0) {
        w->out->rc = rc;
        dots_lmdb_pages_fault(w->out, "page %llu: %s",
                              (unsigned long long) number, strerror(rc));
    }

    return rc;
}


/* One entry of a page, inside of it. */

static int
dots_lmdb_pages_entry(const uint8_t *page, size_t size, size_t i,
    dots_lmdb_pages_entry_t *e)
{
    size_t                         at, low;
    uint16_t                       slot;
    const dots_lmdb_meta_head_t  *head;

    head = (const dots_lmdb_meta_head_t *) page;
    low = head->lower;

    memcpy(&slot, page + sizeof(*head) + 2 * i, sizeof(slot));
    at = slot;

    if (at < low || at < head->upper || at + sizeof(e->head) > size) {
        return -1;
    }

    memcpy(&e->head, page + at, sizeof(e->head));
    at += sizeof(e->head);

    if (e->head.key > size - at) {
        return -1;
    }

    e->key.data = page + at;
    e->key.len = e->head.key;
    e->data = page + at + e->key.len;
    e->room = size - at - e->key.len;

    return 0;
}


static int
dots_lmdb_pages_cmp(const dots_lmdb_pages_walk_t *w, dots_store_slice_t a,
    dots_store_slice_t b)
{
    int       rc;
    uint64_t  x, y;

    if (w->free) {
        memcpy(&x, a.data, sizeof(x));
        memcpy(&y, b.data, sizeof(y));
        return (x > y) - (x < y);
    }

    rc = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);

    return rc ? rc : (a.len > b.len) - (a.len < b.len);
}


static int
dots_lmdb_pages_key_ok(const dots_lmdb_pages_walk_t *w, dots_store_slice_t k,
    const dots_lmdb_pages_range_t *range)
{
    if (w->free ? k.len != sizeof(uint64_t) : k.len == 0) {
        return 0;
    }

    return (range->from.len == 0 || dots_lmdb_pages_cmp(w, k, range->from) >= 0)
           && (range->to.len == 0 || dots_lmdb_pages_cmp(w, k, range->to) < 0);
}


/* ---- leaves ---- */

/* A list of free pages: how many, then they; there may be room behind. */

static void
dots_lmdb_pages_free(dots_lmdb_pages_walk_t *w, dots_store_slice_t value)
{
    uint64_t        i, n, number;
    const uint8_t  *p;

    p = value.data;
    n = 0;

    if (value.len >= sizeof(n)) {
        memcpy(&n, p, sizeof(n));
    }

    if (value.len < sizeof(n) || n > value.len / sizeof(n) - 1) {
        dots_lmdb_pages_fault(w->out, "a list of free pages is damaged");
        return;
    }

    for (i = 1; i <= n; i++) {
        memcpy(&number, p + i * sizeof(number), sizeof(number));
        (void) dots_lmdb_pages_take(w, number, 1);
    }
}


static void
dots_lmdb_pages_value(dots_lmdb_pages_walk_t *w, dots_store_slice_t key,
    dots_store_slice_t value)
{
    if (w->free) {
        dots_lmdb_pages_free(w, value);

    } else if (w->out->each != NULL) {
        (void) w->out->each(w->out->ctx, key, value);
    }
}


/*
 * How many pages a value has of its own: LMDB keeps them where it is replaced
 * by a shorter one.  0: it has none such.
 */

static uint32_t
dots_lmdb_pages_room(dots_lmdb_pages_walk_t *w, uint64_t number, size_t len)
{
    uint32_t                n;
    dots_lmdb_meta_head_t  head;

    if (number > w->out->last
        || dots_lmdb_pages_load(w, number, &head, sizeof(head)) != 0)
    {
        return 0;
    }

    memcpy(&n, &head.lower, sizeof(n));

    if (head.number != number || head.flags != DOTS_LMDB_PAGES_OVERFLOW
        || n < (sizeof(head) + len + w->out->page - 1) / w->out->page)
    {
        return 0;
    }

    return n;
}


static int
dots_lmdb_pages_big(dots_lmdb_pages_walk_t *w, dots_store_slice_t key,
    uint64_t number, size_t len)
{
    uint8_t            *buf;
    uint32_t            n;
    dots_store_slice_t  value;

    n = dots_lmdb_pages_room(w, number, len);

    if (n == 0 || dots_lmdb_pages_take(w, number, n) != 0) {
        return -1;
    }

    w->overflows += n;

    buf = malloc(sizeof(dots_lmdb_meta_head_t) + len);
    if (buf == NULL) {
        w->out->rc = ENOMEM;
        return -1;
    }

    if (dots_lmdb_pages_load(w, number, buf,
                             sizeof(dots_lmdb_meta_head_t) + len)
        == 0)
    {
        value.data = buf + sizeof(dots_lmdb_meta_head_t);
        value.len = len;

        dots_lmdb_pages_value(w, key, value);
    }

    free(buf);

    return 0;
}


static int
dots_lmdb_pages_leaf_one(dots_lmdb_pages_walk_t *w,
    const dots_lmdb_pages_entry_t *e)
{
    size_t              len;
    uint64_t            number;
    dots_store_slice_t  value;

    len = (size_t) e->head.hi << 16 | e->head.lo;

    if (e->head.flags == DOTS_LMDB_PAGES_BIG && e->room >= sizeof(number)) {
        memcpy(&number, e->data, sizeof(number));
        return dots_lmdb_pages_big(w, e->key, number, len);
    }

    if (e->head.flags != 0 || len > e->room) {
        return -1;
    }

    value.data = e->data;
    value.len = len;

    dots_lmdb_pages_value(w, e->key, value);

    return 0;
}


static int
dots_lmdb_pages_leaf(dots_lmdb_pages_walk_t *w, const uint8_t *page, size_t n,
    const dots_lmdb_pages_range_t *range)
{
    size_t                   i;
    dots_store_slice_t       last = { NULL, 0 };
    dots_lmdb_pages_entry_t  e;

    w->leaves++;

    for (i = 0; i < n; i++) {

        if (dots_lmdb_pages_entry(page, w->out->page, i, &e) != 0
            || !dots_lmdb_pages_key_ok(w, e.key, range)
            || (last.len && dots_lmdb_pages_cmp(w, last, e.key) >= 0)
            || dots_lmdb_pages_leaf_one(w, &e) != 0)
        {
            return -1;
        }

        last = e.key;
        w->entries++;
    }

    return 0;
}


/* ---- trees ---- */

/* The first key of a branch stands for all that is less than the second. */

static int
dots_lmdb_pages_branch(dots_lmdb_pages_walk_t *w, const uint8_t *page, size_t n,
    unsigned depth, const dots_lmdb_pages_range_t *range)
{
    size_t                   i;
    uint64_t                 child;
    dots_lmdb_pages_entry_t  e, next;
    dots_lmdb_pages_range_t  below;

    w->branches++;

    if (n == 0 || dots_lmdb_pages_entry(page, w->out->page, 0, &e) != 0) {
        return -1;
    }

    next = e;
    below.from = range->from;

    for (i = 0; i < n; i++) {

        below.to = range->to;

        if (i + 1 < n) {

            if (dots_lmdb_pages_entry(page, w->out->page, i + 1, &next) != 0
                || !dots_lmdb_pages_key_ok(w, next.key, &below))
            {
                return -1;
            }

            below.to = next.key;
        }

        child = (uint64_t) e.head.flags << 32 | (uint64_t) e.head.hi << 16
                | e.head.lo;

        dots_lmdb_pages_tree(w, child, depth + 1, &below);

        below.from = below.to;
        e = next;
    }

    return 0;
}


static int
dots_lmdb_pages_page(dots_lmdb_pages_walk_t *w, const uint8_t *page,
    uint64_t number, unsigned depth, const dots_lmdb_pages_range_t *range)
{
    int                            leaf;
    size_t                         n, size;
    const dots_lmdb_meta_head_t  *head;

    size = w->out->page;
    head = (const dots_lmdb_meta_head_t *) page;
    leaf = (depth == w->db->depth);

    if (head->number != number
        || head->flags != (leaf ? DOTS_LMDB_PAGES_LEAF
                                : DOTS_LMDB_PAGES_BRANCH)
        || head->lower < sizeof(*head) || head->lower % 2 != 0
        || head->lower > head->upper || head->upper > size)
    {
        return -1;
    }

    n = (head->lower - sizeof(*head)) / 2;

    return leaf ? dots_lmdb_pages_leaf(w, page, n, range)
                : dots_lmdb_pages_branch(w, page, n, depth, range);
}


/* All leaves of a tree are as deep as its "depth" says: no endless descent. */

static void
dots_lmdb_pages_tree(dots_lmdb_pages_walk_t *w, uint64_t number,
    unsigned depth, const dots_lmdb_pages_range_t *range)
{
    uint8_t  *page;

    if (dots_lmdb_pages_take(w, number, 1) != 0) {
        return;
    }

    page = malloc(w->out->page);
    if (page == NULL) {
        w->out->rc = ENOMEM;
        dots_lmdb_pages_fault(w->out, "no memory");
        return;
    }

    if (dots_lmdb_pages_load(w, number, page, w->out->page) == 0
        && dots_lmdb_pages_page(w, page, number, depth, range) != 0)
    {
        dots_lmdb_pages_fault(w->out, "page %llu is damaged",
                              (unsigned long long) number);
    }

    free(page);
}


static void
dots_lmdb_pages_db(dots_lmdb_pages_walk_t *w, const dots_lmdb_meta_db_t *db,
    int free_pages)
{
    dots_lmdb_pages_range_t  all = { { NULL, 0 }, { NULL, 0 } };

    w->db = db;
    w->free = free_pages;
    w->branches = 0;
    w->leaves = 0;
    w->overflows = 0;
    w->entries = 0;

    if (db->depth > DOTS_LMDB_PAGES_DEPTH
        || (db->depth == 0) != (db->root == DOTS_LMDB_PAGES_NONE))
    {
        dots_lmdb_pages_fault(w->out, "a meta page is damaged");
        return;
    }

    if (db->depth) {
        dots_lmdb_pages_tree(w, db->root, 1, &all);
    }

    if (w->entries != db->entries || w->branches != db->branches
        || w->leaves != db->leaves || w->overflows != db->overflows)
    {
        dots_lmdb_pages_fault(w->out, "%llu of %llu %s are there",
                              (unsigned long long) w->entries,
                              (unsigned long long) db->entries,
                              free_pages ? "lists of free pages" : "records");
    }
}


static int
dots_lmdb_pages_walk(int fd, dots_lmdb_pages_t *p,
    const dots_lmdb_meta_t *meta)
{
    struct stat             st;
    dots_lmdb_pages_walk_t  w = { .out = p, .fd = fd };

    if (fstat(fd, &st) != 0) {
        p->rc = errno;
        dots_lmdb_pages_fault(p, "%s", strerror(errno));
        return DOTS_STORE_ERROR;
    }

    /* LMDB may leave free pages at the end unwritten, but no more than that */

    if (meta->last / 8 > (uint64_t) st.st_size) {
        dots_lmdb_pages_fault(p, "a meta page is damaged or the file was cut");
        return DOTS_STORE_ERROR;
    }

    w.taken = calloc(1, meta->last / 8 + 1);
    if (w.taken == NULL) {
        p->rc = ENOMEM;
        dots_lmdb_pages_fault(p, "no memory");
        return DOTS_STORE_ERROR;
    }

    dots_lmdb_pages_db(&w, &meta->db[1], 0);

    p->seen = w.entries;
    p->used = w.branches + w.leaves + w.overflows;

    dots_lmdb_pages_db(&w, &meta->db[0], 1);

    free(w.taken);

    return p->faults ? DOTS_STORE_ERROR : DOTS_STORE_OK;
}


int
dots_lmdb_pages_check(int fd, dots_lmdb_pages_t *p)
{
    int               rc;
    dots_lmdb_meta_t  meta;

    rc = dots_lmdb_pages_choose(fd, p, &meta);

    return rc == DOTS_STORE_OK ? dots_lmdb_pages_walk(fd, p, &meta) : rc;
}
