/*
 * block: writes the Host block by which ssh reaches a pod. Pure.
 */
#ifndef SSHINIT_LAPTOP_BLOCK_H
#define SSHINIT_LAPTOP_BLOCK_H

#include "laptop/pod.h"

struct block_rules {
	const char
	    *known_hosts; /* the file that holds the pod's host key, as ssh_config names it */
	bool pinned;      /* the key is known, nothing else is accepted */
};

/* The block's lines, each ending in \n, in arena: the user's options first, for ssh takes the first
 * value it finds, then ours. */
char *block_render(struct arena *arena, const struct pod *pod, const struct block_rules *rules);

/* The name under which the pod's key stands in known_hosts. ssh looks names up in lower case. */
char *block_key_name(struct arena *arena, const char *alias);

#endif
