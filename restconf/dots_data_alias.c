#include <libyang/libyang.h>

#include "dots_data_alias.h"
#include "dots_data_path.h"
#include "dots_data_text.h"
#include "dots_data_yang.h"


#define DOTS_DATA_ALIAS_PENDING 48 /* ,"pending-lifetime":N} and a comma */


/* ---- from JSON ---- */

/* Before the schema sees them: so it finds one that is there twice. */

static int
dots_data_alias_domains(dots_exchange_t *x, json_t *names)
{
    int          rc;
    size_t       i;
    json_t      *name;
    dots_str_t   text;

    json_array_foreach(names, i, name) {

        if (!json_is_string(name)) {
            continue;
        }

        rc = dots_data_path_domain(x->arena,
                                   dots_str(json_string_value(name),
                                            json_string_length(name)),
                                   &text);
        if (rc != DOTS_OK) {
            return rc;
        }

        name = json_stringn((const char *) text.data, text.len);

        if (json_array_set_new(names, i, name) != 0) {
            return DOTS_ERROR;
        }
    }

    return DOTS_OK;
}


static int
dots_data_alias_fault(dots_exchange_t *x, const dots_alias_t *alias,
    const dots_fault_t *f)
{
    int  rc;

    rc = dots_restconf_error_fault(&x->error, f);
    dots_data_yang_path(x, alias->name, f->attribute);

    return rc;
}


/* RFC 8783 section 6.1: what a valid entry has to be in addition. */

static int
dots_data_alias_check(dots_exchange_t *x, const dots_alias_t *alias)
{
    dots_fault_t  f;

    if (alias->name.len == 0 || alias->name.len > DOTS_ALIAS_NAME) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "name: an alias name has 1 to %d bytes",
                                   DOTS_ALIAS_NAME);
    }

    if (dots_target_empty(&alias->target)) {
        (void) dots_fault(&f, DOTS_FAULT_MISSING, NULL,
                          "one of target-prefix, target-fqdn and target-uri "
                          "has to be there");

        return dots_data_alias_fault(x, alias, &f);
    }

    if (dots_target_check(&alias->target, x->rc->customer, &f) != DOTS_OK) {
        return dots_data_alias_fault(x, alias, &f);
    }

    return DOTS_OK;
}


/* From the validated tree: key, clauses, canonical text. */

static int
dots_data_alias_take(dots_exchange_t *x, const struct lyd_node *entry,
    dots_alias_t *alias)
{
    int                     rc;
    const char             *name;
    dots_fault_t            f;
    const struct lyd_node  *key;

    key = dots_data_yang_child(entry, "name");
    name = key ? lyd_get_value(key) : NULL;

    if (name == NULL
        || dots_arena_dup(x->rq.arena, &alias->name,
                          dots_str(name, strlen(name)))
           != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    rc = dots_target_read(entry, x->rq.arena, &alias->target, &f);

    if (rc == DOTS_INVALID) {
        return dots_data_alias_fault(x, alias, &f);
    }

    if (rc != DOTS_OK) {
        return rc;
    }

    rc = dots_data_alias_check(x, alias);
    if (rc != DOTS_OK) {
        return rc;
    }

    return dots_data_yang_text(entry, x->rq.arena, &alias->text);
}


int
dots_data_alias_parse(dots_exchange_t *x, json_t *entry, dots_alias_t *alias)
{
    int                     rc;
    json_t                 *client;
    struct lyd_node        *tree;
    const struct lyd_node  *node;

    if (!json_is_object(entry)) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "an entry of \"alias\" has to be an object");
    }

    if (dots_data_alias_domains(x, json_object_get(entry, DOTS_DATA_FQDN))
        != DOTS_OK
        || dots_data_alias_domains(x, json_object_get(entry,
                                                      DOTS_RESTCONF_MODULE ":"
                                                      DOTS_DATA_FQDN))
           != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    client = json_pack("{s:s%, s:{s:[O]}}", "cuid", (char *) x->cuid.data,
                       x->cuid.len, "aliases", "alias", entry);

    rc = dots_data_yang_parse(x, client, &tree);
    if (rc != DOTS_OK) {
        return rc;
    }

    node = dots_data_yang_child(tree, "dots-client");
    node = dots_data_yang_child(node, "aliases");
    node = dots_data_yang_child(node, "alias");

    rc = node ? dots_data_alias_take(x, node, alias) : DOTS_ERROR;

    lyd_free_all(tree);

    return rc;
}


/* ---- to JSON ---- */

/*
 * RFC 8040 section 4.8.1: "config" without the state, "nonconfig" the state
 * and the key that says whose it is.
 */

void
dots_data_alias_print(dots_exchange_t *x, dots_writer_t *w,
    const dots_alias_t *alias)
{
    if (alias->text.len < 2) {
        w->failed = 1;
        return;
    }

    if (x->query.content == DOTS_CONTENT_CONFIG) {
        dots_write_bytes(w, alias->text.data, alias->text.len);
        return;
    }

    if (x->query.content == DOTS_CONTENT_NONCONFIG) {
        dots_data_text_literal(w, "{\"name\":");
        dots_data_text_string(w, alias->name);

    } else {
        dots_write_bytes(w, alias->text.data, alias->text.len - 1);
    }

    dots_data_text_pending(w, dots_alias_pending(alias, x->rq.now));
    dots_data_text_literal(w, "}");
}


size_t
dots_data_alias_size(const dots_client_t *client)
{
    size_t  i, size;

    size = sizeof("{\"alias\":[]}");

    for (i = 0; i < client->naliases; i++) {
        size += client->aliases[i].text.len + DOTS_DATA_ALIAS_PENDING;
    }

    return size;
}


void
dots_data_alias_write(dots_exchange_t *x, dots_writer_t *w,
    const dots_client_t *client)
{
    size_t  i;

    for (i = 0; i < client->naliases; i++) {
        dots_data_text_entry(w, "alias", i);
        dots_data_alias_print(x, w, &client->aliases[i]);
    }

    dots_data_text_entries(w, client->naliases);
}

