/*
 * --config-ssh: `ssh mypod` on the laptop, by a managed section in the user's ssh configuration.
 */
#ifndef SSHINIT_VERBS_CONFIG_SSH_H
#define SSHINIT_VERBS_CONFIG_SSH_H

#include "verbs/verb.h"

/* Answers the exit code: 0; 1 when it refused, or when --diff found a difference; 64 wrong usage.
 */
int verb_config_ssh(const struct verb_call *call);

#endif
