#include "ngx_dots_fence.h"
#include "ngx_dots_policy.h"
#include "ngx_dots_psk.h"
#include "ngx_dots_ticket.h"

#include "../model/dots_digest.h"


#define NGX_DOTS_POLICY_PART    32      /* of the zone, for both sets */


/* Generation n has its set in sets[n & 1], so the last one stays readable. */

struct ngx_dots_policy_s {
    ngx_atomic_t   generation;  /* the newest; 0: none yet */
    ngx_atomic_t   ended;       /* the newest whose processes end, and none
                                   follow */
    ngx_atomic_t   oldest;      /* that may keep sessions */
    size_t         size;        /* of a set; open addressing, 0: free */
    ngx_uint_t     left[2];     /* out of it */
    uint64_t      *sets[2];
};


static void ngx_dots_policy_general(ngx_dots_conf_t *dcf);
static uint64_t ngx_dots_policy_mitigators(uint64_t digest,
    ngx_dots_conf_t *dcf);
static uint64_t ngx_dots_policy_prefix(uint64_t digest,
    const dots_prefix_t *prefix);
static void ngx_dots_policy_psks(ngx_dots_conf_t *dcf);
static ngx_uint_t ngx_dots_policy_all(const uint64_t *digests, size_t n,
    ngx_uint_t there);
static ngx_uint_t ngx_dots_policy_has(const uint64_t *set, size_t size,
    uint64_t digest);


/* Of this process: set in the master, kept by its children. */

static ngx_atomic_uint_t  ngx_dots_policy_mine;
static size_t             ngx_dots_policy_used;     /* of its set */


ngx_int_t
ngx_dots_policy_init_zone(ngx_slab_pool_t *pool, ngx_dots_shared_t *shared,
    size_t size)
{
    ngx_dots_policy_t  *policy;

    size /= NGX_DOTS_POLICY_PART * 2;

    policy = ngx_slab_calloc(pool, sizeof(ngx_dots_policy_t));
    if (policy == NULL) {
        return NGX_ERROR;
    }

    policy->size = size / sizeof(uint64_t);
    policy->sets[0] = ngx_slab_calloc(pool, size);
    policy->sets[1] = ngx_slab_calloc(pool, size);

    shared->policy = policy;

    return policy->sets[0] && policy->sets[1] ? NGX_OK : NGX_ERROR;
}


/* ---- digests ---- */

ngx_int_t
ngx_dots_policy_trust(uint64_t *digest, SSL_CTX *ctx)
{
    u_char  trust[NGX_DOTS_TICKET_TRUST_DIGEST];

    if (ngx_dots_ticket_trust(ctx, trust) != NGX_OK) {
        return NGX_ERROR;
    }

    *digest = dots_digest_bytes(*digest, trust, sizeof(trust));

    return NGX_OK;
}


uint64_t
ngx_dots_policy_terms(uint64_t digest, SSL_CTX *ctx)
{
    int                    i;
    STACK_OF(SSL_CIPHER)  *ciphers;

    digest = dots_digest_number(digest, SSL_CTX_get_options(ctx));
    digest = dots_digest_number(digest, SSL_CTX_get_min_proto_version(ctx));
    digest = dots_digest_number(digest, SSL_CTX_get_verify_mode(ctx));
    digest = dots_digest_number(digest, SSL_CTX_get_verify_depth(ctx));

    ciphers = SSL_CTX_get_ciphers(ctx);

    for (i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
        digest = dots_digest_text(digest,
                         SSL_CIPHER_get_name(sk_SSL_CIPHER_value(ciphers, i)));
    }

    return digest;
}


uint64_t
ngx_dots_policy_socket(ngx_listening_t *ls)
{
    uint64_t  digest;

    digest = dots_digest_text(DOTS_DIGEST_BASIS, "listen");
    digest = dots_digest_number(digest, ls->type);

    return dots_digest_bytes(digest, ls->addr_text.data, ls->addr_text.len);
}


/* An identity without a key has a digest, too, which nobody publishes. */

uint64_t
ngx_dots_policy_psk(ngx_dots_conf_t *dcf, dots_str_t identity)
{
    size_t    n;
    u_char    proof[NGX_DOTS_PSK_PROOF];
    uint64_t  digest;

    digest = dots_digest_text(DOTS_DIGEST_BASIS, "psk");
    digest = dots_digest_bytes(digest, identity.data, identity.len);

    n = ngx_dots_psk_proof(dcf, identity.data, identity.len, proof);

    if (n == 0) {
        return dots_digest_number(digest, 0);
    }

    digest = dots_digest_bytes(digest, proof, n);

    OPENSSL_cleanse(proof, sizeof(proof));

    return digest;
}


/* A gateway's session may ask for anybody. */

