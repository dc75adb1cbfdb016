/*
 * Kills a process in the very moment when one of its threads enters a function:
 * inside a critical section, in the middle of a change.
 *
 *   dots_kill_at PID FUNCTION [hold]
 *
 * FUNCTION is one that the program or one of its libraries exports.  Prints
 * "armed", waits for the function, kills, prints "killed", and exits 0; when
 * stdin ends before that, "missed", exit 1, and the process goes on unharmed.
 * Exit 2: it can't be done here (rights, no such function, another CPU).
 *
 * hold: does not kill; all of the process stands still, it prints "held", and
 * when stdin ends the process goes on as if nothing had been.
 */

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>


#define DOTS_KILL_AT_THREADS 256


static pid_t   dots_kill_at_threads[DOTS_KILL_AT_THREADS];
static size_t  dots_kill_at_nthreads;


static int
dots_kill_at_refuse(const char *what)
{
    printf("refused %s: %s\n", what, strerror(errno));

    return 2;
}


/* ---- where the function is ---- */

static uint64_t
dots_kill_at_symbol(const uint8_t *file, size_t size, const char *name)
{
    size_t             i, n;
    const char        *text;
    const Elf64_Ehdr  *eh;
    const Elf64_Shdr  *sh, *strings;
    const Elf64_Sym   *sym;

    eh = (const Elf64_Ehdr *) file;

    if (size < sizeof(*eh) || memcmp(eh->e_ident, ELFMAG, SELFMAG) != 0
        || eh->e_ident[EI_CLASS] != ELFCLASS64)
    {
        return 0;
    }

    sh = (const Elf64_Shdr *) (file + eh->e_shoff);

    for (i = 0; i < eh->e_shnum; i++) {

        if (sh[i].sh_type != SHT_DYNSYM) {
            continue;
        }

        strings = &sh[sh[i].sh_link];
        text = (const char *) file + strings->sh_offset;
        sym = (const Elf64_Sym *) (file + sh[i].sh_offset);

        for (n = 0; n < sh[i].sh_size / sizeof(*sym); n++) {
            if (sym[n].st_value != 0
                && strcmp(text + sym[n].st_name, name) == 0)
            {
                return sym[n].st_value;
            }
        }
    }

    return 0;
}


static uint64_t
dots_kill_at_file(const char *path, const char *name)
{
    int          fd;
    void        *file;
    uint64_t     at;
    struct stat  st;

    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1) {
        return 0;
    }

    at = 0;
    file = MAP_FAILED;

    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        file = mmap(NULL, (size_t) st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    }

    if (file != MAP_FAILED) {
        at = dots_kill_at_symbol(file, (size_t) st.st_size, name);
        (void) munmap(file, (size_t) st.st_size);
    }

    (void) close(fd);

    return at;
}


/* All are position-independent: the first mapping is the file's beginning. */

static uint64_t
dots_kill_at_address(pid_t pid, const char *name)
{
    FILE      *maps;
    char       line[4096], path[4096];
    uint64_t   base, offset, at;

    (void) snprintf(path, sizeof(path), "/proc/%d/maps", (int) pid);

    maps = fopen(path, "r");
    if (maps == NULL) {
        return 0;
    }

    at = 0;

    while (at == 0 && fgets(line, sizeof(line), maps)) {
        if (sscanf(line, "%lx-%*x %*s %lx %*s %*s %4095s", &base, &offset, path)
            == 3
            && offset == 0 && path[0] == '/')
        {
            at = dots_kill_at_file(path, name);
            at = at ? at + base : 0;
        }
    }

    (void) fclose(maps);

    return at;
}


/* ---- the process ---- */

static int
dots_kill_at_attach(pid_t pid)
{
    DIR            *dir;
    char            path[64];
    pid_t           tid;
    struct dirent  *entry;

    (void) snprintf(path, sizeof(path), "/proc/%d/task", (int) pid);

    dir = opendir(path);
    if (dir == NULL) {
        return -1;
    }

    while ((entry = readdir(dir)) != NULL) {

        tid = atoi(entry->d_name);

        if (tid == 0 || dots_kill_at_nthreads == DOTS_KILL_AT_THREADS) {
            continue;
        }

        if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) != 0) {
            (void) closedir(dir);
            return -1;
        }

        dots_kill_at_threads[dots_kill_at_nthreads++] = tid;
    }

    (void) closedir(dir);

    return 0;
}


/* Writes to the text of the process while its first thread stands still. */

