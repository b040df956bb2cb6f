#include "keys/entry.h"

#include <string.h>

struct entries
entries_new(struct arena *arena)
{
	return (struct entries){ .arena = arena };
}

void
entries_append(struct entries *entries, struct entry *entry)
{
	entry->next = NULL;
	if (entries->last == NULL)
		entries->first = entry;
	else
		entries->last->next = entry;
	entries->last = entry;
	entries->count[entry->verdict]++;
}

void
entries_append_copy(struct entries *entries, const struct entry *entry)
{
	struct entry *copy = arena_alloc(entries->arena, 1, sizeof(*copy));

	*copy = *entry;
	entries_append(entries, copy);
}

bool
entries_have(const struct entries *entries, const char *fingerprint)
{
	for (const struct entry *e = entries->first; e != NULL; e = e->next)
		if (e->key != NULL && strcmp(e->key->fingerprint, fingerprint) == 0)
			return true;
	return false;
}

size_t
entries_usable(const struct entries *entries)
{
	return entries->count[VERDICT_OK] + entries->count[VERDICT_REPAIRED];
}

char *
key_line(struct arena *arena, const struct key *key)
{
	return arena_printf(arena, "%s%s%s %s%s%s", key->options, *key->options == '\0' ? "" : " ",
	    key->type, key->blob, *key->comment == '\0' ? "" : " ", key->comment);
}

const char *
verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_OK] = "ok", [VERDICT_REPAIRED] = "repaired", [VERDICT_REFUSED] = "refused"
	};

	return names[verdict];
}
