#include <stdio.h>
#include <stdlib.h>

#include <curl/curl.h>

#include "dots_cli_data.h"
#include "dots_cli_host_meta.h"
#include "dots_cli_output.h"


#define DOTS_CLI_DATA_BODY  (64 * 1024 * 1024)
#define DOTS_CLI_DATA_ROOT  "/restconf"
#define DOTS_CLI_DATA_TREE  "/data/ietf-dots-data-channel:dots-data"
#define DOTS_CLI_DATA_PATH  512


typedef struct {
    char   *data;
    size_t  len;
} dots_cli_data_buf_t;


static size_t
dots_cli_data_write(char *data, size_t size, size_t n, void *arg)
{
    char                 *p;
    dots_cli_data_buf_t  *buf = arg;

    n *= size;

    if (n > DOTS_CLI_DATA_BODY - buf->len) {
        return 0;
    }

    p = realloc(buf->data, buf->len + n + 1);
    if (p == NULL) {
        return 0;
    }

    memcpy(p + buf->len, data, n);

    buf->data = p;
    buf->len += n;
    p[buf->len] = '\0';

    return n;
}


/* Called about once in a second, too: Ctrl-C. */

static int
dots_cli_data_progress(void *arg, curl_off_t dltotal, curl_off_t dlnow,
    curl_off_t ultotal, curl_off_t ulnow)
{
    (void) dltotal;
    (void) dlnow;
    (void) ultotal;
    (void) ulnow;

    return dots_cli_stopped(arg);
}


static CURL *
dots_cli_data_open(dots_cli_t *cli, dots_cli_data_buf_t *buf)
{
    CURL  *c;

    c = curl_easy_init();
    if (c == NULL) {
        return NULL;
    }

    if (curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https") != CURLE_OK
        || curl_easy_setopt(c, CURLOPT_CAINFO, cli->config.ca) != CURLE_OK
        || curl_easy_setopt(c, CURLOPT_CAPATH, NULL) != CURLE_OK
        || curl_easy_setopt(c, CURLOPT_SSLCERT, cli->config.cert) != CURLE_OK
        || curl_easy_setopt(c, CURLOPT_SSLKEY, cli->config.key) != CURLE_OK
        || curl_easy_setopt(c, CURLOPT_SSLVERSION,
                            (long) CURL_SSLVERSION_TLSv1_2)
           != CURLE_OK
        || curl_easy_setopt(c, CURLOPT_TIMEOUT, cli->timeout) != CURLE_OK
        || curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) != CURLE_OK
        || curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION,
                            dots_cli_data_progress)
           != CURLE_OK
        || curl_easy_setopt(c, CURLOPT_XFERINFODATA, cli) != CURLE_OK
        || curl_easy_setopt(c, CURLOPT_VERBOSE, (long) cli->verbose)
           != CURLE_OK
        || curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, dots_cli_data_write)
           != CURLE_OK
        || curl_easy_setopt(c, CURLOPT_WRITEDATA, buf) != CURLE_OK)
    {
        curl_easy_cleanup(c);
        return NULL;
    }

    return c;
}


/* Bytes of the setting without the "/" that it may end with. */

static int
dots_cli_data_host(const dots_cli_t *cli)
{
    size_t  scheme;

    scheme = strlen("https://");

    return (int) (scheme + strcspn(cli->config.data + scheme, "/"));
}


static int
dots_cli_data_fault(dots_cli_t *cli, CURLcode rc,
    dots_cli_data_answer_t *answer)
{
    switch (rc) {

    case CURLE_ABORTED_BY_CALLBACK:
        (void) snprintf(answer->text, sizeof(answer->text),
                        "interrupted; the request may have arrived");
        return DOTS_CLI_INTERRUPTED;

    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
        (void) snprintf(answer->text, sizeof(answer->text),
                        "the handshake with %s failed: \"ca\" does not fit the "
                        "server, its certificate has expired, or it does not "
                        "accept \"cert\" (-v says more)", cli->config.data);
        return DOTS_CLI_UNTRUSTED;

    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        (void) snprintf(answer->text, sizeof(answer->text),
                        "check data, ca, cert and key: %s",
                        curl_easy_strerror(rc));
        return DOTS_CLI_USAGE;

    default:
        (void) snprintf(answer->text, sizeof(answer->text),
                        "cannot reach %s: %s", cli->config.data,
                        curl_easy_strerror(rc));
        return DOTS_CLI_UNREACHABLE;
    }
}


/* RFC 8040 section 7.1: the first error's message. */

static void
dots_cli_data_message(dots_cli_data_answer_t *answer)
{
    const char  *message;

    if (json_unpack(answer->body, "{s:{s:[{s:s}]}}", "ietf-restconf:errors",
                    "error", "error-message", &message)
        == 0)
    {
        (void) snprintf(answer->text, sizeof(answer->text), "%s", message);
    }
}


static int
dots_cli_data_request(dots_cli_t *cli, CURL *c, const char *method,
    const char *url, const char *body, dots_cli_data_buf_t *buf,
    dots_cli_data_answer_t *answer)
{
    CURLcode            rc;
    json_error_t        error;
    struct curl_slist  *headers;

    headers = curl_slist_append(NULL, "Accept: application/yang-data+json");

    if (body != NULL) {
        headers = curl_slist_append(headers,
                                    "Content-Type: application/yang-data+json");
        (void) curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
    }

    (void) curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    /* it would wait for the body that an answer to HEAD has not */

    (void) curl_easy_setopt(c, CURLOPT_NOBODY,
                            (long) (strcmp(method, "HEAD") == 0));
    (void) curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
    (void) curl_easy_setopt(c, CURLOPT_URL, url);

    rc = curl_easy_perform(c);

    curl_slist_free_all(headers);

    if (rc != CURLE_OK) {
        return dots_cli_data_fault(cli, rc, answer);
    }

    (void) curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &answer->status);

    if (buf->len > 0) {
        answer->body = json_loadb(buf->data, buf->len, 0, &error);
    }

    if (answer->status >= 400) {
        dots_cli_data_message(answer);
    }

    return DOTS_CLI_DONE;
}


