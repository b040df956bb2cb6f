#include "base/run.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_LIMIT = 1024 * 1024 };

const char run_standard_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static long long
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static _Noreturn void
become_program(const char *path, const char *const argv[], const char *const environment[], int out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	/* execve(2) changes neither; its prototype is older than const. */
	execve(path, (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)environment);
	_exit(127);
}

/* Reads until the other side closes or the deadline passes: false then. */
static bool
collect(int fd, struct buf *text, long long deadline)
{
	for (;;) {
		struct pollfd wait_for = { .fd = fd, .events = POLLIN };
		long long left = deadline - now_ms();
		char chunk[4096];
		ssize_t n;

		if (left <= 0)
			return false;
		if (poll(&wait_for, 1, (int)left) < 0 && errno != EINTR)
			return false;
		if (wait_for.revents == 0)
			continue;
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return true;
		if (text->len < OUTPUT_LIMIT)
			buf_add(text, chunk, (size_t)n);
	}
}

int
run_collect(struct arena *arena, const char *path, const char *const argv[],
    const char *const environment[], int timeout_ms, struct span *output)
{
	struct buf text = buf_new(arena);
	int ends[2], status = 0;
	bool in_time;
	pid_t child;

	*output = (struct span){ "", 0 };
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	child = fork();
	if (child == 0)
		become_program(path, argv, environment, ends[1]);
	close(ends[1]);
	if (child < 0) {
		close(ends[0]);
		return -1;
	}
	in_time = collect(ends[0], &text, now_ms() + timeout_ms);
	close(ends[0]);
	if (!in_time)
		kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	*output = (struct span){ text.data, text.len };
	if (!in_time) {
		errno = ETIMEDOUT;
		return -1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int
run_inherit(const char *path, const char *const argv[], const char *const environment[])
{
	pid_t child = fork();
	int status = 0;

	if (child < 0)
		return -1;
	if (child == 0) {
		execve(path, (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)environment);
		_exit(127);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

const char *
run_find(struct arena *arena, const char *directories, const char *name)
{
	while (*directories != '\0') {
		size_t len = strcspn(directories, ":");
		const char *path = arena_printf(arena, "%.*s/%s", (int)len, directories, name);
		struct stat status;

		if (path[0] == '/' && stat(path, &status) == 0 && S_ISREG(status.st_mode)
		    && access(path, X_OK) == 0)
			return path;
		directories += len + (directories[len] == ':');
	}
	return "";
}
