#include "dots_hostname.h"
#include "dots_target.h"


#define DOTS_TARGET_URI_TCP 6
#define DOTS_TARGET_URI_UDP 17


/* What stands before the path: RFC 3986 section 3. */

typedef struct {
    dots_str_t  scheme;
    dots_str_t  host;
    dots_str_t  port;      /* empty: not given */
    unsigned    bracketed:1;
} dots_target_uri_t;

typedef struct {
    const char *name;
    uint16_t    port;
    uint8_t     protocol;  /* 0: more than one */
} dots_target_uri_scheme_t;


/* The ports of the schemes' own documents, as IANA lists them. */

static const dots_target_uri_scheme_t  dots_target_uri_schemes[] = {
    { "http",      80,   DOTS_TARGET_URI_TCP }, /* RFC 9110 section 4.2.1 */
    { "https",     443,  DOTS_TARGET_URI_TCP }, /* RFC 9110 section 4.2.2 */
    { "ws",        80,   DOTS_TARGET_URI_TCP }, /* RFC 6455 section 3 */
    { "wss",       443,  DOTS_TARGET_URI_TCP },
    { "coap",      5683, DOTS_TARGET_URI_UDP }, /* RFC 7252 section 6.1 */
    { "coaps",     5684, DOTS_TARGET_URI_UDP }, /* RFC 7252 section 6.2 */
    { "coap+tcp",  5683, DOTS_TARGET_URI_TCP }, /* RFC 8323 section 8.1 */
    { "coaps+tcp", 5684, DOTS_TARGET_URI_TCP }, /* RFC 8323 section 8.2 */
    { "coap+ws",   80,   DOTS_TARGET_URI_TCP }, /* RFC 8323 section 8.3 */
    { "coaps+ws",  443,  DOTS_TARGET_URI_TCP }, /* RFC 8323 section 8.4 */
    { "ftp",       21,   DOTS_TARGET_URI_TCP }, /* RFC 1738 section 3.2 */
    { "sftp",      22,   DOTS_TARGET_URI_TCP },
    { "ssh",       22,   DOTS_TARGET_URI_TCP },
    { "telnet",    23,   DOTS_TARGET_URI_TCP }, /* RFC 4248 */
    { "ldap",      389,  DOTS_TARGET_URI_TCP }, /* RFC 4516 */
    { "ldaps",     636,  DOTS_TARGET_URI_TCP },
    { "imap",      143,  DOTS_TARGET_URI_TCP }, /* RFC 5092 */
    { "pop",       110,  DOTS_TARGET_URI_TCP }, /* RFC 2384 */
    { "nntp",      119,  DOTS_TARGET_URI_TCP }, /* RFC 5538 */
    { "rtsp",      554,  DOTS_TARGET_URI_TCP }, /* RFC 7826 section 4.2 */
    { "rtsps",     322,  DOTS_TARGET_URI_TCP },
    { "sip",       5060, 0 },                   /* RFC 3261 section 19.1.2 */
    { "sips",      5061, DOTS_TARGET_URI_TCP },
    { "dns",       53,   0 },                   /* RFC 4501 */
    { "ntp",       123,  DOTS_TARGET_URI_UDP },
    { "mqtt",      1883, DOTS_TARGET_URI_TCP },
    { "mqtts",     8883, DOTS_TARGET_URI_TCP },
};


static int
dots_target_uri_alpha(uint8_t c)
{
    c = dots_hostname_lower(c);

    return c >= 'a' && c <= 'z';
}


static int
dots_target_uri_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}


static int
dots_target_uri_hex(uint8_t c)
{
    c = dots_hostname_lower(c);

    return dots_target_uri_digit(c) || (c >= 'a' && c <= 'f');
}


/* unreserved and sub-delims, RFC 3986 sections 2.2 and 2.3, and "more". */

static int
dots_target_uri_char(uint8_t c, const char *more)
{
    return dots_target_uri_alpha(c) || dots_target_uri_digit(c)
           || (c && (strchr("-._~!$&'()*+,;=", c) || strchr(more, c)));
}


/* Only such characters, and "%" with its two digits (section 2.1). */

static int
dots_target_uri_text(dots_str_t s, const char *more)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {

        if (s.data[i] == '%') {
            if (s.len - i < 3 || !dots_target_uri_hex(s.data[i + 1])
                || !dots_target_uri_hex(s.data[i + 2]))
            {
                return 0;
            }

            i += 2;
            continue;
        }

        if (!dots_target_uri_char(s.data[i], more)) {
            return 0;
        }
    }

    return 1;
}


/* What is up to the first of "stop" goes to "head", which may be all. */

static void
dots_target_uri_cut(dots_str_t *rest, const char *stop, dots_str_t *head)
{
    size_t  n;

    for (n = 0; n < rest->len; n++) {
        if (rest->data[n] && strchr(stop, rest->data[n])) {
            break;
        }
    }

    *head = dots_str(rest->data, n);
    rest->data += n;
    rest->len -= n;
}


static int
dots_target_uri_scheme_ok(dots_str_t scheme)
{
    size_t  i;

    if (scheme.len == 0 || !dots_target_uri_alpha(scheme.data[0])) {
        return 0;
    }

    for (i = 1; i < scheme.len; i++) {
        if (!dots_target_uri_alpha(scheme.data[i])
            && !dots_target_uri_digit(scheme.data[i])
            && (scheme.data[i] == 0 || !strchr("+-.", scheme.data[i])))
        {
            return 0;
        }
    }

    return 1;
}


