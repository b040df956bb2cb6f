/*
 * authority: a certificate authority for user certificates, kept as files.
 *
 *     KEY          the private key, 0400 (or only in an agent, and KEY.pub names it)
 *     KEY.pub      its public half: what a pod takes as user-ca
 *     KEY.serial   the last serial given, so that every certificate can be named
 *     KEY.issued   one line for each certificate: serial, until, identity, principals, fingerprint
 *     KEY.krl      what was revoked: what a pod takes as revoked-keys
 *
 * The signing is ssh-keygen's (the one inside this binary, else the system's); it asks for a
 * passphrase itself, on the terminal.
 */
#ifndef SSHINIT_CA_AUTHORITY_H
#define SSHINIT_CA_AUTHORITY_H

#include "base/finding.h"

#include <stdbool.h>

struct authority {
	struct arena *arena;
	const char *key;    /* path of KEY, also where only KEY.pub is there */
	const char *keygen; /* path of the program to run as ssh-keygen */
};

struct certificate_request {
	const char *public_key; /* the file to sign */
	const char *identity;   /* who it is for, as logs will name it */
	const char *principals; /* "root,alice" */
	long hours;
	bool no_forwarding; /* a terminal and nothing else */
};

struct certificate {
	const char *path; /* of the certificate file */
	const char *line; /* the certificate */
	const char *text; /* ssh-keygen -L's description */
	unsigned long serial;
	bool was_valid; /* it was there already, and still holds */
};

/* Makes KEY and KEY.pub. 0, or -1 after a finding. */
int authority_make(const struct authority *authority, struct findings *findings);

/* Signs. A certificate that stands beside the key, is of this CA, of this identity and these
 * principals, and still valid, is answered instead, unless again. 0, or -1 after a finding. */
int authority_sign(const struct authority *authority, const struct certificate_request *request,
    bool again, struct certificate *certificate, struct findings *findings);

/* Adds to KEY.krl: a serial number ("17", "3-9") or a file with a key or certificate. 0, or -1
 * after a finding. */
int authority_revoke(
    const struct authority *authority, const char *what, struct findings *findings);

#endif
