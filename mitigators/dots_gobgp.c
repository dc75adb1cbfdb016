/*
 * Desired set against GoBGP's global table: list, add what is missing or
 * different, delete what carries our tag and is not wanted, list again.
 */

#include <stdio.h>
#include <stdlib.h>

#include "dots_drop.h"
#include "dots_gobgp.h"
#include "dots_gobgp_path.h"
#include "dots_grpc.h"


#define DOTS_GOBGP_ADD    "/apipb.GobgpApi/AddPath"
#define DOTS_GOBGP_DELETE "/apipb.GobgpApi/DeletePath"
#define DOTS_GOBGP_LIST   "/apipb.GobgpApi/ListPath"

/* what the table says of one wanted rule */

#define DOTS_GOBGP_OURS    0x01
#define DOTS_GOBGP_SAME    0x02
#define DOTS_GOBGP_FOREIGN 0x04 /* a local path of somebody else's */


typedef struct {
    const dots_gobgp_conf_t *conf;
    dots_mitigator_log_pt    log;
    void                    *log_ctx;
    dots_grpc_t             *grpc;
    int                      away;      /* has been logged */

    /* of the sync under way */

    dots_rule_status_t      *want;
    size_t                   nwant;
    uint8_t                 *seen;      /* DOTS_GOBGP_* of each of "want" */
    size_t                  *add;       /* indices into "want" */
    size_t                   nadd;
    dots_gobgp_path_t       *stale;     /* ours, to be deleted */
    size_t                   nstale;
    size_t                   stale_size;
    int                      family;    /* being listed */
    dots_grpc_status_t       status;    /* of the last call that failed */
    int                      told;      /* a callback has set "status" */
} dots_gobgp_t;


/* ---- configuration ---- */

static const struct {
    const char *name;
    uint32_t    value;
} dots_gobgp_names[] = {
    { "blackhole", 0xffff029a },            /* RFC 7999 */
    { "graceful-shutdown", 0xffff0000 },    /* RFC 8326 */
    { "no-advertise", 0xffffff02 },         /* RFC 1997 */
    { "no-export", 0xffffff01 },
    { "no-export-subconfed", 0xffffff03 },
    { "no-peer", 0xffffff04 }               /* RFC 3765 */
};


static int
dots_gobgp_number(dots_str_t s, uint32_t max, uint32_t *value)
{
    size_t    i;
    uint64_t  v;

    if (s.len == 0 || s.len > 10) {
        return DOTS_INVALID;
    }

    for (v = 0, i = 0; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9') {
            return DOTS_INVALID;
        }

        v = v * 10 + s.data[i] - '0';
    }

    if (v > max) {
        return DOTS_INVALID;
    }

    *value = (uint32_t) v;

    return DOTS_OK;
}


int
dots_gobgp_community(dots_str_t text, uint32_t *community)
{
    size_t          i, n;
    uint32_t        high, low;
    const uint8_t  *colon;

    n = sizeof(dots_gobgp_names) / sizeof(dots_gobgp_names[0]);

    for (i = 0; i < n; i++) {
        if (text.len == strlen(dots_gobgp_names[i].name)
            && memcmp(text.data, dots_gobgp_names[i].name, text.len) == 0)
        {
            *community = dots_gobgp_names[i].value;
            return DOTS_OK;
        }
    }

    colon = text.len ? memchr(text.data, ':', text.len) : NULL;

    if (colon == NULL) {
        return dots_gobgp_number(text, UINT32_MAX, community);
    }

    n = (size_t) (colon - text.data);

    if (dots_gobgp_number(dots_str(text.data, n), UINT16_MAX, &high) != DOTS_OK
        || dots_gobgp_number(dots_str(colon + 1, text.len - n - 1), UINT16_MAX,
                             &low) != DOTS_OK)
    {
        return DOTS_INVALID;
    }

    *community = high << 16 | low;

    return DOTS_OK;
}


static uint8_t
dots_gobgp_families(const dots_gobgp_conf_t *conf)
{
    return (dots_gobgp_path_next_hop(conf, 4) ? DOTS_ACL_IPV4 : 0)
           | (dots_gobgp_path_next_hop(conf, 6) ? DOTS_ACL_IPV6 : 0);
}


static int
dots_gobgp_can(const void *conf, const dots_mitigation_t *m)
{
    return dots_drop_can(dots_gobgp_families(conf), m);
}


static void
dots_gobgp_ability(const void *conf, dots_acl_needs_t *ability)
{
    dots_drop_ability(dots_gobgp_families(conf), ability);
}


/* ---- states ---- */

