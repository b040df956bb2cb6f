#include "init/monitor.h"

#include "base/log.h"
#include "init/backoff.h"
#include "init/hidden.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ENDS = 3, STEP_MS = 250 };

static const int ends[ENDS] = { SIGTERM, SIGINT, SIGQUIT };

static bool
begin(struct monitor *monitor)
{
	const struct worker_calls *calls = monitor->calls;
	struct hidden hidden = {
		.setup = worker_setup,
		.work = worker_run,
		.context = (void *)calls,
		.keep = calls->keep,
		.keep_count = calls->keep_count,
		.command = calls->command,
		.visible = calls->stays,
		.execs_next = calls->execs_next,
		.grace = worker_grace(calls),
	};

	monitor->since = loop_now();
	monitor->link = hidden_start(&hidden, &monitor->holder);
	if (monitor->link >= 0)
		return true;
	monitor->pause = backoff_next(monitor->pause, 0);
	monitor->again = monitor->since + monitor->pause;
	return false;
}

bool
monitor_start(struct monitor *monitor, const struct worker_calls *calls)
{
	*monitor = (struct monitor){ .link = -1, .calls = calls };
	return begin(monitor);
}

static volatile sig_atomic_t told_to_end;

static void
note_end(int signo)
{
	told_to_end = signo;
}

/* The kernel keeps from PID 1 every signal that it has no handler for, SIGTERM included, so a
 * `docker stop` would take until our waiting is over. While it waits, PID 1 has handlers; what came
 * ignored or blocked stays so. */
static void
hear_the_end(struct sigaction before[ENDS], bool listen)
{
	for (int i = 0; i < ENDS && getpid() == 1; i++) {
		struct sigaction note = { .sa_handler = note_end };

		if (!listen)
			sigaction(ends[i], &before[i], NULL);
		else if (sigaction(ends[i], NULL, &before[i]) == 0
		         && before[i].sa_handler == SIG_DFL)
			sigaction(ends[i], &note, NULL);
	}
}

/* What the worker says next: READY_UNKNOWN where that is nothing for so long. */
static enum readiness
next_word(const struct monitor *monitor, int64_t milliseconds)
{
	struct pollfd link = { monitor->link, POLLIN, 0 };
	struct worker_message message;
	ssize_t len;

	if (poll(&link, 1, milliseconds > 0 ? (int)milliseconds : 0) <= 0)
		return READY_UNKNOWN;
	len = recv(monitor->link, &message, sizeof(message), MSG_DONTWAIT);
	if (len == (ssize_t)sizeof(message) && message.word == WORD_READY)
		return (enum readiness)message.value;
	return len == 0 ? READY_FAILED : READY_UNKNOWN;
}

enum readiness
monitor_wait(struct monitor *monitor, int milliseconds)
{
	int64_t until = loop_now() + milliseconds, left;
	enum readiness readiness = READY_UNKNOWN;
	struct sigaction before[ENDS];

	if (monitor->link < 0)
		return READY_FAILED;
	hear_the_end(before, true);
	/* In short steps: a signal just before poll would be noticed only when poll is over. */
	while (readiness == READY_UNKNOWN && told_to_end == 0 && (left = until - loop_now()) >= 0)
		readiness = next_word(monitor, left > STEP_MS ? STEP_MS : left + 1);
	hear_the_end(before, false);
	monitor->told_to_end = told_to_end;
	return told_to_end != 0 ? READY_STOPPED : readiness;
}

static void
say(const struct monitor *monitor, enum worker_word word, int value)
{
	struct worker_message message = { (int)word, value };

	if (monitor->link >= 0)
		send(monitor->link, &message, sizeof(message), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void
monitor_command_runs(struct monitor *monitor)
{
	monitor->command_runs = true;
	say(monitor, WORD_RUNS, 0);
}

void
monitor_reload(const struct monitor *monitor)
{
	say(monitor, WORD_RELOAD, 0);
}

void
monitor_stop(const struct monitor *monitor, int grace)
{
	say(monitor, WORD_STOP, grace);
}

void
monitor_reaped(struct monitor *monitor, pid_t pid)
{
	int64_t now = loop_now();

	if (monitor->holder == 0 || pid != monitor->holder)
		return;
	monitor->holder = 0;
	close(monitor->link);
	monitor->link = -1;
	monitor->pause = backoff_next(monitor->pause, now - monitor->since);
	monitor->again = now + monitor->pause;
}

int64_t
monitor_mind(struct monitor *monitor)
{
	int64_t left;

	if (monitor->holder != 0 || monitor->calls == NULL)
		return -1;
	left = monitor->again - loop_now();
	if (left > 0)
		return left;
	log_say(LOG_WARN, "the monitor of sshd had ended; starting it again");
	if (!begin(monitor))
		return monitor->pause;
	if (monitor->command_runs)
		say(monitor, WORD_RUNS, 0);
	return -1;
}
