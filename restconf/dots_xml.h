/*
 * XML of a peer into a tree: well-formed, in UTF-8, bounded in depth and in
 * elements, with namespaces resolved.  Elements and text only: a document type
 * (and with it every entity but XML's own five), an attribute, and text beside
 * elements are refused.  Knows no schema.  expat is underneath.
 */

#ifndef DOTS_XML_H
#define DOTS_XML_H

#include "dots_base.h"
#include "dots_restconf_error.h"

#define DOTS_XML_DECLARATIONS 16 /* of namespaces, in one element */

typedef struct dots_xml_ns_s    dots_xml_ns_t;
typedef struct dots_xml_node_s  dots_xml_node_t;

/* The namespaces in scope, the innermost first. */

struct dots_xml_ns_s {
    const dots_xml_ns_t *outer;
    dots_str_t           prefix;   /* empty: the default namespace */
    const char          *uri;
};

struct dots_xml_node_s {
    const char          *name;     /* without prefix */
    const char          *uri;      /* empty: in no namespace */
    const dots_xml_ns_t *ns;
    dots_str_t           text;     /* empty where there are children */
    dots_xml_node_t     *parent;
    dots_xml_node_t     *child;    /* the first */
    dots_xml_node_t     *last;     /* and the last */
    dots_xml_node_t     *next;
    const void          *schema;   /* of whoever walks the tree */
    void                *value;
};

typedef struct {
    size_t  depth;
    size_t  elements;
} dots_xml_limits_t;

/* DOTS_OK, the tree is in the arena; DOTS_INVALID; DOTS_ERROR. */
int dots_xml_parse(dots_xml_node_t **root, dots_str_t text,
    const dots_xml_limits_t *limits, dots_arena_t *a,
    dots_restconf_error_t *e);

/* The namespace that a prefix stands for at the node; NULL: none. */
const char *dots_xml_namespace(const dots_xml_node_t *node, dots_str_t prefix);

/* The next node in the order of the document; NULL: that was the last. */
dots_xml_node_t *dots_xml_next(dots_xml_node_t *node);

/* Nothing but XML's white space. */
int dots_xml_blank(dots_str_t s);

#endif /* DOTS_XML_H */
