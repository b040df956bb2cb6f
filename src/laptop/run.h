/*
 * run: another program as a function: arguments in, output and status out.
 */
#ifndef SSHINIT_LAPTOP_RUN_H
#define SSHINIT_LAPTOP_RUN_H

#include "base/buf.h"

#include <stdbool.h>

struct run {
	int status; /* its exit code, 128 + signal, 127 when it cannot be started, 124 out of time
	             */
	struct buf out, err;
};

/* Runs argv[0] found on PATH with nothing on standard input, for seconds at most. */
struct run run_program(struct arena *arena, const char *const argv[], int seconds);

#endif
