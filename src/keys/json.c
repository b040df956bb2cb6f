/*
 * JSON: strings and arrays of strings are decoration around keys; objects are not, since which of
 * their members is meant is a guess. Read with tolerance for single quotes (Python prints lists so)
 * and for a comma too many.
 */
#include "base/buf.h"
#include "keys/chars.h"
#include "keys/decoration.h"
#include "keys/reader.h"

enum { STRINGS_MAX = 20000, NESTING_MAX = 32 };

struct json {
	struct arena *arena;
	struct span text;
	size_t at;
	struct span *strings;
	size_t n;
	bool object, escapes, bare, secret;
};

static void
skip_white(struct json *json)
{
	while (json->at < json->text.len && memchr(" \t\r\n", json->text.data[json->at], 4) != NULL)
		json->at++;
}

static void
keep(struct json *json, struct span string)
{
	size_t had = json->n * sizeof(*json->strings);

	json->strings = arena_grow(json->arena, json->strings, had, had + sizeof(*json->strings));
	json->strings[json->n++] = string;
}

static void
put_point(struct buf *out, unsigned c)
{
	if (c >= 0x800) {
		buf_putc(out, (char)(0xe0 | c >> 12));
		buf_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_putc(out, (char)(0x80 | (c & 0x3f)));
	} else if (c >= 0x80) {
		buf_putc(out, (char)(0xc0 | c >> 6));
		buf_putc(out, (char)(0x80 | (c & 0x3f)));
	} else {
		buf_putc(out, (char)c);
	}
}

/* One escape behind a backslash at text[at]; its length. */
static size_t
read_escape(struct span text, size_t at, struct buf *out)
{
	static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
	const char *which = at < text.len ? strchr(from, text.data[at]) : NULL;
	unsigned point = 0;

	if (at >= text.len)
		return 0;
	if (text.data[at] == 'u' && at + 4 < text.len) {
		for (size_t i = 1; i <= 4; i++) {
			static const char hex[] = "0123456789abcdef";
			char c = (char)(text.data[at + i] | 0x20);
			const char *digit = text.data[at + i] == '\0' ? NULL : strchr(hex, c);

			if (digit == NULL)
				return 1;
			point = point << 4 | (unsigned)(digit - hex);
		}
		put_point(out, point);
		return 5;
	}
	if (which != NULL && *which != '\0')
		buf_putc(out, to[which - from]);
	else
		buf_putc(out, text.data[at]);
	return 1;
}

static bool
read_string(struct json *json, struct span *string)
{
	struct buf out = buf_new(json->arena);
	char quote = json->text.data[json->at++];

	while (json->at < json->text.len) {
		size_t plain = json->at;
		char c;

		while (plain < json->text.len && json->text.data[plain] != quote
		       && json->text.data[plain] != '\\')
			plain++;
		if (plain > json->at)
			buf_add(&out, json->text.data + json->at, plain - json->at);
		json->at = plain + 1;
		if (plain == json->text.len)
			break;
		c = json->text.data[plain];
		if (c == quote) {
			*string = (struct span){ out.data != NULL ? out.data : "", out.len };
			return true;
		}
		json->escapes = true;
		json->at += read_escape(json->text, json->at, &out);
	}
	json->at = json->text.len;
	return false;
}

static bool
read_value(struct json *json, unsigned nesting)
{
	struct span string;
	char c;

	skip_white(json);
	if (json->at >= json->text.len || nesting > NESTING_MAX || json->n >= STRINGS_MAX)
		return false;
	c = json->text.data[json->at];
	if (c == '"' || c == '\'') {
		if (!read_string(json, &string))
			return false;
		keep(json, string);
		return true;
	}
	if (c != '[' && c != '{') {
		size_t start = json->at;

		while (json->at < json->text.len
		       && memchr(",]} \t\r\n", json->text.data[json->at], 7) == NULL)
			json->at++;
		string = (struct span){ json->text.data + start, json->at - start };
		json->bare = true;
		if (string.len == 0 || memchr("-0123456789tfnN", *string.data, 15) == NULL)
			return false;
		keep(json, string);
		return true;
	}
	json->at++;
	json->object |= c == '{';
	for (;;) {
		skip_white(json);
		if (json->at >= json->text.len)
			return false;
		if (json->text.data[json->at] == (c == '[' ? ']' : '}')) {
			json->at++;
			return true;
		}
		if (c == '{') {
			if (memchr("\"'", json->text.data[json->at], 2) == NULL
			    || !read_string(json, &string))
				return false;
			json->secret |= span_is(string, "d");
			skip_white(json);
			if (json->at >= json->text.len || json->text.data[json->at++] != ':')
				return false;
		}
		if (!read_value(json, nesting + 1))
			return false;
		skip_white(json);
		if (json->at < json->text.len && json->text.data[json->at] == ',')
			json->at++;
		else if (json->at < json->text.len && json->text.data[json->at] != ']'
		         && json->text.data[json->at] != '}')
			return false;
	}
}

