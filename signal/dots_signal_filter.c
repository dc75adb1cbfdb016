#include "dots_hostname.h"
#include "dots_signal_filter.h"
#include "dots_signal_uri.h"


/* What a query restricts: one of a group has to match. */

typedef enum {
    DOTS_SIGNAL_FILTER_RESOURCE = 0,
    DOTS_SIGNAL_FILTER_PORT,
    DOTS_SIGNAL_FILTER_PROTOCOL,
    DOTS_SIGNAL_FILTER_GROUPS
} dots_signal_filter_group_t;

typedef struct {
    dots_str_t                  name;
    const char                 *attribute;
    dots_signal_filter_group_t  group;
    int                       (*valid)(dots_str_t value);
    int                       (*match)(dots_str_t value,
                                       const dots_mitigation_t *m);
} dots_signal_filter_t;

typedef struct {
    const dots_signal_filter_t *filter;     /* NULL: another query */
    dots_str_t                  rest;       /* values still to be taken */
    unsigned                    more:1;
} dots_signal_filter_values_t;


static int dots_signal_filter_prefix_valid(dots_str_t value);
static int dots_signal_filter_prefix(dots_str_t value,
    const dots_mitigation_t *m);
static int dots_signal_filter_port_valid(dots_str_t value);
static int dots_signal_filter_port(dots_str_t value,
    const dots_mitigation_t *m);
static int dots_signal_filter_protocol_valid(dots_str_t value);
static int dots_signal_filter_protocol(dots_str_t value,
    const dots_mitigation_t *m);
static int dots_signal_filter_name_valid(dots_str_t value);
static int dots_signal_filter_fqdn(dots_str_t value,
    const dots_mitigation_t *m);
static int dots_signal_filter_uri(dots_str_t value,
    const dots_mitigation_t *m);
static int dots_signal_filter_alias_valid(dots_str_t value);
static int dots_signal_filter_alias(dots_str_t value,
    const dots_mitigation_t *m);


/* "target-alias" is what Figure 48 calls alias-name. */

static const dots_signal_filter_t  dots_signal_filters[] = {
    { dots_string("target-prefix"), "target-prefix",
      DOTS_SIGNAL_FILTER_RESOURCE, dots_signal_filter_prefix_valid,
      dots_signal_filter_prefix },
    { dots_string("target-port"), "target-port", DOTS_SIGNAL_FILTER_PORT,
      dots_signal_filter_port_valid, dots_signal_filter_port },
    { dots_string("target-protocol"), "target-protocol",
      DOTS_SIGNAL_FILTER_PROTOCOL, dots_signal_filter_protocol_valid,
      dots_signal_filter_protocol },
    { dots_string("target-fqdn"), "target-fqdn", DOTS_SIGNAL_FILTER_RESOURCE,
      dots_signal_filter_name_valid, dots_signal_filter_fqdn },
    { dots_string("target-uri"), "target-uri", DOTS_SIGNAL_FILTER_RESOURCE,
      dots_signal_filter_name_valid, dots_signal_filter_uri },
    { dots_string("alias-name"), "alias-name", DOTS_SIGNAL_FILTER_RESOURCE,
      dots_signal_filter_alias_valid, dots_signal_filter_alias },
    { dots_string("target-alias"), "alias-name", DOTS_SIGNAL_FILTER_RESOURCE,
      dots_signal_filter_alias_valid, dots_signal_filter_alias },
};

#define DOTS_SIGNAL_FILTERS                                                   \
    (sizeof(dots_signal_filters) / sizeof(dots_signal_filters[0]))


/* ---- queries and their values ---- */

static dots_signal_filter_values_t
dots_signal_filter_values(dots_str_t query)
{
    size_t                       i;
    dots_str_t                   name;
    const uint8_t               *eq;
    dots_signal_filter_values_t  v = { NULL, { 0, NULL }, 0 };

    eq = query.len ? memchr(query.data, '=', query.len) : NULL;
    if (eq == NULL) {
        return v;
    }

    name = dots_str(query.data, (size_t) (eq - query.data));

    for (i = 0; i < DOTS_SIGNAL_FILTERS; i++) {

        if (dots_str_eq(name, dots_signal_filters[i].name)) {
            v.filter = &dots_signal_filters[i];
            v.rest = dots_str(eq + 1, query.len - name.len - 1);
            v.more = 1;
        }
    }

    return v;
}


/* "separated by a ',' character without any spaces" */

