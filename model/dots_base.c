#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "dots_base.h"


#define DOTS_ARENA_CHUNK 4096

/* beside its headers in what malloc() keeps at hand for a thread: 1032 bytes */

#define DOTS_ARENA_FIRST 976


typedef struct dots_arena_chunk_s  dots_arena_chunk_t;

struct dots_arena_chunk_s {
    dots_arena_chunk_t *next;
    size_t              size;
    size_t              used;
    _Alignas(max_align_t) uint8_t data[];
};

/* Aligned as what it is followed by: the first chunk. */

struct dots_arena_s {
    _Alignas(max_align_t)
    size_t              left;     /* what may still be handed out */
    int                 spent;    /* more than that was asked for */
    dots_arena_chunk_t *chunk;    /* the one in use; older ones follow, the
                                     first came with the arena */
};


int
dots_fault(dots_fault_t *f, dots_fault_kind_t kind, const char *attribute,
    const char *fmt, ...)
{
    va_list  args;

    if (f != NULL) {
        f->kind = kind;
        f->attribute = attribute;

        va_start(args, fmt);
        (void) vsnprintf(f->message, sizeof(f->message), fmt, args);
        va_end(args);
    }

    return DOTS_INVALID;
}


dots_arena_t *
dots_arena_create(size_t limit)
{
    return dots_arena_create_room(limit, DOTS_ARENA_FIRST);
}


dots_arena_t *
dots_arena_create_room(size_t limit, size_t room)
{
    dots_arena_t        *a;
    dots_arena_chunk_t  *c;

    a = malloc(sizeof(dots_arena_t) + sizeof(dots_arena_chunk_t) + room);
    if (a == NULL) {
        return NULL;
    }

    c = (dots_arena_chunk_t *) (void *) (a + 1);

    c->next = NULL;
    c->size = room;
    c->used = 0;

    a->left = limit;
    a->spent = 0;
    a->chunk = c;

    return a;
}


void
dots_arena_destroy(dots_arena_t *a)
{
    dots_arena_chunk_t  *c, *next;

    if (a == NULL) {
        return;
    }

    for (c = a->chunk; c->next != NULL; c = next) {
        next = c->next;
        free(c);
    }

    free(a);
}


void
dots_arena_extend(dots_arena_t *a, size_t more)
{
    a->left = more > SIZE_MAX - a->left ? SIZE_MAX : a->left + more;
}


int
dots_arena_spent(const dots_arena_t *a)
{
    return a->spent;
}


void *
dots_arena_alloc(dots_arena_t *a, size_t size)
{
    void                *p;
    size_t               n;
    dots_arena_chunk_t  *c;

    /* the second half keeps the sums below from wrapping */

    if (size > a->left || size > SIZE_MAX / 2) {
        a->spent = 1;
        return NULL;
    }

    size = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);

    if (size == 0) {
        size = sizeof(max_align_t);
    }

    c = a->chunk;

    if (c->size - c->used < size) {
        n = size > DOTS_ARENA_CHUNK ? size : DOTS_ARENA_CHUNK;

        c = malloc(sizeof(dots_arena_chunk_t) + n);
        if (c == NULL) {
            return NULL;
        }

        c->size = n;
        c->used = 0;
        c->next = a->chunk;
        a->chunk = c;
    }

    p = c->data + c->used;
    c->used += size;
    a->left -= size < a->left ? size : a->left;

    return memset(p, 0, size);
}


void *
dots_arena_array(dots_arena_t *a, size_t n, size_t size)
{
    size_t  total;

    if (__builtin_mul_overflow(n, size, &total)) {
        return NULL;
    }

    return dots_arena_alloc(a, total);
}


int
dots_arena_dup(dots_arena_t *a, dots_str_t *dst, dots_str_t src)
{
    uint8_t  *p;

    p = dots_arena_alloc(a, src.len);
    if (p == NULL) {
        return DOTS_ERROR;
    }

    if (src.len) {
        memcpy(p, src.data, src.len);
    }

    *dst = dots_str(p, src.len);

    return DOTS_OK;
}


void
dots_arena_mark(const dots_arena_t *a, dots_arena_mark_t *mark)
{
    mark->chunk = a->chunk;
    mark->used = a->chunk->used;
    mark->left = a->left;
}


void
dots_arena_rewind(dots_arena_t *a, const dots_arena_mark_t *mark)
{
    dots_arena_chunk_t  *c;

    while (a->chunk != mark->chunk) {
        c = a->chunk;
        a->chunk = c->next;
        free(c);
    }

    a->chunk->used = mark->used;
    a->left = mark->left;
}


/* ---- writer ---- */

void
dots_write_bytes(dots_writer_t *w, const void *data, size_t len)
{
    if (w->failed || (size_t) (w->end - w->pos) < len) {
        w->failed = 1;
        return;
    }

    if (len) {
        memcpy(w->pos, data, len);
        w->pos += len;
    }
}


static void
dots_write_number(dots_writer_t *w, uint64_t v, size_t size)
{
    size_t   i;
    uint8_t  buf[8];

    for (i = 0; i < size; i++) {
        buf[size - 1 - i] = (uint8_t) (v >> (8 * i));
    }

    dots_write_bytes(w, buf, size);
}


void
dots_write_u8(dots_writer_t *w, uint8_t v)
{
    dots_write_number(w, v, 1);
}


void
dots_write_u16(dots_writer_t *w, uint16_t v)
{
    dots_write_number(w, v, 2);
}


void
dots_write_u32(dots_writer_t *w, uint32_t v)
{
    dots_write_number(w, v, 4);
}


void
dots_write_u64(dots_writer_t *w, uint64_t v)
{
    dots_write_number(w, v, 8);
}


void
dots_write_str(dots_writer_t *w, dots_str_t s)
{
    if (s.len > UINT16_MAX) {
        w->failed = 1;
        return;
    }

    dots_write_u16(w, (uint16_t) s.len);
    dots_write_bytes(w, s.data, s.len);
}


/* ---- reader ---- */

const uint8_t *
dots_read_bytes(dots_reader_t *r, size_t len)
{
    const uint8_t  *p;

    if (r->failed || (size_t) (r->end - r->pos) < len) {
        r->failed = 1;
        return NULL;
    }

    p = r->pos;
    r->pos += len;

    return p;
}


static uint64_t
dots_read_number(dots_reader_t *r, size_t size)
{
    size_t          i;
    uint64_t        v;
    const uint8_t  *p;

    p = dots_read_bytes(r, size);
    if (p == NULL) {
        return 0;
    }

    for (v = 0, i = 0; i < size; i++) {
        v = v << 8 | p[i];
    }

    return v;
}


uint8_t
dots_read_u8(dots_reader_t *r)
{
    return (uint8_t) dots_read_number(r, 1);
}


uint16_t
dots_read_u16(dots_reader_t *r)
{
    return (uint16_t) dots_read_number(r, 2);
}


uint32_t
dots_read_u32(dots_reader_t *r)
{
    return (uint32_t) dots_read_number(r, 4);
}


uint64_t
dots_read_u64(dots_reader_t *r)
{
    return dots_read_number(r, 8);
}


dots_str_t
dots_read_str(dots_reader_t *r)
{
    size_t          len;
    const uint8_t  *p;

    len = dots_read_u16(r);
    p = dots_read_bytes(r, len);

    return dots_str(p, p ? len : 0);
}
