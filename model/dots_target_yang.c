#include <stdio.h>

#include <libyang/libyang.h>

#include "dots_alias.h"
#include "dots_hostname.h"
#include "dots_target.h"


/* One clause: where it goes, how one entry of it is read and written. */

typedef int (*dots_target_yang_read_pt)(const struct lyd_node *node,
    dots_arena_t *a, void *entry, dots_fault_t *f);
typedef int (*dots_target_yang_write_pt)(const void *entry, const char *name,
    struct lyd_node *parent);

typedef struct {
    const char                *name;
    dots_target_kind_t         kind;
    size_t                     count;  /* offsets in dots_target_t */
    size_t                     array;
    size_t                     size;   /* of an entry */
    dots_target_yang_read_pt   read;
    dots_target_yang_write_pt  write;
} dots_target_yang_clause_t;


/* ---- reading ---- */

/* RFC 9132 section 4.4.1.1: an empty value renders the request invalid. */

static int
dots_target_yang_value(const struct lyd_node *node, dots_str_t *value,
    dots_fault_t *f)
{
    const char  *name, *text;

    name = node->schema->name;
    text = lyd_get_value(node);

    if (text == NULL || *text == '\0') {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, name,
                          "%s must not be empty", name);
    }

    *value = dots_str(text, strlen(text));

    return DOTS_OK;
}


static int
dots_target_yang_number(const struct lyd_node *node, unsigned max,
    unsigned *number, dots_fault_t *f)
{
    int          rc;
    size_t       i;
    unsigned     v;
    dots_str_t   s;

    rc = dots_target_yang_value(node, &s, f);
    if (rc != DOTS_OK) {
        return rc;
    }

    for (v = 0, i = 0; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9') {
            break;
        }

        v = v * 10 + (s.data[i] - '0');

        if (v > max) {
            break;
        }
    }

    if (i < s.len) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, node->schema->name,
                          "%s is not a number from 0 to %u",
                          node->schema->name, max);
    }

    *number = v;

    return DOTS_OK;
}


static int
dots_target_yang_read_prefix(const struct lyd_node *node, dots_arena_t *a,
    void *entry, dots_fault_t *f)
{
    int         rc;
    dots_str_t  s;

    (void) a;

    rc = dots_target_yang_value(node, &s, f);
    if (rc != DOTS_OK) {
        return rc;
    }

    if (dots_prefix_parse(entry, s) != DOTS_OK) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "target-prefix",
                          "target-prefix is not an IPv4 or IPv6 prefix");
    }

    return DOTS_OK;
}


static int
dots_target_yang_read_port(const struct lyd_node *node, dots_arena_t *a,
    void *entry, dots_fault_t *f)
{
    int                     rc, has_lower;
    unsigned                v;
    dots_port_range_t      *p;
    const struct lyd_node  *child;

    (void) a;

    p = entry;
    v = 0;
    has_lower = 0;

    LY_LIST_FOR(lyd_child(node), child) {

        if (child->schema == NULL) {
            continue;
        }

        if (strcmp(child->schema->name, "lower-port") == 0) {
            rc = dots_target_yang_number(child, UINT16_MAX, &v, f);
            p->lower = (uint16_t) v;
            has_lower = 1;

        } else if (strcmp(child->schema->name, "upper-port") == 0) {
            rc = dots_target_yang_number(child, UINT16_MAX, &v, f);
            p->upper = (uint16_t) v;
            p->has_upper = 1;

        } else {
            continue;
        }

        if (rc != DOTS_OK) {
            return rc;
        }
    }

    if (!has_lower) {
        return dots_fault(f, DOTS_FAULT_MISSING, "lower-port",
                          "target-port-range needs a lower-port");
    }

    if (!p->has_upper) {
        p->upper = p->lower;
    }

    if (p->upper < p->lower) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "upper-port",
                          "upper-port %u is below lower-port %u",
                          p->upper, p->lower);
    }

    return DOTS_OK;
}


static int
dots_target_yang_read_protocol(const struct lyd_node *node, dots_arena_t *a,
    void *entry, dots_fault_t *f)
{
    int       rc;
    unsigned  v;

    (void) a;

    rc = dots_target_yang_number(node, UINT8_MAX, &v, f);

    if (rc == DOTS_OK) {
        *(uint8_t *) entry = (uint8_t) v;
    }

    return rc;
}


