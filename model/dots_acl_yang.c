#include <stdlib.h>

#include <libyang/libyang.h>

#include "dots_acl.h"


/* One match field: where it is, how it is read, which bit it sets. */

typedef int (*dots_acl_yang_read_pt)(const struct lyd_node *node,
    dots_arena_t *a, dots_ace_t *ace, unsigned field, dots_fault_t *f);

typedef struct {
    const char             *name;
    unsigned                field;
    dots_acl_yang_read_pt   read;
} dots_acl_yang_leaf_t;

typedef struct {
    const char                  *name;
    uint8_t                      family;
    uint8_t                      protocol;
    const dots_acl_yang_leaf_t  *leaves;   /* the last one has no name */
} dots_acl_yang_header_t;


static int dots_acl_yang_number(const struct lyd_node *node, dots_arena_t *a,
    dots_ace_t *ace, unsigned field, dots_fault_t *f);
static int dots_acl_yang_flags(const struct lyd_node *node, dots_arena_t *a,
    dots_ace_t *ace, unsigned field, dots_fault_t *f);
static int dots_acl_yang_prefix(const struct lyd_node *node, dots_arena_t *a,
    dots_ace_t *ace, unsigned field, dots_fault_t *f);
static int dots_acl_yang_bits(const struct lyd_node *node, dots_arena_t *a,
    dots_ace_t *ace, unsigned field, dots_fault_t *f);
static int dots_acl_yang_ports(const struct lyd_node *node, dots_arena_t *a,
    dots_ace_t *ace, unsigned field, dots_fault_t *f);
static int dots_acl_yang_binary(const struct lyd_node *node, dots_arena_t *a,
    dots_ace_t *ace, unsigned field, dots_fault_t *f);


static const dots_acl_yang_leaf_t  dots_acl_yang_ipv4[] = {
    { "dscp", DOTS_ACL_DSCP, dots_acl_yang_number },
    { "ecn", DOTS_ACL_ECN, dots_acl_yang_number },
    { "length", DOTS_ACL_LENGTH, dots_acl_yang_number },
    { "ttl", DOTS_ACL_TTL, dots_acl_yang_number },
    { "protocol", DOTS_ACL_PROTOCOL, dots_acl_yang_number },
    { "ihl", DOTS_ACL_IHL, dots_acl_yang_number },
    { "flags", DOTS_ACL_FLAGS, dots_acl_yang_flags },
    { "offset", DOTS_ACL_OFFSET, dots_acl_yang_number },
    { "identification", DOTS_ACL_IDENTIFICATION, dots_acl_yang_number },
    { "destination-ipv4-network", DOTS_ACL_DESTINATION, dots_acl_yang_prefix },
    { "source-ipv4-network", DOTS_ACL_SOURCE, dots_acl_yang_prefix },
    { "fragment", DOTS_ACL_FRAGMENT, dots_acl_yang_bits },
    { NULL, 0, NULL }
};

static const dots_acl_yang_leaf_t  dots_acl_yang_ipv6[] = {
    { "dscp", DOTS_ACL_DSCP, dots_acl_yang_number },
    { "ecn", DOTS_ACL_ECN, dots_acl_yang_number },
    { "length", DOTS_ACL_LENGTH, dots_acl_yang_number },
    { "ttl", DOTS_ACL_TTL, dots_acl_yang_number },
    { "protocol", DOTS_ACL_PROTOCOL, dots_acl_yang_number },
    { "destination-ipv6-network", DOTS_ACL_DESTINATION, dots_acl_yang_prefix },
    { "source-ipv6-network", DOTS_ACL_SOURCE, dots_acl_yang_prefix },
    { "flow-label", DOTS_ACL_FLOW_LABEL, dots_acl_yang_number },
    { "fragment", DOTS_ACL_FRAGMENT, dots_acl_yang_bits },
    { NULL, 0, NULL }
};

