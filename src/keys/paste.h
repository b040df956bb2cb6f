/*
 * paste: key text in any damage -> entries.
 *
 * Pure: no file, no clock, no environment is read. Decoration may be removed, the words of a key
 * may not be changed; tests/vectors/README.md says which is which.
 */
#ifndef SSHINIT_KEYS_PASTE_H
#define SSHINIT_KEYS_PASTE_H

#include "base/span.h"
#include "keys/entry.h"

#include <time.h>

struct paste_rules {
	bool repair; /* no: what would be repaired is refused, with the same code */
	time_t now;  /* for expiry-time options */
};

/* Reads text, the whole value of one source, and appends its entries. The same key twice, here or
 * in what entries already holds, is reported by a warning; writing it once is the writer's part. */
void paste_read(
    struct entries *entries, const char *source, struct span text, const struct paste_rules *rules);

#endif
