#include "keys/paste.h"

#include "keys/chars.h"
#include "keys/decoration.h"
#include "keys/reader.h"

#include <ctype.h>

static struct span
first_line(struct span text)
{
	const char *end = text.len == 0 ? NULL : memchr(text.data, '\n', text.len);

	return end == NULL ? text : span_take(text, (size_t)(end - text.data));
}

/* What a line is that holds nothing but a bracket, a code fence or a YAML marker belonging to the
 * lines around it; CODE_NONE: it is none of these. */
static enum code
frame_code(struct span line)
{
	static const struct {
		const char *text;
		enum code code;
	} frames[] = { { "[", CODE_JSON }, { "]", CODE_JSON }, { "],", CODE_JSON },
		{ "{", CODE_JSON }, { "}", CODE_JSON }, { "(", CODE_QUOTED }, { ")", CODE_QUOTED },
		{ "\"", CODE_QUOTED }, { "'", CODE_QUOTED }, { "\"\"\"", CODE_QUOTED },
		{ "'''", CODE_QUOTED }, { "|", CODE_LIST_MARKER }, { ">", CODE_LIST_MARKER },
		{ "|-", CODE_LIST_MARKER }, { ">-", CODE_LIST_MARKER }, { "|+", CODE_LIST_MARKER },
		{ ">+", CODE_LIST_MARKER }, { "-", CODE_LIST_MARKER }, { "---", CODE_LIST_MARKER },
		{ "...", CODE_LIST_MARKER } };

	if ((span_starts(line, "```") || span_starts(line, "~~~")) && line.len < 24
	    && memchr(line.data, ' ', line.len) == NULL)
		return CODE_QUOTED;
	for (size_t i = 0; i < sizeof(frames) / sizeof(*frames); i++)
		if (span_is(line, frames[i].text))
			return frames[i].code;
	return CODE_NONE;
}

/* Options alone on a line, the key on the next: without the options the key would be more powerful
 * than its owner wanted. */
static size_t
read_options_alone(struct reader *reader, struct span rest, struct span line)
{
	struct span list = chars_trim(line), next = first_line(span_skip(rest, line.len + 1));
	struct decorations removed = { 0 };
	struct reading reading;
	bool balanced, value;
	size_t name = 0;

	while (name < list.len && list.data[name] != '=' && list.data[name] != ',')
		name++;
	if (!options_known(span_take(list, name), &value)
	    || options_length(list, &balanced) != list.len || !balanced)
		return 0;
	while (list.len > 0 && list.data[list.len - 1] == ',')
		list.len--;
	reading = key_read(reader->arena, next, reader->rules->now);
	if (reading.type == NULL || reading.blob.len == 0 || reading.list.len > 0)
		return 0;
	next = chars_trim(next);
	reading = key_read(reader->arena,
	    span_of(arena_printf(
	        reader->arena, "%.*s %.*s", (int)list.len, list.data, (int)next.len, next.data)),
	    reader->rules->now);
	if (reading.code != CODE_NONE) {
		report_refused(reader, reading.code, &reading.facts, reading.bytes, NULL, NULL);
	} else {
		decorate(&removed, CODE_WRAPPED);
		report_key(reader, &reading, &removed);
	}
	return line.len + 1 + first_line(span_skip(rest, line.len + 1)).len;
}

/* What looks like nothing but the comment of the key on the line before. */
static size_t
read_wrapped_comment(struct span rest, struct span line, const struct reading *reading)
{
	struct span next = first_line(span_skip(rest, line.len + 1)), word = chars_trim(next);
	size_t at = 0;

	if (reading->comment.len > 0 || line.len + 1 >= rest.len || word.len == 0 || word.len > 64)
		return 0;
	for (size_t i = 0; i < word.len; i++) {
		char c = word.data[i];

		at += c == '@';
		if (c == ' ' || c == '\t' || c == ':' || c == '/' || c == '"' || c == '\\')
			return 0;
	}
	return at == 1 && *word.data != '@' ? line.len + 1 + next.len : 0;
}

/* Whether it is worth while to look closely at a line that stands in a desert of others. */
static bool
is_promising(struct span line)
{
	static const char *const signs[]
	    = { "ssh-", "AAAA", "PRIVATE", "b3Bl", "PuTTY", "ecdsa-", "c3No" };

	for (size_t i = 0; line.len > 8 && i < sizeof(signs) / sizeof(*signs); i++)
		if (span_find(line, signs[i]) < line.len)
			return true;
	return line.len > 8 && memchr("[{\"", *line.data, 3) != NULL;
}

