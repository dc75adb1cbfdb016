/*
 * Block-wise transfers (RFC 7959): a request's body that comes in pieces is put
 * together before its resource sees it, and an answer's body that does not fit
 * one message leaves in pieces.
 *
 * Several at once (the clients behind one peer), within DOTS_SIGNAL_BODY bytes
 * on their way in and DOTS_SIGNAL_BLOCK_KEPT on their way out; what comes in
 * takes memory for what has come, not for what Size1 claims.  A gateway has
 * that for each of those for whom it asks, DOTS_SIGNAL_SHARES of them at once.
 */

#include <stdlib.h>

#include "dots_signal_private.h"


#define DOTS_SIGNAL_BLOCK_BODIES 8                      /* each way */
#define DOTS_SIGNAL_BLOCK_KEPT   (2 * DOTS_SIGNAL_BODY) /* bytes of answers */

/*
 * bytes of an ETag, the first of which is not 0: there are clients that take it
 * for a number of 32 bits when they ask for the next block
 */

#define DOTS_SIGNAL_BLOCK_ETAG 4

/* ms without a block after which nobody will ask for the rest: RFC 7959 2.4
 * and 2.5 leave it open; RFC 7252's EXCHANGE_LIFETIME */

#define DOTS_SIGNAL_BLOCK_LIFETIME 247000

#define DOTS_SIGNAL_BLOCK_TIMES    2    /* that one may be asked for again */


typedef struct dots_signal_body_s  dots_signal_body_t;

struct dots_signal_body_s {
    dots_signal_body_t  *next;
    const dots_customer_t *customer;
    uint64_t             key;           /* method, path, query */
    uint8_t              etag[DOTS_SIGNAL_BLOCK_ETAG];  /* of an answer */
    int64_t              expires;       /* ms */
    size_t               left;          /* later blocks that are no requests */
    uint8_t              code;
    int32_t              content_format;
    int64_t              max_age;
    size_t               len;
    uint8_t             *data;
};

struct dots_signal_blocks_s {
    dots_signal_body_t  *in;            /* of requests */
    dots_signal_body_t  *out;           /* of answers; youngest first, both */
};


static void
dots_signal_block_free(dots_signal_body_t *b)
{
    if (b != NULL) {
        free(b->data);
        free(b);
    }
}


static uint64_t
dots_signal_block_mix(uint64_t hash, const uint8_t *data, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        hash = (hash ^ data[i]) * 0x100000001b3;
    }

    /* the end, so that neighbours cannot share bytes */

    return (hash ^ (len + 1)) * 0x100000001b3;
}


/*
 * What makes two requests of a customer parts of one transfer, section 2.4,
 * 2.5: who sends both may make two paths look alike, to nobody else's harm.
 */

static uint64_t
dots_signal_block_key(const dots_coap_message_t *m)
{
    size_t    i;
    uint64_t  hash;

    hash = dots_signal_block_mix(0xcbf29ce484222325, &m->code, 1);

    for (i = 0; i < m->npath; i++) {
        hash = dots_signal_block_mix(hash, m->path[i].data, m->path[i].len);
    }

    hash = dots_signal_block_mix(hash, NULL, 0);

    for (i = 0; i < m->nquery; i++) {
        hash = dots_signal_block_mix(hash, m->query[i].data, m->query[i].len);
    }

    return hash;
}


/* NULL: no memory. */

static dots_signal_blocks_t *
dots_signal_block_get(dots_signal_t *s)
{
    if (s->blocks == NULL) {
        s->blocks = calloc(1, sizeof(dots_signal_blocks_t));
    }

    return s->blocks;
}


/* ---- a request in pieces: Block1 ---- */

/* Out of the list: the caller's. */

static dots_signal_body_t *
dots_signal_block_take(dots_signal_body_t **link)
{
    dots_signal_body_t  *b;

    b = *link;

    if (b != NULL) {
        *link = b->next;
        b->next = NULL;
    }

    return b;
}


/*
 * Makes room for "need" bytes of one body, "keep" or one that is to come: frees
 * what is too old, the oldest of the customer's beyond "max" bytes or their
 * number, and the oldest of all beyond the shares.
 */

