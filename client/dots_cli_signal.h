/*
 * Requests on the signal channel, by libcoap: connect, ask, repeat until there
 * is an answer (RFC 9132 section 4.4), ask for more of it, close.  Every wait
 * is bounded.  Knows no command and prints nothing.
 */

#ifndef DOTS_CLI_SIGNAL_H
#define DOTS_CLI_SIGNAL_H

#include "dots_cli.h"

#define DOTS_CLI_SIGNAL_BODY 1024
#define DOTS_CLI_SIGNAL_TEXT 400

typedef struct {
    uint8_t          code;                        /* 0: no answer */
    char             number[8];                   /* "2.01" */
    struct lyd_node *tree;                        /* of a dots+cbor body */
    char             text[DOTS_CLI_SIGNAL_TEXT];  /* a diagnostic, or what
                                                     went wrong here */
} dots_cli_answer_t;

typedef struct dots_cli_request_s  dots_cli_request_t;

struct dots_cli_request_s {
    uint8_t          method;      /* DOTS_COAP_GET, _PUT, _DELETE */
    int64_t          mid;         /* -1: none in the path */
    const char      *query;       /* NULL: none */
    const uint8_t   *body;
    size_t           len;

    /*
     * NULL, or called with each answer, whose tree it may take: nonzero for
     * another request in the same session, which it has put into "rq".
     */
    int            (*more)(dots_cli_request_t *rq, dots_cli_answer_t *answer);
    void            *data;
};

/*
 * DOTS_CLI_DONE: there is an answer of any code; lyd_free_all() its tree.
 * DOTS_CLI_UNREACHABLE, _UNTRUSTED, _USAGE with "text" filled.
 */
int dots_cli_signal(dots_cli_t *cli, dots_cli_request_t *rq,
    dots_cli_answer_t *answer);

#endif /* DOTS_CLI_SIGNAL_H */
