#include "laptop/sshconf.h"

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f';
}

static struct span
skip_space(struct span text)
{
	while (text.len > 0 && is_space(text.data[0]))
		text = span_skip(text, 1);
	return text;
}

bool
conf_next_line(struct conf_line *line)
{
	const char *end;

	if (line->rest.len == 0)
		return false;
	line->in_block = line->in_block || line->opens_block;
	end = memchr(line->rest.data, '\n', line->rest.len);
	line->full_len = end == NULL ? line->rest.len : (size_t)(end - line->rest.data) + 1;
	line->text = span_take(line->rest, line->full_len - (end != NULL));
	if (line->text.len > 0 && line->text.data[line->text.len - 1] == '\r')
		line->text.len--;
	line->rest = span_skip(line->rest, line->full_len);
	line->number++;
	line->opens_block
	    = conf_keyword_is(line->text, "Host") || conf_keyword_is(line->text, "Match");
	return true;
}

bool
conf_is_blank(struct span line)
{
	return skip_space(line).len == 0;
}

bool
conf_is_comment(struct span line)
{
	line = skip_space(line);
	return line.len > 0 && line.data[0] == '#';
}

/* Takes the next word of line: in double quotes, or up to a space (or = after the keyword). */
static bool
next_word(struct span *line, struct span *word, bool keyword)
{
	size_t len = 0;

	*line = skip_space(*line);
	if (line->len == 0)
		return false;
	if (line->data[0] == '"') {
		*line = span_skip(*line, 1);
		while (len < line->len && line->data[len] != '"')
			len++;
		*word = span_take(*line, len);
		*line = span_skip(*line, len + 1);
	} else {
		while (len < line->len && !is_space(line->data[len])
		       && !(keyword && line->data[len] == '='))
			len++;
		*word = span_take(*line, len);
		*line = span_skip(*line, len);
	}
	if (keyword) {
		*line = skip_space(*line);
		if (line->len > 0 && line->data[0] == '=')
			*line = span_skip(*line, 1);
	}
	return true;
}

bool
conf_keyword_is(struct span line, const char *keyword)
{
	struct span word;

	return next_word(&line, &word, true) && span_is_nocase(word, keyword);
}

bool
conf_host_has(struct span line, const char *pattern)
{
	struct span word;

	next_word(&line, &word, true);
	while (next_word(&line, &word, false))
		if (span_is(word, pattern))
			return true;
	return false;
}

/* ssh's own patterns know * and ? only. */
static bool
matches(struct span pattern, const char *text)
{
	for (; pattern.len > 0; pattern = span_skip(pattern, 1), text++) {
		if (pattern.data[0] == '*') {
			while (pattern.len > 0 && pattern.data[0] == '*')
				pattern = span_skip(pattern, 1);
			if (pattern.len == 0)
				return true;
			for (; *text != '\0'; text++)
				if (matches(pattern, text))
					return true;
			return false;
		}
		if (*text == '\0' || (pattern.data[0] != '?' && pattern.data[0] != *text))
			return false;
	}
	return *text == '\0';
}

bool
conf_host_matches(struct span line, const char *alias)
{
	struct span word;
	bool found = false;

	next_word(&line, &word, true);
	while (next_word(&line, &word, false)) {
		if (word.len > 0 && word.data[0] == '!') {
			if (matches(span_skip(word, 1), alias))
				return false;
		} else if (matches(word, alias)) {
			found = true;
		}
	}
	return found;
}

void
conf_quote(struct buf *buf, const char *value, bool percent)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	                            "@%+:,./_~-[]*";
	bool quotes = value[0] == '\0' || strspn(value, plain) != strlen(value);

	if (quotes)
		buf_putc(buf, '"');
	for (; *value != '\0'; value++) {
		if (percent && *value == '%')
			buf_putc(buf, '%');
		/* Old clients know no escapes, so a backslash is doubled only where a new one would
		 * take it for one. */
		if (*value == '"' || (*value == '\\' && strchr("\\\"'", value[1]) != NULL))
			buf_putc(buf, '\\');
		buf_putc(buf, *value);
	}
	if (quotes)
		buf_putc(buf, '"');
}
