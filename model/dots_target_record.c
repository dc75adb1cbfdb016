#include "dots_target.h"


#define DOTS_TARGET_RECORD_PORT 5 /* bytes: lower, upper, has_upper */


static size_t
dots_target_record_strs_size(const dots_str_t *strs, size_t n)
{
    size_t  i, size;

    for (size = 2, i = 0; i < n; i++) {
        size += 2 + strs[i].len;
    }

    return size;
}


size_t
dots_target_size(const dots_target_t *t)
{
    size_t  i, size;

    for (size = 2, i = 0; i < t->nprefixes; i++) {
        size += dots_prefix_size(&t->prefixes[i]);
    }

    size += 2 + t->nports * DOTS_TARGET_RECORD_PORT;
    size += 2 + t->nprotocols;
    size += dots_target_record_strs_size(t->fqdns, t->nfqdns);
    size += dots_target_record_strs_size(t->uris, t->nuris);
    size += dots_target_record_strs_size(t->aliases, t->naliases);

    return size;
}


/* ---- the checks that both directions share ---- */

static int
dots_target_record_port_ok(const dots_port_range_t *p)
{
    return p->has_upper <= 1
           && (p->has_upper ? p->lower <= p->upper : p->lower == p->upper);
}


static int
dots_target_record_str_ok(dots_str_t s)
{
    return s.len && s.len <= DOTS_TARGET_STRING
           && memchr(s.data, '\0', s.len) == NULL;
}


/* ---- encoding ---- */

static void
dots_target_record_write_count(dots_writer_t *w, size_t n)
{
    if (n > DOTS_TARGET_MAX) {
        w->failed = 1;
        return;
    }

    dots_write_u16(w, (uint16_t) n);
}


static void
dots_target_record_write_port(dots_writer_t *w, const dots_port_range_t *p)
{
    if (!dots_target_record_port_ok(p)) {
        w->failed = 1;
        return;
    }

    dots_write_u16(w, p->lower);
    dots_write_u16(w, p->upper);
    dots_write_u8(w, p->has_upper);
}


static void
dots_target_record_write_strs(dots_writer_t *w, const dots_str_t *strs,
    size_t n)
{
    size_t  i;

    dots_target_record_write_count(w, n);

    for (i = 0; i < n && !w->failed; i++) {
        if (!dots_target_record_str_ok(strs[i])) {
            w->failed = 1;
            return;
        }

        dots_write_str(w, strs[i]);
    }
}


void
dots_target_encode(const dots_target_t *t, dots_writer_t *w)
{
    size_t  i;

    dots_target_record_write_count(w, t->nprefixes);

    for (i = 0; i < t->nprefixes && !w->failed; i++) {
        dots_prefix_write(w, &t->prefixes[i]);
    }

    dots_target_record_write_count(w, t->nports);

    for (i = 0; i < t->nports && !w->failed; i++) {
        dots_target_record_write_port(w, &t->ports[i]);
    }

    dots_target_record_write_count(w, t->nprotocols);
    dots_write_bytes(w, t->protocols, t->nprotocols);

    dots_target_record_write_strs(w, t->fqdns, t->nfqdns);
    dots_target_record_write_strs(w, t->uris, t->nuris);
    dots_target_record_write_strs(w, t->aliases, t->naliases);
}


/* ---- decoding ---- */

/*
 * The array for the entries that follow: memory only after the count has been
 * held against what is left of the record, "least" bytes for each entry.
 */

static int
dots_target_record_array(dots_reader_t *r, dots_arena_t *a, size_t least,
    size_t size, size_t *n, void *array)
{
    void    *p;
    size_t   count;

    count = dots_read_u16(r);

    if (r->failed || count > DOTS_TARGET_MAX
        || count * least > (size_t) (r->end - r->pos))
    {
        r->failed = 1;
        return DOTS_INVALID;
    }

    if (count == 0) {
        return DOTS_OK;
    }

    p = dots_arena_array(a, count, size);
    if (p == NULL) {
        return DOTS_ERROR;
    }

    memcpy(array, &p, sizeof(p));
    *n = count;

    return DOTS_OK;
}


static int
dots_target_record_read_prefixes(dots_target_t *t, dots_reader_t *r,
    dots_arena_t *a)
{
    int     rc;
    size_t  i;

    rc = dots_target_record_array(r, a, DOTS_PREFIX_RECORD,
                                  sizeof(dots_prefix_t), &t->nprefixes,
                                  &t->prefixes);

    for (i = 0; i < t->nprefixes && !r->failed; i++) {
        dots_prefix_read(r, &t->prefixes[i]);
    }

    return r->failed ? DOTS_INVALID : rc;
}


