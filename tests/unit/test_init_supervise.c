/*
 * init/supervise: what tini's and dumb-init's tests check: statuses, signals, orphans. Its dealings
 * with terminals are in test_init_terminal.c.
 */
#include "unit/play_init.h"

#include "init/exec.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- statuses ---- */

static void
test_all_statuses_pass(void **unused)
{
	(void)unused;
	for (int status = 0; status < 256; status++) {
		char script[32];

		snprintf(script, sizeof(script), "exit %d", status);
		assert_int_equal(init_run(script), status);
	}
}

static void
test_death_by_signal_is_128_and_more(void **unused)
{
	static const int signals[]
	    = { SIGHUP, SIGINT, SIGKILL, SIGTERM, SIGUSR1, SIGSEGV, SIGABRT };

	(void)unused;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		char script[64];

		snprintf(script, sizeof(script), "ulimit -c 0; kill -%d $$; sleep 10", signals[i]);
		assert_int_equal(init_run(script), 128 + signals[i]);
	}
}

static void
test_statuses_are_remapped(void **unused)
{
	(void)unused;
	options.success[143] = options.success[7] = options.success[255] = true;
	assert_int_equal(init_run("exit 7"), 0);
	assert_int_equal(init_run("exit 8"), 8);
	assert_int_equal(init_run("exit 255"), 0);
	assert_int_equal(init_run("kill -TERM $$"), 0);
	options.success[0] = true;
	assert_int_equal(init_run("exit 0"), 0);
}

static int
words_status(char *const words[])
{
	init_start_words(words);
	return status_of(init_pid);
}

static void
test_command_not_to_be_run(void **unused)
{
	char *missing[] = { "/no/such/command", NULL };
	char *folder[] = { "/", NULL };

	(void)unused;
	assert_int_equal(words_status(missing), 127);
	assert_int_equal(words_status(folder), 126);
}

/* ---- signals ---- */

/* Says the number of every signal that arrives; ends at SIGTERM. The kernel's own calls, because
 * the C library hides two or three signals. */
static void
report_signals(void)
{
	uint64_t all = ~(uint64_t)0;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all));
	dprintf(STDOUT_FILENO, "ready\n");
	for (;;) {
		long signo = syscall(SYS_rt_sigtimedwait, &all, NULL, NULL, sizeof(all));

		if (signo > 0)
			dprintf(STDOUT_FILENO, "<%ld>", signo);
		if (signo == SIGTERM)
			_exit(42);
	}
}

/* Says how this process was started. A shell would not do: it changes its signals first. */
static void
report_status(void)
{
	char text[4096] = "";
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	if (read(fd, text, sizeof(text) - 1) > 0)
		dprintf(STDOUT_FILENO, "%s", text);
	_exit(0);
}

static char self[] = "/proc/self/exe";

static void
reporter_start(const char *what)
{
	char *reporter[] = { self, (char *)what, NULL };

	init_start_words(reporter);
}

static void
test_every_signal_is_forwarded(void **unused)
{
	(void)unused;
	reporter_start("report-signals");
	assert_true(hear("ready"));
	for (int signo = 1; signo <= 64; signo++) {
		char text[16];

		if (signo == SIGKILL || signo == SIGSTOP || signo == SIGCHLD || signo == SIGTERM
		    || signo == SIGTTIN || signo == SIGTTOU)
			continue;
		/* The C library's kill sends what its sets do not hold. */
		assert_int_equal(kill(init_pid, signo), 0);
		snprintf(text, sizeof(text), "<%d>", signo);
		assert_true(hear(text));
	}
	/* These two are about init's own place on a terminal. */
	kill(init_pid, SIGTTIN);
	kill(init_pid, SIGTTOU);
	kill(init_pid, SIGTERM);
	assert_true(hear("<15>"));
	assert_int_equal(status_of(init_pid), 42);
}

static void
test_group_gets_signals(void **unused)
{
	static const char script[]
	    = "trap 'wait; exit 9' USR1\n"
	      "(trap 'echo inner; exit 0' USR1; echo up; while :; do sleep 0.05; done) &\n"
	      "while :; do sleep 0.05; done";

	(void)unused;
	options.group = true;
	init_start(script);
	assert_true(hear("up"));
	kill(init_pid, SIGUSR1);
	assert_true(hear("inner"));
	assert_int_equal(status_of(init_pid), 9);
}

/* As dumb-init: what is left of the group when the command ends is told, and awaited. */
static void
test_group_is_ended_with_the_command(void **unused)
{
	(void)unused;
	options.group = true;
	options.grace = PATIENCE;
	init_start("trap 'exit 5' USR1\n"
	           "(trap 'sleep 0.3; echo late; exit 0' TERM; kill -USR1 $$;"
	           " while :; do sleep 0.05; done) &\n"
	           "while :; do sleep 0.05; done");
	assert_int_equal(status_of(init_pid), 5);
	assert_true(hear("late"));
}

