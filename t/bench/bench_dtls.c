/*
 * Load for a signal channel: many DTLS sessions in one thread.
 *
 *   bench_dtls MODE --server ADDR:PORT [OPTION]...
 *
 *   load        requests of a mix; each answer is followed by a request, or
 *               --rate of them a second whatever is answered
 *   handshake   handshakes, --sessions at a time, closed as soon as done
 *   idle        sessions that stay until stdin ends
 *
 * Who: --ca, --cert and --key FILE, or --psk-id NAME and --psk HEX.
 * What: --mix KIND[:WEIGHT],... of get (the client's mitigation), unknown (GET
 * of no mitigation), put (ever new mids of one address), refresh (PUT of the
 * same mid), fill (mids that add up), hb (heartbeat), path and pathget (PUT and
 * GET of --path NAME); --observe registers first; --ready says so when all is
 * up, waits for a line on stdin, and keeps the sessions until its end.  Client
 * n has a cuid and addresses of its own below 2001:db8:6401::/48, n from
 * --first on.  The rest is in the table of options.  Prints one line of
 * key=value; times are in microseconds.
 */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "load_net.h"
#include "load_work.h"


static int               bench_dtls_ready;
static load_net_conf_t   bench_dtls_net;
static load_work_conf_t  bench_dtls_work = {
    32, 0, 4, 0, 5, 0, 1000000, 3, 0, "unknown", "example_data"
};

static const struct option  bench_dtls_options[] = {
    { "server", required_argument, NULL, 's' },
    { "ca", required_argument, NULL, 'a' },
    { "cert", required_argument, NULL, 'c' },
    { "key", required_argument, NULL, 'k' },
    { "psk-id", required_argument, NULL, 'i' },
    { "psk", required_argument, NULL, 'p' },
    { "loss", required_argument, NULL, 'l' },       /* percent, each way */
    { "twice", required_argument, NULL, 'w' },      /* percent, each way */
    { "resume", no_argument, NULL, 'R' },
    { "sessions", required_argument, NULL, 'n' },
    { "first", required_argument, NULL, 'f' },
    { "depth", required_argument, NULL, 'd' },      /* requests a session */
    { "requests", required_argument, NULL, 'N' },   /* then stop */
    { "seconds", required_argument, NULL, 't' },
    { "rate", required_argument, NULL, 'r' },
    { "timeout", required_argument, NULL, 'T' },    /* ms to a repetition */
    { "repeats", required_argument, NULL, 'x' },
    { "observe", no_argument, NULL, 'o' },
    { "mix", required_argument, NULL, 'm' },
    { "path", required_argument, NULL, 'P' },
    { "ready", no_argument, NULL, 'y' },
    { NULL, 0, NULL, 0 }
};


static void
bench_dtls_option(int c)
{
    load_net_conf_t   *net;
    load_work_conf_t  *work;

    net = &bench_dtls_net;
    work = &bench_dtls_work;

    switch (c) {
    case 's': net->server = optarg; break;
    case 'a': net->ca = optarg; break;
    case 'c': net->cert = optarg; break;
    case 'k': net->key = optarg; break;
    case 'i': net->psk_id = optarg; break;
    case 'p': net->psk = optarg; break;
    case 'l': net->loss = atof(optarg) / 100; break;
    case 'w': net->twice = atof(optarg) / 100; break;
    case 'R': net->resume = 1; break;
    case 'n': work->sessions = atol(optarg); break;
    case 'f': work->first = atol(optarg); break;
    case 'd': work->depth = atol(optarg); break;
    case 'N': work->requests = atol(optarg); break;
    case 't': work->seconds = atof(optarg); break;
    case 'r': work->rate = atof(optarg); break;
    case 'T': work->timeout = atol(optarg) * 1000; break;
    case 'x': work->repeats = atol(optarg); break;
    case 'o': work->observe = 1; break;
    case 'm': work->mix = optarg; break;
    case 'P': work->path = optarg; break;
    case 'y': bench_dtls_ready = 1; break;
    default: exit(2);
    }
}


static int
bench_dtls_complete(void)
{
    load_net_conf_t   *net;
    load_work_conf_t  *work;

    net = &bench_dtls_net;
    work = &bench_dtls_work;

    return net->server != NULL
           && (net->psk_id != NULL
               ? net->psk != NULL
               : net->ca != NULL && net->cert != NULL && net->key != NULL)
           && work->sessions >= 1 && work->depth >= 1
           && work->depth <= LOAD_WORK_DEPTH && work->seconds > 0
           && work->repeats >= 0 && work->repeats < 32;
}


/* A socket for each session. */

static void
bench_dtls_files(void)
{
    struct rlimit  rl;

    if (getrlimit(RLIMIT_NOFILE, &rl) == -1) {
        load_net_die("getrlimit()");
    }

    rl.rlim_cur = rl.rlim_max;

    if (setrlimit(RLIMIT_NOFILE, &rl) == -1) {
        load_net_die("setrlimit()");
    }
}


static void
bench_dtls_up(void)
{
    load_work_up();

    printf("up sessions=%ld\n", bench_dtls_work.sessions);
    fflush(stdout);
}


static void
bench_dtls_idle(void)
{
    bench_dtls_up();

    while (getchar() != EOF) { /* void */ }

    load_work_down();
}


static double
bench_dtls_load(void)
{
    int  c;

    if (!bench_dtls_ready) {
        load_work_up();
        return load_work_run();
    }

    bench_dtls_up();

    do {
        c = getchar();
    } while (c != '\n' && c != EOF);

    return load_work_run();
}


int
main(int argc, char **argv)
{
    int          c;
    double       seconds;
    const char  *mode;

    while ((c = getopt_long(argc, argv, "", bench_dtls_options, NULL)) != -1) {
        bench_dtls_option(c);
    }

    mode = optind < argc ? argv[optind] : "";

    if (!bench_dtls_complete()) {
        fprintf(stderr, "bench_dtls: see the head of bench_dtls.c\n");
        return 2;
    }

    bench_dtls_files();
    load_net_init(&bench_dtls_net);
    load_work_init(&bench_dtls_work);

    if (strcmp(mode, "handshake") == 0) {
        seconds = load_work_handshakes();

    } else if (strcmp(mode, "load") == 0) {
        seconds = bench_dtls_load();

    } else if (strcmp(mode, "idle") == 0) {
        bench_dtls_idle();
        return 0;

    } else {
        fprintf(stderr, "bench_dtls: unknown mode \"%s\"\n", mode);
        return 2;
    }

    load_work_print(mode, seconds);

    if (bench_dtls_ready) {
        fflush(stdout);
        while (getchar() != EOF) { /* void */ }
    }

    load_work_down();

    return load_work_count.done == 0;
}
