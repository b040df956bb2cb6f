#include "verbs/start.h"

#include "base/file.h"
#include "base/log.h"
#include "init/exec.h"
#include "init/hold.h"
#include "init/monitor.h"
#include "init/supervise.h"
#include "pod/context.h"
#include "sshd/embedded.h"
#include "sshd/fetch.h"
#include "sshd/follow.h"
#include "sshd/logins.h"
#include "sshd/logbook.h"
#include "sshd/report.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { WAIT_SECONDS = 10, MILLISECONDS = 1000, FLUSH_AFTER = 200, RELOAD_AFTER = 300 };

/* The worker's view of sshd. One of these exists; it lives in the worker's copy of memory. */
struct ssh {
	const struct settings *settings;
	const struct findings *settings_findings;
	const char *config;
	struct arena *arena; /* for what outlives a plan */
	struct set said;     /* findings that were logged */
	struct worker *worker;
	struct findings state_findings; /* of making the state directory */
	struct fetch fetch;
	struct state state;
	struct plan *plan; /* the one in force */
	bool strict;
	bool command_owns_terminal; /* exec mode on a terminal: nothing is written once it runs */
	bool entries_logged, up;
	bool running;                 /* the first plan was made */
	int follow;                   /* tells that a source has changed; -1 */
	bool changed;                 /* and a reload is on its way */
	long holding[PORTS_MOST + 1]; /* the ports of the sshd that runs, 0-terminated */
	const char *argv[8];
	struct logbook logbook;
	bool saving; /* a timer is set to write it down */
};

/* ---- the plan, again and again ------------------------------------------------------------- */

static struct plan *
make_plan(struct ssh *ssh)
{
	const struct plan_inputs inputs = { .settings = ssh->settings,
		.findings = ssh->settings_findings,
		.environment = environ,
		.now = time(NULL),
		.state = ssh->state,
		.holding = ssh->up ? ssh->holding : NULL,
		.running = ssh->running };

	return plan_make(&inputs);
}

static void
log_plan(struct ssh *ssh, const struct plan *plan)
{
	struct set now = set_new(arena_new());

	if (!ssh->entries_logged)
		report_log_entries(&plan->entries);
	ssh->entries_logged = true;
	report_log_findings(&plan->findings, &ssh->said, &now);
	/* What is said no more may be said again one day. */
	arena_free(ssh->said.arena);
	ssh->said = now;
}

/* For --check, --connect and --keys, which find in it what the running sshinit knows. */
static void
write_status(struct ssh *ssh)
{
	json_t *object = report_json(ssh->plan);
	char *text = json_dumps(object, JSON_INDENT(2));

	if (text != NULL && ssh->state.fd >= 0)
		(void)file_replace(ssh->state.fd, "status.json", span_of(text), 0600, NULL, false);
	free(text);
	json_decref(object);
}

static void
answer(struct ssh *ssh, struct worker *worker, enum readiness readiness)
{
	/* From here on the command may run. */
	if (ssh->command_owns_terminal)
		log_mute();
	worker_ready(worker, readiness);
}

/* ---- sources that change ------------------------------------------------------------------- */

static void
reload_now(void *context)
{
	struct ssh *ssh = context;

	ssh->changed = false;
	worker_reload(ssh->worker);
}

/* A change seldom comes alone: a Secret is swapped in several steps, an editor writes and renames.
 * So it is given a moment, and a source that changes all the time is read a few times a second. */
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

static void
reload(struct worker *worker, void *context)
{
	struct ssh *ssh = context;

	(void)worker;
	if (ssh->follow >= 0)
		follow_arm(ssh->follow, ssh->settings, &ssh->state);
	log_say(LOG_DEBUG, "reading all key sources again");
}

/* First in the worker. Where nobody waits for us, the command has begun. */
static void
begin(struct worker *worker, void *context)
{
	struct ssh *ssh = context;

	ssh->worker = worker;
	if (ssh->command_owns_terminal && ssh->entries_logged)
		log_mute();
	ssh->state = state_make(ssh->arena, &ssh->state_findings);
	if (ssh->state.fd >= 0) {
		(void)context_save(&ssh->state, ssh->settings, ssh->config, environ);
		(void)context_save_worker(&ssh->state);
	}
	ssh->follow = follow_open();
	if (ssh->follow >= 0) {
		follow_arm(ssh->follow, ssh->settings, &ssh->state);
		(void)loop_watch(worker_loop(worker), ssh->follow, POLLIN, source_changed, ssh);
	}
}

