/*
 * A line of an exec mitigator's program: taken or refused, what is taken is
 * within its bounds, what is logged of it is printable.
 */

#include <assert.h>
#include <stdint.h>

#include "dots_exec_line.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
check_printable(const char *text, size_t max)
{
    size_t  i;

    for (i = 0; text[i] != '\0'; i++) {
        assert(i < max && text[i] >= 0x20 && text[i] <= 0x7e);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int               rc;
    char              why[DOTS_EXEC_ERROR], text[DOTS_PREFIX_TEXT];
    size_t            i;
    dots_exec_line_t  line;

    if (size > DOTS_EXEC_LINE) {
        return 0;
    }

    why[0] = '\0';

    rc = dots_exec_line_read(&line, (const char *) data, size, why);

    if (rc != DOTS_OK) {
        assert(rc == DOTS_INVALID && why[0] != '\0');
        check_printable(why, sizeof(why));
        return 0;
    }

    assert(line.kind >= DOTS_EXEC_HELLO && line.kind <= DOTS_EXEC_COUNTED);
    assert(line.n <= DOTS_EXEC_BATCH);
    assert(line.n == 0 || line.kind == DOTS_EXEC_STATE
           || line.kind == DOTS_EXEC_COUNTS);
    check_printable(line.reason, sizeof(line.reason));

    for (i = 0; i < line.n; i++) {
        (void) dots_prefix_print(&line.rules[i].prefix, text);
    }

    return 0;
}
