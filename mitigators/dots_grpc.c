/* gRPC's HTTP/2 mapping on libcurl's multi interface. */

#include <stdatomic.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "dots_grpc.h"


#define DOTS_GRPC_SLOTS     64              /* calls under way at a time */
#define DOTS_GRPC_MESSAGE   (1 << 20)       /* longest message of an answer */
#define DOTS_GRPC_ANSWER    (1ULL << 30)    /* longest answer; it streams */
#define DOTS_GRPC_BATCH     60000           /* ms for all calls of a batch */
#define DOTS_GRPC_FRAME     5               /* flag and length of a message */
#define DOTS_GRPC_URL       400


typedef struct {
    CURL               *curl;
    const dots_grpc_t  *grpc;
    size_t              call;       /* index in the batch */
    dots_grpc_status_t  status;
    int                 answered;   /* grpc-status was there */

    uint8_t             request[DOTS_GRPC_FRAME + DOTS_GRPC_REQUEST];

    uint8_t             frame[DOTS_GRPC_FRAME];
    size_t              nframe;
    uint8_t            *message;
    size_t              message_size;
    size_t              nmessage;
    uint32_t            length;
    unsigned long long  received;
} dots_grpc_slot_t;

struct dots_grpc_s {
    CURLM                   *multi;
    struct curl_slist       *headers;
    char                     base[DOTS_GRPC_URL];
    char                     socket[256];   /* empty: TCP */
    int                      reusable;      /* the connection, see below */
    atomic_int               interrupted;
    dots_grpc_slot_t         slots[DOTS_GRPC_SLOTS];

    /* of the batch under way */

    const dots_grpc_batch_t *batch;
    void                    *ctx;
    size_t                   next;
    size_t                   running;
    int                      ended;         /* a callback said so */
};


static pthread_once_t  dots_grpc_once = PTHREAD_ONCE_INIT;
static CURLcode        dots_grpc_ready;


/* TLS is nginx's: libcurl is not to touch OpenSSL's global state. */

static void
dots_grpc_global(void)
{
    dots_grpc_ready = curl_global_init(CURL_GLOBAL_NOTHING);
}


static int64_t
dots_grpc_now(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}


static void
dots_grpc_text(dots_grpc_status_t *st, int code, const char *text)
{
    st->code = code;
    (void) snprintf(st->text, sizeof(st->text), "%s", text);
}


/* ---- the answer ---- */

static int
dots_grpc_hex(int c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}


/* grpc-message is percent-encoded; what is not printable is not passed on. */

static void
dots_grpc_decode(char *dst, size_t size, const char *src, size_t len)
{
    int     hi, lo, c;
    size_t  i, n;

    for (i = 0, n = 0; i < len && n + 1 < size; i++) {
        c = (unsigned char) src[i];

        if (c == '%' && len - i > 2) {
            hi = dots_grpc_hex(src[i + 1]);
            lo = dots_grpc_hex(src[i + 2]);

            if (hi >= 0 && lo >= 0) {
                c = hi << 4 | lo;
                i += 2;
            }
        }

        dst[n++] = (char) (c < 0x20 || c > 0x7e ? '?' : c);
    }

    dst[n] = '\0';
}


static int
dots_grpc_is(const char *line, size_t len, const char *name,
    const char **value, size_t *vlen)
{
    size_t  n;

    n = strlen(name);

    if (len <= n || line[n] != ':' || strncasecmp(line, name, n) != 0) {
        return 0;
    }

    for (n++; n < len && line[n] == ' '; n++) { /* void */ }

    while (len > n && (line[len - 1] == '\r' || line[len - 1] == '\n')) {
        len--;
    }

    *value = line + n;
    *vlen = len - n;

    return 1;
}


/* Headers and, after the body, trailers: the status may be in either. */

