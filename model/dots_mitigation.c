#include <stdlib.h>

#include "dots_customer.h"
#include "dots_mitigation.h"


#define DOTS_MITIGATION_VERSION 2
#define DOTS_MITIGATION_FIRST   1   /* had nothing behind the reason */

/* bytes of the numbers and counts, all that is not as long as it is */

#define DOTS_MITIGATION_FIXED                                                 \
    (1 + 2 + 2 + 4 + 2 + 4 + 1 + 1 + 8 + 8 + 8 + 2 + 1 + 2 + 8 + 1)

#define DOTS_MITIGATION_CONFLICT (8 + 1 + 4 + 1 + 4)


int32_t
dots_lifetime_grant(const dots_lifetime_t *policy, int32_t asked)
{
    uint32_t  granted;

    if (asked == -1 && policy->indefinite) {
        return -1;
    }

    granted = asked < 0 ? policy->dflt : (uint32_t) asked;

    if (granted < policy->min) {
        granted = policy->min;
    }

    if (granted > policy->max) {
        granted = policy->max;
    }

    return granted > INT32_MAX ? INT32_MAX : (int32_t) granted;
}


int64_t
dots_mitigation_deadline(const dots_mitigation_t *m)
{
    if (m->status == DOTS_STATUS_TERMINATING) {
        return m->terminates;
    }

    /* what the server withdrew stays to be read for a while */

    if (m->status == DOTS_STATUS_WITHDRAWN && m->terminates) {
        return m->terminates;
    }

    return m->expires;
}


int64_t
dots_mitigation_due(const dots_mitigation_t *m)
{
    int64_t  deadline;

    deadline = dots_mitigation_deadline(m);

    if (m->resolves == 0 || m->resolves > deadline
        || m->status == DOTS_STATUS_TERMINATING
        || m->status == DOTS_STATUS_WITHDRAWN)
    {
        return deadline;
    }

    return m->resolves;
}


int
dots_mitigation_returns(const dots_mitigation_t *m)
{
    return m->status == DOTS_STATUS_WITHDRAWN && !m->trigger
           && m->conflict.cause;
}


uint32_t
dots_mitigation_retry(const dots_mitigation_t *m, int64_t now)
{
    int64_t  gone;

    if (m->conflict.cause == 0 || now < m->conflicted) {
        return m->conflict.retry;
    }

    gone = (now - m->conflicted) / 1000;

    return gone < m->conflict.retry ? m->conflict.retry - (uint32_t) gone : 0;
}


int32_t
dots_mitigation_remaining(const dots_mitigation_t *m, int64_t now)
{
    int64_t  deadline, left;

    /* one that is to await the loss again ends when its lifetime does */

    deadline = dots_mitigation_returns(m) ? m->expires
                                          : dots_mitigation_deadline(m);

    if (deadline == DOTS_FOREVER) {
        return -1;
    }

    if (deadline <= now) {
        return 0;
    }

    if (__builtin_sub_overflow(deadline, now, &left)) {
        return INT32_MAX;
    }

    left = left / 1000 + (left % 1000 != 0);

    return left > INT32_MAX ? INT32_MAX : (int32_t) left;
}


int
dots_mitigation_active(const dots_mitigation_t *m)
{
    return m->status >= DOTS_STATUS_IN_PROGRESS
           && m->status <= DOTS_STATUS_TERMINATING;
}


static int
dots_mitigation_prefix_cmp(const void *a, const void *b)
{
    return dots_prefix_cmp(a, b);
}


void
dots_mitigation_normalize(dots_mitigation_t *m)
{
    size_t  i, n;

    if (m->nresolved < 2) {
        return;
    }

    qsort(m->resolved, m->nresolved, sizeof(dots_prefix_t),
          dots_mitigation_prefix_cmp);

    /* sorted, whatever is inside a kept prefix follows it directly */

    for (n = 1, i = 1; i < m->nresolved; i++) {
        if (!dots_prefix_contains(&m->resolved[n - 1], &m->resolved[i])) {
            m->resolved[n++] = m->resolved[i];
        }
    }

    m->nresolved = n;
}