static const dots_acl_yang_leaf_t  dots_acl_yang_tcp[] = {
    { "sequence-number", DOTS_ACL_SEQUENCE, dots_acl_yang_number },
    { "acknowledgement-number", DOTS_ACL_ACKNOWLEDGEMENT,
      dots_acl_yang_number },
    { "data-offset", DOTS_ACL_DATA_OFFSET, dots_acl_yang_number },
    { "reserved", DOTS_ACL_RESERVED, dots_acl_yang_number },
    { "flags", DOTS_ACL_TCP_FLAGS, dots_acl_yang_flags },
    { "window-size", DOTS_ACL_WINDOW, dots_acl_yang_number },
    { "urgent-pointer", DOTS_ACL_URGENT, dots_acl_yang_number },
    { "options", DOTS_ACL_OPTIONS, dots_acl_yang_binary },
    { "flags-bitmask", DOTS_ACL_FLAGS_BITMASK, dots_acl_yang_bits },
    { "source-port-range-or-operator", DOTS_ACL_SOURCE_PORT,
      dots_acl_yang_ports },
    { "destination-port-range-or-operator", DOTS_ACL_DESTINATION_PORT,
      dots_acl_yang_ports },
    { NULL, 0, NULL }
};

static const dots_acl_yang_leaf_t  dots_acl_yang_udp[] = {
    { "length", DOTS_ACL_UDP_LENGTH, dots_acl_yang_number },
    { "source-port-range-or-operator", DOTS_ACL_SOURCE_PORT,
      dots_acl_yang_ports },
    { "destination-port-range-or-operator", DOTS_ACL_DESTINATION_PORT,
      dots_acl_yang_ports },
    { NULL, 0, NULL }
};

static const dots_acl_yang_leaf_t  dots_acl_yang_icmp[] = {
    { "type", DOTS_ACL_ICMP_TYPE, dots_acl_yang_number },
    { "code", DOTS_ACL_ICMP_CODE, dots_acl_yang_number },
    { "rest-of-header", DOTS_ACL_REST_OF_HEADER, dots_acl_yang_binary },
    { NULL, 0, NULL }
};

static const dots_acl_yang_header_t  dots_acl_yang_headers[] = {
    { "ipv4", DOTS_ACL_IPV4, 0, dots_acl_yang_ipv4 },
    { "ipv6", DOTS_ACL_IPV6, 0, dots_acl_yang_ipv6 },
    { "tcp", 0, DOTS_ACL_TCP, dots_acl_yang_tcp },
    { "udp", 0, DOTS_ACL_UDP, dots_acl_yang_udp },
    { "icmp", 0, DOTS_ACL_ICMP, dots_acl_yang_icmp },
};


/* ---- nodes and values ---- */

static const struct lyd_node *
dots_acl_yang_child(const struct lyd_node *parent, const char *name)
{
    const struct lyd_node  *node;

    LY_LIST_FOR(parent ? lyd_child(parent) : NULL, node) {

        if (node->schema != NULL && strcmp(node->schema->name, name) == 0) {
            return node;
        }
    }

    return NULL;
}


/* The canonical value of a leaf; NULL: it is not there. */

static const char *
dots_acl_yang_value(const struct lyd_node *parent, const char *name)
{
    const struct lyd_node  *node;

    node = dots_acl_yang_child(parent, name);

    return node ? lyd_get_value(node) : NULL;
}


static int
dots_acl_yang_copy(dots_arena_t *a, dots_str_t *dst, const char *value)
{
    return value ? dots_arena_dup(a, dst, dots_str(value, strlen(value)))
                 : DOTS_ERROR;
}


/* Bits as a number: the positions that the module gives them. */

static unsigned
dots_acl_yang_positions(const struct lyd_node *node)
{
    unsigned                      bits;
    LY_ARRAY_COUNT_TYPE           i;
    const struct lyd_value       *value;
    const struct lyd_value_bits  *v;

    value = &((const struct lyd_node_term *) node)->value;
    LYD_VALUE_GET(value, v);
    bits = 0;

    LY_ARRAY_FOR(v->items, i) {
        bits |= 1U << v->items[i]->position;
    }

    return bits;
}


