#include <stdlib.h>

#include "dots_acl.h"
#include "dots_customer.h"


#define DOTS_ACL_IPPROTO_ICMP   1
#define DOTS_ACL_IPPROTO_TCP    6
#define DOTS_ACL_IPPROTO_UDP    17
#define DOTS_ACL_IPPROTO_ICMPV6 58

#define DOTS_ACL_DOMAINS        3 /* of no family, of IPv4, of IPv6 */


/* In the order of dots_acl_field_t; of the two families where they differ. */

static const char *const  dots_acl_names[DOTS_ACL_FIELDS][2] = {
    [DOTS_ACL_DSCP] = { "matches/ipv4/dscp", "matches/ipv6/dscp" },
    [DOTS_ACL_ECN] = { "matches/ipv4/ecn", "matches/ipv6/ecn" },
    [DOTS_ACL_LENGTH] = { "matches/ipv4/length", "matches/ipv6/length" },
    [DOTS_ACL_TTL] = { "matches/ipv4/ttl", "matches/ipv6/ttl" },
    [DOTS_ACL_PROTOCOL] = { "matches/ipv4/protocol", "matches/ipv6/protocol" },
    [DOTS_ACL_IHL] = { "matches/ipv4/ihl", NULL },
    [DOTS_ACL_FLAGS] = { "matches/ipv4/flags", NULL },
    [DOTS_ACL_OFFSET] = { "matches/ipv4/offset", NULL },
    [DOTS_ACL_IDENTIFICATION] = { "matches/ipv4/identification", NULL },
    [DOTS_ACL_FLOW_LABEL] = { NULL, "matches/ipv6/flow-label" },
    [DOTS_ACL_SEQUENCE] = { "matches/tcp/sequence-number", NULL },
    [DOTS_ACL_ACKNOWLEDGEMENT] = { "matches/tcp/acknowledgement-number",
                                   NULL },
    [DOTS_ACL_DATA_OFFSET] = { "matches/tcp/data-offset", NULL },
    [DOTS_ACL_RESERVED] = { "matches/tcp/reserved", NULL },
    [DOTS_ACL_TCP_FLAGS] = { "matches/tcp/flags", NULL },
    [DOTS_ACL_WINDOW] = { "matches/tcp/window-size", NULL },
    [DOTS_ACL_URGENT] = { "matches/tcp/urgent-pointer", NULL },
    [DOTS_ACL_UDP_LENGTH] = { "matches/udp/length", NULL },
    [DOTS_ACL_ICMP_TYPE] = { "matches/icmp/type", NULL },
    [DOTS_ACL_ICMP_CODE] = { "matches/icmp/code", NULL },
    [DOTS_ACL_DESTINATION] = { "matches/ipv4/destination-ipv4-network",
                               "matches/ipv6/destination-ipv6-network" },
    [DOTS_ACL_SOURCE] = { "matches/ipv4/source-ipv4-network",
                          "matches/ipv6/source-ipv6-network" },
    [DOTS_ACL_FRAGMENT] = { "matches/ipv4/fragment", "matches/ipv6/fragment" },
    [DOTS_ACL_FLAGS_BITMASK] = { "matches/tcp/flags-bitmask", NULL },

    /* of TCP and of UDP: the element that both have */

    [DOTS_ACL_SOURCE_PORT] = { "matches", NULL },
    [DOTS_ACL_DESTINATION_PORT] = { "matches", NULL },
    [DOTS_ACL_PORT_RANGE] = { "matches", NULL },
    [DOTS_ACL_OPTIONS] = { "matches/tcp/options", NULL },
    [DOTS_ACL_REST_OF_HEADER] = { "matches/icmp/rest-of-header", NULL },
};


const char *
dots_acl_field_name(unsigned field, unsigned family)
{
    const char  *name;

    name = dots_acl_names[field][family == DOTS_ACL_IPV6];

    return name ? name : dots_acl_names[field][family != DOTS_ACL_IPV6];
}


static int
dots_acl_has(const dots_ace_t *ace, unsigned field)
{
    return (ace->fields & dots_acl_bit(field)) != 0;
}


