#include "init/installing.h"

#include "base/log.h"

#include <string.h>
#include <sys/wait.h>

/* Beyond the time that the installer gives itself, for an installer that hangs. */
enum { MARGIN_MS = 30000 };

static int
run_install(void *context)
{
	const struct ssh *ssh = context;

	return install_run(&ssh->install);
}

static enum wish
prepare(struct worker *worker, void *context, struct start *out)
{
	struct ssh *ssh = context;
	const struct plan *plan = ssh->plan;

	(void)worker;
	if (plan == NULL || plan->backend.kind != BACKEND_INSTALL || plan->authorised == 0
	    || ssh->state.fd < 0)
		return WISH_OFF;
	ssh->install = (struct install){
		.settings = ssh->settings, .state = &ssh->state, .self = plan->backend.self
	};
	out->run = run_install;
	out->limit = settings_number(ssh->settings, SET_INSTALL_SECONDS) * 1000 + MARGIN_MS;
	return WISH_ON;
}

/* Its plain lines are progress; the one that is a report becomes a finding, of the log now and of
 * the plan in force, which --check shows. */
static void
line(struct worker *worker, void *context, const char *text)
{
	struct ssh *ssh = context;
	enum code code;
	const char *detail;

	(void)worker;
	if (!install_heard(text, &code, &detail)) {
		log_say(LOG_INFO, "%s", text);
		return;
	}
	if (ssh->plan->findings.last == NULL || ssh->plan->findings.last->code != code)
		finding_add(&ssh->plan->findings, ERROR, code, "openssh-server", "%s", detail);
	log_finding(ssh->plan->findings.last);
	ssh_write_status(ssh);
}

static void
ended(struct worker *worker, void *context, int status)
{
	(void)context;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		worker_consult(worker, "sshd");
}

struct service
installing_service(struct ssh *ssh)
{
	return (struct service){ .name = "install",
		.once = true,
		.context = ssh,
		.prepare = prepare,
		.line = line,
		.ended = ended };
}
