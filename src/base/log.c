#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* PATIENCE: milliseconds that a reader gets to make room for a line. */
enum { LINE = 4096, PATIENCE = 200 };

static enum log_level limit = LOG_INFO;

void
log_set_level(enum log_level level)
{
	limit = level;
}

void
log_mute(void)
{
	limit = LOG_QUIET;
}

bool
log_colour(void)
{
	const char *no_color = getenv("NO_COLOR");

	return isatty(STDERR_FILENO) && (no_color == NULL || no_color[0] == '\0');
}

/* Appends text to line, which has used bytes in it: control characters as \xNN, and what does not
 * fit is cut off. The new length. */
static size_t
put(char line[LINE], size_t used, const char *text)
{
	for (; *text != '\0' && used + 5 < LINE; text++) {
		unsigned char c = (unsigned char)*text, next = (unsigned char)text[1];

		/* 0xc2 0x9b is the control sequence introducer to many terminals. */
		if (c < ' ' || c == 0x7f || (c == 0xc2 && next >= 0x80 && next < 0xa0))
			used += (size_t)snprintf(line + used, LINE - used, "\\x%02x", c);
		else
			line[used++] = (char)c;
	}
	return used;
}

/* Whether standard error takes a line now. A pipe that nobody empties or a terminal that was
 * stopped (^S) gets a moment, once; then lines are dropped until it moves again: neither the
 * command nor sshd may wait for somebody to read our log. */
static bool
has_reader(void)
{
	static bool stuck;
	struct pollfd err = { STDERR_FILENO, POLLOUT, 0 };

	stuck = poll(&err, 1, stuck ? 0 : PATIENCE) == 0;
	return !stuck;
}

static void
write_line(enum log_level level, const char *text)
{
	static const char *const colours[] = { [LOG_ERROR] = "\033[31m", [LOG_WARN] = "\033[33m" };
	const char *colour = level <= LOG_WARN && log_colour() ? colours[level] : NULL;
	char line[LINE + 16];
	size_t used = put(line, 0, "sshinit: ");
	int saved = errno;

	if (colour != NULL)
		used += (size_t)snprintf(line + used, LINE - used, "%s", colour);
	used = put(line, used, text);
	if (colour != NULL)
		used += (size_t)snprintf(line + used, sizeof(line) - used, "\033[0m");
	line[used++] = '\n';
	if (has_reader())
		while (write(STDERR_FILENO, line, used) < 0 && errno == EINTR)
			;
	errno = saved;
}

void
log_say(enum log_level level, const char *format, ...)
{
	char text[LINE];
	va_list args;

	if (level > limit || level == LOG_QUIET)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	write_line(level, text);
}

void
log_finding(const struct finding *finding)
{
	static const enum log_level levels[]
	    = { [NOTE] = LOG_INFO, [WARNING] = LOG_WARN, [ERROR] = LOG_ERROR };
	enum log_level level = levels[finding->severity];
	const char *prefix = finding->severity == NOTE ? "" : severity_name(finding->severity);
	const char *gap = *prefix != '\0' ? ": " : "";

	log_say(level, "%s%s%s: %s", prefix, gap, finding->subject, finding->message);
	if (finding->fix[0] != '\0')
		log_say(level, "  fix: %s", finding->fix);
}

void
log_findings(const struct findings *findings, enum severity least)
{
	for (const struct finding *f = findings->first; f != NULL; f = f->next)
		if (f->severity >= least)
			log_finding(f);
}