/* ---- the service keys-url ------------------------------------------------------------------ */

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

/* ---- the service sshd ---------------------------------------------------------------------- */

static void
fill_start(struct ssh *ssh, struct start *out)
{
	const struct plan *plan = ssh->plan;
	size_t n = 0;

	ssh->argv[n++] = plan->backend.sshd;
	ssh->argv[n++] = "-D";
	ssh->argv[n++] = "-e";
	ssh->argv[n++] = "-f";
	ssh->argv[n++] = plan->config;
	ssh->argv[n] = NULL;
	out->path = plan->backend.sshd;
	out->argv = (char *const *)(uintptr_t)ssh->argv;
	out->envp = embedded_environment(plan->arena, plan->accounts, &plan->state);
}

/* The plan cannot be carried out, or there is nobody to let in. */
static enum wish
nothing_to_run(struct ssh *ssh, struct worker *worker, struct plan *before)
{
	const struct plan *plan = ssh->plan;

	log_plan(ssh, plan);
	write_status(ssh);
	answer(ssh, worker, plan->findings.count[ERROR] > 0 ? READY_FAILED : READY_OFF);
	plan_free(before);
	return WISH_OFF;
}

/* sshd reads the keys at each login, so only another configuration makes it start anew; the
 * sessions it has go on. */
static bool
same_config(const struct plan *before, const struct plan *now)
{
	return before != NULL && before->config_text.len == now->config_text.len
	       && memcmp(before->config_text.data, now->config_text.data, now->config_text.len)
	              == 0;
}

static enum wish
prepare_sshd(struct worker *worker, void *context, struct start *out)
{
	struct ssh *ssh = context;
	struct plan *before = ssh->plan, *plan = make_plan(ssh);
	bool first = !ssh->running, again;

	findings_join(&plan->findings, &ssh->state_findings);
	ssh->plan = plan;
	ssh->running = true;
	if (first && ssh->strict && plan_is_broken(plan))
		return nothing_to_run(ssh, worker, before);
	if (plan_apply(plan) < 0)
		return nothing_to_run(ssh, worker, before);
	log_plan(ssh, plan);
	again = ssh->up && !same_config(before, plan);
	if (ssh->up && !first)
		report_log_count(plan);
	memcpy(ssh->holding, plan->ports, sizeof(ssh->holding));
	fill_start(ssh, out);
	if (ssh->up)
		write_status(ssh);
	plan_free(before);
	return again ? WISH_AGAIN : WISH_ON;
}

/* Off the path to the open port. */
static void
flush(void *context)
{
	const struct ssh *ssh = context;

	if (ssh->plan != NULL)
		plan_flush(ssh->plan);
}

static void
listening(struct ssh *ssh, struct worker *worker)
{
	if (ssh->up)
		return;
	ssh->up = true;
	(void)context_save_ports(&ssh->state, ssh->holding);
	report_log_listening(ssh->plan);
	write_status(ssh);
	answer(ssh, worker, READY_UP);
	(void)loop_after(worker_loop(worker), FLUSH_AFTER, flush, ssh);
}

static void
save_logbook(void *context)
{
	struct ssh *ssh = context;

	ssh->saving = false;
	logbook_save(&ssh->logbook, &ssh->state);
}

static void
line_from_sshd(struct worker *worker, void *context, const char *text)
{
	struct ssh *ssh = context;

	if (strncmp(text, "Server listening on ", strlen("Server listening on ")) == 0)
		listening(ssh, worker);
	logins_note(&ssh->state, text, time(NULL));
	/* What it says before it listens is why it does not. */
	log_say(ssh->up ? LOG_DEBUG : LOG_WARN, "sshd: %s", text);
	if (ssh->plan == NULL)
		return;
	logbook_line(&ssh->logbook, text, &ssh->state, ssh->plan);
	/* At most once a second, however many strangers knock. */
	if (ssh->logbook.changed && !ssh->saving)
		ssh->saving = loop_after(worker_loop(worker), MILLISECONDS, save_logbook, ssh) != 0;
}

