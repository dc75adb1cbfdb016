/*
 * Any bytes as a Via header field.  A relay that is put in front of it is found
 * whatever follows, and one that is nobody's is not.
 */

#include <stdlib.h>
#include <string.h>

#include "dots_via.h"

#define FUZZ_OWN "1.1 dots.example:8443,"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t     *text;
    dots_str_t   name = dots_string("dots.example");
    dots_str_t   nobody = dots_string("a b");

    (void) dots_via_has(dots_str(data, size), &name, 1);

    if (dots_via_has(dots_str(data, size), &nobody, 1)) {
        abort();        /* no relay has a space */
    }

    text = malloc(sizeof(FUZZ_OWN) - 1 + size);
    if (text == NULL) {
        return 0;
    }

    memcpy(text, FUZZ_OWN, sizeof(FUZZ_OWN) - 1);

    if (size != 0) {
        memcpy(text + sizeof(FUZZ_OWN) - 1, data, size);
    }

    if (!dots_via_has(dots_str(text, sizeof(FUZZ_OWN) - 1 + size), &name, 1)) {
        abort();
    }

    free(text);

    return 0;
}
