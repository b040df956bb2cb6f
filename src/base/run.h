/*
 * run: another program, to its end, within a time.
 */
#ifndef SSHINIT_BASE_RUN_H
#define SSHINIT_BASE_RUN_H

#include "base/span.h"

struct arena;

/* Runs path with argv in the environment given (never our own: LD_PRELOAD and secrets stay away),
 * standard input from /dev/null, and collects what it writes to standard output and error, at most
 * 1 MB of it. Killed after timeout_ms. The exit status, 128 + N for a signal, -1 and errno when it
 * could not be started or was too slow (ETIMEDOUT). output ends in a NUL. */
int run_collect(struct arena *arena, const char *path, const char *const argv[],
    const char *const environment[], int timeout_ms, struct span *output);

/* Runs path with argv on our own standard streams, where it may ask for a passphrase. The exit
 * status, 128 + N for a signal, -1 and errno when it could not be started. */
int run_inherit(const char *path, const char *const argv[], const char *const environment[]);

/* The same for a program that is part of this binary: its main runs in a child, which spares the
 * exec. */
int run_collect_main(struct arena *arena, int (*program)(int argc, char **argv),
    const char *const argv[], const char *const environment[], int timeout_ms, struct span *output);

/* What exec would do to signal handlers: in a child that goes on as this program. */
void run_forget_handlers(void);

/* The first executable regular file called name in the directories (a PATH), "" when there is
 * none. */
const char *run_find(struct arena *arena, const char *directories, const char *name);

/* Where an image's programs are, whatever the PATH of the container says. */
extern const char run_standard_path[];

#endif
