#include "dots_data_acl.h"
#include "dots_data_blame.h"
#include "dots_data_change.h"
#include "dots_data_client.h"
#include "dots_data_scope.h"
#include "dots_data_vendor.h"


/* The list of an entry, with the container that it is in. */

typedef struct {
    const char *module;      /* of the container; NULL: its parent's */
    const char *container;
    const char *list;
} dots_data_blame_list_t;

static const dots_data_blame_list_t  dots_data_blame_lists[] = {
    [DOTS_CHANGE_ALIAS] = { NULL, "aliases", "alias" },
    [DOTS_CHANGE_ACL] = { NULL, "acls", "acl" },
    [DOTS_CHANGE_VENDOR] = { DOTS_DATA_VENDOR_MODULE, "vendor-mapping",
                             "vendor" },
};


/* ---- what is wrong ---- */

/* One step further down; without it nothing is known. */

static void
dots_data_blame_step(dots_exchange_t *x, const char *module, const char *name,
    const dots_str_t *key)
{
    dots_api_segment_t     segment;
    dots_restconf_error_t  error;

    memset(&segment, 0, sizeof(segment));

    segment.name = dots_str(name, strlen(name));

    if (module != NULL) {
        segment.module = dots_str(module, strlen(module));
    }

    if (key != NULL) {
        segment.nkeys = 1;
        segment.keys[0] = *key;
    }

    error = x->error;

    if (dots_data_path_walk(&x->context, &x->invalid, &segment, 1)
        != DOTS_OK)
    {
        x->invalid.n = 0;
    }

    x->error = error;
}


void
dots_data_blame_client(dots_exchange_t *x)
{
    x->invalid.n = 0;

    dots_data_blame_step(x, DOTS_RESTCONF_MODULE, "dots-data", NULL);

    if (x->invalid.n != 0) {
        dots_data_blame_step(x, NULL, "dots-client", &x->cuid);
    }
}


void
dots_data_blame_entry(dots_exchange_t *x, dots_change_kind_t kind,
    const json_t *entry)
{
    dots_str_t                     key;
    const json_t                  *value;
    const dots_data_blame_list_t  *l;

    l = &dots_data_blame_lists[kind];
    value = json_object_get(entry, kind == DOTS_CHANGE_VENDOR ? "vendor-id"
                                                              : "name");

    dots_data_blame_client(x);

    if (x->invalid.n != 0) {
        dots_data_blame_step(x, l->module, l->container, NULL);
    }

    if (value == NULL || x->invalid.n == 0
        || dots_data_json_text(x->arena, value, &key) != DOTS_OK)
    {
        x->invalid.n = 0;
        return;
    }

    dots_data_blame_step(x, NULL, l->list, &key);
}


/* ---- whose fault it is ---- */

/* The entry alone, as it is in the tree now; what is not there is not wrong. */

static int
dots_data_blame_look(dots_exchange_t *x, json_t *root)
{
    json_t              *value;
    dots_acl_t           acl;
    dots_str_t           cuid;
    dots_alias_t         alias;
    dots_change_kind_t   kind;

    value = dots_data_edit_find(&x->context, root, &x->invalid);

    if (value == NULL) {
        return DOTS_OK;
    }

    kind = dots_data_scope_kind(&x->invalid);

    return kind == DOTS_CHANGE_CLIENT
               ? dots_data_client_parse(x, value, &cuid)
               : kind == DOTS_CHANGE_ACL
                     ? dots_data_acl_parse(x, value, &acl)
                     : dots_data_change_parse(x, kind, value, &alias);
}


/* Is the edit about something above the entry, or in it? */

static int
dots_data_blame_about(const dots_exchange_t *x, const dots_data_edit_t *edit)
{
    dots_data_path_t  common;

    common = x->invalid;
    dots_data_scope_meet(&common, &edit->path);

    return common.n == x->invalid.n || common.n == edit->path.n;
}


static int
dots_data_blame_find(dots_exchange_t *x, json_t *root, size_t *edit)
{
    int     rc, created, wrong;
    size_t  i;

    wrong = 0;

    for (i = 0; i < x->nedits; i++) {

        if (dots_data_edit(&x->context, root, &x->edits[i], &created)
            != DOTS_OK)
        {
            return DOTS_DECLINED;
        }

        if (!dots_data_blame_about(x, &x->edits[i])) {
            continue;
        }

        rc = dots_data_blame_look(x, root);

        if (rc == DOTS_ERROR) {
            return DOTS_DECLINED;
        }

        if (rc == DOTS_INVALID && !wrong) {
            *edit = i;
        }

        wrong = (rc == DOTS_INVALID);
    }

    return wrong ? DOTS_OK : DOTS_DECLINED;
}


int
dots_data_blame(dots_exchange_t *x, size_t *edit)
{
    int                     rc;
    json_t                 *root;
    dots_restconf_error_t   error;

    if (x->invalid.n == 0) {
        return DOTS_DECLINED;
    }

    root = dots_data_change_tree(x);
    if (root == NULL) {
        return DOTS_DECLINED;
    }

    error = x->error;
    x->cuid = x->invalid.steps[DOTS_SCOPE_CLIENT - 1].keys[0];

    rc = dots_data_blame_find(x, root, edit);

    x->error = error;
    json_decref(root);

    return rc;
}
