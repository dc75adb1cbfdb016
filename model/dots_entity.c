#include <openssl/sha.h>

#include "dots_entity.h"


#define DOTS_ENTITY_NAME 512 /* longer than any name or cuid */


/* The time takes part: what is made again the same is another one. */

int
dots_entity_make(dots_entity_t *e, dots_str_t text, int64_t modified)
{
    size_t   i;
    uint8_t  digest[SHA256_DIGEST_LENGTH];

    if (SHA256(text.data, text.len, digest) == NULL) {
        return DOTS_ERROR;
    }

    e->modified = modified;
    memcpy(e->tag, digest, DOTS_ENTITY_TAG);

    for (i = 0; i < 8; i++) {
        e->tag[i] ^= (uint8_t) ((uint64_t) modified >> (56 - 8 * i));
    }

    return DOTS_OK;
}


int
dots_entity_guess(dots_entity_t *e, dots_str_t text, int64_t expires,
    int64_t lifetime)
{
    return dots_entity_make(e, text,
                            expires > lifetime ? expires - lifetime : 0);
}


int
dots_entity_add(dots_entity_t *e, dots_str_t name, const dots_entity_t *part)
{
    uint8_t        digest[SHA256_DIGEST_LENGTH];
    uint8_t        buf[2 * DOTS_ENTITY_SIZE + 2 + DOTS_ENTITY_NAME];
    dots_writer_t  w = { buf, buf + sizeof(buf), 0 };

    dots_write_bytes(&w, e->tag, DOTS_ENTITY_TAG);
    dots_write_str(&w, name);
    dots_write_bytes(&w, part->tag, DOTS_ENTITY_TAG);

    if (w.failed || SHA256(buf, (size_t) (w.pos - buf), digest) == NULL) {
        return DOTS_ERROR;
    }

    memcpy(e->tag, digest, DOTS_ENTITY_TAG);

    if (part->modified > e->modified) {
        e->modified = part->modified;
    }

    return DOTS_OK;
}


int
dots_entity_touch(dots_entity_t *e, int64_t modified)
{
    dots_str_t     none = { 0, NULL };
    dots_entity_t  part;

    if (modified == 0) {
        return DOTS_OK;
    }

    if (dots_entity_make(&part, none, modified) != DOTS_OK) {
        return DOTS_ERROR;
    }

    return dots_entity_add(e, none, &part);
}


void
dots_entity_write(dots_writer_t *w, const dots_entity_t *e)
{
    dots_write_u64(w, (uint64_t) e->modified);
    dots_write_bytes(w, e->tag, DOTS_ENTITY_TAG);
}


void
dots_entity_read(dots_reader_t *r, dots_entity_t *e)
{
    const uint8_t  *p;

    e->modified = (int64_t) dots_read_u64(r);
    p = dots_read_bytes(r, DOTS_ENTITY_TAG);

    if (p != NULL) {
        memcpy(e->tag, p, DOTS_ENTITY_TAG);
    }
}