static int
dots_kill_at_poke(uint64_t at, long word)
{
    int    status;
    pid_t  tid;

    tid = dots_kill_at_threads[0];

    if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) != 0
        || waitpid(tid, &status, __WALL) != tid
        || ptrace(PTRACE_POKETEXT, tid, (void *) at, (void *) word) != 0)
    {
        return -1;
    }

    return ptrace(PTRACE_CONT, tid, NULL, NULL) == 0 ? 0 : -1;
}


static int
dots_kill_at_peek(uint64_t at, long *word)
{
    int    status;
    pid_t  tid;

    tid = dots_kill_at_threads[0];

    if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) != 0
        || waitpid(tid, &status, __WALL) != tid)
    {
        return -1;
    }

    errno = 0;
    *word = ptrace(PTRACE_PEEKTEXT, tid, (void *) at, NULL);

    return errno == 0 && ptrace(PTRACE_CONT, tid, NULL, NULL) == 0 ? 0 : -1;
}


/* The thread that stands at the function, or 0; other stops are not ours. */

static pid_t
dots_kill_at_reached(void)
{
    int    status;
    pid_t  tid;

    while ((tid = waitpid(-1, &status, __WALL | WNOHANG)) > 0) {

        if (!WIFSTOPPED(status)) {
            continue;
        }

        if (WSTOPSIG(status) == SIGTRAP && status >> 16 == 0) {
            return tid;
        }

        (void) ptrace(PTRACE_CONT, tid, NULL,
                      status >> 16 ? NULL : (void *) (long) WSTOPSIG(status));
    }

    return 0;
}


/*
 * The other threads stop, too, and the one that is there repeats what it has
 * found in the function's place.  All go on when this process ends.
 */

#if defined(__x86_64__)

static int
dots_kill_at_hold(pid_t at, uint64_t address, long word)
{
    char                     c;
    int                      status;
    size_t                   i;
    pid_t                    tid;
    struct user_regs_struct  regs;

    for (i = 0; i < dots_kill_at_nthreads; i++) {
        tid = dots_kill_at_threads[i];

        if (tid != at && ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) == 0) {
            (void) waitpid(tid, &status, __WALL);
        }
    }

    printf("held\n");

    while (read(STDIN_FILENO, &c, 1) > 0) {
        /* until its end */
    }

    if (ptrace(PTRACE_POKETEXT, at, (void *) address, (void *) word) != 0
        || ptrace(PTRACE_GETREGS, at, NULL, &regs) != 0)
    {
        return dots_kill_at_refuse("ptrace");
    }

    regs.rip = address;

    return ptrace(PTRACE_SETREGS, at, NULL, &regs) == 0
           ? 0 : dots_kill_at_refuse("ptrace");
}


/* 1: stdin has ended. */

static int
dots_kill_at_wait(pid_t pid, int hold, uint64_t address, long word)
{
    char           c;
    pid_t          tid;
    struct pollfd  in = { .fd = STDIN_FILENO, .events = POLLIN };

    for ( ;; ) {

        tid = dots_kill_at_reached();

        if (tid && hold) {
            return dots_kill_at_hold(tid, address, word);
        }

        if (tid) {
            (void) kill(pid, SIGKILL);
            printf("killed\n");
            return 0;
        }

        if (poll(&in, 1, 1) > 0 && read(STDIN_FILENO, &c, 1) <= 0) {
            return 1;
        }
    }
}

#endif


int
main(int argc, char **argv)
{
#if defined(__x86_64__)

    int       rc;
    long      word;
    pid_t     pid;
    uint64_t  at;

    setvbuf(stdout, NULL, _IOLBF, 0);

    if (argc < 3 || argc > 4 || (pid = atoi(argv[1])) <= 0
        || (argc == 4 && strcmp(argv[3], "hold") != 0))
    {
        fprintf(stderr, "usage: dots_kill_at PID FUNCTION [hold]\n");
        return 2;
    }

    at = dots_kill_at_address(pid, argv[2]);

    if (at == 0) {
        return dots_kill_at_refuse(argv[2]);
    }

    if (dots_kill_at_attach(pid) != 0
        || dots_kill_at_peek(at, &word) != 0
        || dots_kill_at_poke(at, (word & ~0xffL) | 0xcc) != 0)
    {
        return dots_kill_at_refuse("ptrace");
    }

    printf("armed\n");

    rc = dots_kill_at_wait(pid, argc == 4, at, word);

    if (rc == 1) {
        (void) dots_kill_at_poke(at, word);
        printf("missed\n");
    }

    return rc;

#else

    (void) argc;
    (void) argv;

    errno = ENOSYS;

    return dots_kill_at_refuse("this CPU");

#endif
}
