#include "sshd/install_step.h"

#include "base/buf.h"
#include "base/children.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_EVERY = 500, KEPT = 64 * 1024, GRACE = 5000, LINE = 160 };

struct install_clock
install_clock(long seconds)
{
	int64_t now = clock_ms();

	return (struct install_clock){ now, now + (int64_t)seconds * 1000 };
}

long
install_clock_spent(const struct install_clock *clock)
{
	return (long)((clock_ms() - clock->start) / 1000);
}

/* ---- what went wrong ----------------------------------------------------------------------- */

/* The words by which package managers tell it, all in the C locale; the first that is found counts,
 * so what causes other messages stands first. */
static const struct {
	const char *words;
	enum code code;
} signs[] = {
	{ "No space left on device", CODE_INSTALL_DISK },
	{ "enough free space", CODE_INSTALL_DISK },
	{ "enough free disk space", CODE_INSTALL_DISK },
	{ "Disk Requirements", CODE_INSTALL_DISK },
	{ " more space on the", CODE_INSTALL_DISK },
	{ "Read-only file system", CODE_INSTALL_READONLY },
	{ "read-only file system", CODE_INSTALL_READONLY },
	{ "Could not get lock", CODE_INSTALL_LOCKED },
	{ "Unable to lock", CODE_INSTALL_LOCKED },
	{ "Unable to acquire the dpkg frontend lock", CODE_INSTALL_LOCKED },
	{ "unable to lock database", CODE_INSTALL_LOCKED },
	{ "System management is locked", CODE_INSTALL_LOCKED },
	{ "currently holding the yum lock", CODE_INSTALL_LOCKED },
	{ "Hash Sum mismatch", CODE_INSTALL_HASH },
	{ "unexpected size", CODE_INSTALL_HASH },
	{ "hecksum", CODE_INSTALL_HASH }, /* Checksum, checksum */
	{ "igest verification failed", CODE_INSTALL_HASH },
	{ "invalid or corrupted", CODE_INSTALL_HASH },
	{ "BAD signature", CODE_INSTALL_HASH },
	{ "BAD archive", CODE_INSTALL_HASH },
	{ "Temporary failure resolving", CODE_INSTALL_DNS },
	{ "Could not resolve", CODE_INSTALL_DNS },
	{ "Couldn't resolve host", CODE_INSTALL_DNS },
	{ "temporary error (try again later)", CODE_INSTALL_DNS }, /* apk's word for it */
	{ "DNS lookup error", CODE_INSTALL_DNS },
	{ "404  Not Found", CODE_INSTALL_NOT_FOUND },
	{ "404 Not Found", CODE_INSTALL_NOT_FOUND },
	{ "rror: 404", CODE_INSTALL_NOT_FOUND },
	{ "rror 404", CODE_INSTALL_NOT_FOUND },
	{ "code: 404", CODE_INSTALL_NOT_FOUND },
	{ "response: 404", CODE_INSTALL_NOT_FOUND },
	{ "not found on medium", CODE_INSTALL_NOT_FOUND },
	{ "Connection timed out", CODE_INSTALL_UNREACHABLE },
	{ "onnection refused", CODE_INSTALL_UNREACHABLE },
	{ "onnection failed", CODE_INSTALL_UNREACHABLE },
	{ "onnection reset", CODE_INSTALL_UNREACHABLE },
	{ "Network is unreachable", CODE_INSTALL_UNREACHABLE },
	{ "Unable to connect", CODE_INSTALL_UNREACHABLE },
	{ "Could not connect", CODE_INSTALL_UNREACHABLE },
	{ "Failed to connect", CODE_INSTALL_UNREACHABLE },
	{ "Cannot initiate the connection", CODE_INSTALL_UNREACHABLE },
	{ "timed out", CODE_INSTALL_UNREACHABLE },
	{ "Timeout", CODE_INSTALL_UNREACHABLE },
	{ "Couldn't open file", CODE_INSTALL_UNREACHABLE },
	{ "is not a directory: ", CODE_INSTALL_UNREACHABLE }, /* zypper's, of a repository */
	{ "Valid metadata not found", CODE_INSTALL_UNREACHABLE },
	{ "network error (check", CODE_INSTALL_UNREACHABLE },
	{ "Internal Server Error", CODE_INSTALL_UNREACHABLE },
	{ "Unable to locate package", CODE_INSTALL_NOT_FOUND },
	{ "has no installation candidate", CODE_INSTALL_NOT_FOUND },
	{ "No match for argument", CODE_INSTALL_NOT_FOUND },
	{ "No package ", CODE_INSTALL_NOT_FOUND },
	{ "no such package", CODE_INSTALL_NOT_FOUND },
	{ "target not found", CODE_INSTALL_NOT_FOUND },
	{ "Unable to find a match", CODE_INSTALL_NOT_FOUND },
	{ "not found in package names", CODE_INSTALL_NOT_FOUND },
};

