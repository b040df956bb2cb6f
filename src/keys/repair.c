/*
 * Decoration removed from a line, one layer after the other until sshd would take what is left; and
 * keys put together again that were broken into pieces.
 */
#include "keys/chars.h"
#include "keys/decoration.h"
#include "keys/reader.h"

#include <ctype.h>

enum { PIECES_MAX = 8 * 1024 };

void
decorate(struct decorations *decorations, enum code code)
{
	for (size_t i = 0; i < decorations->n; i++)
		if (decorations->codes[i] == code)
			return;
	if (decorations->n < DECORATIONS_MAX)
		decorations->codes[decorations->n++] = code;
}

/* Invisible characters and odd spaces at the front of line. */
static struct span
strip_front(struct span line, struct decorations *removed)
{
	size_t len;

	while (line.len > 0) {
		enum char_class class = char_at(line, &len, NULL);

		if (class == CHAR_INVISIBLE)
			decorate(removed, CODE_INVISIBLE);
		else if (class == CHAR_SPACE)
			decorate(removed, CODE_ODD_SPACE);
		else if (class != CHAR_BLANK)
			break;
		line = span_skip(line, len);
	}
	return line;
}

/* One layer off the front, with the quotation marks at the end that belong to it. */
static struct span
strip_layer(struct span line, struct decorations *removed)
{
	enum code code;
	size_t len = decoration_front(line, &code);
	char open = *line.data;
	bool quoted = span_starts_nocase(line, "set \""); /* set "NAME=value" of cmd.exe */

	if (len == 0)
		return line;
	decorate(removed, code);
	line = span_skip(line, len);
	if (code == CODE_QUOTED || code == CODE_JSON || quoted)
		line.len -= decoration_back(line);
	if (memchr("[(<{", open, 4) != NULL && line.len > 0
	    && memchr("])>}", line.data[line.len - 1], 4) != NULL)
		line.len--;
	while (memchr("*_~|", open, 4) != NULL && line.len > 0
	       && (line.data[line.len - 1] == open || line.data[line.len - 1] == ' '))
		line.len--;
	return chars_trim(line);
}

struct span
undecorate(struct reader *reader, struct span line, struct decorations *removed)
{
	bool invisible, spaces;

	for (size_t i = 0; i < DECORATIONS_MAX; i++) {
		size_t len = line.len;

		line = strip_front(line, removed);
		if (line.len > 0)
			line = strip_layer(line, removed);
		if (line.len == len)
			break;
	}
	line = chars_clean(reader->arena, line, line.len, &invisible, &spaces);
	if (invisible)
		decorate(removed, CODE_INVISIBLE);
	if (spaces)
		decorate(removed, CODE_ODD_SPACE);
	return chars_trim(line);
}

/* Invisible characters within the key's words, but not those within its comment. */
static struct span
clean_words(struct reader *reader, struct span line, struct decorations *removed)
{
	bool invisible, spaces;
	struct span clean = chars_clean(reader->arena, line, line.len, &invisible, &spaces);
	struct reading reading;

	if (!invisible && !spaces)
		return line;
	reading = key_read(reader->arena, clean, reader->rules->now);
	if (reading.code == CODE_NONE) {
		size_t kept = (size_t)(reading.blob.data - clean.data) + reading.blob.len + 1;

		clean = chars_clean(reader->arena, line, kept, &invisible, &spaces);
	}
	if (invisible)
		decorate(removed, CODE_INVISIBLE);
	if (spaces)
		decorate(removed, CODE_ODD_SPACE);
	return clean;
}

/* line with the len bytes at text[from] cut out. */
static struct span
cut_out(struct reader *reader, struct span line, size_t from, size_t len)
{
	char *out = arena_alloc(reader->arena, line.len + 1, 1);

	memcpy(out, line.data, from);
	memcpy(out + from, line.data + from + len, line.len - from - len);
	return (struct span){ out, line.len - len };
}

/* Quotation marks glued to the end of the blob; or what parts keys, where the value has several. */
static struct span
strip_glued(struct reader *reader, const struct reading *reading, struct span line,
    struct decorations *removed)
{
	struct span blob = reading->blob;
	size_t back = blob.len > 0 ? decoration_back(blob) : 0;
	enum code code = CODE_QUOTED;

	if (back == 0 && reader->several && blob.len > 4
	    && memchr(",;|", blob.data[blob.len - 1], 3) != NULL) {
		code = CODE_LIST_MARKER;
		back = 1;
	}
	if (back == 0)
		return line;
	decorate(removed, code);
	return cut_out(reader, line, (size_t)(blob.data - line.data) + blob.len - back, back);
}

