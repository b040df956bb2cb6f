/*
 * init/supervise and init/hold: what tini's and dumb-init's tests check, and job control.
 *
 * Each test forks a process that plays sshinit in supervise mode ("init"), with a shell script or a
 * function of this program as its command. What a command has to say it writes into a pipe.
 */
#include "base/family.h"
#include "init/exec.h"
#include "init/hold.h"
#include "init/supervise.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct supervise_options options;
static int said[2]; /* what the command writes to descriptor 1 */
static pid_t init_pid;

static int
set_up(void **unused)
{
	(void)unused;
	memset(&options, 0, sizeof(options));
	return pipe2(said, O_CLOEXEC | O_NONBLOCK);
}

static int
tear_down(void **unused)
{
	(void)unused;
	close(said[0]);
	close(said[1]);
	family_end(0, NULL);
	return 0;
}

static _Noreturn void
be_init(const char *script)
{
	struct monitor none = { .link = -1 };
	char *argv[] = { "sh", "-c", (char *)script, NULL };

	fcntl(said[1], F_SETFL, 0);
	dup2(said[1], STDOUT_FILENO);
	/* What hangs is a failure, not the end of the test run. The command gets it forwarded. */
	alarm(30);
	_exit(supervise(&none, &options, argv));
}

static void
init_start(const char *script)
{
	init_pid = fork();
	assert_true(init_pid >= 0);
	if (init_pid == 0)
		be_init(script);
}

static int
init_status(void)
{
	int status;

	assert_int_equal(waitpid(init_pid, &status, 0), init_pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
run(const char *script)
{
	init_start(script);
	return init_status();
}

/* Reads what was said from fd until text is among it; false after ten seconds. */
static bool
hear_from(int fd, const char *text)
{
	static char heard[4096];
	size_t len = 0;
	int64_t until = loop_now() + 10000;

	while (loop_now() < until && len < sizeof(heard) - 1) {
		struct pollfd poll_fd = { fd, POLLIN, 0 };
		ssize_t more;

		if (poll(&poll_fd, 1, 100) <= 0)
			continue;
		/* By the byte: what comes after it is for the next call. */
		more = read(fd, heard + len, 1);
		if (more <= 0)
			break;
		len++;
		heard[len] = '\0';
		if (strstr(heard, text) != NULL)
			return true;
	}
	fprintf(stderr, "not heard: %s, but: %s\n", text, heard);
	return false;
}

static bool
hear(const char *text)
{
	return hear_from(said[0], text);
}

/* Waits until the process is in that state (as /proc says: S, T, ...). */
static bool
reaches_state(pid_t pid, char state)
{
	for (int64_t until = loop_now() + 10000; loop_now() < until; usleep(5000)) {
		char path[64], text[512] = "";
		const char *after;
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return state == '-';
		if (read(fd, text, sizeof(text) - 1) < 0)
			text[0] = '\0';
		close(fd);
		after = strrchr(text, ')');
		if (after != NULL && after[2] == state)
			return true;
	}
	return false;
}

/* ---- statuses ---- */

static void
test_all_statuses_pass(void **unused)
{
	(void)unused;
	for (int status = 0; status < 256; status++) {
		char script[32];

		snprintf(script, sizeof(script), "exit %d", status);
		assert_int_equal(run(script), status);
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
		assert_int_equal(run(script), 128 + signals[i]);
	}
}

static void
test_statuses_are_remapped(void **unused)
{
	(void)unused;
	options.success[143] = options.success[7] = options.success[255] = true;
	assert_int_equal(run("exit 7"), 0);
	assert_int_equal(run("exit 8"), 8);
	assert_int_equal(run("exit 255"), 0);
	assert_int_equal(run("kill -TERM $$"), 0);
	options.success[0] = true;
	assert_int_equal(run("exit 0"), 0);
}

static int
run_words(char *const argv[])
{
	struct monitor none = { .link = -1 };

	init_pid = fork();
	if (init_pid == 0) {
		alarm(30);
		_exit(supervise(&none, &options, argv));
	}
	return init_status();
}

static void
test_command_not_to_be_run(void **unused)
{
	char *missing[] = { "/no/such/command", NULL };
	char *folder[] = { "/", NULL };

	(void)unused;
	assert_int_equal(run_words(missing), 127);
	assert_int_equal(run_words(folder), 126);
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
	struct monitor none = { .link = -1 };

	init_pid = fork();
	if (init_pid == 0) {
		fcntl(said[1], F_SETFL, 0);
		dup2(said[1], STDOUT_FILENO);
		alarm(30);
		_exit(supervise(&none, &options, reporter));
	}
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
	assert_int_equal(init_status(), 42);
}

static void
test_group_gets_signals(void **unused)
{
	static const char script[]
	    = "trap 'echo outer; exit 9' USR1\n"
	      "(trap 'echo inner; exit 0' USR1; echo in; while :; do sleep 0.05; done) &\n"
	      "trap 'wait; echo outer; exit 9' USR1; echo out; while :; do sleep 0.05; done";

	(void)unused;
	options.group = true;
	init_start(script);
	assert_true(hear("out"));
	usleep(200000);
	kill(init_pid, SIGUSR1);
	assert_true(hear("inner"));
	assert_int_equal(init_status(), 9);
}

/* As dumb-init: what is left of the group when the command ends is told, and awaited. */
static void
test_group_is_ended_with_the_command(void **unused)
{
	(void)unused;
	options.group = true;
	options.grace = 5000;
	init_start(
	    "(trap 'sleep 0.3; echo late; exit 0' TERM; echo up; while :; do sleep 0.05; done) &\n"
	    "sleep 0.5; exit 5");
	assert_true(hear("up"));
	assert_int_equal(init_status(), 5);
	assert_true(hear("late"));
}

static void
test_stop_and_continue(void **unused)
{
	(void)unused;
	init_start("echo $$; trap 'echo continued' CONT; while :; do sleep 0.05; done");
	assert_true(hear("\n"));
	usleep(100000);
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
	assert_int_equal(init_status(), 143);
}

/* The mask and the dispositions that init was started with, oddities included. */
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
	assert_int_equal(init_status(), 0);
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
		usleep(100000);
		kill(parent, SIGKILL);
		assert_int_equal(waitpid(parent, NULL, 0), parent);
		/* We are a subreaper: the orphan is ours now. */
		assert_int_equal(init_status(), i == 0 ? 6 : 128 + SIGKILL);
		close(ends[0]);
		close(ends[1]);
	}
}

