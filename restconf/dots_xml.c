#include <strings.h>

#include <expat.h>

#include "dots_xml.h"


/* Bound to the prefix "xml" everywhere (Namespaces in XML 1.0, section 3). */
#define DOTS_XML_XML "http://www.w3.org/XML/1998/namespace"


typedef struct {
    XML_Parser               parser;
    dots_arena_t            *arena;
    dots_restconf_error_t   *error;
    const dots_xml_limits_t *limits;
    dots_xml_node_t         *root;
    dots_xml_node_t         *node;      /* the open one */
    size_t                   depth;
    size_t                   elements;
    uint8_t                 *text;      /* room for all text there can be */
    size_t                   size;
    size_t                   len;
    int                      result;    /* the first that is not DOTS_OK */
} dots_xml_t;


static const dots_xml_ns_t  dots_xml_root = {
    NULL, dots_string("xml"), DOTS_XML_XML
};


static void
dots_xml_fail(dots_xml_t *xml, int result)
{
    if (xml->result == DOTS_OK) {
        xml->result = result;
    }

    (void) XML_StopParser(xml->parser, XML_FALSE);
}


static void
dots_xml_malformed(dots_xml_t *xml, const char *why)
{
    dots_xml_fail(xml, dots_restconf_error(xml->error, DOTS_TAG_MALFORMED,
                           "line %lu: %s",
                           (unsigned long) XML_GetCurrentLineNumber(
                                                              xml->parser),
                           why));
}


static dots_str_t
dots_xml_str(const char *s)
{
    return dots_str(s, strlen(s));
}


/* ---- namespaces ---- */

static const char *
dots_xml_lookup(const dots_xml_ns_t *ns, dots_str_t prefix)
{
    for ( ; ns != NULL; ns = ns->outer) {

        if (dots_str_eq(ns->prefix, prefix)) {
            return ns->uri;
        }
    }

    return prefix.len == 0 ? "" : NULL;
}


const char *
dots_xml_namespace(const dots_xml_node_t *node, dots_str_t prefix)
{
    return dots_xml_lookup(node->ns, prefix);
}


static void
dots_xml_declare(dots_xml_t *xml, const dots_xml_ns_t **scope,
    const char *prefix, const char *uri)
{
    dots_str_t      copy;
    dots_xml_ns_t  *ns;

    if (uri[0] == '\0' && prefix[0] != '\0') {
        dots_xml_malformed(xml, "a prefix of no namespace");
        return;
    }

    ns = dots_arena_alloc(xml->arena, sizeof(dots_xml_ns_t));

    /* with the NUL */

    if (ns == NULL
        || dots_arena_dup(xml->arena, &ns->prefix, dots_xml_str(prefix))
           != DOTS_OK
        || dots_arena_dup(xml->arena, &copy, dots_str(uri, strlen(uri) + 1))
           != DOTS_OK)
    {
        dots_xml_fail(xml, DOTS_ERROR);
        return;
    }

    ns->uri = (const char *) copy.data;
    ns->outer = *scope;

    *scope = ns;
}


/* Declarations of namespaces are all that may stand in a tag. */

static void
dots_xml_attributes(dots_xml_t *xml, const char **attributes,
    const dots_xml_ns_t **scope)
{
    size_t  i;

    for (i = 0; attributes[i] != NULL && xml->result == DOTS_OK; i += 2) {

        if (strncmp(attributes[i], "xmlns", 5) != 0
            || (attributes[i][5] != '\0' && attributes[i][5] != ':'))
        {
            dots_xml_fail(xml, dots_restconf_error(xml->error,
                                   DOTS_TAG_UNKNOWN_ATTRIBUTE,
                                   "the attribute \"%s\" is not supported",
                                   attributes[i]));
            return;
        }

        if (i == 2 * DOTS_XML_DECLARATIONS) {
            dots_xml_malformed(xml, "too many namespaces");
            return;
        }

        dots_xml_declare(xml, scope,
                         attributes[i] + (attributes[i][5] == ':' ? 6 : 5),
                         attributes[i + 1]);
    }
}


