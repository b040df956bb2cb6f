/*
 * Entries and what they say. Nothing of the input gets into a message but through chars_show.
 */
#include "keys/chars.h"
#include "keys/fingerprint.h"
#include "keys/reader.h"

#include <stdlib.h>

enum { SHOWN = 60, LONG_LINE = 3000, SOON = 14 * 24 * 3600 };

static struct entry *
add_entry(struct reader *reader, enum verdict verdict, enum code code)
{
	struct entries *entries = reader->entries;
	struct entry *entry = arena_alloc(reader->keep, 1, sizeof(*entry));

	*entry = (struct entry){ .source = reader->source,
		.line = reader->line,
		.verdict = verdict,
		.code = code,
		.message = code_sentence(code),
		.fix = code_fix(code),
		.warnings = findings_new(reader->keep),
		.type = "",
		.fingerprint = "",
		.comment = "" };
	entries_append(entries, entry);
	return entry;
}

static void
warn(struct reader *reader, struct entry *entry, enum code code, const char *detail)
{
	if (detail == NULL)
		finding_add(&entry->warnings, WARNING, code, reader->source, NULL);
	else
		finding_add(&entry->warnings, WARNING, code, reader->source, "%s", detail);
}

/* Keys printed in documents, by fingerprint. */
static bool
is_example(const char *fingerprint)
{
	static const char *const examples[] = {
		"SHA256:vURoX8c5f9jk2VAqkdDhsG8VkEiNtNS7dVs/Y9t2vtQ", /* RunPod's API reference */
		"SHA256:1M4RzhMyWuFS/86uPY/ce2prh/dVTHW7iD2RhpquOZA", /* Vagrant; its private half
		                                                         is public */
		"SHA256:MkYY9qiVsFGBC5WkjoClCkwEFW5iSjcGQF7m4n4H7Cw", /* left behind by intruders
		                                                         (mdrfckr) */
		"SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU", /* github.com's own host key
		                                                       */
	};

	for (size_t i = 0; i < sizeof(examples) / sizeof(*examples); i++)
		if (strcmp(fingerprint, examples[i]) == 0)
			return true;
	return false;
}

/* What the comment of a key tells about how it was pasted. */
static void
warn_comment(struct reader *reader, struct entry *entry, struct span comment)
{
	size_t len, quotes = 0;
	bool odd = false;

	for (size_t i = 0; i < comment.len; i += len) {
		enum char_class class = char_at(span_skip(comment, i), &len, NULL);

		odd |= class == CHAR_INVISIBLE || class == CHAR_BYTE || class == CHAR_BREAK
		       || class == CHAR_SPACE;
		quotes += comment.data[i] == '"';
	}
	if (odd)
		warn(reader, entry, CODE_NON_ASCII, "in the comment");
	len = comment.len;
	if (len > 0
	    && ((comment.data[len - 1] == '"' && quotes % 2 == 1)
	        || (memchr("'`", comment.data[len - 1], 2) != NULL
	            && memchr(comment.data, comment.data[len - 1], len - 1) == NULL)))
		warn(reader, entry, CODE_QUOTED, "one is left at the end of the comment");
	if (len > 3 && comment.data[len - 1] == '>'
	    && (span_find_nocase(comment, "<br") < len || span_find(comment, "</") < len))
		warn(reader, entry, CODE_HTML_TAGS, "one is left at the end of the comment");
	if (len > 1 && comment.data[len - 2] == '\\'
	    && memchr("nr", comment.data[len - 1], 2) != NULL)
		warn(reader, entry, CODE_LITERAL_NEWLINE, "it is left at the end of the comment");
}

static void
warn_key(struct reader *reader, struct entry *entry, const struct reading *reading)
{
	const struct options *options = &reading->options;

	if (reading->facts.type->kind == KIND_RSA && reading->facts.bits < 2048)
		warn(reader, entry, CODE_WEAK_RSA,
		    arena_printf(reader->arena, "%u", reading->facts.bits));
	if (reading->type != reading->facts.type)
		warn(reader, entry, CODE_TYPE_ODD,
		    arena_printf(reader->arena, "%s instead of %s", reading->type->name,
		        reading->type->inner));
	if (options->empty)
		warn(reader, entry, CODE_OPTION_EMPTY, NULL);
	if (options->command)
		warn(reader, entry, CODE_FORCED_COMMAND, NULL);
	if (options->expires != 0 && options->expires - reader->rules->now < SOON)
		warn(reader, entry, CODE_EXPIRES_SOON, NULL);
	if (strlen(key_line(reader->arena, entry->key)) > LONG_LINE)
		warn(reader, entry, CODE_LONG_LINE, NULL);
	if (is_example(entry->fingerprint))
		warn(reader, entry, CODE_EXAMPLE_KEY, NULL);
	warn_comment(reader, entry, reading->comment);
}

