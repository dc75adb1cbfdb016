/*
 * gRPC calls over HTTP/2 without TLS, on a unix socket or TCP: many at a time
 * on one kept connection.  Owns the transport, the message framing and the
 * status; knows nothing of what the messages mean.  Used by mitigator drivers,
 * one handle per thread.
 */

#ifndef DOTS_GRPC_H
#define DOTS_GRPC_H

#include "dots_base.h"

/* Codes of gRPC that mean something here; AWAY is our own: no answer at all. */

#define DOTS_GRPC_AWAY          -1
#define DOTS_GRPC_OK            0
#define DOTS_GRPC_UNIMPLEMENTED 12

#define DOTS_GRPC_REQUEST       2048 /* longest request message */
#define DOTS_GRPC_TEXT          160  /* longest grpc-message kept */

typedef struct {
    int   code;
    char  text[DOTS_GRPC_TEXT]; /* grpc-message or the transport's trouble */
} dots_grpc_status_t;

/*
 * "n" calls of one method, each with one request message.  request() writes
 * the one of call i to buf and returns its length, or 0 if it cannot.
 * message(), which may be NULL, is called for each message of an answer.
 * done() is called once per call, in any order.  A nonzero return of either
 * ends the batch.
 */

typedef struct {
    const char *method;     /* "/package.Service/Method" */
    size_t      n;
    uint32_t    timeout;    /* ms without an answer, or without more of it */
    size_t    (*request)(void *ctx, size_t i, uint8_t buf[DOTS_GRPC_REQUEST]);
    int       (*message)(void *ctx, const uint8_t *data, size_t len);
    int       (*done)(void *ctx, size_t i, const dots_grpc_status_t *status);
} dots_grpc_batch_t;

typedef struct dots_grpc_s  dots_grpc_t;

/* "target": "unix:/path" or "host:port".  NULL: no memory. */
dots_grpc_t *dots_grpc_open(const char *target);
void dots_grpc_close(dots_grpc_t *g);

/*
 * DOTS_OK: all calls are done; DOTS_DECLINED: a callback ended the batch;
 * DOTS_ERROR: memory, library or time, status says which.
 */
int dots_grpc_run(dots_grpc_t *g, const dots_grpc_batch_t *batch, void *ctx,
    dots_grpc_status_t *status);

/*
 * From another thread: what is under way, and all that comes later, ends at
 * once with DOTS_ERROR.  For shutdown.
 */
void dots_grpc_interrupt(dots_grpc_t *g);
int dots_grpc_interrupted(dots_grpc_t *g);

/* Nonzero if the very same call may succeed later. */
int dots_grpc_transient(const dots_grpc_status_t *status);

#endif /* DOTS_GRPC_H */
