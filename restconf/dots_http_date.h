/*
 * Dates of HTTP (RFC 9110 section 5.6.7): the preferred form out, all three in.
 * Pure.
 */

#ifndef DOTS_HTTP_DATE_H
#define DOTS_HTTP_DATE_H

#include "dots_base.h"

#define DOTS_HTTP_DATE 32 /* "Sun, 06 Nov 1994 08:49:37 GMT" and a NUL */

/* "s": seconds since the epoch.  Returns the length. */
size_t dots_http_date_print(int64_t s, char text[DOTS_HTTP_DATE]);

/*
 * DOTS_OK or DOTS_INVALID.  "now" decides the century of the obsolete form with
 * two digits: not more than 50 years ahead.
 */
int dots_http_date_parse(dots_str_t text, int64_t now, int64_t *s);

#endif /* DOTS_HTTP_DATE_H */
