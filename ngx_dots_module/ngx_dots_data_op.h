/*
 * What the changes of a request to the data channel are in the store:
 * operations on records, with what they find there now.  Called by
 * ngx_dots_data_commit.c only, which knows when.
 */

#ifndef _NGX_DOTS_DATA_OP_H_INCLUDED_
#define _NGX_DOTS_DATA_OP_H_INCLUDED_

#include "ngx_dots_request.h"

struct ngx_dots_data_txn_s {
    dots_store_op_t     *ops;
    dots_verdict_t      *verdicts;   /* if the operation is declined; NONE: look
                                        again, something has changed */
    ngx_uint_t          *fresh;      /* a PUT of what was not there */
    size_t               n;
    size_t               naliases;   /* more than there were */
    size_t               nacls;
    size_t               nvendors;
    size_t               nclients;
    size_t               aliases;    /* fewer */
    size_t               acls;
    size_t               vendors;
    size_t               bound;      /* changes whose cuids are bound */
};

/* Of all changes of the request, so many at most. */
size_t ngx_dots_data_op_most(const dots_request_t *rq);

/*
 * Operations behind the ones that there are.  NGX_DECLINED: what the change is
 * of is over; NGX_ERROR: the store can't be read, or no memory.
 */
ngx_int_t ngx_dots_data_op_change(ngx_dots_request_t *dr, dots_change_t *c);

/*
 * The customer has at most "max" of a kind (0: any number) when "more" come and
 * "less" go.
 */
ngx_int_t ngx_dots_data_op_limit(ngx_dots_request_t *dr,
    dots_change_kind_t kind, size_t more, size_t less, size_t max);

#endif /* _NGX_DOTS_DATA_OP_H_INCLUDED_ */
