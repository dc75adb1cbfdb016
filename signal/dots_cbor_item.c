#include <cbor.h>

#include "dots_cbor_item.h"


#define DOTS_CBOR_ITEM_MALFORMED "malformed CBOR at byte %zu of the body"


/* ---- what libcbor calls ---- */

static void
dots_cbor_item_u8(void *ctx, uint8_t v)
{
    ((dots_cbor_item_t *) ctx)->value = v;
}


static void
dots_cbor_item_u16(void *ctx, uint16_t v)
{
    ((dots_cbor_item_t *) ctx)->value = v;
}


static void
dots_cbor_item_u32(void *ctx, uint32_t v)
{
    ((dots_cbor_item_t *) ctx)->value = v;
}


static void
dots_cbor_item_u64(void *ctx, uint64_t v)
{
    ((dots_cbor_item_t *) ctx)->value = v;
}


static void
dots_cbor_item_count(void *ctx, size_t n)
{
    ((dots_cbor_item_t *) ctx)->value = n;
}


static void
dots_cbor_item_bool(void *ctx, bool v)
{
    ((dots_cbor_item_t *) ctx)->type = DOTS_CBOR_BOOL;
    ((dots_cbor_item_t *) ctx)->value = v;
}


static void
dots_cbor_item_text(void *ctx, cbor_data data, size_t len)
{
    ((dots_cbor_item_t *) ctx)->text = dots_str(data, len);
}


static void
dots_cbor_item_break(void *ctx)
{
    ((dots_cbor_item_t *) ctx)->type = DOTS_CBOR_BREAK;
}


static void
dots_cbor_item_indefinite(void *ctx)
{
    ((dots_cbor_item_t *) ctx)->indefinite = 1;
}


static const struct cbor_callbacks  dots_cbor_item_callbacks = {
    .uint8 = dots_cbor_item_u8,
    .uint16 = dots_cbor_item_u16,
    .uint32 = dots_cbor_item_u32,
    .uint64 = dots_cbor_item_u64,
    .negint8 = dots_cbor_item_u8,
    .negint16 = dots_cbor_item_u16,
    .negint32 = dots_cbor_item_u32,
    .negint64 = dots_cbor_item_u64,
    .byte_string = dots_cbor_item_text,
    .byte_string_start = dots_cbor_item_indefinite,
    .string = dots_cbor_item_text,
    .string_start = dots_cbor_item_indefinite,
    .array_start = dots_cbor_item_count,
    .indef_array_start = dots_cbor_item_indefinite,
    .map_start = dots_cbor_item_count,
    .indef_map_start = dots_cbor_item_indefinite,
    .tag = dots_cbor_item_u64,
    .float2 = cbor_null_float2_callback,
    .float4 = cbor_null_float4_callback,
    .float8 = cbor_null_float8_callback,
    .undefined = cbor_null_undefined_callback,
    .null = cbor_null_null_callback,
    .boolean = dots_cbor_item_bool,
    .indef_break = dots_cbor_item_break,
};


/* ---- reading ---- */

/* Major type 7 has two simple values' forms that libcbor does not know. */

static size_t
dots_cbor_item_simple(const uint8_t *p, size_t len)
{
    if (p[0] >= 0xe0 && p[0] < 0xf4) {
        return 1;
    }

    /* below 32 it is not well-formed, RFC 8949 section 3.3 */

    return p[0] == 0xf8 && len > 1 && p[1] >= 32 ? 2 : 0;
}


static int
dots_cbor_item_head(dots_cbor_reader_t *r, dots_cbor_item_t *item,
    dots_fault_t *f)
{
    size_t                      n, left;
    const uint8_t              *p;
    struct cbor_decoder_result  rc;

    left = r->len - r->pos;
    p = r->data + r->pos;

    if (left == 0) {
        return dots_fault(f, DOTS_FAULT_MALFORMED, NULL,
                          "the CBOR body is truncated");
    }

    if (r->items++ == r->max) {
        return dots_fault(f, DOTS_FAULT_TOO_BIG, NULL,
                          "more than %zu CBOR data items", r->max);
    }

    memset(item, 0, sizeof(dots_cbor_item_t));

    item->type = p[0] >> 5 == 7 ? DOTS_CBOR_OTHER
                                : (dots_cbor_type_t) (p[0] >> 5);

    n = dots_cbor_item_simple(p, left);
    if (n) {
        r->pos += n;
        return DOTS_OK;
    }

    rc = cbor_stream_decode(p, left, &dots_cbor_item_callbacks, item);

    if (rc.status == CBOR_DECODER_NEDATA) {
        return dots_fault(f, DOTS_FAULT_MALFORMED, NULL,
                          "the CBOR body is truncated");
    }

    if (rc.status != CBOR_DECODER_FINISHED) {
        return dots_fault(f, DOTS_FAULT_MALFORMED, NULL,
                          DOTS_CBOR_ITEM_MALFORMED, r->pos);
    }

    r->pos += rc.read;

    return DOTS_OK;
}