static size_t
dots_grpc_header(char *line, size_t size, size_t n, void *arg)
{
    int                code;
    size_t             i, len;
    const char        *value;
    dots_grpc_slot_t  *slot = arg;

    n *= size;

    if (dots_grpc_is(line, n, "grpc-status", &value, &len)) {

        for (code = 0, i = 0; i < len && i < 3; i++) {
            if (value[i] < '0' || value[i] > '9') {
                return n;
            }

            code = code * 10 + value[i] - '0';
        }

        slot->status.code = code;
        slot->answered = len > 0;

    } else if (dots_grpc_is(line, n, "grpc-message", &value, &len)) {
        dots_grpc_decode(slot->status.text, sizeof(slot->status.text), value,
                         len);
    }

    return n;
}


/* The five bytes before a message: flag (0: not compressed) and length. */

static int
dots_grpc_frame(dots_grpc_slot_t *slot)
{
    uint8_t  *p;

    slot->length = (uint32_t) slot->frame[1] << 24
                   | (uint32_t) slot->frame[2] << 16
                   | (uint32_t) slot->frame[3] << 8 | slot->frame[4];
    slot->nmessage = 0;

    if (slot->frame[0] != 0 || slot->length > DOTS_GRPC_MESSAGE) {
        dots_grpc_text(&slot->status, DOTS_GRPC_AWAY,
                       "an answer that is compressed or too long");
        return DOTS_ERROR;
    }

    if (slot->length > slot->message_size) {
        p = realloc(slot->message, slot->length);
        if (p == NULL) {
            return DOTS_ERROR;
        }

        slot->message = p;
        slot->message_size = slot->length;
    }

    return DOTS_OK;
}


static int
dots_grpc_complete(dots_grpc_slot_t *slot)
{
    dots_grpc_t  *g = (dots_grpc_t *) slot->grpc;

    slot->nframe = 0;

    if (g->batch->message != NULL
        && g->batch->message(g->ctx, slot->message, slot->length) != 0)
    {
        g->ended = 1;
        return DOTS_ERROR;
    }

    return DOTS_OK;
}


static size_t
dots_grpc_body(char *data, size_t size, size_t n, void *arg)
{
    size_t             left, take;
    dots_grpc_slot_t  *slot = arg;

    n *= size;
    slot->received += n;

    if (slot->received > DOTS_GRPC_ANSWER) {
        dots_grpc_text(&slot->status, DOTS_GRPC_AWAY, "an answer without end");
        return 0;
    }

    for (left = n; left; ) {

        if (slot->nframe < DOTS_GRPC_FRAME) {
            slot->frame[slot->nframe++] = (uint8_t) *data;
            take = 1;

            if (slot->nframe == DOTS_GRPC_FRAME
                && dots_grpc_frame(slot) != DOTS_OK)
            {
                return 0;
            }

        } else {
            take = slot->length - slot->nmessage;
            take = take < left ? take : left;
            memcpy(slot->message + slot->nmessage, data, take);
            slot->nmessage += take;
        }

        data += take;
        left -= take;

        if (slot->nframe == DOTS_GRPC_FRAME && slot->nmessage == slot->length
            && dots_grpc_complete(slot) != DOTS_OK)
        {
            return 0;
        }
    }

    return n;
}


/* ---- calls ---- */

static int
dots_grpc_request(dots_grpc_t *g, dots_grpc_slot_t *slot)
{
    size_t    len;
    uint8_t  *p;

    p = slot->request;

    len = g->batch->request(g->ctx, slot->call, p + DOTS_GRPC_FRAME);

    if (len == 0 || len > DOTS_GRPC_REQUEST) {
        return DOTS_ERROR;
    }

    p[0] = 0;
    p[1] = (uint8_t) (len >> 24);
    p[2] = (uint8_t) (len >> 16);
    p[3] = (uint8_t) (len >> 8);
    p[4] = (uint8_t) len;

    if (curl_easy_setopt(slot->curl, CURLOPT_POSTFIELDS, (char *) p)
            != CURLE_OK
        || curl_easy_setopt(slot->curl, CURLOPT_POSTFIELDSIZE,
                            (long) (len + DOTS_GRPC_FRAME)) != CURLE_OK)
    {
        return DOTS_ERROR;
    }

    return DOTS_OK;
}


