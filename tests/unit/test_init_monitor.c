/*
 * init/monitor with its holder and worker: real processes, small services.
 *
 * Each test forks a process that plays sshinit and then the command ("the pod"). This program is a
 * subreaper: whatever a pod leaves behind becomes its child, so "everything ended" is seen by
 * waiting until there is no child left. What the processes observe they write into shared memory.
 */
#include "base/family.h"
#include "init/hidden.h"
#include "init/monitor.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);    \
			_exit(99);                                                                 \
		}                                                                                  \
	} while (0)

enum { STARTS = 16 };

/* What processes of a pod tell the test. */
static volatile struct shared {
	pid_t holder, worker, daemon;
	pid_t started[STARTS];
	int64_t started_at[STARTS];
	int starts, lines, reloads, ends, workers;
	int last_status;
	enum wish wish;
	bool over, command_runs;
	char first_line[128];
} * shared;

static int (*service_body)(void *context);
static int64_t service_limit;
static bool service_once, stubborn;

static bool
within(int milliseconds, bool (*condition)(void))
{
	for (int64_t until = loop_now() + milliseconds; loop_now() < until; usleep(5000))
		if (condition())
			return true;
	return condition();
}

/* ---- services ---- */

static void
note_start(void)
{
	int n = shared->starts;

	if (n < STARTS) {
		shared->started[n] = getpid();
		shared->started_at[n] = loop_now();
	}
	shared->starts = n + 1;
}

static int
sleep_for_ever(void *context)
{
	(void)context;
	note_start();
	do {
		pause();
	} while (errno == EINTR);
	return 0;
}

