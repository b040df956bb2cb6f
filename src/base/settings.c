#include "base/settings.h"

#include "base/distance.h"

#include <bsd/stdlib.h>
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* As many letters of a name may be wrong for it to be suggested. */
enum { TYPOS_MOST = 3 };

enum kind { FLAG, WORD, NUMBER, WAIT, PORTS, CODES, SIGNAL, LIST, LINE, TEXT };

static const struct {
	const char *name;
	enum kind kind;
	const char *fallback, *values, *meaning;
} table[SET_COUNT] = {
#define SETTING(id, name, kind, fallback, values, meaning)                                         \
	[SET_##id] = { name, kind, fallback, values, meaning },
#include "base/settings.def"
#undef SETTING
};

static const char env_prefix[] = "SSHINIT_";

/* ---- kinds: what is a value ---------------------------------------------------------------- */

/* 1 for yes, 0 for no, -1 for neither. */
static int
flag_value(const char *value)
{
	static const char *const words[][2]
	    = { { "no", "yes" }, { "false", "true" }, { "off", "on" }, { "0", "1" } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		for (int on = 0; on < 2; on++)
			if (strcasecmp(value, words[i][on]) == 0)
				return on;
	return -1;
}

static bool
is_number(const char *value, long long low, long long high)
{
	const char *wrong = NULL;

	if (!isdigit((unsigned char)value[0]))
		return false;
	(void)strtonum(value, low, high, &wrong);
	return wrong == NULL;
}

/* Whether value stands among the words of "a|b|c". */
static bool
is_one_of(const char *value, const char *words)
{
	size_t len = strlen(value);

	for (const char *word = words; *word != '\0';) {
		size_t n = strcspn(word, "|");

		if (n == len && strncasecmp(word, value, n) == 0)
			return true;
		word += n + (word[n] == '|');
	}
	return false;
}

/* The words of a list, separated by commas or white space. */
static const char **
split(struct arena *arena, const char *text)
{
	static const char gaps[] = ", \t\r\n";
	const char **words = arena_alloc(arena, strlen(text) / 2 + 2, sizeof(*words));
	size_t n = 0;

	for (text += strspn(text, gaps); *text != '\0'; text += strspn(text, gaps)) {
		size_t len = strcspn(text, gaps);

		words[n++] = arena_strndup(arena, text, len);
		text += len;
	}
	return words;
}

static const char *
check_ports(struct arena *arena, const char *value)
{
	const char **words = split(arena, value);
	size_t n = 0;

	if (words[0] == NULL)
		return "it needs at least one port";
	for (; words[n] != NULL; n++)
		if (!is_number(words[n], 1, 65535))
			return arena_printf(arena, "\"%s\" is not a port (1 to 65535)", words[n]);
	return n <= SETTINGS_PORTS_MOST ? NULL : "these are more than 16 ports";
}

/* A path or an address, which reaches the lines of configurations and commands. */
static const char *
check_line(enum setting setting, const char *value)
{
	/* These two stand in the commands that people paste. */
	if ((setting == SET_PUBLIC_HOST || setting == SET_JUMP)
	    && (value[0] == '-'
	        || value[strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                               "0123456789._:%[]@,+/-")]
	               != '\0'))
		return "it is no host";
	for (const char *c = value; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f || *c == '"')
			return "it must not hold quotes or control characters";
	return NULL;
}

static const char *
check_codes(struct arena *arena, const char *value)
{
	for (const char **word = split(arena, value); *word != NULL; word++)
		if (!is_number(*word, 0, 255))
			return arena_printf(arena, "\"%s\" is not an exit code (0 to 255)", *word);
	return NULL;
}

/* "TERM", "SIGTERM" or "15"; 0 where it is none. */
static int
signal_number(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} known[]
	    = { { "HUP", SIGHUP }, { "INT", SIGINT }, { "QUIT", SIGQUIT }, { "KILL", SIGKILL },
		      { "TERM", SIGTERM }, { "USR1", SIGUSR1 }, { "USR2", SIGUSR2 } };

	if (is_number(name, 1, SIGRTMAX))
		return (int)strtol(name, NULL, 10);
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcasecmp(name, known[i].name) == 0)
			return known[i].number;
	return 0;
}