/* ---- record ---- */

/*
 * What is checked before writing, so that nothing unreadable is ever stored,
 * and again after reading.
 */

static int
dots_mitigation_valid(const dots_mitigation_t *m)
{
    return m->customer.len && m->customer.len <= DOTS_CUSTOMER_NAME
           && m->cuid.len && m->cuid.len <= DOTS_CUID_MAX
           && m->nresolved <= DOTS_MITIGATION_RESOLVED
           && m->lifetime >= -1
           && m->trigger <= 1
           && m->status >= DOTS_STATUS_IN_PROGRESS
           && m->status <= DOTS_STATUS_AWAITING_LOSS
           && m->start >= 0 && m->expires >= 0 && m->terminates >= 0
           && m->attack <= DOTS_ATTACK_MITIGATED && m->resolves >= 0
           && m->conflict.cause <= DOTS_CONFLICT_OVERLAP
           && m->conflict.same_client <= 1 && m->conflict.status <= 3
           && m->conflicted >= 0
           && memchr(m->reason, '\0', sizeof(m->reason)) != NULL;
}


size_t
dots_mitigation_size(const dots_mitigation_t *m)
{
    size_t  i, size;

    size = DOTS_MITIGATION_FIXED + m->customer.len + m->cuid.len
           + dots_target_size(&m->target)
           + strnlen(m->reason, sizeof(m->reason));

    for (i = 0; i < m->nresolved; i++) {
        size += dots_prefix_size(&m->resolved[i]);
    }

    if (m->conflict.cause) {
        size += DOTS_MITIGATION_CONFLICT + dots_target_size(&m->conflict.scope);
    }

    return size;
}


static void
dots_mitigation_write_conflict(dots_writer_t *w, const dots_mitigation_t *m)
{
    dots_write_u64(w, (uint64_t) m->conflicted);
    dots_write_u8(w, m->conflict.same_client);
    dots_write_u32(w, m->conflict.mid);
    dots_write_u8(w, m->conflict.status);
    dots_write_u32(w, m->conflict.retry);

    dots_target_encode(&m->conflict.scope, w);
}


int
dots_mitigation_encode(const dots_mitigation_t *m, uint8_t *buf, size_t size,
    size_t *len)
{
    size_t         i;
    dots_writer_t  w = { buf, buf + size, 0 };

    if (!dots_mitigation_valid(m)) {
        return DOTS_INVALID;
    }

    if (dots_mitigation_size(m) > size) {
        return DOTS_FULL;
    }

    dots_write_u8(&w, DOTS_MITIGATION_VERSION);
    dots_write_str(&w, m->customer);
    dots_write_str(&w, m->cuid);
    dots_write_u32(&w, m->mid);

    dots_target_encode(&m->target, &w);

    dots_write_u16(&w, (uint16_t) m->nresolved);

    for (i = 0; i < m->nresolved; i++) {
        dots_prefix_write(&w, &m->resolved[i]);
    }

    dots_write_u32(&w, (uint32_t) m->lifetime);
    dots_write_u8(&w, m->trigger);
    dots_write_u8(&w, (uint8_t) m->status);
    dots_write_u64(&w, (uint64_t) m->start);
    dots_write_u64(&w, (uint64_t) m->expires);
    dots_write_u64(&w, (uint64_t) m->terminates);
    dots_write_str(&w, dots_str(m->reason, strlen(m->reason)));

    dots_write_u8(&w, m->attack);
    dots_write_u16(&w, m->dampen);
    dots_write_u64(&w, (uint64_t) m->resolves);
    dots_write_u8(&w, m->conflict.cause);

    if (m->conflict.cause) {
        dots_mitigation_write_conflict(&w, m);
    }

    if (w.failed) {
        return DOTS_INVALID;
    }

    *len = (size_t) (w.pos - buf);

    return DOTS_OK;
}


/* A name of the record, never empty. */

static int
dots_mitigation_read_str(dots_reader_t *r, dots_arena_t *a, size_t max,
    dots_str_t *dst)
{
    dots_str_t  s;

    s = dots_read_str(r);

    if (r->failed || s.len == 0 || s.len > max) {
        r->failed = 1;
        return DOTS_INVALID;
    }

    return dots_arena_dup(a, dst, s);
}