/* Quotation marks around a single word: the type, the blob. */
static struct span
unquote_words(struct reader *reader, struct span line, struct decorations *removed)
{
	struct span rest = line;

	for (int i = 0; i < 8 && rest.len > 0; i++) {
		struct span word = span_word(rest), bare;
		size_t front = char_quote(word), back;

		bare = span_skip(word, front);
		back = bare.len > 0 ? decoration_back(bare) : 0;
		bare.len -= back;
		if (front + back > 0
		    && (key_type_find(bare) != NULL || span_starts(bare, "AAAA"))) {
			size_t at = (size_t)(word.data - line.data);

			decorate(removed, CODE_QUOTED);
			line = cut_out(reader, line, at + front + bare.len, back);
			return cut_out(reader, line, at, front);
		}
		rest = span_skip_blanks(span_skip(rest, word.len));
	}
	return line;
}

/* "ssh-ed25519AAAA...": the space is put in. */
static struct span
part_glued(struct reader *reader, struct span line, struct decorations *removed)
{
	size_t key = find_key(line, 0), name;

	if (key == line.len)
		return line;
	name = span_find(span_skip(line, key), "AAAA");
	if (name == 0 || line.data[key + name - 1] == ' ' || line.data[key + name - 1] == '\t')
		return line;
	decorate(removed, CODE_NO_SPACE);
	line = span_of(arena_printf(reader->arena, "%.*s %.*s", (int)(key + name), line.data,
	    (int)(line.len - key - name), line.data + key + name));
	return line;
}

struct reading
repair_line(struct reader *reader, struct span line, struct decorations *removed)
{
	time_t now = reader->rules->now;
	struct reading reading = { .code = CODE_NO_TYPE };
	const char *nul = memchr(line.data, '\0', line.len);

	/* for sshd the line ends there */
	if (nul != NULL) {
		reading = key_read(reader->arena, span_take(line, (size_t)(nul - line.data)), now);
		if (reading.code == CODE_NONE) {
			decorate(removed, CODE_INVISIBLE);
			return reading;
		}
	}
	for (size_t i = 0; i < 2 * DECORATIONS_MAX && line.len > 0; i++) {
		const char *data = line.data;
		size_t len = line.len;

		line = strip_front(line, removed);
		reading = key_read(reader->arena, line, now);
		if (reading.code == CODE_NONE)
			return reading;
		if (line.len > 0 && (reading.type == NULL || reading.list.len > 0))
			line = strip_layer(line, removed);
		if (line.len == len)
			line = clean_words(reader, line, removed);
		if (line.data == data && line.len == len && reading.type != NULL)
			line = strip_glued(reader, &reading, line, removed);
		if (line.data == data && line.len == len)
			line = unquote_words(reader, line, removed);
		if (line.data == data && line.len == len)
			line = part_glued(reader, line, removed);
		if (line.data == data && line.len == len)
			break;
	}
	return reading;
}

/* The characters of a blob gathered over spaces and line ends. */
struct pieces {
	char *text; /* the blob */
	size_t len;
	size_t *ends; /* for each character: where in the source it ends */
	size_t gaps, lines;
	bool plus; /* every space is taken for a + */
};

static bool
gather(struct reader *reader, struct span source, struct pieces *pieces)
{
	bool gap = false, padded = false, fresh = false;
	size_t max = 0, len;

	while (max < source.len && max < PIECES_MAX
	       && (isalnum((unsigned char)source.data[max])
	           || memchr("-.@:\"'`(", source.data[max], 8) == NULL))
		max++;

	pieces->text = arena_alloc(reader->arena, max + 1, 1);
	pieces->ends = arena_alloc(reader->arena, max + 1, sizeof(size_t));
	for (size_t i = 0; i < source.len && pieces->len < max; i += len) {
		char c = source.data[i];
		enum char_class class = char_at(span_skip(source, i), &len, NULL);

		if (class == CHAR_PLAIN && (base64_char(c) || c == '=') && (c == '=' || !padded)) {
			if (gap && pieces->plus) {
				pieces->text[pieces->len] = '+';
				pieces->ends[pieces->len++] = i;
			}
			if (pieces->len == max)
				break;
			pieces->gaps += gap;
			gap = fresh = false;
			padded |= c == '=';
			pieces->text[pieces->len] = c;
			pieces->ends[pieces->len++] = i + 1;
		} else if (class == CHAR_PLAIN && fresh && (c == '>' || c == '|')) {
			continue; /* a mail quoted line by line */
		} else if (c == '\n' && !pieces->plus) {
			if (i + 1 < source.len && source.data[i + 1] == '\n' && pieces->len > 0)
				break;
			gap = fresh = true;
			pieces->lines++;
		} else if (c == '\\' && !pieces->plus && i + 1 < source.len
		           && (source.data[i + 1] == '\n' || source.data[i + 1] == '\r')) {
			gap = true; /* a shell's continued line */
		} else if (class == CHAR_BLANK || class == CHAR_SPACE || c == '\r') {
			gap = true;
		} else if (class != CHAR_INVISIBLE) {
			break;
		}
	}
	return pieces->gaps > 0;
}