static int
dots_signal_filter_next(dots_signal_filter_values_t *v, dots_str_t *value)
{
    const uint8_t  *comma;

    if (!v->more) {
        return 0;
    }

    *value = v->rest;

    comma = v->rest.len ? memchr(v->rest.data, ',', v->rest.len) : NULL;
    v->more = (comma != NULL);

    if (comma != NULL) {
        value->len = (size_t) (comma - v->rest.data);
        v->rest.data = comma + 1;
        v->rest.len -= value->len + 1;
    }

    return 1;
}


int
dots_signal_filter_asked(const dots_coap_message_t *m)
{
    size_t  i;

    for (i = 0; i < m->nquery; i++) {

        if (dots_signal_filter_values(m->query[i]).filter != NULL) {
            return 1;
        }
    }

    return 0;
}


int
dots_signal_filter_check(const dots_coap_message_t *m, dots_fault_t *f)
{
    size_t                       i, n;
    dots_str_t                   value;
    dots_signal_filter_values_t  v;

    for (i = 0; i < m->nquery; i++) {

        v = dots_signal_filter_values(m->query[i]);

        if (v.filter == NULL && !dots_signal_uri_is_content(m->query[i])) {
            return dots_fault(f, DOTS_FAULT_UNKNOWN, NULL,
                              "a Uri-Query is of a type that is not served");
        }

        for (n = 0; dots_signal_filter_next(&v, &value); n++) {

            if (n == DOTS_SIGNAL_FILTER_VALUES) {
                return dots_fault(f, DOTS_FAULT_TOO_BIG, v.filter->attribute,
                                  "Uri-Query %s has more than %d values",
                                  v.filter->attribute,
                                  DOTS_SIGNAL_FILTER_VALUES);
            }

            if (!v.filter->valid(value)) {
                return dots_fault(f, DOTS_FAULT_INVALID_VALUE,
                                  v.filter->attribute,
                                  "Uri-Query %s has an invalid value",
                                  v.filter->attribute);
            }
        }
    }

    return DOTS_OK;
}


int
dots_signal_filter_match(const dots_coap_message_t *m,
    const dots_mitigation_t *mitigation)
{
    int                          asked[DOTS_SIGNAL_FILTER_GROUPS] = { 0 };
    int                          found[DOTS_SIGNAL_FILTER_GROUPS] = { 0 };
    size_t                       i;
    dots_str_t                   value;
    dots_signal_filter_values_t  v;

    for (i = 0; i < m->nquery; i++) {

        v = dots_signal_filter_values(m->query[i]);

        while (dots_signal_filter_next(&v, &value)) {
            asked[v.filter->group] = 1;
            found[v.filter->group] |= v.filter->match(value, mitigation);
        }
    }

    for (i = 0; i < DOTS_SIGNAL_FILTER_GROUPS; i++) {

        if (asked[i] && !found[i]) {
            return 0;
        }
    }

    return 1;
}


/* ---- numbers: "N" or "N-M" ---- */

static int
dots_signal_filter_number(const uint8_t *p, size_t len, unsigned max,
    unsigned *n)
{
    size_t  i;

    *n = 0;

    for (i = 0; i < len; i++) {

        if (p[i] < '0' || p[i] > '9') {
            return 0;
        }

        *n = *n * 10 + (p[i] - '0');

        if (*n > max) {
            return 0;
        }
    }

    return len != 0;
}


static int
dots_signal_filter_range(dots_str_t value, unsigned max, unsigned *lower,
    unsigned *upper)
{
    size_t          len;
    const uint8_t  *dash;

    dash = value.len ? memchr(value.data, '-', value.len) : NULL;

    if (dash == NULL) {

        if (!dots_signal_filter_number(value.data, value.len, max, lower)) {
            return 0;
        }

        *upper = *lower;

        return 1;
    }

    len = (size_t) (dash - value.data);

    return dots_signal_filter_number(value.data, len, max, lower)
           && dots_signal_filter_number(dash + 1, value.len - len - 1, max,
                                        upper)
           && *lower <= *upper;
}


static int
dots_signal_filter_port_valid(dots_str_t value)
{
    unsigned  lower, upper;

    return dots_signal_filter_range(value, UINT16_MAX, &lower, &upper);
}


/* A request without ports is for all of them, RFC 9132 section 4.4.1.1. */

