/*
 * Things of several lines with a head of their own: private keys of all kinds, PEM, SSH2 public
 * keys, PuTTY's files, PGP.
 *
 * Of a private key nothing is ever shown, but where the format holds the public half readably its
 * fingerprint is: the owner must know which key to forget.
 */
#include "keys/chars.h"
#include "keys/private.h"
#include "keys/reader.h"

enum { PPK_MAX = 16 * 1024 };

/* Where the line begins on which the first key behind text[from] stands, written line ends counting
 * as well: a key is only as good as the options in front of it. text.len: there is none. */
static size_t
key_line_start(struct span text, size_t from)
{
	size_t at = find_key(text, from);

	if (at == text.len)
		return text.len;
	for (; at > from; at--) {
		if (text.data[at - 1] == '\n')
			return at;
		if (at > from + 1 && text.data[at - 2] == '\\' && text.data[at - 1] == 'n')
			return at - 2;
	}
	return text.len;
}

/* Where something ends that began before text[begin] and has no END line: at an empty line, or
 * where the line of the next key begins. */
static size_t
endless_end(struct span text, size_t begin)
{
	for (size_t at = begin, next; at < text.len; at = next + 1) {
		struct span line = span_take(text, next = line_end(text, at));
		size_t key = key_line_start(line, at);

		if (key < line.len)
			return key;
		if (at > begin && (next == at || find_key(line, at) < line.len))
			return next == at ? at - 1 : at;
	}
	return text.len;
}

/* Where the next END line begins, its dashes not all counted. */
static size_t
find_end(struct reader *reader, struct span text)
{
	size_t end = text.len;

	if (reader->depth == 0 && reader->endless)
		return end;
	end = span_find(text, "--END");
	end = span_find(span_take(text, end), "-- END");
	reader->endless |= reader->depth == 0 && end == text.len;
	return end;
}

/* From the head at text[head] to behind the END line that belongs to it, or, where there is none,
 * to the next thing with a meaning of its own. body is what stands between. */
static size_t
armour_end(struct reader *reader, struct span text, size_t head, struct span *body)
{
	size_t begin = head, end;

	/* behind the dashes that close the head */
	begin += span_find(span_skip(text, begin), "BEGIN");
	begin += span_find(span_skip(text, begin), "--");
	while (begin < text.len && text.data[begin] == '-')
		begin++;
	end = begin + find_end(reader, span_skip(text, begin));
	if (end == text.len) {
		end = endless_end(text, begin);
		*body = (struct span){ text.data + begin, end - begin };
		return end;
	}
	*body = (struct span){ text.data + begin, end - begin };
	end += span_find(span_skip(text, end), "END");
	end += span_find(span_skip(text, end), "--");
	while (end < text.len && text.data[end] == '-')
		end++;
	return end;
}

/* Written line ends made real. */
static struct span
unescape_lines(struct arena *arena, struct span body)
{
	char *out = arena_alloc(arena, body.len + 1, 1);
	size_t n = 0;

	for (size_t i = 0; i < body.len; i++) {
		if (body.data[i] == '\\' && i + 1 < body.len
		    && memchr("nr", body.data[i + 1], 2) != NULL) {
			i++;
			out[n++] = '\n';
		} else {
			out[n++] = body.data[i];
		}
	}
	return (struct span){ out, n };
}

/* The lines of an SSH2 key that became one: its header ends where the base64 begins. */
static struct span
part_lines(struct arena *arena, struct span body)
{
	char *out = arena_strndup(arena, body.data, body.len);
	size_t blob = span_find(body, " AAAA");

	if (blob < body.len)
		out[blob] = '\n';
	return (struct span){ out, body.len };
}

