#include "dots_data_xml.h"
#include "dots_media.h"
#include "dots_restconf_error.h"
#include "dots_restconf_page.h"


typedef struct {
    unsigned          status;
    dots_error_tag_t  tag;
    const char       *message;
} dots_restconf_page_t;


/* RFC 8040 section 7 has the tags; what has none there gets the nearest. */

static const dots_restconf_page_t  dots_restconf_pages[] = {
    { 400, DOTS_TAG_MALFORMED, "the request can't be read" },
    { 401, DOTS_TAG_ACCESS_DENIED,
      "a client certificate of a customer is needed" },
    { 403, DOTS_TAG_ACCESS_DENIED, "access is denied" },
    { 404, DOTS_TAG_INVALID_VALUE, "there is no such resource" },
    { 405, DOTS_TAG_NOT_SUPPORTED, "this resource does not have the method" },
    { 408, DOTS_TAG_FAILED, "the request did not come in time" },
    { 409, DOTS_TAG_RESOURCE_DENIED, "the request is in conflict" },
    { 411, DOTS_TAG_MALFORMED, "the length of the message-body is missing" },
    { 412, DOTS_TAG_FAILED, "a condition of the request does not hold" },
    { 413, DOTS_TAG_TOO_BIG, "the message-body is too large" },
    { 414, DOTS_TAG_TOO_BIG, "the URI is too long" },
    { 415, DOTS_TAG_NOT_SUPPORTED, "the media type is not supported" },
    { 416, DOTS_TAG_INVALID_VALUE, "there is no such range" },
    { 421, DOTS_TAG_INVALID_VALUE, "another server has to be asked" },
    { 425, DOTS_TAG_FAILED, "early data can be repeated by anybody: send the "
      "request when the handshake is over" },
    { 429, DOTS_TAG_RESOURCE_DENIED, "too many requests, try again later" },
    { 431, DOTS_TAG_TOO_BIG, "a header of the request is too large" },
    { 500, DOTS_TAG_FAILED, "the server failed" },
    { 501, DOTS_TAG_NOT_SUPPORTED, "the method, or the coding of the "
      "message, is not supported" },
    { 502, DOTS_TAG_FAILED, "the server failed" },
    { 503, DOTS_TAG_FAILED, "the server can't do it now, try again later" },
    { 504, DOTS_TAG_FAILED, "the server did not answer in time" },
    { 505, DOTS_TAG_NOT_SUPPORTED, "this version of HTTP is not supported" },
    { 507, DOTS_TAG_RESOURCE_DENIED, "the server has no room for it" },
};

/* For all others; in the order of their classes. */

static const dots_restconf_page_t  dots_restconf_page_client = {
    0, DOTS_TAG_INVALID_VALUE, "the request is refused"
};

static const dots_restconf_page_t  dots_restconf_page_server = {
    0, DOTS_TAG_FAILED, "the server failed"
};


static const dots_restconf_page_t *
dots_restconf_page_find(unsigned status)
{
    size_t  i, n;

    n = sizeof(dots_restconf_pages) / sizeof(dots_restconf_page_t);

    for (i = 0; i < n; i++) {
        if (dots_restconf_pages[i].status == status) {
            return &dots_restconf_pages[i];
        }
    }

    return status < 500 ? &dots_restconf_page_client
                        : &dots_restconf_page_server;
}


int
dots_restconf_page(const dots_schema_t *s, unsigned status, dots_str_t accept,
    dots_arena_t *a, dots_str_t *media, dots_str_t *text)
{
    dots_media_t                 m;
    dots_restconf_error_t        e;
    const dots_restconf_page_t  *page;

    page = dots_restconf_page_find(status);
    m = dots_media_choose(accept) == DOTS_MEDIA_XML ? DOTS_MEDIA_XML
                                                    : DOTS_MEDIA_JSON;

    (void) dots_restconf_error_status(&e, status, page->tag, "%s",
                                      page->message);

    if (dots_restconf_error_write(&e, a, text) != DOTS_OK
        || (m == DOTS_MEDIA_XML
            && dots_data_xml_write(s, NULL, *text, a, text) != DOTS_OK))
    {
        return DOTS_ERROR;
    }

    *media = dots_media_name(m);

    return DOTS_OK;
}
