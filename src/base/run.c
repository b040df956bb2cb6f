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
#include <time.h>
#include <unistd.h>

enum { OUTPUT_LIMIT = 1024 * 1024, TERM_MS = 1000 };

const char run_standard_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* A file to execute, or a function to call in the child; the other one is NULL. */
struct program {
	const char *path;
	int (*main)(int argc, char **argv);
};

extern char **environ;

void
run_forget_handlers(void)
{
	struct sigaction action, by_default = { .sa_handler = SIG_DFL };

	for (int signo = 1; signo < _NSIG; signo++)
		if (sigaction(signo, NULL, &action) == 0 && action.sa_handler != SIG_IGN
		    && action.sa_handler != SIG_DFL)
			sigaction(signo, &by_default, NULL);
}

static _Noreturn void
become_program(const struct program *program, const char *const argv[],
    const char *const environment[], int out, int err)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int argc = 0;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
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

/* One of a program's outputs. */
struct stream {
	int fd; /* our end of the pipe; -1: closed, or there is none */
	struct buf text;
};

static void
read_stream(struct stream *stream)
{
	char chunk[4096];
	ssize_t n = read(stream->fd, chunk, sizeof(chunk));

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		close(stream->fd);
		stream->fd = -1;
	} else if (stream->text.len < OUTPUT_LIMIT) {
		buf_add(&stream->text, chunk, (size_t)n);
	}
}

/* Reads until the other sides close or the deadline passes: false then. */
static bool
collect(struct stream *out, struct stream *err, int64_t deadline)
{
	while (out->fd >= 0 || err->fd >= 0) {
		struct pollfd polls[] = { { out->fd, POLLIN, 0 }, { err->fd, POLLIN, 0 } };
		int64_t left = deadline - clock_ms();

		if (left <= 0)
			return false;
		if (poll(polls, 2, (int)left) < 0) {
			if (errno == EINTR)
				continue;
			return false;
		}
		if (polls[0].revents != 0)
			read_stream(out);
		if (polls[1].revents != 0)
			read_stream(err);
	}
	return true;
}

static int
exit_status(pid_t child)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* SIGTERM first: ssh, asked for a passphrase, has to give the terminal its echo back. */
static void
end(pid_t child)
{
	const struct timespec pause = { 0, 10000000 };
	int64_t patience = clock_ms() + TERM_MS;

	kill(child, SIGTERM);
	while (waitpid(child, NULL, WNOHANG) == 0) {
		if (clock_ms() >= patience)
			kill(child, SIGKILL);
		nanosleep(&pause, NULL);
	}
}

/* err NULL: both streams go to out. */
static int
run_program(struct arena *arena, const struct program *program, const char *const argv[],
    const char *const environment[], int timeout_ms, struct span *out, struct span *err)
{
	struct stream streams[] = { { -1, buf_new(arena) }, { -1, buf_new(arena) } };
	int out_ends[2], err_ends[2] = { -1, -1 }, saved;
	bool in_time;
	pid_t child;

	*out = (struct span){ "", 0 };
	if (err != NULL)
		*err = *out;
	if (pipe2(out_ends, O_CLOEXEC) < 0)
		return -1;
	if (err != NULL && pipe2(err_ends, O_CLOEXEC) < 0) {
		close(out_ends[0]);
		close(out_ends[1]);
		return -1;
	}
	child = fork();
	saved = errno;
	if (child == 0)
		become_program(program, argv, environment, out_ends[1],
		    err != NULL ? err_ends[1] : out_ends[1]);
	close(out_ends[1]);
	if (err != NULL)
		close(err_ends[1]);
	streams[0].fd = out_ends[0];
	streams[1].fd = err_ends[0];
	in_time = child > 0 && collect(&streams[0], &streams[1], clock_ms() + timeout_ms);
	for (int i = 0; i < 2; i++)
		if (streams[i].fd >= 0)
			close(streams[i].fd);
	if (child < 0) {
		errno = saved;
		return -1;
	}
	*out = (struct span){ streams[0].text.data, streams[0].text.len };
	if (err != NULL)
		*err = (struct span){ streams[1].text.data, streams[1].text.len };
	if (in_time)
		return exit_status(child);
	end(child);
	errno = ETIMEDOUT;
	return -1;
}

int
run_inherit(const char *path, const char *const argv[], const char *const environment[])
{
	pid_t child = fork();

	if (child < 0)
		return -1;
	if (child == 0) {
		execve(path, (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)environment);
		_exit(127);
	}
	return exit_status(child);
}

int
run_collect(struct arena *arena, const char *path, const char *const argv[],
    const char *const environment[], int timeout_ms, struct span *output)
{
	const struct program program = { .path = path };

	return run_program(arena, &program, argv, environment, timeout_ms, output, NULL);
}

int
run_collect_apart(struct arena *arena, const char *path, const char *const argv[],
    const char *const environment[], int timeout_ms, struct span *out, struct span *err)
{
	const struct program program = { .path = path };

	return run_program(arena, &program, argv, environment, timeout_ms, out, err);
}

int
run_collect_main(struct arena *arena, int (*program)(int argc, char **argv),
    const char *const argv[], const char *const environment[], int timeout_ms, struct span *output)
{
	const struct program own = { .main = program };

	return run_program(arena, &own, argv, environment, timeout_ms, output, NULL);
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
