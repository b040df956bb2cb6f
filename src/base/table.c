#include "base/table.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* In columns: the verdict's width, the subject's at most; where less than TEXT_LEAST would be left
 * for the text, it begins on a line of its own, indented by NARROW_INDENT. */
enum { VERDICT = 10, SUBJECT_MOST = 30, TEXT_LEAST = 30, NARROW_INDENT = 4 };

static size_t
terminal_width(void)
{
	struct winsize size = { 0 };

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}

struct table
table_new(struct arena *arena)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

	return (struct table){ .out = buf_new(arena),
		.width = terminal_width(),
		.colour = isatty(STDOUT_FILENO) && (no_colour == NULL || no_colour[0] == '\0')
		          && (term == NULL || strcmp(term, "dumb") != 0) };
}

/* Columns of UTF-8 text; wide characters are rare enough to count as one. */
static size_t
columns(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80 ? 1 : 0;
	return n;
}

static bool
is_control(const char *text)
{
	unsigned char c = (unsigned char)text[0], next = c == 0xc2 ? (unsigned char)text[1] : 0;

	return c < ' ' || c == 0x7f || (next >= 0x80 && next < 0xa0);
}

const char *
table_plain(struct arena *arena, const char *text)
{
	struct buf out;
	size_t n = 0;

	while (text[n] != '\0' && !is_control(text + n))
		n++;
	if (text[n] == '\0')
		return text;
	out = buf_new(arena);
	for (; *text != '\0'; text++) {
		if (!is_control(text)) {
			buf_putc(&out, *text);
			continue;
		}
		if ((unsigned char)*text == 0xc2)
			text++;
		buf_printf(&out, "\\x%02x", (unsigned char)*text);
	}
	return out.data;
}

void
table_fit(struct table *table, const char *subject)
{
	size_t n;

	subject = table_plain(table->out.arena, subject);
	n = columns(subject, strlen(subject));
	n = n > SUBJECT_MOST ? SUBJECT_MOST : n;
	if (n > table->subject)
		table->subject = n;
}

static size_t
indent_of(const struct table *table)
{
	size_t indent = VERDICT + table->subject + 2;

	return table->width != 0 && indent + TEXT_LEAST > table->width ? NARROW_INDENT : indent;
}

static void
pad(struct buf *out, size_t n)
{
	while (n-- > 0)
		buf_putc(out, ' ');
}

/* Text from column at on, its further lines at indent. A word longer than a line stays whole: it is
 * to be copied. */
static void
put_wrapped(struct table *table, const char *text, size_t at, size_t indent)
{
	bool first = true;

	while (*text != '\0') {
		size_t word = strcspn(text, " "), n = columns(text, word);

		if (!first && table->width != 0 && at + 1 + n > table->width) {
			buf_putc(&table->out, '\n');
			pad(&table->out, indent);
			at = indent;
		} else if (!first) {
			buf_putc(&table->out, ' ');
			at++;
		}
		buf_add(&table->out, text, word);
		at += n;
		text += word + (text[word] == ' ');
		first = false;
	}
	buf_putc(&table->out, '\n');
}

void
table_row(
    struct table *table, enum tone tone, const char *verdict, const char *subject, const char *text)
{
	static const char *const tones[] = { [TONE_PLAIN] = "",
		[TONE_GOOD] = "\033[32m",
		[TONE_DOUBTFUL] = "\033[33m",
		[TONE_BAD] = "\033[31m" };
	bool coloured = table->colour && tone != TONE_PLAIN;
	size_t indent = indent_of(table), at;

	subject = table_plain(table->out.arena, subject);
	buf_printf(
	    &table->out, "%s%s%s", coloured ? tones[tone] : "", verdict, coloured ? "\033[0m" : "");
	pad(&table->out, VERDICT - strlen(verdict));
	buf_puts(&table->out, subject);
	at = VERDICT + columns(subject, strlen(subject));
	if (text[0] == '\0') {
		buf_putc(&table->out, '\n');
		return;
	}
	if (at + 2 <= indent) {
		pad(&table->out, indent - at);
	} else if (table->width != 0) {
		buf_putc(&table->out, '\n');
		pad(&table->out, indent);
	} else {
		buf_puts(&table->out, "  ");
	}
	put_wrapped(table, table_plain(table->out.arena, text), indent, indent);
}

void
table_below(struct table *table, const char *label, const char *text)
{
	size_t indent = indent_of(table);

	pad(&table->out, indent);
	buf_puts(&table->out, label);
	put_wrapped(table, table_plain(table->out.arena, text), indent + strlen(label), indent + 2);
}

void
table_line(struct table *table, const char *text)
{
	put_wrapped(table, table_plain(table->out.arena, text), 0, 0);
}

void
table_print(const struct table *table)
{
	fflush(stdout);
	(void)write_all(STDOUT_FILENO, table->out.data, table->out.len);
}
