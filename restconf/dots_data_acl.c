#include <stdio.h>

#include <libyang/libyang.h>

#include "dots_count.h"
#include "dots_data_acl.h"
#include "dots_data_text.h"
#include "dots_data_yang.h"


#define DOTS_DATA_ACL_PENDING  48 /* ,"pending-lifetime":N} and a comma */
#define DOTS_DATA_ACL_COUNTS   128 /* the statistics of an entry */
#define DOTS_DATA_ACL_ACE      4   /* braces and brackets around what is in an
                                      entry: acl, aces, [ and its own */
#define DOTS_DATA_ACL_IDENTITY "ietf-access-control-list:"
#define DOTS_DATA_ACL_IDENTITY_LEN (sizeof(DOTS_DATA_ACL_IDENTITY) - 1)


/* ---- the JSON before the schema sees it ---- */

/*
 * The figures of RFC 8783 write the identities of RFC 8519 without their
 * module, which RFC 7951 section 6.8 wants; both are taken.
 */

static int
dots_data_acl_identity(dots_exchange_t *x, json_t *object, const char *name)
{
    char        *text;
    size_t       len;
    json_t      *value;
    const char  *s;

    value = json_object_get(object, name);
    s = json_string_value(value);

    if (s == NULL || strchr(s, ':') != NULL) {
        return DOTS_OK;
    }

    len = json_string_length(value);

    text = dots_arena_alloc(x->arena, DOTS_DATA_ACL_IDENTITY_LEN + len);
    if (text == NULL) {
        return DOTS_ERROR;
    }

    memcpy(text, DOTS_DATA_ACL_IDENTITY, DOTS_DATA_ACL_IDENTITY_LEN);
    memcpy(text + DOTS_DATA_ACL_IDENTITY_LEN, s, len);

    value = json_stringn(text, DOTS_DATA_ACL_IDENTITY_LEN + len);

    return json_object_set_new(object, name, value) == 0 ? DOTS_OK : DOTS_ERROR;
}


/*
 * For YANG a header without a field is as good as none (RFC 7950 section
 * 7.5.1), so that "udp": {} would drop all that is not UDP, too.  A client that
 * says so means something else, and libyang 2.1 does not survive one that has a
 * "when".
 */

static const char *
dots_data_acl_hollow(json_t *object, const char *const *names)
{
    json_t  *value;

    for ( /* void */ ; *names != NULL; names++) {
        value = json_object_get(object, *names);

        if (json_is_object(value) && json_object_size(value) == 0) {
            return *names;
        }
    }

    return NULL;
}


static int
dots_data_acl_prepare_matches(dots_exchange_t *x, json_t *matches)
{
    json_t      *header;
    const char  *name, *hollow;

    static const char *const  headers[] = {
        "ipv4", "ipv6", "tcp", "udp", "icmp", NULL
    };

    static const char *const  fields[] = {
        "fragment", "flags-bitmask", "source-port-range-or-operator",
        "destination-port-range-or-operator", NULL
    };

    hollow = dots_data_acl_hollow(matches, headers);

    json_object_foreach(matches, name, header) {

        if (hollow == NULL) {
            hollow = dots_data_acl_hollow(header, fields);
        }
    }

    return hollow ? dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                        "\"%s\" has nothing to match", hollow)
                  : DOTS_OK;
}


static const struct lysc_node *
dots_data_acl_schema(const dots_exchange_t *x)
{
    size_t                   i;
    const struct lysc_node  *node;

    static const char *const  way[] = { "dots-client", "acls", "acl" };

    node = lys_find_child(NULL, x->rc->schema->data, "dots-data", 0, 0, 0);

    for (i = 0; node != NULL && i < sizeof(way) / sizeof(way[0]); i++) {
        node = dots_schema_child(node, way[i]);
    }

    return node;
}


