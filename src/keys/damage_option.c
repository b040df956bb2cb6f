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

/* Options that sshd does not take, or a space among them. */
bool
report_options(struct reader *reader, const struct words *words, struct span list)
{
	struct span key = rest_from(words, words->type), culprit;
	struct options options;
	char *joined, *fix = NULL;
	size_t n = 0, equals;
	bool balanced, quoted = false;
	enum code code;

	(void)options_length(list, &balanced);
	joined = arena_alloc(reader->arena, list.len + 1, 1);
	for (size_t i = 0; i < list.len; i++) {
		quoted ^= list.data[i] == '"' && (i == 0 || list.data[i - 1] != '\\');
		if (quoted || memchr(" \t", list.data[i], 2) == NULL)
			joined[n++] = list.data[i];
	}
	options = options_read(reader->arena, span_of(joined), reader->rules->now);
	code = options.code;
	culprit = options.culprit;
	if (!balanced) {
		code = options.code == CODE_OPTION_VALUE ? CODE_OPTION_UNKNOWN : CODE_OPTION_QUOTE;
		culprit = list;
	} else if (n < list.len) {
		char *commas = spaces_to_commas(reader->arena, list);

		fix = options_read(reader->arena, span_of(joined), reader->rules->now).code
		              == CODE_NONE
		          ? joined
		          : commas;
		if (options_read(reader->arena, span_of(fix), reader->rules->now).code != CODE_NONE)
			fix = NULL;
		else
			fix = arena_printf(reader->arena, "%s %.*s", fix, (int)key.len, key.data);
		if (fix != NULL || has_comma_space(list))
			code = CODE_OPTION_SPACE;
		else if (code != CODE_OPTION_QUOTE)
			code = CODE_OPTION_UNKNOWN;
		culprit = list;
	}
	if (code == CODE_NONE)
		return false;
	if (code == CODE_OPTION_UNKNOWN && balanced && options_nearest(culprit) != NULL) {
		report_refused(reader, code, NULL, (struct bytes){ 0 },
		    arena_printf(
		        reader->arena, "correct the option: %s?", options_nearest(culprit)),
		    "%s", chars_show(reader->arena, culprit, 60));
		return true;
	}
	if (code == CODE_OPTION_QUOTE && balanced && n == list.len) {
		/* name=value or name='value' alone: the quotes can be put in */
		equals = span_find(culprit, "=");
		struct span bare = span_skip(culprit, equals + 1), tail;
		size_t quote = char_quote(bare);
		struct span old = span_skip(list, (size_t)0);

		if (quote > 0) {
			bare = span_skip(bare, quote);
			for (size_t back = 1; back <= 3 && back <= bare.len; back++)
				if (char_quote((struct span){ bare.data + bare.len - back, back })
				    == back) {
					bare.len -= back;
					break;
				}
		}
		tail = span_skip(
		    old, (size_t)(span_find(span_of(joined),
		                      arena_strndup(reader->arena, culprit.data, culprit.len))
		                  + culprit.len));
		fix = arena_printf(reader->arena, "%.*s%.*s=\"%.*s\"%.*s %.*s",
		    (int)(list.len - tail.len - culprit.len), list.data, (int)equals, culprit.data,
		    (int)bare.len, bare.data, (int)tail.len, tail.data, (int)key.len, key.data);
	}
	if (fix != NULL) {
		struct reading reading = key_read(reader->arena, span_of(fix), reader->rules->now);

		fix = reading.code == CODE_NONE
		          ? key_line(reader->arena, key_make(reader->arena, &reading))
		          : NULL;
	}
	refuse_showing(reader, code, NULL, (struct bytes){ 0 }, fix, culprit);
	return true;
}
