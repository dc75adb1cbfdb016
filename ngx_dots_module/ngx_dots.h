/*
 * What the files of the module share: configuration, the zone, the slots, the
 * store of this process, and the host side of dots_request_t.  Only this
 * folder knows nginx; protocol rules live in signal/, restconf/ and model/.
 */

#ifndef _NGX_DOTS_H_INCLUDED_
#define _NGX_DOTS_H_INCLUDED_

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_dots_compat.h"

#include "../model/dots_base.h"
#include "../model/dots_clock.h"
#include "../model/dots_count.h"
#include "../model/dots_customer.h"
#include "../model/dots_directory.h"
#include "../model/dots_mitigation.h"
#include "../model/dots_registry.h"
#include "../model/dots_request.h"
#include "../model/dots_presence.h"
#include "../model/dots_presumed.h"
#include "../model/dots_schema.h"
#include "../model/dots_session.h"
#include "../store/dots_store.h"
#include "../mitigators/dots_exec.h"
#include "../mitigators/dots_gobgp.h"


/*
 * Processes of all cycles that live at once: 62 workers and the manager, twice
 * at a reload.  Each costs every process a descriptor.
 */
#define NGX_DOTS_SLOTS  128


/* ---- configuration: ngx_dots_module.c, ngx_dots_conf.c ---- */

typedef struct {
    ngx_str_t                       name;
    const dots_mitigator_driver_t  *driver;
    void                           *conf;       /* the driver's: one of */
    dots_gobgp_conf_t              *gobgp;
    dots_exec_conf_t               *exec;
    ngx_str_t                       routes;     /* a directive of gobgp's */
    u_char                         *file;
    ngx_uint_t                      line;
} ngx_dots_mitigator_t;

/* Where a directive stands, for errors that are found later. */

typedef struct {
    ngx_str_t                       file;
    ngx_uint_t                      line;
} ngx_dots_place_t;

typedef struct {
    ngx_uint_t                      enable;     /* there is a dots {} block */
    ngx_shm_zone_t                 *zone;
    ngx_path_t                     *state;
    off_t                           state_size;
    ngx_str_t                       schemas;
    dots_schema_t                  *schema;
    ngx_str_t                       vendor_file; /* vendor_mapping */
    ngx_str_t                       vendor_text;
    ngx_dots_place_t                vendor_place;
    dots_str_t                      vendors;     /* as it says */
    dots_lifetime_t                 lifetime;
    dots_session_conf_t             session;
    ngx_open_file_t                *log;
    ngx_array_t                     mitigators; /* of ngx_dots_mitigator_t */
    dots_customers_t               *customers;
    uint32_t                        source_handshakes; /* 1/1000 per s */
    uint32_t                        source_requests;
    const dots_redirect_t          *redirect;
    ngx_str_t                       psk_file;
    ngx_array_t                     psks;       /* ngx_dots_psk.c */
    void                           *psk_ctx;
    ngx_thread_pool_t              *thread_pool;
    ngx_uint_t                      udp;        /* a server has dots_signal */
    ngx_resolver_t                 *resolver;   /* of the first such; or NULL */
    ngx_msec_t                      resolver_timeout;
    ngx_msec_t                      lookup;     /* ms between, at least */
    int64_t                         data_lifetime; /* ms: aliases, ACLs */
    ngx_uint_t                      data;       /* a location has dots_data */
    uint64_t                        policy;     /* ngx_dots_policy.c: digests */
    uint64_t                        policy_all;
    void                           *reading;    /* while the block is read */
} ngx_dots_conf_t;

extern ngx_module_t  ngx_dots_module;
extern ngx_module_t  ngx_stream_dots_module;

#define ngx_dots_get_conf(cycle)                                              \
    ((ngx_dots_conf_t *) ngx_get_conf((cycle)->conf_ctx, ngx_dots_module))


/* ---- the zone: ngx_dots_zone.c ---- */

typedef struct {
    ngx_atomic_t            pid;        /* 0: free */
    ngx_atomic_t            born;       /* 0: not known */
    int                     event;      /* eventfd */
    int                     link[2];    /* ngx_dots_link.c: to read, to write */
    ngx_atomic_t            turn;       /* of who reads; likewise */
    ngx_atomic_t            observes;   /* what it wants to hear of: a mask */
    ngx_uint_t              changes;    /* of the data channel, under way */
} ngx_dots_slot_t;

typedef struct ngx_dots_policy_s  ngx_dots_policy_t;

#define NGX_DOTS_COOKIE_SECRET  32

typedef struct {
    u_char                  name[16];
    u_char                  cipher[32]; /* AES-256 */
    u_char                  mac[32];    /* HMAC-SHA256 */
} ngx_dots_ticket_key_t;

#define NGX_DOTS_FENCE_TOKEN    16

/* of a zone: ngx_dots_fence.c */

#define NGX_DOTS_FENCE_FRESH    0       /* it has not claimed the store yet */
#define NGX_DOTS_FENCE_ACTING   1
#define NGX_DOTS_FENCE_FENCED   2       /* another one has */
#define NGX_DOTS_FENCE_RETIRED  3       /* a reload has put one in its place */

