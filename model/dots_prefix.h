/*
 * IP prefixes: parsing, printing, containment and the addresses that RFC 9132
 * section 4.4.1.1 and RFC 8783 section 6.1 forbid as targets.
 * Called by every layer that touches an address.
 */

#ifndef DOTS_PREFIX_H
#define DOTS_PREFIX_H

#include "dots_base.h"

#define DOTS_PREFIX_TEXT 64 /* the longest printed prefix and its NUL */

typedef struct {
    uint8_t  family;    /* 4 or 6 */
    uint8_t  length;    /* bits: 0..32 or 0..128 */
    uint8_t  addr[16];  /* network order, bits after "length" are zero */
} dots_prefix_t;

/*
 * "192.0.2.0/24", "2001:db8::/32", or a bare address (its full length).  Host
 * bits are cleared, as inet:ip-prefix of RFC 6991 has them.  No zone index.
 * An IPv4-mapped IPv6 prefix (::ffff:0:0/96 and longer) becomes the IPv4 one,
 * so that no text form escapes the checks of its address.
 * DOTS_OK or DOTS_INVALID.
 */
int dots_prefix_parse(dots_prefix_t *p, dots_str_t text);

/*
 * "addr": 4 or 16 bytes in network order; the result is a host prefix, of IPv4
 * for an IPv4-mapped address.
 */
void dots_prefix_host(dots_prefix_t *p, int family, const void *addr);

/* Canonical text (RFC 5952 for IPv6) with length and NUL; bytes before NUL. */
size_t dots_prefix_print(const dots_prefix_t *p, char buf[DOTS_PREFIX_TEXT]);

/* Nonzero or 0; prefixes of two families neither contain nor overlap. */
int dots_prefix_contains(const dots_prefix_t *outer,
    const dots_prefix_t *inner);
int dots_prefix_overlaps(const dots_prefix_t *a, const dots_prefix_t *b);

/* Total order: family, address, length (shorter first). */
int dots_prefix_cmp(const dots_prefix_t *a, const dots_prefix_t *b);

/*
 * NULL, or why the prefix can be no target: "loopback", "multicast",
 * "broadcast" (255.255.255.255), "reserved" (the rest of 240.0.0.0/4),
 * "unspecified" (0.0.0.0/8, ::/128, a zero length), "link-local",
 * "IPv4-mapped" (what the parser could not turn into IPv4).
 * A prefix that overlaps a forbidden range at all is forbidden.  A directed
 * broadcast cannot be known here.
 */
const char *dots_prefix_forbidden(const dots_prefix_t *p);

/*
 * The record form: family, length, 4 or 16 bytes.  A prefix that the parser
 * could not have made fails the writer or the reader.
 */
#define DOTS_PREFIX_RECORD 6 /* the shortest */

size_t dots_prefix_size(const dots_prefix_t *p);
void dots_prefix_write(dots_writer_t *w, const dots_prefix_t *p);
void dots_prefix_read(dots_reader_t *r, dots_prefix_t *p);

#endif /* DOTS_PREFIX_H */
