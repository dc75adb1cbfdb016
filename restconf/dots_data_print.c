#include <stdlib.h>

#include <libyang/libyang.h>

#include "dots_data_print.h"
#include "dots_schema.h"


#define DOTS_DATA_PRINT_USUAL 4096
#define DOTS_DATA_PRINT_MOST  (1024 * 1024)


static void dots_data_print_members(dots_writer_t *w,
    const struct lyd_node *parent);


static void
dots_data_print_literal(dots_writer_t *w, const char *literal)
{
    dots_write_bytes(w, literal, strlen(literal));
}


/* RFC 8259 section 7: only quote, backslash and controls have to be escaped. */

static void
dots_data_print_string(dots_writer_t *w, const char *s)
{
    size_t       n;
    char         escape[6] = { '\\', 'u', '0', '0', '0', '0' };

    static const char  hex[] = "0123456789ABCDEF";

    dots_write_u8(w, '"');

    for ( ;; ) {
        for (n = 0; (unsigned char) s[n] >= 0x20 && s[n] != '"'
                    && s[n] != '\\'; n++)
        {
            /* void */
        }

        dots_write_bytes(w, s, n);
        s += n;

        if (*s == '\0') {
            break;
        }

        if (*s == '"' || *s == '\\') {
            dots_write_u8(w, '\\');
            dots_write_u8(w, (uint8_t) *s);

        } else {
            escape[4] = hex[*s >> 4];
            escape[5] = hex[*s & 0x0f];
            dots_write_bytes(w, escape, sizeof(escape));
        }

        s++;
    }

    dots_write_u8(w, '"');
}


/* RFC 7951 section 6: what is a number, a boolean or null; the rest is text. */

static void
dots_data_print_value(dots_writer_t *w, const struct lyd_node *node)
{
    LY_DATA_TYPE             type;
    const struct lyd_value  *value;

    value = &((const struct lyd_node_term *) (const void *) node)->value;

    while (value->realtype->basetype == LY_TYPE_UNION) {
        value = &value->subvalue->value;
    }

    type = value->realtype->basetype;

    if (type == LY_TYPE_EMPTY) {
        dots_data_print_literal(w, "[null]");

    } else if (type == LY_TYPE_BOOL || dots_schema_is_number(type)) {
        dots_data_print_literal(w, lyd_get_value(node));

    } else {
        dots_data_print_string(w, lyd_get_value(node));
    }
}


/*
 * What nobody has said is not part of the configuration as it was sent: implied
 * defaults (RFC 6243 section 3.3) and containers that hold nothing else.
 */

static int
dots_data_print_said(const struct lyd_node *node)
{
    const struct lyd_node  *child;

    if (!(node->flags & LYD_DEFAULT)) {
        return 1;
    }

    if (node->schema->nodetype != LYS_CONTAINER) {
        return 0;
    }

    LY_LIST_FOR(lyd_child(node), child) {

        if (dots_data_print_said(child)) {
            return 1;
        }
    }

    return 0;
}


/* Recursion goes down the schema, which has an end. */

static void
dots_data_print_node(dots_writer_t *w, const struct lyd_node *node)
{
    if (node->schema->nodetype & LYD_NODE_TERM) {
        dots_data_print_value(w, node);
        return;
    }

    dots_write_u8(w, '{');
    dots_data_print_members(w, node);
    dots_write_u8(w, '}');
}


/* RFC 7951 section 4: with its module where that is not its parent's. */

static void
dots_data_print_name(dots_writer_t *w, const struct lyd_node *node,
    const struct lyd_node *parent)
{
    dots_write_u8(w, '"');

    if (node->schema->module != parent->schema->module) {
        dots_data_print_literal(w, node->schema->module->name);
        dots_write_u8(w, ':');
    }

    dots_data_print_literal(w, node->schema->name);
    dots_data_print_literal(w, "\":");
}


/* Entries of one list follow each other in libyang's trees. */

static void
dots_data_print_members(dots_writer_t *w, const struct lyd_node *parent)
{
    int                     many, first;
    const struct lyd_node  *node;

    first = 1;

    LY_LIST_FOR(lyd_child(parent), node) {

        if (!dots_data_print_said(node)) {
            continue;
        }

        if (!first) {
            dots_write_u8(w, ',');
        }

        first = 0;
        many = node->schema->nodetype & (LYS_LIST | LYS_LEAFLIST);

        dots_data_print_name(w, node, parent);

        if (many) {
            dots_write_u8(w, '[');
        }

        dots_data_print_node(w, node);

        while (many && node->next != NULL
               && node->next->schema == node->schema)
        {
            node = node->next;

            dots_write_u8(w, ',');
            dots_data_print_node(w, node);
        }

        if (many) {
            dots_write_u8(w, ']');
        }
    }
}


int
dots_data_print(const struct lyd_node *entry, dots_arena_t *a,
    dots_str_t *text)
{
    int            rc;
    size_t         size;
    uint8_t       *buf, usual[DOTS_DATA_PRINT_USUAL];
    dots_writer_t  w;

    rc = DOTS_ERROR;

    for (size = sizeof(usual); size <= DOTS_DATA_PRINT_MOST; size *= 4) {

        buf = size == sizeof(usual) ? usual : malloc(size);
        if (buf == NULL) {
            return DOTS_ERROR;
        }

        w.pos = buf;
        w.end = buf + size;
        w.failed = 0;

        dots_data_print_node(&w, entry);

        if (!w.failed) {
            rc = dots_arena_dup(a, text, dots_str(buf, (size_t) (w.pos - buf)));
        }

        if (buf != usual) {
            free(buf);
        }

        if (!w.failed) {
            return rc;
        }
    }

    return DOTS_ERROR;
}