static void
dots_gobgp_set(dots_rule_status_t *s, dots_rule_state_t state,
    const char *reason)
{
    s->state = state;
    (void) snprintf(s->reason, sizeof(s->reason), "%.*s",
                    (int) sizeof(s->reason) - 1, reason);
}


/* The daemon is away: once per outage for the log, pending for the rules. */

static int
dots_gobgp_failed(dots_gobgp_t *h, const char *what)
{
    char    text[512];
    size_t  i;

    for (i = 0; i < h->nwant; i++) {
        if (h->want[i].state == DOTS_RULE_INSTALLED) {
            dots_gobgp_set(&h->want[i], DOTS_RULE_PENDING, "");
        }
    }

    if (!h->away && !dots_grpc_interrupted(h->grpc)) {
        (void) snprintf(text, sizeof(text), "gobgp at %s: %s: %s; trying again",
                        h->conf->target, what, h->status.text);
        h->log(h->log_ctx, DOTS_LOG_ERROR, text);
        h->away = 1;
    }

    return DOTS_ERROR;
}


static void
dots_gobgp_recovered(dots_gobgp_t *h)
{
    char  text[512];

    if (h->away) {
        (void) snprintf(text, sizeof(text), "gobgp at %s: in step again",
                        h->conf->target);
        h->log(h->log_ctx, DOTS_LOG_INFO, text);
        h->away = 0;
    }
}


/*
 * Nonzero if the status judges the daemon and not the request.  Until it has
 * been given its AS number GoBGP answers everything with UNKNOWN; GoBGP 4 has
 * no such service (UNIMPLEMENTED).
 */

static int
dots_gobgp_is_away(const dots_grpc_status_t *status)
{
    return dots_grpc_transient(status)
           || status->code == DOTS_GRPC_UNIMPLEMENTED
           || strstr(status->text, "hasn't started") != NULL;
}


static int
dots_gobgp_error(dots_gobgp_t *h, const char *text)
{
    (void) snprintf(h->status.text, sizeof(h->status.text), "%s", text);
    h->told = 1;

    return DOTS_ERROR;
}


/* ---- listing ---- */

static dots_gobgp_path_t *
dots_gobgp_push_stale(dots_gobgp_t *h)
{
    size_t              n;
    dots_gobgp_path_t  *p;

    if (h->nstale == h->stale_size) {
        n = h->stale_size ? h->stale_size * 2 : 64;

        p = realloc(h->stale, n * sizeof(dots_gobgp_path_t));
        if (p == NULL) {
            return NULL;
        }

        h->stale = p;
        h->stale_size = n;
    }

    return &h->stale[h->nstale++];
}


static int
dots_gobgp_want_cmp(const void *key, const void *item)
{
    const dots_rule_status_t  *s = item;

    return dots_prefix_cmp(key, &s->rule.prefix);
}


static int
dots_gobgp_listed(void *ctx, const dots_gobgp_path_t *path)
{
    uint8_t             *seen;
    dots_gobgp_t        *h = ctx;
    dots_gobgp_path_t   *stale;
    dots_rule_status_t  *s;

    s = h->nwant ? bsearch(&path->prefix, h->want, h->nwant,
                           sizeof(dots_rule_status_t), dots_gobgp_want_cmp)
                 : NULL;
    seen = s ? &h->seen[s - h->want] : NULL;

    if (!path->ours) {
        if (seen != NULL) {
            *seen |= DOTS_GOBGP_FOREIGN;
        }

        return DOTS_OK;
    }

    /* one without a next hop any more is not wanted either */

    if (seen != NULL && path->identifier == 0
        && dots_gobgp_path_next_hop(h->conf, path->prefix.family) != NULL)
    {
        *seen |= DOTS_GOBGP_OURS | (path->same ? DOTS_GOBGP_SAME : 0);
        return DOTS_OK;
    }

    stale = dots_gobgp_push_stale(h);
    if (stale == NULL) {
        return dots_gobgp_error(h, "no memory");
    }

    *stale = *path;

    return DOTS_OK;
}


static size_t
dots_gobgp_list_request(void *ctx, size_t i, uint8_t buf[DOTS_GRPC_REQUEST])
{
    dots_gobgp_t  *h = ctx;

    (void) i;

    return dots_gobgp_path_list(h->family, buf, DOTS_GRPC_REQUEST);
}


static int
dots_gobgp_list_message(void *ctx, const uint8_t *data, size_t len)
{
    int            rc;
    dots_gobgp_t  *h = ctx;

    rc = dots_gobgp_path_each(h->conf, data, len, dots_gobgp_listed, h);

    if (rc == DOTS_INVALID) {
        return dots_gobgp_error(h, "a listed path cannot be read");
    }

    return rc;
}


