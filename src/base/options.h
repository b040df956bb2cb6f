/*
 * options: --name value on the command line, as settings.
 */
#ifndef SSHINIT_BASE_OPTIONS_H
#define SSHINIT_BASE_OPTIONS_H

#include "base/settings.h"

/* EX_USAGE of sysexits(3). */
enum { EXIT_USAGE = 64 };

/* Takes the option at words[0] (--name=value, --name value, --name alone for yes, or "-e CODE",
 * which adds to remap-exit as tini's does): how many words it was, or 0 after setting *wrong to
 * what is wrong with it. "--config FILE" sets *config.
 */
int options_take(struct settings *settings, const char **config, char **words, const char **wrong);

/* Prints "sshinit: word: wrong" and where help is; answers EXIT_USAGE. */
int options_wrong(const char *word, const char *wrong);

#endif
