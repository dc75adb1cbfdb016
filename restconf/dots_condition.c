#include "dots_condition.h"
#include "dots_http_date.h"


/* One entity-tag of a list: the part between its quotes, and with them. */

typedef struct {
    dots_str_t  tag;
    int         weak;
} dots_condition_item_t;


const dots_entity_t  dots_condition_untagged;


size_t
dots_condition_tag(const dots_entity_t *e, int xml,
    char tag[DOTS_CONDITION_TAG])
{
    size_t             i, n;
    static const char  hex[] = "0123456789abcdef";

    n = 0;
    tag[n++] = '"';

    for (i = 0; i < DOTS_ENTITY_TAG; i++) {
        tag[n++] = hex[e->tag[i] >> 4];
        tag[n++] = hex[e->tag[i] & 0x0f];
    }

    if (xml) {
        memcpy(&tag[n], "-xml", 4);
        n += 4;
    }

    tag[n++] = '"';
    tag[n] = '\0';

    return n;
}


int
dots_conditions_any(const dots_conditions_t *c)
{
    return c->match.data != NULL || c->none_match.data != NULL
           || c->modified_since.data != NULL
           || c->unmodified_since.data != NULL;
}


/* A field that is absent is as good as an empty one here. */

static dots_reader_t
dots_condition_reader(dots_str_t list)
{
    dots_reader_t  r = { list.data, list.data, 0 };

    if (list.len != 0) {
        r.end += list.len;
    }

    return r;
}


static int
dots_condition_space(dots_reader_t *r)
{
    while (r->pos < r->end && (*r->pos == ' ' || *r->pos == '\t')) {
        r->pos++;
    }

    return r->pos < r->end;
}


/*
 * The next of #entity-tag (sections 5.6.1, 8.8.3); empty ones are skipped.
 * DOTS_OK, DOTS_DECLINED at the end, DOTS_INVALID.
 */

static int
dots_condition_next(dots_reader_t *r, dots_condition_item_t *item)
{
    const uint8_t  *start;

    while (dots_condition_space(r) && *r->pos == ',') {
        r->pos++;
    }

    if (r->pos == r->end) {
        return DOTS_DECLINED;
    }

    item->weak = r->end - r->pos > 1 && r->pos[0] == 'W' && r->pos[1] == '/';

    if (item->weak) {
        r->pos += 2;
    }

    start = r->pos;

    if (r->pos == r->end || *r->pos++ != '"') {
        return DOTS_INVALID;
    }

    while (r->pos < r->end && *r->pos > ' ' && *r->pos != 0x7f
           && *r->pos != '"')
    {
        r->pos++;
    }

    if (r->pos == r->end || *r->pos++ != '"') {
        return DOTS_INVALID;
    }

    item->tag = dots_str(start, (size_t) (r->pos - start));

    return !dots_condition_space(r) || *r->pos == ',' ? DOTS_OK : DOTS_INVALID;
}


static int
dots_condition_any_tag(dots_str_t list)
{
    dots_reader_t  r = dots_condition_reader(list);

    return dots_condition_space(&r) && *r.pos++ == '*'
           && !dots_condition_space(&r);
}


static int
dots_condition_list(dots_str_t list)
{
    int                    rc;
    dots_reader_t          r = dots_condition_reader(list);
    dots_condition_item_t  item;

    if (list.data == NULL || dots_condition_any_tag(list)) {
        return DOTS_OK;
    }

    do {
        rc = dots_condition_next(&r, &item);
    } while (rc == DOTS_OK);

    return rc == DOTS_DECLINED ? DOTS_OK : rc;
}


int
dots_conditions_valid(const dots_conditions_t *c)
{
    if (dots_condition_list(c->match) != DOTS_OK) {
        return DOTS_INVALID;
    }

    return dots_condition_list(c->none_match);
}


static int
dots_condition_is(const dots_entity_t *e, int xml, dots_str_t tag)
{
    char    own[DOTS_CONDITION_TAG];
    size_t  n;

    if (e == &dots_condition_untagged) {
        return 0;
    }

    n = dots_condition_tag(e, xml, own);

    return dots_str_eq(dots_str(own, n), tag);
}


/* Nonzero if the list has one that is ours; strong: no weak one ever is. */

static int
dots_condition_has(dots_str_t list, const dots_entity_t *e, int strong,
    int json, int xml)
{
    dots_reader_t          r = dots_condition_reader(list);
    dots_condition_item_t  item;

    if (e == NULL) {
        return 0;
    }

    if (dots_condition_any_tag(list)) {
        return 1;
    }

    while (dots_condition_next(&r, &item) == DOTS_OK) {

        if (strong && item.weak) {
            continue;
        }

        if ((json && dots_condition_is(e, 0, item.tag))
            || (xml && dots_condition_is(e, 1, item.tag)))
        {
            return 1;
        }
    }

    return 0;
}


/*
 * Nonzero if "e" was altered after the date; -1 where that can't be said: no
 * date, or no time that it was altered at (sections 13.1.3, 13.1.4).
 */

static int
dots_condition_since(dots_str_t date, const dots_entity_t *e, int64_t now)
{
    int64_t  s;

    if (e == NULL || e->modified == 0
        || dots_http_date_parse(date, now / 1000, &s) != DOTS_OK)
    {
        return -1;
    }

    return e->modified / 1000 > s;
}


dots_condition_t
dots_conditions_check(const dots_conditions_t *c, int read, int xml,
    const dots_entity_t *e, int64_t now)
{
    if (c->match.data != NULL) {

        if (!dots_condition_has(c->match, e, 1, 1, 1)) {
            return DOTS_CONDITION_FAILED;
        }

    } else if (c->unmodified_since.data != NULL
               && dots_condition_since(c->unmodified_since, e, now) == 1)
    {
        return DOTS_CONDITION_FAILED;
    }

    if (c->none_match.data != NULL) {

        if (dots_condition_has(c->none_match, e, 0, !read || !xml,
                               !read || xml))
        {
            return read ? DOTS_CONDITION_NOT_MODIFIED : DOTS_CONDITION_FAILED;
        }

    } else if (read && c->modified_since.data != NULL
               && dots_condition_since(c->modified_since, e, now) == 0)
    {
        return DOTS_CONDITION_NOT_MODIFIED;
    }

    return DOTS_CONDITION_TRUE;
}
