#include "init/lines.h"

static void
finish(struct lines *lines, void (*call)(void *context, const char *line), void *context)
{
	if (lines->len > 0 && lines->text[lines->len - 1] == '\r')
		lines->len--;
	lines->text[lines->len] = '\0';
	if (lines->len > 0)
		call(context, lines->text);
	lines->len = 0;
}

void
lines_add(struct lines *lines, const char *bytes, size_t len,
    void (*call)(void *context, const char *line), void *context)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\n') {
			if (!lines->dropping)
				finish(lines, call, context);
			lines->dropping = false;
		} else if (!lines->dropping) {
			/* NUL would end the line early for whoever reads it as a string. */
			lines->text[lines->len++] = bytes[i] == '\0' ? '?' : bytes[i];
			if (lines->len == LINES_ROOM - 1) {
				finish(lines, call, context);
				lines->dropping = true;
			}
		}
	}
}

void
lines_add_whole(struct lines *lines, const char *bytes, size_t len,
    void (*call)(void *context, const char *line), void *context)
{
	if (len > 0 && bytes[len - 1] == '\n')
		len--;
	for (size_t i = 0; i < len; i++)
		lines_add(lines, bytes[i] == '\n' ? "?" : bytes + i, 1, call, context);
	lines_add(lines, "\n", 1, call, context);
}
