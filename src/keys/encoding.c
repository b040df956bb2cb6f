/*
 * Encodings that something put over a key on its way: they are undone to tell the right line, but
 * what was found is not used, since the author's text was another.
 */
#include "base/buf.h"
#include "keys/chars.h"
#include "keys/decoration.h"
#include "keys/reader.h"

#include <ctype.h>
#include <stdio.h>

enum { BLOCK_MAX = 64 * 1024 };

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct span
as_span(const struct buf *out)
{
	return (struct span){ out->data != NULL ? out->data : "", out->len };
}

static void
put_point(struct buf *out, unsigned long c)
{
	if (c == 0 || c > 0x10ffff || (c >= 0x80 && c < 0xa0)) {
		buf_putc(out, '?');
	} else if (c < 0x80) {
		buf_putc(out, (char)c);
	} else if (c == 0xa0) {
		buf_putc(out, ' ');
	} else if (c < 0x800) {
		buf_putc(out, (char)(0xc0 | c >> 6));
		buf_putc(out, (char)(0x80 | (c & 0x3f)));
	} else {
		buf_puts(out, "?");
	}
}

/* The entity at the front of text: its length, 0 where there is none. */
static size_t
entity(struct span text, unsigned long *point)
{
	static const struct {
		const char *name;
		unsigned char point;
	} names[]
	    = { { "quot", '"' }, { "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "nbsp", ' ' },
		      { "apos", '\'' }, { "plus", '+' }, { "sol", '/' }, { "equals", '=' },
		      { "commat", '@' }, { "hyphen", '-' }, { "dash", '-' }, { "period", '.' },
		      { "NewLine", '\n' }, { "Tab", '\t' }, { "lowbar", '_' }, { "colon", ':' },
		      { "comma", ',' }, { "num", '#' }, { "ldquo", '"' }, { "rdquo", '"' },
		      { "lsquo", '\'' }, { "rsquo", '\'' }, { "zwj", ' ' }, { "shy", '-' },
		      { "laquo", '"' }, { "raquo", '"' }, { "bull", '*' }, { "middot", '*' },
		      { "ensp", ' ' }, { "emsp", ' ' }, { "ndash", '-' }, { "mdash", '-' } };
	size_t end = 1;

	while (end < text.len && end < 12 && text.data[end] != ';' && text.data[end] != ' ')
		end++;
	if (end < 3 || end >= text.len || text.data[end] != ';')
		return 0;
	*point = 0;
	if (text.data[1] == '#') {
		bool hexadecimal = (text.data[2] | 0x20) == 'x';

		for (size_t i = hexadecimal ? 3 : 2; i < end; i++) {
			int digit = hex(text.data[i]);

			if (digit < 0 || (!hexadecimal && digit > 9))
				return 0;
			*point = *point * (hexadecimal ? 16 : 10) + (unsigned)digit;
		}
		return end + 1;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (span_is((struct span){ text.data + 1, end - 1 }, names[i].name)) {
			*point = names[i].point;
			return end + 1;
		}
	return 0;
}

static bool
undo_entities(struct arena *arena, struct span text, struct span *plain)
{
	struct buf out = buf_new(arena);
	size_t found = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned long point = 0;
		size_t len = text.data[i] == '&' ? entity(span_skip(text, i), &point) : 0;

		if (len == 0) {
			buf_putc(&out, text.data[i]);
			continue;
		}
		put_point(&out, point);
		found++;
		i += len - 1;
	}
	*plain = as_span(&out);
	return found > 0;
}

/* Whether text closes a tag of that name: then it is one, known or not. */
static bool
closes(struct span text, struct span name)
{
	char close[40];

	if (name.len == 0 || name.len + 4 > sizeof(close))
		return false;
	snprintf(close, sizeof(close), "</%.*s>", (int)name.len, name.data);
	return span_find_nocase(text, close) < text.len;
}

static bool
undo_tags(struct arena *arena, struct span text, struct span *plain)
{
	static const char *const tags[] = { "br", "p", "div", "code", "pre", "span", "b", "i", "li",
		"ul", "ol", "td", "tr", "th", "table", "font", "a", "strong", "em", "tt", "kbd",
		"samp", "body", "html", "h1", "h2", "h3", "wbr", "blockquote", "textarea", "input",
		"button", "label", "u" };
	struct buf out = buf_new(arena);
	size_t found = 0, strange = 0;

	for (size_t i = 0; i < text.len; i++) {
		size_t name = i + 1, end;
		bool tag = false;

		if (text.data[i] == '<') {
			if (name < text.len && text.data[name] == '/')
				name++;
			end = name;
			while (end < text.len
			       && (isalnum((unsigned char)text.data[end])
			           || memchr("-_:.", text.data[end], 4) != NULL))
				end++;
			for (size_t k = 0; k < sizeof(tags) / sizeof(*tags); k++)
				tag |= span_is_nocase(
				    (struct span){ text.data + name, end - name }, tags[k]);
			if (!tag && strange++ < 16)
				tag = closes(text, (struct span){ text.data + name, end - name });
			tag = tag && end < text.len && memchr(" \t/>", text.data[end], 4) != NULL;
			name = end;
			while (tag && end < text.len && end - name < 400 && text.data[end] != '>'
			       && text.data[end] != '<')
				end++;
			if (tag && end < text.len && text.data[end] == '>') {
				buf_putc(&out, '\n');
				found++;
				i = end;
				continue;
			}
		}
		buf_putc(&out, text.data[i]);
	}
	*plain = as_span(&out);
	return found > 0;
}

static bool
undo_percent(struct arena *arena, struct span text, struct span *plain)
{
	struct buf out = buf_new(arena);
	size_t found = 0;
	bool form = memchr(text.data, ' ', text.len) == NULL;
	unsigned char c;

	/* + is a space only where the text has neither spaces nor %20 */
	form &= span_find(text, "%20") == text.len && span_find(text, "%25") == text.len;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '%' && i + 2 < text.len && hex(text.data[i + 1]) >= 0
		    && hex(text.data[i + 2]) >= 0) {
			c = (unsigned char)((unsigned)hex(text.data[i + 1]) << 4
			                    | (unsigned)hex(text.data[i + 2]));
			buf_putc(&out, (char)c);
			found += c < 0x80 && !isalnum(c); /* what had to be encoded */
			i += 2;
		} else {
			buf_putc(&out, form && text.data[i] == '+' ? ' ' : text.data[i]);
		}
	}
	*plain = as_span(&out);
	if (found > 0 && out.len < text.len && span_find(text, "%25") < text.len)
		undo_percent(arena, *plain, plain); /* encoded twice */
	return found > 0
	       || (form && memchr(text.data, '+', text.len) != NULL
	           && find_key(text, 0) == text.len);
}

