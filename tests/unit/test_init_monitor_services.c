/*
 * init/monitor: how the worker keeps a service running, and tells the start how it stands with it.
 */
#include "unit/play_pod.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static bool
started_thrice(void)
{
	return shared->starts >= 3;
}

static void
test_restarts_are_paced(void **unused)
{
	(void)unused;
	pod_start(die_at_once, command_sleeps);
	assert_true(eventually(started_thrice));
	assert_true(shared->started_at[1] - shared->started_at[0] >= 990);
	assert_true(shared->started_at[2] - shared->started_at[1] >= 1990);
	assert_true(WIFEXITED(shared->last_status));
	assert_int_equal(WEXITSTATUS(shared->last_status), 3);
	pod_end();
}

static bool
reloaded(void)
{
	return shared->reloads >= 1;
}

static void
test_wishes_are_obeyed(void **unused)
{
	(void)unused;
	pod_start(sleep_for_ever, command_sleeps);
	assert_true(eventually(started));
	/* ON again changes nothing. */
	kill(shared->worker, SIGHUP);
	assert_true(eventually(reloaded));
	assert_int_equal(shared->ends, 0);
	shared->wish = WISH_OFF;
	/* The holder passes it on. */
	kill(shared->holder, SIGHUP);
	assert_true(eventually(ended_once));
	assert_true(WIFSIGNALED(shared->last_status));
	assert_int_equal(WTERMSIG(shared->last_status), SIGTERM);
	assert_int_equal(shared->starts, 1);
	shared->wish = WISH_ON;
	kill(shared->worker, SIGHUP);
	assert_true(eventually(started_twice));
	shared->wish = WISH_AGAIN;
	kill(shared->worker, SIGHUP);
	assert_true(eventually(started_thrice));
	/* Once a second at most, whatever is wished. */
	assert_true(shared->started_at[1] - shared->started_at[0] >= 990);
	assert_true(shared->started_at[2] - shared->started_at[1] >= 990);
	pod_end();
}

static int
flood(void *context)
{
	static const char line[] = "flood flood flood flood flood\n";

	(void)context;
	note_start();
	for (;;)
		if (write(STDERR_FILENO, line, sizeof(line) - 1) < 0)
			return 1;
}

static bool
many_lines(void)
{
	return shared->lines > 100;
}

static void
test_flood_does_not_deafen(void **unused)
{
	(void)unused;
	pod_start(flood, command_sleeps);
	assert_true(eventually(many_lines));
	kill(shared->worker, SIGHUP);
	assert_true(eventually(reloaded));
	assert_string_equal((const char *)shared->first_line, "flood flood flood flood flood");
	pod_end();
}

static int
end_well(void *context)
{
	(void)context;
	note_start();
	return 0;
}

static void
test_task_runs_once(void **unused)
{
	(void)unused;
	play.once = true;
	pod_start(end_well, command_sleeps);
	assert_true(eventually(ended_once));
	/* Longer than the pause before a failed one is run again. */
	usleep(1300000);
	kill(shared->worker, SIGHUP);
	assert_true(eventually(reloaded));
	usleep(100000);
	assert_int_equal(shared->starts, 1);
	pod_end();
}

static void
test_failing_task_is_retried(void **unused)
{
	(void)unused;
	play.once = true;
	pod_start(die_at_once, command_sleeps);
	assert_true(eventually(started_twice));
	pod_end();
}

static int
ignore_term(void *context)
{
	signal(SIGTERM, SIG_IGN);
	return sleep_for_ever(context);
}

/* One that had no time to ignore SIGTERM ends of that, and is run again. */
static bool
ended_by_kill(void)
{
	return shared->ends > 0 && WIFSIGNALED(shared->last_status)
	       && WTERMSIG(shared->last_status) == SIGKILL;
}

static void
test_slow_task_is_ended(void **unused)
{
	(void)unused;
	play.once = true;
	play.limit = 200;
	calls.grace = 300;
	pod_start(ignore_term, command_sleeps);
	assert_true(eventually(ended_by_kill));
	assert_true(eventually(started_twice));
	pod_end();
}

static int
leave_orphans(void *context)
{
	for (int i = 0; i < 100; i++) {
		if (fork() == 0) {
			if (fork() == 0) {
				usleep(1000);
				_exit(0);
			}
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	return sleep_for_ever(context);
}

static int
command_counts_children_of_worker(void)
{
	char text[64] = "";
	char path[64];
	int fd;

	CHECK(eventually(started));
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", shared->worker, shared->worker);
	for (int64_t until = loop_now() + PATIENCE; loop_now() < until; usleep(10000)) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return 77;
		memset(text, 0, sizeof(text));
		CHECK(read(fd, text, sizeof(text) - 1) > 0);
		close(fd);
		/* Only the service itself, no zombie. */
		if (atoi(text) == shared->started[0] && strchr(text, ' ')[1] == '\0')
			return 0;
	}
	return 1;
}

static void
test_orphans_are_reaped(void **unused)
{
	int status;

	(void)unused;
	pod_start(leave_orphans, command_counts_children_of_worker);
	status = status_of(pod);
	assert_true(nothing_left());
	if (status == 77)
		skip();
	assert_int_equal(status, 0);
}

static int
command_waits_for_ready(void)
{
	return (int)monitor_wait(&monitor, PATIENCE);
}

static void
test_ready_up(void **unused)
{
	(void)unused;
	pod_start(flood, command_waits_for_ready);
	assert_int_equal(status_of(pod), READY_UP);
	assert_true(nothing_left());
}

static int
command_waits_in_vain(void)
{
	int64_t before;

	CHECK(eventually(started));
	before = loop_now();
	CHECK(monitor_wait(&monitor, 200) == READY_UNKNOWN);
	CHECK(loop_now() - before >= 190);
	/* And when the monitor is gone there is nothing to wait for. */
	kill(shared->holder, SIGTERM);
	CHECK(monitor_wait(&monitor, PATIENCE) == READY_FAILED);
	return 0;
}

static void
test_ready_is_bounded(void **unused)
{
	(void)unused;
	pod_start(sleep_for_ever, command_waits_in_vain);
	assert_int_equal(status_of(pod), 0);
	assert_true(nothing_left());
}

static void
test_no_process_to_be_had(void **unused)
{
	struct monitor none = { .link = -1 };

	(void)unused;
	assert_int_equal(monitor_wait(&none, 5000), READY_FAILED);
	monitor_reload(&none);
	monitor_stop(&none, 100);
	assert_int_equal(monitor_mind(&none), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		POD_TEST(test_restarts_are_paced),
		POD_TEST(test_wishes_are_obeyed),
		POD_TEST(test_flood_does_not_deafen),
		POD_TEST(test_task_runs_once),
		POD_TEST(test_failing_task_is_retried),
		POD_TEST(test_slow_task_is_ended),
		POD_TEST(test_orphans_are_reaped),
		POD_TEST(test_ready_up),
		POD_TEST(test_ready_is_bounded),
		POD_TEST(test_no_process_to_be_had),
	};

	return pod_prepare() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
