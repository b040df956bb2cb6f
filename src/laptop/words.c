#include "laptop/words.h"

#include <ctype.h>

enum { WORDS_MAX = 1024 };

struct splitter {
	struct buf word;
	bool any; /* a word has begun; '' is a word too */
	const char *why;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A word that begins like C:, %USERPROFILE% or \\server came from Windows: its backslashes part
 * directories and escape nothing. */
static bool
from_windows(const struct buf *word)
{
	const char *text = word->data;

	if (word->len >= 2 && isalpha((unsigned char)text[0]) && text[1] == ':')
		return true;
	if (word->len >= 3 && text[0] == '%' && text[word->len - 1] != ' ')
		return strchr(text + 1, '%') != NULL;
	return word->len >= 1 && text[0] == '\\';
}

/* $HOME or ${HOME} at the start of a word and before a slash; any other variable is unknown here.
 */
static size_t
home_variable(const struct splitter *s, struct span rest)
{
	static const char *const forms[] = { "$HOME/", "${HOME}/" };

	for (size_t i = 0; s->word.len == 0 && i < sizeof(forms) / sizeof(*forms); i++)
		if (span_starts(rest, forms[i]))
			return strlen(forms[i]) - 1;
	return 0;
}

/* Takes one character, or more, that stands outside single quotes. Answers how many. */
static size_t
take(struct splitter *s, struct span rest, bool quoted)
{
	char c = rest.data[0];

	if (c == '\\' && !from_windows(&s->word)) {
		bool escapes = rest.len > 1 && (!quoted || strchr("\"\\$`", rest.data[1]) != NULL);

		if (!quoted && s->word.len == 0 && rest.len > 1 && rest.data[1] == '\\')
			escapes = false; /* \\server\share */
		if (escapes) {
			buf_putc(&s->word, rest.data[1]);
			return 2;
		}
	}
	if (c == '$') {
		size_t home = home_variable(s, rest);

		if (home == 0) {
			s->why
			    = "it holds a shell variable or substitution ('$'), which is not run here";
			return 0;
		}
		buf_putc(&s->word, '~');
		return home;
	}
	if (c == '`') {
		s->why = "it holds a shell substitution ('`'), which is not run here";
		return 0;
	}
	buf_putc(&s->word, c);
	return 1;
}

/* Takes a quoted part, both quotes included. */
static size_t
take_quoted(struct splitter *s, struct span rest)
{
	char quote = rest.data[0];
	size_t i = 1;

	s->any = true;
	while (i < rest.len && rest.data[i] != quote) {
		size_t n = 1;

		if (quote == '\'')
			buf_putc(&s->word, rest.data[i]);
		else
			n = take(s, span_skip(rest, i), true);
		if (n == 0)
			return 0;
		i += n;
	}
	if (i >= rest.len) {
		s->why = "a quotation mark is not closed";
		return 0;
	}
	return i + 1;
}

static struct span
trim(struct span text)
{
	while (text.len > 0 && isspace((unsigned char)text.data[0]))
		text = span_skip(text, 1);
	while (text.len > 0 && isspace((unsigned char)text.data[text.len - 1]))
		text.len--;
	return text;
}

static bool
end_word(struct arena *arena, struct splitter *s, struct words *out)
{
	if (!s->any)
		return true;
	if (out->count == WORDS_MAX) {
		s->why = "it has too many words";
		return false;
	}
	out->at[out->count++] = arena_strndup(arena, s->word.data, s->word.len);
	s->word.len = 0;
	s->word.data[0] = '\0';
	s->any = false;
	return true;
}

bool
words_split(struct arena *arena, struct span text, struct words *out, const char **why)
{
	struct splitter s = { .word = buf_new(arena) };
	size_t i = 0;

	text = trim(text);
	*out = (struct words){ .at = arena_alloc(arena, WORDS_MAX + 1, sizeof(char *)) };
	for (i = 0; i < text.len && s.why == NULL; i++)
		if (iscntrl((unsigned char)text.data[i]) && text.data[i] != '\t')
			s.why = text.data[i] == '\n' || text.data[i] == '\r'
			            ? "it has more than one line"
			            : "it holds a control character";
	for (i = 0; i < text.len && s.why == NULL;) {
		struct span rest = span_skip(text, i);
		char c = rest.data[0];

		if (is_blank(c)) {
			end_word(arena, &s, out);
			i++;
		} else if (c == '#' && !s.any) {
			break;
		} else if (c == '\'' || c == '"') {
			i += take_quoted(&s, rest);
		} else if (strchr(";|&<>()", c) != NULL) {
			s.why = "it holds more than one command, or a redirection";
		} else {
			i += take(&s, rest, false);
			s.any = true;
		}
	}
	if (s.why == NULL)
		end_word(arena, &s, out);
	if (s.why == NULL && out->count == 0)
		s.why = "it is empty";
	*why = s.why;
	return s.why == NULL;
}
