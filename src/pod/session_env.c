#include "pod/session_env.h"

#include "base/buf.h"
#include "base/run.h"

#include <fnmatch.h>
#include <string.h>

/* They describe a session, or are sshinit's own: the container's values would be wrong there. */
static const char *const never[] = { "HOME", "USER", "LOGNAME", "SHELL", "PWD", "OLDPWD", "SHLVL",
	"TERM", "_", "SSH_*", "SSHINIT_*", "PUBLIC_KEY_FILE", "PUBLIC_KEY_DIR", "PUBLIC_KEY_URL" };

static bool
never_exported(const char *name, const char *const *key_variables)
{
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (fnmatch(never[i], name, 0) == 0)
			return true;
	for (; *key_variables != NULL; key_variables++)
		if (strcmp(*key_variables, name) == 0)
			return true;
	return false;
}

/* What session-env says of the variable name: patterns with a minus leave out; where there are
 * patterns without one, only what they match is in. The last that matches decides. */
static bool
wanted(const char *name, const char *const *patterns)
{
	bool in = true;

	for (const char *const *p = patterns; *p != NULL; p++)
		if ((*p)[0] != '-')
			in = false;
	for (; *patterns != NULL; patterns++) {
		bool out = (*patterns)[0] == '-';

		if (fnmatch(*patterns + out, name, 0) == 0)
			in = !out;
	}
	return in;
}

/* The variables with everybody's keys, and those with the keys of one user's section. */
static const char **
all_key_variables(struct arena *arena, const struct settings *settings)
{
	struct buf names = buf_new(arena);
	struct settings joined = *settings;

	buf_puts(&names, settings_text(settings, SET_KEYS_ENV));
	for (const struct user_section *user = settings->users; user != NULL; user = user->next)
		if (user->value[SET_KEYS_ENV] != NULL)
			buf_printf(&names, ",%s", user->value[SET_KEYS_ENV]);
	joined.value[SET_KEYS_ENV] = names.data;
	return settings_list(&joined, SET_KEYS_ENV);
}

/* Chooses among environment into chosen; how many. */
static size_t
choose(const char **chosen, struct arena *arena, const struct settings *settings,
    const struct settings *own, char *const *environment)
{
	const char **key_variables = all_key_variables(arena, settings);
	const char **patterns = settings_list(own, SET_SESSION_ENV);
	size_t n = 0;

	if (settings_is(own, SET_SESSION_ENV, "yes"))
		patterns[0] = NULL;
	for (; *environment != NULL; environment++) {
		size_t len = strcspn(*environment, "=");
		const char *name = arena_strndup(arena, *environment, len);

		if (len > 0 && (*environment)[len] == '=' && !never_exported(name, key_variables)
		    && wanted(name, patterns))
			chosen[n++] = *environment;
	}
	return n;
}

/* bin behind the chosen PATH, or behind the usual one; the same once more for the login shells
 * whose /etc/profile sets PATH anew (pod/profile). */
static size_t
add_path(const char **chosen, size_t n, struct arena *arena, const char *bin)
{
	size_t at = 0;

	while (at < n && strncmp(chosen[at], "PATH=", 5) != 0)
		at++;
	/* An empty PATH, with bin behind it, would mean the current directory. */
	if (at == n || chosen[at][5] == '\0')
		chosen[at] = arena_printf(arena, "PATH=%s", run_standard_path);
	n += at == n;
	if (bin[0] != '\0')
		chosen[at] = arena_printf(arena, "%s:%s", chosen[at], bin);
	/* In front: an sshd that cannot carry all leaves out the last ones. */
	memmove(chosen + 1, chosen, n * sizeof(*chosen));
	chosen[0] = arena_printf(arena, "SSHINIT_%s", chosen[at + 1]);
	return n + 1;
}

const char **
session_env_plan(struct arena *arena, const struct settings *settings, const char *user,
    char *const *environment, const char *bin)
{
	const struct settings own = settings_for_user(settings, user);
	const char **chosen;
	size_t n = 0;

	while (environment[n] != NULL)
		n++;
	chosen = arena_alloc(arena, n + 3, sizeof(*chosen));
	n = settings_is(&own, SET_SESSION_ENV, "no")
	        ? 0
	        : choose(chosen, arena, settings, &own, environment);
	n = add_path(chosen, n, arena, bin);
	chosen[n] = NULL;
	return chosen;
}

void
session_env_common(const char **variables, const char *const *others)
{
	size_t kept = 0;

	for (const char **v = variables; *v != NULL; v++)
		for (const char *const *o = others; *o != NULL; o++)
			if (strcmp(*v, *o) == 0) {
				variables[kept++] = *v;
				break;
			}
	variables[kept] = NULL;
}

struct span
session_env_text(struct arena *arena, const char *const *variables)
{
	struct buf text = buf_new(arena);

	for (; *variables != NULL; variables++)
		buf_add(&text, *variables, strlen(*variables) + 1);
	return (struct span){ text.data, text.len };
}
