/*
 * An access control list of a client (RFC 8783 sections 4.2 and 7): its entries
 * in a typed form, the rules that a valid one keeps beyond its YANG module,
 * what it needs of a mitigator, its canonical JSON text as the data channel
 * returns it, its age and its durable record.  The model carries the text
 * without reading it.  Used by the data channel, by the manager and, for
 * conflicts with accept-lists, by the signal channel.
 */

#ifndef DOTS_ACL_H
#define DOTS_ACL_H

#include "dots_base.h"
#include "dots_entity.h"
#include "dots_prefix.h"

struct lyd_node;
struct dots_customer_s;

#define DOTS_ACL_NAME     256               /* bytes; 64 characters, RFC 8519 */
#define DOTS_ACL_ACES     2048              /* of one list; a limit of ours */
#define DOTS_ACL_LIFETIME (10080 * 60000LL) /* ms; RFC 8783 section 7.2 */

/* The numbers are those of the YANG module's enumeration. */

typedef enum {
    DOTS_ACL_MITIGATING = 1,   /* activate-when-mitigating */
    DOTS_ACL_IMMEDIATE = 2,
    DOTS_ACL_DEACTIVATED = 3
} dots_acl_activation_t;

/* Match fields; the first ones are numbers, or bits as numbers. */

typedef enum {
    DOTS_ACL_DSCP = 0,
    DOTS_ACL_ECN,
    DOTS_ACL_LENGTH,
    DOTS_ACL_TTL,               /* of IPv6: the hop limit */
    DOTS_ACL_PROTOCOL,
    DOTS_ACL_IHL,
    DOTS_ACL_FLAGS,             /* of IPv4 */
    DOTS_ACL_OFFSET,
    DOTS_ACL_IDENTIFICATION,
    DOTS_ACL_FLOW_LABEL,
    DOTS_ACL_SEQUENCE,
    DOTS_ACL_ACKNOWLEDGEMENT,
    DOTS_ACL_DATA_OFFSET,
    DOTS_ACL_RESERVED,
    DOTS_ACL_TCP_FLAGS,
    DOTS_ACL_WINDOW,
    DOTS_ACL_URGENT,
    DOTS_ACL_UDP_LENGTH,
    DOTS_ACL_ICMP_TYPE,
    DOTS_ACL_ICMP_CODE,
    DOTS_ACL_NUMBERS,

    DOTS_ACL_DESTINATION = DOTS_ACL_NUMBERS,
    DOTS_ACL_SOURCE,
    DOTS_ACL_FRAGMENT,
    DOTS_ACL_FLAGS_BITMASK,
    DOTS_ACL_SOURCE_PORT,
    DOTS_ACL_DESTINATION_PORT,
    DOTS_ACL_PORT_RANGE,        /* a port match that is not "eq" one port */
    DOTS_ACL_OPTIONS,
    DOTS_ACL_REST_OF_HEADER,
    DOTS_ACL_FIELDS
} dots_acl_field_t;

#define dots_acl_bit(field) (1U << (field))

/* Masks: address families, transport protocols with fields, actions. */

#define DOTS_ACL_IPV4   1
#define DOTS_ACL_IPV6   2

#define DOTS_ACL_TCP    1
#define DOTS_ACL_UDP    2
#define DOTS_ACL_ICMP   4

#define DOTS_ACL_DROP   1
#define DOTS_ACL_ACCEPT 2
#define DOTS_ACL_RATE   4       /* accept with a rate-limit */

/* Bits of "operator" of a fragment or flags-bitmask match. */

#define DOTS_ACL_NOT    (1 << 0)
#define DOTS_ACL_MATCH  (1 << 1)
#define DOTS_ACL_ANY    (1 << 3)

/* Bits of the type of a fragment match. */

#define DOTS_ACL_DF     (1 << 0)

typedef struct {
    uint8_t   operation;
    uint16_t  bits;
} dots_acl_bits_t;

/* "range", or an operator that stands for one: lower..upper, "neq" outside. */

typedef struct {
    uint8_t   outside;
    uint16_t  lower;
    uint16_t  upper;
} dots_acl_ports_t;

typedef struct dots_ace_s {
    dots_str_t        name;
    uint8_t           family;     /* DOTS_ACL_IPV4, _IPV6; 0: no match on l3 */
    uint8_t           protocol;   /* DOTS_ACL_TCP...; 0: no match on l4 */
    uint8_t           action;     /* one of the actions */
    uint32_t          fields;     /* those that are there, dots_acl_bit() */
    uint32_t          numbers[DOTS_ACL_NUMBERS];
    dots_prefix_t     destination;
    dots_prefix_t     source;
    dots_acl_bits_t   fragment;
    dots_acl_bits_t   bitmask;    /* flags-bitmask */
    dots_acl_ports_t  sport;
    dots_acl_ports_t  dport;
    dots_str_t        options;    /* base64, as all "binary" here */
    dots_str_t        rest;       /* rest-of-header */
    uint64_t          rate;       /* hundredths of a byte per second */
    const struct dots_count_s *matched; /* dots_count.h; NULL: nobody counts;
                                           not in the record */
} dots_ace_t;

/*
 * What an ACL needs, or what a mitigator can: the same masks.  A port match is
 * SOURCE_PORT or DESTINATION_PORT with TCP or UDP among the protocols.
 */

