/*
 * Durable commits a second of the store, alone and in groups of 32, with
 * 500-byte records; beside it the disk's bare fdatasync().
 * Usage: bench_store [directory] [seconds each]
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dots_store.h"


#define BENCH_VALUE 500
#define BENCH_GROUP 32


static double
bench_now(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (double) ts.tv_sec + (double) ts.tv_nsec / 1e9;
}


static void
bench_sync(const char *dir, double seconds)
{
    int          fd;
    char         name[300];
    double       t0;
    size_t       n;
    static char  block[4096];

    (void) snprintf(name, sizeof(name), "%.256s/sync", dir);

    fd = open(name, O_CREAT | O_RDWR, 0600);
    if (fd == -1) {
        perror(name);
        exit(1);
    }

    t0 = bench_now();

    for (n = 0; bench_now() - t0 < seconds; n++) {
        if (pwrite(fd, block, sizeof(block), 0) == -1 || fdatasync(fd) == -1) {
            perror(name);
            exit(1);
        }
    }

    printf("fdatasync of 4096 bytes: %.0f/s\n",
           (double) n / (bench_now() - t0));
    (void) close(fd);
    (void) unlink(name);
}


static void
bench_commits(dots_store_t *store, size_t group, double seconds)
{
    char              keys[BENCH_GROUP][32];
    size_t            i, n;
    double            t0, t;
    static char       value[BENCH_VALUE];
    dots_store_op_t   ops[BENCH_GROUP];
    dots_store_txn_t  txn[BENCH_GROUP], *txns[BENCH_GROUP];

    memset(ops, 0, sizeof(ops));
    memset(txn, 0, sizeof(txn));

    t0 = bench_now();

    for (n = 0; bench_now() - t0 < seconds; n++) {

        for (i = 0; i < group; i++) {
            ops[i].action = DOTS_STORE_PUT;
            ops[i].key.data = keys[i];
            ops[i].key.len = (size_t) sprintf(keys[i], "m/%08lx",
                                              random() % 10000);
            ops[i].value.data = value;
            ops[i].value.len = sizeof(value);
            txn[i].ops = &ops[i];
            txn[i].nops = 1;
            txns[i] = &txn[i];
        }

        if (dots_store_commit(store, txns, group) != DOTS_STORE_OK) {
            fprintf(stderr, "%s\n", dots_store_error(store));
            exit(1);
        }
    }

    t = bench_now() - t0;
    printf("batch %2zu: %.0f commits/s, %.0f records/s\n", group,
           (double) n / t, (double) (n * group) / t);
}


int
main(int argc, char **argv)
{
    char          dir[256], err[512], name[300];
    double        seconds;
    dots_store_t *store;

    (void) snprintf(dir, sizeof(dir), "%.200s/bench-store-XXXXXX",
                    argc > 1 ? argv[1] : "/tmp");
    seconds = argc > 2 ? atof(argv[2]) : 2;

    if (mkdtemp(dir) == NULL) {
        perror(dir);
        return 1;
    }

    if (dots_store_open(&store, dir, (size_t) 256 << 20, err, sizeof(err))
        != DOTS_STORE_OK)
    {
        fprintf(stderr, "%s\n", err);
        return 1;
    }

    bench_sync(dir, seconds);
    bench_commits(store, 1, seconds);
    bench_commits(store, BENCH_GROUP, seconds);

    dots_store_close(store);
    (void) snprintf(name, sizeof(name), "%s/data.mdb", dir);
    (void) unlink(name);
    (void) snprintf(name, sizeof(name), "%s/lock.mdb", dir);
    (void) unlink(name);
    (void) rmdir(dir);

    return 0;
}
