/*
 * Target clauses: what a mitigation request or an alias says it is about
 * (RFC 9132 section 4.4.1.1, RFC 8783 section 6.1), in the order in which the
 * client sent them.  Owns their checks against the customer's space, their
 * record form and their reading from and writing to a YANG tree; must not know
 * CBOR or JSON.  Called by signal/, restconf/ and the mitigation record.
 */

#ifndef DOTS_TARGET_H
#define DOTS_TARGET_H

#include "dots_base.h"
#include "dots_prefix.h"

struct lyd_node;
struct dots_customer_s;

#define DOTS_TARGET_MAX 512 /* entries of one kind; a limit of ours, not of the
                               RFC: far beyond what one datagram can carry */
#define DOTS_TARGET_STRING 2048 /* bytes of one target-uri; ours, too */

typedef struct {
    uint16_t  lower;
    uint16_t  upper;      /* == lower where the client gave no upper-port */
    uint8_t   has_upper;
} dots_port_range_t;

typedef struct {
    size_t             nprefixes;
    dots_prefix_t     *prefixes;    /* target-prefix */
    size_t             nports;
    dots_port_range_t *ports;       /* target-port-range */
    size_t             nprotocols;
    uint8_t           *protocols;   /* target-protocol */
    size_t             nfqdns;
    dots_str_t        *fqdns;       /* target-fqdn, as sent */
    size_t             nuris;
    dots_str_t        *uris;        /* target-uri, as sent */
    size_t             naliases;
    dots_str_t        *aliases;     /* alias-name; always none in an alias */
} dots_target_t;

/*
 * Reads the target-* and alias-name children of "parent" (a scope or an alias
 * entry) into "t", strings copied to the arena; other children are skipped.
 * DOTS_OK, DOTS_INVALID (an empty value, upper-port below lower-port: RFC 9132
 * section 4.4.1.1; more than DOTS_TARGET_MAX entries or a string beyond its
 * limit: DOTS_FAULT_TOO_BIG), DOTS_ERROR.
 */
int dots_target_read(const struct lyd_node *parent, dots_arena_t *a,
    dots_target_t *t, dots_fault_t *f);

/*
 * Adds the clauses of "t" as children of "parent", an existing node whose
 * schema has them (scope, conflict-scope, alias).  DOTS_OK or DOTS_ERROR.
 */
int dots_target_write(const dots_target_t *t, struct lyd_node *parent);

/* One kind of clause, for who writes them elsewhere. */

typedef enum {
    DOTS_TARGET_PREFIX,         /* entries: dots_prefix_t */
    DOTS_TARGET_PORT_RANGE,     /* dots_port_range_t */
    DOTS_TARGET_PROTOCOL,       /* uint8_t */
    DOTS_TARGET_TEXT            /* dots_str_t */
} dots_target_kind_t;

typedef struct {
    const char         *name;   /* as the schema spells it */
    dots_target_kind_t  kind;
    size_t              n;
    const void         *entries;
} dots_target_clause_t;

/* The i-th, in the order of the schema, perhaps of no entries; 0: no more. */
int dots_target_clause(const dots_target_t *t, size_t i,
    dots_target_clause_t *c);

/* Nonzero if not one of target-prefix, -fqdn, -uri, alias-name is there. */
int dots_target_empty(const dots_target_t *t);

/* Same clauses, order aside: the refresh rule of RFC 9132 section 4.4.1.3. */
int dots_target_equal(const dots_target_t *a, const dots_target_t *b);

/*
 * Everything that can be said before a name is resolved: forbidden addresses,
 * prefixes outside the customer's, names that are not the customer's, URIs
 * without a host.  An address in a URI is checked here as a target-prefix is;
 * it is never resolved, so the caller has to add it (dots_target_uri()) to what
 * is protected.  Says nothing of dots_target_empty(), nor of alias-name.
 * DOTS_OK, or DOTS_INVALID with the attribute in "f".
 */
int dots_target_check(const dots_target_t *t,
    const struct dots_customer_s *customer, dots_fault_t *f);

/*
 * The same address checks for what "name" (of "attribute": "target-fqdn",
 * "target-uri") resolved to: RFC 9132 section 4.4.1.1.  No address at all is
 * DOTS_INVALID.
 */
int dots_target_check_resolved(const dots_prefix_t *addrs, size_t naddrs,
    const char *attribute, dots_str_t name,
    const struct dots_customer_s *customer, dots_fault_t *f);

/*
 * The host of a target-uri (RFC 3986): a name in "host" with *literal = 0, or
 * an address in "addr" with *literal = 1.  "port": the explicit one or the
 * scheme's default, 0 if unknown; "protocol": 6 or 17 by scheme, 0 if unknown.
 * DOTS_OK or DOTS_INVALID.
 */
int dots_target_uri(dots_str_t uri, dots_str_t *host, dots_prefix_t *addr,
    int *literal, uint16_t *port, uint8_t *protocol);

/*
 * The part of a record that holds the clauses.  A target beyond the limits, or
 * with what could not be read back, fails the writer.  decode: DOTS_OK,
 * DOTS_INVALID (then r->failed, too) or DOTS_ERROR.
 */
void dots_target_encode(const dots_target_t *t, dots_writer_t *w);
int dots_target_decode(dots_target_t *t, dots_reader_t *r, dots_arena_t *a);
size_t dots_target_size(const dots_target_t *t);    /* of the encoded form */
int dots_target_copy(dots_target_t *dst, const dots_target_t *src,
    dots_arena_t *a);

/*
 * One line for a log: prefixes, names, URIs, "alias:NAME", "protocol:N",
 * "port:N" or "port:N-N", with blanks between them; whole items only, " ..."
 * for what found no room.  No NUL.  The length; "size" is 8 at least.
 */
size_t dots_target_text(const dots_target_t *t, char *buf, size_t size);

#endif /* DOTS_TARGET_H */
