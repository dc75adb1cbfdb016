#include <strings.h>

#include "dots_media.h"


#define DOTS_MEDIA_WORD 64 /* longest token or quoted value that matters */


typedef struct {
    char  type[DOTS_MEDIA_WORD];
    char  subtype[DOTS_MEDIA_WORD];
    char  charset[DOTS_MEDIA_WORD];  /* empty: none */
    int   weight;                    /* thousandths */
    int   parameters;                /* but for "q" */
} dots_media_range_t;

/* What could be answered, and what the ranges so far say of it. */

typedef struct {
    const char *name;
    int         specificity;         /* of the closest one */
    int         weight;              /* of that, thousandths; 0: not taken */
} dots_media_offer_t;


static const char *const  dots_media_names[DOTS_MEDIAS] = {
    [DOTS_MEDIA_NONE] = "",
    [DOTS_MEDIA_JSON] = "application/yang-data+json",
    [DOTS_MEDIA_XML] = "application/yang-data+xml",
    [DOTS_MEDIA_PATCH_JSON] = "application/yang-patch+json",
    [DOTS_MEDIA_PATCH_XML] = "application/yang-patch+xml",
};


static int
dots_media_is_token(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
           || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}


static void
dots_media_spaces(dots_reader_t *r)
{
    while (r->pos < r->end && (*r->pos == ' ' || *r->pos == '\t')) {
        r->pos++;
    }
}


/* Steps over "c" if it is next. */

static int
dots_media_skip(dots_reader_t *r, char c)
{
    if (r->pos == r->end || *r->pos != (uint8_t) c) {
        return 0;
    }

    r->pos++;

    return 1;
}


/* What does not fit fails the reader. */

static void
dots_media_token(dots_reader_t *r, char word[DOTS_MEDIA_WORD])
{
    size_t          n;
    const uint8_t  *start;

    word[0] = '\0';
    start = r->pos;

    while (r->pos < r->end && dots_media_is_token(*r->pos)) {
        r->pos++;
    }

    n = (size_t) (r->pos - start);

    if (n == 0 || n >= DOTS_MEDIA_WORD) {
        r->failed = 1;
        return;
    }

    memcpy(word, start, n);
    word[n] = '\0';
}


/* Appends "c" to the word; what does not fit fails the reader. */

static void
dots_media_put(dots_reader_t *r, char word[DOTS_MEDIA_WORD], size_t *n,
    uint8_t c)
{
    if (*n == DOTS_MEDIA_WORD - 1) {
        r->failed = 1;
        return;
    }

    word[(*n)++] = (char) c;
    word[*n] = '\0';
}


/* quoted-string of RFC 9110 section 5.6.4, the opening quote is read. */

static void
dots_media_quoted(dots_reader_t *r, char word[DOTS_MEDIA_WORD])
{
    size_t   n;
    uint8_t  c;

    n = 0;
    word[0] = '\0';

    while (!r->failed) {
        c = dots_read_u8(r);

        if (c == '"') {
            return;
        }

        dots_media_put(r, word, &n, c == '\\' ? dots_read_u8(r) : c);
    }
}


/* qvalue of RFC 9110 section 12.4.2 in thousandths; -1: malformed. */

static int
dots_media_weight(const char *s)
{
    int     value, unit;
    size_t  i;

    if ((s[0] != '0' && s[0] != '1') || (s[1] != '\0' && s[1] != '.')) {
        return -1;
    }

    value = (s[0] - '0') * 1000;

    for (i = 2, unit = 100; s[1] != '\0' && s[i] != '\0'; i++, unit /= 10) {

        if (i > 4 || s[i] < '0' || s[i] > '9') {
            return -1;
        }

        value += (s[i] - '0') * unit;
    }

    return value <= 1000 ? value : -1;
}


static void
dots_media_parameter(dots_reader_t *r, dots_media_range_t *m)
{
    char  name[DOTS_MEDIA_WORD], value[DOTS_MEDIA_WORD];

    dots_media_token(r, name);

    if (r->failed || !dots_media_skip(r, '=')) {
        r->failed = 1;
        return;
    }

    if (dots_media_skip(r, '"')) {
        dots_media_quoted(r, value);

    } else {
        dots_media_token(r, value);
    }

    if (strcasecmp(name, "q") == 0) {
        m->weight = dots_media_weight(value);
        r->failed |= m->weight < 0;
        return;
    }

    if (strcasecmp(name, "charset") == 0) {
        memcpy(m->charset, value, sizeof(value));
    }

    m->parameters++;
}


/* type "/" subtype *( OWS ";" OWS [ parameter ] ) up to "," or the end. */

