/*
 * hostkey: the key by which clients know the pod again.
 *
 * One that sshinit made for this pod, never one that an image carries to all its containers: so its
 * directory is named for the pod, or is a mount, or dies with the pod. A key that was given
 * (host-key) is used instead, with its certificate where one was given too. Where others could put
 * another directory in that one's place (a volume may be everybody's), sshd reads a copy in the
 * state directory.
 */
#ifndef SSHINIT_SSHD_HOSTKEY_H
#define SSHINIT_SSHD_HOSTKEY_H

#include "base/settings.h"
#include "pod/state.h"
#include "sshd/backend.h"

struct hostkey {
	const char *path;        /* of the private key; "" until there is one */
	const char *kept;        /* the directory of which path is a copy; "" where it is none */
	const char *certificate; /* "" where there is none */
	const char *public_line; /* "ssh-ed25519 AAAA...", without the comment */
	const char *fingerprint; /* "SHA256:..." */
	bool is_new;             /* made in this start */
	bool lasting;            /* outlives the container */
};

/* Finds the host key that a start would use, touching nothing; path is "" where one would have to
 * be made. */
struct hostkey hostkey_look(struct arena *arena, const struct settings *settings, const char *pod,
    const struct state *state, struct findings *findings);

/* Finds it or makes it, with the backend's ssh-keygen. path is "" after an error finding. */
struct hostkey hostkey_make(struct arena *arena, const struct settings *settings, const char *pod,
    const struct state *state, const struct backend *backend, struct findings *findings);

/* Flushes a new one to disk. */
void hostkey_flush(struct arena *arena, const struct hostkey *key);

#endif
