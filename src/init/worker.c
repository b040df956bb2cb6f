#include "init/worker.h"

#include "base/children.h"
#include "base/log.h"
#include "init/backoff.h"
#include "init/hidden.h"
#include "init/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	DEFAULT_GRACE = 2000, /* milliseconds */
	READ_AT_ONCE = 16 * 1024,
	WRITES_AT_ONCE = 64,
	PIPE_SIZE = 1024 * 1024,
};

/* A service and the process it has now. */
struct job {
	const struct service *service;
	struct worker *worker;
	enum service_state state;
	pid_t pid;     /* 0: none */
	int64_t since; /* of its last start */
	bool started;  /* since means something */
	int64_t pause; /* before its last start */
	int timer;
	struct start start;
	struct lines lines;
};

struct worker {
	const struct worker_calls *calls;
	struct loop loop;
	struct job jobs[SERVICES_MOST];
	int link;
	bool said_ready, ending;
};

/* Standard error of each service. Made in the holder and shared by all workers that follow each
 * other, so that sessions which outlive a worker still have a reader for what they log. */
static int pipes[SERVICES_MOST][2];

/* Signal handlers write the signal's number here, and the loop reads it. */
static int signal_pipe[2];

static void handle(struct job *job, enum service_event event);

struct loop *
worker_loop(struct worker *worker)
{
	return &worker->loop;
}

/* A pipe with O_DIRECT keeps each write(2) apart from the next one. It holds a page for each, so it
 * is made larger; where the kernel refuses either, a plain pipe has to do. */
static void
make_pipe(int ends[2], bool whole)
{
	if (whole && pipe2(ends, O_CLOEXEC | O_DIRECT) == 0) {
		(void)fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE);
	} else if (pipe2(ends, O_CLOEXEC) != 0) {
		ends[0] = ends[1] = -1;
		return;
	}
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

void
worker_setup(void *context)
{
	const struct worker_calls *calls = context;

	for (int i = 0; i < calls->service_count; i++)
		make_pipe(pipes[i], calls->services[i].whole);
}

int
worker_grace(const struct worker_calls *calls)
{
	return calls->grace > 0 ? calls->grace : DEFAULT_GRACE;
}

void
worker_ready(struct worker *worker, enum readiness readiness)
{
	struct worker_message message = { WORD_READY, (int)readiness };

	if (!worker->said_ready && worker->link >= 0)
		send(worker->link, &message, sizeof(message), MSG_NOSIGNAL | MSG_DONTWAIT);
	worker->said_ready = true;
}

/* The life of a child from fork to exec. Its standard error is the pipe, so what it says about a
 * failure arrives in the log as the service's last words. */
