/*
 * Any bytes as the body of a heartbeat: refused with a sentence, or read; what
 * the general decoder reads as a heartbeat, too, has the same peer-hb-status
 * there.  (It is stricter with optional keys that it knows from elsewhere.)
 */

#include <stdio.h>
#include <stdlib.h>

#include "dots_cbor.h"
#include "dots_signal_heartbeat.h"


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


/* -1: the decoder refuses it, or it is another message. */

static int
fuzz_general(const uint8_t *data, size_t size)
{
    int                      status;
    const char              *value;
    dots_fault_t             fault;
    struct lyd_node         *tree;
    const struct lysc_node  *message;

    if (dots_cbor_decode(fuzz_schema, data, size, &tree, &fault) != DOTS_OK) {
        return -1;
    }

    status = -1;
    message = dots_schema_message_case(fuzz_schema, tree);

    if (message != NULL && strcmp(message->name, "heartbeat") == 0
        && lyd_child(tree) != NULL)
    {
        value = lyd_get_value(lyd_child(tree));
        status = strcmp(value, "true") == 0;
    }

    lyd_free_all(tree);

    return status;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int           rc, status, general;
    dots_fault_t  fault;

    fault.message[0] = '\0';

    rc = dots_signal_heartbeat_read(dots_str(data, size), &status, &fault);

    if (rc == DOTS_OK) {

        general = fuzz_general(data, size);

        if (general != -1 && general != status) {
            abort();
        }

        return 0;
    }

    if (rc != DOTS_INVALID || fault.message[0] == '\0') {
        abort();
    }

    return 0;
}