/* How many of the gathered characters make the blob; 0: they do not make one. */
static size_t
measure(struct reader *reader, const struct pieces *pieces, const struct key_type *type)
{
	struct blob facts;
	struct bytes bytes;
	size_t chars;

	base64_read(reader->arena, (struct span){ pieces->text, pieces->len }, &bytes);
	if (blob_read(bytes, &facts) == BLOB_SHORT || facts.type == NULL)
		return 0;
	chars = (facts.need + 2) / 3 * 4;
	if (chars > pieces->len
	    || key_judge_blob(
	           reader->arena, type, (struct span){ pieces->text, chars }, &facts, &bytes)
	           != CODE_NONE)
		return 0;
	return chars;
}

/* Whether the blob ends where a word of the source ends, and its last piece is not likely to be a
 * word of the comment that happens to fit. */
static bool
ends_well(struct span source, const struct pieces *pieces, size_t chars)
{
	size_t end = pieces->ends[chars - 1], last = end;
	struct span rest = span_skip(source, end);

	if (rest.len > 0 && memchr(" \t\r\n\\", *rest.data, 5) == NULL && char_quote(rest) == 0)
		return false;
	while (last > 0 && memchr(" \t\n", source.data[last - 1], 3) == NULL)
		last--;
	if (end - last >= 8 || source.data[end - 1] == '=')
		return true;
	while (last > 0 && memchr(" \t>|", source.data[last - 1], 4) != NULL)
		last--;
	return last == 0 || source.data[last - 1] == '\n';
}

/* Whether the line around source[at] is just as long as the one before it: then it was broken
 * there, and the next line goes on with it. */
static bool
is_full(struct span source, size_t at)
{
	size_t end = line_end(source, at), start = at, before;

	while (start > 0 && source.data[start - 1] != '\n')
		start--;
	if (start == 0 || end >= source.len)
		return false;
	before = start - 1;
	while (before > 0 && source.data[before - 1] != '\n')
		before--;
	return before > 0 && start - 1 - before == end - start;
}

/* The comment behind a blob that ended at source[end], and where it ends itself: the rest of the
 * line, or the next line where that holds one word that is nothing else. */
static struct span
comment_behind(struct reader *reader, struct span source, size_t end, size_t *taken)
{
	struct span comment = { source.data + end, line_end(source, end) - end }, next;
	bool continued; /* by a backslash, as in a shell */
	enum code code;

	*taken = end + comment.len;
	if (comment.len > 0 && comment.data[comment.len - 1] == '\r')
		comment.len--;
	continued = comment.len > 0 && comment.data[comment.len - 1] == '\\';
	comment.len -= continued;
	if ((continued && *taken + 1 < source.len) || is_full(source, end)) {
		next = (struct span){ source.data + *taken + 1,
			line_end(source, *taken + 1) - *taken - 1 };
		if (chars_trim(next).len > 0 && find_key(next, 0) == next.len
		    && *chars_trim(next).data != '#') {
			comment = span_of(arena_printf(reader->arena, "%.*s%.*s", (int)comment.len,
			    comment.data, (int)chars_trim(next).len, chars_trim(next).data));
			*taken += 1 + next.len;
		}
	}
	comment.len -= decoration_back(comment);
	comment = chars_trim(comment);
	if (comment.len > 0 || *taken >= source.len)
		return comment;
	next = (struct span){ source.data + *taken + 1, line_end(source, *taken + 1) - *taken - 1 };
	comment = chars_trim(next);
	if (comment.len == 0 || *comment.data == '#'
	    || memchr(comment.data, ' ', comment.len) != NULL || key_type_find(comment) != NULL
	    || comment.len > 200)
		return (struct span){ "", 0 };
	code = name_thing(reader->arena, comment);
	if (code != CODE_NOT_A_KEY && code != CODE_PASSWORD && code != CODE_CONNECTION_STRING
	    && (code != CODE_PLACEHOLDER || span_find_nocase(comment, "key") == comment.len))
		return (struct span){ "", 0 };
	*taken += 1 + next.len;
	comment.len -= decoration_back(comment);
	return comment;
}

