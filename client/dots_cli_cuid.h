/*
 * The client's certificate and key as files, and the cuid that RFC 9132 section
 * 4.4.1.1 derives from the certificate or a PSK identity.  Knows no session.
 */

#ifndef DOTS_CLI_CUID_H
#define DOTS_CLI_CUID_H

#include "dots_base.h"

#define DOTS_CLI_CUID_LEN 22    /* 16 bytes in base64url */
#define DOTS_CLI_CUID_MAX 250   /* "cuid=..." is one option of 255 bytes */

/*
 * SHA-256 of the certificate's DER SubjectPublicKeyInfo, its first 16 bytes,
 * base64url without padding.  DOTS_OK, DOTS_INVALID (not a PEM certificate),
 * DOTS_ERROR.
 */
int dots_cli_cuid(const char *cert, char cuid[DOTS_CLI_CUID_LEN + 1],
    dots_fault_t *f);

/* The same of a PSK identity. */
int dots_cli_cuid_psk(const char *identity, char cuid[DOTS_CLI_CUID_LEN + 1]);

/* A cuid that nobody else has, for a collision: same section. */
int dots_cli_cuid_random(char cuid[DOTS_CLI_CUID_LEN + 1]);

/*
 * Can "key" be used without a passphrase, and is it that of "cert"?  DOTS_OK,
 * DOTS_INVALID, DOTS_ERROR.
 */
int dots_cli_cuid_key(const char *cert, const char *key, dots_fault_t *f);

/*
 * What to add where the server does not accept "cert" (NULL: none): that it has
 * expired, or is not valid yet; else "".
 */
const char *dots_cli_cuid_dated(const char *cert);

#endif /* DOTS_CLI_CUID_H */