static int
dots_target_yang_read_str(const struct lyd_node *node, size_t max,
    dots_arena_t *a, dots_str_t *entry, dots_fault_t *f)
{
    int         rc;
    dots_str_t  s;

    rc = dots_target_yang_value(node, &s, f);
    if (rc != DOTS_OK) {
        return rc;
    }

    if (s.len > max) {
        return dots_fault(f, DOTS_FAULT_TOO_BIG, node->schema->name,
                          "%s is longer than %zu bytes", node->schema->name,
                          max);
    }

    return dots_arena_dup(a, entry, s);
}


static int
dots_target_yang_read_fqdn(const struct lyd_node *node, dots_arena_t *a,
    void *entry, dots_fault_t *f)
{
    return dots_target_yang_read_str(node, DOTS_HOSTNAME_MAX + 1, a, entry, f);
}


static int
dots_target_yang_read_uri(const struct lyd_node *node, dots_arena_t *a,
    void *entry, dots_fault_t *f)
{
    return dots_target_yang_read_str(node, DOTS_TARGET_STRING, a, entry, f);
}


static int
dots_target_yang_read_alias(const struct lyd_node *node, dots_arena_t *a,
    void *entry, dots_fault_t *f)
{
    return dots_target_yang_read_str(node, DOTS_ALIAS_NAME, a, entry, f);
}


/* ---- writing ---- */

static int
dots_target_yang_term(struct lyd_node *parent, const char *name,
    const char *value)
{
    return lyd_new_term(parent, NULL, name, value, 0, NULL) == LY_SUCCESS
           ? DOTS_OK : DOTS_ERROR;
}


static int
dots_target_yang_write_prefix(const void *entry, const char *name,
    struct lyd_node *parent)
{
    char  text[DOTS_PREFIX_TEXT];

    dots_prefix_print(entry, text);

    return dots_target_yang_term(parent, name, text);
}


static int
dots_target_yang_write_port(const void *entry, const char *name,
    struct lyd_node *parent)
{
    char                      text[16];
    struct lyd_node          *node;
    const dots_port_range_t  *p;

    p = entry;

    (void) snprintf(text, sizeof(text), "%u", p->lower);

    if (lyd_new_list(parent, NULL, name, 0, &node, text) != LY_SUCCESS) {
        return DOTS_ERROR;
    }

    if (!p->has_upper) {
        return DOTS_OK;
    }

    (void) snprintf(text, sizeof(text), "%u", p->upper);

    return dots_target_yang_term(node, "upper-port", text);
}


static int
dots_target_yang_write_protocol(const void *entry, const char *name,
    struct lyd_node *parent)
{
    char  text[16];

    (void) snprintf(text, sizeof(text), "%u", *(const uint8_t *) entry);

    return dots_target_yang_term(parent, name, text);
}


static int
dots_target_yang_write_str(const void *entry, const char *name,
    struct lyd_node *parent)
{
    char               text[DOTS_TARGET_STRING + 1];
    const dots_str_t  *s;

    s = entry;

    if (s->len > DOTS_TARGET_STRING) {
        return DOTS_ERROR;
    }

    memcpy(text, s->data, s->len);
    text[s->len] = '\0';

    return dots_target_yang_term(parent, name, text);
}


/* ---- the clauses ---- */

#define DOTS_TARGET_YANG_FIELD(count, array)                                  \
    offsetof(dots_target_t, count), offsetof(dots_target_t, array)

