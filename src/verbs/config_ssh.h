/*
 * --config-ssh: `ssh mypod` on the laptop, by a managed section in the user's ssh configuration.
 */
#ifndef SSHINIT_VERBS_CONFIG_SSH_H
#define SSHINIT_VERBS_CONFIG_SSH_H

/* argv[0] is "--config-ssh", the rest its arguments. Answers the exit code: 0; 1 when it refused,
 * or when --diff found a difference; 64 wrong usage. */
struct settings;
struct findings;
int verb_config_ssh(
    struct settings *settings, const struct findings *findings, int argc, char **argv);

#endif
