/*
 * init/supervise on a terminal: keys reach the command, and a shell's job control works on it as if
 * sshinit were not there.
 */
#include "unit/play_init.h"

#include "base/log.h"

#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char self[] = "/proc/self/exe";
static int master; /* the test's end of the terminal */

/* ---- below a shell ---- */

/* A shell of sorts: leads a session on a new terminal, runs init as its foreground job, takes the
 * terminal back when the job stops or ends, and says what became of it. Reads commands from order:
 * f puts the job into the foreground again, b into the background. */
static pid_t
shell_start(const char *script, int order, bool foreground)
{
	pid_t shell = forkpty(&master, NULL, NULL, NULL);
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
	type("\032");
	assert_true(hear_from(master, "[stopped]"));
	assert_int_equal(write(order[1], "f", 1), 1);
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
	type("it\n");
	assert_true(hear_from(master, "got it"));
	assert_true(hear_from(master, "[status 0]"));
	shell_end(shell);
	close(order[0]);
	close(order[1]);
}

/* ---- leading the session, as the first process of `docker run -t` does ---- */

static pid_t
leader_start(const char *script)
{
	pid_t leader = forkpty(&master, NULL, NULL, NULL);

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
 * continue what a stop key stops. */
static void
stop_key_is_passed_over(const char *script)
{
	pid_t leader = leader_start(script);

	assert_true(hear_from(master, "up"));
	type("\032");
	type("it\n");
	assert_true(hear_from(master, "got it"));
	leader_end(leader, 3);
}

static void
test_stop_key_without_shell(void **unused)
{
	(void)unused;
	stop_key_is_passed_over("echo up; read line; echo \"got $line\"; exit 3");
}

/* Nor may it stop a child of the command alone: nobody would ever see that. */
static void
test_stop_key_without_shell_spares_children(void **unused)
{
	(void)unused;
	stop_key_is_passed_over("trap : TSTP; (echo up; read line; echo \"got $line\"); exit 3");
}

/* Full-screen programs such as nano and busybox vi stop themselves at ^Z, by SIGSTOP. */
static void
test_no_stop_without_shell(void **unused)
{
	pid_t leader = leader_start("echo up; kill -STOP $$; echo on; exit 3");

	(void)unused;
	assert_true(hear_from(master, "on"));
	leader_end(leader, 3);
}

/* SIGTSTP is another matter, since whoever sends it to us can send SIGCONT too. */
static void
test_stop_signal_without_shell(void **unused)
{
	pid_t leader = leader_start("trap 'echo on' CONT; echo up; while :; do sleep 0.05; done");

	(void)unused;
	assert_true(hear_from(master, "up"));
	for (int i = 0; i < 2; i++) {
		kill(leader, SIGTSTP);
		assert_true(reaches_state(leader, 'T'));
		kill(leader, SIGCONT);
		assert_true(hear_from(master, "on"));
	}
	kill(leader, SIGTERM);
	leader_end(leader, 128 + SIGTERM);

	leader = leader_start("trap 'echo caught' TSTP; echo up; while :; do sleep 0.05; done");
	assert_true(hear_from(master, "up"));
	kill(leader, SIGTSTP);
	assert_true(hear_from(master, "caught"));
	kill(leader, SIGTERM);
	leader_end(leader, 128 + SIGTERM);
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

/* This program also plays the init, which has to begin with an exec. */
static int
be_init(char *script)
{
	struct monitor none = { .link = -1 };
	char *words[] = { "sh", "-c", script, NULL };

	log_set_level(LOG_QUIET);
	return supervise(&none, &options, words);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		INIT_TEST(test_interrupt_key_reaches_command),
		INIT_TEST(test_command_reads_terminal),
		INIT_TEST(test_stop_key_gives_shell_its_prompt),
		INIT_TEST(test_background_job_comes_to_front),
		INIT_TEST(test_stop_key_without_shell),
		INIT_TEST(test_stop_key_without_shell_spares_children),
		INIT_TEST(test_no_stop_without_shell),
		INIT_TEST(test_stop_signal_without_shell),
		INIT_TEST(test_command_leads_where_we_did),
	};

	if (argc > 2 && strcmp(argv[1], "supervise") == 0)
		return be_init(argv[2]);
	processes_prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
