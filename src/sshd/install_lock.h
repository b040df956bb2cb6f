/*
 * install_lock: the lock files that package managers leave when they are killed.
 *
 * A kernel lock goes with its holder. A file with a process id in it does not: after the container
 * is started again, the id is often that of another process, and the package manager then waits for
 * that one for ever. Nor does pacman's file, which holds nothing at all.
 */
#ifndef SSHINIT_SSHD_INSTALL_LOCK_H
#define SSHINIT_SSHD_INSTALL_LOCK_H

#include "sshd/install_step.h"

#include <stdbool.h>

/* Removes the file where the process whose id it holds is gone, or is younger than the file, which
 * it then cannot have written. */
void install_lock_mend(struct arena *arena, const char *path);

/* Waits, within the time and LOCK_SECONDS, for a file that its holder keeps open; what nobody has
 * open is removed. False when it is still held. */
enum { LOCK_SECONDS = 120 };
bool install_lock_wait(const struct install_clock *clock, const char *path);

#endif
