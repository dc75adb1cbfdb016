#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <coap3/coap.h>
#include <openssl/x509v3.h>

#include "dots_cbor.h"
#include "dots_cli_signal.h"
#include "dots_coap.h"


#define DOTS_CLI_SIGNAL_REPEAT 3000 /* ms, RFC 9132 section 4.4 */
#define DOTS_CLI_SIGNAL_WAIT   100  /* ms: how often we look at the clock */
#define DOTS_CLI_SIGNAL_OPTION 255  /* a Uri-Path segment, RFC 7252 5.10 */
#define DOTS_CLI_SIGNAL_ANSWER (1024 * 1024) /* bytes in blocks, at most */
#define DOTS_CLI_SIGNAL_CONTENT dots_coap_code(2, 5)
#define DOTS_CLI_SIGNAL_ETAG   8    /* RFC 7252 5.10 */


typedef struct {
    dots_cli_t               *cli;
    dots_cli_request_t       *rq;
    dots_cli_answer_t        *answer;
    coap_context_t           *context;
    coap_session_t           *session;
    uint8_t                   token[4];
    uint8_t                  *body;          /* of an answer in blocks */
    size_t                    len;           /* so much of it is here */
    unsigned                  szx;           /* the size of its blocks */
    size_t                    etag_len;
    uint8_t                   etag[DOTS_CLI_SIGNAL_ETAG];
    char                      host[DOTS_CLI_CONFIG_HOST];
    char                      port[DOTS_CLI_CONFIG_PORT];
    struct addrinfo          *addresses;
    unsigned                  connected:1;
    unsigned                  untrusted:1;   /* we do not accept the server */
    unsigned                  refused:1;     /* the handshake failed */
    unsigned                  unreachable:1; /* or gone */
    unsigned                  closing:1;     /* by us */
    unsigned                  again:1;       /* the next block, at once */
} dots_cli_signal_t;


static int64_t
dots_cli_signal_now(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}


/* ---- what libcoap calls ---- */

static void
dots_cli_signal_log(coap_log_t level, const char *message)
{
    (void) level;
    (void) fprintf(stderr, "libcoap: %s", message);
}


static int
dots_cli_signal_event(coap_session_t *session, coap_event_t event)
{
    dots_cli_signal_t  *s;

    s = coap_get_app_data(coap_session_get_context(session));

    switch (event) {

    case COAP_EVENT_DTLS_CONNECTED:
        s->connected = 1;
        break;

    case COAP_EVENT_DTLS_ERROR:
        s->refused = 1;
        break;

    case COAP_EVENT_DTLS_CLOSED:
        /* before the handshake is done: an ICMP message, nobody listens */
        s->unreachable = !s->closing;
        break;

    default:
        break;
    }

    return 0;
}


static void
dots_cli_signal_nack(coap_session_t *session, const coap_pdu_t *sent,
    const coap_nack_reason_t reason, const coap_mid_t id)
{
    dots_cli_signal_t  *s;

    (void) sent;
    (void) id;

    s = coap_get_app_data(coap_session_get_context(session));

    if (reason == COAP_NACK_ICMP_ISSUE) {
        s->unreachable = 1;
    }
}


/*
 * An answer in blocks, RFC 7959 section 2.4: nonzero while some are missing.
 * They come in order, as each is asked for when the one before is here; another
 * ETag (RFC 9132 section 4.4.2) is another answer, from its beginning.
 */

static int
dots_cli_signal_block(dots_cli_signal_t *s, const coap_pdu_t *pdu)
{
    size_t               len, etag_len;
    uint8_t             *body;
    coap_opt_t          *option;
    coap_block_t         block;
    const uint8_t       *data, *etag;
    coap_opt_iterator_t  oi;

    if (coap_get_block(pdu, COAP_OPTION_BLOCK2, &block) == 0
        || coap_get_data(pdu, &len, &data) == 0)
    {
        return 0;
    }

    option = coap_check_option(pdu, COAP_OPTION_ETAG, &oi);
    etag = option ? coap_opt_value(option) : NULL;
    etag_len = option ? coap_opt_length(option) : 0;

    if (etag_len > sizeof(s->etag)) {
        return 1;
    }

    if (etag_len != s->etag_len
        || (etag_len && memcmp(etag, s->etag, etag_len) != 0))
    {
        s->again = block.num != 0;
        s->len = 0;
        s->etag_len = etag_len;

        if (etag_len) {
            memcpy(s->etag, etag, etag_len);
        }
    }

    /* a repeated one, or not what was asked for */

    if ((size_t) block.num << (block.szx + 4) != s->len
        || len > DOTS_CLI_SIGNAL_ANSWER - s->len
        || (block.m && len != (size_t) 1 << (block.szx + 4)))
    {
        return 1;
    }

    body = realloc(s->body, s->len + len + 1);
    if (body == NULL) {
        return 1;
    }

    memcpy(body + s->len, data, len);

    s->body = body;
    s->len += len;
    s->szx = block.szx;
    s->again = block.m;

    return (int) block.m;
}


