#include "dots_data_record.h"


#define DOTS_DATA_RECORD_FIRST   1 /* of a client, nothing but this byte */
#define DOTS_DATA_RECORD_VERSION 2


void
dots_data_record_encode(int64_t modified, uint8_t buf[DOTS_DATA_RECORD])
{
    dots_writer_t  w = { buf, buf + DOTS_DATA_RECORD, 0 };

    dots_write_u8(&w, DOTS_DATA_RECORD_VERSION);
    dots_write_u64(&w, (uint64_t) modified);
}


int
dots_data_record_decode(int64_t *modified, const void *buf, size_t len)
{
    uint8_t        version;
    dots_reader_t  r = { buf, (const uint8_t *) buf + len, 0 };

    version = dots_read_u8(&r);
    *modified = version == DOTS_DATA_RECORD_VERSION
                    ? (int64_t) dots_read_u64(&r) : 0;

    return r.failed || r.pos != r.end || version < DOTS_DATA_RECORD_FIRST
                   || version > DOTS_DATA_RECORD_VERSION || *modified < 0
               ? DOTS_INVALID : DOTS_OK;
}
