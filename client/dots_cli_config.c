#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "dots_cli_config.h"
#include "dots_cli_cuid.h"


#define DOTS_CLI_CONFIG_DEFAULT_PORT "4646"
#define DOTS_CLI_CONFIG_SYSTEM       "/etc/dots.conf"
#define DOTS_CLI_CONFIG_SCHEMAS      "/usr/share/nginx-mod-dots/schemas"

/* A build tree has build/VARIANT/dots and schemas/. */
#define DOTS_CLI_CONFIG_TREE         "/../../schemas"

typedef struct {
    const char *name;
    size_t      offset;
    int         path;       /* is it a file or a folder? */
    int       (*fits)(const char *value);   /* NULL: anything but nothing */
    const char *form;       /* what to write */
} dots_cli_config_setting_t;

#define dots_cli_config_setting(name, path, fits, form)                       \
    {                                                                         \
        #name, offsetof(dots_cli_config_t, name), path, fits, form            \
    }


static int dots_cli_config_fits_server(const char *value);
static int dots_cli_config_fits_data(const char *value);
static int dots_cli_config_fits_cuid(const char *value);


static const dots_cli_config_setting_t  dots_cli_config_settings[] = {
    dots_cli_config_setting(server, 0, dots_cli_config_fits_server,
                            "HOST or HOST:PORT"),
    dots_cli_config_setting(data, 0, dots_cli_config_fits_data,
                            "https://HOST or https://HOST:PORT"),
    dots_cli_config_setting(name, 0, NULL,
                            "the name in the server's certificate"),
    dots_cli_config_setting(ca, 1, NULL, "a file"),
    dots_cli_config_setting(cert, 1, NULL, "a file"),
    dots_cli_config_setting(key, 1, NULL, "a file"),
    dots_cli_config_setting(psk, 1, NULL, "a file"),
    dots_cli_config_setting(cuid, 0, dots_cli_config_fits_cuid,
                            "1 to 250 letters, digits and signs"),
    dots_cli_config_setting(state, 1, NULL, "a folder"),
    dots_cli_config_setting(schemas, 1, NULL, "a folder"),
};

#define DOTS_CLI_CONFIG_N                                                     \
    (sizeof(dots_cli_config_settings) / sizeof(dots_cli_config_settings[0]))


static const dots_cli_config_setting_t *
dots_cli_config_find(const char *name)
{
    size_t  i;

    for (i = 0; i < DOTS_CLI_CONFIG_N; i++) {
        if (strcmp(dots_cli_config_settings[i].name, name) == 0) {
            return &dots_cli_config_settings[i];
        }
    }

    return NULL;
}


static char **
dots_cli_config_slot(dots_cli_config_t *c, const dots_cli_config_setting_t *s)
{
    return (char **) ((char *) c + s->offset);
}


int
dots_cli_config_set(dots_cli_config_t *c, const char *name, const char *value,
    dots_fault_t *f)
{
    char                             *copy, **slot;
    const dots_cli_config_setting_t  *s;

    s = dots_cli_config_find(name);

    if (s == NULL) {
        return DOTS_DECLINED;
    }

    if (*value == '\0' || (s->fits != NULL && !s->fits(value))) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, s->name,
                          "%s \"%.80s\": write %s", s->name, value, s->form);
    }

    copy = strdup(value);
    if (copy == NULL) {
        return DOTS_ERROR;
    }

    slot = dots_cli_config_slot(c, s);
    free(*slot);
    *slot = copy;

    return DOTS_OK;
}


void
dots_cli_config_free(dots_cli_config_t *c)
{
    size_t  i;
    char  **slot;

    for (i = 0; i < DOTS_CLI_CONFIG_N; i++) {
        slot = dots_cli_config_slot(c, &dots_cli_config_settings[i]);
        free(*slot);
        *slot = NULL;
    }
}


/* ---- the file ---- */

static char *
dots_cli_config_trim(char *text)
{
    char  *end;

    while (isspace((unsigned char) *text)) {
        text++;
    }

    end = text + strlen(text);

    while (end > text && isspace((unsigned char) end[-1])) {
        end--;
    }

    *end = '\0';

    return text;
}


