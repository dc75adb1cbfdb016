/*
 * How data nodes lie in what is stored: which records hold a node, the
 * operation that reads them, and what a resource is known by (RFC 8040 sections
 * 3.4.1, 3.5.1, 3.5.2).  A node within an entry is known by that entry.
 */

#ifndef DOTS_DATA_SCOPE_H
#define DOTS_DATA_SCOPE_H

#include "dots_data_path.h"
#include "dots_entity.h"
#include "dots_request.h"

/* Steps of a path down to a kind of records. */

#define DOTS_SCOPE_DATA   1    /* dots-data */
#define DOTS_SCOPE_CLIENT 2    /* dots-client */
#define DOTS_SCOPE_LIST   3    /* aliases, acls, vendor-mapping */
#define DOTS_SCOPE_ENTRY  4    /* alias, acl, vendor */

/* Of the list of a client that a path is about; CLIENT: of none, or all. */
dots_change_kind_t dots_data_scope_kind(const dots_data_path_t *path);

/* Shortens "scope" to what it has in common with "path". */
void dots_data_scope_meet(dots_data_path_t *scope,
    const dots_data_path_t *path);

/* The operation that reads all that "path" is about into rq. */
void dots_data_scope_fetch(const dots_data_path_t *path, dots_request_t *rq);

/*
 * By what was read, which has to be all of "path".  DOTS_OK; DOTS_DECLINED: it
 * is not there, or is state; DOTS_ERROR.
 */
int dots_data_scope_entity(const dots_request_t *rq,
    const dots_data_path_t *path, dots_entity_t *e);

/*
 * The same in parts: what a list begins with, "lost" being when the last of its
 * entries went, and a client by its lists; "vendors": NULL, it never had any.
 */
int dots_data_scope_start(dots_entity_t *e, const dots_client_t *client,
    int64_t lost);
int dots_data_scope_lists(const dots_client_t *client,
    const dots_entity_t *aliases, const dots_entity_t *acls,
    const dots_entity_t *vendors, dots_entity_t *e);

/* Of what was read, the client of the path; NULL: none. */
const dots_client_t *dots_data_scope_client(const dots_request_t *rq,
    const dots_data_path_t *path);

#endif /* DOTS_DATA_SCOPE_H */
