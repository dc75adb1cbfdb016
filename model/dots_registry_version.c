#include "dots_hostname.h"
#include "dots_registry_private.h"


static void dots_registry_version_set_names(dots_registry_version_t *v,
    const dots_target_t *t, uint8_t *bytes);
static void dots_registry_version_set_reason(dots_registry_t *r,
    dots_registry_version_t *v, const dots_mitigation_t *m);
static void dots_registry_version_set_note(dots_registry_t *r,
    dots_registry_version_t *v, const dots_mitigation_t *m);
static int dots_registry_version_decode(const uint8_t *p, size_t size,
    dots_arena_t *a, dots_target_t *t);


/* ---- names ---- */

const dots_str_t *
dots_registry_version_clauses(const dots_target_t *t,
    dots_registry_kind_t kind, size_t *n)
{
    switch (kind) {

    case DOTS_REGISTRY_FQDN:
        *n = t->nfqdns;
        return t->fqdns;

    case DOTS_REGISTRY_URI:
        *n = t->nuris;
        return t->uris;

    case DOTS_REGISTRY_ALIAS:
        *n = t->naliases;
        return t->aliases;
    }

    *n = 0;

    return NULL;
}


dots_str_t
dots_registry_version_trim(dots_registry_kind_t kind, dots_str_t name)
{
    if (kind == DOTS_REGISTRY_FQDN && name.len > 1
        && name.data[name.len - 1] == '.')
    {
        name.len--;
    }

    return name;
}


/*
 * Case-insensitive, except aliases, which are YANG strings.  For a URI that is
 * too wide beyond the host, where it is harmless: the same host overlaps.
 */

int
dots_registry_version_name_cmp(dots_registry_kind_t kind, dots_str_t a,
    dots_str_t b)
{
    size_t   i;
    uint8_t  x, y;

    if (kind == DOTS_REGISTRY_ALIAS) {
        return dots_str_cmp(a, b);
    }

    for (i = 0; i < a.len && i < b.len; i++) {
        x = dots_hostname_lower(a.data[i]);
        y = dots_hostname_lower(b.data[i]);

        if (x != y) {
            return x < y ? -1 : 1;
        }
    }

    return (a.len > b.len) - (a.len < b.len);
}


static void
dots_registry_version_set_names(dots_registry_version_t *v,
    const dots_target_t *t, uint8_t *bytes)
{
    int                      kind;
    size_t                   i, n;
    dots_str_t               s;
    const dots_str_t        *clauses;
    dots_registry_name_t    *name;
    dots_registry_client_t  *client;

    client = v->entry->client;
    name = dots_registry_version_names(v);

    for (kind = 1; kind <= DOTS_REGISTRY_KINDS; kind++) {
        clauses = dots_registry_version_clauses(t, kind, &n);

        for (i = 0; i < n; i++, name++) {
            s = dots_registry_version_trim(kind, clauses[i]);
            memcpy(bytes, s.data, s.len);

            name->version = v;
            name->kind = (uint8_t) kind;
            name->space = dots_registry_version_space(client, kind);
            name->data = bytes;
            name->len = (uint16_t) s.len;

            bytes += s.len;
        }
    }
}


const void *
dots_registry_version_space(const dots_registry_client_t *c,
    dots_registry_kind_t kind)
{
    if (kind == DOTS_REGISTRY_ALIAS) {
        return c;
    }

    return c->customer;
}


/* ---- versions ---- */

dots_registry_version_t *
dots_registry_version_make(dots_registry_t *r, dots_registry_entry_t *e,
    const dots_mitigation_t *m)
{
    int                       kind;
    size_t                    i, n, names, bytes, size;
    dots_writer_t             w;
    const dots_str_t         *clauses;
    dots_registry_version_t  *v;

    names = 0;
    bytes = 0;

    for (kind = 1; kind <= DOTS_REGISTRY_KINDS; kind++) {
        clauses = dots_registry_version_clauses(&m->target, kind, &n);
        names += n;

        for (i = 0; i < n; i++) {
            bytes += dots_registry_version_trim(kind, clauses[i]).len;
        }
    }

    size = dots_target_size(&m->target);

    v = dots_registry_index_alloc(r, sizeof(*v)
            + m->nresolved * sizeof(dots_registry_prefix_t)
            + names * sizeof(dots_registry_name_t) + size + bytes);
    if (v == NULL) {
        return NULL;
    }

    v->entry = e;
    v->nprefixes = (uint32_t) m->nresolved;
    v->nnames = (uint32_t) names;
    v->size = (uint32_t) size;

    w.pos = dots_registry_version_record(v);
    w.end = w.pos + size;
    w.failed = 0;

    dots_target_encode(&m->target, &w);

    if (w.failed) {
        dots_registry_index_free(r, v);
        return NULL;
    }

    for (i = 0; i < m->nresolved; i++) {
        v->prefixes[i].version = v;
        v->prefixes[i].prefix = m->resolved[i];
    }

    dots_registry_version_set_names(v, &m->target, w.end);
    dots_registry_version_set_state(r, v, m);
    dots_registry_overlap_link(r->root, v);

    return v;
}


void
dots_registry_version_drop(dots_registry_t *r, dots_registry_version_t *v)
{
    dots_registry_overlap_unlink(r->root, v);

    if (v->reason != NULL) {
        dots_registry_index_free(r, v->reason);
    }

    if (v->note != NULL) {
        dots_registry_index_free(r, v->note);
    }

    dots_registry_index_free(r, v);
}


