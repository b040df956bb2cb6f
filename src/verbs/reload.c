#include "verbs/reload.h"

#include "base/file.h"
#include "base/options.h"
#include "pod/context.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { FAILED = 1, PATIENCE = 100, STEP_NS = 50000000, STATUS_LIMIT = 64 * 1024 * 1024 };

/* The status file changes its inode each time it is written. */
static ino_t
status_inode(const struct state *state)
{
	struct stat status;

	return fstatat(state->fd, "status.json", &status, AT_SYMLINK_NOFOLLOW) == 0 ? status.st_ino
	                                                                            : 0;
}

static void
print_result(struct arena *arena, const struct state *state)
{
	struct span text;
	json_t *object;
	size_t refused = 0, good = 0, i;
	json_t *entry;

	if (file_read_own(arena, state->fd, "status.json", STATUS_LIMIT, &text) < 0)
		return;
	object = json_loadb(text.data, text.len, 0, NULL);
	json_array_foreach(json_object_get(object, "entries"), i, entry)
	{
		const char *verdict = json_string_value(json_object_get(entry, "verdict"));

		if (verdict != NULL && strcmp(verdict, "refused") == 0)
			refused++;
		else
			good++;
	}
	printf("reloaded: %zu usable, %zu refused; sshinit --check says more\n", good, refused);
	json_decref(object);
}

int
verb_reload(const struct verb_call *call)
{
	struct arena *arena = call->settings->arena;
	struct state state = state_find(arena);
	long worker = context_worker(arena, &state);
	ino_t before;

	if (call->argc > 1)
		return options_wrong(call->argv[1], "--reload takes nothing");
	if (state.fd < 0 && state_of_root(arena, "worker") != NULL) {
		fprintf(stderr, "sshinit: %s\nsshinit:   fix: %s\n", code_sentence(CODE_OF_ROOT),
		    code_fix(CODE_OF_ROOT));
		return FAILED;
	}
	if (worker <= 0 || kill((pid_t)worker, 0) < 0) {
		fprintf(stderr, "sshinit: no sshinit of this user runs here%s%s\n",
		    worker > 0 ? ": " : "", worker > 0 ? strerror(errno) : "");
		return FAILED;
	}
	before = status_inode(&state);
	if (kill((pid_t)worker, SIGHUP) < 0) {
		fprintf(stderr, "sshinit: %s\n", strerror(errno));
		return FAILED;
	}
	for (int i = 0; i < PATIENCE; i++) {
		if (status_inode(&state) != before) {
			print_result(arena, &state);
			return 0;
		}
		nanosleep(&(struct timespec){ .tv_nsec = STEP_NS }, NULL);
	}
	fputs("sshinit: the running sshinit did not answer within five seconds\n", stderr);
	return FAILED;
}
