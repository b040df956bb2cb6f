/*
 * refusals: who was not let in, and why, from the lines of sshd's log.
 *
 * Pure, and of fixed size: strangers may knock as often as they like. A connection that ends
 * without having been accepted is a refusal; the same one again is counted, not told again, and
 * what is told is limited for each address and for all of them together.
 */
#ifndef SSHINIT_SSHD_REFUSALS_H
#define SSHINIT_SSHD_REFUSALS_H

#include "base/finding.h"
#include "sshd/sshd_line.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum {
	REFUSALS_MOST = 64,        /* remembered */
	REFUSALS_PER_ADDRESS = 16, /* of those; one address cannot push the others out */
	REFUSALS_TOLD = 20,        /* told within REFUSALS_PERIOD seconds */
	REFUSALS_PERIOD = 600,
	CONNECTIONS_MOST = 128,
};

struct refusal {
	enum code code; /* REFUSED_...; CODE_NONE: an empty place */
	enum reason reason;
	unsigned keys; /* that the client offered in the last such connection */
	unsigned long count;
	int64_t first, last; /* seconds since 1970 */
	char address[LINE_ADDRESS];
	char user[LINE_USER];
	char type[LINE_TYPE], fingerprint[LINE_PRINT]; /* "" where no key was seen */
	char authority[LINE_PRINT];
	char detail[LINE_DETAIL];
};

/* A connection that is not decided yet. */
struct attempt {
	bool used, unknown_user, too_many, unsigned_key;
	unsigned port, keys;
	uint64_t age; /* when it was last heard of, in lines */
	struct refusal so_far;
};

struct refusals {
	struct refusal list[REFUSALS_MOST];
	struct attempt attempts[CONNECTIONS_MOST];
	uint64_t lines;
	struct sshd_line reason;      /* waits for the line that says whose it is */
	struct sshd_line known_key;   /* the same */
	struct sshd_line not_allowed; /* the same */
	uint64_t reason_at, known_key_at, not_allowed_at;
	int64_t period; /* when the present one began */
	unsigned told;  /* in it */
};

enum telling {
	TELL_NOTHING,
	TELL_REFUSAL, /* *refusal is new, or happened 10, 100, 1000, ... times */
	TELL_LIMIT,   /* from now on refusals are only counted for a while */
};

/* Takes one line of sshd's log. */
enum telling refusals_line(
    struct refusals *refusals, const char *text, int64_t now, const struct refusal **refusal);

/* Puts back one that was kept in a file. */
void refusals_restore(struct refusals *refusals, const struct refusal *refusal);

#endif
