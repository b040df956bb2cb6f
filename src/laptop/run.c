#include "laptop/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_MAX = 1024 * 1024 };

static long long
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static _Noreturn void
become(const char *const argv[], int out, int err)
{
	int null = open("/dev/null", O_RDONLY);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0
	    || dup2(err, STDERR_FILENO) < 0)
		_exit(127);
	execvp(argv[0], (char *const *)argv);
	_exit(127);
}

/* Moves what is there to read; false at the end of the stream. */
static bool
drain(int fd, struct buf *buf)
{
	char bytes[4096];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	if (buf->len < OUTPUT_MAX)
		buf_add(buf, bytes, (size_t)n);
	return n > 0;
}

static int
reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

struct run
run_program(struct arena *arena, const char *const argv[], int seconds)
{
	struct run run = { .status = 127, .out = buf_new(arena), .err = buf_new(arena) };
	long long end = now_ms() + seconds * 1000LL;
	int out[2], err[2];
	bool late = false;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) != 0)
		return run;
	if (pipe2(err, O_CLOEXEC) != 0) {
		close(out[0]);
		close(out[1]);
		return run;
	}
	if ((pid = fork()) == 0)
		become(argv, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	struct pollfd fds[] = { { out[0], POLLIN, 0 }, { err[0], POLLIN, 0 } };
	while (pid > 0 && (fds[0].fd >= 0 || fds[1].fd >= 0)) {
		long long left = end - now_ms();

		if (left <= 0) {
			late = true;
			break;
		}
		if (poll(fds, 2, (int)left) < 0 && errno != EINTR)
			break;
		if (fds[0].revents != 0 && !drain(fds[0].fd, &run.out))
			fds[0].fd = -1;
		if (fds[1].revents != 0 && !drain(fds[1].fd, &run.err))
			fds[1].fd = -1;
	}
	if (late)
		kill(pid, SIGTERM);
	close(out[0]);
	close(err[0]);
	if (pid > 0)
		run.status = late ? ((void)reap(pid), 124) : reap(pid);
	return run;
}
