#include "base/buf.h"

#include <stdio.h>
#include <string.h>

struct buf
buf_new(struct arena *arena)
{
	return (struct buf){ .arena = arena, .data = arena_alloc(arena, 1, 1), .cap = 1 };
}

static void
reserve(struct buf *buf, size_t more)
{
	size_t cap = buf->cap;

	if (buf->cap - buf->len > more)
		return;
	while (cap - buf->len <= more)
		cap = cap < 64 ? 64 : cap * 2;
	buf->data = arena_grow(buf->arena, buf->data, buf->cap, cap);
	buf->cap = cap;
}

void
buf_add(struct buf *buf, const void *bytes, size_t len)
{
	reserve(buf, len);
	if (len > 0)
		memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void
buf_puts(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void
buf_putc(struct buf *buf, char c)
{
	buf_add(buf, &c, 1);
}

void
buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_puts(buf, arena_vprintf(buf->arena, format, args));
	va_end(args);
}

void
buf_word(struct buf *buf, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	                            "@%+=:,./_~-";

	if (word[0] != '\0' && strspn(word, plain) == strlen(word)) {
		buf_puts(buf, word);
		return;
	}
	buf_putc(buf, '\'');
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			buf_puts(buf, "'\\''");
		else
			buf_putc(buf, *word);
	}
	buf_putc(buf, '\'');
}

char *
shell_word(struct arena *arena, const char *word)
{
	struct buf buf = buf_new(arena);

	buf_word(&buf, word);
	return buf.data;
}