static void
dots_signal_block_room(dots_signal_exchange_t *ex, dots_signal_body_t **link,
    const dots_signal_body_t *keep, size_t need, size_t max)
{
    int                  own;
    size_t               all, mine, bytes;
    dots_signal_body_t  *b;

    all = 1;
    mine = 1;
    bytes = need;

    while ((b = *link) != NULL) {

        if (b == keep) {
            link = &b->next;
            continue;
        }

        own = b->customer == ex->customer;

        if (b->expires <= ex->received
            || (own && (mine == DOTS_SIGNAL_BLOCK_BODIES
                        || bytes + b->len > max))
            || all == ex->signal->shares * DOTS_SIGNAL_BLOCK_BODIES)
        {
            dots_signal_block_free(dots_signal_block_take(link));
            continue;
        }

        all++;
        mine += own ? 1 : 0;
        bytes += own ? b->len : 0;

        link = &b->next;
    }
}


/* The place of the transfer, at the end if there is none. */

static dots_signal_body_t **
dots_signal_block_transfer(dots_signal_exchange_t *ex, uint64_t key)
{
    dots_signal_body_t  **link;

    for (link = &ex->signal->blocks->in; *link != NULL; link = &(*link)->next) {

        if ((*link)->customer == ex->customer && (*link)->key == key) {
            break;
        }
    }

    return link;
}


/* Number 0 begins anew.  NULL: there is none. */

static dots_signal_body_t *
dots_signal_block_current(dots_signal_exchange_t *ex)
{
    uint64_t               key;
    dots_signal_body_t    *b;
    dots_signal_blocks_t  *blocks;

    blocks = dots_signal_block_get(ex->signal);
    if (blocks == NULL) {
        return NULL;
    }

    key = dots_signal_block_key(&ex->request);

    if (dots_coap_block_num(ex->request.block1) != 0) {
        b = *dots_signal_block_transfer(ex, key);

        return (b != NULL && b->expires > ex->received) ? b : NULL;
    }

    dots_signal_block_free(dots_signal_block_take(
                               dots_signal_block_transfer(ex, key)));

    dots_signal_block_room(ex, &blocks->in, NULL, 0, DOTS_SIGNAL_BODY);

    b = calloc(1, sizeof(dots_signal_body_t));

    if (b != NULL) {
        b->key = key;
        b->customer = ex->customer;
        b->next = blocks->in;
        blocks->in = b;
    }

    return b;
}


/* Blocks of BERT are counted as those of 1024 bytes (RFC 8323 section 6). */

static unsigned
dots_signal_block_szx(int64_t block)
{
    unsigned  szx;

    szx = dots_coap_block_szx(block);

    return szx == DOTS_COAP_BLOCK_BERT ? DOTS_COAP_BLOCK_MAX : szx;
}


static size_t
dots_signal_block_offset(const dots_coap_message_t *m)
{
    return (size_t) dots_coap_block_num(m->block1)
           * dots_coap_block_size(dots_signal_block_szx(m->block1));
}


static int
dots_signal_block_whole(const dots_coap_message_t *m, size_t size)
{
    if (dots_coap_block_szx(m->block1) == DOTS_COAP_BLOCK_BERT) {
        return m->payload.len != 0 && m->payload.len % size == 0;
    }

    return m->payload.len == size;
}


/* Whether the block is one: the code to refuse it with, or 0. */

static uint8_t
dots_signal_block_check(const dots_coap_message_t *m, dots_fault_t *f)
{
    size_t  size;

    size = dots_coap_block_size(dots_signal_block_szx(m->block1));

    if (dots_coap_block_more(m->block1) && !dots_signal_block_whole(m, size)) {
        (void) dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                          "option 27, Block1: a block that is not the last has "
                          "%zu bytes instead of %zu", m->payload.len, size);
        return dots_coap_code(4, 0);
    }

    if (m->size1 > DOTS_SIGNAL_BODY
        || dots_signal_block_offset(m) + m->payload.len > DOTS_SIGNAL_BODY)
    {
        (void) dots_fault(f, DOTS_FAULT_TOO_BIG, NULL,
                          "the body is larger than %d bytes",
                          DOTS_SIGNAL_BODY);
        return DOTS_COAP_TOO_LARGE;
    }

    return 0;
}


/* Blocks come in order (section 2.5); their size may shrink on the way. */

