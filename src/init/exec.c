#include "init/exec.h"

#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where the environment has no PATH at all: what container engines put there. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

extern char **environ;

/* The signals by which a log line could end or stop us: nobody reads the pipe, the file has reached
 * its limit, the terminal belongs to another process group. */
static const int guarded[] = { SIGPIPE, SIGXFSZ, SIGTTOU };

enum { GUARDED = sizeof(guarded) / sizeof(guarded[0]) };

static struct sigaction given[GUARDED];
static bool guarding;

void
command_guard(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	if (guarding)
		return;
	for (size_t i = 0; i < GUARDED; i++)
		sigaction(guarded[i], &ignore, &given[i]);
	guarding = true;
}

void
command_unguard(void)
{
	if (!guarding)
		return;
	for (size_t i = 0; i < GUARDED; i++)
		sigaction(guarded[i], &given[i], NULL);
	guarding = false;
}

/* Tries name in every directory of PATH. Returns the errno that says most: a file that was found
 * but could not be run counts for more than all the places where there was none. */
static int
search(char *const argv[])
{
	const char *path = getenv("PATH"), *end;
	size_t name_len = strlen(argv[0]);
	int found = ENOENT;

	for (path = path != NULL ? path : DEFAULT_PATH;; path = end + 1) {
		char file[PATH_MAX];
		size_t len;

		end = strchrnul(path, ':');
		len = (size_t)(end - path);
		if (len + 1 + name_len < sizeof(file)) {
			/* An empty element is the working directory. */
			memcpy(file, path, len);
			if (len > 0)
				file[len++] = '/';
			memcpy(file + len, argv[0], name_len + 1);
			execve(file, argv, environ);
			switch (errno) {
			case ENOENT:
			case ENOTDIR:
			case ENAMETOOLONG:
				break;
			case EACCES:
			case ELOOP:
			case EISDIR:
				found = EACCES;
				break;
			default:
				return errno;
			}
		}
		if (*end == '\0')
			return found;
	}
}

int
command_exec(char *const argv[])
{
	int error;

	command_unguard();
	if (argv[0][0] == '\0') {
		error = ENOENT;
	} else if (strchr(argv[0], '/') != NULL) {
		execve(argv[0], argv, environ);
		error = errno;
	} else {
		error = search(argv);
	}
	command_guard();
	if (error == ENOENT && strchr(argv[0], '/') == NULL)
		log_say(LOG_ERROR, "%s: command not found", argv[0]);
	else if (error == ENOENT && access(argv[0], F_OK) == 0)
		log_say(
		    LOG_ERROR, "%s: the interpreter or loader it names does not exist", argv[0]);
	else
		log_say(LOG_ERROR, "%s: %s", argv[0], strerror(error));
	return error == ENOENT || error == ENOTDIR ? EXIT_NOT_FOUND : EXIT_CANNOT_EXEC;
}