/* "my keys:", or "key: |" of YAML: a label with a line of its own. */
static bool
is_heading(struct span text)
{
	if (text.len > 3 && (text.data[text.len - 1] == '|' || text.data[text.len - 1] == '>'))
		text = chars_trim(span_take(text, text.len - 1));
	return text.len > 1 && text.len < 80 && text.data[text.len - 1] == ':';
}

/* What text is, whose name is code, without what stands around it: '${PUBLIC_KEY}', key: null. */
static enum code
name_bare(struct reader *reader, struct span text, enum code code)
{
	for (int i = 0; i < DECORATIONS_MAX && text.len > 1; i++) {
		enum code layer, inner;
		size_t len = decoration_front(text, &layer), quote;
		bool label = len == 0;

		if (label)
			len = span_find(span_take(text, 40), ": ") + 2;
		if (len >= text.len || (label && len > 40)
		    || (code == CODE_COMMAND && layer != CODE_ENV_ASSIGNMENT))
			break;
		text = chars_trim(span_skip(text, len));
		for (size_t n = 1; n <= 3 && n <= text.len && layer == CODE_QUOTED; n++) {
			quote = text.len - n;
			if (char_quote(span_skip(text, quote)) == n) {
				text.len = quote;
				n = 0;
			}
		}
		if (text.len < 2)
			break;
		inner = name_thing(reader->arena, text);
		if (label && inner == CODE_PLACEHOLDER && reader->keyed)
			return code; /* "name: PUBLIC_KEY" above a key */
		if (inner != CODE_NOT_A_KEY && inner != CODE_PASSWORD)
			return inner;
		if (!label)
			code = inner;
	}
	return code;
}

/* The word that ends what << begins at the end of line, as in "cat <<EOF"; where << stands. */
static struct span
heredoc_word(struct span line, size_t *at)
{
	struct span word = { line.data + line.len, 0 };

	*at = span_find(line, "<<");
	if (*at == line.len)
		return word;
	word = span_skip(line, *at + 2);
	while (word.len > 0 && memchr("-~ \"'\\", *word.data, 6) != NULL)
		word = span_skip(word, 1);
	for (size_t i = 0; i < word.len; i++)
		if (!isalpha((unsigned char)word.data[i]) && word.data[i] != '_')
			return span_take(word, i);
	return word;
}

/* A line that nothing makes a key of: why? */
static void
refuse_line(struct reader *reader, struct span text)
{
	struct decorations removed = { 0 };
	struct span bare;
	enum code code;

	reader->hopeless++;
	if (reader->refused >= REFUSED_MAX || reader->hopeless > REFUSED_MAX) {
		report_more(reader);
		return;
	}
	text = span_take(text, LONG_TEXT);
	if (!chars_binary(text) && report_damage(reader, text))
		return;
	code = name_thing(reader->arena, text);
	bare = undecorate(reader, text, &removed);
	if (bare.len == 0
	    && (removed.codes[0] == CODE_INVISIBLE || removed.codes[0] == CODE_ODD_SPACE))
		return; /* a line that looks empty */
	if (bare.len == 0 && removed.n > 0 && removed.codes[0] == CODE_ENV_ASSIGNMENT)
		code = CODE_PLACEHOLDER;
	else if (code == CODE_NOT_A_KEY || code == CODE_PASSWORD || code == CODE_COMMAND)
		code = name_bare(reader, text, code);
	if ((code == CODE_NOT_A_KEY || code == CODE_PLACEHOLDER) && is_heading(text))
		code = CODE_LABEL;
	report_thing(reader, code, text);
}

/* "cat <<EOF" and the like: the lines behind it count by themselves, and EOF is none of them. True
 * where nothing else is to be said of the line. */
static bool
read_heredoc(struct reader *reader, struct span text)
{
	size_t at, len;
	struct span word = heredoc_word(text, &at);
	enum code code = CODE_QUOTED;

	if (word.len == 0 || reader->depth > 0 || reader->hopeless > REFUSED_MAX)
		return false;
	reader->hopeless++;
	reader->heredoc = word;
	text = chars_trim(span_take(text, at));
	if (text.len > 0) {
		len = decoration_front(text, &code);
		if (len < text.len || code != CODE_ENV_ASSIGNMENT)
			return false;
	}
	reader->frame = code;
	return true;
}

