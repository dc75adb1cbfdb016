/*
 * The commands "noise", "mutants" and "settle" of dots_client.c, which alone
 * includes this, behind what it uses: thousands of datagrams that no client
 * would send, the same ones for the same seed.
 */

#ifndef DOTS_CLIENT_HOSTILE_H
#define DOTS_CLIENT_HOSTILE_H


#define DOTS_HOSTILE_RECORD   13    /* RFC 6347 section 4.1 */
#define DOTS_HOSTILE_COOKIE   60    /* offset in a hello without session id */
#define DOTS_HOSTILE_ROOM     1200  /* bytes that a datagram may grow to */
#define DOTS_HOSTILE_NOISE    16    /* datagrams between two barriers */
#define DOTS_HOSTILE_PORT     256   /* datagrams from one port */
#define DOTS_HOSTILE_MUTANTS  8     /* requests between two barriers */
#define DOTS_HOSTILE_SLOTS    16384 /* requests whose answers are awaited */
#define DOTS_HOSTILE_PATIENCE 30000 /* ms for a barrier */
#define DOTS_HOSTILE_AGAIN    1000  /* ms until one to settle is sent again */

#define DOTS_HOSTILE_HEADER   8     /* of CoAP, with our token of 4 bytes */
#define DOTS_HOSTILE_PING_ID  0xf000
#define DOTS_HOSTILE_SETTLE   0xe000 /* message ids of requests, from here */

typedef struct {
    size_t         len;
    unsigned char  data[DOTS_HOSTILE_ROOM];
} dots_hostile_datagram_t;

typedef struct {
    long           answers;
    long           lost;            /* barriers without an answer */
    long           unmatched;       /* 2.xx for nothing that was sent */
    long           classes[8];
    uint64_t       bytes_out;
    uint64_t       bytes_in;
} dots_hostile_count_t;


static uint64_t                 dots_hostile_state;
static long                     dots_hostile_next;  /* request of a session */
static dots_hostile_count_t     dots_hostile_count;
static dots_hostile_datagram_t  dots_hostile_slots[DOTS_HOSTILE_SLOTS];


/* ---- chance: xorshift64* ---- */

static void
dots_hostile_seed(uint64_t seed)
{
    dots_hostile_state = seed * 0x9e3779b97f4a7c15 + 1;
}


static size_t
dots_hostile_random(size_t n)
{
    dots_hostile_state ^= dots_hostile_state >> 12;
    dots_hostile_state ^= dots_hostile_state << 25;
    dots_hostile_state ^= dots_hostile_state >> 27;

    return (size_t) ((dots_hostile_state * 0x2545f4914f6cdd1d) >> 33) % n;
}


static void
dots_hostile_fill(unsigned char *p, size_t n)
{
    while (n--) {
        *p++ = (unsigned char) dots_hostile_random(256);
    }
}


/* ---- mutations of what is behind "from" ---- */

static void
dots_hostile_flip(dots_hostile_datagram_t *d, size_t from)
{
    size_t  n;

    for (n = 1 + dots_hostile_random(1 + dots_hostile_random(8));
         n && d->len > from; n--)
    {
        d->data[from + dots_hostile_random(d->len - from)]
            ^= (unsigned char) (1 << dots_hostile_random(8));
    }
}


static void
dots_hostile_cut(dots_hostile_datagram_t *d, size_t from)
{
    d->len = from + dots_hostile_random(d->len - from + 1);
}


/* Room for n bytes at "at"; fewer where the datagram is full. */

static size_t
dots_hostile_insert(dots_hostile_datagram_t *d, size_t at, size_t n)
{
    if (n > DOTS_HOSTILE_ROOM - d->len) {
        n = DOTS_HOSTILE_ROOM - d->len;
    }

    memmove(d->data + at + n, d->data + at, d->len - at);
    d->len += n;

    return n;
}


static void
dots_hostile_extend(dots_hostile_datagram_t *d, size_t from)
{
    size_t  n;

    (void) from;

    n = dots_hostile_insert(d, d->len, 1 + dots_hostile_random(400));
    dots_hostile_fill(d->data + d->len - n, n);
}


/* A piece again somewhere else: options, keys, entries that repeat. */