/* The local part of an identity, which libyang prints with its module. */

static const char *
dots_acl_yang_identity(const struct lyd_node *parent, const char *name)
{
    const char  *value, *colon;

    value = dots_acl_yang_value(parent, name);
    colon = value ? strchr(value, ':') : NULL;

    return colon ? colon + 1 : value;
}


/* ---- match fields ---- */

static int
dots_acl_yang_number(const struct lyd_node *node, dots_arena_t *a,
    dots_ace_t *ace, unsigned field, dots_fault_t *f)
{
    const char  *value;

    (void) a;
    (void) f;

    value = lyd_get_value(node);
    if (value == NULL) {
        return DOTS_ERROR;
    }

    ace->numbers[field] = (uint32_t) strtoul(value, NULL, 10);

    return DOTS_OK;
}


static int
dots_acl_yang_flags(const struct lyd_node *node, dots_arena_t *a,
    dots_ace_t *ace, unsigned field, dots_fault_t *f)
{
    (void) a;
    (void) f;

    ace->numbers[field] = dots_acl_yang_positions(node);

    return DOTS_OK;
}


/*
 * An IPv4-mapped IPv6 prefix is the IPv4 one for everybody who looks at
 * prefixes here, so it has no place in a match on IPv6.
 */

static int
dots_acl_yang_prefix(const struct lyd_node *node, dots_arena_t *a,
    dots_ace_t *ace, unsigned field, dots_fault_t *f)
{
    const char     *value;
    dots_prefix_t  *p;

    (void) a;

    p = field == DOTS_ACL_SOURCE ? &ace->source : &ace->destination;

    value = lyd_get_value(node);
    if (value == NULL) {
        return DOTS_ERROR;
    }

    if (dots_prefix_parse(p, dots_str(value, strlen(value))) != DOTS_OK
        || p->family != (ace->family == DOTS_ACL_IPV4 ? 4 : 6))
    {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE,
                          dots_acl_field_name(field, ace->family),
                          "%s can be no \"%s\"", value, node->schema->name);
    }

    return DOTS_OK;
}


/* The value is "type" of a fragment, "bitmask" of flags-bitmask. */

static int
dots_acl_yang_bits(const struct lyd_node *node, dots_arena_t *a,
    dots_ace_t *ace, unsigned field, dots_fault_t *f)
{
    const char             *value;
    dots_acl_bits_t        *bits;
    const struct lyd_node  *child;

    (void) a;
    (void) f;

    bits = field == DOTS_ACL_FRAGMENT ? &ace->fragment : &ace->bitmask;

    child = dots_acl_yang_child(node, "operator");
    bits->operation = child ? (uint8_t) dots_acl_yang_positions(child)
                            : DOTS_ACL_MATCH;

    if (field == DOTS_ACL_FRAGMENT) {
        child = dots_acl_yang_child(node, "type");
        if (child == NULL) {
            return DOTS_ERROR;
        }

        bits->bits = (uint16_t) dots_acl_yang_positions(child);

        return DOTS_OK;
    }

    value = dots_acl_yang_value(node, "bitmask");
    if (value == NULL) {
        return DOTS_ERROR;
    }

    bits->bits = (uint16_t) strtoul(value, NULL, 10);

    return DOTS_OK;
}


/* RFC 8519: "range", or an operator and a port.  All become a range. */

