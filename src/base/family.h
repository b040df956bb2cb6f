/*
 * family: the processes below this one.
 *
 * Monitor, holder and supervisor are subreapers (or PID 1): whatever loses its parent below them
 * becomes their child. So ending every child, again and again until there is none, ends the whole
 * tree, daemons that left their session included.
 */
#ifndef SSHINIT_BASE_FAMILY_H
#define SSHINIT_BASE_FAMILY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Sends every child SIGTERM, after grace milliseconds SIGKILL, and returns when all are gone and
 * reaped; in any case two seconds after the SIGKILL. Without /proc only the children in known
 * (ends with 0) can be told. */
void family_end(int64_t grace, const pid_t *known);

/* The children of this process, into pids: how many there are, or -1 where /proc cannot tell. */
int family_children(pid_t *pids, int room);

#endif