/* RFC 4716: headers, which a backslash continues, then base64. */
static void
read_ssh2(struct reader *reader, struct span body)
{
	struct span comment = { "", 0 };
	struct reading reading = { 0 };
	struct blob facts;
	struct bytes bytes;
	struct decorations removed = { 0 };
	enum code code;

	if (find_key(body, 0) < body.len) {
		read_inner(reader, body, CODE_RFC4716);
		return;
	}
	if (memchr(body.data, '\n', body.len) == NULL)
		body = unescape_lines(reader->arena, body);
	if (memchr(body.data, '\n', body.len) == NULL)
		body = part_lines(reader->arena, body);
	while (body.len > 0) {
		size_t end = line_end(body, 0), colon = span_find(span_take(body, end), ":");

		if (chars_trim(span_take(body, end)).len > 0 && colon == end)
			break;
		if (span_starts_nocase(chars_trim(body), "comment:"))
			comment = (struct span){ body.data + colon + 1, end - colon - 1 };
		while (end < body.len && end > 0
		       && body.data[body.data[end - 1] == '\r' && end > 1 ? end - 2 : end - 1]
		              == '\\') {
			end = line_end(body, end + 1);
			if (span_starts_nocase(chars_trim(body), "comment:"))
				comment.len = end - (size_t)(comment.data - body.data);
		}
		body = span_skip(body, end + 1);
	}
	comment = chars_trim(comment);
	if (comment.len > 1 && *comment.data == '"') {
		comment = span_skip(comment, 1);
		if (comment.data[comment.len - 1] == '"')
			comment.len--;
	}
	{
		char *text = arena_strndup(
		         reader->arena, comment.len > 0 ? comment.data : "", comment.len),
		     *p;

		for (p = text; (p = strstr(p, "\\\n")) != NULL;)
			memmove(p, p + 2, strlen(p + 2) + 1);
		comment = span_of(text);
	}
	bytes = private_body(reader->arena, body);
	reading.blob = span_of(base64_write(reader->arena, bytes));
	blob_read(bytes, &facts);
	reading.type = facts.type;
	code = key_judge_blob(reader->arena, facts.type, reading.blob, &facts, &bytes);
	if (code == CODE_BAD_BLOB && facts.type == NULL && bytes.len == 0)
		code = CODE_NO_BLOB;
	else if (code == CODE_BAD_BLOB && facts.need > bytes.len
	         && memchr(body.data, '=', body.len) == NULL)
		code = CODE_TRUNCATED;
	decorate(&removed, CODE_RFC4716);
	reading.comment = comment;
	reading.facts = facts;
	reading.bytes = bytes;
	if (code == CODE_NONE)
		report_key(reader, &reading, &removed);
	else
		report_refused(reader, code, &facts, bytes, NULL, NULL);
}

/* From "PuTTY-User-Key-File" to the end of its last line. */
static size_t
read_ppk(struct reader *reader, struct span text, size_t head)
{
	struct span all = text;
	struct bytes half = { 0 };
	size_t lines, end, last;

	/* no such file is longer; and the next one's lines are not this one's */
	text = span_take(text, head + PPK_MAX);
	text.len = head + 1 + span_find(span_skip(text, head + 1), "PuTTY-User-Key-File-");
	lines = span_find(text, "Public-Lines:");

	if (lines < text.len) {
		size_t stop = lines + span_find(span_skip(text, lines), "Private-Lines:"), body;

		body = line_end(text, lines);
		if (body >= text.len) /* line ends written out */
			body = lines + span_find(span_skip(text, lines), "\\n");
		if (stop > body)
			half = private_body(
			    reader->arena, (struct span){ text.data + body, stop - body });
	}
	last = head + span_find(span_skip(text, head), "Private-MAC:");
	if (last == text.len)
		last = head + span_find(span_skip(text, head), "Private-Hash:");
	end = last < text.len ? line_end(text, last) : key_line_start(text, head);
	if (last == text.len && end == text.len)
		end = head + span_find(span_skip(text, head), "\n\n");
	report_private(reader, CODE_PPK, half);
	/* what follows an unfinished file begins at end, it does not end there */
	return last < text.len || end == all.len || end == 0 ? end : end - 1;
}

/* What the base64 of a DER structure without its BEGIN and END lines is, by its first bytes;
 * CODE_NONE: it is none. */
static enum code
bare_der(struct reader *reader, struct span line)
{
	struct bytes bytes;
	const uint8_t *p;
	size_t at = 2;

	if (line.len < 40 || *line.data != 'M')
		return CODE_NONE;
	base64_read(reader->arena, span_take(line, 40), &bytes);
	p = bytes.data;
	if (bytes.len < 24 || p[0] != 0x30)
		return CODE_NONE;
	if (p[1] > 0x80)
		at += (size_t)(p[1] & 3);
	if (p[at] == 0x02 && p[at + 1] == 1 && p[at + 2] <= 1)
		return CODE_PRIVATE_KEY; /* a version, which no public key has */
	if (p[at] != 0x30)
		return p[at] == 0x02 && p[1] > 0x80 ? CODE_PEM_PUBLIC : CODE_NONE;
	at += 2 + (size_t)(p[at + 1] > 0x80 ? p[at + 1] & 3 : 0);
	if (at + 10 < bytes.len && p[at] == 0x06)
		/* PKCS #5: encrypted; else an algorithm, and a key behind it */
		return memcmp(p + at + 2, "\x2a\x86\x48\x86\xf7\x0d\x01\x05", 8) == 0
		           ? CODE_PRIVATE_KEY
		           : CODE_PEM_PUBLIC;
	return CODE_X509;
}

