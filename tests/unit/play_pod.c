#include "unit/play_pod.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cmocka.h>

volatile struct shared *shared;
struct play play;
struct monitor monitor;
pid_t pod;

static int (*service_body)(void *context);
static int64_t prepared_at; /* the worker's, and a copy in each service it starts */

/* ---- services ---- */

void
note_start(void)
{
	int n = shared->starts;

	if (n < STARTS) {
		shared->started[n] = getpid();
		shared->started_at[n] = prepared_at;
	}
	shared->starts = n + 1;
}

int
sleep_for_ever(void *context)
{
	(void)context;
	note_start();
	do {
		pause();
	} while (errno == EINTR);
	return 0;
}

int
leave_a_daemon(void *context)
{
	pid_t middle = fork();

	if (middle == 0) {
		if (fork() == 0) {
			setsid();
			signal(SIGHUP, SIG_IGN);
			signal(SIGTERM, play.stubborn ? SIG_IGN : SIG_DFL);
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

int
die_at_once(void *context)
{
	(void)context;
	note_start();
	return 3;
}

/* ---- the worker's calls ---- */

static enum wish
prepare(struct worker *worker, void *context, struct start *start)
{
	(void)worker;
	(void)context;
	start->run = service_body;
	start->limit = play.limit;
	prepared_at = loop_now();
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
	shared->daemon_outlived = shared->daemon != 0 && kill(shared->daemon, 0) == 0;
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

static struct service service = { .name = "it", .prepare = prepare, .line = line, .ended = ended };
struct worker_calls calls = {
	.services = &service,
	.service_count = 1,
	.begin = begin,
	.reload = reload,
	.command_runs = command_runs,
	.over = over,
};

/* ---- the pod ---- */

bool
pod_prepare(void)
{
	processes_prepare();
	shared = mmap(
	    NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return shared != MAP_FAILED;
}

int
pod_set_up(void **unused)
{
	(void)unused;
	memset((void *)shared, 0, sizeof(*shared));
	shared->wish = WISH_ON;
	play = (struct play){ 0 };
	calls.keep_count = 0;
	calls.command = NULL;
	calls.grace = 5000;
	return 0;
}

void
pod_start(int (*body)(void *context), int (*command)(void))
{
	service_body = body;
	service.once = play.once;
	pod = fork();
	assert_true(pod >= 0);
	if (pod == 0) {
		int status;

		alarm(ALARM);
		shared->pod_began = loop_now();
		CHECK(monitor_start(&monitor, &calls));
		status = command();
		shared->command_ended = loop_now();
		_exit(status);
	}
}

void
pod_end(void)
{
	kill(pod, SIGKILL);
	waitpid(pod, NULL, 0);
	assert_true(nothing_left());
}

int
command_sleeps(void)
{
	/* As exec does; the worker sees that the command runs. */
	close(monitor.link);
	do {
		pause();
	} while (errno == EINTR);
	return 0;
}

bool
started(void)
{
	return shared->starts > 0;
}

bool
started_twice(void)
{
	return shared->starts >= 2;
}

bool
ended_once(void)
{
	return shared->ends >= 1;
}
