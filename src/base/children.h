/*
 * children: the child processes of this one, and ending them all.
 *
 * Meant for a subreaper (or PID 1), as the holder, the worker and the supervisor are: whatever
 * loses its parent below such a process becomes its child. So ending every child, again and again
 * until there is none, ends the whole tree, daemons that left their session included.
 */
#ifndef SSHINIT_BASE_CHILDREN_H
#define SSHINIT_BASE_CHILDREN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Sends every child SIGTERM, after grace milliseconds SIGKILL, and returns when all are gone and
 * reaped, in any case two seconds after the SIGKILL. known (0-terminated, or NULL) are those to be
 * signalled where there is no /proc to find the others by. */
void children_end(int64_t grace, const pid_t *known);

/* Puts the children of this process into pids, which has room for so many: how many there are, or
 * -1 where /proc cannot tell. */
int children_list(pid_t *pids, int room);

#endif
