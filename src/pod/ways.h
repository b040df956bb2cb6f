/*
 * ways: every way into the pod, as lines to paste.
 *
 * Pure. What the platform does not tell is not invented: without an address there are no lines,
 * only the words that say how to find it out.
 */
#ifndef SSHINIT_POD_WAYS_H
#define SSHINIT_POD_WAYS_H

#include "pod/platform.h"

/* What a client has to know of the pod. */
struct door {
	const struct reach *reach;
	const char *user;
	const char *directory; /* where editors open, "/workspace" */
	const char *identity;  /* the client's key file below ~/.ssh: "id_ed25519" */
	const char *host_key;  /* "ssh-ed25519 AAAA...", "" while there is none */
	const char *host_ca; /* the CA's public key where the host key is certified, "" otherwise */
};

struct way {
	struct way *next;
	const char *name; /* "ssh", "VS Code", for --json and the first column */
	const char *line;
};

/* The list in the order of use; NULL where the address is unknown. */
struct way *ways_in(struct arena *arena, const struct door *door);

/* A Host block for ssh's configuration, several lines; "" where the address is unknown. */
const char *ways_host_block(struct arena *arena, const struct door *door);

/* The line for known_hosts, "" where address or host key is unknown. */
const char *ways_known_hosts(struct arena *arena, const struct door *door);

/* How to find the address out where it is unknown: a sentence for this platform. port: where sshd
 * listens in the pod; inside: the ssh command to the container's own address, "" when unknown. */
const char *ways_unknown(
    struct arena *arena, const struct reach *reach, long port, const char *inside);

/* The client's usual key file for a key of that type: "id_ed25519". */
const char *ways_identity(const char *key_type);

#endif
