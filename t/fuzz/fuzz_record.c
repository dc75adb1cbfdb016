/*
 * The durable records: arbitrary bytes are refused, or they are exactly what
 * encoding the result gives again.  The first byte says which record.
 */

#include <stdlib.h>

#include "dots_alias.h"
#include "dots_clock.h"
#include "dots_mitigation.h"


#define FUZZ_RECORD_ARENA (1 << 20)


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
fuzz_record_same(int rc, const uint8_t *out, size_t len, const uint8_t *data,
    size_t size)
{
    if (rc != DOTS_OK || len != size || memcmp(out, data, size) != 0) {
        abort();
    }
}


static void
fuzz_record_mitigation(const uint8_t *data, size_t size, uint8_t *out,
    dots_arena_t *a)
{
    int                rc;
    size_t             len;
    dots_mitigation_t  m;

    if (dots_mitigation_decode(&m, data, size, a) != DOTS_OK) {
        return;
    }

    /* the first version is read, never written */

    if (data[0] == 1) {
        return;
    }

    len = 0;
    rc = dots_mitigation_encode(&m, out, size, &len);
    fuzz_record_same(rc, out, len, data, size);

    dots_mitigation_normalize(&m);
}


static void
fuzz_record_alias(const uint8_t *data, size_t size, uint8_t *out,
    dots_arena_t *a)
{
    int           rc;
    size_t        len;
    dots_alias_t  alias;

    if (dots_alias_decode(&alias, data, size, a) != DOTS_OK
        || data[0] == 1)
    {
        return;
    }

    len = 0;
    rc = dots_alias_encode(&alias, out, size, &len);
    fuzz_record_same(rc, out, len, data, size);
}


static void
fuzz_record_clock(const uint8_t *data, size_t size)
{
    uint8_t       out[DOTS_CLOCK_RECORD];
    dots_clock_t  saved, c;

    if (dots_clock_decode(&saved, data, size) != DOTS_OK) {
        return;
    }

    dots_clock_encode(&saved, out);
    fuzz_record_same(DOTS_OK, out, sizeof(out), data, size);

    /* the record begins with its version and the boot */

    c = saved;
    c.boot[0] ^= data[1] & 1;
    c.mono = data[2];
    dots_clock_start(&c, &saved);

    if (c.now < saved.now) {
        abort();
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t       *out;
    dots_arena_t  *a;

    if (size == 0) {
        return 0;
    }

    a = dots_arena_create(FUZZ_RECORD_ARENA);
    out = malloc(size);

    if (a == NULL || out == NULL) {
        abort();
    }

    if (data[0] == 2) {
        fuzz_record_clock(data + 1, size - 1);

    } else if (data[0] & 1) {
        fuzz_record_mitigation(data + 1, size - 1, out, a);

    } else {
        fuzz_record_alias(data + 1, size - 1, out, a);
    }

    free(out);
    dots_arena_destroy(a);

    return 0;
}