static int
dots_cbor_item_check_text(dots_cbor_reader_t *r, const dots_cbor_item_t *item,
    dots_fault_t *f)
{
    if (item->type == DOTS_CBOR_STRING && !item->indefinite
        && !dots_cbor_item_utf8(item->text, 0))
    {
        return dots_fault(f, DOTS_FAULT_MALFORMED, NULL,
                          "text that is not UTF-8 before byte %zu of the body",
                          r->pos);
    }

    return DOTS_OK;
}


/*
 * A string in chunks, RFC 8949 section 3.2.3: each is a definite string of the
 * same type, and each by itself UTF-8.  Byte strings are only skipped.
 */

static int
dots_cbor_item_chunks(dots_cbor_reader_t *r, dots_cbor_item_t *item,
    dots_fault_t *f)
{
    int               rc;
    size_t            len;
    dots_cbor_item_t  chunk;

    for (len = 0; ; len += chunk.text.len) {

        rc = dots_cbor_item_head(r, &chunk, f);
        if (rc != DOTS_OK) {
            return rc;
        }

        if (chunk.type == DOTS_CBOR_BREAK) {
            break;
        }

        if (chunk.type != item->type || chunk.indefinite) {
            return dots_fault(f, DOTS_FAULT_MALFORMED, NULL,
                              DOTS_CBOR_ITEM_MALFORMED, r->pos);
        }

        rc = dots_cbor_item_check_text(r, &chunk, f);
        if (rc != DOTS_OK) {
            return rc;
        }

        if (chunk.text.len > sizeof(r->text) - len) {
            return dots_fault(f, DOTS_FAULT_TOO_BIG, NULL,
                              "a string longer than %d bytes",
                              DOTS_CBOR_TEXT);
        }

        memcpy(r->text + len, chunk.text.data, chunk.text.len);
    }

    item->indefinite = 0;
    item->text = dots_str(r->text, len);

    return DOTS_OK;
}


int
dots_cbor_item_read(dots_cbor_reader_t *r, dots_cbor_item_t *item,
    dots_fault_t *f)
{
    int  rc;

    rc = dots_cbor_item_head(r, item, f);
    if (rc != DOTS_OK) {
        return rc;
    }

    if ((item->type == DOTS_CBOR_STRING || item->type == DOTS_CBOR_BYTES)
        && item->indefinite)
    {
        return dots_cbor_item_chunks(r, item, f);
    }

    return dots_cbor_item_check_text(r, item, f);
}


/* ---- skipping ---- */

typedef struct {
    uint64_t  left;         /* items */
    uint8_t   indefinite;
    uint8_t   map;
    uint8_t   odd;          /* a key without its value was last */
} dots_cbor_item_level_t;


/* Enters what "item" opens; 0: it opens nothing. */

static int
dots_cbor_item_open(const dots_cbor_item_t *item, dots_cbor_item_level_t *l)
{
    memset(l, 0, sizeof(dots_cbor_item_level_t));

    l->map = item->type == DOTS_CBOR_MAP;
    l->indefinite = item->indefinite;

    switch (item->type) {

    case DOTS_CBOR_TAG:
        l->left = 1;
        return 1;

    case DOTS_CBOR_ARRAY:
        l->left = item->value;
        break;

    case DOTS_CBOR_MAP:

        /* what cannot be counted twice cannot be there either */

        l->left = item->value > UINT64_MAX / 2 ? UINT64_MAX : item->value * 2;
        break;

    default:
        return 0;
    }

    return l->indefinite || l->left != 0;
}


/* Nonzero: BREAK is in place here. */