/* A member without its braces: "publicKey": "ssh-ed25519 ...", */
static bool
read_member(struct json *json)
{
	struct span string;

	json->at = 0;
	if (*json->text.data != '"' || !read_string(json, &string))
		return false;
	skip_white(json);
	if (json->at >= json->text.len || json->text.data[json->at++] != ':')
		return false;
	json->object = true;
	json->n = 0;
	return read_value(json, 1);
}

static void
read_strings(struct reader *reader, const struct json *json)
{
	bool found = false;

	for (size_t i = 0; i < json->n; i++) {
		struct span string = json->strings[i];

		if (!json->object) {
			read_inner(reader, string, CODE_JSON);
		} else if (holds_key(string)) {
			read_refused(reader, string, CODE_JSON);
			found = true;
		}
	}
	if (json->object && !found)
		report_thing(reader, json->secret ? CODE_PRIVATE_KEY : CODE_JSON, json->text);
}

/* JSON at the front of rest; framed: something stands around it, quotation marks perhaps. */
static size_t
read_front(struct reader *reader, struct span rest, bool framed)
{
	struct json json = { .arena = reader->arena };
	size_t white = 0;
	bool fits;

	while (white < rest.len && memchr(" \t", rest.data[white], 2) != NULL)
		white++;
	json.text = span_skip(rest, white);
	if (reader->depth == 0 && reader->parsed != NULL && rest.data < reader->parsed)
		return 0;
	if (json.text.len < 2 || memchr("[{\"'", *json.text.data, 4) == NULL
	    || reader->depth >= DEPTH_MAX)
		return 0;
	if (*json.text.data == '"' || *json.text.data == '\'') {
		/* a string without escapes is just quoted */
		const char *end = memchr(json.text.data, '\n', json.text.len);

		if (end != NULL)
			json.text.len = (size_t)(end - json.text.data);
		if (!read_member(&json)) {
			json.at = json.n = 0;
			json.object = json.escapes = false;
			if (!read_value(&json, 0) || !json.escapes || !holds_key(json.strings[0]))
				return 0;
		}
	} else {
		fits = read_value(&json, 0);
		if (!fits && reader->depth == 0)
			reader->parsed = json.text.data + json.at;
		if (!fits || (json.n == 0 && json.at < 8)
		    || (json.bare && json.n == 1 && !json.object))
			return 0;
	}
	while (json.at < json.text.len
	       && (memchr(" \t\r,;", json.text.data[json.at], 5) != NULL
	           || (framed && memchr("\"'`", json.text.data[json.at], 3) != NULL)))
		json.at++;
	if (json.at < json.text.len && json.text.data[json.at] != '\n')
		return 0;
	if (json.n == 1 && json.strings[0].len == 0)
		return 0;
	read_strings(reader, &json);
	return white + json.at;
}

size_t
read_json(struct reader *reader, struct span rest)
{
	struct span text = chars_trim(span_take(rest, line_end(rest, 0)));
	struct decorations around = reader->around;
	size_t taken = read_front(reader, rest, false), len;
	enum code code;

	/* PUBLIC_KEY='["ssh-ed25519 ...", ...]' */
	for (int i = 0; i < 3 && taken == 0 && text.len > 0; i++) {
		if (memchr(text.data, '[', text.len) == NULL
		    && memchr(text.data, '{', text.len) == NULL)
			break;
		len = decoration_front(text, &code);
		if (len == 0 || len >= text.len || memchr("[{", *text.data, 2) != NULL)
			break;
		decorate(&reader->around, code);
		text = span_skip(text, len);
		if (memchr("[{", *text.data, 2) != NULL) {
			len = (size_t)(text.data - rest.data);
			taken = read_front(reader, span_skip(rest, len), true);
			taken += taken > 0 ? len : 0;
		}
	}
	reader->around = around;
	return taken;
}
