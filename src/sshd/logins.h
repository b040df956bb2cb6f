/*
 * logins: which key logged in when, and from where.
 *
 * sshd tells it in its log only, and its log has neither times nor process ids. So the worker keeps
 * one line for each login in the state directory, which --keys reads: "TIME FINGERPRINT ADDRESS
 * PORT USER".
 */
#ifndef SSHINIT_SSHD_LOGINS_H
#define SSHINIT_SSHD_LOGINS_H

#include "pod/state.h"

#include <time.h>

struct login_record {
	struct login_record *next;
	time_t when;
	const char *fingerprint, *address, *user;
	long port; /* of the client */
};

/* Notes the login that a line of sshd's log tells of; other lines are passed over. */
void logins_note(const struct state *state, const char *line, time_t now);

/* What is noted, oldest first; NULL where there is nothing. */
struct login_record *logins_read(struct arena *arena, const struct state *state);

#endif
