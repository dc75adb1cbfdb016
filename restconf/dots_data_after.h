/*
 * What a commit has left, of all that the request had read: known without
 * another look at it, in which others' changes could be.
 */

#ifndef DOTS_DATA_AFTER_H
#define DOTS_DATA_AFTER_H

#include "dots_entity.h"
#include "dots_restconf_exchange.h"

/*
 * The entity of "path" after x->rq was committed, or, with nothing to commit,
 * was read.  DOTS_OK; DOTS_DECLINED: there is none, or more than was read had
 * to be known; DOTS_ERROR.
 */
int dots_data_after(dots_exchange_t *x, const dots_data_path_t *path,
    dots_entity_t *e);

#endif /* DOTS_DATA_AFTER_H */
