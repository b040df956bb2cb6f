#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How much is taken from malloc at a time, where an object is not larger itself. */
enum { CHUNK = 16 * 1024 };

struct chunk {
	struct chunk *next;
	size_t used, size;
	alignas(max_align_t) unsigned char data[];
};

struct arena {
	struct chunk *chunks; /* newest first */
};

void (*arena_exhausted)(void) = abort;

/* memory, which must not be NULL. */
static void *
must(void *memory)
{
	if (memory == NULL) {
		arena_exhausted();
		abort();
	}
	return memory;
}

static size_t
round_up(size_t size)
{
	const size_t align = alignof(max_align_t);

	return (size + align - 1) / align * align;
}

struct arena *
arena_new(void)
{
	return must(calloc(1, sizeof(struct arena)));
}

void
arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	for (struct chunk *chunk = arena->chunks, *next; chunk != NULL; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(arena);
}

void *
arena_alloc(struct arena *arena, size_t n, size_t size)
{
	struct chunk *chunk = arena->chunks;
	size_t want;

	if (size != 0 && n > (SIZE_MAX / 4) / size)
		must(NULL);
	want = round_up(n * size);
	if (chunk == NULL || chunk->size - chunk->used < want) {
		size_t room = want > CHUNK ? want : CHUNK;

		chunk = must(calloc(1, sizeof(*chunk) + room));
		chunk->size = room;
		chunk->next = arena->chunks;
		arena->chunks = chunk;
	}
	chunk->used += want;
	return chunk->data + chunk->used - want;
}

void *
arena_grow(struct arena *arena, void *old, size_t had, size_t want)
{
	struct chunk *chunk = arena->chunks;
	size_t before = round_up(had), after = round_up(want);
	void *bigger;

	if (old != NULL && want < SIZE_MAX / 4
	    && (unsigned char *)old + before == chunk->data + chunk->used
	    && chunk->size - (chunk->used - before) >= after) {
		chunk->used += after - before;
		return old;
	}
	bigger = arena_alloc(arena, want, 1);
	if (old != NULL)
		memcpy(bigger, old, had < want ? had : want);
	return bigger;
}

char *
arena_strndup(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_alloc(arena, len + 1, 1);

	if (len > 0)
		memcpy(copy, text, len);
	return copy;
}

char *
arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *
arena_vprintf(struct arena *arena, const char *format, va_list args)
{
	char room[1024], *text; /* for most; formatting twice costs more than copying */
	va_list again;
	int len;

	va_copy(again, args);
	len = vsnprintf(room, sizeof(room), format, again);
	va_end(again);
	if (len < 0)
		return arena_strdup(arena, "");
	if ((size_t)len < sizeof(room))
		return arena_strndup(arena, room, (size_t)len);
	text = arena_alloc(arena, (size_t)len + 1, 1);
	vsnprintf(text, (size_t)len + 1, format, args);
	return text;
}

char *
arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = arena_vprintf(arena, format, args);
	va_end(args);
	return text;
}
