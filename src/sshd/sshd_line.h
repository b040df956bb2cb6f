/*
 * sshd_line: what a line of sshd's log says.
 *
 * Pure. sshd writes for people and offers nothing else, so its lines are taken apart by their fixed
 * words. Clients choose some of what stands between those (names, certificates' ids, banners), so a
 * field counts only where nothing that a client chose can stand before it, seen from the end of the
 * line from which it is read. Texts are the same from OpenSSH 8.0 to 10.0; what is not known is
 * LINE_OTHER.
 */
#ifndef SSHINIT_SSHD_SSHD_LINE_H
#define SSHINIT_SSHD_SSHD_LINE_H

#include <stddef.h>

enum line_kind {
	LINE_OTHER,
	LINE_ACCEPTED,    /* peer, user */
	LINE_FAILED_KEY,  /* peer, user, type, fingerprint; authority of a certificate */
	LINE_KNOWN_KEY,   /* type, fingerprint: one that may log in, of the next LINE_POSTPONED */
	LINE_POSTPONED,   /* peer, user: the client has to prove that it holds the key */
	LINE_NO_USER,     /* peer, user: the image has no such account */
	LINE_NOT_ALLOWED, /* user, detail: there is one, and it is not let in */
	LINE_REASON,    /* reason, detail: why the key of the next LINE_FAILED_KEY was not taken */
	LINE_TOO_MANY,  /* peer, user: as many keys as MaxAuthTries allows */
	LINE_NEGOTIATE, /* peer, detail: no algorithm in common */
	LINE_FORWARD,   /* detail: where to; the key or certificate of a session forbids it */
	LINE_END,       /* peer; user where it was not let in: the connection is over */
};

enum reason {
	REASON_NONE,
	REASON_MODES,     /* detail: the path that others may write */
	REASON_EXPIRED,   /* a certificate that is over */
	REASON_TOO_EARLY, /* a certificate that is not valid yet */
	REASON_PRINCIPAL, /* a certificate for other names */
	REASON_REVOKED,   /* detail: the file that says so */
	REASON_ADDRESS,   /* from= or source-address: detail is what sshd says in brackets */
	REASON_ALGORITHM, /* detail: the algorithm that this sshd does not take */
	REASON_SHORT,     /* an RSA key too short for this sshd */
};

enum { LINE_USER = 64, LINE_ADDRESS = 64, LINE_TYPE = 24, LINE_PRINT = 52, LINE_DETAIL = 192 };

struct sshd_line {
	enum line_kind kind;
	enum reason reason;
	unsigned port; /* the client's */
	char address[LINE_ADDRESS];
	char user[LINE_USER]; /* cut off where it is longer, printable ASCII, as all texts here */
	char type[LINE_TYPE]; /* as sshd has it: "ED25519", "RSA-CERT" */
	char fingerprint[LINE_PRINT];
	char authority[LINE_PRINT]; /* the fingerprint of the CA */
	char detail[LINE_DETAIL];
};

struct sshd_line sshd_line_read(const char *text);

#endif
