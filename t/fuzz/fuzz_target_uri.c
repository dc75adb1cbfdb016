/*
 * Any bytes as a target-uri (RFC 3986; RFC 9132 section 4.4.1.1).  What was
 * accepted is put together again from its host and port, and has to be read
 * back as the same target.
 */

#include <stdio.h>
#include <stdlib.h>

#include "dots_hostname.h"
#include "dots_target.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


typedef struct {
    dots_str_t     host;
    dots_prefix_t  addr;
    int            literal;
    uint16_t       port;
    uint8_t        protocol;
} fuzz_uri_t;


static int
fuzz_parse(fuzz_uri_t *u, dots_str_t uri)
{
    return dots_target_uri(uri, &u->host, &u->addr, &u->literal, &u->port,
                           &u->protocol);
}


/* The host lies in the URI, and is a whole address or a name. */

static void
fuzz_host(const fuzz_uri_t *u, dots_str_t uri)
{
    size_t   len;
    uint8_t  name[DOTS_HOSTNAME_MAX];

    if (u->host.len == 0 || u->host.data < uri.data
        || u->host.data + u->host.len > uri.data + uri.len
        || (u->protocol != 0 && u->port == 0))
    {
        abort();
    }

    if (u->literal
        ? u->addr.length != (u->addr.family == 4 ? 32 : 128)
        : dots_hostname_normalize(u->host, name, &len) != DOTS_OK)
    {
        abort();
    }
}


static void
fuzz_again(const fuzz_uri_t *u, dots_str_t uri)
{
    int            n;
    char           text[DOTS_TARGET_STRING + 32], port[8];
    const char    *v6;
    dots_str_t     scheme;
    fuzz_uri_t     again;
    const uint8_t *colon;

    colon = memchr(uri.data, ':', uri.len);
    scheme = dots_str(uri.data, (size_t) (colon - uri.data));
    v6 = memchr(u->host.data, ':', u->host.len);
    (void) snprintf(port, sizeof(port), ":%u", u->port);

    n = snprintf(text, sizeof(text), "%.*s://%s%.*s%s%s/", (int) scheme.len,
                 (const char *) scheme.data, v6 ? "[" : "", (int) u->host.len,
                 (const char *) u->host.data, v6 ? "]" : "",
                 u->port ? port : "");

    if (n < 0 || n > DOTS_TARGET_STRING) {
        return;         /* longer by its default port than a URI may be */
    }

    if (fuzz_parse(&again, dots_str(text, (size_t) n)) != DOTS_OK
        || !dots_str_eq(again.host, u->host) || again.literal != u->literal
        || again.port != u->port || again.protocol != u->protocol
        || (u->literal && dots_prefix_cmp(&again.addr, &u->addr) != 0))
    {
        abort();
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dots_str_t  uri;
    fuzz_uri_t  u;

    uri = dots_str(data, size);

    if (fuzz_parse(&u, uri) == DOTS_OK) {
        fuzz_host(&u, uri);
        fuzz_again(&u, uri);
    }

    return 0;
}
