#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "dots_cli_config.h"


#define DOTS_CLI_CONFIG_DEFAULT_PORT "4646"
#define DOTS_CLI_CONFIG_SYSTEM       "/etc/dots.conf"
#define DOTS_CLI_CONFIG_SCHEMAS      "/usr/share/nginx-mod-dots/schemas"

/* A build tree has build/VARIANT/dots and schemas/. */
#define DOTS_CLI_CONFIG_TREE         "/../../schemas"

typedef struct {
    const char *name;
    size_t      offset;
    int         path;       /* is it a file or a folder? */
} dots_cli_config_setting_t;

#define dots_cli_config_setting(name, path)                                   \
    {                                                                         \
        #name, offsetof(dots_cli_config_t, name), path                        \
    }

static const dots_cli_config_setting_t  dots_cli_config_settings[] = {
    dots_cli_config_setting(server, 0),
    dots_cli_config_setting(data, 0),
    dots_cli_config_setting(name, 0),
    dots_cli_config_setting(ca, 1),
    dots_cli_config_setting(cert, 1),
    dots_cli_config_setting(key, 1),
    dots_cli_config_setting(cuid, 0),
    dots_cli_config_setting(state, 1),
    dots_cli_config_setting(schemas, 1),
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
dots_cli_config_set(dots_cli_config_t *c, const char *name, const char *value)
{
    char                             *copy, **slot;
    const dots_cli_config_setting_t  *s;

    s = dots_cli_config_find(name);

    if (s == NULL) {
        return DOTS_DECLINED;
    }

    if (*value == '\0') {
        return DOTS_INVALID;
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
    const dots_cli_config_setting_t *s, const char *value, const char *path)
{
    char         joined[PATH_MAX];
    const char  *slash;

    slash = strrchr(path, '/');

    if (!s->path || *value == '/' || *value == '\0' || slash == NULL) {
        return dots_cli_config_set(c, s->name, value);
    }

    if (snprintf(joined, sizeof(joined), "%.*s/%s", (int) (slash - path), path,
                 value)
        >= (int) sizeof(joined))
    {
        return DOTS_INVALID;
    }

    return dots_cli_config_set(c, s->name, joined);
}


static int
dots_cli_config_line(dots_cli_config_t *c, char *line, const char *path,
    unsigned n, dots_fault_t *f)
{
    int                               rc;
    char                             *name, *value;
    const dots_cli_config_setting_t  *s;

    line = dots_cli_config_trim(line);

    if (*line == '\0' || *line == '#') {
        return DOTS_OK;
    }

    value = strchr(line, '=');

    if (value == NULL) {
        return dots_fault(f, DOTS_FAULT_MALFORMED, NULL,
                          "%s:%u: write \"setting = value\"", path, n);
    }

    *value++ = '\0';
    name = dots_cli_config_trim(line);
    value = dots_cli_config_trim(value);

    s = dots_cli_config_find(name);

    if (s == NULL) {
        return dots_fault(f, DOTS_FAULT_UNKNOWN, NULL,
                          "%s:%u: unknown setting \"%.40s\": there are server, "
                          "data, name, ca, cert, key, cuid, state, schemas",
                          path, n, name);
    }

    if (*dots_cli_config_slot(c, s) != NULL) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, s->name,
                          "%s:%u: %s is set twice", path, n, s->name);
    }

    rc = dots_cli_config_set_from(c, s, value, path);

    if (rc == DOTS_INVALID) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, s->name,
                          "%s:%u: %s has no usable value", path, n, s->name);
    }

    return rc;
}


static int
dots_cli_config_lines(dots_cli_config_t *c, FILE *in, const char *path,
    dots_fault_t *f)
{
    int       rc;
    char      line[DOTS_CLI_CONFIG_LINE];
    unsigned  n;

    for (n = 1; fgets(line, sizeof(line), in) != NULL; n++) {

        if (strlen(line) == sizeof(line) - 1) {
            return dots_fault(f, DOTS_FAULT_TOO_BIG, NULL,
                              "%s:%u: the line is too long", path, n);
        }

        rc = dots_cli_config_line(c, line, path, n, f);
        if (rc != DOTS_OK) {
            return rc;
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
dots_cli_config_schemas(dots_cli_config_t *c)
{
    char         path[PATH_MAX], *slash;
    ssize_t      n;
    const char  *env;

    env = getenv("DOTS_SCHEMAS");

    if (env != NULL && *env != '\0') {
        return dots_cli_config_set(c, "schemas", env);
    }

    n = readlink("/proc/self/exe", path,
                 sizeof(path) - sizeof(DOTS_CLI_CONFIG_TREE));

    if (n > 0) {
        path[n] = '\0';
        slash = strrchr(path, '/');

        if (slash != NULL) {
            strcpy(slash, DOTS_CLI_CONFIG_TREE);

            if (access(path, X_OK) == 0) {
                return dots_cli_config_set(c, "schemas", path);
            }
        }
    }

    return dots_cli_config_set(c, "schemas", DOTS_CLI_CONFIG_SCHEMAS);
}


int
dots_cli_config_load(dots_cli_config_t *c, const char *path, dots_fault_t *f)
{
    int   rc;
    char  state[PATH_MAX];

    rc = dots_cli_config_files(c, path, f);
    if (rc != DOTS_OK) {
        return rc;
    }

    if (c->state == NULL
        && dots_cli_config_home(state, "XDG_STATE_HOME", ".local/state", "dots")
           == DOTS_OK
        && dots_cli_config_set(c, "state", state) != DOTS_OK)
    {
        return DOTS_ERROR;
    }

    return c->schemas ? DOTS_OK : dots_cli_config_schemas(c);
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
