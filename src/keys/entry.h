/*
 * entry: one key as it was found in a source, with the verdict on it.
 *
 * Key text of any origin becomes a list of entries (keys/paste.h); everything behind it (the block
 * in authorized_keys, the log, --check, --keys, the API) works on entries and never on text.
 */
#ifndef SSHINIT_KEYS_ENTRY_H
#define SSHINIT_KEYS_ENTRY_H

#include "base/finding.h"

#include <stdbool.h>

enum verdict {
	VERDICT_OK,       /* used as it is */
	VERDICT_REPAIRED, /* used after removing decoration; code and message say what was removed
	                   */
	VERDICT_REFUSED   /* not used; code, message and fix say why and what to paste instead */
};

/* A usable key, every part in the form in which it is written to authorized_keys. */
struct key {
	const char *options; /* "" where there are none */
	const char *type;    /* the type word: "ssh-ed25519" */
	const char *blob;    /* base64, padded */
	const char *comment; /* "" where there is none; may hold UTF-8, never a control character */
	unsigned bits;
	const char *fingerprint; /* "SHA256:..." as ssh-keygen -l prints it */
	bool authority;          /* cert-authority: a CA, no login key of its own */
};

struct entry {
	struct entry *next;
	const char *source; /* the variable's name or the file's path */
	unsigned line;      /* in the source, from 1 */
	enum verdict verdict;
	enum code code; /* CODE_NONE when ok */
	const char *message, *fix;
	struct findings warnings; /* what an accepted key deserves to have said of it */
	struct key *key;          /* NULL when refused */
	/* What could be read of it, for reports; also where key is NULL. "" and 0 when unknown. */
	const char *type, *fingerprint, *comment;
	unsigned bits;
};

struct entries {
	struct arena *arena;
	struct entry *first, *last;
	size_t count[VERDICT_REFUSED + 1]; /* by verdict */
};

struct entries entries_new(struct arena *arena);

/* Adds an entry at the end of the list. It can stand in one list only. */
void entries_append(struct entries *entries, struct entry *entry);

/* Adds a copy, for an entry that stands in another list. The texts are shared. */
void entries_append_copy(struct entries *entries, const struct entry *entry);

/* Whether one of the usable keys has that fingerprint. */
bool entries_have(const struct entries *entries, const char *fingerprint);

/* How many entries have a usable key. */
size_t entries_usable(const struct entries *entries);

/* The line for authorized_keys, without a line end: [options ]type blob[ comment]. In arena. */
char *key_line(struct arena *arena, const struct key *key);

/* "ok", "repaired", "refused", as --json spells them. */
const char *verdict_name(enum verdict verdict);

#endif
