#include "sshd/hostkey_place.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct hostkey_place
hostkey_place_whole(const char *directory, bool lasting)
{
	return (
	    struct hostkey_place){ .directory = directory, .top = directory, .lasting = lasting };
}

static struct hostkey_place
inside(struct arena *arena, const char *top, const char *name, const char *pod, bool lasting)
{
	return (struct hostkey_place){ .directory = arena_printf(arena, "%s/%s/%s", top, name, pod),
		.top = top,
		.below = { name, pod },
		.lasting = lasting };
}

/* The pod's name as a file name. */
static const char *
directory_name(struct arena *arena, const char *pod)
{
	char *name = arena_strdup(arena, pod);

	for (char *c = name; *c != '\0'; c++)
		if (*c == '/' || (unsigned char)*c < ' ')
			*c = '_';
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || *name == '\0' ? "pod" : name;
}

void
hostkey_places(struct hostkey_place list[HOSTKEY_PLACES + 1], struct arena *arena,
    const struct settings *settings, const char *pod, const struct state *state)
{
	const char *named = settings_text(settings, SET_HOST_KEYS);
	const char *own = directory_name(arena, pod);
	size_t n = 0;

	memset(list, 0, sizeof(*list) * (HOSTKEY_PLACES + 1));
	if (strcmp(named, "auto") != 0) {
		list[n++] = hostkey_place_whole(named, true);
		return;
	}
	if (file_is_mount("/etc/ssh"))
		list[n++] = hostkey_place_whole("/etc/ssh", true);
	if (file_is_mount("/workspace"))
		list[n++] = inside(arena, "/workspace", ".sshinit", own, true);
	/* Not lasting: it dies with the container's own layer, but it survives its restarts. */
	if (file_is_mount("/etc/sshinit"))
		list[n++] = hostkey_place_whole("/etc/sshinit", true);
	else
		list[n++] = inside(arena, "/etc", "sshinit", own, false);
	if (state->fd >= 0)
		list[n++]
		    = hostkey_place_whole(arena_printf(arena, "%s/hostkey", state->path), false);
}

/* Whether only root and we can put something into the directory. */
static bool
is_closed(const struct stat *status)
{
	return S_ISDIR(status->st_mode) && (status->st_uid == 0 || status->st_uid == geteuid())
	       && (status->st_mode & 022) == 0;
}

bool
hostkey_place_sheltered(struct arena *arena, const char *directory, const struct state *state)
{
	size_t len = strlen(state->path);

	/* The state directory was judged when it was made. */
	if (state->fd >= 0 && strncmp(directory, state->path, len) == 0 && directory[len] == '/')
		return true;
	return file_is_sheltered(arena, directory);
}

int
hostkey_place_open(
    const struct hostkey_place *place, bool make, struct arena *arena, const char **why)
{
	int fd = open(place->top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat status;

	*why = strerror(errno);
	for (size_t i = 0; i < 2 && place->below[i] != NULL && fd >= 0; i++) {
		const char *name = place->below[i];
		int next = make ? dir_open(fd, name, i == 0 ? 0755 : 0700, NULL)
		                : openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		*why = strerror(errno);
		close(fd);
		fd = next;
		if (fd < 0 || (fstat(fd, &status) == 0 && is_closed(&status)))
			continue;
		*why = arena_printf(arena,
		    "the directory %s in it is another user's, or others may write there", name);
		close(fd);
		fd = -1;
	}
	return fd;
}
