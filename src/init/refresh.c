#include "init/refresh.h"

#include "sshd/follow.h"

/* A change seldom comes alone: a Secret is swapped in several steps, an editor writes and renames.
 * So it is given a moment, and a source that changes all the time is read a few times a second. */
enum { RELOAD_AFTER = 300 };

static void
reload_now(void *context)
{
	struct ssh *ssh = context;

	ssh->changed = false;
	worker_reload(ssh->worker);
}

static void
source_changed(void *context, int fd, short events)
{
	struct ssh *ssh = context;

	(void)events;
	follow_drain(fd);
	if (!ssh->changed)
		ssh->changed
		    = loop_after(worker_loop(ssh->worker), RELOAD_AFTER, reload_now, ssh) != 0;
}

void
refresh_begin(struct ssh *ssh)
{
	ssh->follow = follow_open();
	if (ssh->follow < 0)
		return;
	follow_arm(ssh->follow, ssh->settings, &ssh->state);
	(void)loop_watch(worker_loop(ssh->worker), ssh->follow, POLLIN, source_changed, ssh);
}

void
refresh_again(struct ssh *ssh)
{
	if (ssh->follow >= 0)
		follow_arm(ssh->follow, ssh->settings, &ssh->state);
}

static int
run_fetch(void *context)
{
	struct ssh *ssh = context;

	return fetch_run(&ssh->fetch);
}

static enum wish
prepare_fetch(struct worker *worker, void *context, struct start *out)
{
	struct ssh *ssh = context;

	(void)worker;
	if (settings_text(ssh->settings, SET_KEYS_URL)[0] == '\0' || ssh->state.fd < 0)
		return WISH_OFF;
	ssh->fetch = (struct fetch){ .settings = ssh->settings, .state = &ssh->state };
	out->run = run_fetch;
	return WISH_ON;
}

struct service
refresh_service(struct ssh *ssh)
{
	return (struct service){ .name = "keys-url", .context = ssh, .prepare = prepare_fetch };
}
