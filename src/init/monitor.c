#include "init/monitor.h"

#include "init/hidden.h"

#include <errno.h>
#include <sys/socket.h>

enum { DEFAULT_GRACE = 2000 };

bool
monitor_start(struct monitor *monitor, const struct worker_calls *calls)
{
	struct hidden hidden = {
		.hold = worker_hold,
		.work = worker_run,
		.context = (void *)calls,
		.keep = calls->keep,
		.keep_count = calls->keep_count,
		.command = calls->command,
		.grace = calls->grace > 0 ? calls->grace : DEFAULT_GRACE,
	};

	monitor->holder = 0;
	monitor->link = hidden_start(&hidden, &monitor->holder);
	return monitor->link >= 0;
}

enum readiness
monitor_wait(const struct monitor *monitor, int milliseconds)
{
	int64_t until = loop_now() + milliseconds;

	for (;;) {
		struct pollfd link = { monitor->link, POLLIN, 0 };
		struct worker_message message;
		int64_t left = until - loop_now();
		int ready;
		ssize_t len;

		if (monitor->link < 0)
			return READY_FAILED;
		ready = poll(&link, 1, left > 0 ? (int)left : 0);
		if (ready == 0)
			return READY_UNKNOWN;
		if (ready < 0)
			continue;
		len = recv(monitor->link, &message, sizeof(message), MSG_DONTWAIT);
		if (len == (ssize_t)sizeof(message) && message.word == WORD_READY)
			return (enum readiness)message.value;
		if (len == 0)
			return READY_FAILED;
	}
}

static void
say(const struct monitor *monitor, enum worker_word word, int value)
{
	struct worker_message message = { (int)word, value };

	if (monitor->link >= 0)
		send(monitor->link, &message, sizeof(message), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void
monitor_command_runs(const struct monitor *monitor)
{
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