/* The lines of base64 at the front of rest; 0: there are none. */
static size_t
base64_lines(struct span rest)
{
	size_t end = 0, next;

	for (;; end = next + 1) {
		struct span line;
		size_t i = 0;

		next = line_end(rest, end);
		line = chars_trim((struct span){ rest.data + end, next - end });
		while (i < line.len && (base64_char(line.data[i]) || line.data[i] == '='))
			i++;
		if (i < line.len || line.len == 0)
			return end > 0 ? end - 1 : 0;
		if (next >= rest.len)
			return next;
	}
}

/* A public key in PEM, converted for the fix. */
static void
report_pem(struct reader *reader, struct span body)
{
	struct bytes half = private_public(reader->arena, body);
	struct blob facts = { 0 };
	char *fix = NULL;

	if (find_key(body, 0) < body.len) { /* an SSH key between PEM's lines */
		read_refused(reader, body, CODE_PEM_PUBLIC);
		return;
	}
	if (half.len == 0)
		half = private_body(reader->arena, body);
	if (half.len > 0 && blob_read(half, &facts) == BLOB_OK)
		fix = key_compose(reader->arena, (struct span){ "", 0 }, facts.type->name,
		    span_of(base64_write(reader->arena, half)), (struct span){ "", 0 },
		    reader->rules->now);
	report_refused(reader, CODE_PEM_PUBLIC, &facts, half, fix, NULL);
}

/* The last lines of a private key, its beginning lost. */
static size_t
read_end(struct reader *reader, struct span rest, struct span text)
{
	size_t end = 0, next;

	if (!span_starts(text, "-----END")) {
		if (reader->depth == 0 && reader->tail != NULL && rest.data < reader->tail)
			return 0;
		end = base64_lines(rest);
		if (reader->depth == 0)
			reader->tail = rest.data + end;
		if (end == 0 || !span_starts(chars_trim(span_skip(rest, end + 1)), "-----END"))
			return 0;
		end++;
	}
	next = line_end(rest, end);
	if (span_find(span_take(span_skip(rest, end), next - end), "PRIVATE KEY") >= next - end)
		return 0;
	report_private(reader, CODE_PRIVATE_KEY, (struct bytes){ 0 });
	return next;
}

static size_t
read_bare(struct reader *reader, struct span rest, struct span text)
{
	enum code code;
	size_t end;

	if (span_starts(text, "Proc-Type: 4,ENCRYPTED") || span_starts(text, "DEK-Info:")) {
		report_private(reader, CODE_PRIVATE_KEY, (struct bytes){ 0 });
		end = span_find(rest, "\n\n");
		if (end == rest.len)
			end = span_find(rest, "\n\r\n");
		return end < rest.len ? end + 2 + base64_lines(span_skip(rest, end + 2)) : end;
	}
	code = bare_der(reader, text);
	if (code == CODE_NONE)
		return read_end(reader, rest, text);
	end = base64_lines(rest);
	if (end == 0)
		end = line_end(rest, 0);
	if (code == CODE_PRIVATE_KEY)
		report_private(reader, code, private_public(reader->arena, span_take(rest, end)));
	else if (code == CODE_PEM_PUBLIC)
		report_pem(reader, span_take(rest, end));
	else
		report_thing(reader, code, (struct span){ "", 0 });
	return end;
}

/* What stands in front of a head on its line is looked at only where it could be a key. */
static void
read_before(struct reader *reader, struct span before)
{
	if (find_key(before, 0) < before.len)
		read_inner(reader, before, CODE_TWO_KEYS_ONE_LINE);
}

/* The body of a private key without its head, and other keys of one line. */
static size_t
read_headless(struct reader *reader, struct span rest, struct span line)
{
	size_t at = span_find(line, "b3BlbnNzaC1rZXktdjE"), end = line.len, key;
	struct span body;

	if (at < line.len)
		end = at + find_end(reader, span_skip(rest, at));
	else
		at = span_find(line, "AGE-SECRET-KEY-1");
	if (at == line.len)
		return 0;
	body = (struct span){ rest.data + at, end - at };
	key = key_line_start(body, 0);
	report_private(
	    reader, CODE_PRIVATE_KEY, private_public(reader->arena, span_take(body, key)));
	return key > 0 && key < body.len ? at + key - 1 : line_end(rest, end);
}