/* The line as somebody reads it: blob shortened to its ends. */
static char *
show_line(struct arena *arena, const struct key *key)
{
	size_t len = strlen(key->blob);

	return arena_printf(arena, "%s%s%s %.12s...%s%s%s",
	    chars_show(arena, span_of(key->options), SHOWN), *key->options == '\0' ? "" : " ",
	    key->type, key->blob, key->blob + (len > 8 ? len - 8 : 0),
	    *key->comment == '\0' ? "" : " ", chars_show(arena, span_of(key->comment), SHOWN));
}

void
report_key(struct reader *reader, const struct reading *reading, const struct decorations *removed)
{
	struct arena *arena = reader->arena;
	struct decorations all = { 0 };
	enum code code;
	struct entry *entry;
	struct key *key = key_make(reader->keep, reading);

	if (reader->frame != CODE_NONE)
		decorate(&all, reader->frame);
	reader->frame = CODE_NONE;
	for (size_t i = 0; i < reader->around.n; i++)
		decorate(&all, reader->around.codes[i]);
	for (size_t i = 0; i < removed->n; i++)
		decorate(&all, removed->codes[i]);
	code = reader->refuse_as != CODE_NONE ? reader->refuse_as
	       : all.n > 0                    ? all.codes[0]
	                                      : CODE_NONE;
	if (reader->refuse_as != CODE_NONE || (code != CODE_NONE && !reader->rules->repair)) {
		report_refused(reader, code, &reading->facts, reading->bytes,
		    key_compose(arena, reading->list, key->type, span_of(key->blob),
		        reading->comment, reader->rules->now),
		    NULL);
		return;
	}
	entry = add_entry(reader, code == CODE_NONE ? VERDICT_OK : VERDICT_REPAIRED, code);
	entry->key = key;
	entry->type = key->type;
	entry->fingerprint = key->fingerprint;
	entry->comment = key->comment;
	entry->bits = key->bits;
	if (code != CODE_NONE)
		entry->message = arena_printf(reader->keep, "%s; removed, and read as: %s",
		    code_sentence(code), show_line(arena, key));
	for (size_t i = 1; i < all.n; i++)
		warn(reader, entry, all.codes[i], NULL);
	warn_key(reader, entry, reading);
}

void
report_more(struct reader *reader)
{
	reader->refused++;
	if (reader->more == NULL)
		reader->more = add_entry(reader, VERDICT_REFUSED, CODE_NOT_A_KEY);
	reader->more->message
	    = "more lines that are no usable keys stand here; they are not listed";
}

struct entry *
report_refused(struct reader *reader, enum code code, const struct blob *facts, struct bytes bytes,
    const char *fix, const char *detail, ...)
{
	struct entry *entry;

	if (code == CODE_NONE) /* a doubt that no room could name */
		code = CODE_NOT_A_KEY;
	if (reader->refused >= REFUSED_MAX && code != CODE_PRIVATE_KEY && code != CODE_PPK) {
		report_more(reader);
		return reader->more;
	}
	entry = add_entry(reader, VERDICT_REFUSED, code);
	reader->refused++;
	if (fix != NULL && *fix != '\0')
		entry->fix = arena_strdup(reader->keep, fix);
	if (facts != NULL && facts->type != NULL) {
		entry->type = facts->type->name;
		entry->bits = facts->bits;
		if (facts->need == bytes.len)
			entry->fingerprint = fingerprint_sha256(reader->keep, bytes);
	}
	if (detail != NULL) {
		va_list args;

		va_start(args, detail);
		entry->message = arena_printf(reader->keep, "%s: %s", code_sentence(code),
		    chars_show(
		        reader->arena, span_of(arena_vprintf(reader->arena, detail, args)), 300));
		va_end(args);
	}
	return entry;
}

/* Codes whose text may be shown: the others might be secrets. */
static bool
is_public(enum code code)
{
	return code != CODE_PRIVATE_KEY && code != CODE_PPK && code != CODE_PASSWORD
	       && code != CODE_TOKEN;
}

struct entry *
report_thing(struct reader *reader, enum code code, struct span text)
{
	struct entry *last = reader->entries->last;

	/* a page of prose is one mistake, not one per line */
	if (last != NULL && last != reader->before && code == CODE_NOT_A_KEY && last->code == code
	    && *last->type == '\0')
		return last;
	if (reader->refuse_as != CODE_NONE && code == CODE_NOT_A_KEY)
		return last;
	if (is_public(code) && text.len > 0 && code != CODE_HTML_PAGE && code != CODE_EMPTY)
		return report_refused(reader, code, NULL, (struct bytes){ 0 }, NULL, "%s",
		    chars_show(reader->arena, text, SHOWN));
	return report_refused(reader, code, NULL, (struct bytes){ 0 }, NULL, NULL);
}

