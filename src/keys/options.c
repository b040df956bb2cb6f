#include "keys/options.h"

#include "base/distance.h"
#include "keys/chars.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>

/* What an option's value is; the order is used below: up to NEGATABLE there is none, and of those
 * behind it up to FROM each may stand only once. */
enum value {
	NO_VALUE,
	NEGATABLE,
	COMMAND,
	PRINCIPALS,
	FROM,
	EXPIRY,
	ENVIRONMENT,
	OPEN,
	LISTEN,
	TUNNEL
};

static const struct {
	const char *name;
	enum value value;
} known[] = { { "restrict", NO_VALUE }, { "cert-authority", NO_VALUE },
	{ "port-forwarding", NEGATABLE }, { "agent-forwarding", NEGATABLE },
	{ "X11-forwarding", NEGATABLE }, { "touch-required", NEGATABLE },
	{ "verify-required", NEGATABLE }, { "pty", NEGATABLE }, { "user-rc", NEGATABLE },
	{ "command", COMMAND }, { "principals", PRINCIPALS }, { "from", FROM },
	{ "expiry-time", EXPIRY }, { "environment", ENVIRONMENT }, { "permitopen", OPEN },
	{ "permitlisten", LISTEN }, { "tunnel", TUNNEL } };

enum { KNOWN = sizeof(known) / sizeof(*known) };

size_t
options_length(struct span line, bool *balanced)
{
	bool quoted = false;
	size_t i = 0;

	for (; i < line.len; i++) {
		if (line.data[i] == '\\' && i + 1 < line.len && line.data[i + 1] == '"')
			i++;
		else if (line.data[i] == '"')
			quoted = !quoted;
		else if (!quoted && (line.data[i] == ' ' || line.data[i] == '\t'))
			break;
	}
	*balanced = !quoted;
	return i;
}

static size_t
find_known(struct span name, bool *negated)
{
	*negated = false;
	for (size_t i = 0; i < KNOWN; i++) {
		if (span_is_nocase(name, known[i].name))
			return i;
		if (known[i].value == NEGATABLE && span_starts_nocase(name, "no-")
		    && span_is_nocase(span_skip(name, 3), known[i].name)) {
			*negated = true;
			return i;
		}
	}
	return KNOWN;
}

bool
options_known(struct span name, bool *value)
{
	bool negated;
	size_t i = find_known(name, &negated);

	*value = i < KNOWN && known[i].value > NEGATABLE;
	return i < KNOWN;
}

const char *
options_nearest(struct span name)
{
	static const char *const negations[] = { "no-port-forwarding", "no-agent-forwarding",
		"no-X11-forwarding", "no-pty", "no-user-rc", "no-touch-required" };
	const char *nearest = NULL;
	size_t least = name.len < 6 ? 2 : 3;

	for (size_t i = 0; i < KNOWN + sizeof(negations) / sizeof(*negations); i++) {
		const char *candidate = i < KNOWN ? known[i].name : negations[i - KNOWN];
		size_t distance = word_distance(name, candidate, least);

		if (distance < least) {
			least = distance;
			nearest = candidate;
		}
	}
	return nearest;
}

/* The text between the quotes at the front of list, unescaped; its end. False where it has none. */
static bool
dequote(struct arena *arena, struct span list, struct span *value, size_t *end)
{
	char *out;
	size_t n = 0;

	if (list.len == 0 || *list.data != '"')
		return false;
	out = arena_alloc(arena, list.len, 1);
	for (size_t i = 1; i < list.len; i++) {
		if (list.data[i] == '"') {
			*value = (struct span){ out, n };
			*end = i + 1;
			return true;
		}
		if (list.data[i] == '\\' && i + 1 < list.len && list.data[i + 1] == '"')
			i++;
		out[n++] = list.data[i];
	}
	return false;
}

static bool
read_number(struct span text, unsigned long max, unsigned long *number)
{
	*number = 0;
	if (text.len == 0 || text.len > 10)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!isdigit((unsigned char)text.data[i]))
			return false;
		*number = *number * 10 + (unsigned long)(text.data[i] - '0');
	}
	return *number <= max;
}

