#include "keys/sources.h"

#include "base/environment.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SOURCE_LIMIT = 16 * 1024 * 1024 };

void
sources_read_variables(struct entries *entries, const struct settings *settings,
    char *const *environment, const struct paste_rules *rules)
{
	for (const char **name = settings_list(settings, SET_KEYS_ENV); *name != NULL; name++) {
		const char *value = environment_value(environment, *name);

		if (value != NULL)
			paste_read(entries, *name, span_of(value), rules);
	}
}

static int
read_standard_input(struct arena *arena, struct span *text)
{
	size_t cap = 4096, len = 0;
	char *data = arena_alloc(arena, cap, 1);
	ssize_t n;

	while ((n = read(STDIN_FILENO, data + len, cap - 1 - len)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		len += (size_t)n;
		if (len > SOURCE_LIMIT) {
			errno = EFBIG;
			return -1;
		}
		if (len == cap - 1) {
			data = arena_grow(arena, data, cap, cap * 2);
			cap *= 2;
		}
	}
	data[len] = '\0';
	*text = (struct span){ data, len };
	return 0;
}

int
sources_read_file(struct entries *entries, const char *path, const struct paste_rules *rules)
{
	struct arena *arena = entries->arena;
	struct span text;

	if (strcmp(path, "-") == 0) {
		if (read_standard_input(arena, &text) < 0)
			return -1;
		paste_read(entries, "-", text, rules);
		return 0;
	}
	if (file_read(arena, AT_FDCWD, path, SOURCE_LIMIT, &text) < 0)
		return -1;
	paste_read(entries, arena_strdup(arena, path), text, rules);
	return 0;
}

static void
unreadable(struct findings *findings, const char *path)
{
	finding_add(findings, ERROR, CODE_SOURCE_UNREADABLE, path, "%s", strerror(errno));
}

static int
visible(const struct dirent *file)
{
	return file->d_name[0] != '.';
}

static void
read_directory(struct entries *entries, const char *path, const struct paste_rules *rules,
    struct findings *findings)
{
	struct dirent **names;
	int n = scandir(path, &names, visible, alphasort);

	if (n < 0) {
		unreadable(findings, path);
		return;
	}
	for (int i = 0; i < n; i++) {
		const char *file = arena_printf(entries->arena, "%s/%s", path, names[i]->d_name);

		if (sources_read_file(entries, file, rules) < 0 && errno != EISDIR)
			unreadable(findings, file);
		free(names[i]);
	}
	free(names);
	if (n == 0)
		finding_add(findings, WARNING, CODE_SOURCE_EMPTY, path, "the directory is empty");
}

void
sources_read_files(struct entries *entries, const struct settings *settings,
    const struct paste_rules *rules, struct findings *findings)
{
	const char **path;

	for (path = settings_list(settings, SET_KEYS_FILE); *path != NULL; path++)
		if (sources_read_file(entries, *path, rules) < 0)
			unreadable(findings, *path);
	for (path = settings_list(settings, SET_KEYS_DIR); *path != NULL; path++)
		read_directory(entries, *path, rules, findings);
}
