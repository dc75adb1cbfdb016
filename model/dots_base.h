/*
 * Ground floor of the pure layers: byte strings, result codes, the arena that
 * one request lives in, and the fault that every validation returns.
 * Knows nothing of nginx, CoAP, HTTP, sockets or files.
 * Used by model/, signal/, restconf/, mitigators/ and client/.
 */

#ifndef DOTS_BASE_H
#define DOTS_BASE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>


/* Result codes of the pure layers; negative ones are not successes. */

#define DOTS_OK        0
#define DOTS_ERROR    -1 /* the host's fault: memory, library, disk */
#define DOTS_INVALID  -2 /* the peer's fault: a dots_fault_t says which */
#define DOTS_DECLINED -3 /* not there, or a condition did not hold */
#define DOTS_FULL     -4 /* a limit, a buffer or the zone is full */


/* A byte string: not NUL-terminated, never owned by the struct. */

typedef struct {
    size_t         len;
    const uint8_t *data;
} dots_str_t;

#define dots_string(lit)                                                      \
    {                                                                         \
        sizeof(lit) - 1, (const uint8_t *) (lit)                              \
    }


static inline dots_str_t
dots_str(const void *data, size_t len)
{
    dots_str_t  s = { len, data };

    return s;
}


static inline int
dots_str_eq(dots_str_t a, dots_str_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}


/* Orders by bytes, a shorter prefix first: <0, 0, >0. */

static inline int
dots_str_cmp(dots_str_t a, dots_str_t b)
{
    int     rc;
    size_t  n;

    n = a.len < b.len ? a.len : b.len;
    rc = n ? memcmp(a.data, b.data, n) : 0;

    if (rc) {
        return rc;
    }

    return (a.len > b.len) - (a.len < b.len);
}


/*
 * Why a request was refused: the attribute as the RFC spells it (or NULL) and
 * one English sentence for the diagnostic payload (RFC 7252 section 5.5.2) or
 * error-message (RFC 8040 section 7.1).  "attribute" points at static storage.
 */

typedef enum {
    DOTS_FAULT_INVALID_VALUE = 0,
    DOTS_FAULT_MISSING,
    DOTS_FAULT_UNKNOWN,
    DOTS_FAULT_MALFORMED,
    DOTS_FAULT_TOO_BIG
} dots_fault_kind_t;

#define DOTS_FAULT_TEXT 320

typedef struct {
    dots_fault_kind_t  kind;
    const char        *attribute;
    char               message[DOTS_FAULT_TEXT];
} dots_fault_t;

/* Fills f (which may be NULL) and returns DOTS_INVALID. */

int dots_fault(dots_fault_t *f, dots_fault_kind_t kind, const char *attribute,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));


/*
 * An arena: everything that belongs to one request, freed at once.  "limit"
 * bounds the bytes it may ever hand out, so that no peer can make a request
 * grow without end; beyond it dots_arena_alloc() returns NULL.
 */

typedef struct dots_arena_s  dots_arena_t;

/* "limit": bytes, all that is ever given out.  NULL: no memory. */
dots_arena_t *dots_arena_create(size_t limit);

/* With memory for "room" bytes at once: what is needed in most cases. */
dots_arena_t *dots_arena_create_room(size_t limit, size_t room);

void dots_arena_destroy(dots_arena_t *a);
void dots_arena_extend(dots_arena_t *a, size_t more);      /* the limit */
int dots_arena_spent(const dots_arena_t *a);  /* nonzero: it has been met */
void *dots_arena_alloc(dots_arena_t *a, size_t size);      /* zeroed, aligned */
void *dots_arena_array(dots_arena_t *a, size_t n, size_t size);  /* checked */
int dots_arena_dup(dots_arena_t *a, dots_str_t *dst, dots_str_t src);

/* What was allocated since the mark is given back. */

typedef struct {
    void   *chunk;
    size_t  used;
    size_t  left;
} dots_arena_mark_t;

void dots_arena_mark(const dots_arena_t *a, dots_arena_mark_t *mark);
void dots_arena_rewind(dots_arena_t *a, const dots_arena_mark_t *mark);


/* Bounded reader and writer of the durable records; the error sticks. */

typedef struct {
    uint8_t *pos;
    uint8_t *end;
    int      failed;
} dots_writer_t;

typedef struct {
    const uint8_t *pos;
    const uint8_t *end;
    int            failed;
} dots_reader_t;

/* Beyond the end nothing is written and "failed" is set, for good. */
void dots_write_u8(dots_writer_t *w, uint8_t v);
void dots_write_u16(dots_writer_t *w, uint16_t v);   /* network byte order */
void dots_write_u32(dots_writer_t *w, uint32_t v);
void dots_write_u64(dots_writer_t *w, uint64_t v);
void dots_write_bytes(dots_writer_t *w, const void *data, size_t len);
void dots_write_str(dots_writer_t *w, dots_str_t s); /* u16 length, bytes */

/* Likewise; 0 once it has failed. */
uint8_t dots_read_u8(dots_reader_t *r);
uint16_t dots_read_u16(dots_reader_t *r);
uint32_t dots_read_u32(dots_reader_t *r);
uint64_t dots_read_u64(dots_reader_t *r);
const uint8_t *dots_read_bytes(dots_reader_t *r, size_t len); /* NULL: failed */
dots_str_t dots_read_str(dots_reader_t *r);          /* points into the input */

#endif /* DOTS_BASE_H */
