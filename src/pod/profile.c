#include "pod/profile.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PROFILE_LIMIT = 1024 * 1024 };

static const char directory_name[] = "profile.d";
static const char file_name[] = "sshinit.sh";

/* templates/profile.sh, made into a string by the Makefile. */
static const char text[] =
#include "template_profile.h"
    ;

static void
path_is_lost(const char *etc, const char *why, struct findings *findings)
{
	finding_add(findings, NOTE, CODE_PATH_RESET,
	    arena_printf(findings->arena, "%s/profile", etc), "%s/%s/%s: %s", etc, directory_name,
	    file_name, why);
}

static bool
stands_already(struct arena *arena, const char *path)
{
	struct span found;

	return file_read(arena, AT_FDCWD, path, PROFILE_LIMIT, &found) == 0 && span_is(found, text);
}

struct profile
profile_plan(struct arena *arena, const char *etc, struct findings *findings)
{
	struct profile profile = { 0 };
	struct span script;
	const char *directory = arena_printf(arena, "%s/%s", etc, directory_name);

	if (file_read(
	        arena, AT_FDCWD, arena_printf(arena, "%s/profile", etc), PROFILE_LIMIT, &script)
	        < 0
	    || strstr(script.data, "PATH=") == NULL
	    || stands_already(arena, arena_printf(arena, "%s/%s", directory, file_name)))
		return profile;
	if (strstr(script.data, directory_name) == NULL)
		path_is_lost(etc, "the profile does not read that directory", findings);
	else if (access(directory, W_OK) < 0 && (errno != ENOENT || access(etc, W_OK) < 0))
		path_is_lost(etc, strerror(errno), findings);
	else
		profile.missing = true;
	return profile;
}

void
profile_apply(const struct profile *profile, const char *etc, struct findings *findings)
{
	int parent, directory = -1;

	if (!profile->missing)
		return;
	parent = open(etc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent >= 0)
		directory = dir_open(parent, directory_name, 0755, NULL);
	if (directory < 0
	    || file_replace(directory, file_name, span_of(text), 0644, NULL, false) < 0)
		path_is_lost(etc, strerror(errno), findings);
	if (directory >= 0)
		close(directory);
	if (parent >= 0)
		close(parent);
}