/* What a BEGIN line announces; CODE_NONE: nothing that is known here. */
static enum code
head_code(struct span head)
{
	static const struct {
		const char *text;
		enum code code;
	} heads[] = { { "PRIVATE KEY", CODE_PRIVATE_KEY }, { "EC PARAMETERS", CODE_PRIVATE_KEY },
		{ "SSH2 PUBLIC KEY", CODE_RFC4716 }, { "PGP", CODE_PGP },
		{ "PUBLIC KEY", CODE_PEM_PUBLIC }, { "CERTIFICATE", CODE_X509 },
		{ "SSH SIGNATURE", CODE_NOT_A_KEY }, { "Static key", CODE_NOT_A_KEY },
		{ "PKCS7", CODE_X509 }, { "PARAMETERS", CODE_NOT_A_KEY },
		{ "AGE ENCRYPTED", CODE_NOT_A_KEY } };

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		if (span_find(head, heads[i].text) < head.len)
			return heads[i].code;
	return CODE_NONE;
}

/* Quotation marks and written line ends behind an END line belong to it: where they end. */
static size_t
skip_tail(struct reader *reader, struct span rest, size_t end)
{
	while (end < rest.len && rest.data[end] != '\n') {
		size_t skip = char_quote(span_skip(rest, end));

		if (skip == 0 && memchr(" \t\r,;", rest.data[end], 5) != NULL)
			skip = 1;
		else if (skip == 0 && rest.data[end] == '\\' && end + 1 < rest.len)
			skip = 2;
		if (skip == 0) {
			/* a key that begins there does not begin a line */
			reader->frame = CODE_TWO_KEYS_ONE_LINE;
			return end > 0 ? end - 1 : end;
		}
		end += skip;
	}
	return end;
}

/* Where a private key ends that has no END line: behind its base64, an empty line above it or not.
 */
static size_t
body_end(struct span rest, size_t end)
{
	size_t at = end, next;

	while (at < rest.len && memchr("\r\n", rest.data[at], 2) != NULL)
		at++;
	next = base64_lines(span_skip(rest, at));
	return next > 0 ? at + next : end;
}

/* What stands between a BEGIN and an END line. */
static size_t
read_begin(struct reader *reader, struct span rest, struct span line)
{
	size_t at = span_find(line, "BEGIN "), end;
	struct span head, body;
	enum code code;

	if (at == line.len || memchr(line.data, '-', at) == NULL)
		return 0;
	head = span_take(span_skip(line, at), 64);
	code = head_code(head);
	if (code == CODE_NONE)
		return 0;
	at -= at > 5 ? 5 : at;
	read_before(reader, span_take(line, at));
	end = armour_end(reader, rest, at, &body);
	if (span_find(head, "EC PARAMETERS") < head.len && end < rest.len
	    && span_find(span_take(span_skip(rest, end), 80), "PRIVATE KEY") < 80)
		end = armour_end(reader, rest, end, &body);
	if (code == CODE_PRIVATE_KEY)
		report_private(reader, code, private_public(reader->arena, body));
	else if (code == CODE_RFC4716)
		read_ssh2(reader, body);
	else if (code == CODE_PEM_PUBLIC)
		report_pem(reader, body);
	else
		report_thing(reader, code, head);
	if (end == (size_t)(body.data - rest.data) + body.len) {
		/* no END line: a key may begin right here */
		end = code == CODE_PRIVATE_KEY ? body_end(rest, end) : end;
		return end > 0 ? end - 1 : 0;
	}
	return skip_tail(reader, rest, end);
}

static bool
is_ppk_line(struct span text)
{
	static const char *const heads[] = { "Encryption: none", "Encryption: aes256-cbc",
		"Public-Lines: ", "Private-Lines: ", "Private-MAC: ", "Private-Hash: " };

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		if (span_starts(text, heads[i]))
			return true;
	return false;
}

size_t
read_armour(struct reader *reader, struct span rest)
{
	struct span line = span_take(rest, line_end(rest, 0)), text = chars_trim(line);
	size_t at = span_find(line, "PuTTY-User-Key-File-"), end;

	if (at == line.len && reader->private <= REFUSED_MAX && is_ppk_line(text))
		at = 0; /* its first lines were lost */
	if (at < line.len) {
		read_before(reader, span_take(line, at));
		return read_ppk(reader, rest, at);
	}
	if (span_starts(text, "SSH PRIVATE KEY FILE FORMAT")) {
		report_private(reader, CODE_PRIVATE_KEY, (struct bytes){ 0 });
		return rest.len;
	}
	end = read_headless(reader, rest, line);
	if (end == 0)
		end = read_keygen(reader, rest);
	if (end == 0)
		end = read_bare(reader, rest, text);
	return end > 0 ? end : read_begin(reader, rest, line);
}
