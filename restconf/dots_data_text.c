#include <stdlib.h>

#include <jansson.h>

#include "dots_data_pieces.h"
#include "dots_data_text.h"


#define DOTS_DATA_TEXT_ENVELOPE 128 /* data, dots-data and their brackets */


int
dots_data_text_start(dots_exchange_t *x, dots_writer_t *w, size_t size)
{
    uint8_t  *buf;

    size += DOTS_DATA_TEXT_ENVELOPE;

    if (size > DOTS_DATA_PIECES_WHOLE && dots_data_pieces_may(x)) {
        x->big = 1;
        return DOTS_INVALID;
    }

    buf = dots_arena_alloc(x->rc->arena, size);

    if (buf == NULL) {
        return dots_restconf_error_status(&x->error, 400, DOTS_TAG_TOO_BIG,
                                          "the response is too big: ask for "
                                          "a part of it");
    }

    *w = (dots_writer_t) { buf, buf + size, 0 };

    /* only its start is needed until the end: see dots_data_text_end() */

    x->rc->text = dots_str(buf, 0);

    return DOTS_OK;
}


void
dots_data_text_literal(dots_writer_t *w, const char *literal)
{
    dots_write_bytes(w, literal, strlen(literal));
}


void
dots_data_text_pending(dots_writer_t *w, int32_t minutes)
{
    char  digits[sizeof("2147483647")], *p, *end;

    end = digits + sizeof(digits);
    p = end;

    do {
        *--p = (char) ('0' + minutes % 10);
        minutes /= 10;
    } while (minutes);

    dots_data_text_literal(w, ",\"pending-lifetime\":");
    dots_write_bytes(w, p, (size_t) (end - p));
}


void
dots_data_text_string(dots_writer_t *w, dots_str_t s)
{
    char    *text;
    json_t  *value;

    value = json_stringn((const char *) s.data, s.len);
    text = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;

    json_decref(value);

    if (text == NULL) {
        w->failed = 1;
        return;
    }

    dots_data_text_literal(w, text);
    free(text);
}


void
dots_data_text_entry(dots_writer_t *w, const char *list, size_t i)
{
    if (i != 0) {
        dots_data_text_literal(w, ",");
        return;
    }

    dots_data_text_literal(w, "{\"");
    dots_data_text_literal(w, list);
    dots_data_text_literal(w, "\":[");
}


/* Without any it is the empty container, not one of an empty list. */

void
dots_data_text_entries(dots_writer_t *w, size_t n)
{
    dots_data_text_literal(w, n ? "]}" : "{}");
}


int
dots_data_text_end(dots_exchange_t *x, dots_writer_t *w)
{
    if (w->failed) {
        x->rc->text = dots_str(NULL, 0);
        return DOTS_ERROR;
    }

    x->rc->text.len = (size_t) (w->pos - x->rc->text.data);

    return DOTS_OK;
}


int
dots_data_text_single(dots_exchange_t *x, const json_t *value)
{
    if (!x->rc->xml || json_array_size(value) < 2) {
        return DOTS_OK;
    }

    return dots_data_text_several(x);
}


int
dots_data_text_several(dots_exchange_t *x)
{
    return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                               "several entries are no XML document: ask for "
                               "one, or for JSON");
}