/* A relative path is relative to the file that it stands in. */

static int
dots_cli_config_set_from(dots_cli_config_t *c,
    const dots_cli_config_setting_t *s, const char *value, const char *path,
    dots_fault_t *f)
{
    char         joined[PATH_MAX];
    const char  *slash;

    slash = strrchr(path, '/');

    if (!s->path || *value == '/' || *value == '\0' || slash == NULL) {
        return dots_cli_config_set(c, s->name, value, f);
    }

    if (snprintf(joined, sizeof(joined), "%.*s/%s", (int) (slash - path), path,
                 value)
        >= (int) sizeof(joined))
    {
        return dots_fault(f, DOTS_FAULT_TOO_BIG, s->name, "%s is too long",
                          s->name);
    }

    return dots_cli_config_set(c, s->name, joined, f);
}


/* Ends the value where it ends; NULL, or what is wrong with it. */

static const char *
dots_cli_config_value(char **value)
{
    char  *p, *end;

    p = *value;

    if (*p == '"') {
        end = strchr(p + 1, '"');

        if (end == NULL) {
            return "the closing quote is missing";
        }

        *value = p + 1;
        *end = '\0';
        p = end + 1 + strspn(end + 1, " \t");

        return *p == '\0' || *p == '#' ? NULL : "text after the closing quote";
    }

    for ( /* void */ ; *p != '\0'; p++) {
        if (*p == '#' && (p == *value || isspace((unsigned char) p[-1]))) {
            *p = '\0';
            break;
        }
    }

    *value = dots_cli_config_trim(*value);

    return NULL;
}


/* The message without its place in the file. */

static int
dots_cli_config_line(dots_cli_config_t *c, char *line, const char *path,
    dots_fault_t *f)
{
    char                             *name, *value;
    const char                       *wrong;
    const dots_cli_config_setting_t  *s;

    line = dots_cli_config_trim(line);

    if (*line == '\0' || *line == '#') {
        return DOTS_OK;
    }

    value = strchr(line, '=');

    if (value == NULL) {
        return dots_fault(f, DOTS_FAULT_MALFORMED, NULL,
                          "write \"setting = value\"");
    }

    *value++ = '\0';
    name = dots_cli_config_trim(line);
    value = dots_cli_config_trim(value);

    s = dots_cli_config_find(name);

    if (s == NULL) {
        return dots_fault(f, DOTS_FAULT_UNKNOWN, NULL,
                          "unknown setting \"%.40s\": there are server, data, "
                          "name, ca, cert, key, psk, cuid, state, schemas",
                          name);
    }

    if (*dots_cli_config_slot(c, s) != NULL) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, s->name,
                          "%s is set twice", s->name);
    }

    wrong = dots_cli_config_value(&value);

    if (wrong != NULL) {
        return dots_fault(f, DOTS_FAULT_MALFORMED, s->name, "%s: %s", s->name,
                          wrong);
    }

    return dots_cli_config_set_from(c, s, value, path, f);
}


static int
dots_cli_config_lines(dots_cli_config_t *c, FILE *in, const char *path,
    dots_fault_t *f)
{
    int           rc;
    char          line[DOTS_CLI_CONFIG_LINE];
    unsigned      n;
    dots_fault_t  fault = { .message = "no memory" };

    for (n = 1; fgets(line, sizeof(line), in) != NULL; n++) {

        rc = strchr(line, '\n') == NULL && strlen(line) == sizeof(line) - 1
             ? dots_fault(&fault, DOTS_FAULT_TOO_BIG, NULL,
                          "the line is too long: %d bytes at most",
                          DOTS_CLI_CONFIG_LINE - 2)
             : dots_cli_config_line(c, line, path, &fault);

        if (rc != DOTS_OK) {
            return dots_fault(f, fault.kind, fault.attribute, "%.150s:%u: %s",
                              path, n, fault.message);
        }
    }

    if (ferror(in)) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL, "%s: %s", path,
                          strerror(errno));
    }

    return DOTS_OK;
}