/* One line, or what begins on it; answers how much of rest that was. */
static size_t
read_line(struct reader *reader, struct span rest)
{
	struct span line = first_line(rest), text = chars_trim(line);
	struct decorations removed = { 0 };
	struct reading reading;
	size_t taken;

	if (text.len == 0)
		return line.len;
	if (reader->heredoc.len > 0 && text.len == reader->heredoc.len
	    && memcmp(text.data, reader->heredoc.data, text.len) == 0) {
		reader->heredoc.len = 0;
		return line.len;
	}
	if (*text.data == '#') {
		reader->commented_key |= find_key(text, 0) < text.len;
		return line.len;
	}
	if ((reader->hopeless > REFUSED_MAX && !is_promising(text))
	    || (reader->refused >= REFUSED_MAX && text.len < 20)) {
		report_more(reader);
		return line.len;
	}
	reading = key_read(reader->arena, line, reader->rules->now);
	if (reading.code == CODE_NONE) {
		if (find_key(reading.comment, 0) < reading.comment.len) {
			taken = read_encoded(reader, rest, line, false);
			if (taken > 0)
				return taken;
			if (read_split(reader, text))
				return line.len;
		}
		taken = read_wrapped_comment(rest, line, &reading);
		if (taken > 0) {
			reading.comment = chars_trim(
			    span_take(span_skip(rest, line.len + 1), taken - line.len - 1));
			decorate(&removed, CODE_WRAPPED);
		}
		report_key(reader, &reading, &removed);
		return taken > 0 ? taken : line.len;
	}
	taken = read_armour(reader, rest);
	if (taken == 0)
		taken = read_json(reader, rest);
	if (taken == 0)
		taken = read_options_alone(reader, rest, line);
	if (taken == 0 && reader->refused < REFUSED_MAX)
		taken = read_encoded(reader, rest, line, false);
	if (taken > 0)
		return taken;
	if (*span_skip_blanks(line).data == '\r')
		decorate(&removed, CODE_LINE_ENDS);
	reading = repair_line(reader, text, &removed);
	if (reading.code == CODE_NONE && find_key(reading.comment, 0) == reading.comment.len) {
		report_key(reader, &reading, &removed);
		return line.len;
	}
	if (read_split(reader, text))
		return line.len;
	if (reading.code == CODE_NONE) {
		report_key(reader, &reading, &removed);
		return line.len;
	}
	taken = read_pieces(reader, rest, line);
	if (taken == 0 && reader->refused < REFUSED_MAX)
		taken = read_encoded(reader, rest, line, true);
	if (taken > 0)
		return taken;
	if (read_heredoc(reader, text))
		return line.len;
	if (frame_code(text) != CODE_NONE
	    && (text.len < chars_trim(rest).len || reader->entries->last != reader->before))
		reader->frame = frame_code(text);
	else
		refuse_line(reader, text);
	return line.len;
}

void
read_text(struct reader *reader, struct span text)
{
	unsigned start = reader->line;

	for (size_t lines = 1; text.len > 0; lines++) {
		size_t taken = read_line(reader, text);

		/* and the line's end */
		taken = taken < text.len ? taken + 1 : text.len;
		if (reader->depth == 0)
			for (size_t i = 0; i < taken; i++)
				reader->line += text.data[i] == '\n';
		text = span_skip(text, taken);
		if (reader->depth == 0 && (lines % 64 == 0 || taken > LONG_TEXT)) {
			arena_free(reader->arena);
			reader->arena = arena_new();
		}
	}
	if (reader->depth > 0)
		reader->line = start;
}

void
read_inner(struct reader *reader, struct span text, enum code decoration)
{
	struct decorations around = reader->around;

	if (reader->depth >= DEPTH_MAX) {
		report_thing(reader, CODE_NOT_A_KEY, text);
		return;
	}
	if (decoration != CODE_NONE)
		decorate(&reader->around, decoration);
	reader->depth++;
	read_text(reader, text);
	reader->depth--;
	reader->around = around;
}

void
read_refused(struct reader *reader, struct span text, enum code code)
{
	enum code before = reader->refuse_as;

	if (before == CODE_NONE)
		reader->refuse_as = code;
	read_inner(reader, text, CODE_NONE);
	reader->refuse_as = before;
}

void
paste_read(
    struct entries *entries, const char *source, struct span text, const struct paste_rules *rules)
{
	struct arena *converted = arena_new();
	struct reader reader = { .arena = arena_new(),
		.keep = entries->arena,
		.entries = entries,
		.source = arena_strdup(entries->arena, source),
		.rules = rules,
		.line = 1,
		.before = entries->last };
	struct span utf8;
	size_t at;

	if (chars_utf16(converted, text, &utf8)) {
		decorate(&reader.around, CODE_UTF16);
		if (span_starts(utf8, "\xef\xbb\xbf"))
			utf8 = span_skip(utf8, 3);
		text = utf8;
	}
	at = find_key(text, 0);
	reader.keyed = at < text.len;
	reader.several = reader.keyed && find_key(text, at + 4) < text.len;
	read_text(&reader, text);
	report_end(&reader, text);
	arena_free(reader.arena);
	arena_free(converted);
}
