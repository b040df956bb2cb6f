/*
 * --reload: have the running sshinit read all key sources again.
 */
#ifndef SSHINIT_VERBS_RELOAD_H
#define SSHINIT_VERBS_RELOAD_H

#include "verbs/verb.h"

/* Answers 0 when it was done; 1 when no sshinit runs here, or it did not answer. */
int verb_reload(const struct verb_call *call);

#endif