static int
dots_acl_yang_ports(const struct lyd_node *node, dots_arena_t *a,
    dots_ace_t *ace, unsigned field, dots_fault_t *f)
{
    const char        *lower, *upper, *operator;
    dots_acl_ports_t  *ports;

    (void) a;
    (void) f;

    ports = field == DOTS_ACL_SOURCE_PORT ? &ace->sport : &ace->dport;

    lower = dots_acl_yang_value(node, "lower-port");
    upper = dots_acl_yang_value(node, "upper-port");
    operator = dots_acl_yang_value(node, "operator");

    if (lower == NULL) {
        lower = upper = dots_acl_yang_value(node, "port");
    }

    /* the container without a child says nothing about the port */

    if (lower == NULL || upper == NULL) {
        return DOTS_DECLINED;
    }

    ports->lower = (uint16_t) strtoul(lower, NULL, 10);
    ports->upper = (uint16_t) strtoul(upper, NULL, 10);

    if (operator != NULL && strcmp(operator, "lte") == 0) {
        ports->lower = 0;

    } else if (operator != NULL && strcmp(operator, "gte") == 0) {
        ports->upper = UINT16_MAX;

    } else if (operator != NULL && strcmp(operator, "neq") == 0) {
        ports->outside = 1;
    }

    if (ports->outside || ports->lower != ports->upper) {
        ace->fields |= dots_acl_bit(DOTS_ACL_PORT_RANGE);
    }

    return DOTS_OK;
}


static int
dots_acl_yang_binary(const struct lyd_node *node, dots_arena_t *a,
    dots_ace_t *ace, unsigned field, dots_fault_t *f)
{
    (void) f;

    return dots_acl_yang_copy(a, field == DOTS_ACL_OPTIONS ? &ace->options
                                                           : &ace->rest,
                              lyd_get_value(node));
}


/* ---- an entry ---- */

static int
dots_acl_yang_header(const struct lyd_node *node, dots_arena_t *a,
    const dots_acl_yang_header_t *h, dots_ace_t *ace, dots_fault_t *f)
{
    int                          rc;
    const struct lyd_node       *child;
    const dots_acl_yang_leaf_t  *leaf;

    ace->family |= h->family;
    ace->protocol |= h->protocol;

    for (leaf = h->leaves; leaf->name != NULL; leaf++) {
        child = dots_acl_yang_child(node, leaf->name);

        if (child == NULL) {
            continue;
        }

        rc = leaf->read(child, a, ace, leaf->field, f);

        if (rc == DOTS_DECLINED) {
            continue;
        }

        if (rc != DOTS_OK) {
            return rc;
        }

        ace->fields |= dots_acl_bit(leaf->field);
    }

    return DOTS_OK;
}


/*
 * The headers are containers without presence: what is in the tree with nothing
 * in it was put there by the client or by the validation alike, and matches
 * nothing less than all.
 */

static int
dots_acl_yang_matches(const struct lyd_node *matches, dots_arena_t *a,
    dots_ace_t *ace, dots_fault_t *f)
{
    int                     rc;
    size_t                  i, n;
    const struct lyd_node  *node;

    n = sizeof(dots_acl_yang_headers) / sizeof(dots_acl_yang_headers[0]);

    for (i = 0; i < n; i++) {
        node = dots_acl_yang_child(matches, dots_acl_yang_headers[i].name);

        if (node == NULL || (node->flags & LYD_DEFAULT)) {
            continue;
        }

        rc = dots_acl_yang_header(node, a, &dots_acl_yang_headers[i], ace, f);
        if (rc != DOTS_OK) {
            return rc;
        }
    }

    return DOTS_OK;
}


/* RFC 8783 section 7.2: 'drop' or 'accept', the latter with a rate. */

static int
dots_acl_yang_actions(const struct lyd_node *actions, dots_ace_t *ace,
    dots_fault_t *f)
{
    int64_t                 rate;
    const char             *forwarding;
    const struct lyd_node  *node;

    forwarding = dots_acl_yang_identity(actions, "forwarding");
    if (forwarding == NULL) {
        return DOTS_ERROR;
    }

    if (strcmp(forwarding, "drop") == 0) {
        ace->action = DOTS_ACL_DROP;
        return DOTS_OK;
    }

    if (strcmp(forwarding, "accept") != 0) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "actions/forwarding",
                          "forwarding: \"%s\" is not supported, only accept "
                          "and drop", forwarding);
    }

    ace->action = DOTS_ACL_ACCEPT;
    node = dots_acl_yang_child(actions, "rate-limit");

    if (node == NULL) {
        return DOTS_OK;
    }

    rate = ((const struct lyd_node_term *) node)->value.dec64;

    if (rate < 0) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "actions/rate-limit",
                          "rate-limit is below 0");
    }

    ace->action = DOTS_ACL_RATE;
    ace->rate = (uint64_t) rate;

    return DOTS_OK;
}