static void
sshd_ended(struct worker *worker, void *context, int status)
{
	struct ssh *ssh = context;

	(void)worker;
	if (WIFSIGNALED(status))
		log_say(LOG_WARN, "sshd was ended by signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0)
		log_say(LOG_WARN, "sshd ended with status %d", WEXITSTATUS(status));
	ssh->up = false;
	(void)context_save_ports(&ssh->state, NULL);
}

/* ---- the process that becomes the command -------------------------------------------------- */

static int
wait_milliseconds(const struct settings *settings)
{
	const char *wait = settings_text(settings, SET_WAIT);

	if (wait[0] >= '0' && wait[0] <= '9' && strcmp(wait, "0") != 0 && strcmp(wait, "1") != 0)
		return (int)strtol(wait, NULL, 10) * MILLISECONDS;
	if (settings_flag(settings, SET_WAIT))
		return wait[0] == '1' ? MILLISECONDS : WAIT_SECONDS * MILLISECONDS;
	return settings_flag(settings, SET_STRICT) ? WAIT_SECONDS * MILLISECONDS : 0;
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

/* "TERM", "SIGTERM" or "15"; 0 where it is none. */
static int
signal_number(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} known[]
	    = { { "HUP", SIGHUP }, { "INT", SIGINT }, { "QUIT", SIGQUIT }, { "KILL", SIGKILL },
		      { "TERM", SIGTERM }, { "USR1", SIGUSR1 }, { "USR2", SIGUSR2 } };

	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcasecmp(name, known[i].name) == 0)
			return known[i].number;
	return (int)strtol(name, NULL, 10);
}

static struct supervise_options
supervise_settings(const struct settings *settings)
{
	struct supervise_options options = { .group = settings_flag(settings, SET_KILL_GROUP),
		.parent_death_signal = signal_number(settings_text(settings, SET_PARENT_SIGNAL)),
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
	struct ssh ssh = { .settings = settings,
		.settings_findings = findings,
		.config = config,
		.arena = arena,
		.said = set_new(arena_new()),
		.state_findings = findings_new(arena),
		.follow = -1,
		.state = { .fd = -1, .path = "" },
		.strict = settings_flag(settings, SET_STRICT),
		.command_owns_terminal = command[0] != NULL && isatty(STDERR_FILENO) };
	struct service services[]
	    = { { .name = "sshd",
		    .whole = true, /* clients choose parts of its messages, line ends included */
		    .context = &ssh,
		    .prepare = prepare_sshd,
		    .line = line_from_sshd,
		    .ended = sshd_ended },
		      { .name = "keys-url", .context = &ssh, .prepare = prepare_fetch } };
	struct worker_calls calls = { .context = &ssh,
		.services = services,
		.service_count = 2,
		.command = command,
		.stays = command[0] == NULL || settings_is(settings, SET_MODE, "supervise"),
		.begin = begin,
		.reload = reload };
	struct monitor monitor = { .link = -1 };
	enum readiness readiness = READY_UP;

	if (!settings_flag(settings, SET_ENABLED)) {
		log_variables(settings, findings);
		return run_command(settings, &monitor, command);
	}
	if (ssh.command_owns_terminal && wait == 0) {
		log_variables(settings, findings);
		ssh.entries_logged = true;
	}
	if (!monitor_start(&monitor, &calls)) {
		log_say(LOG_ERROR, "error: SSH cannot be started: %s", strerror(errno));
		readiness = READY_FAILED;
	} else if (wait > 0) {
		readiness = monitor_wait(&monitor, wait);
	}
	if (ssh.strict && readiness != READY_UP) {
		if (readiness == READY_UNKNOWN)
			log_say(LOG_ERROR, "error: SSH did not answer within %d seconds",
			    wait / MILLISECONDS);
		log_say(LOG_ERROR, "strict: the command is not started");
		monitor_stop(&monitor, 0);
		return EXIT_REFUSED;
	}
	return run_command(settings, &monitor, command);
}