/* ---- the rules ---- */

/*
 * RFC 8783 section 7.2: the destination lies inside the client's domain; where
 * it is not given, the ACL is about all of that domain.  It is mandatory in an
 * ACL that acts at once.  Figure 36, which is one, matches on TCP alone and has
 * no element that a destination could be in: it passes, for the whole domain; a
 * match on IPv4 or IPv6, or on nothing at all, does not.
 */

static int
dots_acl_check_destination(const dots_acl_t *acl, const dots_ace_t *ace,
    const dots_customer_t *customer, dots_fault_t *f)
{
    const char  *name, *why;
    char         text[DOTS_PREFIX_TEXT];

    name = dots_acl_field_name(DOTS_ACL_DESTINATION,
                               ace->family ? ace->family : acl->family);

    if (!dots_acl_has(ace, DOTS_ACL_DESTINATION)) {

        if (acl->activation == DOTS_ACL_IMMEDIATE
            && (ace->family != 0 || ace->protocol == 0))
        {
            return dots_fault(f, DOTS_FAULT_MISSING, name,
                              "an ACL that is activated immediately has to say "
                              "its destination network");
        }

        return DOTS_OK;
    }

    why = dots_prefix_forbidden(&ace->destination);

    if (why == NULL && dots_customer_owns_prefix(customer, &ace->destination)) {
        return DOTS_OK;
    }

    (void) dots_prefix_print(&ace->destination, text);

    if (why != NULL) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, name,
                          "the destination network %s is %s", text, why);
    }

    return dots_fault(f, DOTS_FAULT_INVALID_VALUE, name,
                      "the destination network %s is not in the client's "
                      "domain", text);
}


/* The protocol of the IP header and the header that follows are the same. */

static int
dots_acl_check_protocol(const dots_ace_t *ace, dots_fault_t *f)
{
    uint32_t  want;

    if (ace->protocol == 0 || !dots_acl_has(ace, DOTS_ACL_PROTOCOL)) {
        return DOTS_OK;
    }

    want = ace->protocol == DOTS_ACL_TCP   ? DOTS_ACL_IPPROTO_TCP
           : ace->protocol == DOTS_ACL_UDP ? DOTS_ACL_IPPROTO_UDP
           : ace->family == DOTS_ACL_IPV6  ? DOTS_ACL_IPPROTO_ICMPV6
                                           : DOTS_ACL_IPPROTO_ICMP;

    if (ace->numbers[DOTS_ACL_PROTOCOL] != want) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE,
                          dots_acl_field_name(DOTS_ACL_PROTOCOL, ace->family),
                          "protocol %u does not go with the match on protocol "
                          "%u", ace->numbers[DOTS_ACL_PROTOCOL], want);
    }

    return DOTS_OK;
}


/* RFC 8783 section 4.2: not in the same request as the "flags" of RFC 8519. */

static int
dots_acl_check_flags(const dots_ace_t *ace, dots_fault_t *f)
{
    if (dots_acl_has(ace, DOTS_ACL_FRAGMENT)
        && dots_acl_has(ace, DOTS_ACL_FLAGS))
    {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "matches/ipv4/flags",
                          "\"fragment\" and \"flags\" must not be in one "
                          "request");
    }

    if (dots_acl_has(ace, DOTS_ACL_FLAGS_BITMASK)
        && dots_acl_has(ace, DOTS_ACL_TCP_FLAGS))
    {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "matches/tcp/flags",
                          "\"flags-bitmask\" and \"flags\" must not be in one "
                          "request");
    }

    return DOTS_OK;
}


/* What the descriptions in the module of RFC 8783 section 4.3 forbid. */

