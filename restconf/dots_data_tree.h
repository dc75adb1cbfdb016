/*
 * An entry's tree of libyang, made of JSON values without their text between.
 * Owns what libyang's parser of JSON has to see and its tree could hide: which
 * kind of value is of which type.  Takes what is plain; what is not, and all
 * that is not valid, is for that parser to read, and to say what is wrong.
 */

#ifndef DOTS_DATA_TREE_H
#define DOTS_DATA_TREE_H

#include <jansson.h>

#include "dots_schema.h"

/*
 * "client" is a dots-client entry with its key.  DOTS_OK with a valid tree of
 * dots-data, for lyd_free_all(), the same as of the text, but what is implied
 * (defaults, containers without a meaning of their own) may not be in it;
 * DOTS_DECLINED: to be parsed as text; DOTS_ERROR: no memory.
 */
int dots_data_tree(const dots_schema_t *s, const json_t *client,
    struct lyd_node **tree);

#endif /* DOTS_DATA_TREE_H */
