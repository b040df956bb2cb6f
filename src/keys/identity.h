/*
 * identity: why ssh does not use the private key that somebody gives it.
 *
 * Runs on the laptop: is there a private key at that path, does ssh accept its modes, which key is
 * it, does the .pub beside it belong to it, and is it among the keys that the pod lets in.
 */
#ifndef SSHINIT_KEYS_IDENTITY_H
#define SSHINIT_KEYS_IDENTITY_H

#include "keys/entry.h"

#include <time.h>

struct identity {
	const char *path; /* as it was found: "~" opened out */
	/* The public half, "" and 0 where it could not be read. */
	const char *type, *fingerprint, *md5, *comment;
	const char *line; /* to be pasted where public keys go */
	unsigned bits;
	bool encrypted;  /* by a passphrase */
	bool usable;     /* no finding says that ssh would refuse it */
	bool authorized; /* one of the authorised entries is its public half */
};

struct identity_question {
	const char *path;       /* as the user typed it */
	const char *home;       /* for a ~ that no shell opened out; may be NULL */
	const char *ssh_keygen; /* the program that reads PEM; NULL: there is none */
	/* Public keys, as paste_read left them, of which one ought to be the identity's public
	 * half; NULL: nothing to compare with. */
	const struct entries *authorized;
	time_t now;
};

/* Looks at the identity and reports what is wrong. Nothing is changed. */
struct identity identity_check(
    struct arena *arena, struct findings *findings, const struct identity_question *question);

/* A key as ssh-add -l prints it: "256 SHA256:... comment (ED25519)". */
char *identity_listing(struct arena *arena, unsigned bits, const char *fingerprint,
    const char *comment, const char *type);

#endif
