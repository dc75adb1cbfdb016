/*
 * The life of each process of nginx that takes part: what is begun in it and in
 * which order, what is done when it is woken, how it ends.  Called by the hooks
 * of the modules.
 */

#ifndef _NGX_DOTS_LIFE_H_INCLUDED_
#define _NGX_DOTS_LIFE_H_INCLUDED_

#include "ngx_dots.h"

/*
 * From init_process of the stream and the http module, never of the core
 * module: that one runs before the event module in a static build, when there
 * are no connections yet.  The second call does nothing.
 */
ngx_int_t ngx_dots_life_init(ngx_cycle_t *cycle);

/*
 * From their exit_process, likewise: in a static build nginx's thread pool,
 * which may have a commit under way, ends after the core module.  The second
 * call does nothing.
 */
void ngx_dots_life_exit(ngx_cycle_t *cycle);

#endif /* _NGX_DOTS_LIFE_H_INCLUDED_ */
