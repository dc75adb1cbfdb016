/*
 * Memory that runs out, for LD_PRELOAD: in the children of the process that was
 * started (nginx's workers and manager) an allocation fails now and then.  The
 * file "memory" in the folder DOTS_FAULT, which is there from the start, has
 * two numbers of 32 bits in host order: one of so many allocations fails (0:
 * none), and a seed.  Those of libyang succeed, those of PCRE, which it calls,
 * and those that libc makes for whomever: libyang 2.1 follows null pointers.
 */

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>


typedef struct {
    uint32_t  one_in;
    uint32_t  seed;
} preload_memory_t;


void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t align, size_t size);


typedef struct {
    uintptr_t  from;
    uintptr_t  to;
} preload_memory_range_t;


static volatile preload_memory_t  *preload_memory;
static preload_memory_range_t      preload_memory_spared[8];
static size_t                      preload_memory_nspared;
static pid_t                       preload_memory_master;
static __thread uint32_t           preload_memory_random;


/* nginx empties its environment later. */

__attribute__((constructor)) static void
preload_memory_init(void)
{
    int          fd;
    char         name[600];
    void        *p;
    const char  *dir;

    dir = getenv("DOTS_FAULT");
    if (dir == NULL) {
        return;
    }

    (void) snprintf(name, sizeof(name), "%s/memory", dir);

    fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd == -1) {
        return;
    }

    p = mmap(NULL, sizeof(preload_memory_t), PROT_READ, MAP_SHARED, fd, 0);
    (void) close(fd);

    if (p != MAP_FAILED) {
        preload_memory_master = getpid();
        preload_memory = p;
    }
}


static int
preload_memory_object(struct dl_phdr_info *info, size_t size, void *data)
{
    int                      i;
    preload_memory_range_t  *r;

    (void) size;
    (void) data;

    if (preload_memory_nspared == 8
        || (strstr(info->dlpi_name, "/libyang.so") == NULL
            && strstr(info->dlpi_name, "/libpcre2") == NULL
            && strstr(info->dlpi_name, "/libc.so") == NULL))
    {
        return 0;
    }

    r = &preload_memory_spared[preload_memory_nspared++];
    r->from = info->dlpi_addr;
    r->to = info->dlpi_addr;

    for (i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type == PT_LOAD) {
            r->to = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr
                    + info->dlpi_phdr[i].p_memsz;
        }
    }

    return 0;
}


/* Libraries come with the module, before the first worker. */

static int
preload_memory_spares(const void *caller)
{
    size_t     i;
    uintptr_t  at;

    if (preload_memory_nspared == 0) {
        (void) dl_iterate_phdr(preload_memory_object, NULL);
    }

    at = (uintptr_t) caller;

    for (i = 0; i < preload_memory_nspared; i++) {
        if (at >= preload_memory_spared[i].from
            && at < preload_memory_spared[i].to)
        {
            return 1;
        }
    }

    return 0;
}


/* Nonzero if there is no memory. */

static int
preload_memory_fails(const void *caller)
{
    uint32_t  r;

    if (preload_memory == NULL || preload_memory->one_in == 0
        || getpid() == preload_memory_master)
    {
        return 0;
    }

    r = preload_memory_random;
    r = r ? r : (preload_memory->seed ^ (uint32_t) getpid() << 8) | 1;

    r ^= r << 13;
    r ^= r >> 17;
    r ^= r << 5;

    preload_memory_random = r;

    if (r % preload_memory->one_in || preload_memory_spares(caller)) {
        return 0;
    }

    errno = ENOMEM;

    return 1;
}


void *
malloc(size_t size)
{
    return preload_memory_fails(__builtin_return_address(0))
           ? NULL : __libc_malloc(size);
}


void *
calloc(size_t n, size_t size)
{
    return preload_memory_fails(__builtin_return_address(0))
           ? NULL : __libc_calloc(n, size);
}


void *
realloc(void *p, size_t size)
{
    return preload_memory_fails(__builtin_return_address(0))
           ? NULL : __libc_realloc(p, size);
}


void *
memalign(size_t align, size_t size)
{
    return preload_memory_fails(__builtin_return_address(0))
           ? NULL : __libc_memalign(align, size);
}


void *
aligned_alloc(size_t align, size_t size)
{
    return preload_memory_fails(__builtin_return_address(0))
           ? NULL : __libc_memalign(align, size);
}


int
posix_memalign(void **p, size_t align, size_t size)
{
    *p = preload_memory_fails(__builtin_return_address(0))
         ? NULL : __libc_memalign(align, size);

    return *p ? 0 : ENOMEM;
}
