#include "dots_acl.h"


#define DOTS_ACL_VERSION 2

/* version, expires, rank, entity, name's length, text's */
#define DOTS_ACL_FIXED   (1 + 8 + 8 + DOTS_ENTITY_SIZE + 2 + 4)

/* activation, needs, family, entries */
#define DOTS_ACL_DETAIL  (1 + 8 + 1 + 2)

/* the least of an entry: name's length, three bytes, fields */
#define DOTS_ACL_ENTRY   (2 + 3 + 4)


/* ---- one field of an entry ---- */

static size_t
dots_acl_record_size(const dots_ace_t *ace, unsigned field)
{
    switch (field) {

    case DOTS_ACL_DESTINATION:
        return dots_prefix_size(&ace->destination);

    case DOTS_ACL_SOURCE:
        return dots_prefix_size(&ace->source);

    case DOTS_ACL_FRAGMENT:
    case DOTS_ACL_FLAGS_BITMASK:
        return 3;

    case DOTS_ACL_SOURCE_PORT:
    case DOTS_ACL_DESTINATION_PORT:
        return 5;

    case DOTS_ACL_PORT_RANGE:
        return 0;

    case DOTS_ACL_OPTIONS:
        return 2 + ace->options.len;

    case DOTS_ACL_REST_OF_HEADER:
        return 2 + ace->rest.len;

    default:
        return 4;
    }
}


static void
dots_acl_record_write_bits(dots_writer_t *w, const dots_acl_bits_t *bits)
{
    dots_write_u8(w, bits->operation);
    dots_write_u16(w, bits->bits);
}


static void
dots_acl_record_write_ports(dots_writer_t *w, const dots_acl_ports_t *ports)
{
    dots_write_u8(w, ports->outside);
    dots_write_u16(w, ports->lower);
    dots_write_u16(w, ports->upper);
}


static void
dots_acl_record_write(dots_writer_t *w, const dots_ace_t *ace, unsigned field)
{
    switch (field) {

    case DOTS_ACL_DESTINATION:
        dots_prefix_write(w, &ace->destination);
        return;

    case DOTS_ACL_SOURCE:
        dots_prefix_write(w, &ace->source);
        return;

    case DOTS_ACL_FRAGMENT:
        dots_acl_record_write_bits(w, &ace->fragment);
        return;

    case DOTS_ACL_FLAGS_BITMASK:
        dots_acl_record_write_bits(w, &ace->bitmask);
        return;

    case DOTS_ACL_SOURCE_PORT:
        dots_acl_record_write_ports(w, &ace->sport);
        return;

    case DOTS_ACL_DESTINATION_PORT:
        dots_acl_record_write_ports(w, &ace->dport);
        return;

    case DOTS_ACL_PORT_RANGE:
        return;

    case DOTS_ACL_OPTIONS:
        dots_write_str(w, ace->options);
        return;

    case DOTS_ACL_REST_OF_HEADER:
        dots_write_str(w, ace->rest);
        return;

    default:
        dots_write_u32(w, ace->numbers[field]);
    }
}


static void
dots_acl_record_read_bits(dots_reader_t *r, dots_acl_bits_t *bits)
{
    bits->operation = dots_read_u8(r);
    bits->bits = dots_read_u16(r);
}


static void
dots_acl_record_read_ports(dots_reader_t *r, dots_acl_ports_t *ports)
{
    ports->outside = dots_read_u8(r);
    ports->lower = dots_read_u16(r);
    ports->upper = dots_read_u16(r);

    r->failed |= ports->outside > 1 || ports->lower > ports->upper;
}


static int
dots_acl_record_read_str(dots_reader_t *r, dots_str_t *s, dots_arena_t *a)
{
    dots_str_t  text;

    text = dots_read_str(r);

    return r->failed ? DOTS_OK : dots_arena_dup(a, s, text);
}