static bool
undo_printable(struct arena *arena, struct span text, struct span *plain)
{
	struct buf out = buf_new(arena);
	size_t found = 0;

	for (size_t i = 0; i < text.len; i++) {
		size_t end = i + 1;

		if (text.data[i] == '=') {
			while (end < text.len && (text.data[end] == '\r' || text.data[end] == ' '))
				end++;
			if (end < text.len && text.data[end] == '\n' && end + 1 < text.len
			    && text.data[end + 1] != '\n' && (i == 0 || text.data[i - 1] != '=')) {
				found++;
				i = end;
				continue;
			}
			if (i + 2 < text.len && hex(text.data[i + 1]) >= 2
			    && hex(text.data[i + 1]) <= 7 && hex(text.data[i + 2]) >= 0
			    && isxdigit((unsigned char)text.data[i + 2])) {
				buf_putc(&out,
				    (char)(hex(text.data[i + 1]) << 4 | hex(text.data[i + 2])));
				/* every = must be encoded, so =3D is sure; =20 may be an option's
				 * value */
				found += out.data[out.len - 1] == '=';
				i += 2;
				continue;
			}
		}
		buf_putc(&out, text.data[i]);
	}
	*plain = as_span(&out);
	return found > 0;
}

static bool
undo_json(struct arena *arena, struct span text, struct span *plain)
{
	static const char from[] = "nrt/\"", to[] = "\n\r\t/\"";
	struct buf out = buf_new(arena);
	size_t found = 0;

	for (size_t i = 0; i < text.len; i++) {
		const char *which = i + 1 < text.len && text.data[i + 1] != '\0'
		                        ? strchr(from, text.data[i + 1])
		                        : NULL;
		unsigned long point = 0;
		size_t digits = 0;

		if (text.data[i] != '\\') {
			buf_putc(&out, text.data[i]);
			continue;
		}
		if (i + 5 < text.len && text.data[i + 1] == 'u')
			while (digits < 4 && hex(text.data[i + 2 + digits]) >= 0)
				point = point << 4 | (unsigned)hex(text.data[i + 2 + digits++]);
		if (digits == 4) {
			put_point(&out, point);
			i += 5;
			found++;
		} else if (i + 3 < text.len && text.data[i + 1] == 'x' && hex(text.data[i + 2]) >= 0
		           && hex(text.data[i + 3]) >= 0) {
			buf_putc(&out, (char)(hex(text.data[i + 2]) << 4 | hex(text.data[i + 3])));
			i += 3;
			found++;
		} else if (which != NULL) {
			buf_putc(&out, to[which - from]);
			i++;
			found += text.data[i] == '/'
			         || (text.data[i] == 't'
			             && span_starts(span_skip(text, i + 1), "AAAA"));
		} else {
			buf_putc(&out, '\\');
		}
	}
	*plain = as_span(&out);
	return found > 0;
}

static bool
undo_shell(struct arena *arena, struct span text, struct span *plain)
{
	struct buf out = buf_new(arena);
	size_t found = 0, blob = span_find(text, "AAAA");

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\\' && i + 1 < text.len
		    && !isalnum((unsigned char)text.data[i + 1])
		    && memchr("\\/\"'\r\n\t", text.data[i + 1], 7) == NULL) {
			found += i + 2 >= blob; /* in front there may be a path of Windows */
			continue;
		}
		buf_putc(&out, text.data[i]);
	}
	*plain = as_span(&out);
	return found > 0;
}

