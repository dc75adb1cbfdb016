/* dots-admin: main() and the table of commands. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dots_admin.h"


typedef struct {
    const char   *name;
    int           nargs;
    int         (*run)(char **args);
    const char   *usage;
    const char   *help;
} dots_admin_command_t;


static const dots_admin_command_t  dots_admin_commands[] = {
    { "check", 1, dots_admin_check, "check PATH",
      "looks at every page and every record; says how many of each kind" },
    { "dump", 1, dots_admin_dump, "dump PATH",
      "every record as JSON, one object a line" },
    { "backup", 2, dots_admin_backup, "backup PATH DIR",
      "copies the store into DIR, while nginx runs or not" },
    { "restore", 2, dots_admin_restore, "restore PATH DIR",
      "puts the backup in DIR in the store's place; nginx must be stopped" }
};

#define DOTS_ADMIN_COMMANDS                                                   \
    (sizeof(dots_admin_commands) / sizeof(dots_admin_commands[0]))


int
dots_admin_error(int code, const char *fmt, ...)
{
    va_list  args;

    (void) fprintf(stderr, "dots-admin: ");

    va_start(args, fmt);
    (void) vfprintf(stderr, fmt, args);
    va_end(args);

    (void) fprintf(stderr, "\n");

    return code;
}


static void
dots_admin_usage(FILE *out)
{
    size_t  i;

    (void) fprintf(out, "usage: dots-admin store COMMAND PATH [DIR]\n\n");

    for (i = 0; i < DOTS_ADMIN_COMMANDS; i++) {
        (void) fprintf(out, "  store %-18s%s\n", dots_admin_commands[i].usage,
                       dots_admin_commands[i].help);
    }

    (void) fprintf(out, "\n"
        "PATH is nginx's \"state_path\".  Run it as root or as the user that\n"
        "nginx's workers run as.\n\n"
        "exit codes: 0 done, 1 damaged, 2 wrong command line, 3 failed (not\n"
        "there, not readable, in use, disk full), 4 written by a newer "
        "version\n");
}


int
main(int argc, char **argv)
{
    size_t  i;

    if (argc > 1 && (strcmp(argv[1], "help") == 0
                     || strcmp(argv[1], "--help") == 0))
    {
        dots_admin_usage(stdout);
        return DOTS_ADMIN_DONE;
    }

    for (i = 0; argc > 2 && i < DOTS_ADMIN_COMMANDS; i++) {

        if (strcmp(argv[1], "store") != 0
            || strcmp(argv[2], dots_admin_commands[i].name) != 0)
        {
            continue;
        }

        if (argc - 3 != dots_admin_commands[i].nargs) {
            return dots_admin_error(DOTS_ADMIN_USAGE,
                                    "usage: dots-admin store %s",
                                    dots_admin_commands[i].usage);
        }

        return dots_admin_commands[i].run(argv + 3);
    }

    dots_admin_usage(stderr);

    return DOTS_ADMIN_USAGE;
}
