#include "ngx_dots_turn.h"


#define NGX_DOTS_TURN  60000    /* ms: longer than any turn takes */


void
ngx_dots_turn(ngx_event_t *ev)
{
    ngx_post_event(ev, &ngx_posted_next_events);

    ngx_add_timer(ev, NGX_DOTS_TURN);
}


void
ngx_dots_turn_over(ngx_event_t *ev)
{
    if (ev->posted) {
        ngx_delete_posted_event(ev);
    }

    if (ev->timer_set) {
        ngx_del_timer(ev);
    }
}
