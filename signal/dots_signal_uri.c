#include "dots_signal_uri.h"


#define DOTS_SIGNAL_URI_PREFIX 3    /* .well-known, dots, the resource */


/* Uri-Path parameters in the order in which they have to come. */

typedef struct {
    dots_str_t   name;
    const char  *text;
    int        (*set)(dots_signal_uri_t *uri, dots_str_t value,
                      dots_fault_t *f);
} dots_signal_uri_parameter_t;


static int dots_signal_uri_set_cdid(dots_signal_uri_t *uri, dots_str_t value,
    dots_fault_t *f);
static int dots_signal_uri_set_cuid(dots_signal_uri_t *uri, dots_str_t value,
    dots_fault_t *f);
static int dots_signal_uri_set_mid(dots_signal_uri_t *uri, dots_str_t value,
    dots_fault_t *f);


static const dots_signal_uri_parameter_t  dots_signal_uri_parameters[] = {
    { dots_string("cdid"), "cdid", dots_signal_uri_set_cdid },
    { dots_string("cuid"), "cuid", dots_signal_uri_set_cuid },
    { dots_string("mid"), "mid", dots_signal_uri_set_mid },
};

#define DOTS_SIGNAL_URI_CDID 0      /* of them */

#define DOTS_SIGNAL_URI_PARAMETERS                                            \
    (sizeof(dots_signal_uri_parameters)                                       \
     / sizeof(dots_signal_uri_parameters[0]))

static const struct {
    dots_str_t  query;
    unsigned    content;
} dots_signal_uri_contents[] = {
    { dots_string("c=c"), DOTS_SIGNAL_URI_CONFIG },
    { dots_string("c=n"), DOTS_SIGNAL_URI_STATE },
    { dots_string("c=a"), DOTS_SIGNAL_URI_CONFIG | DOTS_SIGNAL_URI_STATE },
};

#define DOTS_SIGNAL_URI_CONTENTS                                              \
    (sizeof(dots_signal_uri_contents) / sizeof(dots_signal_uri_contents[0]))


/*
 * A string option is UTF-8 in Net-Unicode form (RFC 7252 section 3.2), and the
 * data channel's cuid is a YANG string: neither has control characters.
 */

static size_t
dots_signal_uri_utf8(const uint8_t *p, size_t len)
{
    size_t    i, n;
    uint32_t  c;

    if (p[0] < 0x80) {
        return p[0] >= 0x20 && p[0] != 0x7f;
    }

    n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;

    if (p[0] < 0xc2 || p[0] > 0xf4 || n > len) {
        return 0;
    }

    c = p[0] & (0x7f >> n);

    for (i = 1; i < n; i++) {

        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }

        c = c << 6 | (p[i] & 0x3f);
    }

    /* C1 controls, overlong forms, surrogates, beyond Unicode */

    if (c < 0xa0 || (n == 3 && c < 0x800) || (n == 4 && c < 0x10000)
        || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
    {
        return 0;
    }

    return n;
}


/* Whether it counts is not for the path to say: dots_signal_relay.c. */

static int
dots_signal_uri_set_cdid(dots_signal_uri_t *uri, dots_str_t value,
    dots_fault_t *f)
{
    (void) uri;
    (void) value;
    (void) f;

    return DOTS_OK;
}


static int
dots_signal_uri_set_cuid(dots_signal_uri_t *uri, dots_str_t value,
    dots_fault_t *f)
{
    size_t  i, n;

    if (value.len > DOTS_CUID_MAX) {
        return dots_fault(f, DOTS_FAULT_TOO_BIG, "cuid",
                          "cuid is longer than %d bytes", DOTS_CUID_MAX);
    }

    for (i = 0; i < value.len; i += n) {

        n = dots_signal_uri_utf8(value.data + i, value.len - i);

        if (n == 0) {
            return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "cuid",
                              "cuid is no printable UTF-8");
        }
    }

    uri->cuid = value;

    return DOTS_OK;
}