static void
dots_media_range(dots_reader_t *r, dots_media_range_t *m)
{
    memset(m, 0, sizeof(dots_media_range_t));

    m->weight = 1000;

    dots_media_token(r, m->type);

    if (!dots_media_skip(r, '/')) {
        r->failed = 1;
    }

    dots_media_token(r, m->subtype);

    while (!r->failed) {
        dots_media_spaces(r);

        if (!dots_media_skip(r, ';')) {
            break;
        }

        dots_media_spaces(r);

        if (r->pos < r->end && *r->pos != ';' && *r->pos != ',') {
            dots_media_parameter(r, m);
        }
    }
}


/* To the next list element: a comma that is not inside a quoted-string. */

static void
dots_media_next(dots_reader_t *r)
{
    int  quoted;

    for (quoted = 0; r->pos < r->end; r->pos++) {

        if (*r->pos == '"') {
            quoted = !quoted;

        } else if (quoted && *r->pos == '\\' && r->end - r->pos > 1) {
            r->pos++;

        } else if (!quoted && *r->pos == ',') {
            r->pos++;
            return;
        }
    }
}


/* How closely the range names the type: 0 (not at all) to 4. */

static int
dots_media_specificity(const dots_media_range_t *m, const char *name)
{
    size_t  len;

    if (strcmp(m->type, "*") == 0) {
        return strcmp(m->subtype, "*") == 0;
    }

    len = strlen(m->type);

    if (strncasecmp(name, m->type, len) != 0 || name[len] != '/') {
        return 0;
    }

    if (strcmp(m->subtype, "*") == 0) {
        return 2;
    }

    if (strcasecmp(name + len + 1, m->subtype) != 0) {
        return 0;
    }

    return m->parameters ? 4 : 3;
}


static int
dots_media_charset_ok(const dots_media_range_t *m)
{
    return m->charset[0] == '\0' || strcasecmp(m->charset, "utf-8") == 0
           || strcasecmp(m->charset, "utf8") == 0;
}


/* The closest range counts; of several as close the one that likes it most. */

static void
dots_media_consider(dots_media_offer_t *offer, const dots_media_range_t *m)
{
    int  specificity;

    specificity = dots_media_specificity(m, offer->name);

    if (specificity == 0 || specificity < offer->specificity) {
        return;
    }

    if (specificity > offer->specificity || m->weight > offer->weight) {
        offer->weight = m->weight;
    }

    offer->specificity = specificity;
}


static void
dots_media_weigh(dots_str_t accept, dots_media_offer_t *offers, size_t n)
{
    size_t              i;
    const uint8_t      *start;
    dots_reader_t       r;
    dots_media_range_t  m;

    r = (dots_reader_t) { accept.data, accept.data + accept.len, 0 };

    while (r.pos < r.end) {
        dots_media_spaces(&r);

        start = r.pos;
        r.failed = 0;
        dots_media_range(&r, &m);

        if (r.pos < r.end && *r.pos != ',') {
            r.failed = 1;
        }

        for (i = 0; i < n && !r.failed && dots_media_charset_ok(&m); i++) {
            dots_media_consider(&offers[i], &m);
        }

        r.pos = start;
        dots_media_next(&r);
    }
}


int
dots_media_quality(dots_str_t accept, const char *name)
{
    dots_media_offer_t  offer = { name, 0, 0 };

    if (accept.len == 0) {
        return DOTS_MEDIA_QUALITY;
    }

    dots_media_weigh(accept, &offer, 1);

    return offer.weight;
}


dots_media_t
dots_media_choose(dots_str_t accept)
{
    dots_media_offer_t  offers[] = {
        { dots_media_names[DOTS_MEDIA_JSON], 0, 0 },
        { dots_media_names[DOTS_MEDIA_XML], 0, 0 },
    };

    if (accept.len == 0) {
        return DOTS_MEDIA_JSON;
    }

    dots_media_weigh(accept, offers, 2);

    if (offers[0].weight == 0 && offers[1].weight == 0) {
        return DOTS_MEDIA_NONE;
    }

    return offers[0].weight >= offers[1].weight ? DOTS_MEDIA_JSON
                                                : DOTS_MEDIA_XML;
}


dots_media_t
dots_media_content(dots_str_t content_type)
{
    size_t              i;
    dots_reader_t       r;
    dots_media_range_t  m;

    if (content_type.len == 0) {
        return DOTS_MEDIA_NONE;
    }

    r = (dots_reader_t) { content_type.data,
                          content_type.data + content_type.len, 0 };

    dots_media_spaces(&r);
    dots_media_range(&r, &m);

    if (r.failed || r.pos != r.end || !dots_media_charset_ok(&m)) {
        return DOTS_MEDIA_NONE;
    }

    for (i = DOTS_MEDIA_JSON; i < DOTS_MEDIAS; i++) {

        if (dots_media_specificity(&m, dots_media_names[i]) >= 3) {
            return (dots_media_t) i;
        }
    }

    return DOTS_MEDIA_NONE;
}


dots_str_t
dots_media_name(dots_media_t media)
{
    return dots_str(dots_media_names[media], strlen(dots_media_names[media]));
}
