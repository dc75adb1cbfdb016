#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <jansson.h>

#include "dots_api_path.h"
#include "dots_data_xml.h"
#include "dots_stream.h"


#define DOTS_STREAM_ARENA   65536 /* bytes to make one event of */
#define DOTS_STREAM_LEAVES  4
#define DOTS_STREAM_NUMBER  11    /* 4294967295 and a NUL */

/* RFC 5277 section 4: of the notification, and of eventTime. */
#define DOTS_STREAM_NAMESPACE "urn:ietf:params:xml:ns:netconf:notification:1.0"


/* A notification: its name in the module, its leaves in the order of it. */

typedef struct {
    const char         *name;
    size_t              n;
    dots_stream_leaf_t  leaves[DOTS_STREAM_LEAVES];
    char                number[DOTS_STREAM_NUMBER]; /* of a leaf */
} dots_stream_note_t;


/* RFC 9132 section 5.3: iana-dots-signal-channel:status. */

static const char *const  dots_stream_statuses[] = {
    NULL,
    "attack-mitigation-in-progress",
    "attack-successfully-mitigated",
    "attack-stopped",
    "attack-exceeded-capability",
    "dots-client-withdrawn-mitigation",
    "attack-mitigation-terminated",
    "attack-mitigation-withdrawn",
    "attack-mitigation-signal-loss",
};


static const char *const  dots_stream_changes[] = {
    [DOTS_EVENT_CREATED] = "created",
    [DOTS_EVENT_REPLACED] = "replaced",
    [DOTS_EVENT_DELETED] = "deleted",
    [DOTS_EVENT_EXPIRED] = "expired",
};


/* ---- time ---- */

void
dots_stream_time(int64_t time, char text[DOTS_STREAM_TIME + 1])
{
    time_t     sec;
    struct tm  tm;

    sec = (time_t) (time / 1000);

    if (gmtime_r(&sec, &tm) == NULL
        || strftime(text, DOTS_STREAM_TIME + 1, "%Y-%m-%dT%H:%M:%S", &tm)
           != 19)
    {
        text[0] = '\0';
        return;
    }

    (void) sprintf(text + 19, ".%03uZ", (unsigned) (time % 1000) % 1000);
}


/* "n" digits, at most "max"; -1: something else. */

static int
dots_stream_digits(dots_reader_t *r, size_t n, int max)
{
    int             value;
    size_t          i;
    const uint8_t  *p;

    p = dots_read_bytes(r, n);
    value = 0;

    for (i = 0; i < n && !r->failed; i++) {

        if (p[i] < '0' || p[i] > '9') {
            r->failed = 1;
            return 0;
        }

        value = value * 10 + (p[i] - '0');
    }

    r->failed |= value > max;

    return value;
}


static void
dots_stream_character(dots_reader_t *r, char c)
{
    r->failed |= (dots_read_u8(r) != (uint8_t) c);
}


/* Of a second: any number of digits, of which three count. */

static int
dots_stream_fraction(dots_reader_t *r)
{
    int     ms, unit;
    size_t  n;

    if (r->failed || r->pos == r->end || *r->pos != '.') {
        return 0;
    }

    r->pos++;
    ms = 0;
    unit = 100;

    for (n = 0; r->pos < r->end && *r->pos >= '0' && *r->pos <= '9'; n++) {
        ms += (*r->pos++ - '0') * unit;
        unit /= 10;
    }

    r->failed |= (n == 0);

    return ms;
}


/* In minutes: "Z", "+01:00". */

static int
dots_stream_offset(dots_reader_t *r)
{
    int      minutes;
    uint8_t  c;

    c = dots_read_u8(r);

    if (c == 'Z') {
        return 0;
    }

    r->failed |= (c != '+' && c != '-');

    minutes = dots_stream_digits(r, 2, 23) * 60;
    dots_stream_character(r, ':');
    minutes += dots_stream_digits(r, 2, 59);

    return c == '-' ? -minutes : minutes;
}


/* timegm() takes February 30, too, and makes another day of it. */

static int
dots_stream_is_day(struct tm tm)
{
    int  month, day;

    month = tm.tm_mon;
    day = tm.tm_mday;

    tm.tm_hour = tm.tm_min = tm.tm_sec = 0;

    (void) timegm(&tm);

    return tm.tm_mon == month && tm.tm_mday == day;
}