static int
dots_data_acl_prepare(dots_exchange_t *x, json_t *entry)
{
    int      rc;
    size_t   i;
    json_t  *aces, *ace;

    rc = dots_data_json_names(&x->context, dots_data_acl_schema(x), entry);
    if (rc != DOTS_OK) {
        return rc;
    }

    if (dots_data_acl_identity(x, entry, "type") != DOTS_OK) {
        return DOTS_ERROR;
    }

    aces = json_object_get(json_object_get(entry, "aces"), "ace");

    json_array_foreach(aces, i, ace) {

        if (dots_data_acl_identity(x, json_object_get(ace, "actions"),
                                   "forwarding")
            != DOTS_OK)
        {
            return DOTS_ERROR;
        }

        rc = dots_data_acl_prepare_matches(x,
                                           json_object_get(ace, "matches"));
        if (rc != DOTS_OK) {
            return rc;
        }
    }

    return DOTS_OK;
}


/* ---- body to request ---- */

static int
dots_data_acl_fault(dots_exchange_t *x, const dots_acl_t *acl, size_t where,
    const dots_fault_t *f)
{
    int         rc;
    dots_str_t  none = { 0, NULL };

    rc = dots_restconf_error_fault(&x->error, f);
    dots_data_yang_acl_path(x, acl->name,
                            where < acl->naces ? acl->aces[where].name : none,
                            f->attribute);

    return rc;
}


/* RFC 8783 section 7.2: what a valid entry has to be in addition. */

static int
dots_data_acl_check(dots_exchange_t *x, const dots_acl_t *acl)
{
    size_t        where;
    dots_fault_t  f;

    if (dots_acl_check(acl, x->rc->customer, &where, &f) != DOTS_OK) {
        return dots_data_acl_fault(x, acl, where, &f);
    }

    /* one that is deactivated asks nothing of a mitigator yet */

    if (acl->activation == DOTS_ACL_DEACTIVATED
        || x->rc->customer->unenforced)
    {
        return DOTS_OK;
    }

    if (dots_acl_supported(acl, x->rc->customer, &where, &f) != DOTS_OK) {
        return dots_data_acl_fault(x, acl, where, &f);
    }

    return DOTS_OK;
}


static int
dots_data_acl_take(dots_exchange_t *x, const struct lyd_node *entry,
    dots_acl_t *acl)
{
    int           rc;
    size_t        where;
    dots_fault_t  f;

    rc = dots_acl_read(entry, x->rq.arena, acl, &where, &f);

    if (rc == DOTS_INVALID) {
        return dots_data_acl_fault(x, acl, where, &f);
    }

    if (rc != DOTS_OK) {
        return rc;
    }

    rc = dots_data_acl_check(x, acl);
    if (rc != DOTS_OK) {
        return rc;
    }

    return dots_data_yang_text(entry, x->rq.arena, &acl->text);
}


int
dots_data_acl_parse(dots_exchange_t *x, json_t *entry, dots_acl_t *acl)
{
    int                     rc;
    json_t                 *client;
    struct lyd_node        *tree;
    const struct lyd_node  *node;

    if (!json_is_object(entry)) {
        return dots_restconf_error(&x->error, DOTS_TAG_INVALID_VALUE,
                                   "an entry of \"acl\" has to be an object");
    }

    rc = dots_data_acl_prepare(x, entry);
    if (rc != DOTS_OK) {
        return rc;
    }

    client = json_pack("{s:s%, s:{s:[O]}}", "cuid", (char *) x->cuid.data,
                       x->cuid.len, "acls", "acl", entry);

    rc = dots_data_yang_parse(x, client, &tree);
    if (rc != DOTS_OK) {
        return rc;
    }

    node = dots_data_yang_child(tree, "dots-client");
    node = dots_data_yang_child(node, "acls");
    node = dots_data_yang_child(node, "acl");

    rc = node ? dots_data_acl_take(x, node, acl) : DOTS_ERROR;

    lyd_free_all(tree);

    return rc;
}


/* ---- to JSON ---- */

/* "statistics", where somebody counts; 64 bits are text (RFC 7951 6.1). */

static void
dots_data_acl_counts(dots_writer_t *w, const dots_ace_t *ace)
{
    char  text[DOTS_DATA_ACL_COUNTS];

    if (ace->matched == NULL) {
        return;
    }

    (void) snprintf(text, sizeof(text),
                    ",\"statistics\":{\"matched-packets\":\"%llu\","
                    "\"matched-octets\":\"%llu\"}",
                    (unsigned long long) ace->matched->packets,
                    (unsigned long long) ace->matched->octets);

    dots_data_text_literal(w, text);
}