static int
dots_acl_check_bits(const dots_ace_t *ace, dots_fault_t *f)
{
    const uint8_t  both = DOTS_ACL_MATCH | DOTS_ACL_ANY;

    if (((ace->fragment.operation & both) == both
         && dots_acl_has(ace, DOTS_ACL_FRAGMENT))
        || ((ace->bitmask.operation & both) == both
            && dots_acl_has(ace, DOTS_ACL_FLAGS_BITMASK)))
    {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "matches",
                          "operator: \"any\" and \"match\" must not be set "
                          "simultaneously");
    }

    if (dots_acl_has(ace, DOTS_ACL_FRAGMENT) && ace->family == DOTS_ACL_IPV6
        && (ace->fragment.bits & DOTS_ACL_DF))
    {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE,
                          "matches/ipv6/fragment/type",
                          "type: \"df\" is of IPv4 only");
    }

    return DOTS_OK;
}


static int
dots_acl_check_ace(const dots_acl_t *acl, const dots_ace_t *ace,
    const dots_customer_t *customer, dots_fault_t *f)
{
    int  rc;

    rc = dots_acl_check_destination(acl, ace, customer, f);
    if (rc != DOTS_OK) {
        return rc;
    }

    rc = dots_acl_check_protocol(ace, f);
    if (rc != DOTS_OK) {
        return rc;
    }

    rc = dots_acl_check_flags(ace, f);
    if (rc != DOTS_OK) {
        return rc;
    }

    return dots_acl_check_bits(ace, f);
}


int
dots_acl_check(const dots_acl_t *acl, const dots_customer_t *customer,
    size_t *where, dots_fault_t *f)
{
    int  rc;

    if (acl->naces == 0 && acl->activation == DOTS_ACL_IMMEDIATE) {
        *where = 0;
        return dots_fault(f, DOTS_FAULT_MISSING, "aces",
                          "an ACL that is activated immediately has to have "
                          "an entry");
    }

    for (*where = 0; *where < acl->naces; (*where)++) {
        rc = dots_acl_check_ace(acl, &acl->aces[*where], customer, f);

        if (rc != DOTS_OK) {
            return rc;
        }
    }

    return DOTS_OK;
}


/* ---- what it needs ---- */

/* Without a destination it is about the domain, whatever else it matches. */

void
dots_acl_needs_ace(const dots_ace_t *ace, dots_acl_needs_t *needs)
{
    needs->families |= ace->family;
    needs->protocols |= ace->protocol;
    needs->actions |= ace->action;
    needs->fields |= ace->fields;
    needs->domain |= !dots_acl_has(ace, DOTS_ACL_DESTINATION);
}


void
dots_acl_needs(const dots_acl_t *acl, dots_acl_needs_t *needs)
{
    size_t  i;

    memset(needs, 0, sizeof(dots_acl_needs_t));

    needs->families = acl->family;

    for (i = 0; i < acl->naces; i++) {
        dots_acl_needs_ace(&acl->aces[i], needs);
    }
}


static uint8_t
dots_acl_families(const dots_customer_t *customer)
{
    size_t   i;
    uint8_t  families;

    families = 0;

    for (i = 0; i < customer->nspace; i++) {
        families |= customer->space[i].family == 4 ? DOTS_ACL_IPV4
                                                   : DOTS_ACL_IPV6;
    }

    return families;
}


int
dots_acl_fits(const dots_acl_needs_t *needs, const dots_acl_needs_t *ability,
    const dots_customer_t *customer)
{
    uint8_t  families;

    families = needs->families;

    if (families == 0 && needs->domain) {
        families = dots_acl_families(customer);
    }

    return (families & ~ability->families) == 0
           && (needs->protocols & ~ability->protocols) == 0
           && (needs->actions & ~ability->actions) == 0
           && (needs->fields & ~ability->fields) == 0;
}


static int
dots_acl_fits_any(const dots_acl_needs_t *needs,
    const dots_customer_t *customer)
{
    size_t  i;

    for (i = 0; i < customer->nabilities; i++) {
        if (dots_acl_fits(needs, &customer->abilities[i], customer)) {
            return 1;
        }
    }

    return 0;
}


/*
 * The first thing of an entry that no mitigator has; RFC 8783 section 7.2: an
 * unknown parameter is "a match field not supported by the DOTS server".
 */