void
report_private(struct reader *reader, enum code code, struct bytes public)
{
	struct blob facts = { 0 };
	struct entry *entry;

	if (reader->private ++ > REFUSED_MAX)
		return;
	if (public.len > 0)
		blob_read(public, &facts);
	entry
	    = report_refused(reader, code, facts.type != NULL ? &facts : NULL, public, NULL, NULL);
	if (*entry->fingerprint == '\0')
		return;
	entry->message = arena_printf(reader->keep, "%s: the one whose public half is %s",
	    code_sentence(code), entry->fingerprint);
	if (reader->leaks < sizeof(reader->leaked) / sizeof(*reader->leaked))
		reader->leaked[reader->leaks++] = entry->fingerprint;
}

/* A key whose private half was pasted beside it is known to others: it lets nobody in. */
static void
refuse_leaked(struct reader *reader, struct entry *entry)
{
	for (size_t i = 0; i < reader->leaks; i++) {
		if (entry->key == NULL || strcmp(entry->fingerprint, reader->leaked[i]) != 0)
			continue;
		reader->entries->count[entry->verdict]--;
		reader->entries->count[VERDICT_REFUSED]++;
		entry->verdict = VERDICT_REFUSED;
		entry->code = CODE_PRIVATE_KEY;
		entry->key = NULL;
		entry->message = arena_printf(reader->keep,
		    "%s: the private half of this key was pasted beside it",
		    code_sentence(CODE_PRIVATE_KEY));
		entry->fix = code_fix(CODE_PRIVATE_KEY);
		warn(reader, entry, CODE_PRIVATE_KEY, NULL);
	}
}

static size_t
hash(const char *text, size_t mask)
{
	size_t h = 5381;

	while (*text != '\0')
		h = h * 33 ^ (unsigned char)*text++;
	return (h ^ h >> 17) & mask;
}

/* Warns of keys that were there before. */
static void
find_duplicates(struct reader *reader)
{
	size_t mask = 15;
	const char **seen;
	bool fresh = reader->before == NULL;

	while (
	    mask
	    < 3 * (reader->entries->count[VERDICT_OK] + reader->entries->count[VERDICT_REPAIRED]))
		mask = mask * 2 + 1;
	seen = arena_alloc(reader->arena, mask + 1, sizeof(*seen));
	for (struct entry *entry = reader->entries->first; entry != NULL; entry = entry->next) {
		if (entry->key != NULL) {
			size_t at = hash(entry->fingerprint, mask);

			while (seen[at] != NULL && strcmp(seen[at], entry->fingerprint) != 0)
				at = (at + 1) & mask;
			if (seen[at] == NULL)
				seen[at] = entry->fingerprint;
			else if (fresh)
				warn(reader, entry, CODE_DUPLICATE, entry->fingerprint);
		}
		fresh |= entry == reader->before;
	}
}

void
report_end(struct reader *reader, struct span text)
{
	struct entry *first
	    = reader->before == NULL ? reader->entries->first : reader->before->next;
	struct entry *used = NULL;
	bool private = false, junk = false;

	if (first == NULL) {
		reader->line = 1;
		report_thing(reader, reader->commented_key ? CODE_COMMENTED_OUT : CODE_EMPTY, text);
		return;
	}
	for (struct entry *entry = first; entry != NULL; entry = entry->next) {
		refuse_leaked(reader, entry);
		if (used == NULL && entry->key != NULL)
			used = entry;
		private |= entry->code == CODE_PRIVATE_KEY || entry->code == CODE_PPK;
	}
	for (struct entry *entry = first; used != NULL && entry != NULL; entry = entry->next) {
		/* a stray word beside a key is no placeholder for one */
		if (entry->code == CODE_PLACEHOLDER && *entry->type == '\0') {
			entry->code = CODE_NOT_A_KEY;
			entry->message = code_sentence(CODE_NOT_A_KEY);
			entry->fix = code_fix(CODE_NOT_A_KEY);
		}
		junk |= entry->code == CODE_NOT_A_KEY;
	}
	if (used != NULL && private)
		warn(reader, used, CODE_PRIVATE_KEY, "it was pasted beside this key");
	if (used != NULL && junk)
		warn(reader, used, CODE_JUNK_LINE, NULL);
	find_duplicates(reader);
}
