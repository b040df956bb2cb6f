/*
 * start: be the entrypoint. Bring up SSH beside the user's command, and become that command.
 *
 * The process that is going to be the command does as little as it can: it makes the monitor and
 * execs. Everything that may fail or take long happens in the monitor's worker: plan and apply
 * before each start of sshd, and the log. Only where the user asked for it (wait, strict) does the
 * command wait for SSH.
 */
#ifndef SSHINIT_VERBS_START_H
#define SSHINIT_VERBS_START_H

#include "base/settings.h"

/* What a strict start that was refused answers (EX_CONFIG). */
enum { EXIT_REFUSED = 78 };

/* command: NULL-terminated, empty for none (hold). config: the file that --config named, or NULL.
 * findings: what reading the settings found.
 * Returns the status to exit with; in exec mode only when the command could not be run. */
int start(const struct settings *settings, const struct findings *findings, const char *config,
    char **command);

#endif
