/*
 * The mid of the next request, kept across runs for each server and cuid
 * (RFC 9132 section 4.4.1.1: mids increase).  Two runs never get the same one.
 */

#ifndef DOTS_CLI_MID_H
#define DOTS_CLI_MID_H

#include "dots_base.h"

/*
 * "state": a folder, made if it is not there.  The number is on the disk before
 * this returns.  DOTS_OK, DOTS_INVALID (why in "f"), DOTS_FULL (3/4 of 2^32-1
 * is reached: withdraw everything, then delete the file that "f" names).
 */
int dots_cli_mid_next(const char *state, const char *server, const char *cuid,
    uint32_t *mid, dots_fault_t *f);

/* A mid that the user chose: later ones are higher. */
int dots_cli_mid_used(const char *state, const char *server, const char *cuid,
    uint32_t mid, dots_fault_t *f);

#endif /* DOTS_CLI_MID_H */
