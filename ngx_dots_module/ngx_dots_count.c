#include "ngx_dots.h"
#include "ngx_dots_count.h"
#include "ngx_dots_zone.h"


#define NGX_DOTS_COUNT_PART    64       /* of the zone: one in so many */
#define NGX_DOTS_COUNT_CHUNK   64       /* keys a lock */
#define NGX_DOTS_COUNT_SWEEP   1024     /* likewise, entries that are swept */
#define NGX_DOTS_COUNT_SILENCE 60000    /* ms between lines of the log */


/* Of one key, in the list of a pass. */

typedef struct {
    dots_count_key_t       key;
    ngx_uint_t             runner;
    size_t                 first;       /* of its prefixes */
    size_t                 n;
} ngx_dots_count_item_t;

typedef struct {
    ngx_dots_count_item_t *items;
    size_t                 n;
    size_t                 max;
    dots_prefix_t         *prefixes;
    size_t                 nprefixes;
    size_t                 maxprefixes;
    unsigned               failed:1;    /* no memory */
} ngx_dots_count_list_t;

/*
 * What one runner has counted since the last poll: running sums over its rules,
 * which are sorted, so that all rules inside a prefix are one difference.
 */

typedef struct {
    dots_mitigator_t      *runner;      /* NULL: its driver never counts */
    uint64_t               counted;
    dots_rule_count_t     *rules;       /* of the last poll */
    size_t                 n;
    dots_count_more_t     *sums;        /* n + 1 of them; NULL: nothing new */
} ngx_dots_count_runner_t;

typedef struct {
    ngx_log_t               *log;
    ngx_dots_count_runner_t *runners;
    ngx_uint_t               nrunners;
    ngx_dots_count_list_t    list;      /* of the last whole pass */
    ngx_dots_count_list_t    next;      /* of the pass under way */
    ngx_msec_t               logged;
    unsigned                 listed:1;  /* there was a pass */
    unsigned                 news:1;    /* since the last poll */
} ngx_dots_count_t;


static void *ngx_dots_count_room(ngx_dots_count_list_t *list, void *elts,
    size_t n, size_t *max, size_t size);
static void ngx_dots_count_free(ngx_dots_count_list_t *list);
static ngx_uint_t ngx_dots_count_take(ngx_dots_count_runner_t *r);
static ngx_int_t ngx_dots_count_sum(ngx_dots_count_runner_t *r,
    const dots_rule_count_t *rules, size_t n);
static ngx_uint_t ngx_dots_count_inside(ngx_dots_count_runner_t *r,
    const dots_prefix_t *prefix, dots_count_more_t *more);
static void ngx_dots_count_add(void);
static ngx_uint_t ngx_dots_count_add_item(ngx_dots_count_item_t *item,
    int64_t now);
static void ngx_dots_count_full(ngx_uint_t full);
static void ngx_dots_count_sweep(void);
static void ngx_dots_count_acl(dots_str_t customer, dots_str_t cuid,
    dots_acl_t *acl, dots_arena_t *a);
static void ngx_dots_count_look(dots_count_key_t *keys,
    const dots_count_t **found, size_t n, dots_arena_t *a);


static ngx_dots_count_t  ngx_dots_count;


ngx_int_t
ngx_dots_count_init_zone(ngx_slab_pool_t *pool, ngx_dots_shared_t *shared,
    size_t size)
{
    void  *memory;

    size /= NGX_DOTS_COUNT_PART;

    memory = ngx_slab_alloc(pool, size);
    if (memory == NULL) {
        return NGX_ERROR;
    }

    shared->counts = dots_counts_create(memory, size);

    return shared->counts ? NGX_OK : NGX_ERROR;
}


/* ---- the manager: what is counted ---- */

ngx_int_t
ngx_dots_count_start(dots_mitigator_t **runners, ngx_uint_t n, ngx_log_t *log)
{
    ngx_uint_t  i;

    ngx_memzero(&ngx_dots_count, sizeof(ngx_dots_count_t));

    ngx_dots_count.log = log;
    ngx_dots_count.logged = ngx_current_msec - NGX_DOTS_COUNT_SILENCE;
    ngx_dots_count.runners = ngx_calloc((n + 1)
                                        * sizeof(ngx_dots_count_runner_t),
                                        log);
    if (ngx_dots_count.runners == NULL) {
        return NGX_ERROR;
    }

    ngx_dots_count.nrunners = n;

    for (i = 0; i < n; i++) {
        ngx_dots_count.runners[i].runner = runners[i];
    }

    return NGX_OK;
}


