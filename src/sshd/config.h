/*
 * config: the sshd_config of this start, made from templates/sshd_config.
 *
 * Pure. A template line with a @PLACEHOLDER@ is written once for each of its values and left out
 * where there is none; comments and blank lines of the template are left out.
 */
#ifndef SSHINIT_SSHD_CONFIG_H
#define SSHINIT_SSHD_CONFIG_H

#include "base/finding.h"
#include "base/span.h"

#include <stdbool.h>

/* What the configuration depends on. Lists are NULL-terminated, NULL means empty. */
struct config {
	int major, minor; /* of the sshd that reads it */
	bool embedded;
	const char *const *ports, *const *addresses, *const *users;
	const char *host_key, *host_certificate;
	const char *keys_file; /* AuthorizedKeysFile, with sshd's tokens */
	bool strict_modes;
	const char *session, *auth; /* helper programs, "" for the built-in paths */
	const char *user_ca, *principals_file, *revoked_keys; /* "" where there is none */
	const char *session_env; /* embedded: the directory of the environment files, "" none */
	const char *const *variables; /* otherwise: "NAME=value" for SetEnv */
};

/* The text, in arena. Variables that this sshd's SetEnv cannot carry are named in one finding. */
struct span config_text(
    struct arena *arena, const struct config *config, struct findings *findings);

#endif
