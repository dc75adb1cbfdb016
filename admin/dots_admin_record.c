#include <ctype.h>
#include <jansson.h>
#include <string.h>
#include <time.h>

#include "dots_acl.h"
#include "dots_admin_record.h"
#include "dots_alias.h"
#include "dots_clock.h"
#include "dots_data_record.h"
#include "dots_mitigation.h"


#define DOTS_ADMIN_PARTS 3


typedef struct {
    dots_str_t  parts[DOTS_ADMIN_PARTS];   /* customer, cuid, the rest */
    size_t      nparts;
    dots_str_t  value;
} dots_admin_parsed_t;

/* Adds what it says to "o"; nonzero: it can't be decoded. */

typedef int (*dots_admin_decode_pt)(const dots_admin_parsed_t *r,
    dots_arena_t *a, json_t *o);

typedef struct {
    uint8_t               letter;
    const char           *name;
    size_t                nparts;
    dots_admin_decode_pt  decode;
} dots_admin_kind_t;


static int dots_admin_record_clock(const dots_admin_parsed_t *r,
    dots_arena_t *a, json_t *o);
static int dots_admin_record_writer(const dots_admin_parsed_t *r,
    dots_arena_t *a, json_t *o);
static int dots_admin_record_client(const dots_admin_parsed_t *r,
    dots_arena_t *a, json_t *o);
static int dots_admin_record_alias(const dots_admin_parsed_t *r,
    dots_arena_t *a, json_t *o);
static int dots_admin_record_acl(const dots_admin_parsed_t *r,
    dots_arena_t *a, json_t *o);
static int dots_admin_record_vendor(const dots_admin_parsed_t *r,
    dots_arena_t *a, json_t *o);
static int dots_admin_record_mitigation(const dots_admin_parsed_t *r,
    dots_arena_t *a, json_t *o);
static int dots_admin_record_lost(const dots_admin_parsed_t *r,
    dots_arena_t *a, json_t *o);


static const dots_admin_kind_t  dots_admin_kinds[DOTS_ADMIN_KINDS] = {
    { 'T', "clock", 0, dots_admin_record_clock },
    { 'W', "writer", 0, dots_admin_record_writer },
    { 'c', "client", 2, dots_admin_record_client },
    { 'a', "alias", 3, dots_admin_record_alias },
    { 'l', "acl", 3, dots_admin_record_acl },
    { 'v', "vendor", 3, dots_admin_record_vendor },
    { 'm', "mitigation", 3, dots_admin_record_mitigation },
    { 't', "time", 3, dots_admin_record_lost },
    { 0, "unknown", 0, NULL }
};

/* Deadlines are shown as wall time; the clock is the first of all records. */

static int64_t  dots_admin_record_ahead;


const char *
dots_admin_record_kind(int kind)
{
    return dots_admin_kinds[kind].name;
}


/* ---- values ---- */

static json_t *
dots_admin_record_hex(dots_str_t s)
{
    size_t   i;
    char    *p;
    json_t  *v;

    p = malloc(2 * s.len + 1);
    if (p == NULL) {
        return NULL;
    }

    p[0] = '\0';

    for (i = 0; i < s.len; i++) {
        (void) sprintf(p + 2 * i, "%02x", s.data[i]);
    }

    v = json_string(p);
    free(p);

    return v;
}


/* What is no UTF-8 is shown as hexadecimal digits. */

static json_t *
dots_admin_record_str(dots_str_t s)
{
    json_t  *v;

    v = json_stringn((const char *) s.data, s.len);

    return v ? v : dots_admin_record_hex(s);
}


/* ms since the epoch, RFC 3339 with milliseconds. */

static json_t *
dots_admin_record_time(int64_t ms)
{
    char       text[48];
    time_t     s;
    size_t     n;
    struct tm  tm;

    s = (time_t) (ms / 1000);

    if (ms == DOTS_FOREVER) {
        return json_string("never");
    }

    if (gmtime_r(&s, &tm) == NULL || tm.tm_year > 9999 - 1900) {
        return json_integer(ms);
    }

    n = strftime(text, 32, "%Y-%m-%dT%H:%M:%S", &tm);
    (void) sprintf(text + n, ".%03dZ", (int) (ms % 1000));

    return json_string(text);
}


static json_t *
dots_admin_record_deadline(int64_t ms)
{
    int64_t  wall;

    if (ms == DOTS_FOREVER
        || __builtin_sub_overflow(ms, dots_admin_record_ahead, &wall))
    {
        return dots_admin_record_time(ms);
    }

    return dots_admin_record_time(wall);
}


