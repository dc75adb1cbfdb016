#include "dots_condition.h"
#include "dots_data_after.h"
#include "dots_data_change.h"
#include "dots_data_message.h"
#include "dots_data_patch.h"
#include "dots_data_read.h"
#include "dots_data_scope.h"
#include "dots_data_write.h"
#include "dots_restconf_route.h"


static int dots_data_write_blind(dots_exchange_t *x);
static int dots_data_write_start(dots_exchange_t *x);
static int dots_data_write_read(dots_exchange_t *x);
static int dots_data_write_stored(dots_exchange_t *x);


/* ---- what is asked for ---- */

dots_data_edit_t *
dots_data_write_edit(dots_exchange_t *x, size_t max,
    dots_edit_operation_t operation, const dots_data_path_t *path,
    json_t *value)
{
    dots_data_edit_t  *edit;

    if (x->edits == NULL) {
        x->edits = dots_arena_array(x->arena, max, sizeof(dots_data_edit_t));
    }

    if (x->edits == NULL || x->nedits == max) {
        return NULL;
    }

    edit = &x->edits[x->nedits++];

    edit->operation = operation;
    edit->path = *path;
    edit->value = value;

    return edit;
}


int
dots_data_write_same_list(dots_exchange_t *x, const dots_data_path_t *path,
    const dots_data_path_t *point)
{
    dots_data_path_t  common;

    common = *path;
    dots_data_scope_meet(&common, point);

    if (point->n == path->n && common.n + 1 >= path->n
        && dots_data_path_schema(point) == dots_data_path_schema(path))
    {
        return DOTS_OK;
    }

    return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                               "\"point\" has to be the path of an entry of "
                               "the same list");
}


/* What goes without a look at what is there: entries, and clients to go. */

static int
dots_data_write_is_blind(const dots_exchange_t *x)
{
    return !dots_conditions_any(&x->rc->conditions)
           && !(x->query.seen & (DOTS_QUERY_INSERT|DOTS_QUERY_POINT));
}


static int
dots_data_write_delete_blind(dots_exchange_t *x)
{
    dots_change_t       *c;
    dots_change_kind_t   kind;

    kind = dots_data_scope_kind(&x->path);

    if (kind != DOTS_CHANGE_CLIENT) {
        c = dots_data_change_add(x, 2, DOTS_CHANGE_CHECK, DOTS_CHANGE_CLIENT,
                                 x->cuid);
        if (c == NULL) {
            return DOTS_ERROR;
        }

        c->expect = DOTS_EXPECT_PRESENT;
    }

    c = dots_data_change_add(x, 2, DOTS_CHANGE_REMOVE, kind, x->cuid);
    if (c == NULL) {
        return DOTS_ERROR;
    }

    c->expect = DOTS_EXPECT_PRESENT;

    if (kind != DOTS_CHANGE_CLIENT) {
        c->name = x->path.steps[DOTS_SCOPE_ENTRY - 1].keys[0];
    }

    return DOTS_OK;
}


/* A container that is always there can be emptied, not be missing. */

static int
dots_data_write_delete(dots_exchange_t *x, int blind)
{
    int                      implied;
    const struct lysc_node  *schema;

    if (blind && (x->path.n == DOTS_SCOPE_CLIENT
                  || x->path.n == DOTS_SCOPE_ENTRY))
    {
        return dots_data_write_delete_blind(x);
    }

    schema = dots_data_path_schema(&x->path);
    implied = schema->nodetype == LYS_CONTAINER
              && !(schema->flags & LYS_PRESENCE)
              && (schema->parent == NULL
                  || schema->parent->nodetype != LYS_CASE);

    return dots_data_write_edit(x, 1, implied ? DOTS_EDIT_REMOVE
                                              : DOTS_EDIT_DELETE,
                                &x->path, NULL)
               ? DOTS_OK : DOTS_ERROR;
}


static int
dots_data_write_asked(dots_exchange_t *x)
{
    int  rc, blind;

    blind = dots_data_write_is_blind(x);

    if (x->method == DOTS_METHOD_DELETE) {
        return dots_data_write_delete(x, blind);
    }

    rc = dots_restconf_body(x);
    if (rc != DOTS_OK) {
        return rc;
    }

    if (x->method == DOTS_METHOD_PATCH
        && (x->media == DOTS_MEDIA_PATCH_JSON
            || x->media == DOTS_MEDIA_PATCH_XML))
    {
        return dots_data_patch(x);
    }

    return dots_data_message(x, blind);
}


int
dots_data_write(dots_exchange_t *x)
{
    int  rc;

    rc = dots_data_write_asked(x);

    if (rc != DOTS_OK || x->rc->text.len != 0) {
        return rc;
    }

    if (x->rq.nchanges == 0) {
        return dots_data_write_run(x);
    }

    x->rq.operation = DOTS_DATA_COMMIT;
    x->resume = dots_data_write_blind;

    return DOTS_OK;
}


/* ---- the answer ---- */

