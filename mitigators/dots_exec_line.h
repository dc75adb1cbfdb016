/*
 * The lines that dots_exec.c and its program exchange, version 1 (README.md,
 * "A mitigator of your own"): JSON objects, one a line.  Pure: text in, structs
 * out, and back.
 */

#ifndef DOTS_EXEC_LINE_H
#define DOTS_EXEC_LINE_H

#include "dots_mitigator.h"

#define DOTS_EXEC_VERSION 1
#define DOTS_EXEC_LINE    16384 /* bytes, without the newline, either way */
#define DOTS_EXEC_BATCH   64    /* prefixes in one line, either way */
#define DOTS_EXEC_ERROR   256   /* why a line can't be taken */

typedef enum {
    DOTS_EXEC_HELLO = 1,    /* {"version":1,"counters":true} */
    DOTS_EXEC_STATE,        /* {"state":"refused","prefixes":[...],
                                "reason":"..."} */
    DOTS_EXEC_COUNTS,       /* {"counts":{"192.0.2.7/32":["12","3400"]}} */
    DOTS_EXEC_SYNCED,       /* {"synced":7} */
    DOTS_EXEC_COUNTED       /* {"counted":8} */
} dots_exec_kind_t;

typedef struct {
    dots_exec_kind_t   kind;
    int                counters;
    uint32_t           id;
    dots_rule_state_t  state;
    char               reason[DOTS_REASON_MAX]; /* printable; empty: none */
    size_t             n;
    dots_rule_count_t  rules[DOTS_EXEC_BATCH];  /* of a state the prefixes */
} dots_exec_line_t;

/* DOTS_OK, DOTS_INVALID with why, or DOTS_ERROR: no memory. */
int dots_exec_line_read(dots_exec_line_t *line, const char *data, size_t len,
    char why[DOTS_EXEC_ERROR]);

/* The same text with "?" for what is not printable ASCII; ends with NUL. */
void dots_exec_line_print(char *dst, size_t size, const char *src, size_t len);

/* A text that grows; "failed": there was no memory. */

typedef struct {
    char    *data;
    size_t   len;
    size_t   size;
    int      failed;
    size_t   batch;     /* prefixes in the line being written; 0: none is */
} dots_exec_text_t;

/* {"NAME":[prefix, ...]} in as many lines as it takes; then end(). */
void dots_exec_text_prefix(dots_exec_text_t *t, const char *name,
    const dots_prefix_t *prefix);
void dots_exec_text_end(dots_exec_text_t *t);

/* {"set":[]}, {"sync":7}, {"count":8} */
void dots_exec_text_set(dots_exec_text_t *t);
void dots_exec_text_ask(dots_exec_text_t *t, const char *name, uint32_t id);

#endif /* DOTS_EXEC_LINE_H */