static int
dots_gobgp_list_done(void *ctx, size_t i, const dots_grpc_status_t *status)
{
    dots_gobgp_t  *h = ctx;

    (void) i;
    h->status = *status;

    return 0;
}


/* A family that this GoBGP does not carry refuses the rules of that family. */

static void
dots_gobgp_no_family(dots_gobgp_t *h)
{
    size_t  i;

    for (i = 0; i < h->nwant; i++) {
        if (h->want[i].rule.prefix.family == h->family) {
            dots_gobgp_set(&h->want[i], DOTS_RULE_REFUSED, h->status.text);
        }
    }
}


static int
dots_gobgp_list_family(dots_gobgp_t *h, int family)
{
    int                 rc;
    dots_grpc_status_t  status;
    dots_grpc_batch_t   batch = {
        .method = DOTS_GOBGP_LIST, .n = 1, .timeout = h->conf->timeout,
        .request = dots_gobgp_list_request, .message = dots_gobgp_list_message,
        .done = dots_gobgp_list_done
    };

    h->family = family;
    h->told = 0;

    rc = dots_grpc_run(h->grpc, &batch, h, &status);

    if (rc != DOTS_OK || h->told) {
        h->status = h->told ? h->status : status;
        return DOTS_ERROR;
    }

    if (h->status.code == DOTS_GRPC_OK) {
        return DOTS_OK;
    }

    if (dots_gobgp_is_away(&h->status)) {
        return DOTS_ERROR;
    }

    dots_gobgp_no_family(h);

    return DOTS_OK;
}


static int
dots_gobgp_list(dots_gobgp_t *h)
{
    h->nstale = 0;

    if (h->nwant) {
        memset(h->seen, 0, h->nwant);
    }

    if (dots_gobgp_list_family(h, 4) != DOTS_OK
        || dots_gobgp_list_family(h, 6) != DOTS_OK)
    {
        return dots_gobgp_failed(h, "cannot list the routes");
    }

    return DOTS_OK;
}


/* ---- changing ---- */

static size_t
dots_gobgp_add_request(void *ctx, size_t i, uint8_t buf[DOTS_GRPC_REQUEST])
{
    dots_gobgp_t  *h = ctx;

    return dots_gobgp_path_add(h->conf, &h->want[h->add[i]].rule.prefix, buf,
                               DOTS_GRPC_REQUEST);
}


static int
dots_gobgp_add_done(void *ctx, size_t i, const dots_grpc_status_t *status)
{
    dots_gobgp_t  *h = ctx;

    if (status->code == DOTS_GRPC_OK) {
        return 0;
    }

    if (dots_gobgp_is_away(status)) {
        h->status = *status;
        h->told = 1;
        return 1;
    }

    dots_gobgp_set(&h->want[h->add[i]], DOTS_RULE_REFUSED, status->text);

    return 0;
}


static size_t
dots_gobgp_delete_request(void *ctx, size_t i, uint8_t buf[DOTS_GRPC_REQUEST])
{
    dots_gobgp_t  *h = ctx;

    return dots_gobgp_path_delete(&h->stale[i], buf, DOTS_GRPC_REQUEST);
}


static int
dots_gobgp_delete_done(void *ctx, size_t i, const dots_grpc_status_t *status)
{
    dots_gobgp_t  *h = ctx;

    (void) i;

    if (status->code == DOTS_GRPC_OK) {
        return 0;
    }

    h->status = *status;
    h->told = 1;

    return 1;
}


static int
dots_gobgp_change(dots_gobgp_t *h, dots_grpc_batch_t *batch)
{
    int                 rc;
    dots_grpc_status_t  status;

    if (batch->n == 0) {
        return DOTS_OK;
    }

    batch->timeout = h->conf->timeout;
    h->told = 0;

    rc = dots_grpc_run(h->grpc, batch, h, &status);

    if (rc == DOTS_OK) {
        return DOTS_OK;
    }

    h->status = h->told ? h->status : status;

    return dots_gobgp_failed(h, "cannot change the routes");
}


/* States from what the table says; what must be added goes to "add". */