typedef struct {
    uint8_t   families;           /* of an ACL 0: it says none */
    uint8_t   protocols;
    uint8_t   actions;
    uint8_t   domain;             /* an entry has no destination: all that the
                                     customer owns */
    uint32_t  fields;
} dots_acl_needs_t;

typedef struct dots_acl_s {
    dots_str_t             name;
    uint8_t                family;      /* by "type"; 0: it has none */
    dots_acl_activation_t  activation;
    size_t                 naces;
    dots_ace_t            *aces;        /* in the order in which they match */
    dots_str_t             text;        /* one list entry, RFC 7951, no state */
    int64_t                expires;     /* ms of dots_clock.h */
    int64_t                rank;        /* the order of the client's ACLs */
    dots_entity_t          entity;
    dots_str_t             record;      /* as it was read; empty: it was not */
} dots_acl_t;


/*
 * Reads an "acl" entry that has passed its schema: everything but text, expires
 * and rank; strings go to the arena.  DOTS_OK, DOTS_INVALID ("where": the entry
 * of a fault in one, else naces or beyond) or DOTS_ERROR.
 */
int dots_acl_read(const struct lyd_node *entry, dots_arena_t *a,
    dots_acl_t *acl, size_t *where, dots_fault_t *f);

/*
 * What section 7.2 and the descriptions in the module ask for: destinations
 * inside the customer's space and there where they have to be, fields that go
 * together.  Results as above; f->attribute is a path below the entry.
 */
int dots_acl_check(const dots_acl_t *acl,
    const struct dots_customer_s *customer, size_t *where, dots_fault_t *f);

void dots_acl_needs(const dots_acl_t *acl, dots_acl_needs_t *needs);
void dots_acl_needs_ace(const dots_ace_t *ace, dots_acl_needs_t *needs);

/*
 * Nonzero if a mitigator that can "ability" can apply it for the customer, all
 * of it.
 */
int dots_acl_fits(const dots_acl_needs_t *needs,
    const dots_acl_needs_t *ability, const struct dots_customer_s *customer);

/* The same for any of the customer's mitigators; DOTS_INVALID says what not. */
int dots_acl_supported(const dots_acl_t *acl,
    const struct dots_customer_s *customer, size_t *where, dots_fault_t *f);

/*
 * The prefixes of the customer that an ACL may touch, for one that drops by
 * destination only: sorted, unique, in the arena.  Of what the customer owns
 * today: destinations beyond that are left out.  DOTS_OK or DOTS_ERROR.
 */
int dots_acl_destinations(const dots_acl_t *acl,
    const struct dots_customer_s *customer, dots_arena_t *a,
    dots_prefix_t **prefixes, size_t *n);

/* Those of one entry. */
int dots_acl_destinations_of(const dots_acl_t *acl, const dots_ace_t *ace,
    const struct dots_customer_s *customer, dots_arena_t *a,
    dots_prefix_t **prefixes, size_t *n);

/*
 * RFC 9132 section 4.4.1.3, conflict-cause 2: nonzero if the ACL accepts,
 * without a limit, packets from "source" to "target" that no entry before
 * drops as a whole.
 */
int dots_acl_conflict(const dots_acl_t *acl, const dots_prefix_t *source,
    const dots_prefix_t *target);

/* The name of a field as the schema has it, for errors; static storage. */
const char *dots_acl_field_name(unsigned field, unsigned family);

/* pending-lifetime: whole minutes, rounded up. */
int32_t dots_acl_pending(const dots_acl_t *acl, int64_t now);

/*
 * The record: what all entries of the data channel have (name, text, expires,
 * rank), and the detail, which is all that the text was read into.  Results as
 * those of dots_mitigation_encode() and _decode().  The briefs are what the
 * manager has to know of every ACL, read without an arena.
 */
typedef struct {
    dots_acl_activation_t  activation;
    int64_t                expires;
    int64_t                rank;
    dots_acl_needs_t       needs;
} dots_acl_brief_t;

size_t dots_acl_detail_size(const dots_acl_t *acl);
void dots_acl_detail_encode(const dots_acl_t *acl, dots_writer_t *w);
int dots_acl_detail_decode(dots_acl_t *acl, dots_reader_t *r, dots_arena_t *a);
int dots_acl_detail_brief(dots_acl_brief_t *brief, dots_reader_t *r);

size_t dots_acl_size(const dots_acl_t *acl);
int dots_acl_encode(const dots_acl_t *acl, uint8_t *buf, size_t size,
    size_t *len);
int dots_acl_decode(dots_acl_t *acl, const uint8_t *buf, size_t len,
    dots_arena_t *a);
int dots_acl_brief(dots_acl_brief_t *brief, const uint8_t *buf, size_t len);

/* As dots_alias_renew(). */
int dots_acl_renew(dots_acl_t *acl, const dots_acl_t *old, int64_t now,
    int64_t expires);

/*
 * Gives those of "acls", which are all of a client in the order that is wanted,
 * ascending ranks with as few changes as that takes.  Rank 0 is one that has no
 * place yet; at the end it stays 0 where "last" is for the caller to choose.
 */
void dots_acl_order(dots_acl_t **acls, size_t n);

#endif /* DOTS_ACL_H */