/*
 * libcurl 7.88 (Debian 12) breaks a connection that it uses again with prior
 * knowledge of HTTP/2 (curl's issue 10634).  There the first call of a batch
 * makes a new connection so, and the others ask for plain HTTP/2, which on a
 * connection that speaks it already is the same.
 */

static int
dots_grpc_version(const dots_grpc_t *g, dots_grpc_slot_t *slot)
{
    int   first;
    long  version;

    first = slot->call == 0;
    version = g->reusable || first ? CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE
                                   : CURL_HTTP_VERSION_2_0;

    if (curl_easy_setopt(slot->curl, CURLOPT_HTTP_VERSION, version) != CURLE_OK
        || curl_easy_setopt(slot->curl, CURLOPT_FRESH_CONNECT,
                            (long) (!g->reusable && first)) != CURLE_OK)
    {
        return DOTS_ERROR;
    }

    return DOTS_OK;
}


static int
dots_grpc_begin(dots_grpc_t *g, dots_grpc_slot_t *slot)
{
    char  url[DOTS_GRPC_URL + 128];

    slot->call = g->next++;
    slot->answered = 0;
    slot->nframe = 0;
    slot->nmessage = 0;
    slot->received = 0;
    dots_grpc_text(&slot->status, DOTS_GRPC_AWAY, "");

    (void) snprintf(url, sizeof(url), "%s%s", g->base, g->batch->method);

    /* a long answer is no fault, one that stands still is */

    if (dots_grpc_request(g, slot) != DOTS_OK
        || dots_grpc_version(g, slot) != DOTS_OK
        || curl_easy_setopt(slot->curl, CURLOPT_URL, url) != CURLE_OK
        || curl_easy_setopt(slot->curl, CURLOPT_CONNECTTIMEOUT_MS,
                            (long) g->batch->timeout) != CURLE_OK
        || curl_easy_setopt(slot->curl, CURLOPT_LOW_SPEED_TIME,
                            (long) (g->batch->timeout + 999) / 1000)
           != CURLE_OK
        || curl_multi_add_handle(g->multi, slot->curl) != CURLM_OK)
    {
        return DOTS_ERROR;
    }

    g->running++;

    return DOTS_OK;
}


static void
dots_grpc_judge(dots_grpc_slot_t *slot, CURLcode rc)
{
    long  http, err;
    char  text[128];

    http = 0;
    err = 0;
    (void) curl_easy_getinfo(slot->curl, CURLINFO_RESPONSE_CODE, &http);
    (void) curl_easy_getinfo(slot->curl, CURLINFO_OS_ERRNO, &err);

    if (rc == CURLE_OK && slot->answered && http == 200) {
        return;
    }

    slot->status.code = DOTS_GRPC_AWAY;

    if (slot->status.text[0] != '\0') {
        return;
    }

    if (rc == CURLE_COULDNT_CONNECT && err != 0) {

        /* nobody there, or not for us: who is to mend it has to know */

        (void) snprintf(text, sizeof(text), "%s (%s)", curl_easy_strerror(rc),
                        strerror((int) err));
        dots_grpc_text(&slot->status, DOTS_GRPC_AWAY, text);

    } else if (rc != CURLE_OK) {
        dots_grpc_text(&slot->status, DOTS_GRPC_AWAY, curl_easy_strerror(rc));

    } else {
        dots_grpc_text(&slot->status, DOTS_GRPC_AWAY,
                       "what answers does not speak gRPC");
    }
}


/* Takes the calls that are done, and begins others in their places. */

