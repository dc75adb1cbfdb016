/*
 * What a zone is to the two files that know: ngx_dots_zone_init.c makes it,
 * with what the other files keep in it, ngx_dots_zone.c has the one in use.
 */

#ifndef _NGX_DOTS_ZONE_PRIVATE_H_INCLUDED_
#define _NGX_DOTS_ZONE_PRIVATE_H_INCLUDED_

#include "ngx_dots_zone.h"

typedef struct {
    ngx_dots_shared_t        shared;

    ngx_atomic_t             loaded;     /* the registry is whole */
    ngx_atomic_t             loader;     /* pid of who is filling it */
    ngx_atomic_t             reported;   /* s: that it is full */
    ngx_uint_t               missing;    /* mitigations without room */
    ngx_uint_t               mutating;   /* under the lock */
    ngx_uint_t               epoch;      /* fillings of the registry */
    uint64_t                 order;      /* of the store as it was loaded */

    ngx_slab_pool_t         *slab;       /* of the registry */
    size_t                   slab_size;
    dots_registry_root_t    *registry;
} ngx_dots_zone_t;

extern ngx_dots_zone_t  *ngx_dots_zone;    /* in use; NULL: none */

/* By a clock that nobody sets, never 0: the age of secrets. */
time_t ngx_dots_zone_seconds(void);

#endif /* _NGX_DOTS_ZONE_PRIVATE_H_INCLUDED_ */