static int
dots_acl_record_read(dots_reader_t *r, dots_ace_t *ace, unsigned field,
    dots_arena_t *a)
{
    switch (field) {

    case DOTS_ACL_DESTINATION:
        dots_prefix_read(r, &ace->destination);
        return DOTS_OK;

    case DOTS_ACL_SOURCE:
        dots_prefix_read(r, &ace->source);
        return DOTS_OK;

    case DOTS_ACL_FRAGMENT:
        dots_acl_record_read_bits(r, &ace->fragment);
        return DOTS_OK;

    case DOTS_ACL_FLAGS_BITMASK:
        dots_acl_record_read_bits(r, &ace->bitmask);
        return DOTS_OK;

    case DOTS_ACL_SOURCE_PORT:
        dots_acl_record_read_ports(r, &ace->sport);
        return DOTS_OK;

    case DOTS_ACL_DESTINATION_PORT:
        dots_acl_record_read_ports(r, &ace->dport);
        return DOTS_OK;

    case DOTS_ACL_PORT_RANGE:
        return DOTS_OK;

    case DOTS_ACL_OPTIONS:
        return dots_acl_record_read_str(r, &ace->options, a);

    case DOTS_ACL_REST_OF_HEADER:
        return dots_acl_record_read_str(r, &ace->rest, a);

    default:
        ace->numbers[field] = dots_read_u32(r);
        return DOTS_OK;
    }
}


/* ---- an entry ---- */

static int
dots_acl_record_one(unsigned mask)
{
    return mask != 0 && (mask & (mask - 1)) == 0;
}


/* Asked before writing and after reading: nothing unreadable is stored. */

static int
dots_acl_record_valid_ace(const dots_ace_t *ace)
{
    return ace->name.len && ace->name.len <= DOTS_ACL_NAME
           && ace->fields < dots_acl_bit(DOTS_ACL_FIELDS)
           && ace->family <= DOTS_ACL_IPV6
           && (ace->protocol == 0 || dots_acl_record_one(ace->protocol))
           && ace->protocol <= DOTS_ACL_ICMP
           && dots_acl_record_one(ace->action) && ace->action <= DOTS_ACL_RATE;
}


static size_t
dots_acl_record_ace_size(const dots_ace_t *ace)
{
    size_t    size;
    unsigned  i;

    size = DOTS_ACL_ENTRY + ace->name.len;
    size += ace->action == DOTS_ACL_RATE ? 8 : 0;

    for (i = 0; i < DOTS_ACL_FIELDS; i++) {
        if (ace->fields & dots_acl_bit(i)) {
            size += dots_acl_record_size(ace, i);
        }
    }

    return size;
}


static void
dots_acl_record_write_ace(dots_writer_t *w, const dots_ace_t *ace)
{
    unsigned  i;

    if (!dots_acl_record_valid_ace(ace)) {
        w->failed = 1;
        return;
    }

    dots_write_str(w, ace->name);
    dots_write_u8(w, ace->family);
    dots_write_u8(w, ace->protocol);
    dots_write_u8(w, ace->action);
    dots_write_u32(w, ace->fields);

    if (ace->action == DOTS_ACL_RATE) {
        dots_write_u64(w, ace->rate);
    }

    for (i = 0; i < DOTS_ACL_FIELDS; i++) {
        if (ace->fields & dots_acl_bit(i)) {
            dots_acl_record_write(w, ace, i);
        }
    }
}