static void
dots_hostile_repeat(dots_hostile_datagram_t *d, size_t from)
{
    size_t         at, n;
    unsigned char  piece[64];

    if (d->len == from) {
        return;
    }

    at = from + dots_hostile_random(d->len - from);
    n = 1 + dots_hostile_random(sizeof(piece) - 1);
    n = n > d->len - at ? d->len - at : n;
    memcpy(piece, d->data + at, n);

    at = from + dots_hostile_random(d->len - from + 1);
    n = dots_hostile_insert(d, at, n);
    memcpy(d->data + at, piece, n);
}


static void
dots_hostile_remove(dots_hostile_datagram_t *d, size_t from)
{
    size_t  at, n;

    if (d->len == from) {
        return;
    }

    at = from + dots_hostile_random(d->len - from);
    n = 1 + dots_hostile_random(8);
    n = n > d->len - at ? d->len - at : n;

    memmove(d->data + at, d->data + at + n, d->len - at - n);
    d->len -= n;
}


/* Heads that promise much: lengths of 1 to 8 bytes, tags, breaks, floats. */

static void
dots_hostile_head(dots_hostile_datagram_t *d, size_t from)
{
    size_t                      at, n;
    unsigned char               head[9];
    static const unsigned char  kinds[] = { 24, 25, 26, 27, 28, 31 };

    if (d->len == from) {
        return;
    }

    dots_hostile_fill(head, sizeof(head));

    head[0] = (unsigned char) (dots_hostile_random(8) << 5
                               | kinds[dots_hostile_random(sizeof(kinds))]);
    at = from + dots_hostile_random(d->len - from);
    n = dots_hostile_random(2) ? sizeof(head) : 1;

    d->data[at] = head[0];
    n = dots_hostile_insert(d, at + 1, n - 1);
    memcpy(d->data + at + 1, head + 1, n);
}


static void (*const  dots_hostile_mutations[])(dots_hostile_datagram_t *d,
    size_t from) =
{
    dots_hostile_flip,
    dots_hostile_cut,
    dots_hostile_extend,
    dots_hostile_repeat,
    dots_hostile_remove,
    dots_hostile_head
};

#define DOTS_HOSTILE_MUTATIONS                                                \
    (sizeof(dots_hostile_mutations) / sizeof(dots_hostile_mutations[0]))


static void
dots_hostile_mutate(dots_hostile_datagram_t *d, size_t from)
{
    dots_hostile_mutations[dots_hostile_random(DOTS_HOSTILE_MUTATIONS)](d,
                                                                      from);
}


/* ---- datagrams that belong to no session ---- */

/* What is behind the record header has the length that the header says. */

static void
dots_hostile_record(dots_hostile_datagram_t *d)
{
    size_t  n;

    n = DOTS_HOSTILE_RECORD + dots_hostile_random(200);

    dots_hostile_fill(d->data, n);
    d->len = n;

    n -= DOTS_HOSTILE_RECORD;

    d->data[0] = (unsigned char) (20 + dots_hostile_random(6));
    d->data[1] = 0xfe;
    d->data[2] = 0xfd;
    d->data[3] = 0;
    d->data[4] = (unsigned char) dots_hostile_random(2);
    d->data[11] = (unsigned char) (n >> 8);
    d->data[12] = (unsigned char) n;
}


static void
dots_hostile_grow(unsigned char *p, size_t bytes, size_t n)
{
    for (n += bytes == 3 ? (size_t) p[0] << 16 | p[1] << 8 | p[2]
                         : (size_t) p[0] << 8 | p[1];
         bytes--; n >>= 8)
    {
        p[bytes] = (unsigned char) n;
    }
}


/* A well-formed hello with a cookie that nobody gave. */

static void
dots_hostile_cookie(dots_hostile_datagram_t *d)
{
    size_t  n;

    n = 1 + dots_hostile_random(64);

    (void) dots_hostile_insert(d, DOTS_HOSTILE_COOKIE + 1, n);
    dots_hostile_fill(d->data + DOTS_HOSTILE_COOKIE + 1, n);

    d->data[DOTS_HOSTILE_COOKIE] = (unsigned char) n;

    dots_hostile_grow(d->data + 11, 2, n);      /* the record */
    dots_hostile_grow(d->data + 14, 3, n);      /* the message */
    dots_hostile_grow(d->data + 22, 3, n);      /* its only fragment */
}