/*
 * What a GET of the resource, of a POST the one that it made, would have if
 * nobody changes anything until then: by that another change can be told from
 * one's own (RFC 8040 sections 3.4.1, 3.5.2, and the examples of 4.4 to 4.6).
 */

static void
dots_data_write_known_all(dots_exchange_t *x)
{
    dots_entity_t            e;
    const dots_data_path_t  *path;

    if (x->method == DOTS_METHOD_DELETE
        || (x->method == DOTS_METHOD_POST && x->nedits != 1))
    {
        return;
    }

    path = x->method == DOTS_METHOD_POST ? &x->edits[0].path : &x->path;

    if (dots_data_after(x, path, &e) == DOTS_OK) {
        (void) dots_data_read_known(x, &e);
    }
}


/* One that is moved may leave another one with another place. */

static int
dots_data_write_is_target(const dots_exchange_t *x, const dots_change_t *c)
{
    return x->path.n < DOTS_SCOPE_ENTRY
           || dots_str_eq(x->path.steps[DOTS_SCOPE_ENTRY - 1].keys[0], c->name);
}


/*
 * An entry is known by itself, whatever else there is.  What is done is done:
 * where there is no memory for this the answer is without.
 */

static void
dots_data_write_known(dots_exchange_t *x)
{
    size_t                i, n;
    const dots_change_t  *c, *one;

    for (i = 0, n = 0, one = NULL; i < x->rq.nchanges; i++) {
        c = &x->rq.changes[i];

        if (c->action == DOTS_CHANGE_PUT && c->kind != DOTS_CHANGE_CLIENT) {
            one = c;
            n++;
        }
    }

    if (n != 1 || (x->path.n < DOTS_SCOPE_LIST)
        || (x->path.n == DOTS_SCOPE_LIST && x->method != DOTS_METHOD_POST)
        || !dots_data_write_is_target(x, one))
    {
        dots_data_write_known_all(x);
        return;
    }

    (void) dots_data_read_known(x, one->acl ? &one->acl->entity
                                            : &one->alias->entity);
}


/*
 * Of a YANG Patch, too, whose answer tells of the target that it has changed
 * (RFC 9110 section 8.8.3, the examples of RFC 8072 appendix A).
 */

static int
dots_data_write_answer(dots_exchange_t *x, int created)
{
    if (x->patch != NULL) {

        if (dots_data_patch_done(x) != DOTS_OK) {
            return DOTS_ERROR;
        }

        dots_data_write_known(x);

        return DOTS_OK;
    }

    x->rc->status = 204;

    if (x->method == DOTS_METHOD_POST) {
        x->rc->status = 201;
        x->rc->location = x->location;

    } else if (x->method == DOTS_METHOD_PUT && created) {
        x->rc->status = 201;
    }

    dots_data_write_known(x);

    return DOTS_OK;
}


static int
dots_data_write_blind(dots_exchange_t *x)
{
    switch (x->rq.verdict) {

    case DOTS_VERDICT_CREATED:
    case DOTS_VERDICT_CHANGED:
    case DOTS_VERDICT_DELETED:
        return dots_data_write_answer(x, x->rq.verdict == DOTS_VERDICT_CREATED);

    default:
        return dots_restconf_refused(x, x->rq.verdict);
    }
}


/* ---- read, edit, commit ---- */

/*
 * All that has to be the same until the commit: what the conditions are about,
 * what the edits touch, and the list where the order of records changes.
 */

static void
dots_data_write_scope(dots_exchange_t *x)
{
    size_t                   i;
    const dots_data_edit_t  *edit;

    x->scope = dots_conditions_any(&x->rc->conditions) || x->nedits == 0
                   ? x->path : x->edits[0].path;

    for (i = 0; i < x->nedits; i++) {
        edit = &x->edits[i];

        dots_data_scope_meet(&x->scope, &edit->path);

        if (edit->where != DOTS_INSERT_NONE
            && edit->path.n == DOTS_SCOPE_ENTRY
            && x->scope.n == DOTS_SCOPE_ENTRY)
        {
            x->scope.n = DOTS_SCOPE_LIST;
        }
    }

    if (x->scope.n > DOTS_SCOPE_ENTRY) {
        x->scope.n = DOTS_SCOPE_ENTRY;
    }
}


int
dots_data_write_run(dots_exchange_t *x)
{
    dots_data_write_scope(x);

    return dots_data_write_start(x);
}


static int
dots_data_write_start(dots_exchange_t *x)
{
    dots_data_scope_fetch(&x->scope, &x->rq);

    x->rq.records = 1;
    x->resume = dots_data_write_read;

    return DOTS_OK;
}


/* RFC 8072 section 2.7: edits that were processed have a status. */

static int
dots_data_write_refused(dots_exchange_t *x, dots_verdict_t verdict)
{
    int  rc;

    rc = dots_restconf_refused(x, verdict);

    return x->patch ? dots_data_patch_invalid(x, rc) : rc;
}


static int
dots_data_write_again(dots_exchange_t *x)
{
    if (++x->attempts == DOTS_DATA_ATTEMPTS) {
        return dots_data_write_refused(x, DOTS_VERDICT_BUSY);
    }

    if (dots_restconf_again(x, DOTS_RESTCONF_ARENA) != DOTS_OK) {
        return DOTS_ERROR;
    }

    return dots_data_write_start(x);
}


