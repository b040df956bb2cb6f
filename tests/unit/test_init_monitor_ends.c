/*
 * init/monitor: what ends, what is replaced, and what goes on, whichever process of a pod dies.
 */
#include "unit/play_pod.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int
command_waits_for_start(void)
{
	return eventually(started) ? 0 : 1;
}

static void
test_all_ends_with_the_command(void **unused)
{
	(void)unused;
	pod_start(leave_a_daemon, command_waits_for_start);
	assert_int_equal(status_of(pod), 0);
	assert_int_not_equal(shared->daemon, 0);
	assert_true(nothing_left());
	assert_true(shared->over);
	assert_int_equal(kill(shared->daemon, 0), -1);
}

static void
test_stubborn_ones_are_killed(void **unused)
{
	(void)unused;
	play.stubborn = true;
	calls.grace = 300;
	pod_start(leave_a_daemon, command_waits_for_start);
	assert_int_equal(status_of(pod), 0);
	assert_true(nothing_left());
	/* After their grace, and not before. */
	assert_true(loop_now() - shared->command_ended >= calls.grace);
}

static void
test_worker_is_replaced(void **unused)
{
	pid_t first_daemon, first_service;

	(void)unused;
	pod_start(leave_a_daemon, command_sleeps);
	assert_true(eventually(started));
	first_daemon = shared->daemon;
	first_service = shared->started[0];
	kill(shared->worker, SIGKILL);
	assert_true(eventually(started_twice));
	assert_int_equal(shared->workers, 2);
	/* The listener went with its worker, the session stayed. */
	assert_true(reaches_state(first_service, '-'));
	assert_int_equal(kill(first_daemon, 0), 0);
	assert_int_not_equal(shared->started[1], first_service);
	pod_end();
	assert_int_equal(kill(first_daemon, 0), -1);
}

static bool
worker_said_over(void)
{
	return shared->over;
}

static void
test_holder_killed(void **unused)
{
	(void)unused;
	pod_start(leave_a_daemon, command_sleeps);
	assert_true(eventually(started));
	kill(shared->holder, SIGKILL);
	assert_true(eventually(worker_said_over));
	assert_int_equal(kill(shared->daemon, 0), -1);
	assert_int_equal(kill(pod, 0), 0);
	pod_end();
}

static void
test_term_ends_it_in_order(void **unused)
{
	(void)unused;
	pod_start(leave_a_daemon, command_sleeps);
	assert_true(eventually(started));
	kill(shared->holder, SIGTERM);
	assert_true(eventually(worker_said_over));
	assert_int_equal(kill(shared->daemon, 0), -1);
	assert_int_equal(shared->workers, 1);
	pod_end();
}

static int
command_mends_its_monitor(void)
{
	pid_t first = monitor.holder;

	CHECK(eventually(started));
	CHECK(monitor_mind(&monitor) == -1);
	kill(first, SIGKILL);
	CHECK(waitpid(first, NULL, __WALL) == first);
	monitor_reaped(&monitor, first);
	CHECK(monitor_mind(&monitor) > 0);
	while (monitor_mind(&monitor) > 0)
		usleep(10000);
	CHECK(monitor.holder != 0 && monitor.holder != first);
	CHECK(loop_now() - shared->pod_began >= 990);
	return eventually(started_twice) ? 0 : 1;
}

static void
test_monitor_is_mended(void **unused)
{
	(void)unused;
	pod_start(sleep_for_ever, command_mends_its_monitor);
	assert_int_equal(status_of(pod), 0);
	assert_true(nothing_left());
}

/* All that is left of a command whose main thread has ended. */
static void *
last_thread(void *unused)
{
	(void)unused;
	usleep(500000);
	_exit(shared->over || kill(shared->started[0], 0) != 0 ? 1 : 0);
}

static int
command_main_thread_leaves(void)
{
	pthread_t thread;

	CHECK(eventually(started));
	CHECK(pthread_create(&thread, NULL, last_thread, NULL) == 0);
	pthread_exit(NULL);
}

/* A command lives as long as any of its threads. */
static void
test_main_thread_may_end(void **unused)
{
	(void)unused;
	pod_start(sleep_for_ever, command_main_thread_leaves);
	assert_int_equal(status_of(pod), 0);
	assert_true(nothing_left());
}

static int
command_stops_softly(void)
{
	int64_t before;

	CHECK(eventually(started));
	before = loop_now();
	/* The service ends at once, the daemon (an open session) has its grace and then goes. */
	monitor_stop(&monitor, 3000);
	CHECK(waitpid(monitor.holder, NULL, __WALL) == monitor.holder);
	CHECK(loop_now() - before >= 2990);
	CHECK(shared->ends == 1 && shared->daemon_outlived);
	CHECK(kill(shared->daemon, 0) != 0);
	return 0;
}

static int
command_stops_without_sessions(void)
{
	int64_t before = loop_now();

	CHECK(eventually(started));
	monitor_stop(&monitor, 2 * PATIENCE);
	CHECK(waitpid(monitor.holder, NULL, __WALL) == monitor.holder);
	CHECK(loop_now() - before < PATIENCE);
	return 0;
}

static void
test_soft_stop(void **unused)
{
	(void)unused;
	pod_start(leave_a_daemon, command_stops_softly);
	assert_int_equal(status_of(pod), 0);
	assert_true(nothing_left());
	pod_set_up(unused);
	pod_start(sleep_for_ever, command_stops_without_sessions);
	assert_int_equal(status_of(pod), 0);
	assert_true(nothing_left());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		POD_TEST(test_all_ends_with_the_command),
		POD_TEST(test_stubborn_ones_are_killed),
		POD_TEST(test_worker_is_replaced),
		POD_TEST(test_holder_killed),
		POD_TEST(test_term_ends_it_in_order),
		POD_TEST(test_monitor_is_mended),
		POD_TEST(test_main_thread_may_end),
		POD_TEST(test_soft_stop),
	};

	return pod_prepare() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