/* RFC 8783 figure 31: the state and the keys that say whose it is. */

static void
dots_data_acl_state(dots_writer_t *w, const dots_acl_t *acl, int32_t pending)
{
    size_t  i;

    dots_data_text_literal(w, "{\"name\":");
    dots_data_text_string(w, acl->name);
    dots_data_text_pending(w, pending);

    for (i = 0; i < acl->naces; i++) {
        dots_data_text_literal(w, i == 0 ? ",\"aces\":{\"ace\":[{\"name\":"
                                         : ",{\"name\":");
        dots_data_text_string(w, acl->aces[i].name);
        dots_data_acl_counts(w, &acl->aces[i]);
        dots_data_text_literal(w, "}");
    }

    dots_data_text_literal(w, acl->naces ? "]}}" : "}");
}


static int
dots_data_acl_counted(const dots_acl_t *acl)
{
    size_t  i;

    for (i = 0; i < acl->naces && acl->aces[i].matched == NULL; i++) {
        /* void */
    }

    return i < acl->naces;
}


/*
 * The text without its last brace, with the statistics at the end of each
 * entry.  It is our own, canonical: entries stand in it as in acl->aces, and
 * nothing else is that deep.
 */

static void
dots_data_acl_merge(dots_writer_t *w, const dots_acl_t *acl)
{
    int             quoted;
    size_t          i, done, depth, ace;
    const uint8_t  *p;

    p = acl->text.data;
    quoted = 0;

    for (i = 0, done = 0, depth = 0, ace = 0; i < acl->text.len - 1; i++) {

        if (p[i] == '"') {
            quoted = !quoted;

        } else if (quoted) {
            i += p[i] == '\\';

        } else if (p[i] == '{' || p[i] == '[') {
            depth++;

        } else if (p[i] == '}' || p[i] == ']') {

            if (depth-- == DOTS_DATA_ACL_ACE && ace < acl->naces) {
                dots_write_bytes(w, p + done, i - done);
                dots_data_acl_counts(w, &acl->aces[ace++]);
                done = i;
            }
        }
    }

    dots_write_bytes(w, p + done, acl->text.len - 1 - done);
}


/* RFC 8040 section 4.8.1. */

void
dots_data_acl_print(dots_exchange_t *x, dots_writer_t *w,
    const dots_acl_t *acl)
{
    int32_t  pending;

    if (acl->text.len < 2) {
        w->failed = 1;
        return;
    }

    if (x->query.content == DOTS_CONTENT_CONFIG) {
        dots_write_bytes(w, acl->text.data, acl->text.len);
        return;
    }

    pending = dots_acl_pending(acl, x->rq.now);

    if (x->query.content == DOTS_CONTENT_NONCONFIG) {
        dots_data_acl_state(w, acl, pending);
        return;
    }

    if (dots_data_acl_counted(acl)) {
        dots_data_acl_merge(w, acl);

    } else {
        dots_write_bytes(w, acl->text.data, acl->text.len - 1);
    }

    dots_data_text_pending(w, pending);
    dots_data_text_literal(w, "}");
}


/* The names alone are never longer than the whole with them in it. */

size_t
dots_data_acl_size(const dots_client_t *client)
{
    size_t  i, size;

    size = sizeof("{\"acl\":[]}");

    for (i = 0; i < client->nacls; i++) {
        size += client->acls[i].text.len + DOTS_DATA_ACL_PENDING;

        if (dots_data_acl_counted(&client->acls[i])) {
            size += client->acls[i].naces * DOTS_DATA_ACL_COUNTS;
        }
    }

    return size;
}


void
dots_data_acl_write(dots_exchange_t *x, dots_writer_t *w,
    const dots_client_t *client)
{
    size_t  i;

    for (i = 0; i < client->nacls; i++) {
        dots_data_text_entry(w, "acl", i);
        dots_data_acl_print(x, w, &client->acls[i]);
    }

    dots_data_text_entries(w, client->nacls);
}

