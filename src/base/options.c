#include "base/options.h"

#include <stdio.h>
#include <string.h>

static const char *const verbs[] = { "check", "connect", "keys", "config-ssh", "certify", "reload",
	"help", "version", "licenses", "config", "json", "identity" };

int
options_wrong(const char *word, const char *wrong)
{
	/* A private key in a wrong place is not repeated. */
	int shown
	    = (int)(strstr(word, "PRIVATE KEY-") != NULL ? strcspn(word, "= \n") : strlen(word));

	fprintf(stderr, "sshinit: %.*s: %s\n", shown, word, wrong);
	fputs("sshinit: sshinit --help lists all options\n", stderr);
	return EXIT_USAGE;
}

static const char *
unknown(struct arena *arena, const char *name)
{
	const char *nearest = setting_nearest(name);

	for (size_t i = 0; *nearest == '\0' && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strncmp(verbs[i], name, 3) == 0)
			nearest = verbs[i];
	if (*nearest == '\0')
		return "there is no such option";
	return arena_printf(arena, "there is no such option; did you mean --%s?", nearest);
}

int
options_take(struct settings *settings, const char **config, char **words, const char **wrong)
{
	struct arena *arena = settings->arena;
	const char *name = words[0] + 2, *value = strchr(words[0], '=');
	enum setting setting;
	int taken = 1;

	if (strcmp(words[0], "-e") == 0 && words[1] != NULL) {
		value = arena_printf(
		    arena, "%s,%s", settings_text(settings, SET_REMAP_EXIT), words[1]);
		*wrong = settings_set(settings, SET_REMAP_EXIT, value, FROM_ARGUMENT);
		return *wrong == NULL ? 2 : 0;
	}
	if (strncmp(words[0], "--", 2) != 0) {
		*wrong = "there is no such option";
		return 0;
	}
	name = arena_strndup(arena, name, value != NULL ? (size_t)(value - name) : strlen(name));
	if (value != NULL)
		value++;
	if (strcmp(name, "config") == 0) {
		*config = value != NULL ? value : words[1];
		*wrong = *config == NULL ? "a file must follow" : NULL;
		return *config == NULL ? 0 : value != NULL ? 1 : 2;
	}
	if (!setting_by_name(name, &setting)) {
		*wrong = unknown(arena, name);
		return 0;
	}
	if (value == NULL && words[1] != NULL && setting_takes_word(setting, words[1])) {
		value = words[1];
		taken = 2;
	}
	if (value == NULL && setting_may_stand_alone(setting))
		value = "yes";
	if (value == NULL) {
		*wrong = arena_printf(arena, "a value must follow: %s", setting_values(setting));
		return 0;
	}
	*wrong = settings_set(settings, setting, value, FROM_ARGUMENT);
	return *wrong == NULL ? taken : 0;
}
