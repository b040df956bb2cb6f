/*
 * --help, --version, --licenses.
 */
#ifndef SSHINIT_VERBS_HELP_H
#define SSHINIT_VERBS_HELP_H

#include "base/settings.h"

int verb_help(struct settings *settings, const struct findings *findings, int argc, char **argv);
int verb_version(struct settings *settings, const struct findings *findings, int argc, char **argv);
int verb_licenses(
    struct settings *settings, const struct findings *findings, int argc, char **argv);

#endif