/* As sshd with an open session: the daemon left its session and its parent's life behind. */
static int
leave_a_daemon(void *context)
{
	pid_t middle = fork();

	if (middle == 0) {
		if (fork() == 0) {
			setsid();
			signal(SIGHUP, SIG_IGN);
			signal(SIGTERM, stubborn ? SIG_IGN : SIG_DFL);
			shared->daemon = getpid();
			for (;;)
				pause();
		}
		_exit(0);
	}
	while (shared->daemon == 0)
		usleep(1000);
	return sleep_for_ever(context);
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
ignore_term(void *context)
{
	signal(SIGTERM, SIG_IGN);
	return sleep_for_ever(context);
}

static int
die_at_once(void *context)
{
	(void)context;
	note_start();
	return 3;
}

static int
end_well(void *context)
{
	(void)context;
	note_start();
	return 0;
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

static enum wish
prepare(struct worker *worker, void *context, struct start *start)
{
	(void)worker;
	(void)context;
	start->run = service_body;
	start->limit = service_limit;
	return shared->wish;
}

static void
line(struct worker *worker, void *context, const char *text)
{
	(void)context;
	if (shared->lines++ == 0) {
		snprintf((char *)shared->first_line, sizeof(shared->first_line), "%s", text);
		worker_ready(worker, READY_UP);
	}
}

static void
ended(struct worker *worker, void *context, int status)
{
	(void)worker;
	(void)context;
	shared->last_status = status;
	shared->ends++;
}

static void
begin(struct worker *worker, void *context)
{
	(void)worker;
	(void)context;
	shared->worker = getpid();
	shared->holder = getppid();
	shared->workers++;
}

static void
reload(struct worker *worker, void *context)
{
	(void)worker;
	(void)context;
	shared->reloads++;
}

static void
command_runs(struct worker *worker, void *context)
{
	(void)worker;
	(void)context;
	shared->command_runs = true;
}

static void
over(struct worker *worker, void *context)
{
	(void)worker;
	(void)context;
	shared->over = true;
}

/* ---- pods ---- */

static struct service service = { .name = "it", .prepare = prepare, .line = line, .ended = ended };
static struct worker_calls calls = {
	.services = &service,
	.service_count = 1,
	.grace = 300,
	.begin = begin,
	.reload = reload,
	.command_runs = command_runs,
	.over = over,
};
static struct monitor monitor;
static pid_t pod;

static bool
started(void)
{
	return shared->starts > 0;
}

/* Starts a pod: a monitor for a service with that body, and beside it the command. */
static void
pod_start(int (*body)(void *context), int (*command)(void))
{
	service_body = body;
	service.once = service_once;
	pod = fork();
	assert_true(pod >= 0);
	if (pod == 0) {
		/* A pod that hangs is a failure, not the end of the test run. */
		alarm(30);
		CHECK(monitor_start(&monitor, &calls));
		_exit(command());
	}
}

static int
pod_status(void)
{
	int status;

	assert_int_equal(waitpid(pod, &status, 0), pod);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Everything that a pod left behind has ended within that time. */
static bool
nothing_left(int milliseconds)
{
	for (int64_t until = loop_now() + milliseconds;; usleep(5000)) {
		pid_t pid;

		while ((pid = waitpid(-1, NULL, WNOHANG | __WALL)) > 0)
			;
		if (pid < 0)
			return errno == ECHILD;
		if (loop_now() > until)
			return false;
	}
}

static int
command_waits_for_start(void)
{
	return within(10000, started) ? 0 : 1;
}

static int
command_sleeps(void)
{
	/* As exec does; the worker sees that the command runs. */
	close(monitor.link);
	do {
		pause();
	} while (errno == EINTR);
	return 0;
}

static int
set_up(void **unused)
{
	(void)unused;
	memset((void *)shared, 0, sizeof(*shared));
	shared->wish = WISH_ON;
	service_limit = 0;
	service_once = stubborn = false;
	calls.keep_count = 0;
	calls.command = NULL;
	return 0;
}

/* Nothing of a failed test may disturb the next one. */
static int
tear_down(void **unused)
{
	(void)unused;
	family_end(0, NULL);
	return 0;
}

static void
pod_end(void)
{
	kill(pod, SIGKILL);
	waitpid(pod, NULL, 0);
	assert_true(nothing_left(10000));
}

/* ---- tests ---- */

static int
command_waits_for_all_children(void)
{
	CHECK(within(10000, started));
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
	assert_int_equal(pod_status(), 0);
	assert_true(nothing_left(10000));
}

static void
test_all_ends_with_the_command(void **unused)
{
	(void)unused;
	pod_start(leave_a_daemon, command_waits_for_start);
	assert_int_equal(pod_status(), 0);
	assert_int_not_equal(shared->daemon, 0);
	assert_true(nothing_left(10000));
	assert_true(shared->over);
	assert_int_equal(kill(shared->daemon, 0), -1);
}

static void
test_stubborn_ones_are_killed(void **unused)
{
	int64_t before;

	(void)unused;
	stubborn = true;
	pod_start(leave_a_daemon, command_waits_for_start);
	assert_int_equal(pod_status(), 0);
	before = loop_now();
	assert_true(nothing_left(10000));
	assert_in_range(loop_now() - before, 250, 1800);
}

static int
command_counts_children_of_worker(void)
{
	char text[64] = "";
	char path[64];
	int fd;

	CHECK(within(10000, started));
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", shared->worker, shared->worker);
	for (int64_t until = loop_now() + 3000; loop_now() < until; usleep(10000)) {
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
	status = pod_status();
	assert_true(nothing_left(10000));
	if (status == 77)
		skip();
	assert_int_equal(status, 0);
}

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
	assert_true(within(10000, started_thrice));
	assert_in_range(shared->started_at[1] - shared->started_at[0], 900, 5000);
	assert_in_range(shared->started_at[2] - shared->started_at[1], 1900, 6000);
	assert_true(WIFEXITED(shared->last_status));
	assert_int_equal(WEXITSTATUS(shared->last_status), 3);
	pod_end();
}

static bool
started_twice(void)
{
	return shared->starts >= 2;
}

static bool
reloaded(void)
{
	return shared->reloads >= 1;
}

static bool
ended_once(void)
{
	return shared->ends >= 1;
}

static void
test_wishes_are_obeyed(void **unused)
{
	(void)unused;
	pod_start(sleep_for_ever, command_sleeps);
	assert_true(within(10000, started));
	/* ON again changes nothing. */
	kill(shared->worker, SIGHUP);
	assert_true(within(10000, reloaded));
	assert_int_equal(shared->ends, 0);
	shared->wish = WISH_OFF;
	/* The holder passes it on. */
	kill(shared->holder, SIGHUP);
	assert_true(within(10000, ended_once));
	assert_true(WIFSIGNALED(shared->last_status));
	assert_int_equal(WTERMSIG(shared->last_status), SIGTERM);
	assert_int_equal(shared->starts, 1);
	shared->wish = WISH_ON;
	kill(shared->worker, SIGHUP);
	assert_true(within(10000, started_twice));
	shared->wish = WISH_AGAIN;
	kill(shared->worker, SIGHUP);
	assert_true(within(10000, started_thrice));
	/* Once a second at most, whatever is wished. */
	assert_true(shared->started_at[1] - shared->started_at[0] >= 990);
	assert_true(shared->started_at[2] - shared->started_at[1] >= 990);
	pod_end();
}

static void
test_worker_is_replaced(void **unused)
{
	pid_t first_daemon, first_service;

	(void)unused;
	pod_start(leave_a_daemon, command_sleeps);
	assert_true(within(10000, started));
	first_daemon = shared->daemon;
	first_service = shared->started[0];
	kill(shared->worker, SIGKILL);
	assert_true(within(10000, started_twice));
	assert_int_equal(shared->workers, 2);
	/* The listener went with its worker, the session stayed. */
	assert_int_equal(kill(first_service, 0), -1);
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
	assert_true(within(10000, started));
	kill(shared->holder, SIGKILL);
	assert_true(within(10000, worker_said_over));
	assert_int_equal(kill(shared->daemon, 0), -1);
	assert_int_equal(kill(pod, 0), 0);
	pod_end();
}

static void
test_term_ends_it_in_order(void **unused)
{
	(void)unused;
	pod_start(leave_a_daemon, command_sleeps);
	assert_true(within(10000, started));
	kill(shared->holder, SIGTERM);
	assert_true(within(10000, worker_said_over));
	assert_int_equal(kill(shared->daemon, 0), -1);
	assert_int_equal(shared->workers, 1);
	pod_end();
}

static void
test_flood_does_not_deafen(void **unused)
{
	(void)unused;
	pod_start(flood, command_sleeps);
	assert_true(within(10000, started));
	usleep(200000);
	kill(shared->worker, SIGHUP);
	assert_true(within(5000, reloaded));
	assert_true(shared->lines > 100);
	assert_string_equal((const char *)shared->first_line, "flood flood flood flood flood");
	pod_end();
}

static void
test_task_runs_once(void **unused)
{
	(void)unused;
	service_once = true;
	pod_start(end_well, command_sleeps);
	assert_true(within(10000, ended_once));
	usleep(1300000);
	kill(shared->worker, SIGHUP);
	assert_true(within(10000, reloaded));
	usleep(100000);
	assert_int_equal(shared->starts, 1);
	pod_end();
}

static void
test_failing_task_is_retried(void **unused)
{
	(void)unused;
	service_once = true;
	pod_start(die_at_once, command_sleeps);
	assert_true(within(10000, started_twice));
	pod_end();
}

static void
test_slow_task_is_ended(void **unused)
{
	(void)unused;
	service_once = true;
	service_limit = 200;
	pod_start(ignore_term, command_sleeps);
	assert_true(within(10000, ended_once));
	assert_true(WIFSIGNALED(shared->last_status));
	assert_int_equal(WTERMSIG(shared->last_status), SIGKILL);
	assert_true(within(10000, started_twice));
	pod_end();
}

static int
command_waits_for_ready(void)
{
	return (int)monitor_wait(&monitor, 3000);
}

static void
test_ready_up(void **unused)
{
	(void)unused;
	pod_start(flood, command_waits_for_ready);
	assert_int_equal(pod_status(), READY_UP);
	assert_true(nothing_left(10000));
}

static int
command_waits_in_vain(void)
{
	int64_t before = loop_now();

	CHECK(monitor_wait(&monitor, 200) == READY_UNKNOWN);
	CHECK(loop_now() - before >= 190 && loop_now() - before < 4000);
	/* And when the monitor is gone there is nothing to wait for. */
	kill(shared->holder, SIGTERM);
	CHECK(monitor_wait(&monitor, 10000) == READY_FAILED);
	CHECK(loop_now() - before < 9000);
	return 0;
}

static void
test_ready_is_bounded(void **unused)
{
	(void)unused;
	pod_start(sleep_for_ever, command_waits_in_vain);
	assert_int_equal(pod_status(), 0);
	assert_true(nothing_left(10000));
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
	assert_true(within(10000, command_has_been_seen));
	assert_true(within(10000, started));
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
	service_once = true;
	/* With holes and neighbours. */
	kept_fd = fcntl(STDERR_FILENO, F_DUPFD, 40);
	other_fd = fcntl(STDERR_FILENO, F_DUPFD, 41);
	calls.keep = &kept_fd;
	calls.keep_count = 1;
	pod_start(look_at_descriptors, command_sleeps);
	assert_true(within(10000, ended_once));
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
	return within(10000, ended_once) && shared->last_status == 0 ? 0 : 1;
}

/* Started with 0, 1 and 2 closed, they stay closed for the command, and are safe for the worker. */
static void
test_streams_closed(void **unused)
{
	int saved[3];

	(void)unused;
	service_once = true;
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
	assert_int_equal(pod_status(), 0);
	assert_true(nothing_left(10000));
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
	CHECK(within(10000, ended_once));
	return shared->last_status == 0 ? 0 : 1;
}

/* A start with everything blocked and SIGCHLD ignored neither reaches sshd nor is changed for the
 * command. */
static void
test_odd_signals(void **unused)
{
	sigset_t all, before;

	(void)unused;
	service_once = true;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	pod_start(look_at_signals, command_keeps_its_signals);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGUSR1, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_int_equal(pod_status(), 0);
	assert_true(nothing_left(10000));
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
	CHECK(within(10000, ended_once));
	CHECK(strcmp(word, "secret-command-word") == 0);
	return shared->last_status == 0 ? 0 : 1;
}

static void
test_command_line_is_blanked(void **unused)
{
	(void)unused;
	service_once = true;
	calls.command = words;
	pod_start(look_at_words, command_has_its_words);
	assert_int_equal(pod_status(), 0);
	assert_true(nothing_left(10000));
}

static int
command_mends_its_monitor(void)
{
	int64_t before = loop_now();
	pid_t first = monitor.holder;

	CHECK(within(10000, started));
	CHECK(monitor_mind(&monitor) == -1);
	kill(first, SIGKILL);
	CHECK(waitpid(first, NULL, __WALL) == first);
	monitor_reaped(&monitor, first);
	CHECK(monitor_mind(&monitor) > 0);
	while (monitor_mind(&monitor) > 0)
		usleep(10000);
	CHECK(monitor.holder != 0 && monitor.holder != first);
	CHECK(loop_now() - before >= 900);
	return within(10000, started_twice) ? 0 : 1;
}

static void
test_monitor_is_mended(void **unused)
{
	(void)unused;
	pod_start(sleep_for_ever, command_mends_its_monitor);
	assert_int_equal(pod_status(), 0);
	assert_true(nothing_left(10000));
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

	CHECK(within(10000, started));
	CHECK(pthread_create(&thread, NULL, last_thread, NULL) == 0);
	pthread_exit(NULL);
}

/* A command lives as long as any of its threads. */
static void
test_main_thread_may_end(void **unused)
{
	(void)unused;
	pod_start(sleep_for_ever, command_main_thread_leaves);
	assert_int_equal(pod_status(), 0);
	assert_true(nothing_left(10000));
}

static int
command_stops_softly(void)
{
	int64_t before = loop_now();

	CHECK(within(10000, started));
	/* The service ends at once, the daemon (an open session) has its grace and then goes. */
	monitor_stop(&monitor, 2000);
	CHECK(within(1800, ended_once));
	CHECK(kill(shared->daemon, 0) == 0);
	CHECK(waitpid(monitor.holder, NULL, __WALL) == monitor.holder);
	CHECK(loop_now() - before >= 1990);
	CHECK(kill(shared->daemon, 0) != 0);
	return 0;
}

static int
command_stops_without_sessions(void)
{
	int64_t before = loop_now();

	CHECK(within(10000, started));
	monitor_stop(&monitor, 10000);
	CHECK(waitpid(monitor.holder, NULL, __WALL) == monitor.holder);
	CHECK(loop_now() - before < 8000);
	return 0;
}

static void
test_soft_stop(void **unused)
{
	(void)unused;
	pod_start(leave_a_daemon, command_stops_softly);
	assert_int_equal(pod_status(), 0);
	assert_true(nothing_left(10000));
	set_up(unused);
	pod_start(sleep_for_ever, command_stops_without_sessions);
	assert_int_equal(pod_status(), 0);
	assert_true(nothing_left(10000));
}

#define POD_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		POD_TEST(test_wait_does_not_see_it),
		POD_TEST(test_all_ends_with_the_command),
		POD_TEST(test_stubborn_ones_are_killed),
		POD_TEST(test_orphans_are_reaped),
		POD_TEST(test_restarts_are_paced),
		POD_TEST(test_wishes_are_obeyed),
		POD_TEST(test_worker_is_replaced),
		POD_TEST(test_holder_killed),
		POD_TEST(test_term_ends_it_in_order),
		POD_TEST(test_flood_does_not_deafen),
		POD_TEST(test_task_runs_once),
		POD_TEST(test_failing_task_is_retried),
		POD_TEST(test_slow_task_is_ended),
		POD_TEST(test_ready_up),
		POD_TEST(test_ready_is_bounded),
		POD_TEST(test_no_process_to_be_had),
		POD_TEST(test_sees_the_exec),
		POD_TEST(test_descriptors_are_closed),
		POD_TEST(test_streams_closed),
		POD_TEST(test_odd_signals),
		POD_TEST(test_command_line_is_blanked),
		POD_TEST(test_monitor_is_mended),
		POD_TEST(test_main_thread_may_end),
		POD_TEST(test_soft_stop),
	};

	log_set_level(LOG_QUIET);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	shared = mmap(
	    NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
