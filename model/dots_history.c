#include "dots_history.h"
#include "dots_registry.h"


/*
 * An event is in one or more cells of the same size, one after the other; those
 * of a customer hang on its log.  Logs are found by the hash of the customer's
 * name, and by how many cells they have: the one with most of them loses its
 * oldest event where cells are needed.  One that has lost all is kept, for what
 * it has lost, until another needs its place.
 *
 * An event's text: u16 length of all of it, u8 kind, u8 change, u8 status, u32
 * mid, customer, cuid and name.
 */

#define DOTS_HISTORY_NONE    UINT32_MAX
#define DOTS_HISTORY_PAYLOAD 104

typedef struct {
    uint64_t  number;        /* of the event; 0: the cell is none's first */
    int64_t   time;
    uint32_t  more;          /* of the same event, or the next that is free */
    uint32_t  following;     /* the first of the customer's next event */
    uint8_t   data[DOTS_HISTORY_PAYLOAD];
} dots_history_cell_t;

typedef struct {
    uint64_t  hash;
    uint64_t  lost;          /* the number of the last event that is gone */
    int64_t   since;         /* and its time */
    uint32_t  chain;         /* of the same bucket, or the next that is free */
    uint32_t  prev;          /* of those with as many cells, the one that */
    uint32_t  next;          /*   changed longest ago first; a ring */
    uint32_t  first;         /* event, its first cell */
    uint32_t  last;
    uint32_t  cells;
} dots_history_log_t;

struct dots_history_s {
    uint64_t  head;
    uint64_t  tail;          /* of "heard" */
    uint64_t  lost;          /* of those whose log is gone, too */
    int64_t   since;
    uint32_t  n;             /* of each of what follows */
    uint32_t  nfree;         /* cells */
    uint32_t  free;
    uint32_t  unused;        /* logs */
    uint32_t  most;          /* cells that one log may have now, at most */
    uint32_t  adding;
};

/*
 * Behind it: cells, logs, whom the last events concerned, first logs of the
 * buckets and of each number of cells.
 */

#define DOTS_HISTORY_ENTRY                                                    \
    (sizeof(dots_history_cell_t) + sizeof(dots_history_log_t)                 \
     + sizeof(uint64_t) + 2 * sizeof(uint32_t))


/* ---- the memory ---- */

static dots_history_cell_t *
dots_history_cell(const dots_history_t *h, uint32_t i)
{
    return (dots_history_cell_t *) (uintptr_t) (h + 1) + i;
}


static dots_history_log_t *
dots_history_log(const dots_history_t *h, uint32_t i)
{
    return (dots_history_log_t *) dots_history_cell(h, h->n) + i;
}


static uint64_t *
dots_history_heard(const dots_history_t *h, uint64_t number)
{
    return (uint64_t *) dots_history_log(h, h->n) + number % h->n;
}


static uint32_t *
dots_history_bucket(const dots_history_t *h, uint64_t hash)
{
    return (uint32_t *) ((uint64_t *) dots_history_log(h, h->n) + h->n)
           + hash % h->n;
}


/* Those with "cells"; one more than there are buckets. */

static uint32_t *
dots_history_ring(const dots_history_t *h, uint32_t cells)
{
    return (uint32_t *) ((uint64_t *) dots_history_log(h, h->n) + h->n) + h->n
           + cells;
}


static void
dots_history_clear(dots_history_t *h)
{
    uint32_t  i;

    h->nfree = h->n;
    h->free = 0;
    h->unused = 0;
    h->most = 0;

    for (i = 0; i < h->n; i++) {
        dots_history_cell(h, i)->number = 0;
        dots_history_cell(h, i)->more = i + 1 < h->n ? i + 1
                                                     : DOTS_HISTORY_NONE;
        dots_history_log(h, i)->chain = i + 1 < h->n ? i + 1
                                                     : DOTS_HISTORY_NONE;
        *dots_history_bucket(h, i) = DOTS_HISTORY_NONE;
        *dots_history_ring(h, i) = DOTS_HISTORY_NONE;
    }

    *dots_history_ring(h, h->n) = DOTS_HISTORY_NONE;
}