/* The type word at the front of text, which a line end may have cut in two. */
static const struct key_type *
front_type(struct span text, size_t *len)
{
	char word[80];
	size_t n = 0, i = 0;
	const struct key_type *type;

	while (i < text.len && i < sizeof(word) && memchr(" \t\r\n", text.data[i], 4) == NULL)
		i++;
	*len = i;
	type = key_type_find(span_take(text, i));
	if (type != NULL || i < 3)
		return type;
	for (i = 0; i < text.len && i < 2 * sizeof(word) && n < sizeof(word) && text.data[i] != ' '
	            && text.data[i] != '\t';
	     i++)
		if (text.data[i] != '\n' && text.data[i] != '\r')
			word[n++] = text.data[i];
	*len = i;
	return key_type_find((struct span){ word, n });
}

/* Options, if any, and a type word at the front of source; source moves behind them. */
static const struct key_type *
read_front(struct reader *reader, struct span *source, struct span *list)
{
	size_t name, length;
	bool balanced;
	const struct key_type *type = front_type(*source, &name);

	*list = (struct span){ "", 0 };
	if (type == NULL) {
		length = options_length(span_take(*source, line_end(*source, 0)), &balanced);
		if (!balanced || length >= source->len)
			return NULL;
		*list = span_take(*source, length);
		if (options_read(reader->arena, *list, reader->rules->now).code != CODE_NONE)
			return NULL;
		*source = span_skip_blanks(span_skip(*source, length));
		type = front_type(*source, &name);
		if (type == NULL)
			return NULL;
	}
	*source = span_skip(*source, name);
	return type;
}

size_t
read_pieces(struct reader *reader, struct span rest, struct span line)
{
	struct decorations removed = { 0 };
	struct span bare = undecorate(reader, line, &removed), source, list, blob, comment;
	struct pieces pieces = { 0 };
	const struct key_type *type;
	struct reading reading = { 0 };
	const char *front;
	size_t taken, chars;

	if (bare.len < 4)
		return 0;
	/* what stood in front was decoration; from here on in the source itself, over line ends */
	front = memmem(line.data, line.len, bare.data, 4);
	if (front == NULL)
		return 0;
	source = span_skip(rest, (size_t)(front - rest.data));
	type = read_front(reader, &source, &list);
	if (type == NULL && !span_starts(source, "AAAA"))
		return 0;
	gather(reader, source, &pieces);
	chars = measure(reader, &pieces, type);
	if (type == NULL) {
		if (chars == 0 || pieces.lines == 0 || !ends_well(source, &pieces, chars))
			return 0;
		blob = (struct span){ pieces.text, chars };
		base64_read(reader->arena, blob, &reading.bytes);
		blob_read(reading.bytes, &reading.facts);
		comment = comment_behind(reader, source, pieces.ends[chars - 1], &taken);
		report_refused(reader, CODE_NO_TYPE, &reading.facts, reading.bytes,
		    key_compose(reader->arena, list, reading.facts.type->name, blob, comment,
		        reader->rules->now),
		    NULL);
		return (size_t)(source.data - rest.data) + taken;
	}
	if (chars == 0 || !ends_well(source, &pieces, chars)) {
		if (reader->refused >= REFUSED_MAX)
			return 0; /* that is only counted */
		source = span_skip_blanks(source);
		pieces = (struct pieces){ .plus = true };
		gather(reader, source, &pieces);
		chars = measure(reader, &pieces, type);
		if (chars == 0 || !ends_well(source, &pieces, chars))
			return 0;
	}
	blob = (struct span){ pieces.text, chars };
	comment = comment_behind(reader, source, pieces.ends[chars - 1], &taken);
	if (pieces.plus) {
		base64_read(reader->arena, blob, &reading.bytes);
		blob_read(reading.bytes, &reading.facts);
		report_refused(reader, CODE_PLUS_TO_SPACE, &reading.facts, reading.bytes,
		    key_compose(reader->arena, list, type->name, blob, comment, reader->rules->now),
		    NULL);
	} else {
		char *joined
		    = arena_printf(reader->arena, "%.*s %s %.*s %.*s", (int)list.len, list.data,
		        type->name, (int)blob.len, blob.data, (int)comment.len, comment.data);

		reading = key_read(reader->arena, span_of(joined), reader->rules->now);
		if (reading.code != CODE_NONE)
			return 0;
		decorate(&removed, CODE_WRAPPED);
		report_key(reader, &reading, &removed);
	}
	return (size_t)(source.data - rest.data) + taken;
}
