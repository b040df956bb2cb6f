/*
 * diff: what a change does to a text, as patch(1) and people read it. Pure.
 */
#ifndef SSHINIT_LAPTOP_DIFF_H
#define SSHINIT_LAPTOP_DIFF_H

#include "base/buf.h"
#include "base/span.h"

/* Adds the unified diff of before and after, both called name, to out. Nothing when they are equal.
 */
void diff_unified(struct buf *out, const char *name, struct span before, struct span after);

#endif
