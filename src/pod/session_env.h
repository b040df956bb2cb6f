/*
 * session_env: which of the container's variables an SSH session gets.
 *
 * All but those that describe a session (HOME, TERM, SSH_*, ...), those that hold keys and
 * sshinit's own; the setting session-env leaves out more, or all.
 */
#ifndef SSHINIT_POD_SESSION_ENV_H
#define SSHINIT_POD_SESSION_ENV_H

#include "base/settings.h"
#include "base/span.h"

/* What this user gets: a NULL-terminated array of "NAME=value". bin, where it is not "", stands
 * last on its PATH: the directory with scp and sshinit. SSHINIT_PATH is the same PATH once more
 * (pod/profile). */
const char **session_env_plan(struct arena *arena, const struct settings *settings,
    const char *user, char *const *environment, const char *bin);

/* Leaves of variables only those that stand in others too: for an sshd that gives all users the
 * same ones. */
void session_env_common(const char **variables, const char *const *others);

/* The same as one text, each variable ended by a NUL: what the embedded sshd reads back. */
struct span session_env_text(struct arena *arena, const char *const *variables);

#endif
