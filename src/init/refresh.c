#include "init/refresh.h"

#include "base/log.h"

#include <errno.h>
#include <string.h>

/* A change seldom comes alone: a Secret is swapped in several steps, an editor writes and renames.
 * So it is given a moment, and a source that changes all the time is read a few times a second. */
enum { RELOAD_AFTER = 300 };

static void
reload_now(void *context)
{
	struct ssh *ssh = context;

	ssh->changed = false;
	ssh->files_only = true;
	worker_reload(ssh->worker);
	ssh->files_only = false;
}

static void
source_changed(void *context, int fd, short events)
{
	struct ssh *ssh = context;

	(void)events;
	(void)fd;
	if (follow_drain(&ssh->follow) && !ssh->changed)
		ssh->changed
		    = loop_after(worker_loop(ssh->worker), RELOAD_AFTER, reload_now, ssh) != 0;
}

void
refresh_begin(struct ssh *ssh)
{
	ssh->follow = follow_open();
	if (ssh->follow.fd < 0) {
		log_say(LOG_WARN,
		    "changed sources of keys are read only by sshinit --reload: inotify: %s",
		    strerror(errno));
		return;
	}
	follow_arm(&ssh->follow, ssh->settings, &ssh->state);
	(void)loop_watch(worker_loop(ssh->worker), ssh->follow.fd, POLLIN, source_changed, ssh);
}

void
refresh_again(struct ssh *ssh)
{
	follow_arm(&ssh->follow, ssh->settings, &ssh->state);
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
	if (ssh->state.fd < 0 || !fetch_wanted(ssh->settings))
		return WISH_OFF;
	ssh->fetch = (struct fetch){ .settings = ssh->settings, .state = &ssh->state };
	out->run = run_fetch;
	/* sshinit --reload means the addresses too, and at once. */
	return ssh->files_only ? WISH_ON : WISH_AGAIN;
}

struct service
refresh_service(struct ssh *ssh)
{
	/* Where nothing in the image can ask, it ends at once, and that was said. */
	return (struct service){
		.name = "keys-url", .once = true, .context = ssh, .prepare = prepare_fetch
	};
}
