/*
 * Inside the codec only: one CBOR data item at a time (RFC 8949), out of a
 * bounded buffer, without allocation; and the two ways between an item and the
 * value of a YANG leaf.
 */

#ifndef DOTS_CBOR_ITEM_H
#define DOTS_CBOR_ITEM_H

#include "dots_base.h"
#include "dots_cbor.h"

#define DOTS_CBOR_TEXT 4096 /* bytes of one text value; a limit of ours */
#define DOTS_CBOR_KEYS 4    /* keys of one list; RFC 9244 has 2 */

#define DOTS_CBOR_TAG_DOTS 271  /* RFC 9132 section 10.5 */

typedef enum {
    DOTS_CBOR_UINT = 0, /* 0 to 6 are the major types */
    DOTS_CBOR_NEGINT,
    DOTS_CBOR_BYTES,
    DOTS_CBOR_STRING,
    DOTS_CBOR_ARRAY,
    DOTS_CBOR_MAP,
    DOTS_CBOR_TAG,
    DOTS_CBOR_BOOL,
    DOTS_CBOR_OTHER,    /* null, undefined, float, simple value */
    DOTS_CBOR_BREAK
} dots_cbor_type_t;

typedef struct {
    dots_cbor_type_t  type;
    uint8_t           indefinite;  /* an array or map without a count */
    uint64_t          value;       /* integer (NEGINT: -1 - value), tag, count,
                                      boolean */
    dots_str_t        text;        /* of STRING, until the next item is read */
} dots_cbor_item_t;

typedef struct {
    const uint8_t *data;
    size_t         len;
    size_t         pos;
    size_t         items;                  /* read so far */
    size_t         max;                    /* of them */
    char           text[DOTS_CBOR_TEXT];   /* of strings that came in chunks */
} dots_cbor_reader_t;

/* The next item: all of a string, else its head.  DOTS_OK, DOTS_INVALID. */
int dots_cbor_item_read(dots_cbor_reader_t *r, dots_cbor_item_t *item,
    dots_fault_t *f);

/* Past the rest of "item", at most "depth" levels deep. */
int dots_cbor_item_skip(dots_cbor_reader_t *r, const dots_cbor_item_t *item,
    size_t depth, dots_fault_t *f);

/* Nonzero: UTF-8; with "yang": of characters that RFC 7950 14 allows. */
int dots_cbor_item_utf8(dots_str_t text, int yang);

/*
 * "item" as libyang reads a value of "schema" (a leaf or leaf-list), with a
 * NUL; "buf" has DOTS_CBOR_TEXT bytes.  DOTS_OK, DOTS_INVALID.
 */
int dots_cbor_value_read(dots_cbor_reader_t *r, const dots_cbor_item_t *item,
    const struct lysc_node *schema, const char *attribute, char *buf,
    dots_fault_t *f);

/*
 * The keys of a list may come anywhere in its map, but libyang wants them when
 * the entry is made: they are read ahead, the rest is skipped, and the reader
 * is back at the start of "map".  Bounded: as deep as keyed lists nest in the
 * schema.  DOTS_OK, DOTS_INVALID, DOTS_ERROR (more than DOTS_CBOR_KEYS).
 */
int dots_cbor_list_keys(dots_cbor_reader_t *r, const dots_cbor_item_t *map,
    const struct lysc_node *list, size_t depth, char values[][DOTS_CBOR_TEXT],
    dots_fault_t *f);

/* What to name where the keys of "list" are refused: the only one, or "key". */
const dots_cbor_key_t *dots_cbor_list_blame(const struct lysc_node *list,
    const dots_cbor_key_t *key);

void dots_cbor_item_write(dots_cbor_writer_t *w, dots_cbor_type_t type,
    uint64_t value);

/* A text string whole. */
void dots_cbor_item_write_text(dots_cbor_writer_t *w, dots_str_t text);

/* DOTS_OK or DOTS_ERROR (a type that DOTS does not have). */
int dots_cbor_value_write(dots_cbor_writer_t *w, const struct lyd_node *node);

#endif /* DOTS_CBOR_ITEM_H */
