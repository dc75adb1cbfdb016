/*
 * Any bytes: refused with a sentence, or decoded; what was decoded encodes to
 * bytes that decode to the same message again.
 */

#include <stdio.h>
#include <stdlib.h>

#include "dots_cbor.h"


#define FUZZ_SIZE 65536


static dots_schema_t  *fuzz_schema;


int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char  err[512];

    (void) argc;
    (void) argv;

    fuzz_schema = dots_schema_load(SOURCE_DIR "/schemas", err, sizeof(err));

    if (fuzz_schema == NULL) {
        fprintf(stderr, "%s\n", err);
        abort();
    }

    return 0;
}


/* The bytes of the message in "data"; 0: it was refused. */

static size_t
fuzz_round(const uint8_t *data, size_t size, uint8_t *out)
{
    int               rc;
    size_t            len;
    dots_fault_t      fault;
    struct lyd_node  *tree;

    fault.message[0] = '\0';

    rc = dots_cbor_decode(fuzz_schema, data, size, &tree, &fault);

    if (rc != DOTS_OK) {

        if (rc != DOTS_INVALID || fault.message[0] == '\0' || tree != NULL) {
            abort();
        }

        return 0;
    }

    if (dots_cbor_encode(tree, out, FUZZ_SIZE, &len) != DOTS_OK) {
        abort();
    }

    lyd_free_all(tree);

    return len;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t          first, second;
    static uint8_t  a[FUZZ_SIZE], b[FUZZ_SIZE];

    if (size > FUZZ_SIZE / 4) {
        return 0;
    }

    first = fuzz_round(data, size, a);

    if (first == 0) {
        return 0;
    }

    second = fuzz_round(a, first, b);

    if (second != first || memcmp(a, b, first) != 0) {
        abort();
    }

    return 0;
}
