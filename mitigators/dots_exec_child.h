/*
 * A program that one thread runs and talks to in lines over pipes: start, say
 * and hear under a timeout, end.  Knows nothing of what the lines mean.  Called
 * by dots_exec.c; all signals are blocked in the thread, SIGPIPE as well.
 */

#ifndef DOTS_EXEC_CHILD_H
#define DOTS_EXEC_CHILD_H

#include <sys/types.h>

#include "dots_exec_line.h"

#define DOTS_EXEC_STDERR 512    /* bytes of a line that are logged */

typedef struct {
    pid_t     pid;              /* 0: none */
    int       in;               /* to its stdin */
    int       out;              /* from its stdout */
    int       err;
    int       wake;             /* a descriptor: readable, and all ends */
    size_t    have;             /* bytes in "line" */
    size_t    nerr;
    char      line[DOTS_EXEC_LINE + 1];
    char      text[DOTS_EXEC_STDERR];
    char      why[DOTS_EXEC_ERROR];     /* of the last DOTS_ERROR */

    void    (*said)(void *ctx, const char *line);  /* a line of its stderr */
    void     *ctx;
} dots_exec_child_t;

/* DOTS_OK or DOTS_ERROR: there is none then. */
int dots_exec_child_start(dots_exec_child_t *c, char *const *argv);

/*
 * Sends "text" and gives what comes to "line" until that returns something else
 * than DOTS_DECLINED: DOTS_OK, it was the last, or DOTS_ERROR with c->why set.
 * DOTS_ERROR also if that is not so after "timeout" ms, if the program has
 * ended, or if "wake" is readable.
 */
int dots_exec_child_talk(dots_exec_child_t *c, const char *text, size_t len,
    int timeout, int (*line)(void *ctx, const char *data, size_t len),
    void *ctx);

/*
 * Its stdin is closed; if it has not ended after "patience" ms it is killed.
 * What became of it, if it ended by itself, is in "how" ("": killed by us).
 */
void dots_exec_child_end(dots_exec_child_t *c, int patience,
    char how[DOTS_EXEC_ERROR]);

/* Nonzero if it has closed its stdout: it has ended, or is about to. */
int dots_exec_child_gone(const dots_exec_child_t *c);

/* ms of a clock that nobody sets */
int64_t dots_exec_child_now(void);

#endif /* DOTS_EXEC_CHILD_H */
