#include <stdio.h>

#include "dots_cbor.h"
#include "dots_signal_config.h"
#include "dots_signal_heartbeat.h"
#include "dots_signal_private.h"
#include "dots_signal_uri.h"


#define DOTS_SIGNAL_CONFIG_BODY  1024   /* Figure 20 has some 300 bytes */
#define DOTS_SIGNAL_CONFIG_UNIT  10     /* ms of a hundredth of a second */

/* not assigned by RFC 7252: RFC 9132 section 4.5.2, RFC 8132 section 6 */

#define DOTS_SIGNAL_CONFIG_UNACCEPTABLE  dots_coap_code(4, 22)


/* ---- what is in force ---- */

static void
dots_signal_config_apply(dots_signal_t *s)
{
    const uint32_t  *values;

    values = s->session.values[s->set];

    s->transmission.ack_timeout = (int64_t) values[DOTS_SESSION_ACK_TIMEOUT]
                                  * DOTS_SIGNAL_CONFIG_UNIT;
    s->transmission.ack_random_factor = values[DOTS_SESSION_ACK_RANDOM_FACTOR];
    s->transmission.max_retransmit = values[DOTS_SESSION_MAX_RETRANSMIT];
    s->transmission.probing_rate = values[DOTS_SESSION_PROBING_RATE];
}


void
dots_signal_config_open(dots_signal_t *s)
{
    s->set = DOTS_SESSION_IDLE;

    dots_session_reset(&s->session, s->conf.session);
    dots_signal_config_apply(s);
    dots_signal_config_changed(s);
    dots_signal_interest(s);
}


void
dots_signal_config_changed(dots_signal_t *s)
{
    s->changed = dots_session_differs(&s->session);
}


/*
 * "DOTS agents MUST automatically switch to the other configuration upon a
 * change in the mitigation activity", section 4.5.
 */

void
dots_signal_config_timer(dots_signal_t *s)
{
    if (!s->changed) {
        return;
    }

    s->changed = 0;

    s->set = s->conf.ops->mitigating != NULL
             && s->conf.ops->mitigating(s->peer)
             ? DOTS_SESSION_MITIGATING : DOTS_SESSION_IDLE;

    dots_signal_config_apply(s);
}


static void
dots_signal_config_install(dots_signal_t *s, const dots_session_t *session)
{
    s->session = *session;

    dots_signal_config_apply(s);
    dots_signal_config_changed(s);
    dots_signal_interest(s);

    dots_signal_observe_touch(s, dots_signal_config_get);
}


/* ---- answers ---- */

static void
dots_signal_config_failed(dots_signal_exchange_t *ex)
{
    dots_signal_refuse(ex, NULL, dots_coap_code(5, 0), -1,
                       "the server failed to process the request");
}


static void
dots_signal_config_done(dots_signal_exchange_t *ex, uint8_t code)
{
    dots_coap_message_t  response;

    dots_coap_init(&response);
    response.code = code;

    dots_signal_answer(ex, &response, NULL, NULL);
}


static int
dots_signal_config_leaf(struct lyd_node *parent,
    dots_session_parameter_t parameter, const char *name, uint32_t value)
{
    char         text[DOTS_SESSION_TEXT], leaf[32];
    const char  *suffix;

    suffix = dots_session_parameters[parameter].decimal ? "-decimal" : "";

    (void) snprintf(leaf, sizeof(leaf), "%s%s", name, suffix);
    dots_session_print(parameter, value, text);

    return lyd_new_term(parent, NULL, leaf, text, 0, NULL) == LY_SUCCESS
           ? DOTS_OK : DOTS_ERROR;
}


