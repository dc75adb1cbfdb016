#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dots_schema.h"
#include "dots_yang_compat.h"


#define DOTS_SCHEMA_PATH  4096
#define DOTS_SCHEMA_ROOM  65536
#define DOTS_SCHEMA_NODES 2048      /* bytes of nodes for 16 of text, at most */
#define DOTS_SCHEMA_TEXT  (1024 * 1024) /* the longest of ours has 50 KB */


/*
 * Everything is pinned.  libyang takes the newest revision for an import, and
 * a newer ietf-inet-types, say, would lose the canonical form of prefixes,
 * which libyang ties to the revision that it knows.
 */

typedef enum {
    DOTS_SCHEMA_REQUIRED = 0,
    DOTS_SCHEMA_OPTIONAL,
    DOTS_SCHEMA_IMPORTED    /* by the others only */
} dots_schema_need_t;

typedef struct {
    const char          *name;
    const char          *revision;
    dots_schema_need_t   need;
    const char         **features;
} dots_schema_module_t;


/*
 * The identities of the ACL types hang on these features; the ACLs and
 * interfaces of the device are taken away by dots-server-deviations.
 */

static const char  *dots_schema_acl_features[] = {
    "match-on-ipv4", "match-on-ipv6", "ipv4", "ipv6", NULL
};


/* RFC 9244 section 11.2: the mappings of vendors hang on it. */

static const char  *dots_schema_mapping_features[] = {
    "dots-telemetry", NULL
};


static const dots_schema_module_t  dots_schema_modules[] = {
    { "ietf-inet-types", "2013-07-15", DOTS_SCHEMA_IMPORTED, NULL },
    { "ietf-yang-types", "2013-07-15", DOTS_SCHEMA_IMPORTED, NULL },
    { "ietf-yang-structure-ext", "2020-06-17", DOTS_SCHEMA_IMPORTED, NULL },
    { "ietf-ethertypes", "2019-03-04", DOTS_SCHEMA_IMPORTED, NULL },
    { "ietf-packet-fields", "2019-03-04", DOTS_SCHEMA_IMPORTED, NULL },
    { "ietf-interfaces", "2018-02-20", DOTS_SCHEMA_IMPORTED, NULL },
    { "ietf-network", "2018-02-26", DOTS_SCHEMA_IMPORTED, NULL },
    { "ietf-network-topology", "2018-02-26", DOTS_SCHEMA_IMPORTED, NULL },

    { "dots-server-deviations", "2026-11-24", DOTS_SCHEMA_OPTIONAL, NULL },
    { "ietf-access-control-list", "2019-03-04", DOTS_SCHEMA_REQUIRED,
      dots_schema_acl_features },
    { "ietf-dots-data-channel", "2020-05-28", DOTS_SCHEMA_REQUIRED, NULL },
    { "iana-dots-signal-channel", "2021-09-02", DOTS_SCHEMA_REQUIRED, NULL },
    { "ietf-dots-signal-channel", "2021-09-02", DOTS_SCHEMA_REQUIRED, NULL },
    { "ietf-restconf", "2017-01-26", DOTS_SCHEMA_REQUIRED, NULL },
    { "ietf-restconf-monitoring", "2017-01-26", DOTS_SCHEMA_REQUIRED, NULL },
    { "ietf-datastores", "2018-02-14", DOTS_SCHEMA_REQUIRED, NULL },
    { "ietf-yang-library", "2019-01-04", DOTS_SCHEMA_REQUIRED, NULL },
    { "ietf-yang-patch", "2017-02-22", DOTS_SCHEMA_REQUIRED, NULL },
    { "dots-server-notifications", "2026-11-28", DOTS_SCHEMA_REQUIRED, NULL },
    { "ietf-dots-signal-control", "2021-09-02", DOTS_SCHEMA_OPTIONAL, NULL },
    { "ietf-dots-call-home", "2021-12-09", DOTS_SCHEMA_OPTIONAL, NULL },
    { "ietf-dots-telemetry", "2022-06-20", DOTS_SCHEMA_OPTIONAL, NULL },
    { "ietf-dots-mapping", "2022-06-20", DOTS_SCHEMA_OPTIONAL,
      dots_schema_mapping_features },
    { "ietf-dots-robust-trans", "2023-02-28", DOTS_SCHEMA_OPTIONAL, NULL },
};

#define DOTS_SCHEMA_NMODULES                                                  \
    (sizeof(dots_schema_modules) / sizeof(dots_schema_modules[0]))


/* ---- loading ---- */

/*
 * DOTS_OK, DOTS_DECLINED: an optional one that is not there, DOTS_ERROR.  The
 * file is looked for first, because a load that fails makes libyang forget the
 * modules that wait for their compilation.
 */