/* text without NAME=, quotation marks and the like in front. */
static struct span
without_front(struct span text)
{
	enum code code;
	size_t len;

	text = chars_trim(text);
	for (int i = 0; i < 4 && (len = decoration_front(text, &code)) > 0; i++)
		text = span_skip(text, len);
	return text;
}

/* base64 that holds a key line, or a private key, and not a key's blob. */
static bool
undo_base64(struct arena *arena, struct span text, struct span *plain)
{
	struct bytes bytes;
	struct span joined;
	char *out;
	size_t n = 0;

	text = without_front(text);
	if (text.len < 40 || !base64_char(*text.data) || span_starts(text, "AAAA"))
		return false;
	out = arena_alloc(arena, text.len + 1, 1);
	for (size_t i = 0; i < text.len; i++) {
		if (memchr(" \t\r\n", text.data[i], 4) != NULL)
			continue;
		if (!base64_char(text.data[i]) && text.data[i] != '=')
			break;
		out[n++] = text.data[i];
	}
	base64_read(arena, (struct span){ out, n }, &bytes);
	joined = (struct span){ (const char *)bytes.data, bytes.len };
	for (size_t i = 0; i < joined.len && i < 16; i++)
		if (joined.data[i] < '\t')
			return false;
	*plain = joined;
	if (!holds_key(joined) && undo_base64(arena, joined, &joined))
		*plain = joined; /* encoded twice */
	return true;
}

bool
holds_key(struct span text)
{
	return find_key(text, 0) < text.len || span_find(text, "PRIVATE KEY") < text.len
	       || span_find(text, "PuTTY-User-Key-File") < text.len;
}

/* The lines at the front of rest up to an empty one, or the first that is a key by itself. */
static struct span
block(struct span rest)
{
	size_t end = 0;

	while (end < rest.len && end < BLOCK_MAX) {
		const char *next = memchr(rest.data + end, '\n', rest.len - end);
		size_t line = next == NULL ? rest.len : (size_t)(next - rest.data);

		if (chars_trim((struct span){ rest.data + end, line - end }).len == 0
		    || (end > 0
		        && find_key((struct span){ rest.data + end, line - end }, 0) < line - end))
			break;
		end = line + 1;
	}
	return span_take(rest, end > 0 ? end - 1 : 0);
}

/* Whether a block that begins with line could be encoded in lines. */
static bool
could_be_block(struct span line)
{
	struct span text = without_front(line);
	size_t i = 0;

	if (text.len == 0)
		return false;
	if (text.data[text.len - 1] == '=' || span_find(text, "=3D") < text.len)
		return true;
	while (i < text.len && base64_char(text.data[i]))
		i++;
	return i > 16;
}

size_t
read_encoded(struct reader *reader, struct span rest, struct span line, bool blocks)
{
	static const struct {
		bool (*undo)(struct arena *, struct span, struct span *);
		const char *mark;
		enum code code;
		bool block;
	} encodings[] = { { undo_tags, "<", CODE_HTML_TAGS, false },
		{ undo_entities, "&", CODE_HTML_ENTITIES, false },
		{ undo_printable, "=", CODE_QUOTED_PRINTABLE, true },
		{ undo_percent, "%+", CODE_PERCENT_ENCODED, false },
		{ undo_shell, "\\", CODE_SHELL_ESCAPE, false },
		{ undo_json, "\\", CODE_JSON_ESCAPES, false },
		{ undo_base64, "", CODE_BASE64_OF_LINE, true } };
	struct span extent = line;
	size_t refused = reader->refused;
	const struct entry *last = reader->entries->last;

	if (reader->depth >= DEPTH_MAX || line.len > LONG_TEXT)
		return 0;
	if (blocks) {
		if (!could_be_block(line)
		    || (reader->depth == 0 && reader->tried != NULL && line.data < reader->tried))
			return 0;
		extent = block(rest);
		if (reader->depth == 0)
			reader->tried = extent.data + extent.len;
	}
	for (size_t i = 0; i < sizeof(encodings) / sizeof(*encodings); i++) {
		struct span text = encodings[i].block ? extent : line, plain;
		bool marked = *encodings[i].mark == '\0';

		for (const char *mark = encodings[i].mark; *mark != '\0'; mark++)
			marked |= memchr(text.data, *mark, text.len) != NULL;
		if (blocks != encodings[i].block || !marked
		    || !encodings[i].undo(reader->arena, text, &plain) || !holds_key(plain))
			continue;
		read_refused(reader, plain, encodings[i].code);
		if (reader->entries->last == last && reader->refused == refused)
			report_refused(
			    reader, encodings[i].code, NULL, (struct bytes){ 0 }, NULL, NULL);
		return text.len;
	}
	return 0;
}