static json_t *
dots_admin_record_strs(const dots_str_t *s, size_t n)
{
    size_t   i;
    json_t  *list;

    list = json_array();

    for (i = 0; i < n; i++) {
        (void) json_array_append_new(list, dots_admin_record_str(s[i]));
    }

    return list;
}


static json_t *
dots_admin_record_prefixes(const dots_prefix_t *p, size_t n)
{
    char     text[DOTS_PREFIX_TEXT];
    size_t   i;
    json_t  *list;

    list = json_array();

    for (i = 0; i < n; i++) {
        (void) dots_prefix_print(&p[i], text);
        (void) json_array_append_new(list, json_string(text));
    }

    return list;
}


static json_t *
dots_admin_record_ports(const dots_port_range_t *p, size_t n)
{
    size_t   i;
    json_t  *list;

    list = json_array();

    for (i = 0; i < n; i++) {
        (void) json_array_append_new(list,
            p[i].has_upper ? json_pack("{s:i,s:i}", "lower-port", p[i].lower,
                                       "upper-port", p[i].upper)
                           : json_pack("{s:i}", "lower-port", p[i].lower));
    }

    return list;
}


static void
dots_admin_record_some(json_t *o, const char *name, json_t *list)
{
    if (json_array_size(list)) {
        (void) json_object_set_new(o, name, list);

    } else {
        json_decref(list);
    }
}


/* The names are those of RFC 9132's scope. */

static json_t *
dots_admin_record_target(const dots_target_t *t)
{
    size_t   i;
    json_t  *o, *protocols;

    o = json_object();
    protocols = json_array();

    for (i = 0; i < t->nprotocols; i++) {
        (void) json_array_append_new(protocols,
                                     json_integer(t->protocols[i]));
    }

    dots_admin_record_some(o, "target-prefix",
        dots_admin_record_prefixes(t->prefixes, t->nprefixes));
    dots_admin_record_some(o, "target-port-range",
        dots_admin_record_ports(t->ports, t->nports));
    dots_admin_record_some(o, "target-protocol", protocols);
    dots_admin_record_some(o, "target-fqdn",
        dots_admin_record_strs(t->fqdns, t->nfqdns));
    dots_admin_record_some(o, "target-uri",
        dots_admin_record_strs(t->uris, t->nuris));
    dots_admin_record_some(o, "alias-name",
        dots_admin_record_strs(t->aliases, t->naliases));

    return o;
}


/* ---- kinds ---- */

static int
dots_admin_record_clock(const dots_admin_parsed_t *r, dots_arena_t *a,
    json_t *o)
{
    dots_clock_t  c;

    (void) a;

    if (dots_clock_decode(&c, r->value.data, r->value.len) != DOTS_OK) {
        return -1;
    }

    dots_admin_record_ahead = dots_clock_ahead(&c);

    (void) json_object_set_new(o, "boot",
        dots_admin_record_hex(dots_str(c.boot, sizeof(c.boot))));
    (void) json_object_set_new(o, "monotonic", json_integer(c.mono));
    (void) json_object_set_new(o, "wall", dots_admin_record_time(c.wall));
    (void) json_object_set_new(o, "clock", dots_admin_record_time(c.now));

    return 0;
}


/* A version byte, and the token of the nginx that may write. */

static int
dots_admin_record_writer(const dots_admin_parsed_t *r, dots_arena_t *a,
    json_t *o)
{
    (void) a;

    if (r->value.len != 17 || r->value.data[0] != 1) {
        return -1;
    }

    (void) json_object_set_new(o, "token",
        dots_admin_record_hex(dots_str(r->value.data + 1, 16)));

    return 0;
}


static int
dots_admin_record_client(const dots_admin_parsed_t *r, dots_arena_t *a,
    json_t *o)
{
    int64_t  created;

    (void) a;

    if (dots_data_record_decode(&created, r->value.data, r->value.len)
        != DOTS_OK)
    {
        return -1;
    }

    if (created) {
        (void) json_object_set_new(o, "created",
                                   dots_admin_record_time(created));
    }

    return 0;
}


/* When something was last taken out of a list of the data channel. */

static int
dots_admin_record_lost(const dots_admin_parsed_t *r, dots_arena_t *a,
    json_t *o)
{
    int64_t      when;
    const char  *what;

    (void) a;

    what = dots_str_eq(r->parts[2], dots_str("a", 1))   ? "aliases"
           : dots_str_eq(r->parts[2], dots_str("l", 1)) ? "acls"
           : dots_str_eq(r->parts[2], dots_str("v", 1)) ? "vendors"
           : dots_str_eq(r->parts[2], dots_str("c", 1)) ? "clients"
                                                        : NULL;

    if (what == NULL || dots_data_record_decode(&when, r->value.data,
                                                r->value.len)
                        != DOTS_OK)
    {
        return -1;
    }

    (void) json_object_set_new(o, "of", json_string(what));
    (void) json_object_set_new(o, "changed", dots_admin_record_time(when));

    return 0;
}


