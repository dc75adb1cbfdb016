#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "dots_cli_mid.h"


#define DOTS_CLI_MID_HASH 16

typedef int (*dots_cli_mid_pt)(uint32_t last, uint32_t *mid);


/* The folder and those above it, as "mkdir -p" does. */

static int
dots_cli_mid_folder(const char *state, dots_fault_t *f)
{
    char  *p, end, path[PATH_MAX];

    if (strlen(state) >= sizeof(path)) {
        return dots_fault(f, DOTS_FAULT_TOO_BIG, NULL, "state: too long");
    }

    (void) strcpy(path, state);

    for (p = path + 1; ; p++) {

        if (*p != '/' && *p != '\0') {
            continue;
        }

        end = *p;
        *p = '\0';

        if (mkdir(path, 0700) == -1 && errno != EEXIST) {
            return dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                              "state: can't make %.150s: %s: say --state DIR, "
                              "or --mid N", path, strerror(errno));
        }

        if (end == '\0') {
            return DOTS_OK;
        }

        *p = end;
    }
}


/* Names of servers and cuids are no file names: their hash is. */

static int
dots_cli_mid_path(const char *state, const char *server, const char *cuid,
    char path[PATH_MAX])
{
    int            n;
    char           hex[2 * DOTS_CLI_MID_HASH + 1], text[1024];
    size_t         i;
    unsigned       len;
    unsigned char  hash[EVP_MAX_MD_SIZE];

    n = snprintf(text, sizeof(text), "%s\n%s", server, cuid);

    if (n < 0 || (size_t) n >= sizeof(text)
        || EVP_Digest(text, (size_t) n, hash, &len, EVP_sha256(), NULL) != 1)
    {
        return DOTS_ERROR;
    }

    for (i = 0; i < DOTS_CLI_MID_HASH; i++) {
        (void) snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    }

    n = snprintf(path, PATH_MAX, "%s/mid-%s", state, hex);

    return n < 0 || n >= PATH_MAX ? DOTS_ERROR : DOTS_OK;
}


static int
dots_cli_mid_read(const char *path, uint32_t *last, dots_fault_t *f)
{
    FILE           *in;
    char            end;
    unsigned long   n;

    in = fopen(path, "re");

    if (in == NULL) {
        *last = 0;

        return errno == ENOENT
               ? DOTS_OK
               : dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                            "state: can't read %.150s: %s", path,
                            strerror(errno));
    }

    if (fscanf(in, "%lu%c", &n, &end) != 2 || end != '\n' || n > UINT32_MAX
        || fgetc(in) != EOF)
    {
        (void) fclose(in);
        return dots_fault(f, DOTS_FAULT_MALFORMED, NULL,
                          "state: %.150s is damaged: say --mid N once, higher "
                          "than those that \"dots status\" lists", path);
    }

    (void) fclose(in);
    *last = (uint32_t) n;

    return DOTS_OK;
}


/* The new name is on the disk when its folder is. */

static int
dots_cli_mid_rename(const char *state, const char *temp, const char *path)
{
    int  fd, rc;

    if (rename(temp, path) == -1) {
        return -1;
    }

    fd = open(state, O_RDONLY|O_DIRECTORY|O_CLOEXEC);
    if (fd == -1) {
        return -1;
    }

    rc = fsync(fd);
    (void) close(fd);

    return rc;
}


static int
dots_cli_mid_write(const char *state, const char *path, uint32_t last,
    dots_fault_t *f)
{
    int    ok;
    char   temp[PATH_MAX + 8];
    FILE  *out;

    (void) snprintf(temp, sizeof(temp), "%s.new", path);

    out = fopen(temp, "we");

    ok = out != NULL && fprintf(out, "%lu\n", (unsigned long) last) > 0
         && fflush(out) == 0 && fsync(fileno(out)) == 0;

    if (out != NULL && fclose(out) != 0) {
        ok = 0;
    }

    if (!ok || dots_cli_mid_rename(state, temp, path) == -1) {
        (void) dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                          "state: can't write %.150s: %s: say --state DIR, or "
                          "--mid N", path, strerror(errno));
        (void) unlink(temp);
        return DOTS_INVALID;
    }

    return DOTS_OK;
}


static int
dots_cli_mid_lock(const char *path, dots_fault_t *f)
{
    int   fd;
    char  name[PATH_MAX + 8];

    (void) snprintf(name, sizeof(name), "%s.lock", path);

    fd = open(name, O_RDWR|O_CREAT|O_CLOEXEC, 0600);

    if (fd == -1 || flock(fd, LOCK_EX) == -1) {
        (void) dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                          "state: can't write %.150s: %s: say --state DIR, or "
                          "--mid N", name, strerror(errno));
        if (fd != -1) {
            (void) close(fd);
        }

        return -1;
    }

    return fd;
}


/* ---- which one ---- */

static int
dots_cli_mid_after(uint32_t last, uint32_t *mid)
{
    if (last == UINT32_MAX) {
        return DOTS_FULL;
    }

    *mid = last + 1;

    return DOTS_OK;
}


static int
dots_cli_mid_again(uint32_t last, uint32_t *mid)
{
    if (last < DOTS_CLI_MID_ROLLOVER) {
        return dots_cli_mid_after(last, mid);
    }

    *mid = 0;

    return DOTS_OK;
}


static int
dots_cli_mid_highest(uint32_t last, uint32_t *mid)
{
    *mid = *mid < last ? last : *mid;

    return DOTS_OK;
}


static int
dots_cli_mid_locked(const char *state, const char *path,
    dots_cli_mid_pt choose, uint32_t *mid, dots_fault_t *f)
{
    int       rc;
    uint32_t  last;

    rc = dots_cli_mid_read(path, &last, f);

    if (rc != DOTS_OK) {

        if (choose != dots_cli_mid_highest) {
            return rc;
        }

        last = 0;
    }

    if (choose(last, mid) != DOTS_OK) {
        (void) dots_fault(f, DOTS_FAULT_TOO_BIG, NULL,
                          "the mids are used up: withdraw all mitigations and "
                          "ask again");
        return DOTS_FULL;
    }

    return dots_cli_mid_write(state, path, *mid, f);
}


static int
dots_cli_mid_step(const char *state, const char *server, const char *cuid,
    dots_cli_mid_pt choose, uint32_t *mid, dots_fault_t *f)
{
    int   rc, fd;
    char  path[PATH_MAX];

    rc = dots_cli_mid_folder(state, f);
    if (rc != DOTS_OK) {
        return rc;
    }

    if (dots_cli_mid_path(state, server, cuid, path) != DOTS_OK) {
        return dots_fault(f, DOTS_FAULT_TOO_BIG, NULL, "state: too long");
    }

    fd = dots_cli_mid_lock(path, f);
    if (fd == -1) {
        return DOTS_INVALID;
    }

    rc = dots_cli_mid_locked(state, path, choose, mid, f);

    (void) close(fd);

    return rc;
}


int
dots_cli_mid_next(const char *state, const char *server, const char *cuid,
    uint32_t *mid, dots_fault_t *f)
{
    return dots_cli_mid_step(state, server, cuid, dots_cli_mid_after, mid, f);
}


int
dots_cli_mid_restart(const char *state, const char *server, const char *cuid,
    uint32_t *mid, dots_fault_t *f)
{
    return dots_cli_mid_step(state, server, cuid, dots_cli_mid_again, mid, f);
}


int
dots_cli_mid_used(const char *state, const char *server, const char *cuid,
    uint32_t mid, dots_fault_t *f)
{
    return dots_cli_mid_step(state, server, cuid, dots_cli_mid_highest, &mid,
                             f);
}
