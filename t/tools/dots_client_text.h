/*
 * Numbers, hex and addresses on the command line and in the commands of
 * dots_client.c and dots_client_tcp.c.  Knows nothing of DTLS.
 */

#ifndef DOTS_CLIENT_TEXT_H
#define DOTS_CLIENT_TEXT_H

#include <arpa/inet.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>


static void dots_client_die(const char *fmt, ...)
    __attribute__((noreturn, format(printf, 1, 2)));


static void
dots_client_die(const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    fprintf(stderr, "dots_client: ");
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);

    exit(2);
}


static int64_t
dots_client_now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}


static long
dots_client_number(const char *arg, long dflt, long max)
{
    long   n;
    char  *end;

    if (*arg == '\0') {
        return dflt;
    }

    n = strtol(arg, &end, 10);

    if (*end != '\0' || n < 0) {
        return dflt;
    }

    return n > max ? max : n;
}


/* ---- hex ---- */

static int
dots_client_digit(int c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}


/* Bytes, or -1: not hex, or too long. */

static int
dots_client_unhex(const char *text, unsigned char *buf, size_t size)
{
    int     hi, lo;
    size_t  i, n;

    n = strlen(text) / 2;

    if (strlen(text) % 2 || n > size) {
        return -1;
    }

    for (i = 0; i < n; i++) {
        hi = dots_client_digit(text[2 * i]);
        lo = dots_client_digit(text[2 * i + 1]);

        if (hi < 0 || lo < 0) {
            return -1;
        }

        buf[i] = (unsigned char) (hi << 4 | lo);
    }

    return (int) n;
}


static void
dots_client_print_hex(const char *what, const unsigned char *buf, size_t len)
{
    size_t  i;

    printf("%s ", what);

    for (i = 0; i < len; i++) {
        printf("%02x", buf[i]);
    }

    printf("\n");
}


/* ---- addresses ---- */

static void
dots_client_split(const char *text, char *host, size_t size, const char **port)
{
    size_t       len;
    const char  *colon;

    colon = strrchr(text, ':');

    if (colon && strchr(text, ':') != colon && text[0] != '[') {
        colon = NULL;   /* a bare IPv6 address */
    }

    *port = colon ? colon + 1 : "0";
    len = colon ? (size_t) (colon - text) : strlen(text);

    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }

    if (len >= size) {
        dots_client_die("\"%s\" is too long", text);
    }

    memcpy(host, text, len);
    host[len] = '\0';
}


static struct addrinfo *
dots_client_resolve(const char *text)
{
    int               rc;
    char              host[256];
    const char       *port;
    struct addrinfo   hints, *res;

    dots_client_split(text, host, sizeof(host), &port);

    memset(&hints, 0, sizeof(hints));
    hints.ai_socktype = SOCK_DGRAM;

    rc = getaddrinfo(host, port, &hints, &res);
    if (rc != 0) {
        dots_client_die("\"%s\": %s", text, gai_strerror(rc));
    }

    return res;
}

/* The socket's own address: "local ADDR:PORT". */

static inline void
dots_client_print_local(int fd)
{
    char                     host[INET6_ADDRSTRLEN], port[6];
    socklen_t                len;
    struct sockaddr_storage  sa;

    len = sizeof(sa);

    if (getsockname(fd, (struct sockaddr *) &sa, &len) == -1
        || getnameinfo((struct sockaddr *) &sa, len, host, sizeof(host), port,
                       sizeof(port), NI_NUMERICHOST|NI_NUMERICSERV)
           != 0)
    {
        printf("failed no address\n");
        return;
    }

    printf(strchr(host, ':') ? "local [%s]:%s\n" : "local %s:%s\n", host, port);
}

#endif /* DOTS_CLIENT_TEXT_H */
