/*
 * A wall clock that somebody sets, and another boot, for LD_PRELOAD.  The
 * folder in DOTS_FAULT says so:
 *
 *     wall    (a file) ms to add to the wall clock; the monotonic ones go on
 *     boot    (a file) stands for /proc/sys/kernel/random/boot_id
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>


#define PRELOAD_CLOCK_BOOT  "/proc/sys/kernel/random/boot_id"
#define PRELOAD_CLOCK_NANO  1000000000LL


static char  preload_clock_wall[600];
static char  preload_clock_boot[600];

static int (*preload_clock_gettime)(clockid_t id, struct timespec *ts);
static int (*preload_clock_open)(const char *name, int flags, ...);
static int (*preload_clock_open64)(const char *name, int flags, ...);


/* nginx empties its environment later. */

__attribute__((constructor)) static void
preload_clock_init(void)
{
    const char  *dir;

    dir = getenv("DOTS_FAULT");

    if (dir) {
        (void) snprintf(preload_clock_wall, sizeof(preload_clock_wall),
                        "%s/wall", dir);
        (void) snprintf(preload_clock_boot, sizeof(preload_clock_boot),
                        "%s/boot", dir);
    }

    *(void **) &preload_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    *(void **) &preload_clock_open = dlsym(RTLD_NEXT, "open");
    *(void **) &preload_clock_open64 = dlsym(RTLD_NEXT, "open64");
}


static long long
preload_clock_set(void)
{
    int      fd, error;
    char     text[32];
    ssize_t  n;

    error = errno;
    fd = preload_clock_open(preload_clock_wall, O_RDONLY | O_CLOEXEC);
    n = fd == -1 ? 0 : read(fd, text, sizeof(text) - 1);

    if (fd != -1) {
        (void) close(fd);
    }

    text[n > 0 ? n : 0] = '\0';
    errno = error;

    return atoll(text) * 1000000;
}


int
clock_gettime(clockid_t id, struct timespec *ts)
{
    int        rc;
    long long  nano;

    rc = preload_clock_gettime(id, ts);

    if (rc != 0 || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE)) {
        return rc;
    }

    nano = ts->tv_sec * PRELOAD_CLOCK_NANO + ts->tv_nsec + preload_clock_set();

    ts->tv_sec = nano / PRELOAD_CLOCK_NANO;
    ts->tv_nsec = nano % PRELOAD_CLOCK_NANO;

    return 0;
}


int
gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
    int              rc;
    struct timespec  ts;

    (void) zone;

    rc = clock_gettime(CLOCK_REALTIME, &ts);

    tv->tv_sec = ts.tv_sec;
    tv->tv_usec = ts.tv_nsec / 1000;

    return rc;
}


time_t
time(time_t *t)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_REALTIME, &ts);

    if (t) {
        *t = ts.tv_sec;
    }

    return ts.tv_sec;
}


static const char *
preload_clock_name(const char *name)
{
    return strcmp(name, PRELOAD_CLOCK_BOOT) == 0
           && access(preload_clock_boot, R_OK) == 0 ? preload_clock_boot : name;
}


int
open(const char *name, int flags, ...)
{
    int      mode;
    va_list  args;

    va_start(args, flags);
    mode = va_arg(args, int);
    va_end(args);

    return preload_clock_open(preload_clock_name(name), flags, mode);
}


int
open64(const char *name, int flags, ...)
{
    int      mode;
    va_list  args;

    va_start(args, flags);
    mode = va_arg(args, int);
    va_end(args);

    return preload_clock_open64(preload_clock_name(name), flags, mode);
}
