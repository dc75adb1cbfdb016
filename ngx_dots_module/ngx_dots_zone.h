/*
 * The shared-memory zone: who lives (slots), the cookie secrets, and the
 * registry of mitigations in a slab of its own.  The only file that takes the
 * zone's lock.  Called by every other file of the module.
 *
 * A process that dies inside a critical section leaves the "mutating" word set;
 * whoever takes the lock next sees it and declares the registry lost, and the
 * manager builds it again from the store.
 */

#ifndef _NGX_DOTS_ZONE_H_INCLUDED_
#define _NGX_DOTS_ZONE_H_INCLUDED_

#include "ngx_dots.h"

/* A zone of this configuration, made anew or taken on: ngx_dots_zone_init.c. */
ngx_int_t ngx_dots_zone_add(ngx_conf_t *cf, ngx_dots_conf_t *dcf,
    ngx_str_t *name, size_t size);

/* In the master, before fork; NULL: there is no dots {} block. */
void ngx_dots_zone_attach(ngx_shm_zone_t *zone);

/*
 * The registry, locked; NULL (and not locked) while it is not loaded.  Nothing
 * that blocks, logs or calls OpenSSL in between.  Sections that only read
 * survive the death of their process.
 */
dots_registry_t *ngx_dots_zone_lock(ngx_uint_t write);
void ngx_dots_zone_unlock(void);

/*
 * Fills an empty or lost registry from the store; NGX_OK: it is loaded (by us
 * or before), NGX_AGAIN: another process is at it, NGX_ERROR.
 */
ngx_int_t ngx_dots_zone_load(ngx_log_t *log);

/*
 * Who is at it, or claims the store for what is filled: one of all processes,
 * while it lives.  NGX_OK or NGX_AGAIN.
 */
ngx_int_t ngx_dots_zone_take(void);
void ngx_dots_zone_give(void);

ngx_uint_t ngx_dots_zone_loaded(void);

/*
 * Counts the fillings.  What was reserved in one is void in the next; see
 * ngx_dots_fence.h.  Call it with the zone locked, or take the answer for a
 * hint.
 */
ngx_uint_t ngx_dots_zone_epoch(void);

/* What the registry was filled from; see dots_store_seen(). */
uint64_t ngx_dots_zone_order(void);

/*
 * The zone's lock for what is beside the registry and cannot be left wrong by a
 * process that dies; as short as the above.
 */
void ngx_dots_zone_hold(void);
void ngx_dots_zone_release(void);

/*
 * Mitigations of the store that had no room when it was filled.  They are not
 * in the registry; the manager keeps their rules all the same.
 */
ngx_uint_t ngx_dots_zone_missing(void);

/* A request was refused because it is full: a line in the log now and then. */
void ngx_dots_zone_full(ngx_log_t *log);

/* Declares the registry lost: see above, and ngx_dots_reap(). */
void ngx_dots_zone_lose(void);

#endif /* _NGX_DOTS_ZONE_H_INCLUDED_ */
