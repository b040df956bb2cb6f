/*
 * profile: how PATH survives a login shell.
 *
 * /etc/profile sets PATH anew in the login shells of Debian, Alpine and most others, in bash, dash
 * and ash alike (and in zsh where its zprofile reads /etc/profile; Debian's does not, so nothing is
 * lost there). What it reads last is /etc/profile.d; the file made there from
 * templates/profile.sh gives PATH back from SSHINIT_PATH, which only SSH sessions have
 * (pod/session_env). The file is the same in every container and holds no value.
 */
#ifndef SSHINIT_POD_PROFILE_H
#define SSHINIT_POD_PROFILE_H

#include "base/finding.h"

#include <stdbool.h>

struct profile {
	bool missing; /* it is to be written */
};

/* Looks whether /etc/profile resets PATH and whether the file stands already. Adds one note where
 * PATH is lost and the file cannot be written. etc is "/etc" but in a test. */
struct profile profile_plan(struct arena *arena, const char *etc, struct findings *findings);

/* Writes the file where it is missing or differs. */
void profile_apply(const struct profile *profile, const char *etc, struct findings *findings);

#endif
