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
static int dots_signal_scope_write_conflict(dots_cbor_body_t *b,
    const dots_conflict_t *c, uint32_t retry);


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

/* Names of RFC 9132 Table 4 by number. */

static const char *const  dots_signal_scope_attack_status[] = {
    NULL,
    "under-attack",
    "attack-successfully-mitigated",
};

#define DOTS_SIGNAL_SCOPE_MESSAGE "ietf-dots-signal-channel:mitigation-scope"

/* RFC 9132 sections 10.6.3 and 10.6.4 */

#define DOTS_SIGNAL_SCOPE_CONFLICT_STATUS 3     /* the highest */
#define DOTS_SIGNAL_SCOPE_CUID_COLLISION  3

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


/* ---- responses: nodes in the order of the schema ---- */

void
dots_signal_scope_start(dots_cbor_body_t *b, uint8_t *buf, size_t size)
{
    dots_cbor_body_start(b, buf, size, DOTS_SIGNAL_SCOPE_MESSAGE);
}


static void
dots_signal_scope_write_prefix(dots_cbor_body_t *b, const dots_prefix_t *p)
{
    char    text[DOTS_PREFIX_TEXT];
    size_t  len;

    len = dots_prefix_print(p, text);
    dots_cbor_body_text(b, NULL, dots_str(text, len));
}


static void
dots_signal_scope_write_range(dots_cbor_body_t *b, const dots_port_range_t *p)
{
    dots_cbor_body_map(b, NULL);
    dots_cbor_body_uint(b, "lower-port", p->lower);

    if (p->has_upper) {
        dots_cbor_body_uint(b, "upper-port", p->upper);
    }

    dots_cbor_body_end(b);
}


static void
dots_signal_scope_write_entry(dots_cbor_body_t *b,
    const dots_target_clause_t *c, size_t i)
{
    switch (c->kind) {

    case DOTS_TARGET_PREFIX:
        dots_signal_scope_write_prefix(b, (const dots_prefix_t *) c->entries
                                          + i);
        return;

    case DOTS_TARGET_PORT_RANGE:
        dots_signal_scope_write_range(b,
                                      (const dots_port_range_t *) c->entries
                                      + i);
        return;

    case DOTS_TARGET_PROTOCOL:
        dots_cbor_body_uint(b, NULL, ((const uint8_t *) c->entries)[i]);
        return;

    case DOTS_TARGET_TEXT:
        dots_cbor_body_text(b, NULL, ((const dots_str_t *) c->entries)[i]);
    }
}


static void
dots_signal_scope_write_target(dots_cbor_body_t *b, const dots_target_t *t)
{
    size_t                i, j;
    dots_target_clause_t  c;

    for (i = 0; dots_target_clause(t, i, &c); i++) {

        if (c.n == 0) {
            continue;
        }

        dots_cbor_body_list(b, c.name, c.n);

        for (j = 0; j < c.n; j++) {
            dots_signal_scope_write_entry(b, &c, j);
        }
    }
}


/* RFC 9132 Figure 10 */

int
dots_signal_scope_granted(dots_cbor_body_t *b, const dots_request_t *rq,
    unsigned content)
{
    (void) content;

    dots_cbor_body_list(b, "scope", 1);
    dots_cbor_body_map(b, NULL);
    dots_cbor_body_int(b, "lifetime", rq->mitigation->lifetime);
    dots_cbor_body_uint(b, "mid", rq->mid);
    dots_cbor_body_end(b);

    return DOTS_OK;
}


/* RFC 9132 section 4.4.2: optional, where the mitigator counts. */

static void
dots_signal_scope_write_dropped(dots_cbor_body_t *b, const dots_count_t *c)
{
    dots_cbor_body_uint(b, "bytes-dropped", c->octets);
    dots_cbor_body_uint(b, "bps-dropped", dots_count_octets_per_second(c));
    dots_cbor_body_uint(b, "pkts-dropped", c->packets);
    dots_cbor_body_uint(b, "pps-dropped", dots_count_packets_per_second(c));
}


/* No mitigation-start while the loss of the signal is awaited. */

