#include <endian.h>
#include <pthread.h>
#include <string.h>

#include "dots_crc.h"


#define DOTS_CRC_POLY  0x82f63b78u   /* reflected */
#define DOTS_CRC_SLICE 8             /* bytes a step */


static uint32_t        dots_crc_table[DOTS_CRC_SLICE][256];
static pthread_once_t  dots_crc_once = PTHREAD_ONCE_INIT;


static void
dots_crc_init(void)
{
    uint32_t  c;
    unsigned  i, k;

    for (i = 0; i < 256; i++) {
        c = i;

        for (k = 0; k < 8; k++) {
            c = (c >> 1) ^ (c & 1 ? DOTS_CRC_POLY : 0);
        }

        dots_crc_table[0][i] = c;
    }

    for (k = 1; k < DOTS_CRC_SLICE; k++) {
        for (i = 0; i < 256; i++) {
            c = dots_crc_table[k - 1][i];
            dots_crc_table[k][i] = (c >> 8) ^ dots_crc_table[0][c & 0xff];
        }
    }
}


/* Eight bytes at once: a look into each table, which do not wait for another */

static uint32_t
dots_crc_step(uint32_t crc, const uint8_t *p)
{
    uint64_t  v;

    memcpy(&v, p, sizeof(v));
    v = le64toh(v) ^ crc;

    return dots_crc_table[7][v & 0xff]
           ^ dots_crc_table[6][(v >> 8) & 0xff]
           ^ dots_crc_table[5][(v >> 16) & 0xff]
           ^ dots_crc_table[4][(v >> 24) & 0xff]
           ^ dots_crc_table[3][(v >> 32) & 0xff]
           ^ dots_crc_table[2][(v >> 40) & 0xff]
           ^ dots_crc_table[1][(v >> 48) & 0xff]
           ^ dots_crc_table[0][v >> 56];
}


uint32_t
dots_crc(uint32_t crc, const void *data, size_t len)
{
    const uint8_t  *p, *end;

    (void) pthread_once(&dots_crc_once, dots_crc_init);

    p = data;
    crc = ~crc;

    for (end = p + len; end - p >= DOTS_CRC_SLICE; p += DOTS_CRC_SLICE) {
        crc = dots_crc_step(crc, p);
    }

    for ( /* void */ ; p < end; p++) {
        crc = (crc >> 8) ^ dots_crc_table[0][(crc ^ *p) & 0xff];
    }

    return ~crc;
}