static int
dots_admin_record_alias(const dots_admin_parsed_t *r, dots_arena_t *a,
    json_t *o)
{
    json_t        *text;
    dots_alias_t   alias;

    if (dots_alias_decode(&alias, r->value.data, r->value.len, a) != DOTS_OK
        || !dots_str_eq(alias.name, r->parts[2]))
    {
        return -1;
    }

    text = json_loadb((const char *) alias.text.data, alias.text.len, 0, NULL);
    if (text == NULL) {
        return -1;
    }

    (void) json_object_set_new(o, "name", dots_admin_record_str(alias.name));
    (void) json_object_set_new(o, "expires",
                               dots_admin_record_deadline(alias.expires));
    (void) json_object_set_new(o, "target",
                               dots_admin_record_target(&alias.target));
    (void) json_object_set_new(o, "entry", text);

    return 0;
}


static int
dots_admin_record_acl(const dots_admin_parsed_t *r, dots_arena_t *a, json_t *o)
{
    json_t      *text;
    dots_acl_t   acl;

    if (dots_acl_decode(&acl, r->value.data, r->value.len, a) != DOTS_OK
        || !dots_str_eq(acl.name, r->parts[2]))
    {
        return -1;
    }

    text = json_loadb((const char *) acl.text.data, acl.text.len, 0, NULL);
    if (text == NULL) {
        return -1;
    }

    (void) json_object_set_new(o, "name", dots_admin_record_str(acl.name));
    (void) json_object_set_new(o, "expires",
                               dots_admin_record_deadline(acl.expires));
    (void) json_object_set_new(o, "rank", json_integer(acl.rank));
    (void) json_object_set_new(o, "entry", text);

    return 0;
}


/* Of a vendor-mapping: in the form of an alias, but for what it has not. */

static int
dots_admin_record_vendor(const dots_admin_parsed_t *r, dots_arena_t *a,
    json_t *o)
{
    json_t        *text;
    dots_alias_t   vendor;

    if (dots_alias_decode(&vendor, r->value.data, r->value.len, a) != DOTS_OK
        || !dots_str_eq(vendor.name, r->parts[2]))
    {
        return -1;
    }

    text = json_loadb((const char *) vendor.text.data, vendor.text.len, 0,
                      NULL);
    if (text == NULL) {
        return -1;
    }

    (void) json_object_set_new(o, "vendor-id",
                               dots_admin_record_str(vendor.name));
    (void) json_object_set_new(o, "entry", text);

    return 0;
}


static int
dots_admin_record_mid_ok(const dots_admin_parsed_t *r,
    const dots_mitigation_t *m)
{
    dots_reader_t  mid = { r->parts[2].data, r->parts[2].data
                           + r->parts[2].len, 0 };

    return dots_str_eq(m->customer, r->parts[0])
           && dots_str_eq(m->cuid, r->parts[1])
           && dots_read_u32(&mid) == m->mid && !mid.failed
           && mid.pos == mid.end;
}


static void
dots_admin_record_conflict(const dots_mitigation_t *m, json_t *o)
{
    json_t  *c;

    if (m->conflict.cause == 0) {
        return;
    }

    c = json_object();

    (void) json_object_set_new(c, "conflict-cause",
                               json_integer(m->conflict.cause));
    (void) json_object_set_new(c, "conflict-status",
                               json_integer(m->conflict.status));
    (void) json_object_set_new(c, "retry-timer",
                               json_integer(m->conflict.retry));
    (void) json_object_set_new(c, "since",
                               dots_admin_record_deadline(m->conflicted));
    (void) json_object_set_new(c, "conflict-scope",
                               dots_admin_record_target(&m->conflict.scope));

    if (m->conflict.same_client) {
        (void) json_object_set_new(c, "mid", json_integer(m->conflict.mid));
    }

    (void) json_object_set_new(o, "conflict-information", c);
}