static void
dots_cli_signal_body(dots_cli_signal_t *s, const coap_pdu_t *pdu)
{
    size_t               len, i;
    unsigned             format;
    coap_opt_t          *option;
    dots_fault_t         f;
    const uint8_t       *data;
    coap_opt_iterator_t  oi;

    if (s->len) {
        data = s->body;
        len = s->len;

    } else if (coap_get_data(pdu, &len, &data) == 0 || len == 0) {
        return;
    }

    option = coap_check_option(pdu, COAP_OPTION_CONTENT_FORMAT, &oi);
    format = option == NULL
             ? DOTS_COAP_FORMAT_TEXT
             : coap_decode_var_bytes(coap_opt_value(option),
                                     coap_opt_length(option));

    if (format == DOTS_COAP_FORMAT_DOTS) {

        if (dots_cbor_decode(s->cli->schema, data, len, &s->answer->tree, &f)
            != DOTS_OK)
        {
            s->answer->tree = NULL;
            (void) snprintf(s->answer->text, sizeof(s->answer->text),
                            "the server's answer can't be read: %s",
                            f.message);
        }

        return;
    }

    /* a terminal is no place for a server's control characters */

    for (i = 0; i < len && i + 1 < sizeof(s->answer->text); i++) {
        s->answer->text[i] = data[i] < 0x20 || data[i] == 0x7f
                             ? ' ' : (char) data[i];
    }

    s->answer->text[i] = '\0';
}


static coap_response_t
dots_cli_signal_response(coap_session_t *session, const coap_pdu_t *sent,
    const coap_pdu_t *received, const coap_mid_t id)
{
    uint8_t             code;
    coap_bin_const_t    token;
    dots_cli_signal_t  *s;

    (void) sent;
    (void) id;

    s = coap_get_app_data(coap_session_get_context(session));
    token = coap_pdu_get_token(received);

    if (s->answer->code != 0 || token.length != sizeof(s->token)
        || memcmp(token.s, s->token, sizeof(s->token)) != 0)
    {
        return COAP_RESPONSE_OK;
    }

    code = (uint8_t) coap_pdu_get_code(received);

    if (code == DOTS_CLI_SIGNAL_CONTENT) {

        if (dots_cli_signal_block(s, received)) {
            return COAP_RESPONSE_OK;
        }

    } else {
        s->len = 0;
    }

    s->answer->code = code;
    (void) snprintf(s->answer->number, sizeof(s->answer->number), "%u.%02u",
                    code >> 5, code & 31);

    dots_cli_signal_body(s, received);

    return COAP_RESPONSE_OK;
}


/* RFC 9132 section 7.1, RFC 6125: the name that we were configured with. */

static int
dots_cli_signal_verify(const char *cn, const uint8_t *der, size_t len,
    coap_session_t *session, unsigned depth, int validated, void *arg)
{
    int                 ok;
    X509               *cert;
    const char         *name;
    dots_cli_signal_t  *s = arg;

    (void) cn;
    (void) session;

    if (depth != 0) {
        return validated;
    }

    cert = d2i_X509(NULL, &der, (long) len);
    if (cert == NULL) {
        return 0;
    }

    name = s->cli->config.name;

    ok = X509_check_host(cert, name, 0, X509_CHECK_FLAG_NO_WILDCARDS, NULL) == 1
         || X509_check_ip_asc(cert, name, 0) == 1;

    X509_free(cert);

    if (!ok || !validated) {
        s->untrusted = 1;
    }

    return ok && validated;
}


/* ---- connecting ---- */

