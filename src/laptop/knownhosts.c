#include "laptop/knownhosts.h"

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static bool
next_line(struct span *rest, struct span *line)
{
	const char *end;

	if (rest->len == 0)
		return false;
	end = memchr(rest->data, '\n', rest->len);
	*line = span_take(*rest, end == NULL ? rest->len : (size_t)(end - rest->data) + 1);
	*rest = span_skip(*rest, line->len);
	return true;
}

static bool
is_of(struct span line, const char *name)
{
	size_t len = strlen(name);

	return line.len > len && strncasecmp(line.data, name, len) == 0
	       && (line.data[len] == ' ' || line.data[len] == '\t');
}

char *
knownhosts_get(struct arena *arena, struct span text, const char *name)
{
	struct buf lines = buf_new(arena);
	struct span line;

	while (next_line(&text, &line)) {
		if (!is_of(line, name))
			continue;
		buf_add(&lines, line.data, line.len);
		if (line.data[line.len - 1] != '\n')
			buf_putc(&lines, '\n');
	}
	return lines.data;
}

struct span
knownhosts_put(struct arena *arena, struct span text, const char *name, const char *lines)
{
	struct buf out = buf_new(arena);
	struct span line;
	bool put = false;

	while (next_line(&text, &line)) {
		if (!is_of(line, name)) {
			buf_add(&out, line.data, line.len);
			continue;
		}
		if (!put)
			buf_puts(&out, lines);
		put = true;
	}
	if (!put && lines[0] != '\0') {
		if (out.len > 0 && out.data[out.len - 1] != '\n')
			buf_putc(&out, '\n');
		buf_puts(&out, lines);
	}
	return (struct span){ out.data, out.len };
}

bool
knownhosts_line(struct buf *buf, const char *name, const char *key)
{
	size_t type = strspn(key, ALNUM "-@."), blob;
	const char *line;

	if (type == 0 || type > 64 || key[type] != ' ')
		return false;
	blob = strspn(key + type + 1, ALNUM "+/=");
	if (blob < 40 || blob > 8192 || strchr(" \n", key[type + 1 + blob]) == NULL
	    || strncmp(key + type + 1, "AAAA", 4) != 0)
		return false;
	line = arena_printf(buf->arena, "%s %.*s\n", name, (int)(type + 1 + blob), key);
	if (strstr(buf->data, line) == NULL)
		buf_puts(buf, line);
	return true;
}
