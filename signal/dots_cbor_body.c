#include "dots_cbor_item.h"


/* RFC 8949 section 3: up to here the head of a map is one byte. */

#define DOTS_CBOR_BODY_ENTRIES 23


/* The key of one more entry of the map that is open. */

static void
dots_cbor_body_key(dots_cbor_body_t *b, const char *name)
{
    const dots_cbor_key_t  *key;

    key = dots_cbor_key_by_name(name, strlen(name));

    if (key == NULL) {
        b->failed = 1;
        return;
    }

    b->maps[b->depth].entries++;

    dots_cbor_item_write(&b->writer, DOTS_CBOR_UINT, key->key);
}


void
dots_cbor_body_start(dots_cbor_body_t *b, uint8_t *buf, size_t size,
    const char *name)
{
    memset(b, 0, sizeof(dots_cbor_body_t));

    b->writer.data = buf;
    b->writer.size = size;

    dots_cbor_item_write(&b->writer, DOTS_CBOR_MAP, 0);
    dots_cbor_body_map(b, name);
}


void
dots_cbor_body_map(dots_cbor_body_t *b, const char *name)
{
    size_t                 start;
    dots_cbor_body_map_t  *map;

    if (b->failed || b->depth == DOTS_CBOR_DEPTH - 1) {
        b->failed = 1;
        return;
    }

    start = b->writer.len;

    if (name != NULL) {
        dots_cbor_body_key(b, name);
    }

    map = &b->maps[++b->depth];

    map->start = start;
    map->head = b->writer.len;
    map->entries = 0;

    dots_cbor_item_write(&b->writer, DOTS_CBOR_MAP, 0);
}


/* As in a tree, a container of nothing is not there: its key goes, too. */

static void
dots_cbor_body_close(dots_cbor_body_t *b)
{
    dots_cbor_writer_t           head;
    const dots_cbor_body_map_t  *map;

    map = &b->maps[b->depth];

    if (map->entries == 0 && map->start != map->head) {
        b->writer.len = map->start;
        b->maps[b->depth - 1].entries--;
        return;
    }

    if (map->entries > DOTS_CBOR_BODY_ENTRIES) {
        b->failed = 1;
        return;
    }

    head = (dots_cbor_writer_t) { .data = b->writer.data + map->head,
                                  .size = 1 };

    dots_cbor_item_write(&head, DOTS_CBOR_MAP, map->entries);
}


void
dots_cbor_body_end(dots_cbor_body_t *b)
{
    if (b->failed) {
        return;
    }

    if (!b->writer.full) {
        dots_cbor_body_close(b);
    }

    b->depth--;
}


void
dots_cbor_body_list(dots_cbor_body_t *b, const char *name, size_t n)
{
    dots_cbor_body_key(b, name);
    dots_cbor_item_write(&b->writer, DOTS_CBOR_ARRAY, n);
}


void
dots_cbor_body_uint(dots_cbor_body_t *b, const char *name, uint64_t value)
{
    if (name != NULL) {
        dots_cbor_body_key(b, name);
    }

    dots_cbor_item_write(&b->writer, DOTS_CBOR_UINT, value);
}


void
dots_cbor_body_int(dots_cbor_body_t *b, const char *name, int64_t value)
{
    if (value >= 0) {
        dots_cbor_body_uint(b, name, (uint64_t) value);
        return;
    }

    if (name != NULL) {
        dots_cbor_body_key(b, name);
    }

    dots_cbor_item_write(&b->writer, DOTS_CBOR_NEGINT,
                         (uint64_t) (-1 - value));
}


void
dots_cbor_body_bool(dots_cbor_body_t *b, const char *name, int value)
{
    dots_cbor_body_key(b, name);
    dots_cbor_item_write(&b->writer, DOTS_CBOR_BOOL, value != 0);
}


void
dots_cbor_body_text(dots_cbor_body_t *b, const char *name, dots_str_t text)
{
    if (name != NULL) {
        dots_cbor_body_key(b, name);
    }

    dots_cbor_item_write_text(&b->writer, text);
}


int
dots_cbor_body_finish(dots_cbor_body_t *b, size_t *len)
{
    dots_cbor_body_end(b);

    if (b->failed || b->depth != 0) {
        return DOTS_ERROR;
    }

    if (b->writer.full) {
        return DOTS_FULL;
    }

    dots_cbor_body_close(b);
    *len = b->writer.len;

    return DOTS_OK;
}