void
ngx_dots_count_stop(void)
{
    ngx_uint_t  i;

    for (i = 0; i < ngx_dots_count.nrunners; i++) {
        free(ngx_dots_count.runners[i].rules);
    }

    ngx_free(ngx_dots_count.runners);
    ngx_dots_count_free(&ngx_dots_count.list);
    ngx_dots_count_free(&ngx_dots_count.next);

    ngx_memzero(&ngx_dots_count, sizeof(ngx_dots_count_t));
}


static void
ngx_dots_count_free(ngx_dots_count_list_t *list)
{
    free(list->items);
    free(list->prefixes);

    ngx_memzero(list, sizeof(ngx_dots_count_list_t));
}


void
ngx_dots_count_begin(void)
{
    ngx_dots_count.next.n = 0;
    ngx_dots_count.next.nprefixes = 0;
    ngx_dots_count.next.failed = 0;
}


void
ngx_dots_count_mitigation(ngx_uint_t runner, const dots_mitigation_t *m)
{
    ngx_dots_count_entry_t  entry;

    if (ngx_dots_count.runners[runner].runner == NULL) {
        return;
    }

    dots_count_mitigation_key(&entry.key, m);

    entry.prefixes = m->resolved;
    entry.n = m->nresolved;

    ngx_dots_count_want(runner, &entry);
}


void
ngx_dots_count_want(ngx_uint_t runner, const ngx_dots_count_entry_t *entry)
{
    size_t                  i;
    dots_prefix_t          *p;
    ngx_dots_count_list_t  *list;
    ngx_dots_count_item_t  *item;

    if (ngx_dots_count.runners[runner].runner == NULL) {
        return;
    }

    list = &ngx_dots_count.next;

    item = ngx_dots_count_room(list, list->items, list->n, &list->max,
                               sizeof(ngx_dots_count_item_t));
    if (item == NULL) {
        return;
    }

    list->items = item;
    item = &list->items[list->n];

    item->key = entry->key;
    item->runner = runner;
    item->first = list->nprefixes;
    item->n = 0;

    for (i = 0; i < entry->n; i++) {

        p = ngx_dots_count_room(list, list->prefixes, list->nprefixes,
                                &list->maxprefixes, sizeof(dots_prefix_t));
        if (p == NULL) {
            return;
        }

        list->prefixes = p;
        p += list->nprefixes;

        /* one inside another would count twice */

        if (item->n && dots_prefix_contains(p - 1, &entry->prefixes[i])) {
            continue;
        }

        *p = entry->prefixes[i];
        list->nprefixes++;
        item->n++;
    }

    list->n++;
}


/* For one more; NULL: no memory, and the list is void. */

static void *
ngx_dots_count_room(ngx_dots_count_list_t *list, void *elts, size_t n,
    size_t *max, size_t size)
{
    void  *p;

    if (n < *max) {
        return elts;
    }

    p = realloc(elts, ngx_max(*max * 2, 64) * size);

    if (p == NULL) {
        list->failed = 1;
        return NULL;
    }

    *max = ngx_max(*max * 2, 64);

    return p;
}


void
ngx_dots_count_done(ngx_uint_t whole)
{
    ngx_dots_count_list_t  list;

    if (!whole || ngx_dots_count.next.failed) {
        return;
    }

    list = ngx_dots_count.list;
    ngx_dots_count.list = ngx_dots_count.next;
    ngx_dots_count.next = list;

    ngx_dots_count.listed = 1;
    ngx_dots_count.news = 1;
}


/* ---- the manager: adding up ---- */

void
ngx_dots_count_poll(void)
{
    ngx_uint_t  i, news;

    if (!ngx_dots_count.listed) {
        return;
    }

    news = ngx_dots_count.news;

    for (i = 0; i < ngx_dots_count.nrunners; i++) {
        news |= ngx_dots_count_take(&ngx_dots_count.runners[i]);
    }

    if (news) {
        ngx_dots_count_add();
        ngx_dots_count_sweep();
    }

    for (i = 0; i < ngx_dots_count.nrunners; i++) {
        ngx_free(ngx_dots_count.runners[i].sums);
        ngx_dots_count.runners[i].sums = NULL;
    }

    ngx_dots_count.news = 0;
}


/* Has the runner counted? */

