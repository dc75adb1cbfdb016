/*
 * CRC-32C (Castagnoli, RFC 3720 appendix B.4), the check sum of the store's
 * records: it finds every change of up to 32 bits in a row.
 */

#ifndef DOTS_CRC_H
#define DOTS_CRC_H

#include <stddef.h>
#include <stdint.h>

/* Goes on from "crc", which is 0 at first. */
uint32_t dots_crc(uint32_t crc, const void *data, size_t len);

#endif /* DOTS_CRC_H */