dots_history_t *
dots_history_create(void *memory, size_t size, int64_t now)
{
    dots_history_t  *h;

    if (size < DOTS_HISTORY_MIN) {
        return NULL;
    }

    size = (size - sizeof(dots_history_t) - sizeof(uint32_t))
           / DOTS_HISTORY_ENTRY;

    h = memory;

    h->n = size < DOTS_HISTORY_NONE ? (uint32_t) size : DOTS_HISTORY_NONE - 1;
    h->head = 1;
    h->tail = 1;
    h->lost = 0;
    h->since = now;
    h->adding = 0;

    dots_history_clear(h);

    return h;
}


/* The event that was being added is among the lost ones. */

void
dots_history_repair(dots_history_t *h, int64_t now)
{
    if (!__atomic_load_n(&h->adding, __ATOMIC_ACQUIRE)) {
        return;
    }

    h->lost = h->head++;
    h->tail = h->head;
    h->since = now;

    dots_history_clear(h);

    __atomic_store_n(&h->adding, 0, __ATOMIC_RELEASE);
}


uint64_t
dots_history_head(const dots_history_t *h)
{
    return h->head;
}


/* ---- logs ---- */

static dots_history_log_t *
dots_history_find(const dots_history_t *h, uint64_t hash)
{
    uint32_t             i;
    dots_history_log_t  *log;

    for (i = *dots_history_bucket(h, hash);
         i != DOTS_HISTORY_NONE;
         i = log->chain)
    {
        log = dots_history_log(h, i);

        if (log->hash == hash) {
            return log;
        }
    }

    return NULL;
}


static uint32_t
dots_history_index(const dots_history_t *h, const dots_history_log_t *log)
{
    return (uint32_t) (log - dots_history_log(h, 0));
}


static void
dots_history_ring_out(dots_history_t *h, dots_history_log_t *log)
{
    uint32_t  *ring;

    ring = dots_history_ring(h, log->cells);

    dots_history_log(h, log->prev)->next = log->next;
    dots_history_log(h, log->next)->prev = log->prev;

    if (*ring == dots_history_index(h, log)) {
        *ring = log->next == *ring ? DOTS_HISTORY_NONE : log->next;
    }
}


/* To the end: the ring's first is the one that changed longest ago. */

static void
dots_history_ring_in(dots_history_t *h, dots_history_log_t *log)
{
    uint32_t             i, *ring;
    dots_history_log_t  *first;

    i = dots_history_index(h, log);
    ring = dots_history_ring(h, log->cells);

    if (*ring == DOTS_HISTORY_NONE) {
        *ring = i;
        log->prev = log->next = i;

    } else {
        first = dots_history_log(h, *ring);
        log->prev = first->prev;
        log->next = *ring;
        dots_history_log(h, first->prev)->next = i;
        first->prev = i;
    }

    if (h->most < log->cells) {
        h->most = log->cells;
    }
}


/* One that has no event any more gives its place to another customer. */

static void
dots_history_forget(dots_history_t *h, dots_history_log_t *log)
{
    uint32_t  i, *p;

    i = dots_history_index(h, log);
    p = dots_history_bucket(h, log->hash);

    while (*p != i) {
        p = &dots_history_log(h, *p)->chain;
    }

    *p = log->chain;

    dots_history_ring_out(h, log);

    h->lost = log->lost > h->lost ? log->lost : h->lost;
    h->since = log->since > h->since ? log->since : h->since;

    log->chain = h->unused;
    h->unused = i;
}


/* There is a free cell, so not every log has one. */

static dots_history_log_t *
dots_history_take(dots_history_t *h, uint64_t hash)
{
    uint32_t            *bucket;
    dots_history_log_t  *log;

    log = dots_history_find(h, hash);

    if (log != NULL) {
        return log;
    }

    if (h->unused == DOTS_HISTORY_NONE) {
        dots_history_forget(h, dots_history_log(h, *dots_history_ring(h, 0)));
    }

    log = dots_history_log(h, h->unused);
    h->unused = log->chain;

    bucket = dots_history_bucket(h, hash);

    log->hash = hash;
    log->lost = h->lost;
    log->since = h->since;
    log->first = log->last = DOTS_HISTORY_NONE;
    log->cells = 0;
    log->chain = *bucket;
    *bucket = dots_history_index(h, log);

    dots_history_ring_in(h, log);

    return log;
}