static int
dots_grpc_reap(dots_grpc_t *g)
{
    int                rc, left;
    char              *slot_ptr;
    CURLMsg           *msg;
    CURLcode           result;
    dots_grpc_slot_t  *slot;

    while ((msg = curl_multi_info_read(g->multi, &left)) != NULL) {

        if (msg->msg != CURLMSG_DONE) {
            continue;
        }

        result = msg->data.result;
        (void) curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &slot_ptr);
        slot = (dots_grpc_slot_t *) slot_ptr;

        (void) curl_multi_remove_handle(g->multi, slot->curl);
        g->running--;
        dots_grpc_judge(slot, result);

        if (g->ended || g->batch->done(g->ctx, slot->call, &slot->status)) {
            g->ended = 1;
            return DOTS_DECLINED;
        }

        if (g->next < g->batch->n) {
            rc = dots_grpc_begin(g, slot);

            if (rc != DOTS_OK) {
                return rc;
            }
        }
    }

    return DOTS_OK;
}


static int
dots_grpc_loop(dots_grpc_t *g, dots_grpc_status_t *status)
{
    int      rc, running;
    size_t   i;
    int64_t  end;

    end = dots_grpc_now() + DOTS_GRPC_BATCH;

    for (i = 0; i < DOTS_GRPC_SLOTS && g->next < g->batch->n; i++) {
        if (dots_grpc_begin(g, &g->slots[i]) != DOTS_OK) {
            return DOTS_ERROR;
        }
    }

    while (g->running) {

        if (curl_multi_perform(g->multi, &running) != CURLM_OK) {
            return DOTS_ERROR;
        }

        rc = dots_grpc_reap(g);

        if (rc != DOTS_OK) {
            return rc;
        }

        if (dots_grpc_interrupted(g)) {
            dots_grpc_text(status, DOTS_GRPC_AWAY, "interrupted");
            return DOTS_ERROR;
        }

        if (dots_grpc_now() > end) {
            dots_grpc_text(status, DOTS_GRPC_AWAY, "the calls take too long");
            return DOTS_ERROR;
        }

        if (g->running
            && curl_multi_poll(g->multi, NULL, 0, 1000, NULL) != CURLM_OK)
        {
            return DOTS_ERROR;
        }
    }

    return DOTS_OK;
}


void
dots_grpc_interrupt(dots_grpc_t *g)
{
    atomic_store(&g->interrupted, 1);

    /* the one call of libcurl that another thread may make */

    (void) curl_multi_wakeup(g->multi);
}


int
dots_grpc_interrupted(dots_grpc_t *g)
{
    return atomic_load(&g->interrupted);
}


int
dots_grpc_run(dots_grpc_t *g, const dots_grpc_batch_t *batch, void *ctx,
    dots_grpc_status_t *status)
{
    int     rc;
    size_t  i;

    g->batch = batch;
    g->ctx = ctx;
    g->next = 0;
    g->running = 0;
    g->ended = 0;
    dots_grpc_text(status, DOTS_GRPC_AWAY, "no memory for the call");

    rc = dots_grpc_loop(g, status);

    /* those that a batch ended early has left under way */

    for (i = 0; rc != DOTS_OK && i < DOTS_GRPC_SLOTS; i++) {
        (void) curl_multi_remove_handle(g->multi, g->slots[i].curl);
    }

    return rc;
}


/*
 * CANCELLED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, INTERNAL,
 * UNAVAILABLE; the other codes judge the request itself.
 */

int
dots_grpc_transient(const dots_grpc_status_t *status)
{
    static const int  codes[] = { DOTS_GRPC_AWAY, 1, 4, 8, 10, 13, 14 };

    size_t  i;

    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (status->code == codes[i]) {
            return 1;
        }
    }

    return 0;
}


/* ---- open and close ---- */

