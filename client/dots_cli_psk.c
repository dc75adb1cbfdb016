#include <errno.h>
#include <stdio.h>

#include "dots_cli_psk.h"


#define DOTS_CLI_PSK_LINE                                                     \
    (DOTS_CLI_PSK_IDENTITY + 1 + 2 * DOTS_CLI_PSK_MAX + 3)


static int
dots_cli_psk_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}


static int
dots_cli_psk_key(const char *hex, dots_cli_psk_t *psk)
{
    int     high, low;
    size_t  i, n;

    n = strlen(hex);

    if (n % 2 || n < 2 * DOTS_CLI_PSK_MIN || n > 2 * DOTS_CLI_PSK_MAX) {
        return DOTS_INVALID;
    }

    for (i = 0; i < n / 2; i++) {
        high = dots_cli_psk_digit(hex[2 * i]);
        low = dots_cli_psk_digit(hex[2 * i + 1]);

        if (high < 0 || low < 0) {
            return DOTS_INVALID;
        }

        psk->key[i] = (uint8_t) (high << 4 | low);
    }

    psk->len = n / 2;

    return DOTS_OK;
}


/* A name may hold colons, a key does not. */

static int
dots_cli_psk_line(char *line, dots_cli_psk_t *psk)
{
    char  *colon;

    colon = strrchr(line, ':');

    if (colon == NULL || colon == line
        || colon - line > DOTS_CLI_PSK_IDENTITY)
    {
        return DOTS_INVALID;
    }

    *colon = '\0';
    strcpy(psk->identity, line);

    return dots_cli_psk_key(colon + 1, psk);
}


int
dots_cli_psk(const char *path, dots_cli_psk_t *psk, dots_fault_t *f)
{
    int    rc;
    char   line[DOTS_CLI_PSK_LINE];
    FILE  *in;

    in = fopen(path, "re");

    if (in == NULL) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "psk", "psk: %s: %s",
                          path, strerror(errno));
    }

    rc = DOTS_INVALID;

    while (fgets(line, sizeof(line), in) != NULL) {

        line[strcspn(line, "\r\n")] = '\0';

        if (line[0] != '\0' && line[0] != '#') {
            rc = dots_cli_psk_line(line, psk);
            break;
        }
    }

    fclose(in);
    explicit_bzero(line, sizeof(line));

    if (rc != DOTS_OK) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, "psk",
                          "psk: %s has no line NAME:KEY, the key with %d to %d "
                          "hex digits", path, 2 * DOTS_CLI_PSK_MIN,
                          2 * DOTS_CLI_PSK_MAX);
    }

    return DOTS_OK;
}
