/*
 * Mitigators: what makes a mitigation happen in the network.  A driver keeps
 * the actual set of rules in step with the desired one; a runner gives each
 * driver a thread of its own in the manager's process, so that a slow or absent
 * daemon holds up nobody.  Knows nothing of nginx, CoAP, HTTP or the store.
 * Called by the manager only.
 */

#ifndef DOTS_MITIGATOR_H
#define DOTS_MITIGATOR_H

#include "dots_acl.h"
#include "dots_base.h"
#include "dots_mitigation.h"
#include "dots_prefix.h"

/*
 * One rule of the desired set: drop all to the prefix, for a mitigation or for
 * an ACL that says so.  Ports, sources and actions come with FlowSpec.
 */

typedef struct {
    dots_prefix_t  prefix;
} dots_rule_t;

typedef enum {
    DOTS_RULE_PENDING = 0,   /* not confirmed yet; the driver keeps trying */
    DOTS_RULE_INSTALLED,     /* seen in the daemon's own table */
    DOTS_RULE_REFUSED,       /* for good: the daemon or another route says no */
    DOTS_RULE_UNKNOWN        /* this runner has not looked once: what one before
                                it has said holds */
} dots_rule_state_t;

typedef struct {
    dots_rule_t        rule;
    dots_rule_state_t  state;
    char               reason[DOTS_REASON_MAX];  /* of REFUSED, else empty */
} dots_rule_status_t;

/*
 * What was dropped by one rule.  A packet counts for the longest prefix that it
 * goes to, so that rules inside another one add up with it.
 */

typedef struct {
    dots_prefix_t  prefix;
    uint8_t        counted;     /* 0: nothing is known of it */
    uint64_t       packets;
    uint64_t       octets;
} dots_rule_count_t;

typedef void (*dots_mitigator_log_pt)(void *ctx, int level, const char *text);

#define DOTS_LOG_ERROR 1   /* the operator must act */
#define DOTS_LOG_WARN  2
#define DOTS_LOG_INFO  3

typedef struct {
    const char *name;

    /* "conf" is the driver's own struct; it outlives the handle. */
    void *(*open)(const void *conf, dots_mitigator_log_pt log, void *log_ctx);

    /*
     * Makes the actual set equal to the n rules of "want" (sorted by prefix,
     * unique; states and reasons are filled) and confirms it by reading back.
     * Touches nothing that is not tagged as ours.  May block, bounded by the
     * driver's own timeouts.  DOTS_OK: in step, states are facts.  DOTS_ERROR:
     * the daemon is away or failed; states are what is known; try again.
     */
    int (*sync)(void *handle, dots_rule_status_t *want, size_t n);

    /*
     * Or NULL.  Fills in what the n rules of the last sync, which "counts" has
     * in that order, have dropped so far; a number that is smaller than the
     * last one began anew.  DOTS_DECLINED: it does not count; DOTS_ERROR as
     * above.
     */
    int (*count)(void *handle, dots_rule_count_t *counts, size_t n);

    /* From another thread: a sync under way ends soon, with DOTS_ERROR. */
    void (*interrupt)(void *handle);

    void (*close)(void *handle);

    /* Nonzero if the driver can express the mitigation at all. */
    int (*can)(const void *conf, const dots_mitigation_t *m);

    /*
     * What the driver can express of an ACL (RFC 8783 section 7.1): families,
     * actions, match fields; "ability" comes zeroed.  An ACL that fits becomes
     * rules like those of mitigations, one for each of its destinations.
     */
    void (*ability)(const void *conf, dots_acl_needs_t *ability);
} dots_mitigator_driver_t;

typedef struct dots_mitigator_s  dots_mitigator_t;

/*
 * Starts the thread.  notify(ctx) is called from the thread whenever states
 * have changed: it must only wake somebody up (write to an eventfd).
 * All signals are blocked in the thread.
 */
dots_mitigator_t *dots_mitigator_start(const dots_mitigator_driver_t *driver,
    const void *conf, void (*notify)(void *ctx), dots_mitigator_log_pt log,
    void *ctx);

/*
 * Ends the thread, in the midst of a sync, too; the rules stay in the network
 * (a restart takes them over).
 */
void dots_mitigator_stop(dots_mitigator_t *mt);

/* Replaces the desired set: "rules" are copied, sorted and made unique. */
int dots_mitigator_want(dots_mitigator_t *mt, const dots_rule_t *rules,
    size_t n);

/*
 * State of one prefix of the desired set given last; PENDING if the driver has
 * not looked at it yet, UNKNOWN if at nothing at all.  "reason" may be NULL.
 */
dots_rule_state_t dots_mitigator_state(dots_mitigator_t *mt,
    const dots_prefix_t *prefix, char reason[DOTS_REASON_MAX]);

/*
 * What each rule that was counted has dropped since it was first seen to be
 * installed, as of the last count, sorted: "counts" is for the caller to free;
 * never less than it was while the rule is there.  DOTS_OK, or DOTS_ERROR: no
 * memory.
 */
int dots_mitigator_counts(dots_mitigator_t *mt, dots_rule_count_t **counts,
    size_t *n);

/*
 * Counts the counts; equal numbers: nothing new to ask for.  0: there was none
 * yet.
 */
#define DOTS_MITIGATOR_UNCOUNTED UINT64_MAX /* the driver says it can't */

uint64_t dots_mitigator_counted(dots_mitigator_t *mt);

/* Counts state changes; equal numbers: nothing new to ask for. */
uint64_t dots_mitigator_generation(dots_mitigator_t *mt);

#endif /* DOTS_MITIGATOR_H */