static int
dots_acl_record_read_ace(dots_reader_t *r, dots_ace_t *ace, dots_arena_t *a)
{
    unsigned  i;

    if (dots_acl_record_read_str(r, &ace->name, a) != DOTS_OK) {
        return DOTS_ERROR;
    }

    ace->family = dots_read_u8(r);
    ace->protocol = dots_read_u8(r);
    ace->action = dots_read_u8(r);
    ace->fields = dots_read_u32(r);

    if (r->failed || !dots_acl_record_valid_ace(ace)) {
        return DOTS_INVALID;
    }

    if (ace->action == DOTS_ACL_RATE) {
        ace->rate = dots_read_u64(r);
    }

    for (i = 0; i < DOTS_ACL_FIELDS; i++) {
        if ((ace->fields & dots_acl_bit(i))
            && dots_acl_record_read(r, ace, i, a) != DOTS_OK)
        {
            return DOTS_ERROR;
        }
    }

    return r->failed ? DOTS_INVALID : DOTS_OK;
}


/* ---- the detail ---- */

static int
dots_acl_record_valid_detail(const dots_acl_t *acl)
{
    return acl->family <= DOTS_ACL_IPV6
           && acl->activation >= DOTS_ACL_MITIGATING
           && acl->activation <= DOTS_ACL_DEACTIVATED
           && acl->naces <= DOTS_ACL_ACES;
}


size_t
dots_acl_detail_size(const dots_acl_t *acl)
{
    size_t  i, size;

    size = DOTS_ACL_DETAIL;

    for (i = 0; i < acl->naces; i++) {
        size += dots_acl_record_ace_size(&acl->aces[i]);
    }

    return size;
}


void
dots_acl_detail_encode(const dots_acl_t *acl, dots_writer_t *w)
{
    size_t            i;
    dots_acl_needs_t  needs;

    if (!dots_acl_record_valid_detail(acl)) {
        w->failed = 1;
        return;
    }

    dots_acl_needs(acl, &needs);

    dots_write_u8(w, (uint8_t) acl->activation);
    dots_write_u8(w, needs.families);
    dots_write_u8(w, needs.protocols);
    dots_write_u8(w, needs.actions);
    dots_write_u8(w, needs.domain);
    dots_write_u32(w, needs.fields);
    dots_write_u8(w, acl->family);
    dots_write_u16(w, (uint16_t) acl->naces);

    for (i = 0; i < acl->naces; i++) {
        dots_acl_record_write_ace(w, &acl->aces[i]);
    }
}


int
dots_acl_detail_brief(dots_acl_brief_t *brief, dots_reader_t *r)
{
    brief->activation = (dots_acl_activation_t) dots_read_u8(r);
    brief->needs.families = dots_read_u8(r);
    brief->needs.protocols = dots_read_u8(r);
    brief->needs.actions = dots_read_u8(r);
    brief->needs.domain = dots_read_u8(r);
    brief->needs.fields = dots_read_u32(r);

    return r->failed ? DOTS_INVALID : DOTS_OK;
}


int
dots_acl_detail_decode(dots_acl_t *acl, dots_reader_t *r, dots_arena_t *a)
{
    int               rc;
    size_t            i;
    dots_acl_brief_t  brief;

    if (dots_acl_detail_brief(&brief, r) != DOTS_OK) {
        return DOTS_INVALID;
    }

    acl->activation = brief.activation;
    acl->family = dots_read_u8(r);
    acl->naces = dots_read_u16(r);

    /* no more memory than the record has bytes for */

    if (r->failed || !dots_acl_record_valid_detail(acl)
        || acl->naces > (size_t) (r->end - r->pos) / DOTS_ACL_ENTRY)
    {
        return DOTS_INVALID;
    }

    acl->aces = dots_arena_array(a, acl->naces, sizeof(dots_ace_t));
    if (acl->aces == NULL) {
        return DOTS_ERROR;
    }

    for (i = 0; i < acl->naces; i++) {
        rc = dots_acl_record_read_ace(r, &acl->aces[i], a);

        if (rc != DOTS_OK) {
            return rc;
        }
    }

    return DOTS_OK;
}


/* ---- the record ---- */

static int
dots_acl_record_valid(const dots_acl_t *acl)
{
    return acl->name.len && acl->name.len <= DOTS_ACL_NAME
           && acl->text.len <= UINT32_MAX
           && acl->expires >= 0 && acl->entity.modified >= 0;
}