static uint8_t
dots_signal_block_append(dots_signal_exchange_t *ex, dots_signal_body_t *b,
    dots_fault_t *f)
{
    uint8_t                    *data;
    const dots_coap_message_t  *m;

    m = &ex->request;

    if (b == NULL || b->len != dots_signal_block_offset(m)) {
        (void) dots_fault(f, DOTS_FAULT_MISSING, NULL,
                          "block %u does not follow on what is here",
                          (unsigned) dots_coap_block_num(m->block1));
        return DOTS_COAP_INCOMPLETE;
    }

    dots_signal_block_room(ex, &ex->signal->blocks->in, b,
                           b->len + m->payload.len, DOTS_SIGNAL_BODY);

    data = realloc(b->data, b->len + m->payload.len);
    if (data == NULL) {
        (void) dots_fault(f, DOTS_FAULT_TOO_BIG, NULL, "no memory");
        return dots_coap_code(5, 0);
    }

    memcpy(data + b->len, m->payload.data, m->payload.len);

    b->data = data;
    b->len += m->payload.len;
    b->expires = ex->received + DOTS_SIGNAL_BLOCK_LIFETIME;

    return dots_coap_block_more(m->block1) ? DOTS_COAP_CONTINUE : 0;
}


/*
 * Nonzero: the exchange has ended; 0: the whole body is its payload, or *code
 * is what to refuse it with.
 */

static int
dots_signal_block_in(dots_signal_exchange_t *ex, uint8_t *code,
    dots_fault_t *f)
{
    dots_signal_body_t   *b;
    dots_coap_message_t   response;

    b = NULL;
    *code = dots_signal_block_check(&ex->request, f);

    if (*code == 0) {
        b = dots_signal_block_current(ex);
        *code = dots_signal_block_append(ex, b, f);
    }

    if (*code == DOTS_COAP_CONTINUE) {
        dots_coap_init(&response);
        response.code = *code;
        dots_signal_answer(ex, &response, NULL, NULL);
        return 1;
    }

    if (*code != 0) {
        return 0;
    }

    if (dots_arena_dup(ex->arena, &ex->request.payload,
                       dots_str(b->data, b->len))
        != DOTS_OK)
    {
        (void) dots_fault(f, DOTS_FAULT_TOO_BIG, NULL, "no memory");
        *code = dots_coap_code(5, 0);
        return 0;
    }

    dots_signal_block_free(dots_signal_block_take(
                               dots_signal_block_transfer(ex, b->key)));

    return 0;
}


/* ---- an answer in pieces: Block2 ---- */

static dots_signal_body_t *
dots_signal_block_find(dots_signal_exchange_t *ex)
{
    uint64_t             key;
    dots_signal_body_t  *b;

    if (ex->signal->blocks == NULL) {
        return NULL;
    }

    key = dots_signal_block_key(&ex->request);

    for (b = ex->signal->blocks->out; b != NULL; b = b->next) {

        if (b->customer != ex->customer || b->key != key
            || b->expires <= ex->received)
        {
            continue;
        }

        if (ex->request.etag_len == 0
            || (ex->request.etag_len == sizeof(b->etag)
                && memcmp(ex->request.etag, b->etag, sizeof(b->etag)) == 0))
        {
            return b;
        }
    }

    return NULL;
}


/*
 * A later block of a representation that is being read: what changed meanwhile
 * must not be mixed into it, so it was kept (RFC 7959 section 2.4).
 */

static int
dots_signal_block_out(dots_signal_exchange_t *ex)
{
    dots_signal_body_t   *b;
    dots_coap_message_t   response;

    b = dots_signal_block_find(ex);

    if (b == NULL) {

        /* gone: the resource as it is now, whose ETag tells the client so */

        return 0;
    }

    b->expires = ex->received + DOTS_SIGNAL_BLOCK_LIFETIME;

    dots_coap_init(&response);

    response.code = b->code;
    response.content_format = b->content_format;
    response.max_age = b->max_age;
    response.payload = dots_str(b->data, b->len);

    dots_signal_answer(ex, &response, NULL, NULL);

    return 1;
}


/* Losing it is no error: a later block is then cut from what is there. */