/* Plain decimal, so that a resource has one name only. */

static int
dots_signal_uri_number(dots_str_t value, const char *name, uint32_t *number,
    dots_fault_t *f)
{
    size_t    i;
    uint64_t  n;

    n = 0;

    for (i = 0; i < value.len; i++) {

        if (value.data[i] < '0' || value.data[i] > '9' || n > UINT32_MAX) {
            break;
        }

        n = n * 10 + (value.data[i] - '0');
    }

    if (i < value.len || n > UINT32_MAX
        || (value.len > 1 && value.data[0] == '0'))
    {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, name,
                          "%s is no decimal number from 0 to %u", name,
                          UINT32_MAX);
    }

    *number = (uint32_t) n;

    return DOTS_OK;
}


static int
dots_signal_uri_set_mid(dots_signal_uri_t *uri, dots_str_t value,
    dots_fault_t *f)
{
    if (dots_signal_uri_number(value, "mid", &uri->mid, f) != DOTS_OK) {
        return DOTS_INVALID;
    }

    uri->has_mid = 1;

    return DOTS_OK;
}


/* Index in the table of parameters, or their number; "value": behind '='. */

static size_t
dots_signal_uri_parameter(dots_str_t segment, dots_str_t *value)
{
    size_t          i;
    dots_str_t      name;
    const uint8_t  *eq;

    eq = segment.len ? memchr(segment.data, '=', segment.len) : NULL;
    name = segment;
    *value = dots_str(NULL, 0);

    if (eq != NULL) {
        name.len = (size_t) (eq - segment.data);
        *value = dots_str(eq + 1, segment.len - name.len - 1);
    }

    for (i = 0; i < DOTS_SIGNAL_URI_PARAMETERS; i++) {

        if (dots_str_eq(name, dots_signal_uri_parameters[i].name)) {
            break;
        }
    }

    return i;
}


/* Names what we do not know; the text is UTF-8 whatever the peer sent. */

static int
dots_signal_uri_unknown(dots_str_t segment, dots_fault_t *f)
{
    size_t   i;
    char     name[33];
    uint8_t  c;

    for (i = 0; i < segment.len && i < sizeof(name) - 1; i++) {

        c = segment.data[i];

        if (c == '=') {
            break;
        }

        name[i] = (c > 0x20 && c < 0x7f) ? (char) c : '?';
    }

    name[i] = '\0';

    return dots_fault(f, DOTS_FAULT_UNKNOWN, NULL,
                      "unknown Uri-Path parameter '%s'", name);
}


int
dots_signal_uri_read_path(const dots_coap_message_t *m, int need_mid,
    dots_signal_uri_t *uri, dots_fault_t *f)
{
    size_t                              i, k, next;
    dots_str_t                          value;
    const dots_signal_uri_parameter_t  *parameter;

    memset(uri, 0, sizeof(dots_signal_uri_t));
    next = 0;

    for (i = DOTS_SIGNAL_URI_PREFIX; i < m->npath; i++) {

        k = dots_signal_uri_parameter(m->path[i], &value);

        if (k == DOTS_SIGNAL_URI_PARAMETERS) {
            return dots_signal_uri_unknown(m->path[i], f);
        }

        parameter = &dots_signal_uri_parameters[k];

        if (k < next) {
            return dots_fault(f, DOTS_FAULT_MALFORMED, parameter->text,
                              "%s is repeated or out of order",
                              parameter->text);
        }

        if (value.len == 0) {
            return dots_fault(f, DOTS_FAULT_INVALID_VALUE, parameter->text,
                              "%s is empty", parameter->text);
        }

        if (parameter->set(uri, value, f) != DOTS_OK) {
            return DOTS_INVALID;
        }

        next = k + 1;
    }

    if (uri->cuid.len == 0) {
        return dots_fault(f, DOTS_FAULT_MISSING, "cuid",
                          "cuid is missing in the Uri-Path");
    }

    if (need_mid && !uri->has_mid) {
        return dots_fault(f, DOTS_FAULT_MISSING, "mid",
                          "mid is missing in the Uri-Path");
    }

    return DOTS_OK;
}


