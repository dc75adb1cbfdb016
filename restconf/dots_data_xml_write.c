#include <stdio.h>

#include "dots_data_xml.h"
#include "dots_place.h"


/*
 * Written twice: to know the size, and into one piece of the arena that has it.
 * Deeper than any schema of ours is only what we did not make.
 */

#define DOTS_DATA_XML_DEPTH    32
#define DOTS_DATA_XML_PREFIXES 8   /* modules in one instance-identifier */
#define DOTS_DATA_XML_MEMBER   192 /* "@", module, colon, name */

/* RFC 6243 section 6: the attribute "default". */
#define DOTS_DATA_XML_DEFAULT  "urn:ietf:params:xml:ns:netconf:default:1.0"

typedef struct {
    const dots_schema_t *schema;
    uint8_t             *data;     /* NULL: only the size is asked for */
    size_t               len;
    size_t               depth;
    int                  failed;
} dots_data_xml_out_t;

/* A member of an object on its way to an element. */

typedef struct {
    const struct lys_module *module;
    const struct lysc_node  *schema;     /* NULL: not known, no structure */
    const char              *name;       /* without module */
    int                      declared;   /* the parent's is the same module */
    int                      tagged;     /* nobody has set it: with-defaults */
} dots_data_xml_tag_t;

typedef struct {
    size_t                   n;
    const struct lys_module *modules[DOTS_DATA_XML_PREFIXES];
} dots_data_xml_prefixes_t;


static void dots_data_xml_out_object(dots_data_xml_out_t *o, json_t *object,
    const dots_data_xml_tag_t *parent);


static void
dots_data_xml_out_bytes(dots_data_xml_out_t *o, const char *s, size_t len)
{
    if (o->data) {
        memcpy(o->data + o->len, s, len);
    }

    o->len += len;

    o->failed |= o->len > DOTS_DATA_XML_SIZE;
}


static void
dots_data_xml_out(dots_data_xml_out_t *o, const char *s)
{
    dots_data_xml_out_bytes(o, s, strlen(s));
}


/*
 * Text in an element or, with quotes, an attribute.  XML 1.0 has no way to say
 * the other control characters: they become U+FFFD.
 */

static void
dots_data_xml_out_text(dots_data_xml_out_t *o, const char *s, size_t len)
{
    size_t       i, start;
    const char  *escape;

    for (i = 0, start = 0; i < len; i++) {

        switch (s[i]) {

        case '&':
            escape = "&amp;";
            break;

        case '<':
            escape = "&lt;";
            break;

        case '>':
            escape = "&gt;";
            break;

        case '"':
            escape = "&quot;";
            break;

        case '\r':
            escape = "&#13;";
            break;

        default:
            escape = (unsigned char) s[i] < ' ' && s[i] != '\t' && s[i] != '\n'
                         ? "\xef\xbf\xbd" : NULL;
        }

        if (escape) {
            dots_data_xml_out_bytes(o, s + start, i - start);
            dots_data_xml_out(o, escape);
            start = i + 1;
        }
    }

    dots_data_xml_out_bytes(o, s + start, len - start);
}


static void
dots_data_xml_out_namespace(dots_data_xml_out_t *o,
    const struct lys_module *module, const char *prefix)
{
    dots_data_xml_out(o, " xmlns");

    if (prefix) {
        dots_data_xml_out(o, ":");
        dots_data_xml_out(o, prefix);
    }

    dots_data_xml_out(o, "=\"");
    dots_data_xml_out_text(o, module->ns, strlen(module->ns));
    dots_data_xml_out(o, "\"");
}


/* ---- values: RFC 7950 section 9 ---- */

static LY_DATA_TYPE
dots_data_xml_out_type(const dots_data_xml_tag_t *t, const char *s, size_t len)
{
    const struct lysc_type  *type, *member;

    if (t->schema == NULL
        || !(t->schema->nodetype & (LYS_LEAF | LYS_LEAFLIST)))
    {
        return LY_TYPE_STRING;
    }

    type = ((const struct lysc_node_leaf *) t->schema)->type;

    if (type->basetype == LY_TYPE_UNION
        && lyd_value_validate(t->schema->module->ctx, t->schema, s, len, NULL,
                              &member, NULL)
           == LY_SUCCESS && member != NULL)
    {
        return member->basetype;
    }

    return type->basetype;
}


/* "module:name" with a prefix of its own: that of the module's YANG text. */

static int
dots_data_xml_out_identity(dots_data_xml_out_t *o, const char *s, size_t len)
{
    const char               *colon;
    const struct lys_module  *module;

    colon = memchr(s, ':', len);
    module = colon ? dots_place_module(o->schema,
                                       dots_str(s, (size_t) (colon - s)))
                   : NULL;

    if (module == NULL) {
        return 0;
    }

    dots_data_xml_out_namespace(o, module, module->prefix);
    dots_data_xml_out(o, ">");
    dots_data_xml_out(o, module->prefix);
    dots_data_xml_out_text(o, colon, len - (size_t) (colon - s));

    return 1;
}


