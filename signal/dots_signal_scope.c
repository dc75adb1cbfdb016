#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "dots_count.h"
#include "dots_signal_scope.h"
#include "dots_signal_uri.h"


/* Attributes of a scope in a request; dots_target_read() reads the targets. */

typedef struct {
    const char  *name;
    const char  *refusal;       /* NULL: may be there */
    int        (*set)(dots_mitigation_t *m, const char *value,
                      dots_fault_t *f);
} dots_signal_scope_attribute_t;


static int dots_signal_scope_set_lifetime(dots_mitigation_t *m,
    const char *value, dots_fault_t *f);
static int dots_signal_scope_set_trigger(dots_mitigation_t *m,
    const char *value, dots_fault_t *f);
static int dots_signal_scope_set_attack(dots_mitigation_t *m,
    const char *value, dots_fault_t *f);
static int dots_signal_scope_write_conflict(const dots_conflict_t *c,
    uint32_t retry, struct lyd_node *info);


#define DOTS_SIGNAL_SCOPE_SERVERS "only the server sends it"

/* RFC 9132 sections 4.4.1.1, 4.4.3 and 5.1; all others are unknown here. */

static const dots_signal_scope_attribute_t  dots_signal_scope_attributes[] = {
    { "target-prefix", NULL, NULL },
    { "target-port-range", NULL, NULL },
    { "target-protocol", NULL, NULL },
    { "target-fqdn", NULL, NULL },
    { "target-uri", NULL, NULL },
    { "alias-name", NULL, NULL },
    { "lifetime", NULL, dots_signal_scope_set_lifetime },
    { "trigger-mitigation", NULL, dots_signal_scope_set_trigger },
    { "mid", "it belongs into the Uri-Path", NULL },
    { "mitigation-start", DOTS_SIGNAL_SCOPE_SERVERS, NULL },
    { "status", DOTS_SIGNAL_SCOPE_SERVERS, NULL },
    { "conflict-information", DOTS_SIGNAL_SCOPE_SERVERS, NULL },
    { "bytes-dropped", DOTS_SIGNAL_SCOPE_SERVERS, NULL },
    { "bps-dropped", DOTS_SIGNAL_SCOPE_SERVERS, NULL },
    { "pkts-dropped", DOTS_SIGNAL_SCOPE_SERVERS, NULL },
    { "pps-dropped", DOTS_SIGNAL_SCOPE_SERVERS, NULL },
    { "attack-status", NULL, dots_signal_scope_set_attack },
};

/* Names of RFC 9132 Table 3, sections 10.6.3 and 10.6.4, by number. */

static const char *const  dots_signal_scope_status[] = {
    NULL,
    "attack-mitigation-in-progress",
    "attack-successfully-mitigated",
    "attack-stopped",
    "attack-exceeded-capability",
    "dots-client-withdrawn-mitigation",
    "attack-mitigation-terminated",
    "attack-mitigation-withdrawn",
    "attack-mitigation-signal-loss",
};

static const char *const  dots_signal_scope_attack_status[] = {
    NULL,
    "under-attack",
    "attack-successfully-mitigated",
};

static const char *const  dots_signal_scope_conflict_status[] = {
    NULL,
    "request-inactive-other-active",
    "request-active",
    "all-requests-inactive",
};

#define dots_signal_scope_count(table) (sizeof(table) / sizeof((table)[0]))


/* ---- requests ---- */

/*
 * Positive numbers that a mitigation cannot hold are as good as the largest
 * that it can: the grant is far below, and the client is told.
 */

static int
dots_signal_scope_set_lifetime(dots_mitigation_t *m, const char *value,
    dots_fault_t *f)
{
    long long  n;

    n = strtoll(value, NULL, 10);

    if (n == 0 || n < -1) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "lifetime",
                          "lifetime is neither -1 nor positive");
    }

    m->lifetime = (int32_t) (n > INT32_MAX ? INT32_MAX : n);

    return DOTS_OK;
}


static int
dots_signal_scope_set_trigger(dots_mitigation_t *m, const char *value,
    dots_fault_t *f)
{
    (void) f;

    m->trigger = strcmp(value, "true") == 0;

    return DOTS_OK;
}