static void
dots_hostile_noise_make(dots_hostile_datagram_t *d,
    const dots_hostile_datagram_t *hello)
{
    *d = *hello;

    switch (dots_hostile_random(6)) {

    case 0:
        d->len = dots_hostile_random(DOTS_HOSTILE_ROOM);
        dots_hostile_fill(d->data, d->len);
        return;

    case 1:
        dots_hostile_record(d);
        return;

    case 2:
        dots_hostile_cookie(d);
        return;

    case 3:
        dots_hostile_cookie(d);
        dots_hostile_mutate(d, 0);
        return;

    case 4:
        dots_hostile_mutate(d, DOTS_HOSTILE_RECORD);
        return;

    default:
        dots_hostile_mutate(d, 0);
        return;
    }
}


/* ---- barriers: nothing piles up in a socket's buffer ---- */

static void
dots_hostile_transmit(dots_client_t *dc, const dots_hostile_datagram_t *d)
{
    dots_hostile_count.bytes_out += d->len;
    dots_client_transmit(dc, d->data, d->len);
}


/*
 * A hello is answered with its own record sequence number (RFC 6347 section
 * 4.2.1): then all that was sent before it is done with.
 */

static void
dots_hostile_noise_barrier(dots_client_t *dc, dots_hostile_datagram_t *hello,
    long i)
{
    ssize_t        n;
    int64_t        end;
    struct pollfd  pfd;
    unsigned char  answer[DOTS_CLIENT_MTU];

    hello->data[5] = 0x7f;
    hello->data[9] = (unsigned char) (i >> 8);
    hello->data[10] = (unsigned char) i;
    hello->data[8] = (unsigned char) (i >> 16);

    dots_hostile_transmit(dc, hello);

    pfd.fd = dc->fd;
    pfd.events = POLLIN;
    end = dots_client_now() + DOTS_HOSTILE_PATIENCE;

    while (poll(&pfd, 1, 50) >= 0 && dots_client_now() < end) {

        while ((n = dots_client_receive(dc, answer, sizeof(answer))) >= 0) {

            dots_hostile_count.answers++;
            dots_hostile_count.bytes_in += (uint64_t) n;

            if (n >= DOTS_HOSTILE_RECORD
                && memcmp(answer + 5, hello->data + 5, 6) == 0)
            {
                return;
            }
        }
    }

    dots_hostile_count.lost++;
}


static int
dots_hostile_start(char **arg, long *n)
{
    memset(&dots_hostile_count, 0, sizeof(dots_hostile_count));

    dots_hostile_seed(strtoull(*arg, arg, 10));
    *n = strtol(*arg, arg, 10);

    if (*n < 1 || *n > DOTS_CLIENT_MAX_N) {
        printf("failed SEED N\n");
        return 0;
    }

    return 1;
}


static void
dots_client_noise(dots_client_t *dc, char *arg)
{
    long                     i, n;
    dots_hostile_datagram_t  d, hello;

    if (!dots_hostile_start(&arg, &n)) {
        return;
    }

    for (i = 0; i < n; i++) {

        if (i % DOTS_HOSTILE_NOISE == 0) {
            hello.len = dots_client_first_flight(dc);
            memcpy(hello.data, dots_client_buf, hello.len);
        }

        dots_hostile_noise_make(&d, &hello);
        dots_hostile_transmit(dc, &d);

        if (i % DOTS_HOSTILE_NOISE == DOTS_HOSTILE_NOISE - 1 || i == n - 1) {
            dots_hostile_noise_barrier(dc, &hello, i);
        }

        /* a session has to keep its port */

        if (!dc->up && i % DOTS_HOSTILE_PORT == DOTS_HOSTILE_PORT - 1) {
            dots_client_socket(dc, NULL);
        }
    }

    printf("noise sent=%ld answers=%ld lost=%ld bytes_out=%llu bytes_in=%llu\n",
           n, dots_hostile_count.answers, dots_hostile_count.lost,
           (unsigned long long) dots_hostile_count.bytes_out,
           (unsigned long long) dots_hostile_count.bytes_in);
}


/* ---- requests in a session ---- */

/*
 * The request that has the answer's token, the youngest first; it may be of a
 * command before.
 */

static const dots_hostile_datagram_t *
dots_hostile_request(const unsigned char *answer, size_t len)
{
    long                            i;
    size_t                          tkl;
    const dots_hostile_datagram_t  *d;

    tkl = answer[0] & 0x0f;

    if (len < 4 + tkl) {
        return NULL;
    }

    for (i = dots_hostile_next - 1;
         i >= 0 && i >= dots_hostile_next - DOTS_HOSTILE_SLOTS; i--)
    {
        d = &dots_hostile_slots[i % DOTS_HOSTILE_SLOTS];

        if (d->len >= 4 + tkl && (d->data[0] & 0x0f) == tkl
            && memcmp(d->data + 4, answer + 4, tkl) == 0)
        {
            return d;
        }
    }

    return NULL;
}


