/*
 * Several keys on one line: beside each other, glued together, or parted by something that ends a
 * line elsewhere. sshd takes the rest of a line for the comment of its first key.
 */
#include "keys/chars.h"
#include "keys/reader.h"

#include <ctype.h>

/* The longest type word that ends right before text[end], its length; 0: none. */
static size_t
type_before(struct span text, size_t end)
{
	size_t longest = 0;
	const struct key_type *type;

	/* most words cannot be one: AAAA */
	if (end == 0
	    || !(islower((unsigned char)text.data[end - 1])
	         || isdigit((unsigned char)text.data[end - 1])))
		return 0;
	for (size_t i = 0; (type = key_type_at(i)) != NULL; i++)
		if (type->len <= end && type->len > longest
		    && text.data[end - 1] == type->name[type->len - 1]
		    && memcmp(text.data + end - type->len, type->name, type->len) == 0)
			longest = type->len;
	return longest;
}

size_t
find_key(struct span text, size_t from)
{
	for (size_t at = from;;) {
		size_t found = at + span_find(span_skip(text, at), "AAAA"), end = found, len;

		if (found >= text.len)
			return text.len;
		while (end > from && (text.data[end - 1] == ' ' || text.data[end - 1] == '\t'))
			end--;
		len = end > from ? type_before(span_take(text, end), end) : 0;
		if (len > 0 && end - len >= from)
			return end - len;
		at = found;
		while (at < text.len && text.data[at] == 'A')
			at++;
	}
}

/* Where the options begin that stand in front of the key at text[key]; key where there are none. */
static size_t
options_before(struct span text, size_t from, size_t key)
{
	size_t first = key - from > 1000 ? key - 1000 : from, end = key;

	while (end > first && (text.data[end - 1] == ' ' || text.data[end - 1] == '\t'))
		end--;
	for (size_t i = first; i < end; i++) {
		struct span list = { text.data + i, end - i };
		bool balanced, value;
		size_t name = 0;

		if (i > 0 && memchr(" \t,;|", text.data[i - 1], 5) == NULL)
			continue;
		while (name < list.len && list.data[name] != '=' && list.data[name] != ','
		       && list.data[name] != ' ')
			name++;
		if (options_known(span_take(list, name), &value)
		    && options_length(list, &balanced) == list.len && balanced)
			return i;
	}
	return key;
}

static struct span
trim_separators(struct span piece)
{
	piece = chars_trim(piece);
	while (piece.len > 0 && memchr(" \t,;:|&+/\"'`", piece.data[piece.len - 1], 12) != NULL)
		piece.len--;
	return piece;
}

/* Length of what ends a line at the front of text, in a way that sshd does not know; 0: nothing. */
static size_t
odd_end(struct span text, enum code *code)
{
	size_t len = 0, n = 0;

	while (n < text.len && text.data[n] == '\\')
		n++;
	if (n > 0 && n < text.len && (text.data[n] == 'n' || text.data[n] == 'r')) {
		*code = CODE_LITERAL_NEWLINE;
		return n + 1;
	}
	if (char_at(text, &len, NULL) == CHAR_BREAK) {
		*code = CODE_LINE_ENDS;
		return len;
	}
	return 0;
}

/* Parts line at its odd ends. A written \n counts only where a key, or the text's end, follows, for
 * comments such as DOMAIN\nick. */
static bool
split_ends(struct reader *reader, struct span line)
{
	enum code code = CODE_NONE, found = CODE_NONE;
	size_t start = 0, pieces = 0, len;

	for (size_t i = 0; i <= line.len; i += len) {
		struct span rest = span_skip(line, i), after;
		size_t end = rest.len == 0 ? 0 : odd_end(rest, &code);

		len = 1;
		if (rest.len > 0 && end == 0)
			continue;
		after = chars_trim(span_skip(rest, end));
		if (rest.len > 0 && code == CODE_LITERAL_NEWLINE && after.len > 0
		    && odd_end(after, &(enum code){ CODE_NONE }) == 0
		    && find_key(after, 0) > (*after.data == '"' ? 1 : 0)
		    && options_before(after, 0, find_key(after, 0)) > 0)
			continue;
		if (rest.len > 0 && found == CODE_NONE)
			found = code;
		if (found == CODE_NONE)
			return false;
		if (chars_trim((struct span){ line.data + start, i - start }).len > 0) {
			read_inner(reader, (struct span){ line.data + start, i - start }, found);
			pieces++;
		}
		start = i + end;
		len = end > 0 ? end : 1;
	}
	return pieces > 0;
}

bool
read_split(struct reader *reader, struct span line)
{
	size_t first = find_key(line, 0), start = 0, next;
	enum code code;

	if (first == line.len || reader->depth >= DEPTH_MAX)
		return false;
	for (size_t i = 0; i < line.len; i++)
		if ((line.data[i] == '\\' || line.data[i] == '\r'
		        || (unsigned char)line.data[i] >= 0xc2)
		    && odd_end(span_skip(line, i), &code) > 0) {
			if (split_ends(reader, line))
				return true;
			break;
		}
	next = find_key(line, first + 4);
	if (next == line.len)
		return false;
	first += span_find(span_skip(line, first), "AAAA");
	while (start < line.len) {
		size_t cut = line.len;

		struct span piece = { line.data + start, 0 };

		if (next < line.len)
			cut = options_before(line, first, next);
		if (cut <= start)
			cut = next;
		piece.len = cut - start;
		read_inner(reader, next < line.len ? trim_separators(piece) : piece,
		    CODE_TWO_KEYS_ONE_LINE);
		start = cut;
		if (next < line.len) {
			/* behind its type and key */
			first = next + span_find(span_skip(line, next), "AAAA");
			while (first < line.len && memchr(" \t", line.data[first], 2) == NULL)
				first++;
			next = find_key(line, next + 4);
			first = first > next ? next : first;
		}
	}
	return true;
}
