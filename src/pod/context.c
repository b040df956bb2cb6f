#include "pod/context.h"

#include "base/buf.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char context_name[] = "context";
static const char ports_name[] = "listening";
static const char worker_name[] = "worker";

enum { CONTEXT_LIMIT = 16 * 1024 * 1024, PORTS_LIMIT = 4096, PORTS_ROOM = 64 };

static bool
is_variable(const char *variable, const char *name)
{
	size_t len = strlen(name);

	return strncmp(variable, name, len) == 0 && variable[len] == '=';
}

/* Whether an option took this variable's place. */
static bool
is_overruled(const struct settings *settings, const char *variable)
{
	for (int i = 0; i < SET_COUNT; i++)
		if (settings->origin[i] == FROM_ARGUMENT
		    && is_variable(variable, setting_variable(settings->arena, (enum setting)i)))
			return true;
	return false;
}

int
context_save(const struct state *state, const struct settings *settings, const char *config,
    char *const *environment)
{
	struct arena *arena = settings->arena;
	struct buf text = buf_new(arena);

	for (; *environment != NULL; environment++)
		if (!is_overruled(settings, *environment)
		    && !(config != NULL && is_variable(*environment, "SSHINIT_CONFIG")))
			buf_add(&text, *environment, strlen(*environment) + 1);
	for (int i = 0; i < SET_COUNT; i++)
		if (settings->origin[i] == FROM_ARGUMENT) {
			buf_printf(&text, "%s=%s", setting_variable(arena, (enum setting)i),
			    settings->value[i]);
			buf_putc(&text, '\0');
		}
	if (config != NULL) {
		buf_printf(&text, "SSHINIT_CONFIG=%s", config);
		buf_putc(&text, '\0');
	}
	return file_replace(
	    state->fd, context_name, (struct span){ text.data, text.len }, 0600, NULL, false);
}

int
context_save_ports(const struct state *state, const long *ports)
{
	struct arena *arena;
	struct buf text;
	int result;

	if (ports == NULL)
		return unlinkat(state->fd, ports_name, 0);
	arena = arena_new();
	text = buf_new(arena);
	for (; *ports != 0; ports++)
		buf_printf(&text, "%ld\n", *ports);
	result = file_replace(
	    state->fd, ports_name, (struct span){ text.data, text.len }, 0600, NULL, false);
	arena_free(arena);
	return result;
}

int
context_save_worker(const struct state *state)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	return file_replace(
	    state->fd, worker_name, (struct span){ text, (size_t)len }, 0600, NULL, false);
}

long
context_worker(struct arena *arena, const struct state *state)
{
	struct span text, name;
	long worker;

	if (state->fd < 0 || file_read_own(arena, state->fd, worker_name, PORTS_LIMIT, &text) < 0)
		return -1;
	worker = strtol(text.data, NULL, 10);
	/* The file may be of the container's last run; a SIGHUP to whoever has that number now
	 * would end somebody's work. */
	if (file_read(
	        arena, AT_FDCWD, arena_printf(arena, "/proc/%ld/comm", worker), PORTS_LIMIT, &name)
	        == 0
	    && strcmp(name.data, "sshinit-worker\n") != 0)
		return -1;
	return worker;
}

static char **
split_environment(struct arena *arena, struct span text)
{
	char **environment;
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += text.data[i] == '\0';
	environment = arena_alloc(arena, n + 1, sizeof(*environment));
	n = 0;
	for (const char *next = text.data; next < text.data + text.len; next += strlen(next) + 1)
		environment[n++] = arena_strdup(arena, next);
	return environment;
}

struct context
context_load(struct arena *arena, const struct state *state)
{
	struct context context = { 0 };
	struct span text;
	size_t n = 0;

	if (state->fd < 0)
		return context;
	if (file_read_own(arena, state->fd, context_name, CONTEXT_LIMIT, &text) == 0)
		context.environment = split_environment(arena, text);
	if (file_read_own(arena, state->fd, ports_name, PORTS_LIMIT, &text) == 0) {
		char *next = arena_strndup(arena, text.data, text.len);

		context.ports = arena_alloc(arena, PORTS_ROOM + 1, sizeof(long));
		while (*next != '\0' && n < PORTS_ROOM
		       && (context.ports[n] = strtol(next, &next, 10)) != 0) {
			n++;
			next += strspn(next, "\n");
		}
		context.ports[n] = 0;
	}
	return context;
}
