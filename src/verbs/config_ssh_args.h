/*
 * What the user asks of --config-ssh: its arguments as values. Pure.
 */
#ifndef SSHINIT_VERBS_CONFIG_SSH_ARGS_H
#define SSHINIT_VERBS_CONFIG_SSH_ARGS_H

#include "laptop/pod.h"

enum config_ssh_job { JOB_ADD, JOB_REMOVE, JOB_LIST, JOB_HELP };

struct config_ssh_args {
	enum config_ssh_job job;
	const char *config; /* --ssh-config-file, or NULL */
	struct pod pod;     /* --from, and over it the single options */
	bool described;     /* something of the pod was given */
	bool dry_run, diff, yes, previous, include, in_line, offline, new_host_key;
	unsigned wait; /* seconds; 0: do not wait */
};

extern const char config_ssh_usage[];

/* False: wrong usage, and a finding says why. */
bool config_ssh_args(
    struct config_ssh_args *args, struct findings *findings, int argc, char **argv);

#endif