/*
 * An instance-identifier, whose names have the module in front where it changes
 * (RFC 7951 section 6.11): in XML each has a prefix (RFC 7950 section 9.13).
 * Names are what follows "/" or "[", outside quotes.
 */

static size_t
dots_data_xml_out_word(const char *s, const char *end)
{
    const char  *p;

    for (p = s; p < end && strchr("/[]='\" \t", *p) == NULL; p++) {
        /* void */
    }

    return (size_t) (p - s);
}


static void
dots_data_xml_out_step(dots_data_xml_out_t *o, const struct lys_module *module,
    const char *name, size_t len)
{
    if (module && len > 0 && name[0] != '.') {
        dots_data_xml_out(o, module->prefix);
        dots_data_xml_out(o, ":");
    }

    dots_data_xml_out_text(o, name, len);
}


/* A module's namespace is declared once in a tag. */

static void
dots_data_xml_out_prefix(dots_data_xml_out_t *o,
    const struct lys_module *module, dots_data_xml_prefixes_t *p)
{
    size_t  i;

    for (i = 0; i < p->n; i++) {
        if (p->modules[i] == module) {
            return;
        }
    }

    if (p->n == DOTS_DATA_XML_PREFIXES) {
        o->failed = 1;
        return;
    }

    p->modules[p->n++] = module;

    dots_data_xml_out_namespace(o, module, module->prefix);
}


/* With "p" the namespaces of the names, without it the text. */

static void
dots_data_xml_out_path(dots_data_xml_out_t *o, const char *s, size_t len,
    dots_data_xml_prefixes_t *p)
{
    size_t                    n;
    const char               *end, *colon, *close;
    const struct lys_module  *module;

    end = s + len;
    module = NULL;

    while (s < end) {

        if (*s == '\'' || *s == '"') {
            close = memchr(s + 1, *s, (size_t) (end - s) - 1);
            n = close ? (size_t) (close - s) + 1 : (size_t) (end - s);

        } else {
            n = 1;
        }

        if (p == NULL) {
            dots_data_xml_out_text(o, s, n);
        }

        s += n;

        if (s[-1] != '/' && s[-1] != '[') {
            continue;
        }

        n = dots_data_xml_out_word(s, end);
        colon = memchr(s, ':', n);

        if (colon) {
            module = dots_place_module(o->schema,
                                       dots_str(s, (size_t) (colon - s)));
            n -= (size_t) (colon - s) + 1;
            s = colon + 1;
        }

        if (p == NULL) {
            dots_data_xml_out_step(o, module, s, n);

        } else if (module) {
            dots_data_xml_out_prefix(o, module, p);
        }

        s += n;
    }
}


static void
dots_data_xml_out_string(dots_data_xml_out_t *o, const dots_data_xml_tag_t *t,
    json_t *value)
{
    size_t                    len;
    const char               *s;
    dots_data_xml_prefixes_t  prefixes;

    s = json_string_value(value);
    len = json_string_length(value);

    switch (dots_data_xml_out_type(t, s, len)) {

    case LY_TYPE_IDENT:

        if (dots_data_xml_out_identity(o, s, len)) {
            return;
        }

        break;

    case LY_TYPE_INST:
        prefixes.n = 0;
        dots_data_xml_out_path(o, s, len, &prefixes);
        dots_data_xml_out(o, ">");
        dots_data_xml_out_path(o, s, len, NULL);
        return;

    default:
        break;
    }

    dots_data_xml_out(o, ">");
    dots_data_xml_out_text(o, s, len);
}


static void
dots_data_xml_out_value(dots_data_xml_out_t *o, const dots_data_xml_tag_t *t,
    json_t *value)
{
    char  buf[32];

    switch (json_typeof(value)) {

    case JSON_STRING:
        dots_data_xml_out_string(o, t, value);
        return;

    case JSON_INTEGER:
        (void) snprintf(buf, sizeof(buf), ">%lld",
                        (long long) json_integer_value(value));
        dots_data_xml_out(o, buf);
        return;

    case JSON_TRUE:
        dots_data_xml_out(o, ">true");
        return;

    case JSON_FALSE:
        dots_data_xml_out(o, ">false");
        return;

    case JSON_OBJECT:
        dots_data_xml_out(o, ">");
        dots_data_xml_out_object(o, value, t);
        return;

    default:
        /* the type "empty"; RFC 7951 has no other null and no real */
        dots_data_xml_out(o, ">");
    }
}


/* ---- elements ---- */

