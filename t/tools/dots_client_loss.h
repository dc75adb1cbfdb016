/*
 * A network that loses and repeats datagrams, included by dots_client.c.  Each
 * direction draws from a sequence of its own, so that what becomes of the n-th
 * datagram that leaves does not depend on how many have arrived by then.
 */

#ifndef DOTS_CLIENT_LOSS_H
#define DOTS_CLIENT_LOSS_H

#define DOTS_CLIENT_IN        0
#define DOTS_CLIENT_OUT       1
#define DOTS_CLIENT_MESSAGE   2     /* before DTLS */
#define DOTS_CLIENT_WAYS      3

/* us until a lost flight of the handshake is sent again, at first */
#define DOTS_CLIENT_IMPATIENT 100000

typedef struct {
    unsigned                 percent;
    uint64_t                 state;
} dots_client_chance_t;


/* splitmix64: seeds that are neighbours have nothing in common. */

static int
dots_client_chance(dots_client_chance_t *chance)
{
    uint64_t  z;

    if (chance->percent == 0) {
        return 0;
    }

    chance->state += 0x9e3779b97f4a7c15;
    z = chance->state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z ^= z >> 31;

    return z % 100 < chance->percent;
}


/* "PERCENT SEED" for all ways; 0: not one more. */

static int
dots_client_chances(dots_client_chance_t *chances, const char *arg)
{
    unsigned       i, percent;
    unsigned long  seed;

    if (sscanf(arg, "%u %lu", &percent, &seed) != 2 || percent > 99) {
        return -1;
    }

    for (i = 0; i < DOTS_CLIENT_WAYS; i++) {
        chances[i].percent = percent;
        chances[i].state = seed * DOTS_CLIENT_WAYS + i;
    }

    return 0;
}


/* For DTLS_set_timer_cb(): as RFC 6347 section 4.2.4.1, but from less. */

static unsigned int
dots_client_impatient(SSL *ssl, unsigned int timer)
{
    (void) ssl;

    return timer ? 2 * timer : DOTS_CLIENT_IMPATIENT;
}

#endif /* DOTS_CLIENT_LOSS_H */
