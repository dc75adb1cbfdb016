/*
 * The resource "capabilities" of RFC 8783 section 7.1: what the mitigators of
 * the asking customer can filter by, all of them together.
 */

#ifndef DOTS_DATA_CAPABILITY_H
#define DOTS_DATA_CAPABILITY_H

#include "dots_restconf_exchange.h"

/* Answers by itself: rc->text. */
int dots_data_capability_get(dots_exchange_t *x);

/* The text of the container alone, and a bound on its size. */
#define DOTS_DATA_CAPABILITY_SIZE 2048

void dots_data_capability_write(dots_exchange_t *x, dots_writer_t *w);

#endif /* DOTS_DATA_CAPABILITY_H */
