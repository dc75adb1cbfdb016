/*
 * 64 bits that tell one configuration from another: FNV-1a over its values,
 * each behind its length.  Against accident, not against anybody who may choose
 * the values.
 */

#ifndef DOTS_DIGEST_H
#define DOTS_DIGEST_H

#include "dots_base.h"

#define DOTS_DIGEST_BASIS 0xcbf29ce484222325ull
#define DOTS_DIGEST_PRIME 0x100000001b3ull


static inline uint64_t
dots_digest_bytes(uint64_t digest, const void *data, size_t len)
{
    size_t          i;
    uint64_t        n;
    const uint8_t  *p = data;

    n = len;

    for (i = 0; i < sizeof(n); i++) {
        digest = (digest ^ (uint8_t) (n >> 8 * i)) * DOTS_DIGEST_PRIME;
    }

    for (i = 0; i < len; i++) {
        digest = (digest ^ p[i]) * DOTS_DIGEST_PRIME;
    }

    return digest;
}


static inline uint64_t
dots_digest_number(uint64_t digest, uint64_t value)
{
    return dots_digest_bytes(digest, &value, sizeof(value));
}


static inline uint64_t
dots_digest_str(uint64_t digest, dots_str_t s)
{
    return dots_digest_bytes(digest, s.data, s.len);
}


/* NULL is another value than "". */

static inline uint64_t
dots_digest_text(uint64_t digest, const char *text)
{
    return text == NULL ? dots_digest_number(digest, UINT64_MAX)
                        : dots_digest_bytes(digest, text, strlen(text));
}

#endif /* DOTS_DIGEST_H */