static int
dots_mitigation_read_resolved(dots_reader_t *r, dots_arena_t *a,
    dots_mitigation_t *m)
{
    size_t  i, n;

    n = dots_read_u16(r);

    if (r->failed || n > DOTS_MITIGATION_RESOLVED
        || n * DOTS_PREFIX_RECORD > (size_t) (r->end - r->pos))
    {
        return DOTS_INVALID;
    }

    if (n == 0) {
        return DOTS_OK;
    }

    m->resolved = dots_arena_array(a, n, sizeof(dots_prefix_t));
    if (m->resolved == NULL) {
        return DOTS_ERROR;
    }

    m->nresolved = n;

    for (i = 0; i < n; i++) {
        dots_prefix_read(r, &m->resolved[i]);
    }

    return r->failed ? DOTS_INVALID : DOTS_OK;
}


static int
dots_mitigation_read_state(dots_reader_t *r, dots_mitigation_t *m)
{
    dots_str_t  reason;

    m->lifetime = (int32_t) dots_read_u32(r);
    m->trigger = dots_read_u8(r);
    m->status = (dots_status_t) dots_read_u8(r);
    m->start = (int64_t) dots_read_u64(r);
    m->expires = (int64_t) dots_read_u64(r);
    m->terminates = (int64_t) dots_read_u64(r);

    reason = dots_read_str(r);

    if (r->failed || reason.len >= DOTS_REASON_MAX) {
        return DOTS_INVALID;
    }

    if (reason.len) {
        memcpy(m->reason, reason.data, reason.len);
    }

    /* memory of the arena and the struct is zeroed: a NUL would cut it short */

    return strlen(m->reason) == reason.len ? DOTS_OK : DOTS_INVALID;
}


static int
dots_mitigation_read_more(dots_reader_t *r, dots_arena_t *a,
    dots_mitigation_t *m)
{
    m->attack = dots_read_u8(r);
    m->dampen = dots_read_u16(r);
    m->resolves = (int64_t) dots_read_u64(r);
    m->conflict.cause = dots_read_u8(r);

    if (r->failed || m->conflict.cause == 0) {
        return r->failed ? DOTS_INVALID : DOTS_OK;
    }

    m->conflicted = (int64_t) dots_read_u64(r);
    m->conflict.same_client = dots_read_u8(r);
    m->conflict.mid = dots_read_u32(r);
    m->conflict.status = dots_read_u8(r);
    m->conflict.retry = dots_read_u32(r);

    return dots_target_decode(&m->conflict.scope, r, a);
}


int
dots_mitigation_decode(dots_mitigation_t *m, const uint8_t *buf, size_t len,
    dots_arena_t *a)
{
    int            rc;
    uint8_t        version;
    dots_reader_t  r = { buf, buf + len, 0 };

    memset(m, 0, sizeof(dots_mitigation_t));

    version = dots_read_u8(&r);

    if (version < DOTS_MITIGATION_FIRST || version > DOTS_MITIGATION_VERSION) {
        return DOTS_INVALID;
    }

    rc = dots_mitigation_read_str(&r, a, DOTS_CUSTOMER_NAME, &m->customer);

    if (rc == DOTS_OK) {
        rc = dots_mitigation_read_str(&r, a, DOTS_CUID_MAX, &m->cuid);
    }

    m->mid = dots_read_u32(&r);

    if (rc == DOTS_OK) {
        rc = dots_target_decode(&m->target, &r, a);
    }

    if (rc == DOTS_OK) {
        rc = dots_mitigation_read_resolved(&r, a, m);
    }

    if (rc == DOTS_OK) {
        rc = dots_mitigation_read_state(&r, m);
    }

    if (rc == DOTS_OK && version != DOTS_MITIGATION_FIRST) {
        rc = dots_mitigation_read_more(&r, a, m);
    }

    if (rc == DOTS_OK && (r.pos != r.end || !dots_mitigation_valid(m))) {
        return DOTS_INVALID;
    }

    return rc;
}
