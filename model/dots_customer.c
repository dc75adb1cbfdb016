#include <stdlib.h>

#include "dots_customer.h"
#include "dots_customer_space.h"
#include "dots_digest.h"
#include "dots_hostname.h"


#define DOTS_CUSTOMER_FINGERPRINT 32 /* bytes of SHA-256 */
#define DOTS_CUSTOMER_SHOWN       80 /* bytes of a value in a message */

/* Beside the identities, the customers' names are keys of the same index. */

#define DOTS_CUSTOMER_KEY_NAME (DOTS_IDENTITY_CDID + 1)


typedef struct {
    uint32_t         hash;
    int              kind;
    dots_str_t       value;
    dots_customer_t *customer; /* NULL: a free slot */
} dots_customer_key_t;

struct dots_customers_s {
    dots_arena_t         *arena;
    size_t                n;
    dots_customer_t     **list;
    size_t                nkeys;
    size_t                nslots;  /* a power of two, at most half taken */
    dots_customer_key_t  *slots;
};

dots_customers_t *
dots_customers_create(void)
{
    dots_customers_t  *cs;

    cs = calloc(1, sizeof(dots_customers_t));
    if (cs == NULL) {
        return NULL;
    }

    /* the configuration is the operator's: no limit */

    cs->arena = dots_arena_create(SIZE_MAX);

    if (cs->arena == NULL) {
        free(cs);
        return NULL;
    }

    return cs;
}


void
dots_customers_destroy(dots_customers_t *cs)
{
    if (cs != NULL) {
        dots_arena_destroy(cs->arena);
        free(cs);
    }
}


/*
 * Room for one more element behind "n": a new array when n is zero or a power
 * of two, else the old one.  What is outgrown stays in the arena; together it
 * is no more than the array itself.
 */

static void *
dots_customer_grow(dots_arena_t *a, void *array, size_t n, size_t size)
{
    void  *grown;

    if (n & (n - 1)) {
        return array;
    }

    grown = dots_arena_array(a, n ? 2 * n : 1, size);

    if (grown != NULL && n) {
        memcpy(grown, array, n * size);
    }

    return grown;
}


/* ---- the index of identities and names ---- */

static uint8_t
dots_customer_fold(int kind, uint8_t c)
{
    return kind == DOTS_IDENTITY_DNS ? dots_hostname_lower(c) : c;
}


/* FNV-1a: keys are the operator's, peers only look them up. */

static uint32_t
dots_customer_hash(int kind, dots_str_t value)
{
    size_t    i;
    uint32_t  h;

    h = (2166136261u ^ (uint32_t) kind) * 16777619u;

    for (i = 0; i < value.len; i++) {
        h = (h ^ dots_customer_fold(kind, value.data[i])) * 16777619u;
    }

    return h;
}


static int
dots_customer_key_eq(const dots_customer_key_t *k, int kind, dots_str_t value)
{
    size_t  i;

    if (k->kind != kind || k->value.len != value.len) {
        return 0;
    }

    for (i = 0; i < value.len; i++) {
        if (dots_customer_fold(kind, k->value.data[i])
            != dots_customer_fold(kind, value.data[i]))
        {
            return 0;
        }
    }

    return 1;
}


/* The slot of the key, or the free one where it would go. */

static dots_customer_key_t *
dots_customer_slot(dots_customer_key_t *slots, size_t nslots, uint32_t hash,
    int kind, dots_str_t value)
{
    size_t                i;
    dots_customer_key_t  *k;

    for (i = hash & (nslots - 1);; i = (i + 1) & (nslots - 1)) {
        k = &slots[i];

        if (k->customer == NULL
            || (k->hash == hash && dots_customer_key_eq(k, kind, value)))
        {
            return k;
        }
    }
}


static dots_customer_t *
dots_customer_find(const dots_customers_t *cs, int kind, dots_str_t value)
{
    uint32_t  hash;

    if (cs->nslots == 0) {
        return NULL;
    }

    hash = dots_customer_hash(kind, value);

    return dots_customer_slot(cs->slots, cs->nslots, hash, kind, value)
        ->customer;
}


static int
dots_customer_rehash(dots_customers_t *cs)
{
    size_t                i, n;
    dots_customer_key_t  *slots, *k;

    n = cs->nslots ? 2 * cs->nslots : 64;

    slots = dots_arena_array(cs->arena, n, sizeof(dots_customer_key_t));
    if (slots == NULL) {
        return DOTS_ERROR;
    }

    for (i = 0; i < cs->nslots; i++) {
        k = &cs->slots[i];

        if (k->customer != NULL) {
            *dots_customer_slot(slots, n, k->hash, k->kind, k->value) = *k;
        }
    }

    cs->slots = slots;
    cs->nslots = n;

    return DOTS_OK;
}