typedef struct {
    ngx_dots_slot_t         slots[NGX_DOTS_SLOTS];
    ngx_atomic_t            fence;
    ngx_atomic_t            claimed;    /* the epoch that the store has */
    u_char                  token[NGX_DOTS_FENCE_TOKEN];
    ngx_atomic_t            manager;    /* slot of the manager + 1; 0: none */
    ngx_atomic_t            filters;    /* counts changes that the manager has
                                           to look at: ngx_dots_filter.c */
    u_char                  secret[2][NGX_DOTS_COOKIE_SECRET];
    ngx_atomic_t            secret_time;     /* s: when [0] was made, by the
                                                monotonic clock */
    ngx_dots_ticket_key_t   ticket[2];
    ngx_atomic_t            ticket_time;     /* likewise; 0: none yet */
    void                   *limits;     /* ngx_dots_limit.c */
    dots_presence_t        *presence;   /* ngx_dots_client.c */
    dots_presumed_t        *presumed;   /* likewise */
    dots_clock_t            clock;      /* ngx_dots_clock.c, under the lock */
    dots_directory_t       *directory;  /* ngx_dots_directory.c */
    ngx_dots_policy_t      *policy;     /* ngx_dots_policy.c */
    dots_history_t         *history;    /* ngx_dots_events.c */
    dots_counts_t          *counts;     /* ngx_dots_count.c */
} ngx_dots_shared_t;

/* Made before fork, inherited by all; NULL without a dots {} block. */
extern ngx_dots_shared_t   *ngx_dots_shared;

/*
 * The DTLS cookie secrets (RFC 6347 section 4.2.1), newest first; copies.
 * Rotates them by age.  Returns when the newest was made; who keeps them asks
 * then, without a lock, whether they are old.
 */
time_t ngx_dots_zone_secrets(u_char secrets[2][NGX_DOTS_COOKIE_SECRET]);
ngx_uint_t ngx_dots_zone_secrets_old(time_t made);

/* Likewise the keys of session tickets (RFC 5077 section 4).  NGX_ERROR: there
 * are none yet and no entropy. */
ngx_int_t ngx_dots_zone_tickets(ngx_dots_ticket_key_t keys[2]);


/* ---- requests to the model: ngx_dots_submit.c ---- */

/*
 * Takes rq, resolves its names with "resolver" (may be NULL: names are then
 * refused), decides, stores, and calls rq->done(), at once or later, in this
 * process.  "log" need not outlive the call.
 */
void ngx_dots_submit(dots_request_t *rq, ngx_resolver_t *resolver,
    ngx_msec_t resolver_timeout, ngx_log_t *log);


/* ---- who is it: ngx_dots_identity.c ---- */

/*
 * The customer of a verified certificate (RFC 9132 section 8; order: SAN
 * dNSName, SAN URI, CN, SHA-256 fingerprint); NULL: nobody's.
 */
const dots_customer_t *ngx_dots_identity(ngx_dots_conf_t *dcf, X509 *cert);

/*
 * Nonzero if "cert" may pass although no CA of ours signed it: its fingerprint
 * is a customer's identity.  For verification callbacks.
 */
ngx_uint_t ngx_dots_identity_pinned(ngx_dots_conf_t *dcf, X509 *cert);

/* The callback of X509_verify_cert() that lets pinned certificates pass. */
int ngx_dots_identity_verify(int ok, X509_STORE_CTX *store);

/*
 * What this context says of a client's certificate now, whoever has verified it
 * before: X509_V_OK, or why not.  "chain": what came with it, or NULL.
 */
long ngx_dots_identity_again(SSL_CTX *ctx, X509 *cert, STACK_OF(X509) *chain);

/*
 * Digests of what else a certificate says, and would have said first: if one of
 * these becomes a customer's identity the certificate is that customer's.  More
 * than there is room for are counted only.
 */

#define NGX_DOTS_STRANGERS  4

typedef struct {
    ngx_uint_t    n;
    uint64_t      digests[NGX_DOTS_STRANGERS];
} ngx_dots_strangers_t;

/*
 * The customer of a session's certificate, or of its PSK identity if it has
 * none; NULL: nobody's.
 */
const dots_customer_t *ngx_dots_identity_session(ngx_dots_conf_t *dcf,
    SSL *ssl, ngx_dots_strangers_t *no);

/*
 * The customer that has a dots-client with this cuid; NULL: nobody has.  NGX_OK
 * or NGX_ERROR: not known now.
 */
ngx_int_t ngx_dots_identity_cuid(ngx_dots_conf_t *dcf, dots_str_t cuid,
    dots_arena_t *a, const dots_customer_t **customer);


/* ---- ngx_dots_crl.c ---- */

/* When the context has its CRLs: their signatures are verified once each. */
ngx_int_t ngx_dots_crl_init(SSL_CTX *ctx);


/* ---- the audit log: ngx_dots_log.c ---- */

typedef struct {
    ngx_str_t     channel;      /* "signal", "data", "manager" */
    ngx_str_t     peer;         /* address text; may be empty */
    ngx_str_t     method;
    dots_str_t    customer;
    dots_str_t    cuid;
    unsigned      has_mid:1;
    uint32_t      mid;
    ngx_str_t     code;         /* "2.01", "409", or empty */
    ngx_uint_t    status;       /* mitigation status, 0: none */
    ngx_uint_t    attack;       /* attack-status, 0: none */
    const dots_target_t *scope; /* what is, or was to be, protected; NULL */
    ngx_str_t     reason;
} ngx_dots_log_t;

void ngx_dots_log(ngx_dots_log_t *entry);


/* The clock of all deadlines, ms: ngx_dots_clock.c. */
int64_t ngx_dots_now(void);

#endif /* _NGX_DOTS_H_INCLUDED_ */
