#include "ngx_dots.h"
#include "ngx_dots_events.h"
#include "ngx_dots_fence.h"
#include "ngx_dots_names.h"
#include "ngx_dots_pass_status.h"
#include "ngx_dots_state.h"
#include "ngx_dots_zone.h"


#define NGX_DOTS_PASS_KEEP  300000      /* ms: a withdrawn one is shown */


static void ngx_dots_pass_status_settle(dots_mitigation_t *m,
    ngx_uint_t epoch, int committed);
static void ngx_dots_pass_status_audit(dots_mitigation_t *m,
    dots_status_t status, const char *reason);


ngx_int_t
ngx_dots_pass_status_expire(ngx_dots_conf_t *dcf, ngx_log_t *log)
{
    int                     rc;
    size_t                  i, n, nkeys, nnames;
    u_char                  fence[NGX_DOTS_FENCE_RECORD];
    int64_t                 now;
    ngx_int_t               more;
    ngx_uint_t              epoch;
    dots_arena_t           *a;
    dots_store_op_t         ops[NGX_DOTS_PASS_CHUNK];
    dots_registry_t        *r;
    dots_store_txn_t        txns[NGX_DOTS_PASS_CHUNK];
    dots_store_txn_t       *list[NGX_DOTS_PASS_CHUNK];
    dots_mitigation_t      *m;
    dots_mitigation_key_t  *keys;

    a = dots_arena_create(NGX_DOTS_PASS_ARENA);
    if (a == NULL) {
        return NGX_AGAIN;
    }

    m = dots_arena_array(a, NGX_DOTS_PASS_CHUNK, sizeof(dots_mitigation_t));
    r = m ? ngx_dots_zone_lock(1) : NULL;

    if (r == NULL) {
        dots_arena_destroy(a);
        return NGX_AGAIN;
    }

    n = 0;
    nkeys = 0;
    nnames = 0;
    now = ngx_dots_now();

    rc = dots_registry_due(r, now, NGX_DOTS_PASS_CHUNK, a, &keys, &nkeys);

    for (i = 0; rc == DOTS_OK && i < nkeys; i++) {

        if (dots_registry_expire(r, &keys[i], now, (uint32_t) ngx_pid, a, &m[n])
            == DOTS_OK)
        {
            n++;

        } else if (dots_registry_postpone(r, &keys[i], now,
                                          now + dcf->lookup)
                   == DOTS_OK)
        {
            keys[nnames++] = keys[i];
        }
    }

    epoch = ngx_dots_zone_epoch();

    ngx_dots_zone_unlock();

    ngx_memzero(ops, sizeof(ops));
    ngx_memzero(txns, sizeof(txns));

    for (i = 0; i < n; i++) {
        txns[i].ops = &ops[i];
        txns[i].nops = (ngx_dots_state_mitigation_op(a, &m[i], &ops[i])
                        == NGX_OK);
        list[i] = &txns[i];

        ngx_dots_fence_decided(&txns[i], fence, epoch);
    }

    if (n) {
        ngx_dots_state_commit_now(list, n);
    }

    more = (nkeys == NGX_DOTS_PASS_CHUNK) ? NGX_AGAIN : NGX_OK;

    for (i = 0; i < n; i++) {

        rc = (txns[i].nops && txns[i].result == DOTS_STORE_OK);

        ngx_dots_pass_status_settle(&m[i], epoch, rc);

        if (rc) {
            ngx_dots_pass_status_audit(&m[i], m[i].status,
                                m[i].status == DOTS_STATUS_AWAITING_LOSS
                                ? "awaits the loss of the session" : "over");

        } else {
            more = NGX_ERROR;
        }
    }

    for (i = 0; i < nnames; i++) {
        ngx_dots_names_start(dcf, &keys[i], log);
    }

    dots_arena_destroy(a);

    return more;
}


/*
 * Status 1 until every rule was seen in the daemon's table, 2 then; a rule that
 * is refused for good takes the whole mitigation back.  A new manager, after a
 * reload, tells nothing new before it has looked.
 */

