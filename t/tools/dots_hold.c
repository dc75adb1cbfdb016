/*
 * Holds the store's only write transaction, as a disk that stands still would:
 * nobody's commit ends until this process does.
 *
 *   dots_hold STATE_PATH [SECONDS]
 *
 * It prints "held", waits for the end of stdin, SECONDS (60) at most, and
 * leaves everything as it was.
 */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <lmdb.h>


static int
dots_hold_begin(MDB_env *env, const char *path, MDB_txn **txn)
{
    int  rc;

    /* a map of the file's own size: nothing is written */

    rc = mdb_env_set_maxreaders(env, 1024);

    if (rc == 0) {
        rc = mdb_env_open(env, path, 0, 0600);
    }

    return rc ? rc : mdb_txn_begin(env, NULL, 0, txn);
}


static void
dots_hold_wait(int seconds)
{
    char           byte;
    struct pollfd  in;

    in.fd = STDIN_FILENO;
    in.events = POLLIN;

    while (poll(&in, 1, seconds * 1000) > 0
           && read(STDIN_FILENO, &byte, 1) > 0)
    {
        /* until its end */
    }
}


int
main(int argc, char **argv)
{
    int       rc;
    MDB_env  *env;
    MDB_txn  *txn;

    if (argc < 2) {
        fprintf(stderr, "usage: dots_hold STATE_PATH [SECONDS]\n");
        return 2;
    }

    rc = mdb_env_create(&env);

    if (rc != 0) {
        fprintf(stderr, "dots_hold: %s\n", mdb_strerror(rc));
        return 1;
    }

    rc = dots_hold_begin(env, argv[1], &txn);

    if (rc != 0) {
        fprintf(stderr, "dots_hold: %s: %s\n", argv[1], mdb_strerror(rc));
        mdb_env_close(env);
        return 1;
    }

    printf("held\n");
    (void) fflush(stdout);

    dots_hold_wait(argc > 2 ? atoi(argv[2]) : 60);

    mdb_txn_abort(txn);
    mdb_env_close(env);

    return 0;
}
