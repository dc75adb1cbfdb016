#include <stdio.h>

#include "dots_customer.h"
#include "dots_hostname.h"
#include "dots_target.h"


#define DOTS_TARGET_SHOWN 80 /* bytes of a peer's text in a message */


int
dots_target_empty(const dots_target_t *t)
{
    return t->nprefixes == 0 && t->nfqdns == 0 && t->nuris == 0
           && t->naliases == 0;
}


/* ---- comparing ---- */

typedef int (*dots_target_same_pt)(const void *a, const void *b);

static int
dots_target_same_prefix(const void *a, const void *b)
{
    return dots_prefix_cmp(a, b) == 0;
}


static int
dots_target_same_port(const void *a, const void *b)
{
    const dots_port_range_t  *x = a, *y = b;

    return x->lower == y->lower && x->upper == y->upper;
}


static int
dots_target_same_protocol(const void *a, const void *b)
{
    return *(const uint8_t *) a == *(const uint8_t *) b;
}


static int
dots_target_same_str(const void *a, const void *b)
{
    return dots_str_eq(*(const dots_str_t *) a, *(const dots_str_t *) b);
}


/*
 * Nonzero if everything in "a" is in "b".  A client that refreshes sends the
 * same order, which costs one comparison each; otherwise DOTS_TARGET_MAX bounds
 * the square.
 */

static int
dots_target_within(const void *a, size_t na, const void *b, size_t nb,
    size_t size, dots_target_same_pt same)
{
    size_t          i, j;
    const uint8_t  *x, *y;

    x = a;
    y = b;

    for (i = 0; i < na; i++, x += size) {

        if (i < nb && same(x, y + i * size)) {
            continue;
        }

        for (j = 0; j < nb && !same(x, y + j * size); j++) { /* void */ }

        if (j == nb) {
            return 0;
        }
    }

    return 1;
}


static int
dots_target_same(const void *a, size_t na, const void *b, size_t nb,
    size_t size, dots_target_same_pt same)
{
    return dots_target_within(a, na, b, nb, size, same)
           && dots_target_within(b, nb, a, na, size, same);
}


int
dots_target_equal(const dots_target_t *a, const dots_target_t *b)
{
    return dots_target_same(a->prefixes, a->nprefixes, b->prefixes,
                            b->nprefixes, sizeof(dots_prefix_t),
                            dots_target_same_prefix)
           && dots_target_same(a->ports, a->nports, b->ports, b->nports,
                               sizeof(dots_port_range_t),
                               dots_target_same_port)
           && dots_target_same(a->protocols, a->nprotocols, b->protocols,
                               b->nprotocols, 1, dots_target_same_protocol)
           && dots_target_same(a->fqdns, a->nfqdns, b->fqdns, b->nfqdns,
                               sizeof(dots_str_t), dots_target_same_str)
           && dots_target_same(a->uris, a->nuris, b->uris, b->nuris,
                               sizeof(dots_str_t), dots_target_same_str)
           && dots_target_same(a->aliases, a->naliases, b->aliases,
                               b->naliases, sizeof(dots_str_t),
                               dots_target_same_str);
}


/* ---- checking ---- */

/* The peer's text as a message may carry it: short and printable ASCII. */

static const char *
dots_target_show(dots_str_t s, char buf[DOTS_TARGET_SHOWN + 4])
{
    size_t  i, n;

    n = s.len < DOTS_TARGET_SHOWN ? s.len : DOTS_TARGET_SHOWN;

    for (i = 0; i < n; i++) {
        buf[i] = s.data[i] > 0x20 && s.data[i] < 0x7f ? (char) s.data[i] : '?';
    }

    memcpy(buf + n, s.len > n ? "..." : "", s.len > n ? 4 : 1);

    return buf;
}


/*
 * The address checks of RFC 9132 section 4.4.1.1.  "what"
 * leads to the prefix: nothing, or "www.example.com: its address ".
 */

