#include "init/hidden.h"

#include "base/children.h"
#include "init/backoff.h"
#include "init/loop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* LOOK_EVERY and WORKER_PAUSE in milliseconds. */
enum { STACK_SIZE = 1024 * 1024, KEEP_MOST = 32, LOOK_EVERY = 1000, WORKER_PAUSE = 200 };

struct holder {
	const struct hidden *hidden;
	int link, other;   /* other: the caller's end */
	pid_t command;     /* who started us */
	int command_fd;    /* its pidfd, -1 where there is none */
	bool command_init; /* it is PID 1: nothing outlives it, nothing needs watching */
	pid_t worker;      /* 0: none now */
	int64_t worker_since, worker_at, pause;
};

static volatile sig_atomic_t asked_to_end, asked_to_reload;

static void
note_signal(int signo)
{
	if (signo == SIGHUP)
		asked_to_reload = 1;
	else if (signo != SIGCHLD)
		asked_to_end = 1;
}

void
hidden_default_signals(void)
{
	struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int signo = 1; signo < _NSIG; signo++)
		sigaction(signo, &by_default, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The holder hears these only while it sleeps, so none can slip by between a look and the sleep. */
static void
listen_for_signals(void)
{
	static const int heard[] = { SIGCHLD, SIGTERM, SIGINT, SIGQUIT, SIGHUP };
	struct sigaction note = { .sa_handler = note_signal };
	sigset_t block;

	hidden_default_signals();
	sigemptyset(&block);
	for (size_t i = 0; i < sizeof(heard) / sizeof(heard[0]); i++) {
		sigaddset(&block, heard[i]);
		sigaction(heard[i], &note, NULL);
	}
	sigprocmask(SIG_BLOCK, &block, NULL);
}

static void
close_one_by_one(unsigned first, unsigned last)
{
	DIR *open_ones = opendir("/proc/self/fd");
	const struct dirent *entry;

	if (open_ones == NULL) {
		long most = sysconf(_SC_OPEN_MAX);

		if (most < 0 || most > 65536)
			most = 65536;
		for (unsigned fd = first; fd <= last && fd < (unsigned)most; fd++)
			close((int)fd);
		return;
	}
	while ((entry = readdir(open_ones)) != NULL) {
		unsigned fd = (unsigned)strtoul(entry->d_name, NULL, 10);

		if (entry->d_name[0] != '.' && fd >= first && fd <= last
		    && (int)fd != dirfd(open_ones))
			close((int)fd);
	}
	closedir(open_ones);
}

static void
close_range_of(unsigned first, unsigned last)
{
	/* Old seccomp profiles answer EPERM to calls they do not know, old kernels ENOSYS. */
	if (first <= last && syscall(SYS_close_range, first, last, 0) != 0)
		close_one_by_one(first, last);
}

static int
by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Makes fd something to read nothing from and to write into the void. */
static void
make_null(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0) {
		/* An image without /dev/null: a pipe nobody else holds reads as empty. */
		int ends[2];

		if (pipe(ends) != 0)
			return;
		close(ends[1]);
		null = ends[0];
	}
	if (null != fd) {
		dup2(null, fd);
		close(null);
	} else {
		fcntl(fd, F_SETFD, 0);
	}
}

static void
close_the_rest(const struct holder *holder)
{
	int keep[KEEP_MOST + 2], count = 0;
	unsigned next = 3;

	keep[count++] = holder->link;
	if (holder->command_fd >= 0)
		keep[count++] = holder->command_fd;
	for (int i = 0; i < holder->hidden->keep_count && i < KEEP_MOST; i++)
		keep[count++] = holder->hidden->keep[i];
	qsort(keep, (size_t)count, sizeof(keep[0]), by_number);
	for (int i = 0; i < count; i++) {
		if ((unsigned)keep[i] > next)
			close_range_of(next, (unsigned)keep[i] - 1);
		next = (unsigned)keep[i] + 1;
	}
	close_range_of(next, ~0U);
}

static void
blank(char *const *words)
{
	for (; words != NULL && *words != NULL; words++)
		memset(*words, 0, strlen(*words));
}

static _Noreturn void
run_worker(struct holder *holder, pid_t parent)
{
	/* From here on the holder's death is a SIGTERM for us; it may have happened already. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (getppid() != parent)
		_exit(0);
	hidden_default_signals();
	if (holder->command_fd >= 0)
		close(holder->command_fd);
	_exit(holder->hidden->work(holder->hidden->context, holder->link));
}

static void
keep_worker(struct holder *holder)
{
	pid_t parent = getpid();

	if (holder->worker != 0 || loop_now() < holder->worker_at)
		return;
	holder->worker_since = loop_now();
	holder->worker = fork();
	if (holder->worker == 0)
		run_worker(holder, parent);
	if (holder->worker < 0) {
		/* No room for a process now: that may pass. */
		holder->worker = 0;
		holder->pause = backoff_next(holder->pause, 0);
		holder->worker_at = loop_now() + holder->pause;
	}
}

