#include "sshd/logbook.h"

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "sshd/refusal_words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char log_name[] = "log";
static const char refusals_name[] = "refusals.json";

enum { LINE_ROOM = 4096, FILE_LIMIT = 256 * 1024 };

/* ---- the file "log" ------------------------------------------------------------------------ */

static void
open_log(struct logbook *logbook, const struct state *state)
{
	struct stat status;

	logbook->log = openat(
	    state->fd, log_name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (logbook->log < 0)
		return;
	if (fstat(logbook->log, &status) < 0 || !S_ISREG(status.st_mode)) {
		close(logbook->log);
		logbook->log = -1;
		return;
	}
	logbook->size = (size_t)status.st_size;
}

/* Keeps the newer half, from the beginning of a line on, in the same file: who reads it with
 * tail -F goes on reading. */
static void
rotate(struct logbook *logbook)
{
	char *half = malloc(LOGBOOK_LIMIT / 2);
	const char *begin;
	ssize_t len;

	if (half == NULL)
		return;
	len = pread(
	    logbook->log, half, LOGBOOK_LIMIT / 2, (off_t)logbook->size - LOGBOOK_LIMIT / 2);
	begin = len > 0 ? memchr(half, '\n', (size_t)len) : NULL;
	logbook->size = 0;
	if (begin != NULL) {
		size_t left = (size_t)(half + len - begin) - 1;

		if (pwrite(logbook->log, begin + 1, left, 0) == (ssize_t)left)
			logbook->size = left;
	}
	(void)ftruncate(logbook->log, (off_t)logbook->size);
	free(half);
}

/* With the time, and with control characters spelled out: cat shows this file on a terminal. */
static void
write_log(struct logbook *logbook, const char *text, time_t now)
{
	char line[LINE_ROOM];
	struct tm when;
	size_t used;
	ssize_t written;

	if (logbook->log < 0 || gmtime_r(&now, &when) == NULL)
		return;
	used = strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%SZ ", &when);
	for (; *text != '\0' && used + 6 < sizeof(line); text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c == 0x7f)
			used += (size_t)snprintf(line + used, sizeof(line) - used, "\\x%02x", c);
		else
			line[used++] = (char)c;
	}
	line[used++] = '\n';
	if (logbook->size + used > LOGBOOK_LIMIT)
		rotate(logbook);
	written = pwrite(logbook->log, line, used, (off_t)logbook->size);
	if (written > 0)
		logbook->size += (size_t)written;
}

/* ---- refusals ------------------------------------------------------------------------------ */

static void
tell(enum telling telling, const struct refusal *refusal, const struct plan *plan)
{
	struct arena *arena;

	if (telling == TELL_LIMIT)
		log_say(LOG_WARN, "%s: %s", code_sentence(CODE_REFUSED_MANY),
		    code_fix(CODE_REFUSED_MANY));
	if (telling != TELL_REFUSAL)
		return;
	arena = arena_new();
	log_say(LOG_WARN, "%s", refusal_line(arena, refusal, plan));
	arena_free(arena);
}

void
logbook_line(
    struct logbook *logbook, const char *text, const struct state *state, const struct plan *plan)
{
	const struct refusal *refusal = NULL;
	time_t now = time(NULL);
	enum telling telling;

	if (!logbook->open) {
		logbook->open = true;
		logbook->log = -1;
		if (state->fd >= 0) {
			open_log(logbook, state);
			logbook_load(&logbook->refusals, state);
		}
	}
	write_log(logbook, text, now);
	telling = refusals_line(&logbook->refusals, text, now, &refusal);
	logbook->changed = logbook->changed || refusal != NULL;
	tell(telling, refusal, plan);
}

/* ---- the file "refusals.json" --------------------------------------------------------------- */

static json_t *
refusal_json(const struct refusal *r)
{
	return json_pack("{s:s, s:i, s:i, s:I, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s}", "code",
	    code_name(r->code), "reason", (int)r->reason, "keys", (int)r->keys, "count",
	    (json_int_t)r->count, "first", (json_int_t)r->first, "last", (json_int_t)r->last,
	    "address", r->address, "user", r->user, "type", r->type, "fingerprint", r->fingerprint,
	    "authority", r->authority, "detail", r->detail);
}

void
logbook_save(struct logbook *logbook, const struct state *state)
{
	json_t *array;

	logbook->changed = false;
	if (state->fd < 0)
		return;
	array = json_array();
	for (size_t i = 0; i < REFUSALS_MOST; i++)
		if (logbook->refusals.list[i].code != CODE_NONE)
			(void)json_array_append_new(
			    array, refusal_json(&logbook->refusals.list[i]));
	(void)json_save(state->fd, refusals_name, array, 0600);
}

static enum code
code_by_name(const char *name)
{
	for (int code = CODE_REFUSED_KEY; code < CODE_REFUSED_MANY; code++)
		if (strcmp(code_name((enum code)code), name) == 0)
			return (enum code)code;
	return CODE_NONE;
}

static void
get_text(const json_t *object, const char *name, char *field, size_t size)
{
	const char *value = json_string_value(json_object_get(object, name));

	snprintf(field, size, "%s", value != NULL ? value : "");
}

static json_int_t
get_number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

void
logbook_load(struct refusals *refusals, const struct state *state)
{
	struct arena *arena = arena_new();
	struct span text;
	json_t *array = NULL;

	if (file_read_own(arena, state->fd, refusals_name, FILE_LIMIT, &text) == 0)
		array = json_loadb(text.data, text.len, 0, NULL);
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *object = json_array_get(array, i);
		const char *code = json_string_value(json_object_get(object, "code"));
		struct refusal r = { .code = code != NULL ? code_by_name(code) : CODE_NONE,
			.reason = (enum reason)get_number(object, "reason"),
			.keys = (unsigned)get_number(object, "keys"),
			.count = (unsigned long)get_number(object, "count"),
			.first = get_number(object, "first"),
			.last = get_number(object, "last") };

		if (r.code == CODE_NONE)
			continue;
		get_text(object, "address", r.address, sizeof(r.address));
		get_text(object, "user", r.user, sizeof(r.user));
		get_text(object, "type", r.type, sizeof(r.type));
		get_text(object, "fingerprint", r.fingerprint, sizeof(r.fingerprint));
		get_text(object, "authority", r.authority, sizeof(r.authority));
		get_text(object, "detail", r.detail, sizeof(r.detail));
		refusals_restore(refusals, &r);
	}
	json_decref(array);
	arena_free(arena);
}