static int
dots_grpc_slot_init(dots_grpc_t *g, dots_grpc_slot_t *slot)
{
    CURL  *c;

    slot->grpc = g;
    slot->curl = c = curl_easy_init();

    if (c == NULL) {
        return DOTS_ERROR;
    }

    /*
     * A connection for each call: with prior knowledge of HTTP/2, libcurl 7.88
     * fails every second call on a connection with a framing error.
     */

    if (curl_easy_setopt(c, CURLOPT_PIPEWAIT, 1L) != CURLE_OK
        || curl_easy_setopt(c, CURLOPT_POST, 1L) != CURLE_OK
        || curl_easy_setopt(c, CURLOPT_HTTPHEADER, g->headers) != CURLE_OK
        || curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) != CURLE_OK
        || curl_easy_setopt(c, CURLOPT_NOPROXY, "*") != CURLE_OK
        || curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L) != CURLE_OK
        || curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, dots_grpc_header)
           != CURLE_OK
        || curl_easy_setopt(c, CURLOPT_HEADERDATA, slot) != CURLE_OK
        || curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, dots_grpc_body)
           != CURLE_OK
        || curl_easy_setopt(c, CURLOPT_WRITEDATA, slot) != CURLE_OK
        || curl_easy_setopt(c, CURLOPT_PRIVATE, slot) != CURLE_OK
        || (g->socket[0]
            && curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, g->socket)
               != CURLE_OK))
    {
        return DOTS_ERROR;
    }

    return DOTS_OK;
}


static int
dots_grpc_add_header(dots_grpc_t *g, const char *line)
{
    struct curl_slist  *list;

    list = curl_slist_append(g->headers, line);

    if (list == NULL) {
        return DOTS_ERROR;
    }

    g->headers = list;

    return DOTS_OK;
}


static int
dots_grpc_init(dots_grpc_t *g, const char *target)
{
    int       n;
    size_t    i;
    unsigned  version;

    if (strncmp(target, "unix:", 5) == 0) {
        n = snprintf(g->socket, sizeof(g->socket), "%s", target + 5);
        (void) snprintf(g->base, sizeof(g->base), "http://localhost");

    } else {
        n = snprintf(g->base, sizeof(g->base), "http://%s", target);
    }

    if (n < 0 || (size_t) n >= sizeof(g->socket)) {
        return DOTS_ERROR;
    }

    pthread_once(&dots_grpc_once, dots_grpc_global);

    version = curl_version_info(CURLVERSION_NOW)->version_num;
    g->reusable = version < 0x075800 || version >= 0x080000;

    /* "Expect" would cost a second for every request */

    if (dots_grpc_ready != CURLE_OK
        || dots_grpc_add_header(g, "content-type: application/grpc") != DOTS_OK
        || dots_grpc_add_header(g, "te: trailers") != DOTS_OK
        || dots_grpc_add_header(g, "Expect:") != DOTS_OK
        || dots_grpc_add_header(g, "Accept:") != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    g->multi = curl_multi_init();

    if (g->multi == NULL
        || curl_multi_setopt(g->multi, CURLMOPT_MAX_HOST_CONNECTIONS, 1L)
           != CURLM_OK)
    {
        return DOTS_ERROR;
    }

    for (i = 0; i < DOTS_GRPC_SLOTS; i++) {
        if (dots_grpc_slot_init(g, &g->slots[i]) != DOTS_OK) {
            return DOTS_ERROR;
        }
    }

    return DOTS_OK;
}


dots_grpc_t *
dots_grpc_open(const char *target)
{
    dots_grpc_t  *g;

    g = calloc(1, sizeof(dots_grpc_t));

    if (g != NULL && dots_grpc_init(g, target) != DOTS_OK) {
        dots_grpc_close(g);
        return NULL;
    }

    return g;
}


void
dots_grpc_close(dots_grpc_t *g)
{
    size_t  i;

    if (g == NULL) {
        return;
    }

    for (i = 0; i < DOTS_GRPC_SLOTS; i++) {
        curl_easy_cleanup(g->slots[i].curl);
        free(g->slots[i].message);
    }

    if (g->multi != NULL) {
        (void) curl_multi_cleanup(g->multi);
    }

    curl_slist_free_all(g->headers);
    free(g);
}
