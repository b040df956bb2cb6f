/*
 * words: a pasted command line -> its words, and back.
 *
 * Pure. It splits as a shell would, but it runs nothing and knows no shell: whatever a shell would
 * act on (a second command, a redirection, a substitution, a line end) is a reason to refuse.
 */
#ifndef SSHINIT_LAPTOP_WORDS_H
#define SSHINIT_LAPTOP_WORDS_H

#include "base/buf.h"
#include "base/span.h"

struct words {
	char **at;
	size_t count;
};

/* Splits text into out; false when it is refused, with the reason in *why. Windows paths
 * (C:\Users\me) keep their backslashes, $HOME at the start of a word becomes ~. */
bool words_split(struct arena *arena, struct span text, struct words *out, const char **why);

#endif
