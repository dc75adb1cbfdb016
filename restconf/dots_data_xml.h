/*
 * XML on the wire, JSON inside: a body in XML (RFC 7950) into the JSON values
 * that the same body in JSON (RFC 7951) would be, and the JSON text of an
 * answer into XML.  The schema says what is a list, a number, an identity.
 * Whether values fit their types is checked later, as for JSON.
 */

#ifndef DOTS_DATA_XML_H
#define DOTS_DATA_XML_H

#include <jansson.h>

#include "dots_restconf_exchange.h"

#define DOTS_DATA_XML_SIZE (4 * 1024 * 1024) /* bytes of an answer */

/*
 * The body of a request about "target" (see dots_place_root()): the resource's
 * data, or a yang-patch, whose values are about what their edits' targets name.
 * DOTS_OK with a JSON object in *root, for json_decref(); DOTS_INVALID (400
 * malformed-message, unknown-element, unknown-attribute, 413); DOTS_ERROR.
 */
int dots_data_xml_read(dots_exchange_t *x, const struct lysc_node *target,
    json_t **root);

/*
 * "json", which is one of our own texts about "target", as XML in the arena.
 * DOTS_OK; DOTS_FULL: larger than DOTS_DATA_XML_SIZE; DOTS_ERROR.
 */
int dots_data_xml_write(const dots_schema_t *s, const struct lysc_node *target,
    dots_str_t json, dots_arena_t *a, dots_str_t *xml);

#endif /* DOTS_DATA_XML_H */
