#include "base/run.h"

#include "base/buf.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_LIMIT = 1024 * 1024 };

const char run_standard_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* One of the two is NULL. */
struct program {
	const char *path;
	int (*main)(int argc, char **argv);
};

extern char **environ;

void
run_forget_handlers(void)
{
	struct sigaction action, by_default = { .sa_handler = SIG_DFL };

	for (int signo = 1; signo < SIGSYS; signo++)
		if (sigaction(signo, NULL, &action) == 0 && action.sa_handler != SIG_IGN
		    && action.sa_handler != SIG_DFL)
			sigaction(signo, &by_default, NULL);
}

static _Noreturn void
become_program(const struct program *program, const char *const argv[],
    const char *const environment[], int out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int argc = 0;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	/* Neither is changed by execve(2), whose prototype is older than const, nor by the programs
	 * here, which see copies of the pointers. */
	if (program->main == NULL) {
		/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): one of the two is set */
		execve(program->path, (char *const *)(uintptr_t)argv,
		    (char *const *)(uintptr_t)environment);
		_exit(127);
	}
	run_forget_handlers();
	environ = (char **)(uintptr_t)environment;
	while (argv[argc] != NULL)
		argc++;
	exit(program->main(argc, (char **)(uintptr_t)argv));
}

/* Reads until the other side closes or the deadline passes: false then. */
static bool
collect(int fd, struct buf *text, int64_t deadline)
{
	for (;;) {
		struct pollfd wait_for = { .fd = fd, .events = POLLIN };
		int64_t left = deadline - clock_ms();
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

static int
run_program(struct arena *arena, const struct program *program, const char *const argv[],
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
		become_program(program, argv, environment, ends[1]);
	close(ends[1]);
	if (child < 0) {
		close(ends[0]);
		return -1;
	}
	in_time = collect(ends[0], &text, clock_ms() + timeout_ms);
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

int
run_collect(struct arena *arena, const char *path, const char *const argv[],
    const char *const environment[], int timeout_ms, struct span *output)
{
	const struct program program = { .path = path };

	return run_program(arena, &program, argv, environment, timeout_ms, output);
}

int
run_collect_main(struct arena *arena, int (*program)(int argc, char **argv),
    const char *const argv[], const char *const environment[], int timeout_ms, struct span *output)
{
	const struct program own = { .main = program };

	return run_program(arena, &own, argv, environment, timeout_ms, output);
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
