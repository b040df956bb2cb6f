#include "sshd/follow.h"

#include "keys/sources.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	/* Not IN_OPEN and IN_ACCESS: our own reading must not wake us. */
	CHANGES = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_MODIFY
	          | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF,
	LINKS_MOST = 40,
	FILES_MOST = 1000, /* of a directory; beyond these, links are not followed */
	EVENTS_ROOM = 16 * 1024
};

/* One thing to hear of: name in a directory, NULL for everything there (or the file itself). */
struct follow_watch {
	struct follow_watch *next;
	int number;
	const char *name;
};

struct follow
follow_open(void)
{
	return (struct follow){ .fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC) };
}

/* ---- arming -------------------------------------------------------------------------------- */

static void
watch(struct follow *follow, const char *path, const char *name)
{
	int number = inotify_add_watch(follow->fd, path[0] != '\0' ? path : "/", CHANGES);
	struct follow_watch *new;

	if (number < 0)
		return;
	new = arena_alloc(follow->arena, 1, sizeof(*new));
	*new = (struct follow_watch){ .next = follow->watches,
		.number = number,
		.name = name != NULL ? arena_strdup(follow->arena, name) : NULL };
	follow->watches = new;
}

/* A path on its way to what it names: done has no link in it, and no slash at its end. */
struct way {
	char done[PATH_MAX], rest[PATH_MAX];
	int links;
};

/* Takes the next part of the rest into name; false where there is none. */
static bool
next_part(struct way *way, char name[NAME_MAX + 1])
{
	const char *start = way->rest + strspn(way->rest, "/");
	size_t len = strcspn(start, "/");

	if (len == 0 || len > NAME_MAX)
		return false;
	memcpy(name, start, len);
	name[len] = '\0';
	memmove(way->rest, start + len, strlen(start + len) + 1);
	return true;
}

/* Where next is a link: goes where it leads. */
static bool
follow_link(struct way *way, const char *next)
{
	char target[PATH_MAX], rest[2 * PATH_MAX];
	ssize_t len = readlink(next, target, sizeof(target) - 1);

	if (len <= 0 || way->links++ >= LINKS_MOST)
		return false;
	target[len] = '\0';
	if (snprintf(rest, sizeof(rest), "%s/%s", target, way->rest) >= PATH_MAX)
		return false;
	memcpy(way->rest, rest, strlen(rest) + 1);
	if (target[0] == '/')
		way->done[0] = '\0';
	return true;
}

/* Watches all that path goes through, as far as it exists. real is what it leads to, "" where that
 * is nothing. */
static void
watch_way(struct follow *follow, const char *path, char real[PATH_MAX])
{
	struct way way = { .links = 0 };
	char name[NAME_MAX + 1], next[PATH_MAX];
	struct stat status;

	real[0] = '\0';
	if (snprintf(way.rest, sizeof(way.rest), "%s", path) >= PATH_MAX
	    || (path[0] != '/' && getcwd(way.done, sizeof(way.done)) == NULL))
		return;
	while (next_part(&way, name)) {
		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0) {
			char *slash = strrchr(way.done, '/');

			if (slash != NULL)
				*slash = '\0';
			continue;
		}
		watch(follow, way.done, name);
		if (snprintf(next, sizeof(next), "%s/%s", way.done, name) >= PATH_MAX
		    || lstat(next, &status) < 0)
			return;
		if (!S_ISLNK(status.st_mode))
			memcpy(way.done, next, strlen(next) + 1);
		else if (!follow_link(&way, next))
			return;
	}
	memcpy(real, way.done, strlen(way.done) + 1);
}

static void
watch_file(struct follow *follow, const char *path)
{
	char real[PATH_MAX];

	watch_way(follow, path, real);
	if (real[0] != '\0')
		watch(follow, real, NULL);
}

static void
watch_directory(struct follow *follow, const char *path)
{
	char real[PATH_MAX], file[PATH_MAX];
	const struct dirent *entry;
	DIR *directory;
	int n = 0;

	watch_way(follow, path, real);
	if (real[0] == '\0')
		return;
	watch(follow, real, NULL);
	directory = opendir(real);
	while (directory != NULL && (entry = readdir(directory)) != NULL && n < FILES_MOST)
		if (entry->d_name[0] != '.'
		    && snprintf(file, sizeof(file), "%s/%s", real, entry->d_name) < PATH_MAX) {
			n++;
			watch_file(follow, file);
		}
	if (directory != NULL)
		closedir(directory);
}

/* The sources of everybody, or of one user's section. */
static void
watch_sources(struct follow *follow, const struct settings *settings)
{
	for (const char **p = settings_list(settings, SET_KEYS_FILE); *p != NULL; p++)
		watch_file(follow, *p);
	for (const char **p = settings_list(settings, SET_KEYS_DIR); *p != NULL; p++)
		watch_directory(follow, *p);
}

static void
watch_fetched(struct follow *follow, const struct settings *settings, const struct state *state)
{
	char real[PATH_MAX];

	for (const char **p = settings_list(settings, SET_KEYS_URL); *p != NULL; p++)
		watch_way(follow,
		    arena_printf(
		        follow->arena, "%s/%s", state->path, sources_fetched(follow->arena, *p)),
		    real);
}

static bool
is_watched(const struct follow *follow, int number)
{
	for (const struct follow_watch *w = follow->watches; w != NULL; w = w->next)
		if (w->number == number)
			return true;
	return false;
}

void
follow_arm(struct follow *follow, const struct settings *common, const struct state *state)
{
	struct settings copy = *common, *settings = &copy;
	static const enum setting files[] = { SET_USER_CA_FILE, SET_REVOKED_KEYS };
	const struct follow_watch *old = follow->watches;
	struct arena *old_arena = follow->arena;

	if (follow->fd < 0)
		return;
	follow->arena = arena_new();
	copy.arena = follow->arena; /* lists made of them go with the watches */
	follow->watches = NULL;
	watch_sources(follow, settings);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (settings_text(settings, files[i])[0] != '\0')
			watch_file(follow, settings_text(settings, files[i]));
	for (const struct user_section *user = settings->users; user != NULL; user = user->next) {
		struct settings own = settings_for_user(settings, user->name);

		watch_sources(follow, &own);
		if (state->fd >= 0)
			watch_fetched(follow, &own, state);
	}
	if (state->fd >= 0)
		watch_fetched(follow, settings, state);
	for (; old != NULL; old = old->next)
		if (!is_watched(follow, old->number))
			(void)inotify_rm_watch(follow->fd, old->number);
	arena_free(old_arena);
}

/* ---- hearing ------------------------------------------------------------------------------- */

static bool
matters(const struct follow *follow, const struct inotify_event *event)
{
	if ((event->mask & IN_Q_OVERFLOW) != 0)
		return true;
	if ((event->mask & IN_IGNORED) != 0)
		return false;
	for (const struct follow_watch *w = follow->watches; w != NULL; w = w->next)
		if (w->number == event->wd
		    && (w->name == NULL || event->len == 0 || strcmp(w->name, event->name) == 0))
			return true;
	return false;
}

bool
follow_drain(const struct follow *follow)
{
	_Alignas(struct inotify_event) char events[EVENTS_ROOM];
	bool found = false;
	ssize_t len;

	while ((len = read(follow->fd, events, sizeof(events))) > 0)
		for (const char *next = events; next < events + len;) {
			const struct inotify_event *event = (const void *)next;

			found = found || matters(follow, event);
			next += sizeof(*event) + event->len;
		}
	return found;
}
