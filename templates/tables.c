/*
 * tables: what the documents say of settings and mistakes, made from the tables in src/base.
 *
 *     tables FILE     prints FILE with each part between "BEGIN table NAME [WORD...]" and "END
 * table" made anew; the two marker lines may be comments of any kind
 *
 * `make docs` runs it over the man page, the README and sshinit.ini; a test fails when one of them
 * is not what it would print. NAME is one of: settings-man, settings-ini, settings-md, codes-man,
 * and codes-md, which shows the codes that the WORDs name, in that order; a fix is written out once
 * where neighbours share it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name, *fallback, *values, *meaning;
} settings[] = {
#define SETTING(id, name, kind, fallback, values, meaning) { name, fallback, values, meaning },
#include "base/settings.def"
};

static const struct {
	const char *name, *sentence, *fix;
} codes[] = {
#define CODE(id, name, sentence, fix) { name, sentence, fix },
#include "base/codes.def"
};

enum {
	SETTINGS = sizeof(settings) / sizeof(settings[0]),
	CODES = sizeof(codes) / sizeof(codes[0])
};

/* Text for a line of mdoc: no request at its start, no escape in it, no dash made typographic. */
static void
put_man(const char *text)
{
	if (*text == '.' || *text == '\'')
		printf("\\&");
	for (; *text != '\0'; text++)
		if (*text == '\\')
			printf("\\e");
		else if (*text == '-')
			printf("\\-");
		else
			putchar(*text);
}

static void
put_md(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '|' || *text == '<' || *text == '*')
			printf("\\%c", *text);
		else
			putchar(*text);
}

/* A long list of names may break where it has commas. */
static void
put_list(const char *list)
{
	for (; *list != '\0'; list++)
		printf(*list == ',' ? "%c " : "%c", *list);
}

static void
settings_man(char *words)
{
	(void)words;
	for (size_t i = 0; i < SETTINGS; i++) {
		printf(".It Cm %s Ns = Ns Ar ", settings[i].name);
		put_man(settings[i].values);
		putchar('\n');
		put_man(settings[i].meaning);
		printf(".\n");
		if (settings[i].fallback[0] != '\0') {
			printf("Default:\n");
			put_list(settings[i].fallback);
			printf(".\n");
		}
	}
}

static void
settings_ini(char *words)
{
	(void)words;
	for (size_t i = 0; i < SETTINGS; i++)
		printf("\n; %s\n; %s\n;%s =%s%s\n", settings[i].meaning, settings[i].values,
		    settings[i].name, settings[i].fallback[0] != '\0' ? " " : "",
		    settings[i].fallback);
}

static void
settings_md(char *words)
{
	(void)words;
	printf("| setting | default | values | meaning |\n| --- | --- | --- | --- |\n");
	for (size_t i = 0; i < SETTINGS; i++) {
		printf("| `%s` | ", settings[i].name);
		put_list(settings[i].fallback);
		printf(" | ");
		put_md(settings[i].values);
		printf(" | ");
		put_md(settings[i].meaning);
		printf(" |\n");
	}
}

static void
codes_man(char *words)
{
	(void)words;
	for (size_t i = 0; i < CODES; i++) {
		printf(".It Sy %s\n", codes[i].name);
		put_man(codes[i].sentence);
		printf(".\n");
		if (codes[i].fix[0] != '\0') {
			printf("Fix:\n");
			put_man(codes[i].fix);
			printf(".\n");
		}
	}
}

static void
code_md(const char *name)
{
	static const char *above = "";

	for (size_t i = 0; i < CODES; i++)
		if (strcmp(codes[i].name, name) == 0) {
			printf("| `%s` | ", name);
			put_md(codes[i].sentence);
			printf(" | ");
			put_md(strcmp(codes[i].fix, above) == 0 ? "the same" : codes[i].fix);
			printf(" |\n");
			above = codes[i].fix;
			return;
		}
	fprintf(stderr, "tables: there is no code %s\n", name);
	exit(1);
}

static void
codes_md(char *words)
{
	printf("| code | what is wrong | what to do |\n| --- | --- | --- |\n");
	for (char *word = strtok(words, " \n"); word != NULL; word = strtok(NULL, " \n"))
		if (strcmp(word, "-->") != 0)
			code_md(word);
}

static const struct {
	const char *name;
	void (*print)(char *words);
} tables[] = {
	{ "settings-man", settings_man },
	{ "settings-ini", settings_ini },
	{ "settings-md", settings_md },
	{ "codes-man", codes_man },
	{ "codes-md", codes_md },
};

static int
print_table(const char *name)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		size_t length = strlen(tables[i].name);

		if (strncmp(name, tables[i].name, length) == 0
		    && strchr(" \n", name[length]) != NULL) {
			char *words = strdup(name + length);

			tables[i].print(words);
			free(words);
			return 0;
		}
	}
	fprintf(stderr, "tables: there is no table %s", name);
	return 1;
}

int
main(int argc, char **argv)
{
	static const char begin[] = "BEGIN table ";
	char line[4096];
	int inside = 0, status = 0;
	FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;

	if (file == NULL) {
		fprintf(stderr, "usage: tables FILE\n");
		return 64;
	}
	while (status == 0 && fgets(line, sizeof(line), file) != NULL) {
		const char *name = strstr(line, begin);

		if (strstr(line, "END table") != NULL)
			inside = 0;
		if (!inside)
			fputs(line, stdout);
		if (name != NULL) {
			inside = 1;
			status = print_table(name + strlen(begin));
		}
	}
	fclose(file);
	if (inside)
		fprintf(stderr, "tables: %s: BEGIN without END\n", argv[1]);
	return inside ? 1 : status;
}
