/*
 * An expression of a filter, a time, and a history in one: what is taken can
 * be applied to any event, and what is written is the history's own bytes.
 */

#include <stdlib.h>
#include <string.h>

#include "dots_stream.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
fuzz_filter(dots_str_t text)
{
    size_t                    position;
    dots_arena_t             *a;
    dots_stream_leaf_t        leaves[2] = {
        { "mid", dots_string("12") }, { "status", dots_string("x") }
    };
    dots_stream_filter_t     *filter;

    a = dots_arena_create(65536);

    if (dots_stream_filter_parse(&filter, text, DOTS_STREAM_MODULE, a,
                                 &position)
        == DOTS_OK)
    {
        (void) dots_stream_filter_match(filter, "mitigation-changed", leaves,
                                        2);
        (void) dots_stream_filter_match(filter, "resource-changed", NULL, 0);
    }

    dots_arena_destroy(a);
}


static void
fuzz_time(dots_str_t text)
{
    char     again[DOTS_STREAM_TIME + 1];
    int64_t  time;

    time = dots_stream_parse_time(text);

    if (time < 0) {
        return;
    }

    dots_stream_time(time, again);

    /* an offset may lead out of four digits of a year */

    if (again[0] != '\0'
        && dots_stream_parse_time(dots_str(again, strlen(again))) != time
        && time < 253402300800000LL)
    {
        abort();
    }
}


/* Each byte is the length of a name: a reader keeps up. */

static void
fuzz_history(const uint8_t *data, size_t size)
{
    size_t           i;
    dots_event_t     e, seen;
    static uint8_t   memory[DOTS_HISTORY_MIN] __attribute__((aligned(16)));
    static uint8_t   name[4 * 256], buf[DOTS_HISTORY_EVENT];
    dots_history_t  *h;

    dots_history_reader_t  rd;

    h = dots_history_create(memory, sizeof(memory), 0);
    dots_history_open(h, dots_str("ab", 2), 1, &rd);

    for (i = 0; i < size; i++) {
        memset(&e, 0, sizeof(e));
        memset(name, data[i], sizeof(name));

        e.customer = dots_str("ab", 1 + data[i] % 2);
        e.name = dots_str(name, data[i] * 4u);
        e.mid = (uint32_t) i;

        dots_history_add(h, &e);

        while (dots_history_next(h, &rd, dots_str("ab", 2), &seen, buf)
               == DOTS_OK)
        {
            if (seen.mid != i || !dots_str_eq(seen.name, e.name)) {
                abort();
            }
        }

        if (rd.position != dots_history_head(h)) {
            abort();
        }
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_filter(dots_str(data, size));
    fuzz_time(dots_str(data, size));
    fuzz_history(data, size);

    return 0;
}
