#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "dots_exec_line.h"


#define DOTS_EXEC_LINE_ROOM 256 /* more than a prefix, a name and its frame */


/* A line is known by its first member; it has these and no others. */

typedef struct {
    const char        *name;
    dots_exec_kind_t   kind;
    const char        *others[2];
    int              (*read)(dots_exec_line_t *line, json_t *root,
                             json_t *value);
} dots_exec_line_kind_t;


static int dots_exec_line_hello(dots_exec_line_t *line, json_t *root,
    json_t *value);
static int dots_exec_line_state(dots_exec_line_t *line, json_t *root,
    json_t *value);
static int dots_exec_line_counts(dots_exec_line_t *line, json_t *root,
    json_t *value);
static int dots_exec_line_id(dots_exec_line_t *line, json_t *root,
    json_t *value);


static const dots_exec_line_kind_t  dots_exec_line_kinds[] = {
    { "version", DOTS_EXEC_HELLO, { "counters", NULL }, dots_exec_line_hello },
    { "state", DOTS_EXEC_STATE, { "prefixes", "reason" },
      dots_exec_line_state },
    { "counts", DOTS_EXEC_COUNTS, { NULL, NULL }, dots_exec_line_counts },
    { "synced", DOTS_EXEC_SYNCED, { NULL, NULL }, dots_exec_line_id },
    { "counted", DOTS_EXEC_COUNTED, { NULL, NULL }, dots_exec_line_id },
};

#define DOTS_EXEC_LINE_KINDS                                                  \
    (sizeof(dots_exec_line_kinds) / sizeof(dots_exec_line_kinds[0]))

static const char *const  dots_exec_line_states[] = {
    [DOTS_RULE_PENDING] = "pending",
    [DOTS_RULE_INSTALLED] = "installed",
    [DOTS_RULE_REFUSED] = "refused"
};


/* ---- from the program ---- */

void
dots_exec_line_print(char *dst, size_t size, const char *src, size_t len)
{
    size_t  i;

    for (i = 0; i < len && i + 1 < size; i++) {
        dst[i] = src[i] >= 0x20 && src[i] <= 0x7e ? src[i] : '?';
    }

    dst[i] = '\0';
}


static int
dots_exec_line_hello(dots_exec_line_t *line, json_t *root, json_t *value)
{
    json_t  *counters;

    counters = json_object_get(root, "counters");

    if (!json_is_boolean(counters) || !json_is_integer(value)
        || json_integer_value(value) != DOTS_EXEC_VERSION)
    {
        return DOTS_INVALID;
    }

    line->counters = json_is_true(counters);

    return DOTS_OK;
}


static int
dots_exec_line_id(dots_exec_line_t *line, json_t *root, json_t *value)
{
    (void) root;

    if (!json_is_integer(value) || json_integer_value(value) < 0
        || json_integer_value(value) > UINT32_MAX)
    {
        return DOTS_INVALID;
    }

    line->id = (uint32_t) json_integer_value(value);

    return DOTS_OK;
}


static int
dots_exec_line_state(dots_exec_line_t *line, json_t *root, json_t *value)
{
    size_t       i;
    json_t      *prefixes, *item, *reason;
    const char  *s;

    for (i = 0; i < 3; i++) {
        if (json_is_string(value)
            && strcmp(json_string_value(value), dots_exec_line_states[i]) == 0)
        {
            break;
        }
    }

    prefixes = json_object_get(root, "prefixes");
    reason = json_object_get(root, "reason");

    if (i == 3 || !json_is_array(prefixes)
        || json_array_size(prefixes) > DOTS_EXEC_BATCH
        || (reason != NULL && (!json_is_string(reason)
                               || i != DOTS_RULE_REFUSED)))
    {
        return DOTS_INVALID;
    }

    line->state = (dots_rule_state_t) i;

    if (i == DOTS_RULE_REFUSED) {
        s = reason ? json_string_value(reason) : "the program gives no reason";
        dots_exec_line_print(line->reason, sizeof(line->reason), s, strlen(s));
    }

    json_array_foreach(prefixes, i, item) {

        if (!json_is_string(item)
            || dots_prefix_parse(&line->rules[i].prefix,
                                 dots_str(json_string_value(item),
                                          json_string_length(item)))
               != DOTS_OK)
        {
            return DOTS_INVALID;
        }
    }

    line->n = json_array_size(prefixes);

    return DOTS_OK;
}


/* As RFC 7951 section 6.1 has 64 bits: decimal, in a string. */

static int
dots_exec_line_number(json_t *value, uint64_t *number)
{
    uint64_t     n, digit;
    const char  *p;

    if (!json_is_string(value) || json_string_length(value) == 0) {
        return DOTS_INVALID;
    }

    n = 0;

    for (p = json_string_value(value); *p != '\0'; p++) {

        if (*p < '0' || *p > '9') {
            return DOTS_INVALID;
        }

        digit = (uint64_t) (*p - '0');

        if (n > (UINT64_MAX - digit) / 10) {
            return DOTS_INVALID;
        }

        n = n * 10 + digit;
    }

    *number = n;

    return DOTS_OK;
}


