/*
 * key: one canonical line, read as sshd reads authorized_keys.
 *
 * What is accepted here, sshd uses; what is refused here, sshd skips. There is no repair and no
 * guessing in this room: decoration.h, repair.h and paste.h stand around it.
 */
#ifndef SSHINIT_KEYS_KEY_H
#define SSHINIT_KEYS_KEY_H

#include "keys/blob.h"
#include "keys/entry.h"
#include "keys/options.h"

/* What could be read of a line. */
struct reading {
	enum code code;                        /* CODE_NONE: sshd uses the key */
	struct span list, word, blob, comment; /* as they stand in the line */
	const struct key_type *type;           /* of the word; NULL where it is no type */
	struct blob facts;                     /* of the blob, where it could be decoded */
	struct bytes bytes;
	struct options options;
};

/* Reads one line without its line end. */
struct reading key_read(struct arena *arena, struct span line, time_t now);

/* Judges a blob (base64) that stands behind the type word type. */
enum code key_judge_blob(struct arena *arena, const struct key_type *type, struct span blob,
    struct blob *facts, struct bytes *bytes);

/* The first type word with a key behind it in text, from a place on; text.len: none. */
size_t find_key(struct span text, size_t from);

/* The usable key of a reading whose code is CODE_NONE. */
struct key *key_make(struct arena *arena, const struct reading *reading);

/* The line "[list ]type blob[ comment]" where sshd would take it, else NULL. list and comment may
 * be empty; a comment is shortened where it is very long. */
char *key_compose(struct arena *arena, struct span list, const char *type, struct span blob,
    struct span comment, time_t now);

#endif