/* ---- children ---- */

static void
test_orphans_are_reaped(void **unused)
{
	(void)unused;
	/* 100 orphans; then no child of init is a zombie. */
	init_start("i=0; while [ $i -lt 100 ]; do (sleep 0.1 & ) ; i=$((i+1)); done; sleep 1\n"
	           "zombies=0; for stat in /proc/[0-9]*/stat; do\n"
	           "read -r line <$stat 2>/dev/null || continue; line=${line##*) }; set -- $line\n"
	           "[ \"$1\" = Z ] && [ \"$2\" = $PPID ] && zombies=$((zombies+1)); done\n"
	           "echo zombies $zombies, parent $PPID.");
	assert_true(hear("zombies 0,"));
	assert_int_equal(init_status(), 0);
}

/* ---- terminals ---- */

static int master;
static char terminal[64];

/* A shell of sorts: leads a session on a new terminal, runs init as its foreground job, takes the
 * terminal back when the job stops or ends, and says what became of it. Reads commands from order:
 * f puts the job into the foreground again, b into the background. */
static pid_t
shell_start(const char *script, int order, bool foreground)
{
	pid_t shell = forkpty(&master, terminal, NULL, NULL);
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	pid_t job;
	int status;
	char what;

	if (shell != 0)
		return shell;
	job = fork();
	if (job == 0) {
		setpgid(0, 0);
		if (foreground) {
			sigaction(SIGTTOU, &ignore, NULL);
			tcsetpgrp(STDIN_FILENO, getpid());
			signal(SIGTTOU, SIG_DFL);
		}
		execl(self, self, "supervise", script, NULL);
		_exit(98);
	}
	setpgid(job, job);
	sigaction(SIGTTOU, &ignore, NULL);
	while (waitpid(job, &status, WUNTRACED) == job && WIFSTOPPED(status)) {
		tcsetpgrp(STDIN_FILENO, getpgrp());
		dprintf(STDOUT_FILENO, "[stopped]\n");
		if (read(order, &what, 1) != 1)
			break;
		if (what == 'f')
			tcsetpgrp(STDIN_FILENO, job);
		kill(-job, SIGCONT);
	}
	tcsetpgrp(STDIN_FILENO, getpgrp());
	dprintf(STDOUT_FILENO, "[status %d]\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	_exit(0);
}

static void
shell_end(pid_t shell)
{
	int status;

	assert_int_equal(waitpid(shell, &status, 0), shell);
	assert_int_equal(status, 0);
	close(master);
}

static void
type(const char *keys)
{
	assert_int_equal(write(master, keys, strlen(keys)), strlen(keys));
}

static void
test_interrupt_key_reaches_command(void **unused)
{
	pid_t shell
	    = shell_start("trap 'echo caught; exit 5' INT; echo up; while :; do sleep 0.05; done",
	        STDIN_FILENO, true);

	(void)unused;
	assert_true(hear_from(master, "up"));
	type("\003");
	assert_true(hear_from(master, "caught"));
	assert_true(hear_from(master, "[status 5]"));
	shell_end(shell);
}

static void
test_command_reads_terminal(void **unused)
{
	pid_t shell = shell_start("read line; echo \"it was $line\"", STDIN_FILENO, true);

	(void)unused;
	type("a word\n");
	assert_true(hear_from(master, "it was a word"));
	assert_true(hear_from(master, "[status 0]"));
	shell_end(shell);
}

static void
test_stop_key_gives_shell_its_prompt(void **unused)
{
	int order[2];
	pid_t shell;

	(void)unused;
	assert_int_equal(pipe(order), 0);
	shell = shell_start(
	    "echo up; read line; echo \"first $line\"; read line; echo \"then $line\"", order[0],
	    true);
	assert_true(hear_from(master, "up"));
	usleep(200000);
	type("\032");
	assert_true(hear_from(master, "[stopped]"));
	assert_int_equal(write(order[1], "f", 1), 1);
	usleep(200000);
	type("one\n");
	assert_true(hear_from(master, "first one"));
	type("two\n");
	assert_true(hear_from(master, "then two"));
	assert_true(hear_from(master, "[status 0]"));
	shell_end(shell);
	close(order[0]);
	close(order[1]);
}

/* Started with &, reads the terminal, is stopped for it, and is brought to the front. */
static void
test_background_job_comes_to_front(void **unused)
{
	int order[2];
	pid_t shell;

	(void)unused;
	assert_int_equal(pipe(order), 0);
	shell = shell_start("echo up; read line; echo \"got $line\"", order[0], false);
	assert_true(hear_from(master, "up"));
	assert_true(hear_from(master, "[stopped]"));
	assert_int_equal(write(order[1], "f", 1), 1);
	usleep(200000);
	type("it\n");
	assert_true(hear_from(master, "got it"));
	assert_true(hear_from(master, "[status 0]"));
	shell_end(shell);
	close(order[0]);
	close(order[1]);
}

static pid_t
leader_start(const char *script)
{
	pid_t leader = forkpty(&master, terminal, NULL, NULL);

	if (leader == 0) {
		execl(self, self, "supervise", script, NULL);
		_exit(98);
	}
	return leader;
}

static void
leader_end(pid_t leader, int want)
{
	int status;

	assert_int_equal(waitpid(leader, &status, 0), leader);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), want);
	close(master);
}