/* The key is new, the caller has looked; "value" stays where it is. */

static int
dots_customer_insert(dots_customers_t *cs, int kind, dots_str_t value,
    dots_customer_t *c)
{
    uint32_t              hash;
    dots_customer_key_t  *k;

    if (2 * (cs->nkeys + 1) > cs->nslots
        && dots_customer_rehash(cs) != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    hash = dots_customer_hash(kind, value);
    k = dots_customer_slot(cs->slots, cs->nslots, hash, kind, value);

    k->hash = hash;
    k->kind = kind;
    k->value = value;
    k->customer = c;

    cs->nkeys++;

    return DOTS_OK;
}


/* ---- building ---- */

static int
dots_customer_printable(dots_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] < 0x20 || s.data[i] == 0x7f) {
            return 0;
        }
    }

    return 1;
}


static int
dots_customer_check_name(const dots_customers_t *cs, dots_str_t name,
    dots_fault_t *f)
{
    if (name.len == 0 || name.len > DOTS_CUSTOMER_NAME
        || !dots_customer_printable(name))
    {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                          "a customer's name has 1 to %d bytes and no control"
                          " characters", DOTS_CUSTOMER_NAME);
    }

    if (dots_customer_find(cs, DOTS_CUSTOMER_KEY_NAME, name) != NULL) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                          "customer \"%.*s\" is there twice: rename one or join"
                          " the two", (int) name.len, name.data);
    }

    return DOTS_OK;
}


dots_customer_t *
dots_customers_add(dots_customers_t *cs, dots_str_t name, dots_fault_t *f)
{
    dots_customer_t   *c;
    dots_customer_t  **list;

    if (dots_customer_check_name(cs, name, f) != DOTS_OK) {
        return NULL;
    }

    if (f != NULL) {
        f->message[0] = '\0';
    }

    list = dots_customer_grow(cs->arena, cs->list, cs->n,
                              sizeof(dots_customer_t *));
    c = dots_arena_alloc(cs->arena, sizeof(dots_customer_t));

    if (list == NULL || c == NULL
        || dots_arena_dup(cs->arena, &c->name, name) != DOTS_OK
        || dots_customer_insert(cs, DOTS_CUSTOMER_KEY_NAME, c->name, c)
           != DOTS_OK)
    {
        return NULL;
    }

    cs->list = list;
    cs->list[cs->n++] = c;

    return c;
}


static int
dots_customer_check_identity(dots_identity_kind_t kind, dots_str_t value,
    dots_fault_t *f)
{
    size_t   len;
    uint8_t  buf[DOTS_HOSTNAME_MAX];

    switch (kind) {

    case DOTS_IDENTITY_DNS:

        /* RFC 6125 section 6.4: compared as a name; one with a dot at its end
           never stands in a certificate */

        if (dots_hostname_normalize(value, buf, &len) != DOTS_OK
            || len != value.len)
        {
            return dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                              "a dns identity is a host name as the certificate"
                              " has it, without wildcard and final dot");
        }

        return DOTS_OK;

    case DOTS_IDENTITY_FINGERPRINT:

        if (value.len != DOTS_CUSTOMER_FINGERPRINT) {
            return dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                              "a fingerprint is the SHA-256 of the certificate,"
                              " 32 bytes");
        }

        return DOTS_OK;

    default:

        if (value.len == 0) {
            return dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                              "an identity must not be empty");
        }

        return DOTS_OK;
    }
}


void
dots_customers_redirect(dots_customers_t *cs, const dots_redirect_t *redirect)
{
    size_t  i;

    for (i = 0; i < cs->n; i++) {
        if (cs->list[i]->redirect == NULL) {
            cs->list[i]->redirect = redirect;
        }
    }
}


int
dots_customers_add_identity(dots_customers_t *cs, dots_customer_t *c,
    dots_identity_kind_t kind, dots_str_t value, dots_fault_t *f)
{
    dots_str_t              copy;
    const dots_customer_t  *owner;

    if (dots_customer_check_identity(kind, value, f) != DOTS_OK) {
        return DOTS_INVALID;
    }

    owner = dots_customer_find(cs, kind, value);

    if (owner == c) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                          "this identity is there twice: remove one");
    }

    if (owner != NULL) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                          "this identity is customer \"%.*s\"'s already: remove"
                          " it from one of the two", (int) owner->name.len,
                          owner->name.data);
    }

    if (dots_arena_dup(cs->arena, &copy, value) != DOTS_OK
        || dots_customer_insert(cs, (int) kind, copy, c) != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    if (kind == DOTS_IDENTITY_CDID) {
        c->relayed = 1;
    }

    c->identities += dots_customer_identity(kind, copy);

    return DOTS_OK;
}


