#include "sshd/noshell.h"

#include "base/arena.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS = 1024, NOT_FOUND = 127, CANNOT_RUN = 126 };

static int
no_shell(const char *why)
{
	fprintf(stderr, "sshinit: this image has no shell, so %s.\n", why);
	fprintf(stderr, "sshinit: sftp, scp, port forwarding and single plain commands work; "
	                "for a shell add one to the image (busybox is enough).\n");
	return NOT_FOUND;
}

/* Takes the command apart at blanks; quotes and backslashes as a shell has them. False where it
 * needs more than that. words has room for WORDS. */
static bool
split(char *command, char **words)
{
	char *out = command, quote = '\0';
	bool in_word = false;
	size_t n = 0;

	for (const char *c = command; *c != '\0'; c++) {
		if (quote == '\0' && (*c == ' ' || *c == '\t')) {
			if (in_word)
				*out++ = '\0';
			in_word = false;
			continue;
		}
		if (!in_word) {
			if (n == WORDS - 1)
				return false;
			words[n++] = out;
			in_word = true;
		}
		if (quote != '\0' ? *c == quote : *c == '\'' || *c == '"')
			quote = quote != '\0' ? '\0' : *c;
		else if (*c == '\\' && quote != '\'' && c[1] != '\0')
			*out++ = *++c;
		else if (quote == '\0' && strchr("|&;<>()$`*?[#~\n{}", *c) != NULL)
			return false;
		else if (quote == '"' && (*c == '$' || *c == '`'))
			return false;
		else
			*out++ = *c;
	}
	*out = '\0';
	words[n] = NULL;
	return quote == '\0' && n > 0;
}

int
noshell_main(int argc, char **argv)
{
	struct arena *arena;
	char **words;
	int status;

	if (argc < 3 || strcmp(argv[1], "-c") != 0)
		return no_shell("nobody can work in it interactively");
	arena = arena_new();
	words = arena_alloc(arena, WORDS, sizeof(*words));
	if (!split(arena_strdup(arena, argv[2]), words)) {
		arena_free(arena);
		return no_shell("a command that needs one cannot run");
	}
	execvp(words[0], words);
	fprintf(stderr, "sshinit: %s: %s (this image has no shell)\n", words[0], strerror(errno));
	status = errno == ENOENT ? NOT_FOUND : CANNOT_RUN;
	arena_free(arena);
	return status;
}
