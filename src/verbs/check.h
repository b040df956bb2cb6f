/*
 * --check: what is wrong, and how to mend it.
 */
#ifndef SSHINIT_VERBS_CHECK_H
#define SSHINIT_VERBS_CHECK_H

#include "base/settings.h"

/* argv[0] is "--check", the rest its arguments. Answers 0 when all is well, 1 when something is
 * refused or broken, 64 for wrong usage. */
int verb_check(struct settings *settings, const struct findings *findings, int argc, char **argv);

#endif
