/*
 * plan: everything that a start is going to do, and everything there is to say about it.
 *
 * plan_make looks at the world and touches nothing; plan_apply carries the plan out. A start is
 * plan and apply, --check is plan and print, so what --check says is what a start does.
 */
#ifndef SSHINIT_SSHD_PLAN_H
#define SSHINIT_SSHD_PLAN_H

#include "keys/sources.h"
#include "pod/platform.h"
#include "pod/profile.h"
#include "pod/session.h"
#include "pod/state.h"
#include "sshd/backend.h"
#include "sshd/hostkey.h"
#include "sshd/keyfile.h"
#include "sshd/ports.h"

/* One login user. */
struct login {
	struct login *next;
	struct settings settings; /* as they hold for this user */
	const struct account *account;
	const struct entries *entries;
	struct keyfile keyfile;
	struct session session;
};

struct plan {
	struct arena *arena; /* owns all below; plan_free */
	const struct settings *settings;
	char *const *environment;
	time_t now;
	struct findings findings;
	struct entries entries; /* of all sources of all users, once each */
	struct account *accounts;
	struct login *logins;
	size_t authorised;          /* keys and CAs that sshinit lets in */
	struct entries authorities; /* user-ca: keys whose certificates may log in */
	struct backend backend;
	long ports[PORTS_MOST + 1];
	struct state state;
	struct hostkey hostkey;
	struct reach reach;
	struct profile profile;  /* PATH in login shells */
	const char *config;      /* the path of the sshd_config; "" until applied */
	struct span config_text; /* and what is in it */
};

/* What a plan is made from. */
struct plan_inputs {
	const struct settings *settings;
	const struct findings *findings; /* what reading the settings found; may be NULL */
	const struct findings
	    *state_findings; /* what making the state directory found; may be NULL */
	char *const *environment;
	time_t now;
	struct state state;  /* fd -1: none yet */
	const long *holding; /* the ports our own sshd listens on already; NULL: none */
	bool running;        /* a plan made while the pod runs, not its first */
	bool variables_only; /* nothing that may block: keys of variables, and nothing else */
};

struct plan *plan_make(const struct plan_inputs *inputs);
void plan_free(struct plan *plan);

/* Whether there is something to listen for: SSH is on, somebody may log in, an sshd is there. */
bool plan_can_serve(const struct plan *plan);

/* Whether a strict start must be refused: an entry refused, or an error among the findings. */
bool plan_is_broken(const struct plan *plan);

enum plan_outcome {
	PLAN_APPLIED,     /* sshd can be started on plan->config */
	PLAN_NEEDS_SSHD,  /* the keys are written, but an sshd has to be installed first */
	PLAN_NOT_APPLIED, /* there is nothing to start; a finding says why */
};

/* Writes keys, host key and configuration. */
enum plan_outcome plan_apply(struct plan *plan);

/* What apply left out because the port should open first: flushes to disk. */
void plan_flush(const struct plan *plan);

#endif
