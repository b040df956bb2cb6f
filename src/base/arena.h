/*
 * arena: memory with one owner.
 *
 * Everything a plan holds (entries, findings, texts) lives in one arena and dies with it, so there
 * is one free for a whole plan and none to forget. Allocation cannot fail as far as callers can
 * see: when memory runs out, the handler that main installed runs, and it does not come back. On a
 * start that handler execs the user's command, which is the first promise sshinit makes.
 */
#ifndef SSHINIT_BASE_ARENA_H
#define SSHINIT_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

/* Called when no memory is left; must not return. Until main sets it, abort(3). */
extern void (*arena_exhausted)(void);

/* A new, empty arena. The caller owns it: arena_free. */
struct arena *arena_new(void);

/* Frees the arena and all that was allocated from it. NULL is fine. */
void arena_free(struct arena *arena);

/* Zeroed memory for n objects of the given size, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t n, size_t size);

/* The block at old (had bytes long) made want bytes long; old may be NULL. Grows in place where it
 * is the newest block, which makes appending cheap. */
void *arena_grow(struct arena *arena, void *old, size_t had, size_t want);

/* Copies, always with a NUL behind them. */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t len);

char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

#endif
