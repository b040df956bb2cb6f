#include "base/set.h"

#include <stdint.h>
#include <string.h>

struct set
set_new(struct arena *arena)
{
	return (struct set){ .arena = arena };
}

/* FNV-1a. */
static size_t
hash(const char *text)
{
	uint64_t value = 0xcbf29ce484222325U;

	for (; *text != '\0'; text++)
		value = (value ^ (unsigned char)*text) * 0x100000001b3U;
	return (size_t)(value ^ (value >> 32));
}

/* The slot that holds text, or the free one where it belongs. size is a power of two. */
static const char **
slot_of(const char **slots, size_t size, const char *text)
{
	size_t i = hash(text) & (size - 1);

	while (slots[i] != NULL && strcmp(slots[i], text) != 0)
		i = (i + 1) & (size - 1);
	return &slots[i];
}

bool
set_has(const struct set *set, const char *text)
{
	return set->size > 0 && *slot_of(set->slots, set->size, text) != NULL;
}

bool
set_add(struct set *set, const char *text)
{
	const char **slot;

	if (set->used * 2 >= set->size) {
		size_t size = set->size == 0 ? 64 : set->size * 2;
		const char **slots = arena_alloc(set->arena, size, sizeof(*slots));

		for (size_t i = 0; i < set->size; i++)
			if (set->slots[i] != NULL)
				*slot_of(slots, size, set->slots[i]) = set->slots[i];
		set->slots = slots;
		set->size = size;
	}
	slot = slot_of(set->slots, set->size, text);
	if (*slot != NULL)
		return false;
	*slot = text;
	set->used++;
	return true;
}