int
dots_cli_config_read(dots_cli_config_t *c, FILE *in, const char *path,
    dots_fault_t *f)
{
    int                 rc;
    size_t              i;
    char              **to, **from;
    dots_cli_config_t   file = { 0 };

    rc = dots_cli_config_lines(&file, in, path, f);

    for (i = 0; rc == DOTS_OK && i < DOTS_CLI_CONFIG_N; i++) {
        to = dots_cli_config_slot(c, &dots_cli_config_settings[i]);
        from = dots_cli_config_slot(&file, &dots_cli_config_settings[i]);

        if (*to == NULL) {
            *to = *from;
            *from = NULL;
        }
    }

    dots_cli_config_free(&file);

    return rc;
}


/* ---- which file, and what is in none ---- */

/* "optional": a file that is not there is as good as an empty one. */

static int
dots_cli_config_file(dots_cli_config_t *c, const char *path, int optional,
    dots_fault_t *f)
{
    int    rc;
    FILE  *in;

    in = fopen(path, "re");

    if (in == NULL && optional && errno == ENOENT) {
        return DOTS_DECLINED;
    }

    if (in == NULL) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL, "%s: %s", path,
                          strerror(errno));
    }

    rc = dots_cli_config_read(c, in, path, f);
    fclose(in);

    return rc;
}


/* A path below the folder that "variable" names, or below ~/"fallback". */

static int
dots_cli_config_home(char path[PATH_MAX], const char *variable,
    const char *fallback, const char *file)
{
    int          n;
    const char  *dir;

    dir = getenv(variable);

    if (dir != NULL && *dir == '/') {
        n = snprintf(path, PATH_MAX, "%s/%s", dir, file);
        return n < PATH_MAX ? DOTS_OK : DOTS_DECLINED;
    }

    dir = getenv("HOME");

    if (dir == NULL || *dir == '\0') {
        return DOTS_DECLINED;
    }

    n = snprintf(path, PATH_MAX, "%s/%s/%s", dir, fallback, file);

    return n < PATH_MAX ? DOTS_OK : DOTS_DECLINED;
}


static int
dots_cli_config_files(dots_cli_config_t *c, const char *path, dots_fault_t *f)
{
    int   rc;
    char  home[PATH_MAX];

    if (path == NULL) {
        path = getenv("DOTS_CONFIG");
    }

    if (path != NULL && *path != '\0') {
        return dots_cli_config_file(c, path, 0, f);
    }

    if (dots_cli_config_home(home, "XDG_CONFIG_HOME", ".config",
                             "dots/dots.conf")
        == DOTS_OK)
    {
        rc = dots_cli_config_file(c, home, 1, f);

        if (rc != DOTS_DECLINED) {
            return rc;
        }
    }

    rc = dots_cli_config_file(c, DOTS_CLI_CONFIG_SYSTEM, 1, f);

    return rc == DOTS_DECLINED ? DOTS_OK : rc;
}


static int
dots_cli_config_schemas(dots_cli_config_t *c, dots_fault_t *f)
{
    char         path[PATH_MAX], *slash;
    ssize_t      n;
    const char  *env;

    env = getenv("DOTS_SCHEMAS");

    if (env != NULL && *env != '\0') {
        return dots_cli_config_set(c, "schemas", env, f);
    }

    n = readlink("/proc/self/exe", path,
                 sizeof(path) - sizeof(DOTS_CLI_CONFIG_TREE));

    if (n > 0) {
        path[n] = '\0';
        slash = strrchr(path, '/');

        if (slash != NULL) {
            strcpy(slash, DOTS_CLI_CONFIG_TREE);

            if (access(path, X_OK) == 0) {
                return dots_cli_config_set(c, "schemas", path, f);
            }
        }
    }

    return dots_cli_config_set(c, "schemas", DOTS_CLI_CONFIG_SCHEMAS, f);
}


/* RFC 9132 section 7.1: the name that we have been told. */