/* path-abempty [ "?" query ] [ "#" fragment ]: one "#" at most. */

static int
dots_target_uri_tail_ok(dots_str_t rest)
{
    dots_str_t  head;

    dots_target_uri_cut(&rest, "#", &head);

    if (!dots_target_uri_text(head, ":@/?")) {
        return 0;
    }

    return rest.len == 0
           || dots_target_uri_text(dots_str(rest.data + 1, rest.len - 1),
                                   ":@/?");
}


/* [ userinfo "@" ] host [ ":" port ], section 3.2 */

static int
dots_target_uri_authority(dots_str_t authority, dots_target_uri_t *u)
{
    dots_str_t      userinfo;
    const uint8_t  *at;

    at = authority.len ? memchr(authority.data, '@', authority.len) : NULL;

    if (at != NULL) {
        userinfo = dots_str(authority.data, (size_t) (at - authority.data));

        if (!dots_target_uri_text(userinfo, ":")) {
            return DOTS_INVALID;
        }

        authority.data += userinfo.len + 1;
        authority.len -= userinfo.len + 1;
    }

    if (authority.len && authority.data[0] == '[') {
        u->bracketed = 1;
        authority.data++;
        authority.len--;

        dots_target_uri_cut(&authority, "]", &u->host);

        if (authority.len == 0) {
            return DOTS_INVALID;
        }

        authority.data++;
        authority.len--;

    } else {
        dots_target_uri_cut(&authority, ":", &u->host);
    }

    if (authority.len) {
        if (authority.data[0] != ':') {
            return DOTS_INVALID;
        }

        u->port = dots_str(authority.data + 1, authority.len - 1);
    }

    return u->host.len ? DOTS_OK : DOTS_INVALID;
}


static int
dots_target_uri_split(dots_str_t uri, dots_target_uri_t *u)
{
    dots_str_t  authority;

    memset(u, 0, sizeof(dots_target_uri_t));

    dots_target_uri_cut(&uri, ":", &u->scheme);

    /* without "//" there is no authority, thus no host (mailto:, urn:) */

    if (!dots_target_uri_scheme_ok(u->scheme) || uri.len < 3
        || memcmp(uri.data, "://", 3) != 0)
    {
        return DOTS_INVALID;
    }

    uri.data += 3;
    uri.len -= 3;

    dots_target_uri_cut(&uri, "/?#", &authority);

    if (!dots_target_uri_tail_ok(uri)) {
        return DOTS_INVALID;
    }

    return dots_target_uri_authority(authority, u);
}


/*
 * An IP literal, an IPv4 address or a name.  Names are ours to resolve, so only
 * host names pass: no percent-encoding, no other registry's names.
 */

static int
dots_target_uri_host(const dots_target_uri_t *u, dots_prefix_t *addr,
    int *literal)
{
    size_t   len;
    uint8_t  buf[DOTS_HOSTNAME_MAX];

    /* a prefix cannot come in: its slash would have ended the authority */

    *literal = dots_prefix_parse(addr, u->host) == DOTS_OK;

    if (u->bracketed) {
        return *literal && memchr(u->host.data, ':', u->host.len)
               ? DOTS_OK : DOTS_INVALID;
    }

    if (*literal) {
        return DOTS_OK;
    }

    return dots_hostname_normalize(u->host, buf, &len);
}


/* 1 to 65535.  Port 0 is nobody's, and here it would mean "unknown". */

static int
dots_target_uri_port(dots_str_t text, uint16_t *port)
{
    size_t    i;
    unsigned  v;

    for (v = 0, i = 0; i < text.len; i++) {
        if (!dots_target_uri_digit(text.data[i])) {
            return DOTS_INVALID;
        }

        v = v * 10 + (text.data[i] - '0');

        if (v > UINT16_MAX) {
            return DOTS_INVALID;
        }
    }

    *port = (uint16_t) v;

    return v ? DOTS_OK : DOTS_INVALID;
}


static int
dots_target_uri_scheme_is(dots_str_t scheme, const char *name)
{
    size_t  i;

    if (scheme.len != strlen(name)) {
        return 0;
    }

    for (i = 0; i < scheme.len; i++) {
        if (dots_hostname_lower(scheme.data[i]) != (uint8_t) name[i]) {
            return 0;
        }
    }

    return 1;
}


static void
dots_target_uri_defaults(dots_str_t scheme, uint16_t *port, uint8_t *protocol)
{
    size_t                           i, n;
    const dots_target_uri_scheme_t  *s;

    n = sizeof(dots_target_uri_schemes) / sizeof(dots_target_uri_schemes[0]);

    *port = 0;
    *protocol = 0;

    for (i = 0; i < n; i++) {
        s = &dots_target_uri_schemes[i];

        if (dots_target_uri_scheme_is(scheme, s->name)) {
            *port = s->port;
            *protocol = s->protocol;
            return;
        }
    }
}


int
dots_target_uri(dots_str_t uri, dots_str_t *host, dots_prefix_t *addr,
    int *literal, uint16_t *port, uint8_t *protocol)
{
    dots_target_uri_t  u;

    if (uri.len > DOTS_TARGET_STRING
        || dots_target_uri_split(uri, &u) != DOTS_OK
        || dots_target_uri_host(&u, addr, literal) != DOTS_OK)
    {
        return DOTS_INVALID;
    }

    dots_target_uri_defaults(u.scheme, port, protocol);

    if (u.port.len && dots_target_uri_port(u.port, port) != DOTS_OK) {
        return DOTS_INVALID;
    }

    *host = u.host;

    return DOTS_OK;
}