static int
dots_target_record_read_ports(dots_target_t *t, dots_reader_t *r,
    dots_arena_t *a)
{
    int                 rc;
    size_t              i;
    dots_port_range_t  *p;

    rc = dots_target_record_array(r, a, DOTS_TARGET_RECORD_PORT,
                                  sizeof(dots_port_range_t), &t->nports,
                                  &t->ports);

    for (i = 0; i < t->nports && !r->failed; i++) {
        p = &t->ports[i];

        p->lower = dots_read_u16(r);
        p->upper = dots_read_u16(r);
        p->has_upper = dots_read_u8(r);

        if (!dots_target_record_port_ok(p)) {
            r->failed = 1;
        }
    }

    return r->failed ? DOTS_INVALID : rc;
}


static int
dots_target_record_read_protocols(dots_target_t *t, dots_reader_t *r,
    dots_arena_t *a)
{
    int     rc;
    size_t  i;

    rc = dots_target_record_array(r, a, 1, 1, &t->nprotocols, &t->protocols);

    for (i = 0; i < t->nprotocols && !r->failed; i++) {
        t->protocols[i] = dots_read_u8(r);
    }

    return r->failed ? DOTS_INVALID : rc;
}


static int
dots_target_record_read_strs(dots_str_t **strs, size_t *n, dots_reader_t *r,
    dots_arena_t *a)
{
    int         rc;
    size_t      i;
    dots_str_t  s;

    rc = dots_target_record_array(r, a, 3, sizeof(dots_str_t), n, strs);

    for (i = 0; i < *n && !r->failed; i++) {
        s = dots_read_str(r);

        if (r->failed || !dots_target_record_str_ok(s)) {
            r->failed = 1;
            break;
        }

        if (dots_arena_dup(a, &(*strs)[i], s) != DOTS_OK) {
            return DOTS_ERROR;
        }
    }

    return r->failed ? DOTS_INVALID : rc;
}


int
dots_target_decode(dots_target_t *t, dots_reader_t *r, dots_arena_t *a)
{
    int  rc;

    memset(t, 0, sizeof(dots_target_t));

    rc = dots_target_record_read_prefixes(t, r, a);

    if (rc == DOTS_OK) {
        rc = dots_target_record_read_ports(t, r, a);
    }

    if (rc == DOTS_OK) {
        rc = dots_target_record_read_protocols(t, r, a);
    }

    if (rc == DOTS_OK) {
        rc = dots_target_record_read_strs(&t->fqdns, &t->nfqdns, r, a);
    }

    if (rc == DOTS_OK) {
        rc = dots_target_record_read_strs(&t->uris, &t->nuris, r, a);
    }

    if (rc == DOTS_OK) {
        rc = dots_target_record_read_strs(&t->aliases, &t->naliases, r, a);
    }

    return rc;
}


/* ---- copying ---- */

static int
dots_target_record_dup(dots_arena_t *a, void *dst, const void *src, size_t n,
    size_t size)
{
    void  *p;

    p = NULL;

    if (n) {
        p = dots_arena_array(a, n, size);
        if (p == NULL) {
            return DOTS_ERROR;
        }

        memcpy(p, src, n * size);
    }

    memcpy(dst, &p, sizeof(p));

    return DOTS_OK;
}


static int
dots_target_record_dup_strs(dots_arena_t *a, dots_str_t **dst,
    const dots_str_t *src, size_t n)
{
    size_t  i;

    if (dots_target_record_dup(a, dst, src, n, sizeof(dots_str_t)) != DOTS_OK) {
        return DOTS_ERROR;
    }

    for (i = 0; i < n; i++) {
        if (dots_arena_dup(a, &(*dst)[i], src[i]) != DOTS_OK) {
            return DOTS_ERROR;
        }
    }

    return DOTS_OK;
}


int
dots_target_copy(dots_target_t *dst, const dots_target_t *src, dots_arena_t *a)
{
    *dst = *src;

    if (dots_target_record_dup(a, &dst->prefixes, src->prefixes,
                               src->nprefixes, sizeof(dots_prefix_t))
        != DOTS_OK
        || dots_target_record_dup(a, &dst->ports, src->ports, src->nports,
                                  sizeof(dots_port_range_t))
           != DOTS_OK
        || dots_target_record_dup(a, &dst->protocols, src->protocols,
                                  src->nprotocols, 1)
           != DOTS_OK
        || dots_target_record_dup_strs(a, &dst->fqdns, src->fqdns, src->nfqdns)
           != DOTS_OK
        || dots_target_record_dup_strs(a, &dst->uris, src->uris, src->nuris)
           != DOTS_OK
        || dots_target_record_dup_strs(a, &dst->aliases, src->aliases,
                                       src->naliases)
           != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    return DOTS_OK;
}
