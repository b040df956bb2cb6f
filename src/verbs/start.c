#include "verbs/start.h"

#include "base/log.h"
#include "init/exec.h"
#include "init/hold.h"
#include "init/monitor.h"
#include "init/ssh.h"
#include "init/supervise.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

enum { WAIT_SECONDS = 10, MILLISECONDS = 1000 };

/* How long the command waits for SSH: what wait says; a strict start cannot but wait. */
static int
wait_milliseconds(const struct settings *settings)
{
	const char *wait = settings_text(settings, SET_WAIT);
	long seconds = settings_flag(settings, SET_WAIT) ? WAIT_SECONDS : 0;

	if (isdigit((unsigned char)wait[0])) /* 1, too, are seconds */
		seconds = strtol(wait, NULL, 10);
	if (seconds == 0 && settings_flag(settings, SET_STRICT))
		seconds = WAIT_SECONDS;
	return (int)seconds * MILLISECONDS;
}

/* On a terminal the log must be over before the command begins, so what can be known without
 * waiting for anything is said now: the keys in the variables. */
static void
log_variables(const struct settings *settings, const struct findings *findings)
{
	const struct plan_inputs inputs = { .settings = settings,
		.findings = findings,
		.environment = environ,
		.now = time(NULL),
		.state = { .fd = -1, .path = "" },
		.variables_only = true };
	struct plan *plan = plan_make(&inputs);
	struct set none = set_new(plan->arena), said = set_new(plan->arena);

	report_log_entries(&plan->entries);
	report_log_findings(&plan->findings, &none, &said);
	plan_free(plan);
}

static struct supervise_options
supervise_settings(const struct settings *settings)
{
	struct supervise_options options = { .group = settings_flag(settings, SET_KILL_GROUP),
		.parent_death_signal = settings_signal(settings, SET_PARENT_SIGNAL),
		.grace = (int)settings_number(settings, SET_GRACE) * MILLISECONDS };

	for (const char **code = settings_list(settings, SET_REMAP_EXIT); *code != NULL; code++)
		options.success[strtol(*code, NULL, 10) & 0xff] = true;
	return options;
}

static int
run_command(const struct settings *settings, struct monitor *monitor, char **command)
{
	if (command[0] == NULL)
		return hold(monitor);
	if (settings_is(settings, SET_MODE, "supervise")) {
		const struct supervise_options options = supervise_settings(settings);

		return supervise(monitor, &options, command);
	}
	return command_exec(command);
}

int
start(const struct settings *settings, const struct findings *findings, const char *config,
    char **command)
{
	struct arena *arena = settings->arena;
	const int wait = wait_milliseconds(settings);
	struct ssh *ssh = ssh_new(settings, findings, config, arena);
	struct service services[SERVICES_MOST];
	struct worker_calls calls = { .command = command,
		.stays = command[0] == NULL || settings_is(settings, SET_MODE, "supervise"),
		.execs_next = wait == 0 };
	struct monitor monitor = { .link = -1 };
	enum readiness readiness = READY_UP;

	if (!settings_flag(settings, SET_ENABLED)) {
		log_variables(settings, findings);
		return run_command(settings, &monitor, command);
	}
	ssh_calls(ssh, services, &calls);
	ssh->command_owns_terminal = command[0] != NULL && isatty(STDERR_FILENO);
	if (ssh->command_owns_terminal && wait == 0) {
		log_variables(settings, findings);
		ssh->entries_logged = true;
	}
	if (!monitor_start(&monitor, &calls)) {
		log_say(LOG_ERROR, "error: SSH cannot be started: %s", strerror(errno));
		readiness = READY_FAILED;
	} else if (wait > 0) {
		readiness = monitor_wait(&monitor, wait);
	}
	if (readiness == READY_STOPPED)
		return 128 + monitor.told_to_end;
	if (ssh->strict && readiness != READY_UP) {
		if (readiness == READY_UNKNOWN)
			log_say(LOG_ERROR, "error: SSH did not answer within %d seconds",
			    wait / MILLISECONDS);
		log_say(LOG_ERROR, "strict: the command is not started");
		monitor_stop(&monitor, 0);
		return EXIT_REFUSED;
	}
	return run_command(settings, &monitor, command);
}
