#include "dots_data_text.h"
#include "dots_fields.h"
#include "dots_restconf_api.h"


/* The revision of ietf-yang-library: that of RFC 8525. */
#define DOTS_RESTCONF_API_LIBRARY "2019-01-04"

#define DOTS_RESTCONF_API_SIZE 256


typedef struct {
    const char *name;
    const char *text;
} dots_restconf_api_member_t;


static const dots_restconf_api_member_t  dots_restconf_api_members[] = {
    { "data", "{}" },
    { "operations", "{}" },
    { "yang-library-version", "\"" DOTS_RESTCONF_API_LIBRARY "\"" },
};

/* No module of ours has an rpc. */
static const dots_str_t  dots_restconf_api_none = dots_string(
    "{\"ietf-restconf:operations\":{}}");

static const dots_str_t  dots_restconf_api_version = dots_string(
    "{\"ietf-restconf:yang-library-version\":\""
    DOTS_RESTCONF_API_LIBRARY "\"}");


static int
dots_restconf_api_is(dots_str_t s, const char *word)
{
    return dots_str_eq(s, dots_str(word, strlen(word)));
}


/* One of them that "fields" wants, or 0. */

static unsigned
dots_restconf_api_field(const dots_fields_t *f, const char *name)
{
    unsigned  i;

    for (i = f->nodes[DOTS_FIELDS_ROOT].first; i != 0; i = f->nodes[i].next) {
        if (dots_restconf_api_is(f->nodes[i].name, name)) {
            return i;
        }
    }

    return 0;
}


/* As of a data resource: what is not there can't be asked for. */

static int
dots_restconf_api_check(dots_exchange_t *x, const dots_fields_t *f)
{
    size_t      k, n;
    unsigned    i;
    dots_str_t  name, module;

    n = sizeof(dots_restconf_api_members)
        / sizeof(dots_restconf_api_members[0]);

    for (i = f->nodes[DOTS_FIELDS_ROOT].first; i != 0; i = f->nodes[i].next) {
        name = f->nodes[i].name;
        module = f->nodes[i].module;

        for (k = 0; k < n; k++) {
            if (dots_restconf_api_is(name, dots_restconf_api_members[k].name))
            {
                break;
            }
        }

        if (k == n
            || (module.len && !dots_restconf_api_is(module, "ietf-restconf")))
        {
            return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                       "query parameter \"fields\": there is "
                                       "no \"%.*s\" there", (int) name.len,
                                       (const char *) name.data);
        }
    }

    return DOTS_OK;
}


/* RFC 8040 section 4.8.2: what "fields" selects is of level 1, else of 2. */

static int
dots_restconf_api_root(dots_exchange_t *x, const dots_fields_t *f)
{
    size_t                             i, n;
    unsigned                           level, some;
    dots_writer_t                      w;
    const dots_restconf_api_member_t  *m;

    if (dots_data_text_start(x, &w, DOTS_RESTCONF_API_SIZE) != DOTS_OK) {
        return DOTS_INVALID;
    }

    dots_data_text_literal(&w, "{\"ietf-restconf:restconf\":{");

    n = sizeof(dots_restconf_api_members)
        / sizeof(dots_restconf_api_members[0]);

    for (i = 0, some = 0; i < n; i++) {
        m = &dots_restconf_api_members[i];
        level = f == NULL ? 2 : dots_restconf_api_field(f, m->name) ? 1 : 0;

        if (level == 0 || level > x->query.depth) {
            continue;
        }

        dots_data_text_literal(&w, some++ ? ",\"" : "\"");
        dots_data_text_literal(&w, m->name);
        dots_data_text_literal(&w, "\":");
        dots_data_text_literal(&w, m->text);
    }

    dots_data_text_literal(&w, "}}");

    return dots_data_text_end(x, &w);
}


int
dots_restconf_api_get(dots_exchange_t *x)
{
    int             rc;
    dots_fields_t  *f;

    if (!(x->query.seen & DOTS_QUERY_FIELDS)) {
        return dots_restconf_api_root(x, NULL);
    }

    f = dots_arena_alloc(x->arena, sizeof(dots_fields_t));
    if (f == NULL) {
        return DOTS_ERROR;
    }

    rc = dots_fields_decode(f, x->query.fields, x->arena);

    if (rc == DOTS_INVALID) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "query parameter \"fields\" has a wrong "
                                   "value");
    }

    if (rc == DOTS_OK) {
        rc = dots_restconf_api_check(x, f);
    }

    return rc == DOTS_OK ? dots_restconf_api_root(x, f) : rc;
}


int
dots_restconf_api_operations(dots_exchange_t *x)
{
    x->rc->text = dots_restconf_api_none;

    return DOTS_OK;
}


int
dots_restconf_api_library(dots_exchange_t *x)
{
    x->rc->text = dots_restconf_api_version;

    return DOTS_OK;
}