dots_str_t
dots_signal_uri_cdid(const dots_coap_message_t *m)
{
    dots_str_t  value;

    if (m->npath > DOTS_SIGNAL_URI_PREFIX
        && dots_signal_uri_parameter(m->path[DOTS_SIGNAL_URI_PREFIX], &value)
           == DOTS_SIGNAL_URI_CDID)
    {
        return value;
    }

    return dots_str(NULL, 0);
}


int
dots_signal_uri_read_sid(const dots_coap_message_t *m, int *has_sid,
    uint32_t *sid, dots_fault_t *f)
{
    size_t      i;
    dots_str_t  segment;

    static const dots_str_t  name = dots_string("sid=");

    *has_sid = 0;

    for (i = DOTS_SIGNAL_URI_PREFIX; i < m->npath; i++) {

        segment = m->path[i];

        if (segment.len < name.len
            || memcmp(segment.data, name.data, name.len) != 0)
        {
            return dots_signal_uri_unknown(segment, f);
        }

        if (*has_sid || segment.len == name.len) {
            return dots_fault(f, DOTS_FAULT_MALFORMED, "sid",
                              "sid is repeated or empty");
        }

        *has_sid = 1;

        if (dots_signal_uri_number(dots_str(segment.data + name.len,
                                            segment.len - name.len),
                                   "sid", sid, f)
            != DOTS_OK)
        {
            return DOTS_INVALID;
        }
    }

    return DOTS_OK;
}


int
dots_signal_uri_read_nothing(const dots_coap_message_t *m, dots_fault_t *f)
{
    if (m->npath > DOTS_SIGNAL_URI_PREFIX) {
        return dots_signal_uri_unknown(m->path[DOTS_SIGNAL_URI_PREFIX], f);
    }

    return DOTS_OK;
}


void
dots_signal_uri_whose(const dots_coap_message_t *m, dots_signal_uri_t *uri)
{
    static const dots_str_t  mitigate = dots_string("mitigate");

    memset(uri, 0, sizeof(dots_signal_uri_t));

    if (m->npath >= DOTS_SIGNAL_URI_PREFIX
        && dots_str_eq(m->path[DOTS_SIGNAL_URI_PREFIX - 1], mitigate))
    {
        (void) dots_signal_uri_read_path(m, 0, uri, NULL);
    }
}


int
dots_signal_uri_is_content(dots_str_t query)
{
    return query.len && query.data[0] == 'c'
           && (query.len == 1 || query.data[1] == '=');
}


/* The other types are dots_signal_filter.c's. */

int
dots_signal_uri_read_query(const dots_coap_message_t *m, unsigned *content,
    dots_fault_t *f)
{
    int         seen;
    size_t      i, k;
    dots_str_t  q;

    seen = 0;
    *content = DOTS_SIGNAL_URI_CONFIG | DOTS_SIGNAL_URI_STATE;

    for (i = 0; i < m->nquery; i++) {

        q = m->query[i];

        if (!dots_signal_uri_is_content(q)) {
            continue;
        }

        if (seen) {
            return dots_fault(f, DOTS_FAULT_MALFORMED, "c",
                              "Uri-Query c is repeated");
        }

        seen = 1;

        for (k = 0; k < DOTS_SIGNAL_URI_CONTENTS; k++) {

            if (dots_str_eq(q, dots_signal_uri_contents[k].query)) {
                break;
            }
        }

        if (k == DOTS_SIGNAL_URI_CONTENTS) {
            return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "c",
                              "Uri-Query c is none of c, n and a");
        }

        *content = dots_signal_uri_contents[k].content;
    }

    return DOTS_OK;
}