/* host:port, [host]:port, host:*; a port alone for permitlisten. */
static bool
permit_fits(struct span value, bool listen)
{
	struct span port = value;
	unsigned long number;

	if (memchr(value.data, '/', value.len) != NULL)
		return false;
	if (value.len > 0 && *value.data == '[') {
		const char *end = memchr(value.data, ']', value.len);

		if (end == NULL)
			return false;
		port = span_skip(value, (size_t)(end - value.data) + 1);
		if (port.len == 0 || *port.data != ':')
			return false;
		port = span_skip(port, 1);
	} else if (memchr(value.data, ':', value.len) != NULL) {
		port = span_skip(value, span_find(value, ":") + 1);
	} else if (!listen) {
		return false;
	}
	if (value.len - port.len > 1024)
		return false;
	return span_is(port, "*") || (read_number(port, 65535, &number) && number > 0);
}

/* The number of address bits, 0 where text is no address. */
static unsigned
read_address(const char *text, unsigned char address[16])
{
	struct in_addr short_form;

	if (inet_pton(AF_INET6, text, address) == 1)
		return 128;
	/* sshd takes 127.1 and the like, too */
	if (inet_aton(text, &short_form) != 0) {
		memcpy(address, &short_form, sizeof(short_form));
		return 32;
	}
	return 0;
}

/* One element of from=: wildcards always fit, but an address with a mask that cannot be makes sshd
 * deny the whole list. */
static bool
from_element_fits(struct arena *arena, struct span element)
{
	char *text = arena_strndup(arena, element.data, element.len), *slash = strchr(text, '/');
	unsigned char address[16];
	unsigned bits;
	unsigned long mask;

	if (element.len == 0 || memchr(element.data, 0, element.len) != NULL)
		return false;
	if (slash == NULL)
		return true;
	*slash = '\0';
	bits = read_address(text, address);
	if (bits == 0)
		return true;
	if (!read_number(span_of(slash + 1), 128, &mask) || mask > bits)
		return false;
	for (unsigned bit = (unsigned)mask; bit < bits; bit++)
		if ((address[bit / 8] >> (7 - bit % 8) & 1) != 0)
			return false;
	return true;
}

static bool
from_fits(struct arena *arena, struct span list)
{
	for (;;) {
		const char *comma = list.len == 0 ? NULL : memchr(list.data, ',', list.len);
		struct span element
		    = comma == NULL ? list : span_take(list, (size_t)(comma - list.data));

		if (element.len > 0 && *element.data == '!')
			element = span_skip(element, 1);
		if (element.len > 1000 || !from_element_fits(arena, element))
			return false;
		if (comma == NULL)
			return true;
		list = span_skip(list, (size_t)(comma - list.data) + 1);
	}
}

/* YYYYMMDD[HHMM[SS]][Z] */
static bool
read_expiry(struct span value, time_t *when)
{
	static const struct {
		size_t digits;
		int low, high;
	} parts[] = { { 4, 1000, 9999 }, { 2, 1, 12 }, { 2, 1, 31 }, { 2, 0, 23 }, { 2, 0, 59 },
		{ 2, 0, 60 } };
	bool utc = value.len > 0
	           && (value.data[value.len - 1] == 'Z' || value.data[value.len - 1] == 'z');
	int numbers[6] = { 0 };
	struct tm tm = { .tm_isdst = -1 };

	if (utc) {
		if (value.data[value.len - 1] == 'z')
			return false;
		value.len--;
	}
	if (value.len != 8 && value.len != 12 && value.len != 14)
		return false;
	for (size_t i = 0; value.len > 0; i++) {
		unsigned long number;

		if (!read_number(span_take(value, parts[i].digits), 9999, &number)
		    || (int)number < parts[i].low || (int)number > parts[i].high)
			return false;
		numbers[i] = (int)number;
		value = span_skip(value, parts[i].digits);
	}
	tm.tm_year = numbers[0] - 1900;
	tm.tm_mon = numbers[1] - 1;
	tm.tm_mday = numbers[2];
	tm.tm_hour = numbers[3];
	tm.tm_min = numbers[4];
	tm.tm_sec = numbers[5];
	*when = utc ? timegm(&tm) : mktime(&tm);
	return *when > 0;
}