static _Noreturn void
become(const struct job *job, int log, pid_t parent)
{
	const struct start *start = &job->start;

	/* With the worker gone nobody would restart it or end it with the command. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	setsid();
	hidden_default_signals();
	if (log >= 0)
		dup2(log, STDERR_FILENO);
	if (start->run != NULL)
		_exit(start->run(job->service->context));
	execve(start->path, start->argv, start->envp);
	log_say(LOG_ERROR, "%s: %s", start->path, strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static void
timer_fired(void *context)
{
	struct job *job = context;

	job->timer = 0;
	handle(job, EVENT_TIME);
}

static void
set_timer(struct job *job, int64_t milliseconds)
{
	loop_cancel(&job->worker->loop, job->timer);
	job->timer
	    = milliseconds < 0 ? 0 : loop_after(&job->worker->loop, milliseconds, timer_fired, job);
}

static void
start(struct job *job)
{
	int64_t now = loop_now(), early = job->started ? job->since + BACKOFF_LEAST - now : 0;
	pid_t parent = getpid();

	if (early > 0) {
		job->state = SERVICE_PAUSED;
		set_timer(job, early);
		return;
	}
	job->since = now;
	job->started = true;
	job->pid = fork();
	if (job->pid == 0)
		become(job, pipes[job - job->worker->jobs][1], parent);
	if (job->pid < 0) {
		log_say(LOG_ERROR, "cannot start %s: %s", job->service->name, strerror(errno));
		job->pid = 0;
		handle(job, EVENT_DIED);
		return;
	}
	set_timer(job, job->start.limit > 0 ? job->start.limit : -1);
}

static void
consult(struct job *job)
{
	static const enum service_event events[]
	    = { [WISH_OFF] = EVENT_OFF, [WISH_ON] = EVENT_ON, [WISH_AGAIN] = EVENT_AGAIN };

	if (!job->worker->ending)
		handle(job,
		    events[job->service->prepare(job->worker, job->service->context, &job->start)]);
}

/* Looks the event up in the table of init/service.c, and does what it says. */
static void
handle(struct job *job, enum service_event event)
{
	struct service_step step = service_next(job->state, event);

	job->state = step.state;
	switch (step.action) {
	case DO_NOTHING:
		break;
	case DO_START:
		start(job);
		break;
	case DO_END:
		kill(job->pid, SIGTERM);
		set_timer(job, worker_grace(job->worker->calls));
		break;
	case DO_KILL:
		kill(job->pid, SIGKILL);
		break;
	case DO_PAUSE:
		job->pause = backoff_next(job->pause, loop_now() - job->since);
		set_timer(job, job->pause);
		break;
	case DO_CONSULT:
		consult(job);
		break;
	case DO_FORGET:
		set_timer(job, -1);
		break;
	}
}

static void
hand_over(void *context, const char *line)
{
	struct job *job = context;

	if (job->service->line != NULL)
		job->service->line(job->worker, job->service->context, line);
	else
		log_say(LOG_INFO, "%s: %s", job->service->name, line);
}

static bool
is_kept_apart(const struct job *job)
{
	int writer = pipes[job - job->worker->jobs][1];

	return job->service->whole && writer >= 0 && (fcntl(writer, F_GETFL) & O_DIRECT) != 0;
}

/* Reads a bounded amount: a service that floods its log waits for its turn like everybody else. */
static void
log_arrived(void *context, int fd, short events)
{
	struct job *job = context;
	char bytes[READ_AT_ONCE];
	bool whole = is_kept_apart(job);
	ssize_t len;

	(void)events;
	for (int n = 0; n < (whole ? WRITES_AT_ONCE : 1); n++) {
		len = read(fd, bytes, sizeof(bytes));
		if (len <= 0)
			return;
		if (whole)
			lines_add_whole(&job->lines, bytes, (size_t)len, hand_over, job);
		else
			lines_add(&job->lines, bytes, (size_t)len, hand_over, job);
	}
}

static void
say_how_it_ended(const struct job *job, int status)
{
	const char *name = job->service->name;

	/* A service with a call of its own says what it has to say there. */
	if (job->service->ended != NULL
	    || (job->state != SERVICE_UP && job->state != SERVICE_OVERDUE))
		return;
	if (WIFSIGNALED(status))
		log_say(LOG_WARN, "%s was ended by signal %d", name, WTERMSIG(status));
	else if (!job->service->once || WEXITSTATUS(status) != 0)
		log_say(LOG_WARN, "%s ended with status %d", name, WEXITSTATUS(status));
}

static void
job_ended(struct job *job, int status)
{
	bool done = job->service->once && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	int log = pipes[job - job->worker->jobs][0];

	job->pid = 0;
	/* Its last words come before the news of its end. */
	if (log >= 0)
		log_arrived(job, log, POLLIN);
	say_how_it_ended(job, status);
	handle(job, done ? EVENT_DONE : EVENT_DIED);
	if (job->service->ended != NULL)
		job->service->ended(job->worker, job->service->context, status);
	if (job->state == SERVICE_PAUSED && job->pause > 0)
		log_say(LOG_INFO, "%s will be started again in %d s", job->service->name,
		    (int)(job->pause / 1000));
}

/* One SIGCHLD can stand for several deaths, so this goes on until there are no more. */
static void
reap(struct worker *worker)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (int i = 0; i < worker->calls->service_count; i++)
			if (worker->jobs[i].pid == pid)
				job_ended(&worker->jobs[i], status);
	if (worker->ending && pid < 0 && errno == ECHILD)
		loop_stop(&worker->loop);
}

void
worker_consult(struct worker *worker, const char *name)
{
	for (int i = 0; i < worker->calls->service_count; i++)
		if (strcmp(worker->jobs[i].service->name, name) == 0)
			consult(&worker->jobs[i]);
}

void
worker_reload(struct worker *worker)
{
	if (worker->ending)
		return;
	if (worker->calls->reload != NULL)
		worker->calls->reload(worker, worker->calls->context);
	for (int i = 0; i < worker->calls->service_count; i++)
		consult(&worker->jobs[i]);
}

