/*
 * api/server: the key API's process: libmicrohttpd in front, api/answer in the middle, sshd/access
 * behind.
 *
 * A child of the worker, one thread, one request at a time. Bounded in every way: how many
 * connections, how long each may take, how large a header and a body may be, how many requests a
 * second count. It logs on standard error: each change with who made it, wrong tokens now and then.
 */
#ifndef SSHINIT_API_SERVER_H
#define SSHINIT_API_SERVER_H

#include "pod/api_plan.h"
#include "pod/state.h"

struct api_server {
	const struct settings *settings;
	const struct state *state;
	const struct api_plan *plan;
};

/* Serves for ever; a struct api_server is the context. Returns only when it cannot begin. */
int api_run(void *context);

#endif