static int
dots_schema_load_module(dots_schema_t *s, const char *dir,
    const dots_schema_module_t *m, char *err, size_t size)
{
    int   n;
    char  path[DOTS_SCHEMA_PATH];

    n = snprintf(path, sizeof(path), "%s/%s@%s.yang", dir, m->name,
                 m->revision);

    if (n < 0 || (size_t) n >= sizeof(path)) {
        (void) snprintf(err, size, "the path of the YANG modules is too long");
        return DOTS_ERROR;
    }

    if (access(path, R_OK) != 0) {

        if (m->need == DOTS_SCHEMA_OPTIONAL) {
            return DOTS_DECLINED;
        }

        (void) snprintf(err, size, "YANG module \"%s@%s.yang\" is not readable "
                        "in \"%s\": let \"schemas\" name the directory of the "
                        "modules that come with the server", m->name,
                        m->revision, dir);
        return DOTS_ERROR;
    }

    if (ly_ctx_load_module(s->ctx, m->name, m->revision, m->features)
        == NULL)
    {
        (void) snprintf(err, size, "YANG module \"%s\" in \"%s\" cannot be "
                        "loaded (%s): restore the files that come with the "
                        "server", m->name, dir, dots_yang_error(s->ctx));
        return DOTS_ERROR;
    }

    return DOTS_OK;
}


static int
dots_schema_load_modules(dots_schema_t *s, const char *dir, char *err,
    size_t size)
{
    size_t                       i;
    const dots_schema_module_t  *m;

    for (i = 0; i < DOTS_SCHEMA_NMODULES; i++) {
        m = &dots_schema_modules[i];

        if (m->need != DOTS_SCHEMA_IMPORTED
            && dots_schema_load_module(s, dir, m, err, size) == DOTS_ERROR)
        {
            return DOTS_ERROR;
        }
    }

    if (ly_ctx_compile(s->ctx) != LY_SUCCESS) {
        (void) snprintf(err, size, "the YANG modules in \"%s\" do not compile "
                        "(%s): restore the files that come with the server",
                        dir, dots_yang_error(s->ctx));
        return DOTS_ERROR;
    }

    return DOTS_OK;
}


/* The module's sx:structure (RFC 8791); each DOTS module has at most one. */

static const struct lysc_ext_instance *
dots_schema_structure(const struct lys_module *module)
{
    LY_ARRAY_COUNT_TYPE              i;
    const struct lysc_ext_instance  *ext;

    if (module == NULL || module->compiled == NULL) {
        return NULL;
    }

    LY_ARRAY_FOR(module->compiled->exts, i) {
        ext = &module->compiled->exts[i];

        if (strcmp(ext->def->name, "structure") == 0) {
            return ext;
        }
    }

    return NULL;
}


/* Imports, too, have to be of the pinned revisions. */

static int
dots_schema_check_revisions(dots_schema_t *s, const char *dir, char *err,
    size_t size)
{
    size_t                    i;
    uint32_t                  index;
    const char               *pinned;
    const struct lys_module  *module;

    index = 0;

    while ((module = ly_ctx_get_module_iter(s->ctx, &index)) != NULL) {

        for (i = 0; i < DOTS_SCHEMA_NMODULES; i++) {

            pinned = dots_schema_modules[i].revision;

            if (strcmp(module->name, dots_schema_modules[i].name) != 0
                || (module->revision != NULL
                    && strcmp(module->revision, pinned) == 0))
            {
                continue;
            }

            (void) snprintf(err, size, "YANG module \"%s\" in \"%s\" is of "
                            "revision %s, the server needs %s: remove what "
                            "does not come with the server", module->name, dir,
                            module->revision ? module->revision : "(none)",
                            pinned);
            return DOTS_ERROR;
        }
    }

    return DOTS_OK;
}


static int
dots_schema_resolve(dots_schema_t *s, const char *dir, char *err, size_t size)
{
    s->signal = ly_ctx_get_module_implemented(s->ctx,
                                              "ietf-dots-signal-channel");
    s->data = ly_ctx_get_module_implemented(s->ctx, "ietf-dots-data-channel");
    s->mapping = ly_ctx_get_module_implemented(s->ctx, "ietf-dots-mapping");
    s->signal_ext = dots_schema_structure(s->signal);

    if (s->signal_ext == NULL || s->data == NULL) {
        (void) snprintf(err, size, "YANG module \"ietf-dots-signal-channel\" "
                        "in \"%s\" has no structure \"dots-signal\": restore "
                        "the files that come with the server", dir);
        return DOTS_ERROR;
    }

    return DOTS_OK;
}


/* ---- the texts, for those who want to read them ---- */