static void
dots_signal_block_keep(dots_signal_exchange_t *ex,
    const dots_coap_message_t *response, size_t size)
{
    size_t                 left;
    uint64_t               key;
    dots_signal_body_t    *b;
    dots_signal_blocks_t  *blocks;

    blocks = dots_signal_block_get(ex->signal);
    if (blocks == NULL) {
        return;
    }

    key = dots_signal_block_key(&ex->request);
    left = DOTS_SIGNAL_BLOCK_TIMES * (response->payload.len / size + 1);

    for (b = blocks->out; b != NULL; b = b->next) {

        if (b->customer == ex->customer && b->key == key
            && b->expires > ex->received
            && memcmp(b->etag, response->etag, sizeof(b->etag)) == 0)
        {
            if (dots_coap_block_num(response->block2) == 0) {
                b->left = left;
            }

            return;
        }
    }

    dots_signal_block_room(ex, &blocks->out, NULL, response->payload.len,
                           DOTS_SIGNAL_BLOCK_KEPT);

    b = calloc(1, sizeof(dots_signal_body_t));
    if (b == NULL) {
        return;
    }

    b->data = malloc(response->payload.len);

    if (b->data == NULL) {
        free(b);
        return;
    }

    memcpy(b->data, response->payload.data, response->payload.len);

    b->len = response->payload.len;
    b->customer = ex->customer;
    b->key = key;
    memcpy(b->etag, response->etag, sizeof(b->etag));
    b->expires = ex->received + DOTS_SIGNAL_BLOCK_LIFETIME;
    b->left = left;
    b->code = response->code;
    b->content_format = response->content_format;
    b->max_age = response->max_age;

    b->next = blocks->out;
    blocks->out = b;
}


/* The largest block of this answer that a message has room for. */

static unsigned
dots_signal_block_fit(dots_signal_exchange_t *ex,
    const dots_coap_message_t *response)
{
    size_t               len;
    uint8_t              buf[DOTS_SIGNAL_MIN_MESSAGE];
    unsigned             szx;
    dots_coap_message_t  m;

    m = *response;
    dots_coap_copy_token(&m, &ex->request);

    m.payload.len = 0;
    m.etag_len = DOTS_SIGNAL_BLOCK_ETAG;
    m.block2 = dots_coap_block(0xfffff, 1, 6);
    m.block1 = ex->request.block1;
    m.size2 = DOTS_SIGNAL_BODY;

    /* the header, the options and the marker; UDP's are the larger ones */

    if (dots_coap_write(&m, buf, sizeof(buf), &len) != DOTS_OK) {
        len = sizeof(buf);
    }

    len++;

    for (szx = DOTS_COAP_BLOCK_MAX; szx > 0; szx--) {

        if (len + dots_coap_block_size(szx) <= ex->max_message) {
            break;
        }
    }

    return szx;
}


int
dots_signal_block_fits(dots_signal_exchange_t *ex,
    const dots_coap_message_t *response)
{
    size_t               len;
    uint8_t              buf[DOTS_SIGNAL_MIN_MESSAGE];
    dots_coap_message_t  m;

    m = *response;
    dots_coap_copy_token(&m, &ex->request);
    m.payload.len = 0;
    m.block1 = ex->request.block1;

    /*
     * RFC 7252 section 4.6: "1152 bytes for the message size and 1024 bytes for
     * the payload size".  A peer that has room for that much only, as libcoap
     * by default, drops what is larger, whatever the path lets through.
     */

    if (!ex->signal->transport->reliable
        && response->payload.len > dots_coap_block_size(DOTS_COAP_BLOCK_MAX))
    {
        return 0;
    }

    return dots_coap_write(&m, buf, sizeof(buf), &len) == DOTS_OK
           && len + 1 + response->payload.len <= ex->max_message;
}


static void
dots_signal_block_tag(dots_coap_message_t *response)
{
    size_t    i;
    uint64_t  hash;

    hash = dots_signal_block_mix(0xcbf29ce484222325, response->payload.data,
                                 response->payload.len);

    for (i = 0; i < DOTS_SIGNAL_BLOCK_ETAG; i++) {
        response->etag[i] = (uint8_t) (hash >> (56 - 8 * i));
    }

    response->etag[0] |= 0x80;
    response->etag_len = DOTS_SIGNAL_BLOCK_ETAG;
}


