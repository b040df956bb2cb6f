/*
 * authorized_keys: the text of the file, and sshinit's block in it.
 *
 * Pure. sshinit owns the lines between the two markers; every other byte is somebody else's and is
 * kept. Inside the block stand, in this order, the keys of each source under a line that names it,
 * each key that was added while the pod ran under a line of its own ("# added TIME"), and the
 * fingerprints of keys that were removed and stay out whatever the sources say ("# removed
 * SHA256:..."). An added key that a source brings too stands as added, with a note: so it stays
 * when the source drops it, and when it is removed that is remembered, or the source would bring it
 * back.
 */
#ifndef SSHINIT_SSHD_AUTHORIZED_KEYS_H
#define SSHINIT_SSHD_AUTHORIZED_KEYS_H

#include "base/span.h"
#include "keys/entry.h"

#include <time.h>

struct keyfile_text {
	struct arena *arena;
	const char *wrong; /* NULL, or why the markers do not pair up, with the line */
	bool has_block;
	struct span before, after; /* the bytes around the block; all is "before" without one */
	struct entries outside;    /* the keys in those bytes that sshd would use */
	struct entries from;  /* the keys in the block that sources brought, with their names */
	struct entries added; /* the keys that stand in it as added; source is the line's rest */
	const char **removed; /* the fingerprints that stand in it as removed */
	size_t removed_count;
	/* Each removal is to be noted: the file in the other place may have the key too. */
	bool remember;
};

/* Takes the file's text apart. name is what reports call the file; now is for expiry times. */
struct keyfile_text keyfile_take_apart(
    struct arena *arena, const char *name, struct span text, time_t now);

/* What became of the entries when the block was made. */
struct keyfile_plan {
	struct span text;  /* the whole new file */
	size_t authorised; /* keys and CAs in the block */
	size_t outside;    /* of the accepted entries, those that stand outside already */
	const struct entry *
	    *kept_out; /* accepted, but removed by "--keys remove"; NULL-terminated */
};

/* The file with the block made of the accepted entries and of what apart holds as added and
 * removed. Each key once: not where it stands outside, nor a second time. Without a key, and
 * without a block before, the text is unchanged. entries may be &apart->from: the sources' part
 * stays as it is. */
struct keyfile_plan keyfile_put_together(
    struct arena *arena, const struct keyfile_text *apart, const struct entries *entries);

enum key_change {
	KEY_CHANGED,
	KEY_AS_IT_WAS, /* it is in (add) already */
	KEY_UNKNOWN,   /* there is no such key to remove */
	KEY_NOT_OURS,  /* it stands outside the block: its lines are somebody else's */
};

/* Adds a key to those that stand as added, with the time, and takes back that it was removed. */
enum key_change keyfile_add(struct keyfile_text *apart, const struct entry *entry, time_t now);

/* Notes a fingerprint as removed. */
void keyfile_note_removed(struct keyfile_text *apart, const char *fingerprint);

/* Whether the key of that fingerprint stands in the block as removed; as added or as removed. */
bool keyfile_is_removed(const struct keyfile_text *apart, const char *fingerprint);
bool keyfile_knows(const struct keyfile_text *apart, const char *fingerprint);

/* Takes over what the file in the other place, the last one in force, has as added and as removed.
 */
void keyfile_take_over(struct keyfile_text *apart, const struct entries *added,
    const char *const *removed, size_t removed_count);

/* When an added key was added, "2026-11-20T07:00:00Z"; "" where that is not known. */
const char *keyfile_added_at(struct arena *arena, const struct entry *added);

/* Removes the key of that fingerprint. One that a source brought is noted as removed, so that it
 * stays out when the source brings it again. */
enum key_change keyfile_remove(struct keyfile_text *apart, const char *fingerprint);

#endif
