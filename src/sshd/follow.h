/*
 * follow: notices that a source of keys has changed.
 *
 * By inotify on the directories that lead to the sources: a file is replaced (an editor, rename), a
 * link is turned (a Kubernetes Secret's ..data), a directory is renamed or appears that was not
 * there. A path is walked part by part, symbolic links included, and in each directory on the way
 * only changes to the one name count that the path goes through: a source in a busy /tmp costs
 * nothing. Which directories those are is worked out anew after each change. The file itself is
 * watched too: one that is mounted by itself can change while its directory does not.
 */
#ifndef SSHINIT_SSHD_FOLLOW_H
#define SSHINIT_SSHD_FOLLOW_H

#include "base/settings.h"
#include "pod/state.h"

struct follow_watch;

struct follow {
	int fd;              /* readable when something has happened; -1 and errno: no inotify */
	struct arena *arena; /* of the watches */
	struct follow_watch *watches;
};

struct follow follow_open(void);

/* Watches what the settings name now, and what was fetched. To be called at first and after each
 * change. */
void follow_arm(struct follow *follow, const struct settings *settings, const struct state *state);

/* Takes what is waiting; whether a source may have changed. */
bool follow_drain(const struct follow *follow);

#endif
