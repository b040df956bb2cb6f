/*
 * authorities: the CAs whose certificates may log in, from user-ca and user-ca-file.
 */
#ifndef SSHINIT_SSHD_AUTHORITIES_H
#define SSHINIT_SSHD_AUTHORITIES_H

#include "base/settings.h"
#include "keys/entry.h"
#include "pod/state.h"

#include <time.h>

/* The file in the state directory that sshd is told of. */
#define AUTHORITIES_NAME "user_ca"

struct authorities_when {
	time_t now;
	bool running; /* the pod runs: a file gone bad shuts nobody out, the CAs in force stay */
};

/* Reads them; what cannot be used, and a list of revoked keys that cannot be read, is a finding. */
struct entries authorities_plan(struct arena *arena, const struct settings *settings,
    const struct state *state, const struct authorities_when *when, struct findings *findings);

#endif
