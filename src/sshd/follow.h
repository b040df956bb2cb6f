/*
 * follow: notices that a source of keys has changed.
 *
 * By inotify on the directories that hold the sources: a file is replaced (an editor, rename), a
 * link is turned (a Kubernetes Secret's ..data), a directory appears that was not there. Which
 * directories those are is worked out anew after each change, since links may lead elsewhere then.
 */
#ifndef SSHINIT_SSHD_FOLLOW_H
#define SSHINIT_SSHD_FOLLOW_H

#include "base/settings.h"
#include "pod/state.h"

/* A descriptor that is readable when something has changed, -1 and errno when the kernel has no
 * inotify left. The caller closes it. */
int follow_open(void);

/* Watches what the settings name now, and what was fetched. To be called at first and after each
 * change. */
void follow_arm(int fd, const struct settings *settings, const struct state *state);

/* Takes what is waiting. */
void follow_drain(int fd);

#endif
