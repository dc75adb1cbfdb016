#include <jansson.h>

#include "dots_state.h"
#include "dots_yang_library.h"


#define DOTS_YANG_LIBRARY_SET "dots" /* the only module-set and schema */


static const struct lys_module *
dots_yang_library_module(dots_exchange_t *x, const dots_schema_source_t *s)
{
    return ly_ctx_get_module(x->rc->schema->ctx, s->name, s->revision);
}


static json_t *
dots_yang_library_location(dots_exchange_t *x, const dots_schema_source_t *s)
{
    return dots_state_location(x, "/schemas/%s@%s", s->name, s->revision);
}


/* ---- what both trees say about a module ---- */

/* Adds the array unless it is empty; takes it.  Nonzero on failure. */

static int
dots_yang_library_add(json_t *module, const char *name, json_t *array)
{
    if (array != NULL && json_array_size(array) == 0) {
        json_decref(array);
        return 0;
    }

    return json_object_set_new(module, name, array);
}


static int
dots_yang_library_features(json_t *entry, const struct lys_module *m)
{
    int                         rc;
    json_t                     *features;
    uint32_t                    index;
    const struct lysp_feature  *feature;

    features = json_array();
    rc = (features == NULL);

    index = 0;
    feature = NULL;

    while (rc == 0
           && (feature = lysp_feature_next(feature, m->parsed, &index)) != NULL)
    {
        if (feature->flags & LYS_FENABLED) {
            rc = json_array_append_new(features, json_string(feature->name));
        }
    }

    return dots_yang_library_add(entry, "feature", features) || rc;
}


/* "revisions": with them, as modules-state has it. */

static int
dots_yang_library_deviations(json_t *entry, const struct lys_module *m,
    int revisions)
{
    int                  rc;
    json_t              *deviations, *value;
    const char          *name, *revision;
    LY_ARRAY_COUNT_TYPE  i;

    deviations = json_array();
    rc = (deviations == NULL);

    LY_ARRAY_FOR(m->deviated_by, i) {
        name = m->deviated_by[i]->name;
        revision = m->deviated_by[i]->revision;

        value = revisions ? json_pack("{s:s, s:s}", "name", name, "revision",
                                      revision ? revision : "")
                          : json_string(name);

        rc |= json_array_append_new(deviations, value);
    }

    return dots_yang_library_add(entry, "deviation", deviations) || rc;
}


/* ---- RFC 8525 ---- */

static json_t *
dots_yang_library_entry(dots_exchange_t *x, const dots_schema_source_t *s,
    const struct lys_module *m)
{
    json_t  *entry;

    entry = json_pack("{s:s, s:s, s:s, s:[o]}", "name", s->name, "revision",
                      s->revision, "namespace", m->ns, "location",
                      dots_yang_library_location(x, s));

    if (entry != NULL && m->implemented
        && (dots_yang_library_features(entry, m)
            || dots_yang_library_deviations(entry, m, 0)))
    {
        json_decref(entry);
        return NULL;
    }

    return entry;
}


static json_t *
dots_yang_library_set(dots_exchange_t *x)
{
    int                          rc;
    size_t                       i;
    json_t                      *modules, *imports;
    const struct lys_module     *m;
    const dots_schema_source_t  *s;

    modules = json_array();
    imports = json_array();
    rc = 0;

    for (i = 0; i < x->rc->schema->nsources && rc == 0; i++) {
        s = &x->rc->schema->sources[i];
        m = dots_yang_library_module(x, s);

        rc = m == NULL
             || json_array_append_new(m->implemented ? modules : imports,
                                      dots_yang_library_entry(x, s, m));
    }

    if (rc != 0) {
        json_decref(modules);
        modules = NULL;
    }

    /* json_pack() takes the references, also where it fails */

    return json_pack("{s:s, s:o, s:o}", "name", DOTS_YANG_LIBRARY_SET,
                     "module", modules, "import-only-module", imports);
}


/*
 * One datastore: {+restconf}/data, which a server without RFC 8527's ".../ds"
 * has.
 */

json_t *
dots_yang_library_tree(dots_exchange_t *x)
{
    return json_pack("{s:[o], s:[{s:s, s:[s]}], s:[{s:s, s:s}], s:s}",
                     "module-set", dots_yang_library_set(x),
                     "schema", "name", DOTS_YANG_LIBRARY_SET,
                     "module-set", DOTS_YANG_LIBRARY_SET,
                     "datastore", "name", "ietf-datastores:running",
                     "schema", DOTS_YANG_LIBRARY_SET,
                     "content-id", x->rc->schema->content_id);
}


int
dots_yang_library_get(dots_exchange_t *x)
{
    return dots_state_answer(x, dots_yang_library_tree(x));
}


/* ---- RFC 7895 ---- */

static json_t *
dots_yang_library_state_entry(dots_exchange_t *x,
    const dots_schema_source_t *s, const struct lys_module *m)
{
    json_t  *entry;

    entry = json_pack("{s:s, s:s, s:o, s:s}", "name", s->name, "revision",
                      s->revision, "schema", dots_yang_library_location(x, s),
                      "namespace", m->ns);

    if (entry == NULL) {
        return NULL;
    }

    if ((m->implemented
         && (dots_yang_library_features(entry, m)
             || dots_yang_library_deviations(entry, m, 1)))
        || json_object_set_new(entry, "conformance-type",
                               json_string(m->implemented ? "implement"
                                                          : "import")))
    {
        json_decref(entry);
        return NULL;
    }

    return entry;
}


json_t *
dots_yang_library_modules_tree(dots_exchange_t *x)
{
    int                          rc;
    size_t                       i;
    json_t                      *modules;
    const struct lys_module     *m;
    const dots_schema_source_t  *s;

    modules = json_array();
    rc = 0;

    for (i = 0; i < x->rc->schema->nsources && rc == 0; i++) {
        s = &x->rc->schema->sources[i];
        m = dots_yang_library_module(x, s);

        rc = m == NULL
             || json_array_append_new(modules,
                                      dots_yang_library_state_entry(x, s, m));
    }

    if (rc != 0) {
        json_decref(modules);
        modules = NULL;
    }

    return json_pack("{s:s, s:o}", "module-set-id", x->rc->schema->content_id,
                     "module", modules);
}


int
dots_yang_library_modules_state(dots_exchange_t *x)
{
    return dots_state_answer(x, dots_yang_library_modules_tree(x));
}


/* ---- the texts ---- */

int
dots_yang_library_schema(dots_exchange_t *x)
{
    size_t                       i, n;
    const dots_schema_source_t  *s;

    for (i = 0; i < x->rc->schema->nsources; i++) {
        s = &x->rc->schema->sources[i];
        n = strlen(s->name);

        if (x->name.len == n + 1 + strlen(s->revision)
            && memcmp(x->name.data, s->name, n) == 0
            && x->name.data[n] == '@'
            && memcmp(x->name.data + n + 1, s->revision,
                      x->name.len - n - 1)
               == 0)
        {
            x->rc->text = s->text;
            return DOTS_OK;
        }
    }

    return dots_restconf_error_status(&x->error, 404, DOTS_TAG_INVALID_VALUE,
                                      "there is no such module");
}
