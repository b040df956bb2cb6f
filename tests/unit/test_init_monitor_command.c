/*
 * init/monitor: the command and the service see nothing of each other, nor of how the other was
 * started.
 */
#include "unit/play_pod.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int
command_waits_for_all_children(void)
{
	CHECK(eventually(started));
	/* Once without any child, once with one of its own. */
	CHECK(wait(NULL) < 0 && errno == ECHILD);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	if (fork() == 0)
		_exit(0);
	CHECK(wait(NULL) > 0);
	CHECK(wait(NULL) < 0 && errno == ECHILD);
	CHECK(waitpid(-1, NULL, WNOHANG | __WALL) == 0);
	return 0;
}

static void
test_wait_does_not_see_it(void **unused)
{
	(void)unused;
	pod_start(sleep_for_ever, command_waits_for_all_children);
	assert_int_equal(status_of(pod), 0);
	assert_true(nothing_left());
}

static bool
command_has_been_seen(void)
{
	return shared->command_runs;
}

static void
test_sees_the_exec(void **unused)
{
	(void)unused;
	pod_start(sleep_for_ever, command_sleeps);
	assert_true(eventually(command_has_been_seen));
	assert_true(eventually(started));
	/* ^C in the command's terminal, or its SIGHUP, is for none of them. */
	assert_int_equal(getsid(shared->holder), shared->holder);
	assert_int_equal(getsid(shared->worker), shared->holder);
	assert_int_equal(getsid(shared->started[0]), shared->started[0]);
	pod_end();
}

static int kept_fd, other_fd;

/* The worker's descriptors; -1 where one of them is not as it should be. */
static int
look_at_descriptors(void *context)
{
	char link[64] = "";

	(void)context;
	if (fcntl(kept_fd, F_GETFD) < 0 || fcntl(other_fd, F_GETFD) >= 0)
		return 1;
	for (int fd = 0; fd < 2; fd++) {
		char path[32];

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		memset(link, 0, sizeof(link));
		if (readlink(path, link, sizeof(link) - 1) < 0 || strcmp(link, "/dev/null") != 0)
			return 2;
	}
	if (fcntl(STDERR_FILENO, F_GETFD) < 0)
		return 3;
	return 0;
}

static void
test_descriptors_are_closed(void **unused)
{
	(void)unused;
	play.once = true;
	/* With holes and neighbours. */
	kept_fd = fcntl(STDERR_FILENO, F_DUPFD, 40);
	other_fd = fcntl(STDERR_FILENO, F_DUPFD, 41);
	calls.keep = &kept_fd;
	calls.keep_count = 1;
	pod_start(look_at_descriptors, command_sleeps);
	assert_true(eventually(ended_once));
	assert_int_equal(shared->last_status, 0);
	pod_end();
	close(kept_fd);
	close(other_fd);
}

static int
command_without_streams(void)
{
	for (int fd = 0; fd < 3; fd++)
		CHECK(fcntl(fd, F_GETFD) < 0);
	return eventually(ended_once) && shared->last_status == 0 ? 0 : 1;
}

/* Started with 0, 1 and 2 closed, they stay closed for the command, and are safe for the worker. */
static void
test_streams_closed(void **unused)
{
	int saved[3];

	(void)unused;
	play.once = true;
	kept_fd = fcntl(STDERR_FILENO, F_DUPFD, 40);
	other_fd = 1000;
	calls.keep = &kept_fd;
	calls.keep_count = 1;
	for (int fd = 0; fd < 3; fd++) {
		saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 50);
		close(fd);
	}
	pod_start(look_at_descriptors, command_without_streams);
	for (int fd = 0; fd < 3; fd++) {
		dup2(saved[fd], fd);
		close(saved[fd]);
	}
	assert_int_equal(status_of(pod), 0);
	assert_true(nothing_left());
	close(kept_fd);
}

static int
look_at_signals(void *context)
{
	sigset_t blocked;
	struct sigaction action;

	(void)context;
	note_start();
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	for (int signo = 1; signo < 32; signo++) {
		if (sigismember(&blocked, signo))
			return signo;
		if (sigaction(signo, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
			return signo + 100;
	}
	return 0;
}

static int
command_keeps_its_signals(void)
{
	struct sigaction action;
	sigset_t blocked;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	CHECK(sigismember(&blocked, SIGTERM) && sigismember(&blocked, SIGCHLD));
	CHECK(sigaction(SIGCHLD, NULL, &action) == 0 && action.sa_handler == SIG_IGN);
	CHECK(eventually(ended_once));
	return shared->last_status == 0 ? 0 : 1;
}

/* A start with everything blocked and SIGCHLD ignored neither reaches sshd nor is changed for the
 * command. */
static void
test_odd_signals(void **unused)
{
	sigset_t all, before;

	(void)unused;
	play.once = true;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	pod_start(look_at_signals, command_keeps_its_signals);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGUSR1, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_int_equal(status_of(pod), 0);
	assert_true(nothing_left());
}

static char word[] = "secret-command-word";
static char *words[] = { word, NULL };

static int
look_at_words(void *context)
{
	(void)context;
	note_start();
	return word[0] == '\0' ? 0 : 1;
}

static int
command_has_its_words(void)
{
	CHECK(eventually(ended_once));
	CHECK(strcmp(word, "secret-command-word") == 0);
	return shared->last_status == 0 ? 0 : 1;
}

static void
test_command_line_is_blanked(void **unused)
{
	(void)unused;
	play.once = true;
	calls.command = words;
	pod_start(look_at_words, command_has_its_words);
	assert_int_equal(status_of(pod), 0);
	assert_true(nothing_left());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		POD_TEST(test_wait_does_not_see_it),
		POD_TEST(test_sees_the_exec),
		POD_TEST(test_descriptors_are_closed),
		POD_TEST(test_streams_closed),
		POD_TEST(test_odd_signals),
		POD_TEST(test_command_line_is_blanked),
	};

	return pod_prepare() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
