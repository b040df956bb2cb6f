/*
 * run: another program, to its end, within a time.
 *
 * Each answers the program's exit status, 128 + N where signal N ended it, 127 where it cannot be
 * executed; or -1 and errno where no process could be made or the time was over (ETIMEDOUT).
 */
#ifndef SSHINIT_BASE_RUN_H
#define SSHINIT_BASE_RUN_H

#include "base/span.h"

struct arena;

/* Runs the file at path with argv in the environment given (in a pod never our own: LD_PRELOAD and
 * secrets stay away), standard input from /dev/null, and collects what it writes to standard output
 * and error, at most 1 MB of it. When timeout_ms are over it is told to end, and killed a second
 * later. output ends in a NUL. */
int run_collect(struct arena *arena, const char *path, const char *const argv[],
    const char *const environment[], int timeout_ms, struct span *output);

/* The same with standard output and error kept apart. */
int run_collect_apart(struct arena *arena, const char *path, const char *const argv[],
    const char *const environment[], int timeout_ms, struct span *out, struct span *err);

/* The same as run_collect for a program that is part of this binary: its main runs in a child,
 * which spares the exec. */
int run_collect_main(struct arena *arena, int (*program)(int argc, char **argv),
    const char *const argv[], const char *const environment[], int timeout_ms, struct span *output);

/* What exec would do to signal handlers: in a child that goes on as this program. */
void run_forget_handlers(void);

/* Runs the file at path with argv on our own standard streams, where it may ask for a passphrase,
 * and without a limit of time. */
int run_inherit(const char *path, const char *const argv[], const char *const environment[]);

/* The first executable regular file called name in the directories (a PATH), "" when there is
 * none. Directories that are not absolute are passed over. */
const char *run_find(struct arena *arena, const char *directories, const char *name);

/* Where an image's programs are, whatever the PATH of the container says. */
extern const char run_standard_path[];

#endif