void
worker_end(struct worker *worker)
{
	worker->ending = true;
	loop_stop(&worker->loop);
}

static void
grace_is_over(void *context)
{
	worker_end(context);
}

/* Supervise mode at its end: no new session, but those that are open may finish. */
static void
end_softly(struct worker *worker, int grace)
{
	worker->ending = true;
	if (grace <= 0 || loop_after(&worker->loop, grace, grace_is_over, worker) == 0)
		loop_stop(&worker->loop);
	for (int i = 0; i < worker->calls->service_count; i++)
		handle(&worker->jobs[i], EVENT_OFF);
	reap(worker);
}

static void
on_signal(int signo)
{
	int saved = errno;
	char byte = (char)signo;

	if (write(signal_pipe[1], &byte, 1) < 0) {
		/* Full: then the loop has not looked yet, and will. */
	}
	errno = saved;
}

static void
signals_arrived(void *context, int fd, short events)
{
	struct worker *worker = context;
	char signos[64];
	ssize_t len = read(fd, signos, sizeof(signos));

	(void)events;
	for (ssize_t i = 0; i < len; i++) {
		if (signos[i] == SIGHUP)
			worker_reload(worker);
		else if (signos[i] != SIGCHLD)
			worker_end(worker);
	}
	reap(worker);
}

static void
command_runs(struct worker *worker)
{
	/* The terminal is the command's now; a line of ours would tear its screen. */
	if (isatty(STDERR_FILENO))
		log_mute();
	if (worker->calls->command_runs != NULL)
		worker->calls->command_runs(worker, worker->calls->context);
}

static void
word_arrived(void *context, int fd, short events)
{
	struct worker *worker = context;
	struct worker_message message;
	ssize_t len = recv(fd, &message, sizeof(message), MSG_DONTWAIT);

	(void)events;
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len != (ssize_t)sizeof(message)) {
		/* The other end closed at its exec: that process is the command now. */
		loop_unwatch(&worker->loop, fd);
		worker->link = -1;
		command_runs(worker);
	} else if (message.word == WORD_RUNS) {
		command_runs(worker);
	} else if (message.word == WORD_RELOAD) {
		worker_reload(worker);
	} else if (message.word == WORD_STOP) {
		end_softly(worker, message.value);
	}
}

/* By handlers and not by signalfd(2), for which the signals would have to be blocked: blocked they
 * would be in every program that is started from here. */
static bool
listen_for_signals(struct worker *worker)
{
	static const int heard[] = { SIGCHLD, SIGTERM, SIGINT, SIGQUIT, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
		return false;
	for (size_t i = 0; i < sizeof(heard) / sizeof(heard[0]); i++)
		sigaction(heard[i], &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
	/* A limit on the size of files (ulimit -f) is a write that fails, not our end. */
	sigaction(SIGXFSZ, &action, NULL);
	return loop_watch(&worker->loop, signal_pipe[0], POLLIN, signals_arrived, worker) == 0;
}

int
worker_run(void *context, int link)
{
	const struct worker_calls *calls = context;
	struct worker *worker = calloc(1, sizeof(*worker));
	pid_t known[SERVICES_MOST + 1] = { 0 };
	int known_count = 0;

	if (worker == NULL)
		return 1;
	prctl(PR_SET_NAME, "sshinit-worker");
	worker->calls = calls;
	worker->link = link;
	if (!listen_for_signals(worker)) {
		free(worker);
		return 1;
	}
	loop_watch(&worker->loop, link, POLLIN, word_arrived, worker);
	for (int i = 0; i < calls->service_count; i++) {
		struct job *job = &worker->jobs[i];

		job->service = &calls->services[i];
		job->worker = worker;
		if (pipes[i][0] >= 0)
			loop_watch(&worker->loop, pipes[i][0], POLLIN, log_arrived, job);
	}
	if (calls->begin != NULL)
		calls->begin(worker, calls->context);
	for (int i = 0; i < calls->service_count; i++)
		consult(&worker->jobs[i]);
	loop_run(&worker->loop);
	worker->ending = true;
	for (int i = 0; i < calls->service_count; i++)
		if (worker->jobs[i].pid != 0)
			known[known_count++] = worker->jobs[i].pid;
	children_end(worker_grace(calls), known);
	if (calls->over != NULL)
		calls->over(worker, calls->context);
	free(worker);
	return 0;
}
