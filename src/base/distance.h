/*
 * distance: how far a mistyped word is from a known one.
 */
#ifndef SSHINIT_BASE_DISTANCE_H
#define SSHINIT_BASE_DISTANCE_H

#include "base/span.h"

/* How many letters have to be added, removed or changed to make one word of the other; case does
 * not count. Where that is more than limit, or b has more than 63 letters: limit + 1, or more. */
size_t word_distance(struct span a, const char *b, size_t limit);

#endif
