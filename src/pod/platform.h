/*
 * platform: where the pod is, and how it is reached from outside.
 *
 * What the settings say counts first, then what the platform's variables tell. What nobody tells
 * stays unknown; an address is never invented.
 */
#ifndef SSHINIT_POD_PLATFORM_H
#define SSHINIT_POD_PLATFORM_H

#include "base/settings.h"

struct reach {
	const char *platform; /* "RunPod", "Vast", "Kubernetes", "Docker", "" when unknown */
	const char *pod;  /* what the platform calls this pod; the host name where it does not */
	const char *host; /* "" when unknown */
	long port;        /* -1 when unknown */
	const char *jump; /* "" when there is none */
};

/* port is where sshd listens in the pod: platforms map it to another one outside. */
struct reach platform_reach(
    struct arena *arena, const struct settings *settings, char *const *environment, long port);

/* The line that people paste: "ssh root@1.2.3.4 -p 17445", "" when host or port is unknown. */
const char *reach_ssh_line(struct arena *arena, const struct reach *reach, const char *user);

#endif