static bool
environment_fits(struct span value)
{
	size_t i = 0;

	while (i < value.len && (isalnum((unsigned char)value.data[i]) || value.data[i] == '_'))
		i++;
	return i > 0 && i < value.len && value.data[i] == '=';
}

static enum code
check_value(struct arena *arena, enum value kind, struct span value, struct options *options)
{
	unsigned long number;
	time_t when;

	switch (kind) {
	case PRINCIPALS:
		options->principals = true;
		return CODE_NONE;
	case COMMAND:
		options->command = true;
		return CODE_NONE;
	case FROM:
		return from_fits(arena, value) ? CODE_NONE : CODE_OPTION_FROM;
	case EXPIRY:
		if (!read_expiry(value, &when))
			return CODE_OPTION_EXPIRY;
		if (options->expires == 0 || when < options->expires)
			options->expires = when;
		return CODE_NONE;
	case ENVIRONMENT:
		return environment_fits(value) ? CODE_NONE : CODE_OPTION_UNKNOWN;
	case OPEN:
	case LISTEN:
		return permit_fits(value, kind == LISTEN) ? CODE_NONE : CODE_OPTION_PERMIT;
	case TUNNEL:
		if (span_is_nocase(value, "any") || read_number(value, 0x7ffffffd, &number))
			return CODE_NONE;
		return CODE_OPTION_TUNNEL;
	default:
		return CODE_NONE;
	}
}

/* One option at the front of list; its length in *length. */
static enum code
read_one(
    struct arena *arena, struct span list, struct options *options, unsigned *seen, size_t *length)
{
	size_t name = 0, end = 0, i;
	struct span value;
	bool negated;

	while (name < list.len && list.data[name] != '=' && list.data[name] != ',')
		name++;
	*length = name;
	i = find_known(span_take(list, name), &negated);
	if (name < list.len && list.data[name] == '=') {
		struct span rest = span_skip(list, name + 1);

		*length = span_find(list, ",");
		if (i == KNOWN || known[i].value <= NEGATABLE)
			return CODE_OPTION_UNKNOWN;
		if (!dequote(arena, rest, &value, &end))
			return CODE_OPTION_QUOTE;
		*length = name + 1 + end;
		if (*length < list.len && list.data[*length] != ',')
			return CODE_OPTION_UNKNOWN;
		if (known[i].value <= FROM && (*seen & 1U << i) != 0)
			return CODE_OPTION_DUPLICATE;
		*seen |= 1U << i;
		return check_value(arena, known[i].value, value, options);
	}
	if (i == KNOWN)
		return CODE_OPTION_UNKNOWN;
	if (known[i].value > NEGATABLE)
		return CODE_OPTION_VALUE;
	if (strcmp(known[i].name, "cert-authority") == 0)
		options->authority = true;
	return CODE_NONE;
}

struct options
options_read(struct arena *arena, struct span list, time_t now)
{
	struct options options = { 0 };
	unsigned seen = 0;

	while (list.len > 0 && options.code == CODE_NONE) {
		size_t length;

		if (*list.data == ',') {
			/* nothing between two commas, or at an end */
			options.empty = true;
			list = span_skip(list, 1);
			continue;
		}
		options.code = read_one(arena, list, &options, &seen, &length);
		options.culprit = span_take(list, length);
		list = span_skip(list, length);
		if (list.len > 0 && options.code == CODE_NONE) {
			list = span_skip(list, 1);
			options.empty |= list.len == 0;
		}
	}
	if (options.code == CODE_NONE && options.principals && !options.authority)
		options.code = CODE_PRINCIPALS_NON_CA;
	if (options.code == CODE_NONE && options.expires != 0 && options.expires <= now)
		options.code = CODE_OPTION_EXPIRED;
	return options;
}