static int
dots_cbor_item_ends(const dots_cbor_item_level_t *l)
{
    return l->indefinite && !l->odd;
}


int
dots_cbor_item_skip(dots_cbor_reader_t *r, const dots_cbor_item_t *item,
    size_t depth, dots_fault_t *f)
{
    int                      rc;
    size_t                   n;
    dots_cbor_item_t         next;
    dots_cbor_item_level_t   levels[DOTS_CBOR_DEPTH + 1], *l;

    if (item->type == DOTS_CBOR_BREAK) {
        return dots_fault(f, DOTS_FAULT_MALFORMED, NULL,
                          DOTS_CBOR_ITEM_MALFORMED, r->pos);
    }

    n = dots_cbor_item_open(item, &levels[0]);

    while (n) {

        if (n > depth) {
            return dots_fault(f, DOTS_FAULT_TOO_BIG, NULL,
                              "CBOR nested deeper than %d", DOTS_CBOR_DEPTH);
        }

        l = &levels[n - 1];

        if (!l->indefinite && l->left == 0) {
            n--;
            continue;
        }

        rc = dots_cbor_item_read(r, &next, f);
        if (rc != DOTS_OK) {
            return rc;
        }

        if (next.type == DOTS_CBOR_BREAK) {

            if (!dots_cbor_item_ends(l)) {
                return dots_fault(f, DOTS_FAULT_MALFORMED, NULL,
                                  DOTS_CBOR_ITEM_MALFORMED, r->pos);
            }

            n--;
            continue;
        }

        l->left -= !l->indefinite;
        l->odd ^= l->map;

        n += dots_cbor_item_open(&next, &levels[n]);
    }

    return DOTS_OK;
}


/* ---- text ---- */

/* One character; 0 bytes: it is none. */

static size_t
dots_cbor_item_char(const uint8_t *p, size_t len, uint32_t *c)
{
    size_t                 i, n;
    static const uint32_t  least[] = { 0, 0, 0x80, 0x800, 0x10000 };

    if (p[0] < 0x80) {
        *c = p[0];
        return 1;
    }

    n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;

    if (p[0] < 0xc2 || p[0] > 0xf4 || n > len) {
        return 0;
    }

    *c = p[0] & (0x7f >> n);

    for (i = 1; i < n; i++) {

        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }

        *c = *c << 6 | (p[i] & 0x3f);
    }

    if (*c < least[n] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff)) {
        return 0;
    }

    return n;
}


int
dots_cbor_item_utf8(dots_str_t text, int yang)
{
    size_t    i, n;
    uint32_t  c;

    for (i = 0; i < text.len; i += n) {

        n = dots_cbor_item_char(text.data + i, text.len - i, &c);
        if (n == 0) {
            return 0;
        }

        if (yang
            && ((c < 0x20 && c != '\t' && c != '\n' && c != '\r')
                || (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe))
        {
            return 0;
        }
    }

    return 1;
}


/* ---- writing ---- */

void
dots_cbor_item_write(dots_cbor_writer_t *w, dots_cbor_type_t type,
    uint64_t value)
{
    size_t    n, left;
    uint8_t  *p;

    if (w->full) {
        return;
    }

    p = w->data + w->len;
    left = w->size - w->len;

    switch (type) {

    case DOTS_CBOR_UINT:
        n = cbor_encode_uint(value, p, left);
        break;

    case DOTS_CBOR_NEGINT:
        n = cbor_encode_negint(value, p, left);
        break;

    case DOTS_CBOR_STRING:
        n = cbor_encode_string_start(value, p, left);
        break;

    case DOTS_CBOR_ARRAY:
        n = cbor_encode_array_start(value, p, left);
        break;

    case DOTS_CBOR_MAP:
        n = cbor_encode_map_start(value, p, left);
        break;

    case DOTS_CBOR_TAG:
        n = cbor_encode_tag(value, p, left);
        break;

    default:
        n = cbor_encode_bool(value != 0, p, left);
    }

    w->len += n;
    w->full = n == 0;
}


void
dots_cbor_item_write_text(dots_cbor_writer_t *w, dots_str_t text)
{
    dots_cbor_item_write(w, DOTS_CBOR_STRING, text.len);

    if (w->full || w->size - w->len < text.len) {
        w->full = 1;
        return;
    }

    memcpy(w->data + w->len, text.data, text.len);
    w->len += text.len;
}
