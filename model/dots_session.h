/*
 * The configuration of a signal channel session (RFC 9132 section 4.5): its
 * parameters as a table, what a server accepts and begins with, what a session
 * has in force.  Knows no CoAP and no CBOR.  Used by the resource "config", the
 * heartbeats, and the directive "session_config".
 */

#ifndef DOTS_SESSION_H
#define DOTS_SESSION_H

#include "dots_base.h"

typedef enum {
    DOTS_SESSION_MITIGATING = 0,    /* mitigating-config */
    DOTS_SESSION_IDLE,              /* idle-config */
    DOTS_SESSION_SETS
} dots_session_set_t;

typedef enum {
    DOTS_SESSION_HEARTBEAT_INTERVAL = 0,    /* s; 0: no heartbeats */
    DOTS_SESSION_MISSING_HB_ALLOWED,
    DOTS_SESSION_PROBING_RATE,              /* bytes a second */
    DOTS_SESSION_MAX_RETRANSMIT,
    DOTS_SESSION_ACK_TIMEOUT,               /* hundredths of a second */
    DOTS_SESSION_ACK_RANDOM_FACTOR,         /* hundredths */
    DOTS_SESSION_PARAMETERS
} dots_session_parameter_t;

typedef struct {
    const char  *name;
    unsigned     decimal:1;     /* hundredths, two fraction digits */
    unsigned     unreliable:1;  /* not negotiated over TCP, section 4.5 */
    unsigned     disable:1;     /* 0 is acceptable whatever the range */
    uint32_t     least;         /* and "most": what is sane at all */
    uint32_t     most;
} dots_session_parameter_info_t;

extern const dots_session_parameter_info_t
    dots_session_parameters[DOTS_SESSION_PARAMETERS];

extern const char *const dots_session_sets[DOTS_SESSION_SETS];

typedef struct {
    uint32_t  min;
    uint32_t  max;
    uint32_t  current;
} dots_session_range_t;

typedef struct {
    dots_session_range_t  sets[DOTS_SESSION_SETS][DOTS_SESSION_PARAMETERS];
    uint32_t              max_age;  /* s, of the answer to a GET */
} dots_session_conf_t;

/* What is recommended: the ranges of Figure 20, the values of section 4.5.2. */
extern const dots_session_conf_t  dots_session_default;

typedef struct {
    unsigned  installed:1;      /* a client's, under "sid" */
    uint32_t  sid;
    uint32_t  values[DOTS_SESSION_SETS][DOTS_SESSION_PARAMETERS];
} dots_session_t;

/* The server's own values; nothing is installed. */
void dots_session_reset(dots_session_t *session,
    const dots_session_conf_t *conf);

/* Nonzero: the server accepts it. */
int dots_session_accepts(const dots_session_conf_t *conf,
    dots_session_set_t set, dots_session_parameter_t parameter,
    uint32_t value);

/* Nonzero: it makes a difference whether a mitigation is active. */
int dots_session_differs(const dots_session_t *session);

/*
 * A value as text, "30" or "2.00", with a NUL; and back: at most two decimals
 * where the parameter has any.  DOTS_OK or DOTS_INVALID.
 */
#define DOTS_SESSION_TEXT 16

void dots_session_print(dots_session_parameter_t parameter, uint32_t value,
    char text[DOTS_SESSION_TEXT]);
int dots_session_parse(dots_session_parameter_t parameter, dots_str_t text,
    uint32_t *value);

#endif /* DOTS_SESSION_H */
