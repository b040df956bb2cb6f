/*
 * probe: what answers at a pod's address, and what the pod says of itself.
 *
 * The first is a TCP connection of our own; the second is the user's own ssh client, so that what
 * is asked goes exactly the way that `ssh NAME` will go later.
 */
#ifndef SSHINIT_LAPTOP_PROBE_H
#define SSHINIT_LAPTOP_PROBE_H

#include "base/arena.h"
#include "base/span.h"

#include <stdbool.h>

enum seen {
	SEEN_SSH,
	SEEN_REFUSED,     /* nothing listens */
	SEEN_TIMEOUT,     /* nobody answers */
	SEEN_UNREACHABLE, /* no way there */
	SEEN_NO_NAME,     /* the host's name is not known */
	SEEN_CLOSED,      /* a port that a cloud or Docker opened, with nobody behind it yet */
	SEEN_OTHER,       /* somebody answers, but it is no SSH server */
	SEEN_HOST_KEY     /* an SSH server, but not this pod */
};

/* "connection refused", ... */
const char *seen_name(enum seen seen);

/* Connects to host and port and waits for an SSH banner, a few seconds at most. */
enum seen probe_banner(const char *host, unsigned port, int timeout_ms);

struct answer {
	bool reached;        /* ssh saw a host key that it may trust */
	bool no_client;      /* there is no ssh here */
	bool told;           /* the pod answered with its own data */
	enum seen seen;      /* what stood in the way when it was not reached */
	const char *why;     /* ssh's own words where something failed, "" otherwise */
	const char *lines;   /* known_hosts lines under name: the pod's host keys */
	const char *version; /* of the sshinit there, or NULL */
};

struct question {
	const char *alias;
	const char *name;   /* HostKeyAlias */
	struct span config; /* the ssh configuration to go by: the one that would be written */
	const char *pinned; /* known_hosts lines that alone are acceptable, or "" */
	bool interactive;   /* ssh may ask for a passphrase on the terminal */
	int seconds;        /* how long it may take */
};

/* Asks the pod by way of ssh. SEEN_UNREACHABLE with a why where there is no client. */
struct answer probe_ask(struct arena *arena, const struct question *question);

/* Lets ssh read config: 0 when it accepts it (or there is no client), else its first complaint in
 * *why: "line 7: Bad configuration option: foo", with the file's name in front where that is
 * another one, which config includes. */
int probe_config(struct arena *arena, struct span config, const char *alias, const char **output,
    const char **why);

#endif