/* Why value cannot be a value of setting, NULL when it can. */
static const char *
check_value(struct arena *arena, enum setting setting, const char *value)
{
	long long high = setting == SET_PUBLIC_PORT ? 65535 : 1000000;

	/* Its words would be paths or names, and shown as such. */
	if (table[setting].kind != TEXT && strstr(value, "PRIVATE KEY-") != NULL)
		return "it holds a private key, which belongs nowhere but on its owner's computer";
	switch (table[setting].kind) {
	case FLAG:
		return flag_value(value) >= 0 ? NULL : "it is yes or no";
	case WORD:
		if (is_one_of(value, table[setting].values))
			return NULL;
		return arena_printf(arena, "it is one of %s", table[setting].values);
	case NUMBER:
		if (is_number(value, 0, high)
		    || (value[0] == '\0' && table[setting].fallback[0] == '\0'))
			return NULL;
		return arena_printf(arena, "it is a whole number from 0 to %lld", high);
	case WAIT:
		if (flag_value(value) >= 0 || is_number(value, 0, 86400))
			return NULL;
		return "it is no, yes or a number of seconds";
	case PORTS:
		return check_ports(arena, value);
	case CODES:
		return check_codes(arena, value);
	case SIGNAL:
		return value[0] == '\0' || signal_number(value) != 0
		           ? NULL
		           : "it is a signal, as TERM or 15";
	case LINE:
		return check_line(setting, value);
	case LIST:
	case TEXT:
		return NULL;
	}
	return NULL;
}

/* ---- names -------------------------------------------------------------------------------- */

const char *
setting_name(enum setting setting)
{
	return table[setting].name;
}

const char *
setting_values(enum setting setting)
{
	return table[setting].values;
}

const char *
setting_default(enum setting setting)
{
	return table[setting].fallback;
}

const char *
setting_meaning(enum setting setting)
{
	return table[setting].meaning;
}

const char *
setting_variable(struct arena *arena, enum setting setting)
{
	char *name = arena_printf(arena, "%s%s", env_prefix, table[setting].name);

	for (char *c = name; *c != '\0'; c++)
		*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
	return name;
}

bool
setting_by_name(const char *name, enum setting *setting)
{
	for (int i = 0; i < SET_COUNT; i++)
		if (strcmp(table[i].name, name) == 0) {
			*setting = (enum setting)i;
			return true;
		}
	return false;
}

bool
setting_may_stand_alone(enum setting setting)
{
	return table[setting].kind == FLAG || table[setting].kind == WAIT;
}

bool
setting_takes_word(enum setting setting, const char *word)
{
	if (!setting_may_stand_alone(setting))
		return true;
	/* Only these: "true" and "1" could be the user's command. */
	return strcmp(word, "yes") == 0 || strcmp(word, "no") == 0
	       || (table[setting].kind == WAIT && is_number(word, 0, 86400));
}

const char *
setting_nearest(const char *name)
{
	const struct span word = span_of(name);
	const char *nearest = "";
	size_t best = TYPOS_MOST + 1;

	for (int i = 0; i < SET_COUNT; i++) {
		size_t distance = word_distance(word, table[i].name, TYPOS_MOST);

		if (distance < best && distance < word.len) {
			best = distance;
			nearest = table[i].name;
		}
	}
	return nearest;
}

/* ---- setting ------------------------------------------------------------------------------ */

struct settings
settings_new(struct arena *arena)
{
	struct settings settings = { .arena = arena };

	for (int i = 0; i < SET_COUNT; i++)
		settings.value[i] = table[i].fallback;
	return settings;
}

const char *
settings_set(struct settings *settings, enum setting setting, const char *value, enum origin origin)
{
	const char *wrong = check_value(settings->arena, setting, value);

	if (wrong != NULL)
		return wrong;
	settings->value[setting] = arena_strdup(settings->arena, value);
	settings->origin[setting] = origin;
	return NULL;
}

/* "SSHINIT_LOG_LEVEL=…" -> "log-level"; the caller knows that the prefix is there. */
static char *
name_of_variable(struct arena *arena, const char *variable)
{
	const char *start = variable + strlen(env_prefix);
	char *name = arena_strndup(arena, start, strcspn(start, "="));

	for (char *c = name; *c != '\0'; c++)
		*c = *c == '_' ? '-' : (char)tolower((unsigned char)*c);
	return name;
}