static int
dots_cli_config_name(dots_cli_config_t *c, dots_fault_t *f)
{
    char  host[DOTS_CLI_CONFIG_HOST], port[DOTS_CLI_CONFIG_PORT];

    if (c->name != NULL || c->server == NULL) {
        return DOTS_OK;
    }

    return dots_cli_config_server(c->server, host, port) == DOTS_OK
           ? dots_cli_config_set(c, "name", host, f)
           : DOTS_INVALID;
}


int
dots_cli_config_load(dots_cli_config_t *c, const char *path, dots_fault_t *f)
{
    int   rc;
    char  state[PATH_MAX];

    rc = dots_cli_config_files(c, path, f);

    if (rc == DOTS_OK) {
        rc = dots_cli_config_name(c, f);
    }

    if (rc == DOTS_OK && c->state == NULL
        && dots_cli_config_home(state, "XDG_STATE_HOME", ".local/state", "dots")
           == DOTS_OK)
    {
        rc = dots_cli_config_set(c, "state", state, f);
    }

    if (rc == DOTS_OK && c->schemas == NULL) {
        rc = dots_cli_config_schemas(c, f);
    }

    return rc;
}


/* ---- addresses ---- */

static int
dots_cli_config_port(const char *text, char port[DOTS_CLI_CONFIG_PORT])
{
    char           *end;
    unsigned long   n;

    if (!isdigit((unsigned char) *text)) {
        return DOTS_INVALID;
    }

    n = strtoul(text, &end, 10);

    if (*end != '\0' || n == 0 || n > UINT16_MAX) {
        return DOTS_INVALID;
    }

    snprintf(port, DOTS_CLI_CONFIG_PORT, "%u", (unsigned) (uint16_t) n);

    return DOTS_OK;
}


int
dots_cli_config_server(const char *text, char host[DOTS_CLI_CONFIG_HOST],
    char port[DOTS_CLI_CONFIG_PORT])
{
    size_t       len;
    const char  *after, *begin;

    begin = text;

    if (*text == '[') {
        begin++;
        after = strchr(text, ']');

        if (after == NULL) {
            return DOTS_INVALID;
        }

        len = (size_t) (after - begin);
        after++;

    } else {
        after = strchr(text, ':');

        /* more than one colon: an IPv6 address without brackets */

        if (after == NULL || strchr(after + 1, ':') != NULL) {
            after = text + strlen(text);
        }

        len = (size_t) (after - begin);
    }

    if (len == 0 || len >= DOTS_CLI_CONFIG_HOST) {
        return DOTS_INVALID;
    }

    memcpy(host, begin, len);
    host[len] = '\0';

    if (*after == '\0') {
        strcpy(port, DOTS_CLI_CONFIG_DEFAULT_PORT);
        return DOTS_OK;
    }

    return *after == ':' ? dots_cli_config_port(after + 1, port)
                         : DOTS_INVALID;
}


/* ---- what fits ---- */

static int
dots_cli_config_fits_server(const char *value)
{
    char  host[DOTS_CLI_CONFIG_HOST], port[DOTS_CLI_CONFIG_PORT];

    return strpbrk(value, "/ ") == NULL
           && dots_cli_config_server(value, host, port) == DOTS_OK;
}


/* A "/" at the end is what a browser's address line adds. */

static int
dots_cli_config_fits_data(const char *value)
{
    char    authority[DOTS_CLI_CONFIG_HOST + 16];
    size_t  n;

    if (strncmp(value, "https://", 8) != 0) {
        return 0;
    }

    value += 8;
    n = strcspn(value, "/");

    if (n >= sizeof(authority) || (value[n] == '/' && value[n + 1] != '\0')) {
        return 0;
    }

    memcpy(authority, value, n);
    authority[n] = '\0';

    return strpbrk(authority, "?#@") == NULL
           && dots_cli_config_fits_server(authority);
}


static int
dots_cli_config_fits_cuid(const char *value)
{
    size_t  n;

    for (n = 0; value[n] > 0x20 && value[n] < 0x7f; n++) { /* void */ }

    return value[n] == '\0' && n <= DOTS_CLI_CUID_MAX;
}
