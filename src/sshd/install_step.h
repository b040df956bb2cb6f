/*
 * install_step: one run of a package manager, with progress, within a time, and its failure named.
 */
#ifndef SSHINIT_SSHD_INSTALL_STEP_H
#define SSHINIT_SSHD_INSTALL_STEP_H

#include "base/finding.h"

#include <stdint.h>

/* When it began and when it must be over, in milliseconds of the monotonic clock. */
struct install_clock {
	int64_t start, end;
};

/* How often a line of progress is due, in milliseconds. */
enum { INSTALL_SAY_EVERY = 10000 };

/* What failed: the package manager's words that show it, and its exit status, or -1. */
struct install_outcome {
	const char *detail;
	int status;
};

struct install_clock install_clock(long seconds);
long install_clock_spent(const struct install_clock *clock);

/* Runs path with argv. A line of progress goes to standard error every ten seconds. CODE_NONE when
 * it succeeded, else the code that names what happened, and more of it in *outcome.
 * Nothing that it started is left running: a package manager killed in its group leaves helpers
 * alive that hold the lock. To be called in a process that has no other children. */
enum code install_step(struct arena *arena, const struct install_clock *clock, const char *path,
    const char *const argv[], const char *const environment[], struct install_outcome *outcome);

/* What a package manager's output says went wrong; pure. */
enum code install_diagnose(struct arena *arena, const char *output, const char **detail);

#endif