static ngx_uint_t
ngx_dots_count_take(ngx_dots_count_runner_t *r)
{
    size_t              n;
    uint64_t            counted;
    dots_rule_count_t  *rules;

    if (r->runner == NULL) {
        return 0;
    }

    counted = dots_mitigator_counted(r->runner);

    if (counted == r->counted) {
        return 0;
    }

    if (dots_mitigator_counts(r->runner, &rules, &n) != DOTS_OK) {
        return 0;
    }

    if (ngx_dots_count_sum(r, rules, n) != NGX_OK) {
        free(rules);
        return 0;
    }

    free(r->rules);

    r->rules = rules;
    r->n = n;
    r->counted = counted;

    return 1;
}


static ngx_int_t
ngx_dots_count_sum(ngx_dots_count_runner_t *r, const dots_rule_count_t *rules,
    size_t n)
{
    int                 rc;
    size_t              i, k;
    dots_count_more_t  *sum, more;

    sum = ngx_calloc((n + 1) * sizeof(dots_count_more_t), ngx_dots_count.log);
    if (sum == NULL) {
        return NGX_ERROR;
    }

    r->sums = sum;

    for (i = 0, k = 0; i < n; i++, sum++) {

        for (rc = 1; k < r->n; k++) {
            rc = dots_prefix_cmp(&r->rules[k].prefix, &rules[i].prefix);

            if (rc >= 0) {
                break;
            }
        }

        ngx_memzero(&more, sizeof(dots_count_more_t));

        more.packets = rules[i].packets;
        more.octets = rules[i].octets;

        /* one that went and came back meanwhile began anew */

        if (k < r->n && rc == 0 && rules[i].packets >= r->rules[k].packets
            && rules[i].octets >= r->rules[k].octets)
        {
            more.packets -= r->rules[k].packets;
            more.octets -= r->rules[k].octets;

        } else {
            more.fresh_packets = more.packets;
            more.fresh_octets = more.octets;
        }

        sum[1].packets = sum[0].packets + more.packets;
        sum[1].octets = sum[0].octets + more.octets;
        sum[1].fresh_packets = sum[0].fresh_packets + more.fresh_packets;
        sum[1].fresh_octets = sum[0].fresh_octets + more.fresh_octets;
    }

    return NGX_OK;
}


/*
 * Adds what all rules inside the prefix have: they follow each other.  Nonzero:
 * its own is one of them.
 */

static ngx_uint_t
ngx_dots_count_inside(ngx_dots_count_runner_t *r, const dots_prefix_t *prefix,
    dots_count_more_t *more)
{
    size_t  low, high, mid, first;

    for (low = 0, high = r->n; low < high; /* void */ ) {

        mid = low + (high - low) / 2;

        if (dots_prefix_cmp(&r->rules[mid].prefix, prefix) < 0) {
            low = mid + 1;

        } else {
            high = mid;
        }
    }

    first = low;

    for (high = r->n; low < high; /* void */ ) {

        mid = low + (high - low) / 2;

        if (dots_prefix_contains(prefix, &r->rules[mid].prefix)) {
            low = mid + 1;

        } else {
            high = mid;
        }
    }

    more->packets += r->sums[low].packets - r->sums[first].packets;
    more->octets += r->sums[low].octets - r->sums[first].octets;
    more->fresh_packets += r->sums[low].fresh_packets
                           - r->sums[first].fresh_packets;
    more->fresh_octets += r->sums[low].fresh_octets
                          - r->sums[first].fresh_octets;

    return low != first
           && dots_prefix_cmp(&r->rules[first].prefix, prefix) == 0;
}


static void
ngx_dots_count_add(void)
{
    size_t       i, k;
    int64_t      now;
    ngx_uint_t   full;

    full = 0;
    now = ngx_dots_now();

    for (i = 0; i < ngx_dots_count.list.n; i = k) {

        ngx_dots_zone_hold();

        for (k = i; k < ngx_dots_count.list.n && k < i + NGX_DOTS_COUNT_CHUNK;
             k++)
        {
            full += ngx_dots_count_add_item(&ngx_dots_count.list.items[k],
                                            now);
        }

        ngx_dots_zone_release();
    }

    if (full) {
        ngx_dots_count_full(full);
    }
}


/* Nonzero: there is no room for it.  The zone is held. */

