/*
 * Any text as Accept and as Content-Type: what is chosen is wanted, what is not
 * is not, and what is taken for one of our types begins with its name.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dots_media.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static int
fuzz_quality(dots_str_t accept, dots_media_t media)
{
    int         q;
    char        name[64];
    dots_str_t  s;

    s = dots_media_name(media);

    if (s.len == 0 || s.len >= sizeof(name)) {
        abort();
    }

    memcpy(name, s.data, s.len);
    name[s.len] = '\0';

    q = dots_media_quality(accept, name);

    if (q < 0 || q > DOTS_MEDIA_QUALITY) {
        abort();
    }

    return q;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int           json, xml;
    dots_str_t    text, name;
    dots_media_t  media;

    text = dots_str(data, size);

    json = fuzz_quality(text, DOTS_MEDIA_JSON);
    xml = fuzz_quality(text, DOTS_MEDIA_XML);
    media = dots_media_choose(text);

    if (media != (json == 0 && xml == 0 ? DOTS_MEDIA_NONE
                  : json >= xml         ? DOTS_MEDIA_JSON
                                        : DOTS_MEDIA_XML))
    {
        abort();
    }

    media = dots_media_content(text);

    if (media == DOTS_MEDIA_NONE) {
        return 0;
    }

    /* white space around a field's value is not of the value: RFC 9110 5.5 */

    while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text = dots_str(text.data + 1, text.len - 1);
    }

    name = dots_media_name(media);

    if (text.len < name.len
        || strncasecmp((const char *) text.data, (const char *) name.data,
                       name.len)
           != 0)
    {
        abort();
    }

    return 0;
}