int64_t
dots_stream_parse_time(dots_str_t text)
{
    int            ms, offset;
    time_t         sec;
    struct tm      tm;
    dots_reader_t  r = { text.data, text.data + text.len, 0 };

    memset(&tm, 0, sizeof(tm));

    tm.tm_year = dots_stream_digits(&r, 4, 9999) - 1900;
    dots_stream_character(&r, '-');
    tm.tm_mon = dots_stream_digits(&r, 2, 12) - 1;
    dots_stream_character(&r, '-');
    tm.tm_mday = dots_stream_digits(&r, 2, 31);
    dots_stream_character(&r, 'T');
    tm.tm_hour = dots_stream_digits(&r, 2, 23);
    dots_stream_character(&r, ':');
    tm.tm_min = dots_stream_digits(&r, 2, 59);
    dots_stream_character(&r, ':');
    tm.tm_sec = dots_stream_digits(&r, 2, 60);

    ms = dots_stream_fraction(&r);
    offset = dots_stream_offset(&r);

    /* the epoch is early enough */

    if (r.failed || r.pos != r.end || tm.tm_year < 70
        || !dots_stream_is_day(tm))
    {
        return -1;
    }

    sec = timegm(&tm);

    return ((int64_t) sec - offset * 60) * 1000 + ms;
}


/* ---- the subscription ---- */

static int
dots_stream_invalid(dots_exchange_t *x, const char *message)
{
    return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE, "%s",
                               message);
}


/* RFC 8040 sections 4.8.7 and 4.8.8. */

static int
dots_stream_times(dots_exchange_t *x, dots_subscription_t *s)
{
    s->start = -1;
    s->stop = DOTS_FOREVER;

    if (x->query.seen & DOTS_QUERY_START) {
        s->start = x->query.start;

        if (s->start > x->rc->wall) {
            return dots_stream_invalid(x, "\"start-time\" is in the future");
        }
    }

    if (x->query.seen & DOTS_QUERY_STOP) {
        s->stop = x->query.stop;

        if (s->start == -1) {
            return dots_stream_invalid(x, "\"stop-time\" needs "
                                       "\"start-time\"");
        }

        if (s->stop <= s->start) {
            return dots_stream_invalid(x, "\"stop-time\" has to be later than "
                                       "\"start-time\"");
        }
    }

    return DOTS_OK;
}


static int
dots_stream_filter(dots_exchange_t *x, dots_subscription_t *s)
{
    int       rc;
    size_t    position;
    ssize_t   n;
    uint8_t  *text;

    if (!(x->query.seen & DOTS_QUERY_FILTER)) {
        return DOTS_OK;
    }

    text = dots_arena_alloc(x->rc->arena, x->query.filter.len);
    if (text == NULL) {
        return DOTS_ERROR;
    }

    n = dots_api_path_decode(text, x->query.filter, &position);
    if (n < 0) {
        return dots_stream_invalid(x, "\"filter\" is malformed");
    }

    rc = dots_stream_filter_parse(&s->filter, dots_str(text, (size_t) n),
                                  DOTS_STREAM_MODULE, x->rc->arena,
                                  &position);
    if (rc != DOTS_INVALID) {
        return rc;
    }

    return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                               "\"filter\" is not understood at byte %zu: "
                               "comparisons of leaves of the module "
                               DOTS_STREAM_MODULE " are", position);
}


static int
dots_stream_open(dots_exchange_t *x, dots_media_t media)
{
    int                   rc;
    dots_subscription_t  *s;

    s = dots_arena_alloc(x->rc->arena, sizeof(dots_subscription_t));
    if (s == NULL) {
        return DOTS_ERROR;
    }

    s->schema = x->rc->schema;
    s->media = media;

    rc = dots_stream_times(x, s);

    if (rc == DOTS_OK) {
        rc = dots_stream_filter(x, s);
    }

    if (rc == DOTS_OK) {
        x->rc->subscription = s;
    }

    return rc;
}


int
dots_stream_json(dots_exchange_t *x)
{
    return dots_stream_open(x, DOTS_MEDIA_JSON);
}


int
dots_stream_xml(dots_exchange_t *x)
{
    return dots_stream_open(x, DOTS_MEDIA_XML);
}


/* ---- an event ---- */

static void
dots_stream_leaf(dots_stream_note_t *note, const char *name, dots_str_t value)
{
    note->leaves[note->n++] = (dots_stream_leaf_t) { name, value };
}


static void
dots_stream_word(dots_stream_note_t *note, const char *name, const char *word)
{
    dots_stream_leaf(note, name, dots_str(word, strlen(word)));
}


static void
dots_stream_mitigation(const dots_event_t *e, dots_stream_note_t *note)
{
    size_t  n;

    note->name = "mitigation-changed";

    (void) snprintf(note->number, sizeof(note->number), "%u",
                    (unsigned) e->mid);
    dots_stream_word(note, "mid", note->number);

    n = sizeof(dots_stream_statuses) / sizeof(char *);

    if (e->status > 0 && e->status < n) {
        dots_stream_word(note, "status", dots_stream_statuses[e->status]);
    }
}