static ngx_uint_t
ngx_dots_count_add_item(ngx_dots_count_item_t *item, int64_t now)
{
    size_t                    i;
    ngx_uint_t                whole;
    dots_count_t              count;
    dots_prefix_t            *p;
    dots_count_more_t         more;
    ngx_dots_count_runner_t  *r;

    whole = item->n != 0;
    r = &ngx_dots_count.runners[item->runner];
    p = &ngx_dots_count.list.prefixes[item->first];

    if (r->counted == DOTS_MITIGATOR_UNCOUNTED) {
        return 0;
    }

    /* a manager that has just started knows nothing yet, others did */

    if (r->sums == NULL) {
        dots_counts_keep(ngx_dots_shared->counts, &item->key);
        return 0;
    }

    ngx_memzero(&more, sizeof(dots_count_more_t));

    for (i = 0; i < item->n; i++) {
        whole &= ngx_dots_count_inside(r, &p[i], &more);
    }

    /* it begins when all of its rules are in place */

    if (!whole
        && dots_counts_get(ngx_dots_shared->counts, &item->key, &count)
           != DOTS_OK)
    {
        return 0;
    }

    return dots_counts_add(ngx_dots_shared->counts, &item->key, &more, now)
           != DOTS_OK;
}


static void
ngx_dots_count_full(ngx_uint_t full)
{
    if (ngx_current_msec - ngx_dots_count.logged < NGX_DOTS_COUNT_SILENCE) {
        return;
    }

    ngx_dots_count.logged = ngx_current_msec;

    ngx_log_error(NGX_LOG_WARN, ngx_dots_count.log, 0,
                  "dots: no room to count for %ui mitigations and entries of "
                  "ACLs: enlarge \"zone\"", full);
}


static void
ngx_dots_count_sweep(void)
{
    int  rc;

    do {
        ngx_dots_zone_hold();
        rc = dots_counts_sweep(ngx_dots_shared->counts, NGX_DOTS_COUNT_SWEEP);
        ngx_dots_zone_release();

    } while (rc != DOTS_OK);
}


/* ---- the workers ---- */

void
ngx_dots_count_dropped(dots_mitigation_t *list, size_t n, dots_arena_t *a)
{
    size_t               i, k, chunk;
    dots_count_key_t     keys[NGX_DOTS_COUNT_CHUNK];
    const dots_count_t  *found[NGX_DOTS_COUNT_CHUNK];

    if (dots_counts_empty(ngx_dots_shared->counts)) {
        return;
    }

    for (i = 0; i < n; i += chunk) {

        chunk = ngx_min(n - i, NGX_DOTS_COUNT_CHUNK);

        for (k = 0; k < chunk; k++) {
            dots_count_mitigation_key(&keys[k], &list[i + k]);
        }

        ngx_dots_count_look(keys, found, chunk, a);

        for (k = 0; k < chunk; k++) {
            list[i + k].dropped = found[k];
        }
    }
}


void
ngx_dots_count_matched(dots_str_t customer, dots_client_t *clients, size_t n,
    dots_arena_t *a)
{
    size_t  i, k;

    if (dots_counts_empty(ngx_dots_shared->counts)) {
        return;
    }

    for (i = 0; i < n; i++) {
        for (k = 0; k < clients[i].nacls; k++) {
            ngx_dots_count_acl(customer, clients[i].cuid, &clients[i].acls[k],
                               a);
        }
    }
}


static void
ngx_dots_count_acl(dots_str_t customer, dots_str_t cuid, dots_acl_t *acl,
    dots_arena_t *a)
{
    size_t               i, k, chunk;
    dots_count_key_t     keys[NGX_DOTS_COUNT_CHUNK];
    const dots_count_t  *found[NGX_DOTS_COUNT_CHUNK];

    for (i = 0; i < acl->naces; i += chunk) {

        chunk = ngx_min(acl->naces - i, NGX_DOTS_COUNT_CHUNK);

        for (k = 0; k < chunk; k++) {
            dots_count_ace_key(&keys[k], customer, cuid, acl,
                               &acl->aces[i + k]);
        }

        ngx_dots_count_look(keys, found, chunk, a);

        for (k = 0; k < chunk; k++) {
            acl->aces[i + k].matched = found[k];
        }
    }
}


static void
ngx_dots_count_look(dots_count_key_t *keys, const dots_count_t **found,
    size_t n, dots_arena_t *a)
{
    size_t         i;
    dots_count_t  *copies;

    copies = dots_arena_array(a, n, sizeof(dots_count_t));

    ngx_memzero(found, n * sizeof(dots_count_t *));

    if (copies == NULL) {
        return;
    }

    ngx_dots_zone_hold();

    for (i = 0; i < n; i++) {
        if (dots_counts_get(ngx_dots_shared->counts, &keys[i], &copies[i])
            == DOTS_OK)
        {
            found[i] = &copies[i];
        }
    }

    ngx_dots_zone_release();
}
