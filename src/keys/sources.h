/*
 * sources: where key text comes from.
 *
 * Variables, files, directories of files and addresses, all merged. Variables are memory and can be
 * read before the command starts; files may stand on a volume that does not answer, so only the
 * monitor reads those. Addresses are fetched by a process of their own (sshd/fetch), which leaves
 * what it got in a directory; here that is one more place of files.
 */
#ifndef SSHINIT_KEYS_SOURCES_H
#define SSHINIT_KEYS_SOURCES_H

#include "base/settings.h"
#include "keys/paste.h"

/* Where the fetched text of an address stands, relative to the state directory: a name made of the
 * address, so that a changed setting never lets in the keys of the old one. What kept the last
 * answer from counting stands beside it (SOURCES_WRONG). */
char *sources_fetched(struct arena *arena, const char *url);
#define SOURCES_WRONG ".wrong"

/* The address as it is shown and written: without user, password, query and fragment, any of which
 * may be a secret: "https://host/path?...". Where it cannot be told what is which, as with a "/" in
 * a password, what may be part of it is left out too: "https://...@host/path"; of what is no
 * address, all. Also its entries' source. */
char *sources_url_shown(struct arena *arena, const char *url);

/* Whether it is none, or what should be its port is none. */
bool sources_url_is_odd(const char *url);

struct sources {
	const struct settings *settings;
	struct paste_rules rules;
	int state; /* descriptor of the state directory, -1 for none: nothing was fetched */
	/* While the pod runs: the keys in force. A file that has become unreadable, or holds
	 * nothing usable any more, keeps those it had, for that is an accident more often than a
	 * wish. Who means it writes the line "# none". NULL at a start. */
	const struct entries *in_force;
};

/* Appends the entries of every variable that keys-env names and environment holds. */
void sources_read_variables(
    struct entries *entries, const struct sources *sources, char *const *environment);

/* Appends the entries of keys-file, keys-dir and keys-url. A source that cannot be read, or holds
 * no key, is a finding. In a directory, files whose names start with a dot are skipped (a mounted
 * Secret's ..data), the others are read in the order of their names; one that is gone is gone. */
void sources_read_files(
    struct entries *entries, const struct sources *sources, struct findings *findings);

/* Appends the entries of one file ("-": standard input), for --check FILE. 0, or -1 and errno. */
int sources_read_file(struct entries *entries, const char *path, const struct paste_rules *rules);

/* Whether the text says on purpose that there is no key: comments only, one of them "# none". */
bool sources_mean_none(struct span text);

#endif