int64_t
dots_history_since(const dots_history_t *h, dots_str_t customer)
{
    const dots_history_log_t  *log;

    log = dots_history_find(h, dots_registry_hash(customer));

    return log ? log->since : h->since;
}


/* ---- writing ---- */

static size_t
dots_history_encode(const dots_event_t *e, uint8_t buf[DOTS_HISTORY_EVENT])
{
    size_t         len;
    dots_writer_t  w = { buf, buf + DOTS_HISTORY_EVENT, 0 };

    dots_write_u16(&w, 0);
    dots_write_u8(&w, (uint8_t) e->kind);
    dots_write_u8(&w, (uint8_t) e->change);
    dots_write_u8(&w, (uint8_t) e->status);
    dots_write_u32(&w, e->mid);
    dots_write_str(&w, e->customer);
    dots_write_str(&w, e->cuid);
    dots_write_str(&w, e->name);

    len = w.failed ? 0 : (size_t) (w.pos - buf);

    w = (dots_writer_t) { buf, buf + DOTS_HISTORY_EVENT, 0 };
    dots_write_u16(&w, (uint16_t) len);

    return len;
}


static void
dots_history_drop(dots_history_t *h, dots_history_log_t *log)
{
    uint32_t              i, more;
    dots_history_cell_t  *cell;

    i = log->first;
    cell = dots_history_cell(h, i);

    dots_history_ring_out(h, log);

    log->first = cell->following;
    log->last = log->first == DOTS_HISTORY_NONE ? DOTS_HISTORY_NONE
                                                : log->last;
    log->lost = cell->number;
    log->since = cell->time > log->since ? cell->time : log->since;

    while (i != DOTS_HISTORY_NONE) {
        cell = dots_history_cell(h, i);
        more = cell->more;

        cell->number = 0;
        cell->more = h->free;
        h->free = i;
        h->nfree++;
        log->cells--;

        i = more;
    }

    dots_history_ring_in(h, log);
}


static void
dots_history_room(dots_history_t *h, uint32_t cells)
{
    while (h->nfree < cells) {

        while (*dots_history_ring(h, h->most) == DOTS_HISTORY_NONE) {
            h->most--;
        }

        dots_history_drop(h, dots_history_log(h,
                                           *dots_history_ring(h, h->most)));
    }
}


/* Its cells are free ones, whose chain they keep. */

static void
dots_history_store(dots_history_t *h, const uint8_t *p, size_t len,
    int64_t time)
{
    size_t                n;
    dots_history_cell_t  *cell;

    cell = dots_history_cell(h, h->free);
    cell->number = h->head;
    cell->time = time;
    cell->following = DOTS_HISTORY_NONE;

    for ( ;; ) {
        n = len < DOTS_HISTORY_PAYLOAD ? len : DOTS_HISTORY_PAYLOAD;

        memcpy(cell->data, p, n);
        p += n;
        len -= n;
        h->nfree--;

        if (len == 0) {
            h->free = cell->more;
            cell->more = DOTS_HISTORY_NONE;
            return;
        }

        cell = dots_history_cell(h, cell->more);
    }
}


void
dots_history_add(dots_history_t *h, const dots_event_t *e)
{
    size_t               len;
    uint8_t              buf[DOTS_HISTORY_EVENT];
    uint32_t             first, cells;
    uint64_t             hash;
    dots_history_log_t  *log;

    len = dots_history_encode(e, buf);

    if (len == 0) {
        return;
    }

    hash = dots_registry_hash(e->customer);
    cells = (uint32_t) ((len + DOTS_HISTORY_PAYLOAD - 1)
                        / DOTS_HISTORY_PAYLOAD);

    __atomic_store_n(&h->adding, 1, __ATOMIC_SEQ_CST);

    dots_history_room(h, cells);
    log = dots_history_take(h, hash);

    first = h->free;
    dots_history_store(h, buf, len, e->time);

    dots_history_ring_out(h, log);

    if (log->last == DOTS_HISTORY_NONE) {
        log->first = first;

    } else {
        dots_history_cell(h, log->last)->following = first;
    }

    log->last = first;
    log->cells += cells;

    dots_history_ring_in(h, log);

    *dots_history_heard(h, h->head) = hash;
    h->head++;

    if (h->head - h->tail > h->n) {
        h->tail = h->head - h->n;
    }

    __atomic_store_n(&h->adding, 0, __ATOMIC_RELEASE);
}