static int
dots_cli_signal_resolve(dots_cli_signal_t *s)
{
    int              rc;
    struct addrinfo  hints;

    memset(&hints, 0, sizeof(hints));
    hints.ai_socktype = SOCK_DGRAM;

    rc = getaddrinfo(s->host, s->port, &hints, &s->addresses);

    if (rc != 0) {
        s->addresses = NULL;
        (void) snprintf(s->answer->text, sizeof(s->answer->text),
                        "server: no address of %s is found: %s: check the "
                        "name, or write the address", s->host,
                        gai_strerror(rc));
        return DOTS_CLI_UNREACHABLE;
    }

    return DOTS_CLI_DONE;
}


static void
dots_cli_signal_pki(dots_cli_signal_t *s, coap_dtls_pki_t *pki)
{
    memset(pki, 0, sizeof(*pki));

    pki->version = COAP_DTLS_PKI_SETUP_VERSION;
    pki->verify_peer_cert = 1;
    pki->cert_chain_validation = 1;
    pki->cert_chain_verify_depth = 5;
    pki->check_common_ca = 0;       /* the server's CA need not be ours */
    pki->allow_no_crl = 1;
    pki->allow_expired_crl = 1;
    pki->validate_cn_call_back = dots_cli_signal_verify;
    pki->cn_call_back_arg = s;
    pki->client_sni = s->cli->config.name;
    pki->pki_key.key_type = COAP_PKI_KEY_PEM;
    pki->pki_key.key.pem.ca_file = s->cli->config.ca;
    pki->pki_key.key.pem.public_cert = s->cli->config.cert;
    pki->pki_key.key.pem.private_key = s->cli->config.key;
}


static void
dots_cli_signal_psk(dots_cli_signal_t *s, coap_dtls_cpsk_t *psk)
{
    memset(psk, 0, sizeof(*psk));

    psk->version = COAP_DTLS_CPSK_SETUP_VERSION;
    psk->client_sni = s->cli->config.name;
    psk->psk_info.identity.s = (const uint8_t *) s->cli->psk.identity;
    psk->psk_info.identity.length = strlen(s->cli->psk.identity);
    psk->psk_info.key.s = s->cli->psk.key;
    psk->psk_info.key.length = s->cli->psk.len;
}


static int
dots_cli_signal_context(dots_cli_signal_t *s)
{
    int  rc;

    if (dots_cli_config_server(s->cli->config.server, s->host, s->port)
        != DOTS_OK)
    {
        (void) snprintf(s->answer->text, sizeof(s->answer->text),
                        "server \"%s\" is not HOST[:PORT]",
                        s->cli->config.server);
        return DOTS_CLI_USAGE;
    }

    rc = dots_cli_signal_resolve(s);
    if (rc != DOTS_CLI_DONE) {
        return rc;
    }

    s->context = coap_new_context(NULL);

    if (s->context == NULL
        || (s->cli->psk.len == 0
            && coap_context_set_pki_root_cas(s->context, s->cli->config.ca,
                                             NULL)
               == 0))
    {
        (void) snprintf(s->answer->text, sizeof(s->answer->text),
                        "ca: %.200s can't be read or holds no certificates",
                        s->cli->config.ca);
        return DOTS_CLI_USAGE;
    }

    coap_set_app_data(s->context, s);
    coap_register_event_handler(s->context, dots_cli_signal_event);
    coap_register_nack_handler(s->context, dots_cli_signal_nack);
    coap_register_response_handler(s->context, dots_cli_signal_response);

    return DOTS_CLI_DONE;
}


/* No session: there is no route, certificate and key have been checked. */

static void
dots_cli_signal_connect(dots_cli_signal_t *s, const struct addrinfo *ai)
{
    coap_address_t    dst;
    coap_dtls_pki_t   pki;
    coap_dtls_cpsk_t  psk;

    coap_address_init(&dst);
    dst.size = ai->ai_addrlen;
    memcpy(&dst.addr, ai->ai_addr, ai->ai_addrlen);

    s->closing = 0;
    s->unreachable = 0;

    if (s->cli->psk.len) {
        dots_cli_signal_psk(s, &psk);
        s->session = coap_new_client_session_psk2(s->context, NULL, &dst,
                                                  COAP_PROTO_DTLS, &psk);

    } else {
        dots_cli_signal_pki(s, &pki);
        s->session = coap_new_client_session_pki(s->context, NULL, &dst,
                                                 COAP_PROTO_DTLS, &pki);
    }

    if (s->session == NULL) {
        s->unreachable = 1;
    }
}


/* ---- asking ---- */

