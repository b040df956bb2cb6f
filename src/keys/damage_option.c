#include "keys/chars.h"
#include "keys/damage.h"

/* Whether a comma has a space beside it. */
static bool
has_comma_space(struct span list)
{
	for (size_t i = 0; i < list.len; i++)
		if (list.data[i] == ','
		    && ((i + 1 < list.len && list.data[i + 1] == ' ')
		        || (i > 0 && list.data[i - 1] == ' ')))
			return true;
	return false;
}

/* The list with one comma for every run of spaces and commas outside quotes. */
static char *
spaces_to_commas(struct arena *arena, struct span list)
{
	char *out = arena_alloc(arena, list.len + 1, 1);
	bool quoted = false;
	size_t n = 0;

	for (size_t i = 0; i < list.len; i++) {
		char c = list.data[i];

		quoted ^= c == '"' && (i == 0 || list.data[i - 1] != '\\');
		if (quoted || memchr(" \t,", c, 3) == NULL)
			out[n++] = c;
		else if (n > 0 && out[n - 1] != ',')
			out[n++] = ',';
	}
	return out;
}

/* The list without the spaces outside quotes. */
static struct span
without_spaces(struct arena *arena, struct span list)
{
	char *out = arena_alloc(arena, list.len + 1, 1);
	bool quoted = false;
	size_t n = 0;

	for (size_t i = 0; i < list.len; i++) {
		quoted ^= list.data[i] == '"' && (i == 0 || list.data[i - 1] != '\\');
		if (quoted || memchr(" \t", list.data[i], 2) == NULL)
			out[n++] = list.data[i];
	}
	return (struct span){ out, n };
}

static enum code
code_of(struct reader *reader, const char *list)
{
	return options_read(reader->arena, span_of(list), reader->rules->now).code;
}

/* The line without spaces among its options, or with commas for them; NULL where sshd would take
 * neither. */
static char *
mend_spaces(struct reader *reader, struct span list, struct span joined, struct span key)
{
	const char *fix = joined.data;

	if (code_of(reader, fix) != CODE_NONE)
		fix = spaces_to_commas(reader->arena, list);
	if (code_of(reader, fix) != CODE_NONE)
		return NULL;
	return arena_printf(reader->arena, "%s %.*s", fix, (int)key.len, key.data);
}

/* The line with quotes put around the value of option, which is name=value or name='value' at
 * list[at]. */
static char *
mend_quotes(struct reader *reader, struct span list, size_t at, struct span option, struct span key)
{
	size_t equals = span_find(option, "="), quote;
	struct span bare = span_skip(option, equals + 1), tail = span_skip(list, at + option.len);

	quote = char_quote(bare);
	bare = span_skip(bare, quote);
	for (size_t back = 1; quote > 0 && back <= 3 && back <= bare.len; back++)
		if (char_quote((struct span){ bare.data + bare.len - back, back }) == back) {
			bare.len -= back;
			break;
		}
	return arena_printf(reader->arena, "%.*s%.*s=\"%.*s\"%.*s %.*s", (int)at, list.data,
	    (int)equals, option.data, (int)bare.len, bare.data, (int)tail.len, tail.data,
	    (int)key.len, key.data);
}

/* The line as sshd reads it; NULL where it does not take it. */
static char *
checked_line(struct reader *reader, const char *line)
{
	struct reading reading;

	if (line == NULL)
		return NULL;
	reading = key_read(reader->arena, span_of(line), reader->rules->now);
	return reading.code == CODE_NONE
	           ? key_line(reader->arena, key_make(reader->arena, &reading))
	           : NULL;
}

/* Options that sshd does not take, or a space among them. */
bool
report_options(struct reader *reader, const struct words *words, struct span list)
{
	struct span key = rest_from(words, words->type);
	struct span joined = without_spaces(reader->arena, list);
	struct options options
	    = options_read(reader->arena, span_of(joined.data), reader->rules->now);
	struct span culprit = options.culprit;
	enum code code = options.code;
	struct bytes bytes = { NULL, 0 };
	struct blob facts = { 0 };
	const struct blob *known; /* which key it is: a client that offers it can be told */
	char *fix = NULL;
	bool balanced;

	(void)options_length(list, &balanced);
	if (!balanced) {
		code = code == CODE_OPTION_VALUE ? CODE_OPTION_UNKNOWN : CODE_OPTION_QUOTE;
		culprit = list;
	} else if (joined.len < list.len) {
		fix = mend_spaces(reader, list, joined, key);
		if (fix != NULL || has_comma_space(list))
			code = CODE_OPTION_SPACE;
		else if (code != CODE_OPTION_QUOTE)
			code = CODE_OPTION_UNKNOWN;
		culprit = list;
	} else if (code == CODE_OPTION_QUOTE) {
		fix = mend_quotes(reader, list, (size_t)(culprit.data - joined.data), culprit, key);
	}
	if (code == CODE_NONE)
		return false;
	if (words->blob < words->n) {
		base64_read(reader->arena, words->at[words->blob], &bytes);
		blob_read(bytes, &facts);
	}
	known = facts.type != NULL ? &facts : NULL;
	if (code == CODE_OPTION_UNKNOWN && balanced && options_nearest(culprit) != NULL) {
		report_refused(reader, code, known, bytes,
		    arena_printf(
		        reader->arena, "correct the option: %s?", options_nearest(culprit)),
		    "%s", chars_show(reader->arena, culprit, 60));
		return true;
	}
	refuse_showing(reader, code, known, bytes, checked_line(reader, fix), culprit);
	return true;
}
