#include "init/ssh.h"

#include "base/json.h"
#include "base/log.h"
#include "init/api.h"
#include "init/installing.h"
#include "init/refresh.h"
#include "pod/context.h"
#include "sshd/embedded.h"
#include "sshd/logins.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

enum {
	SAVE_AFTER = 1000,
	FLUSH_AFTER = 200,
	TRY_AFTER = 2000,
	NO_PROCESS_PERIOD = 600 * 1000,
	LOOKS = 100,
	LOOK_NS = 20000000
};

struct ssh *
ssh_new(const struct settings *settings, const struct findings *findings, const char *config,
    struct arena *arena)
{
	/* Most of it is room for what strangers will try: on the stack, its pages would all be
	 * touched before the command starts; here none is before it is used. */
	static struct ssh ssh;

	ssh.settings = settings;
	ssh.settings_findings = findings;
	ssh.config = config;
	ssh.arena = arena;
	ssh.strict = settings_flag(settings, SET_STRICT);
	ssh.state = (struct state){ .fd = -1, .path = "" };
	ssh.state_findings = findings_new(arena);
	ssh.said = set_new(arena_new());
	ssh.follow.fd = -1;
	return &ssh;
}

/* ---- the plan, again and again ------------------------------------------------------------- */

static struct plan *
make_plan(struct ssh *ssh)
{
	const struct plan_inputs inputs = { .settings = ssh->settings,
		.findings = ssh->settings_findings,
		.state_findings = &ssh->state_findings,
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
	/* A finding that has gone is logged again when it comes back. */
	arena_free(ssh->said.arena);
	ssh->said = now;
}

void
ssh_write_status(const struct ssh *ssh)
{
	if (ssh->state.fd < 0)
		return;
	(void)json_save(ssh->state.fd, REPORT_CONNECT, report_connect_json(ssh->plan), 0644);
	(void)json_save(ssh->state.fd, "status.json", report_json(ssh->plan), 0600);
}

static void
answer(struct ssh *ssh, struct worker *worker, enum readiness readiness)
{
	/* From here on the command may run. */
	if (ssh->command_owns_terminal)
		log_mute();
	worker_ready(worker, readiness);
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
	ssh_write_status(ssh);
	answer(ssh, worker, plan->findings.count[ERROR] > 0 ? READY_FAILED : READY_OFF);
	plan_free(before);
	return WISH_OFF;
}

/* The new plan cannot be carried out (a full disk), but sshd runs on what the last one wrote. */
static enum wish
go_on_as_before(struct ssh *ssh, struct plan *before, struct start *out)
{
	struct plan *failed = ssh->plan;

	log_plan(ssh, failed);
	ssh->plan = before;
	fill_start(ssh, out);
	plan_free(failed);
	return WISH_ON;
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

/* SSH is up, but not by us. A strict start is refused all the same where its own keys are. */
static enum wish
leave_it_to_the_other(struct ssh *ssh, struct worker *worker)
{
	struct plan *plan = make_plan(ssh);
	bool refused
	    = ssh->strict && (plan->entries.count[VERDICT_REFUSED] > 0 || plan->authorised == 0);

	if (refused && !ssh->entries_logged)
		report_log_entries(&plan->entries);
	ssh->entries_logged |= refused;
	answer(ssh, worker, refused ? READY_FAILED : READY_UP);
	plan_free(plan);
	return WISH_OFF;
}

static enum wish
prepare_sshd(struct worker *worker, void *context, struct start *out)
{
	struct ssh *ssh = context;
	struct plan *before = ssh->plan, *plan;
	bool first = !ssh->running, again;
	enum plan_outcome outcome;

	if (ssh->state.other > 0)
		return leave_it_to_the_other(ssh, worker);
	plan = make_plan(ssh);
	ssh->plan = plan;
	ssh->running = true;
	if (first && ssh->strict && plan_is_broken(plan))
		return nothing_to_run(ssh, worker, before);
	outcome = plan_apply(plan);
	if (outcome == PLAN_NEEDS_SSHD) {
		/* The installer consults us when it is done; until then nobody is told anything. */
		log_plan(ssh, plan);
		ssh_write_status(ssh);
		plan_free(before);
		return WISH_OFF;
	}
	if (outcome == PLAN_NOT_APPLIED)
		return ssh->up && plan_can_serve(plan) ? go_on_as_before(ssh, before, out)
		                                       : nothing_to_run(ssh, worker, before);
	log_plan(ssh, plan);
	again = ssh->up && !same_config(before, plan);
	if (ssh->up && !first)
		report_log_count(plan);
	memcpy(ssh->holding, plan->ports, sizeof(ssh->holding));
	fill_start(ssh, out);
	if (ssh->up)
		ssh_write_status(ssh);
	plan_free(before);
	return again ? WISH_AGAIN : WISH_ON;
}

/* Flushing to disk can take long, so it waits until the port is open. */
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
	ssh_write_status(ssh);
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

/* A container at its limit of processes: the client is told nothing but "exec request failed". Said
 * once in a while; these lines begin with words of sshd's own, and no client can make them. */
static void
tell_of_no_process(struct ssh *ssh, const char *text)
{
	static const char *const begins[] = { "fork: ", "fork of unprivileged child failed",
		"do_exec_no_pty: fork: ", "do_exec_pty: fork: " };
	struct findings findings;
	int64_t now = loop_now();

	if (ssh->no_process != 0 && now - ssh->no_process < NO_PROCESS_PERIOD)
		return;
	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (strncmp(text, begins[i], strlen(begins[i])) == 0) {
			findings = findings_new(arena_new());
			finding_add(&findings, WARNING, CODE_NO_PROCESS, "sshd", "%s", text);
			log_finding(findings.first);
			arena_free(findings.arena);
			ssh->no_process = now;
			return;
		}
}

static void
line_from_sshd(struct worker *worker, void *context, const char *text)
{
	struct ssh *ssh = context;

	if (strncmp(text, "Server listening on ", strlen("Server listening on ")) == 0)
		listening(ssh, worker);
	logins_note(&ssh->state, text, time(NULL));
	tell_of_no_process(ssh, text);
	/* What it says before it listens is why it does not. */
	log_say(ssh->up ? LOG_DEBUG : LOG_WARN, "sshd: %s", text);
	if (ssh->plan == NULL)
		return;
	logbook_line(&ssh->logbook, text, &ssh->state, ssh->plan);
	/* At most once a second, however many strangers knock. */
	if (ssh->logbook.changed && !ssh->saving)
		ssh->saving = loop_after(worker_loop(worker), SAVE_AFTER, save_logbook, ssh) != 0;
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

/* ---- what the worker is given -------------------------------------------------------------- */

static void begin_serving(struct ssh *ssh);

/* Two may have been started in one container, by its image and by its start command, or by hand.
 * One of them serves; this one takes over when that one is gone. */
static void
take_over(void *context)
{
	struct ssh *ssh = context;

	begin_serving(ssh);
	if (ssh->state.other <= 0)
		worker_reload(ssh->worker);
}

static void
begin_serving(struct ssh *ssh)
{
	struct arena *arena = arena_new();
	bool before = ssh->state.other > 0;

	ssh->state = state_make(arena, &ssh->state_findings);
	/* One whose command has just ended is about to go: "sshinit one; sshinit two". */
	for (int i = 0; !before && ssh->state.other > 0 && i < LOOKS; i++) {
		nanosleep(&(struct timespec){ .tv_nsec = LOOK_NS }, NULL);
		ssh->state = state_make(arena, &ssh->state_findings);
	}
	if (ssh->state.other > 0) {
		struct findings note = findings_new(arena);

		finding_add(&note, NOTE, CODE_STATE_SHARED,
		    arena_printf(arena, "process %ld", ssh->state.other), NULL);
		if (!before)
			log_finding(note.first);
		arena_free(arena);
		(void)loop_after(worker_loop(ssh->worker), TRY_AFTER, take_over, ssh);
		return;
	}
	if (ssh->state.fd >= 0) {
		(void)context_save(&ssh->state, ssh->settings, ssh->config, environ);
		(void)context_save_worker(&ssh->state);
	}
	refresh_begin(ssh);
}

/* First in the worker. Where nobody waits for us, the command has begun. */
static void
begin(struct worker *worker, void *context)
{
	struct ssh *ssh = context;

	ssh->worker = worker;
	if (ssh->command_owns_terminal && ssh->entries_logged)
		log_mute();
	begin_serving(ssh);
}

static void
reload(struct worker *worker, void *context)
{
	(void)worker;
	log_say(LOG_DEBUG, "reading all key sources again");
	refresh_again(context);
}

void
ssh_calls(struct ssh *ssh, struct service *services, struct worker_calls *calls)
{
	int n = 0;

	services[n++] = (struct service){ .name = "sshd",
		.whole = true, /* clients choose parts of its messages, line ends included */
		.context = ssh,
		.prepare = prepare_sshd,
		.line = line_from_sshd,
		.ended = sshd_ended };
	services[n++] = refresh_service(ssh);
	services[n++] = installing_service(ssh);
	services[n++] = api_service(ssh);
	calls->context = ssh;
	calls->services = services;
	calls->service_count = n;
	calls->begin = begin;
	calls->reload = reload;
}