static void
dots_stream_note(const dots_event_t *e, dots_stream_note_t *note)
{
    memset(note, 0, sizeof(dots_stream_note_t));

    dots_stream_leaf(note, "cuid", e->cuid);

    if (e->kind == DOTS_EVENT_MITIGATION) {
        dots_stream_mitigation(e, note);
        return;
    }

    note->name = "resource-changed";

    switch (e->kind) {

    case DOTS_EVENT_ALIAS:
        dots_stream_leaf(note, "alias-name", e->name);
        break;

    case DOTS_EVENT_ACL:
        dots_stream_leaf(note, "acl-name", e->name);
        break;

    case DOTS_EVENT_VENDOR:
        (void) snprintf(note->number, sizeof(note->number), "%.*s",
                        (int) e->name.len, (const char *) e->name.data);
        dots_stream_word(note, "vendor-id", note->number);
        break;

    default: /* DOTS_EVENT_CLIENT: as a whole */
        break;
    }

    dots_stream_word(note, "change", dots_stream_changes[e->change]);
}


static json_t *
dots_stream_leaves(const dots_stream_note_t *note)
{
    int                        rc;
    size_t                     i;
    json_t                    *object;
    const dots_stream_leaf_t  *leaf;

    object = json_object();
    rc = 0;

    for (i = 0; i < note->n; i++) {
        leaf = &note->leaves[i];

        rc |= json_object_set_new(object, leaf->name,
                  leaf->value.data == (const uint8_t *) note->number
                      ? json_integer(strtoll(note->number, NULL, 10))
                      : json_stringn((const char *) leaf->value.data,
                                     leaf->value.len));
    }

    if (rc != 0) {
        json_decref(object);
        return NULL;
    }

    return object;
}


/* Lines of an event's data: what the client joins again with line feeds. */

static void
dots_stream_lines(dots_writer_t *w, dots_str_t text)
{
    size_t  i;

    for (i = 0; i < text.len; i++) {
        dots_write_u8(w, text.data[i]);

        if (text.data[i] == '\n') {
            dots_write_bytes(w, "data: ", 6);
        }
    }
}


static void
dots_stream_literal(dots_writer_t *w, const char *s)
{
    dots_write_bytes(w, s, strlen(s));
}


static int
dots_stream_write_json(const char *time, json_t *payload, dots_writer_t *w)
{
    char  *text;

    text = json_dumps(payload, JSON_COMPACT);
    if (text == NULL) {
        return DOTS_ERROR;
    }

    dots_stream_literal(w, "data: {\"ietf-restconf:notification\":"
                        "{\"eventTime\":\"");
    dots_stream_literal(w, time);
    dots_stream_literal(w, "\",");

    /* its only member, without the braces around it */

    dots_write_bytes(w, text + 1, strlen(text) - 2);
    dots_stream_literal(w, "}}\n\n");

    free(text);

    return w->failed ? DOTS_ERROR : DOTS_OK;
}


static int
dots_stream_write_xml(const dots_subscription_t *s, const char *time,
    json_t *payload, dots_writer_t *w)
{
    int            rc;
    char          *text;
    dots_str_t     xml;
    dots_arena_t  *a;

    xml = dots_str(NULL, 0);
    a = dots_arena_create(DOTS_STREAM_ARENA);
    text = json_dumps(payload, JSON_COMPACT);

    rc = a && text ? dots_data_xml_write(s->schema, NULL,
                                         dots_str(text, strlen(text)), a, &xml)
                   : DOTS_ERROR;

    if (rc == DOTS_OK) {
        dots_stream_literal(w, "data: <notification xmlns=\""
                            DOTS_STREAM_NAMESPACE "\"><eventTime>");
        dots_stream_literal(w, time);
        dots_stream_literal(w, "</eventTime>");
        dots_stream_lines(w, xml);
        dots_stream_literal(w, "</notification>\n\n");
    }

    free(text);
    dots_arena_destroy(a);

    return rc != DOTS_OK || w->failed ? DOTS_ERROR : DOTS_OK;
}


int
dots_stream_event(const dots_subscription_t *s, const dots_event_t *e,
    dots_writer_t *w)
{
    int                 rc;
    char                time[DOTS_STREAM_TIME + 1], name[64];
    json_t             *payload;
    dots_stream_note_t  note;

    if (e->time < s->start || e->time > s->stop) {
        return DOTS_DECLINED;
    }

    dots_stream_note(e, &note);

    if (s->filter && !dots_stream_filter_match(s->filter, note.name,
                                               note.leaves, note.n))
    {
        return DOTS_DECLINED;
    }

    (void) snprintf(name, sizeof(name), DOTS_STREAM_MODULE ":%s", note.name);

    payload = json_pack("{s:o}", name, dots_stream_leaves(&note));
    if (payload == NULL) {
        return DOTS_ERROR;
    }

    dots_stream_time(e->time, time);

    rc = s->media == DOTS_MEDIA_XML
             ? dots_stream_write_xml(s, time, payload, w)
             : dots_stream_write_json(time, payload, w);

    json_decref(payload);

    return rc;
}