uint64_t
ngx_dots_policy_customer(ngx_dots_conf_t *dcf, const dots_customer_t *customer)
{
    uint64_t  digest;

    digest = dots_digest_text(DOTS_DIGEST_BASIS, "customer");
    digest = dots_digest_number(digest, dots_customer_digest(customer));

    return dots_digest_number(digest, customer->gateway ? dcf->policy_all
                                                        : dcf->policy);
}


/* What holds for every customer, and for all of them together. */

static void
ngx_dots_policy_general(ngx_dots_conf_t *dcf)
{
    size_t                  i;
    uint64_t                digest, all;
    const dots_customer_t  *customer;

    digest = dots_digest_bytes(DOTS_DIGEST_BASIS, dcf->state->name.data,
                               dcf->state->name.len);
    digest = dots_digest_number(digest, dcf->state_size);
    digest = dots_digest_bytes(digest, dcf->schemas.data, dcf->schemas.len);
    digest = dots_digest_bytes(digest, dcf->vendors.data, dcf->vendors.len);
    digest = dots_digest_number(digest, dcf->lifetime.dflt);
    digest = dots_digest_number(digest, dcf->lifetime.min);
    digest = dots_digest_number(digest, dcf->lifetime.max);
    digest = dots_digest_number(digest, dcf->lifetime.indefinite);
    digest = dots_digest_number(digest, dcf->lifetime.terminating);
    digest = dots_digest_bytes(digest, &dcf->session, sizeof(dcf->session));
    digest = dots_digest_number(digest, dcf->source_handshakes);
    digest = dots_digest_number(digest, dcf->source_requests);
    digest = dots_digest_number(digest, dcf->lookup);
    digest = dots_digest_number(digest, dcf->data_lifetime);

    if (dcf->log) {
        digest = dots_digest_bytes(digest, dcf->log->name.data,
                                   dcf->log->name.len);
    }

    dcf->policy = ngx_dots_policy_mitigators(digest, dcf);

    all = 0;

    for (i = 0;
         (customer = dots_customers_at(dcf->customers, i)) != NULL;
         i++)
    {
        all += dots_customer_digest(customer);
    }

    dcf->policy_all = dots_digest_number(dcf->policy, all);
}


static uint64_t
ngx_dots_policy_mitigators(uint64_t digest, ngx_dots_conf_t *dcf)
{
    size_t                 k;
    ngx_uint_t             i;
    dots_gobgp_conf_t     *gobgp;
    ngx_dots_mitigator_t  *mt;

    mt = dcf->mitigators.elts;

    for (i = 0; i < dcf->mitigators.nelts; i++) {

        gobgp = mt[i].gobgp;

        digest = dots_digest_bytes(digest, mt[i].name.data, mt[i].name.len);
        digest = dots_digest_text(digest, mt[i].driver->name);
        digest = dots_digest_text(digest, gobgp->target);
        digest = ngx_dots_policy_prefix(digest, &gobgp->next_hop4);
        digest = ngx_dots_policy_prefix(digest, &gobgp->next_hop6);
        digest = dots_digest_number(digest, gobgp->tag);
        digest = dots_digest_number(digest, gobgp->timeout);
        digest = dots_digest_number(digest, gobgp->ncommunities);

        for (k = 0; k < gobgp->ncommunities; k++) {
            digest = dots_digest_number(digest, gobgp->communities[k]);
        }

        for (k = 0; mt[i].exec->argv && mt[i].exec->argv[k]; k++) {
            digest = dots_digest_text(digest, mt[i].exec->argv[k]);
        }
    }

    return digest;
}


static uint64_t
ngx_dots_policy_prefix(uint64_t digest, const dots_prefix_t *prefix)
{
    char  text[DOTS_PREFIX_TEXT];

    if (prefix->family == 0) {
        return dots_digest_number(digest, 0);
    }

    (void) dots_prefix_print(prefix, text);

    return dots_digest_text(digest, text);
}


/* ---- the master ---- */

void
ngx_dots_policy_begin(ngx_dots_conf_t *dcf)
{
    ngx_dots_policy_t  *policy;

    policy = ngx_dots_shared->policy;

    ngx_dots_policy_mine = policy->generation + 1;
    policy->left[ngx_dots_policy_mine & 1] = 0;
    ngx_dots_policy_used = 0;

    ngx_memzero(policy->sets[ngx_dots_policy_mine & 1],
                policy->size * sizeof(uint64_t));

    ngx_dots_policy_general(dcf);
}


