/*
 * How much a customer, and a source address (IPv4 /32, IPv6 /64), may ask for.
 * Leaky buckets in the zone: two tables of fixed size in sets of eight; where a
 * set is full, who was quiet longest makes room and begins anew.  A look-up is
 * O(1) and allocates nothing.
 *
 *   hello with a valid cookie   source: handshakes   beyond: silence, no crypto
 *   handshake is over           customer: handshakes, sessions
 *                                                    beyond: close_notify
 *   request                     customer: rate; source: requests
 *                                                    beyond: 4.29 (RFC 8516)
 *   heartbeat, DELETE           customer: ten times the rate, of their own, so
 *                               that nothing else that a customer does keeps it
 *                               from staying connected and withdrawing
 *   request, data channel       customer: data_rate
 *                                                    beyond: 429 (RFC 6585)
 *
 * Each 1024 bytes of a request's body count for the customer once more, and the
 * next one waits.  So do the later blocks of a transfer, a tenth of a request
 * each, and each 1000 mitigations that were looked at for an answer.
 *
 * What a gateway relays counts for whom its cdid names (RFC 9132 section
 * 4.4.1.2), and not for the address of the gateway, so that none of them takes
 * what is the others'.
 *
 * A limit is a rate with a burst of ten seconds' worth, at least one.  Knows no
 * protocol but the method and the name of the resource.  Called by
 * ngx_dots_peer.c, the transports and ngx_http_dots_data.c.
 */

#ifndef _NGX_DOTS_LIMIT_H_INCLUDED_
#define _NGX_DOTS_LIMIT_H_INCLUDED_

#include "ngx_dots.h"
#include "../signal/dots_coap.h"

#define NGX_DOTS_LIMIT_CLIENTS            1000      /* and no more: one answer
                                                       has all of them */
#define NGX_DOTS_LIMIT_VENDORS            100       /* each may be long */
#define NGX_DOTS_LIMIT_RATE               100000    /* 1/1000 per s */
#define NGX_DOTS_LIMIT_DATA_RATE          1000000
#define NGX_DOTS_LIMIT_HANDSHAKES         50000
#define NGX_DOTS_LIMIT_SESSIONS           1024
#define NGX_DOTS_LIMIT_OBSERVERS          4096
#define NGX_DOTS_LIMIT_STREAMS            32
#define NGX_DOTS_LIMIT_SOURCE_HANDSHAKES  100000
#define NGX_DOTS_LIMIT_SOURCE_REQUESTS    1000000

/* The tables of a fresh zone. */
ngx_int_t ngx_dots_limit_init_zone(ngx_slab_pool_t *pool,
    ngx_dots_shared_t *shared, size_t size);

/* A hello that came from where it says; NGX_BUSY: drop it. */
ngx_int_t ngx_dots_limit_hello(ngx_dots_conf_t *dcf, ngx_connection_t *c);

/*
 * A session of the customer begins; NGX_BUSY: one too many.  After NGX_OK
 * ngx_dots_limit_close() is called once.
 */
ngx_int_t ngx_dots_limit_open(const dots_customer_t *customer, ngx_log_t *log);
void ngx_dots_limit_close(const dots_customer_t *customer);

/*
 * One more observer in one of its sessions, or of a gateway's; NGX_BUSY: one
 * too many.  After NGX_OK ngx_dots_limit_unobserve() is called once.
 */
ngx_int_t ngx_dots_limit_observe(const dots_customer_t *customer);
void ngx_dots_limit_unobserve(const dots_customer_t *customer);

/* Likewise one more event stream of the data channel, in no session. */
ngx_int_t ngx_dots_limit_stream(const dots_customer_t *customer);
void ngx_dots_limit_unstream(const dots_customer_t *customer);

/*
 * 0, or the seconds until the next such request may come.  "customer": NULL for
 * what is nobody's.
 */
int ngx_dots_limit_request(ngx_dots_conf_t *dcf, ngx_connection_t *c,
    const dots_customer_t *customer, ngx_uint_t relayed,
    const dots_coap_message_t *request);

/*
 * What such a request has cost beyond what it was admitted for, in thousandths
 * of one, and its payload: the next one waits.
 */
void ngx_dots_limit_charge(ngx_dots_conf_t *dcf, ngx_connection_t *c,
    const dots_customer_t *customer, ngx_uint_t relayed,
    const dots_coap_message_t *request, size_t cost);

/*
 * The same for a request of the data channel (RFC 8783 section 10) with a body
 * of "len" bytes.
 */
ngx_uint_t ngx_dots_limit_data(const dots_customer_t *customer, size_t len,
    ngx_log_t *log);

/* One that was let in costs as much as "more" others: the next ones wait. */
void ngx_dots_limit_data_more(const dots_customer_t *customer,
    ngx_uint_t more);

#endif /* _NGX_DOTS_LIMIT_H_INCLUDED_ */
