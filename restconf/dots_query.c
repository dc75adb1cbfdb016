#include "dots_api_path.h"
#include "dots_query.h"
#include "dots_stream.h"


#define DOTS_QUERY_LEN 128 /* longest encoded name, or value but "point" */


typedef struct {
    const char *name;
    unsigned    bit;
    unsigned    encoded:1;  /* its value is left as it is */
    int       (*parse)(dots_query_t *q, dots_str_t value);
} dots_query_parameter_t;


static int dots_query_content(dots_query_t *q, dots_str_t value);
static int dots_query_insert(dots_query_t *q, dots_str_t value);
static int dots_query_point(dots_query_t *q, dots_str_t value);
static int dots_query_depth(dots_query_t *q, dots_str_t value);
static int dots_query_fields(dots_query_t *q, dots_str_t value);
static int dots_query_with_defaults(dots_query_t *q, dots_str_t value);
static int dots_query_filter(dots_query_t *q, dots_str_t value);
static int dots_query_start(dots_query_t *q, dots_str_t value);
static int dots_query_stop(dots_query_t *q, dots_str_t value);


static const dots_query_parameter_t  dots_query_parameters[] = {
    { "content", DOTS_QUERY_CONTENT, 0, dots_query_content },
    { "insert", DOTS_QUERY_INSERT, 0, dots_query_insert },
    { "point", DOTS_QUERY_POINT, 1, dots_query_point },
    { "depth", DOTS_QUERY_DEPTH, 0, dots_query_depth },
    { "fields", DOTS_QUERY_FIELDS, 1, dots_query_fields },
    { "with-defaults", DOTS_QUERY_DEFAULTS, 0, dots_query_with_defaults },
    { "filter", DOTS_QUERY_FILTER, 1, dots_query_filter },
    { "start-time", DOTS_QUERY_START, 0, dots_query_start },
    { "stop-time", DOTS_QUERY_STOP, 0, dots_query_stop },
};


static const char *const  dots_query_contents[] = {
    [DOTS_CONTENT_ALL] = "all",
    [DOTS_CONTENT_CONFIG] = "config",
    [DOTS_CONTENT_NONCONFIG] = "nonconfig",
};


static const char *const  dots_query_defaults[] = {
    [DOTS_DEFAULTS_EXPLICIT] = "explicit",
    [DOTS_DEFAULTS_ALL] = "report-all",
    [DOTS_DEFAULTS_TRIM] = "trim",
    [DOTS_DEFAULTS_TAGGED] = "report-all-tagged",
};


static const char *const  dots_query_inserts[] = {
    [DOTS_INSERT_FIRST] = "first",
    [DOTS_INSERT_LAST] = "last",
    [DOTS_INSERT_BEFORE] = "before",
    [DOTS_INSERT_AFTER] = "after",
};


static int
dots_query_is(dots_str_t s, const char *word)
{
    return dots_str_eq(s, dots_str(word, strlen(word)));
}


static int
dots_query_content(dots_query_t *q, dots_str_t value)
{
    size_t  i;

    for (i = 0; i < sizeof(dots_query_contents) / sizeof(char *); i++) {

        if (dots_query_is(value, dots_query_contents[i])) {
            q->content = (dots_content_t) i;
            return DOTS_OK;
        }
    }

    return DOTS_INVALID;
}


static int
dots_query_insert(dots_query_t *q, dots_str_t value)
{
    size_t  i;

    for (i = 1; i < sizeof(dots_query_inserts) / sizeof(char *); i++) {

        if (dots_query_is(value, dots_query_inserts[i])) {
            q->insert = (dots_insert_t) i;
            return DOTS_OK;
        }
    }

    return DOTS_INVALID;
}


/* As long as a path may be: decoded where it is used. */

static int
dots_query_point(dots_query_t *q, dots_str_t value)
{
    q->point = value;

    return value.len ? DOTS_OK : DOTS_INVALID;
}


static int
dots_query_fields(dots_query_t *q, dots_str_t value)
{
    q->fields = value;

    return value.len ? DOTS_OK : DOTS_INVALID;
}


/* RFC 8040 section 4.8.2: 1 to 65535, or "unbounded". */

static int
dots_query_depth(dots_query_t *q, dots_str_t value)
{
    size_t  i;

    if (dots_query_is(value, "unbounded")) {
        return DOTS_OK;
    }

    q->depth = 0;

    for (i = 0; i < value.len; i++) {

        if (value.data[i] < '0' || value.data[i] > '9') {
            return DOTS_INVALID;
        }

        q->depth = q->depth * 10 + (value.data[i] - '0');

        if (q->depth >= DOTS_QUERY_UNBOUNDED) {
            return DOTS_INVALID;
        }
    }

    return q->depth > 0 && value.data[0] != '0' ? DOTS_OK : DOTS_INVALID;
}


