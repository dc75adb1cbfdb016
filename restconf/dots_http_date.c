#include <time.h>

#include "dots_http_date.h"


static const char *const  dots_http_date_days[] = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
    "Saturday"
};

static const char  dots_http_date_months[] =
    "JanFebMarAprMayJunJulAugSepOctNovDec";


static void
dots_http_date_digits(char *text, int value, size_t digits)
{
    while (digits--) {
        text[digits] = (char) ('0' + value % 10);
        value /= 10;
    }
}


size_t
dots_http_date_print(int64_t s, char text[DOTS_HTTP_DATE])
{
    time_t             t;
    struct tm          tm;
    static const char  form[] = "Sun, 06 Nov 1994 08:49:37 GMT";

    t = (time_t) s;

    if (s < 0 || gmtime_r(&t, &tm) == NULL || tm.tm_year > 9999 - 1900) {
        text[0] = '\0';
        return 0;
    }

    memcpy(text, form, sizeof(form));

    memcpy(text, dots_http_date_days[tm.tm_wday], 3);
    dots_http_date_digits(text + 5, tm.tm_mday, 2);
    memcpy(text + 8, dots_http_date_months + 3 * tm.tm_mon, 3);
    dots_http_date_digits(text + 12, tm.tm_year + 1900, 4);
    dots_http_date_digits(text + 17, tm.tm_hour, 2);
    dots_http_date_digits(text + 20, tm.tm_min, 2);
    dots_http_date_digits(text + 23, tm.tm_sec, 2);

    return sizeof(form) - 1;
}


/* The text as it is, letters and all: the grammar is case-sensitive. */

static void
dots_http_date_word(dots_reader_t *r, const char *word, size_t len)
{
    const uint8_t  *p;

    p = dots_read_bytes(r, len);

    if (p == NULL || memcmp(p, word, len) != 0) {
        r->failed = 1;
    }
}


/* "digits" of them; a blank for the first one where "blank". */

static int
dots_http_date_number(dots_reader_t *r, int digits, int blank)
{
    int      i, n;
    uint8_t  c;

    for (i = 0, n = 0; i < digits; i++) {
        c = dots_read_u8(r);

        if (c == ' ' && blank && i == 0) {
            continue;
        }

        if (c < '0' || c > '9') {
            r->failed = 1;
            return 0;
        }

        n = n * 10 + (c - '0');
    }

    return n;
}


static int
dots_http_date_month(dots_reader_t *r)
{
    int             i;
    const uint8_t  *p;

    p = dots_read_bytes(r, 3);

    for (i = 0; p != NULL && i < 12; i++) {
        if (memcmp(p, dots_http_date_months + 3 * i, 3) == 0) {
            return i;
        }
    }

    r->failed = 1;

    return 0;
}


/* hour ":" minute ":" second; a second may be a leap second. */

static void
dots_http_date_time(dots_reader_t *r, struct tm *tm)
{
    tm->tm_hour = dots_http_date_number(r, 2, 0);
    dots_http_date_word(r, ":", 1);
    tm->tm_min = dots_http_date_number(r, 2, 0);
    dots_http_date_word(r, ":", 1);
    tm->tm_sec = dots_http_date_number(r, 2, 0);

    if (tm->tm_hour > 23 || tm->tm_min > 59 || tm->tm_sec > 60) {
        r->failed = 1;
    }
}


/* After "Sun, ": "06 Nov 1994 08:49:37 GMT". */

static void
dots_http_date_fixed(dots_reader_t *r, struct tm *tm)
{
    tm->tm_mday = dots_http_date_number(r, 2, 0);
    dots_http_date_word(r, " ", 1);
    tm->tm_mon = dots_http_date_month(r);
    dots_http_date_word(r, " ", 1);
    tm->tm_year = dots_http_date_number(r, 4, 0) - 1900;
    dots_http_date_word(r, " ", 1);
    dots_http_date_time(r, tm);
    dots_http_date_word(r, " GMT", 4);
}


/* After "Sunday, ": "06-Nov-94 08:49:37 GMT". */

static void
dots_http_date_850(dots_reader_t *r, struct tm *tm, int64_t now)
{
    int        year;
    time_t     t;
    struct tm  today;

    tm->tm_mday = dots_http_date_number(r, 2, 0);
    dots_http_date_word(r, "-", 1);
    tm->tm_mon = dots_http_date_month(r);
    dots_http_date_word(r, "-", 1);
    year = dots_http_date_number(r, 2, 0);
    dots_http_date_word(r, " ", 1);
    dots_http_date_time(r, tm);
    dots_http_date_word(r, " GMT", 4);

    t = (time_t) now;

    if (gmtime_r(&t, &today) == NULL) {
        r->failed = 1;
        return;
    }

    year += today.tm_year / 100 * 100;
    tm->tm_year = year > today.tm_year + 50 ? year - 100 : year;
}


/* After "Sun ": "Nov  6 08:49:37 1994". */

static void
dots_http_date_asctime(dots_reader_t *r, struct tm *tm)
{
    tm->tm_mon = dots_http_date_month(r);
    dots_http_date_word(r, " ", 1);
    tm->tm_mday = dots_http_date_number(r, 2, 1);
    dots_http_date_word(r, " ", 1);
    dots_http_date_time(r, tm);
    dots_http_date_word(r, " ", 1);
    tm->tm_year = dots_http_date_number(r, 4, 0) - 1900;
}


/* The day of the week says which form it is; whether it is right is not. */

static void
dots_http_date_any(dots_reader_t *r, struct tm *tm, int64_t now)
{
    size_t       i, n;
    const char  *day;

    for (i = 0; i < 7; i++) {
        day = dots_http_date_days[i];
        n = strlen(day);

        if ((size_t) (r->end - r->pos) > n && memcmp(r->pos, day, n) == 0) {
            r->pos += n;
            dots_http_date_word(r, ", ", 2);
            dots_http_date_850(r, tm, now);
            return;
        }

        if (r->end - r->pos > 3 && memcmp(r->pos, day, 3) == 0) {
            r->pos += 3;

            if (*r->pos == ',') {
                dots_http_date_word(r, ", ", 2);
                dots_http_date_fixed(r, tm);
                return;
            }

            dots_http_date_word(r, " ", 1);
            dots_http_date_asctime(r, tm);
            return;
        }
    }

    r->failed = 1;
}


int
dots_http_date_parse(dots_str_t text, int64_t now, int64_t *s)
{
    int            day;
    struct tm      tm;
    dots_reader_t  r;

    if (text.len == 0) {
        return DOTS_INVALID;
    }

    memset(&tm, 0, sizeof(tm));
    r = (dots_reader_t) { text.data, text.data + text.len, 0 };

    dots_http_date_any(&r, &tm, now);

    if (r.failed || r.pos != r.end || tm.tm_mday < 1 || tm.tm_mday > 31) {
        return DOTS_INVALID;
    }

    /* the 31st of a month that has none becomes the 1st of the next */

    day = tm.tm_mday;
    *s = (int64_t) timegm(&tm);

    return tm.tm_mday == day ? DOTS_OK : DOTS_INVALID;
}