static void
dots_hostile_hex(const unsigned char *p, size_t len)
{
    while (len--) {
        printf("%02x", *p++);
    }
}


/* Of a change that was acknowledged, both messages are told. */

static void
dots_hostile_answer(const unsigned char *answer, size_t len)
{
    const dots_hostile_datagram_t  *d;

    dots_hostile_count.answers++;

    /* 5.05 is no failure: chance made a Proxy-Uri (RFC 7252 section 5.10.2) */

    dots_hostile_count.classes[answer[1] == 0xa5 ? 4 : answer[1] >> 5]++;

    if (answer[1] >> 5 != 2) {
        return;
    }

    d = dots_hostile_request(answer, len);

    if (d == NULL) {
        dots_hostile_count.unmatched++;
        return;
    }

    if (answer[1] == 0x45) {
        return;
    }

    printf("ack=");
    dots_hostile_hex(d->data, d->len);
    printf(":");
    dots_hostile_hex(answer, len);
    printf(" ");
}


/* The next message from the server: its length, 0: none until "end". */

static size_t
dots_hostile_read(dots_client_t *dc, unsigned char *answer, int64_t end)
{
    int  n;

    for ( ;; ) {
        ERR_clear_error();

        n = SSL_read(dc->ssl, answer, DOTS_CLIENT_MTU);

        if (n >= 4) {
            return (size_t) n;
        }

        if (n > 0 || SSL_get_error(dc->ssl, n) != SSL_ERROR_WANT_READ
            || dots_client_now() >= end)
        {
            return 0;
        }

        dots_client_poll(dc, end);
    }
}


/* Answers until the RST with "id". */

static int
dots_hostile_drain(dots_client_t *dc, int id)
{
    size_t         n;
    int64_t        end;
    unsigned char  answer[DOTS_CLIENT_MTU];

    end = dots_client_now() + DOTS_HOSTILE_PATIENCE;

    while ((n = dots_hostile_read(dc, answer, end)) > 0) {

        if (answer[0] >> 4 == 7 && (answer[2] << 8 | answer[3]) == id) {
            return 1;
        }

        dots_hostile_answer(answer, n);
    }

    return 0;
}


static void
dots_hostile_mutants_barrier(dots_client_t *dc, long i)
{
    int            id;
    unsigned char  ping[4];

    id = DOTS_HOSTILE_PING_ID | (int) (i & 0x0fff);

    ping[0] = 0x40;
    ping[1] = 0;
    ping[2] = (unsigned char) (id >> 8);
    ping[3] = (unsigned char) id;

    if (SSL_write(dc->ssl, ping, sizeof(ping)) <= 0
        || !dots_hostile_drain(dc, id))
    {
        dots_hostile_count.lost++;
    }
}


/* The message with a header and token of its own, and one to three faults. */

static void
dots_hostile_mutant(dots_hostile_datagram_t *d, const unsigned char *message,
    size_t len, long i)
{
    size_t  n;

    d->data[0] = (unsigned char) (i % 2 ? 0x44 : 0x54);     /* CON, NON */
    d->data[1] = message[1];
    d->data[2] = (unsigned char) (i >> 8 & 0x7f);
    d->data[3] = (unsigned char) i;

    /* whole tokens, by which an answer is known */

    if (dots_hostile_random(16) == 0) {
        d->len = 4;
        dots_hostile_flip(d, 0);
        d->data[0] = (unsigned char) ((d->data[0] & 0xf0) | 4);
    }

    for (n = 0; n < 4; n++) {
        d->data[4 + n] = (unsigned char) (i >> 8 * n);
    }

    memcpy(d->data + DOTS_HOSTILE_HEADER, message + 4, len - 4);
    d->len = DOTS_HOSTILE_HEADER + len - 4;

    for (n = 1 + dots_hostile_random(1 + dots_hostile_random(3)); n; n--) {
        dots_hostile_mutate(d, DOTS_HOSTILE_HEADER);
    }

    if (d->len == 0) {
        d->len = 1;
    }
}


