/*
 * session: where an SSH session starts, and with which umask.
 *
 * In the user's home, or in the setting session-dir; where that was not set, on RunPod in the
 * volume /workspace, because that is where people's work lies and all that outlives the pod. The
 * umask is the container's own, as the user's command has it.
 */
#ifndef SSHINIT_POD_SESSION_H
#define SSHINIT_POD_SESSION_H

#include "base/settings.h"

#include <sys/stat.h>

struct session {
	const char *dir; /* "" for the user's home */
	mode_t umask;
};

/* platform as pod/platform names it. A directory that is not there is a finding, and left out. */
struct session session_plan(
    const struct settings *settings, const char *platform, struct findings *findings);

/* Adds a finding for each thing that an sshd other than ours will not do: start elsewhere than in
 * the home, and keep a umask that lets others write. */
void session_plan_system(
    const struct session *session, const struct settings *settings, struct findings *findings);

#endif