void
dots_registry_version_set_state(dots_registry_t *r,
    dots_registry_version_t *v, const dots_mitigation_t *m)
{
    v->status = (uint8_t) m->status;
    v->trigger = m->trigger;
    v->lifetime = m->lifetime;
    v->start = m->start;
    v->expires = m->expires;
    v->terminates = m->terminates;
    v->deadline = dots_mitigation_due(m);
    v->resolves = m->resolves;
    v->dampen = m->dampen;
    v->attack = m->attack;

    dots_registry_version_set_reason(r, v, m);
    dots_registry_version_set_note(r, v, m);
}


int64_t
dots_registry_version_end(const dots_registry_version_t *v)
{
    if (v->status == DOTS_STATUS_TERMINATING
        || (v->status == DOTS_STATUS_WITHDRAWN && v->terminates))
    {
        return v->terminates;
    }

    return v->expires;
}


int
dots_registry_version_returns(const dots_registry_version_t *v)
{
    return v->status == DOTS_STATUS_WITHDRAWN && !v->trigger && v->cause;
}


/*
 * The reason is for the operator, and the store has it too: a full zone may
 * cost it, but must not keep the server from withdrawing a mitigation.
 */

static void
dots_registry_version_set_reason(dots_registry_t *r,
    dots_registry_version_t *v, const dots_mitigation_t *m)
{
    size_t  len;

    if (v->reason != NULL) {
        dots_registry_index_free(r, v->reason);
        v->reason = NULL;
    }

    len = strnlen(m->reason, DOTS_REASON_MAX - 1);
    if (len == 0) {
        return;
    }

    v->reason = dots_registry_index_alloc(r, len + 1);

    if (v->reason != NULL) {
        memcpy(v->reason, m->reason, len);
    }
}


/* The store has it, too: see above.  One that lasts needs no memory again. */

static void
dots_registry_version_set_note(dots_registry_t *r, dots_registry_version_t *v,
    const dots_mitigation_t *m)
{
    size_t         size;
    dots_writer_t  w;

    if (v->note != NULL && m->conflict.cause == v->cause
        && m->conflicted == v->conflicted)
    {
        return;
    }

    v->cause = m->conflict.cause;
    v->conflicted = m->conflicted;

    if (v->note != NULL) {
        dots_registry_index_free(r, v->note);
        v->note = NULL;
    }

    if (m->conflict.cause == 0) {
        return;
    }

    size = dots_target_size(&m->conflict.scope);

    v->note = dots_registry_index_alloc(r, sizeof(*v->note) + size);
    if (v->note == NULL) {
        return;
    }

    v->note->conflict = m->conflict;
    v->note->size = (uint32_t) size;
    memset(&v->note->conflict.scope, 0, sizeof(dots_target_t));

    w.pos = v->note->scope;
    w.end = w.pos + size;
    w.failed = 0;

    dots_target_encode(&m->conflict.scope, &w);

    if (w.failed) {
        dots_registry_index_free(r, v->note);
        v->note = NULL;
    }
}


int
dots_registry_version_target(dots_registry_version_t *v, dots_arena_t *a,
    dots_target_t *t)
{
    return dots_registry_version_decode(dots_registry_version_record(v),
                                        v->size, a, t);
}


static int
dots_registry_version_decode(const uint8_t *p, size_t size, dots_arena_t *a,
    dots_target_t *t)
{
    int            rc;
    dots_reader_t  reader;

    reader.pos = p;
    reader.end = p + size;
    reader.failed = 0;

    rc = dots_target_decode(t, &reader, a);

    if (rc == DOTS_OK) {
        return DOTS_OK;
    }

    return rc == DOTS_ERROR ? DOTS_FULL : DOTS_ERROR;
}


int
dots_registry_version_copy(dots_registry_version_t *v, dots_arena_t *a,
    dots_mitigation_t *m)
{
    int                     rc;
    uint32_t                i;
    dots_registry_entry_t  *e;

    e = v->entry;
    memset(m, 0, sizeof(*m));

    if (dots_arena_dup(a, &m->customer, e->client->customer->name) != DOTS_OK
        || dots_arena_dup(a, &m->cuid, e->client->cuid) != DOTS_OK)
    {
        return DOTS_FULL;
    }

    m->resolved = dots_arena_array(a, v->nprefixes, sizeof(dots_prefix_t));
    if (m->resolved == NULL) {
        return DOTS_FULL;
    }

    for (i = 0; i < v->nprefixes; i++) {
        m->resolved[i] = v->prefixes[i].prefix;
    }

    rc = dots_registry_version_target(v, a, &m->target);
    if (rc != DOTS_OK) {
        return rc;
    }

    m->mid = e->mid;
    m->nresolved = v->nprefixes;
    m->lifetime = v->lifetime;
    m->trigger = v->trigger;
    m->status = v->status;
    m->start = v->start;
    m->expires = v->expires;
    m->terminates = v->terminates;
    m->resolves = v->resolves;
    m->dampen = v->dampen;
    m->attack = v->attack;
    m->conflicted = v->conflicted;

    if (v->reason != NULL) {
        memcpy(m->reason, v->reason, strlen(v->reason) + 1);
    }

    m->conflict.cause = v->cause;

    if (v->note == NULL) {
        return DOTS_OK;
    }

    m->conflict = v->note->conflict;

    return dots_registry_version_decode(v->note->scope, v->note->size, a,
                                        &m->conflict.scope);
}
