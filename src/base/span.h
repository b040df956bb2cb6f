/*
 * span: a view of bytes that somebody else owns. Key text may hold any byte, NUL included, so it
 * travels as spans; a C string would end early and hide what follows.
 */
#ifndef SSHINIT_BASE_SPAN_H
#define SSHINIT_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct span {
	const char *data;
	size_t len;
};

static inline struct span
span_of(const char *text)
{
	return (struct span){ text, strlen(text) };
}

static inline bool
span_is(struct span span, const char *text)
{
	return span.len == strlen(text) && memcmp(span.data, text, span.len) == 0;
}

static inline bool
span_is_nocase(struct span span, const char *text)
{
	/* most words of a list differ at once */
	if (span.len > 0 && ((*span.data ^ *text) & ~0x20) != 0)
		return false;
	return span.len == strlen(text) && strncasecmp(span.data, text, span.len) == 0;
}

static inline bool
span_starts(struct span span, const char *prefix)
{
	size_t len = strlen(prefix);

	return span.len >= len && memcmp(span.data, prefix, len) == 0;
}

/* What is left of span behind its first n bytes (n may be too large: then nothing). */
static inline struct span
span_skip(struct span span, size_t n)
{
	n = n > span.len ? span.len : n;
	return (struct span){ span.data + n, span.len - n };
}

static inline struct span
span_take(struct span span, size_t n)
{
	return (struct span){ span.data, n > span.len ? span.len : n };
}

#endif
