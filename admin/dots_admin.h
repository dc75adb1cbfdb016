/*
 * dots-admin: what its files share.  The operator's command; it runs beside
 * nginx or without it, and changes the store only where "restore" says so.
 */

#ifndef DOTS_ADMIN_H
#define DOTS_ADMIN_H

/* Exit codes; programs rely on them, "dots-admin help" and README list them. */

#define DOTS_ADMIN_DONE    0
#define DOTS_ADMIN_DAMAGED 1   /* the store, or the backup to restore */
#define DOTS_ADMIN_USAGE   2   /* command line */
#define DOTS_ADMIN_FAILED  3   /* not there, not readable, in use, disk full */
#define DOTS_ADMIN_NEWER   4   /* written by a newer version */

/* "args": what follows the command's name, as many as it takes. */
int dots_admin_check(char **args);
int dots_admin_dump(char **args);
int dots_admin_backup(char **args);
int dots_admin_restore(char **args);

/* One line on stderr; returns "code". */
int dots_admin_error(int code, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif /* DOTS_ADMIN_H */