static int
dots_acl_unsupported(const dots_acl_t *acl, const dots_ace_t *ace,
    const dots_customer_t *customer, dots_fault_t *f)
{
    size_t            i;
    unsigned          field, family;
    dots_acl_needs_t  one;

    family = ace->family ? ace->family : acl->family;

    for (field = 0; field < DOTS_ACL_FIELDS; field++) {
        memset(&one, 0, sizeof(one));
        one.fields = ace->fields & dots_acl_bit(field);

        if (one.fields && !dots_acl_fits_any(&one, customer)) {
            return dots_fault(f, DOTS_FAULT_UNKNOWN,
                              dots_acl_field_name(field, family),
                              "no mitigator of this server can match by %s: "
                              "see \"capabilities\"",
                              field == DOTS_ACL_SOURCE_PORT
                                  || field == DOTS_ACL_DESTINATION_PORT
                                  || field == DOTS_ACL_PORT_RANGE
                              ? "port"
                              : strrchr(dots_acl_field_name(field, family),
                                        '/') + 1);
        }
    }

    for (i = 0; i < customer->nabilities; i++) {
        if (customer->abilities[i].actions & ace->action) {
            break;
        }
    }

    if (i == customer->nabilities) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE,
                          ace->action == DOTS_ACL_RATE ? "actions/rate-limit"
                                                       : "actions/forwarding",
                          "no mitigator of this server can do this action: "
                          "see \"capabilities\"");
    }

    return dots_fault(f, DOTS_FAULT_UNKNOWN, "matches",
                      "no mitigator of this server can do this match: see "
                      "\"capabilities\"");
}


int
dots_acl_supported(const dots_acl_t *acl, const dots_customer_t *customer,
    size_t *where, dots_fault_t *f)
{
    dots_acl_needs_t  needs;

    dots_acl_needs(acl, &needs);

    if (dots_acl_fits_any(&needs, customer)) {
        return DOTS_OK;
    }

    for (*where = 0; *where < acl->naces; (*where)++) {
        memset(&needs, 0, sizeof(needs));
        needs.families = acl->family;
        dots_acl_needs_ace(&acl->aces[*where], &needs);

        if (!dots_acl_fits_any(&needs, customer)) {
            return dots_acl_unsupported(acl, &acl->aces[*where], customer, f);
        }
    }

    return dots_fault(f, DOTS_FAULT_UNKNOWN, "aces",
                      "no mitigator of this server can do all of its entries");
}


/* ---- where it acts ---- */

static int
dots_acl_prefix_cmp(const void *a, const void *b)
{
    return dots_prefix_cmp(a, b);
}


/* The family that an entry is about by itself or by its ACL; 0: both. */

static size_t
dots_acl_domain(const dots_acl_t *acl, const dots_ace_t *ace,
    const dots_customer_t *customer, dots_prefix_t *out)
{
    size_t   i, n;
    uint8_t  family, mine;

    family = ace->family ? ace->family : acl->family;

    for (n = 0, i = 0; i < customer->nspace; i++) {
        mine = customer->space[i].family == 4 ? DOTS_ACL_IPV4 : DOTS_ACL_IPV6;

        if (family == 0 || family == mine) {
            out[n++] = customer->space[i];
        }
    }

    return n;
}


int
dots_acl_destinations(const dots_acl_t *acl, const dots_customer_t *customer,
    dots_arena_t *a, dots_prefix_t **prefixes, size_t *n)
{
    size_t             i, k;
    uint8_t            family[DOTS_ACL_DOMAINS] = { 0 };
    const dots_ace_t  *ace;

    /* the domain is listed once for each kind of entry that has it */

    *n = 0;
    *prefixes = dots_arena_array(a, acl->naces
                                    + DOTS_ACL_DOMAINS * customer->nspace,
                                 sizeof(dots_prefix_t));

    if (*prefixes == NULL) {
        return DOTS_ERROR;
    }

    for (i = 0; i < acl->naces; i++) {
        ace = &acl->aces[i];

        if (dots_acl_has(ace, DOTS_ACL_DESTINATION)) {

            if (dots_customer_owns_prefix(customer, &ace->destination)) {
                (*prefixes)[(*n)++] = ace->destination;
            }

        } else if (family[ace->family] == 0) {
            family[ace->family] = 1;
            *n += dots_acl_domain(acl, ace, customer, *prefixes + *n);
        }
    }

    qsort(*prefixes, *n, sizeof(dots_prefix_t), dots_acl_prefix_cmp);

    for (k = 0, i = 0; i < *n; i++) {
        if (k == 0
            || dots_prefix_cmp(&(*prefixes)[i], &(*prefixes)[k - 1]) != 0)
        {
            (*prefixes)[k++] = (*prefixes)[i];
        }
    }

    *n = k;

    return DOTS_OK;
}


