/*
 * Arbitrary datagrams to a port where nobody has shaken hands: ours is silent,
 * asks for a cookie or takes one exactly where OpenSSL does, with the very same
 * bytes, never more of them than came.
 */

#include "reference_hello.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!reference_agrees(data, size)) {
        abort();
    }

    return 0;
}
