/*
 * sshinit: reads the command line and does what it says.
 *
 *     key text --> keys --> account --> files --> sshd --> command
 *
 * The same binary is sshd and its helpers (sshd/embedded.h), the entrypoint (verbs/start.h) and
 * every --verb (verbs/).
 */
#include "base/environment.h"
#include "base/log.h"
#include "base/options.h"
#include "base/settings.h"
#include "init/exec.h"
#include "pod/context.h"
#include "sshd/embedded.h"
#include "verbs/certify.h"
#include "verbs/check.h"
#include "verbs/config_ssh.h"
#include "verbs/connect.h"
#include "verbs/help.h"
#include "verbs/keys.h"
#include "verbs/reload.h"
#include "verbs/start.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static const char default_config[] = "/etc/sshinit.ini";

/* What a start had made of the arguments when memory ran out. */
static char **rescued_command;

/* The first promise holds without memory too. */
static _Noreturn void
run_command_without_ssh(void)
{
	log_say(LOG_ERROR, "error: out of memory, so SSH is not started");
	if (rescued_command != NULL && rescued_command[0] != NULL)
		exit(command_exec(rescued_command));
	exit(1);
}

static enum log_level
log_level(const struct settings *settings)
{
	static const char *const names[] = { "quiet", "error", "warn", "info", "debug" };

	for (int level = LOG_QUIET; level <= LOG_DEBUG; level++)
		if (settings_is(settings, SET_LOG_LEVEL, names[level]))
			return (enum log_level)level;
	return LOG_INFO;
}

/* What is not an entrypoint is always one of these, so no command's name is shadowed. */
static const struct {
	const char *name;
	int (*run)(const struct verb_call *call);
} verbs[] = {
	{ "--check", verb_check },
	{ "--connect", verb_connect },
	{ "--keys", verb_keys },
	{ "--certify", verb_certify },
	{ "--config-ssh", verb_config_ssh },
	{ "--reload", verb_reload },
	{ "--help", verb_help },
	{ "-h", verb_help },
	{ "--version", verb_version },
	{ "--licenses", verb_licenses },
};

enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

static size_t
verb_of(const char *word)
{
	size_t verb = 0;

	while (verb < VERBS && strcmp(verbs[verb].name, word) != 0)
		verb++;
	return verb;
}

/* Reads the options into settings; the first word that is not one begins the command, or is a
 * verb. 0, or EXIT_USAGE after saying what is wrong. */
static int
take_options(struct settings *settings, const char **config, char **words, char ***rest)
{
	while (words[0] != NULL && words[0][0] == '-' && verb_of(words[0]) == VERBS) {
		const char *wrong = NULL;
		int taken = 1;

		if (strcmp(words[0], "--") == 0) {
			*rest = words + 1;
			return 0;
		}
		taken = options_take(settings, config, words, &wrong);
		if (taken == 0)
			return options_wrong(words[0], wrong);
		words += taken;
	}
	*rest = words;
	return 0;
}

/* Default, file, environment, arguments: later wins, so the arguments' result is laid over. */
static void
read_settings(struct settings *settings, const struct settings *arguments, const char *config,
    char *const *environment, struct findings *findings)
{
	if (config == NULL)
		config = environment_value(environment, "SSHINIT_CONFIG");
	settings_read_file(settings, config != NULL && config[0] != '\0' ? config : default_config,
	    config != NULL && config[0] != '\0', findings);
	settings_read_environment(settings, environment, findings);
	for (int i = 0; i < SET_COUNT; i++)
		if (arguments->origin[i] == FROM_ARGUMENT) {
			settings->value[i] = arguments->value[i];
			settings->origin[i] = FROM_ARGUMENT;
		}
}

int
main(int argc, char **argv)
{
	struct settings settings, arguments;
	struct findings findings;
	struct arena *arena;
	const char *config = NULL;
	char **rest = argv;
	size_t verb;
	int status = embedded_main(argc, argv);

	if (status >= 0)
		return status;
	command_guard();
	arena_exhausted = run_command_without_ssh;
	arena = arena_new();
	settings = settings_new(arena);
	arguments = settings_new(arena);
	findings = findings_new(arena);
	status = take_options(&arguments, &config, argv + (argc > 0), &rest);
	if (status != 0)
		return status;
	/* A word behind "--" is a command, whatever it looks like. */
	verb = rest[0] != NULL && strcmp(rest[-1], "--") != 0 ? verb_of(rest[0]) : VERBS;
	/* Behind a verb that has no help of its own. */
	for (char **word = rest; verb != VERBS && *word != NULL; word++)
		if (strcmp(*word, "--help") == 0 && verbs[verb].run != verb_config_ssh)
			verb = verb_of(*word);
	if (verb != VERBS) {
		/* A verb in a pod asks about the sshinit that runs there. */
		struct state state = state_find(arena);
		struct context context = context_load(arena, &state);
		char *const *environment
		    = context.environment != NULL ? context.environment : environ;
		const struct verb_call call = { .settings = &settings,
			.findings = &findings,
			.environment = environment,
			.ports = context.ports,
			.running = context.environment != NULL,
			.argc = (int)(argv + argc - rest),
			.argv = rest };

		read_settings(&settings, &arguments, config, environment, &findings);
		return verbs[verb].run(&call);
	}
	read_settings(&settings, &arguments, config, environ, &findings);
	log_set_level(log_level(&settings));
	rescued_command = rest;
	return start(&settings, &findings, config, rest);
}
