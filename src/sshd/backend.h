/*
 * backend: which sshd runs.
 *
 * embedded: the one inside this binary, reached by links in the state directory. system: the
 * image's own. install: none yet; the image's package manager has to bring one. A forced one that
 * cannot work is an error, and nothing else is started in its place.
 */
#ifndef SSHINIT_SSHD_BACKEND_H
#define SSHINIT_SSHD_BACKEND_H

#include "base/settings.h"
#include "pod/account.h"
#include "pod/state.h"

enum backend_kind { BACKEND_NONE, BACKEND_EMBEDDED, BACKEND_SYSTEM, BACKEND_INSTALL };

struct backend {
	enum backend_kind kind;
	const char *why;     /* "it is the default", "sshd = system" */
	const char *version; /* "OpenSSH_10.0p1" */
	int major, minor;    /* 10, 0; 0 when unknown */
	const char *sshd;    /* absolute paths; for embedded known only once linked */
	const char *sshd_session, *sshd_auth;
	const char *keygen;
	const char *self; /* this binary's path; "" where the kernel does not tell */
};

/* Chooses, and says what the choice cannot do here. Runs the image's sshd for its version, nothing
 * else. kind is BACKEND_NONE after an error finding. */
struct backend backend_plan(struct arena *arena, const struct settings *settings,
    const struct account *accounts, struct findings *findings);

/* Prepares what it needs: links in the state directory, or /run/sshd. 0, or -1 after an error
 * finding. */
int backend_prepare(struct backend *backend, struct arena *arena, const struct state *state,
    struct findings *findings);

/* Whether the binary was built with the embedded sshd. */
bool backend_has_embedded(void);

const char *backend_name(enum backend_kind kind);

#endif
