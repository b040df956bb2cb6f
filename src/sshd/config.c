#include "sshd/config.h"

#include "base/buf.h"
#include "sshd/embedded.h"

#include <ctype.h>
#include <string.h>

/* templates/sshd_config, made into a string by the Makefile. */
static const char template[] =
#include "template_sshd_config.h"
    ;

/* sshd ends a session that would have a thousand variables, its own and the client's included. */
enum { NAMED_VARIABLES = 5, SET_ENV_MOST = 950 };

struct placeholder {
	const char *name;
	const char *const *values;
};

static bool
at_least(const struct config *config, int major, int minor)
{
	return config->major > major || (config->major == major && config->minor >= minor);
}

/* A list of one, or of none where the value is NULL or "". */
static const char *const *
one(struct arena *arena, const char *value)
{
	const char **list = arena_alloc(arena, 2, sizeof(*list));

	list[0] = value != NULL && value[0] != '\0' ? value : NULL;
	return list;
}

/* A word of a configuration line, quoted where it holds a blank. */
static const char *
quoted_path(struct arena *arena, const char *path)
{
	if (path == NULL || strpbrk(path, " \t") == NULL)
		return path;
	return arena_printf(arena, "\"%s\"", path);
}

/* ---- SetEnv for an sshd that is not ours --------------------------------------------------- */

static bool
is_name(const char *variable)
{
	size_t len = strcspn(variable, "=");

	if (len == 0 || isdigit((unsigned char)variable[0]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)variable[i]) && variable[i] != '_')
			return false;
	return true;
}

/* Adds one word NAME="value". False where this sshd's grammar cannot say it: a line end never, and
 * quotes and backslashes only since words are split as a shell does (8.7). */
static bool
add_variable(struct buf *line, const struct config *config, const char *variable)
{
	bool escapes = at_least(config, 8, 7);

	if (!is_name(variable) || strpbrk(variable, "\r\n") != NULL)
		return false;
	if (!escapes && strchr(variable, '"') != NULL)
		return false;
	if (line->len > 0)
		buf_putc(line, ' ');
	buf_putc(line, '"');
	for (const char *c = variable; *c != '\0'; c++) {
		if (escapes && (*c == '"' || *c == '\\'))
			buf_putc(line, '\\');
		buf_putc(line, *c);
	}
	buf_putc(line, '"');
	return true;
}

static const char *
set_env(struct arena *arena, const struct config *config, struct findings *findings)
{
	struct buf line = buf_new(arena), lost = buf_new(arena);
	const char *const *variable = config->variables;
	size_t n = 0, carried = 0;

	if (config->embedded) {
		if (config->session_env == NULL || config->session_env[0] == '\0')
			return "";
		return arena_printf(arena, "%s=%s", EMBEDDED_SESSION_ENV, config->session_env);
	}
	for (; variable != NULL && *variable != NULL; variable++) {
		if (carried < SET_ENV_MOST && add_variable(&line, config, *variable)) {
			carried++;
			continue;
		}
		if (n++ < NAMED_VARIABLES)
			buf_printf(&lost, "%s%.*s", n > 1 ? ", " : "", (int)strcspn(*variable, "="),
			    *variable);
	}
	if (n > 0)
		finding_add(findings, WARNING, CODE_SESSION_ENV_LOST, "session-env", "%s%s",
		    lost.data, n > NAMED_VARIABLES ? ", ..." : "");
	return line.data;
}

/* ---- the template -------------------------------------------------------------------------- */

static const char *const *
values_of(const struct placeholder *placeholders, struct span name)
{
	for (; placeholders->name != NULL; placeholders++)
		if (span_is(name, placeholders->name))
			return placeholders->values;
	return NULL;
}

static void
add_line(struct buf *text, struct span line, const struct placeholder *placeholders)
{
	const char *open = memchr(line.data, '@', line.len);
	const char *close = open == NULL
	                        ? NULL
	                        : memchr(open + 1, '@', line.len - (size_t)(open + 1 - line.data));
	const char *const *value;

	if (line.len == 0 || line.data[0] == '#')
		return;
	if (close == NULL) {
		buf_add(text, line.data, line.len);
		buf_putc(text, '\n');
		return;
	}
	value = values_of(placeholders, (struct span){ open + 1, (size_t)(close - open - 1) });
	for (; value != NULL && *value != NULL; value++) {
		buf_add(text, line.data, (size_t)(open - line.data));
		buf_puts(text, *value);
		buf_add(text, close + 1, (size_t)(line.data + line.len - close - 1));
		buf_putc(text, '\n');
	}
}

struct span
config_text(struct arena *arena, const struct config *config, struct findings *findings)
{
	const bool system = !config->embedded;
	const struct placeholder placeholders[] = {
		{ "PORT", config->ports },
		{ "ADDRESS", config->addresses },
		{ "USER", config->users },
		{ "HOST_KEY", one(arena, quoted_path(arena, config->host_key)) },
		{ "HOST_CERTIFICATE", one(arena, quoted_path(arena, config->host_certificate)) },
		{ "SSHD_SESSION", one(arena, config->session) },
		{ "SSHD_AUTH", one(arena, config->auth) },
		{ "KEYS_FILE", one(arena, config->keys_file) },
		{ "STRICT_MODES", one(arena, config->strict_modes ? "yes" : "no") },
		{ "USER_CA", one(arena, quoted_path(arena, config->user_ca)) },
		{ "PRINCIPALS_FILE", one(arena, quoted_path(arena, config->principals_file)) },
		{ "REVOKED_KEYS", one(arena, quoted_path(arena, config->revoked_keys)) },
		{ "PAM", one(arena, system ? "no" : "") },
		{ "LAST_LOG", one(arena, system ? "no" : "") },
		{ "PENALTIES", one(arena, at_least(config, 9, 8) ? "no" : "") },
		{ "SESSION_ENV", one(arena, set_env(arena, config, findings)) },
		{ NULL, NULL },
	};
	struct buf text = buf_new(arena);

	for (const char *line = template; *line != '\0';) {
		size_t len = strcspn(line, "\n");

		add_line(&text, (struct span){ line, len }, placeholders);
		line += len + (line[len] == '\n');
	}
	return (struct span){ text.data, text.len };
}
