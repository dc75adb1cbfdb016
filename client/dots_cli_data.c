#include <stdio.h>
#include <stdlib.h>

#include <curl/curl.h>

#include "dots_cli_data.h"
#include "dots_cli_output.h"


#define DOTS_CLI_DATA_BODY  (8 * 1024 * 1024)
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
        || curl_easy_setopt(c, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2)
           != CURLE_OK
        || curl_easy_setopt(c, CURLOPT_TIMEOUT, cli->timeout) != CURLE_OK
        || curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) != CURLE_OK
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


static int
dots_cli_data_fault(dots_cli_t *cli, CURLcode rc, dots_cli_data_answer_t *answer)
{
    switch (rc) {

    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
        (void) snprintf(answer->text, sizeof(answer->text),
                        "the handshake with %s failed: \"ca\" does not fit the "
                        "server, or the server does not accept \"cert\" (%s)",
                        cli->config.data, curl_easy_strerror(rc));
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


/* RFC 8040 section 3.1: the root is the href of the link with rel=restconf. */

static void
dots_cli_data_root(dots_cli_t *cli, char *root, size_t size)
{
    CURL                 *c;
    char                 *p, *href, url[DOTS_CLI_DATA_PATH], quote;
    long                  status;
    size_t                n;
    dots_cli_data_buf_t   buf = { NULL, 0 };

    (void) snprintf(root, size, "%s", DOTS_CLI_DATA_ROOT);

    c = dots_cli_data_open(cli, &buf);
    if (c == NULL) {
        return;
    }

    (void) snprintf(url, sizeof(url), "%s/.well-known/host-meta",
                    cli->config.data);
    (void) curl_easy_setopt(c, CURLOPT_URL, url);

    status = 0;

    if (curl_easy_perform(c) == CURLE_OK) {
        (void) curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    }

    curl_easy_cleanup(c);

    p = status == 200 && buf.data != NULL ? strstr(buf.data, "restconf") : NULL;
    href = p != NULL ? strstr(p, "href=") : NULL;

    if (href != NULL && (href[5] == '"' || href[5] == '\'')) {
        quote = href[5];
        href += 6;
        p = strchr(href, quote);
        n = p != NULL ? (size_t) (p - href) : 0;

        if (n > 0 && n < size && href[0] == '/') {
            memcpy(root, href, n);
            root[n] = '\0';
        }
    }

    free(buf.data);
}


int
dots_cli_data(dots_cli_t *cli, const char *method, const char *path,
    json_t *body, dots_cli_data_answer_t *answer)
{
    int                  rc, n;
    CURL                *c;
    char                *text, root[DOTS_CLI_DATA_PATH],
                         url[4 * DOTS_CLI_DATA_PATH];
    dots_cli_data_buf_t  buf = { NULL, 0 };

    memset(answer, 0, sizeof(*answer));

    if (cli->config.data == NULL) {
        (void) snprintf(answer->text, sizeof(answer->text),
                        "the data channel's address is missing: say --data "
                        "https://HOST[:PORT]");
        return DOTS_CLI_USAGE;
    }

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return DOTS_CLI_USAGE;
    }

    dots_cli_data_root(cli, root, sizeof(root));

    n = snprintf(url, sizeof(url), "%s%s" DOTS_CLI_DATA_TREE "%s",
                 cli->config.data, root, path);
    text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
    c = dots_cli_data_open(cli, &buf);

    if (c == NULL || n < 0 || (size_t) n >= sizeof(url)
        || (body != NULL && text == NULL))
    {
        (void) snprintf(answer->text, sizeof(answer->text),
                        "the request can't be made");
        rc = DOTS_CLI_USAGE;

    } else {
        rc = dots_cli_data_request(cli, c, method, url, text, &buf, answer);
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
    return dots_cli_output_error(cli,
                                 answer->status == 404 ? DOTS_CLI_NOT_FOUND
                                                       : DOTS_CLI_REFUSED,
                                 "HTTP %ld: %s", answer->status,
                                 answer->text[0] != '\0'
                                 ? answer->text
                                 : "the server gives no reason");
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
