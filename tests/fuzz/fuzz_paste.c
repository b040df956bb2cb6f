/*
 * keys/paste: any bytes at all. No crash; the counts add up; nothing that gets out holds a control
 * character or goes on for ever; what is accepted is accepted again as the line that is written for
 * it, as the same key; what is to be pasted instead is accepted when it is pasted.
 */
#include "fuzz/harness.h"

#include "keys/paste.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
must(int condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "broken: %s\n", what);
		abort();
	}
}

static void
must_be_plain(const char *text, size_t most)
{
	must(strlen(text) <= most, "a text is bounded");
	for (; *text != '\0'; text++)
		must((unsigned char)*text >= ' ' && *text != 0x7f,
		    "a text has no control characters");
}

static struct entries
read_text(struct arena *arena, struct span text, bool repair)
{
	struct entries entries = entries_new(arena);
	struct paste_rules rules = { .repair = repair, .now = 1763620000 };

	paste_read(&entries, "fuzz", text, &rules);
	return entries;
}

static void
must_be_canonical(struct arena *arena, const struct entry *entry)
{
	char *line = key_line(arena, entry->key);
	struct entries again = read_text(arena, span_of(line), false);

	for (const char *p = line; *p != '\0'; p++)
		must((unsigned char)*p >= ' ' || *p == '\t', "a line has no control characters");
	must(again.count[VERDICT_OK] == 1 && again.first->next == NULL, "the line is one key");
	must(strcmp(again.first->fingerprint, entry->fingerprint) == 0, "it is the same key");
	must(strcmp(key_line(arena, again.first->key), line) == 0, "the line is canonical");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct span text = { (const char *)data, size };
	struct entries entries = read_text(arena, text, true),
	               strict = read_text(arena, text, false);
	size_t counted[VERDICT_REFUSED + 1] = { 0 };

	must(entries.first != NULL, "there is always something to say");
	must(strict.count[VERDICT_REPAIRED] == 0, "nothing is repaired unasked");
	for (const struct entry *entry = entries.first; entry != NULL; entry = entry->next) {
		counted[entry->verdict]++;
		must((entry->key == NULL) == (entry->verdict == VERDICT_REFUSED),
		    "a key or a refusal");
		must((entry->code == CODE_NONE) == (entry->verdict == VERDICT_OK), "a code or ok");
		must_be_plain(entry->message, 1200);
		must_be_plain(entry->fix, 8000);
		for (const struct finding *f = entry->warnings.first; f != NULL; f = f->next)
			must_be_plain(f->message, 1200);
		if (entry->key != NULL)
			must_be_canonical(arena, entry);
		else if (strstr(entry->fix, " AAAA") != NULL)
			must(read_text(arena, span_of(entry->fix), false).count[VERDICT_OK] == 1,
			    "a fix works");
	}
	for (int verdict = VERDICT_OK; verdict <= VERDICT_REFUSED; verdict++)
		must(counted[verdict] == entries.count[verdict], "the counts add up");
	arena_free(arena);
	return 0;
}