static int
dots_signal_config_write_parameter(const dots_signal_t *s,
    struct lyd_node *parent, dots_session_set_t set,
    dots_session_parameter_t k)
{
    struct lyd_node             *node;
    const dots_session_range_t  *range;

    range = &s->conf.session->sets[set][k];

    if (lyd_new_inner(parent, NULL, dots_session_parameters[k].name, 0, &node)
        != LY_SUCCESS)
    {
        return DOTS_ERROR;
    }

    if (dots_signal_config_leaf(node, k, "max-value", range->max) != DOTS_OK
        || dots_signal_config_leaf(node, k, "min-value", range->min)
           != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    return dots_signal_config_leaf(node, k, "current-value",
                                   s->session.values[set][k]);
}


/* Over TCP some are not negotiated and not shown, section 4.5. */

static int
dots_signal_config_write_set(const dots_signal_t *s, struct lyd_node *top,
    dots_session_set_t set)
{
    size_t            k;
    struct lyd_node  *node;

    if (dots_schema_message_add(s->conf.schema, top, dots_session_sets[set],
                                NULL, &node)
        != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    for (k = 0; k < DOTS_SESSION_PARAMETERS; k++) {

        if (s->transport->reliable && dots_session_parameters[k].unreliable) {
            continue;
        }

        if (dots_signal_config_write_parameter(s, node, set, k) != DOTS_OK) {
            return DOTS_ERROR;
        }
    }

    return DOTS_OK;
}


/* RFC 9132 Figure 20. */

static int
dots_signal_config_write(const dots_signal_t *s, uint8_t *buf, size_t size,
    size_t *len)
{
    int               rc;
    size_t            i;
    struct lyd_node  *top;

    if (dots_schema_message(s->conf.schema, NULL, "signal-config", &top)
        != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    rc = DOTS_OK;

    for (i = 0; rc == DOTS_OK && i < DOTS_SESSION_SETS; i++) {
        rc = dots_signal_config_write_set(s, top, i);
    }

    if (rc == DOTS_OK) {
        rc = dots_cbor_encode(top, buf, size, len);
    }

    lyd_free_all(top);

    return rc;
}


/* ---- a client's values: DOTS_OK or DOTS_INVALID ---- */

static int
dots_signal_config_unacceptable(const dots_signal_t *s,
    dots_session_set_t set, dots_session_parameter_t k, uint32_t value,
    dots_fault_t *f)
{
    char                         text[3][DOTS_SESSION_TEXT];
    const dots_session_range_t  *range;

    range = &s->conf.session->sets[set][k];

    dots_session_print(k, value, text[0]);
    dots_session_print(k, range->min, text[1]);
    dots_session_print(k, range->max, text[2]);

    return dots_fault(f, DOTS_FAULT_INVALID_VALUE,
                      dots_session_parameters[k].name,
                      "%s of %s: %s is not %s%s to %s",
                      dots_session_parameters[k].name, dots_session_sets[set],
                      text[0],
                      dots_session_parameters[k].disable ? "0 or " : "",
                      text[1], text[2]);
}


/* The value of a parameter's container; min and max are the server's to say. */

static int
dots_signal_config_read_value(const struct lyd_node *container,
    dots_session_parameter_t k, uint32_t *value, dots_fault_t *f)
{
    const char             *name;
    const struct lyd_node  *node;

    name = dots_session_parameters[k].name;
    node = lyd_child(container);

    if (node == NULL) {
        return dots_fault(f, DOTS_FAULT_MISSING, name,
                          "%s has no current-value", name);
    }

    for (/* void */; node != NULL; node = node->next) {

        if (strncmp(node->schema->name, "current-value",
                    sizeof("current-value") - 1)
            != 0)
        {
            return dots_fault(f, DOTS_FAULT_UNKNOWN, name,
                              "%s: %s must not be in the request: only the "
                              "server sends it", name, node->schema->name);
        }

        name = lyd_get_value(node);

        if (dots_session_parse(k, dots_str(name, strlen(name)), value)
            != DOTS_OK)
        {
            name = dots_session_parameters[k].name;

            return dots_fault(f, DOTS_FAULT_INVALID_VALUE, name,
                              "%s: out of range", name);
        }
    }

    return DOTS_OK;
}


/*
 * *code is what to refuse with.  An attribute of another module (RFC 9362) is
 * comprehension-optional and not served here: ignored, RFC 9132 section 6.
 */

static int
dots_signal_config_read_set(const dots_signal_t *s,
    const struct lyd_node *parent, dots_session_set_t set,
    dots_session_t *session, size_t *found, uint8_t *code, dots_fault_t *f)
{
    size_t                  k;
    uint32_t               *value;
    const struct lyd_node  *node;

    for (node = lyd_child(parent); node != NULL; node = node->next) {

        if (node->schema->module != s->conf.schema->signal) {
            continue;
        }

        for (k = 0; k < DOTS_SESSION_PARAMETERS; k++) {
            if (strcmp(dots_session_parameters[k].name, node->schema->name)
                == 0)
            {
                break;
            }
        }

        if (k == DOTS_SESSION_PARAMETERS) {
            return dots_fault(f, DOTS_FAULT_UNKNOWN, node->schema->name,
                              "%s is not supported here", node->schema->name);
        }

        value = &session->values[set][k];

        if (dots_signal_config_read_value(node, k, value, f) != DOTS_OK) {
            return DOTS_INVALID;
        }

        if (!dots_session_accepts(s->conf.session, set, k, *value)) {
            *code = DOTS_SIGNAL_CONFIG_UNACCEPTABLE;
            return dots_signal_config_unacceptable(s, set, k, *value, f);
        }

        (*found)++;
    }

    return DOTS_OK;
}


static int
dots_signal_config_read_sets(const dots_signal_t *s,
    const struct lyd_node *top, dots_session_t *session, uint8_t *code,
    dots_fault_t *f)
{
    int                      rc;
    size_t                   i, found;
    const struct lyd_node   *node;
    const struct lysc_node  *message;

    message = dots_schema_message_case(s->conf.schema, top);

    if (message == NULL || message->module != s->conf.schema->signal
        || strcmp(message->name, "signal-config") != 0)
    {
        return dots_fault(f, DOTS_FAULT_UNKNOWN, "signal-config",
                          "the body is not a signal-config");
    }

    found = 0;

    for (node = lyd_child(top); node != NULL; node = node->next) {

        for (i = 0; i < DOTS_SESSION_SETS; i++) {

            if (strcmp(dots_session_sets[i], node->schema->name) != 0) {
                continue;
            }

            rc = dots_signal_config_read_set(s, node, i, session, &found, code,
                                             f);
            if (rc != DOTS_OK) {
                return rc;
            }
        }
    }

    if (found == 0) {
        return dots_fault(f, DOTS_FAULT_MISSING, "signal-config",
                          "signal-config has none of heartbeat-interval, "
                          "missing-hb-allowed, probing-rate, max-retransmit, "
                          "ack-timeout and ack-random-factor");
    }

    return DOTS_OK;
}


/*
 * "the configuration parameters that are included in the PUT request ... will
 * be used instead of the DOTS server's defaults": what is not included is the
 * server's default, whatever was installed before (section 4.5.2).
 */

static int
dots_signal_config_read(dots_signal_exchange_t *ex, dots_session_t *session,
    uint8_t *code, dots_fault_t *f)
{
    int               rc;
    struct lyd_node  *top;

    rc = dots_cbor_decode_own(ex->conf->schema, ex->request.payload.data,
                              ex->request.payload.len, &top, f);
    if (rc != DOTS_OK) {
        return rc;
    }

    rc = dots_signal_config_read_sets(ex->signal, top, session, code, f);

    lyd_free_all(top);

    return rc;
}


/* ---- the methods ---- */

/* A sid is found if it is the installed one's. */

static int
dots_signal_config_found(const dots_signal_t *s, uint32_t sid)
{
    return s->session.installed && s->session.sid == sid;
}


/*
 * With a sid it shows the same, as long as that is installed: section 4.5.3
 * calls it "the current and acceptable configuration".
 */

void
dots_signal_config_get(dots_signal_exchange_t *ex)
{
    int                   has_sid;
    size_t                len;
    uint8_t               buf[DOTS_SIGNAL_CONFIG_BODY];
    uint32_t              sid;
    dots_fault_t          fault;
    dots_signal_t        *s;
    dots_coap_message_t   response;

    s = ex->signal;

    if (dots_signal_uri_read_sid(&ex->request, &has_sid, &sid, &fault)
        != DOTS_OK)
    {
        dots_signal_fault(ex, NULL, dots_coap_code(4, 0), -1, &fault);
        return;
    }

    if (has_sid && !dots_signal_config_found(s, sid)) {
        dots_signal_refuse(ex, NULL, dots_coap_code(4, 4), -1,
                           "no configuration with this sid is installed");
        return;
    }

    if (dots_signal_config_write(s, buf, sizeof(buf), &len) != DOTS_OK) {
        dots_signal_config_failed(ex);
        return;
    }

    dots_coap_init(&response);

    response.code = dots_coap_code(2, 5);
    response.content_format = DOTS_COAP_FORMAT_DOTS;
    response.max_age = s->conf.session->max_age;
    response.payload = dots_str(buf, len);

    dots_signal_answer(ex, &response, NULL, NULL);
}


/*
 * sids "MUST increase monotonically", section 4.5.2: a lower one is an old
 * request that comes late, or an invalid parameter.
 */

static int
dots_signal_config_read_path(dots_signal_exchange_t *ex, uint32_t *sid,
    dots_fault_t *f)
{
    int                    has_sid;
    const dots_session_t  *session;

    session = &ex->signal->session;

    if (dots_signal_uri_read_sid(&ex->request, &has_sid, sid, f) != DOTS_OK) {
        return DOTS_INVALID;
    }

    if (!has_sid) {
        return dots_fault(f, DOTS_FAULT_MISSING, "sid",
                          "sid is missing in the Uri-Path");
    }

    if (session->installed && *sid < session->sid) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "sid",
                          "sid %u is lower than %u, which is installed", *sid,
                          session->sid);
    }

    return DOTS_OK;
}


void
dots_signal_config_put(dots_signal_exchange_t *ex)
{
    int              rc, found;
    uint8_t          code;
    uint32_t         sid;
    dots_fault_t     fault;
    dots_signal_t   *s;
    dots_session_t   session;

    s = ex->signal;
    code = dots_coap_code(4, 0);

    dots_session_reset(&session, s->conf.session);

    rc = dots_signal_config_read_path(ex, &sid, &fault);

    if (rc == DOTS_OK) {
        rc = dots_signal_config_read(ex, &session, &code, &fault);
    }

    if (rc == DOTS_INVALID) {
        dots_signal_fault(ex, NULL, code, -1, &fault);
        return;
    }

    if (rc != DOTS_OK) {
        dots_signal_config_failed(ex);
        return;
    }

    found = dots_signal_config_found(s, sid);

    session.installed = 1;
    session.sid = sid;

    dots_signal_config_install(s, &session);

    dots_signal_config_done(ex, found ? dots_coap_code(2, 4)
                                      : dots_coap_code(2, 1));
}


/*
 * Back to the defaults.  A sid that is not installed names nothing: 2.02, too
 * (RFC 7252 section 5.8.4), and what is installed under another stays.
 */

void
dots_signal_config_delete(dots_signal_exchange_t *ex)
{
    int              has_sid;
    uint32_t         sid;
    dots_fault_t     fault;
    dots_signal_t   *s;
    dots_session_t   session;

    s = ex->signal;

    if (dots_signal_uri_read_sid(&ex->request, &has_sid, &sid, &fault)
        != DOTS_OK)
    {
        dots_signal_fault(ex, NULL, dots_coap_code(4, 0), -1, &fault);
        return;
    }

    if (s->session.installed && (!has_sid || sid == s->session.sid)) {
        dots_session_reset(&session, s->conf.session);
        dots_signal_config_install(s, &session);
    }

    dots_signal_config_done(ex, dots_coap_code(2, 2));
}