/*
 * RFC 8040 section 3.1: the root is the href of the Link with rel=restconf; a
 * server without such a document has the root that everybody has.
 */

static int
dots_cli_data_root(dots_cli_t *cli, CURL *c, dots_cli_data_buf_t *buf,
    char *root, size_t size, dots_cli_data_answer_t *answer)
{
    int       n;
    long      status;
    char      url[DOTS_CLI_DATA_PATH];
    CURLcode  rc;

    n = dots_cli_data_host(cli);

    (void) snprintf(root, size, "%s", DOTS_CLI_DATA_ROOT);
    (void) snprintf(url, sizeof(url), "%.*s/.well-known/host-meta", n,
                    cli->config.data);
    (void) curl_easy_setopt(c, CURLOPT_URL, url);

    rc = curl_easy_perform(c);

    if (rc != CURLE_OK) {
        return dots_cli_data_fault(cli, rc, answer);
    }

    status = 0;
    (void) curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);

    if (status == 200 && buf->data != NULL) {
        (void) dots_cli_host_meta(buf->data, root, size);
    }

    buf->len = 0;

    return DOTS_CLI_DONE;
}


/* One connection for both requests: a handshake is dear on a full link. */

static int
dots_cli_data_ask(dots_cli_t *cli, CURL *c, const char *method,
    const char *path, const char *text, dots_cli_data_buf_t *buf,
    dots_cli_data_answer_t *answer)
{
    int   rc, n;
    char  root[DOTS_CLI_DATA_PATH], url[4 * DOTS_CLI_DATA_PATH];

    rc = dots_cli_data_root(cli, c, buf, root, sizeof(root), answer);
    if (rc != DOTS_CLI_DONE) {
        return rc;
    }

    n = snprintf(url, sizeof(url), "%.*s%s" DOTS_CLI_DATA_TREE "%s",
                 dots_cli_data_host(cli), cli->config.data, root, path);

    if (n < 0 || (size_t) n >= sizeof(url)) {
        (void) snprintf(answer->text, sizeof(answer->text),
                        "the cuid or the name is too long for a URL");
        return DOTS_CLI_USAGE;
    }

    return dots_cli_data_request(cli, c, method, url, text, buf, answer);
}


int
dots_cli_data(dots_cli_t *cli, const char *method, const char *path,
    json_t *body, dots_cli_data_answer_t *answer)
{
    int                  rc;
    CURL                *c;
    char                *text;
    dots_cli_data_buf_t  buf = { NULL, 0 };

    memset(answer, 0, sizeof(*answer));

    if (cli->config.data == NULL) {
        (void) snprintf(answer->text, sizeof(answer->text),
                        "the data channel's address is missing: say --data "
                        "https://HOST[:PORT]");
        return DOTS_CLI_USAGE;
    }

    (void) snprintf(answer->text, sizeof(answer->text), "no memory");

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return DOTS_CLI_USAGE;
    }

    text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
    c = dots_cli_data_open(cli, &buf);

    if (c != NULL && (body == NULL || text != NULL)) {
        answer->text[0] = '\0';
        rc = dots_cli_data_ask(cli, c, method, path, text, &buf, answer);

    } else {
        rc = DOTS_CLI_USAGE;
    }

    curl_easy_cleanup(c);
    free(text);
    free(buf.data);
    curl_global_cleanup();

    return rc;
}


int
dots_cli_data_refusal(dots_cli_t *cli, dots_cli_data_answer_t *answer)
{
    if (answer->status == 404) {
        return dots_cli_output_error(cli, DOTS_CLI_NOT_FOUND, "HTTP 404: there "
                                     "is none of this name, or this client is "
                                     "not registered");
    }

    if (answer->text[0] == '\0') {
        (void) snprintf(answer->text, sizeof(answer->text),
                        "the server gives no reason");
    }

    if (answer->status == 401) {
        return dots_cli_output_error(cli, DOTS_CLI_UNTRUSTED, "HTTP 401: %s%s",
                                     answer->text,
                                     dots_cli_cuid_dated(cli->config.cert));
    }

    return dots_cli_output_error(cli, DOTS_CLI_REFUSED, "HTTP %ld: %s",
                                 answer->status, answer->text);
}


char *
dots_cli_data_path(dots_cli_t *cli, const char *rest, const char *key)
{
    int    n;
    CURL  *c;
    char  *path, *cuid, *name;

    path = NULL;
    c = curl_easy_init();
    cuid = c != NULL ? curl_easy_escape(c, cli->cuid, 0) : NULL;
    name = c != NULL ? curl_easy_escape(c, key != NULL ? key : "", 0) : NULL;

    if (cuid != NULL && name != NULL) {
        n = asprintf(&path, "/dots-client=%s%s%s", cuid, rest, name);
        path = n < 0 ? NULL : path;
    }

    curl_free(cuid);
    curl_free(name);
    curl_easy_cleanup(c);

    return path;
}
