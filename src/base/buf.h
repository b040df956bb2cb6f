/*
 * buf: text under construction, in an arena.
 *
 * data is always followed by a NUL that len does not count, so a finished buf is a C string as long
 * as nothing put a NUL into it.
 */
#ifndef SSHINIT_BASE_BUF_H
#define SSHINIT_BASE_BUF_H

#include "base/arena.h"

struct buf {
	struct arena *arena;
	char *data;
	size_t len, cap;
};

/* An empty buf whose memory comes from arena. */
struct buf buf_new(struct arena *arena);

void buf_add(struct buf *buf, const void *bytes, size_t len);
void buf_puts(struct buf *buf, const char *text);
void buf_putc(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds word so that a shell reads it back unchanged: quoted where it has to be. */
void buf_word(struct buf *buf, const char *word);

/* The same as a string: a path that is to stand in a command to paste. */
char *shell_word(struct arena *arena, const char *word);

#endif
