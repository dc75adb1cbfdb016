/*
 * The mid of the next request, kept across runs for each server and cuid
 * (RFC 9132 section 4.4.1.1: mids increase).  Two runs never get the same one.
 */

#ifndef DOTS_CLI_MID_H
#define DOTS_CLI_MID_H

#include "dots_base.h"

/* 3/4 of 2^32-1: from here on mids begin again, once no attack goes on. */

#define DOTS_CLI_MID_ROLLOVER 3221225471U

/*
 * "state": a folder, made if it is not there.  The number is on the disk before
 * this returns.  DOTS_OK, DOTS_INVALID (why in "f"), DOTS_FULL (the one before
 * was 2^32-1).
 */
int dots_cli_mid_next(const char *state, const char *server, const char *cuid,
    uint32_t *mid, dots_fault_t *f);

/*
 * Instead of a mid beyond the rollover, if the server has no mitigation of
 * ours: 0, or the next one if another run was faster.  Codes as above.
 */
int dots_cli_mid_restart(const char *state, const char *server,
    const char *cuid, uint32_t *mid, dots_fault_t *f);

/* A mid that the user chose: later ones are higher.  Repairs a damaged file. */
int dots_cli_mid_used(const char *state, const char *server, const char *cuid,
    uint32_t mid, dots_fault_t *f);

#endif /* DOTS_CLI_MID_H */
