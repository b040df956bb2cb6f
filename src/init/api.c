#include "init/api.h"

#include "api/server.h"

#include <string.h>

/* Of the API that runs; the worker has one. */
static struct api_plan plan;
static struct api_server server;
static struct arena *arena; /* plan's token */

static int
run_api(void *context)
{
	(void)context;
	return api_run(&server);
}

/* What is wrong with it stands in the plan's findings. A new token is a new API. */
static enum wish
prepare_api(struct worker *worker, void *context, struct start *out)
{
	struct ssh *ssh = context;
	struct arena *next = arena_new();
	struct findings unheard = findings_new(next);
	struct api_plan now = api_plan(ssh->settings, &unheard);
	bool again = plan.on && now.on && strcmp(plan.token, now.token) != 0;

	(void)worker;
	arena_free(arena);
	arena = next;
	plan = now;
	server
	    = (struct api_server){ .settings = ssh->settings, .state = &ssh->state, .plan = &plan };
	out->run = run_api;
	return !now.on || ssh->state.fd < 0 ? WISH_OFF : again ? WISH_AGAIN : WISH_ON;
}

struct service
api_service(struct ssh *ssh)
{
	return (struct service){ .name = "api", .context = ssh, .prepare = prepare_api };
}
