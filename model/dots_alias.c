#include "dots_alias.h"


#define DOTS_ALIAS_VERSION 2

/* version, two lengths, expires, entity */
#define DOTS_ALIAS_FIXED   (1 + 2 + 4 + 8 + DOTS_ENTITY_SIZE)


/* Asked before writing and after reading: nothing unreadable is stored. */

static int
dots_alias_valid(const dots_alias_t *alias)
{
    return alias->name.len && alias->name.len <= DOTS_ALIAS_NAME
           && alias->target.naliases == 0
           && alias->text.len <= UINT32_MAX
           && alias->expires >= 0 && alias->entity.modified >= 0;
}


size_t
dots_alias_size(const dots_alias_t *alias)
{
    return DOTS_ALIAS_FIXED + alias->name.len + dots_target_size(&alias->target)
           + alias->text.len;
}


int
dots_alias_encode(const dots_alias_t *alias, uint8_t *buf, size_t size,
    size_t *len)
{
    dots_writer_t  w = { buf, buf + size, 0 };

    if (!dots_alias_valid(alias)) {
        return DOTS_INVALID;
    }

    if (dots_alias_size(alias) > size) {
        return DOTS_FULL;
    }

    dots_write_u8(&w, DOTS_ALIAS_VERSION);
    dots_write_str(&w, alias->name);
    dots_target_encode(&alias->target, &w);

    /* the text of an alias with many targets is beyond 64 KiB */

    dots_write_u32(&w, (uint32_t) alias->text.len);
    dots_write_bytes(&w, alias->text.data, alias->text.len);
    dots_write_u64(&w, (uint64_t) alias->expires);
    dots_entity_write(&w, &alias->entity);

    if (w.failed) {
        return DOTS_INVALID;
    }

    *len = (size_t) (w.pos - buf);

    return DOTS_OK;
}


int
dots_alias_decode(dots_alias_t *alias, const uint8_t *buf, size_t len,
    dots_arena_t *a)
{
    int             rc;
    size_t          n;
    dots_str_t      name, text;
    uint8_t         version;
    dots_reader_t   r = { buf, buf + len, 0 };
    const uint8_t  *p;

    memset(alias, 0, sizeof(dots_alias_t));

    version = dots_read_u8(&r);

    if (version == 0 || version > DOTS_ALIAS_VERSION) {
        return DOTS_INVALID;
    }

    name = dots_read_str(&r);

    rc = dots_target_decode(&alias->target, &r, a);
    if (rc != DOTS_OK) {
        return rc;
    }

    n = dots_read_u32(&r);
    p = dots_read_bytes(&r, n);
    text = dots_str(p, p ? n : 0);
    alias->expires = (int64_t) dots_read_u64(&r);

    if (version > 1) {
        dots_entity_read(&r, &alias->entity);
    }

    if (r.failed || r.pos != r.end) {
        return DOTS_INVALID;
    }

    if (dots_arena_dup(a, &alias->name, name) != DOTS_OK
        || dots_arena_dup(a, &alias->text, text) != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    if (version == 1
        && dots_entity_guess(&alias->entity, alias->text, alias->expires,
                             DOTS_ALIAS_LIFETIME) != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    return dots_alias_valid(alias) ? DOTS_OK : DOTS_INVALID;
}


int
dots_alias_renew(dots_alias_t *alias, const dots_alias_t *old, int64_t now,
    int64_t expires)
{
    alias->expires = expires;

    if (old != NULL && dots_str_eq(old->text, alias->text)) {
        alias->entity = old->entity;
        return DOTS_OK;
    }

    return dots_entity_make(&alias->entity, alias->text, now);
}


int32_t
dots_alias_pending(const dots_alias_t *alias, int64_t now)
{
    int64_t  left;

    if (alias->expires <= now) {
        return 0;
    }

    if (__builtin_sub_overflow(alias->expires, now, &left)) {
        return INT32_MAX;
    }

    left = left / 60000 + (left % 60000 != 0);

    return left > INT32_MAX ? INT32_MAX : (int32_t) left;
}
