/*
 * What the words of the command line mean: prefixes, ports, protocols and times
 * into the model's target clauses.  Knows no option and no message.
 */

#ifndef DOTS_CLI_TARGET_H
#define DOTS_CLI_TARGET_H

#include "dots_target.h"

/* The strings stay the caller's (they are those of argv). */

typedef struct {
    dots_target_t      target;
    dots_prefix_t      prefixes[DOTS_TARGET_MAX];
    dots_port_range_t  ports[DOTS_TARGET_MAX];
    uint8_t            protocols[UINT8_MAX + 1];
    dots_str_t         fqdns[DOTS_TARGET_MAX];
    dots_str_t         uris[DOTS_TARGET_MAX];
    dots_str_t         aliases[DOTS_TARGET_MAX];
} dots_cli_target_t;

void dots_cli_target_init(dots_cli_target_t *t);

/*
 * Each adds what "text" says; DOTS_OK, or DOTS_INVALID with what to write
 * instead in "f".
 */

/*
 * A prefix or an address; one with bits beyond its length is refused, because
 * 192.0.2.7/24 may mean an address as well as a network.
 */
int dots_cli_target_prefix(dots_cli_target_t *t, const char *text,
    dots_fault_t *f);
/* "80", "80,443,8000-8080"; what is there already is skipped, in all lists */
int dots_cli_target_ports(dots_cli_target_t *t, const char *text,
    dots_fault_t *f);
/* "tcp", "udp,17" */
int dots_cli_target_protocols(dots_cli_target_t *t, const char *text,
    dots_fault_t *f);
int dots_cli_target_fqdn(dots_cli_target_t *t, const char *text,
    dots_fault_t *f);
int dots_cli_target_uri(dots_cli_target_t *t, const char *text,
    dots_fault_t *f);
int dots_cli_target_alias(dots_cli_target_t *t, const char *text,
    dots_fault_t *f);

/* "tcp" for 6; NULL where there is no short name. */
const char *dots_cli_target_protocol_name(unsigned number);

/* "3600", "90s", "30m", "1h30m", "1d"; seconds, at least 1. */
int dots_cli_target_duration(const char *text, int32_t *seconds);

/* The same, and "forever" or "-1": -1, RFC 9132 section 4.4.1.1. */
int dots_cli_target_lifetime(const char *text, int32_t *seconds);

/* Nonzero: text in UTF-8, which JSON and CBOR can carry. */
int dots_cli_target_text(const char *text);

/* A decimal number from 0 to "max" and nothing else. */
int dots_cli_target_number(const char *text, uint64_t max, uint64_t *number);

#endif /* DOTS_CLI_TARGET_H */