static void
dots_xml_name(dots_xml_t *xml, dots_xml_node_t *node, const char *name)
{
    dots_str_t   prefix, copy;
    const char  *colon;

    colon = strchr(name, ':');
    prefix = dots_str(name, colon ? (size_t) (colon - name) : 0);
    name = colon ? colon + 1 : name;

    if (name[0] == '\0' || (colon && prefix.len == 0) || strchr(name, ':')) {
        dots_xml_malformed(xml, "no name of an element");
        return;
    }

    node->uri = dots_xml_lookup(node->ns, prefix);

    if (node->uri == NULL) {
        dots_xml_malformed(xml, "the prefix of an element has no namespace");
        return;
    }

    if (dots_arena_dup(xml->arena, &copy, dots_str(name, strlen(name) + 1))
        != DOTS_OK)
    {
        dots_xml_fail(xml, DOTS_ERROR);
        return;
    }

    node->name = (const char *) copy.data;
}


/* ---- what expat finds ---- */

int
dots_xml_blank(dots_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] != ' ' && s.data[i] != '\t' && s.data[i] != '\n'
            && s.data[i] != '\r')
        {
            return 0;
        }
    }

    return 1;
}


static void
dots_xml_link(dots_xml_t *xml, dots_xml_node_t *node)
{
    dots_xml_node_t  *parent;

    parent = xml->node;
    node->parent = parent;

    if (parent == NULL) {
        xml->root = node;

    } else if (parent->last == NULL) {
        parent->child = node;
        parent->last = node;

    } else {
        parent->last->next = node;
        parent->last = node;
    }

    xml->node = node;
}


static int
dots_xml_bounded(dots_xml_t *xml)
{
    if (++xml->depth > xml->limits->depth) {
        dots_xml_malformed(xml, "the message is nested too deeply");
        return 0;
    }

    if (++xml->elements > xml->limits->elements) {
        dots_xml_fail(xml, dots_restconf_error(xml->error, DOTS_TAG_TOO_BIG,
                               "the message has too many entries"));
        return 0;
    }

    return 1;
}


static void XMLCALL
dots_xml_start(void *data, const char *name, const char **attributes)
{
    dots_xml_t       *xml;
    dots_xml_node_t  *node, *parent;

    xml = data;
    parent = xml->node;

    if (xml->result != DOTS_OK || !dots_xml_bounded(xml)) {
        return;
    }

    if (parent && parent->text.len) {

        if (!dots_xml_blank(parent->text)) {
            dots_xml_malformed(xml, "text beside elements");
            return;
        }

        /* it was the last that was added */

        xml->len -= parent->text.len;
        parent->text.len = 0;
    }

    node = dots_arena_alloc(xml->arena, sizeof(dots_xml_node_t));
    if (node == NULL) {
        dots_xml_fail(xml, DOTS_ERROR);
        return;
    }

    node->ns = parent ? parent->ns : &dots_xml_root;

    dots_xml_attributes(xml, attributes, &node->ns);

    if (xml->result == DOTS_OK) {
        dots_xml_name(xml, node, name);
        dots_xml_link(xml, node);
    }
}


static void XMLCALL
dots_xml_end(void *data, const char *name)
{
    dots_xml_t  *xml;

    (void) name;

    xml = data;

    if (xml->result == DOTS_OK) {
        xml->node = xml->node->parent;
        xml->depth--;
    }
}


/*
 * Pieces of one text follow each other: an element between them makes an error
 * of what is more than space.
 */

