/*
 * Long work in parts: others have their turn between two of them.
 */

#ifndef _NGX_DOTS_TURN_H_INCLUDED_
#define _NGX_DOTS_TURN_H_INCLUDED_

#include "ngx_dots.h"

/*
 * Calls the event's handler when the event loop has been round once; over()
 * comes first there, and where it is not to be called any more.  A worker that
 * leaves waits for timers alone, so the event has one meanwhile.
 */
void ngx_dots_turn(ngx_event_t *ev);
void ngx_dots_turn_over(ngx_event_t *ev);

#endif /* _NGX_DOTS_TURN_H_INCLUDED_ */
