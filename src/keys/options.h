/*
 * options: what may stand in front of a key's type in authorized_keys, as sshd reads it.
 *
 * One option that sshd does not like makes it skip the whole key without a word, so each is checked
 * here by sshd's own rules: names without regard to case, values in double quotes with \" as the
 * only escape, and the syntax of each value.
 */
#ifndef SSHINIT_KEYS_OPTIONS_H
#define SSHINIT_KEYS_OPTIONS_H

#include "base/arena.h"
#include "base/finding.h"
#include "base/span.h"

#include <time.h>

struct options {
	enum code code;      /* CODE_NONE: sshd takes them all */
	struct span culprit; /* the option that is wrong */
	bool authority;      /* cert-authority */
	bool command;        /* command=: the key opens no shell */
	bool empty;          /* a comma too many, which sshd tolerates */
	bool principals;
	time_t expires; /* 0: never */
};

/* The length of the option list at the front of line: up to the first blank outside quotes. */
size_t options_length(struct span line, bool *balanced);

/* Reads an option list. now is what expiry-time is compared with. */
struct options options_read(struct arena *arena, struct span list, time_t now);

/* Whether name, without its value, is an option of sshd's; value: whether it takes one. */
bool options_known(struct span name, bool *value);

/* The option nearest to a misspelled one, NULL where none is near. */
const char *options_nearest(struct span name);

#endif
