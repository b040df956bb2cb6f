/*
 * --check: what is wrong, and how to mend it.
 */
#ifndef SSHINIT_VERBS_CHECK_H
#define SSHINIT_VERBS_CHECK_H

#include "verbs/verb.h"

/* Answers 0 when all is well, 1 when something is refused or broken, 64 for wrong usage. */
int verb_check(const struct verb_call *call);

#endif
