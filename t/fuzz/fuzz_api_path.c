/*
 * Any bytes as an api-path (RFC 8040 section 3.5.3) and as a query.  What was
 * accepted is encoded again and has to be read back as the same.
 */

#include <stdlib.h>

#include "dots_api_path.h"
#include "dots_media.h"
#include "dots_query.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
fuzz_key(dots_str_t key, dots_arena_t *a)
{
    size_t          n;
    uint8_t        *buf;
    dots_writer_t   w;
    dots_api_path_t p;

    n = 4 + 3 * key.len;
    buf = malloc(n);

    if (buf == NULL) {
        return;
    }

    w = (dots_writer_t) { buf, buf + n, 0 };
    dots_write_bytes(&w, "/l=", 3);
    dots_api_path_encode(&w, key);

    if (w.failed
        || (dots_api_path_parse(&p, dots_str(buf, (size_t) (w.pos - buf)), a)
            == DOTS_OK
            && (p.n != 1 || p.segments[0].nkeys != 1
                || !dots_str_eq(p.segments[0].keys[0], key))))
    {
        abort();
    }

    free(buf);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t                 i, k;
    dots_str_t             text;
    dots_query_t           q;
    dots_arena_t          *a;
    dots_api_path_t        p;
    dots_restconf_error_t  e;

    a = dots_arena_create(1024 * 1024);
    if (a == NULL) {
        return 0;
    }

    text = dots_str(data, size);

    if (dots_api_path_parse(&p, text, a) == DOTS_OK) {

        for (i = 0; i < p.n; i++) {
            for (k = 0; k < p.segments[i].nkeys; k++) {
                fuzz_key(p.segments[i].keys[k], a);
            }
        }

    } else if (p.position > size) {
        abort();
    }

    (void) dots_query_parse(&q, text, DOTS_QUERY_CONTENT, &e);
    (void) dots_media_choose(text);
    (void) dots_media_content(text);

    dots_arena_destroy(a);

    return 0;
}
