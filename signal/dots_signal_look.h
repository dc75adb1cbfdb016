/*
 * What looks for observers found a moment ago, for all sessions of a process:
 * many observers of one customer ask the same, know the same, and are to be
 * told the same.  A look is kept by whose it is, by the request's options and
 * by what its observer knew before; it is good until a mitigation of that
 * client changes, and for DOTS_SIGNAL_LOOK_FRESH ms.  Called by
 * dots_signal_observe.c.
 */

#ifndef DOTS_SIGNAL_LOOK_H
#define DOTS_SIGNAL_LOOK_H

#include "dots_signal.h"

#define DOTS_SIGNAL_LOOK_FRESH 100  /* ms: seconds of a lifetime are told */

typedef struct {
    uint32_t  mid;
    uint64_t  digest;
} dots_signal_observed_t;

/* What an answer tells an observer. */

typedef struct {
    uint64_t                      digest;     /* of all that is there */
    unsigned                      ended:1;    /* something has, said once */
    unsigned                      active:1;   /* a mitigation is */
    unsigned                      passing:1;  /* one soon waits again */
    size_t                        n;
    const dots_signal_observed_t *list;       /* by mid; NULL: no memory */
} dots_signal_told_t;

typedef struct {
    const dots_customer_t *whose;
    uint64_t               customer;    /* dots_registry_hash() of its name */
    uint64_t               cuid;        /* the same */
    unsigned               has_mid:1;
    uint32_t               mid;
    uint64_t               knew;        /* digest of what was told before */
    dots_str_t             options;     /* of the request, from Uri-Path on */
} dots_signal_look_key_t;

typedef struct {
    dots_signal_look_key_t  key;
    int64_t                 made;       /* ms */
    dots_signal_told_t      told;
    dots_str_t              body;       /* none: it was not needed */
} dots_signal_look_t;

/* NULL: none that is still good.  "looks" may be NULL; the look is good until
   the next call. */
const dots_signal_look_t *dots_signal_look_find(dots_signal_looks_t *looks,
    const dots_signal_look_key_t *key, int64_t now);

/* Copies all; without memory it is not kept. */
void dots_signal_look_keep(dots_signal_looks_t *looks,
    const dots_signal_look_key_t *key, const dots_signal_told_t *told,
    dots_str_t body, int64_t now);

/* NULL: anything may have changed. */
void dots_signal_look_forget(dots_signal_looks_t *looks,
    const dots_registry_change_t *change);

#endif /* DOTS_SIGNAL_LOOK_H */
