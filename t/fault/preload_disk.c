/*
 * A disk that fails or stands still, for LD_PRELOAD: what the process does with
 * the file data.mdb.  The folder in DOTS_FAULT says how, call by call:
 *
 *     eio     (a file) fdatasync() fails
 *     full    (a file) writes to data.mdb fail with ENOSPC
 *     meta    (a file) so does the write to a descriptor with O_DSYNC, which is
 *             LMDB's of the meta pages
 *     hold    (a FIFO) fdatasync() lasts until a writer has opened and closed
 *             it
 *     hold.N  (a FIFO) the same in the process N
 *     slow    (a file) fdatasync() takes so many milliseconds
 *     walk    (a FIFO) as hold, but of reading many records, or counting them:
 *             mdb_cursor_open()
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>


static char  preload_disk_dir[512];

static int (*preload_disk_fdatasync)(int fd);
static ssize_t (*preload_disk_pwrite)(int fd, const void *buf, size_t len,
    off_t at);
static ssize_t (*preload_disk_writev)(int fd, const struct iovec *iov, int n);
static int (*preload_disk_cursor)(void *txn, unsigned dbi, void **cursor);


int mdb_cursor_open(void *txn, unsigned dbi, void **cursor);


/* nginx empties its environment later. */

__attribute__((constructor)) static void
preload_disk_init(void)
{
    const char  *dir;

    dir = getenv("DOTS_FAULT");
    (void) snprintf(preload_disk_dir, sizeof(preload_disk_dir), "%s",
                    dir ? dir : "");

    *(void **) &preload_disk_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    *(void **) &preload_disk_pwrite = dlsym(RTLD_NEXT, "pwrite");
    *(void **) &preload_disk_writev = dlsym(RTLD_NEXT, "writev");
}


static int
preload_disk_store(int fd)
{
    char     link[64], name[1024];
    ssize_t  n;

    (void) snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, name, sizeof(name) - 1);

    if (preload_disk_dir[0] == '\0' || n < 9) {
        return 0;
    }

    name[n] = '\0';

    return strcmp(name + n - 9, "/data.mdb") == 0;
}


static int
preload_disk_open(const char *fault)
{
    char  name[600];

    (void) snprintf(name, sizeof(name), "%s/%s", preload_disk_dir, fault);

    return open(name, O_RDONLY | O_CLOEXEC);
}


/* Nonzero if there is such a fault; it has happened when this returns. */

static int
preload_disk_fault(const char *fault)
{
    int              fd;
    char             text[32];
    long             ms;
    ssize_t          n, all;
    struct timespec  ts;

    fd = preload_disk_open(fault);
    if (fd == -1) {
        return 0;
    }

    memset(text, 0, sizeof(text));

    for (all = 0; all < (ssize_t) sizeof(text) - 1; all += n) {
        n = read(fd, text + all, sizeof(text) - 1 - (size_t) all);

        if (n <= 0) {
            break;
        }
    }

    (void) close(fd);

    ms = atol(text);
    ts.tv_sec = ms / 1000;
    ts.tv_nsec = ms % 1000 * 1000000;
    (void) nanosleep(&ts, NULL);

    return 1;
}


/* LMDB comes with the module, after us. */

int
mdb_cursor_open(void *txn, unsigned dbi, void **cursor)
{
    if (preload_disk_cursor == NULL) {
        *(void **) &preload_disk_cursor = dlsym(RTLD_NEXT, "mdb_cursor_open");
    }

    if (preload_disk_dir[0] != '\0') {
        (void) preload_disk_fault("walk");
    }

    return preload_disk_cursor(txn, dbi, cursor);
}


int
fdatasync(int fd)
{
    char  name[32];

    if (preload_disk_store(fd)) {

        (void) snprintf(name, sizeof(name), "hold.%d", (int) getpid());

        (void) preload_disk_fault("hold");
        (void) preload_disk_fault(name);
        (void) preload_disk_fault("slow");

        if (preload_disk_fault("eio")) {
            errno = EIO;
            return -1;
        }
    }

    return preload_disk_fdatasync(fd);
}


/* LMDB writes pages by pwrite() and writev(). */

ssize_t
pwrite(int fd, const void *buf, size_t len, off_t at)
{
    if (preload_disk_store(fd)) {

        if (preload_disk_fault("full")) {
            errno = ENOSPC;
            return -1;
        }

        if ((fcntl(fd, F_GETFL) & O_DSYNC) && preload_disk_fault("meta")) {
            errno = EIO;
            return -1;
        }
    }

    return preload_disk_pwrite(fd, buf, len, at);
}


ssize_t
writev(int fd, const struct iovec *iov, int n)
{
    if (preload_disk_store(fd) && preload_disk_fault("full")) {
        errno = ENOSPC;
        return -1;
    }

    return preload_disk_writev(fd, iov, n);
}
