/*
 * Driver for a program of the provider's that drops what it is told to and may
 * count it: a child that is started, fed with the desired set and asked over
 * its stdin and stdout (README.md, "A mitigator of your own").
 */

#ifndef DOTS_EXEC_H
#define DOTS_EXEC_H

#include "dots_mitigator.h"

#define DOTS_EXEC_TIMEOUT 10000 /* ms, a usual timeout */

typedef struct {
    char     **argv;        /* ends with NULL; the first is an absolute path */
    uint32_t   timeout;     /* ms in which it has to say something when asked */
} dots_exec_conf_t;

extern const dots_mitigator_driver_t  dots_exec_driver;

#endif /* DOTS_EXEC_H */
