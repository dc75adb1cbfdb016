#include <stdio.h>

#include "dots_session.h"


#define DOTS_SESSION_HUNDREDTHS 100
#define DOTS_SESSION_DIGITS     9       /* that fit any uint32_t */


/*
 * In the order of RFC 9132 Figure 19.  The bounds are YANG's (uint16) and what
 * can be counted: a value below 1 of anything but the heartbeat-interval would
 * switch off what it is for, and RFC 7252 section 4.8 has an ACK_RANDOM_FACTOR
 * of at least 1.
 */

const dots_session_parameter_info_t
    dots_session_parameters[DOTS_SESSION_PARAMETERS] =
{
    { "heartbeat-interval", 0, 0, 1, 1, UINT16_MAX },
    { "missing-hb-allowed", 0, 1, 0, 1, UINT16_MAX },
    { "probing-rate", 0, 0, 0, 1, UINT16_MAX },
    { "max-retransmit", 0, 1, 0, 1, 20 },
    { "ack-timeout", 1, 1, 0, 10, 60000 },
    { "ack-random-factor", 1, 1, 0, 100, 1000 },
};


const char *const  dots_session_sets[DOTS_SESSION_SETS] = {
    "mitigating-config", "idle-config"
};


#define DOTS_SESSION_RANGES                                                   \
    { { 15, 240, 30 }, { 3, 20, 15 }, { 5, 20, 5 }, { 2, 15, 3 },             \
      { 100, 3000, 200 }, { 110, 400, 150 } }

const dots_session_conf_t  dots_session_default = {
    { DOTS_SESSION_RANGES, DOTS_SESSION_RANGES }, 3600
};


void
dots_session_reset(dots_session_t *session, const dots_session_conf_t *conf)
{
    size_t  i, k;

    memset(session, 0, sizeof(dots_session_t));

    for (i = 0; i < DOTS_SESSION_SETS; i++) {
        for (k = 0; k < DOTS_SESSION_PARAMETERS; k++) {
            session->values[i][k] = conf->sets[i][k].current;
        }
    }
}


int
dots_session_accepts(const dots_session_conf_t *conf, dots_session_set_t set,
    dots_session_parameter_t parameter, uint32_t value)
{
    const dots_session_range_t  *range;

    if (value == 0 && dots_session_parameters[parameter].disable) {
        return 1;
    }

    range = &conf->sets[set][parameter];

    return value >= range->min && value <= range->max;
}


int
dots_session_differs(const dots_session_t *session)
{
    return memcmp(session->values[DOTS_SESSION_MITIGATING],
                  session->values[DOTS_SESSION_IDLE],
                  sizeof(session->values[0]))
           != 0;
}


void
dots_session_print(dots_session_parameter_t parameter, uint32_t value,
    char text[DOTS_SESSION_TEXT])
{
    if (dots_session_parameters[parameter].decimal) {
        (void) snprintf(text, DOTS_SESSION_TEXT, "%u.%02u",
                        value / DOTS_SESSION_HUNDREDTHS,
                        value % DOTS_SESSION_HUNDREDTHS);
        return;
    }

    (void) snprintf(text, DOTS_SESSION_TEXT, "%u", value);
}


/* Digits from *p on; their number, 0: none, or more than fit. */

static size_t
dots_session_digits(const uint8_t **p, const uint8_t *end, uint32_t *value)
{
    size_t  n;

    for (n = 0; *p < end && **p >= '0' && **p <= '9'; (*p)++, n++) {

        if (n == DOTS_SESSION_DIGITS) {
            return 0;
        }

        *value = *value * 10 + (uint32_t) (**p - '0');
    }

    return n;
}


int
dots_session_parse(dots_session_parameter_t parameter, dots_str_t text,
    uint32_t *value)
{
    size_t          n;
    uint32_t        v, fraction;
    const uint8_t  *p, *end;

    p = text.data;
    end = p + text.len;
    v = 0;
    fraction = 0;

    if (text.len == 0 || dots_session_digits(&p, end, &v) == 0) {
        return DOTS_INVALID;
    }

    if (!dots_session_parameters[parameter].decimal) {
        *value = v;
        return p == end ? DOTS_OK : DOTS_INVALID;
    }

    if (v > UINT32_MAX / DOTS_SESSION_HUNDREDTHS - 1) {
        return DOTS_INVALID;
    }

    if (p < end && *p == '.') {
        p++;
        n = dots_session_digits(&p, end, &fraction);

        if (n == 0 || n > 2) {
            return DOTS_INVALID;
        }

        fraction *= n == 1 ? 10 : 1;
    }

    *value = v * DOTS_SESSION_HUNDREDTHS + fraction;

    return p == end ? DOTS_OK : DOTS_INVALID;
}
