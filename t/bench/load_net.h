/*
 * DTLS sessions over connected UDP sockets, many in one thread, each socket in
 * one epoll set.  On purpose a datagram may be lost or come twice, either way.
 * Knows nothing of CoAP.
 */

#ifndef LOAD_NET_H
#define LOAD_NET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <openssl/ssl.h>

#define LOAD_NET_DATAGRAM  2048

typedef struct {
    const char  *server;    /* ADDR:PORT, IPv4 */
    const char  *ca;
    const char  *cert;
    const char  *key;
    const char  *psk_id;    /* instead of certificates */
    const char  *psk;       /* hex */
    double       loss;      /* shares of the datagrams, 0 to 1, each way */
    double       twice;
    int          resume;    /* offer the last session's ticket */
} load_net_conf_t;

typedef struct {
    int          fd;
    SSL         *ssl;
    int          up;
    int64_t      begun;     /* the handshake, us */
    void        *data;      /* the caller's */
} load_session_t;

typedef struct {
    long         asked;     /* handshakes in which a certificate was wanted */
    long         resumed;   /* handshakes that were resumptions */
    long         dropped;   /* datagrams lost on purpose */
    long         doubled;
} load_net_count_t;

extern load_net_count_t  load_net_count;

/* Exits with a message on failure, as all of this does. */
void load_net_init(const load_net_conf_t *conf);

/* The handler gets each session with something to read; waits "us" at most. */
void load_net_wait(int64_t us, void (*handler)(load_session_t *s));

void load_net_open(load_session_t *s);
void load_net_close(load_session_t *s);

/* 1: done, 0: under way, -1: failed. */
int load_net_handshake(load_session_t *s);

/* To be called now and then while a handshake is under way. */
void load_net_overdue(load_session_t *s);

void load_net_send(load_session_t *s, const uint8_t *data, size_t len);

/* One message; 0: no more of them now, -1: the session is over. */
int load_net_receive(load_session_t *s, uint8_t *buf, size_t size);

int64_t load_net_now(void);             /* us, monotonic */
uint32_t load_net_random(void);         /* the same row in each run */
void load_net_die(const char *what);

#endif /* LOAD_NET_H */
