/*
 * Settings: "key = value" lines of a file, overridden by options, completed by
 * defaults.  Knows the names of the settings and where files are looked for;
 * not what the settings are for.
 */

#ifndef DOTS_CLI_CONFIG_H
#define DOTS_CLI_CONFIG_H

#include <stdio.h>

#include "dots_base.h"

#define DOTS_CLI_CONFIG_LINE 4096
#define DOTS_CLI_CONFIG_HOST 256
#define DOTS_CLI_CONFIG_PORT 6

typedef struct {
    char *server;   /* HOST[:PORT] */
    char *data;     /* https://HOST[:PORT] */
    char *name;     /* to be found in the server's certificate */
    char *ca;
    char *cert;
    char *key;
    char *psk;      /* file with the pre-shared key */
    char *cuid;
    char *state;    /* folder of what is kept across runs */
    char *schemas;  /* folder of the YANG modules */
} dots_cli_config_t;

/*
 * Sets one setting by its name, replacing what was there.  DOTS_OK,
 * DOTS_DECLINED (no such setting), DOTS_INVALID (what to write instead is in
 * "f"), DOTS_ERROR.
 */
int dots_cli_config_set(dots_cli_config_t *c, const char *name,
    const char *value, dots_fault_t *f);

/*
 * Reads lines into settings that are NULL; the others stay.  "#" begins a
 * comment at the begin of a line or after a space; a value in double quotes is
 * taken as it is, without escapes.  A path that is not absolute is taken from
 * the folder of "path", the file's name.  DOTS_OK, DOTS_INVALID
 * ("path:line: ..." in "f"), DOTS_ERROR.
 */
int dots_cli_config_read(dots_cli_config_t *c, FILE *in, const char *path,
    dots_fault_t *f);

/*
 * The file that was asked for ("path"), else $DOTS_CONFIG, the user's, the
 * system's; it is no fault if the last two are missing.  Then the defaults of
 * name, state and schemas.  Codes as above.
 */
int dots_cli_config_load(dots_cli_config_t *c, const char *path,
    dots_fault_t *f);

void dots_cli_config_free(dots_cli_config_t *c);

/*
 * "HOST", "HOST:PORT", "[v6]", "[v6]:PORT" or "v6"; without a port it is 4646
 * (RFC 9132 section 3).  DOTS_OK or DOTS_INVALID.
 */
int dots_cli_config_server(const char *text, char host[DOTS_CLI_CONFIG_HOST],
    char port[DOTS_CLI_CONFIG_PORT]);

#endif /* DOTS_CLI_CONFIG_H */