int
dots_customers_add_prefix(dots_customers_t *cs, dots_customer_t *c,
    const dots_prefix_t *p, int shared, dots_fault_t *f)
{
    char            text[DOTS_PREFIX_TEXT];
    uint8_t        *flags;
    const char     *why;
    dots_prefix_t  *prefixes;

    why = dots_prefix_forbidden(p);

    if (why != NULL) {
        dots_prefix_print(p, text);

        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                          "prefix %s has %s addresses, which nobody may have"
                          " mitigated: remove it or make it longer", text, why);
    }

    prefixes = dots_customer_grow(cs->arena, c->prefixes, c->nprefixes,
                                  sizeof(dots_prefix_t));
    flags = dots_customer_grow(cs->arena, c->shared, c->nprefixes, 1);

    if (prefixes == NULL || flags == NULL) {
        return DOTS_ERROR;
    }

    prefixes[c->nprefixes] = *p;
    flags[c->nprefixes] = shared != 0;

    c->prefixes = prefixes;
    c->shared = flags;
    c->nprefixes++;

    return DOTS_OK;
}


static int
dots_customer_add_str(dots_customers_t *cs, dots_str_t **array, size_t *n,
    dots_str_t s)
{
    dots_str_t  *grown;

    grown = dots_customer_grow(cs->arena, *array, *n, sizeof(dots_str_t));

    if (grown == NULL
        || dots_arena_dup(cs->arena, &grown[*n], s) != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    *array = grown;
    (*n)++;

    return DOTS_OK;
}


int
dots_customers_add_name(dots_customers_t *cs, dots_customer_t *c,
    dots_str_t name, dots_fault_t *f)
{
    size_t   len;
    uint8_t  buf[DOTS_HOSTNAME_MAX];

    if (dots_hostname_normalize(name, buf, &len) != DOTS_OK) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                          "\"%.*s\" is no host name: a customer's name is a"
                          " domain such as example.com, without wildcard",
                          (int) (name.len < DOTS_CUSTOMER_SHOWN
                                     ? name.len : DOTS_CUSTOMER_SHOWN),
                          name.data);
    }

    return dots_customer_add_str(cs, &c->names, &c->nnames,
                                 dots_str(buf, len));
}


int
dots_customers_add_mitigator(dots_customers_t *cs, dots_customer_t *c,
    dots_str_t name, dots_fault_t *f)
{
    size_t  i;

    if (name.len == 0) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                          "a mitigator's name must not be empty");
    }

    for (i = 0; i < c->nmitigators; i++) {
        if (dots_str_eq(c->mitigators[i], name)) {
            return dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                              "mitigator \"%.*s\" is there twice: remove one",
                              (int) (name.len < DOTS_CUSTOMER_SHOWN
                                         ? name.len : DOTS_CUSTOMER_SHOWN),
                              name.data);
        }
    }

    return dots_customer_add_str(cs, &c->mitigators, &c->nmitigators, name);
}


int
dots_customers_abilities(dots_customers_t *cs,
    void (*ability)(void *ctx, dots_str_t mitigator, dots_acl_needs_t *out),
    void *ctx)
{
    size_t            i, k;
    dots_customer_t  *c;

    for (i = 0; i < cs->n; i++) {
        c = cs->list[i];

        c->abilities = dots_arena_array(cs->arena, c->nmitigators,
                                        sizeof(dots_acl_needs_t));
        if (c->abilities == NULL) {
            return DOTS_ERROR;
        }

        for (k = 0; k < c->nmitigators; k++) {
            ability(ctx, c->mitigators[k], &c->abilities[k]);
        }

        c->nabilities = c->nmitigators;
    }

    return DOTS_OK;
}


/* ---- finishing ---- */

static int
dots_customer_str_cmp(const void *one, const void *two)
{
    return dots_str_cmp(*(const dots_str_t *) one, *(const dots_str_t *) two);
}


int
dots_customers_finish(dots_customers_t *cs, dots_fault_t *f)
{
    size_t            i;
    dots_customer_t  *c;

    for (i = 0; i < cs->n; i++) {
        c = cs->list[i];

        if (c->nnames) {
            qsort(c->names, c->nnames, sizeof(dots_str_t),
                  dots_customer_str_cmp);
        }
    }

    return dots_customer_space_build(cs->list, cs->n, cs->arena, f);
}


/* ---- looking up ---- */

const dots_customer_t *
dots_customers_by_identity(const dots_customers_t *cs,
    dots_identity_kind_t kind, dots_str_t value)
{
    return dots_customer_find(cs, (int) kind, value);
}


const dots_customer_t *
dots_customers_by_name(const dots_customers_t *cs, dots_str_t name)
{
    return dots_customer_find(cs, DOTS_CUSTOMER_KEY_NAME, name);
}


const dots_customer_t *
dots_customers_at(const dots_customers_t *cs, size_t i)
{
    return i < cs->n ? cs->list[i] : NULL;
}