static void
dots_client_mutants(dots_client_t *dc, char *arg)
{
    int                       len;
    long                      i, n, *classes;
    dots_hostile_datagram_t  *d;

    if (!dots_hostile_start(&arg, &n)) {
        return;
    }

    len = dots_client_unhex(arg + strspn(arg, " "), dots_client_buf,
                            DOTS_HOSTILE_ROOM / 2);

    if (len < 5 || !dots_client_is_up(dc)) {
        printf("failed SEED N HEX, in a session\n");
        return;
    }

    printf("mutants ");

    for (i = 0; i < n; i++) {
        d = &dots_hostile_slots[dots_hostile_next % DOTS_HOSTILE_SLOTS];

        dots_hostile_mutant(d, dots_client_buf, (size_t) len,
                            dots_hostile_next++);

        if (SSL_write(dc->ssl, d->data, (int) d->len) <= 0) {
            dots_hostile_count.lost++;
        }

        if (i % DOTS_HOSTILE_MUTANTS == DOTS_HOSTILE_MUTANTS - 1) {
            dots_hostile_mutants_barrier(dc, i);
        }
    }

    dots_hostile_mutants_barrier(dc, n);

    classes = dots_hostile_count.classes;

    printf("sent=%ld answers=%ld lost=%ld unmatched=%ld empty=%ld good=%ld "
           "bad=%ld failed=%ld\n", n, dots_hostile_count.answers,
           dots_hostile_count.lost, dots_hostile_count.unmatched, classes[0],
           classes[2], classes[4], classes[5]);
}


/*
 * The message twice at once, a change of one and the same: the second one is
 * answered when every change was that was under way before it, or waited for
 * another one.  1; 0: one of them was lost, as a session has a bound, and asked
 * for again; -1: no answer.
 */

static int
dots_hostile_settle_pair(dots_client_t *dc, size_t len)
{
    int                             i, rc, due;
    size_t                          n, at;
    int64_t                         end, again;
    unsigned char                   answer[DOTS_CLIENT_MTU];
    static unsigned                 id;
    static dots_hostile_datagram_t  pair[2];

    /* the last byte of the token is which one it is */

    at = 4 + (dots_client_buf[0] & 0x0f) - 1;

    for (i = 0; i < 2; i++, id++) {
        n = DOTS_HOSTILE_SETTLE + (id & 0x0fff);

        memcpy(pair[i].data, dots_client_buf, len);
        pair[i].data[2] = (unsigned char) (n >> 8);
        pair[i].data[3] = (unsigned char) n;
        pair[i].data[at] = (unsigned char) id;
    }

    end = dots_client_now() + DOTS_HOSTILE_PATIENCE;
    again = 0;
    due = 3;
    rc = 1;

    while (due) {

        if (dots_client_now() >= again) {

            for (i = 0; i < 2; i++) {
                if (due & 1 << i) {
                    (void) SSL_write(dc->ssl, pair[i].data, (int) len);
                }
            }

            rc = (again == 0);
            again = dots_client_now() + DOTS_HOSTILE_AGAIN;
        }

        n = dots_hostile_read(dc, answer, again);

        if (n == 0) {
            if (dots_client_now() >= end) {
                return -1;
            }

            continue;
        }

        if (n <= at || ((answer[0] ^ pair[0].data[0]) & 0x0f)
            || memcmp(answer + 4, pair[0].data + 4, at - 4) != 0)
        {
            dots_hostile_answer(answer, n);
            continue;
        }

        for (i = 0; i < 2; i++) {
            if (answer[at] == pair[i].data[at]) {
                due &= ~(1 << i);
            }
        }
    }

    return rc;
}


/* What waits for the disk answers later than a ping. */

static void
dots_client_settle(dots_client_t *dc, char *arg)
{
    int   len, rc;
    long  answers;

    memset(&dots_hostile_count, 0, sizeof(dots_hostile_count));

    len = dots_client_unhex(arg + strspn(arg, " "), dots_client_buf,
                            DOTS_HOSTILE_ROOM);

    if (len < 5 || !dots_client_is_up(dc)) {
        printf("failed HEX, in a session\n");
        return;
    }

    printf("settle ");

    do {
        answers = dots_hostile_count.answers;
        rc = dots_hostile_settle_pair(dc, (size_t) len);

    } while (rc == 0 || (rc == 1 && answers != dots_hostile_count.answers));

    dots_hostile_count.lost += (rc == -1);

    printf("lost=%ld unmatched=%ld failed=%ld\n", dots_hostile_count.lost,
           dots_hostile_count.unmatched, dots_hostile_count.classes[5]);
}

#endif /* DOTS_CLIENT_HOSTILE_H */
