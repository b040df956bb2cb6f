/* init/hold: in place of a command, until it is told to end. */
#include "init/hold.h"

#include "unit/processes.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static pid_t init_pid;

static void
hold_start(void)
{
	sigset_t told, before;

	/* Blocked already, so that one sent before hold looks is not lost. */
	sigemptyset(&told);
	sigaddset(&told, SIGTERM);
	sigaddset(&told, SIGINT);
	sigaddset(&told, SIGQUIT);
	sigaddset(&told, SIGHUP);
	sigprocmask(SIG_BLOCK, &told, &before);
	init_pid = fork();
	if (init_pid == 0) {
		struct monitor none = { .link = -1 };

		alarm(ALARM);
		_exit(hold(&none));
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_true(reaches_state(init_pid, 'S'));
}

static void
test_hold_ends_at_once(void **unused)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGQUIT };

	(void)unused;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		int64_t before;

		hold_start();
		before = loop_now();
		kill(init_pid, signals[i]);
		assert_int_equal(status_of(init_pid), 0);
		/* docker stop waits that long before it kills. */
		assert_true(loop_now() - before < 10000);
	}
}

static void
test_hold_survives_the_rest(void **unused)
{
	(void)unused;
	hold_start();
	kill(init_pid, SIGHUP);
	kill(init_pid, SIGCHLD);
	usleep(100000);
	assert_int_equal(waitpid(init_pid, NULL, WNOHANG), 0);
	kill(init_pid, SIGTERM);
	assert_int_equal(status_of(init_pid), 0);
}

#define HOLD_TEST(name) cmocka_unit_test_teardown(name, end_processes)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOLD_TEST(test_hold_ends_at_once),
		HOLD_TEST(test_hold_survives_the_rest),
	};

	processes_prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
