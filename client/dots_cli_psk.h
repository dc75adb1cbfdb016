/*
 * A pre-shared key from a file: the line "NAME:HEXKEY" that the provider has in
 * its psk_file.  Knows no session.
 */

#ifndef DOTS_CLI_PSK_H
#define DOTS_CLI_PSK_H

#include "dots_base.h"

#define DOTS_CLI_PSK_IDENTITY 128 /* RFC 4279 section 5.3 */
#define DOTS_CLI_PSK_MIN      16  /* bytes */
#define DOTS_CLI_PSK_MAX      64

typedef struct {
    char     identity[DOTS_CLI_PSK_IDENTITY + 1];
    size_t   len;                                   /* 0: there is none */
    uint8_t  key[DOTS_CLI_PSK_MAX];
} dots_cli_psk_t;

/*
 * The first line that is neither empty nor begins with "#".  DOTS_OK or
 * DOTS_INVALID with the path in "f", never with the key.
 */
int dots_cli_psk(const char *path, dots_cli_psk_t *psk, dots_fault_t *f);

#endif /* DOTS_CLI_PSK_H */