/* Reaps whatever there is. Whether the worker said that all is over. */
static bool
reap(struct holder *holder)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != holder->worker)
			continue;
		holder->worker = 0;
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			return true;
		holder->pause = backoff_next(holder->pause, loop_now() - holder->worker_since);
		/* Never quite at once: the port of the sshd that dies with it must come free. */
		holder->worker_at
		    = loop_now() + (holder->pause > WORKER_PAUSE ? holder->pause : WORKER_PAUSE);
	}
	return false;
}

static bool
command_ended(const struct holder *holder)
{
	/* The kernel gives us to another parent before the pidfd wakes us. */
	return !holder->command_init && getppid() != holder->command;
}

static void
sleep_until_something(const struct holder *holder)
{
	struct pollfd poll_fd = { holder->command_fd, POLLIN, 0 };
	int64_t left = -1;
	struct timespec time;
	sigset_t none;

	if (holder->worker == 0)
		left = holder->worker_at > loop_now() ? holder->worker_at - loop_now() : 0;
	else if (!holder->command_init && holder->command_fd < 0)
		left = LOOK_EVERY;
	time = (struct timespec){ left / 1000, left % 1000 * 1000000 };
	sigemptyset(&none);
	ppoll(&poll_fd, holder->command_fd >= 0, left < 0 ? NULL : &time, &none);
}

static _Noreturn void
hold(struct holder *holder)
{
	setsid();
	listen_for_signals();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NAME, "sshinit-holder");
	/* First of all, so that 0, 1 and 2 are taken before anything else is opened. */
	make_null(STDIN_FILENO);
	make_null(STDOUT_FILENO);
	if (fcntl(STDERR_FILENO, F_GETFD) < 0)
		make_null(STDERR_FILENO);
	holder->command_init = holder->command == 1;
	holder->command_fd = -1;
	if (!holder->command_init)
		holder->command_fd = (int)syscall(SYS_pidfd_open, holder->command, 0);
	close_the_rest(holder);
	blank(holder->hidden->command);
	holder->hidden->setup(holder->hidden->context);
	for (;;) {
		pid_t known[2] = { 0, 0 };

		/* A command that ended at once, or could not be begun, needs no SSH. */
		if (!command_ended(holder))
			keep_worker(holder);
		sleep_until_something(holder);
		if (asked_to_reload && holder->worker != 0)
			kill(holder->worker, SIGHUP);
		asked_to_reload = 0;
		if (!reap(holder) && !asked_to_end && !command_ended(holder))
			continue;
		/* The worker has the same grace for its sessions; a second more, and it is stuck.
		 */
		known[0] = holder->worker;
		children_end(
		    holder->worker != 0 ? holder->hidden->grace + 1000 : holder->hidden->grace,
		    known);
		_exit(0);
	}
}

/* In the caller's memory until it execs, so nothing may be written before that but the own stack:
 * even errno is the caller's. The link's other end closes at the exec; or at the caller's death, of
 * which the holder learns as ever. */
static int
hold_what_is_left(void *context)
{
	struct holder *holder = context;
	char byte;

	close(holder->other);
	(void)recv(holder->link, &byte, 1, MSG_PEEK);
	hold(holder);
}

/* A process of the caller's memory; -1 where the kernel (or what stands in for it) will not. */
static long
start_sharing(const struct holder *start)
{
	/* Not on the caller's stack, which it goes on using. */
	static struct holder holder;
	static struct hidden hidden;
	char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int pid;

	if (stack == MAP_FAILED)
		return -1;
	hidden = *start->hidden;
	holder = *start;
	holder.hidden = &hidden;
	pid = clone(hold_what_is_left, stack + STACK_SIZE, CLONE_VM, &holder);
	if (pid < 0)
		(void)munmap(stack, STACK_SIZE);
	return pid;
}

int
hidden_start(const struct hidden *hidden, pid_t *pid)
{
	struct holder holder = { .hidden = hidden, .command = getpid() };
	int ends[2];
	long clone = -1, flags;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		/* Where 0, 1 or 2 came closed they must not become ours: the log writes to 2. */
		if (ends[i] <= STDERR_FILENO) {
			int higher = fcntl(ends[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

			close(ends[i]);
			ends[i] = higher;
		}
	}
	holder.link = ends[1];
	holder.other = ends[0];
	/* No flags but the exit signal. fork(2) always asks for SIGCHLD, and the C library's
	 * clone() wants a stack. */
	flags = hidden->visible ? SIGCHLD : 0;
	if (hidden->execs_next && !hidden->visible && ends[0] >= 0 && ends[1] >= 0)
		clone = start_sharing(&holder);
	if (clone < 0 && ends[0] >= 0 && ends[1] >= 0)
		clone = syscall(SYS_clone, flags, 0L, 0L, 0L, 0L);
	if (clone == 0)
		hold(&holder);
	if (clone < 0) {
		int saved = errno;

		for (int i = 0; i < 2; i++)
			if (ends[i] >= 0)
				close(ends[i]);
		errno = saved;
		return -1;
	}
	close(ends[1]);
	*pid = (pid_t)clone;
	return ends[0];
}
