/*
 * Requests over sessions: what each client asks for, how often, and how long
 * the answers took.  A request that hears nothing is repeated as it was, the
 * wait doubling each time (RFC 9132, 4.4 and 4.5: that is how a DOTS client
 * deals with NON), and counts as lost in the end.
 */

#ifndef LOAD_WORK_H
#define LOAD_WORK_H

#include "load_hist.h"
#include "load_net.h"
#include "load_request.h"

#define LOAD_WORK_DEPTH  128

typedef struct {
    long         sessions;
    long         first;         /* index of the first client */
    long         depth;         /* requests under way, each session */
    long         requests;      /* stop after so many answers; 0: never */
    double       seconds;
    double       rate;          /* requests a second of all; 0: as answered */
    long         timeout;       /* us to the first repetition */
    long         repeats;
    int          observe;       /* register at each client's mitigation */
    const char  *mix;           /* KIND[:WEIGHT],... */
    const char  *path;          /* of "path", without slash at its begin */
} load_work_conf_t;

typedef struct {
    long         done;
    long         lost;
    long         repeated;
    long         late;          /* not sent in time: all slots were taken */
    long         closed;        /* sessions that ended under way */
    long         notified;
    long         codes[256];
    load_hist_t  latency[LOAD_REQUEST_KINDS];   /* us */
    load_hist_t  handshake;
} load_work_count_t;

extern load_work_count_t  load_work_count;

void load_work_init(const load_work_conf_t *conf);

/* All sessions, with what the mix needs to be there. */
void load_work_up(void);

/* Seconds that it took. */
double load_work_run(void);

/* Full or resumed handshakes, each session closed as soon as it is up. */
double load_work_handshakes(void);

/* Closes all sessions. */
void load_work_down(void);

void load_work_print(const char *mode, double seconds);

#endif /* LOAD_WORK_H */
