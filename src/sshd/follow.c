#include "sshd/follow.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/* Not IN_OPEN and IN_ACCESS: our own reading must not wake us. */
enum {
	CHANGES = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_MODIFY
	          | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF
};

int
follow_open(void)
{
	return inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
}

/* The directory, or the nearest one above it that exists. Watching a directory twice is watching it
 * once. */
static void
watch_directory(int fd, const char *path)
{
	char here[PATH_MAX];

	if (snprintf(here, sizeof(here), "%s", path) >= (int)sizeof(here))
		return;
	while (inotify_add_watch(fd, here, CHANGES | IN_ONLYDIR) < 0) {
		char *slash = strrchr(here, '/');

		if ((errno != ENOENT && errno != ENOTDIR) || slash == NULL || slash == here)
			return;
		*slash = '\0';
	}
}

/* The directory of path, and that of the file to which its links lead. */
static void
watch_file(int fd, const char *path)
{
	char real[PATH_MAX], copy[PATH_MAX];

	if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy))
		return;
	watch_directory(fd, dirname(copy));
	if (realpath(path, real) != NULL)
		watch_directory(fd, dirname(real));
}

void
follow_arm(int fd, const struct settings *settings, const struct state *state)
{
	static const enum setting files[] = { SET_KEYS_FILE, SET_USER_CA_FILE, SET_REVOKED_KEYS };
	char fetched[PATH_MAX];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		for (const char **p = settings_list(settings, files[i]); *p != NULL; p++)
			watch_file(fd, *p);
	for (const char **p = settings_list(settings, SET_KEYS_DIR); *p != NULL; p++) {
		watch_directory(fd, *p);
		watch_file(fd, *p);
	}
	for (const struct user_section *user = settings->users; user != NULL; user = user->next) {
		if (user->value[SET_KEYS_FILE] != NULL)
			watch_file(fd, user->value[SET_KEYS_FILE]);
		if (user->value[SET_KEYS_DIR] != NULL)
			watch_directory(fd, user->value[SET_KEYS_DIR]);
	}
	if (settings_text(settings, SET_KEYS_URL)[0] != '\0' && state->fd >= 0
	    && snprintf(fetched, sizeof(fetched), "%s/url", state->path) < (int)sizeof(fetched))
		watch_directory(fd, fetched);
}

void
follow_drain(int fd)
{
	char events[4096];

	while (read(fd, events, sizeof(events)) > 0)
		;
}
