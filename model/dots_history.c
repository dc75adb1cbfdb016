#include "dots_history.h"
#include "dots_registry.h"


/*
 * An event in the ring: u16 length of all of it, u64 hash of the customer's
 * name, then u64 time, u8 kind, u8 change, u8 status, u32 mid, customer, cuid
 * and name.  Positions only grow; the ring is where they are modulo its size.
 */

#define DOTS_HISTORY_HEADER 10

struct dots_history_s {
    uint64_t  size;
    uint64_t  head;
    uint64_t  tail;
    int64_t   since;
    uint8_t   data[];
};


dots_history_t *
dots_history_create(void *memory, size_t size, int64_t now)
{
    dots_history_t  *h;

    if (size < DOTS_HISTORY_MIN) {
        return NULL;
    }

    h = memory;

    h->size = size - sizeof(dots_history_t);
    h->head = 0;
    h->tail = 0;
    h->since = now;

    return h;
}


uint64_t
dots_history_head(const dots_history_t *h)
{
    return h->head;
}


uint64_t
dots_history_tail(const dots_history_t *h)
{
    return h->tail;
}


int64_t
dots_history_since(const dots_history_t *h)
{
    return h->since;
}


/* ---- bytes: what crosses the end of the memory goes on at its start ---- */

static void
dots_history_get(const dots_history_t *h, uint64_t position, uint8_t *p,
    size_t len)
{
    size_t  at, n;

    at = (size_t) (position % h->size);
    n = h->size - at < len ? (size_t) (h->size - at) : len;

    memcpy(p, h->data + at, n);
    memcpy(p + n, h->data, len - n);
}


static void
dots_history_put(dots_history_t *h, uint64_t position, const uint8_t *p,
    size_t len)
{
    size_t  at, n;

    at = (size_t) (position % h->size);
    n = h->size - at < len ? (size_t) (h->size - at) : len;

    memcpy(h->data + at, p, n);
    memcpy(h->data, p + n, len - n);
}


static size_t
dots_history_header(const dots_history_t *h, uint64_t position, uint64_t *hash)
{
    size_t         len;
    uint8_t        buf[DOTS_HISTORY_HEADER];
    dots_reader_t  r = { buf, buf + sizeof(buf), 0 };

    dots_history_get(h, position, buf, sizeof(buf));

    len = dots_read_u16(&r);
    *hash = dots_read_u64(&r);

    return len;
}


/* ---- writing ---- */

static size_t
dots_history_encode(const dots_event_t *e, uint8_t buf[DOTS_HISTORY_EVENT])
{
    size_t         len;
    dots_writer_t  w = { buf, buf + DOTS_HISTORY_EVENT, 0 };

    dots_write_u16(&w, 0);
    dots_write_u64(&w, dots_registry_hash(e->customer));
    dots_write_u64(&w, (uint64_t) e->time);
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
dots_history_drop(dots_history_t *h)
{
    size_t    len;
    uint8_t   buf[DOTS_HISTORY_HEADER + 8];
    uint64_t  hash;

    dots_reader_t  r = { buf, buf + sizeof(buf), 0 };

    len = dots_history_header(h, h->tail, &hash);

    dots_history_get(h, h->tail, buf, sizeof(buf));
    (void) dots_read_bytes(&r, DOTS_HISTORY_HEADER);

    h->since = (int64_t) dots_read_u64(&r);
    h->tail += len;
}


/*
 * The oldest go first, then the bytes come, the head last: whoever dies between
 * leaves a shorter ring, not a wrong one.
 */

void
dots_history_add(dots_history_t *h, const dots_event_t *e)
{
    size_t   len;
    uint8_t  buf[DOTS_HISTORY_EVENT];

    len = dots_history_encode(e, buf);

    if (len == 0) {
        return;
    }

    while (h->head + len - h->tail > h->size) {
        dots_history_drop(h);
    }

    dots_history_put(h, h->head, buf, len);

    __atomic_store_n(&h->head, h->head + len, __ATOMIC_RELEASE);
}


/* ---- reading ---- */

static dots_str_t
dots_history_decode(dots_event_t *e, dots_reader_t *r)
{
    (void) dots_read_bytes(r, DOTS_HISTORY_HEADER);

    e->time = (int64_t) dots_read_u64(r);
    e->kind = (dots_event_kind_t) dots_read_u8(r);
    e->change = (dots_event_change_t) dots_read_u8(r);
    e->status = dots_read_u8(r);
    e->mid = dots_read_u32(r);
    e->customer = dots_read_str(r);
    e->cuid = dots_read_str(r);
    e->name = dots_read_str(r);

    return e->customer;
}


/* A position beyond the head is of a ring that was made anew since. */

static int
dots_history_overtaken(const dots_history_t *h, uint64_t *position)
{
    if (*position >= h->tail && *position <= h->head) {
        return 0;
    }

    *position = h->tail;

    return 1;
}


int
dots_history_next(const dots_history_t *h, uint64_t *position,
    dots_str_t customer, dots_event_t *e, uint8_t buf[DOTS_HISTORY_EVENT])
{
    size_t         i, len;
    uint64_t       hash, other;
    dots_reader_t  r;

    if (dots_history_overtaken(h, position)) {
        return DOTS_FULL;
    }

    hash = dots_registry_hash(customer);

    for (i = 0; i < DOTS_HISTORY_SCAN && *position < h->head; i++) {
        len = dots_history_header(h, *position, &other);

        if (other != hash) {
            *position += len;
            continue;
        }

        dots_history_get(h, *position, buf, len);
        *position += len;

        /* hashes may collide, customers never see each other */

        r = (dots_reader_t) { buf, buf + len, 0 };

        if (dots_str_eq(dots_history_decode(e, &r), customer) && !r.failed) {
            return DOTS_OK;
        }
    }

    return DOTS_DECLINED;
}


int
dots_history_customers(const dots_history_t *h, uint64_t *position,
    uint64_t *list, size_t max, size_t *n)
{
    *n = 0;

    if (dots_history_overtaken(h, position)) {
        return DOTS_FULL;
    }

    while (*n < max && *position < h->head) {
        *position += dots_history_header(h, *position, &list[(*n)++]);
    }

    return DOTS_OK;
}
