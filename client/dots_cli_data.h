/*
 * One request on the data channel (RFC 8783, RESTCONF) by libcurl, with mutual
 * TLS.  Every wait is bounded.  Knows no command.
 */

#ifndef DOTS_CLI_DATA_H
#define DOTS_CLI_DATA_H

#include <jansson.h>

#include "dots_cli.h"

typedef struct {
    long     status;      /* HTTP; 0: none */
    json_t  *body;        /* NULL: none, or no JSON; json_decref() it */
    char     text[512];   /* what went wrong here, or error-message */
} dots_cli_data_answer_t;

/*
 * "path" is below .../dots-data ("" for itself), percent-encoded; "body" may be
 * NULL.  DOTS_CLI_DONE: there is an answer of any status.  Otherwise
 * DOTS_CLI_UNREACHABLE, _UNTRUSTED, _USAGE with "text".
 */
int dots_cli_data(dots_cli_t *cli, const char *method, const char *path,
    json_t *body, dots_cli_data_answer_t *answer);

/* Prints an answer that is no success; the exit code that goes with it. */
int dots_cli_data_refusal(dots_cli_t *cli, dots_cli_data_answer_t *answer);

/* ".../dots-client=CUID" and what follows, percent-encoded keys; free() it. */
char *dots_cli_data_path(dots_cli_t *cli, const char *rest, const char *key);

#endif /* DOTS_CLI_DATA_H */