static int
dots_exec_line_counts(dots_exec_line_t *line, json_t *root, json_t *value)
{
    json_t             *pair;
    const char         *name;
    dots_rule_count_t  *c;

    (void) root;

    if (!json_is_object(value) || json_object_size(value) > DOTS_EXEC_BATCH) {
        return DOTS_INVALID;
    }

    json_object_foreach(value, name, pair) {

        c = &line->rules[line->n];
        c->counted = 1;

        if (!json_is_array(pair) || json_array_size(pair) != 2
            || dots_prefix_parse(&c->prefix, dots_str(name, strlen(name)))
               != DOTS_OK
            || dots_exec_line_number(json_array_get(pair, 0), &c->packets)
               != DOTS_OK
            || dots_exec_line_number(json_array_get(pair, 1), &c->octets)
               != DOTS_OK)
        {
            return DOTS_INVALID;
        }

        line->n++;
    }

    return DOTS_OK;
}


static int
dots_exec_line_known(const dots_exec_line_kind_t *kind, json_t *root)
{
    size_t       i;
    json_t      *value;
    const char  *name;

    json_object_foreach(root, name, value) {

        for (i = 0; i < 2 && kind->others[i] != NULL; i++) {
            if (strcmp(name, kind->others[i]) == 0) {
                break;
            }
        }

        if ((i == 2 || kind->others[i] == NULL)
            && strcmp(name, kind->name) != 0)
        {
            return 0;
        }
    }

    return 1;
}


static int
dots_exec_line_object(dots_exec_line_t *line, json_t *root)
{
    size_t                        i;
    json_t                       *value;
    const dots_exec_line_kind_t  *kind;

    for (i = 0; i < DOTS_EXEC_LINE_KINDS; i++) {

        kind = &dots_exec_line_kinds[i];
        value = json_object_get(root, kind->name);

        if (value == NULL) {
            continue;
        }

        line->kind = kind->kind;

        return dots_exec_line_known(kind, root)
                   ? kind->read(line, root, value) : DOTS_INVALID;
    }

    return DOTS_INVALID;
}


int
dots_exec_line_read(dots_exec_line_t *line, const char *data, size_t len,
    char why[DOTS_EXEC_ERROR])
{
    int           rc;
    char          text[64];
    json_t       *root;
    json_error_t  error;

    memset(line, 0, sizeof(*line));

    root = json_loadb(data, len, JSON_REJECT_DUPLICATES, &error);

    if (root == NULL && json_error_code(&error) == json_error_out_of_memory) {
        (void) snprintf(why, DOTS_EXEC_ERROR, "no memory");
        return DOTS_ERROR;
    }

    rc = root ? dots_exec_line_object(line, root) : DOTS_INVALID;

    json_decref(root);

    if (rc != DOTS_OK) {
        dots_exec_line_print(text, sizeof(text), data, len);
        (void) snprintf(why, DOTS_EXEC_ERROR,
                        "says what is no line of version %d: \"%s\"%s",
                        DOTS_EXEC_VERSION, text,
                        len >= sizeof(text) ? "..." : "");
    }

    return rc;
}


/* ---- to the program ---- */

static void
dots_exec_text_add(dots_exec_text_t *t, const char *format, const char *what,
    uint32_t id)
{
    char    *data;
    size_t   size;

    if (t->size - t->len < DOTS_EXEC_LINE_ROOM) {

        size = t->size ? t->size * 2 : 4096;

        data = realloc(t->data, size);
        if (data == NULL) {
            t->failed = 1;
            return;
        }

        t->data = data;
        t->size = size;
    }

    t->len += (size_t) snprintf(t->data + t->len, DOTS_EXEC_LINE_ROOM, format,
                                what, id);
}


void
dots_exec_text_end(dots_exec_text_t *t)
{
    if (t->batch) {
        dots_exec_text_add(t, "%s]}\n", "", 0);
        t->batch = 0;
    }
}


void
dots_exec_text_prefix(dots_exec_text_t *t, const char *name,
    const dots_prefix_t *prefix)
{
    char  text[DOTS_PREFIX_TEXT];

    if (t->batch == DOTS_EXEC_BATCH) {
        dots_exec_text_end(t);
    }

    (void) dots_prefix_print(prefix, text);

    if (t->batch++ == 0) {
        dots_exec_text_add(t, "{\"%s\":[", name, 0);
        dots_exec_text_add(t, "\"%s\"", text, 0);

    } else {
        dots_exec_text_add(t, ",\"%s\"", text, 0);
    }
}


void
dots_exec_text_set(dots_exec_text_t *t)
{
    dots_exec_text_add(t, "{\"%s\":[]}\n", "set", 0);
}


void
dots_exec_text_ask(dots_exec_text_t *t, const char *name, uint32_t id)
{
    dots_exec_text_add(t, "{\"%s\":%u}\n", name, id);
}
