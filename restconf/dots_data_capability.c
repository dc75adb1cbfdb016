#include "dots_data_capability.h"
#include "dots_data_text.h"


/* A leaf of "capabilities": true where all of "fields" can be matched. */

typedef struct {
    const char *name;
    uint32_t    fields;
} dots_data_capability_leaf_t;

typedef struct {
    const char                         *name;
    uint8_t                             families;
    uint8_t                             protocols;
    const dots_data_capability_leaf_t  *leaves;  /* the last one has no name */
} dots_data_capability_header_t;

#define field(name) dots_acl_bit(DOTS_ACL_##name)


static const dots_data_capability_leaf_t  dots_data_capability_ipv4[] = {
    { "dscp", field(DSCP) },
    { "ecn", field(ECN) },
    { "length", field(LENGTH) },
    { "ttl", field(TTL) },
    { "protocol", field(PROTOCOL) },
    { "ihl", field(IHL) },
    { "flags", field(FLAGS) },
    { "offset", field(OFFSET) },
    { "identification", field(IDENTIFICATION) },
    { "source-prefix", field(SOURCE) },
    { "destination-prefix", field(DESTINATION) },
    { "fragment", field(FRAGMENT) },
    { NULL, 0 }
};

static const dots_data_capability_leaf_t  dots_data_capability_ipv6[] = {
    { "dscp", field(DSCP) },
    { "ecn", field(ECN) },
    { "length", field(LENGTH) },
    { "hoplimit", field(TTL) },
    { "protocol", field(PROTOCOL) },
    { "destination-prefix", field(DESTINATION) },
    { "source-prefix", field(SOURCE) },
    { "flow-label", field(FLOW_LABEL) },
    { "fragment", field(FRAGMENT) },
    { NULL, 0 }
};

static const dots_data_capability_leaf_t  dots_data_capability_tcp[] = {
    { "sequence-number", field(SEQUENCE) },
    { "acknowledgement-number", field(ACKNOWLEDGEMENT) },
    { "data-offset", field(DATA_OFFSET) },
    { "reserved", field(RESERVED) },
    { "flags", field(TCP_FLAGS) },
    { "window-size", field(WINDOW) },
    { "urgent-pointer", field(URGENT) },
    { "options", field(OPTIONS) },
    { "flags-bitmask", field(FLAGS_BITMASK) },
    { "source-port", field(SOURCE_PORT) },
    { "destination-port", field(DESTINATION_PORT) },
    { "port-range", field(PORT_RANGE) },
    { NULL, 0 }
};

static const dots_data_capability_leaf_t  dots_data_capability_udp[] = {
    { "length", field(UDP_LENGTH) },
    { "source-port", field(SOURCE_PORT) },
    { "destination-port", field(DESTINATION_PORT) },
    { "port-range", field(PORT_RANGE) },
    { NULL, 0 }
};

static const dots_data_capability_leaf_t  dots_data_capability_icmp[] = {
    { "type", field(ICMP_TYPE) },
    { "code", field(ICMP_CODE) },
    { "rest-of-header", field(REST_OF_HEADER) },
    { NULL, 0 }
};

#undef field

static const dots_data_capability_header_t  dots_data_capability_headers[] = {
    { "ipv4", DOTS_ACL_IPV4, 0, dots_data_capability_ipv4 },
    { "ipv6", DOTS_ACL_IPV6, 0, dots_data_capability_ipv6 },
    { "tcp", 0, DOTS_ACL_TCP, dots_data_capability_tcp },
    { "udp", 0, DOTS_ACL_UDP, dots_data_capability_udp },
    { "icmp", 0, DOTS_ACL_ICMP, dots_data_capability_icmp },
};


/* One value of a leaf-list: there where the bit is. */

typedef struct {
    const char *text;
    uint8_t     families;
    uint8_t     protocols;
    uint8_t     actions;
} dots_data_capability_value_t;

static const dots_data_capability_value_t  dots_data_capability_families[] = {
    { "\"ipv4\"", DOTS_ACL_IPV4, 0, 0 },
    { "\"ipv6\"", DOTS_ACL_IPV6, 0, 0 },
    { NULL, 0, 0, 0 }
};

static const dots_data_capability_value_t  dots_data_capability_actions[] = {
    { "\"ietf-access-control-list:drop\"", 0, 0, DOTS_ACL_DROP },
    { "\"ietf-access-control-list:accept\"", 0, 0, DOTS_ACL_ACCEPT },
    { NULL, 0, 0, 0 }
};