static int
dots_admin_record_mitigation(const dots_admin_parsed_t *r, dots_arena_t *a,
    json_t *o)
{
    dots_mitigation_t  m;

    if (dots_mitigation_decode(&m, r->value.data, r->value.len, a) != DOTS_OK
        || !dots_admin_record_mid_ok(r, &m))
    {
        return -1;
    }

    (void) json_object_set_new(o, "mid", json_integer(m.mid));
    (void) json_object_set_new(o, "status", json_integer(m.status));
    (void) json_object_set_new(o, "lifetime", json_integer(m.lifetime));
    (void) json_object_set_new(o, "trigger-mitigation",
                               json_boolean(m.trigger));
    (void) json_object_set_new(o, "expires",
                               dots_admin_record_deadline(m.expires));
    (void) json_object_set_new(o, "scope",
                               dots_admin_record_target(&m.target));
    (void) json_object_set_new(o, "protects",
        dots_admin_record_prefixes(m.resolved, m.nresolved));

    if (m.start) {
        (void) json_object_set_new(o, "mitigation-start",
                                   dots_admin_record_time(m.start * 1000));
    }

    if (m.terminates) {
        (void) json_object_set_new(o, "terminates",
                                   dots_admin_record_deadline(m.terminates));
    }

    if (m.attack) {
        (void) json_object_set_new(o, "attack-status",
                                   json_integer(m.attack));
    }

    if (m.reason[0]) {
        (void) json_object_set_new(o, "reason",
            dots_admin_record_str(dots_str(m.reason, strlen(m.reason))));
    }

    dots_admin_record_conflict(&m, o);

    return 0;
}


/* ---- one record ---- */

/*
 * The last part may hold anything, the ones before end with a NUL; what is of
 * nobody has a letter alone.  Only the second may be empty: a time of all
 * clients has no cuid.
 */

static int
dots_admin_record_parse(dots_store_slice_t key, size_t nparts,
    dots_admin_parsed_t *r)
{
    uint8_t         letter;
    const uint8_t  *p, *end, *nul;

    p = (const uint8_t *) key.data + 1;
    letter = p[-1];
    end = (const uint8_t *) key.data + key.len;

    if (nparts == 0 && p != end) {
        return -1;
    }

    for (r->nparts = 0; r->nparts < nparts; r->nparts++) {

        nul = r->nparts + 1 < nparts ? memchr(p, '\0', (size_t) (end - p))
                                     : end;
        if (nul == NULL || (nul == p && (r->nparts != 1 || letter != 't'))) {
            return -1;
        }

        r->parts[r->nparts] = dots_str(p, (size_t) (nul - p));
        p = nul + 1;
    }

    return 0;
}


static int
dots_admin_record_fill(const dots_admin_kind_t *kind, dots_store_slice_t key,
    dots_store_slice_t value, json_t *o)
{
    int                   rc;
    dots_arena_t         *a;
    dots_admin_parsed_t   r;

    r.value = dots_str(value.data, value.len);

    (void) json_object_set_new(o, "kind", json_string(kind->name));

    if (kind->decode == NULL) {
        (void) json_object_set_new(o, "key",
            dots_admin_record_hex(dots_str(key.data, key.len)));
        (void) json_object_set_new(o, "value", dots_admin_record_hex(r.value));
        return 0;
    }

    /* it is the operator's own data: nothing to bound */

    a = dots_arena_create(SIZE_MAX);

    if (a == NULL || dots_admin_record_parse(key, kind->nparts, &r) != 0) {
        dots_arena_destroy(a);
        return -1;
    }

    if (r.nparts) {
        (void) json_object_set_new(o, "customer",
                                   dots_admin_record_str(r.parts[0]));
        (void) json_object_set_new(o, "cuid",
                                   dots_admin_record_str(r.parts[1]));
    }

    rc = kind->decode(&r, a, o);

    dots_arena_destroy(a);

    return rc;
}


int
dots_admin_record(dots_store_slice_t key, dots_store_slice_t value,
    FILE *out, int *kind)
{
    int      rc, i;
    json_t  *o;

    for (i = 0; i < DOTS_ADMIN_KINDS - 1; i++) {
        if (dots_admin_kinds[i].letter == *(const uint8_t *) key.data) {
            break;
        }
    }

    *kind = i;

    o = json_object();
    rc = dots_admin_record_fill(&dots_admin_kinds[i], key, value, o);

    if (rc == 0 && out != NULL) {
        rc = json_dumpf(o, out, JSON_COMPACT | JSON_PRESERVE_ORDER);
        (void) fputc('\n', out);
    }

    json_decref(o);

    return rc;
}


void
dots_admin_record_key(dots_store_slice_t key, FILE *out)
{
    size_t          i;
    const uint8_t  *p;

    p = key.data;

    (void) fputc('"', out);

    for (i = 0; i < key.len; i++) {
        (void) fprintf(out, isprint(p[i]) ? "%c" : "\\x%02x", p[i]);
    }

    (void) fputc('"', out);
}
