#include <strings.h>

#include <jansson.h>

#include "dots_cli_target.h"
#include "dots_hostname.h"


typedef struct {
    const char *name;
    uint8_t     number;
} dots_cli_target_protocol_t;

/* Names as IANA has them, in lower case; the first one is printed. */

static const dots_cli_target_protocol_t  dots_cli_target_names[] = {
    { "icmp",      1 },
    { "igmp",      2 },
    { "tcp",       6 },
    { "udp",       17 },
    { "dccp",      33 },
    { "gre",       47 },
    { "esp",       50 },
    { "ah",        51 },
    { "ipv6-icmp", 58 },
    { "icmpv6",    58 },
    { "ospf",      89 },
    { "sctp",      132 },
    { "udplite",   136 },
};

#define DOTS_CLI_TARGET_NAMES                                                 \
    (sizeof(dots_cli_target_names) / sizeof(dots_cli_target_names[0]))

typedef int (*dots_cli_target_item_pt)(dots_cli_target_t *t, const char *item,
    dots_fault_t *f);


void
dots_cli_target_init(dots_cli_target_t *t)
{
    memset(t, 0, sizeof(dots_cli_target_t));

    t->target.prefixes = t->prefixes;
    t->target.ports = t->ports;
    t->target.protocols = t->protocols;
    t->target.fqdns = t->fqdns;
    t->target.uris = t->uris;
    t->target.aliases = t->aliases;
}


/* ---- numbers and times ---- */

int
dots_cli_target_number(const char *text, uint64_t max, uint64_t *number)
{
    uint64_t  v;
    unsigned  digit;

    if (*text == '\0') {
        return DOTS_INVALID;
    }

    for (v = 0; *text != '\0'; text++) {

        if (*text < '0' || *text > '9') {
            return DOTS_INVALID;
        }

        digit = (unsigned) (*text - '0');

        if (v > (max - digit) / 10 || digit > max) {
            return DOTS_INVALID;
        }

        v = v * 10 + digit;
    }

    *number = v;

    return DOTS_OK;
}


static unsigned
dots_cli_target_unit(char c)
{
    switch (c) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 3600;
    case 'd':
        return 86400;
    default:
        return 0;
    }
}


/* A number without a unit is seconds, but alone: what is the 30 in "1h30"? */

int
dots_cli_target_duration(const char *text, int32_t *seconds)
{
    char      digits[16];
    size_t    n;
    uint64_t  v, sum;
    unsigned  unit;

    if (dots_cli_target_number(text, INT32_MAX, &sum) == DOTS_OK) {
        *seconds = (int32_t) sum;
        return sum != 0 ? DOTS_OK : DOTS_INVALID;
    }

    sum = 0;

    do {
        n = strspn(text, "0123456789");

        if (n == 0 || n >= sizeof(digits)) {
            return DOTS_INVALID;
        }

        memcpy(digits, text, n);
        digits[n] = '\0';
        unit = dots_cli_target_unit(text[n]);

        if (unit == 0
            || dots_cli_target_number(digits, INT32_MAX, &v) != DOTS_OK)
        {
            return DOTS_INVALID;
        }

        text += n + 1;
        sum += v * unit;

        if (sum > INT32_MAX) {
            return DOTS_INVALID;
        }

    } while (*text != '\0');

    *seconds = (int32_t) sum;

    return sum != 0 ? DOTS_OK : DOTS_INVALID;
}


int
dots_cli_target_lifetime(const char *text, int32_t *seconds)
{
    if (strcmp(text, "forever") == 0 || strcmp(text, "-1") == 0) {
        *seconds = -1;
        return DOTS_OK;
    }

    return dots_cli_target_duration(text, seconds);
}


int
dots_cli_target_text(const char *text)
{
    json_t  *string;

    string = json_string(text);
    json_decref(string);

    return string != NULL;
}


/* ---- clauses ---- */

static int
dots_cli_target_room(size_t n, size_t max, const char *attribute,
    dots_fault_t *f)
{
    if (n < max) {
        return DOTS_OK;
    }

    return dots_fault(f, DOTS_FAULT_TOO_BIG, attribute,
                      "more than %zu of %s: use several requests", max,
                      attribute);
}