int
dots_acl_destinations_of(const dots_acl_t *acl, const dots_ace_t *ace,
    const dots_customer_t *customer, dots_arena_t *a,
    dots_prefix_t **prefixes, size_t *n)
{
    *n = 0;
    *prefixes = dots_arena_array(a, 1 + customer->nspace,
                                 sizeof(dots_prefix_t));

    if (*prefixes == NULL) {
        return DOTS_ERROR;
    }

    if (!dots_acl_has(ace, DOTS_ACL_DESTINATION)) {
        *n = dots_acl_domain(acl, ace, customer, *prefixes);
        qsort(*prefixes, *n, sizeof(dots_prefix_t), dots_acl_prefix_cmp);

    } else if (dots_customer_owns_prefix(customer, &ace->destination)) {
        (*prefixes)[(*n)++] = ace->destination;
    }

    return DOTS_OK;
}


/* ---- conflicts with an accept-list ---- */

/* Could a packet between the two match the entry at all?  Fields aside. */

static int
dots_acl_concerns(const dots_ace_t *ace, const dots_prefix_t *source,
    const dots_prefix_t *target)
{
    uint8_t  family;

    family = target->family == 4 ? DOTS_ACL_IPV4 : DOTS_ACL_IPV6;

    if (ace->family != 0 && ace->family != family) {
        return 0;
    }

    return (!dots_acl_has(ace, DOTS_ACL_SOURCE)
            || dots_prefix_overlaps(&ace->source, source))
           && (!dots_acl_has(ace, DOTS_ACL_DESTINATION)
               || dots_prefix_overlaps(&ace->destination, target));
}


/* Does the entry drop every packet between the two? */

static int
dots_acl_drops(const dots_ace_t *ace, const dots_prefix_t *source,
    const dots_prefix_t *target)
{
    const uint32_t  networks = dots_acl_bit(DOTS_ACL_SOURCE)
                               | dots_acl_bit(DOTS_ACL_DESTINATION);

    return ace->action == DOTS_ACL_DROP && ace->protocol == 0
           && (ace->fields & ~networks) == 0
           && (!dots_acl_has(ace, DOTS_ACL_SOURCE)
               || dots_prefix_contains(&ace->source, source))
           && (!dots_acl_has(ace, DOTS_ACL_DESTINATION)
               || dots_prefix_contains(&ace->destination, target));
}


int
dots_acl_conflict(const dots_acl_t *acl, const dots_prefix_t *source,
    const dots_prefix_t *target)
{
    size_t             i;
    const dots_ace_t  *ace;

    if (acl->activation == DOTS_ACL_DEACTIVATED
        || source->family != target->family)
    {
        return 0;
    }

    for (i = 0; i < acl->naces; i++) {
        ace = &acl->aces[i];

        if (!dots_acl_concerns(ace, source, target)) {
            continue;
        }

        if (ace->action == DOTS_ACL_ACCEPT) {
            return 1;
        }

        if (dots_acl_drops(ace, source, target)) {
            return 0;
        }
    }

    return 0;
}


int32_t
dots_acl_pending(const dots_acl_t *acl, int64_t now)
{
    int64_t  left;

    if (acl->expires <= now || __builtin_sub_overflow(acl->expires, now, &left))
    {
        return 0;
    }

    left = left / 60000 + (left % 60000 != 0);

    return left > INT32_MAX ? INT32_MAX : (int32_t) left;
}