static void
read_variable(struct settings *settings, const char *variable, struct findings *findings)
{
	struct arena *arena = settings->arena;
	const char *value = variable + strcspn(variable, "=");
	const char *name = name_of_variable(arena, variable);
	const char *subject = arena_strndup(arena, variable, (size_t)(value - variable));
	enum setting setting;
	const char *wrong;

	/* SSHINIT_CONFIG is main's; SSHINIT_PATH is what pod/session_env gives to sessions. */
	if (*value == '\0' || strcmp(name, "config") == 0 || strcmp(name, "path") == 0)
		return;
	if (!setting_by_name(name, &setting)) {
		struct finding *f
		    = finding_add(findings, WARNING, CODE_SETTING_UNKNOWN, subject, NULL);
		const char *nearest = setting_nearest(name);

		if (setting_by_name(nearest, &setting))
			finding_fix(
			    findings, f, "did you mean %s?", setting_variable(arena, setting));
		return;
	}
	/* Compose files and templates pass on what is not set as empty. */
	if (value[1] == '\0' && table[setting].kind < LIST)
		return;
	wrong = settings_set(settings, setting, value + 1, FROM_ENVIRONMENT);
	if (wrong != NULL)
		finding_add(findings, WARNING, CODE_SETTING_VALUE, subject, "%s", wrong);
}

/* The names that linuxserver's images made known. They give way to our own. */
static void
read_conventional(struct settings *settings, const char *variable, struct findings *findings)
{
	static const struct {
		const char *name;
		enum setting setting;
	} known[] = { { "PUBLIC_KEY_FILE=", SET_KEYS_FILE }, { "PUBLIC_KEY_DIR=", SET_KEYS_DIR },
		{ "PUBLIC_KEY_URL=", SET_KEYS_URL } };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t len = strlen(known[i].name);
		enum setting setting = known[i].setting;
		const char *wrong = NULL;

		if (strncmp(variable, known[i].name, len) == 0 && variable[len] != '\0'
		    && settings->origin[setting] < FROM_ENVIRONMENT)
			wrong = settings_set(settings, setting, variable + len, FROM_ENVIRONMENT);
		if (wrong != NULL)
			finding_add(findings, WARNING, CODE_SETTING_VALUE,
			    arena_strndup(settings->arena, variable, len - 1), "%s", wrong);
	}
}

void
settings_read_environment(
    struct settings *settings, char *const *environment, struct findings *findings)
{
	for (char *const *variable = environment; *variable != NULL; variable++)
		if (strncmp(*variable, env_prefix, strlen(env_prefix)) == 0)
			read_variable(settings, *variable, findings);
	for (char *const *variable = environment; *variable != NULL; variable++)
		read_conventional(settings, *variable, findings);
}

/* A section that names one source of keys has only those it names. */
static void
drop_common_sources(struct settings *own, const struct user_section *section)
{
	static const enum setting sources[]
	    = { SET_KEYS_ENV, SET_KEYS_FILE, SET_KEYS_DIR, SET_KEYS_URL };
	const size_t count = sizeof(sources) / sizeof(sources[0]);
	bool names_one = false;

	for (size_t i = 0; i < count; i++)
		names_one = names_one || section->value[sources[i]] != NULL;
	for (size_t i = 0; i < count && names_one; i++)
		own->value[sources[i]] = "";
}

struct settings
settings_for_user(const struct settings *settings, const char *user)
{
	struct settings own = *settings;

	for (const struct user_section *section = settings->users; section != NULL;
	     section = section->next) {
		if (strcmp(section->name, user) != 0)
			continue;
		drop_common_sources(&own, section);
		for (int i = 0; i < SET_COUNT; i++)
			if (section->value[i] != NULL) {
				own.value[i] = section->value[i];
				own.origin[i] = FROM_FILE;
			}
	}
	return own;
}

/* ---- accessors ---------------------------------------------------------------------------- */

const char *
settings_text(const struct settings *settings, enum setting setting)
{
	return settings->value[setting];
}

bool
settings_flag(const struct settings *settings, enum setting setting)
{
	return flag_value(settings->value[setting]) == 1;
}

long
settings_number(const struct settings *settings, enum setting setting)
{
	const char *value = settings->value[setting];

	return *value == '\0' ? -1 : strtol(value, NULL, 10);
}

int
settings_signal(const struct settings *settings, enum setting setting)
{
	return signal_number(settings->value[setting]);
}

bool
settings_is(const struct settings *settings, enum setting setting, const char *word)
{
	return strcasecmp(settings->value[setting], word) == 0;
}

bool
settings_given(const struct settings *settings, enum setting setting)
{
	return settings->origin[setting] != FROM_DEFAULT;
}

const char **
settings_list(const struct settings *settings, enum setting setting)
{
	return split(settings->arena, settings->value[setting]);
}

const char *
settings_where(const struct settings *settings, enum setting setting)
{
	switch (settings->origin[setting]) {
	case FROM_FILE:
		return settings->file;
	case FROM_ARGUMENT:
		return arena_printf(settings->arena, "--%s", table[setting].name);
	case FROM_ENVIRONMENT:
		return setting_variable(settings->arena, setting);
	case FROM_DEFAULT:
		break;
	}
	return table[setting].name;
}
