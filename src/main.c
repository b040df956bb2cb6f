/*
 * sshinit: reads the command line and does what it says.
 *
 *     key text --> keys --> account --> files --> sshd --> command
 *
 * The same binary is sshd and its helpers (sshd/embedded.h), the entrypoint (verbs/start.h) and
 * every --verb (verbs/). To read on: verbs/start.c is a start, init/ssh.c what happens beside the
 * command, sshd/plan.c the way from key text to a running sshd.
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

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static const char default_config[] = "/etc/sshinit.ini";

/* ---- without memory ------------------------------------------------------------------------ */

/* The user's command, once it is known; NULL while a verb runs. */
static char **rescued_command;

/* Out of memory: the command runs all the same, only without SSH. */
static _Noreturn void
run_command_without_ssh(void)
{
	log_say(LOG_ERROR, "error: out of memory, so SSH is not started");
	if (rescued_command != NULL && rescued_command[0] != NULL)
		exit(command_exec(rescued_command));
	exit(1);
}

/* ---- the command line ---------------------------------------------------------------------- */

/* What is not an entrypoint is always one of these, so no command's name is shadowed. */
static const struct verb {
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

/* The verb of that name; NULL where word is none, or NULL itself. */
static const struct verb *
find_verb(const char *word)
{
	for (size_t i = 0; word != NULL && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, word) == 0)
			return &verbs[i];
	return NULL;
}

struct command_line {
	struct settings settings; /* those that options have set, over defaults */
	const char *config;       /* --config FILE, or NULL */
	const struct verb *verb;  /* or NULL: a start */
	char **rest;              /* the verb and its words, or the user's command */
};

/* Takes the options in front. The first word that is not one is a verb, or begins the command; a
 * word behind "--" is a command, whatever it looks like. 0, or EXIT_USAGE after saying what is
 * wrong. */
static int
read_command_line(struct command_line *line, char **words)
{
	bool dashes = false;

	while (!dashes && words[0] != NULL && words[0][0] == '-' && find_verb(words[0]) == NULL) {
		const char *wrong = NULL;
		int taken = 1;

		dashes = strcmp(words[0], "--") == 0;
		if (!dashes)
			taken = options_take(&line->settings, &line->config, words, &wrong);
		if (taken == 0)
			return options_wrong(words[0], wrong);
		words += taken;
	}
	line->verb = dashes ? NULL : find_verb(words[0]);
	/* --help behind a verb that has no help of its own. */
	for (char **word = words; line->verb != NULL && *word != NULL; word++)
		if (strcmp(*word, "--help") == 0 && line->verb->run != verb_config_ssh)
			line->verb = find_verb(*word);
	line->rest = words;
	return 0;
}

/* ---- settings ------------------------------------------------------------------------------ */

/* All of them: default, file, environment, options; later wins. */
static struct settings
read_settings(struct arena *arena, const struct command_line *line, char *const *environment,
    struct findings *findings)
{
	struct settings settings = settings_new(arena);
	const char *config = line->config;

	if (config == NULL)
		config = environment_value(environment, "SSHINIT_CONFIG");
	if (config != NULL && config[0] != '\0')
		settings_read_file(&settings, config, true, findings);
	else
		settings_read_file(&settings, default_config, false, findings);
	settings_read_environment(&settings, environment, findings);
	for (int i = 0; i < SET_COUNT; i++)
		if (line->settings.origin[i] == FROM_ARGUMENT) {
			settings.value[i] = line->settings.value[i];
			settings.origin[i] = FROM_ARGUMENT;
		}
	return settings;
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

/* ---- the two things to do ------------------------------------------------------------------ */

static int
run_verb(struct arena *arena, const struct command_line *line)
{
	struct findings findings = findings_new(arena);
	struct state state = state_find(arena);
	struct context context = context_load(arena, &state);
	/* A verb in a pod asks about the sshinit that runs there, and so goes by its environment.
	 */
	const bool running = context.environment != NULL;
	char *const *environment = running ? context.environment : environ;
	struct settings settings = read_settings(arena, line, environment, &findings);
	struct verb_call call = { .settings = &settings,
		.findings = &findings,
		.environment = environment,
		.ports = context.ports,
		.running = running,
		.argv = line->rest };

	while (call.argv[call.argc] != NULL)
		call.argc++;
	return line->verb->run(&call);
}

static int
run_start(struct arena *arena, const struct command_line *line)
{
	struct findings findings = findings_new(arena);
	struct settings settings = read_settings(arena, line, environ, &findings);

	log_set_level(log_level(&settings));
	rescued_command = line->rest;
	return start(&settings, &findings, line->config, line->rest);
}

int
main(int argc, char **argv)
{
	struct command_line line = { 0 };
	struct arena *arena;
	int status = embedded_main(argc, argv);

	if (status >= 0)
		return status;
	command_guard();
	arena_exhausted = run_command_without_ssh;
	arena = arena_new();
	line.settings = settings_new(arena);
	/* An empty argv, which execve(2) allows, ends where it begins. */
	status = read_command_line(&line, argv + (argc > 0));
	if (status != 0)
		return status;
	return line.verb != NULL ? run_verb(arena, &line) : run_start(arena, &line);
}