/*
 * Is the resource there?  Containers without a meaning of their own are if what
 * they are in is, unless in a choice.
 */

static int
dots_data_write_exists(dots_exchange_t *x, json_t *root,
    const dots_data_path_t *path)
{
    dots_data_path_t         above;
    const struct lysc_node  *schema;

    if (path->n < DOTS_SCOPE_CLIENT
        || dots_data_edit_find(&x->context, root, path) != NULL)
    {
        return 1;
    }

    schema = dots_data_path_schema(path);

    if (schema->nodetype != LYS_CONTAINER || (schema->flags & LYS_PRESENCE)
        || schema->parent->nodetype == LYS_CASE)
    {
        return 0;
    }

    above = *path;
    above.n--;

    return dots_data_write_exists(x, root, &above);
}


/*
 * RFC 9110 section 13.2.1: what would fail anyhow is no matter of conditions.
 * A PUT needs what its resource is in, the others the resource.
 */

static int
dots_data_write_admit(dots_exchange_t *x, json_t *root)
{
    int               rc, exists;
    dots_entity_t     e;
    dots_data_path_t  above;

    exists = dots_data_write_exists(x, root, &x->path);

    above = x->path;

    if (x->method == DOTS_METHOD_PUT) {
        above.n--;
    }

    if (!exists && !dots_data_write_exists(x, root, &above)) {
        return dots_restconf_refused(x, DOTS_VERDICT_NOT_FOUND);
    }

    if (!dots_conditions_any(&x->rc->conditions)) {
        return DOTS_OK;
    }

    rc = exists ? dots_data_scope_entity(&x->rq, &x->path, &e) : DOTS_DECLINED;

    if (rc == DOTS_ERROR) {
        return rc;
    }

    return dots_data_read_condition(x, 0, rc == DOTS_OK ? &e : NULL);
}


/* The words of RFC 8040 for what RFC 8072 has from NETCONF. */

static int
dots_data_write_failed(dots_exchange_t *x, int rc)
{
    if (rc != DOTS_INVALID) {
        return rc;
    }

    if (x->error.tag == DOTS_TAG_DATA_MISSING) {
        return dots_restconf_refused(x, DOTS_VERDICT_NOT_FOUND);
    }

    if (x->error.tag == DOTS_TAG_DATA_EXISTS) {
        return dots_restconf_refused(x, DOTS_VERDICT_EXISTS);
    }

    return rc;
}


static int
dots_data_write_edits(dots_exchange_t *x, json_t *root)
{
    int     rc, created;
    size_t  i;

    x->created = 0;

    for (i = 0; i < x->nedits; i++) {
        rc = dots_data_edit(&x->context, root, &x->edits[i], &created);

        if (rc != DOTS_OK) {
            return x->patch ? dots_data_patch_failed(x, i, rc)
                            : dots_data_write_failed(x, rc);
        }

        x->created |= created;
    }

    return DOTS_OK;
}


static int
dots_data_write_tree(dots_exchange_t *x, json_t *root, int *altered)
{
    int  rc;

    rc = dots_data_write_admit(x, root);

    if (rc == DOTS_OK) {
        rc = dots_data_write_edits(x, root);
    }

    if (rc != DOTS_OK || x->rc->text.len != 0) {
        return rc;
    }

    rc = dots_data_change_all(x, root, altered);

    return x->patch && rc != DOTS_OK ? dots_data_patch_invalid(x, rc) : rc;
}


static int
dots_data_write_read(dots_exchange_t *x)
{
    int      rc, altered;
    json_t  *root;

    if (x->rq.verdict != DOTS_VERDICT_FOUND
        && x->rq.verdict != DOTS_VERDICT_NOT_FOUND)
    {
        return dots_restconf_refused(x, x->rq.verdict);
    }

    root = dots_data_change_tree(x);
    if (root == NULL) {
        return DOTS_ERROR;
    }

    altered = 0;
    x->rq.operation = 0;

    rc = dots_data_write_tree(x, root, &altered);
    json_decref(root);

    if (rc != DOTS_OK || x->rc->text.len != 0) {
        return rc;
    }

    if (!altered) {
        return dots_data_write_answer(x, x->created);
    }

    x->rq.operation = DOTS_DATA_COMMIT;
    x->resume = dots_data_write_stored;

    return DOTS_OK;
}


static int
dots_data_write_stored(dots_exchange_t *x)
{
    switch (x->rq.verdict) {

    case DOTS_VERDICT_CREATED:
    case DOTS_VERDICT_CHANGED:
    case DOTS_VERDICT_DELETED:
        return dots_data_write_answer(x, x->created);

    /* what was read is not what is there */

    case DOTS_VERDICT_EXISTS:
    case DOTS_VERDICT_NOT_FOUND:
    case DOTS_VERDICT_BUSY:
        return dots_data_write_again(x);

    default:
        return dots_data_write_refused(x, x->rq.verdict);
    }
}
