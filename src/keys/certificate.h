/*
 * certificate: what a -cert.pub file says, in words.
 *
 * Pure, and read through the same cursor as keys (keys/blob.h). Whether the CA's signature is right
 * is sshd's to find out; here it is about what people get wrong: the time, the names, the CA, and
 * what the certificate forbids.
 */
#ifndef SSHINIT_KEYS_CERTIFICATE_H
#define SSHINIT_KEYS_CERTIFICATE_H

#include "keys/blob.h"

#include <time.h>

struct cert {
	const char *type;        /* "ssh-ed25519-cert-v01@openssh.com" */
	const char *fingerprint; /* of the key it is for */
	bool host;               /* for a server, not for a user */
	uint64_t serial;
	const char *identity;
	const char **principals; /* NULL-terminated; empty: sshd lets in nobody with it */
	uint64_t after, before;  /* seconds since 1970; before 0 and UINT64_MAX: no limit */
	const char **options;    /* "force-command=date", "source-address=10.0.0.0/8" */
	const char **extensions; /* "permit-pty" */
	const char *authority;   /* fingerprint of the CA */
};

/* Reads the first line of text that holds one: "type blob[ comment]". False where none does.
 * Control characters in names are shown as "?". */
bool cert_read(struct arena *arena, struct span text, struct cert *cert);

bool cert_has(const char *const *list, const char *name);

enum cert_time { CERT_VALID, CERT_TOO_EARLY, CERT_EXPIRED };

enum cert_time cert_time(const struct cert *cert, time_t now);

/* "valid for 5 hours 58 minutes more, until 2026-11-20 13:00:00 UTC". */
const char *cert_validity(struct arena *arena, const struct cert *cert, time_t now);

/* What it does not permit of a normal session: "no port forwarding, no X11"; "" where nothing. */
const char *cert_limits(struct arena *arena, const struct cert *cert);

/* "a, b"; "none" where the list is empty. */
const char *cert_words(struct arena *arena, const char *const *list);

#endif