/* The line around at, shortened. */
static const char *
line_around(struct arena *arena, const char *text, const char *at)
{
	const char *start = at;
	size_t len;

	while (start > text && start[-1] != '\n')
		start--;
	len = strcspn(start, "\r\n");
	return arena_strndup(arena, start, len > LINE ? LINE : len);
}

static const char *
last_line(struct arena *arena, const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && strchr("\r\n", text[len - 1]) != NULL)
		len--;
	text = arena_strndup(arena, text, len);
	return line_around(arena, text, text + len);
}

enum code
install_diagnose(struct arena *arena, const char *output, const char **detail)
{
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		const char *at = strstr(output, signs[i].words);

		if (at == NULL)
			continue;
		*detail = line_around(arena, output, at);
		return signs[i].code;
	}
	*detail = last_line(arena, output);
	return CODE_INSTALL_FAILED;
}

/* ---- running ------------------------------------------------------------------------------- */

static _Noreturn void
become(const char *path, const char *const argv[], const char *const environment[], int out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execve(path, (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)environment);
	dprintf(STDERR_FILENO, "%s: %s\n", path, strerror(errno));
	_exit(127);
}

/* Keeps the newest output only: errors stand at the end. */
static void
keep(struct buf *text, const char *chunk, size_t len)
{
	if (text->len > KEPT) {
		memmove(text->data, text->data + text->len - KEPT / 2, KEPT / 2);
		text->len = KEPT / 2;
	}
	buf_add(text, chunk, len);
}

/* Collects output until the child has ended; false when time is up. */
static bool
follow(struct arena *arena, const struct install_clock *clock, pid_t child, int fd,
    struct buf *text, int *status)
{
	int64_t said = clock_ms();

	for (;;) {
		struct pollfd wait_for = { .fd = fd, .events = POLLIN };
		char chunk[4096];
		ssize_t n = 0;

		if (poll(&wait_for, 1, LOOK_EVERY) > 0) {
			n = read(fd, chunk, sizeof(chunk));
			if (n > 0)
				keep(text, chunk, (size_t)n);
			else
				nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
		}
		/* Not the end of output: a daemon that a script started may hold it open for ever.
		 */
		if (n <= 0 && waitpid(child, status, WNOHANG) == child)
			return true;
		if (clock_ms() >= clock->end)
			return false;
		if (clock_ms() - said >= INSTALL_SAY_EVERY) {
			said = clock_ms();
			dprintf(STDERR_FILENO, "openssh-server, after %ld s: %s\n",
			    install_clock_spent(clock), last_line(arena, text->data));
		}
	}
}

enum code
install_step(struct arena *arena, const struct install_clock *clock, const char *path,
    const char *const argv[], const char *const environment[], struct install_outcome *outcome)
{
	struct buf text = buf_new(arena);
	int ends[2], status = 0;
	bool in_time;
	pid_t child;

	*outcome = (struct install_outcome){ path, -1 };
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L);
	if (path[0] == '\0' || pipe2(ends, O_CLOEXEC) < 0)
		return CODE_INSTALL_FAILED;
	child = fork();
	if (child == 0)
		become(path, argv, environment, ends[1]);
	close(ends[1]);
	if (child < 0) {
		close(ends[0]);
		outcome->detail = strerror(errno);
		return CODE_INSTALL_FAILED;
	}
	in_time = follow(arena, clock, child, ends[0], &text, &status);
	close(ends[0]);
	children_end(in_time ? 0 : GRACE, (const pid_t[]){ child, 0 });
	if (!in_time) {
		outcome->detail = arena_printf(arena, "%ld seconds; last: %s",
		    install_clock_spent(clock), last_line(arena, text.data));
		return CODE_INSTALL_SLOW;
	}
	if (WIFEXITED(status))
		outcome->status = WEXITSTATUS(status);
	if (outcome->status == 0)
		return CODE_NONE;
	return install_diagnose(arena, text.data, &outcome->detail);
}
