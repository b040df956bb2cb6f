/*
 * install: openssh-server by the image's own package manager.
 *
 * For those who want their distribution's sshd in an image that lacks it. It runs in a process of
 * its own while the command already works, within a time, with an environment of our making (the
 * workload's LD_LIBRARY_PATH breaks package scripts), and starts no service. A half-installed state
 * that a kill left behind is mended first. Whatever goes wrong is told by one finding.
 */
#ifndef SSHINIT_SSHD_INSTALL_H
#define SSHINIT_SSHD_INSTALL_H

#include "base/settings.h"
#include "pod/state.h"

struct install {
	const struct settings *settings;
	const struct state *state;
	const char *self; /* this binary's path, for the links that start nothing */
};

/* The package manager that would be used, by name; "" after an error finding. */
const char *install_plan(struct arena *arena, struct findings *findings);

/* Installs, for a child of the worker: 0 when sshd is there, else an exit status. What it does and
 * what went wrong goes to standard error: plain lines, and one line made by install_report. */
int install_run(const struct install *install);

/* A finding as one line of text, and back: how the child tells the worker. */
const char *install_report(struct arena *arena, enum code code, const char *detail);
bool install_heard(const char *line, enum code *code, const char **detail);

#endif
