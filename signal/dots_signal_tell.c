#include "dots_signal_private.h"


static uint64_t
dots_signal_tell_mix(uint64_t hash, const void *data, size_t len)
{
    size_t          i;
    const uint8_t  *p = data;

    for (i = 0; i < len; i++) {
        hash = (hash ^ p[i]) * 0x100000001b3;
    }

    return hash;
}


/*
 * All that a GET shows but the remaining lifetime and the retry-timer, which
 * change by themselves; a new lifetime changes "expires", a new conflict
 * "conflicted".
 */

static uint64_t
dots_signal_tell_digest(const dots_mitigation_t *m)
{
    int       status, cause;
    uint64_t  hash;

    status = m->status;
    cause = m->conflict.cause;

    hash = 0xcbf29ce484222325;
    hash = dots_signal_tell_mix(hash, &status, sizeof(status));
    hash = dots_signal_tell_mix(hash, &m->start, sizeof(m->start));
    hash = dots_signal_tell_mix(hash, &m->expires, sizeof(m->expires));

    hash = dots_signal_tell_mix(hash, &m->lifetime, sizeof(m->lifetime));
    hash = dots_signal_tell_mix(hash, &cause, sizeof(cause));

    return dots_signal_tell_mix(hash, &m->conflicted, sizeof(m->conflicted));
}


static int
dots_signal_tell_passes(const dots_mitigation_t *m)
{
    return !m->trigger && (m->status == DOTS_STATUS_STOPPED
                           || m->status == DOTS_STATUS_WITHDRAWN);
}


void
dots_signal_tell(dots_signal_exchange_t *ex,
    const dots_coap_message_t *response, const dots_request_t *rq)
{
    size_t                    i;
    dots_signal_told_t       *told;
    const dots_mitigation_t  *m;
    dots_signal_observed_t    seen, *list;

    told = &ex->told;

    if (ex->looked) {
        return;
    }

    ex->looked = 1;
    told->digest = 0xcbf29ce484222325;

    if (rq == NULL) {
        told->digest = dots_signal_tell_mix(told->digest,
                                            response->payload.data,
                                            response->payload.len);
        return;
    }

    list = dots_arena_array(ex->arena, rq->nmitigations,
                            sizeof(dots_signal_observed_t));
    told->list = list;

    for (i = 0; i < rq->nmitigations; i++) {

        m = &rq->mitigations[i];

        if (m->status == DOTS_STATUS_TERMINATED) {
            told->ended = 1;
            continue;
        }

        seen.mid = m->mid;
        seen.digest = dots_signal_tell_digest(m);

        told->digest = dots_signal_tell_mix(told->digest, &seen.mid,
                                            sizeof(seen.mid));
        told->digest = dots_signal_tell_mix(told->digest, &seen.digest,
                                            sizeof(seen.digest));
        told->active |= dots_mitigation_active(m) != 0;
        told->passing |= dots_signal_tell_passes(m) != 0;

        if (list != NULL) {
            list[told->n++] = seen;
        }
    }
}