static int
dots_acl_yang_ace(const struct lyd_node *node, dots_arena_t *a,
    dots_ace_t *ace, dots_fault_t *f)
{
    int  rc;

    if (dots_acl_yang_copy(a, &ace->name, dots_acl_yang_value(node, "name"))
        != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    rc = dots_acl_yang_matches(dots_acl_yang_child(node, "matches"), a, ace,
                               f);
    if (rc != DOTS_OK) {
        return rc;
    }

    return dots_acl_yang_actions(dots_acl_yang_child(node, "actions"), ace, f);
}


static int
dots_acl_yang_aces(const struct lyd_node *aces, dots_arena_t *a,
    dots_acl_t *acl, size_t *where, dots_fault_t *f)
{
    int                     rc;
    size_t                  n;
    const struct lyd_node  *node;

    n = 0;

    LY_LIST_FOR(aces ? lyd_child(aces) : NULL, node) {
        n++;
    }

    *where = n;

    if (n > DOTS_ACL_ACES) {
        return dots_fault(f, DOTS_FAULT_TOO_BIG, "aces",
                          "an ACL has at most %d entries", DOTS_ACL_ACES);
    }

    acl->naces = n;
    acl->aces = dots_arena_array(a, n, sizeof(dots_ace_t));

    if (acl->aces == NULL) {
        return DOTS_ERROR;
    }

    n = 0;

    LY_LIST_FOR(aces ? lyd_child(aces) : NULL, node) {
        rc = dots_acl_yang_ace(node, a, &acl->aces[n], f);

        if (rc != DOTS_OK) {
            *where = n;
            return rc;
        }

        n++;
    }

    return DOTS_OK;
}


static int
dots_acl_yang_type(const struct lyd_node *entry, dots_acl_t *acl,
    dots_fault_t *f)
{
    const char  *type;

    type = dots_acl_yang_identity(entry, "type");

    if (type == NULL) {
        return DOTS_OK;
    }

    if (strcmp(type, "ipv4-acl-type") == 0) {
        acl->family = DOTS_ACL_IPV4;
        return DOTS_OK;
    }

    if (strcmp(type, "ipv6-acl-type") == 0) {
        acl->family = DOTS_ACL_IPV6;
        return DOTS_OK;
    }

    return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "type",
                      "type: \"%s\" is not supported, only ipv4-acl-type and "
                      "ipv6-acl-type", type);
}


int
dots_acl_read(const struct lyd_node *entry, dots_arena_t *a, dots_acl_t *acl,
    size_t *where, dots_fault_t *f)
{
    int          rc;
    const char  *activation;

    memset(acl, 0, sizeof(dots_acl_t));

    *where = 0;

    if (dots_acl_yang_copy(a, &acl->name, dots_acl_yang_value(entry, "name"))
        != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    rc = dots_acl_yang_type(entry, acl, f);
    if (rc != DOTS_OK) {
        return rc;
    }

    /* RFC 8783 section 7.2: the default MUST be that of mitigation time */

    acl->activation = DOTS_ACL_MITIGATING;
    activation = dots_acl_yang_value(entry, "activation-type");

    if (activation != NULL && strcmp(activation, "immediate") == 0) {
        acl->activation = DOTS_ACL_IMMEDIATE;

    } else if (activation != NULL && strcmp(activation, "deactivate") == 0) {
        acl->activation = DOTS_ACL_DEACTIVATED;
    }

    return dots_acl_yang_aces(dots_acl_yang_child(entry, "aces"), a, acl,
                              where, f);
}
