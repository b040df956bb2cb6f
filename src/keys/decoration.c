#include "keys/decoration.h"

#include "keys/chars.h"
#include "keys/options.h"
#include "keys/reader.h"

#include <ctype.h>

static size_t
blanks(struct span text)
{
	return text.len - span_skip_blanks(text).len;
}

/* - * + . bullets, dashes, arrows, > of a mail; a number or letter; a box to tick. */
static size_t
marker_length(struct span text)
{
	static const uint32_t bullets[] = { '-', '*', '+', '|', '>', '=', 0xb7, 0x2010, 0x2013,
		0x2014, 0x2022, 0x2023, 0x2043, 0x2192, 0x21d2, 0x2219, 0x25a0, 0x25a1, 0x25aa,
		0x25ab, 0x25b6, 0x25b8, 0x25ba, 0x25cb, 0x25cf, 0x25e6, 0x2605, 0x2606, 0x2610,
		0x2611, 0x2713, 0x2714, 0x2794, 0x279c, 0x27a4, 0x30fb, 0xff0d, 0x1f511 };
	size_t len, gap, i = 0;
	uint32_t c;

	char_at(text, &len, &c);
	for (size_t k = 0; k < sizeof(bullets) / sizeof(*bullets); k++) {
		if (c != bullets[k])
			continue;
		if ((c == '|' || c == '>') && len < text.len
		    && (text.data[len] == '-' || text.data[len] == '+'))
			len++;
		gap = blanks(span_skip(text, len));
		if (gap > 0 || c >= 0x80 || c == '>' || len == text.len)
			return len + gap;
		return 0;
	}
	if (span_starts(text, "[ ] ") || span_starts_nocase(text, "[x] "))
		return 4;
	if (c == '(')
		i++;
	while (i < text.len && i < 6 && isdigit((unsigned char)text.data[i]))
		i++;
	if (i == (c == '(') && i < text.len && isalpha((unsigned char)text.data[i]))
		i++;
	if (i == (c == '(') || i >= text.len)
		return 0;
	gap = blanks(span_skip(text, i));
	if (gap > 0 && isdigit((unsigned char)c)) /* cat -n */
		return i + gap;
	if (text.data[i] != '.' && text.data[i] != ')'
	    && (text.data[i] != ':' || !isdigit((unsigned char)c)))
		return 0;
	gap = blanks(span_skip(text, i + 1));
	if (gap == 0 && (i + 1 >= text.len || isdigit((unsigned char)text.data[i + 1])))
		return 0; /* 1.2.3.4 */
	return gap > 0 || isdigit((unsigned char)c) ? i + 1 + gap : 0;
}

static size_t
name_length(struct span text)
{
	size_t i = 0;

	while (i < text.len && i < 40
	       && (isalnum((unsigned char)text.data[i]) || text.data[i] == '_'
	           || (i > 0 && (text.data[i] == '.' || text.data[i] == '-'))))
		i++;
	return i > 0 && !isdigit((unsigned char)*text.data) ? i : 0;
}

/* Whether text begins with a type, an option, or at least a blob. */
static bool
starts_key(struct span text)
{
	struct span word = span_word(text);
	size_t name = 0;
	bool value;

	while (name < word.len && word.data[name] != '=' && word.data[name] != ',')
		name++;
	return key_type_find(word) != NULL || span_starts(text, "AAAA") || find_key(text, 0) < 12
	       || options_known(span_take(word, name), &value);
}

/* export NAME=, set NAME=, $env:NAME =, ENV NAME value, setx NAME value, -e NAME= */
static size_t
assignment_length(struct span text)
{
	/* those that end in a capital letter or x may be followed by NAME and a value without = */
	static const char *const words[] = { "export ", "set -gx ", "set -x ", "set -Ux ", "set \"",
		"set ", "setx ", "setenv ", "declare -x ", "declare ", "typeset ", "readonly ",
		"local ", "env ", "ENV ", "ARG ", "SetEnv ", "-e ", "--env ", "--env=", "-e",
		"let ", "const ", "var ", "$env:", "${env:", "$", "--", "-" };
	static const char *const spaced[]
	    = { "set -gx ", "set -x ", "set -Ux ", "setx ", "setenv ", "ENV " };
	size_t at = 0, name;
	bool bare = false, prefixed = false, value;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		/* most lines begin with none of them */
		if (((*text.data ^ *words[i]) & ~0x20) != 0 || !span_starts_nocase(text, words[i]))
			continue;
		at = strlen(words[i]);
		at += blanks(span_skip(text, at));
		prefixed = true;
		for (size_t k = 0; k < sizeof(spaced) / sizeof(*spaced); k++)
			bare |= strcasecmp(words[i], spaced[k]) == 0;
		break;
	}
	name = name_length(span_skip(text, at));
	if (name == 0 || (!prefixed && options_known(span_take(text, name), &value)))
		return 0;
	at += name;
	if (at < text.len && text.data[at] == '}')
		at++;
	name = blanks(span_skip(text, at));
	if (at + name < text.len && memchr(":?+", text.data[at + name], 3) != NULL
	    && at + name + 1 < text.len && text.data[at + name + 1] == '=')
		name++;
	if (at + name < text.len && text.data[at + name] == '=')
		at += name + 1;
	else if (!bare || name == 0)
		return 0;
	at += blanks(span_skip(text, at));
	/* env="A=b" in front of a key is meant as an option */
	if (!prefixed && at < text.len && text.data[at] == '"') {
		size_t close = at + 1 + span_find(span_skip(text, at + 1), "\"");

		if (close == text.len && !starts_key(span_skip(text, at + 1)))
			return 0;
		if (close < text.len && span_find(span_skip(text, close), "AAAA") < text.len - close
		    && span_find(text, "AAAA") > close)
			return 0;
	}
	return at;
}

size_t
decoration_front(struct span text, enum code *code)
{
	size_t len, n = 0, more;

	if (text.len == 0)
		return 0;
	while (n < text.len && (more = char_quote(span_skip(text, n))) > 0)
		n += more;
	/* $'...' of a shell, **...** and the like of markdown */
	if (n == 0 && *text.data == '$' && text.len > 1 && memchr("\"'", text.data[1], 2) != NULL)
		n = 2;
	if (n == 0 && memchr("*_~|", *text.data, 4) != NULL) {
		while (n < text.len && text.data[n] == *text.data)
			n++;
		if (find_key(text, 0) != n)
			n = 0;
	}
	if (n > 0) {
		*code = CODE_QUOTED;
		return n + blanks(span_skip(text, n));
	}
	*code = CODE_LIST_MARKER;
	len = marker_length(text);
	if (len > 0)
		return len;
	*code = CODE_ENV_ASSIGNMENT;
	len = assignment_length(text);
	if (len > 0)
		return len;
	*code = *text.data == '[' ? CODE_JSON : CODE_QUOTED;
	if (memchr("[(<{", *text.data, 4) != NULL)
		return 1 + blanks(span_skip(text, 1));
	return 0;
}

size_t
decoration_back(struct span text)
{
	size_t end = text.len;
	bool quote = false;

	while (end > 0) {
		size_t start = end - 1;

		while (start > 0 && ((unsigned char)text.data[start] & 0xc0) == 0x80
		       && end - start < 4)
			start--;
		if (char_quote((struct span){ text.data + start, end - start }) == end - start) {
			quote = true;
			end = start;
			while (end > 0 && text.data[end - 1] == '\\')
				end--;
		} else if (memchr(",;)]}> \t", text.data[end - 1], 8) != NULL) {
			end--;
		} else {
			break;
		}
	}
	return quote ? text.len - end : 0;
}
