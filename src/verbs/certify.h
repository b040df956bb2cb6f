/*
 * --certify: short-lived user certificates, and the CA that signs them.
 */
#ifndef SSHINIT_VERBS_CERTIFY_H
#define SSHINIT_VERBS_CERTIFY_H

#include "verbs/verb.h"

/* Answers 0; 1 when it was refused; 64 for wrong usage. */
int verb_certify(const struct verb_call *call);

#endif