static const dots_target_yang_clause_t  dots_target_yang_clauses[] = {
    { "target-prefix", DOTS_TARGET_PREFIX,
      DOTS_TARGET_YANG_FIELD(nprefixes, prefixes),
      sizeof(dots_prefix_t), dots_target_yang_read_prefix,
      dots_target_yang_write_prefix },
    { "target-port-range", DOTS_TARGET_PORT_RANGE,
      DOTS_TARGET_YANG_FIELD(nports, ports),
      sizeof(dots_port_range_t), dots_target_yang_read_port,
      dots_target_yang_write_port },
    { "target-protocol", DOTS_TARGET_PROTOCOL,
      DOTS_TARGET_YANG_FIELD(nprotocols, protocols),
      sizeof(uint8_t), dots_target_yang_read_protocol,
      dots_target_yang_write_protocol },
    { "target-fqdn", DOTS_TARGET_TEXT,
      DOTS_TARGET_YANG_FIELD(nfqdns, fqdns),
      sizeof(dots_str_t), dots_target_yang_read_fqdn,
      dots_target_yang_write_str },
    { "target-uri", DOTS_TARGET_TEXT,
      DOTS_TARGET_YANG_FIELD(nuris, uris),
      sizeof(dots_str_t), dots_target_yang_read_uri,
      dots_target_yang_write_str },
    { "alias-name", DOTS_TARGET_TEXT,
      DOTS_TARGET_YANG_FIELD(naliases, aliases),
      sizeof(dots_str_t), dots_target_yang_read_alias,
      dots_target_yang_write_str },
};

#define DOTS_TARGET_YANG_CLAUSES                                              \
    (sizeof(dots_target_yang_clauses) / sizeof(dots_target_yang_clauses[0]))


static int
dots_target_yang_is(const struct lyd_node *node,
    const dots_target_yang_clause_t *c)
{
    /* a node without schema is an opaque one, which validation refuses */

    return node->schema && strcmp(node->schema->name, c->name) == 0;
}


static int
dots_target_yang_read_clause(const struct lyd_node *parent,
    const dots_target_yang_clause_t *c, dots_arena_t *a, dots_target_t *t,
    dots_fault_t *f)
{
    int                     rc;
    size_t                  n;
    uint8_t                *array, *base;
    const struct lyd_node  *node;

    n = 0;

    LY_LIST_FOR(lyd_child(parent), node) {
        n += dots_target_yang_is(node, c);
    }

    if (n == 0) {
        return DOTS_OK;
    }

    if (n > DOTS_TARGET_MAX) {
        return dots_fault(f, DOTS_FAULT_TOO_BIG, c->name,
                          "more than %d %s entries", DOTS_TARGET_MAX, c->name);
    }

    array = dots_arena_array(a, n, c->size);
    if (array == NULL) {
        return DOTS_ERROR;
    }

    base = (uint8_t *) t;
    memcpy(base + c->array, &array, sizeof(array));
    memcpy(base + c->count, &n, sizeof(n));

    LY_LIST_FOR(lyd_child(parent), node) {

        if (!dots_target_yang_is(node, c)) {
            continue;
        }

        rc = c->read(node, a, array, f);
        if (rc != DOTS_OK) {
            return rc;
        }

        array += c->size;
    }

    return DOTS_OK;
}


int
dots_target_read(const struct lyd_node *parent, dots_arena_t *a,
    dots_target_t *t, dots_fault_t *f)
{
    int     rc;
    size_t  i;

    memset(t, 0, sizeof(dots_target_t));

    for (i = 0; i < DOTS_TARGET_YANG_CLAUSES; i++) {
        rc = dots_target_yang_read_clause(parent, &dots_target_yang_clauses[i],
                                          a, t, f);
        if (rc != DOTS_OK) {
            return rc;
        }
    }

    return DOTS_OK;
}


int
dots_target_clause(const dots_target_t *t, size_t i, dots_target_clause_t *c)
{
    const uint8_t                   *base;
    const dots_target_yang_clause_t *clause;

    if (i >= DOTS_TARGET_YANG_CLAUSES) {
        return 0;
    }

    clause = &dots_target_yang_clauses[i];
    base = (const uint8_t *) t;

    c->name = clause->name;
    c->kind = clause->kind;

    memcpy(&c->n, base + clause->count, sizeof(c->n));
    memcpy(&c->entries, base + clause->array, sizeof(c->entries));

    return 1;
}


int
dots_target_write(const dots_target_t *t, struct lyd_node *parent)
{
    size_t                           i, j;
    const uint8_t                   *entry;
    dots_target_clause_t             c;
    const dots_target_yang_clause_t *clause;

    for (i = 0; dots_target_clause(t, i, &c); i++) {

        clause = &dots_target_yang_clauses[i];

        for (j = 0, entry = c.entries; j < c.n; j++, entry += clause->size) {

            if (clause->write(entry, c.name, parent) != DOTS_OK) {
                return DOTS_ERROR;
            }
        }
    }

    return DOTS_OK;
}
