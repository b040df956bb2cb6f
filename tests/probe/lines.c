/* The lines of the report: collected, then sorted and printed. */
#include "probe.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char **lines;
static size_t line_count;

void
die(const char *what)
{
	perror(what);
	exit(99);
}

void
line(const char *format, ...)
{
	va_list args;

	if (line_count % 64 == 0) {
		lines = realloc(lines, (line_count + 64) * sizeof(*lines));
		if (lines == NULL)
			die("realloc");
	}
	va_start(args, format);
	if (vasprintf(&lines[line_count++], format, args) < 0)
		die("vasprintf");
	va_end(args);
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void
print_lines(void)
{
	qsort(lines, line_count, sizeof(*lines), by_bytes);
	for (size_t i = 0; i < line_count; i++)
		puts(lines[i]);
}

const char *
quoted(const char *bytes)
{
	static char *text;
	char *to;

	free(text);
	text = malloc(4 * strlen(bytes) + 1);
	if (text == NULL)
		die("malloc");
	to = text;
	for (; *bytes != '\0'; bytes++) {
		if (*bytes > ' ' && *bytes < 127 && *bytes != '\\')
			*to++ = *bytes;
		else
			to += sprintf(to, *bytes == ' ' ? " " : "\\x%02x", (unsigned char)*bytes);
	}
	*to = '\0';
	return text;
}

const char *
who(pid_t pid, char text[static 32])
{
	if (pid == 0)
		return "none or outside";
	if (pid == getpid())
		return "self";
	if (pid == getppid())
		return "parent";
	snprintf(text, 32, "%d", pid);
	return text;
}
