/*
 * --connect: how to reach this pod, ready to paste.
 *
 * In the pod, or from outside: ssh root@IP -p PORT sshinit --connect --json.
 */
#ifndef SSHINIT_VERBS_CONNECT_H
#define SSHINIT_VERBS_CONNECT_H

#include "verbs/verb.h"

/* Answers 0; 1 when the address is unknown and a text was asked for; 64 for wrong usage. */
int verb_connect(const struct verb_call *call);

#endif