/* Session leader, as the first process of `docker run -t` is: there is no shell above that could
 * continue it, so a stop key must not stop it for good. */
static void
test_stop_key_without_shell(void **unused)
{
	pid_t leader = leader_start("echo up; read line; echo \"got $line\"; exit 3");

	(void)unused;
	assert_true(hear_from(master, "up"));
	usleep(200000);
	type("\032");
	usleep(200000);
	type("it\n");
	assert_true(hear_from(master, "got it"));
	leader_end(leader, 3);
}

/* Nor may it stop a child of the command alone: nobody would ever see that. */
static void
test_stop_key_without_shell_spares_children(void **unused)
{
	pid_t leader
	    = leader_start("trap : TSTP; echo up; head -n 1 | sed 's/^/got /'; echo over; exit 3");

	(void)unused;
	assert_true(hear_from(master, "up"));
	usleep(200000);
	type("\032");
	usleep(200000);
	type("it\n");
	assert_true(hear_from(master, "got it"));
	leader_end(leader, 3);
}

/* The command is what it would be without us: the leader of a session, in its foreground. */
static void
test_command_leads_where_we_did(void **unused)
{
	pid_t leader
	    = leader_start("read -r pid name state parent group session rest </proc/$$/stat;"
	                   "echo \"$((session - pid)) $((group - pid)).\";"
	                   "read line </dev/tty; echo \"got $line\"; exit 4");

	(void)unused;
	assert_true(hear_from(master, "0 0."));
	type("it\n");
	assert_true(hear_from(master, "got it"));
	leader_end(leader, 4);
}

/* ---- hold ---- */

static void
hold_start(void)
{
	init_pid = fork();
	if (init_pid == 0) {
		struct monitor none = { .link = -1 };

		alarm(30);
		_exit(hold(&none));
	}
	assert_true(reaches_state(init_pid, 'S'));
	usleep(50000);
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
		assert_int_equal(init_status(), 0);
		assert_true(loop_now() - before < 1000);
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
	assert_int_equal(init_status(), 0);
}

#define INIT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
		INIT_TEST(test_interrupt_key_reaches_command),
		INIT_TEST(test_command_reads_terminal),
		INIT_TEST(test_stop_key_gives_shell_its_prompt),
		INIT_TEST(test_background_job_comes_to_front),
		INIT_TEST(test_stop_key_without_shell),
		INIT_TEST(test_stop_key_without_shell_spares_children),
		INIT_TEST(test_command_leads_where_we_did),
		INIT_TEST(test_hold_ends_at_once),
		INIT_TEST(test_hold_survives_the_rest),
	};

	log_set_level(LOG_QUIET);
	/* This program also plays the commands and inits that have to begin with an exec. */
	if (argc > 1 && strcmp(argv[1], "report-signals") == 0)
		report_signals();
	if (argc > 1 && strcmp(argv[1], "report-status") == 0)
		report_status();
	if (argc > 2 && strcmp(argv[1], "supervise") == 0) {
		struct monitor none = { .link = -1 };
		char *words[] = { "sh", "-c", argv[2], NULL };

		return supervise(&none, &options, words);
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	/* Whoever runs the tests may ignore signals, as nohup does; they begin from the usual. */
	for (int signo = 1; signo < NSIG; signo++)
		(void)signal(signo, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