int
dots_customer_owns_prefix(const dots_customer_t *c, const dots_prefix_t *p)
{
    size_t  low, high, mid;

    /* the last one that does not sort behind p: none other can contain it */

    low = 0;
    high = c->nspace;

    while (low < high) {
        mid = low + (high - low) / 2;

        if (dots_prefix_cmp(&c->space[mid], p) <= 0) {
            low = mid + 1;

        } else {
            high = mid;
        }
    }

    return low > 0 && dots_prefix_contains(&c->space[low - 1], p);
}


int
dots_customer_owns_name(const dots_customer_t *c, dots_str_t fqdn)
{
    size_t      i, len;
    uint8_t     buf[DOTS_HOSTNAME_MAX];
    dots_str_t  name;

    if (c->nnames == 0
        || dots_hostname_normalize(fqdn, buf, &len) != DOTS_OK)
    {
        return 0;
    }

    for (i = 0; i < len; i++) {

        /* at the start of each label: the name, its parent, ... */

        if (i && buf[i - 1] != '.') {
            continue;
        }

        name = dots_str(buf + i, len - i);

        if (bsearch(&name, c->names, c->nnames, sizeof(dots_str_t),
                    dots_customer_str_cmp)
            != NULL)
        {
            return 1;
        }
    }

    return 0;
}


/* ---- all of it ---- */

static uint64_t
dots_customer_digest_redirect(uint64_t digest, const dots_redirect_t *r)
{
    size_t  i;

    if (r == NULL) {
        return digest;
    }

    digest = dots_digest_text(digest, r->alt_server);
    digest = dots_digest_number(digest, r->max_age);
    digest = dots_digest_number(digest, r->nrecords);

    for (i = 0; i < r->nrecords; i++) {
        digest = dots_digest_text(digest, r->records[i]);
    }

    return digest;
}


static uint64_t
dots_customer_digest_space(uint64_t digest, const dots_customer_t *c)
{
    size_t  i;
    char    text[DOTS_PREFIX_TEXT];

    for (i = 0; i < c->nprefixes; i++) {
        dots_prefix_print(&c->prefixes[i], text);
        digest = dots_digest_text(digest, text);
        digest = dots_digest_number(digest, c->shared[i]);
    }

    for (i = 0; i < c->nnames; i++) {
        digest = dots_digest_str(digest, c->names[i]);
    }

    return digest;
}


uint64_t
dots_customer_identity(dots_identity_kind_t kind, dots_str_t value)
{
    size_t    i;
    uint8_t   byte;
    uint64_t  digest;

    digest = dots_digest_text(DOTS_DIGEST_BASIS, "identity");
    digest = dots_digest_number(digest, kind);

    for (i = 0; i < value.len; i++) {
        byte = dots_customer_fold((int) kind, value.data[i]);
        digest = dots_digest_bytes(digest, &byte, 1);
    }

    return digest;
}


void
dots_customers_identities(const dots_customers_t *cs,
    void (*handler)(uint64_t digest))
{
    size_t                      i;
    const dots_customer_key_t  *k;

    for (i = 0; i < cs->nslots; i++) {

        k = &cs->slots[i];

        if (k->customer != NULL && k->kind != DOTS_CUSTOMER_KEY_NAME) {
            handler(dots_customer_identity(k->kind, k->value));
        }
    }
}


uint64_t
dots_customer_digest(const dots_customer_t *c)
{
    size_t    i;
    uint64_t  digest;

    digest = dots_digest_str(DOTS_DIGEST_BASIS, c->name);
    digest = dots_digest_number(digest, c->identities);
    digest = dots_digest_number(digest, c->nprefixes);
    digest = dots_digest_number(digest, c->nnames);
    digest = dots_customer_digest_space(digest, c);
    digest = dots_digest_number(digest, c->nmitigators);

    for (i = 0; i < c->nmitigators; i++) {
        digest = dots_digest_str(digest, c->mitigators[i]);
    }

    digest = dots_digest_number(digest, c->gateway);
    digest = dots_digest_number(digest, c->max_mitigations);
    digest = dots_digest_number(digest, c->max_aliases);
    digest = dots_digest_number(digest, c->max_acls);
    digest = dots_digest_number(digest, c->unenforced);
    digest = dots_digest_number(digest, c->max_sessions);
    digest = dots_digest_number(digest, c->max_observers);
    digest = dots_digest_number(digest, c->max_streams);
    digest = dots_digest_number(digest, c->rate);
    digest = dots_digest_number(digest, c->handshakes);
    digest = dots_digest_number(digest, c->data_rate);
    digest = dots_digest_number(digest, c->max_clients);
    digest = dots_digest_number(digest, c->max_vendors);

    return dots_customer_digest_redirect(digest, c->redirect);
}