/* RFC 9132 Table 4 */

static int
dots_signal_scope_set_attack(dots_mitigation_t *m, const char *value,
    dots_fault_t *f)
{
    uint8_t  i;

    for (i = 1; i < dots_signal_scope_count(dots_signal_scope_attack_status);
         i++)
    {
        if (strcmp(value, dots_signal_scope_attack_status[i]) == 0) {
            m->attack = i;
            return DOTS_OK;
        }
    }

    return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "attack-status",
                      "attack-status is neither 1 nor 2");
}


static int
dots_signal_scope_read_attribute(const struct lyd_node *node,
    dots_mitigation_t *m, dots_fault_t *f)
{
    size_t                                i;
    const char                           *name;
    const dots_signal_scope_attribute_t  *a;

    name = node->schema->name;

    for (i = 0; i < dots_signal_scope_count(dots_signal_scope_attributes);
         i++)
    {
        a = &dots_signal_scope_attributes[i];

        if (strcmp(a->name, name) != 0) {
            continue;
        }

        if (a->refusal != NULL) {
            return dots_fault(f, DOTS_FAULT_UNKNOWN, a->name,
                              "%s must not be in the request: %s", a->name,
                              a->refusal);
        }

        return a->set ? a->set(m, lyd_get_value(node), f) : DOTS_OK;
    }

    return dots_fault(f, DOTS_FAULT_UNKNOWN, name, "%s is not supported here",
                      name);
}


/* The one scope of a mitigation-scope, RFC 9132 section 4.4.1.1. */

static const struct lyd_node *
dots_signal_scope_only(const dots_schema_t *schema,
    const struct lyd_node *top, dots_fault_t *f)
{
    const struct lyd_node   *scope;
    const struct lysc_node  *message;

    message = dots_schema_message_case(schema, top);

    if (message == NULL || message->module != schema->signal
        || strcmp(message->name, "mitigation-scope") != 0)
    {
        (void) dots_fault(f, DOTS_FAULT_UNKNOWN, "mitigation-scope",
                          "the body is not a mitigation-scope");
        return NULL;
    }

    scope = lyd_child(top);

    if (scope == NULL) {
        (void) dots_fault(f, DOTS_FAULT_MISSING, "scope", "scope is missing");
        return NULL;
    }

    if (scope->next != NULL) {
        (void) dots_fault(f, DOTS_FAULT_INVALID_VALUE, "scope",
                          "more than one scope");
        return NULL;
    }

    return scope;
}


static int
dots_signal_scope_read_attributes(const struct lyd_node *scope,
    dots_mitigation_t *m, dots_fault_t *f)
{
    int                     rc;
    const struct lyd_node  *node;

    for (node = lyd_child(scope); node != NULL; node = node->next) {

        rc = dots_signal_scope_read_attribute(node, m, f);
        if (rc != DOTS_OK) {
            return rc;
        }
    }

    return DOTS_OK;
}


int
dots_signal_scope_read(const dots_schema_t *schema, const struct lyd_node *top,
    dots_arena_t *a, dots_mitigation_t *m, dots_fault_t *f)
{
    int                     rc;
    const struct lyd_node  *scope;

    m->lifetime = 0;
    m->trigger = 1;
    m->attack = 0;

    scope = dots_signal_scope_only(schema, top, f);
    if (scope == NULL) {
        return DOTS_INVALID;
    }

    rc = dots_signal_scope_read_attributes(scope, m, f);
    if (rc != DOTS_OK) {
        return rc;
    }

    /* Figure 16, an efficacy update, has none */

    if (m->lifetime == 0 && m->attack == 0) {
        return dots_fault(f, DOTS_FAULT_MISSING, "lifetime",
                          "lifetime is missing");
    }

    rc = dots_target_read(scope, a, &m->target, f);
    if (rc != DOTS_OK) {
        return rc;
    }

    if (dots_target_empty(&m->target)) {
        return dots_fault(f, DOTS_FAULT_MISSING, "target-prefix",
                          "none of target-prefix, target-fqdn, target-uri "
                          "and alias-name is there");
    }

    return DOTS_OK;
}


