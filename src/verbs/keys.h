/*
 * --keys: what may log in, and changing it while the pod runs.
 */
#ifndef SSHINIT_VERBS_KEYS_H
#define SSHINIT_VERBS_KEYS_H

#include "verbs/verb.h"

/* Answers 0; 1 when something was refused or not found; 64 for wrong usage. */
int verb_keys(const struct verb_call *call);

#endif