void
ngx_dots_policy_publish(ngx_cycle_t *cycle, ngx_dots_conf_t *dcf)
{
    size_t                  i;
    ngx_dots_policy_t      *policy;
    ngx_listening_t        *ls;
    const dots_customer_t  *customer;

    policy = ngx_dots_shared->policy;
    ls = cycle->listening.elts;

    for (i = 0; i < cycle->listening.nelts; i++) {
        ngx_dots_policy_add(ngx_dots_policy_socket(&ls[i]));
    }

    for (i = 0;
         (customer = dots_customers_at(dcf->customers, i)) != NULL;
         i++)
    {
        ngx_dots_policy_add(ngx_dots_policy_customer(dcf, customer));
    }

    ngx_dots_policy_psks(dcf);

    dots_customers_identities(dcf->customers, ngx_dots_policy_add);

    if (policy->left[ngx_dots_policy_mine & 1]) {
        ngx_log_error(NGX_LOG_WARN, cycle->log, 0,
                      "dots: the zone is too small to compare %ui settings at "
                      "a reload, so no session will survive one: enlarge "
                      "\"zone\"", policy->left[ngx_dots_policy_mine & 1]);
    }

    ngx_memory_barrier();

    policy->generation = ngx_dots_policy_mine;
}


static void
ngx_dots_policy_psks(ngx_dots_conf_t *dcf)
{
    ngx_str_t   *name;
    ngx_uint_t   i;

    for (i = 0; (name = ngx_dots_psk_at(dcf, i)) != NULL; i++) {
        ngx_dots_policy_add(ngx_dots_policy_psk(dcf,
                                            dots_str(name->data, name->len)));
    }
}


void
ngx_dots_policy_add(uint64_t digest)
{
    size_t              i, k;
    uint64_t           *set;
    ngx_dots_policy_t  *policy;

    policy = ngx_dots_shared->policy;
    set = policy->sets[ngx_dots_policy_mine & 1];

    digest = digest ? digest : 1;

    for (i = 0; i < policy->size / 2; i++) {

        k = (digest + i) % policy->size;

        if (set[k] == digest) {
            return;
        }

        if (set[k] == 0) {
            set[k] = digest;
            ngx_dots_policy_used++;
            return;
        }
    }

    policy->left[ngx_dots_policy_mine & 1]++;
}


/* Half of the set is for customers. */

size_t
ngx_dots_policy_room(void)
{
    size_t  room;

    room = ngx_dots_shared->policy->size / 2;

    return room > ngx_dots_policy_used ? room - ngx_dots_policy_used : 0;
}


/* ---- the workers ---- */

static ngx_uint_t
ngx_dots_policy_has(const uint64_t *set, size_t size, uint64_t digest)
{
    size_t  i, k;

    digest = digest ? digest : 1;

    for (i = 0; i < size / 2; i++) {

        k = (digest + i) % size;

        if (set[k] == digest) {
            return 1;
        }

        if (set[k] == 0) {
            return 0;
        }
    }

    return 0;
}


ngx_uint_t
ngx_dots_policy_holds(const uint64_t *digests, size_t n)
{
    return ngx_dots_policy_all(digests, n, 1);
}


ngx_uint_t
ngx_dots_policy_lacks(const uint64_t *digests, size_t n)
{
    return ngx_dots_policy_all(digests, n, 0);
}


static ngx_uint_t
ngx_dots_policy_all(const uint64_t *digests, size_t n, ngx_uint_t there)
{
    size_t              i;
    ngx_dots_policy_t  *policy;
    ngx_atomic_uint_t   generation;

    policy = ngx_dots_shared->policy;
    generation = policy->generation;

    for (i = 0; i < n; i++) {

        if (ngx_dots_policy_has(policy->sets[generation & 1], policy->size,
                                digests[i])
            != there)
        {
            return 0;
        }
    }

    ngx_memory_barrier();

    /* a set is written anew only when there is another generation */

    return policy->generation == generation;
}


ngx_uint_t
ngx_dots_policy_succeeded(void)
{
    ngx_dots_policy_t  *policy;

    policy = ngx_dots_shared->policy;

    return policy->generation > ngx_dots_policy_mine
           && policy->ended < policy->generation
           && policy->left[policy->generation & 1] == 0
           && policy->oldest <= ngx_dots_policy_mine
           && ngx_dots_fence_acting();
}


/* Each of them only grows, and a zone that does not act keeps no session. */

ngx_atomic_uint_t
ngx_dots_policy_stamp(void)
{
    ngx_dots_policy_t  *policy;

    policy = ngx_dots_shared->policy;

    return policy->generation + policy->ended + policy->oldest
           + !ngx_dots_fence_acting() + 1;
}


/*
 * Told to leave while no newer generation is there: nginx quits, or a new
 * binary has taken the sockets over.
 */

void
ngx_dots_policy_end(void)
{
    ngx_dots_policy_t  *policy;

    policy = ngx_dots_shared->policy;

    if (policy->generation == ngx_dots_policy_mine) {
        policy->ended = ngx_dots_policy_mine;
    }
}


void
ngx_dots_policy_crowded(void)
{
    if (ngx_dots_policy_mine > 1) {
        ngx_dots_shared->policy->oldest = ngx_dots_policy_mine - 1;
    }
}
