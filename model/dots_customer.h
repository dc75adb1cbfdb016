/*
 * Customers: who an authenticated identity is and what it owns.  Built once
 * when the configuration is read, read-only afterwards; every lookup is
 * indexed.  Called by the configuration (build), by the sessions (identity)
 * and by the checks of targets.
 */

#ifndef DOTS_CUSTOMER_H
#define DOTS_CUSTOMER_H

#include "dots_acl.h"
#include "dots_base.h"
#include "dots_prefix.h"

#define DOTS_CUSTOMER_NAME 64 /* longest name: it is part of the store's keys */

typedef enum {
    DOTS_IDENTITY_DNS = 0,      /* SAN dNSName, case-insensitive */
    DOTS_IDENTITY_URI,          /* SAN URI */
    DOTS_IDENTITY_CN,           /* subject CN */
    DOTS_IDENTITY_FINGERPRINT,  /* SHA-256 of the certificate, 32 raw bytes */
    DOTS_IDENTITY_PSK,          /* PSK identity */
    DOTS_IDENTITY_CDID          /* what a trusted gateway calls it, RFC 9132
                                   section 4.4.1.2 */
} dots_identity_kind_t;

/* Where a customer is to ask instead: RFC 9132 section 4.6. */

#define DOTS_REDIRECT_RECORDS 8
#define DOTS_REDIRECT_BODY    1024 /* the largest one in CBOR fits */

typedef struct {
    const char  *alt_server;
    size_t       nrecords;
    const char  *records[DOTS_REDIRECT_RECORDS]; /* addresses as text */
    uint32_t     max_age;                        /* s */
} dots_redirect_t;

typedef struct dots_customer_s {
    dots_str_t     name;
    size_t         nprefixes;
    dots_prefix_t *prefixes;      /* sorted by dots_prefix_cmp() */
    uint8_t       *shared;        /* of each prefix */
    size_t         nnames;
    dots_str_t    *names;         /* lower case, no trailing dot, sorted */
    size_t         nmitigators;
    dots_str_t    *mitigators;    /* by preference */
    uint8_t        gateway;       /* trusted to say for whom it asks, cdid */
    uint8_t        relayed;       /* a gateway has a cdid for it */
    uint32_t       max_mitigations;  /* 0: no limit */
    uint32_t       max_aliases;      /* 0: no limit */
    uint32_t       max_acls;         /* 0: no limit */
    uint32_t       max_clients;      /* dots-clients; 0: no limit */
    uint32_t       max_vendors;      /* of vendor-mappings; 0: no limit */
    size_t         nabilities;
    dots_acl_needs_t *abilities;     /* what the mitigators can filter by */
    uint8_t        unenforced;       /* ACLs beyond that are kept */

    /* the host's to enforce; rates in 1/1000 per s; 0: no limit */

    uint32_t       max_sessions;
    uint32_t       max_observers;
    uint32_t       max_streams;
    uint32_t       rate;             /* of requests, signal channel */
    uint32_t       data_rate;        /* of requests, data channel */
    uint32_t       handshakes;
    const dots_redirect_t *redirect; /* NULL: none; the caller's */
    size_t         nspace;
    dots_prefix_t *space;         /* by finish(): "prefixes" in their fewest
                                     form, disjoint and sorted */
    uint64_t       identities;    /* the sum of their digests */
} dots_customer_t;

/*
 * A digest of all that the configuration says of the customer and, but for what
 * its mitigators are, of nothing else: a session goes on across a reload only
 * if it stayed the same.  A new field belongs in it, and its size here.
 */
#if UINTPTR_MAX == UINT64_MAX
_Static_assert(sizeof(dots_customer_t) == 176,
               "dots_customer_digest() has to know each field");
#endif

uint64_t dots_customer_digest(const dots_customer_t *c);

/* Likewise of one identity, whosever it is. */
uint64_t dots_customer_identity(dots_identity_kind_t kind, dots_str_t value);

typedef struct dots_customers_s  dots_customers_t;

/* Empty; NULL: no memory.  What is added goes with it. */
dots_customers_t *dots_customers_create(void);
void dots_customers_destroy(dots_customers_t *cs);

/*
 * New customer, or NULL with "f" filled: name taken, empty, too long or with
 * control characters; NULL without memory, too, and then f->message is empty.
 */
dots_customer_t *dots_customers_add(dots_customers_t *cs, dots_str_t name,
    dots_fault_t *f);

/*
 * These return DOTS_OK, DOTS_INVALID ("f" names the other customer and the
 * remedy) or DOTS_ERROR.  An identity belongs to one customer.  Two prefixes of
 * two customers may overlap only if both say shared.  A prefix that no target
 * may touch (dots_prefix_forbidden()) is refused.  Of the values only bytes are
 * compared, except DNS identities and names, whose case does not matter.
 */
int dots_customers_add_identity(dots_customers_t *cs, dots_customer_t *c,
    dots_identity_kind_t kind, dots_str_t value, dots_fault_t *f);
int dots_customers_add_prefix(dots_customers_t *cs, dots_customer_t *c,
    const dots_prefix_t *p, int shared, dots_fault_t *f);
int dots_customers_add_name(dots_customers_t *cs, dots_customer_t *c,
    dots_str_t name, dots_fault_t *f);
int dots_customers_add_mitigator(dots_customers_t *cs, dots_customer_t *c,
    dots_str_t name, dots_fault_t *f);

/*
 * Fills "abilities" of all customers, in the order of "mitigators": the
 * callback says what the mitigator of that name can filter by.  DOTS_OK or
 * DOTS_ERROR.
 */
int dots_customers_abilities(dots_customers_t *cs,
    void (*ability)(void *ctx, dots_str_t mitigator, dots_acl_needs_t *out),
    void *ctx);

/* For all customers that have none. */
void dots_customers_redirect(dots_customers_t *cs,
    const dots_redirect_t *redirect);

/* After the last one: sorts, indexes, checks overlaps between customers. */
int dots_customers_finish(dots_customers_t *cs, dots_fault_t *f);

/* NULL: unknown.  O(1) expected. */
const dots_customer_t *dots_customers_by_identity(const dots_customers_t *cs,
    dots_identity_kind_t kind, dots_str_t value);
const dots_customer_t *dots_customers_by_name(const dots_customers_t *cs,
    dots_str_t name);

/* Of all identities that there are. */
void dots_customers_identities(const dots_customers_t *cs,
    void (*handler)(uint64_t digest));

/* For walking all of them, in the order they were added; NULL at the end. */
const dots_customer_t *dots_customers_at(const dots_customers_t *cs, size_t i);

/* Nonzero: the whole of it is inside one of the customer's prefixes. */
int dots_customer_owns_prefix(const dots_customer_t *c, const dots_prefix_t *p);

/* The name itself or one below it, case-insensitive, trailing dot ignored. */
int dots_customer_owns_name(const dots_customer_t *c, dots_str_t fqdn);

#endif /* DOTS_CUSTOMER_H */
