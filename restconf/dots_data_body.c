#include "dots_data_body.h"
#include "dots_data_xml.h"


typedef struct {
    json_t *value;
    void   *member;   /* of an object: json_object_iter */
    size_t  index;    /* of an array: next element */
} dots_data_body_level_t;


/*
 * Bounds nesting and the number of containers before a parser that recurses
 * and allocates sees the bytes.  Strings are stepped over; what is not JSON at
 * all is the parser's to refuse.
 */

static int
dots_data_body_bounds(dots_exchange_t *x)
{
    int             quoted;
    size_t          i, depth, n;
    const uint8_t  *p;

    p = x->rc->body.data;
    quoted = 0;
    depth = 0;
    n = 0;

    for (i = 0; i < x->rc->body.len; i++) {

        if (p[i] == '"') {
            quoted = !quoted;

        } else if (quoted) {
            i += p[i] == '\\';

        } else if (p[i] == '{' || p[i] == '[') {
            depth++;
            n++;

        } else if ((p[i] == '}' || p[i] == ']') && depth > 0) {
            depth--;
        }

        if (depth > DOTS_DATA_DEPTH) {
            return dots_restconf_error(&x->error, DOTS_TAG_MALFORMED,
                                       "the message is nested too deeply");
        }

        if (n > DOTS_DATA_CONTAINERS) {
            return dots_restconf_error(&x->error, DOTS_TAG_TOO_BIG,
                                       "the message has too many entries");
        }
    }

    return DOTS_OK;
}


/* The next child of the level, and its name where it has one; NULL: none. */

static json_t *
dots_data_body_next(dots_data_body_level_t *l, const char **name)
{
    json_t  *child;

    *name = NULL;

    if (json_is_array(l->value)) {
        return json_array_get(l->value, l->index++);
    }

    if (l->member == NULL) {
        return NULL;
    }

    *name = json_object_iter_key(l->member);
    child = json_object_iter_value(l->member);

    l->member = json_object_iter_next(l->value, l->member);

    return child;
}


/* The pairs of an array, off those that the message may have. */

static int
dots_data_body_pairs(dots_exchange_t *x, const json_t *array, size_t *pairs)
{
    size_t  n;

    n = json_array_size(array);

    if (n > 0 && n > *pairs / n) {
        return dots_restconf_error(&x->error, DOTS_TAG_TOO_BIG,
                                   "the message has too many entries");
    }

    *pairs -= n * n;

    return DOTS_OK;
}


/*
 * RFC 7952 metadata ("@name") has no place in an edit: libyang would apply
 * "yang:insert".  Numbers that are no integers are no values of YANG (RFC 7951
 * section 6: decimal64 is a string), but some of libyang.  Walks without
 * recursion; the depth is bounded already.
 */

static int
dots_data_body_check(dots_exchange_t *x, json_t *root)
{
    size_t                   n, pairs;
    json_t                  *child;
    const char              *name;
    dots_data_body_level_t  *l, levels[DOTS_DATA_DEPTH + 1];

    n = 1;
    pairs = DOTS_DATA_PAIRS;
    levels[0] = (dots_data_body_level_t) { root, json_object_iter(root), 0 };

    while (n > 0) {
        l = &levels[n - 1];
        child = dots_data_body_next(l, &name);

        if (child == NULL) {
            n--;
            continue;
        }

        if (name != NULL && name[0] == '@') {
            return dots_restconf_error(&x->error, DOTS_TAG_UNKNOWN_ATTRIBUTE,
                                       "metadata (\"%s\") is not supported",
                                       name);
        }

        if (json_is_real(child)) {
            return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                       "numbers have no fraction and no "
                                       "exponent here");
        }

        if (dots_data_body_pairs(x, child, &pairs) != DOTS_OK) {
            return DOTS_INVALID;
        }

        if (json_is_object(child) || json_is_array(child)) {
            levels[n++] = (dots_data_body_level_t) {
                child, json_object_iter(child), 0
            };
        }
    }

    return DOTS_OK;
}


static int
dots_data_body_json(dots_exchange_t *x, json_t **root)
{
    int           rc;
    json_error_t  error;

    rc = dots_data_body_bounds(x);
    if (rc != DOTS_OK) {
        return rc;
    }

    *root = json_loadb((const char *) x->rc->body.data, x->rc->body.len,
                       JSON_REJECT_DUPLICATES, &error);

    if (*root != NULL) {
        return DOTS_OK;
    }

    if (json_error_code(&error) == json_error_out_of_memory) {
        return DOTS_ERROR;
    }

    if (json_error_code(&error) == json_error_numeric_overflow) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "line %d, column %d: no number of YANG is "
                                   "that large", error.line, error.column);
    }

    return dots_restconf_error(&x->error, DOTS_TAG_MALFORMED,
                               "not JSON: line %d, column %d: %s", error.line,
                               error.column, error.text);
}


int
dots_data_body_parse(dots_exchange_t *x, const struct lysc_node *target,
    json_t **root)
{
    int  rc;

    rc = x->media == DOTS_MEDIA_XML || x->media == DOTS_MEDIA_PATCH_XML
             ? dots_data_xml_read(x, target, root)
             : dots_data_body_json(x, root);

    if (rc != DOTS_OK) {
        return rc;
    }

    rc = json_is_object(*root)
             ? dots_data_body_check(x, *root)
             : dots_restconf_error(&x->error, DOTS_TAG_MALFORMED,
                                   "the message has to be a JSON object");

    if (rc != DOTS_OK) {
        json_decref(*root);
        *root = NULL;
    }

    return rc;
}


int
dots_data_body_single(dots_exchange_t *x, json_t *value, const char *name,
    json_t **entry)
{
    if (!json_is_array(value)) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "\"%s\" has to be an array", name);
    }

    if (json_array_size(value) != 1) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "one \"%s\" per request, not %zu", name,
                                   json_array_size(value));
    }

    *entry = json_array_get(value, 0);

    if (!json_is_object(*entry)) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "an entry of \"%s\" has to be an object",
                                   name);
    }

    return DOTS_OK;
}


int
dots_data_body_string(dots_arena_t *a, const json_t *value, dots_str_t *out)
{
    return dots_arena_dup(a, out, dots_str(json_string_value(value),
                                           json_string_length(value)));
}