static const char *
dots_signal_block_cut(dots_signal_exchange_t *ex,
    dots_coap_message_t *response)
{
    int64_t   num;
    size_t    size, total, offset;
    unsigned  szx, asked;

    static const char  beyond[] = "option 23, Block2: there is no such block";

    total = response->payload.len;
    num = 0;
    szx = dots_signal_block_fit(ex, response);

    if (ex->request.block2 >= 0) {

        num = dots_coap_block_num(ex->request.block2);

        /* the client's size, unless it is too large for the first block */

        asked = dots_signal_block_szx(ex->request.block2);

        if (asked < szx) {
            szx = asked;
        }

        if (num && szx != asked) {
            num <<= asked - szx;
        }
    }

    size = dots_coap_block_size(szx);
    offset = (size_t) num * size;

    if (offset >= total) {
        dots_coap_init(response);
        response->code = dots_coap_code(4, 0);
        response->payload = dots_str(beyond, sizeof(beyond) - 1);
        return beyond;
    }

    /* section 4.4.2 of RFC 9132: always with its ETag */

    dots_signal_block_tag(response);

    response->block2 = dots_coap_block(num, offset + size < total, szx);

    if (num == 0) {
        response->size2 = (int64_t) total;
    }

    if (total > size) {
        dots_signal_block_keep(ex, response, size);
    }

    response->payload = dots_str(response->payload.data + offset,
                                 offset + size < total ? size : total - offset);

    return NULL;
}


/* ---- both ways ---- */

/*
 * What goes on was admitted when it began, and is bounded: a body by its size,
 * an answer by how often each of its blocks may be asked for.
 */

int
dots_signal_block_goes_on(dots_signal_exchange_t *ex)
{
    dots_signal_body_t         *b;
    const dots_coap_message_t  *m;

    m = &ex->request;

    if (m->block1 >= 0 && ex->method->body) {

        if (dots_coap_block_num(m->block1) == 0 || dots_coap_asks_later(m)
            || ex->signal->blocks == NULL)
        {
            return 0;
        }

        b = *dots_signal_block_transfer(ex, dots_signal_block_key(m));

        return b != NULL && b->expires > ex->received
               && b->len == dots_signal_block_offset(m)
               && dots_signal_block_check(m, NULL) == 0;
    }

    if (!dots_coap_asks_later(m)) {
        return 0;
    }

    b = dots_signal_block_find(ex);

    if (b == NULL || b->left == 0) {
        return 0;
    }

    b->left--;

    return 1;
}


int
dots_signal_block_request(dots_signal_exchange_t *ex, uint8_t *code,
    dots_fault_t *f)
{
    int  in;

    *code = 0;
    in = ex->request.block1 >= 0 && ex->method->body;

    if (!dots_coap_asks_later(&ex->request)) {
        return in ? dots_signal_block_in(ex, code, f) : 0;
    }

    /* "leaves out the Block1 Options", section 2.7 */

    if (!in && dots_signal_block_out(ex)) {
        return 1;
    }

    /* only to look again is harmless: a later block asks for no second PUT */

    if (ex->request.code != DOTS_COAP_GET) {
        (void) dots_fault(f, DOTS_FAULT_MISSING, NULL,
                          "option 23, Block2: there is no such block");
        *code = dots_coap_code(4, 0);
    }

    return 0;
}


const char *
dots_signal_block_response(dots_signal_exchange_t *ex,
    dots_coap_message_t *response)
{
    if (ex->request.block1 >= 0 && ex->method != NULL && ex->method->body) {

        /* as it came, section 2.3; 4.13 says what would do, section 2.9.3 */

        response->block1 = ex->request.block1;

        if (response->code == DOTS_COAP_TOO_LARGE) {
            response->size1 = DOTS_SIGNAL_BODY;
        }

        if (response->code != DOTS_COAP_CONTINUE) {
            response->block1 &= ~(int64_t) 8;
        }
    }

    if (dots_coap_class(response->code) != 2 || response->payload.len == 0) {
        return NULL;
    }

    if (ex->request.block2 >= 0 || !dots_signal_block_fits(ex, response)) {
        return dots_signal_block_cut(ex, response);
    }

    return NULL;
}


void
dots_signal_block_close(dots_signal_t *s)
{
    if (s->blocks == NULL) {
        return;
    }

    while (s->blocks->in != NULL) {
        dots_signal_block_free(dots_signal_block_take(&s->blocks->in));
    }

    while (s->blocks->out != NULL) {
        dots_signal_block_free(dots_signal_block_take(&s->blocks->out));
    }

    free(s->blocks);
    s->blocks = NULL;
}