static int
dots_schema_read(const char *path, dots_str_t *text)
{
    long      size;
    FILE     *file;
    uint8_t  *p;

    file = fopen(path, "re");
    if (file == NULL) {
        return DOTS_ERROR;
    }

    size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    p = size > 0 && size <= DOTS_SCHEMA_TEXT ? malloc((size_t) size) : NULL;

    if (p == NULL || fseek(file, 0, SEEK_SET) != 0
        || fread(p, 1, (size_t) size, file) != (size_t) size)
    {
        free(p);
        (void) fclose(file);
        return DOTS_ERROR;
    }

    (void) fclose(file);

    *text = dots_str(p, (size_t) size);

    return DOTS_OK;
}


/* FNV-1a: another text is another id, nobody has a reason to forge one. */

static uint64_t
dots_schema_hash(uint64_t hash, const void *data, size_t len)
{
    size_t          i;
    const uint8_t  *p;

    for (i = 0, p = data; i < len; i++) {
        hash = (hash ^ p[i]) * 0x100000001b3ull;
    }

    return hash;
}


static int
dots_schema_source(const char *dir, const dots_schema_module_t *m,
    dots_schema_source_t *source)
{
    int   n;
    char  path[DOTS_SCHEMA_PATH];

    n = snprintf(path, sizeof(path), "%s/%s@%s.yang", dir, m->name,
                 m->revision);

    if (n < 0 || (size_t) n >= sizeof(path)) {
        return DOTS_ERROR;
    }

    source->name = m->name;
    source->revision = m->revision;

    return dots_schema_read(path, &source->text);
}


static int
dots_schema_sources(dots_schema_t *s, const char *dir, char *err, size_t size)
{
    size_t                       i;
    uint64_t                     hash;
    dots_schema_source_t        *sources;
    const dots_schema_module_t  *m;

    sources = calloc(DOTS_SCHEMA_NMODULES, sizeof(dots_schema_source_t));
    if (sources == NULL) {
        (void) snprintf(err, size, "no memory for the YANG modules");
        return DOTS_ERROR;
    }

    s->sources = sources;
    hash = 0xcbf29ce484222325ull;

    for (i = 0; i < DOTS_SCHEMA_NMODULES; i++) {
        m = &dots_schema_modules[i];

        if (ly_ctx_get_module(s->ctx, m->name, m->revision) == NULL) {
            continue;
        }

        if (dots_schema_source(dir, m, &sources[s->nsources]) != DOTS_OK) {
            (void) snprintf(err, size, "YANG module \"%s@%s.yang\" in \"%s\" "
                            "can't be read: restore the files that come with "
                            "the server", m->name, m->revision, dir);
            return DOTS_ERROR;
        }

        hash = dots_schema_hash(hash, m->name, strlen(m->name) + 1);
        hash = dots_schema_hash(hash, sources[s->nsources].text.data,
                                sources[s->nsources].text.len);
        s->nsources++;
    }

    (void) snprintf(s->content_id, sizeof(s->content_id), "%016llx",
                    (unsigned long long) hash);

    return DOTS_OK;
}


dots_schema_t *
dots_schema_load(const char *dir, char *err, size_t size)
{
    dots_schema_t  *s;

    s = calloc(1, sizeof(dots_schema_t));
    if (s == NULL) {
        (void) snprintf(err, size, "no memory for the YANG modules");
        return NULL;
    }

    /* libyang prints to stderr otherwise, once for every refused value */

    (void) ly_log_options(LY_LOSTORE_LAST);

    if (ly_ctx_new(dir, LY_CTX_DISABLE_SEARCHDIR_CWD | LY_CTX_EXPLICIT_COMPILE
                   | LY_CTX_NO_YANGLIBRARY, &s->ctx)
        != LY_SUCCESS)
    {
        (void) snprintf(err, size, "\"%s\" is no readable directory of YANG "
                        "modules: let \"schemas\" name the one that comes with "
                        "the server", dir);
        free(s);
        return NULL;
    }

    if (dots_schema_load_modules(s, dir, err, size) != DOTS_OK
        || dots_schema_check_revisions(s, dir, err, size) != DOTS_OK
        || dots_schema_sources(s, dir, err, size) != DOTS_OK
        || dots_schema_resolve(s, dir, err, size) != DOTS_OK)
    {
        dots_schema_free(s);
        return NULL;
    }

    return s;
}


void
dots_schema_free(dots_schema_t *s)
{
    size_t  i;

    if (s == NULL) {
        return;
    }

    for (i = 0; i < s->nsources; i++) {
        free((void *) s->sources[i].text.data);
    }

    free((void *) s->sources);
    ly_ctx_destroy(s->ctx);
    free(s);
}


/* ---- messages ---- */