/* The address as it was written, against what is left of it. */

static int
dots_cli_target_host_bits(const char *text, const dots_prefix_t *p)
{
    dots_prefix_t  host;

    if (dots_prefix_parse(&host, dots_str(text, strcspn(text, "/")))
        != DOTS_OK)
    {
        return 0;
    }

    return memcmp(host.addr, p->addr, sizeof(p->addr)) != 0;
}


int
dots_cli_target_prefix(dots_cli_target_t *t, const char *text, dots_fault_t *f)
{
    char            network[DOTS_PREFIX_TEXT];
    size_t          i;
    dots_prefix_t  *p;

    if (dots_cli_target_room(t->target.nprefixes, DOTS_TARGET_MAX,
                             "target-prefix", f)
        != DOTS_OK)
    {
        return DOTS_INVALID;
    }

    p = &t->prefixes[t->target.nprefixes];

    if (dots_prefix_parse(p, dots_str(text, strlen(text))) != DOTS_OK) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "target-prefix",
                          "\"%.80s\" is not a prefix: write 192.0.2.7/32 or "
                          "2001:db8::/64, or --fqdn before a name", text);
    }

    if (dots_cli_target_host_bits(text, p)) {
        dots_prefix_print(p, network);
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "target-prefix",
                          "%.80s has bits beyond its length: write %s for the "
                          "network, or %.*s for the address", text, network,
                          (int) strcspn(text, "/"), text);
    }

    for (i = 0; dots_prefix_cmp(&t->prefixes[i], p) != 0; i++) { /* void */ }

    t->target.nprefixes += i == t->target.nprefixes;

    return DOTS_OK;
}


/* Calls "item" for each of the parts between commas. */

static int
dots_cli_target_list(dots_cli_target_t *t, const char *text,
    dots_cli_target_item_pt item, const char *what, dots_fault_t *f)
{
    int     rc;
    char    part[32];
    size_t  n;

    for ( ;; ) {
        n = strcspn(text, ",");

        if (n == 0 || n >= sizeof(part)) {
            return dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                              "\"%.80s\" is no list of %s", text, what);
        }

        memcpy(part, text, n);
        part[n] = '\0';

        rc = item(t, part, f);
        if (rc != DOTS_OK) {
            return rc;
        }

        if (text[n] == '\0') {
            return DOTS_OK;
        }

        text += n + 1;
    }
}


/* lower-port is the list's key: RFC 9132 section 4.4.1.1. */

static int
dots_cli_target_port_add(dots_cli_target_t *t, uint16_t lower, uint16_t upper,
    int has_upper, dots_fault_t *f)
{
    size_t              i;
    dots_port_range_t  *p;

    for (i = 0; i < t->target.nports; i++) {
        p = &t->ports[i];

        if (p->lower != lower) {
            continue;
        }

        return p->upper == upper
               ? DOTS_OK
               : dots_fault(f, DOTS_FAULT_INVALID_VALUE, "target-port-range",
                            "two ranges begin with port %u: write the longer "
                            "one", lower);
    }

    t->ports[t->target.nports++] = (dots_port_range_t) {
        lower, upper, (uint8_t) has_upper
    };

    return DOTS_OK;
}


static int
dots_cli_target_port(dots_cli_target_t *t, const char *item, dots_fault_t *f)
{
    char      lower[32];
    size_t    n;
    uint64_t  low, high;

    if (dots_cli_target_room(t->target.nports, DOTS_TARGET_MAX,
                             "target-port-range", f)
        != DOTS_OK)
    {
        return DOTS_INVALID;
    }

    n = strcspn(item, "-");
    memcpy(lower, item, n);
    lower[n] = '\0';

    if (dots_cli_target_number(lower, UINT16_MAX, &low) != DOTS_OK) {
        goto invalid;
    }

    high = low;

    if (item[n] == '-'
        && dots_cli_target_number(item + n + 1, UINT16_MAX, &high) != DOTS_OK)
    {
        goto invalid;
    }

    if (high < low) {
        goto invalid;
    }

    return dots_cli_target_port_add(t, (uint16_t) low, (uint16_t) high,
                                    item[n] == '-', f);

invalid:

    return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "target-port-range",
                      "\"%s\" is not a port: write 80,443,8000-8080", item);
}


