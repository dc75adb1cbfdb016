/*
 * The body of a GET: a bounded writer over one piece of the request's arena,
 * whose size the caller adds up before.  Entries are stored as JSON text, so
 * that an answer is a concatenation.
 */

#ifndef DOTS_DATA_TEXT_H
#define DOTS_DATA_TEXT_H

#include "dots_restconf_exchange.h"

/*
 * Room for "size" bytes and the envelope; else 400 too-big (RFC 8040, 7), or,
 * where the answer may be in pieces, x->big.
 */
int dots_data_text_start(dots_exchange_t *x, dots_writer_t *w, size_t size);

void dots_data_text_literal(dots_writer_t *w, const char *literal);

/* The member, not the first one, of an entry; whole minutes, 0 or more. */
void dots_data_text_pending(dots_writer_t *w, int32_t minutes);

/* A JSON string, quoted and escaped: at most 6 * len + 2 bytes. */
void dots_data_text_string(dots_writer_t *w, dots_str_t s);

/* A container of one list: before its entry "i", and after all of them. */
void dots_data_text_entry(dots_writer_t *w, const char *list, size_t i);
void dots_data_text_entries(dots_writer_t *w, size_t n);

/* RFC 8040 section 4.3: in XML an array of more than one entry is 400. */
int dots_data_text_single(dots_exchange_t *x, const json_t *value);

/* Says so: DOTS_INVALID. */
int dots_data_text_several(dots_exchange_t *x);

/* Makes it rc->text.  DOTS_OK, or DOTS_ERROR: something did not fit. */
int dots_data_text_end(dots_exchange_t *x, dots_writer_t *w);

#endif /* DOTS_DATA_TEXT_H */