static const struct lysc_ext_instance *
dots_schema_message_structure(const dots_schema_t *s, const char *module)
{
    if (strcmp(module, s->signal->name) == 0) {
        return s->signal_ext;
    }

    return dots_schema_structure(ly_ctx_get_module_implemented(s->ctx,
                                                               module));
}


static const struct lysc_node *
dots_schema_structure_case(const struct lysc_ext_instance *ext,
    const char *name)
{
    const struct lysc_node  *choice, *node;

    if (ext == NULL) {
        return NULL;
    }

    choice = lys_getnext_ext(NULL, NULL, ext, LYS_GETNEXT_WITHCHOICE);

    if (choice == NULL || choice->nodetype != LYS_CHOICE) {
        return NULL;
    }

    for (node = lysc_node_child(choice); node != NULL; node = node->next) {
        if (node->nodetype == LYS_CASE && strcmp(node->name, name) == 0) {
            return node;
        }
    }

    return NULL;
}


/* Less than what the C library would ask the kernel for each time. */

int
dots_schema_room(size_t len)
{
    void  *p;

    p = malloc(DOTS_SCHEMA_ROOM + len / 16 * DOTS_SCHEMA_NODES);
    free(p);

    return p != NULL;
}


int
dots_schema_message(const dots_schema_t *s, const char *module,
    const char *name, struct lyd_node **top)
{
    if (module == NULL) {
        module = s->signal->name;
    }

    if (dots_schema_structure_case(dots_schema_message_structure(s, module),
                                   name)
        == NULL)
    {
        return DOTS_DECLINED;
    }

    if (!dots_schema_room(0)
        || lyd_new_opaq(NULL, s->ctx, name, NULL, NULL, module, top)
           != LY_SUCCESS)
    {
        return DOTS_ERROR;
    }

    return DOTS_OK;
}


const struct lysc_node *
dots_schema_message_case(const dots_schema_t *s, const struct lyd_node *top)
{
    const struct lyd_node_opaq  *opaq;

    if (top == NULL || top->schema != NULL) {
        return NULL;
    }

    opaq = (const struct lyd_node_opaq *) top;

    return dots_schema_structure_case(
        dots_schema_message_structure(s, opaq->name.module_name),
        opaq->name.name);
}


static LY_ERR
dots_schema_message_new(const struct lysc_ext_instance *ext,
    const struct lysc_node *schema, const char *value, struct lyd_node **node)
{
    switch (schema->nodetype) {

    case LYS_CONTAINER:
        return lyd_new_ext_inner(ext, schema->name, node);

    case LYS_LIST:
        return lyd_new_ext_list(ext, schema->name, node);

    default:
        return lyd_new_ext_term(ext, schema->name, value, node);
    }
}


int
dots_schema_message_add(const dots_schema_t *s, struct lyd_node *top,
    const char *name, const char *value, struct lyd_node **node)
{
    LY_ERR                       rc;
    const struct lysc_node      *schema;
    const struct lyd_node_opaq  *opaq;

    schema = dots_schema_message_case(s, top);
    schema = schema ? dots_schema_child(schema, name) : NULL;

    if (schema == NULL) {
        return DOTS_ERROR;
    }

    opaq = (const struct lyd_node_opaq *) top;

    rc = dots_schema_message_new(
        dots_schema_message_structure(s, opaq->name.module_name), schema,
        value, node);

    if (rc == LY_EVALID || rc == LY_EINVAL) {
        return DOTS_INVALID;
    }

    if (rc != LY_SUCCESS) {
        return DOTS_ERROR;
    }

    if (dots_yang_append(top, *node) != LY_SUCCESS) {
        lyd_free_tree(*node);
        return DOTS_ERROR;
    }

    return DOTS_OK;
}


const struct lysc_node *
dots_schema_child(const struct lysc_node *parent, const char *name)
{
    size_t                   len;
    const char              *colon, *module;
    const struct lysc_node  *node;

    colon = strchr(name, ':');
    module = colon ? name : parent->module->name;
    len = colon ? (size_t) (colon - name) : strlen(module);
    name = colon ? colon + 1 : name;

    node = NULL;

    while ((node = lys_getnext(node, parent, NULL, 0)) != NULL) {

        if (strcmp(node->name, name) == 0
            && strncmp(node->module->name, module, len) == 0
            && node->module->name[len] == '\0')
        {
            return node;
        }
    }

    return NULL;
}


int
dots_schema_is_number(LY_DATA_TYPE type)
{
    switch (type) {

    case LY_TYPE_INT8:
    case LY_TYPE_INT16:
    case LY_TYPE_INT32:
    case LY_TYPE_UINT8:
    case LY_TYPE_UINT16:
    case LY_TYPE_UINT32:
        return 1;

    default:
        return 0;
    }
}
