#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "dots_place.h"
#include "dots_restconf_error.h"


typedef struct {
    const char *tag;
    const char *type;    /* error-type: which layer found it */
    unsigned    status;
} dots_restconf_error_tag_t;


/* In the order of dots_error_tag_t. */

static const dots_restconf_error_tag_t  dots_restconf_error_tags[] = {
    { "in-use",                  "application", 409 },
    { "invalid-value",           "application", 400 },
    { "too-big",                 "protocol",    413 },
    { "missing-attribute",       "application", 400 },
    { "unknown-attribute",       "application", 400 },
    { "unknown-element",         "application", 400 },
    { "access-denied",           "protocol",    401 },
    { "resource-denied",         "application", 409 },
    { "operation-not-supported", "protocol",    405 },
    { "operation-failed",        "application", 500 },
    { "malformed-message",       "protocol",    400 },
    { "data-exists",             "application", 409 },
    { "data-missing",            "application", 409 },
};


/* In the order of dots_fault_kind_t. */

static const dots_error_tag_t  dots_restconf_error_faults[] = {
    DOTS_TAG_INVALID_VALUE,
    DOTS_TAG_MISSING_ATTRIBUTE,
    DOTS_TAG_UNKNOWN_ELEMENT,
    DOTS_TAG_MALFORMED,
    DOTS_TAG_TOO_BIG,
};


static void
dots_restconf_error_fill(dots_restconf_error_t *e, unsigned status,
    dots_error_tag_t tag, const char *fmt, va_list args)
{
    memset(e, 0, sizeof(dots_restconf_error_t));

    e->status = status;
    e->tag = tag;

    (void) vsnprintf(e->message, sizeof(e->message), fmt, args);
}


int
dots_restconf_error(dots_restconf_error_t *e, dots_error_tag_t tag,
    const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    dots_restconf_error_fill(e, dots_restconf_error_tags[tag].status, tag, fmt,
                             args);
    va_end(args);

    return DOTS_INVALID;
}


int
dots_restconf_error_status(dots_restconf_error_t *e, unsigned status,
    dots_error_tag_t tag, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    dots_restconf_error_fill(e, status, tag, fmt, args);
    va_end(args);

    return DOTS_INVALID;
}


int
dots_restconf_error_fault(dots_restconf_error_t *e, const dots_fault_t *f)
{
    return dots_restconf_error(e, dots_restconf_error_faults[f->kind], "%s",
                               f->message);
}


size_t
dots_restconf_error_trim(const char *s, size_t len)
{
    size_t   n;
    uint8_t  c;

    for (n = 1; n <= 4 && n <= len; n++) {
        c = (uint8_t) s[len - n];

        if (c < 0x80) {
            return len;
        }

        if (c >= 0xc0) {
            /* the lead byte says how long the sequence must be */
            return n < (c >= 0xf0 ? 4u : c >= 0xe0 ? 3u : 2u) ? len - n : len;
        }
    }

    return len;
}


/*
 * RFC 8783 section 3.4: a copy of the Via header field.  One that is no text of
 * JSON's is left out.  Nonzero on failure.
 */

static int
dots_restconf_error_info(json_t *error, dots_str_t via)
{
    json_t  *text;

    text = via.len ? json_stringn((const char *) via.data, via.len) : NULL;

    if (text == NULL) {
        return 0;
    }

    return json_object_set_new(error, "error-info",
                               json_pack("{s:o}", "via-header", text));
}


/*
 * RFC 7950 section 9.13: an instance-identifier of an entry has its keys, or of
 * a leaf-list its value, and one that is wrong may have none.  What it is in
 * has to do as error-path; the message begins with the name of the list.
 */

void
dots_restconf_error_locate(dots_restconf_error_t *e, const dots_schema_t *s)
{
    char                     message[DOTS_ERROR_MESSAGE];
    const struct lysc_node  *node;

    if (e->path.len == 0) {
        return;
    }

    node = dots_place_instance(s, e->path, &e->path.len);

    if (node == NULL
        || strncmp(e->message, node->name, strlen(node->name)) == 0)
    {
        return;
    }

    memcpy(message, e->message, sizeof(message));

    (void) snprintf(e->message, sizeof(e->message), "%s: %.*s", node->name,
                    DOTS_ERROR_MESSAGE - 64, message);
}


/*
 * A message may quote what was sent.  A string of YANG has no control
 * characters but white space, and no noncharacters (RFC 7950 section 9.4).
 */

static void
dots_restconf_error_clean(char *s, size_t len)
{
    size_t   i;
    uint8_t  c;

    for (i = 0; i < len; i++) {
        c = (uint8_t) s[i];

        if (c < ' ' && c != '\t' && c != '\n' && c != '\r') {
            s[i] = '?';
        }

        if (len - i > 2 && memcmp(s + i, "\xef\xbf", 2) == 0
            && (uint8_t) s[i + 2] >= 0xbe)
        {
            memset(s + i, '?', 3);
        }
    }
}


/* Adds a member if there is something to add; nonzero on failure. */

static int
dots_restconf_error_member(json_t *error, const char *name, const void *data,
    size_t len)
{
    if (len == 0) {
        return 0;
    }

    return json_object_set_new(error, name, json_stringn(data, len));
}


json_t *
dots_restconf_error_entry(const dots_restconf_error_t *e)
{
    char                              message[DOTS_ERROR_MESSAGE];
    size_t                            len;
    json_t                           *error;
    const dots_restconf_error_tag_t  *t;

    t = &dots_restconf_error_tags[e->tag];
    len = dots_restconf_error_trim(e->message, strlen(e->message));

    memcpy(message, e->message, len);
    dots_restconf_error_clean(message, len);

    error = json_pack("{s:s, s:s}", "error-type", t->type, "error-tag", t->tag);

    if (error == NULL
        || dots_restconf_error_member(error, "error-app-tag", e->app_tag.data,
                                      e->app_tag.len)
        || dots_restconf_error_member(error, "error-path", e->path.data,
                                      e->path.len)
        || dots_restconf_error_member(error, "error-message", message, len)
        || dots_restconf_error_info(error, e->via))
    {
        json_decref(error);
        return NULL;
    }

    return error;
}


int
dots_restconf_error_write(const dots_restconf_error_t *e, dots_arena_t *a,
    dots_str_t *body)
{
    int      rc;
    char    *text;
    json_t  *errors;

    /* json_pack() takes the reference, also where it fails */

    errors = json_pack("{s:{s:[o]}}", "ietf-restconf:errors", "error",
                       dots_restconf_error_entry(e));
    if (errors == NULL) {
        return DOTS_ERROR;
    }

    text = json_dumps(errors, JSON_COMPACT);
    json_decref(errors);

    if (text == NULL) {
        return DOTS_ERROR;
    }

    rc = dots_arena_dup(a, body, dots_str(text, strlen(text)));
    free(text);

    return rc;
}
