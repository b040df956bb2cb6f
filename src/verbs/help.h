/*
 * --help, --version, --licenses.
 */
#ifndef SSHINIT_VERBS_HELP_H
#define SSHINIT_VERBS_HELP_H

#include "verbs/verb.h"

int verb_help(const struct verb_call *call);
int verb_version(const struct verb_call *call);
int verb_licenses(const struct verb_call *call);

#endif