int
dots_cli_target_ports(dots_cli_target_t *t, const char *text, dots_fault_t *f)
{
    return dots_cli_target_list(t, text, dots_cli_target_port,
                                "ports: write 80,443,8000-8080", f);
}


const char *
dots_cli_target_protocol_name(unsigned number)
{
    size_t  i;

    for (i = 0; i < DOTS_CLI_TARGET_NAMES; i++) {
        if (dots_cli_target_names[i].number == number) {
            return dots_cli_target_names[i].name;
        }
    }

    return NULL;
}


static int
dots_cli_target_protocol_number(const char *item, uint64_t *number)
{
    size_t  i;

    for (i = 0; i < DOTS_CLI_TARGET_NAMES; i++) {
        if (strcasecmp(dots_cli_target_names[i].name, item) == 0) {
            *number = dots_cli_target_names[i].number;
            return DOTS_OK;
        }
    }

    return dots_cli_target_number(item, UINT8_MAX, number);
}


static int
dots_cli_target_protocol(dots_cli_target_t *t, const char *item,
    dots_fault_t *f)
{
    uint64_t  number;

    if (dots_cli_target_protocol_number(item, &number) != DOTS_OK) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "target-protocol",
                          "\"%s\" is not a protocol: write tcp, udp, icmp or a "
                          "number up to 255", item);
    }

    if (memchr(t->protocols, (int) number, t->target.nprotocols) == NULL) {
        t->protocols[t->target.nprotocols++] = (uint8_t) number;
    }

    return DOTS_OK;
}


int
dots_cli_target_protocols(dots_cli_target_t *t, const char *text,
    dots_fault_t *f)
{
    return dots_cli_target_list(t, text, dots_cli_target_protocol,
                                "protocols: write tcp,udp,47", f);
}


static int
dots_cli_target_string(dots_str_t *strings, size_t *n, const char *text,
    const char *attribute, dots_fault_t *f)
{
    size_t  len, i;

    if (dots_cli_target_room(*n, DOTS_TARGET_MAX, attribute, f) != DOTS_OK) {
        return DOTS_INVALID;
    }

    len = strlen(text);

    if (len == 0 || len > DOTS_TARGET_STRING || !dots_cli_target_text(text)) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, attribute,
                          "%s has 1 to %d bytes of UTF-8", attribute,
                          DOTS_TARGET_STRING);
    }

    strings[*n] = dots_str(text, len);

    for (i = 0; !dots_str_eq(strings[i], strings[*n]); i++) { /* void */ }

    *n += i == *n;

    return DOTS_OK;
}


int
dots_cli_target_fqdn(dots_cli_target_t *t, const char *text, dots_fault_t *f)
{
    size_t   len;
    uint8_t  buf[DOTS_HOSTNAME_MAX];

    if (dots_hostname_normalize(dots_str(text, strlen(text)), buf, &len)
        != DOTS_OK)
    {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "target-fqdn",
                          "\"%.80s\" is no name: write www.example.com, "
                          "xn--... for other letters, and an address as a "
                          "PREFIX", text);
    }

    return dots_cli_target_string(t->fqdns, &t->target.nfqdns, text,
                                  "target-fqdn", f);
}


int
dots_cli_target_uri(dots_cli_target_t *t, const char *text, dots_fault_t *f)
{
    int            literal;
    uint8_t        protocol;
    uint16_t       port;
    dots_str_t     host;
    dots_prefix_t  addr;

    if (dots_target_uri(dots_str(text, strlen(text)), &host, &addr, &literal,
                        &port, &protocol)
        != DOTS_OK)
    {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "target-uri",
                          "\"%.80s\" is no URI with a host: write "
                          "https://www.example.com/", text);
    }

    return dots_cli_target_string(t->uris, &t->target.nuris, text,
                                  "target-uri", f);
}


int
dots_cli_target_alias(dots_cli_target_t *t, const char *text, dots_fault_t *f)
{
    return dots_cli_target_string(t->aliases, &t->target.naliases, text,
                                  "alias-name", f);
}
