/*
 * refusal_words: a refused login in words that tell the pod's owner what to do.
 */
#ifndef SSHINIT_SSHD_REFUSAL_WORDS_H
#define SSHINIT_SSHD_REFUSAL_WORDS_H

#include "sshd/plan.h"
#include "sshd/refusals.h"

/* Adds a warning that explains the refusal by what the plan knows: which keys may log in, which of
 * the sources' keys were refused and why, which accounts there are. */
void refusal_explain(
    struct findings *findings, const struct refusal *refusal, const struct plan *plan);

/* The same as one line for the log, in arena. */
const char *refusal_line(
    struct arena *arena, const struct refusal *refusal, const struct plan *plan);

#endif
