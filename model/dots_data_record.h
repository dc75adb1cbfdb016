/*
 * The small records of the data channel: that a dots-client is there, and when
 * something was last taken out of a list, which no entry tells any more.
 */

#ifndef DOTS_DATA_RECORD_H
#define DOTS_DATA_RECORD_H

#include "dots_base.h"

#define DOTS_DATA_RECORD 9 /* bytes of either */

/* ms since the epoch; 0: a client of a version that did not know it. */

void dots_data_record_encode(int64_t modified, uint8_t buf[DOTS_DATA_RECORD]);
int dots_data_record_decode(int64_t *modified, const void *buf, size_t len);

#endif /* DOTS_DATA_RECORD_H */
