/*
 * The look at every page of a data file that has been written over: triples of
 * the input (two bytes of offset, one of content) change a small store's file,
 * a last odd byte cuts it.  What the check calls whole must be.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#include "dots_lmdb_pages.h"
#include "dots_store.h"


#define FUZZ_RECORDS 120
#define FUZZ_FILE    (256 << 10)


static uint8_t  fuzz_file[FUZZ_FILE];
static size_t   fuzz_size;
static int      fuzz_fd;


static void
fuzz_check(int ok)
{
    if (!ok) {
        abort();
    }
}


/* Small and large values, and free pages. */

static void
fuzz_make(dots_store_t *store)
{
    int               i;
    char              key[32];
    static char       value[9000];
    dots_store_op_t   op;
    dots_store_txn_t  txn = { .ops = &op, .nops = 1 }, *txns[1] = { &txn };

    for (i = 0; i < FUZZ_RECORDS; i++) {
        memset(&op, 0, sizeof(op));
        op.action = i % 7 == 6 ? DOTS_STORE_DELETE : DOTS_STORE_PUT;
        op.key.data = key;
        op.key.len = (size_t) snprintf(key, sizeof(key), "m/%d",
                                       i % 7 == 6 ? i - 3 : i);
        op.value.data = value;
        op.value.len = i % 40 == 5 ? sizeof(value) : 200;
        fuzz_check(dots_store_commit(store, txns, 1) == DOTS_STORE_OK);
    }
}


int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    int            fd;
    char           dir[] = "/tmp/dots-fuzz-XXXXXX", name[64], err[512];
    ssize_t        n;
    dots_store_t  *store;

    (void) argc;
    (void) argv;

    fuzz_check(mkdtemp(dir) != NULL);
    fuzz_check(dots_store_open(&store, dir, 1 << 20, err, sizeof(err)) == 0);
    fuzz_make(store);
    dots_store_close(store);

    snprintf(name, sizeof(name), "%s/data.mdb", dir);
    fd = open(name, O_RDONLY);
    n = read(fd, fuzz_file, sizeof(fuzz_file));
    fuzz_check(n > 0 && n < FUZZ_FILE);
    fuzz_size = (size_t) n;
    close(fd);
    unlink(name);
    snprintf(name, sizeof(name), "%s/lock.mdb", dir);
    unlink(name);
    rmdir(dir);

    fuzz_fd = memfd_create("data", MFD_CLOEXEC);
    fuzz_check(fuzz_fd != -1);

    return 0;
}


static int
fuzz_each(void *ctx, dots_store_slice_t key, dots_store_slice_t value)
{
    size_t          i;
    unsigned        sum;
    const uint8_t  *p;

    /* all of it is there to be read */

    for (sum = 0, p = key.data, i = 0; i < key.len; i++) {
        sum += p[i];
    }

    for (p = value.data, i = 0; i < value.len; i++) {
        sum += p[i];
    }

    *(unsigned *) ctx += sum + 1;

    return 0;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                rc;
    size_t             i, len;
    unsigned           sum;
    static uint8_t     file[FUZZ_FILE];
    dots_lmdb_pages_t  p = { .txnid = DOTS_LMDB_PAGES_NEWEST,
                             .each = fuzz_each, .ctx = &sum };

    sum = 0;
    memcpy(file, fuzz_file, fuzz_size);

    for (i = 0; i + 3 <= size; i += 3) {
        file[((size_t) data[i] << 8 | data[i + 1]) % fuzz_size] = data[i + 2];
    }

    len = i < size ? data[i] * fuzz_size / 256 : fuzz_size;

    fuzz_check(ftruncate(fuzz_fd, 0) == 0);
    fuzz_check(pwrite(fuzz_fd, file, len, 0) == (ssize_t) len);

    rc = dots_lmdb_pages_check(fuzz_fd, &p);

    fuzz_check((rc == DOTS_STORE_OK) == (p.faults == 0));
    fuzz_check(rc != DOTS_STORE_OK || p.seen == p.entries);
    fuzz_check(rc == DOTS_STORE_OK || p.fault[0] != '\0');

    return 0;
}
