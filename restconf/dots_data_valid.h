/*
 * What can be said of an entry's tree without libyang's own validation, which
 * costs more than making the tree.  Knows the statements of YANG by what
 * libyang has compiled, and of XPath only the conditions that our modules have.
 * Never says that a tree is not valid: what it does not know is for libyang to
 * decide, and to word.
 */

#ifndef DOTS_DATA_VALID_H
#define DOTS_DATA_VALID_H

#include "dots_schema.h"

/*
 * "node" is a container or a list's entry with all that is below it, of values
 * that have been stored, configuration only, and no leaf or container twice.
 * DOTS_OK: it is valid (RFC 7950 section 8), what is implied is not in it yet;
 * DOTS_DECLINED: who knows.
 */
int dots_data_valid(const struct lyd_node *node);

#endif /* DOTS_DATA_VALID_H */