static int
dots_query_with_defaults(dots_query_t *q, dots_str_t value)
{
    size_t  i;

    for (i = 0; i < sizeof(dots_query_defaults) / sizeof(char *); i++) {

        if (dots_query_is(value, dots_query_defaults[i])) {
            q->defaults = (dots_defaults_t) i;
            return DOTS_OK;
        }
    }

    return DOTS_INVALID;
}


static int
dots_query_filter(dots_query_t *q, dots_str_t value)
{
    q->filter = value;

    return value.len ? DOTS_OK : DOTS_INVALID;
}


static int
dots_query_start(dots_query_t *q, dots_str_t value)
{
    q->start = dots_stream_parse_time(value);

    return q->start < 0 ? DOTS_INVALID : DOTS_OK;
}


static int
dots_query_stop(dots_query_t *q, dots_str_t value)
{
    q->stop = dots_stream_parse_time(value);

    return q->stop < 0 ? DOTS_INVALID : DOTS_OK;
}


static const dots_query_parameter_t *
dots_query_find(dots_str_t name)
{
    size_t  i, n;

    n = sizeof(dots_query_parameters) / sizeof(dots_query_parameter_t);

    for (i = 0; i < n; i++) {

        if (dots_query_is(name, dots_query_parameters[i].name)) {
            return &dots_query_parameters[i];
        }
    }

    return NULL;
}


static int
dots_query_pair(dots_query_t *q, const dots_query_parameter_t *p,
    dots_str_t value, unsigned allowed, dots_restconf_error_t *e)
{
    if (!(allowed & p->bit)) {
        return dots_restconf_error(e, DOTS_TAG_INVALID_VALUE,
                                   "query parameter \"%s\" does not belong to "
                                   "this method and resource", p->name);
    }

    if (q->seen & p->bit) {
        return dots_restconf_error(e, DOTS_TAG_INVALID_VALUE,
                                   "query parameter \"%s\" appears twice",
                                   p->name);
    }

    q->seen |= p->bit;

    if (p->parse(q, value) != DOTS_OK) {
        return dots_restconf_error(e, DOTS_TAG_INVALID_VALUE,
                                   "query parameter \"%s\" has a wrong value",
                                   p->name);
    }

    return DOTS_OK;
}


/* Decodes into "buf"; DOTS_INVALID if it is malformed or longer than any. */

static int
dots_query_decode(dots_str_t text, uint8_t buf[DOTS_QUERY_LEN], dots_str_t *out)
{
    size_t   position;
    ssize_t  n;

    if (text.len > DOTS_QUERY_LEN) {
        return DOTS_INVALID;
    }

    n = dots_api_path_decode(buf, text, &position);
    if (n < 0) {
        return DOTS_INVALID;
    }

    *out = dots_str(buf, (size_t) n);

    return DOTS_OK;
}


static int
dots_query_piece(dots_query_t *q, dots_str_t piece, unsigned allowed,
    dots_restconf_error_t *e)
{
    size_t                         n;
    uint8_t                        nbuf[DOTS_QUERY_LEN], vbuf[DOTS_QUERY_LEN];
    dots_str_t                     name, value;
    const uint8_t                 *eq;
    const dots_query_parameter_t  *p;

    eq = piece.len ? memchr(piece.data, '=', piece.len) : NULL;

    if (eq == NULL) {
        return dots_restconf_error(e, DOTS_TAG_INVALID_VALUE,
                                   "a query parameter is name=value");
    }

    n = (size_t) (eq - piece.data);

    p = NULL;
    value = dots_str(eq + 1, piece.len - n - 1);

    if (dots_query_decode(dots_str(piece.data, n), nbuf, &name) == DOTS_OK) {
        p = dots_query_find(name);
    }

    if (p == NULL
        || (!p->encoded && dots_query_decode(value, vbuf, &value) != DOTS_OK))
    {
        return dots_restconf_error(e, DOTS_TAG_INVALID_VALUE,
                                   "malformed or unknown query parameter");
    }

    return dots_query_pair(q, p, value, allowed, e);
}


int
dots_query_parse(dots_query_t *q, dots_str_t text, unsigned allowed,
    dots_restconf_error_t *e)
{
    int             rc;
    size_t          n;
    const uint8_t  *amp;

    memset(q, 0, sizeof(dots_query_t));
    q->depth = DOTS_QUERY_UNBOUNDED;

    if (text.len == 0) {
        return DOTS_OK;
    }

    for ( ;; ) {
        amp = text.len ? memchr(text.data, '&', text.len) : NULL;
        n = amp ? (size_t) (amp - text.data) : text.len;

        rc = dots_query_piece(q, dots_str(text.data, n), allowed, e);

        if (rc != DOTS_OK || amp == NULL) {
            return rc;
        }

        text = dots_str(amp + 1, text.len - n - 1);
    }
}
