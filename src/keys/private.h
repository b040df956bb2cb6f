/*
 * private: what the format of a private key lets everybody see.
 *
 * OpenSSH's own format holds the public half in the clear, even of an encrypted key; PEM only where
 * it is not encrypted. Nothing secret is read here, and nothing of it is kept.
 */
#ifndef SSHINIT_KEYS_PRIVATE_H
#define SSHINIT_KEYS_PRIVATE_H

#include "keys/base64.h"

enum private_format { PRIVATE_NONE, PRIVATE_OPENSSH, PRIVATE_PEM, PRIVATE_PPK };

struct private_key {
	enum private_format format;
	bool encrypted;
	struct bytes public; /* the blob of the public half; empty where the format hides it */
	/* Why ssh does not read the text all the same, "" where it does: it takes OpenSSH's own
	 * format only with each line as ssh-keygen wrote it. */
	const char *odd;
	bool mendable; /* by taking away what stands around its lines, and ending the last one */
};

/* The base64 in body, with line ends of any kind, written ones too, and quotation marks left out.
 */
struct bytes private_body(struct arena *arena, struct span body);

/* The public half in the decoded body of an OpenSSH key; empty where it is none. encrypted may be
 * NULL. */
struct bytes private_openssh(struct bytes body, bool *encrypted);

/* The public half in what stands between the BEGIN and END lines of any format; empty where it is
 * hidden. A public key in PEM is its own public half. */
struct bytes private_public(struct arena *arena, struct span body);

/* What kind of private key text holds. */
struct private_key private_read(struct arena *arena, struct span text);

#endif