/* ---- responses ---- */

static int
dots_signal_scope_leaf(struct lyd_node *parent, const char *name,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static int
dots_signal_scope_leaf(struct lyd_node *parent, const char *name,
    const char *fmt, ...)
{
    char     value[64];
    va_list  args;

    va_start(args, fmt);
    (void) vsnprintf(value, sizeof(value), fmt, args);
    va_end(args);

    return lyd_new_term(parent, NULL, name, value, 0, NULL) == LY_SUCCESS
           ? DOTS_OK : DOTS_ERROR;
}


static struct lyd_node *
dots_signal_scope_new(const dots_schema_t *schema, struct lyd_node *top)
{
    struct lyd_node  *scope;

    return dots_schema_message_add(schema, top, "scope", NULL, &scope)
           == DOTS_OK ? scope : NULL;
}


static struct lyd_node *
dots_signal_scope_container(struct lyd_node *parent, const char *name)
{
    struct lyd_node  *node;

    return lyd_new_inner(parent, NULL, name, 0, &node) == LY_SUCCESS ? node
                                                                     : NULL;
}


/* RFC 9132 Figure 10 */

int
dots_signal_scope_granted(const dots_schema_t *schema, const dots_request_t *rq,
    unsigned content, struct lyd_node *top)
{
    struct lyd_node  *scope;

    (void) content;

    scope = dots_signal_scope_new(schema, top);

    if (scope == NULL
        || dots_signal_scope_leaf(scope, "mid", "%u", rq->mid) != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    return dots_signal_scope_leaf(scope, "lifetime", "%d",
                                  rq->mitigation->lifetime);
}


/* RFC 9132 section 4.4.2: optional, where the mitigator counts. */

static int
dots_signal_scope_write_dropped(const dots_count_t *c, struct lyd_node *scope)
{
    size_t  i;

    const struct {
        const char         *name;
        unsigned long long  value;
    } leaves[] = {
        { "bytes-dropped", c->octets },
        { "bps-dropped", dots_count_octets_per_second(c) },
        { "pkts-dropped", c->packets },
        { "pps-dropped", dots_count_packets_per_second(c) },
    };

    for (i = 0; i < dots_signal_scope_count(leaves); i++) {

        if (dots_signal_scope_leaf(scope, leaves[i].name, "%llu",
                                   leaves[i].value)
            != DOTS_OK)
        {
            return DOTS_ERROR;
        }
    }

    return DOTS_OK;
}


/* No mitigation-start while the loss of the signal is awaited. */

static int
dots_signal_scope_write_state(const dots_mitigation_t *m, int64_t now,
    struct lyd_node *scope)
{
    struct lyd_node  *info;

    if (m->start != 0 && m->status != DOTS_STATUS_AWAITING_LOSS
        && dots_signal_scope_leaf(scope, "mitigation-start", "%lld",
                                  (long long) m->start)
           != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    if (m->status < 1
        || m->status >= dots_signal_scope_count(dots_signal_scope_status))
    {
        return DOTS_ERROR;
    }

    if (dots_signal_scope_leaf(scope, "status", "%s",
                               dots_signal_scope_status[m->status])
        != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    if (m->dropped != NULL
        && dots_signal_scope_write_dropped(m->dropped, scope) != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    if (m->conflict.cause == 0) {
        return DOTS_OK;
    }

    info = dots_signal_scope_container(scope, "conflict-information");

    return info ? dots_signal_scope_write_conflict(&m->conflict,
                                                   dots_mitigation_retry(m,
                                                                         now),
                                                   info)
                : DOTS_ERROR;
}


static int
dots_signal_scope_write_config(const dots_mitigation_t *m,
    struct lyd_node *scope)
{
    if (dots_target_write(&m->target, scope) != DOTS_OK) {
        return DOTS_ERROR;
    }

    if (m->trigger) {
        return DOTS_OK;
    }

    return dots_signal_scope_leaf(scope, "trigger-mitigation", "false");
}


/* RFC 9132 section 4.4.2: lifetime, which runs down, is in every selection. */

static int
dots_signal_scope_write(const dots_mitigation_t *m, int64_t now,
    unsigned content, struct lyd_node *scope)
{
    if (dots_signal_scope_leaf(scope, "mid", "%u", m->mid) != DOTS_OK
        || dots_signal_scope_leaf(scope, "lifetime", "%d",
                                  dots_mitigation_remaining(m, now))
           != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    if ((content & DOTS_SIGNAL_URI_CONFIG)
        && dots_signal_scope_write_config(m, scope) != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    if (content & DOTS_SIGNAL_URI_STATE) {
        return dots_signal_scope_write_state(m, now, scope);
    }

    return DOTS_OK;
}


int
dots_signal_scope_found(const dots_schema_t *schema, const dots_request_t *rq,
    unsigned content, struct lyd_node *top)
{
    size_t            i;
    struct lyd_node  *scope;

    for (i = 0; i < rq->nmitigations; i++) {

        scope = dots_signal_scope_new(schema, top);

        if (scope == NULL
            || dots_signal_scope_write(&rq->mitigations[i], rq->now, content,
                                       scope)
               != DOTS_OK)
        {
            return DOTS_ERROR;
        }
    }

    return DOTS_OK;
}


/* An empty scope is no node: a container without children says nothing. */

static int
dots_signal_scope_write_conflict_scope(const dots_conflict_t *c,
    struct lyd_node *info)
{
    struct lyd_node  *scope;

    scope = dots_signal_scope_container(info, "conflict-scope");

    if (scope == NULL || dots_target_write(&c->scope, scope) != DOTS_OK
        || (c->same_client
            && dots_signal_scope_leaf(scope, "mid", "%u", c->mid)
               != DOTS_OK))
    {
        return DOTS_ERROR;
    }

    if (lyd_child(scope) == NULL) {
        lyd_free_tree(scope);
    }

    return DOTS_OK;
}


static int
dots_signal_scope_write_conflict(const dots_conflict_t *c, uint32_t retry,
    struct lyd_node *info)
{
    const char  *status;

    if (c->status
        >= dots_signal_scope_count(dots_signal_scope_conflict_status))
    {
        return DOTS_ERROR;
    }

    status = dots_signal_scope_conflict_status[c->status];

    if (status != NULL
        && dots_signal_scope_leaf(info, "conflict-status", "%s", status)
           != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    if (dots_signal_scope_leaf(info, "conflict-cause", "overlapping-targets")
        != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    if (retry != 0
        && dots_signal_scope_leaf(info, "retry-timer", "%u", retry)
           != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    return dots_signal_scope_write_conflict_scope(c, info);
}


/* RFC 9132 section 4.4.1.3, "with only the relevant nodes listed" */

int
dots_signal_scope_conflict(const dots_schema_t *schema,
    const dots_request_t *rq, unsigned content, struct lyd_node *top)
{
    struct lyd_node  *scope, *info;

    (void) content;

    scope = dots_signal_scope_new(schema, top);

    if (scope == NULL
        || dots_signal_scope_leaf(scope, "mid", "%u", rq->mid) != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    info = dots_signal_scope_container(scope, "conflict-information");

    return info ? dots_signal_scope_write_conflict(&rq->conflict,
                                                   rq->conflict.retry, info)
                : DOTS_ERROR;
}


/* RFC 9132 Figure 11: the cause and nothing else. */

int
dots_signal_scope_collision(const dots_schema_t *schema,
    const dots_request_t *rq, unsigned content, struct lyd_node *top)
{
    struct lyd_node  *scope, *info;

    (void) rq;
    (void) content;

    scope = dots_signal_scope_new(schema, top);
    if (scope == NULL) {
        return DOTS_ERROR;
    }

    info = dots_signal_scope_container(scope, "conflict-information");
    if (info == NULL) {
        return DOTS_ERROR;
    }

    return dots_signal_scope_leaf(info, "conflict-cause", "cuid-collision");
}
