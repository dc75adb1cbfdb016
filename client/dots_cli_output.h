/*
 * What a user or a program gets to see: results on stdout, errors on stderr,
 * with --json both as one JSON object on stdout.  The JSON is documented in the
 * README; programs rely on it.
 */

#ifndef DOTS_CLI_OUTPUT_H
#define DOTS_CLI_OUTPUT_H

#include <jansson.h>

#include "dots_cli.h"
#include "dots_cli_signal.h"

/* The children of "parent" as an object: numbers, strings, arrays, objects. */
json_t *dots_cli_output_tree(const struct lyd_node *parent);

/* Prints one line and releases; NULL, made of no memory, is an error. */
void dots_cli_output_json(json_t *object);

/* Makes text of whomever fit for a terminal. */
void dots_cli_output_clean(char *text);

/* Each prints the error and returns the exit code that goes with it. */
int dots_cli_output_error(dots_cli_t *cli, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int dots_cli_output_refusal(dots_cli_t *cli, dots_cli_answer_t *answer);

/* "1h 59m 30s" */
const char *dots_cli_output_duration(json_int_t seconds, char buf[32]);

#endif /* DOTS_CLI_OUTPUT_H */
