/*
 * /etc/sshinit.ini, read by inih.
 *
 * inih 55 cuts long lines and does not notice duplicates, so both are refused here, and the file is
 * copied into a scratch copy of the settings that replaces the real ones only when every line was
 * good: half a configuration is worse than none.
 */
#include "base/file.h"
#include "base/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

enum { FILE_LIMIT = 1024 * 1024 };

struct reading {
	struct settings settings; /* the scratch copy */
	bool seen[SET_COUNT];     /* in the section being read */
	const char *section;
	const char *wrong; /* of the first bad line */
	const char *near;  /* a name to suggest, "" for none */
};

static struct user_section *
section_of(struct reading *reading, const char *user)
{
	struct arena *arena = reading->settings.arena;
	struct user_section **end = &reading->settings.users;

	for (; *end != NULL; end = &(*end)->next)
		if (strcmp((*end)->name, user) == 0)
			return *end;
	*end = arena_alloc(arena, 1, sizeof(**end));
	(*end)->name = arena_strdup(arena, user);
	return *end;
}

/* inih's handler: 1 to go on, 0 for a bad line. */
static int
read_line(void *context, const char *section, const char *name, const char *value)
{
	struct reading *reading = context;
	struct settings *settings = &reading->settings;
	struct arena *arena = settings->arena;
	enum setting setting;

	if (reading->wrong != NULL)
		return 0;
	if (reading->section == NULL || strcmp(reading->section, section) != 0) {
		memset(reading->seen, 0, sizeof(reading->seen));
		reading->section = arena_strdup(arena, section);
	}
	if (!setting_by_name(name, &setting)) {
		reading->wrong = arena_printf(arena, "there is no setting \"%s\"", name);
		reading->near = setting_nearest(name);
		return 0;
	}
	if (reading->seen[setting]) {
		reading->wrong = arena_printf(arena, "\"%s\" stands twice", name);
		return 0;
	}
	reading->seen[setting] = true;
	if (strncmp(section, "user ", 5) == 0) {
		struct settings trial = settings_new(arena);

		reading->wrong = settings_set(&trial, setting, value, FROM_FILE);
		section_of(reading, section + 5)->value[setting] = trial.value[setting];
	} else if (section[0] != '\0' && strcmp(section, "sshinit") != 0) {
		reading->wrong = arena_printf(
		    arena, "there is no section [%s], only [sshinit] and [user NAME]", section);
	} else {
		reading->wrong = settings_set(settings, setting, value, FROM_FILE);
	}
	return reading->wrong == NULL;
}

/* The number of the first line that inih would cut, 0 when there is none. */
static unsigned
too_long_line(struct span text)
{
	unsigned line = 1;
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		len = text.data[i] == '\n' ? 0 : len + 1;
		line += text.data[i] == '\n';
		if (len + 2 >= INI_MAX_LINE)
			return line;
	}
	return 0;
}

void
settings_read_file(
    struct settings *settings, const char *path, bool must_exist, struct findings *findings)
{
	struct reading reading = { .settings = *settings, .near = "" };
	struct finding *finding;
	struct span text;
	unsigned long_line;
	int line;

	if (file_read(settings->arena, AT_FDCWD, path, FILE_LIMIT, &text) < 0) {
		if (errno != ENOENT || must_exist)
			finding_add(findings, ERROR, CODE_CONFIG_FILE, path, "%s", strerror(errno));
		return;
	}
	if (memchr(text.data, '\0', text.len) != NULL) {
		finding_add(findings, ERROR, CODE_CONFIG_FILE, path, "it holds a NUL byte");
		return;
	}
	long_line = too_long_line(text);
	if (long_line != 0) {
		finding_add(
		    findings, ERROR, CODE_CONFIG_FILE, path, "line %u is too long", long_line);
		return;
	}
	line = ini_parse_string(text.data, read_line, &reading);
	if (line == 0) {
		*settings = reading.settings;
		settings->file = path;
		return;
	}
	finding = finding_add(findings, ERROR, CODE_CONFIG_FILE, path, "line %d: %s", line,
	    reading.wrong != NULL ? reading.wrong : "it is not NAME = VALUE");
	if (reading.near[0] != '\0')
		finding_fix(findings, finding,
		    "did you mean \"%s\"? Until it is corrected the file is ignored as a whole",
		    reading.near);
}