static int
dots_cli_signal_path(dots_cli_signal_t *s, coap_pdu_t *pdu)
{
    int          n;
    char         text[DOTS_CLI_SIGNAL_OPTION + 1];
    size_t       i;
    const char  *fixed[] = { ".well-known", "dots", "mitigate" };

    for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        if (coap_add_option(pdu, COAP_OPTION_URI_PATH, strlen(fixed[i]),
                            (const uint8_t *) fixed[i])
            == 0)
        {
            return DOTS_ERROR;
        }
    }

    n = snprintf(text, sizeof(text), "cuid=%s", s->cli->cuid);

    if (n < 0 || (size_t) n >= sizeof(text)
        || coap_add_option(pdu, COAP_OPTION_URI_PATH, (size_t) n,
                           (const uint8_t *) text)
           == 0)
    {
        return DOTS_ERROR;
    }

    if (s->rq->mid >= 0) {
        n = snprintf(text, sizeof(text), "mid=%llu",
                     (unsigned long long) s->rq->mid);

        if (coap_add_option(pdu, COAP_OPTION_URI_PATH, (size_t) n,
                            (const uint8_t *) text)
            == 0)
        {
            return DOTS_ERROR;
        }
    }

    return DOTS_OK;
}


static int
dots_cli_signal_send(dots_cli_signal_t *s)
{
    size_t       n, m;
    uint8_t      format[4], block[4];
    coap_pdu_t  *pdu;

    pdu = coap_new_pdu(COAP_MESSAGE_NON, (coap_pdu_code_t) s->rq->method,
                       s->session);
    if (pdu == NULL) {
        return DOTS_ERROR;
    }

    n = coap_encode_var_safe(format, sizeof(format), DOTS_COAP_FORMAT_DOTS);

    /* of a later block RFC 9132 section 4.4.2 wants the ETag, too */

    m = coap_encode_var_safe(block, sizeof(block),
                             (unsigned) (s->len >> (s->szx + 4) << 4 | s->szx));

    if (coap_add_token(pdu, sizeof(s->token), s->token) == 0
        || (s->len && s->etag_len
            && coap_add_option(pdu, COAP_OPTION_ETAG, s->etag_len, s->etag)
               == 0)
        || dots_cli_signal_path(s, pdu) != DOTS_OK
        || (s->rq->query != NULL
            && coap_add_option(pdu, COAP_OPTION_URI_QUERY,
                               strlen(s->rq->query),
                               (const uint8_t *) s->rq->query)
               == 0)
        || (s->len
            && coap_add_option(pdu, COAP_OPTION_BLOCK2, m, block) == 0)
        || (s->rq->len
            && (coap_add_option(pdu, COAP_OPTION_CONTENT_FORMAT, n, format) == 0
                || coap_add_data(pdu, s->rq->len, s->rq->body) == 0)))
    {
        coap_delete_pdu(pdu);
        return DOTS_ERROR;
    }

    return coap_send(s->session, pdu) == COAP_INVALID_MID ? DOTS_ERROR
                                                          : DOTS_OK;
}


/* "limit": until when the handshake has to be done; ms, as "end". */

static void
dots_cli_signal_exchange(dots_cli_signal_t *s, int64_t limit, int64_t end)
{
    int64_t   now, next;
    unsigned  first;

    now = dots_cli_signal_now();
    next = now;
    first = 1;

    while (s->answer->code == 0 && !s->refused && !s->untrusted
           && !s->unreachable && now < (s->connected ? end : limit)
           && !dots_cli_stopped(s->cli))
    {
        /* libcoap holds the first one back until the handshake is done */

        if ((now >= next || s->again) && (s->connected || first)) {

            if (dots_cli_signal_send(s) != DOTS_OK) {
                break;
            }

            first = 0;
            s->again = 0;
            next = now + DOTS_CLI_SIGNAL_REPEAT;
        }

        if (coap_io_process(s->context, DOTS_CLI_SIGNAL_WAIT) < 0) {
            break;
        }

        now = dots_cli_signal_now();
    }
}


/* Nonzero: all is reset for another request in this session. */

static int
dots_cli_signal_more(dots_cli_signal_t *s)
{
    if (s->answer->code == 0 || s->rq->more == NULL
        || !s->rq->more(s->rq, s->answer))
    {
        return 0;
    }

    lyd_free_all(s->answer->tree);
    memset(s->answer, 0, sizeof(*s->answer));

    coap_prng(s->token, sizeof(s->token));
    s->len = 0;
    s->etag_len = 0;

    return 1;
}


