#include "dots_cli_host_meta.h"


#define DOTS_CLI_HOST_META_SPACE " \t\r\n"


/*
 * The value of an attribute of the element that begins at "tag"; they come in
 * any order and in either quotes (XML 1.0, section 3.1).
 */

static dots_str_t
dots_cli_host_meta_attribute(const char *tag, const char *name)
{
    size_t       len;
    const char  *p, *end;

    len = strlen(name);

    for (p = tag + strcspn(tag, DOTS_CLI_HOST_META_SPACE ">"); ; p = end + 1) {

        p += strspn(p, DOTS_CLI_HOST_META_SPACE);
        end = p + strcspn(p, "=>");

        if (*end != '=' || (end[1] != '"' && end[1] != '\'')) {
            return dots_str(NULL, 0);
        }

        tag = end + 2;
        end = strchr(tag, end[1]);

        if (end == NULL) {
            return dots_str(NULL, 0);
        }

        if (strncmp(p, name, len) == 0 && p + len + 2 == tag) {
            return dots_str(tag, (size_t) (end - tag));
        }
    }
}


int
dots_cli_host_meta(const char *xrd, char *root, size_t size)
{
    dots_str_t               href;
    static const dots_str_t  rel = dots_string("restconf");

    for (xrd = strstr(xrd, "<Link"); xrd != NULL;
         xrd = strstr(xrd + 1, "<Link"))
    {
        href = dots_cli_host_meta_attribute(xrd, "href");

        if (dots_str_eq(dots_cli_host_meta_attribute(xrd, "rel"), rel)
            && href.len > 0 && href.len < size && href.data[0] == '/')
        {
            memcpy(root, href.data, href.len);
            root[href.len] = '\0';
            return DOTS_OK;
        }
    }

    return DOTS_DECLINED;
}
