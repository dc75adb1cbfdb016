#include <arpa/inet.h>
#include <string.h>

#include "dots_crc.h"
#include "dots_lmdb_record.h"


#define DOTS_LMDB_RECORD_MARK   0xd5   /* no record of format 1 begins so */


const dots_store_slice_t  dots_lmdb_record_format_key = { "\0format", 7 };


static uint32_t
dots_lmdb_record_sum(dots_store_slice_t key, dots_store_slice_t value)
{
    uint32_t  crc;

    /* the key, too: a value must not turn up under another one's */

    crc = dots_crc(0, key.data, key.len);

    return htonl(dots_crc(crc, value.data, value.len));
}


void
dots_lmdb_record_seal(dots_store_slice_t key, dots_store_slice_t value,
    uint8_t *buf)
{
    uint32_t  crc;

    crc = dots_lmdb_record_sum(key, value);

    buf[0] = DOTS_LMDB_RECORD_MARK;
    memcpy(buf + 1, &crc, sizeof(crc));

    if (value.len) {
        memcpy(buf + DOTS_LMDB_RECORD_HEAD, value.data, value.len);
    }
}


int
dots_lmdb_record_open(dots_store_slice_t key, dots_store_slice_t stored,
    int mixed, dots_store_slice_t *value)
{
    uint32_t        crc;
    const uint8_t  *p;

    p = stored.data;

    if (stored.len < DOTS_LMDB_RECORD_HEAD || p[0] != DOTS_LMDB_RECORD_MARK) {
        *value = stored;
        return mixed ? DOTS_STORE_OK : DOTS_STORE_ERROR;
    }

    value->data = p + DOTS_LMDB_RECORD_HEAD;
    value->len = stored.len - DOTS_LMDB_RECORD_HEAD;

    memcpy(&crc, p + 1, sizeof(crc));

    return crc == dots_lmdb_record_sum(key, *value) ? DOTS_STORE_OK
                                                    : DOTS_STORE_ERROR;
}


int
dots_lmdb_record_reserved(dots_store_slice_t key)
{
    return key.len && *(const uint8_t *) key.data == 0;
}


void
dots_lmdb_record_stamp(int mixed, uint8_t buf[DOTS_LMDB_RECORD_STAMP])
{
    uint8_t             text[3];
    dots_store_slice_t  value = { text, sizeof(text) };

    text[0] = DOTS_LMDB_RECORD_FORMAT >> 8;
    text[1] = DOTS_LMDB_RECORD_FORMAT & 0xff;
    text[2] = mixed ? DOTS_LMDB_RECORD_MIXED : 0;

    dots_lmdb_record_seal(dots_lmdb_record_format_key, value, buf);
}


/* A newer one may be longer: the version comes first in all of them. */

int
dots_lmdb_record_format(dots_store_slice_t stored, unsigned *version,
    int *mixed)
{
    const uint8_t       *p;
    dots_store_slice_t   value;

    if (dots_lmdb_record_open(dots_lmdb_record_format_key, stored, 0, &value)
        != DOTS_STORE_OK
        || value.len < 3)
    {
        return DOTS_STORE_ERROR;
    }

    p = value.data;
    *version = (unsigned) p[0] << 8 | p[1];
    *mixed = p[2] & DOTS_LMDB_RECORD_MIXED;

    return DOTS_STORE_OK;
}
