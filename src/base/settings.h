/*
 * settings: what the user chose, and where.
 *
 * A setting has one name in four places; later wins: the default in settings.def, the file
 * (/etc/sshinit.ini), SSHINIT_NAME in the environment (dashes as underscores), --name. Values are
 * kept as text and checked against their kind when they are set, so every accessor can trust them.
 */
#ifndef SSHINIT_BASE_SETTINGS_H
#define SSHINIT_BASE_SETTINGS_H

#include "base/finding.h"

#include <stdbool.h>

enum setting {
#define SETTING(id, name, kind, fallback, values, meaning) SET_##id,
#include "base/settings.def"
#undef SETTING
	SET_COUNT
};

/* As many ports as sshd listens on (its MAX_LISTEN_SOCKS). */
enum { SETTINGS_PORTS_MOST = 16 };

enum origin { FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT, FROM_ARGUMENT };

/* [user NAME] of the file: settings that hold for one login user. */
struct user_section {
	struct user_section *next;
	const char *name;
	const char *value[SET_COUNT]; /* NULL: as for everybody */
};

struct settings {
	struct arena *arena;
	const char *file; /* that was read; NULL: none */
	const char *value[SET_COUNT];
	enum origin origin[SET_COUNT];
	struct user_section *users;
};

/* All defaults. */
struct settings settings_new(struct arena *arena);

/* Sets one; NULL when it was taken, else why not ("port: 70000 is not a port (1 to 65535)"). */
const char *settings_set(
    struct settings *settings, enum setting setting, const char *value, enum origin origin);

/* Reads the file (an absolute path). A missing file is an error only where must_exist. The file
 * counts as a whole or, after a finding, not at all. */
void settings_read_file(
    struct settings *settings, const char *path, bool must_exist, struct findings *findings);

/* Reads every SSHINIT_* variable, and PUBLIC_KEY_FILE, _DIR and _URL. Bad values are findings. */
void settings_read_environment(
    struct settings *settings, char *const *environment, struct findings *findings);

/* The variable of a setting: "SSHINIT_LOG_LEVEL". */
const char *setting_variable(struct arena *arena, enum setting setting);

/* The setting of that name; false when there is none. */
bool setting_by_name(const char *name, enum setting *setting);

/* The existing name nearest to a mistyped one, "" when none is near. */
const char *setting_nearest(const char *name);

const char *setting_name(enum setting setting);
const char *setting_values(enum setting setting);
const char *setting_default(enum setting setting);
const char *setting_meaning(enum setting setting);

/* Whether --name may stand alone (meaning yes), and whether word would be its value then. */
bool setting_may_stand_alone(enum setting setting);
bool setting_takes_word(enum setting setting, const char *word);

/* Accessors. A list is a NULL-terminated array of words. */
const char *settings_text(const struct settings *settings, enum setting setting);
bool settings_flag(const struct settings *settings, enum setting setting);
long settings_number(const struct settings *settings, enum setting setting); /* -1: not set */
int settings_signal(const struct settings *settings, enum setting setting);  /* 0: not set */
bool settings_is(const struct settings *settings, enum setting setting, const char *word);
bool settings_given(const struct settings *settings, enum setting setting);
const char **settings_list(const struct settings *settings, enum setting setting);

/* Where the user set it: "SSHINIT_PORT", "--port", or the file's path; the name by itself where it
 * was not set. */
const char *settings_where(const struct settings *settings, enum setting setting);

/* The settings as they hold for one login user: its [user NAME] section over everybody's. A section
 * that names a source of keys has only the sources it names: everybody's keys are not let in there.
 */
struct settings settings_for_user(const struct settings *settings, const char *user);

#endif
