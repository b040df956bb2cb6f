/*
 * sources: where key text comes from.
 *
 * Variables, files and directories of files, all merged. Variables are memory and can be read
 * before the command starts; files may stand on a volume that does not answer, so only the monitor
 * reads those. (Addresses, keys-url, are fetched by the monitor too: sshd/fetch.)
 */
#ifndef SSHINIT_KEYS_SOURCES_H
#define SSHINIT_KEYS_SOURCES_H

#include "base/settings.h"
#include "keys/paste.h"

/* Appends the entries of every variable that keys-env names and environment holds. */
void sources_read_variables(struct entries *entries, const struct settings *settings,
    char *const *environment, const struct paste_rules *rules);

/* Appends the entries of keys-file and keys-dir. A source that cannot be read is a finding, and so
 * is one without a key in it. In a directory, files whose names start with a dot are skipped (a
 * mounted Secret's ..data), the others are read in the order of their names. */
void sources_read_files(struct entries *entries, const struct settings *settings,
    const struct paste_rules *rules, struct findings *findings);

/* Appends the entries of one file ("-": standard input), for --check FILE. 0, or -1 and errno. */
int sources_read_file(struct entries *entries, const char *path, const struct paste_rules *rules);

#endif