/* ---- reading ---- */

static int
dots_history_decode(const dots_history_t *h, uint32_t i, dots_event_t *e,
    uint8_t buf[DOTS_HISTORY_EVENT])
{
    size_t                      n;
    dots_reader_t               r = { buf, buf + DOTS_HISTORY_EVENT, 0 };
    const dots_history_cell_t  *cell;

    e->time = dots_history_cell(h, i)->time;

    for (n = 0;
         i != DOTS_HISTORY_NONE
         && n + DOTS_HISTORY_PAYLOAD <= DOTS_HISTORY_EVENT;
         i = cell->more)
    {
        cell = dots_history_cell(h, i);
        memcpy(buf + n, cell->data, DOTS_HISTORY_PAYLOAD);
        n += DOTS_HISTORY_PAYLOAD;
    }

    if (i != DOTS_HISTORY_NONE) {
        memcpy(buf + n, dots_history_cell(h, i)->data, DOTS_HISTORY_EVENT - n);
    }

    (void) dots_read_u16(&r);
    e->kind = (dots_event_kind_t) dots_read_u8(&r);
    e->change = (dots_event_change_t) dots_read_u8(&r);
    e->status = dots_read_u8(&r);
    e->mid = dots_read_u32(&r);
    e->customer = dots_read_str(&r);
    e->cuid = dots_read_str(&r);
    e->name = dots_read_str(&r);

    return r.failed ? DOTS_ERROR : DOTS_OK;
}


void
dots_history_open(const dots_history_t *h, dots_str_t customer, int replay,
    dots_history_reader_t *rd)
{
    const dots_history_log_t  *log;

    log = dots_history_find(h, dots_registry_hash(customer));

    rd->position = h->head;
    rd->last = 0;
    rd->cell = DOTS_HISTORY_NONE;

    if (log == NULL || log->first == DOTS_HISTORY_NONE) {
        return;
    }

    if (replay) {
        rd->position = dots_history_cell(h, log->first)->number;
        return;
    }

    rd->cell = log->last;
    rd->last = dots_history_cell(h, log->last)->number;
}


/* Where the last one is gone the next is the first that there is. */

static uint32_t
dots_history_seek(const dots_history_t *h, const dots_history_reader_t *rd,
    const dots_history_log_t *log)
{
    const dots_history_cell_t  *cell;

    if (rd->last != 0) {
        cell = dots_history_cell(h, rd->cell);

        if (cell->number == rd->last) {
            return cell->following;
        }
    }

    return log->first;
}


int
dots_history_next(const dots_history_t *h, dots_history_reader_t *rd,
    dots_str_t customer, dots_event_t *e, uint8_t buf[DOTS_HISTORY_EVENT])
{
    uint32_t                   i;
    uint64_t                   lost;
    const dots_history_log_t  *log;

    log = dots_history_find(h, dots_registry_hash(customer));
    lost = log ? log->lost : h->lost;

    if (lost >= rd->position) {
        rd->position = lost + 1;
        return DOTS_FULL;
    }

    for (i = log ? dots_history_seek(h, rd, log) : DOTS_HISTORY_NONE;
         i != DOTS_HISTORY_NONE;
         i = dots_history_cell(h, i)->following)
    {
        rd->cell = i;
        rd->last = dots_history_cell(h, i)->number;
        rd->position = rd->last + 1;

        /* hashes may collide, customers never see each other */

        if (dots_history_decode(h, i, e, buf) == DOTS_OK
            && dots_str_eq(e->customer, customer))
        {
            return DOTS_OK;
        }
    }

    rd->position = h->head;

    return DOTS_DECLINED;
}


int
dots_history_customers(const dots_history_t *h, uint64_t *position,
    uint64_t *list, size_t max, size_t *n)
{
    *n = 0;

    if (*position < h->tail || *position > h->head) {
        *position = h->head;
        return DOTS_FULL;
    }

    while (*n < max && *position < h->head) {
        list[(*n)++] = *dots_history_heard(h, (*position)++);
    }

    return DOTS_OK;
}