static int
dots_target_check_addr(const dots_prefix_t *p, const char *attribute,
    const char *what, const dots_customer_t *customer, dots_fault_t *f)
{
    char         text[DOTS_PREFIX_TEXT];
    const char  *why;

    why = dots_prefix_forbidden(p);

    if (why == NULL && dots_customer_owns_prefix(customer, p)) {
        return DOTS_OK;
    }

    dots_prefix_print(p, text);

    if (why != NULL) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, attribute,
                          "%s %s%s is %s %s address", attribute, what, text,
                          *why == 'u' || *why == 'I' ? "an" : "a", why);
    }

    return dots_fault(f, DOTS_FAULT_INVALID_VALUE, attribute,
                      "%s %s%s is not yours", attribute, what, text);
}


static int
dots_target_check_fqdn(dots_str_t fqdn, const dots_customer_t *customer,
    dots_fault_t *f)
{
    char     shown[DOTS_TARGET_SHOWN + 4];
    size_t   len;
    uint8_t  buf[DOTS_HOSTNAME_MAX];

    if (dots_hostname_normalize(fqdn, buf, &len) != DOTS_OK) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "target-fqdn",
                          "target-fqdn %s is not a domain name",
                          dots_target_show(fqdn, shown));
    }

    if (!dots_customer_owns_name(customer, fqdn)) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "target-fqdn",
                          "target-fqdn %s is not yours",
                          dots_target_show(fqdn, shown));
    }

    return DOTS_OK;
}


static int
dots_target_check_uri(dots_str_t uri, const dots_customer_t *customer,
    dots_fault_t *f)
{
    int            literal;
    char           shown[DOTS_TARGET_SHOWN + 4];
    uint8_t        protocol;
    uint16_t       port;
    dots_str_t     host;
    dots_prefix_t  addr;

    if (dots_target_uri(uri, &host, &addr, &literal, &port, &protocol)
        != DOTS_OK)
    {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "target-uri",
                          "target-uri %s is not a URI with a host",
                          dots_target_show(uri, shown));
    }

    if (literal) {
        return dots_target_check_addr(&addr, "target-uri", "", customer, f);
    }

    if (!dots_customer_owns_name(customer, host)) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "target-uri",
                          "target-uri host %s is not yours",
                          dots_target_show(host, shown));
    }

    return DOTS_OK;
}


int
dots_target_check(const dots_target_t *t, const dots_customer_t *customer,
    dots_fault_t *f)
{
    size_t  i;

    for (i = 0; i < t->nprefixes; i++) {
        if (dots_target_check_addr(&t->prefixes[i], "target-prefix", "",
                                   customer, f)
            != DOTS_OK)
        {
            return DOTS_INVALID;
        }
    }

    for (i = 0; i < t->nfqdns; i++) {
        if (dots_target_check_fqdn(t->fqdns[i], customer, f) != DOTS_OK) {
            return DOTS_INVALID;
        }
    }

    for (i = 0; i < t->nuris; i++) {
        if (dots_target_check_uri(t->uris[i], customer, f) != DOTS_OK) {
            return DOTS_INVALID;
        }
    }

    return DOTS_OK;
}


int
dots_target_check_resolved(const dots_prefix_t *addrs, size_t naddrs,
    const char *attribute, dots_str_t name, const dots_customer_t *customer,
    dots_fault_t *f)
{
    char    shown[DOTS_TARGET_SHOWN + 4], what[DOTS_TARGET_SHOWN + 32];
    size_t  i;

    dots_target_show(name, shown);

    if (naddrs == 0) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, attribute,
                          "%s %s has no address", attribute, shown);
    }

    (void) snprintf(what, sizeof(what), "%s: its address ", shown);

    for (i = 0; i < naddrs; i++) {
        if (dots_target_check_addr(&addrs[i], attribute, what, customer, f)
            != DOTS_OK)
        {
            return DOTS_INVALID;
        }
    }

    return DOTS_OK;
}
