/*
 * A mitigation: what was asked, what was granted, where it stands in its life
 * (RFC 9132 sections 4.4.1 to 4.4.4), and its durable record.
 * Knows no storage and no protocol.  Used by the registry, both channels, the
 * store's replay and the manager.
 */

#ifndef DOTS_MITIGATION_H
#define DOTS_MITIGATION_H

#include "dots_base.h"
#include "dots_prefix.h"
#include "dots_target.h"

#define DOTS_CUID_MAX   128 /* longest cuid: it is part of the store's keys */
#define DOTS_REASON_MAX 120
#define DOTS_MITIGATION_RESOLVED 4096 /* prefixes that one may protect */
#define DOTS_FOREVER    INT64_MAX

/* RFC 9132 Table 3; the numbers are the wire's. */

typedef enum {
    DOTS_STATUS_IN_PROGRESS = 1,
    DOTS_STATUS_MITIGATED = 2,
    DOTS_STATUS_STOPPED = 3,
    DOTS_STATUS_EXCEEDED = 4,
    DOTS_STATUS_TERMINATING = 5, /* withdrawn by the client, still active */
    DOTS_STATUS_TERMINATED = 6,
    DOTS_STATUS_WITHDRAWN = 7,   /* by the server */
    DOTS_STATUS_AWAITING_LOSS = 8
} dots_status_t;

/* RFC 9132 Table 4 */

typedef enum {
    DOTS_ATTACK_UNDER = 1,
    DOTS_ATTACK_MITIGATED = 2
} dots_attack_t;

#define DOTS_CONFLICT_OVERLAP 1  /* conflict-cause */

/*
 * conflict-information, RFC 9132 section 4.4.1.3, for the one whose request it
 * is about: its own clauses, and of another client nothing but a time.
 */

typedef struct {
    uint8_t        cause;        /* 0: there is no conflict */
    uint8_t        same_client;  /* with a mitigation of the client's own */
    uint32_t       mid;          /* that mid; only where same_client */
    uint8_t        status;       /* conflict-status 1..3; 0: absent */
    uint32_t       retry;        /* retry-timer, s; 0: absent */
    dots_target_t  scope;        /* the client's clauses that overlap */
} dots_conflict_t;

typedef struct {
    dots_str_t     customer;
    dots_str_t     cuid;
    uint32_t       mid;

    dots_target_t  target;      /* as asked, for GET and the refresh rule */
    size_t         nresolved;
    dots_prefix_t *resolved;    /* what is protected: the prefixes, and what
                                   names and aliases stood for; sorted, each
                                   once */

    int32_t        lifetime;    /* s, as asked, then as granted; -1: no end */
    uint8_t        trigger;     /* trigger-mitigation */
    dots_status_t  status;
    int64_t        start;       /* mitigation-start, s of the epoch; 0: none */
    int64_t        expires;     /* ms of dots_clock.h, or DOTS_FOREVER */
    int64_t        terminates;  /* end of active-but-terminating, ms; 0: not */
    char           reason[DOTS_REASON_MAX]; /* of status 7, for the operator */

    uint8_t        attack;      /* dots_attack_t of the last efficacy update,
                                   section 4.4.3; 0: none yet */
    uint16_t       dampen;      /* s: its own active-but-terminating period,
                                   section 4.4.4; 0: the policy's */
    int64_t        resolves;    /* ms: when its names are to be looked up
                                   again; 0: there are none */
    dots_conflict_t conflict;   /* why the server withdrew it, or what it
                                   stands beside; cause 0: nothing */
    int64_t        conflicted;  /* ms: since when; the retry-timer's start */

    const struct dots_count_s *dropped; /* dots_count.h; NULL: nobody counts;
                                           not in the record */
} dots_mitigation_t;

typedef struct {
    uint32_t  dflt;         /* seconds, granted for -1 where that is refused */
    uint32_t  min;
    uint32_t  max;
    uint8_t   indefinite;   /* -1 is granted */
    uint32_t  terminating;  /* active-but-terminating period, seconds */
} dots_lifetime_t;

/* The lifetime granted for the one asked (-1 or > 0), RFC 9132 4.4.1.1. */
int32_t dots_lifetime_grant(const dots_lifetime_t *policy, int32_t asked);

/*
 * Whole seconds up to its deadline (below), or up to "expires" for one that is
 * to await the loss again, rounded up; -1: without end; 0: over.
 */
int32_t dots_mitigation_remaining(const dots_mitigation_t *m, int64_t now);

/*
 * The moment (ms) at which something happens by itself, or DOTS_FOREVER:
 * "terminates" for status 5, and for status 7 where it is set, else "expires".
 */
int64_t dots_mitigation_deadline(const dots_mitigation_t *m);

/*
 * The moment (ms) to look at it: its deadline, or before that the next lookup
 * of its names, while they matter (status 1 to 4 and 8).
 */
int64_t dots_mitigation_due(const dots_mitigation_t *m);

/*
 * Nonzero for a request with trigger-mitigation false that stepped back from an
 * immediate one: status 7, and 8 again at its deadline (RFC 9132 Table 3).
 */
int dots_mitigation_returns(const dots_mitigation_t *m);

/* What is left of the retry-timer, s; 0: absent or over. */
uint32_t dots_mitigation_retry(const dots_mitigation_t *m, int64_t now);

/* Nonzero while the network has to act on it: status 1 to 5. */
int dots_mitigation_active(const dots_mitigation_t *m);

/* Sorts "resolved", drops duplicates and prefixes inside others. */
void dots_mitigation_normalize(dots_mitigation_t *m);

/*
 * The record has a version byte; decode copies everything to the arena.
 * encode: DOTS_OK, DOTS_FULL (the buffer) or DOTS_INVALID (decode would refuse
 * it); decode: DOTS_OK, DOTS_INVALID or DOTS_ERROR (the arena).
 */
size_t dots_mitigation_size(const dots_mitigation_t *m);
int dots_mitigation_encode(const dots_mitigation_t *m, uint8_t *buf,
    size_t size, size_t *len);
int dots_mitigation_decode(dots_mitigation_t *m, const uint8_t *buf, size_t len,
    dots_arena_t *a);

#endif /* DOTS_MITIGATION_H */