static void XMLCALL
dots_xml_characters(void *data, const char *s, int len)
{
    dots_xml_t       *xml;
    dots_xml_node_t  *node;

    xml = data;
    node = xml->node;

    if (xml->result != DOTS_OK || node == NULL) {
        return;
    }

    if (node->child) {

        if (!dots_xml_blank(dots_str(s, (size_t) len))) {
            dots_xml_malformed(xml, "text beside elements");
        }

        return;
    }

    if ((size_t) len > xml->size - xml->len) {
        dots_xml_fail(xml, DOTS_ERROR);
        return;
    }

    if (node->text.len == 0) {
        node->text.data = xml->text + xml->len;
    }

    memcpy(xml->text + xml->len, s, (size_t) len);

    xml->len += (size_t) len;
    node->text.len += (size_t) len;
}


/* Without a document type there are no entities: none to expand, to fetch. */

static void XMLCALL
dots_xml_doctype(void *data, const char *name, const char *system,
    const char *public, int internal)
{
    (void) name;
    (void) system;
    (void) public;
    (void) internal;

    dots_xml_malformed(data, "a document type declaration");
}


static void XMLCALL
dots_xml_declaration(void *data, const char *version, const char *encoding,
    int standalone)
{
    (void) version;
    (void) standalone;

    if (encoding != NULL && strcasecmp(encoding, "UTF-8") != 0) {
        dots_xml_malformed(data, "the encoding has to be UTF-8");
    }
}


/* ---- the tree ---- */

static int
dots_xml_run(dots_xml_t *xml, dots_str_t text)
{
    enum XML_Error  code;

    XML_SetUserData(xml->parser, xml);
    XML_SetElementHandler(xml->parser, dots_xml_start, dots_xml_end);
    XML_SetCharacterDataHandler(xml->parser, dots_xml_characters);
    XML_SetStartDoctypeDeclHandler(xml->parser, dots_xml_doctype);
    XML_SetXmlDeclHandler(xml->parser, dots_xml_declaration);

    if (XML_Parse(xml->parser, (const char *) text.data, (int) text.len, 1)
        == XML_STATUS_OK)
    {
        return xml->result;
    }

    if (xml->result != DOTS_OK) {
        return xml->result;
    }

    code = XML_GetErrorCode(xml->parser);

    if (code == XML_ERROR_NO_MEMORY) {
        return DOTS_ERROR;
    }

    return dots_restconf_error(xml->error, DOTS_TAG_MALFORMED,
                               "not XML: line %lu, column %lu: %s",
                               (unsigned long) XML_GetCurrentLineNumber(
                                                                 xml->parser),
                               (unsigned long) XML_GetCurrentColumnNumber(
                                                                 xml->parser),
                               XML_ErrorString(code));
}


int
dots_xml_parse(dots_xml_node_t **root, dots_str_t text,
    const dots_xml_limits_t *limits, dots_arena_t *a, dots_restconf_error_t *e)
{
    int         rc;
    dots_xml_t  xml;

    /* expat would take the first bytes for a sign of UTF-16, whatever we say */

    if (text.len < 2 || text.len > INT32_MAX
        || memchr(text.data, '\0', text.len) != NULL || text.data[0] >= 0xfe)
    {
        return dots_restconf_error(e, DOTS_TAG_MALFORMED,
                                   "the message has to be XML in UTF-8");
    }

    memset(&xml, 0, sizeof(dots_xml_t));

    xml.arena = a;
    xml.error = e;
    xml.limits = limits;
    xml.result = DOTS_OK;

    /* a reference is longer than what it stands for */

    xml.size = text.len;
    xml.text = dots_arena_alloc(a, text.len);
    xml.parser = xml.text ? XML_ParserCreate("UTF-8") : NULL;

    if (xml.parser == NULL) {
        return DOTS_ERROR;
    }

    rc = dots_xml_run(&xml, text);

    XML_ParserFree(xml.parser);

    *root = xml.root;

    return rc;
}


dots_xml_node_t *
dots_xml_next(dots_xml_node_t *node)
{
    if (node->child) {
        return node->child;
    }

    while (node && node->next == NULL) {
        node = node->parent;
    }

    return node ? node->next : NULL;
}