size_t
dots_acl_size(const dots_acl_t *acl)
{
    return DOTS_ACL_FIXED + acl->name.len + acl->text.len
           + dots_acl_detail_size(acl);
}


int
dots_acl_encode(const dots_acl_t *acl, uint8_t *buf, size_t size, size_t *len)
{
    dots_writer_t  w = { buf, buf + size, 0 };

    if (!dots_acl_record_valid(acl)) {
        return DOTS_INVALID;
    }

    if (dots_acl_size(acl) > size) {
        return DOTS_FULL;
    }

    dots_write_u8(&w, DOTS_ACL_VERSION);
    dots_write_u64(&w, (uint64_t) acl->expires);
    dots_write_u64(&w, (uint64_t) acl->rank);
    dots_entity_write(&w, &acl->entity);
    dots_write_str(&w, acl->name);

    /* the text of an ACL with many entries is beyond 64 KiB */

    dots_write_u32(&w, (uint32_t) acl->text.len);
    dots_write_bytes(&w, acl->text.data, acl->text.len);
    dots_acl_detail_encode(acl, &w);

    if (w.failed) {
        return DOTS_INVALID;
    }

    *len = (size_t) (w.pos - buf);

    return DOTS_OK;
}


/* All up to the detail, pointing into the record. */

static int
dots_acl_record_read_head(dots_acl_t *acl, dots_reader_t *r, uint8_t *version)
{
    size_t          n;
    const uint8_t  *p;

    *version = dots_read_u8(r);
    acl->expires = (int64_t) dots_read_u64(r);
    acl->rank = (int64_t) dots_read_u64(r);

    if (*version > 1) {
        dots_entity_read(r, &acl->entity);
    }

    acl->name = dots_read_str(r);

    n = dots_read_u32(r);
    p = dots_read_bytes(r, n);
    acl->text = dots_str(p, p ? n : 0);

    return r->failed || *version == 0 || *version > DOTS_ACL_VERSION
               ? DOTS_INVALID : DOTS_OK;
}


int
dots_acl_brief(dots_acl_brief_t *brief, const uint8_t *buf, size_t len)
{
    uint8_t        version;
    dots_acl_t     acl;
    dots_reader_t  r = { buf, buf + len, 0 };

    if (dots_acl_record_read_head(&acl, &r, &version) != DOTS_OK) {
        return DOTS_INVALID;
    }

    brief->expires = acl.expires;
    brief->rank = acl.rank;

    return dots_acl_detail_brief(brief, &r);
}


int
dots_acl_decode(dots_acl_t *acl, const uint8_t *buf, size_t len,
    dots_arena_t *a)
{
    int            rc;
    uint8_t        version;
    dots_reader_t  r = { buf, buf + len, 0 };

    memset(acl, 0, sizeof(dots_acl_t));

    if (dots_acl_record_read_head(acl, &r, &version) != DOTS_OK
        || !dots_acl_record_valid(acl))
    {
        return DOTS_INVALID;
    }

    if (dots_arena_dup(a, &acl->name, acl->name) != DOTS_OK
        || dots_arena_dup(a, &acl->text, acl->text) != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    if (version == 1
        && dots_entity_guess(&acl->entity, acl->text, acl->expires,
                             DOTS_ACL_LIFETIME) != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    rc = dots_acl_detail_decode(acl, &r, a);

    if (rc == DOTS_OK && r.pos != r.end) {
        rc = DOTS_INVALID;
    }

    return rc;
}


int
dots_acl_renew(dots_acl_t *acl, const dots_acl_t *old, int64_t now,
    int64_t expires)
{
    acl->expires = expires;

    if (old != NULL && dots_str_eq(old->text, acl->text)) {
        acl->entity = old->entity;
        return DOTS_OK;
    }

    return dots_entity_make(&acl->entity, acl->text, now);
}
