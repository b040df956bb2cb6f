/*
 * fetch: keys from an address.
 *
 * A process of its own asks each address of keys-url from time to time, by the image's curl (with
 * ETag) or GNU wget, and leaves what it got in the state directory when that changed. https only,
 * redirects too; http for loopback, without redirects. What is not keys is not left there: an error
 * page never counts, and the keys of the last good answer stay. What is wrong with an address it
 * leaves there as well, for --check.
 *
 * The programs see the variables of a proxy and of a CA file, and nothing else of the environment.
 */
#ifndef SSHINIT_SSHD_FETCH_H
#define SSHINIT_SSHD_FETCH_H

#include "base/settings.h"
#include "pod/state.h"

/* Says which addresses will not be asked, and whether there is a program to ask with. */
void fetch_plan(const struct settings *settings, struct findings *findings);

struct fetch {
	const struct settings *settings;
	const struct state *state;
};

/* Whether there is an address to ask, for anybody. */
bool fetch_wanted(const struct settings *settings);

/* Whether an address is one that is asked. */
bool fetch_allows(const char *url);

/* Asks for ever; a struct fetch is the context. For a child of the worker: it logs on standard
 * error, one plain line at a time. Returns only when there is nothing to ask. */
int fetch_run(void *context);

#endif