ngx_int_t
ngx_dots_pass_status_report(dots_mitigator_t *runner, dots_mitigation_t *m,
    dots_arena_t *a, ngx_log_t *log)
{
    int                     rc;
    char                    reason[DOTS_REASON_MAX];
    size_t                  i;
    dots_status_t           status;
    dots_registry_t        *r;
    dots_mitigation_key_t   key;

    status = DOTS_STATUS_MITIGATED;

    for (i = 0; i < m->nresolved; i++) {

        switch (dots_mitigator_state(runner, &m->resolved[i], reason)) {

        case DOTS_RULE_INSTALLED:
            break;

        case DOTS_RULE_REFUSED:
            return ngx_dots_pass_status_revoke(m, reason, a, log);

        case DOTS_RULE_UNKNOWN:
            return NGX_OK;

        default: /* DOTS_RULE_PENDING */
            status = DOTS_STATUS_IN_PROGRESS;
        }
    }

    if (status == m->status) {
        return NGX_OK;
    }

    dots_registry_key(m, &key);

    r = ngx_dots_zone_lock(1);

    if (r == NULL) {
        return NGX_OK;
    }

    rc = dots_registry_report(r, &key, status);

    ngx_dots_zone_unlock();

    if (rc == DOTS_OK) {
        ngx_dots_pass_status_audit(m, status, "");
    }
    return NGX_OK;
}


ngx_int_t
ngx_dots_pass_status_revoke(dots_mitigation_t *m, const char *reason,
    dots_arena_t *a, ngx_log_t *log)
{
    int                     rc;
    u_char                  fence[NGX_DOTS_FENCE_RECORD];
    ngx_uint_t              epoch;
    dots_store_op_t         op;
    dots_registry_t        *r;
    dots_store_txn_t        txn, *list;
    dots_mitigation_t       back;
    dots_mitigation_key_t   key;

    dots_registry_key(m, &key);

    r = ngx_dots_zone_lock(1);

    if (r == NULL) {
        return NGX_ERROR;
    }

    rc = dots_registry_revoke(r, &key, reason, NGX_DOTS_PASS_KEEP,
                              ngx_dots_now(), (uint32_t) ngx_pid, a, &back);
    epoch = ngx_dots_zone_epoch();

    ngx_dots_zone_unlock();

    if (rc != DOTS_OK) {
        return NGX_ERROR;
    }

    ngx_memzero(&op, sizeof(dots_store_op_t));
    ngx_memzero(&txn, sizeof(dots_store_txn_t));

    txn.ops = &op;
    txn.nops = 1;
    list = &txn;

    ngx_dots_fence_decided(&txn, fence, epoch);

    rc = (ngx_dots_state_mitigation_op(a, &back, &op) == NGX_OK);

    if (rc) {
        ngx_dots_state_commit_now(&list, 1);
        rc = (txn.result == DOTS_STORE_OK);
    }

    ngx_dots_pass_status_settle(&back, epoch, rc);

    if (!rc) {
        return NGX_ERROR;
    }

    m->status = DOTS_STATUS_WITHDRAWN;
    ngx_dots_pass_status_audit(m, DOTS_STATUS_WITHDRAWN, reason);

    ngx_log_error(NGX_LOG_WARN, log, 0,
                  "dots: mitigation %uD of customer \"%*s\" withdrawn: %s",
                  m->mid, m->customer.len, m->customer.data, reason);

    return NGX_OK;
}


/* As ngx_dots_mitigation_settle(). */

static void
ngx_dots_pass_status_settle(dots_mitigation_t *m, ngx_uint_t epoch,
    int committed)
{
    dots_registry_t  *r;

    r = ngx_dots_zone_lock(1);

    if (r && epoch != ngx_dots_zone_epoch()) {
        ngx_dots_zone_unlock();
        r = NULL;
    }

    if (r == NULL) {

        if (committed) {
            ngx_dots_events_unsettled(m, epoch);
        }

        return;
    }

    dots_registry_settle(r, m, NULL, (uint32_t) ngx_pid, committed);

    ngx_dots_zone_unlock();
}


static void
ngx_dots_pass_status_audit(dots_mitigation_t *m, dots_status_t status,
    const char *reason)
{
    ngx_dots_log_t  entry;

    ngx_memzero(&entry, sizeof(ngx_dots_log_t));

    ngx_str_set(&entry.channel, "manager");

    entry.customer = m->customer;
    entry.cuid = m->cuid;
    entry.has_mid = 1;
    entry.mid = m->mid;
    entry.scope = &m->target;
    entry.status = status;
    entry.reason.data = (u_char *) reason;
    entry.reason.len = ngx_strlen(reason);

    ngx_dots_log(&entry);
}
