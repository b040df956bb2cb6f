#include "sshd/authorized_keys.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/set.h"
#include "keys/paste.h"

#include <string.h>

static const char begin_marker[] = "# BEGIN sshinit";
static const char end_marker[] = "# END sshinit";
static const char begin_note[] = "# (made anew at each start; edit the lines outside, not these)";
static const char from_mark[] = "# from ";
static const char added_mark[] = "# added";
static const char removed_mark[] = "# removed ";
/* Behind an added key's time: its removal is to be remembered. */
static const char also_mark[] = "also in a source";

/* The next line of *rest without its line end; *rest moves behind it. */
static struct span
next_line(struct span *rest)
{
	const char *end = memchr(rest->data, '\n', rest->len);
	size_t len = end != NULL ? (size_t)(end - rest->data) : rest->len;
	struct span line = span_take(*rest, len);

	*rest = span_skip(*rest, len + 1);
	if (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* Keys that sshd would use as the lines stand: no repair, and nothing said of the others. */
static void
read_outside(struct entries *outside, const char *name, struct span text, time_t now)
{
	paste_read(outside, name, text, &(struct paste_rules){ .repair = false, .now = now });
}

static void
note_removed(struct keyfile_text *apart, const char *fingerprint)
{
	apart->removed = arena_grow(apart->arena, apart->removed,
	    apart->removed_count * sizeof(char *), (apart->removed_count + 1) * sizeof(char *));
	apart->removed[apart->removed_count++] = fingerprint;
}

/* A part of the block: what stands between two of our comment lines belongs to the first of them.
 */
static void
read_block(struct keyfile_text *apart, struct span block, time_t now)
{
	struct arena *arena = apart->arena;
	struct span rest = block;
	struct entries *into = NULL;
	const char *source = "", *start = block.data, *end = block.data + block.len;

	while (rest.len > 0) {
		const char *line_start = rest.data;
		struct span line = next_line(&rest);
		bool from = span_starts(line, from_mark), added = span_starts(line, added_mark);
		bool removed = span_starts(line, removed_mark);

		if (!from && !added && !removed)
			continue;
		if (into != NULL)
			read_outside(into, source,
			    (struct span){ start, (size_t)(line_start - start) }, now);
		start = rest.data;
		into = from ? &apart->from : added ? &apart->added : NULL;
		line = span_skip(line, strlen(from    ? from_mark
		                              : added ? added_mark
		                                      : removed_mark));
		if (added && line.len > 0)
			line = span_skip(line, 1);
		source = arena_strndup(arena, line.data, line.len);
		if (removed)
			note_removed(apart, source);
	}
	if (into != NULL)
		read_outside(into, source, (struct span){ start, (size_t)(end - start) }, now);
}

struct keyfile_text
keyfile_take_apart(struct arena *arena, const char *name, struct span text, time_t now)
{
	struct keyfile_text apart
	    = { .arena = arena, .before = text, .after = { text.data + text.len, 0 } };
	struct span rest = text, block = { NULL, 0 };
	unsigned number = 0, begin = 0, end = 0;

	apart.outside = entries_new(arena);
	apart.from = entries_new(arena);
	apart.added = entries_new(arena);
	while (rest.len > 0 && apart.wrong == NULL) {
		const char *start = rest.data;
		struct span line = next_line(&rest);

		number++;
		if (span_is(line, begin_marker)) {
			if (begin != 0)
				apart.wrong = arena_printf(arena,
				    "\"%s\" stands in line %u and again in line %u", begin_marker,
				    begin, number);
			begin = number;
			apart.before.len = (size_t)(start - text.data);
			block.data = rest.data;
		} else if (span_is(line, end_marker)) {
			if (begin == 0 || end != 0)
				apart.wrong = arena_printf(arena,
				    "\"%s\" in line %u has no \"%s\" before it", end_marker, number,
				    begin_marker);
			end = number;
			if (begin != 0)
				block.len = (size_t)(start - block.data);
			apart.after = rest;
		}
	}
	if (apart.wrong == NULL && begin != 0 && end == 0)
		apart.wrong = arena_printf(arena, "\"%s\" in line %u has no \"%s\" behind it",
		    begin_marker, begin, end_marker);
	apart.has_block = apart.wrong == NULL && begin != 0;
	if (apart.has_block)
		read_block(&apart, block, now);
	else
		apart.before = text;
	read_outside(&apart.outside, name, apart.before, now);
	if (apart.has_block)
		read_outside(&apart.outside, name, apart.after, now);
	return apart;
}

/* A CA and a login key of the same blob are two different permissions. */
static const char *
identity(struct arena *arena, const struct key *key)
{
	return arena_printf(arena, "%s%s", key->authority ? "CA " : "", key->fingerprint);
}

static void
add_source_line(struct buf *block, const char *source, const char **last)
{
	if (*last != NULL && strcmp(*last, source) == 0)
		return;
	*last = source;
	buf_puts(block, from_mark);
	for (const char *c = source; *c != '\0'; c++)
		buf_putc(block, (unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c);
	buf_putc(block, '\n');
}

/* What stands behind "# added" may have been edited by hand, so it is taken for what it says. */
static bool
is_also_in_source(const struct entry *added)
{
	return strstr(added->source, also_mark) != NULL;
}

static void
add_added_line(struct buf *block, const struct entry *added, bool also)
{
	const char *source = added->source;

	buf_printf(block, "%s%s%s", added_mark, source[0] != '\0' ? " " : "", source);
	if (also && !is_also_in_source(added))
		buf_printf(block, "%s%s", source[0] != '\0' ? ", " : " ", also_mark);
	buf_putc(block, '\n');
}

const char *
keyfile_added_at(struct arena *arena, const struct entry *added)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";

	for (size_t i = 0; i < strlen(form); i++) {
		char c = added->source[i];

		if (form[i] == 'd' ? c < '0' || c > '9' : c != form[i])
			return "";
	}
	return arena_strndup(arena, added->source, strlen(form));
}

/* The identities of the usable entries. */
static struct set
identities(struct arena *arena, const struct entries *entries)
{
	struct set set = set_new(arena);

	for (const struct entry *e = entries->first; e != NULL; e = e->next)
		if (e->key != NULL)
			set_add(&set, identity(arena, e->key));
	return set;
}

/* A block in the making. */
struct block {
	struct arena *arena;
	struct buf text;
	struct set outside, added; /* what stands outside the block, and in it as added */
	struct set written;
	struct set also; /* of added: those that a source brings as well */
};

static void
write_sources(struct block *block, struct keyfile_plan *plan, const struct keyfile_text *apart,
    const struct entries *entries)
{
	struct set removed = set_new(block->arena);
	const char *source = NULL;
	size_t kept = 0;

	for (size_t i = 0; i < apart->removed_count; i++)
		set_add(&removed, apart->removed[i]);
	plan->kept_out
	    = arena_alloc(block->arena, entries_usable(entries) + 1, sizeof(*plan->kept_out));
	for (const struct entry *e = entries->first; e != NULL; e = e->next) {
		const char *name;

		if (e->key == NULL)
			continue;
		name = identity(block->arena, e->key);
		if (set_has(&removed, e->key->fingerprint)) {
			plan->kept_out[kept++] = e;
		} else if (set_has(&block->outside, name)) {
			plan->outside++;
		} else if (set_has(&block->added, name)) {
			set_add(&block->also, name);
		} else if (set_add(&block->written, name)) {
			add_source_line(&block->text, e->source, &source);
			buf_printf(&block->text, "%s\n", key_line(block->arena, e->key));
			plan->authorised++;
		}
	}
}

static void
write_added(struct block *block, struct keyfile_plan *plan, const struct entries *added)
{
	for (const struct entry *e = added->first; e != NULL; e = e->next) {
		const char *name = e->key != NULL ? identity(block->arena, e->key) : NULL;

		if (name == NULL || set_has(&block->outside, name)
		    || !set_add(&block->written, name))
			continue;
		add_added_line(&block->text, e, set_has(&block->also, name));
		buf_printf(&block->text, "%s\n", key_line(block->arena, e->key));
		plan->authorised++;
	}
}

struct keyfile_plan
keyfile_put_together(
    struct arena *arena, const struct keyfile_text *apart, const struct entries *entries)
{
	struct keyfile_plan plan = { 0 };
	struct block block = { .arena = arena,
		.text = buf_new(arena),
		.outside = identities(arena, &apart->outside),
		.added = identities(arena, &apart->added),
		.written = set_new(arena),
		.also = set_new(arena) };
	struct buf text = buf_new(arena);

	write_sources(&block, &plan, apart, entries);
	write_added(&block, &plan, &apart->added);
	for (size_t i = 0; i < apart->removed_count; i++)
		buf_printf(&block.text, "%s%s\n", removed_mark, apart->removed[i]);

	buf_add(&text, apart->before.data, apart->before.len);
	if (block.text.len > 0 || apart->has_block) {
		if (text.len > 0 && text.data[text.len - 1] != '\n')
			buf_putc(&text, '\n');
		buf_printf(&text, "%s\n%s\n", begin_marker, begin_note);
		buf_add(&text, block.text.data, block.text.len);
		buf_printf(&text, "%s\n", end_marker);
		buf_add(&text, apart->after.data, apart->after.len);
	}
	plan.text = (struct span){ text.data, text.len };
	return plan;
}

/* ---- changes while the pod runs ------------------------------------------------------------ */

/* Takes the entries with that fingerprint out of those added. *also: a source has it too. */
static bool
drop_added(struct entries *entries, const char *fingerprint, bool *also)
{
	struct entry **link = &entries->first;
	bool dropped = false;

	entries->last = NULL;
	while (*link != NULL) {
		struct entry *e = *link;

		if (e->key != NULL && strcmp(e->key->fingerprint, fingerprint) == 0) {
			*link = e->next;
			dropped = true;
			*also = *also || is_also_in_source(e);
		} else {
			entries->last = e;
			link = &e->next;
		}
	}
	return dropped;
}

static bool
forget_removed(struct keyfile_text *apart, const char *fingerprint)
{
	for (size_t i = 0; i < apart->removed_count; i++)
		if (strcmp(apart->removed[i], fingerprint) == 0) {
			memmove(&apart->removed[i], &apart->removed[i + 1],
			    (apart->removed_count - i - 1) * sizeof(char *));
			apart->removed_count--;
			return true;
		}
	return false;
}

enum key_change
keyfile_add(struct keyfile_text *apart, const struct entry *entry, time_t now)
{
	const char *fingerprint = entry->key->fingerprint;
	bool was_removed = forget_removed(apart, fingerprint);
	const char *when = clock_utc(apart->arena, now);
	struct entry *copy;

	if (entries_have(&apart->outside, fingerprint) || entries_have(&apart->from, fingerprint)
	    || entries_have(&apart->added, fingerprint))
		return was_removed ? KEY_CHANGED : KEY_AS_IT_WAS;
	copy = arena_alloc(apart->arena, 1, sizeof(*copy));
	*copy = *entry;
	/* Only a key that a source had brought is ever noted as removed. */
	copy->source = was_removed ? arena_printf(apart->arena, "%s, %s", when, also_mark) : when;
	entries_append(&apart->added, copy);
	return KEY_CHANGED;
}

void
keyfile_note_removed(struct keyfile_text *apart, const char *fingerprint)
{
	(void)forget_removed(apart, fingerprint);
	note_removed(apart, fingerprint);
}

bool
keyfile_is_removed(const struct keyfile_text *apart, const char *fingerprint)
{
	for (size_t i = 0; i < apart->removed_count; i++)
		if (strcmp(apart->removed[i], fingerprint) == 0)
			return true;
	return false;
}

bool
keyfile_knows(const struct keyfile_text *apart, const char *fingerprint)
{
	return keyfile_is_removed(apart, fingerprint) || entries_have(&apart->added, fingerprint);
}

void
keyfile_take_over(struct keyfile_text *apart, const struct entries *added,
    const char *const *removed, size_t removed_count)
{
	bool also = false;

	for (size_t i = 0; i < removed_count; i++) {
		(void)drop_added(&apart->added, removed[i], &also);
		keyfile_note_removed(apart, removed[i]);
	}
	for (const struct entry *e = added->first; e != NULL; e = e->next) {
		if (e->key == NULL)
			continue;
		(void)forget_removed(apart, e->key->fingerprint);
		if (!entries_have(&apart->added, e->key->fingerprint))
			entries_append_copy(&apart->added, e);
	}
}

enum key_change
keyfile_remove(struct keyfile_text *apart, const char *fingerprint)
{
	bool from = entries_have(&apart->from, fingerprint);
	bool added = drop_added(&apart->added, fingerprint, &from);

	if (!from && !added)
		return entries_have(&apart->outside, fingerprint) ? KEY_NOT_OURS : KEY_UNKNOWN;
	if (from || apart->remember)
		keyfile_note_removed(apart, fingerprint);
	return KEY_CHANGED;
}
