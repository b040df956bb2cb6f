/*
 * state: the directory in which sshinit keeps what is its own while the pod runs.
 *
 * /run/sshinit, else a directory named for the user id under /dev/shm or /tmp. The name of such a
 * directory can be guessed, so it is used only when it is a real directory, ours, with the mode we
 * give it (0700; 0711 for root, whose key files other users' sshd sessions pass through). Otherwise
 * one with a random name is made, and a finding says so; that one is found again by its owner, its
 * mode and the worker's file in it. Either is held open, and everything in it is reached by
 * openat(2) from that descriptor.
 *
 * One sshinit uses it at a time, and holds a lock in it as long as its process lives. Another one
 * of the same container gets none, and learns whose it is; one of another container, which shares
 * our /dev/shm as in a Kubernetes pod, is somebody else like any other.
 */
#ifndef SSHINIT_POD_STATE_H
#define SSHINIT_POD_STATE_H

#include "base/finding.h"

#include <stdbool.h>

struct state {
	int fd;           /* of the directory; -1 when there is none */
	const char *path; /* absolute; "" when there is none */
	bool strict;      /* every directory above it is one that sshd's StrictModes accepts */
	long other;       /* of state_make: the process of this container that uses it; 0: none */
};

/* Opens the state directory, making it where that is needed, for the rest of this process's life.
 * fd is -1 after an error finding, or where another one uses it. */
struct state state_make(struct arena *arena, struct findings *findings);

/* Opens the one that a running sshinit has made, changing nothing. fd is -1 where there is none;
 * that is no finding. */
struct state state_find(struct arena *arena);

/* The path of the file in root's state directory, for a user who may pass through that directory
 * but not read it; NULL where there is no such file, or we are root. */
const char *state_of_root(struct arena *arena, const char *file);

#endif