static int
dots_signal_scope_write_state(dots_cbor_body_t *b, const dots_mitigation_t *m,
    int64_t now)
{
    int  rc;

    if (m->status < DOTS_STATUS_IN_PROGRESS
        || m->status > DOTS_STATUS_AWAITING_LOSS)
    {
        return DOTS_ERROR;
    }

    if (m->start != 0 && m->status != DOTS_STATUS_AWAITING_LOSS) {
        dots_cbor_body_uint(b, "mitigation-start", (uint64_t) m->start);
    }

    dots_cbor_body_uint(b, "status", m->status);

    rc = DOTS_OK;

    if (m->conflict.cause != 0) {
        rc = dots_signal_scope_write_conflict(b, &m->conflict,
                                              dots_mitigation_retry(m, now));
    }

    if (m->dropped != NULL) {
        dots_signal_scope_write_dropped(b, m->dropped);
    }

    return rc;
}


/* RFC 9132 section 4.4.2: lifetime, which runs down, is in every selection. */

static int
dots_signal_scope_write(dots_cbor_body_t *b, const dots_mitigation_t *m,
    int64_t now, unsigned content)
{
    if (content & DOTS_SIGNAL_URI_CONFIG) {
        dots_signal_scope_write_target(b, &m->target);
    }

    dots_cbor_body_int(b, "lifetime", dots_mitigation_remaining(m, now));

    if ((content & DOTS_SIGNAL_URI_CONFIG) && !m->trigger) {
        dots_cbor_body_bool(b, "trigger-mitigation", 0);
    }

    dots_cbor_body_uint(b, "mid", m->mid);

    return (content & DOTS_SIGNAL_URI_STATE)
           ? dots_signal_scope_write_state(b, m, now)
           : DOTS_OK;
}


int
dots_signal_scope_found(dots_cbor_body_t *b, const dots_request_t *rq,
    unsigned content)
{
    int     rc;
    size_t  i;

    dots_cbor_body_list(b, "scope", rq->nmitigations);

    for (i = 0; i < rq->nmitigations && !b->writer.full; i++) {

        dots_cbor_body_map(b, NULL);

        rc = dots_signal_scope_write(b, &rq->mitigations[i], rq->now, content);
        if (rc != DOTS_OK) {
            return rc;
        }

        dots_cbor_body_end(b);
    }

    return DOTS_OK;
}


static int
dots_signal_scope_write_conflict(dots_cbor_body_t *b, const dots_conflict_t *c,
    uint32_t retry)
{
    if (c->status > DOTS_SIGNAL_SCOPE_CONFLICT_STATUS) {
        return DOTS_ERROR;
    }

    dots_cbor_body_map(b, "conflict-information");

    if (c->status != 0) {
        dots_cbor_body_uint(b, "conflict-status", c->status);
    }

    dots_cbor_body_uint(b, "conflict-cause", DOTS_CONFLICT_OVERLAP);

    if (retry != 0) {
        dots_cbor_body_uint(b, "retry-timer", retry);
    }

    dots_cbor_body_map(b, "conflict-scope");
    dots_signal_scope_write_target(b, &c->scope);

    if (c->same_client) {
        dots_cbor_body_uint(b, "mid", c->mid);
    }

    dots_cbor_body_end(b);
    dots_cbor_body_end(b);

    return DOTS_OK;
}


/* RFC 9132 section 4.4.1.3, "with only the relevant nodes listed" */

int
dots_signal_scope_conflict(dots_cbor_body_t *b, const dots_request_t *rq,
    unsigned content)
{
    int  rc;

    (void) content;

    dots_cbor_body_list(b, "scope", 1);
    dots_cbor_body_map(b, NULL);
    dots_cbor_body_uint(b, "mid", rq->mid);

    rc = dots_signal_scope_write_conflict(b, &rq->conflict,
                                          rq->conflict.retry);
    dots_cbor_body_end(b);

    return rc;
}


/* RFC 9132 Figure 11: the cause and nothing else. */

int
dots_signal_scope_collision(dots_cbor_body_t *b, const dots_request_t *rq,
    unsigned content)
{
    (void) rq;
    (void) content;

    dots_cbor_body_list(b, "scope", 1);
    dots_cbor_body_map(b, NULL);
    dots_cbor_body_map(b, "conflict-information");
    dots_cbor_body_uint(b, "conflict-cause",
                        DOTS_SIGNAL_SCOPE_CUID_COLLISION);
    dots_cbor_body_end(b);
    dots_cbor_body_end(b);

    return DOTS_OK;
}