static void
dots_gobgp_decide(dots_gobgp_t *h)
{
    size_t               i;
    dots_rule_status_t  *s;

    h->nadd = 0;

    for (i = 0; i < h->nwant; i++) {
        s = &h->want[i];

        if (dots_gobgp_path_next_hop(h->conf, s->rule.prefix.family) == NULL) {
            dots_gobgp_set(s, DOTS_RULE_REFUSED,
                           s->rule.prefix.family == 4
                               ? "no IPv4 next hop is configured"
                               : "no IPv6 next hop is configured");

        } else if (h->seen[i] & DOTS_GOBGP_FOREIGN) {
            dots_gobgp_set(s, DOTS_RULE_REFUSED,
                           "gobgp has a route of its operator's for it");

        } else if (h->seen[i] & DOTS_GOBGP_SAME) {
            dots_gobgp_set(s, DOTS_RULE_INSTALLED, "");

        } else if (s->state != DOTS_RULE_REFUSED) {
            h->add[h->nadd++] = i;
        }
    }
}


/* The rules start over: a refusal holds as long as its reason does. */

static void
dots_gobgp_forget(dots_gobgp_t *h)
{
    size_t  i;

    for (i = 0; i < h->nwant; i++) {
        if (h->want[i].state == DOTS_RULE_REFUSED) {
            dots_gobgp_set(&h->want[i], DOTS_RULE_PENDING, "");
        }
    }
}


/*
 * Additions first: what is under attack comes before what is over.  Only what
 * the table shows afterwards counts as installed.
 */

static int
dots_gobgp_update(dots_gobgp_t *h)
{
    dots_grpc_batch_t  add = {
        .method = DOTS_GOBGP_ADD, .n = h->nadd,
        .request = dots_gobgp_add_request, .done = dots_gobgp_add_done
    };
    dots_grpc_batch_t  del = {
        .method = DOTS_GOBGP_DELETE, .n = h->nstale,
        .request = dots_gobgp_delete_request, .done = dots_gobgp_delete_done
    };

    if (dots_gobgp_change(h, &add) != DOTS_OK
        || dots_gobgp_change(h, &del) != DOTS_OK
        || dots_gobgp_list(h) != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    dots_gobgp_decide(h);

    if (h->nadd || h->nstale) {
        (void) dots_gobgp_error(h, "it took them but its table does not show "
                                   "them (an import policy?)");
        return dots_gobgp_failed(h, "routes are not as asked");
    }

    return DOTS_OK;
}


static int
dots_gobgp_reconcile(dots_gobgp_t *h)
{
    dots_gobgp_forget(h);

    if (dots_gobgp_list(h) != DOTS_OK) {
        return DOTS_ERROR;
    }

    dots_gobgp_decide(h);

    if ((h->nadd || h->nstale) && dots_gobgp_update(h) != DOTS_OK) {
        return DOTS_ERROR;
    }

    dots_gobgp_recovered(h);

    return DOTS_OK;
}


static int
dots_gobgp_sync(void *handle, dots_rule_status_t *want, size_t n)
{
    int            rc;
    dots_gobgp_t  *h = handle;

    h->want = want;
    h->nwant = n;
    h->stale = NULL;
    h->stale_size = 0;
    h->seen = calloc(n ? n : 1, 1);
    h->add = calloc(n ? n : 1, sizeof(size_t));

    if (h->seen != NULL && h->add != NULL) {
        rc = dots_gobgp_reconcile(h);

    } else {
        (void) dots_gobgp_error(h, "no memory");
        rc = dots_gobgp_failed(h, "cannot compare the routes");
    }

    free(h->seen);
    free(h->add);
    free(h->stale);

    return rc;
}


/* ---- handle ---- */

static void *
dots_gobgp_open(const void *conf, dots_mitigator_log_pt log, void *log_ctx)
{
    dots_gobgp_t  *h;

    h = calloc(1, sizeof(dots_gobgp_t));
    if (h == NULL) {
        return NULL;
    }

    h->conf = conf;
    h->log = log;
    h->log_ctx = log_ctx;
    h->grpc = dots_grpc_open(h->conf->target);

    if (h->grpc == NULL) {
        free(h);
        return NULL;
    }

    return h;
}


static void
dots_gobgp_close(void *handle)
{
    dots_gobgp_t  *h = handle;

    dots_grpc_close(h->grpc);
    free(h);
}


static void
dots_gobgp_interrupt(void *handle)
{
    dots_gobgp_t  *h = handle;

    dots_grpc_interrupt(h->grpc);
}


const dots_mitigator_driver_t  dots_gobgp_driver = {
    .name = "gobgp",
    .open = dots_gobgp_open,
    .sync = dots_gobgp_sync,
    .interrupt = dots_gobgp_interrupt,
    .close = dots_gobgp_close,
    .can = dots_gobgp_can,
    .ability = dots_gobgp_ability
};