static int
dots_signal_filter_port(dots_str_t value, const dots_mitigation_t *m)
{
    size_t    i;
    unsigned  lower, upper;

    if (!dots_signal_filter_range(value, UINT16_MAX, &lower, &upper)) {
        return 0;
    }

    for (i = 0; i < m->target.nports; i++) {

        if (m->target.ports[i].lower <= upper
            && lower <= m->target.ports[i].upper)
        {
            return 1;
        }
    }

    return m->target.nports == 0;
}


static int
dots_signal_filter_protocol_valid(dots_str_t value)
{
    unsigned  lower, upper;

    return dots_signal_filter_range(value, UINT8_MAX, &lower, &upper);
}


static int
dots_signal_filter_protocol(dots_str_t value, const dots_mitigation_t *m)
{
    size_t    i;
    unsigned  lower, upper;

    if (!dots_signal_filter_range(value, UINT8_MAX, &lower, &upper)) {
        return 0;
    }

    for (i = 0; i < m->target.nprotocols; i++) {

        if (m->target.protocols[i] >= lower && m->target.protocols[i] <= upper)
        {
            return 1;
        }
    }

    return m->target.nprotocols == 0;
}


/* ---- resources ---- */

static int
dots_signal_filter_prefix_valid(dots_str_t value)
{
    dots_prefix_t  p;

    return dots_prefix_parse(&p, value) == DOTS_OK;
}


/* Of what is protected, whatever the client called it. */

static int
dots_signal_filter_prefix(dots_str_t value, const dots_mitigation_t *m)
{
    size_t         i;
    dots_prefix_t  p;

    if (dots_prefix_parse(&p, value) != DOTS_OK) {
        return 0;
    }

    for (i = 0; i < m->nresolved; i++) {

        if (dots_prefix_overlaps(&p, &m->resolved[i])) {
            return 1;
        }
    }

    return 0;
}


static int
dots_signal_filter_wildcard(dots_str_t value)
{
    return value.len > 2 && value.data[0] == '*' && value.data[1] == '.';
}


/* "*" only as the leftmost label */

static int
dots_signal_filter_name_valid(dots_str_t value)
{
    if (dots_signal_filter_wildcard(value)) {
        value.data++;
        value.len--;
    }

    return value.len != 0 && memchr(value.data, '*', value.len) == NULL;
}


/* Case-insensitive; "*.example.com" is whatever ends in ".example.com". */

static int
dots_signal_filter_name(dots_str_t value, dots_str_t name)
{
    size_t  i;

    if (dots_signal_filter_wildcard(value)) {

        value.data++;
        value.len--;

        if (name.len <= value.len) {
            return 0;
        }

        name.data += name.len - value.len;
        name.len = value.len;
    }

    if (name.len != value.len) {
        return 0;
    }

    for (i = 0; i < name.len; i++) {

        if (dots_hostname_lower(name.data[i])
            != dots_hostname_lower(value.data[i]))
        {
            return 0;
        }
    }

    return 1;
}


static dots_str_t
dots_signal_filter_undotted(dots_str_t name)
{
    if (name.len > 1 && name.data[name.len - 1] == '.') {
        name.len--;
    }

    return name;
}


static int
dots_signal_filter_fqdn(dots_str_t value, const dots_mitigation_t *m)
{
    size_t  i;

    for (i = 0; i < m->target.nfqdns; i++) {

        if (dots_signal_filter_name(dots_signal_filter_undotted(value),
                        dots_signal_filter_undotted(m->target.fqdns[i])))
        {
            return 1;
        }
    }

    return 0;
}


/* A wildcard is one of the URI's host. */

static int
dots_signal_filter_uri(dots_str_t value, const dots_mitigation_t *m)
{
    int            literal;
    size_t         i;
    uint8_t        protocol;
    uint16_t       port;
    dots_str_t     host, name;
    dots_prefix_t  addr;

    for (i = 0; i < m->target.nuris; i++) {

        name = m->target.uris[i];

        if (dots_signal_filter_wildcard(value)) {

            if (dots_target_uri(name, &host, &addr, &literal, &port,
                                &protocol)
                != DOTS_OK
                || literal)
            {
                continue;
            }

            name = dots_signal_filter_undotted(host);
        }

        if (dots_signal_filter_name(value, name)) {
            return 1;
        }
    }

    return 0;
}


static int
dots_signal_filter_alias_valid(dots_str_t value)
{
    return value.len != 0;
}


static int
dots_signal_filter_alias(dots_str_t value, const dots_mitigation_t *m)
{
    size_t  i;

    for (i = 0; i < m->target.naliases; i++) {

        if (dots_str_eq(value, m->target.aliases[i])) {
            return 1;
        }
    }

    return 0;
}
