/*
 * What the mitigators count, on its way to the clients: the manager takes the
 * rules' counts from the runners, adds them up for each mitigation and each
 * entry of an ACL, and keeps the sums in the zone; workers read them there.
 */

#ifndef _NGX_DOTS_COUNT_H_INCLUDED_
#define _NGX_DOTS_COUNT_H_INCLUDED_

#include "ngx_dots.h"
#include "../model/dots_count.h"

ngx_int_t ngx_dots_count_init_zone(ngx_slab_pool_t *pool,
    ngx_dots_shared_t *shared, size_t size);


/* ---- the manager ---- */

/* What is counted under one key: prefixes without others inside, sorted. */

typedef struct {
    dots_count_key_t    key;
    dots_prefix_t      *prefixes;
    size_t              n;
} ngx_dots_count_entry_t;

/* "runners" of all mitigators, by their numbers; NULL where none counts. */
ngx_int_t ngx_dots_count_start(dots_mitigator_t **runners, ngx_uint_t n,
    ngx_log_t *log);
void ngx_dots_count_stop(void);

/*
 * A pass names anew what is counted, by which mitigator; the prefixes are
 * copied.  done: it is all of it, or the pass is void and the old list holds.
 */
void ngx_dots_count_begin(void);
void ngx_dots_count_want(ngx_uint_t runner,
    const ngx_dots_count_entry_t *entry);
void ngx_dots_count_mitigation(ngx_uint_t runner, const dots_mitigation_t *m);
void ngx_dots_count_done(ngx_uint_t whole);

/* Adds up what the runners have counted since the last call, if they have. */
void ngx_dots_count_poll(void);


/* ---- the workers ---- */

/*
 * Sets "dropped" of each, and "matched" of each entry of each ACL, where it is
 * counted, in the arena.  Without memory there is just none.
 */
void ngx_dots_count_dropped(dots_mitigation_t *list, size_t n,
    dots_arena_t *a);
void ngx_dots_count_matched(dots_str_t customer, dots_client_t *clients,
    size_t n, dots_arena_t *a);

#endif /* _NGX_DOTS_COUNT_H_INCLUDED_ */