/*
 * The server's addresses in the system's order (RFC 6724, RFC 9132 section
 * 4.3), each with its share of the time that is left.
 */

static int
dots_cli_signal_ask(dots_cli_signal_t *s)
{
    int64_t           now, end;
    unsigned          left;
    struct addrinfo  *ai;

    for (left = 0, ai = s->addresses; ai != NULL; ai = ai->ai_next) {
        left++;
    }

    end = dots_cli_signal_now() + s->cli->timeout * 1000;

    for (ai = s->addresses; ai != NULL && !s->connected; ai = ai->ai_next) {

        now = dots_cli_signal_now();

        dots_cli_signal_connect(s, ai);

        if (s->session != NULL) {
            dots_cli_signal_exchange(s, now + (end - now) / left, end);

            while (dots_cli_signal_more(s)) {
                end = dots_cli_signal_now() + s->cli->timeout * 1000;
                dots_cli_signal_exchange(s, end, end);
            }

            s->closing = 1;
            coap_session_release(s->session);
            s->session = NULL;
        }

        if (s->untrusted || s->refused || dots_cli_stopped(s->cli)) {
            break;
        }

        left--;
    }

    return s->answer->code != 0 ? DOTS_CLI_DONE : DOTS_CLI_UNREACHABLE;
}


static int
dots_cli_signal_judge(dots_cli_signal_t *s, int rc)
{
    char  *text;

    text = s->answer->text;

    if (rc != DOTS_CLI_UNREACHABLE || text[0] != '\0') {
        return rc;
    }

    if (dots_cli_stopped(s->cli)) {
        (void) snprintf(text, DOTS_CLI_SIGNAL_TEXT, "interrupted%s",
                        s->connected && s->rq->method != DOTS_COAP_GET
                        ? "; the request may have arrived" : "");
        return DOTS_CLI_INTERRUPTED;
    }

    if (s->untrusted) {
        (void) snprintf(text, DOTS_CLI_SIGNAL_TEXT,
                        "the server at %s is not trusted: its certificate is "
                        "not signed by \"ca\" or is not for the name \"%s\"",
                        s->cli->config.server, s->cli->config.name);
        return DOTS_CLI_UNTRUSTED;
    }

    if (s->refused && !s->connected) {
        (void) snprintf(text, DOTS_CLI_SIGNAL_TEXT,
                        s->cli->psk.len
                        ? "the handshake with %s failed: the server does not "
                          "accept \"psk\""
                        : "the handshake with %s failed: \"ca\" does not fit "
                          "the server, its certificate has expired, or it does "
                          "not accept \"cert\" (-v says more)%s",
                        s->cli->config.server,
                        dots_cli_cuid_dated(s->cli->config.cert));
        return DOTS_CLI_UNTRUSTED;
    }

    (void) snprintf(text, DOTS_CLI_SIGNAL_TEXT,
                    s->connected && (s->unreachable || s->refused)
                    ? "%s ended the session before it answered: try again"
                    : s->connected
                    ? "%s does not answer in time: try again, the request may "
                      "have arrived"
                    : s->cli->psk.len && !s->unreachable
                    ? "cannot connect to %s: does UDP get there, and is "
                      "\"psk\" what the server has? It does not answer a "
                      "wrong key"
                    : "cannot connect to %s: is that the server's address, and "
                      "does UDP get there?", s->cli->config.server);

    return rc;
}


int
dots_cli_signal(dots_cli_t *cli, dots_cli_request_t *rq,
    dots_cli_answer_t *answer)
{
    int                rc;
    dots_cli_signal_t  s;

    memset(answer, 0, sizeof(*answer));
    memset(&s, 0, sizeof(s));

    s.cli = cli;
    s.rq = rq;
    s.answer = answer;

    coap_startup();
    coap_set_log_handler(dots_cli_signal_log);
    coap_set_log_level(cli->verbose ? LOG_INFO : LOG_EMERG);
    coap_dtls_set_log_level(cli->verbose ? LOG_INFO : LOG_EMERG);
    coap_prng(s.token, sizeof(s.token));

    rc = dots_cli_signal_context(&s);

    if (rc == DOTS_CLI_DONE) {
        rc = dots_cli_signal_ask(&s);
    }

    rc = dots_cli_signal_judge(&s, rc);

    if (s.addresses != NULL) {
        freeaddrinfo(s.addresses);
    }

    coap_free_context(s.context);
    coap_cleanup();
    free(s.body);

    return rc;
}