static const dots_data_capability_value_t  dots_data_capability_protocols[] = {
    { "1", DOTS_ACL_IPV4, DOTS_ACL_ICMP, 0 },
    { "6", 0, DOTS_ACL_TCP, 0 },
    { "17", 0, DOTS_ACL_UDP, 0 },
    { "58", DOTS_ACL_IPV6, DOTS_ACL_ICMP, 0 },
    { NULL, 0, 0, 0 }
};


/* What one mitigator can by itself, for some: an ACL goes to one of them. */

static int
dots_data_capability_can(const dots_customer_t *customer, uint8_t families,
    uint8_t protocols, uint8_t actions, uint32_t fields)
{
    size_t                   i;
    const dots_acl_needs_t  *m;

    for (i = 0; i < customer->nabilities; i++) {
        m = &customer->abilities[i];

        if ((families & ~m->families) == 0 && (protocols & ~m->protocols) == 0
            && (actions & ~m->actions) == 0 && (fields & ~m->fields) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* A leaf-list that would be empty is not there: RFC 7951 section 5.3. */

static void
dots_data_capability_list(const dots_customer_t *customer, dots_writer_t *w,
    const char *name, const dots_data_capability_value_t *v)
{
    int  n;

    for (n = 0; v->text != NULL; v++) {

        if (!dots_data_capability_can(customer, v->families, v->protocols,
                                      v->actions, 0))
        {
            continue;
        }

        if (n++ == 0) {
            dots_data_text_literal(w, "\"");
            dots_data_text_literal(w, name);
            dots_data_text_literal(w, "\":[");

        } else {
            dots_data_text_literal(w, ",");
        }

        dots_data_text_literal(w, v->text);
    }

    if (n) {
        dots_data_text_literal(w, "],");
    }
}


static void
dots_data_capability_header(const dots_customer_t *customer, dots_writer_t *w,
    const dots_data_capability_header_t *h)
{
    int                                 can;
    const dots_data_capability_leaf_t  *leaf;

    dots_data_text_literal(w, ",\"");
    dots_data_text_literal(w, h->name);
    dots_data_text_literal(w, "\":{");

    for (leaf = h->leaves; leaf->name != NULL; leaf++) {
        can = dots_data_capability_can(customer, h->families, h->protocols, 0,
                                       leaf->fields);

        dots_data_text_literal(w, leaf == h->leaves ? "\"" : ",\"");
        dots_data_text_literal(w, leaf->name);
        dots_data_text_literal(w, can ? "\":true" : "\":false");
    }

    dots_data_text_literal(w, "}");
}


void
dots_data_capability_write(dots_exchange_t *x, dots_writer_t *w)
{
    size_t                  i, n;
    const dots_customer_t  *customer;

    customer = x->rc->customer;

    dots_data_text_literal(w, "{");
    dots_data_capability_list(customer, w, "address-family",
                              dots_data_capability_families);
    dots_data_capability_list(customer, w, "forwarding-actions",
                              dots_data_capability_actions);
    dots_data_capability_list(customer, w, "transport-protocols",
                              dots_data_capability_protocols);

    dots_data_text_literal(w, dots_data_capability_can(customer, 0, 0,
                                                       DOTS_ACL_RATE, 0)
                                  ? "\"rate-limit\":true"
                                  : "\"rate-limit\":false");

    n = sizeof(dots_data_capability_headers)
        / sizeof(dots_data_capability_headers[0]);

    for (i = 0; i < n; i++) {
        dots_data_capability_header(customer, w,
                                    &dots_data_capability_headers[i]);
    }

    /* RFC 9244 section 8.1.6; without its module nothing can be installed */

    if (x->context.schema->mapping != NULL) {
        dots_data_text_literal(w, ",\"ietf-dots-mapping:vendor-mapping-enabled"
                               "\":true");
    }

    dots_data_text_literal(w, "}");
}


/* State data: with content=config there is nothing of it to return. */

int
dots_data_capability_get(dots_exchange_t *x)
{
    dots_writer_t  w;

    if (dots_data_text_start(x, &w, DOTS_DATA_CAPABILITY_SIZE) != DOTS_OK) {
        return DOTS_INVALID;
    }

    dots_data_text_literal(&w, "{\"" DOTS_RESTCONF_MODULE ":capabilities\":");

    if (x->query.content == DOTS_CONTENT_CONFIG) {
        dots_data_text_literal(&w, "{}");

    } else {
        dots_data_capability_write(x, &w);
    }

    dots_data_text_literal(&w, "}");

    return dots_data_text_end(x, &w);
}