static void
dots_data_xml_out_element(dots_data_xml_out_t *o, const dots_data_xml_tag_t *t,
    json_t *value)
{
    dots_data_xml_out(o, "<");
    dots_data_xml_out(o, t->name);

    if (!t->declared && t->module) {
        dots_data_xml_out_namespace(o, t->module, NULL);
    }

    if (t->tagged) {
        dots_data_xml_out(o, " xmlns:wd=\"" DOTS_DATA_XML_DEFAULT
                          "\" wd:default=\"true\"");
    }

    dots_data_xml_out_value(o, t, value);

    dots_data_xml_out(o, "</");
    dots_data_xml_out(o, t->name);
    dots_data_xml_out(o, ">");
}


/* A list or leaf-list is an element for each entry; [null] is an "empty". */

static void
dots_data_xml_out_member(dots_data_xml_out_t *o, const dots_data_xml_tag_t *t,
    json_t *value)
{
    size_t  i;

    if (!json_is_array(value)) {
        dots_data_xml_out_element(o, t, value);
        return;
    }

    for (i = 0; i < json_array_size(value) && !o->failed; i++) {
        dots_data_xml_out_element(o, t, json_array_get(value, i));
    }
}


static void
dots_data_xml_out_tag(dots_data_xml_out_t *o, dots_data_xml_tag_t *t,
    const dots_data_xml_tag_t *parent, const char *member)
{
    const char  *colon;

    colon = strchr(member, ':');

    t->name = colon ? colon + 1 : member;
    t->module = colon ? dots_place_module(o->schema,
                                          dots_str(member,
                                                   (size_t) (colon - member)))
                      : parent->module;
    t->declared = (t->module == parent->module);
    t->tagged = 0;
    t->schema = NULL;

    if (t->module == NULL) {
        return;
    }

    if (parent->schema != NULL) {
        t->schema = dots_place_child(parent->schema, t->module, t->name);

    } else if (colon) {
        t->schema = dots_place_child(NULL, t->module, t->name);
    }
}


/* "@name" says of "name" that it is a default (RFC 7952, RFC 6243). */

static int
dots_data_xml_out_tagged(json_t *object, const char *member)
{
    char  name[DOTS_DATA_XML_MEMBER];
    int   n;

    n = snprintf(name, sizeof(name), "@%s", member);

    return n > 0 && (size_t) n < sizeof(name)
           && json_is_true(json_object_get(json_object_get(object, name),
                                           "ietf-netconf-with-defaults:"
                                           "default"));
}


static void
dots_data_xml_out_object(dots_data_xml_out_t *o, json_t *object,
    const dots_data_xml_tag_t *parent)
{
    json_t               *value;
    const char           *member;
    dots_data_xml_tag_t   t;

    if (++o->depth > DOTS_DATA_XML_DEPTH) {
        o->failed = 1;
    }

    json_object_foreach (object, member, value) {

        if (o->failed) {
            break;
        }

        if (member[0] == '@') {
            continue;
        }

        dots_data_xml_out_tag(o, &t, parent, member);
        t.tagged = dots_data_xml_out_tagged(object, member);

        dots_data_xml_out_member(o, &t, value);
    }

    o->depth--;
}


/* XML has one root: that of RFC 8040 section 4.3 is the only member, but for
   what is said about it. */

static void
dots_data_xml_out_root(dots_data_xml_out_t *o, json_t *root,
    const struct lysc_node *target)
{
    int                          tagged;
    void                        *member;
    dots_data_xml_tag_t          t;
    static dots_data_xml_tag_t   none;

    member = json_object_iter(root);
    tagged = member && dots_data_xml_out_tagged(root,
                                                json_object_iter_key(member));

    if (json_object_size(root) != (tagged ? 2 : 1)
        || (json_is_array(json_object_iter_value(member))
            && json_array_size(json_object_iter_value(member)) != 1))
    {
        o->failed = 1;
        return;
    }

    dots_data_xml_out_tag(o, &t, &none, json_object_iter_key(member));
    t.tagged = tagged;

    if (t.module != NULL) {
        t.schema = dots_place_root(target, t.module, t.name);
    }

    dots_data_xml_out_member(o, &t, json_object_iter_value(member));
}


int
dots_data_xml_write(const dots_schema_t *s, const struct lysc_node *target,
    dots_str_t json, dots_arena_t *a, dots_str_t *xml)
{
    json_t               *root;
    dots_data_xml_out_t   o;

    root = json_loadb((const char *) json.data, json.len, 0, NULL);
    if (root == NULL) {
        return DOTS_ERROR;
    }

    memset(&o, 0, sizeof(o));
    o.schema = s;

    dots_data_xml_out_root(&o, root, target);

    if (!o.failed) {
        o.data = dots_arena_alloc(a, o.len);
        o.failed = (o.data == NULL);
        o.len = 0;
    }

    if (!o.failed) {
        dots_data_xml_out_root(&o, root, target);
    }

    json_decref(root);

    if (o.failed) {
        return o.len > DOTS_DATA_XML_SIZE ? DOTS_FULL : DOTS_ERROR;
    }

    *xml = dots_str(o.data, o.len);

    return DOTS_OK;
}