static void
test_stop_and_continue(void **unused)
{
	(void)unused;
	init_start("trap 'echo continued' CONT; echo up; while :; do sleep 0.05; done");
	assert_true(hear("up"));
	kill(init_pid, SIGTSTP);
	assert_true(reaches_state(init_pid, 'T'));
	kill(init_pid, SIGCONT);
	assert_true(hear("continued"));
	assert_true(reaches_state(init_pid, 'S'));
	/* And once more, to see that nothing of the first time is left. */
	kill(init_pid, SIGTSTP);
	assert_true(reaches_state(init_pid, 'T'));
	kill(init_pid, SIGCONT);
	assert_true(hear("continued"));
	kill(init_pid, SIGTERM);
	assert_int_equal(status_of(init_pid), 143);
}

/* What this process ignores, as /proc writes it. Some cannot be taken back: make starts its
 * children with signals 32 and 33 ignored, which the C library keeps for itself. */
static unsigned long
ignored_here(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	unsigned long mask = 0;
	char line[256];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "SigIgn: %lx", &mask) == 1)
			break;
	if (file != NULL)
		fclose(file);
	return mask;
}

/* The mask and the dispositions that init was started with, oddities included. */
static void
test_command_gets_signals_as_given(void **unused)
{
	const unsigned long before_us = ignored_here();
	char text[64];
	sigset_t odd, before;

	(void)unused;
	sigemptyset(&odd);
	sigaddset(&odd, SIGUSR2);
	sigaddset(&odd, SIGCHLD);
	sigprocmask(SIG_SETMASK, &odd, &before);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
	command_guard();
	reporter_start("report-status");
	command_unguard();
	signal(SIGCHLD, SIG_DFL);
	signal(SIGTTOU, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	snprintf(
	    text, sizeof(text), "SigBlk:\t%016lx", 1UL << (SIGUSR2 - 1) | 1UL << (SIGCHLD - 1));
	assert_true(hear(text));
	snprintf(text, sizeof(text), "SigIgn:\t%016lx",
	    before_us | 1UL << (SIGCHLD - 1) | 1UL << (SIGTTOU - 1));
	assert_true(hear(text));
	assert_int_equal(status_of(init_pid), 0);
}

static void
test_parent_death(void **unused)
{
	pid_t parent;

	(void)unused;
	for (int i = 0; i < 2; i++) {
		int ends[2];
		pid_t orphan;

		options.parent_death_signal = i == 0 ? SIGUSR1 : SIGKILL;
		assert_int_equal(pipe(ends), 0);
		parent = fork();
		if (parent == 0) {
			init_start(
			    "trap 'echo orphaned; exit 6' USR1; echo up; while :; do sleep 0.05; done");
			if (write(ends[1], &init_pid, sizeof(init_pid)) < 0)
				_exit(1);
			for (;;)
				pause();
		}
		assert_int_equal(read(ends[0], &orphan, sizeof(orphan)), sizeof(orphan));
		init_pid = orphan;
		assert_true(hear("up"));
		kill(parent, SIGKILL);
		assert_int_equal(waitpid(parent, NULL, 0), parent);
		/* We are a subreaper: the orphan is ours now. */
		assert_int_equal(status_of(init_pid), i == 0 ? 6 : 128 + SIGKILL);
		close(ends[0]);
		close(ends[1]);
	}
}

/* ---- children ---- */

static void
test_orphans_are_reaped(void **unused)
{
	(void)unused;
	/* 100 orphans; in the end init has no child but the command, not even a zombie. */
	init_start("i=0; while [ $i -lt 100 ]; do (sleep 0.1 & ) ; i=$((i+1)); done\n"
	           "until [ \"$children\" = \" $$\" ]; do sleep 0.05; children=\n"
	           "for stat in /proc/[0-9]*/stat; do\n"
	           "read -r line <$stat 2>/dev/null || continue; set -- ${line##*) }\n"
	           "[ \"$2\" != $PPID ] || children=\"$children ${line%% *}\"; done; done\n"
	           "echo alone");
	assert_true(hear("alone"));
	assert_int_equal(status_of(init_pid), 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		INIT_TEST(test_all_statuses_pass),
		INIT_TEST(test_death_by_signal_is_128_and_more),
		INIT_TEST(test_statuses_are_remapped),
		INIT_TEST(test_command_not_to_be_run),
		INIT_TEST(test_every_signal_is_forwarded),
		INIT_TEST(test_group_gets_signals),
		INIT_TEST(test_group_is_ended_with_the_command),
		INIT_TEST(test_stop_and_continue),
		INIT_TEST(test_command_gets_signals_as_given),
		INIT_TEST(test_parent_death),
		INIT_TEST(test_orphans_are_reaped),
	};

	/* This program also plays the commands that have to begin with an exec. */
	if (argc > 1 && strcmp(argv[1], "report-signals") == 0)
		report_signals();
	if (argc > 1 && strcmp(argv[1], "report-status") == 0)
		report_status();
	processes_prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
