/*
 * set: a hash set of strings, so that ten thousand keys need not be compared each with each.
 */
#ifndef SSHINIT_BASE_SET_H
#define SSHINIT_BASE_SET_H

#include "base/arena.h"

#include <stdbool.h>

struct set {
	struct arena *arena;
	const char **slots;
	size_t used, size;
};

/* An empty set. It keeps the pointers it is given, not copies. */
struct set set_new(struct arena *arena);

bool set_has(const struct set *set, const char *text);

/* Adds text; false when it was in already. */
bool set_add(struct set *set, const char *text);

#endif
